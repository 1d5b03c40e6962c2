//! Finding sealed values: in every writing, under every key, and nobody else.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use stewardship::classification::{DataMap, Declares, Gap, Labelled};
use stewardship::contracts::{
    EpochState, Expected, IndexEntry, KeyState, KeyStore, KeyVersion, Moment, Ports, RecordQuery, RecordRow,
    RecordStore, Tombstone,
};
use stewardship::dsr::{AnyCase, Reviewed, Verdict, VerificationMethod};
use stewardship::engine::{Blocking, FindError, IndexError, Reindexed};
use stewardship::id::{Name, SubjectId, TenantId};
use stewardship::policy::{FindBy, Normalise, NotNormal, RequestKind};
use stewardship::ports::memory::Memory;
use stewardship::{Classified, NewRequest, Place, Policy, Scope, Steward, block_on};

use crate::world::*;

const BOB: &str = "buyer-bob-4";
const EMAIL: &str = "find_by = { normalise = \"email\" }";

stewardship::classes! {
    CreatorPhone: Confidential in "creators" = "creator.phone";
}
stewardship::record! {
    struct Phoned in "creators" {
        phone: Option<String> as CreatorPhone, find_by;
        year: u16 as CreatorPhone, find_by;
    }
}

stewardship::record! {
    struct Pair in "creators" {
        one: String as CreatorEmail, find_by;
        two: String as CreatorEmail, find_by;
    }
}

stewardship::record! {
    struct Bill in "marketplace_invoices" {
        address: String as VoucherAddress, find_by;
    }
}

/// The policy with creators who have a telephone number, of Germany where nothing else is said.
fn with_phones() -> String {
    let class = "[classes.\"creator.phone\"]\nlevel = \"confidential\"\ncategory = \"creators\"\n";
    format!("{POLICY}\n{class}find_by = {{ normalise = \"phone\", calling_code = \"49\", trunk = \"0\" }}\n")
}

/// A steward over a world's stores, with these records.
fn over<S: Declares>(world: &World) -> Blocking<Memory> {
    let builder = Steward::builder(world.policy.clone(), world.memory.clone(), world.provider.clone());
    block_on(builder.bind::<S>().clock(world.clock.clone()).build()).unwrap().blocking()
}

/// The same stores under the policy with other words for how addresses are found.
fn declared(world: &World, find_by: &str) -> World {
    assert!(POLICY.contains(EMAIL));
    World { policy: Policy::from_toml(&POLICY.replace(EMAIL, find_by)).unwrap(), ..world.clone() }
}

fn put(steward: &TestSteward, subject: &str, address: &str) -> Vec<Name> {
    let record = Creator { email: address.to_owned().into(), ..creator("x") };
    steward.put(&about(subject), &record, &sync()).unwrap().unfindable
}

fn find(steward: &TestSteward, address: &str) -> Vec<String> {
    let found = steward.find::<Creator>(&tenant(), "email", address).unwrap();
    found.iter().map(|subject| subject.as_str().to_owned()).collect()
}

fn rows(world: &World) -> Vec<RecordRow> {
    block_on(world.memory.records().list(&RecordQuery::default(), None, 9_999)).unwrap()
}

fn entries(world: &World) -> Vec<IndexEntry> {
    rows(world).into_iter().flat_map(|row| row.index).collect()
}

/// The front of every entry, which says under which key and declaration it was made.
fn marks(world: &World) -> BTreeSet<Vec<u8>> {
    entries(world).iter().map(|entry| entry.tag[..8].to_vec()).collect()
}

fn gone(world: &World) -> KeyState {
    let under = "a test".to_owned();
    KeyState::Destroyed(Tombstone { at: world.now(), epoch: 1, under, deactivated: None, compromised: None })
}

/// From now on the tenant's key is an older one: what is sealed next gets a new version.
pub(super) fn outdate_tenant_key(world: &World) {
    change_tenant_keys(world, |keys| {
        let number = keys.last().unwrap().number + 1;
        keys.push(KeyVersion { number, activated: world.now(), state: gone(world) });
    });
}

fn change_tenant_keys(world: &World, change: impl FnOnce(&mut Vec<KeyVersion>)) {
    let keys = world.memory.keys();
    let mut row = block_on(keys.scope(&Scope::Tenant(tenant()))).unwrap().unwrap();
    change(&mut row.keys);
    let expected = Expected::Version(row.version);
    row.version = row.version.next();
    block_on(keys.put_scope(row, expected)).unwrap();
}

