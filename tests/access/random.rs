//! Random policies and sets of requests, from a seed: of few names, ages and hours, so that rules and requests meet often.

use std::collections::BTreeSet;

use stewardship::access::{Environment, PrincipalKind, Stop};
use stewardship::authentication::Method;
use stewardship::classification::Level;
use stewardship::id::Name;
use stewardship::policy::{
    AllowRule, AuthorizationState, Basis, Category, Conditions, Contacts, DenyRule, Dispose, LegalRole,
    LevelControls, Obligations, Policy, PolicyDocument, PurposeEntry, RequestKind, RequestSet, Requests,
    RetentionRule, Role, Seal, Source, SourceKind, Transport,
};
use stewardship::{Action, Period};

/// SplitMix64 (Steele, Lea, Flood 2014): a stream that a seed fixes on every machine.
pub(crate) struct Rng(u64);

impl Rng {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }

    /// True once in `times`.
    pub(crate) fn one_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    pub(crate) fn of<T: Clone>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())].clone()
    }

    /// Between one and `most` of them.
    pub(crate) fn some<T: Clone + Ord>(&mut self, all: &[T], most: usize) -> BTreeSet<T> {
        (0..1 + self.below(most)).map(|_| self.of(all)).collect()
    }

    /// None of them as often as not: a list that stands for any.
    fn any_or_some<T: Clone + Ord>(&mut self, all: &[T], most: usize) -> BTreeSet<T> {
        if self.one_in(2) { BTreeSet::new() } else { self.some(all, most) }
    }
}

/// How much of everything a policy has.
#[derive(Clone)]
pub(crate) struct Shape {
    pub(crate) roles: usize,
    pub(crate) categories: usize,
    pub(crate) purposes: usize,
    pub(crate) allow: usize,
    pub(crate) deny: usize,
    pub(crate) words: Words,
}

/// The conditions and needs that a policy may name.
#[derive(Clone, Default)]
pub(crate) struct Words {
    pub(crate) mfa: Vec<Period>,
    pub(crate) methods: Vec<Method>,
    pub(crate) training: Vec<Period>,
    pub(crate) hours: Vec<&'static str>,
    pub(crate) authorization: bool,
    pub(crate) case: bool,
    pub(crate) terms: bool,
    pub(crate) instruction: bool,
    pub(crate) device: bool,
    pub(crate) transport: bool,
    pub(crate) consent: bool,
    pub(crate) stops: Vec<Stop>,
    pub(crate) break_glass: bool,
}

pub(crate) fn periods(texts: &[&str]) -> Vec<Period> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

const HOURS: [&str; 4] = ["mon-fri 08:00-18:00", "sat,sun 10:00-14:00", "00:00-06:30", "mon,wed 22:00-24:00"];

impl Words {
    /// Everything; the ages are exact ones, or some of the calendar's.
    pub(crate) fn every(rng: &mut Rng) -> Self {
        let ages = |rng: &mut Rng| match rng.below(3) {
            0 => periods(&["30 seconds", "1 hour", "12 hours", "1 day"]),
            1 => periods(&["1 hour", "1 month", "2 months", "1 year"]),
            _ => periods(&["27 days", "1 month", "10 months", "11 months"]),
        };
        Self {
            mfa: ages(rng),
            methods: vec![Method::Otp, Method::Hwk, Method::Mfa],
            training: ages(rng),
            hours: HOURS.to_vec(),
            authorization: true,
            case: true,
            terms: true,
            instruction: true,
            device: true,
            transport: true,
            consent: true,
            stops: Stop::ALL.to_vec(),
            break_glass: true,
        }
    }

