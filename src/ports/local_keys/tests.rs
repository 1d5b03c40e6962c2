use std::fs;
use std::future::Future;
use std::path::PathBuf;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use tempfile::TempDir;

use super::*;
use crate::crypto::danger::SeededEntropy;
use crate::crypto::{AeadError, AeadKey, EntropyError};

fn ready<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("a local key provider never waits"),
    }
}

fn folder() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("root.key");
    LocalKeys::create_file(&path).unwrap();
    (folder, path)
}

fn open(path: &Path) -> LocalKeys {
    LocalKeys::from_file(path).unwrap()
}

fn secret() -> SecretKey {
    SecretKey::new([0xab; 32])
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn refusal<T>(outcome: Result<T, ProviderError>) -> ProviderErrorKind {
    match outcome {
        Ok(_) => panic!("should be refused"),
        Err(error) => error.kind(),
    }
}

#[test]
fn a_key_survives_a_restart() {
    let (_folder, path) = folder();
    let keys = open(&path);
    let id = ready(keys.create()).unwrap();
    let wrapped = ready(keys.wrap(&id, &secret(), b"epoch 1")).unwrap();
    drop(keys);

    let keys = open(&path);
    assert!(ready(keys.unwrap(&id, &wrapped, b"epoch 1")).unwrap().ct_eq(&secret()));
}

#[test]
fn destroyed_is_final_after_a_restart_and_in_other_handles() {
    let (_folder, path) = folder();
    let (keys, other) = (open(&path), open(&path));
    let (id, kept) = (ready(keys.create()).unwrap(), ready(keys.create()).unwrap());
    let wrapped = ready(keys.wrap(&id, &secret(), b"")).unwrap();
    let kept_wrapped = ready(keys.wrap(&kept, &secret(), b"")).unwrap();
    let digits = fs::read_to_string(&path).unwrap();
    let digits = digits.lines().find_map(|line| line.strip_prefix(id.as_str())).unwrap().trim().to_owned();
    assert!(ready(other.unwrap(&id, &wrapped, b"")).is_ok());

    let moment = at("2026-11-22T12:00:00.25Z");
    assert_eq!(ready(keys.destroy(&id, moment)).unwrap(), Destruction::Effective(moment));
    for keys in [keys, other, open(&path)] {
        assert_eq!(refusal(ready(keys.unwrap(&id, &wrapped, b""))), ProviderErrorKind::Destroyed);
        assert_eq!(refusal(ready(keys.wrap(&id, &secret(), b""))), ProviderErrorKind::Destroyed);
        let again = ready(keys.destroy(&id, at("2027-01-01T00:00:00Z"))).unwrap();
        assert_eq!(again, Destruction::Effective(moment));
        assert!(ready(keys.unwrap(&kept, &kept_wrapped, b"")).is_ok());
    }
    assert!(!fs::read_to_string(&path).unwrap().contains(&digits));
}

#[test]
fn not_mine_destroyed_and_refused_are_told_apart() {
    let (_folder, path) = folder();
    for keys in [LocalKeys::in_memory(), open(&path)] {
        let (id, stranger) = (ready(keys.create()).unwrap(), ProviderKeyId::new("arn:aws:kms:key/1"));
        let wrapped = ready(keys.wrap(&id, &secret(), b"epoch 1")).unwrap();

        assert_eq!(refusal(ready(keys.unwrap(&id, &wrapped, b"epoch 2"))), ProviderErrorKind::Refused);
        assert_eq!(
            refusal(ready(keys.unwrap(&id, b"something else", b"epoch 1"))),
            ProviderErrorKind::Refused
        );
        let other = ready(keys.create()).unwrap();
        assert_eq!(refusal(ready(keys.unwrap(&other, &wrapped, b"epoch 1"))), ProviderErrorKind::Refused);

        assert_eq!(refusal(ready(keys.unwrap(&stranger, &wrapped, b"epoch 1"))), ProviderErrorKind::NotMine);
        assert_eq!(refusal(ready(keys.wrap(&stranger, &secret(), b""))), ProviderErrorKind::NotMine);
        let now = at("2026-11-22T12:00:00Z");
        assert_eq!(refusal(ready(keys.destroy(&stranger, now))), ProviderErrorKind::NotMine);

        ready(keys.destroy(&id, now)).unwrap();
        assert_eq!(refusal(ready(keys.unwrap(&id, &wrapped, b"epoch 1"))), ProviderErrorKind::Destroyed);
    }
}

#[test]
fn a_key_made_by_another_handle_is_known_at_once() {
    let (_folder, path) = folder();
    let (one, two) = (open(&path), open(&path));
    let id = ready(one.create()).unwrap();
    assert!(ready(two.wrap(&id, &secret(), b"")).is_ok());
}

#[test]
fn writers_at_the_same_time_lose_nothing() {
    let (_folder, path) = folder();
    let ids: Vec<ProviderKeyId> = std::thread::scope(|scope| {
        let writers: Vec<_> = (0..4)
            .map(|_| scope.spawn(|| (0..5).map(|_| ready(open(&path).create()).unwrap()).collect::<Vec<_>>()))
            .collect();
        writers.into_iter().flat_map(|writer| writer.join().unwrap()).collect()
    });
    assert_eq!(ids.iter().collect::<std::collections::BTreeSet<_>>().len(), 20);
    let keys = open(&path);
    for id in &ids {
        assert!(ready(keys.wrap(id, &secret(), b"")).is_ok());
    }
}

#[test]
fn what_a_dead_writer_left_beside_the_file_does_no_harm() {
    let (_folder, path) = folder();
    let keys = open(&path);
    let id = ready(keys.create()).unwrap();
    let beside = path.with_file_name("root.key.new");
    fs::write(&beside, "half a fi").unwrap();
    assert!(ready(open(&path).wrap(&id, &secret(), b"")).is_ok());
    ready(keys.destroy(&id, at("2026-11-22T12:00:00Z"))).unwrap();
    assert!(!beside.exists());
    assert_eq!(refusal(ready(open(&path).wrap(&id, &secret(), b""))), ProviderErrorKind::Destroyed);
}

#[test]
fn a_file_that_is_gone_is_an_error_and_not_made_again() {
    let (_folder, path) = folder();
    let keys = open(&path);
    let id = ready(keys.create()).unwrap();
    fs::remove_file(&path).unwrap();
    let error = LocalKeys::from_file(&path).unwrap_err();
    assert_eq!(error.kind(), LocalKeysErrorKind::Missing);
    assert!(error.to_string().contains("root.key`"), "{error}");
    assert_eq!(refusal(ready(keys.wrap(&id, &secret(), b""))), ProviderErrorKind::Unavailable);
    assert_eq!(refusal(ready(keys.create())), ProviderErrorKind::Unavailable);
    let now = at("2026-11-22T12:00:00Z");
    assert_eq!(refusal(ready(keys.destroy(&id, now))), ProviderErrorKind::Unavailable);
    assert!(!path.exists());
}

#[test]
fn a_file_is_made_once_and_never_over_another() {
    let (folder, path) = folder();
    let id = ready(open(&path).create()).unwrap();
    let before = fs::read(&path).unwrap();
    for taken in [&path, &folder.path().to_owned()] {
        assert_eq!(LocalKeys::create_file(taken).unwrap_err().kind(), LocalKeysErrorKind::Exists);
    }
    assert_eq!(fs::read(&path).unwrap(), before);
    assert!(ready(open(&path).wrap(&id, &secret(), b"")).is_ok());

    // What a maker that died left behind does no harm, and of several makers one succeeds.
    let other = folder.path().join("other.key");
    fs::write(folder.path().join("other.key.new"), "half a fi").unwrap();
    let made = std::thread::scope(|scope| {
        let makers: Vec<_> = (0..4).map(|_| scope.spawn(|| LocalKeys::create_file(&other).is_ok())).collect();
        makers.into_iter().map(|maker| maker.join().unwrap()).filter(|made| *made).count()
    });
    assert_eq!(made, 1);
    assert_eq!(LocalKeys::inspect(&fs::read(&other).unwrap()).unwrap(), KeyCount { live: 0, destroyed: 0 });
}

#[test]
fn a_moment_that_cannot_be_read_back_changes_nothing() {
    let (_folder, path) = folder();
    let keys = open(&path);
    let id = ready(keys.create()).unwrap();
    let outcome = ready(keys.destroy(&id, DateTime::<Utc>::MAX_UTC));
    assert_eq!(refusal(outcome), ProviderErrorKind::Unavailable);
    assert!(ready(keys.wrap(&id, &secret(), b"")).is_ok());
}

#[test]
fn a_malformed_file_is_refused_by_line_and_shows_no_key() {
    let (_folder, path) = folder();
    ready(open(&path).create()).unwrap();
    let text = fs::read_to_string(&path).unwrap();
    let digits = text.lines().nth(1).unwrap().rsplit(' ').next().unwrap().to_owned();
    fs::write(&path, text.replacen(&digits, &digits[1..], 1)).unwrap();
    let error = LocalKeys::from_file(&path).unwrap_err();
    let malformed = |kind| match kind {
        LocalKeysErrorKind::Malformed(bad) => (bad.line(), bad.problem()),
        kind => panic!("{kind:?}"),
    };
    assert_eq!(malformed(error.kind()), (2, LineProblem::Key));
    assert!(error.to_string().contains("is malformed: line 2: "), "{error}");
    assert!(!format!("{error} {error:?}").contains(&digits[1..]));

    // What lost a line, and what a version before wrote.
    fs::write(&path, text.lines().next().unwrap().to_owned() + "\n").unwrap();
    let error = LocalKeys::from_file(&path).unwrap_err();
    assert_eq!(malformed(error.kind()), (2, LineProblem::CutOff));
    fs::write(&path, "stewardship-local-keys 0\n").unwrap();
    let error = LocalKeys::from_file(&path).unwrap_err();
    assert_eq!(malformed(error.kind()), (1, LineProblem::Title));
    fs::write(&path, vec![b'\n'; 1024 * 1024 + 1]).unwrap();
    assert_eq!(LocalKeys::from_file(&path).unwrap_err().kind(), LocalKeysErrorKind::TooLarge);
}

#[test]
fn a_copy_is_inspected_without_being_used() {
    let (_folder, path) = folder();
    let keys = open(&path);
    let (id, _) = (ready(keys.create()).unwrap(), ready(keys.create()).unwrap());
    ready(keys.destroy(&id, at("2026-11-22T12:00:00Z"))).unwrap();
    let text = fs::read(&path).unwrap();
    assert_eq!(LocalKeys::inspect(&text).unwrap(), KeyCount { live: 1, destroyed: 1 });
    let error = LocalKeys::inspect(&text[..text.len() - 1]).unwrap_err();
    assert_eq!((error.line(), error.problem()), (4, LineProblem::CutOff));
}

#[test]
fn a_root_key_gives_fresh_keys_and_destroys_none() {
    let keys = || LocalKeys::from_key(SecretKey::new([7; 32]));
    let (id, other) = (ready(keys().create()).unwrap(), ready(keys().create()).unwrap());
    assert_ne!(id, other);
    let wrapped = ready(keys().wrap(&id, &secret(), b"epoch 1")).unwrap();
    assert!(ready(keys().unwrap(&id, &wrapped, b"epoch 1")).unwrap().ct_eq(&secret()));
    assert_eq!(refusal(ready(keys().unwrap(&other, &wrapped, b"epoch 1"))), ProviderErrorKind::Refused);
    let now = at("2026-11-22T12:00:00Z");
    assert_eq!(ready(keys().destroy(&id, now)).unwrap(), Destruction::Unsupported);
    assert!(ready(keys().unwrap(&id, &wrapped, b"epoch 1")).is_ok());

    let stranger = LocalKeys::from_key(SecretKey::new([8; 32]));
    assert_eq!(refusal(ready(stranger.unwrap(&id, &wrapped, b"epoch 1"))), ProviderErrorKind::NotMine);
    assert_eq!(refusal(ready(stranger.destroy(&id, now))), ProviderErrorKind::NotMine);
}

/// Runs this test again in a process of its own, since the environment of this one is everybody's.
#[test]
fn a_root_key_comes_from_the_environment_and_its_value_is_never_shown() {
    const NAME: &str = "STEWARDSHIP_TEST_ROOT_KEY";
    const CHILD: &str = "STEWARDSHIP_TEST_CHILD";
    let value = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
    if std::env::var_os(CHILD).is_some() {
        let keys = LocalKeys::from_env(NAME).unwrap();
        let same = LocalKeys::from_key(SecretKey::new(std::array::from_fn(|i| i as u8)));
        let id = ready(keys.create()).unwrap();
        let wrapped = ready(keys.wrap(&id, &secret(), b"")).unwrap();
        assert!(ready(same.unwrap(&id, &wrapped, b"")).unwrap().ct_eq(&secret()));
        assert_eq!(format!("{keys:?}"), "LocalKeys(from a root key)");
        let error = LocalKeys::from_env("STEWARDSHIP_TEST_BAD_KEY").unwrap_err();
        assert_eq!((error.kind(), error.variable()), (RootKeyErrorKind::NotAKey, "STEWARDSHIP_TEST_BAD_KEY"));
        assert!(!format!("{error} {error:?}").contains("1a1b1c1d1e1f"), "{error}");
        return;
    }
    assert_eq!(LocalKeys::from_env(NAME).unwrap_err().kind(), RootKeyErrorKind::Missing);
    let name = "ports::local_keys::tests::a_root_key_comes_from_the_environment_and_its_value_is_never_shown";
    let output = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", name])
        .env(CHILD, "1")
        .env(NAME, value)
        .env("STEWARDSHIP_TEST_BAD_KEY", format!("{value}\n"))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
}

#[test]
fn a_folder_is_not_a_key_file_and_none_is_made() {
    let (folder, _) = folder();
    let error = LocalKeys::from_file(folder.path()).unwrap_err();
    assert_eq!(error.kind(), LocalKeysErrorKind::NotAFile);
    let missing = folder.path().join("missing").join("root.key");
    assert_eq!(LocalKeys::from_file(&missing).unwrap_err().kind(), LocalKeysErrorKind::Missing);
    assert_eq!(LocalKeys::create_file(&missing).unwrap_err().kind(), LocalKeysErrorKind::Io);
    assert!(!missing.parent().unwrap().exists());
}

#[cfg(unix)]
#[test]
fn a_file_that_others_can_reach_is_refused_with_both_modes() {
    use std::os::unix::fs::PermissionsExt;
    let (_folder, path) = folder();
    let keys = open(&path);
    let id = ready(keys.create()).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    for mode in [0o640, 0o604, 0o620, 0o601, 0o777] {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        let error = LocalKeys::from_file(&path).unwrap_err();
        assert_eq!(error.kind(), LocalKeysErrorKind::Exposed { mode });
        let message = error.to_string();
        assert!(message.contains(&format!("`{mode:04o}`")) && message.contains("`0600`"), "{message}");
        // Also a file that was opened when all was well.
        assert_eq!(refusal(ready(keys.wrap(&id, &secret(), b""))), ProviderErrorKind::Unavailable);
    }
    for mode in [0o600, 0o400] {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        assert!(LocalKeys::from_file(&path).is_ok());
    }
}

#[cfg(unix)]
#[test]
fn a_link_is_followed_and_stays_a_link() {
    let (folder, path) = folder();
    open(&path);
    let link = folder.path().join("link.key");
    std::os::unix::fs::symlink(&path, &link).unwrap();
    let id = ready(open(&link).create()).unwrap();
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert!(ready(open(&path).wrap(&id, &secret(), b"")).is_ok());
}

#[test]
fn a_source_that_repeats_itself_makes_no_second_key() {
    struct Stuck;
    impl Entropy for Stuck {
        fn fill(&self, bytes: &mut [u8]) -> Result<(), EntropyError> {
            bytes.fill(7);
            Ok(())
        }
    }
    let keys = LocalKeys::in_memory().with_entropy(Arc::new(Stuck));
    assert!(ready(keys.create()).is_ok());
    assert_eq!(refusal(ready(keys.create())), ProviderErrorKind::Unavailable);
}

#[test]
fn backend_and_entropy_are_the_ones_given() {
    struct Broken;
    impl AeadBackend for Broken {
        fn seal_in_place_detached(
            &self,
            _: &[u8; 32],
            _: &[u8; 12],
            _: &[u8],
            _: &mut [u8],
        ) -> Result<[u8; 16], AeadError> {
            Err(AeadError::new())
        }
        fn open_detached(
            &self,
            _: &[u8; 32],
            _: &[u8; 12],
            _: &[u8],
            _: &[u8],
            _: &[u8; 16],
            _: &mut [u8],
        ) -> Result<(), AeadError> {
            Err(AeadError::new())
        }

        fn prepare(&self, _: &[u8; 32]) -> Result<Box<dyn AeadKey>, AeadError> {
            Err(AeadError::new())
        }
    }
    let seeded = || LocalKeys::in_memory().with_entropy(Arc::new(SeededEntropy::new(3)));
    let id = ready(seeded().create()).unwrap();
    assert_eq!(id, ready(seeded().create()).unwrap());
    let keys = seeded().with_backend(Arc::new(Broken));
    let id = ready(keys.create()).unwrap();
    assert_eq!(refusal(ready(keys.wrap(&id, &secret(), b""))), ProviderErrorKind::Unavailable);
}

#[test]
fn no_key_is_shown() {
    let (_folder, path) = folder();
    let keys = open(&path);
    ready(keys.create()).unwrap();
    assert!(format!("{keys:?}").ends_with("root.key\")"));
    assert_eq!(format!("{:?}", LocalKeys::in_memory()), "LocalKeys(in memory)");
}
