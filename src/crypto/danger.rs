//! What destroys protection. Nothing here belongs into a program that holds anyone's data.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

use super::entropy::{Entropy, EntropyError};
use super::key::SecretKey;
use super::mac;

/// A predictable stream of bytes from a seed, for simulations that must run the same way twice.
///
/// **It destroys all protection**: whoever knows the seed knows every key and every nonce, and two sources with the same seed
/// repeat each other's nonces. For tests alone.
///
/// # Example: two runs that are the same
/// ```
/// use stewardship::crypto::{Entropy, danger::SeededEntropy};
/// let (mut first, mut second) = ([0; 40], [0; 40]);
/// SeededEntropy::new(7).fill(&mut first)?;
/// SeededEntropy::new(7).fill(&mut second)?;
/// assert_eq!(first, second);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct SeededEntropy {
    seed: SecretKey,
    block: AtomicU64,
}

impl SeededEntropy {
    /// A stream of its own for each seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let mut bytes = [0; 32];
        bytes.iter_mut().zip(seed.to_be_bytes()).for_each(|(to, from)| *to = from);
        Self { seed: SecretKey::new(bytes), block: AtomicU64::new(0) }
    }
}

impl Entropy for SeededEntropy {
    /// Block `i` of the stream is HMAC-SHA-256 of `i` under the seed; every call starts at a fresh block.
    fn fill(&self, bytes: &mut [u8]) -> Result<(), EntropyError> {
        for chunk in bytes.chunks_mut(32) {
            let block = self.block.fetch_add(1, Ordering::Relaxed);
            let stream = mac::hmac(self.seed.expose(), &[&block.to_be_bytes()]);
            chunk.iter_mut().zip(stream.iter()).for_each(|(to, from)| *to = *from);
        }
        Ok(())
    }
}

impl fmt::Debug for SeededEntropy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SeededEntropy(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_and_calls_differ() {
        let draw = |source: &SeededEntropy| {
            let mut bytes = [0; 33];
            source.fill(&mut bytes).unwrap();
            bytes
        };
        let one = SeededEntropy::new(1);
        let first = draw(&one);
        assert_ne!(first, draw(&one));
        assert_ne!(first, draw(&SeededEntropy::new(2)));
        assert_ne!(first[..], [0; 33]);
    }
}
