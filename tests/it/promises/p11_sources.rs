//! 11: every deadline cites its source and its date; ambiguous rules show both readings.

use stewardship::NewRequest;
use stewardship::policy::RequestKind;

use crate::world::*;

#[test]
fn promise_11_every_deadline_of_a_case_cites_its_source_and_its_date() {
    let world = World::new();
    let steward = world.connected();
    let mut both = 0;
    for kind in [RequestKind::Access, RequestKind::Correction, RequestKind::Deletion] {
        // Received so that a month later is a Sunday.
        let new = NewRequest::new(TENANT, kind, "support channel", "ada@example.com")
            .received_at(moment("2026-10-29T09:00:00Z"));
        let case = steward.receive(&new).unwrap();
        let deadlines = case.file().deadlines();
        for regime in ["gdpr", "ccpa"] {
            assert!(deadlines.iter().any(|deadline| deadline.regime == *regime), "{kind} {regime}");
        }
        for deadline in deadlines {
            for reading in std::iter::once(&deadline.strict).chain(&deadline.rolled) {
                assert!(
                    reading.cites.contains("GDPR")
                        || reading.cites.contains("Cal.")
                        || reading.cites.contains("1182/71"),
                    "{reading:?}"
                );
                assert!(reading.cites.contains("2026-"), "when it was read: {reading:?}");
            }
            if let Some(rolled) =
                deadline.rolled.as_ref().filter(|rolled| rolled.date != deadline.strict.date)
            {
                both += 1;
                assert_eq!(deadline.due(), deadline.strict.date.min(rolled.date));
                let shown = deadline.to_string();
                assert!(
                    shown.contains(&rolled.date.to_string())
                        && shown.contains(&deadline.strict.date.to_string()),
                    "{shown}"
                );
            }
        }
    }
    assert!(both > 0, "no rule was ambiguous");
}

#[test]
fn promise_11_every_cap_cites_where_it_comes_from() {
    let world = World::new();
    for cap in &world.policy.document().retention.cap {
        assert!(cap.cites.contains("20"), "{}", cap.cites);
    }
    let without = POLICY.lines().filter(|line| !line.starts_with("cites = ")).collect::<Vec<_>>().join("\n");
    assert!(stewardship::Policy::from_toml(&without).is_err());
}
