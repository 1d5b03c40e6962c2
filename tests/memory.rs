//! What is dropped is gone: the process's own memory is searched for keys and values, in the clear and whole or in part.
//!
//! A program of its own, which starts itself for each case: nothing but the case has put anything there. What is looked for is never in
//! memory in the clear because of the search: keys come from a source whose bytes are computed one by one, and so do texts.
#![cfg(target_os = "linux")]

use std::collections::{BTreeSet, HashSet};
use std::fs::{self, File};
use std::hint::black_box;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use stewardship::access::{Environment, Grant, Read};
use stewardship::contracts::Ports;
use stewardship::crypto::{
    Context, Entropy, EntropyError, Envelope, PlaceKeys, RustCrypto, SecretKey, StreamStart, open, seal,
};
use stewardship::engine::{Blocking, KeyCache};
use stewardship::id::{ConnectionId, Name, RecordId, SubjectId, TenantId};
use stewardship::ports::local_keys::LocalKeys;
use stewardship::ports::memory::Memory;
use stewardship::{
    Classified, ManualClock, Place, Policy, Principal, Purpose, Question, Resource, Scope, Steward, block_on,
};
use zeroize::Zeroizing;

#[test]
fn promise_04_the_search_finds_what_is_alive() {
    alone("alive");
}

#[test]
fn promise_04_a_dropped_key_is_nowhere_in_memory() {
    alone("keys");
}

#[test]
fn promise_04_after_a_day_neither_key_nor_value_is_left_in_memory() {
    alone("day");
}

#[test]
fn promise_04_after_a_day_with_a_cache_neither_key_nor_value_is_left_in_memory() {
    alone("day_with_a_cache");
}

#[test]
fn promise_04_what_a_living_cache_let_go_is_nowhere_in_memory() {
    alone("let_go");
}

/// Runs one of the cases below in a process of its own.
fn alone(case: &str) {
    let this = std::env::current_exe().unwrap();
    let run = Command::new(this).args([case, "--exact", "--ignored", "--nocapture"]).output().unwrap();
    let said = String::from_utf8_lossy(&run.stdout);
    assert!(run.status.success(), "{said}\n{}", String::from_utf8_lossy(&run.stderr));
    assert!(said.contains("1 passed"), "{said}");
}

#[test]
#[ignore = "run by the tests above, in a process of its own"]
fn alive() {
    let source = Known::default();
    let key = SecretKey::generate(&source).unwrap();
    let value = Classified::<String, Note>::new(text(1));
    let found = Needles::of_draws(&source, 1).and_text(1).search();
    assert_eq!(found, BTreeSet::from(["key 0".to_owned(), "text 1".to_owned()]));
    drop((black_box(key), black_box(value)));
}

#[test]
#[ignore = "run by the tests above, in a process of its own"]
fn keys() {
    let source = Known::default();
    let mut derived = Needles::default();
    deeper(&mut || {
        let (tenant, subject) = (Scope::Tenant("acme".into()), Scope::subject("acme", "ada"));
        let secrets = [(); 2].map(|()| SecretKey::generate(&source).unwrap());
        let [first, second] = &secrets;
        let place = PlaceKeys::new(vec![(&tenant, 1, first), (&subject, 1, second)]).unwrap();
        derived.take("place key", place.derive().expose());
        derived.take("derived key", first.derive("index").expose());
        let key = place.key();
        at(|context| {
            let sealed = seal(&RustCrypto, &source, &key, context, text(1).as_bytes()).unwrap();
            let opened = open(&RustCrypto, &key, &Envelope::parse(&sealed).unwrap(), context).unwrap();
            assert_eq!(opened.len(), TEXT);
        });
    });
    assert_eq!(source.keys(), 2);
    let found = derived.and_draws(&source, 2).search();
    assert_eq!(found, BTreeSet::new());
}

#[test]
#[ignore = "run by the tests above, in a process of its own"]
fn day() {
    is_gone_after_a_day(None);
}

#[test]
#[ignore = "run by the tests above, in a process of its own"]
fn day_with_a_cache() {
    // Too small for the keys of one place, so that some are put out of it too.
    is_gone_after_a_day(Some(KeyCache::for_at_most(Duration::from_secs(60)).scopes(2)));
}

