//! Methods of authentication, and the factors that they prove.

use std::borrow::Cow;
use std::fmt;

use serde::de::{SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::core::policy::words;

words! {
    /// One way in which somebody was authenticated: a value of the claim `amr` (RFC 8176 section 2, and its registry at IANA, whence `pop`).
    pub enum Method {
        /// Recognition of a face.
        Face = "face",
        /// A fingerprint.
        Fpt = "fpt",
        /// Where the device is.
        Geo = "geo",
        /// Proof of possession of a key that hardware secures.
        Hwk = "hwk",
        /// A scan of the iris.
        Iris = "iris",
        /// Answers that others may know as well.
        Kba = "kba",
        /// A second channel of communication, such as a call to a number that was registered before.
        Mca = "mca",
        /// More than one factor; which ones may be listed beside it.
        Mfa = "mfa",
        /// A one-time password (RFC 4226, RFC 6238).
        Otp = "otp",
        /// A number or pattern that unlocks a key on the device.
        Pin = "pin",
        /// Proof of possession of a key, wherever that is kept.
        Pop = "pop",
        /// A password.
        Pwd = "pwd",
        /// What the provider made of the risk.
        Rba = "rba",
        /// A scan of the retina.
        Retina = "retina",
        /// A smart card.
        Sc = "sc",
        /// A text message to a registered number.
        Sms = "sms",
        /// Proof of possession of a key that software secures.
        Swk = "swk",
        /// A telephone call to a registered number.
        Tel = "tel",
        /// That somebody was there and touched the device.
        User = "user",
        /// Recognition of a voice.
        Vbm = "vbm",
        /// Windows integrated authentication.
        Wia = "wia",
    }
}

/// A kind of evidence that somebody is who they say (NIST SP 800-63B-4 section 2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_enums, reason = "there are three, and whoever weighs them must weigh each")]
pub enum Factor {
    /// Something that they know.
    Knowledge,
    /// Something that they have.
    Possession,
    /// Something that they are.
    Inherence,
}

impl Method {
    /// The factor that it proves; `None` where it proves none by itself.
    ///
    /// `mca` counts as possession: RFC 8176 asks for a second channel, which is an out-of-band device (NIST SP 800-63B-4 section 3.1.3),
    /// and not for a second factor. `kba` proves nothing: section 3.1 knows no such authenticator. Nor do `user`, `geo`, `rba` and `wia`,
    /// which tell of the circumstances (section 2: checks before the authentication substitute for no factor); `mfa` tells that there were
    /// several and is read by [`Amr::is_multi_factor`].
    #[must_use]
    #[inline]
    pub const fn factor(self) -> Option<Factor> {
        match self {
            Self::Pwd | Self::Pin => Some(Factor::Knowledge),
            Self::Hwk | Self::Mca | Self::Otp | Self::Pop | Self::Sc | Self::Sms | Self::Swk | Self::Tel => {
                Some(Factor::Possession)
            }
            Self::Face | Self::Fpt | Self::Iris | Self::Retina | Self::Vbm => Some(Factor::Inherence),
            Self::Geo | Self::Kba | Self::Mfa | Self::Rba | Self::User | Self::Wia => None,
        }
    }

    /// Whether it goes through the telephone network, whose use is restricted (NIST SP 800-63B-4 section 3.1.3.3).
    #[must_use]
    #[inline]
    pub const fn is_restricted(self) -> bool {
        matches!(self, Self::Sms | Self::Tel)
    }

    /// Whether it proves possession of a key. That alone does not resist phishing: see [`Mfa::resists_phishing`](super::Mfa::resists_phishing).
    #[must_use]
    #[inline]
    pub const fn proves_a_key(self) -> bool {
        matches!(self, Self::Hwk | Self::Swk | Self::Pop | Self::Sc)
    }

    const fn bit(self) -> u32 {
        1 << self as u32
    }
}

/// The methods by which somebody was authenticated: the claim `amr`, as a set of bits.
///
/// In serde it is a list of the names of RFC 8176. Names that this crate does not know add nothing to the set.
///
/// # Example: a password and a PIN are one factor
/// ```
/// use stewardship::authentication::Amr;
/// assert!(!Amr::from_names(["pwd", "pin"]).is_multi_factor());
/// assert!(Amr::from_names(["pwd", "otp"]).is_multi_factor());
/// ```
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Amr(u32);

impl Amr {
    /// No method.
    pub const NONE: Self = Self(0);

    /// Reads the names of the claim. They are compared as RFC 8176 writes them, case and all; one that is not known is passed over, since what is
    /// not understood proves nothing.
    #[inline]
    pub fn from_names<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        names.into_iter().filter_map(Method::named).collect()
    }

    /// Whether `method` is among them.
    #[must_use]
    #[inline]
    pub const fn contains(self, method: Method) -> bool {
        self.0 & method.bit() != 0
    }

    /// The set with one more.
    #[must_use]
    #[inline]
    pub const fn with(self, method: Method) -> Self {
        Self(self.0 | method.bit())
    }

    /// The set less those of `others`: for a host that does not take a text message for a second factor, say. Without `mfa` among the
    /// `others`, the provider's word that there were two factors stays.
    #[must_use]
    #[inline]
    pub const fn without(self, others: Self) -> Self {
        Self(self.0 & !others.0)
    }

    /// Whether every method of `others` is among them.
    #[must_use]
    #[inline]
    pub const fn contains_all(self, others: Self) -> bool {
        self.0 & others.0 == others.0
    }

    /// Whether at least one of `others` is among them.
    #[must_use]
    #[inline]
    pub const fn contains_any(self, others: Self) -> bool {
        self.0 & others.0 != 0
    }

    /// Whether there is none.
    #[must_use]
    #[inline]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The methods, in alphabetical order.
    #[inline]
    pub fn iter(self) -> impl Iterator<Item = Method> {
        Method::ALL.iter().copied().filter(move |method| self.contains(*method))
    }

    /// The bits, one for each [`Method`] in order of declaration. They are for comparing within a process, and may mean something else in
    /// another version: what is stored is the names.
    #[must_use]
    #[inline]
    pub const fn bits(self) -> u32 {
        self.0
    }

    /// Whether any of them proves `factor`.
    #[must_use]
    #[inline]
    pub fn proves(self, factor: Factor) -> bool {
        self.iter().any(|method| method.factor() == Some(factor))
    }

    /// Whether two different factors were proved, or the provider says so itself (`mfa`).
    ///
    /// One of the two is something that the person has: NIST SP 800-63B-4 section 2.2.1 takes a password or a biometric comparison together
    /// with a physical authenticator, and a biometric characteristic is no authenticator by itself. So `["pwd", "face"]` is one factor short.
    #[must_use]
    #[inline]
    pub fn is_multi_factor(self) -> bool {
        self.contains(Method::Mfa)
            || self.proves(Factor::Possession)
                && (self.proves(Factor::Knowledge) || self.proves(Factor::Inherence))
    }
}