    /// Few, so that every request of their domain can be gone through: see [`Grid`](crate::grid::Grid).
    pub(crate) fn few(rng: &mut Rng) -> Self {
        let mut words = Self::default();
        // By how much each widens the domain.
        let mut room = 16;
        for _ in 0..6 {
            let (kind, width) = [
                (0, 3),
                (1, 3),
                (2, 4),
                (3, 2),
                (4, 2),
                (5, 2),
                (6, 2),
                (7, 3),
                (8, 2),
                (9, 3),
                (10, 2),
                (11, 2),
                (12, 2),
            ][rng.below(13)];
            if width > room {
                continue;
            }
            room /= width;
            match kind {
                0 => words.mfa = periods(&[["1 hour", "1 day"], ["27 days", "1 month"]][rng.below(2)]),
                1 => {
                    words.training =
                        periods(&[["30 days", "365 days"], ["10 months", "11 months"]][rng.below(2)])
                }
                2 => words.hours = vec![HOURS[rng.below(2)], HOURS[2 + rng.below(2)]],
                3 => words.authorization = true,
                4 => words.case = true,
                5 => words.terms = true,
                6 => words.device = true,
                7 => words.transport = true,
                8 => words.consent = true,
                9 => words.stops = vec![rng.of(Stop::ALL)],
                10 => words.break_glass = true,
                11 => words.instruction = true,
                _ => words.methods = vec![rng.of(&[Method::Otp, Method::Hwk, Method::Mfa])],
            }
        }
        words
    }

    /// Each of them once in `rarity` times; nothing where it is none.
    pub(crate) fn conditions(&self, rng: &mut Rng, rarity: usize) -> Option<Conditions> {
        let mut conditions = Conditions::new();
        if !self.mfa.is_empty() && rng.one_in(rarity) {
            conditions = conditions.mfa_within(rng.of(&self.mfa));
        }
        if !self.methods.is_empty() && rng.one_in(rarity) {
            conditions = conditions.mfa_by(rng.some(&self.methods, 2));
        }
        if !self.training.is_empty() && rng.one_in(rarity) {
            conditions = conditions.trained_within(rng.of(&self.training));
        }
        if !self.hours.is_empty() && rng.one_in(rarity) {
            conditions = conditions.hours(rng.of(&self.hours).parse::<stewardship::access::Hours>().unwrap());
        }
        if self.authorization && rng.one_in(rarity) {
            conditions = conditions.authorization(AuthorizationState::Live);
        }
        conditions = conditions
            .assigned_case(self.case && rng.one_in(rarity))
            .terms_accepted(self.terms && rng.one_in(rarity))
            .managed_device(self.device && rng.one_in(rarity));
        if self.transport && rng.one_in(rarity) {
            conditions = conditions.transport(rng.some(Transport::ALL, 2));
        }
        (conditions != Conditions::new()).then_some(conditions)
    }
}

impl Shape {
    /// A policy of the size that people write, with everything in it.
    pub(crate) fn usual(rng: &mut Rng) -> Self {
        Self {
            roles: 1 + rng.below(5),
            categories: 1 + rng.below(4),
            purposes: 1 + rng.below(4),
            allow: rng.below(9),
            deny: rng.below(4),
            words: Words::every(rng),
        }
    }

    /// So small that every request can be gone through.
    pub(crate) fn small(rng: &mut Rng) -> Self {
        Self {
            roles: 1 + rng.below(3),
            categories: 1 + rng.below(2),
            purposes: 1,
            allow: 1 + rng.below(4),
            deny: rng.below(3),
            words: Words::few(rng),
        }
    }

    // Some names are too long to be kept in place.
    fn names(what: &str, count: usize) -> Vec<Name> {
        let name = |at: usize| match at % 3 {
            2 => Name::new(format!("{what}-with-a-name-of-more-than-23-bytes-{at}")),
            _ => Name::new(format!("{what}{at}")),
        };
        (0..count).map(name).collect()
    }

    pub(crate) fn role_names(&self) -> Vec<Name> {
        Self::names("role", self.roles)
    }

    pub(crate) fn category_names(&self) -> Vec<Name> {
        Self::names("category", self.categories)
    }

    pub(crate) fn purpose_names(&self) -> Vec<Name> {
        Self::names("purpose", self.purposes)
    }

