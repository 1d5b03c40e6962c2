#!/usr/bin/env python3
"""Writes audit-1.json: a second implementation of src/core/audit/FORMAT.md, over Python's own library.

    python3 tests/vectors/audit-1.py > tests/vectors/audit-1.json
"""

import hmac
import json
import sys
from hashlib import sha256

AT = "2026-11-22T09:00:00.000000Z"
POLICY = sha256(b"a policy").hexdigest()


def u32(value):
    return value.to_bytes(4, "big")


def field(text):
    data = text.encode()
    return u32(len(data)) + data


def mac(key, data):
    return hmac.new(key, data, sha256).digest()


def pseudonym(scope_key, kind, identifier):
    audit_key = mac(scope_key, b"stewardship/0/audit" + b"\1")
    parts = field("stewardship/0") + field("pseudonym") + field(kind) + field(identifier)
    return mac(audit_key, parts)[:16].hex()


TENANT_KEY, SUBJECT_KEY = bytes(range(32)), bytes(range(32, 64))
NAMES = [
    (TENANT_KEY, "tenant", "acme-gmbh"),
    (TENANT_KEY, "principal", "user-olga"),
    (TENANT_KEY, "principal", "user-petra"),
    (TENANT_KEY, "connection", "tiktok-shop:8837"),
    (TENANT_KEY, "hold", "litigation-7"),
    (TENANT_KEY, "record", "Größe \"42\""),
    (SUBJECT_KEY, "subject", "creator-ada-17"),
    (SUBJECT_KEY, "record", "order-1001"),
    (SUBJECT_KEY, "value", 'email\0"ada@example.com"'),
    (SUBJECT_KEY, "value", 'email\0"ada@example.org"'),
]
TENANT, OLGA, PETRA, SHOP, HOLD, SIZE, ADA, ORDER, OLD, NEW = (pseudonym(*name) for name in NAMES)


def encode(event, at=AT, **who):
    entry = {"format": 1, "at": at, "policy": POLICY}
    for key in ("tenant", "by", "subject", "record", "request"):
        if key in who:
            entry[key] = who[key]
    entry |= event
    return json.dumps(entry, ensure_ascii=False, separators=(",", ":")).encode()


def event(word, **fields):
    return {"event": word} | fields


