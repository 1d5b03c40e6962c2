//! The words of the policy as plain enums, compiled in.

/// Plain enums, each with its words.
macro_rules! words {
    ($($(#[$meta:meta])* $name:ident { $($word:ident = $text:literal),+ $(,)? })+) => {$(
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum $name { $($word),+ }

        impl $name {
            pub const ALL: [Self; [$($text),+].len()] = [$(Self::$word),+];

            pub fn parse(text: &str) -> Option<Self> {
                match text {
                    $($text => Some(Self::$word),)+
                    _ => None,
                }
            }

            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$word => $text),+ }
            }

            /// A set with it alone.
            pub const fn bit(self) -> u8 {
                1 << self as u8
            }
        }
    )+};
}

words! {
    Role {
        Owner = "owner",
        Support = "support",
        Analyst = "analyst",
        Integration = "integration",
        PrivacyOfficer = "privacy_officer",
    }
    Action { Read = "read", Write = "write", Export = "export", Share = "share", Erase = "erase" }
    Category {
        ConnectedPlatform = "connected_platform",
        Creators = "creators",
        Orders = "orders",
        Billing = "billing",
        Account = "account",
    }
    Level { Public = "public", Internal = "internal", Confidential = "confidential", Restricted = "restricted" }
    Purpose { Selling = "selling", Service = "service", SubjectRequests = "subject_requests" }
    Kind { Person = "person", Service = "service" }
    /// How fresh the second factor is, as far as the policy tells.
    Mfa { None = "none", Day = "24 hours", HalfDay = "12 hours" }
}

const HOUR: i64 = 3_600;

impl Mfa {
    /// Of one that was verified then, in seconds since 1970; one in the future is none.
    #[inline]
    pub fn of(at: Option<i64>, now: i64) -> Self {
        match at.map(|at| now - at) {
            Some(0..=43_200) => Self::HalfDay,
            Some(43_201..=86_400) => Self::Day,
            _ => Self::None,
        }
    }

    /// A moment at which it was verified.
    pub const fn example(self, now: i64) -> Option<i64> {
        match self {
            Self::None => None,
            Self::Day => Some(now - 18 * HOUR),
            Self::HalfDay => Some(now - HOUR),
        }
    }
}

/// A set of roles.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Roles(pub u8);

impl Roles {
    pub const fn with(self, role: Role) -> Self {
        Self(self.0 | role.bit())
    }

    /// Every set of the five roles, the empty one among them.
    pub fn every_set() -> impl Iterator<Item = Self> {
        (0..1 << Role::ALL.len()).map(Self)
    }

    /// The roles' numbers.
    #[inline]
    pub fn numbers(self) -> impl Iterator<Item = usize> {
        let mut left = self.0;
        std::iter::from_fn(move || {
            (left != 0).then(|| {
                let number = left.trailing_zeros() as usize;
                left &= left - 1;
                number
            })
        })
    }
}