impl FromIterator<Method> for Amr {
    fn from_iter<I: IntoIterator<Item = Method>>(methods: I) -> Self {
        methods.into_iter().fold(Self::NONE, Self::with)
    }
}

impl fmt::Debug for Amr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter().map(Method::as_str)).finish()
    }
}

impl Serialize for Amr {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(self.iter())
    }
}

impl<'de> Deserialize<'de> for Amr {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Names;

        impl<'de> Visitor<'de> for Names {
            type Value = Amr;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of authentication method references")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut names: A) -> Result<Amr, A::Error> {
                let mut amr = Amr::NONE;
                while let Some(name) = names.next_element::<Cow<'_, str>>()? {
                    amr = Method::named(&name).map_or(amr, |method| amr.with(method));
                }
                Ok(amr)
            }
        }

        from.deserialize_seq(Names)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_amr() -> impl Strategy<Value = Amr> {
        (0_u32..1 << Method::ALL.len()).prop_map(Amr)
    }

    #[test]
    fn each_method_has_a_bit_of_its_own() {
        assert_eq!(Method::ALL.len(), 21);
        let all: Amr = Method::ALL.iter().copied().collect();
        assert_eq!(all.bits(), (1 << 21) - 1);
        assert!(all.iter().eq(Method::ALL.iter().copied()));
    }

    #[test]
    fn two_different_factors_are_wanted_and_one_of_them_is_something_one_has() {
        for (names, multi) in [
            (&["pwd"][..], false),
            (&["pwd", "pin"], false),
            (&["otp", "sms"], false),
            (&["hwk"], false),
            (&["fpt", "face"], false),
            // A biometric characteristic is no authenticator by itself (NIST SP 800-63B-4 section 2.2.1).
            (&["pwd", "face"], false),
            // Neither circumstances nor answers that others know are a factor.
            (&["pwd", "geo", "rba", "user", "wia"], false),
            (&["otp", "kba"], false),
            // A second channel is something one has, and is not a second factor by itself.
            (&["mca"], false),
            (&["mca", "otp"], false),
            (&["pwd", "mca"], true),
            (&["pwd", "otp"], true),
            (&["pwd", "sms"], true),
            (&["pin", "sc"], true),
            (&["fpt", "hwk"], true),
            (&["pin", "pop"], true),
            (&["mfa"], true),
            (&["pwd", "mfa"], true),
            // What is not known proves nothing, and case is not forgiven.
            (&["pwd", "OTP"], false),
            (&["pwd", "otp "], false),
            (&["pwd", "passkey"], false),
            (&[], false),
        ] {
            assert_eq!(Amr::from_names(names.iter().copied()).is_multi_factor(), multi, "{names:?}");
        }
    }

    #[test]
    fn a_text_message_is_restricted_and_can_be_left_out() {
        let restricted: Vec<_> = Method::ALL.iter().filter(|method| method.is_restricted()).collect();
        assert_eq!(restricted, [&Method::Sms, &Method::Tel]);
        let by_phone = Amr::from_names(["sms", "tel"]);
        assert!(!Amr::from_names(["pwd", "sms"]).without(by_phone).is_multi_factor());
        assert!(Amr::from_names(["pwd", "sms", "otp"]).without(by_phone).is_multi_factor());
    }

    #[test]
    fn serde_takes_names_and_passes_over_what_it_does_not_know() {
        let read: Amr = serde_json::from_str(r#"["pwd", "passkey", "otp", "pwd"]"#).unwrap();
        assert_eq!(read, Amr::from_names(["otp", "pwd"]));
        assert_eq!(serde_json::to_string(&read).unwrap(), r#"["otp","pwd"]"#);
        assert_eq!(format!("{read:?}"), r#"["otp", "pwd"]"#);
        for wrong in ["\"pwd\"", "[1]", "{}", "null", "[null]"] {
            assert!(serde_json::from_str::<Amr>(wrong).is_err(), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn serde_gives_back_what_it_took(amr in any_amr()) {
            let text = serde_json::to_string(&amr).unwrap();
            prop_assert_eq!(serde_json::from_str::<Amr>(&text).unwrap(), amr);
        }

        /// More proof never makes less of it.
        #[test]
        fn a_further_method_never_takes_a_factor_away(amr in any_amr(), more in any_amr()) {
            let both: Amr = amr.iter().chain(more.iter()).collect();
            prop_assert!(both.contains_all(amr) && both.contains_all(more));
            prop_assert!(!amr.is_multi_factor() || both.is_multi_factor());
            prop_assert_eq!(both.without(more).without(amr), Amr::NONE);
            prop_assert_eq!(amr.contains_any(more), amr.without(more) != amr);
        }

        /// Whatever is said of a single factor in however many ways, there is no second one.
        #[test]
        fn methods_of_one_factor_are_one_factor(amr in any_amr()) {
            for factor in [Factor::Knowledge, Factor::Possession, Factor::Inherence] {
                let alone = |method: &Method| method.factor() == Some(factor);
                let one: Amr = amr.iter().filter(alone).collect();
                prop_assert!(!one.is_multi_factor());
            }
        }
    }
}
