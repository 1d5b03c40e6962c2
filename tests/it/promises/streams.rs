//! Streams of the host's own: bound to their place, opened against a grant, and dead with their keys.

use std::io::{Cursor, ErrorKind, Read, Write};

use stewardship::access::{self, Environment, Grant, GrantError};
use stewardship::audit::AuditEvent;
use stewardship::classification::{DataClass, Level};
use stewardship::contracts::Moment;
use stewardship::crypto::{Envelope, STREAM_CHUNK, StreamStart};
use stewardship::engine::{OpenError, OpenedStream, PutError};
use stewardship::id::Name;
use stewardship::{Place, Question, Resource, block_on};

use super::life::trail;
use crate::world::*;

/// More than a chunk.
fn text() -> Vec<u8> {
    (0..STREAM_CHUNK + 1_000).map(|at| (at % 251) as u8).collect()
}

fn sealed<C: DataClass>(steward: &TestSteward, place: &Place) -> Vec<u8> {
    let mut writer = steward.seal_stream::<C>(place, "people", "photo").unwrap().writer(Vec::new());
    writer.write_all(&text()).unwrap();
    writer.finish().unwrap()
}

fn open<C: DataClass>(
    steward: &TestSteward,
    grant: &Grant<access::Read>,
    place: &Place,
    sealed: &[u8],
) -> Result<OpenedStream<C>, OpenError> {
    steward.open_stream(grant, place, "people", "photo", &StreamStart::parse(sealed).unwrap())
}

fn read_as<C: DataClass>(
    steward: &TestSteward,
    grant: &Grant<access::Read>,
    place: &Place,
    sealed: &[u8],
) -> Result<Vec<u8>, OpenError> {
    let opener = open::<C>(steward, grant, place, sealed)?.expose(grant).unwrap();
    let (mut opened, start) = (Vec::new(), StreamStart::parse(sealed).unwrap());
    opener.reader(&sealed[start.len()..]).read_to_end(&mut opened).unwrap();
    Ok(opened)
}

#[test]
fn promise_03_a_stream_opens_at_its_place_alone() {
    let world = World::new();
    let steward = world.connected();
    let home = about(ADA).record("file-1");
    let stream = sealed::<CreatorEmail>(&steward, &home);
    let at_home = grant::<Creator>(&steward, &home);
    assert!(read_as::<CreatorEmail>(&steward, &at_home, &home, &stream).unwrap() == text());
    // A value of the same place is no stream, nor the other way round.
    assert!(Envelope::parse(&stream).is_err());
    assert!(matches!(
        steward.open_sealed::<String, CreatorEmail>(&at_home, &home, "people", "photo", &stream),
        Err(OpenError::Sealed { .. })
    ));

    let refused = |result: Result<OpenedStream<CreatorEmail>, OpenError>, what: &str| match result {
        Err(OpenError::Sealed { .. }) => {}
        other => panic!("{what}: {other:?}"),
    };
    let start = StreamStart::parse(&stream).unwrap();
    refused(steward.open_stream(&at_home, &home, "people", "portrait", &start), "field");
    refused(steward.open_stream(&at_home, &home, "crowd", "photo", &start), "kind");
    assert!(matches!(
        open::<CreatorHandle>(&steward, &at_home, &home, &stream),
        Err(OpenError::Sealed { .. })
    ));
    for (what, there) in
        [("record", about(ADA).record("file-2")), ("subject", about("creator-bob").record("file-1"))]
    {
        // Somebody seals there: the keys are there, and only the context differs.
        sealed::<CreatorEmail>(&steward, &there);
        refused(open(&steward, &grant::<Creator>(&steward, &there), &there, &stream), what);
    }
    let without_connection = Place::tenant(TENANT).subject(ADA).record("file-1");
    let officer = officers::<Creator>(&world, &steward, &without_connection);
    refused(open(&steward, &officer, &without_connection, &stream), "connection");
    let staging = stewardship::Steward::builder(
        world.policy.clone(),
        stewardship::contracts::Faulty::new(world.memory.clone(), &world.faults),
        world.provider.clone(),
    )
    .bind::<(Creator,)>()
    .clock(world.clock.clone())
    .environment(Environment::Staging);
    let staging = block_on(staging.build()).unwrap().blocking();
    refused(open(&staging, &grant::<Creator>(&staging, &home), &home, &stream), "environment");
}

#[test]
fn promise_03_a_stream_that_is_cut_off_or_altered_is_refused() {
    let world = World::new();
    let steward = world.connected();
    let home = about(ADA).record("file-1");
    let stream = sealed::<CreatorEmail>(&steward, &home);
    let grant = grant::<Creator>(&steward, &home);
    let opener = || open::<CreatorEmail>(&steward, &grant, &home, &stream).unwrap().expose(&grant).unwrap();
    let start = StreamStart::parse(&stream).unwrap().len();
    let mut altered = stream.clone();
    *altered.last_mut().unwrap() ^= 1;
    for bad in [
        &stream[..stream.len() - 1],
        &stream[..start + STREAM_CHUNK + 16],
        &[&stream[..], b"x"].concat(),
        &altered,
    ] {
        let error = opener().reader(&bad[start..]).read_to_end(&mut Vec::new()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidData);
        assert_eq!(opener().seekable(Cursor::new(bad)).unwrap_err().kind(), ErrorKind::InvalidData);
    }
    let mut seekable = opener().seekable(Cursor::new(&stream)).unwrap();
    assert_eq!(seekable.len(), text().len() as u64);
    assert!(seekable.read(&mut [0; 10]).unwrap() > 0);
}

