//! Classes: a named kind of data as a Rust type.

use super::Level;

/// A named kind of data, with its level and category: what [`Classified`](super::Classified) is labelled with.
///
/// Declared through [`classes!`](crate::classes), never by hand; that the policy says the same is checked when the engine starts.
pub trait DataClass: 'static {
    /// Name of the class, as the policy declares it.
    const ID: &'static str;
    /// Its level.
    const LEVEL: Level;
    /// Its category.
    const CATEGORY: &'static str;
}

/// A [`DataClass`] as a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ClassSpec {
    /// Name of the class.
    pub id: &'static str,
    /// Its level.
    pub level: Level,
    /// Its category.
    pub category: &'static str,
}

impl ClassSpec {
    /// The class `C` as a value.
    #[must_use]
    pub const fn of<C: DataClass>() -> Self {
        Self { id: C::ID, level: C::LEVEL, category: C::CATEGORY }
    }
}

/// Declares classes of data.
///
/// Each line is `Type: Level in "category" = "class.name";`.
///
/// # Example: a token and an address
/// ```
/// use stewardship::classification::{DataClass, Level};
///
/// stewardship::classes! {
///     /// OAuth token that a seller granted us.
///     pub PlatformToken: Restricted in "connected_platform" = "platform.token";
///     /// A creator's e-mail address.
///     pub CreatorEmail: Confidential in "creators" = "creator.email";
/// }
///
/// assert_eq!(PlatformToken::LEVEL, Level::Restricted);
/// assert_eq!(CreatorEmail::ID, "creator.email");
/// ```
#[macro_export]
macro_rules! classes {
    ($($(#[$meta:meta])* $vis:vis $name:ident : $level:ident in $category:literal = $id:literal ;)+) => {
        $(
            $(#[$meta])*
            #[derive(Clone, Copy, Debug, PartialEq, Eq)]
            $vis enum $name {}

            impl $crate::classification::DataClass for $name {
                const ID: &'static str = $id;
                const LEVEL: $crate::classification::Level = $crate::classification::Level::$level;
                const CATEGORY: &'static str = $category;
            }
        )+
    };
}
