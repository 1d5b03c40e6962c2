//! Identifiers: one type each, so that a tenant is never passed where a subject is meant.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::text::Text;

/// Longest identifier that the engine accepts, in bytes.
///
/// Identifiers go into the context of every envelope; a bound keeps that work bounded.
pub const MAX_ID_BYTES: usize = 256;

macro_rules! id {
    ($(#[$meta:meta])* $name:ident, $shown:ident) => {
        $(#[$meta])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Text);

        impl $name {
            /// Takes the host's own identifier as it is. Length and emptiness are checked where it enters the engine.
            #[inline(always)]
            pub fn new(id: impl AsRef<str>) -> Self {
                Self(Text::new(id.as_ref()))
            }

            /// The identifier, as the host gave it.
            #[must_use]
            #[inline]
            pub fn as_str(&self) -> &str {
                self.0.as_str()
            }

            #[allow(dead_code, reason = "not every identifier is sealed")]
            pub(crate) const fn text(&self) -> &Text {
                &self.0
            }

            /// Whether the engine accepts it: not empty, at most [`MAX_ID_BYTES`], no control characters.
            #[must_use]
            #[inline]
            pub fn is_well_formed(&self) -> bool {
                let id = self.as_str();
                !id.is_empty() && id.len() <= MAX_ID_BYTES && !id.chars().any(char::is_control)
            }
        }

        impl From<&str> for $name {
            #[inline(always)]
            fn from(id: &str) -> Self {
                Self::new(id)
            }
        }

        impl From<String> for $name {
            fn from(id: String) -> Self {
                Self::new(id)
            }
        }

        impl From<&$name> for $name {
            fn from(id: &$name) -> Self {
                id.clone()
            }
        }

        id!(@$shown $name);
    };
    (@public $name:ident) => {
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({:?})", stringify!($name), self.as_str())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
    // An identifier of a person may itself be an e-mail address: never shown, not even in an error.
    (@personal $name:ident) => {
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}(…)", stringify!($name))
            }
        }
    };
}

id! {
    /// A customer organisation: the outermost boundary of every key, record and question.
    TenantId, public
}
id! {
    /// A tenant's connection to a platform (one authorised shop, say).
    ConnectionId, public
}
id! {
    /// The person whom data is about. Personal: has no `Display`, and `Debug` hides it.
    SubjectId, personal
}
id! {
    /// One record of a kind. Personal (an order number leads to a buyer): has no `Display`, and `Debug` hides it.
    RecordId, personal
}
id! {
    /// Who asks: a person of the tenant, or a service. Personal: has no `Display`, and `Debug` hides it.
    PrincipalId, personal
}
id! {
    /// One data-subject request.
    CaseId, public
}

/// A name that the policy declares: a category, a class, a purpose, a role, a rule, a platform, a source, a processor.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Name(Text);

impl Name {
    /// Takes the name as it is; whether the policy declares it is asked where it is used.
    #[inline(always)]
    pub fn new(name: impl AsRef<str>) -> Self {
        Self(Text::new(name.as_ref()))
    }

    /// The name as text.
    #[must_use]
    #[inline]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    pub(crate) const fn text(&self) -> &Text {
        &self.0
    }

    /// A number that differs for most names.
    #[inline]
    pub(crate) fn scattered(&self) -> u32 {
        self.0.scattered()
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`", self.as_str())
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::borrow::Borrow<str> for Name {
    fn borrow(&self) -> &str {
        self.as_str()
    }
}

impl From<&str> for Name {
    #[inline(always)]
    fn from(name: &str) -> Self {
        Self::new(name)
    }
}

impl From<String> for Name {
    fn from(name: String) -> Self {
        Self::new(name)
    }
}

impl From<&Name> for Name {
    fn from(name: &Name) -> Self {
        name.clone()
    }
}

impl PartialEq<str> for Name {
    fn eq(&self, other: &str) -> bool {
        self.0.as_bytes() == other.as_bytes()
    }
}

impl PartialEq<&str> for Name {
    fn eq(&self, other: &&str) -> bool {
        self.0.as_bytes() == other.as_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identifier_of_a_person_is_not_shown() {
        let subject = SubjectId::new("ada@example.com");
        assert_eq!(format!("{subject:?}"), "SubjectId(…)");
        assert_eq!(subject.as_str(), "ada@example.com");
    }

    #[test]
    fn empty_long_and_control_characters_are_not_well_formed() {
        assert!(TenantId::new("acme").is_well_formed());
        for bad in ["", "a\nb", &"x".repeat(MAX_ID_BYTES + 1)] {
            assert!(!TenantId::new(bad).is_well_formed(), "{bad:?}");
        }
    }
}