#[test]
fn an_address_is_found_in_every_writing_and_what_is_none_is_an_error() {
    let world = World::new();
    let steward = world.connected();
    assert!(put(&steward, ADA, " Ada.Lovelace+shop@Example.COM").is_empty());
    assert_eq!(put(&steward, BOB, "bob at example"), ["email"], "it is stored, and said not to be found");
    assert_eq!(read::<Creator>(&steward, &about(BOB)).unwrap()[1], "\"bob at example\"");
    for writing in ["ada.lovelace+shop@example.com", "ADA.LOVELACE+SHOP@EXAMPLE.COM\n"] {
        assert_eq!(find(&steward, writing), [ADA], "{writing}");
    }
    for other in ["adalovelace+shop@example.com", "ada.lovelace@example.com", "bob@example"] {
        assert!(find(&steward, other).is_empty(), "{other}");
    }
    let error = steward.find::<Creator>(&tenant(), "email", "bob at example").unwrap_err();
    assert!(matches!(error, FindError::NotNormal { why: NotNormal::Address, .. }), "{error}");
    assert!(!format!("{error} {error:?}").contains("bob at"));
    let elsewhere =
        steward.find::<Creator>(&TenantId::new("other"), "email", "ada.lovelace+shop@example.com");
    assert!(elsewhere.unwrap().is_empty());
}

#[test]
fn a_number_is_found_in_every_writing() {
    let world = World::under(&with_phones());
    world.connected();
    let steward = over::<(Phoned,)>(&world);
    let put = |subject: &str, phone: Option<&str>| {
        let record = Phoned { phone: phone.map(str::to_owned).into(), year: 1815.into() };
        steward.put(&about(subject), &record, &sync()).unwrap().unfindable
    };
    // A number is no text, and is never looked for; a value that is missing is nothing to tell of.
    assert_eq!(put(ADA, Some("030 / 901820")), ["year"]);
    assert_eq!(put(BOB, None), ["year"]);
    assert_eq!(put("creator-eve", Some("ask the office")), ["phone", "year"]);
    let find = |number: &str| steward.find::<Phoned>(&tenant(), "phone", number);
    for writing in ["+49 30 901820", "0049-30-90-18-20", "(030) 901820", "+49 (0)30 901820"] {
        assert_eq!(find(writing).unwrap(), [SubjectId::new(ADA)], "{writing}");
    }
    assert!(find("+44 30 901820").unwrap().is_empty());
    let town = find("901820").unwrap_err();
    assert!(matches!(town, FindError::NotNormal { why: NotNormal::Local, .. }), "{town}");
}

/// With 16 bits many values share their entry. Each is found by its own value alone.
#[test]
fn a_cut_entry_points_at_several_and_names_nobody_else() {
    let world = World::new();
    world.connected();
    let world = declared(&world, "find_by = { normalise = \"email\", bits = 16 }");
    let steward = world.steward();
    let count = 1_500;
    for n in 0..count {
        put(&steward, &format!("creator-{n}"), &format!("c{n}@example.com"));
    }
    let mut sharing = BTreeMap::<Vec<u8>, Vec<String>>::new();
    for row in rows(&world) {
        let [entry] = &row.index[..] else { panic!("{row:?}") };
        assert_eq!(entry.tag.len(), 8 + 2);
        sharing.entry(entry.tag.clone()).or_default().push(row.subject.unwrap().as_str().to_owned());
    }
    // 1,500 · 1,499 / 2 / 65,536 = 17 pairs are to be expected.
    let shared: Vec<_> = sharing.values().filter(|people| people.len() > 1).flatten().collect();
    assert!(shared.len() > 1, "{}", shared.len());
    for person in shared {
        assert_eq!(
            find(&steward, &format!("{}@example.com", person.replace("creator-", "c"))),
            [person.as_str()]
        );
    }
    assert_eq!(find(&steward, "c7@example.com"), ["creator-7"]);
    assert!(find(&steward, "c1500@example.com").is_empty());
}

