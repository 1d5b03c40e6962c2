//! The macro that declares records.

/// Declares a record: a struct, or an enum, whose every field has a class.
///
/// A field is `name: Type as Class;`, or `name: Other;` with another type that `record!` declares (of the same category). Options stand
/// behind commas: `find_by` enters a field in the blind index (in the form that the policy declares for its class), `at = "/json/pointer"`
/// says where a platform's JSON has it, seen from the record around it. A field without a class does not compile.
///
/// An enum names the class of the choice itself, and for each variant the word that is stored: `Card = "card" { … }`.
///
/// Stored, exported and indexed is each value on its own: those of a nested record under a dotted name (`buyer.name`), the variant of
/// an enum under the name of its field, and the variant's fields behind its word (`payment.card.tail`).
///
/// The type is `Debug` already, and shows classes, no values. It is `Clone` where you ask for it with `#[derive(Clone)]`: each copy of
/// personal data is one more to keep an eye on.
///
/// # Example: a creator whom a seller works with
/// ```
/// use stewardship::classification::{Level, Record};
///
/// stewardship::classes! {
///     pub CreatorHandle: Confidential in "creators" = "creator.handle";
///     pub CreatorEmail: Confidential in "creators" = "creator.email";
/// }
/// stewardship::record! {
///     /// A creator whom a seller works with.
///     pub struct Creator in "creators" {
///         pub handle: String as CreatorHandle;
///         pub email: String as CreatorEmail, find_by, at = "/contact/email";
///     }
/// }
///
/// assert_eq!(Creator::level(), Level::Confidential);
/// let creator = Creator { handle: "@ada".to_owned().into(), email: "ada@example.com".to_owned().into() };
/// assert_eq!(format!("{creator:?}"), "Creator { handle: <creator.handle: confidential>, email: <creator.email: confidential> }");
/// ```
///
/// # Example: an order with its buyer, and one of two ways to pay
/// ```
/// use stewardship::classification::RecordSpec;
/// # stewardship::classes! {
/// #     Number: Internal in "orders" = "order.number";
/// #     BuyerName: Confidential in "orders" = "order.buyer_name";
/// #     Method: Internal in "orders" = "order.method";
/// #     CardTail: Confidential in "orders" = "order.card_tail";
/// # }
/// stewardship::record! {
///     pub struct Buyer in "orders" {
///         pub name: String as BuyerName;
///     }
/// }
/// stewardship::record! {
///     pub enum Payment in "orders" as Method, at = "/kind" {
///         Card = "card" { tail: String as CardTail; }
///         Cash = "cash" {}
///     }
/// }
/// stewardship::record! {
///     pub struct Order in "orders" {
///         pub number: String as Number;
///         pub buyer: Buyer, at = "/recipient";
///         pub payment: Payment;
///     }
/// }
///
/// let order = Order {
///     number: "1001".to_owned().into(),
///     buyer: Buyer { name: "Ada".to_owned().into() },
///     payment: Payment::Card { tail: "1111".to_owned().into() },
/// };
/// assert!(format!("{order:?}").ends_with("payment: Payment(<order.method: internal>) }"));
/// let names: Vec<_> = RecordSpec::of::<Order>().fields.iter().map(|field| field.name.to_string()).collect();
/// assert_eq!(names, ["number", "buyer.name", "payment", "payment.card.tail"]);
/// ```
///
/// # Example: a field without a class does not compile
/// ```compile_fail,E0277
/// stewardship::classes! { CreatorHandle: Confidential in "creators" = "creator.handle"; }
/// stewardship::record! {
///     struct Creator in "creators" {
///         handle: String as CreatorHandle;
///         email: String;
///     }
/// }
/// ```
#[macro_export]
macro_rules! record {
    (
        $(#[$meta:meta])*
        $vis:vis struct $name:ident in $category:literal {
            $(
                $(#[$fmeta:meta])*
                $fvis:vis $field:ident : $ty:ty $(as $class:ty)? $(, $option:ident $(= $value:literal)?)* ;
            )+
        }
    ) => {
        $(#[$meta])*
        $vis struct $name {
            $($(#[$fmeta])* $fvis $field: $crate::__content!($ty $(, $class)?),)+
        }

        const _: () = {
            use $crate::classification::__macro::*;

            const MEMBERS: &[Member] = &[
                $($crate::__member!(
                    $ty $(, $class)? => ::core::stringify!($field), Options::new()$(.$option($($value)?))*
                )),+
            ];

            impl Walk for $name {
                #[inline]
                fn visit(&self, path: &Path<'_>, to: &mut dyn Visit) {
                    visit_members(path, MEMBERS, &[$(&self.$field),+], to);
                }
            }

            impl Content for $name {
                const SHAPE: Shape = Shape::Record(::core::stringify!($name), MEMBERS);

                #[inline]
                fn build(fields: &mut Fields<'_>) -> ::core::option::Option<Self> {
                    let path = fields.step();
                    let mut fields = fields.of(&path, MEMBERS);
                    match Parts::build_all(&mut fields) {
                        ::core::option::Option::Some($crate::__parts!($($field)+)) => {
                            ::core::option::Option::Some(Self { $($field),+ })
                        }
                        ::core::option::Option::None => ::core::option::Option::None,
                    }
                }
            }
        };

        $crate::__record!($name in $category);
    };
    (
        $(#[$meta:meta])*
        $vis:vis enum $name:ident in $category:literal as $tag:ty $(, at = $tag_at:literal)? {
            $(
                $(#[$vmeta:meta])*
                $variant:ident = $word:literal {
                    $(
                        $(#[$fmeta:meta])*
                        $field:ident : $ty:ty $(as $class:ty)? $(, $option:ident $(= $value:literal)?)* ;
                    )*
                }
            )+
        }
    ) => {
        $(#[$meta])*
        $vis enum $name {
            $(
                $(#[$vmeta])*
                $variant { $($(#[$fmeta])* $field: $crate::__content!($ty $(, $class)?),)* },
            )+
        }

        const _: () = {
            use $crate::classification::__macro::*;

            const CHOICE: Choice = Choice::of::<$tag>(Options::new()$(.at($tag_at))?, &[
                $(($word, &[
                    $($crate::__member!(
                        $ty $(, $class)? => ::core::stringify!($field), Options::new()$(.$option($($value)?))*
                    )),*
                ])),+
            ]);

            impl Walk for $name {
                #[inline]
                fn visit(&self, path: &Path<'_>, to: &mut dyn Visit) {
                    match self {
                        $(Self::$variant { $($field),* } => {
                            visit_variant(path, &CHOICE, $word, &[$($field),*], to);
                        })+
                    }
                }
            }

            impl Content for $name {
                const SHAPE: Shape = Shape::Choice(::core::stringify!($name), CHOICE);

                #[inline]
                fn build(fields: &mut Fields<'_>) -> ::core::option::Option<Self> {
                    let path = fields.step();
                    let chosen = fields.chosen(&path, &CHOICE)?;
                    match chosen.as_str() {
                        $($word => {
                            let path = path.variant(&CHOICE, $word);
                            let mut _fields = fields.of(&path, CHOICE.members($word));
                            match Parts::build_all(&mut _fields) {
                                ::core::option::Option::Some($crate::__parts!($($field)*)) => {
                                    ::core::option::Option::Some(Self::$variant { $($field),* })
                                }
                                ::core::option::Option::None => ::core::option::Option::None,
                            }
                        })+
                        _ => {
                            fields.no_such_variant(&path, &CHOICE);
                            ::core::option::Option::None
                        }
                    }
                }
            }
        };

        $crate::__record!($name in $category);
    };
}

/// What structs and enums have in common.
#[doc(hidden)]
#[macro_export]
macro_rules! __record {
    ($name:ident in $category:literal) => {
        impl ::core::fmt::Debug for $name {
            #[inline]
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                $crate::classification::__macro::show_shape(
                    f,
                    &<Self as $crate::classification::__macro::Content>::SHAPE,
                )
            }
        }

        impl $crate::classification::Record for $name {
            const KIND: &'static str = ::core::stringify!($name);
            const CATEGORY: &'static str = $category;
        }
    };
}

/// Fields one behind the other, as pairs.
#[doc(hidden)]
#[macro_export]
macro_rules! __parts {
    () => { () };
    ($field:ident $($rest:ident)*) => { ($field, $crate::__parts!($($rest)*)) };
}

/// The type of a field: a value of a class, or another record.
#[doc(hidden)]
#[macro_export]
macro_rules! __content {
    ($ty:ty) => { $ty };
    ($ty:ty, $class:ty) => { $crate::classification::Classified<$ty, $class> };
}

/// A field, as what its record is known by: read off the class where there is one, which is less to compile than the field's type.
#[doc(hidden)]
#[macro_export]
macro_rules! __member {
    ($ty:ty => $name:expr, $options:expr) => {
        Member::of::<$ty>($name, $options)
    };
    ($ty:ty, $class:ty => $name:expr, $options:expr) => {
        Member::value::<$class>($name, $options)
    };
}
