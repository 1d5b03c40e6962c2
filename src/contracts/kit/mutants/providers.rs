use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use chrono::{DateTime, TimeDelta, Utc};

use super::super::{
    Namespace, Outcome, Report, check_provider, check_provider_after_restart, check_provider_cut_off,
    check_provider_over_time,
};
use super::catches;
use crate::contracts::{
    Clock, Destruction, KeyProvider, ManualClock, ProviderError, ProviderErrorKind, ProviderKeyId, block_on,
};
use crate::crypto::SecretKey;

/// Keeps what it wrapped and hands out a number for it: no cryptography, and every rule kept where there is no flaw.
#[derive(Clone)]
struct Vault {
    flaw: Option<ProviderFlaw>,
    /// How long a destruction waits.
    delay: TimeDelta,
    /// Without one, the time is the latest that it was told.
    clock: Option<ManualClock>,
    /// Whether a key works while its destruction is pending.
    lenient: bool,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    keys: BTreeMap<ProviderKeyId, Option<DateTime<Utc>>>,
    wrapped: Vec<(ProviderKeyId, [u8; 32], Vec<u8>)>,
    told: DateTime<Utc>,
    down: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum ProviderFlaw {
    WrapsInTheClear,
    UnwrapsAnother,
    IgnoresContext,
    ComparesPrefixOfContext,
    IgnoresTheKey,
    IgnoresTrailingBytes,
    CutsLongContexts,
    ReadsContextAsText,
    WantsAContext,
    RefusesStrangers,
    FailsOnStrangers,
    DestroysStrangers,
    GoesOnUnwrapping,
    GoesOnWrapping,
    ForgetsWhen,
    DestroysAll,
    UsesNamesAgain,
    CannotDestroy,
    PutsOffAtEachCall,
    DatesFromTheCall,
    RefusesWhilePending,
    IsAwayWhilePending,
    GivesAnotherWhilePending,
    StoppedGoesAllTheSame,
    StoppedKeepsItsMoment,
    LosesKeys,
    ForgetsDestructions,
    IsNotMineWhenDown,
    RefusesWhenDown,
    IsDestroyedWhenDown,
    AnswersWhenDown,
}
use ProviderFlaw::*;

fn kind(kind: ProviderErrorKind) -> ProviderError {
    ProviderError::new(kind)
}

impl Vault {
    fn of(flaw: Option<ProviderFlaw>) -> Self {
        Self { flaw, delay: TimeDelta::zero(), clock: None, lenient: false, state: Arc::default() }
    }

    fn delayed(flaw: Option<ProviderFlaw>, lenient: bool, clock: &ManualClock) -> Self {
        Self { delay: TimeDelta::days(7), clock: Some(clock.clone()), lenient, ..Self::of(flaw) }
    }

    fn has(&self, flaw: ProviderFlaw) -> bool {
        self.flaw == Some(flaw)
    }

    fn now(&self, state: &State) -> DateTime<Utc> {
        self.clock.as_ref().map_or(state.told, ManualClock::now)
    }

    fn reachable(&self, state: &State) -> Result<(), ProviderError> {
        if !state.down || self.has(AnswersWhenDown) {
            return Ok(());
        }
        Err(kind(match self.flaw {
            Some(IsNotMineWhenDown) => ProviderErrorKind::NotMine,
            Some(RefusesWhenDown) => ProviderErrorKind::Refused,
            Some(IsDestroyedWhenDown) => ProviderErrorKind::Destroyed,
            _ => ProviderErrorKind::Unavailable,
        }))
    }

    fn destroyed(&self, state: &State, id: &ProviderKeyId) -> Result<Option<DateTime<Utc>>, ProviderError> {
        self.reachable(state)?;
        state.keys.get(id).copied().ok_or(kind(match self.flaw {
            Some(RefusesStrangers) => ProviderErrorKind::Refused,
            Some(FailsOnStrangers) => ProviderErrorKind::Unavailable,
            _ => ProviderErrorKind::NotMine,
        }))
    }

    /// Refuses a key that is gone, or that works no more because it is to go.
    fn works(&self, state: &State, destroyed: Option<DateTime<Utc>>) -> Result<(), ProviderError> {
        match destroyed {
            Some(at) if at > self.now(state) && self.has(RefusesWhilePending) => {
                Err(kind(ProviderErrorKind::Refused))
            }
            Some(at) if at > self.now(state) && self.has(IsAwayWhilePending) => {
                Err(kind(ProviderErrorKind::Unavailable))
            }
            Some(at) if at > self.now(state) && self.lenient => Ok(()),
            Some(_) => Err(kind(ProviderErrorKind::Destroyed)),
            None => Ok(()),
        }
    }

