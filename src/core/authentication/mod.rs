//! Authentication: what a host was told about who is asking, as facts that are checked once and then carried as small values.
//!
//! Nobody signs in here: there is no login page, no identity provider, no token format. What others said (an identity provider, a
//! verifier of tokens, a person who chooses a password) goes through a verifier of this room, and what comes out is typed:
//! [`Mfa`] only where there were two factors, [`Session`] only where a signature held, [`PasswordHash`] only where a guess costs what it
//! should. Nothing reads a clock, and nothing does I/O: the time is an argument, and so is what a blocklist said.

mod amr;
mod mfa;
mod password;
mod password_faults;
mod password_hash;
mod rate_limit;
mod rate_limiter;
mod session;
mod session_claims;

pub use amr::{Amr, Factor, Method};
pub use mfa::{Authentication, Enrolment, Mfa, MfaError, MfaRule};
pub use password::{NewPassword, PasswordRule, PasswordUse, Screen, ScreenedAs, normalised};
pub use password_faults::{CharacterClass, PasswordFault, PasswordNote, PasswordRefused};
pub use password_hash::{PasswordHash, PasswordHashError, PasswordHashErrorKind, PasswordScheme};
pub use rate_limit::{Attempts, BadRateLimit, RateLimit, RateLimited};
pub use rate_limiter::{KeyedLimited, KeyedLimiter};
pub use session::{MAX_TOKEN_BYTES, Session, SessionError, SessionErrorKind, SessionRules};
pub use session_claims::{SessionClaims, SessionVerifier, Unverified};

// What a password is held in: of the version that this room takes.
pub use secrecy::{ExposeSecret, SecretString};
