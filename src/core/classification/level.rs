//! The four levels and their order.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// How sensitive data is: `Public < Internal < Confidential < Restricted`, a total order.
///
/// # Example: data flows up, never down
/// ```
/// use stewardship::classification::Level;
/// assert!(Level::Internal.may_flow_to(Level::Restricted));
/// assert!(!Level::Restricted.may_flow_to(Level::Internal));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(clippy::exhaustive_enums, reason = "a host that decides on a level must decide on each")]
pub enum Level {
    /// Meant for open publication.
    Public,
    /// Routine operational content that is not meant for release.
    Internal,
    /// Needs restricted access: account data, support records, business information.
    Confidential,
    /// Needs the strongest controls: credentials, secrets, a platform's data.
    Restricted,
}

impl Level {
    /// Every level, lowest first.
    pub const ALL: [Self; 4] = [Self::Public, Self::Internal, Self::Confidential, Self::Restricted];

    /// Whether data of this level may enter a place that is cleared for `clearance`.
    #[must_use]
    pub fn may_flow_to(self, clearance: Self) -> bool {
        self <= clearance
    }

    /// The name that a policy uses.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Internal => "internal",
            Self::Confidential => "confidential",
            Self::Restricted => "restricted",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A text that names no level.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a level: one of `public`, `internal`, `confidential`, `restricted` is expected")]
pub struct UnknownLevel(());

impl FromStr for Level {
    type Err = UnknownLevel;

    /// # Errors
    /// [`UnknownLevel`] for any other text; case counts.
    fn from_str(text: &str) -> Result<Self, UnknownLevel> {
        Self::ALL.into_iter().find(|level| level.as_str() == text).ok_or(UnknownLevel(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_is_total_and_flow_follows_it() {
        for (i, low) in Level::ALL.into_iter().enumerate() {
            for (j, high) in Level::ALL.into_iter().enumerate() {
                assert_eq!(low.may_flow_to(high), i <= j, "{low} -> {high}");
            }
        }
    }

    #[test]
    fn names_are_read_back() {
        for level in Level::ALL {
            assert_eq!(level.as_str().parse(), Ok(level));
        }
        assert!("Restricted".parse::<Level>().is_err());
    }
}
