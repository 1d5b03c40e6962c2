//! Proofs against going through every request, as the reference decides them.

use std::collections::BTreeSet;

use stewardship::access::{
    AccessFinding, Difference, Example, PrincipalKind, Proof, Redundancy, Unproved, always, decide, diff,
    equivalent, never, obliged,
};
use stewardship::authentication::Method;
use stewardship::classification::Level;
use stewardship::id::Name;
use stewardship::policy::{Obligations, Policy, PolicyDocument, RequestSet};
use stewardship::{Action, Period};

use crate::grid::{Grid, named_ages, weight};
use crate::random::{Rng, Shape};
use crate::reference::{Detail, detail, is_contradiction, is_in, is_looser};

/// A policy of a small domain, every request of it, and what the reference says to each.
struct Small {
    shape: Shape,
    policy: Policy,
    grid: Grid,
    details: Vec<Detail>,
}

impl Small {
    fn new(rng: &mut Rng, sets: impl FnOnce(&mut Rng, &Shape) -> Vec<RequestSet>) -> (Self, Vec<RequestSet>) {
        let shape = Shape::small(rng);
        let policy = shape.policy(rng);
        let sets = sets(rng, &shape);
        let grid = Grid::of(&shape, &sets);
        let details = grid.details(policy.document());
        (Self { shape, policy, grid, details }, sets)
    }

    fn document(&self) -> &PolicyDocument {
        self.policy.document()
    }

    /// What breaks a claim is decided so by the engine and by the reference, and says as little as any that does.
    fn is_smallest(&self, ages: &[Period], example: &Example, allowed: bool, breaks: impl Fn(usize) -> bool) {
        let (question, facts) = (&example.question, &example.facts);
        assert_eq!(example.is_allowed_by(&self.policy), allowed, "{example}");
        assert_eq!(decide(&self.policy, question, facts).is_allowed(), allowed, "{example}");
        assert_eq!(detail(self.document(), question, facts).is_allowed(), allowed, "{example}");
        // An example says `mfa` of any second factor where nothing keeps it from that, which is not what this counts.
        if self.shape.words.methods.contains(&Method::Mfa) {
            return;
        }
        let least = self.grid.least(ages, |at, _, _| breaks(at));
        assert_eq!(Some(weight(&self.shape, ages, question, facts)), least, "{example}");
    }

    fn claim(&self, set: &RequestSet, to: &Obligations, counted: &mut Counted) {
        let shown = || format!("{set:#?}\n{:#?}\n{:#?}", self.document().access, self.document().purposes);
        let inside: Vec<bool> =
            self.grid.requests.iter().map(|(question, facts)| is_in(set, question, facts)).collect();
        for wanted in [false, true] {
            let claim = if wanted { always(set.clone()) } else { never(set.clone()) };
            let breaks = |at: usize| inside[at] && self.details[at].is_allowed() != wanted;
            let broken = (0..inside.len()).any(breaks);
            let proof = self.policy.prove(&claim);
            if let Err(refused) = &proof {
                assert!(is_contradiction(set) && !inside.contains(&true), "{refused}\n{}", shown());
                continue;
            }
            assert!(!is_contradiction(set), "nothing is in it\n{}", shown());
            match proof.unwrap() {
                Proof::Holds => assert!(!broken, "{claim:?} is said to hold\n{}", shown()),
                Proof::Fails(example) => {
                    assert!(broken, "{claim:?} is said to fail: {example}\n{}", shown());
                    assert!(is_in(set, &example.question, &example.facts), "{example}\n{}", shown());
                    self.is_smallest(&named_ages(&[self.document()], &[set]), &example, !wanted, breaks);
                }
                Proof::Undecided => panic!("so small a claim is undecided\n{}", shown()),
            }
            counted.count(usize::from(wanted), !broken);
        }
        self.obliged(set, &inside, to, counted);
    }