/// Keys go out of a cache while the steward lives, each for a reason of its own; those that are kept are found.
#[test]
#[ignore = "run by the tests above, in a process of its own"]
fn let_go() {
    const AGE: Duration = Duration::from_millis(300);
    let (source, provider) = (Known::default(), Known::starting_at(1_000));
    let clock = ManualClock::at("2026-11-22T09:00:00Z".parse().unwrap());
    let mut steward = None;
    deeper(&mut || {
        let policy = Policy::from_toml(include_str!("../examples/policies/complete.toml")).unwrap();
        let keys = LocalKeys::in_memory().with_entropy(Arc::new(provider.clone()));
        let builder = Steward::builder(policy, Memory::new(), keys)
            .danger_entropy(source.clone())
            .key_cache(KeyCache::for_at_most(AGE).scopes(2))
            .clock(clock.clone());
        let built = block_on(builder.build()).unwrap().blocking();
        built.rotate_epoch().unwrap();
        steward = Some(built);
    });
    let steward = steward.unwrap();
    // The keys that are drawn for a value of this person.
    let used = |tenant: &str, person: &str| {
        let before = source.keys();
        deeper(&mut || {
            let value = Classified::<String, Note>::new(text(1));
            let place = Place::tenant(tenant).subject(person).record("r");
            // The first makes the keys, and the second finds them and keeps them.
            for _ in 0..2 {
                steward.seal(&place, "Creator", "note", &value).unwrap();
            }
        });
        before..source.keys()
    };
    let found = |keys: Range<u64>| Needles::default().and_those(keys).search();
    let names = |keys: Range<u64>| keys.map(|key| format!("key {key}")).collect::<BTreeSet<_>>();

    let first = used("acme", "ada");
    assert_eq!((first.clone().count(), found(first.clone())), (2, names(first.clone())), "kept");
    // Pushed out by others.
    let second = used("zenith", "eve");
    assert_eq!((found(first), found(second.clone())), (BTreeSet::new(), names(second.clone())));
    // Changed by this steward: whoever asks next fetches it anew.
    deeper(&mut || steward.suspend_key(&Scope::subject("zenith", "eve"), 1).unwrap());
    let eve = second.end - 1;
    assert_eq!(found(eve..eve + 1), BTreeSet::new());
    // Too old: gone with the next key that is fetched.
    std::thread::sleep(AGE);
    let third = used("nadir", "bob");
    assert_eq!((found(second), found(third.clone())), (BTreeSet::new(), names(third)));
    drop(steward);
}

fn is_gone_after_a_day(cache: Option<KeyCache>) {
    let source = Known::default();
    let provider = Known::starting_at(1_000);
    deeper(&mut || a_day(&source, &provider, cache));
    let (keys, roots) = (source.keys(), provider.keys());
    assert!(keys >= 4 && roots >= 1, "{keys} keys under {roots}: the day has not drawn them here");
    let mut needles = Needles::of_draws(&source, keys).and_draws(&provider, roots);
    for which in 1..=6 {
        needles = needles.and_text(which);
    }
    assert_eq!(needles.search(), BTreeSet::new());
}

stewardship::classes! {
    Handle: Confidential in "creators" = "creator.handle";
    Email: Confidential in "creators" = "creator.email";
    Note: Confidential in "creators" = "creator.note";
}
stewardship::record! {
    struct Creator in "creators" {
        handle: String as Handle;
        email: String as Email, find_by;
        note: Option<String> as Note;
    }
}

const TENANT: &str = "acme-gmbh";
const SHOP: &str = "tiktok-shop:8837";

/// Everything that a steward does with keys and values, and everything dropped.
fn a_day(source: &Known, provider: &Known, cache: Option<KeyCache>) {
    let clock = ManualClock::at("2026-11-22T09:00:00Z".parse().unwrap());
    let policy = Policy::from_toml(include_str!("../examples/policies/complete.toml")).unwrap();
    let keys = LocalKeys::in_memory().with_entropy(Arc::new(provider.clone()));
    let mut steward = Steward::builder(policy.clone(), Memory::new(), keys)
        .bind::<Creator>()
        .danger_entropy(source.clone())
        .clock(clock);
    if let Some(limits) = cache {
        steward = steward.key_cache(limits);
    }
    let steward = block_on(steward.build()).unwrap().blocking();
    let owner = Principal::person(TENANT, "user-olga").role("owner");
    steward.accept_terms(&owner, policy.digest()).unwrap();
    steward.connect(&owner, &ConnectionId::new(SHOP), "tiktok-shop").unwrap();

    let place = Place::tenant(TENANT).connection(SHOP).subject("creator-ada-17").record("r-1");
    let creator = Creator { handle: text(1).into(), email: address(2).into(), note: Some(escaped(3)).into() };
    steward.put(&place, &creator, &sync()).unwrap();
    drop(creator);
    let grant = grant(&steward, &place);
    let opened = steward.open::<Creator>(&grant, &place).unwrap();
    assert_eq!(opened.handle.expose(&grant).unwrap().len(), TEXT);
    drop(opened);

    let column = |value: String| {
        let length = value.len();
        let value = Classified::<String, Note>::new(value);
        let sealed = steward.seal(&place, "Creator", "note", &value).unwrap();
        drop(value);
        let opened = steward.open_sealed::<String, Note>(&grant, &place, "Creator", "note", &sealed).unwrap();
        assert_eq!(opened.expose(&grant).unwrap().len(), length);
        // Of another type: refused, and what was read so far is gone.
        assert!(steward.open_sealed::<Vec<u8>, Note>(&grant, &place, "Creator", "note", &sealed).is_err());
    };
    column(text(4));
    column(escaped(6));

    let mut sealer = steward.seal_stream::<Note>(&place, "Creator", "file").unwrap().pushed();
    let mut sealed = Vec::new();
    for _ in 0..500 {
        sealer.push(Zeroizing::new(text(5)).as_bytes(), &mut sealed).unwrap();
    }
    sealer.finish(&mut sealed).unwrap();
    let start = StreamStart::parse(&sealed).unwrap();
    let opened = steward.open_stream::<Note>(&grant, &place, "Creator", "file", &start).unwrap();
    let (mut opener, mut piece, mut length) =
        (opened.expose(&grant).unwrap().pushed(), Zeroizing::new(Vec::new()), 0);
    for part in sealed[start.len()..].chunks(9_000) {
        opener.push(part, &mut piece).unwrap();
        length += piece.len();
    }
    opener.finish(&mut piece).unwrap();
    assert_eq!(length + piece.len(), 500 * TEXT);

    steward.revoke(&Scope::connection(TENANT, SHOP), "the seller asked").unwrap();
    assert!(steward.open::<Creator>(&grant, &place).is_err());
    steward.sweep().unwrap();
}