    fn bound<'a>(&self, context: &'a [u8]) -> std::borrow::Cow<'a, [u8]> {
        match self.flaw {
            Some(CutsLongContexts) => context[..context.len().min(256)].into(),
            Some(ReadsContextAsText) => String::from_utf8_lossy(context).into_owned().into_bytes().into(),
            _ => context.into(),
        }
    }

    /// Stops a destruction that is pending, as somebody may do behind the provider's back.
    fn stop(&self, id: &ProviderKeyId) -> bool {
        let mut state = self.state.lock().unwrap();
        if !self.has(StoppedGoesAllTheSame) && !self.has(StoppedKeepsItsMoment) {
            state.keys.insert(id.clone(), None);
        }
        true
    }
}

impl KeyProvider for Vault {
    async fn create(&self) -> Result<ProviderKeyId, ProviderError> {
        let mut state = self.state.lock().unwrap();
        self.reachable(&state)?;
        let live = state.keys.values().filter(|destroyed| destroyed.is_none()).count();
        let id =
            ProviderKeyId::new(if self.has(UsesNamesAgain) { live } else { state.keys.len() }.to_string());
        state.keys.insert(id.clone(), None);
        Ok(id)
    }

    async fn wrap(
        &self,
        id: &ProviderKeyId,
        secret: &SecretKey,
        context: &[u8],
    ) -> Result<Vec<u8>, ProviderError> {
        let mut state = self.state.lock().unwrap();
        let destroyed = self.destroyed(&state, id)?;
        if !self.has(GoesOnWrapping) {
            self.works(&state, destroyed)?;
        }
        if context.is_empty() && self.has(WantsAContext) {
            return Err(ProviderError::unavailable("a context is needed"));
        }
        state.wrapped.push((id.clone(), *secret.expose(), self.bound(context).into_owned()));
        let mut wrapped = (state.wrapped.len() - 1).to_be_bytes().to_vec();
        if self.has(WrapsInTheClear) {
            wrapped.extend(secret.expose());
        }
        wrapped.push(0);
        Ok(wrapped)
    }

    async fn unwrap(
        &self,
        id: &ProviderKeyId,
        wrapped: &[u8],
        context: &[u8],
    ) -> Result<SecretKey, ProviderError> {
        let state = self.state.lock().unwrap();
        let destroyed = self.destroyed(&state, id)?;
        let lives_on = self.has(StoppedKeepsItsMoment) && destroyed.is_some_and(|at| at < self.now(&state));
        if !self.has(GoesOnUnwrapping) && !lives_on {
            self.works(&state, destroyed)?;
        }
        let refused = || kind(ProviderErrorKind::Refused);
        let (number, rest) = wrapped.split_at_checked(8).ok_or_else(refused)?;
        if rest.last() != Some(&0) && !self.has(IgnoresTrailingBytes) {
            return Err(refused());
        }
        let number = usize::from_be_bytes(number.try_into().unwrap());
        let (key, secret, bound) = state.wrapped.get(number).ok_or_else(refused)?;
        let same_context = *bound == *self.bound(context)
            || self.has(IgnoresContext)
            || self.has(ComparesPrefixOfContext) && context.starts_with(bound);
        let same_key = key == id || self.has(IgnoresTheKey);
        if !same_context || !same_key {
            return Err(refused());
        }
        let another = self.has(UnwrapsAnother) || destroyed.is_some() && self.has(GivesAnotherWhilePending);
        Ok(SecretKey::new(if another { [1; 32] } else { *secret }))
    }

    async fn destroy(&self, id: &ProviderKeyId, now: DateTime<Utc>) -> Result<Destruction, ProviderError> {
        let mut state = self.state.lock().unwrap();
        if self.has(CannotDestroy) {
            return Ok(Destruction::Unsupported);
        }
        if self.has(DestroysStrangers) && !state.keys.contains_key(id) {
            return Ok(Destruction::Effective(now));
        }
        self.destroyed(&state, id)?;
        state.told = state.told.max(now);
        if self.has(DestroysAll) {
            state.keys.values_mut().for_each(|at| *at = Some(now));
        }
        let at = if self.has(DatesFromTheCall) { now } else { now + self.delay };
        let destroyed = state.keys.get_mut(id).unwrap();
        if self.has(ForgetsWhen) || self.has(PutsOffAtEachCall) && destroyed.is_some_and(|at| at > now) {
            *destroyed = None;
        }
        if self.has(DatesFromTheCall) {
            // It says that the key is gone, and lets it live for the delay.
            let kept = *destroyed.get_or_insert(now + self.delay);
            return Ok(Destruction::Effective(kept - self.delay));
        }
        Ok(Destruction::Effective(*destroyed.get_or_insert(at)))
    }
}