    /// Whether every yes to what is inside obliges to this.
    fn obliged(&self, set: &RequestSet, inside: &[bool], to: &Obligations, counted: &mut Counted) {
        let document = self.document();
        let shown = || format!("{set:#?}\n{to:?}\n{:#?}\n{:#?}", document.access, document.purposes);
        let claim = obliged(set.clone(), to.clone());
        let levels = Level::ALL.into_iter().filter(|level| {
            set.from_level.is_none_or(|lowest| *level >= lowest)
                && set.up_to.is_none_or(|highest| *level <= highest)
        });
        let levels: Vec<Level> = levels.collect();
        if !levels.is_empty() && !levels.iter().any(|level| is_looser(to, &Obligations::new(), *level)) {
            assert_eq!(self.policy.prove(&claim), Err(Unproved::SaysNothing));
            return;
        }
        let short = |detail: &Detail, level| {
            detail.by(document).is_some_and(|rule| is_looser(to, &rule.obligations, level))
        };
        let level = |at: usize| self.grid.requests[at].0.resource().level();
        let breaks = |at: usize| inside[at] && short(&self.details[at], level(at));
        let broken = (0..inside.len()).any(breaks);
        match self.policy.prove(&claim) {
            Err(refused) => {
                assert!(is_contradiction(set) && !inside.contains(&true), "{refused}\n{}", shown());
                return;
            }
            Ok(Proof::Holds) => assert!(!broken, "it is said to hold\n{}", shown()),
            Ok(Proof::Fails(example)) => {
                assert!(broken, "it is said to fail: {example}\n{}", shown());
                let (question, facts) = (&example.question, &example.facts);
                assert!(is_in(set, question, facts), "{example}\n{}", shown());
                assert!(short(&detail(document, question, facts), question.resource().level()), "{example}");
                let ages = named_ages(&[document], &[set]);
                self.is_smallest(&ages, &example, true, breaks);
            }
            Ok(Proof::Undecided) => panic!("so small a claim is undecided\n{}", shown()),
        }
        counted.count(2, !broken);
    }
}

/// Of claims of each kind, `never`, `always` and `obliged`.
#[derive(Default)]
struct Counted {
    held: [usize; 3],
    failed: [usize; 3],
}

impl Counted {
    fn count(&mut self, kind: usize, held: bool) {
        let counts = if held { &mut self.held } else { &mut self.failed };
        counts[kind] += 1;
    }
}

fn claims(seed: u64, policies: usize, each: usize) -> Counted {
    let mut rng = Rng::new(seed);
    let mut counted = Counted::default();
    for _ in 0..policies {
        let (small, sets) = Small::new(&mut rng, |rng, shape| {
            let mut sets: Vec<RequestSet> = (0..each).map(|_| shape.set(rng)).collect();
            // Those of a rule, which claims often are about: all of it, and a part.
            let rule = shape.allow_rule(rng, "claimed");
            let mut of_rule = RequestSet::new().up_to(rule.up_to);
            of_rule.roles = rule.roles;
            of_rule.actions = rule.actions;
            of_rule.categories = rule.categories;
            sets.push(of_rule);
            sets
        });
        for set in &sets {
            small.claim(set, &small.shape.obligations(&mut rng), &mut counted);
        }
        // The set of what its own rules say, so that some of what is claimed to be allowed always is.
        for rule in &small.document().access.allow {
            let mut set = RequestSet::new().up_to(rule.up_to);
            set.roles = rule.roles.clone();
            set.actions = rule.actions.clone();
            set.categories = rule.categories.clone();
            set.purposes = BTreeSet::from([small.shape.purpose_names()[0].clone()]);
            set.environments = rule.environments.clone();
            set.kinds = rule.kinds.clone();
            set.with = rule.when.clone();
            small.claim(&set, &rule.obligations, &mut counted);
        }
    }
    counted
}

fn claims_are_told_right(seed: u64, policies: usize, each: usize) -> usize {
    let Counted { held, failed } = claims(seed, policies, each);
    assert!(held.iter().chain(&failed).all(|count| count * 60 > policies), "{held:?} {failed:?}");
    held.iter().chain(&failed).sum()
}