fn grant(steward: &Blocking<impl Ports>, place: &Place) -> Grant<Read> {
    let service = Principal::service(TENANT, "sync-service").role("integration");
    let question = Question::read(service, Resource::at::<Creator>(place), sync());
    steward.authorize(&question).unwrap().granted().unwrap_or_else(|denial| panic!("{denial}"))
}

fn sync() -> Purpose {
    Purpose::new("order_sync")
}

fn at(with: impl FnOnce(&Context<'_>)) {
    let (tenant, subject, record) = (TenantId::new("acme"), SubjectId::new("ada"), RecordId::new("1001"));
    let [kind, field, class] = ["Creator", "note", "creator.note"].map(Name::new);
    with(&Context {
        tenant: &tenant,
        environment: Environment::Production,
        connection: None,
        subject: Some(&subject),
        kind: &kind,
        record: &record,
        field: &field,
        class: &class,
    });
}

/// Calls it in a frame of its own, far from the frames of the search.
#[inline(never)]
fn deeper(call: &mut dyn FnMut()) {
    call();
}

/// Bytes in a text.
const TEXT: usize = 96;

/// A text that no other part of the program holds, made letter by letter in a buffer that does not grow.
fn text(which: u64) -> String {
    let mut text = String::with_capacity(TEXT);
    (0..TEXT as u64).for_each(|at| text.push(char::from(letter(which, at))));
    text
}

/// The same with what JSON escapes, in front and behind.
fn escaped(which: u64) -> String {
    let mut escaped = String::with_capacity(TEXT + 4);
    escaped.push('"');
    (0..TEXT as u64).for_each(|at| escaped.push(char::from(letter(which, at))));
    escaped.push_str("\n\\");
    escaped
}

/// The same with what makes it an address, in letters that stay as they are in the normal form.
fn address(which: u64) -> String {
    let mut address = String::with_capacity(TEXT + 8);
    (0..TEXT as u64).for_each(|at| address.push(char::from(letter(which, at))));
    address.push_str("@a.test");
    address
}

fn letter(which: u64, at: u64) -> u8 {
    b'a' + byte(which.wrapping_add(1 << 40), at) % 26
}

/// One byte of one draw; no two bytes of it are ever in one register.
#[inline(never)]
fn byte(draw: u64, at: u64) -> u8 {
    let mut mixed = draw.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ at.wrapping_mul(0xd1b5_4a32_d192_ed03);
    for _ in 0..3 {
        mixed ^= mixed >> 29;
        mixed = mixed.wrapping_mul(0xbf58_476d_1ce4_e5b9);
    }
    (mixed >> 56) as u8
}

/// Randomness that is known, draw by draw. Draws of 32 bytes are keys; the others are nonces, salts and identifiers, which are public.
#[derive(Clone, Default)]
struct Known {
    keys: Arc<AtomicU64>,
    others: Arc<AtomicU64>,
    first: u64,
}

impl Known {
    fn starting_at(first: u64) -> Self {
        Self { first, ..Self::default() }
    }

    /// Number of keys that were drawn.
    fn keys(&self) -> u64 {
        self.keys.load(Ordering::Relaxed)
    }
}

impl Entropy for Known {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), EntropyError> {
        let draw = match bytes.len() {
            32 => self.first + self.keys.fetch_add(1, Ordering::Relaxed),
            _ => self.first + (1 << 20) + self.others.fetch_add(1, Ordering::Relaxed),
        };
        bytes.iter_mut().zip(0..).for_each(|(to, at)| *to = byte(draw, at));
        Ok(())
    }
}