/// The index is not sealed: whoever can write to the store can point an entry at anybody.
#[test]
fn an_entry_that_was_moved_to_another_record_names_nobody() {
    let world = World::new();
    let steward = world.connected();
    put(&steward, ADA, "ada@example.com");
    put(&steward, BOB, "bob@example.com");
    let [mut bob, ada] = <[_; 2]>::try_from(rows(&world)).unwrap();
    assert_eq!(bob.subject.as_ref().unwrap().as_str(), BOB);
    bob.index.extend(ada.index);
    let expected = Expected::Version(bob.version);
    bob.version = bob.version.next();
    block_on(world.memory.records().put(bob, expected)).unwrap();
    assert_eq!(find(&steward, "ada@example.com"), [ADA]);
    assert_eq!(find(&steward, "bob@example.com"), [BOB]);
}

#[test]
fn entries_are_found_under_every_live_key_and_follow_the_newest() {
    let world = World::new();
    let steward = world.connected();
    put(&steward, ADA, "ada@example.com");
    outdate_tenant_key(&world);
    put(&steward, BOB, "bob@example.com");
    assert_eq!(marks(&world).len(), 2);
    assert_eq!(
        (find(&steward, "ada@example.com"), find(&steward, "bob@example.com")),
        (vec![ADA.into()], vec![BOB.into()])
    );

    let before = entries(&world);
    let made = |made| {
        let mut expected = Reindexed::default();
        expected.made = made;
        expected
    };
    assert_eq!(steward.sweep().unwrap().reindexed, made(1), "what is up to date is left alone");
    let after = entries(&world);
    assert_eq!((marks(&world).len(), after.len()), (1, 2));
    assert_eq!(after.iter().filter(|entry| before.contains(entry)).count(), 1);
    assert_eq!(
        (find(&steward, "ada@example.com"), find(&steward, "bob@example.com")),
        (vec![ADA.into()], vec![BOB.into()])
    );
    assert_eq!(steward.reindex().unwrap(), Reindexed::default());

    // Once no key of the tenant is left, nobody is found.
    change_tenant_keys(&world, |keys| {
        keys.iter_mut().for_each(|key| key.state = gone(&world));
    });
    assert!(find(&steward, "ada@example.com").is_empty() && find(&steward, "bob@example.com").is_empty());
}

/// "Nobody" would be a wrong answer.
#[test]
fn somebody_whose_key_is_suspended_is_found_and_not_opened() {
    let world = World::new();
    let steward = world.connected();
    put(&steward, ADA, "ada@example.com");
    steward.suspend_key(&Scope::subject(TENANT, ADA), 1).unwrap();
    assert!(read::<Creator>(&steward, &about(ADA)).is_err());
    assert_eq!(find(&steward, "ada@example.com"), [ADA]);
    assert!(find(&steward, "bob@example.com").is_empty());
}

#[test]
fn a_key_of_a_dead_epoch_is_not_looked_under() {
    let world = World::new();
    let steward = world.connected();
    put(&steward, ADA, "ada@example.com");
    let store = world.memory.keys();
    let mut epoch = block_on(store.epochs()).unwrap().remove(0);
    epoch.state = EpochState::Destroyed { effective: world.now() };
    let expected = Expected::Version(epoch.version);
    epoch.version = epoch.version.next();
    block_on(store.put_epoch(epoch, expected)).unwrap();
    assert!(find(&steward, "ada@example.com").is_empty());
    assert_eq!(steward.reindex().unwrap(), Reindexed::default());
}

/// What the policy declares may change: entries follow with the next sweep.
#[test]
fn entries_follow_what_the_policy_declares() {
    let world = World::new();
    let steward = world.connected();
    put(&steward, ADA, "Ada@example.com");
    put(&steward, BOB, "bob@example.com");
    let cut = declared(&world, "find_by = { normalise = \"exact\", bits = 40 }");
    let steward = cut.steward();
    assert!(find(&steward, "Ada@example.com").is_empty(), "not before it was made anew");
    assert_eq!(steward.sweep().unwrap().reindexed.made, 2);
    assert!(entries(&cut).iter().all(|entry| entry.tag.len() == 8 + 5));
    assert_eq!(find(&steward, "Ada@example.com"), [ADA]);
    assert!(find(&steward, "ada@example.com").is_empty());

    // An address is no telephone number: there is nothing left to find it by, and it stays.
    let phones = declared(&world, "find_by = { normalise = \"phone\" }");
    let steward = phones.steward();
    assert_eq!(steward.reindex().unwrap().dropped, 2);
    assert!(entries(&phones).is_empty());
    assert_eq!(read::<Creator>(&steward, &about(ADA)).unwrap()[1], "\"Ada@example.com\"");
}

