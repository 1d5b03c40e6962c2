//! The token against the contract. `run.sh` makes the token that these tests need.

use stewardship::contracts::kit::{self, Namespace};
use stewardship::contracts::{
    AnyKeyProvider, Destruction, KeyProvider, ManualClock, ProviderErrorKind, block_on,
};
use stewardship::crypto::SecretKey;
use stewardship_pkcs11::{Pkcs11Keys, from_environment};

fn keys() -> Pkcs11Keys {
    from_environment().expect("run by `run.sh`, which makes a token")
}

#[test]
fn the_token_keeps_the_contract() {
    for report in [
        block_on(kit::check_provider(&Namespace::random(), async || keys())),
        block_on(kit::check_provider(&Namespace::random(), async || AnyKeyProvider::new(keys()))),
    ] {
        for rule in ["context-bound", "context-as-given", "not-mine-is-told", "destroyed-is-final"] {
            assert!(report.held(rule), "{report}");
        }
        report.into_result().unwrap();
    }
}

#[test]
fn keys_and_tombstones_outlast_a_session() {
    block_on(kit::check_provider_after_restart(async || keys())).into_result().unwrap();
}

#[test]
fn a_destruction_is_at_once() {
    let clock = ManualClock::at("2026-11-22T09:00:00Z".parse().unwrap());
    let report = block_on(kit::check_provider_over_time(&clock, async || keys(), async |_: &_, _| false));
    assert!(report.held("destruction-is-dated"), "{report}");
}

#[test]
fn one_provider_serves_many_threads() {
    let keys = keys();
    let id = block_on(keys.create()).unwrap();
    std::thread::scope(|scope| {
        for byte in 1..=4 {
            let (keys, id) = (&keys, &id);
            scope.spawn(move || {
                for _ in 0..25 {
                    let secret = SecretKey::new([byte; 32]);
                    let wrapped = block_on(keys.wrap(id, &secret, &[byte])).unwrap();
                    assert!(block_on(keys.unwrap(id, &wrapped, &[byte])).unwrap().ct_eq(&secret));
                }
            });
        }
    });
}

#[test]
fn two_providers_see_each_others_keys_and_destructions() {
    let (one, two) = (keys(), keys());
    let id = block_on(one.create()).unwrap();
    let wrapped = block_on(two.wrap(&id, &SecretKey::new([7; 32]), b"epoch 1")).unwrap();
    assert_eq!(wrapped.len(), 61);
    assert!(block_on(one.unwrap(&id, &wrapped, b"epoch 1")).is_ok());
    let now = "2026-11-22T09:00:00.123456789Z".parse().unwrap();
    assert_eq!(block_on(two.destroy(&id, now)).unwrap(), Destruction::Effective(now));
    let error = block_on(one.unwrap(&id, &wrapped, b"epoch 1")).unwrap_err();
    assert_eq!(error.kind(), ProviderErrorKind::Destroyed);
    let later = "2027-01-01T00:00:00Z".parse().unwrap();
    assert_eq!(block_on(one.destroy(&id, later)).unwrap(), Destruction::Effective(now));
}

/// A PIN that is wrong is an error of the token, and no answer about a key.
#[test]
fn without_the_token_there_is_no_provider() {
    let module = std::env::var("PKCS11_MODULE").unwrap();
    let pin = || cryptoki::types::AuthPin::from("0000".to_owned());
    assert!(Pkcs11Keys::open("/no/such/library.so", "stewardship", pin()).is_err());
    assert!(Pkcs11Keys::open(&module, "no such token", pin()).is_err());
}
