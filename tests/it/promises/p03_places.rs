//! 3: an envelope opens only at its place.

use proptest::prelude::*;
use stewardship::contracts::{AuditLog, Expected, FieldBody, Ports, RecordRow, RecordStore};
use stewardship::engine::{OpenError, RebindError};
use stewardship::id::{Name, RecordId, SubjectId};
use stewardship::{Place, access::Environment, block_on};

use crate::world::*;

fn row(world: &World, place: &Place) -> RecordRow {
    block_on(world.memory.records().fetch(&key_of::<Creator>(place))).unwrap().unwrap()
}

fn overwrite(world: &World, mut row: RecordRow) {
    let store = world.memory.records();
    let expected = match block_on(store.fetch(&row.key)).unwrap() {
        Some(found) => Expected::Version(found.version),
        None => Expected::Absent,
    };
    row.version = expected.next();
    block_on(store.put(row, expected)).unwrap();
}

fn assert_sealed(result: Result<Creator, OpenError>, what: &str) {
    match result {
        Err(OpenError::Sealed { .. }) => {}
        other => panic!("{what}: {:?}", other.map(|_| "it opened")),
    }
}

/// Every move keeps the envelopes as they are, and puts them under another name.
#[test]
fn promise_03_a_moved_envelope_does_not_open() {
    let world = World::new();
    let steward = world.connected();
    // Every destination is a place where somebody stores: its keys are there, and only the context differs.
    steward.connect(&world.owner(), &"tiktok-shop:2".into(), "tiktok-shop").unwrap();
    let home = about(ADA).record("r-1");
    let other_subject = about("creator-bob").record("r-3");
    let other_record = about(ADA).record("r-2");
    let other_connection = Place::tenant(TENANT).connection("tiktok-shop:2").subject(ADA).record("r-4");
    steward.put(&home, &creator("ada"), &sync()).unwrap();
    let sealed = row(&world, &home);
    for (what, to) in
        [("subject", &other_subject), ("record", &other_record), ("connection", &other_connection)]
    {
        steward.put(to, &creator("bob"), &sync()).unwrap();
        assert!(read::<Creator>(&steward, to).is_ok());
        let mut moved = sealed.clone();
        moved.key = key_of::<Creator>(to);
        moved.connection = to.connection_id().cloned();
        moved.subject = to.subject_id().cloned();
        for field in &mut moved.fields {
            field.subject = to.subject_id().cloned();
        }
        overwrite(&world, moved);
        assert_sealed(steward.open(&grant::<Creator>(&steward, to), to), what);
        overwrite(&world, sealed.clone());
        assert_eq!(read::<Creator>(&steward, &home).unwrap(), values(&creator("ada")));
    }
}

#[test]
fn promise_03_an_envelope_does_not_open_at_another_tenant() {
    let world = World::new();
    let steward = world.connected();
    let owner = stewardship::Principal::person("other-kg", "user-1").role("owner").mfa_at(world.now());
    steward.accept_terms(&owner, world.policy.digest()).unwrap();
    steward.connect(&owner, &shop(), "tiktok-shop").unwrap();
    let (home, there) = (about(ADA), Place::tenant("other-kg").connection(SHOP).subject(ADA));
    steward.put(&home, &creator("ada"), &sync()).unwrap();
    steward.put(&there, &creator("eve"), &sync()).unwrap();
    let mut moved = row(&world, &home);
    moved.key = key_of::<Creator>(&there);
    overwrite(&world, moved);
    let service = stewardship::Principal::service("other-kg", "sync-service").role("integration");
    let resource = stewardship::Resource::at::<Creator>(&there);
    let question = stewardship::Question::read(service, resource, sync());
    let grant = granted(&steward, question);
    assert_sealed(steward.open(&grant, &there), "tenant");
    assert!(read::<Creator>(&steward, &home).is_ok());
}

#[test]
fn promise_03_an_envelope_does_not_open_in_another_field_or_class() {
    let world = World::new();
    let steward = world.connected();
    let home = about(ADA);
    steward.put(&home, &creator("ada"), &sync()).unwrap();
    let sound = row(&world, &home);

    let mut swapped = sound.clone();
    let (handle, email) = (swapped.fields[0].body.clone(), swapped.fields[1].body.clone());
    (swapped.fields[0].body, swapped.fields[1].body) = (email, handle);
    overwrite(&world, swapped);
    assert_sealed(steward.open(&grant::<Creator>(&steward, &home), &home), "field");

    // A row that says another class, or another name, of a field is not read under the declared one.
    for edit in [
        (|row: &mut RecordRow| row.fields[0].class = Name::new("creator.note")) as fn(&mut RecordRow),
        |row| row.fields[0].name = Name::new("alias"),
    ] {
        let mut edited = sound.clone();
        edit(&mut edited);
        overwrite(&world, edited);
        assert!(matches!(read::<Creator>(&steward, &home), Err(OpenError::Decode(_))));
    }
    overwrite(&world, sound);
    assert!(read::<Creator>(&steward, &home).is_ok());
}

/// The host's own columns: the caller says kind, field and class.
#[test]
fn promise_03_a_column_of_the_host_opens_under_its_own_names_alone() {
    let world = World::new();
    let steward = world.connected();
    let home = about(ADA);
    let value: stewardship::Classified<String, CreatorEmail> = "ada@example.com".to_owned().into();
    let sealed = steward.seal(&home, "people", "email", &value).unwrap();
    let grant = grant::<Creator>(&steward, &home);
    let same =
        steward.open_sealed::<String, CreatorEmail>(&grant, &home, "people", "email", &sealed).unwrap();
    assert_eq!(same.expose(&grant).unwrap(), "ada@example.com");
    let refused = |result: Result<(), OpenError>| assert!(matches!(result, Err(OpenError::Sealed { .. })));
    refused(
        steward.open_sealed::<String, CreatorEmail>(&grant, &home, "people", "phone", &sealed).map(|_| ()),
    );
    refused(
        steward.open_sealed::<String, CreatorEmail>(&grant, &home, "crowd", "email", &sealed).map(|_| ()),
    );
    refused(
        steward.open_sealed::<String, CreatorHandle>(&grant, &home, "people", "email", &sealed).map(|_| ()),
    );
}