#[test]
fn a_value_that_does_not_open_keeps_its_entry_and_one_whose_key_is_gone_does_not() {
    let world = World::new();
    let steward = world.connected();
    put(&steward, ADA, "ada@example.com");
    put(&steward, BOB, "bob@example.com");
    let broken = rows(&world).into_iter().find(|row| row.subject.as_ref().unwrap().as_str() == ADA).unwrap();
    let mut next = RecordRow { version: broken.version.next(), ..broken.clone() };
    next.fields[1].body = next.fields[0].body.clone();
    block_on(world.memory.records().put(next, Expected::Version(broken.version))).unwrap();
    let store = world.memory.keys();
    let mut row = block_on(store.scope(&Scope::subject(TENANT, BOB))).unwrap().unwrap();
    row.keys[0].state = gone(&world);
    let expected = Expected::Version(row.version);
    row.version = row.version.next();
    block_on(store.put_scope(row, expected)).unwrap();
    outdate_tenant_key(&world);
    put(&steward, "creator-eve", "eve@example.com");
    let done = steward.reindex().unwrap();
    assert_eq!((done.made, done.dropped, done.unopened), (0, 1, 1));
    let left: BTreeSet<_> =
        rows(&world).iter().map(|row| (row.subject.clone().unwrap(), row.index.len())).collect();
    assert_eq!(left, BTreeSet::from([(ADA.into(), 1), (BOB.into(), 0), ("creator-eve".into(), 1)]));
    assert!(find(&steward, "ada@example.com").is_empty() && find(&steward, "bob@example.com").is_empty());
}

/// A crash at any call of the pass: called again, it ends as without one, and nobody is lost on the way.
#[test]
fn promise_09_a_crash_while_entries_are_made_anew_loses_nobody() {
    let world = World::new();
    let steward = world.connected();
    put(&steward, ADA, "ada@example.com");
    put(&steward, BOB, "bob@example.com");
    outdate_tenant_key(&world);
    put(&steward, "creator-eve", "eve@example.com");
    let mut crashes = 0;
    for moment in Moment::ALL {
        for n in 1.. {
            let world = world.fork();
            let steward = world.steward();
            world.faults.arm(n, moment);
            let first = steward.reindex();
            if !world.faults.is_down() {
                assert_eq!(first.unwrap().made, 2);
                break;
            }
            crashes += 1;
            world.faults.recover();
            let steward = world.steward();
            let all =
                || ["ada", "bob", "eve"].map(|word| find(&steward, &format!("{word}@example.com")).len());
            assert_eq!(all(), [1; 3], "crash {n} {moment:?}");
            steward.reindex().unwrap();
            assert_eq!((marks(&world).len(), all()), (1, [1; 3]), "crash {n} {moment:?}");
        }
    }
    assert!(crashes > 20, "{crashes}");
}

fn erase(world: &World, steward: &TestSteward, subject: &str) {
    super::pseudonyms::planned(world, steward, RequestKind::Deletion, subject, "case-1");
    let AnyCase::Planned(case) = steward.case(&tenant(), &"case-1".into()).unwrap() else {
        panic!("it is planned")
    };
    steward.carry_out(case, &world.officer()).unwrap();
}

/// What a duty keeps is still the person's, who may ask for it (GDPR Art. 15): its entry stays as long as it does.
#[test]
fn promise_07_an_erased_person_is_found_by_nothing_but_what_a_duty_keeps() {
    let world = World::new();
    let steward = world.connected();
    let bills = over::<(Bill,)>(&world);
    put(&steward, ADA, "ada@example.com");
    put(&steward, BOB, "bob@example.com");
    bills.put(&about(ADA), &Bill { address: "Ada Street 1".to_owned().into() }, &sync()).unwrap();
    let billed = || bills.find::<Bill>(&tenant(), "address", "ada street 1").unwrap();
    let backup = world.memory.snapshot();
    erase(&world, &steward, ADA);
    assert!(find(&steward, "ada@example.com").is_empty());
    assert_eq!(find(&steward, "bob@example.com"), [BOB]);
    assert_eq!(billed(), [SubjectId::new(ADA)]);
    let left: Vec<_> = rows(&world).into_iter().map(|row| (row.key.kind, row.index.len())).collect();
    assert_eq!(left, [("Bill".into(), 1), ("Creator".into(), 1)], "hers is gone, with her record");
    outdate_tenant_key(&world);
    put(&steward, BOB, "bob@example.com");
    assert_eq!(bills.reindex().unwrap().made, 1);
    assert_eq!(billed(), [SubjectId::new(ADA)]);

    // A restored backup brings her entry back, and nothing that it could be found by: it is not even kept.
    world.memory.restore_records(&backup);
    assert_eq!(entries(&world).len(), 3);
    assert!(find(&steward, "ada@example.com").is_empty() && billed().is_empty());
    assert_eq!(find(&steward, "bob@example.com"), [BOB]);
    assert_eq!(steward.reindex().unwrap().dropped, 1);
}

