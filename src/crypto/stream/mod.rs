//! Streams: large values, sealed chunk by chunk and bound to their place.
//!
//! From the bottom up: the chunks as C2SP specifies them, what seals and opens them in place, pushes of any length and access in any order
//! over that, and last readers and writers.

mod chunks;
mod io;
mod opener;
mod push;
mod random;
mod sealer;
mod start;
#[cfg(test)]
mod tests;

use std::fmt;

use super::envelope::{FORMAT, Header, MAX_HEAD, Suite};
use super::key::SecretKey;

pub use self::chunks::{SEALED_STREAM_CHUNK, STREAM_CHUNK};
pub use self::io::{SeekableReader, StreamReader, StreamWriter};
pub use self::opener::StreamOpener;
pub use self::push::{PushOpener, PushSealer};
pub use self::random::{ChunkAt, RandomOpener};
pub use self::sealer::StreamSealer;
pub use self::start::{MAX_STREAM_START, StreamStart};

/// The most bytes of plaintext that a stream holds: 4 PiB less one byte, in 2^38 chunks, the last of which is shorter (C2SP).
///
/// A chunk's number is xored into the last 38 bits of the nonce, so that no nonce wraps; and 2^48 blocks of AES under one key leave an
/// attacker an advantage below 2^-32.
pub const MAX_STREAM_BYTES: u64 = chunks::MAX_CHUNKS * STREAM_CHUNK as u64 - 1;

/// The key that seals streams at a place, and the versions of the scopes' keys that it is made of. Wiped on drop.
///
/// From [`PlaceKeys::stream_key`](super::PlaceKeys::stream_key).
pub struct StreamKey {
    header: Header,
    /// Of a stream, encoded.
    head: Vec<u8>,
    key: SecretKey,
}

impl StreamKey {
    pub(super) fn new(header: Header, key: SecretKey) -> Self {
        let mut head = Vec::with_capacity(MAX_HEAD);
        header.encode(FORMAT, Suite::Cobblestone256, &mut head);
        Self { header, head, key }
    }

    /// The head of what is sealed under it.
    #[must_use]
    pub const fn header(&self) -> &Header {
        &self.header
    }
}

impl fmt::Debug for StreamKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("StreamKey").field(&self.header).finish()
    }
}