#[test]
fn claims_are_proved_and_broken_as_every_request_says() {
    claims_are_told_right(4, 14, 8);
}

/// A misspelt name is about no request that a policy tells apart: nothing is proved of it.
#[test]
fn a_claim_about_a_misspelt_name_is_no_proof() {
    let mut rng = Rng::new(1);
    let policy = Shape::small(&mut rng).policy(&mut rng);
    let misspelt = || BTreeSet::from([Name::new("rloe0")]);
    let mut sets = vec![RequestSet::new(); 4];
    (sets[0].roles, sets[1].categories, sets[2].purposes) = (misspelt(), misspelt(), misspelt());
    sets[3].without_roles = misspelt();
    for set in &sets {
        for claim in [never(set.clone()), always(set.clone())] {
            let refused = policy.prove(&claim).unwrap_err();
            assert!(refused.to_string().contains("rloe0"), "{refused}");
        }
    }
    assert!(policy.who_can(Action::Read, "rloe0", Level::Public).is_err());
}

/// A set that nothing is in: whatever is claimed of it would hold.
#[test]
fn a_claim_about_no_request_is_no_proof() {
    let mut rng = Rng::new(1);
    let shape = Shape { roles: 2, ..Shape::small(&mut rng) };
    let policy = shape.policy(&mut rng);
    let roles: BTreeSet<Name> = shape.role_names().into_iter().collect();
    let first = || [shape.role_names().swap_remove(0)];
    let levels = RequestSet::new().from_level(Level::Internal).up_to(Level::Public);
    let one = RequestSet::new().roles(first()).without_roles(first());
    let both = RequestSet::new().roles(roles.clone()).without_roles(roles.clone());
    for (set, contradiction) in [(levels, "`from_level`"), (one, "`roles`"), (both, "`roles`")] {
        assert!(is_contradiction(&set));
        for claim in [never(set.clone()), always(set.clone())] {
            let refused = policy.prove(&claim).unwrap_err();
            assert!(refused.to_string().contains(contradiction), "{refused}");
        }
    }
    let left = RequestSet::new().roles(roles.clone()).without_roles(first());
    assert!(policy.prove(&never(left.suspended(true))).unwrap().holds());
}

/// Another policy of the same names: a small change of the first, or one of its own.
fn another(rng: &mut Rng, small: &Small) -> Policy {
    let mut document = small.document().clone();
    let count = document.access.allow.len();
    match rng.below(8) {
        0 => document.access.allow[rng.below(count)].up_to = rng.of(&Level::ALL),
        1 => document.access.allow.swap(0, count - 1),
        2 => {
            let rule = small.shape.allow_rule(rng, "further");
            document.access.allow.push(rule);
        }
        3 => {
            let rule = small.shape.deny_rule(rng, "further");
            document.access.deny.push(rule);
        }
        4 => document.access.allow[rng.below(count)].when = None,
        5 => document.access.allow[rng.below(count)].obligations = Obligations::new(),
        6 => {
            document.access.allow[rng.below(count)].obligations = small.shape.obligations(rng);
        }
        _ => return small.shape.policy(rng),
    }
    Policy::from_document(document).unwrap()
}

/// Obligations one by one, by name.
fn single(obligations: &Obligations) -> Vec<(&'static str, Obligations)> {
    let mut single = Vec::new();
    for (is, kind, one) in [
        (obligations.reason, "reason", Obligations::new().reason(true)),
        (obligations.anonymised, "anonymised", Obligations::new().anonymised(true)),
        (obligations.four_eyes, "four_eyes", Obligations::new().four_eyes(true)),
    ] {
        single.extend(is.then_some((kind, one)));
    }
    single.extend(obligations.mask_above.map(|mask| ("mask_above", Obligations::new().mask_above(mask))));
    single.extend(obligations.max_records.map(|most| ("max_records", Obligations::new().max_records(most))));
    single
}

fn kinds(obligations: &Obligations) -> Vec<&'static str> {
    single(obligations).into_iter().map(|(kind, _)| kind).collect()
}

