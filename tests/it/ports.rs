//! The ports keep their contracts, directly and through every wrapper.

use std::collections::BTreeMap;

use proptest::prelude::*;
use stewardship::audit::Term;
use stewardship::classification::Level;
use stewardship::contracts::kit::{self, Namespace};
use stewardship::contracts::{
    AnyPorts, AuditLog, EntryBody, Expected, Faults, Faulty, FieldBody, IndexEntry, KeyStore, Ports,
    RecordKey, RecordQuery, RecordRow, RecordStore, StoreErrorKind, StoredEntry, StoredField, Version,
    block_on,
};
use stewardship::id::RecordId;
use stewardship::ports::memory::Memory;

/// Runs every rule of all four contracts.
fn conforms<P: Ports>(ports: &impl Fn() -> P) {
    let ns = Namespace::random();
    let reports = [
        block_on(kit::check_records(&ns, async || AnyPorts::erase(ports()).records)),
        block_on(kit::check_keys(&ns, async || AnyPorts::erase(ports()).keys)),
        block_on(kit::check_documents(&ns, async || AnyPorts::erase(ports()).documents)),
        block_on(kit::check_audit(&ns, async || AnyPorts::erase(ports()).audit)),
    ];
    for report in reports {
        report.into_result().unwrap();
    }
}

#[test]
fn memory_conforms_fresh_and_shared() {
    conforms(&Memory::new);
    let shared = Memory::new();
    conforms(&|| shared.clone());
    conforms(&|| shared.clone());
}

#[test]
fn the_wrappers_change_nothing() {
    conforms(&|| Faulty::new(Memory::new(), &Faults::none()));
    conforms(&|| AnyPorts::erase(AnyPorts::erase(Memory::new())));
}

#[test]
fn a_snapshot_is_independent_and_restores_the_records_side_alone() {
    let memory = Memory::new();
    let audit = |index| vec![entry(index)];
    block_on(memory.audit().append(audit(0))).unwrap();
    block_on(memory.records().put(row("acme", "1"), Expected::Absent)).unwrap();
    let backup = memory.snapshot();
    block_on(memory.audit().append(audit(1))).unwrap();
    block_on(memory.records().delete(&row("acme", "1").key, Version::FIRST)).unwrap();
    let scope = stewardship::Scope::subject("acme", "ada");
    let keys = stewardship::contracts::ScopeRow {
        scope,
        version: Version::FIRST,
        keys: Vec::new(),
        closed: None,
        minimum: 0,
    };
    block_on(memory.keys().put_scope(keys.clone(), Expected::Absent)).unwrap();
    assert_eq!(format!("{backup:?}").matches("1 records").count(), 1, "{backup:?}");
    memory.restore_records(&backup);
    assert!(block_on(memory.records().fetch(&row("acme", "1").key)).unwrap().is_some());
    assert_eq!(block_on(memory.audit().last()).unwrap().unwrap().index, 0);
    assert_eq!(block_on(memory.keys().scope(&keys.scope)).unwrap(), Some(keys.clone()));
    memory.restore_keys(&backup);
    assert_eq!(block_on(memory.keys().scope(&keys.scope)).unwrap(), None);
}

#[test]
fn debug_shows_counts_and_no_one() {
    let memory = Memory::new();
    let mut row = row("acme", "order-of-ada");
    row.subject = Some("ada@example.com".into());
    block_on(memory.records().put(row, Expected::Absent)).unwrap();
    let shown = format!("{memory:?} {:?}", AnyPorts::erase(memory.clone()));
    assert!(shown.contains("1 records") && !shown.contains("ada"), "{shown}");
}

fn entry(index: u64) -> StoredEntry {
    let body = EntryBody { bytes: vec![1], terms: vec![Term::from_bytes([1; Term::BYTES])] };
    let at = "2026-11-01T09:00:00Z".parse().unwrap();
    StoredEntry { index, at, body: Some(body), nodes: vec![[0; 32]] }
}

