//! What a yes obliges to, over all requests.

use super::cube::{Attribute, Cube, Values};
use super::domain::Domain;
use super::region::{Region, cubes_of};
use super::search::Search;
use super::{Example, Proof};
use crate::core::classification::Level;
use crate::core::policy::{Claim, Obligations, Policy, RequestSet};

/// A part of obligations; the rest is none.
pub(super) type Part = fn(&Obligations) -> Obligations;

/// Each kind of obligation by itself.
pub(super) const KINDS: [Part; 5] = [
    |all| Obligations::new().four_eyes(all.four_eyes),
    |all| Obligations::new().reason(all.reason),
    |all| Obligations::new().anonymised(all.anonymised),
    |all| Obligations { mask_above: all.mask_above, ..Obligations::new() },
    |all| Obligations { max_records: all.max_records, ..Obligations::new() },
];

/// Whether a claim says nothing that could be false: it has no set, or it obliges to what every yes to its set does anyway.
pub(crate) fn says_nothing(claim: &Claim) -> bool {
    let Some(set) = &claim.obliged else { return claim.to.is_some() || claim.sets().next().is_none() };
    let to = claim.obligations();
    let within = |level: &Level| {
        set.from_level.is_none_or(|lowest| lowest <= *level)
            && set.up_to.is_none_or(|highest| *level <= highest)
    };
    // Without a level it is a contradiction, and told as one.
    let mut levels = Level::ALL.into_iter().filter(within).peekable();
    levels.peek().is_some() && levels.all(|level| lost(&to, &Obligations::new(), level).is_none())
}

/// What of some obligations is not in others, or is less there, for data of a level.
pub(super) fn lost(from: &Obligations, to: &Obligations, level: Level) -> Option<Obligations> {
    let mut lost = Obligations::new()
        .reason(from.reason && !to.reason)
        .anonymised(from.anonymised && !to.anonymised)
        .four_eyes(from.four_eyes && !to.four_eyes);
    // What is not above the mask is shown as it is.
    let shows_more = |mask: &Level| *mask < level && to.mask_above.is_none_or(|other| other > *mask);
    lost.mask_above = from.mask_above.filter(shows_more);
    lost.max_records = from.max_records.filter(|most| to.max_records.is_none_or(|other| other > *most));
    (lost != Obligations::new()).then_some(lost)
}

/// The levels of data for which something of some obligations is not in others, or is less there.
pub(super) fn levels_of_loss(from: &Obligations, to: &Obligations) -> Values {
    let losing = Level::ALL.into_iter().filter(|level| lost(from, to, *level).is_some());
    losing.fold(0, |levels, level| levels | 1 << level as usize)
}

impl Example {
    /// What of these obligations a yes of a policy does not oblige to; `None` where it does, and for a no.
    pub(crate) fn not_obliged_to(&self, policy: &Policy, to: &Obligations) -> Option<Obligations> {
        lost(to, self.obligations_by(policy)?, self.question.resource().level())
    }
}

impl Policy {
    /// Whether every yes to a request of a set obliges to this, or to more.
    pub(super) fn prove_obliged(
        &self,
        (domain, region): (&Domain, &Region),
        set: &RequestSet,
        to: &Obligations,
        budget: u64,
    ) -> Proof {
        let layout = &domain.layout;
        let mut search = Search::new(layout, budget);
        let forbidding = region.forbidding();
        let cubes = cubes_of(set, self, domain);
        for (rule, at, allowing) in region.allowing(self) {
            let levels = levels_of_loss(to, &rule.obligations);
            if levels == 0 {
                continue;
            }
            // A yes is by the first of the rules that allow.
            let minus: Vec<&Cube> = forbidding.iter().copied().chain(region.before(self, at)).collect();
            let allowing = layout.only(allowing.clone(), Attribute::Level, levels);
            for cube in &cubes {
                search.look_in_both(&allowing, cube, &minus);
            }
        }
        self.proved(domain, search.finish(), |example| example.not_obliged_to(self, to).is_some())
    }
}
