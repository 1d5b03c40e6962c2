//! An epoch's life with its key in a token: a record is stored and opened, the epoch is rotated, its key destroyed, and an erasure
//! certified because of that. Run it by `run.sh`.

use std::error::Error;

use stewardship::contracts::Destruction;
use stewardship::ports::memory::Memory;
use stewardship::{Clock, ManualClock, Scope, Steward};
use stewardship::{Period, Place, Policy, Principal, Purpose, Question, Resource};
use stewardship_pkcs11::from_environment;

stewardship::classes! {
    pub ShopToken: Restricted in "connected_platform" = "platform.token";
}
stewardship::record! {
    /// The credential of a connection.
    pub struct Credential in "connected_platform" {
        pub token: String as ShopToken;
    }
}

fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let keys = from_environment()?;
    println!("token: {keys:?}");
    let policy = Policy::from_toml(include_str!("../../policies/complete.toml"))?;
    let clock = ManualClock::at("2026-11-22T09:00:00Z".parse()?);
    let steward = Steward::builder(policy, Memory::new(), keys).bind::<(Credential,)>().clock(clock.clone());
    let steward = stewardship::block_on(steward.build())?.blocking();

    let owner = Principal::person("acme", "user-1").role("owner").mfa_at(clock.now());
    let shop = "tiktok-shop:8837".into();
    steward.accept_terms(&owner, steward.policy().digest())?;
    steward.connect(&owner, &shop, "tiktok-shop")?;
    let place = Place::tenant("acme").connection(&shop);
    let purpose = Purpose::new("order_sync");
    steward.put(&place, &Credential { token: "tok-4711".to_owned().into() }, &purpose)?;
    println!("stored: sealed under keys that hang from epoch 1, whose key the token made and keeps");

    let sync = Principal::service("acme", "sync").role("integration");
    let question = Question::read(sync, Resource::at::<Credential>(&place), purpose);
    let grant = steward.authorize(&question)?.granted()?;
    let opened: Credential = steward.open(&grant, &place)?;
    assert_eq!(opened.token.expose(&grant)?, "tok-4711");
    println!("opened: the token unwrapped the key of the epoch");

    let scope = Scope::Connection("acme".into(), shop);
    steward.revoke(&scope, "the seller disconnected")?;
    let swept = steward.sweep()?;
    assert_eq!((swept.certified().count(), swept.withheld().count()), (0, 1));
    println!(
        "erased: the certificate is withheld, because a backup of the key store would open in this epoch"
    );

    let epoch = steward.rotate_epoch()?;
    clock.advance(Period::hours(1));
    let destroyed = steward.destroy_epochs_before(epoch, clock.now())?;
    assert_eq!(destroyed, [Destruction::Effective(clock.now())]);
    println!("rotated to epoch {epoch}, and the token destroyed the key of the epoch before");

    let swept = steward.sweep()?;
    let certified: Vec<_> = swept.certified().collect();
    assert_eq!(certified.len(), 1);
    for copy in &certified[0].copies {
        println!("certified: {copy}");
    }
    Ok(())
}
