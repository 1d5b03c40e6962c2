//! Where random bytes come from: a value that the engine is given, so that the core draws none.

use std::cell::RefCell;
use std::error::Error;
use std::fmt;
use std::process;

use chacha20::ChaCha20Rng;
use chacha20::rand_core::{Rng, SeedableRng};
use zeroize::Zeroizing;

/// A source of unpredictable bytes, for keys and nonces.
///
/// To ensure correctness:
/// - **`unpredictable`**: nobody can tell the next byte, not even from all that came before (NIST SP 800-90A).
/// - **`whole`**: the buffer is filled as a whole, or the answer is an error.
pub trait Entropy: Send + Sync + 'static {
    /// Fills `bytes`.
    ///
    /// # Errors
    /// The source failed; nothing may be sealed with what is in the buffer.
    fn fill(&self, bytes: &mut [u8]) -> Result<(), EntropyError>;
}

/// The operating system's random source: the default for everything, and the one for keys.
#[derive(Clone, Copy, Debug, Default)]
#[expect(clippy::exhaustive_structs, reason = "a unit struct")]
pub struct OsEntropy;

impl Entropy for OsEntropy {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), EntropyError> {
        getrandom::fill(bytes).map_err(EntropyError::new)
    }
}

/// A stream of each thread's own for **nonces**, seeded by the operating system: for who seals many small values one by one, where the
/// system's source costs more than the cipher. Keys come from [`OsEntropy`].
///
/// The stream is ChaCha20 (RFC 8439), seeded with 256 bits of the system's and seeded anew after 64 KiB: in the words of NIST SP 800-90C
/// a chain of DRBGs, without prediction resistance, and with backtracking resistance from one seed to the next. A nonce is
/// public, and has to be unique and nothing else. ChaCha20 is no mechanism of SP 800-90A: inside a FIPS 140 boundary take
/// [`OsEntropy`].
///
/// - **After a fork** the child seeds its own stream: the process's number is compared at each call, at the price of a system call. On Linux from
///   6.11 on with glibc 2.41 or later, where a draw of [`OsEntropy`] needs none, that one is as cheap.
/// - **After a copy of the running process** (a snapshot of a virtual machine or a container that is started twice) both
///   copies go on with the same stream, up to 64 KiB: each pair of values that they seal under one nonce and one key is laid open. The kernel's own
///   source is told of such copies where the hypervisor tells it; this one never is. Where hosts are started from snapshots of memory,
///   take [`OsEntropy`]. It is therefore the default.
/// - The seed and the stream are wiped when the thread ends; those of the main thread may outlive it (see [`std::thread::LocalKey`]).
///
/// # Example: many values, one by one
/// ```
/// # use stewardship::Scope;
/// # use stewardship::access::Environment;
/// # use stewardship::id::{Name, RecordId, TenantId};
/// use stewardship::crypto::{Context, Envelope, OsEntropy, PlaceKeys, RustCrypto, Sealer, SecretKey, ThreadEntropy};
///
/// # let (scope, secret) = (Scope::Tenant("acme".into()), SecretKey::generate(&OsEntropy)?);
/// # let key = PlaceKeys::new(vec![(&scope, 1, &secret)])?.key();
/// # let (tenant, kind, record) = (TenantId::new("acme"), Name::new("order"), RecordId::new("1001"));
/// # let (field, class) = (Name::new("email"), Name::new("buyer.email"));
/// # let here = Context { tenant: &tenant, environment: Environment::Production, connection: None, subject: None, kind: &kind, record: &record, field: &field, class: &class };
/// let mut sealer = Sealer::new(&RustCrypto, &ThreadEntropy);
/// let (mut first, mut second) = (Vec::new(), Vec::new());
/// sealer.seal_into(&key, &here, b"ada@example.com", &mut first)?;
/// sealer.seal_into(&key, &here, b"ada@example.com", &mut second)?;
/// assert_ne!(Envelope::parse(&first)?.nonce(), Envelope::parse(&second)?.nonce());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default)]
#[expect(clippy::exhaustive_structs, reason = "a unit struct")]
pub struct ThreadEntropy;

impl Entropy for ThreadEntropy {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), EntropyError> {
        let filled = STREAM.try_with(|stream| match stream.try_borrow_mut() {
            Ok(mut stream) if bytes.len() <= SEED_LIMIT => Some(fill_from(&mut stream, process::id(), bytes)),
            _ => None,
        });
        // A thread that is ending has no stream any more.
        filled.ok().flatten().unwrap_or_else(|| OsEntropy.fill(bytes))
    }
}