/// Pairs of policies that are the same, that allow different things, and that oblige to different things alone.
fn pairs(seed: u64, policies: usize) -> [usize; 3] {
    let mut rng = Rng::new(seed);
    let mut counted = [0; 3];
    for _ in 0..policies {
        let (small, _) = Small::new(&mut rng, |_, _| Vec::new());
        let other = another(&mut rng, &small);
        let others = small.grid.details(other.document());
        let ages = named_ages(&[small.document(), other.document()], &[]);
        let shown = || format!("{:#?}\n{:#?}", small.document().access, other.document().access);
        let gained = |at: usize| !small.details[at].is_allowed() && others[at].is_allowed();
        let lost = |at: usize| small.details[at].is_allowed() && !others[at].is_allowed();
        // By which rules of the first and of the other, where something fell with the other, or with the first.
        let looser = |at: usize, by_other: bool| {
            let rules = (small.details[at].by(small.document())?, others[at].by(other.document())?);
            let (old, new) = if by_other { rules } else { (rules.1, rules.0) };
            let level = small.grid.requests[at].0.resource().level();
            is_looser(&old.obligations, &new.obligations, level).then_some(rules)
        };
        let all = 0..small.grid.requests.len();
        match equivalent(&small.policy, &other) {
            Proof::Holds => {
                let differs =
                    |at| gained(at) || lost(at) || looser(at, true).is_some() || looser(at, false).is_some();
                assert!(!all.clone().any(differs), "{}", shown());
                counted[0] += 1;
            }
            Proof::Fails(example) => {
                let allowed = example.is_allowed_by(&small.policy);
                let says = [small.document(), other.document()]
                    .map(|document| detail(document, &example.question, &example.facts));
                assert_eq!(says[0].is_allowed(), allowed, "{example}");
                assert_eq!(says[1].is_allowed(), example.is_allowed_by(&other), "{example}");
                if says[1].is_allowed() == allowed {
                    assert!(!all.clone().any(|at| gained(at) || lost(at)), "{example}\n{}", shown());
                    let level = example.question.resource().level();
                    let [own, others] =
                        [&small.policy, &other].map(|policy| example.obligations_by(policy).unwrap());
                    // Where the first obliges to less comes before where the other does.
                    let by_other = !all.clone().any(|at| looser(at, false).is_some());
                    let (old, new) = if by_other { (own, others) } else { (others, own) };
                    assert!(is_looser(old, new, level), "{example}\n{}", shown());
                    small.is_smallest(&ages, &example, true, |at| looser(at, by_other).is_some());
                    counted[2] += 1;
                } else {
                    small.is_smallest(
                        &ages,
                        &example,
                        allowed,
                        |at| if allowed { lost(at) } else { gained(at) },
                    );
                    counted[1] += 1;
                }
            }
            Proof::Undecided => panic!("so small a question is undecided\n{}", shown()),
        }
        let differences = diff(&small.policy, &other).unwrap();
        // Of the differences by each rule, whether it allows more, and what fell with it.
        for (rule, id) in other.document().access.allow.iter().map(|rule| &rule.id).enumerate() {
            let of_rule = |difference: &&Difference| difference.rule == *id;
            let more =
                differences.iter().filter(of_rule).filter(|difference| difference.loosened.is_none()).count();
            let gains = all.clone().any(|at| gained(at) && others[at].is_allowed_by(rule));
            assert_eq!(more, usize::from(gains), "{id}\n{}", shown());
            let told =
                differences.iter().filter(of_rule).filter_map(|difference| difference.loosened.as_ref());
            let told: BTreeSet<&str> = told.flat_map(|loosened| kinds(&loosened.obligations)).collect();
            let fallen = |at: usize| {
                let (old, new) = looser(at, true).filter(|(_, new)| new.id == *id)?;
                let level = small.grid.requests[at].0.resource().level();
                let fell = single(&old.obligations).into_iter();
                let fell =
                    fell.filter(|(_, one)| is_looser(one, &new.obligations, level)).map(|(kind, _)| kind);
                Some(fell.collect::<Vec<_>>())
            };
            let fallen: BTreeSet<&str> = all.clone().filter_map(fallen).flatten().collect();
            assert_eq!(told, fallen, "{id}\n{}", shown());
        }
        for difference in &differences {
            let example = &difference.example;
            let rule =
                other.document().access.allow.iter().position(|rule| rule.id == difference.rule).unwrap();
            let says = detail(other.document(), &example.question, &example.facts);
            assert!(says.is_allowed_by(rule) && example.is_allowed_by(&other), "{example}\n{}", shown());
            let Some(loosened) = &difference.loosened else {
                small.is_smallest(&ages, example, false, |at| gained(at) && others[at].is_allowed_by(rule));
                continue;
            };
            assert_eq!(says.by(other.document()).unwrap().id, difference.rule, "{example}\n{}", shown());
            let before = detail(small.document(), &example.question, &example.facts);
            let before = before.by(small.document()).unwrap();
            assert_eq!(before.id, loosened.rule, "{example}\n{}", shown());
            let (new, level) = (says.by(other.document()).unwrap(), example.question.resource().level());
            let fell = single(&before.obligations).into_iter();
            let fell = fell.filter(|(_, one)| is_looser(one, &new.obligations, level)).map(|(kind, _)| kind);
            assert_eq!(kinds(&loosened.obligations), fell.collect::<Vec<_>>(), "{example}\n{}", shown());
        }
    }
    counted
}

