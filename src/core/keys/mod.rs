//! The life of a key: in which phase it is, what may be done with it there, and for how long it protects.
//!
//! The phases are those of NIST SP 800-57 Part 1 rev. 5, section 7; the crypto-period is the policy's (`[keys]`), with the bound of
//! section 5.3.6 where it says nothing. No count of messages bounds a key: nonces have 192 random bits, so that 2^80 messages under one
//! key stay below a chance of 2^-32 that two of them meet, and no counter has to survive a restore.

mod period;
mod phase;

pub use period::{CryptoPeriod, KeyAge};
pub use phase::{KeyEvent, KeyPhase, KeyRefusal};