fn row(tenant: &str, id: &str) -> RecordRow {
    RecordRow {
        key: RecordKey { tenant: tenant.into(), kind: "order".into(), id: RecordId::new(id) },
        version: Version::FIRST,
        connection: None,
        subject: None,
        category: "orders".into(),
        level: Level::Restricted,
        purpose: "fulfilment".into(),
        platform: None,
        stored_at: "2026-11-01T09:00:00Z".parse().unwrap(),
        events: BTreeMap::new(),
        fields: vec![StoredField {
            name: "note".into(),
            class: "order.note".into(),
            subject: None,
            body: FieldBody::Sealed(b"sealed".to_vec()),
        }],
        index: Vec::new(),
    }
}

/// A write, out of a small world so that writes meet.
#[derive(Clone, Debug)]
enum Step {
    Put { row: Box<RecordRow>, stale: bool },
    Delete { key: RecordKey, stale: bool },
}

fn rows() -> impl Strategy<Value = RecordRow> {
    let name = |names: &'static [&'static str]| prop::sample::select(names);
    (
        (name(&["a", "b", ""]), name(&["order", "Order"]), name(&["1", "10", "2", "\u{0}", "é"])),
        prop::option::of(name(&["shop", "other"])),
        prop::option::of(name(&["ada", "grace"])),
        prop::option::of(name(&["ada", "grace"])),
        name(&["orders", "tokens"]),
        prop::collection::vec((name(&["email", "phone"]), 0..3_u8), 0..4),
    )
        .prop_map(|((tenant, kind, id), connection, subject, about, category, entries)| {
            let mut row = row(tenant, id);
            row.key.kind = kind.into();
            row.connection = connection.map(Into::into);
            row.subject = subject.map(Into::into);
            row.fields[0].subject = about.map(Into::into);
            row.category = category.into();
            row.index = entries
                .into_iter()
                .map(|(field, tag)| IndexEntry { field: field.into(), tag: vec![tag] })
                .collect();
            row
        })
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        3 => (rows(), prop::bool::weighted(0.1)).prop_map(|(row, stale)| Step::Put { row: Box::new(row), stale }),
        1 => (rows(), prop::bool::weighted(0.1)).prop_map(|(row, stale)| Step::Delete { key: row.key, stale }),
    ];
    prop::collection::vec(step, 1..25)
}

fn queries() -> impl Strategy<Value = (RecordQuery, Option<RecordKey>, usize)> {
    (rows(), any::<[bool; 6]>(), prop::option::of(rows()), 0..6_usize).prop_map(
        |(row, parts, after, limit)| {
            let [tenant, kind, connection, subject, categories, index] = parts;
            let query = RecordQuery {
                tenant: tenant.then(|| row.key.tenant.clone()),
                kind: kind.then(|| row.key.kind.clone()),
                connection: row.connection.filter(|_| connection),
                subject: row.subject.filter(|_| subject),
                categories: categories.then(|| [row.category].into()),
                index: row.index.first().cloned().filter(|_| index),
            };
            (query, after.map(|row| row.key), limit)
        },
    )
}

