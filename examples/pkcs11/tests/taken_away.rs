//! A token that is taken away gives no answers about keys. In a process of its own, with a token of its own.

use std::fs;
use std::path::PathBuf;

use stewardship::contracts::{block_on, kit};
use stewardship_pkcs11::Pkcs11Keys;

/// The folder in which SoftHSM keeps the token of that label.
fn folder(label: &str) -> PathBuf {
    let tokens = std::env::var("TOKENS").expect("run by `run.sh`, which makes the token");
    let holds = |folder: &PathBuf| {
        let token = fs::read(folder.join("token.object")).unwrap_or_default();
        token.windows(label.len()).any(|part| part == label.as_bytes())
    };
    fs::read_dir(tokens).unwrap().map(|entry| entry.unwrap().path()).find(holds).unwrap()
}

#[test]
fn without_its_token_the_provider_is_unavailable() {
    let pin = || fs::read_to_string(std::env::var("PKCS11_PIN_FILE").unwrap()).unwrap().into();
    let module = std::env::var("PKCS11_MODULE").unwrap();
    let fresh = async || Pkcs11Keys::open(&module, "taken-away", pin()).unwrap();
    let cut = async |_: &Pkcs11Keys| fs::remove_dir_all(folder("taken-away")).unwrap();
    let report = block_on(kit::check_provider_cut_off(fresh, cut));
    assert!(report.held("unavailable-is-told"), "{report}");
}