/// Entries of the audit trail.
fn length(world: &World) -> u64 {
    block_on(world.memory.audit().last()).unwrap().map_or(0, |last| last.index + 1)
}

/// The one way to move a value, which wants a grant for where it is.
#[test]
fn promise_03_a_column_moves_by_rebind_alone() {
    let world = World::new();
    let steward = world.connected();
    let (home, there) = (about(ADA).record("row-1"), about("creator-bob").record("row-2"));
    let value = creator("ada").email;
    let sealed = steward.seal(&home, "people", "email", &value).unwrap();
    steward.put(&home, &creator("ada"), &sync()).unwrap();
    steward.put(&there, &creator("bob"), &sync()).unwrap();
    let (at_home, at_there) = (grant::<Creator>(&steward, &home), grant::<Creator>(&steward, &there));
    let open = |grant, place, sealed: &[u8]| {
        steward.open_sealed::<String, CreatorEmail>(grant, place, "people", "email", sealed)
    };
    assert!(matches!(open(&at_there, &there, &sealed), Err(OpenError::Sealed { .. })));

    let before = length(&world);
    let moved = steward.rebind::<CreatorEmail>(&at_home, &home, &there, "people", "email", &sealed).unwrap();
    assert_eq!(length(&world), before + 1, "the opening is on the trail");
    assert_eq!(open(&at_there, &there, &moved).unwrap().expose(&at_there).unwrap(), "ada@example.com");
    assert!(matches!(open(&at_home, &home, &moved), Err(OpenError::Sealed { .. })));

    // Without a grant for where it is; as another class; to another tenant.
    let refused = steward.rebind::<CreatorEmail>(&at_there, &home, &there, "people", "email", &sealed);
    assert!(matches!(refused, Err(RebindError::Open(OpenError::Grant(_)))), "{refused:?}");
    let refused = steward.rebind::<CreatorHandle>(&at_home, &home, &there, "people", "email", &sealed);
    assert!(matches!(refused, Err(RebindError::Open(OpenError::Sealed { .. }))), "{refused:?}");
    let other = Place::tenant("other-kg").record("row-2");
    let refused = steward.rebind::<CreatorEmail>(&at_home, &home, &other, "people", "email", &sealed);
    assert!(matches!(refused, Err(RebindError::OtherTenant)), "{refused:?}");
}

#[test]
fn promise_03_an_envelope_does_not_open_in_another_environment() {
    let world = World::new();
    let steward = world.connected();
    let home = about(ADA);
    steward.put(&home, &creator("ada"), &sync()).unwrap();
    let staging = stewardship::Steward::builder(
        world.policy.clone(),
        stewardship::contracts::Faulty::new(world.memory.clone(), &world.faults),
        world.provider.clone(),
    )
    .bind::<(Creator,)>()
    .clock(world.clock.clone())
    .environment(Environment::Staging);
    let staging = block_on(staging.build()).unwrap().blocking();
    assert_sealed(staging.open(&grant::<Creator>(&staging, &home), &home), "environment");
    assert!(read::<Creator>(&steward, &home).is_ok());
}

/// A row that was edited: who it is about, and whose it is.
#[test]
fn promise_03_an_edited_row_does_not_open() {
    let world = World::new();
    let steward = world.connected();
    let home = about(ADA);
    steward.put(&home, &creator("ada"), &sync()).unwrap();
    steward.put(&about("creator-bob"), &creator("bob"), &sync()).unwrap();
    let sound = row(&world, &home);

    let mut other_person = sound.clone();
    other_person.fields[0].subject = Some(SubjectId::new("creator-bob"));
    overwrite(&world, other_person);
    assert_sealed(steward.open(&grant::<Creator>(&steward, &home), &home), "a field about somebody else");

    let mut nobody = sound.clone();
    nobody.fields[0].subject = None;
    overwrite(&world, nobody);
    assert_sealed(steward.open(&grant::<Creator>(&steward, &home), &home), "a field about nobody");

    let mut renamed = sound;
    renamed.key.id = RecordId::new("creator-bob");
    overwrite(&world, renamed);
    let bob = about("creator-bob");
    assert!(matches!(
        steward.open::<Creator>(&grant::<Creator>(&steward, &bob), &bob),
        Err(OpenError::NotFound)
    ));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn promise_03_any_flipped_bit_closes_the_envelope(at in any::<prop::sample::Index>(), bit in 0_u32..8, field in 0_usize..3) {
        let world = World::new();
        let steward = world.connected();
        let home = about(ADA);
        steward.put(&home, &creator("ada"), &sync()).unwrap();
        let mut bent = row(&world, &home);
        let FieldBody::Sealed(sealed) = &mut bent.fields[field].body else { panic!("it is sealed") };
        let byte = at.index(sealed.len());
        sealed[byte] ^= 1_u8 << bit;
        overwrite(&world, bent);
        let grant = grant::<Creator>(&steward, &home);
        let result = steward.open::<Creator>(&grant, &home);
        // The number of the key stands in the header: with that bent there is no such key, and nothing opens either.
        let refused = matches!(
            result,
            Err(OpenError::Sealed { .. } | OpenError::Key(stewardship::engine::KeyError::Missing { .. }))
        );
        prop_assert!(refused, "{:?}", result.map(|_| "it opened"));
    }
}