#[test]
fn promise_07_what_is_said_about_an_erased_person_in_anothers_record_takes_its_entry_along() {
    let world = World::new();
    let steward = world.connected();
    let pairs = over::<(Pair,)>(&world);
    let pair = Pair { one: "bob@example.com".to_owned().into(), two: "ada@example.com".to_owned().into() };
    pairs.put(&about(BOB).record("pair").about("two", ADA), &pair, &sync()).unwrap();
    assert_eq!(entries(&world).len(), 2);
    erase(&world, &steward, ADA);
    let left: Vec<_> = entries(&world).into_iter().map(|entry| entry.field).collect();
    assert_eq!(left, ["one"]);
    assert_eq!(pairs.find::<Pair>(&tenant(), "one", "bob@example.com").unwrap(), [SubjectId::new(BOB)]);
    assert!(pairs.find::<Pair>(&tenant(), "two", "ada@example.com").unwrap().is_empty());
}

#[test]
fn promise_07_after_a_revocation_nobody_is_found_and_the_entries_go_with_the_rows() {
    let world = World::new();
    let steward = world.connected();
    put(&steward, ADA, "ada@example.com");
    assert_eq!(find(&steward, "ada@example.com"), [ADA]);
    steward.revoke(&shop_scope(), "the seller asked").unwrap();
    assert!(find(&steward, "ada@example.com").is_empty());
    steward.sweep().unwrap();
    assert!(entries(&world).is_empty());
}

/// A correction of what is said about one person leaves the entries of the other in the same record.
#[test]
fn a_correction_leaves_the_entries_of_others() {
    let world = World::new();
    world.connected();
    let steward = over::<(Pair,)>(&world);
    let pair = Pair { one: "bob@example.com".to_owned().into(), two: "ada@example.com".to_owned().into() };
    steward.put(&about(BOB).record("pair").about("two", ADA), &pair, &sync()).unwrap();
    let new = NewRequest::new(TENANT, RequestKind::Correction, "support channel", "ada@example.com");
    let asks = new
        .subject(ADA)
        .correction("one", "no-concern-of-hers@example.com")
        .correction("two", "ada@example.net");
    let case = steward.receive(&asks).unwrap();
    let case = steward.verify(case, VerificationMethod::SignedIn, &world.officer()).unwrap();
    let Reviewed::Approved(case) = steward.review(case, &world.officer(), Verdict::Approve).unwrap() else {
        panic!("it is approved")
    };
    steward.carry_out(steward.plan(case).unwrap(), &world.officer()).unwrap();
    let find = |field, text: &str| steward.find::<Pair>(&tenant(), field, text).unwrap();
    assert_eq!(find("one", "bob@example.com"), [SubjectId::new(BOB)]);
    assert_eq!(find("two", "ada@example.net"), [SubjectId::new(ADA)]);
    assert!(find("two", "ada@example.com").is_empty());
}

#[test]
fn a_column_of_the_hosts_own_is_found_by_its_entries() {
    let world = World::new();
    let steward = world.connected();
    let email = |text: &str| Classified::<String, CreatorEmail>::new(text.to_owned());
    let entry = |text: &str| steward.index_entry(&tenant(), "newsletter", "email", &email(text)).unwrap();
    let entries = |text: &str| steward.index_entries(&tenant(), "newsletter", "email", &email(text)).unwrap();
    let old = entry("ada@example.com");
    assert_eq!((old.len(), entries(" Ada@Example.com ")), (24, vec![old.clone()]));
    outdate_tenant_key(&world);
    let new = entry("ada@example.com");
    assert_eq!(entries("ada@example.com"), [new.clone(), old.clone()], "the newest first");
    let all = BTreeSet::from([
        old,
        new,
        entry("bob@example.com"),
        steward.index_entry(&tenant(), "newsletter", "reply_to", &email("ada@example.com")).unwrap(),
        steward.index_entry(&tenant(), "mailings", "email", &email("ada@example.com")).unwrap(),
        steward.index_entry(&"other".into(), "newsletter", "email", &email("ada@example.com")).unwrap(),
    ]);
    assert_eq!(all.len(), 6, "tenant, kind, field and key all count");
    let none = steward.index_entries(&"nobody".into(), "newsletter", "email", &email("ada@example.com"));
    assert!(none.unwrap().is_empty(), "asking makes no key");
    for tenant in [tenant(), "nobody".into()] {
        let error = steward.index_entries(&tenant, "newsletter", "email", &email("ada")).unwrap_err();
        assert!(matches!(error, IndexError::NotNormal { why: NotNormal::Address, .. }), "{error}");
    }
    assert!(steward.index_entry(&tenant(), "newsletter", "email", &email("ada")).is_err());
}

