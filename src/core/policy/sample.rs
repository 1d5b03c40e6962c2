//! A whole policy that is in order, for the tests of this room.

/// Without findings; every table and nearly every key occurs.
pub(crate) const GOOD: &str = r#"
name = "seller-tools"
company = "Example Seller Tools GmbH"
version = "3"
effective = 2026-11-01
updated = 2026-10-20
summary = "How we handle the data of sellers and of the people whom they meet."

[page]
title = "Data handling"
kind = "policy"
numbering = "roman"

[contacts]
privacy = "privacy@example.com"
dpo = "https://example.com/dpo"

[levels.internal]
covers = "Routine operational content."
[levels.confidential]
seal = "aes-256"
mfa_within = "1 day"
record = "before"
[levels.restricted]
covers = "Credentials and platform data."
seal = "aes-256"
mfa_within = "12h"
record = "before"

[categories.connected_platform]
title = "Connected platforms"
covers = "Tokens and shop metadata."
role = "processor"
purposes = ["order_sync", "requests"]
synced_to = ["tiktok"]
[categories.billing]
title = "Billing"
role = "controller"
legal_basis = "Art. 6(1)(b) GDPR"
purposes = ["invoicing", "requests"]
[categories.billing.role_for]
requests = "processor"

[categories.trail]
title = "Audit trail"
role = "processor"
purposes = ["requests"]

[classes."platform.token"]
level = "restricted"
category = "connected_platform"
authenticator = true
redact = "tag"
[classes."platform.contact"]
level = "confidential"
category = "connected_platform"
redact = "email-domain"
find_by = { normalise = "email", bits = 64 }
[classes."platform.shop"]
level = "internal"
category = "connected_platform"
redact = "show"
[classes."billing.invoice"]
level = "confidential"
category = "billing"

[platforms.tiktok]
title = "TikTok Shop"
default_level = "restricted"
categories = ["connected_platform"]

[purposes.order_sync]
title = "Synchronise orders"
needs_authorization = true
[purposes.invoicing]
title = "Send invoices"
[purposes.requests]
title = "Answer requests"

[roles.integration]
title = "Integration service"
[roles.privacy]
title = "Privacy team"

[sources.vault]
title = "Records of the steward"
kind = "managed"
categories = ["connected_platform"]
[sources.invoices]
title = "Invoices"
kind = "processor"
categories = ["billing"]
processor = "ledger"

[processors.ledger]
entity = "Ledger Ltd"
does = "Invoicing"
categories = ["billing"]
purposes = ["invoicing"]
up_to = "confidential"
regions = ["DE", "IE"]
transfer = "none needed"
[processors.mail]
does = "Notifications, when enabled"
disabled = true

[sinks.app_log]
title = "Application log"
kind = "log"
up_to = "internal"
[sinks.support_screen]
title = "Support screen"
kind = "screen"
up_to = "confidential"
categories = ["billing"]
purposes = ["requests"]

[reasons.legal_order]
title = "A court or an authority orders it"
allows = ["expose"]
up_to = "restricted"
roles = ["privacy"]
[reasons.published]
title = "The person has published it"
allows = ["lower"]
up_to = "confidential"
roles = ["privacy"]
approvers = ["privacy"]

[[access.allow]]
id = "integration-reads-token"
roles = ["integration"]
actions = ["read", "write"]
categories = ["connected_platform"]
up_to = "restricted"
purposes = ["order_sync"]
environments = ["production"]
kinds = ["service"]
when = { authorization = "live" }
[[access.allow]]
id = "privacy-answers"
roles = ["privacy"]
actions = ["read", "export", "erase"]
categories = ["billing", "connected_platform"]
up_to = "restricted"
when = { mfa_within = "12h", assigned_case = true }
[[access.deny]]
id = "production-needs-mfa"
environments = ["production"]
kinds = ["person"]
from_level = "confidential"
unless = { mfa_within = "12h" }

[[retention.rule]]
id = "token-until-disconnected"
category = "connected_platform"
from = "authorization_revoked"
keep = "0 days"
dispose = "crypto-erase"
physically_within = "72 hours"
basis = "service_delivery"
[[retention.rule]]
id = "billing-tax"
category = "billing"
from = "invoiced"
keep = "8 years"
dispose = "delete"
basis = "legal_compliance"
duty = "German Tax Code, section 147"
[[retention.cap]]
id = "tiktok-data"
category = "connected_platform"
platform = "tiktok"
from = "stored"
at_most = "30 days"
cites = "TikTok Shop terms, read 2026-11-22"

[requests]
kinds = ["access", "deletion"]
channel = "support"
regimes = ["gdpr"]
reviewers = ["privacy"]
purpose = "requests"
accountability = "3 years"

[backups]
records = "30 days"
key_store = "7 days"

[keys]
rotate_after = "90 days"
refuse_after = "120 days"
epoch_after = "365 days"
rewrap_on_erasure = true

[audit]
category = "trail"
keep = "7 years"

[transport]
admit = ["tls-1.2", "tls-1.3"]

[[controls]]
id = "screen-lock"
section = "Baseline"
states = "Screens lock after a short time."
evidence_within = "90 days"
within = "10 minutes"
[[controls]]
id = "baseline"
states = "A baseline is kept."
evidence_within = "365 days"
needs = ["screen-lock"]

[[certifications]]
standard = "ISO/IEC 27001"
scope = "Hosting"
valid_until = 2027-06-30

[[links]]
title = "Terms"
url = "https://example.com/terms"
"#;
