//! Workers that go on in step, each making the calls of the other right after it: nobody is ever faster, and still the work gets done.

use stewardship::Steward;
use stewardship::contracts::RecordRow;
use stewardship::dsr::AnyCase;
use stewardship::engine::CaseError;
use stewardship::id::CaseId;
use stewardship::policy::RequestKind;
use stewardship::{Period, Scope};

use super::pseudonyms;
use super::races::{Racing, Stepped, erased_by_two, race, racer, rows};
use crate::world::*;

/// By how many calls the second may be behind the first when they begin to go in step.
fn behind() -> impl Iterator<Item = usize> {
    (0..90).step_by(3)
}

/// Carries a case out, as far as nobody else was faster.
pub(super) async fn erase(world: &World, steward: &Steward<Stepped>, case: &str) -> Result<(), CaseError> {
    if let Ok(AnyCase::Planned(case)) = steward.case(&tenant(), &CaseId::new(case)).await {
        steward.carry_out(case, &world.officer()).await?;
    }
    Ok(())
}

/// Who goes on in step with whoever carries out `case-1`.
#[derive(Clone, Copy, Debug)]
enum Beside {
    /// The same case, of another worker.
    Same,
    /// Another case of the same person.
    Another,
    /// A sweep, which takes up what was begun.
    Sweeper,
}

/// Two records about a person, which outlive an erasure or do not, and a case that asks for it.
pub(super) fn with_a_case(outlives: bool) -> (World, TestSteward) {
    let world = World::new();
    let steward = world.connected();
    for place in [about(ADA), about(ADA).record("round-1")] {
        if outlives {
            steward.put(&place, &pacing("ada"), &sync()).unwrap();
        } else {
            steward.put(&place, &creator("ada"), &sync()).unwrap();
        }
    }
    pseudonyms::planned(&world, &steward, RequestKind::Deletion, ADA, "case-1");
    (world, steward)
}

/// How many records name the person.
pub(super) fn named(world: &World) -> usize {
    let names_person = |row: &&RecordRow| row.subjects().iter().any(|subject| subject.as_str() == ADA);
    rows(world).iter().filter(names_person).count()
}

/// Two workers erase one person, the second `order` behind: what still names the person, what was deleted, what was kept.
fn erased_in_step(other: Beside, outlives: bool, order: &[usize]) -> (usize, u64, u64) {
    let (world, steward) = with_a_case(outlives);
    if matches!(other, Beside::Another) {
        pseudonyms::planned(&world, &steward, RequestKind::Deletion, ADA, "case-2");
    }
    let racers = [(); 2].map(|()| racer(&world, Period::days(0)));
    // Of two that write the case down one may be too late.
    let first: Racing<'_, ()> = Box::pin(async { drop(erase(&world, &racers[0], "case-1").await) });
    let second: Racing<'_, ()> = match other {
        Beside::Same => Box::pin(async { drop(erase(&world, &racers[1], "case-1").await) }),
        Beside::Another => Box::pin(async { drop(erase(&world, &racers[1], "case-2").await) }),
        Beside::Sweeper => Box::pin(async { drop(racers[1].sweep().await.unwrap()) }),
    };
    race(&mut [first, second], order);
    let disposals = steward.disposals(None).unwrap();
    let kept = disposals.iter().flat_map(|disposal| &disposal.kept).map(|(count, _)| count).sum();
    (named(&world), disposals.iter().map(|disposal| disposal.records).sum(), kept)
}

fn erasures_in_step_get_done(other: Beside) {
    for behind in behind() {
        let order = vec![0; behind];
        assert_eq!(erased_in_step(other, false, &order), (0, 2, 0), "{other:?}, {behind} calls behind");
        assert_eq!(erased_in_step(other, true, &order), (0, 0, 2), "{other:?}, {behind} calls behind");
    }
}

#[test]
fn race_two_that_carry_out_one_case_in_step_get_it_done() {
    erasures_in_step_get_done(Beside::Same);
}

#[test]
fn race_two_cases_of_one_person_in_step_get_done() {
    erasures_in_step_get_done(Beside::Another);
}

#[test]
fn race_a_case_and_a_sweep_in_step_get_done() {
    erasures_in_step_get_done(Beside::Sweeper);
}