/// Any history of writes leaves the rows that a plain map holds, and any listing is the map, filtered.
fn is_like_a_map(
    store: &impl RecordStore,
    steps: &[Step],
    queries: &[(RecordQuery, Option<RecordKey>, usize)],
) {
    let mut model: BTreeMap<RecordKey, RecordRow> = BTreeMap::new();
    for step in steps {
        let (key, stale) = match step {
            Step::Put { row, stale } => (&row.key, *stale),
            Step::Delete { key, stale } => (key, *stale),
        };
        let found = model.get(key).map(|row| row.version);
        let expected = match found {
            _ if stale => Expected::Version(Version::new(99)),
            Some(version) => Expected::Version(version),
            None => Expected::Absent,
        };
        let answer = match step {
            Step::Put { row, .. } => {
                let row = RecordRow { version: expected.next(), ..RecordRow::clone(row) };
                let answer = block_on(store.put(row.clone(), expected));
                if answer.is_ok() {
                    model.insert(row.key.clone(), row);
                }
                answer
            }
            Step::Delete { key, .. } => {
                let version = if stale { Version::new(99) } else { found.unwrap_or(Version::FIRST) };
                let answer = block_on(store.delete(key, version));
                if answer.is_ok() {
                    model.remove(key);
                }
                answer
            }
        };
        let refused = stale || matches!(step, Step::Delete { .. }) && found.is_none();
        assert_eq!(
            answer.err().map(|error| error.kind()),
            refused.then_some(StoreErrorKind::Conflict),
            "{step:?}"
        );
    }
    for (query, after, limit) in queries {
        let wanted: Vec<_> = model
            .values()
            .filter(|row| query.matches(row) && after.as_ref().is_none_or(|after| row.key > *after))
            .take(*limit)
            .cloned()
            .collect();
        assert_eq!(
            block_on(store.list(query, after.as_ref(), *limit)).unwrap(),
            wanted,
            "{query:?} {after:?}"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn memory_is_like_a_map(steps in steps(), queries in prop::collection::vec(queries(), 8)) {
        is_like_a_map(Memory::new().records(), &steps, &queries);
    }
}

mod local_keys {
    use std::fs;

    use stewardship::contracts::{
        AnyKeyProvider, Faults, FaultyProvider, KeyProvider, ManualClock, Moment, ProviderKeyId,
    };
    use stewardship::crypto::SecretKey;
    use stewardship::ports::local_keys::LocalKeys;

    use super::*;

    /// Runs every rule that needs no restart and no broken line; says whether keys can be destroyed.
    fn keeps_the_contract<P: KeyProvider>(fresh: &impl Fn() -> P) -> bool {
        let report = block_on(kit::check_provider(&Namespace::random(), async || fresh()));
        let destroys = report.held("destroyed-is-final");
        report.into_result().unwrap();
        let clock = ManualClock::at("2026-11-22T09:00:00Z".parse().unwrap());
        let never = async |_: &P, _: &ProviderKeyId| false;
        let report = block_on(kit::check_provider_over_time(&clock, async || fresh(), never));
        assert_eq!(report.held("destruction-is-dated"), destroys, "{report}");
        assert!(report.violated().is_empty(), "{report}");
        destroys
    }

    fn root() -> LocalKeys {
        LocalKeys::from_key(SecretKey::new(std::array::from_fn(|i| i as u8)))
    }

    /// Keys in this file, which is made where it is missing.
    fn in_file(path: &std::path::Path) -> LocalKeys {
        if path.exists() { LocalKeys::from_file(path) } else { LocalKeys::create_file(path) }.unwrap()
    }

    #[test]
    fn local_keys_keep_the_contract() {
        let folder = tempfile::tempdir().unwrap();
        let file = || in_file(&folder.path().join("root.key"));
        assert!(keeps_the_contract(&LocalKeys::in_memory));
        assert!(keeps_the_contract(&file));
        assert!(keeps_the_contract(&|| AnyKeyProvider::new(FaultyProvider::new(file(), &Faults::none()))));
        assert!(!keeps_the_contract(&root), "a root key destroys nothing, and says so");
    }

    #[test]
    fn local_keys_outlast_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let file = async || in_file(&folder.path().join("root.key"));
        block_on(kit::check_provider_after_restart(file)).into_result().unwrap();
        block_on(kit::check_provider_after_restart(async || root())).into_result().unwrap();
    }

    #[test]
    fn local_keys_without_their_file_are_unavailable() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("root.key");
        let fresh = async || in_file(&path);
        let cut = async |_: &LocalKeys| fs::remove_file(&path).unwrap();
        block_on(kit::check_provider_cut_off(fresh, cut)).into_result().unwrap();

        let faults = Faults::none();
        let fresh = async || FaultyProvider::new(LocalKeys::in_memory(), &faults);
        let cut = async |_: &FaultyProvider<LocalKeys>| faults.arm(1, Moment::Before);
        block_on(kit::check_provider_cut_off(fresh, cut)).into_result().unwrap();
    }
}

#[cfg(feature = "sqlite")]
mod sqlite {
    use std::fs;
    use std::path::Path;
    use std::thread;

