//! Claims say one thing each, about something, and it is true.

use super::{Check, claim_path};
use crate::core::access::{BUDGET, Contradiction, Proof, says_nothing};
use crate::core::policy::finding::{FindingCode, Findings};
use crate::core::policy::policy::Policy;

pub(super) fn check(check: &mut Check<'_, '_>) {
    for (index, claim) in check.document.claims.iter().enumerate() {
        let path = claim_path(index);
        if claim.sets().count() != 1 && check.is_whole(&path) {
            let message =
                "a claim says what is never allowed, what always is, or what is only with obligations";
            check.error(
                FindingCode::VagueClaim,
                &path,
                message,
                "write one of `never`, `always` and `obliged`",
            );
        }
        if claim.sets().count() == 1 && says_nothing(claim) && check.is_whole(&path) {
            let message = "`obliged` goes with obligations that a yes can lack, and they go with it alone";
            let hint =
                "write both, as in `obliged = { actions = [\"export\"] }` and `to = { four_eyes = true }`";
            check.error(FindingCode::VagueClaim, &path.key("to"), message, hint);
        }
        for (key, set) in claim.sets() {
            // Of no request at all everything holds, which proves nothing.
            if let Some(contradiction) = Contradiction::of(set) {
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
        let Some((key, _)) = claim.sets().next() else { continue };
        let path = claim_path(index).key(key);
        match policy.prove_within(claim, budget) {
            Proof::Holds => {}
            Proof::Fails(example) => {
                let (what, hint) = match key {
                    "never" => ("it is allowed".to_owned(), "narrow the rule that allows it, or the claim"),
                    "always" => ("it is denied".to_owned(), "let a rule allow it, or narrow the claim"),
                    _ => {
                        let lacks = example.not_obliged_to(policy, &claim.obligations()).unwrap_or_default();
                        let what = format!("it is allowed without being obliged to {lacks}");
                        (what, "let the rule that allows it oblige to it, or narrow the claim")
                    }
                };
                let message = format!("{what}: {example}; {}", example.explained_by(policy));
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