/// The most bytes of a stream under one seed.
const SEED_LIMIT: usize = 64 * 1024;

thread_local! {
    static STREAM: RefCell<Option<Stream>> = const { RefCell::new(None) };
}

/// What is left of a seed's stream, and whose it is.
struct Stream {
    generator: ChaCha20Rng,
    process: u32,
    left: usize,
}

impl Stream {
    fn seeded(process: u32) -> Result<Self, EntropyError> {
        let mut seed = Zeroizing::new([0; 32]);
        OsEntropy.fill(&mut *seed)?;
        Ok(Self { generator: ChaCha20Rng::from_seed(*seed), process, left: SEED_LIMIT })
    }
}

/// Fills from the stream where it is this process's and has enough left; from a new one otherwise.
fn fill_from(stream: &mut Option<Stream>, process: u32, bytes: &mut [u8]) -> Result<(), EntropyError> {
    let current = match stream {
        Some(current) if current.process == process && current.left >= bytes.len() => current,
        _ => stream.insert(Stream::seeded(process)?),
    };
    current.generator.fill_bytes(bytes);
    current.left = current.left.saturating_sub(bytes.len());
    Ok(())
}

/// The random source failed.
#[derive(Debug)]
pub struct EntropyError {
    source: Box<dyn Error + Send + Sync>,
}

impl EntropyError {
    /// Takes the source's own failure.
    pub fn new(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { source: source.into() }
    }
}

impl fmt::Display for EntropyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the random source failed")
    }
}

impl Error for EntropyError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.source)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_buffer_is_filled() {
        for source in [&OsEntropy as &dyn Entropy, &ThreadEntropy] {
            // 64 draws that all leave one of 64 bytes at zero: one in 2^506.
            let mut seen = [0_u8; 64];
            for _ in 0..64 {
                let mut bytes = [0; 64];
                source.fill(&mut bytes).unwrap();
                seen.iter_mut().zip(bytes).for_each(|(seen, byte)| *seen |= byte);
            }
            assert!(seen.iter().all(|byte| *byte != 0));
        }
        let mut large = vec![0; SEED_LIMIT + 1];
        ThreadEntropy.fill(&mut large).unwrap();
        assert!(large.rchunks(64).all(|chunk| chunk.len() < 64 || chunk.iter().any(|byte| *byte != 0)));
    }

    #[test]
    fn no_two_nonces_are_the_same_in_any_thread() {
        let draw = || {
            let nonce = |_| {
                let mut nonce = [0_u8; 24];
                ThreadEntropy.fill(&mut nonce).unwrap();
                nonce
            };
            (0..20_000).map(nonce).collect::<Vec<_>>()
        };
        let threads: Vec<_> = (0..4).map(|_| std::thread::spawn(draw)).collect();
        let all: Vec<_> = threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect();
        let distinct: std::collections::HashSet<_> = all.iter().collect();
        assert_eq!((all.len(), distinct.len()), (80_000, 80_000));
    }

    fn draw(stream: &mut Option<Stream>, process: u32) -> [u8; 24] {
        let mut bytes = [0; 24];
        fill_from(stream, process, &mut bytes).unwrap();
        bytes
    }

    fn fixed(process: u32) -> Option<Stream> {
        Some(Stream { generator: ChaCha20Rng::from_seed([7; 32]), process, left: SEED_LIMIT })
    }

    /// What a fork leaves: the same memory twice, and two numbers.
    #[test]
    fn a_child_does_not_go_on_with_its_parents_stream() {
        let (mut parent, mut same, mut child) = (fixed(1), fixed(1), fixed(1));
        let first = draw(&mut parent, 1);
        assert_eq!(draw(&mut same, 1), first);
        assert_ne!(draw(&mut child, 2), first);
        assert_ne!(draw(&mut child, 2), draw(&mut parent, 1));
        assert_eq!((parent.unwrap().process, child.unwrap().process), (1, 2));
    }

    #[test]
    fn a_seed_serves_its_limit_and_no_byte_more() {
        let (mut stream, mut known) = (fixed(1), ChaCha20Rng::from_seed([7; 32]));
        let mut drawn = 0;
        while drawn + 24 <= SEED_LIMIT {
            let mut expected = [0; 24];
            known.fill_bytes(&mut expected);
            assert_eq!(draw(&mut stream, 1), expected);
            drawn += 24;
        }
        let mut expected = [0; 24];
        known.fill_bytes(&mut expected);
        assert_ne!(draw(&mut stream, 1), expected);
        assert_eq!(stream.unwrap().left, SEED_LIMIT - 24);
    }
}