#[test]
fn policies_differ_where_some_request_says_so() {
    let counted = pairs(7, 40);
    assert!(counted.iter().all(|pairs| *pairs > 3), "{counted:?}");
}

fn capabilities(seed: u64, policies: usize) -> usize {
    let mut rng = Rng::new(seed);
    let mut capable = 0;
    for _ in 0..policies {
        let (small, _) = Small::new(&mut rng, |_, _| Vec::new());
        let rules = &small.document().access.allow;
        let ages = named_ages(&[small.document()], &[]);
        for _ in 0..8 {
            let (action, level) = (rng.of(Action::ALL), rng.of(&Level::ALL));
            let category = rng.of(&small.shape.category_names());
            let found = small.policy.who_can(action, category.as_str(), level).unwrap();
            let mut expected = Vec::new();
            for role in small.document().roles.keys() {
                let of_role: Vec<usize> = (0..small.details.len())
                    .filter(|at| {
                        let question = &small.grid.requests[*at].0;
                        question.principal().roles() == std::slice::from_ref(role)
                            && question.action() == action
                            && question.resource().level() == level
                            && *question.resource().category_name() == category
                            && small.details[*at].is_allowed()
                    })
                    .collect();
                let by = (0..rules.len())
                    .filter(|rule| of_role.iter().any(|at| small.details[*at].is_allowed_by(*rule)));
                let by: Vec<Name> = by.map(|rule| rules[rule].id.clone()).collect();
                if !of_role.is_empty() {
                    expected.push((role.clone(), by, of_role));
                }
            }
            let named = |role: &Name, rules: &[Name]| (role.clone(), rules.to_vec());
            assert_eq!(
                found.iter().map(|found| named(&found.role, &found.rules)).collect::<Vec<_>>(),
                expected.iter().map(|(role, by, _)| named(role, by)).collect::<Vec<_>>(),
                "{action} {category} {level}\n{:#?}",
                small.document().access
            );
            for (found, (role, _, of_role)) in found.iter().zip(&expected) {
                assert_eq!(found.example.question.principal().roles(), std::slice::from_ref(role));
                small.is_smallest(&ages, &found.example, true, |at| of_role.contains(&at));
                capable += 1;
            }
        }
    }
    capable
}

#[test]
fn who_can_is_who_some_request_lets() {
    assert!(capabilities(11, 25) > 25);
}