    pub(crate) fn policy(&self, rng: &mut Rng) -> Policy {
        Policy::from_document(self.document(rng)).unwrap_or_else(|error| panic!("{error}"))
    }

    pub(crate) fn document(&self, rng: &mut Rng) -> PolicyDocument {
        let day: chrono::NaiveDate = "2026-11-01".parse().unwrap();
        let mut document = PolicyDocument::new("Random", "Example GmbH", "1", day, day);
        document.contacts = Some(Contacts::new("privacy@example.com"));
        document.sources.insert("vault".into(), Source::new("Records", SourceKind::Managed));
        self.levels(&mut document, rng);
        let (roles, purposes) = (self.role_names(), self.purpose_names());
        let kinds = BTreeSet::from([RequestKind::Access]);
        let (reviewers, regimes) = (BTreeSet::from([roles[0].clone()]), BTreeSet::from(["gdpr".into()]));
        document.requests = Some(Requests::new(kinds, "letter", regimes, reviewers, purposes[0].clone()));
        for role in &roles {
            document.roles.insert(role.clone(), Role::new("A role"));
        }
        for purpose in &purposes {
            document.purposes.insert(purpose.clone(), self.purpose(rng));
        }
        for (at, category) in self.category_names().iter().enumerate() {
            let entry = self.category(rng, &purposes);
            document.categories.insert(category.clone(), entry);
            let keep = Period::days(30);
            let (id, category) = (Name::new(format!("keep{at}")), category.clone());
            let rule =
                RetentionRule::new(id, category, "stored", keep, Dispose::Delete, Basis::ServiceDelivery);
            document.retention.rule.push(rule);
        }
        for at in 0..self.allow {
            let rule = self.allow_rule(rng, &format!("allow{at}"));
            document.access.allow.push(rule);
        }
        for at in 0..self.deny {
            let rule = self.deny_rule(rng, &format!("deny{at}"));
            document.access.deny.push(rule);
        }
        document
    }

    /// The higher, the fresher the second factor.
    fn levels(&self, document: &mut PolicyDocument, rng: &mut Rng) {
        let mut ages = self.words.mfa.clone();
        for level in Level::ALL {
            let mut controls = LevelControls::new();
            if level >= Level::Confidential {
                controls = controls.seal(Seal::Aes256);
            }
            if !ages.is_empty() && (level > Level::Public && rng.one_in(3) || document_has_mfa(document)) {
                ages.truncate(1 + rng.below(ages.len()));
                controls = controls.mfa_within(ages[ages.len() - 1]);
            }
            document.levels.insert(level, controls);
        }
    }

    fn category(&self, rng: &mut Rng, purposes: &[Name]) -> Category {
        let role = if rng.one_in(4) { LegalRole::Controller } else { LegalRole::Processor };
        let mut entry = Category::new("A category", role)
            .legal_basis("Art. 6(1)(b) GDPR")
            .purposes(rng.some(purposes, self.purposes + 1))
            .needs_instruction(self.words.instruction && rng.one_in(3));
        for purpose in &entry.purposes {
            if rng.one_in(4) {
                entry.role_for.insert(purpose.clone(), rng.of(LegalRole::ALL));
            }
        }
        // What is never done on a customer's behalf needs no instruction, and may not ask for one.
        entry.needs_instruction &= entry.purposes.iter().any(|purpose| {
            *purpose != purposes[0] && entry.legal_role(purpose.as_str()) == LegalRole::Processor
        });
        entry
    }

    fn purpose(&self, rng: &mut Rng) -> PurposeEntry {
        let words = &self.words;
        let mut entry = PurposeEntry::new("A purpose")
            .needs_authorization(words.authorization && rng.one_in(4))
            .needs_consent(words.consent && rng.one_in(4));
        if !words.stops.is_empty() && rng.one_in(3) {
            entry = entry.stops_on(rng.some(&words.stops, words.stops.len()));
        }
        if words.break_glass && rng.one_in(5) {
            entry = entry.break_glass(Period::hours(1 + rng.below(3) as u32));
        }
        entry
    }

