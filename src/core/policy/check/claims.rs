//! Claims say one thing each, about something, and it is true.

use super::{Check, claim_path};
use crate::core::access::{BUDGET, Contradiction, Proof};
use crate::core::policy::finding::{FindingCode, Findings};
use crate::core::policy::policy::Policy;

pub(super) fn check(check: &mut Check<'_, '_>) {
    for (index, claim) in check.document.claims.iter().enumerate() {
        let path = claim_path(index);
        if claim.never.is_some() == claim.always.is_some() && check.is_whole(&path) {
            let message = "a claim says what is never allowed, or what always is";
            check.error(FindingCode::VagueClaim, &path, message, "write one of `never` and `always`");
        }
        for (key, set) in [("never", &claim.never), ("always", &claim.always)] {
            // Of no request at all everything holds, which proves nothing.
            if let Some(contradiction) = set.as_ref().and_then(Contradiction::of) {
                let message = format!("claim `{}` is about no request: {contradiction}", claim.id);
                let hint = "say whom and what it is about, or drop the claim";
                check.error(FindingCode::EmptyClaim, &path.key(key), message, hint);
            }
        }
    }
}

/// Proves the claims of a policy whose other checks have passed. All of them together take the work of one proof at most.
pub(crate) fn prove_claims(policy: &Policy, findings: &mut Findings) {
    let claims = &policy.document().claims;
    let budget = BUDGET / claims.len().max(1) as u64;
    let mut check = Check { document: policy.document(), findings };
    for (index, claim) in claims.iter().enumerate() {
        let path = claim_path(index).key(if claim.never.is_some() { "never" } else { "always" });
        match policy.prove_within(claim, budget) {
            Proof::Holds => {}
            Proof::Fails(example) => {
                let (what, hint) = match claim.never.is_some() {
                    true => ("allowed", "narrow the rule that allows it, or the claim"),
                    false => ("denied", "let a rule allow it, or narrow the claim"),
                };
                let message = format!("it is {what}: {example}; {}", example.explained_by(policy));
                check.error(FindingCode::FalseClaim, &path, message, hint);
            }
            Proof::Undecided => {
                let message = "whether it holds takes more work to decide than loading a policy may";
                check.error(
                    FindingCode::UndecidedClaim,
                    &path,
                    message,
                    "make the claim narrower, or the rules fewer",
                );
            }
        }
    }
}
