//! Values that can be entered in a blind index.

use super::{Classified, DataClass, Labelled};

/// The class of values whose class is not known before the program runs. No policy declares it.
pub(crate) const BY_LABEL: &str = "*";

/// A value that can be entered in a blind index for a column of the host's own: a text with a class, or with a label.
///
/// A class is entered as the policy declares for it; a value with a label alone as text. No value leaves through this.
pub trait Findable: sealed::Indexed {}

impl<C: DataClass> Findable for Classified<String, C> {}

impl Findable for Labelled<String> {}

pub(crate) mod sealed {
    use super::{BY_LABEL, Classified, DataClass, Labelled};

    pub trait Indexed: Sync {
        fn class(&self) -> &'static str;
        fn text(&self) -> &str;
    }

    impl<C: DataClass> Indexed for Classified<String, C> {
        fn class(&self) -> &'static str {
            C::ID
        }

        fn text(&self) -> &str {
            self.for_encoding()
        }
    }

    impl Indexed for Labelled<String> {
        fn class(&self) -> &'static str {
            BY_LABEL
        }

        fn text(&self) -> &str {
            self.inner()
        }
    }
}
