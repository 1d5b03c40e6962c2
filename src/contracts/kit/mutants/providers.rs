use std::collections::BTreeMap;
use std::sync::Mutex;

use chrono::{DateTime, TimeDelta, Utc};

use super::super::{Namespace, Outcome, check_provider};
use super::catches;
use crate::contracts::{Destruction, KeyProvider, ProviderError, ProviderErrorKind, ProviderKeyId, block_on};
use crate::crypto::SecretKey;

/// Keeps what it wrapped and hands out a number for it: no cryptography, and every rule kept where there is no flaw.
struct Vault {
    flaw: Option<ProviderFlaw>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    keys: BTreeMap<ProviderKeyId, Option<DateTime<Utc>>>,
    wrapped: Vec<(ProviderKeyId, [u8; 32], Vec<u8>)>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum ProviderFlaw {
    WrapsInTheClear,
    UnwrapsAnother,
    IgnoresContext,
    ComparesPrefixOfContext,
    IgnoresTheKey,
    IgnoresTrailingBytes,
    GoesOnUnwrapping,
    GoesOnWrapping,
    ForgetsWhen,
    DestroysAll,
    UsesNamesAgain,
    Delays,
    CannotDestroy,
}

impl KeyProvider for Vault {
    async fn create(&self) -> Result<ProviderKeyId, ProviderError> {
        let mut state = self.state.lock().unwrap();
        let live = state.keys.values().filter(|destroyed| destroyed.is_none()).count();
        let again = self.flaw == Some(ProviderFlaw::UsesNamesAgain);
        let id = ProviderKeyId::new(if again { live } else { state.keys.len() }.to_string());
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
        let destroyed = *state.keys.get(id).ok_or(ProviderError::new(ProviderErrorKind::NotMine))?;
        if destroyed.is_some() && self.flaw != Some(ProviderFlaw::GoesOnWrapping) {
            return Err(ProviderError::new(ProviderErrorKind::Destroyed));
        }
        state.wrapped.push((id.clone(), *secret.expose(), context.to_vec()));
        let mut wrapped = (state.wrapped.len() - 1).to_be_bytes().to_vec();
        if self.flaw == Some(ProviderFlaw::WrapsInTheClear) {
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
        let flaw = |flaw| self.flaw == Some(flaw);
        let destroyed = *state.keys.get(id).ok_or(ProviderError::new(ProviderErrorKind::NotMine))?;
        if destroyed.is_some() && !flaw(ProviderFlaw::GoesOnUnwrapping) {
            return Err(ProviderError::new(ProviderErrorKind::Destroyed));
        }
        let refused = || ProviderError::new(ProviderErrorKind::Refused);
        let (number, rest) = wrapped.split_at_checked(8).ok_or_else(refused)?;
        if rest.last() != Some(&0) && !flaw(ProviderFlaw::IgnoresTrailingBytes) {
            return Err(refused());
        }
        let number = usize::from_be_bytes(number.try_into().unwrap());
        let (key, secret, bound) = state.wrapped.get(number).ok_or_else(refused)?;
        let same_context = *bound == context
            || flaw(ProviderFlaw::IgnoresContext)
            || flaw(ProviderFlaw::ComparesPrefixOfContext) && context.starts_with(bound);
        let same_key = key == id || flaw(ProviderFlaw::IgnoresTheKey);
        if !same_context || !same_key {
            return Err(refused());
        }
        let secret = if flaw(ProviderFlaw::UnwrapsAnother) { [1; 32] } else { *secret };
        Ok(SecretKey::new(secret))
    }

    async fn destroy(&self, id: &ProviderKeyId, now: DateTime<Utc>) -> Result<Destruction, ProviderError> {
        let mut state = self.state.lock().unwrap();
        match self.flaw {
            Some(ProviderFlaw::CannotDestroy) => return Ok(Destruction::Unsupported),
            Some(ProviderFlaw::Delays) => return Ok(Destruction::Effective(now + TimeDelta::days(7))),
            Some(ProviderFlaw::DestroysAll) => state.keys.values_mut().for_each(|at| *at = Some(now)),
            _ => {}
        }
        let destroyed = state.keys.get_mut(id).ok_or(ProviderError::new(ProviderErrorKind::NotMine))?;
        if self.flaw == Some(ProviderFlaw::ForgetsWhen) {
            *destroyed = None;
        }
        Ok(Destruction::Effective(*destroyed.get_or_insert(now)))
    }
}

fn vault(flaw: Option<ProviderFlaw>) -> Vault {
    Vault { flaw, state: Mutex::default() }
}

#[test]
fn a_provider_without_a_flaw_passes() {
    let report = block_on(check_provider(&Namespace::new("kit"), async || vault(None)));
    assert_eq!(report.rules().len(), 4);
    report.into_result().unwrap();
}

#[test]
fn the_kit_finds_every_flaw_of_a_provider() {
    use ProviderFlaw::*;
    for (flaw, rule) in [
        (WrapsInTheClear, "wrap-round-trip"),
        (UnwrapsAnother, "wrap-round-trip"),
        (IgnoresContext, "context-bound"),
        (ComparesPrefixOfContext, "context-bound"),
        (IgnoresTheKey, "context-bound"),
        (IgnoresTrailingBytes, "context-bound"),
        (GoesOnUnwrapping, "destroyed-is-final"),
        (GoesOnWrapping, "destroyed-is-final"),
        (ForgetsWhen, "destroyed-is-final"),
        (DestroysAll, "destroyed-is-final"),
        (UsesNamesAgain, "create-is-fresh"),
    ] {
        catches(&block_on(check_provider(&Namespace::new("kit"), async || vault(Some(flaw)))), rule, &flaw);
    }
}

#[test]
fn a_provider_that_says_what_it_cannot_do_violates_nothing() {
    for flaw in [ProviderFlaw::Delays, ProviderFlaw::CannotDestroy] {
        let report = block_on(check_provider(&Namespace::new("kit"), async || vault(Some(flaw))));
        let found = report.rules().iter().find(|found| found.rule == "destroyed-is-final").unwrap();
        assert!(matches!(found.outcome, Outcome::Skipped { .. }), "{report}");
        report.into_result().unwrap();
    }
}