    use stewardship::contracts::{
        Document, DocumentKey, DocumentKind, DocumentStore, KeyState, KeyVersion, ScopeRow, Standing,
    };
    use stewardship::keys::KeyEvent;
    use stewardship::ports::sqlite::{Sqlite, SqliteFile, SqliteOpenErrorKind};
    use stewardship::{Period, Scope};
    use tempfile::{TempDir, tempdir};

    use super::*;

    fn open(folder: &Path) -> Sqlite {
        Sqlite::open(folder.join("records.db"), folder.join("keys.db")).unwrap()
    }

    fn kind_of(records: &Path, keys: &Path) -> (SqliteOpenErrorKind, SqliteFile) {
        let error = Sqlite::open(records, keys).unwrap_err();
        (error.kind(), error.file())
    }

    fn folder() -> TempDir {
        tempdir().unwrap()
    }

    #[test]
    fn sqlite_conforms_on_one_shared_pair_of_files() {
        // A handle of its own for each rule: what one has written, the next one finds beside its own.
        let folder = folder();
        conforms(&|| open(folder.path()));
    }

    #[test]
    fn sqlite_is_durable() {
        let (folder, ns) = (folder(), Namespace::new("kit"));
        let reports = [
            block_on(kit::check_records_after_restart(&ns, async || open(folder.path()).records().clone())),
            block_on(kit::check_keys_after_restart(&ns, async || open(folder.path()).keys().clone())),
            block_on(kit::check_documents_after_restart(&ns, async || {
                open(folder.path()).documents().clone()
            })),
            block_on(kit::check_audit_after_restart(&ns, async || open(folder.path()).audit().clone())),
        ];
        for report in reports {
            assert!(report.held("durable"), "{report}");
        }
    }

