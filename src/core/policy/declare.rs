//! One declaration gives a type of the document: the type, its words or its `new`, its serde form, its reader, its schema.

/// Declares an enum that a policy file names by words.
macro_rules! words {
    (
        $(#[doc = $doc:literal])+
        pub enum $name:ident { $($(#[doc = $vdoc:literal])+ $variant:ident = $word:literal),+ $(,)? }
    ) => {
        $(#[doc = $doc])+
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        #[expect(clippy::exhaustive_enums, reason = "a host that decides on it must decide on each")]
        pub enum $name { $($(#[doc = $vdoc])+ #[serde(rename = $word)] $variant),+ }

        impl $name {
            /// Every value, in order of declaration.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word that a policy uses.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }

            /// The value of a word; `None` for what is none, case and all.
            #[must_use]
            #[inline]
            pub fn named(word: &str) -> Option<Self> {
                match word {
                    $($word => Some(Self::$variant),)+
                    _ => None,
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl $crate::core::policy::Read for $name {
            fn read(
                node: &$crate::core::policy::Node,
                at: &mut $crate::core::policy::Reader<'_>,
            ) -> Self {
                at.word(node, Self::ALL, Self::as_str).unwrap_or_else(Self::stand_in)
            }

            fn stand_in() -> Self {
                [$(Self::$variant),+][0]
            }

            fn expected() -> String {
                $crate::core::policy::one_of([$($word),+].into_iter())
            }

            fn schema(definitions: &mut $crate::core::policy::Definitions) -> serde_json::Value {
                definitions.words(
                    stringify!($name),
                    concat!($($doc),+),
                    &[$(($word, concat!($($vdoc),+))),+],
                )
            }
        }
    };
}
pub(crate) use words;

/// Declares a table of the policy document: first the keys that it has to hold, then those that it may hold.
macro_rules! table {
    // Nothing is required: the empty table is a value, and the default.
    (
        $(#[doc = $doc:literal])+
        pub struct $name:ident { required {} optional { $($optional:tt)* } }
    ) => {
        $crate::core::policy::declare::table! {
            @declare [Default] $(#[doc = $doc])+ $name {} { $($optional)* }
        }
    };
    (
        $(#[doc = $doc:literal])+
        pub struct $name:ident { required { $($required:tt)* } $(optional { $($optional:tt)* })? }
    ) => {
        $crate::core::policy::declare::table! {
            @declare [] $(#[doc = $doc])+ $name { $($required)* } { $($($optional)*)? }
        }
    };
    (
        @declare [$($derive:ident)?] $(#[doc = $doc:literal])+ $name:ident
        { $($(#[doc = $rdoc:literal])+ $rkey:ident : $rtype:ty),* $(,)? }
        { $($(#[doc = $odoc:literal])+ $okey:ident : $otype:ty),* $(,)? }
    ) => {
        $(#[doc = $doc])+
        #[derive(Clone, Debug, PartialEq, Eq, $($derive,)? serde::Serialize)]
        #[non_exhaustive]
        pub struct $name {
            $($(#[doc = $rdoc])+ pub $rkey: $rtype,)*
            $(
                $(#[doc = $odoc])+
                #[serde(skip_serializing_if = "crate::core::policy::is_default")]
                pub $okey: $otype,
            )*
        }

        impl $name {
            /// With what is required alone; the rest is empty.
            #[must_use]
            pub fn new($($rkey: impl $crate::core::policy::Given<$rtype>),*) -> Self {
                Self { $($rkey: $rkey.given(),)* $($okey: Default::default(),)* }
            }

            $(
                $(#[doc = $odoc])+
                #[must_use]
                pub fn $okey(mut self, $okey: impl $crate::core::policy::Given<$otype>) -> Self {
                    self.$okey = $okey.given();
                    self
                }
            )*
        }

        impl $crate::core::policy::Read for $name {
            fn read(
                node: &$crate::core::policy::Node,
                at: &mut $crate::core::policy::Reader<'_>,
            ) -> Self {
                let keys = [$(stringify!($rkey),)* $(stringify!($okey),)*];
                let Some(table) = at.table(node, &keys) else { return Self::stand_in() };
                Self {
                    $($rkey: at.required(table, stringify!($rkey)),)*
                    $($okey: at.optional(table, stringify!($okey)),)*
                }
            }

            fn stand_in() -> Self {
                Self {
                    $($rkey: $crate::core::policy::Read::stand_in(),)*
                    $($okey: Default::default(),)*
                }
            }

            fn expected() -> String {
                "a table".to_owned()
            }

            fn schema(definitions: &mut $crate::core::policy::Definitions) -> serde_json::Value {
                definitions.table(stringify!($name), concat!($($doc),+), |definitions| vec![
                    $((
                        stringify!($rkey),
                        true,
                        concat!($($rdoc),+),
                        <$rtype as $crate::core::policy::Read>::schema(definitions),
                    ),)*
                    $((
                        stringify!($okey),
                        false,
                        concat!($($odoc),+),
                        <$otype as $crate::core::policy::Read>::schema(definitions),
                    ),)*
                ])
            }
        }
    };
}
pub(crate) use table;