/// S3.4 gives values labels where nobody has given them a class: they are sealed and found the same way.
#[test]
fn a_value_with_a_label_is_sealed_and_found_the_same_way() {
    let world = World::new();
    let steward = world.connected();
    let labelled = |text: &str| Labelled::from_source(steward.policy(), Some("amazon"), text.to_owned());
    let table: Vec<_> = ["Ada Lovelace", "Grace Hopper"]
        .map(|name| {
            let place = Place::tenant(TENANT).record(name);
            let sealed = steward.seal_labelled(&place, "inbox", "name", &labelled(name)).unwrap();
            let entry = steward.index_entry(&tenant(), "inbox", "name", &labelled(name)).unwrap();
            (name, sealed, entry)
        })
        .into();
    outdate_tenant_key(&world);
    steward.put(&about(ADA), &creator("x"), &sync()).unwrap();
    let asked = steward.index_entries(&tenant(), "inbox", "name", &labelled(" ada lovelace\n")).unwrap();
    assert_eq!(asked.len(), 2);
    let found: Vec<_> = table.iter().filter(|(.., entry)| asked.contains(entry)).collect();
    let [(name, sealed, _)] = found[..] else { panic!("{}", found.len()) };
    assert_eq!(*name, "Ada Lovelace");
    assert!(stewardship::crypto::Envelope::parse(sealed).is_ok());
    // A class of the same field and text is another thing.
    let classified = Classified::<String, CreatorHandle>::new("Ada Lovelace".to_owned());
    let entry = steward.index_entry(&tenant(), "inbox", "name", &classified).unwrap();
    assert!(!asked.contains(&entry));
}

#[test]
fn the_map_tells_how_a_class_is_found_and_what_nobody_is_found_by() {
    let world = World::under(&with_phones());
    let map = DataMap::of::<(Creator, Phoned)>();
    let held = map.holdings(&world.policy).unwrap();
    let found_by = |class: &str| held.iter().find(|held| held.class == class).unwrap().find_by.clone();
    assert_eq!(found_by("creator.email"), Some(FindBy::new(Normalise::Email)));
    assert_eq!(found_by("creator.phone"), world.policy.class("creator.phone").unwrap().find_by);
    assert_eq!(found_by("creator.note"), None);
    let gap = Gap::NeverFound { class: "creator.handle".into(), category: "creators".into() };
    assert!(!map.gaps(&world.policy).contains(&gap));
    let mut document = world.policy.document().clone();
    document.classes.get_mut(&Name::new("creator.handle")).unwrap().find_by =
        Some(FindBy::new(Normalise::Text));
    let gaps = map.gaps(&Policy::from_document(document).unwrap());
    assert!(gaps.contains(&gap), "{gaps:?}");
    assert!(gap.to_string().contains("`creator.handle`"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn promise_13_any_text_that_is_looked_for_gives_an_answer(text in "\\PC{0,40}| ?[aA]d[aA]@exampl[eE].com|[a-d@. ]{0,12}") {
        thread_local! {
            static ASIDE: TestSteward = {
                let steward = World::new().connected();
                put(&steward, ADA, "ada@example.com");
                steward
            };
        }
        ASIDE.with(|steward| {
            let found = steward.find::<Creator>(&tenant(), "email", &text);
            let normal = FindBy::new(Normalise::Email).normal(&text);
            prop_assert_eq!(found.is_ok(), normal.is_ok());
            if let (Ok(found), Ok(normal)) = (found, normal) {
                prop_assert_eq!(found.len(), usize::from(normal.as_str() == "ada@example.com"));
            }
            Ok(())
        })?;
    }
}