    #[test]
    fn of_two_handles_one_wins_each_version() {
        let folder = folder();
        let key = DocumentKey { kind: DocumentKind::Case, tenant: "acme".into(), id: "1".to_owned() };
        let first = Document { key: key.clone(), version: Version::FIRST, body: Vec::new() };
        block_on(open(folder.path()).documents().save(first, Expected::Absent)).unwrap();
        const EACH: u64 = 15;
        thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    let ports = open(folder.path());
                    let mut done = 0;
                    while done < EACH {
                        let mut found = block_on(ports.documents().load(&key)).unwrap().unwrap();
                        let expected = Expected::Version(found.version);
                        found.version = expected.next();
                        found.body.push(b'+');
                        match block_on(ports.documents().save(found, expected)) {
                            Ok(()) => done += 1,
                            Err(error) => assert_eq!(error.kind(), StoreErrorKind::Conflict, "{error:?}"),
                        }
                        let next = block_on(ports.audit().last()).unwrap().map_or(0, |last| last.index + 1);
                        if let Err(error) = block_on(ports.audit().append(vec![super::entry(next)])) {
                            assert_eq!(error.kind(), StoreErrorKind::Conflict, "{error:?}");
                        }
                    }
                });
            }
        });
        let ports = open(folder.path());
        let found = block_on(ports.documents().load(&key)).unwrap().unwrap();
        assert_eq!((found.version.number(), found.body.len() as u64), (1 + 2 * EACH, 2 * EACH));
        let trail = block_on(ports.audit().read(0, usize::MAX)).unwrap();
        assert!(trail.iter().map(|entry| entry.index).eq(0..trail.len() as u64));
    }

    #[test]
    fn one_file_by_whatever_name_is_refused() {
        let folder = folder();
        let one = folder.path().join("one.db");
        let same = (SqliteOpenErrorKind::SameFile, SqliteFile::Keys);
        assert_eq!(kind_of(&one, &one), same);
        assert!(!one.exists(), "nothing is made before it is refused");
        fs::write(&one, b"").unwrap();
        #[cfg(unix)]
        {
            let (link, hard) = (folder.path().join("link.db"), folder.path().join("hard.db"));
            std::os::unix::fs::symlink(&one, &link).unwrap();
            fs::hard_link(&one, &hard).unwrap();
            assert_eq!(kind_of(&one, &link), same);
            assert_eq!(kind_of(&one, &hard), same);
        }
        fs::create_dir(folder.path().join("sub")).unwrap();
        assert_eq!(kind_of(&one, &folder.path().join("sub/../one.db")), same);
    }

    #[test]
    fn files_in_the_wrong_role_of_others_and_of_later_versions_are_refused_unchanged() {
        let folder = folder();
        let (records, keys) = (folder.path().join("records.db"), folder.path().join("keys.db"));
        drop(open(folder.path()));
        assert_eq!(kind_of(&keys, &records), (SqliteOpenErrorKind::Foreign, SqliteFile::Records));

        let other = folder.path().join("other.db");
        fs::write(&other, b"no database, but long enough to be one.".repeat(100)).unwrap();
        assert_eq!(kind_of(&other, &keys), (SqliteOpenErrorKind::Foreign, SqliteFile::Records));
        fs::remove_file(&other).unwrap();
        let db = rusqlite_of(&other);
        db.execute_batch("CREATE TABLE theirs (x)").unwrap();
        drop(db);
        let before = fs::read(&other).unwrap();
        assert_eq!(kind_of(&other, &keys), (SqliteOpenErrorKind::Foreign, SqliteFile::Records));
        assert_eq!(fs::read(&other).unwrap(), before);

        rusqlite_of(&records).pragma_update(None, "user_version", 7).unwrap();
        let found = SqliteOpenErrorKind::UnknownVersion { found: 7 };
        assert_eq!(kind_of(&records, &keys), (found, SqliteFile::Records));
        let missing = folder.path().join("no/such/folder.db");
        assert_eq!(kind_of(&missing, &keys), (SqliteOpenErrorKind::Unavailable, SqliteFile::Records));
    }

    #[cfg(unix)]
    #[test]
    fn the_key_file_is_its_owners_alone() {
        use std::os::unix::fs::PermissionsExt;
        let folder = folder();
        let ports = open(folder.path());
        for path in [ports.keys_path(), ports.records_path()] {
            assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600);
        }
        fs::set_permissions(ports.keys_path(), fs::Permissions::from_mode(0o640)).unwrap();
        let refused = (SqliteOpenErrorKind::OpenToOthers, SqliteFile::Keys);
        assert_eq!(kind_of(ports.records_path(), ports.keys_path()), refused);
    }

    #[test]
    fn a_replaced_key_and_a_deleted_record_are_not_in_the_files_any_more() {
        let folder = folder();
        let ports = open(folder.path());
        let wrapped = b"these are the bytes of a wrapped key that is to die".repeat(20);
        let at = Period::days(1).after("2026-11-01T09:00:00Z".parse().unwrap());
        let row = ScopeRow {
            scope: Scope::subject("acme", "ada"),
            version: Version::FIRST,
            keys: vec![KeyVersion {
                number: 1,
                activated: at,
                state: KeyState::Live { standing: Standing::Active, epoch: 1, wrapped: wrapped.clone() },
            }],
            closed: None,
            minimum: 0,
        };
        block_on(ports.keys().put_scope(row.clone(), Expected::Absent)).unwrap();
        let mut sealed = super::row("acme", "1");
        sealed.fields[0].body = FieldBody::Sealed(b"these are the bytes of an envelope".repeat(300));
        block_on(ports.records().put(sealed.clone(), Expected::Absent)).unwrap();
        let holds = |part: &[u8]| {
            let mut names = Vec::new();
            for file in fs::read_dir(folder.path()).unwrap() {
                let path = file.unwrap().path();
                if fs::read(&path).unwrap().windows(part.len()).any(|window| window == part) {
                    names.push(path.file_name().unwrap().to_str().unwrap().to_owned());
                }
            }
            names
        };
        assert_eq!(holds(b"bytes of a wrapped key"), ["keys.db"], "the test must be able to find it");
        assert_eq!(holds(b"bytes of an envelope"), ["records.db"]);
        let mut destroyed = ScopeRow { version: Version::new(2), closed: Some(at), ..row };
        destroyed.keys[0].undergo(KeyEvent::Destroy, at, "case/1").unwrap();
        block_on(ports.keys().put_scope(destroyed, Expected::Version(Version::FIRST))).unwrap();
        block_on(ports.records().delete(&sealed.key, Version::FIRST)).unwrap();
        assert_eq!(holds(b"bytes of a wrapped key"), Vec::<String>::new());
        assert_eq!(holds(b"bytes of an envelope"), Vec::<String>::new());
    }

    #[test]
    fn the_audit_table_refuses_changes_removals_and_gaps_whoever_asks() {
        let folder = folder();
        let ports = open(folder.path());
        block_on(ports.audit().append((0..4).map(super::entry).collect())).unwrap();
        block_on(ports.audit().expire(1)).unwrap();
        let before = block_on(ports.audit().read(0, 9)).unwrap();
        let db = rusqlite_of(ports.records_path());
        for sql in [
            "UPDATE audit SET body = x'00' WHERE idx = 1",
            "DELETE FROM audit WHERE idx = 2",
            "DELETE FROM audit",
            "INSERT OR REPLACE INTO audit (idx, at, body, terms, nodes) VALUES (1, '', x'00', x'', zeroblob(32))",
            "INSERT INTO audit (idx, at, body, terms, nodes) VALUES (5, '', x'00', x'', zeroblob(32))",
            "INSERT INTO audit (at, body, terms, nodes) VALUES ('', x'00', x'', zeroblob(32))",
            "INSERT INTO audit (idx, at, nodes) VALUES (4, '', zeroblob(32))",
            "UPDATE OR REPLACE audit SET idx = 1 WHERE idx = 2",
            "UPDATE audit SET at = '' WHERE idx = 1",
            "UPDATE audit SET nodes = zeroblob(64) WHERE idx = 1",
            // What expires goes with its terms and with nothing else, and after all that stand before it.
            "UPDATE audit SET body = NULL, terms = NULL WHERE idx = 2",
            "UPDATE audit SET body = NULL, terms = NULL, at = '' WHERE idx = 1",
            "UPDATE audit SET body = x'00', terms = x'' WHERE idx = 0",
            "UPDATE audit SET nodes = zeroblob(64) WHERE idx = 0",
            "DELETE FROM audit_terms WHERE idx = 1",
            "UPDATE audit_terms SET idx = 9 WHERE idx = 1",
        ] {
            let error = db.execute_batch(sql).unwrap_err().to_string();
            assert!(error.contains("the audit trail"), "{sql}: {error}");
        }
        assert_eq!(block_on(ports.audit().read(0, 9)).unwrap(), before);
        assert!(before[0].body.is_none() && before[1..].iter().all(|entry| entry.body.is_some()));
    }

    #[test]
    fn a_copy_of_the_records_file_is_a_whole_backup() {
        let folder = folder();
        let ports = open(folder.path());
        block_on(ports.records().put(row("acme", "1"), Expected::Absent)).unwrap();
        let copy = folder.path().join("backup.db");
        fs::copy(ports.records_path(), &copy).unwrap();
        let restored = Sqlite::open(&copy, ports.keys_path()).unwrap();
        assert_eq!(
            block_on(restored.records().fetch(&row("acme", "1").key)).unwrap(),
            Some(row("acme", "1"))
        );
    }

    #[test]
    fn what_cannot_be_read_back_is_corrupt_and_no_panic() {
        let folder = folder();
        let ports = open(folder.path());
        block_on(ports.records().put(row("acme", "1"), Expected::Absent)).unwrap();
        rusqlite_of(ports.records_path()).execute_batch("UPDATE records SET meta = '{'").unwrap();
        let error = block_on(ports.records().fetch(&row("acme", "1").key)).unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Corrupt);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(12))]

        #[test]
        fn sqlite_is_like_a_map(steps in steps(), queries in prop::collection::vec(queries(), 12)) {
            let folder = folder();
            is_like_a_map(open(folder.path()).records(), &steps, &queries);
        }
    }

    fn rusqlite_of(path: &Path) -> rusqlite::Connection {
        rusqlite::Connection::open(path).unwrap()
    }
}