/// Two that carry out one case beside a sweep, in an order in which each found what another had proposed, and proposed its own instead.
#[test]
fn race_three_in_step_finish_what_another_proposed() {
    let runs = [(1, 30), (0, 2), (1, 30), (0, 13), (1, 10), (0, 10)];
    let order: Vec<usize> =
        runs.into_iter().flat_map(|(who, calls)| std::iter::repeat_n(who, calls)).collect();
    for due in [false, true] {
        let (named, _, _) = erased_by_two(due, &order);
        assert!(named.iter().all(|(_, names_person)| *names_person == 0), "{named:?}");
    }
}

/// One sweep each, and no other after them.
#[test]
fn race_two_sweeps_in_step_leave_nothing_that_is_due() {
    for (behind, apart) in behind().flat_map(|behind| [(behind, false), (behind, true)]) {
        let world = World::new();
        let steward = world.connected();
        for n in 0..3 {
            steward.put(&about(&format!("creator-{n}")), &creator("x"), &sync()).unwrap();
        }
        steward.happened(&shop_scope(), "authorization_revoked", world.now()).unwrap();
        let racers = [0, u32::from(apart)].map(|hours| racer(&world, Period::hours(hours)));
        let swept = race(&mut [Box::pin(racers[0].sweep()), Box::pin(racers[1].sweep())], &vec![0; behind]);
        assert!(swept.iter().all(Result::is_ok), "{swept:?}");
        let disposals = steward.disposals(None).unwrap();
        assert_eq!(
            disposals.iter().map(|disposal| disposal.records).sum::<u64>(),
            3,
            "{behind} calls behind: {disposals:?}"
        );
        assert_eq!(rows(&world).len(), 0, "{behind} calls behind");
    }
}

/// A verb that goes on over many calls of a store.
#[derive(Clone, Copy, Debug)]
enum Verb {
    Put,
    Sweep,
    Revoke,
    CarryOut,
    RotateKey,
    MarkCompromised,
    RotateEpoch,
    Reseal,
    Reindex,
}

impl Verb {
    const ALL: [Self; 9] = [
        Self::Put,
        Self::Sweep,
        Self::Revoke,
        Self::CarryOut,
        Self::RotateKey,
        Self::MarkCompromised,
        Self::RotateEpoch,
        Self::Reseal,
        Self::Reindex,
    ];

    async fn done(self, world: &World, steward: &Steward<Stepped>) -> Result<(), Box<dyn std::error::Error>> {
        match self {
            Self::Put => drop(steward.put(&about("creator-new"), &creator("new"), &sync()).await?),
            Self::Sweep => drop(steward.sweep().await?),
            Self::Revoke => drop(steward.revoke(&shop_scope(), "the seller asked").await?),
            Self::CarryOut => erase(world, steward, "case-1").await?,
            Self::RotateKey => drop(steward.rotate_key(&Scope::Tenant(tenant()), 1).await?),
            Self::MarkCompromised => drop(steward.mark_compromised(&shop_scope(), 1, "who knows").await?),
            Self::RotateEpoch => drop(steward.rotate_epoch().await?),
            Self::Reseal => drop(steward.reseal(None, 9).await?),
            Self::Reindex => drop(steward.reindex().await?),
        }
        Ok(())
    }
}

/// Whichever two go on in step, and wherever the one is when the other begins: both end, and neither gives up over the other.
#[test]
fn race_any_two_verbs_in_step_end() {
    let (mut all, mut done) = (0, 0);
    for (at, first) in Verb::ALL.into_iter().enumerate() {
        for (second, behind) in
            Verb::ALL[at..].iter().flat_map(|second| (0..30).step_by(3).map(move |by| (*second, by)))
        {
            let (world, steward) = with_a_case(false);
            let racers = [(); 2].map(|()| racer(&world, Period::days(0)));
            let ended = race(
                &mut [Box::pin(first.done(&world, &racers[0])), Box::pin(second.done(&world, &racers[1]))],
                &vec![0; behind],
            );
            for (verb, ended) in [first, second].into_iter().zip(ended) {
                all += 1;
                done += usize::from(ended.is_ok());
                // What is revoked takes no record any more, and its key is neither rotated nor compromised.
                let told = ended.err().map(|error| error.to_string()).unwrap_or_default();
                assert!(
                    !told.contains("again and again"),
                    "{verb:?} of {first:?} and {second:?}, {behind} behind: {told}"
                );
            }
            steward.verify_trail(None).unwrap();
        }
    }
    assert!(done * 10 > all * 9, "{done} of {all}");
}
