//! Where random bytes come from: a value that the engine is given, so that the core draws none.

use std::error::Error;
use std::fmt;

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

/// The operating system's random source.
#[derive(Clone, Copy, Debug, Default)]
#[expect(clippy::exhaustive_structs, reason = "a unit struct")]
pub struct OsEntropy;

impl Entropy for OsEntropy {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), EntropyError> {
        getrandom::fill(bytes).map_err(EntropyError::new)
    }
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
    fn the_operating_system_fills_the_whole_buffer() {
        // 64 draws that all leave one of 64 bytes at zero: one in 2^506.
        let mut seen = [0_u8; 64];
        for _ in 0..64 {
            let mut bytes = [0; 64];
            OsEntropy.fill(&mut bytes).unwrap();
            seen.iter_mut().zip(bytes).for_each(|(seen, byte)| *seen |= byte);
        }
        assert!(seen.iter().all(|byte| *byte != 0));
    }
}
