//! Sets that say two things that no request is.

use std::fmt;

use crate::core::classification::Level;
use crate::core::id::Name;
use crate::core::policy::RequestSet;

/// Why a set holds no request, told from its own words: whatever is claimed of all requests in it would hold.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Contradiction {
    /// The lowest level lies above the highest.
    Levels {
        /// The lowest level.
        from_level: Level,
        /// The highest level.
        up_to: Level,
    },
    /// The principal has one of these roles, and none of them.
    Roles(Vec<Name>),
}

impl fmt::Display for Contradiction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Levels { from_level, up_to } => {
                write!(f, "`from_level` is `{from_level}`, and `up_to` is `{up_to}`, which is lower")
            }
            Self::Roles(roles) => {
                let roles = roles.iter().map(|role| format!("`{role}`")).collect::<Vec<_>>().join(", ");
                write!(f, "whoever has one of `roles` has one of `without_roles` ({roles})")
            }
        }
    }
}

impl Contradiction {
    /// What contradicts in a set. A set can be empty in other ways, which only a proof would tell.
    pub(crate) fn of(set: &RequestSet) -> Option<Self> {
        if let (Some(from_level), Some(up_to)) = (set.from_level, set.up_to)
            && from_level > up_to
        {
            return Some(Self::Levels { from_level, up_to });
        }
        let nobody = !set.roles.is_empty() && set.roles.is_subset(&set.without_roles);
        nobody.then(|| Self::Roles(set.roles.iter().cloned().collect()))
    }
}