/// A part of that many bytes counts as found. Without optimisation the cipher's and the hash's own frames leave single blocks of 16 bytes
/// on the stack, as they work on them; SECURITY.md says so.
const WINDOW: usize = if cfg!(debug_assertions) { 32 } else { 16 };

const MASK: u8 = 0xA5;

/// What is looked for, masked.
#[derive(Default)]
struct Needles(Vec<(String, Vec<u8>)>);

impl Needles {
    fn of_draws(source: &Known, count: u64) -> Self {
        Self::default().and_draws(source, count)
    }

    fn and_draws(self, source: &Known, count: u64) -> Self {
        self.and_those(source.first..source.first + count)
    }

    fn and_those(mut self, draws: Range<u64>) -> Self {
        for draw in draws {
            self.0.push((format!("key {draw}"), (0..32).map(|at| byte(draw, at) ^ MASK).collect()));
        }
        self
    }

    fn and_text(mut self, which: u64) -> Self {
        let masked = (0..TEXT as u64).map(|at| letter(which, at) ^ MASK).collect();
        self.0.push((format!("text {which}"), masked));
        self
    }

    /// Remembers bytes that cannot be computed here, without a copy in the clear.
    fn take(&mut self, name: &str, bytes: &[u8; 32]) {
        self.0.push((name.to_owned(), bytes.iter().map(|byte| black_box(*byte) ^ MASK).collect()));
    }

    /// The names of what is found somewhere in the memory of this process.
    fn search(&self) -> BTreeSet<String> {
        let windows: HashSet<[u8; WINDOW]> = self
            .0
            .iter()
            .flat_map(|(_, masked)| masked.windows(WINDOW).map(|window| window.try_into().unwrap()))
            .collect();
        let mut begins = vec![false; 1 << 16];
        windows.iter().for_each(|[first, second, ..]| begins[pair(*first, *second)] = true);

        let memory = File::open("/proc/self/mem").unwrap();
        let mut buffer = vec![0_u8; 1 << 20];
        let own = buffer.as_ptr().addr()..buffer.as_ptr().addr() + buffer.len();
        let (mut found, mut searched) = (BTreeSet::new(), 0);
        for (start, end, name) in regions() {
            let mut from = start;
            while from + WINDOW <= end {
                // What was read of it stands in the buffer, and is no other copy.
                if own.contains(&from) {
                    from = own.end;
                    continue;
                }
                let until = if from < own.start { end.min(own.start) } else { end };
                let length = buffer.len().min(until - from);
                // A page may be gone by now, or be none that can be read.
                let Ok(read) = memory.read_at(&mut buffer[..length], from as u64) else { break };
                searched += read;
                for (at, window) in buffer[..read].windows(WINDOW).enumerate() {
                    if !begins[pair(window[0] ^ MASK, window[1] ^ MASK)] {
                        continue;
                    }
                    let masked: [u8; WINDOW] = std::array::from_fn(|i| window[i] ^ MASK);
                    if windows.contains(&masked) {
                        let whose =
                            self.0.iter().find(|(_, own)| own.windows(WINDOW).any(|own| own == masked));
                        let (whose, _) = whose.unwrap();
                        println!("{whose} at {:x} in {name}", from + at);
                        found.insert(whose.clone());
                    }
                }
                buffer[..read].fill(0);
                // The next part begins within this one, so that nothing is missed in between.
                from += if read == length && length > WINDOW { read - (WINDOW - 1) } else { read.max(1) };
                if from + WINDOW > until && until < end {
                    from = own.end;
                } else if until == end && from + WINDOW > end {
                    break;
                }
            }
        }
        assert!(searched > 1 << 20, "{searched} bytes are not the memory of a process");
        found
    }
}

fn pair(first: u8, second: u8) -> usize {
    usize::from(u16::from_be_bytes([first, second]))
}

/// Where this process has memory that it may read.
fn regions() -> Vec<(usize, usize, String)> {
    let maps = fs::read_to_string("/proc/self/maps").unwrap();
    let mut regions = Vec::new();
    for line in maps.lines() {
        let mut words = line.split_whitespace();
        let (range, rights) = (words.next().unwrap(), words.next().unwrap());
        let (start, end) = range.split_once('-').unwrap();
        let [start, end] = [start, end].map(|digits| usize::from_str_radix(digits, 16).unwrap());
        // The kernel's own pages cannot be read in this way.
        let name = words.nth(3).unwrap_or("memory without a name").to_owned();
        if rights.starts_with('r') && !name.starts_with("[v") {
            regions.push((start, end, name));
        }
    }
    regions
}
