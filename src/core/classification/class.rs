//! Classes: a named kind of data as a Rust type.

use std::fmt;
use std::marker::PhantomData;

use super::level::{FlowsTo, JoinWith, Level, StaticLevel};

/// A named kind of data, with its level and category: what [`Classified`](super::Classified) is labelled with.
///
/// Declared through [`classes!`](crate::classes), never by hand; that the policy says the same is checked when the engine starts.
/// Its level as a value is `ClassSpec::of::<C>().level`: read off the type, so that the two cannot drift.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a class of data",
    label = "a class is needed here",
    note = "declare it: `stewardship::classes! {{ pub {Self}: Confidential in \"category\" = \"class.name\"; }}`"
)]
pub trait DataClass: 'static {
    /// Name of the class, as the policy declares it.
    const ID: &'static str;
    /// Its category.
    const CATEGORY: &'static str;
    /// Its level, as a type of [`levels`](super::levels).
    type Level: StaticLevel;
}

/// What a value is labelled with: a declared [`DataClass`], [`Both`] of two, or one that was [raised](At).
pub trait Class: 'static {
    /// The level, as a type of [`levels`](super::levels).
    type Level: StaticLevel;

    /// Shows the declared classes that it is made of, each at the level that it has here.
    fn parts(part: &mut dyn FnMut(ClassSpec));
}

impl<C: DataClass> Class for C {
    type Level = C::Level;

    fn parts(part: &mut dyn FnMut(ClassSpec)) {
        part(ClassSpec::of::<C>());
    }
}

/// The class of two values together: what was of `A` and what was of `B`, at the higher of their levels.
pub struct Both<A, B>(PhantomData<fn() -> (A, B)>);

impl<A: Class, B: Class> Class for Both<A, B>
where
    A::Level: JoinWith<B::Level>,
{
    type Level = <A::Level as JoinWith<B::Level>>::Level;

    fn parts(part: &mut dyn FnMut(ClassSpec)) {
        let level = <Self::Level as StaticLevel>::LEVEL;
        let mut raised = |class: ClassSpec| part(ClassSpec { level: class.level.join(level), ..class });
        A::parts(&mut raised);
        B::parts(&mut raised);
    }
}

/// Class `C`, raised to level `L`.
pub struct At<C, L>(PhantomData<fn() -> (C, L)>);

impl<C: Class, L: StaticLevel> Class for At<C, L>
where
    C::Level: FlowsTo<L>,
{
    type Level = L;

    fn parts(part: &mut dyn FnMut(ClassSpec)) {
        C::parts(&mut |class| part(ClassSpec { level: L::LEVEL, ..class }));
    }
}

/// A class as a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ClassSpec {
    /// Name of the class.
    pub id: &'static str,
    /// Its level.
    pub level: Level,
    /// Its category.
    pub category: &'static str,
    /// Of its name: [`id_hash`], made by the compiler.
    pub(crate) hash: u64,
}

impl ClassSpec {
    /// The class `C` as a value.
    #[must_use]
    pub const fn of<C: DataClass>() -> Self {
        SpecOf::<C>::SPEC
    }
}

/// What makes of a class's value a constant, whose name is hashed once and not at each use.
struct SpecOf<C>(PhantomData<fn() -> C>);

impl<C: DataClass> SpecOf<C> {
    const SPEC: ClassSpec = ClassSpec {
        id: C::ID,
        level: <C::Level as StaticLevel>::LEVEL,
        category: C::CATEGORY,
        hash: id_hash(C::ID),
    };
}

/// By which tables of classes are sorted before their names are: FNV-1a, 64 bits. It tells most names apart at once, and no more is asked of it.
pub(crate) const fn id_hash(id: &str) -> u64 {
    let mut rest = id.as_bytes();
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    while let [byte, tail @ ..] = rest {
        // Lossless, and `u64::from` is no constant function.
        hash = (hash ^ *byte as u64).wrapping_mul(0x100_0000_01b3);
        rest = tail;
    }
    hash
}

/// `creator.email: confidential`
impl fmt::Display for ClassSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id)?;
        f.write_str(": ")?;
        f.write_str(self.level.as_str())
    }
}

/// Declares classes of data.
///
/// Each line is `Type: Level in "category" = "class.name";`. A first line `pub struct Name;` gives the set of them a name, by which
/// [`bind`](crate::engine::Builder::bind) takes classes that stand in no record (columns of the host's own tables, say).
///
/// # Example: a token and an address
/// ```
/// use stewardship::classification::{ClassSpec, DataClass, Level};
///
/// stewardship::classes! {
///     /// OAuth token that a seller granted us.
///     pub PlatformToken: Restricted in "connected_platform" = "platform.token";
///     /// A creator's e-mail address.
///     pub CreatorEmail: Confidential in "creators" = "creator.email";
/// }
///
/// assert_eq!(ClassSpec::of::<PlatformToken>().level, Level::Restricted);
/// assert_eq!(CreatorEmail::ID, "creator.email");
/// ```
#[macro_export]
macro_rules! classes {
    (
        $(#[$set_meta:meta])* $set_vis:vis struct $set:ident ;
        $($(#[$meta:meta])* $vis:vis $name:ident : $level:ident in $category:literal = $id:literal ;)+
    ) => {
        $(#[$set_meta])*
        $set_vis enum $set {}

        impl $crate::classification::Declares for $set {
            fn declare(map: &mut $crate::classification::DataMap) {
                $(map.class::<$name>();)+
            }
        }

        $crate::classes! { $($(#[$meta])* $vis $name: $level in $category = $id;)+ }
    };
    ($($(#[$meta:meta])* $vis:vis $name:ident : $level:ident in $category:literal = $id:literal ;)+) => {
        $(
            $(#[$meta])*
            $vis enum $name {}

            impl $crate::classification::DataClass for $name {
                const ID: &'static str = $id;
                const CATEGORY: &'static str = $category;
                type Level = $crate::classification::levels::$level;
            }
        )+
    };
}