fn checked(flaw: Option<ProviderFlaw>) -> Report {
    block_on(check_provider(&Namespace::new("kit"), async || Vault::of(flaw)))
}

fn over_time(flaw: Option<ProviderFlaw>, lenient: bool) -> Report {
    let clock = ManualClock::at("2026-11-22T09:00:00Z".parse().unwrap());
    let fresh = async || Vault::delayed(flaw, lenient, &clock);
    block_on(check_provider_over_time(&clock, fresh, async |vault: &Vault, id| vault.stop(id)))
}

/// The same keys in a new process; what the flaw forgets is gone.
fn restarted(flaw: Option<ProviderFlaw>) -> Report {
    let vault = Vault::of(flaw);
    block_on(check_provider_after_restart(async || {
        let mut state = vault.state.lock().unwrap();
        match flaw {
            Some(LosesKeys) => state.keys.clear(),
            Some(ForgetsDestructions) => state.keys.values_mut().for_each(|at| *at = None),
            _ => {}
        }
        vault.clone()
    }))
}

fn cut_off(flaw: Option<ProviderFlaw>) -> Report {
    let cut = async |vault: &Vault| vault.state.lock().unwrap().down = true;
    block_on(check_provider_cut_off(async || Vault::of(flaw), cut))
}

#[test]
fn a_provider_without_a_flaw_passes() {
    let report = checked(None);
    assert_eq!(report.rules().len(), 9);
    report.into_result().unwrap();
    for lenient in [true, false] {
        let report = over_time(None, lenient);
        assert!(report.held("destruction-is-dated"), "{report}");
    }
    assert!(restarted(None).held("durable"));
    assert!(cut_off(None).held("unavailable-is-told"));
}

#[test]
fn the_kit_finds_every_flaw_of_a_provider() {
    for (flaw, rule) in [
        (WrapsInTheClear, "wrap-round-trip"),
        (UnwrapsAnother, "wrap-round-trip"),
        (IgnoresContext, "context-bound"),
        (ComparesPrefixOfContext, "context-bound"),
        (IgnoresTheKey, "context-bound"),
        (IgnoresTrailingBytes, "context-bound"),
        (CutsLongContexts, "context-as-given"),
        (ReadsContextAsText, "context-as-given"),
        (WantsAContext, "context-as-given"),
        (RefusesStrangers, "not-mine-is-told"),
        (FailsOnStrangers, "not-mine-is-told"),
        (DestroysStrangers, "not-mine-is-told"),
        (GoesOnUnwrapping, "destroyed-is-final"),
        (GoesOnWrapping, "destroyed-is-final"),
        (ForgetsWhen, "destroyed-is-final"),
        (DestroysAll, "destroyed-is-final"),
        (UsesNamesAgain, "create-is-fresh"),
    ] {
        catches(&checked(Some(flaw)), rule, &flaw);
    }
}

#[test]
fn the_kit_finds_every_flaw_of_a_provider_that_waits() {
    for flaw in [
        PutsOffAtEachCall,
        DatesFromTheCall,
        RefusesWhilePending,
        IsAwayWhilePending,
        GivesAnotherWhilePending,
        GoesOnUnwrapping,
        GoesOnWrapping,
        StoppedGoesAllTheSame,
        StoppedKeepsItsMoment,
    ] {
        catches(&over_time(Some(flaw), true), "destruction-is-dated", &flaw);
    }
}

#[test]
fn the_kit_finds_what_a_restart_or_a_cut_line_shows() {
    for flaw in [LosesKeys, ForgetsDestructions] {
        catches(&restarted(Some(flaw)), "durable", &flaw);
    }
    for flaw in [IsNotMineWhenDown, RefusesWhenDown, IsDestroyedWhenDown, AnswersWhenDown] {
        catches(&cut_off(Some(flaw)), "unavailable-is-told", &flaw);
    }
}

#[test]
fn a_provider_that_says_what_it_cannot_do_violates_nothing() {
    let clock = ManualClock::at("2026-11-22T09:00:00Z".parse().unwrap());
    let delayed =
        block_on(check_provider(&Namespace::new("kit"), async || Vault::delayed(None, true, &clock)));
    for report in [delayed, checked(Some(CannotDestroy))] {
        let found = report.rules().iter().find(|found| found.rule == "destroyed-is-final").unwrap();
        assert!(matches!(found.outcome, Outcome::Skipped { .. }), "{report}");
        report.into_result().unwrap();
    }
    let report = over_time(Some(CannotDestroy), true);
    assert!(matches!(report.rules()[0].outcome, Outcome::Skipped { .. }), "{report}");
}
