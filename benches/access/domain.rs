//! Every state that a question about the policy can be in, gone through one by one with the floor: what a proof is measured against.
//!
//! 32 sets of roles x 5 actions x 5 categories x 4 levels x 3 purposes x 2 (own tenant, another) x 2 (active, suspended) x 2 (person,
//! service) x 3 ages of the second factor (within 12 hours, within 24, older or none) x 3 (assigned case: yes, no, unknown) x 3
//! (authorisation live: yes, no, unknown) = 2,073,600.

use super::asked::NOW;
use super::floor::{self, Answer, Asked, Cells};
use super::matched;
use super::rules::CELLS;
use super::words::{Action, Category, Kind, Level, Mfa, Purpose, Role, Roles};

/// How many states there are.
pub const STATES: usize = 2_073_600;

const FACT: [Option<bool>; 3] = [Some(true), Some(false), None];

/// The first state of which `found` is true, of every one.
#[inline]
pub fn find(mut found: impl FnMut(&Asked) -> bool) -> Option<Asked> {
    for roles in Roles::every_set() {
        for action in Action::ALL {
            for category in Category::ALL {
                for level in Level::ALL {
                    for purpose in Purpose::ALL {
                        for within_tenant in [true, false] {
                            for suspended in [false, true] {
                                for kind in Kind::ALL {
                                    for mfa in Mfa::ALL {
                                        for case in FACT {
                                            for authorization in FACT {
                                                let asked = Asked {
                                                    mfa_at: mfa.example(NOW),
                                                    roles,
                                                    kind,
                                                    suspended,
                                                    within_tenant,
                                                    action,
                                                    category,
                                                    level,
                                                    purpose,
                                                    case,
                                                    authorization,
                                                };
                                                if found(&asked) {
                                                    return Some(asked);
                                                }
                                            }
                                        }
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
    None
}

#[inline]
fn allows(asked: &Asked) -> bool {
    floor::decide(asked, NOW) == Answer::Allowed
}

/// Another tenant's data is never allowed. What breaks it, or nothing; so in all that follow. What a claim is not about is passed over
/// without a decision, as a good engineer would.
pub fn tenant_isolation() -> Option<Asked> {
    find(|asked| !asked.within_tenant && allows(asked))
}

/// No person gets to Confidential or above with a second factor that is older than 24 hours, or none.
pub fn second_factor() -> Option<Asked> {
    find(|asked| {
        asked.kind == Kind::Person
            && asked.level >= Level::Confidential
            && Mfa::of(asked.mfa_at, NOW) == Mfa::None
            && allows(asked)
    })
}

/// Billing and account data are never used for selling, and nothing is without the authorisation known to be live.
pub fn purpose() -> Option<Asked> {
    find(|asked| {
        asked.purpose == Purpose::Selling
            && (asked.category >= Category::Billing || asked.authorization != Some(true))
            && allows(asked)
    })
}

/// Who has no other role than support or Privacy Officer gets to nothing without an assigned case that is known.
pub fn need_to_know() -> Option<Asked> {
    const THEIRS: u8 = Role::Support.bit() | Role::PrivacyOfficer.bit();
    find(|asked| asked.roles.0 & !THEIRS == 0 && asked.case != Some(true) && allows(asked))
}

/// Where the policy in its two encodings answers differently.
pub fn equivalence() -> Option<Asked> {
    find(|asked| {
        (floor::decide(asked, NOW) == Answer::Allowed) != (matched::decide(asked, NOW) == Answer::Allowed)
    })
}

/// Where the policy and one that has drifted answer differently.
pub fn drift(drifted: &Cells) -> Option<Asked> {
    find(|asked| allows(asked) != (floor::decide_by(drifted, asked, NOW) == Answer::Allowed))
}

/// The granting cells, in order of role, action and category.
pub fn granted() -> impl Iterator<Item = (Role, Action, Category)> {
    let every = Role::ALL.into_iter().flat_map(|role| {
        Action::ALL
            .into_iter()
            .flat_map(move |action| Category::ALL.into_iter().map(move |category| (role, action, category)))
    });
    every.filter(|(role, action, category)| {
        CELLS[*role as usize][*action as usize][*category as usize].purposes != 0
    })
}

/// The cell that drifts, of the 79: whoever keeps the integration in step may read creators' data at any level; then up to Confidential
/// alone.
pub const DRIFTS: (Role, Action, Category) = (Role::Integration, Action::Read, Category::Creators);

/// The floor's cells with one of them a level lower.
pub fn drifted_cells() -> Cells {
    let mut cells = CELLS;
    let (role, action, category) = DRIFTS;
    let cell = &mut cells[role as usize][action as usize][category as usize];
    assert_eq!(cell.up_to, Level::Restricted);
    cell.up_to = Level::Confidential;
    cells
}

/// Every question, one after the other; how many of the answers are as they have to be.
pub fn all_questions(drifted: &Cells) -> usize {
    let hold = [tenant_isolation(), second_factor(), purpose(), need_to_know(), equivalence()];
    hold.iter().filter(|broken| broken.is_none()).count() + usize::from(drift(drifted).is_some())
}