    pub(crate) fn allow_rule(&self, rng: &mut Rng, id: &str) -> AllowRule {
        let mut rule = AllowRule::new(
            Name::new(id),
            rng.some(&self.role_names(), 2),
            rng.some(Action::ALL, 3),
            rng.some(&self.category_names(), 2),
            rng.of(&Level::ALL),
        )
        .purposes(rng.any_or_some(&self.purpose_names(), 2))
        .environments(rng.any_or_some(Environment::ALL, 2))
        .kinds(rng.any_or_some(PrincipalKind::ALL, 1));
        // A table without a condition, too.
        rule.when = match rng.below(4) {
            0 => None,
            1 => Some(Conditions::new()),
            _ => self.words.conditions(rng, 5),
        };
        rule.obligations = match rng.one_in(2) {
            true => Obligations::new(),
            false => self.obligations(rng),
        };
        rule
    }

    pub(crate) fn obligations(&self, rng: &mut Rng) -> Obligations {
        let mut obligations =
            Obligations::new().reason(rng.one_in(3)).anonymised(rng.one_in(4)).four_eyes(rng.one_in(4));
        obligations.mask_above = rng.one_in(4).then(|| rng.of(&Level::ALL));
        obligations.max_records = rng.one_in(4).then(|| 1 + rng.below(9) as u32);
        obligations
    }

    pub(crate) fn deny_rule(&self, rng: &mut Rng, id: &str) -> DenyRule {
        let mut rule = DenyRule::new(Name::new(id))
            .roles(rng.any_or_some(&self.role_names(), 2))
            .actions(rng.any_or_some(Action::ALL, 3))
            .categories(rng.any_or_some(&self.category_names(), 2))
            .purposes(rng.any_or_some(&self.purpose_names(), 2))
            .environments(rng.any_or_some(Environment::ALL, 2))
            .kinds(rng.any_or_some(PrincipalKind::ALL, 1));
        rule.from_level = rng.one_in(2).then(|| rng.of(&Level::ALL));
        rule.unless = if rng.one_in(2) { None } else { self.words.conditions(rng, 4) };
        rule
    }

    /// A set of requests, of any of its keys.
    pub(crate) fn set(&self, rng: &mut Rng) -> RequestSet {
        let mut set = RequestSet::new();
        if rng.one_in(2) {
            set.roles = rng.some(&self.role_names(), 2);
        }
        if rng.one_in(4) {
            set.without_roles = rng.some(&self.role_names(), 2);
        }
        if rng.one_in(2) {
            set.actions = rng.some(Action::ALL, 2);
        }
        if rng.one_in(2) {
            set.categories = rng.some(&self.category_names(), 2);
        }
        if rng.one_in(2) {
            set.purposes = rng.some(&self.purpose_names(), 2);
        }
        set.from_level = rng.one_in(3).then(|| rng.of(&Level::ALL));
        set.up_to = rng.one_in(3).then(|| rng.of(&Level::ALL));
        if rng.one_in(3) {
            set.environments = rng.some(Environment::ALL, 2);
        }
        if rng.one_in(3) {
            set.kinds = rng.some(PrincipalKind::ALL, 1);
        }
        set.with = rng.one_in(2).then(|| self.words.conditions(rng, 2).unwrap_or_default());
        set.without = rng.one_in(3).then(|| self.words.conditions(rng, 2).unwrap_or_default());
        if !self.words.stops.is_empty() && rng.one_in(3) {
            set.said = rng.some(&self.words.stops, 2);
        }
        set.without_consent = self.words.consent && rng.one_in(4);
        set.of_other_tenants = rng.one_in(12);
        set.suspended = rng.one_in(12);
        set
    }
}

fn document_has_mfa(document: &PolicyDocument) -> bool {
    document.levels.values().any(|controls| controls.mfa_within.is_some())
}
