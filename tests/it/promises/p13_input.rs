//! 13: any input whatever gives a result or a clear error: no panic.

use proptest::prelude::*;
use stewardship::block_on;
use stewardship::contracts::{
    Document, DocumentKind, DocumentStore, Expected, FieldBody, Ports, RecordQuery, RecordStore,
};
use stewardship::crypto::Envelope;
use stewardship::dsr::{AnyCase, CaseFile, VerificationMethod};
use stewardship::id::CaseId;
use stewardship::policy::RequestKind;
use stewardship::retention::{Hold, HoldCover};
use stewardship::{NewRequest, Policy};

use crate::world::*;

/// A world with one of everything that is stored.
fn full() -> World {
    let world = World::new();
    let steward = world.connected();
    steward.put(&about(ADA), &creator("ada"), &sync()).unwrap();
    let hold = Hold::new("lit-7", HoldCover::tenant("other-kg"), "a dispute", "legal", world.now());
    steward.place_hold(&hold).unwrap();
    steward.happened(&shop_scope(), "order_delivered", world.now()).unwrap();
    let new = NewRequest::new(TENANT, RequestKind::Deletion, "support channel", "ada@example.com");
    let case = steward.receive(&new.id("case-1").subject(ADA)).unwrap();
    steward.verify(case, VerificationMethod::SignedIn, &world.officer()).unwrap();
    steward.revoke(&shop_scope(), "the seller asked").unwrap();
    world
}

/// Every verb that reads what is stored. What they answer is theirs; that they answer is the promise.
fn everything(world: &World) {
    let Ok(steward) = world.start() else { return };
    let _ = steward.accept_terms(&world.owner(), world.policy.digest());
    let _ = steward.connect(&world.owner(), &shop(), "tiktok-shop");
    let _ = steward.put(&about(ADA), &creator("bob"), &sync());
    let question =
        stewardship::Question::read(integration(), stewardship::Resource::at::<Creator>(&about(ADA)), sync());
    if let Ok(stewardship::Access::Granted(grant)) = steward.authorize(&question) {
        let _ = steward.open::<Creator>(&grant, &about(ADA));
    }
    if let Ok(AnyCase::Verified(case)) = steward.case(&tenant(), &CaseId::new("case-1"))
        && let Ok(stewardship::dsr::Reviewed::Approved(case)) =
            steward.review(case, &world.officer(), stewardship::dsr::Verdict::Approve)
        && let Ok(case) = steward.plan(case)
        && let Ok((case, _)) = steward.carry_out(case, &world.officer())
    {
        let _ = steward.close(case);
    }
    let _ = steward.revoke(&shop_scope(), "again");
    let _ = steward.lift_hold(&tenant(), "lit-7");
    let _ = steward.sweep();
    let _ = steward.disposals(None);
    let _ = steward.rotate_epoch();
    let _ = steward.verify_trail(None);
}

fn papers(world: &World) -> Vec<Document> {
    let kinds = [
        DocumentKind::Acceptance,
        DocumentKind::Authorization,
        DocumentKind::Timeline,
        DocumentKind::Hold,
        DocumentKind::Case,
        DocumentKind::Disposal,
    ];
    let papers: Vec<_> = kinds
        .into_iter()
        .flat_map(|kind| {
            let found = block_on(world.memory.documents().list(kind, None, None, 99)).unwrap();
            assert!(!found.is_empty(), "{kind}");
            found
        })
        .collect();
    papers
}

fn overwrite(world: &World, paper: &Document, body: Vec<u8>) {
    let expected = Expected::Version(paper.version);
    let document = Document { key: paper.key.clone(), version: expected.next(), body };
    block_on(world.memory.documents().save(document, expected)).unwrap();
}

/// JSON of any shape.
fn json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        ".{0,12}".prop_map(Into::into),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Into::into),
            prop::collection::btree_map("[a-z_]{1,10}", inner, 0..4)
                .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn promise_13_any_bytes_in_a_stored_paper_give_an_answer(
        which in any::<prop::sample::Index>(), bytes in prop::collection::vec(any::<u8>(), 0..60),
    ) {
        let world = full();
        let papers = papers(&world);
        overwrite(&world, &papers[which.index(papers.len())], bytes);
        everything(&world);
    }

    /// One value of the paper is another: the shape that is nearest to sound.
    #[test]
    fn promise_13_any_changed_value_in_a_stored_paper_gives_an_answer(
        which in any::<prop::sample::Index>(), at in any::<prop::sample::Index>(), value in json(),
    ) {
        let world = full();
        let papers = papers(&world);
        let paper = &papers[which.index(papers.len())];
        let mut body: serde_json::Value = serde_json::from_slice(&paper.body).unwrap();
        let mut paths = Vec::new();
        walk(&body, String::new(), &mut paths);
        *body.pointer_mut(&paths[at.index(paths.len())]).unwrap() = value;
        overwrite(&world, paper, serde_json::to_vec(&body).unwrap());
        everything(&world);
    }

    #[test]
    fn promise_13_any_bytes_in_a_record_give_an_answer(
        field in 0_usize..3, bytes in prop::collection::vec(any::<u8>(), 0..200), clear in any::<bool>(),
    ) {
        let world = World::new();
        world.connected().put(&about(ADA), &creator("ada"), &sync()).unwrap();
        let mut row = block_on(world.memory.records().list(&RecordQuery::default(), None, 1)).unwrap().remove(0);
        row.fields[field].body = if clear { FieldBody::Clear(bytes.clone()) } else { FieldBody::Sealed(bytes.clone()) };
        let expected = Expected::Version(row.version);
        row.version = expected.next();
        block_on(world.memory.records().put(row, expected)).unwrap();
        everything(&world);
        let _ = Envelope::parse(&bytes);
    }

    #[test]
    fn promise_13_any_text_is_a_policy_or_an_error(text in "[ -~\n]{0,200}", at in any::<prop::sample::Index>(), line in ".{0,20}") {
        let _ = Policy::from_toml(&text);
        let _ = Policy::from_json(&text);
        let mut lines: Vec<&str> = POLICY.lines().collect();
        let at = at.index(lines.len());
        lines[at] = &line;
        if let Err(error) = Policy::from_toml(&lines.join("\n")) {
            prop_assert!(!error.to_string().is_empty());
        }
    }

    #[test]
    fn promise_13_any_json_is_a_case_a_payload_or_an_error(value in json()) {
        let _ = serde_json::from_value::<CaseFile>(value.clone());
        let world = World::new();
        let steward = world.connected();
        let _ = steward.ingest::<Token>(&at_shop(), "tiktok-shop", &value, &sync());
        let _ = serde_json::from_value::<Hold>(value);
    }
}

fn walk(value: &serde_json::Value, path: String, paths: &mut Vec<String>) {
    paths.push(path.clone());
    match value {
        serde_json::Value::Object(map) => {
            for (key, inner) in map {
                walk(inner, format!("{path}/{}", key.replace('~', "~0").replace('/', "~1")), paths);
            }
        }
        serde_json::Value::Array(items) => {
            for (n, inner) in items.iter().enumerate() {
                walk(inner, format!("{path}/{n}"), paths);
            }
        }
        _ => {}
    }
}