/// What the review says, checked finding by finding; which of several stands in for a rule is left to it.
fn reviewed(small: &Small, kinds: &mut BTreeSet<&'static str>) {
    let document = small.document();
    let (allow, deny) = (&document.access.allow, &document.access.deny);
    let shown = || format!("{:#?}", document.access);
    let found = small.policy.review_access();
    let mut expected = Vec::new();
    for role in document.roles.keys() {
        let used = allow.iter().any(|rule| rule.roles.contains(role))
            || deny.iter().any(|rule| rule.roles.contains(role))
            || document.requests.iter().any(|requests| requests.reviewers.contains(role));
        if !used {
            expected.push(AccessFinding::UnusedRole(role.clone()));
            kinds.insert("unused");
        }
    }
    for (at, rule) in allow.iter().enumerate() {
        let own: Vec<&Detail> = small.details.iter().filter(|detail| detail.is_allowed_by(at)).collect();
        let stands_in = |other: usize| {
            let obligations = &allow[other].obligations;
            other != at && (*obligations == Obligations::new() || *obligations == rule.obligations)
        };
        let alone = |other: usize| stands_in(other) && own.iter().all(|detail| detail.allow.contains(&other));
        if own.is_empty() {
            expected.push(AccessFinding::UnreachableRule(rule.id.clone()));
            kinds.insert("unreachable");
        } else if own.iter().all(|detail| detail.allow.iter().any(|other| stands_in(*other))) {
            let how = (0..allow.len()).find(|other| alone(*other));
            // Another that does it alone is as good an answer.
            let named = found.iter().find_map(|finding| match finding {
                AccessFinding::RedundantRule(id, Redundancy::SubsumedBy(by)) if *id == rule.id => {
                    allow.iter().position(|other| other.id == *by).filter(|by| alone(*by))
                }
                _ => None,
            });
            kinds.insert(if how.is_some() { "subsumed" } else { "shadowed" });
            let how = named.or(how).map(|other| Redundancy::SubsumedBy(allow[other].id.clone()));
            expected.push(AccessFinding::RedundantRule(rule.id.clone(), how.unwrap_or(Redundancy::Shadowed)));
        }
    }
    for (at, rule) in deny.iter().enumerate() {
        let bites = |detail: &Detail| !detail.barred && detail.deny == [at] && !detail.allow.is_empty();
        if !small.details.iter().any(bites) {
            expected.push(AccessFinding::IdleDenial(rule.id.clone()));
            kinds.insert("idle");
        }
    }
    assert_eq!(found, expected, "{}", shown());
}

fn reviews(seed: u64, policies: usize) -> BTreeSet<&'static str> {
    let mut rng = Rng::new(seed);
    let mut kinds = BTreeSet::new();
    for turn in 0..policies {
        let (mut small, _) = Small::new(&mut rng, |_, _| Vec::new());
        if turn % 3 == 0 {
            // A rule that two others do together.
            let mut document = small.document().clone();
            for (kind, id) in [(PrincipalKind::Person, "of people"), (PrincipalKind::Service, "of services")]
            {
                let mut half = document.access.allow[0].clone().kinds([kind]);
                half.id = id.into();
                document.access.allow.push(half);
            }
            small.policy = Policy::from_document(document).unwrap();
            small.details = small.grid.details(small.document());
        }
        reviewed(&small, &mut kinds);
    }
    kinds
}

#[test]
fn a_review_finds_what_no_request_needs_and_nothing_else() {
    let kinds = reviews(3, 45);
    assert_eq!(
        kinds.into_iter().collect::<Vec<_>>(),
        ["idle", "shadowed", "subsumed", "unreachable", "unused"]
    );
}

/// `scripts/access.sh` runs it, optimised.
#[test]
#[ignore = "hundreds of small domains: scripts/access.sh"]
fn proofs_agree_with_every_request_of_many_domains() {
    let claims = claims_are_told_right(99, 120, 12);
    let pairs = pairs(98, 250);
    let capable = capabilities(97, 150);
    reviews(96, 400);
    println!(
        "{claims} claims, {} pairs of policies, {capable} capabilities and 400 reviews agree with every request",
        pairs.iter().sum::<usize>()
    );
}