ENTRIES = [
    ("started", encode(event("started", environment="production"))),
    ("terms_accepted", encode(event("terms_accepted", accepted=POLICY), tenant=TENANT, by=OLGA)),
    ("authorized", encode(event("authorized", connection=SHOP, platform="tiktok-shop"), tenant=TENANT, by=OLGA)),
    ("instruction_given", encode(event("instruction_given", purpose="outreach"), tenant=TENANT, by=OLGA)),
    ("instruction_withdrawn", encode(event("instruction_withdrawn", purpose="outreach"), tenant=TENANT, by=OLGA)),
    ("consent", encode(event("preference_heard", voice="says", preference="consent", purpose="outreach"), tenant=TENANT, by=OLGA, subject=ADA)),
    ("objection to everything", encode(event("preference_heard", voice="withdraws", preference="objection"), tenant=TENANT, by=OLGA, subject=ADA)),
    (
        "a yes",
        encode(
            event(
                "decided",
                action="read",
                category="creators",
                level="confidential",
                purpose="investigation",
                outcome="allowed",
                rule="investigators",
                case="case-17",
                approved_by=PETRA,
                emergency=True,
            ),
            tenant=TENANT,
            by=OLGA,
            subject=ADA,
            record=ORDER,
            request="4bf92f3577b34da6a3ce929d0e0e4736",
        ),
    ),
    (
        "a no with every reason",
        encode(
            event(
                "decided",
                action="export",
                level="restricted",
                outcome="forbidden",
                denied_by=["r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8"],
                denied_by_more=True,
                barriers=[
                    "suspended",
                    "purpose_not_declared",
                    "category_not_declared",
                    "purpose_mismatch",
                    "no_authorization",
                    "no_consent",
                    "no_case",
                    "stopped_by_restriction",
                    "stopped_by_objection",
                    "stopped_by_opt_out",
                    "level_needs_mfa",
                    "no_instruction",
                ],
            ),
            tenant=TENANT,
            by=OLGA,
        ),
    ),
    ("a no without any", encode(event("decided", action="erase", category="orders", level="public", purpose="support", outcome="not_permitted"))),
    ("job_requested", encode(event("job_requested", purpose="outreach"), tenant=TENANT, by=OLGA)),
    ("access_reviewed", encode(event("access_reviewed", since="2024-02-29T23:59:59.999999Z"), tenant=TENANT, by=OLGA)),
    ("trail_read, of somebody", encode(event("trail_read", action="read", search="subject", since=AT, purpose="security", rule="readers"), tenant=TENANT, by=OLGA, subject=ADA)),
    ("trail_read, for a principal", encode(event("trail_read", action="export", search="principal", principal=PETRA, until=AT, purpose="security", rule="readers"), tenant=TENANT, by=OLGA)),
    ("trail_read, for a case", encode(event("trail_read", action="read", search="case", case="case-17", purpose="security", rule="readers"), tenant=TENANT, by=OLGA)),
    ("trail_read, for a rule", encode(event("trail_read", action="read", search="rule", of_rule="sync", purpose="security", rule="readers"), tenant=TENANT, by=OLGA)),
    ("trail_expired", encode(event("trail_expired", below=1024, size=4096, root=POLICY))),
    ("grants_revoked", encode(event("grants_revoked", of=PETRA), tenant=TENANT, by=OLGA)),
    (
        "released",
        encode(
            event(
                "released",
                release="lower",
                classes=["creator.email", "creator.handle"],
                level="confidential",
                to="creator.domain",
                to_level="internal",
                purpose="support",
                reason="statistics",
                approved_by=PETRA,
                outcome="allowed",
            ),
            tenant=TENANT,
            by=OLGA,
        ),
    ),
    ("released, of no declared class", encode(event("released", release="expose", level="internal", outcome="not_permitted"))),
    ("stored", encode(event("stored", category="orders", level="internal", purpose="order_sync", dropped=18446744073709551615), tenant=TENANT, subject=ADA, record=ORDER)),
    ("store_refused", encode(event("store_refused", category="orders", why="purpose_not_declared"), tenant=TENANT, record=SIZE)),
    ("opened", encode(event("opened", category="orders", level="internal", purpose="order_sync", rule="sync"), tenant=TENANT, by=OLGA, record=SIZE)),
    (
        "opened, one value",
        encode(
            {"event": "opened", "category": "creators", "class": "creator.email", "level": "confidential", "purpose": "outreach", "rule": "sync"},
            tenant=TENANT,
            by=OLGA,
            subject=ADA,
            record=ORDER,
        ),
    ),
    (
        "open_refused",
        encode(event("open_refused", category="creators", level="confidential", purpose="outreach", rule="sync", why="other_place"), tenant=TENANT, by=OLGA),
    ),
    ("hold_placed", encode(event("hold_placed", hold=HOLD), tenant=TENANT)),
    ("hold_lifted", encode(event("hold_lifted"))),
    ("case_moved", encode(event("case_moved", case="case-00000000000000ff", kind="deletion", stage="planned"), tenant=TENANT)),
    ("case_moved, of no kind", encode(event("case_moved", case="café \"7\"\\\n\u0001\u001f\u007f\u2028/", stage="received"))),
    (
        "corrected",
        encode(
            event("corrected", category="creators", fields=[{"field": "email", "old": OLD, "new": NEW}, {"field": "note"}], case="case-17"),
            tenant=TENANT,
            subject=ADA,
            record=ORDER,
        ),
    ),
    ("disposal_opened by a rule", encode(event("disposal_opened", disposal="sweep/records/orders-90/2026-11-22T09:00:00+00:00", cause="retention", rule="orders-90"))),
    ("disposal_opened by a revocation", encode(event("disposal_opened", disposal=f"revocation/{SHOP}", cause="revocation"), tenant=TENANT)),
    ("disposal_opened by a case", encode(event("disposal_opened", disposal="case/case-17/records", cause="case", case="case-17"), tenant=TENANT, subject=ADA)),
    ("keys_destroyed", encode(event("keys_destroyed", disposal="case/case-17/records", scope="subject", versions=2), tenant=TENANT)),
    ("key_rotated", encode(event("key_rotated", scope="tenant", version=1))),
    ("key_suspended", encode(event("key_suspended", scope="connection", version=2))),
    ("key_resumed", encode(event("key_resumed", scope="case", version=3))),
    ("key_compromised", encode(event("key_compromised", scope="subject", version=4294967295))),
    ("key_minimum_raised", encode(event("key_minimum_raised", scope="tenant", minimum=5))),
    ("certified", encode(event("certified", disposal="case/case-17/records", records=0))),
    ("epoch_opened", encode(event("epoch_opened", epoch=2))),
    ("epoch_destroyed", encode(event("epoch_destroyed", epoch=1, effective="9999-12-31T23:59:59.999999Z"))),
    ("the first moment", encode(event("started", environment="staging"), at="0000-01-01T00:00:00.000000Z")),
    ("trail_read, for what is of no tenant", encode(event("trail_read", action="read", search="system", purpose="security", rule="readers"), tenant=TENANT, by=OLGA)),
]