#[test]
fn promise_02_a_stream_is_opened_against_a_grant_that_covers_it_and_on_the_trail() {
    let world = World::new();
    let steward = world.connected();
    let home = about(ADA).record("file-1");
    let stream = sealed::<CreatorEmail>(&steward, &home);
    let right = grant::<Creator>(&steward, &home);
    let before = trail(&world).len();
    let opened = open::<CreatorEmail>(&steward, &right, &home, &stream).unwrap();
    let entries = trail(&world);
    assert_eq!(entries.len(), before + 1);
    let AuditEvent::Opened { category, class, level, .. } = &entries[before].event else {
        panic!("no opening")
    };
    assert_eq!((category.as_str(), *level), ("creators", Level::Confidential));
    assert_eq!(class.as_ref().map(Name::as_str), Some("creator.email"));
    // Its class, and nothing else; and proof once more where its bytes are laid open.
    assert_eq!(format!("{opened:?}"), "<creator.email: confidential>");
    let token = grant::<Token>(&steward, &at_shop());
    assert!(opened.expose(&token).is_err());

    let refusal = |grant: &Grant<access::Read>, place: &Place| {
        open::<CreatorEmail>(&steward, grant, place, &stream).unwrap_err()
    };
    assert!(matches!(refusal(&token, &home), OpenError::Grant(GrantError::OtherCategory { .. })));
    let resource = Resource::at::<Creator>(&home).up_to(Level::Internal);
    let low = granted(&steward, Question::read(integration(), resource, sync()));
    assert!(matches!(refusal(&low, &home), OpenError::AboveGrant { .. }));
    let other = grant::<Creator>(&steward, &about("creator-bob"));
    assert!(matches!(refusal(&other, &home), OpenError::Grant(GrantError::OtherPlace)));
    // The decisions above Internal, each refusal, and no opening.
    let told: Vec<_> = trail(&world).drain(before + 1..).map(|entry| entry.event.word()).collect();
    assert_eq!(told, ["decided", "open_refused", "open_refused", "decided", "open_refused"]);

    // What cannot be written down is not opened.
    for moment in Moment::ALL {
        // After a failure the end of the trail is looked up anew, which costs calls of its own.
        open::<CreatorEmail>(&steward, &right, &home, &stream).unwrap();
        let calls = world.faults.calls();
        open::<CreatorEmail>(&steward, &right, &home, &stream).unwrap();
        for n in 1..=world.faults.calls() - calls {
            world.faults.arm(n, moment);
            assert!(open::<CreatorEmail>(&steward, &right, &home, &stream).is_err(), "call {n} {moment:?}");
            world.faults.recover();
        }
    }
    world.clock.advance(stewardship::Period::hours(2));
    assert!(matches!(refusal(&right, &home), OpenError::Grant(GrantError::Expired { .. })));
}

#[test]
fn promise_07_when_a_revocation_returns_no_stream_is_opened_or_begun() {
    let world = World::new();
    let (here, there) = (world.connected(), world.steward());
    let home = about(ADA).record("file-1");
    let stream = sealed::<CreatorEmail>(&here, &home);
    let grants = [grant::<Creator>(&here, &home), grant::<Creator>(&there, &home)];
    here.revoke(&shop_scope(), "the seller asked").unwrap();
    for (steward, grant) in [&here, &there].into_iter().zip(&grants) {
        let error = open::<CreatorEmail>(steward, grant, &home, &stream).unwrap_err();
        assert!(matches!(error, OpenError::NotAuthorized));
        let begun = steward.seal_stream::<CreatorEmail>(&home, "people", "photo");
        assert!(matches!(begun.unwrap_err(), PutError::NoAuthorization));
    }
    here.connect(&world.owner(), &shop(), "tiktok-shop").unwrap();
    for (steward, grant) in [&here, &there].into_iter().zip(&grants) {
        let error = open::<CreatorEmail>(steward, grant, &home, &stream).unwrap_err();
        assert!(error.destroyed_at().is_some(), "{error}");
    }
}

#[test]
fn a_stream_wants_a_place_with_a_record_that_is_well_formed() {
    let world = World::new();
    let steward = world.connected();
    for bad in [at_shop().record(""), at_shop().subject("a\nb")] {
        let begun = steward.seal_stream::<CreatorEmail>(&bad, "people", "photo");
        assert!(matches!(begun.unwrap_err(), PutError::BadPlace));
    }
}

/// A service may carry what it opened to another task.
#[test]
fn what_seals_and_opens_streams_goes_to_other_threads() {
    fn moves<T: Send + Sync + 'static>() {}
    moves::<stewardship::crypto::StreamSealer>();
    moves::<stewardship::crypto::PushSealer>();
    moves::<stewardship::crypto::StreamOpener>();
    moves::<stewardship::crypto::PushOpener>();
    moves::<stewardship::crypto::RandomOpener>();
    moves::<OpenedStream<CreatorEmail>>();
}