def terms(entry):
    told = json.loads(entry)
    event, tenant = told["event"], told.get("tenant")
    found = [(kind, bytes.fromhex(told[key])) for kind, key in ((1, "tenant"), (2, "by"), (2, "approved_by"), (3, "subject"), (6, "record")) if key in told]
    if tenant is not None:
        names = [(4, told.get("case")), (5, told.get("rule"))] + [(5, rule) for rule in told.get("denied_by", [])]
        found += [(kind, sha256(bytes.fromhex(tenant) + name.encode()).digest()[:16]) for kind, name in names if name is not None]
    found += [(7, bytes(16))] if event == "trail_expired" else []
    found += [(8, bytes(16))] if event in ("started", "epoch_opened", "epoch_destroyed", "trail_expired") else []
    return sorted({bytes([kind]) + rest for kind, rest in found})


def leaf(entry):
    return sha256(b"\0" + entry).digest()


def root(leaves):
    """RFC 9162, section 2.1.1."""
    if not leaves:
        return sha256().digest()
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return sha256(b"\1" + root(leaves[:split]) + root(leaves[split:])).digest()


def refused():
    good = dict(ENTRIES)
    yes, moved, stored, reviewed = (good[name].decode() for name in ("a yes", "case_moved, of no kind", "stored", "access_reviewed"))

    def bad(name, text, old, new, past=0):
        """`old` becomes `new`; the refusal is at the beginning of it, or so many bytes past."""
        at = text.index(old)
        assert text.count(old) == 1, (name, old)
        data = text.encode()
        at = len(text[:at].encode())
        assert data[at:].startswith(old.encode())
        changed = data[:at] + (new if isinstance(new, bytes) else new.encode()) + data[at + len(old.encode()) :]
        return {"name": name, "bytes": changed.hex(), "refusal": "malformed", "at": at + past}

    def whole(name, data, refusal, at=None):
        return {"name": name, "bytes": data.hex(), "refusal": refusal} | ({} if at is None else {"at": at})

    return [
        whole("nothing", b"", "malformed", 0),
        whole("no object", b"[1]", "malformed", 0),
        whole("white space in front", b" " + yes.encode(), "malformed", 0),
        whole("white space behind", yes.encode() + b"\n", "malformed", len(yes.encode())),
        whole("two entries", 2 * yes.encode(), "malformed", len(yes.encode())),
        whole("cut off", yes.encode()[:-1], "malformed", len(yes.encode()) - 1),
        whole("the experimental format", yes.replace('"format":1', '"format":0').encode(), "unknown-format"),
        whole("a later format", yes.replace('"format":1', '"format":2').encode(), "unknown-format"),
        whole("a later format with two digits", yes.replace('"format":1', '"format":11').encode(), "unknown-format"),
        bad("a format that is no number", yes, ":1,", ':"1",', 1),
        bad("a format with a fraction", yes, ":1,", ":1.0,", 2),
        bad("white space between", yes, ',"at":', ', "at":'),
        bad("fields in another order", yes, f',"at":"{AT}","policy":"{POLICY}"', f',"policy":"{POLICY}","at":"{AT}"'),
        bad("a field twice", yes, f',"at":"{AT}"', f',"at":"{AT}","at":"{AT}"', len(f',"at":"{AT}"')),
        bad("without a policy", yes, f',"policy":"{POLICY}"', ""),
        bad("an unknown field in front of the event", yes, ',"event"', ',"name":"Ada","event"'),
        bad("an unknown field of the event", yes, ',"emergency":true', ',"emergency":true,"name":"Ada"', len(',"emergency":true')),
        bad("a field of another event", stored, '"dropped":18446744073709551615', '"dropped":1,"rule":"sync"', len('"dropped":1')),
        bad("an unknown event", yes, '"decided"', '"divided"'),
        bad("an event without its fields", stored, ',"category":"orders","level":"internal","purpose":"order_sync","dropped":18446744073709551615', ""),
        bad("a field as null", yes, '"case-17"', "null"),
        bad("a truth value that is false", yes, "true", "false"),
        bad("a list that is empty", yes, ',"case"', ',"denied_by":[],"case"', len(',"denied_by":[')),
        bad("a list that ends with a comma", yes, ',"case"', ',"denied_by":["r1",],"case"', len(',"denied_by":["r1",')),
        bad("an unknown word", yes, '"read"', '"look"'),
        bad("a word in capitals", yes, '"read"', '"Read"'),
        bad("a word with an escape", yes, '"read"', '"\\u0072ead"', 1),
        bad("an undeclared kind of barrier", yes, ',"case"', ',"barriers":["no_money"],"case"', len(',"barriers":[')),
        bad("a pseudonym in capitals", yes, f'"{TENANT}"', f'"{TENANT.upper()}"'),
        bad("a pseudonym that is too short", yes, f'"{TENANT}"', f'"{TENANT[2:]}"'),
        bad("an identifier in the place of a pseudonym", yes, f'"{ADA}"', '"creator-ada-17"'),
        bad("a request of zeros", yes, '"4bf92f3577b34da6a3ce929d0e0e4736"', '"' + "0" * 32 + '"'),
        bad("a digest that is too long", yes, f'"{POLICY}"', f'"{POLICY}00"'),
        bad("a time of seconds", yes, f'"{AT}"', '"2026-11-22T09:00:00Z"'),
        bad("a time of nanoseconds", yes, f'"{AT}"', '"2026-11-22T09:00:00.000000000Z"'),
        bad("a time of another zone", yes, f'"{AT}"', '"2026-11-22T09:00:00.000000+00:00"'),
        bad("a time in small letters", yes, f'"{AT}"', '"2026-11-22t09:00:00.000000z"'),
        bad("a day that there is not", reviewed, '"2024-02-29T23:59:59.999999Z"', '"2023-02-29T23:59:59.999999Z"'),
        bad("a leap second", reviewed, '"2024-02-29T23:59:59.999999Z"', '"2016-12-31T23:59:60.000000Z"'),
        bad("a number with a zero in front", stored, "18446744073709551615", "01"),
        bad("a number with a sign", stored, "18446744073709551615", "-1"),
        bad("a number with an exponent", stored, "18446744073709551615", "1e3", 1),
        bad("a number past 64 bits", stored, "18446744073709551615", "18446744073709551616"),
        bad("a number past 32 bits", good["epoch_opened"].decode(), '"epoch":2', '"epoch":4294967296', len('"epoch":')),
        bad("a character as it is that has to be escaped", moved, "\\n", "\n"),
        bad("an escape that is not the shortest", moved, "\\n", "\\u000a"),
        bad("an escape in capitals", moved, "\\u001f", "\\u001F"),
        bad("an escape that is not needed", moved, "café", "caf\\u00e9", 3),
        bad("a solidus with an escape", moved, "\u2028/", "\u2028\\/", 3),
        bad("half a pair of surrogates", moved, "café", "caf\\ud83d", 3),
        bad("an unknown escape", moved, "\\n", "\\x"),
        bad("a text that does not end", moved, '","stage":"received"}', "", 0),
        bad("what is not UTF-8", moved, "é", b"\xff"),
        bad("a correction of no field", good["corrected"].decode(), '"field":"email",', "", 0),
        bad("a disposal by a rule that it does not name", good["disposal_opened by a rule"].decode(), ',"rule":"orders-90"', ""),
        bad("a consent to nothing", good["consent"].decode(), ',"purpose":"outreach"', ""),
    ]


leaves = [leaf(entry) for _, entry in ENTRIES]
json.dump(
    {
        "pseudonyms": [
            {"key": key.hex(), "kind": kind, "identifier": identifier, "pseudonym": pseudonym(key, kind, identifier)} for key, kind, identifier in NAMES
        ],
        "entries": [
            {"name": name, "bytes": entry.decode(), "terms": [term.hex() for term in terms(entry)], "leaf": leaf(entry).hex()} for name, entry in ENTRIES
        ],
        "roots": [root(leaves[:size]).hex() for size in range(len(leaves) + 1)],
        "refused": refused(),
    },
    sys.stdout,
    indent=1,
    ensure_ascii=True,
)
print()
