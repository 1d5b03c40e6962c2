//! Rules for new passwords.

use secrecy::{ExposeSecret, SecretString};
use unicode_normalization::{UnicodeNormalization, is_nfc};
use zeroize::Zeroizing;

use super::password_faults::{CharacterClass, PasswordFault, PasswordNote, PasswordRefused};
use crate::core::policy::words;

words! {
    /// A rule for new passwords, as somebody published it. None of them estimates strength: length is counted, and what is common or
    /// compromised is for a blocklist to say.
    pub enum PasswordRule {
        /// The security policy's own: at least 12 characters, and a complex mix, read as upper and lower case, digits and special characters.
        Seed12Mix = "seed-12-mix",
        /// PCI DSS v4.0.1 (June 2024), requirement 8.3.6: at least 12 characters, letters and digits.
        PciDss4 = "pci-dss-4",
        /// Amazon's Data Protection Policy, section 1.4, with its Key Security Control Guidance (as of August 2026): at least 12 characters, upper and lower case,
        /// digits and special characters, and no part of the person's name.
        AmazonDpp = "amazon-dpp",
        /// NIST SP 800-63B-4 (July 2025), section 3.1.1.2: at least 15 characters, or 8 beside a second factor; no composition; a blocklist.
        Nist80063B4 = "nist-sp-800-63b-4",
    }
}

/// Whether a password is to stand alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "there is no third way")]
pub enum PasswordUse {
    /// It is all that is asked for.
    SingleFactor,
    /// It is only ever used together with a second factor.
    BesideSecondFactor,
}

const MIX: &[CharacterClass] =
    &[CharacterClass::Upper, CharacterClass::Lower, CharacterClass::Digit, CharacterClass::Special];

/// Above this many bytes nothing is normalised: no text of them has [`PasswordRule::MOST`] characters or fewer that a person would type.
const MOST_BYTES: usize = 4_096;

impl PasswordRule {
    /// The most characters that are taken, under every rule: at least the 64 that NIST SP 800-63B-4 section 3.1.1.2 asks for, and few enough that
    /// hashing one is no work for an attacker to give away.
    pub const MOST: usize = 256;

    /// The fewest characters that it takes.
    #[must_use]
    pub const fn least(self, used: PasswordUse) -> usize {
        match (self, used) {
            (Self::Nist80063B4, PasswordUse::SingleFactor) => 15,
            (Self::Nist80063B4, PasswordUse::BesideSecondFactor) => 8,
            (Self::Seed12Mix | Self::PciDss4 | Self::AmazonDpp, _) => 12,
        }
    }

    /// The classes of which it asks for a character each.
    #[must_use]
    pub const fn composition(self) -> &'static [CharacterClass] {
        match self {
            Self::Seed12Mix | Self::AmazonDpp => MIX,
            Self::PciDss4 => &[CharacterClass::Letter, CharacterClass::Digit],
            Self::Nist80063B4 => &[],
        }
    }

    /// Whether it asks for a comparison with a blocklist. What was found on one is refused by every rule.
    #[must_use]
    pub const fn wants_screening(self) -> bool {
        matches!(self, Self::Nist80063B4)
    }

    /// Whether it forbids parts of the person's name.
    #[must_use]
    pub const fn forbids_names(self) -> bool {
        matches!(self, Self::AmazonDpp)
    }

    /// What there is to say about the rule itself.
    ///
    /// # Example: a complex mix is noted
    /// ```
    /// use stewardship::authentication::{PasswordNote, PasswordRule};
    /// assert!(PasswordRule::Seed12Mix.notes().contains(&PasswordNote::CompositionRuleDiscouraged));
    /// assert!(PasswordRule::Nist80063B4.notes().is_empty());
    /// ```
    #[must_use]
    pub fn notes(self) -> Vec<PasswordNote> {
        let composition = !self.composition().is_empty();
        [
            composition.then_some(PasswordNote::CompositionRuleDiscouraged),
            (!self.wants_screening()).then_some(PasswordNote::ScreeningNotRequired),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    /// Whether the rule takes a new password; if not, all that is wrong with it.
    ///
    /// What no rule can see in a single password stays with the host: that it is changed on evidence of compromise and at no other time (NIST, section
    /// 3.1.1.2), that it is not one of the last four (PCI DSS 8.3.7) or ten (Amazon), the lock-out (PCI DSS 8.3.4; Amazon: after ten; see
    /// [`RateLimit`](super::RateLimit)).
    ///
    /// # Example: long beats complex
    /// ```
    /// use stewardship::authentication::{NewPassword, PasswordFault, PasswordRule, ScreenedAs, SecretString};
    /// let check = |password: &str| {
    ///     let password = SecretString::from(password);
    ///     PasswordRule::Nist80063B4.check(&NewPassword::new(&password).screened(ScreenedAs::Clear))
    /// };
    /// assert!(check("correct horse battery staple").is_ok());
    /// assert_eq!(check("Tr0ub4dor&3").unwrap_err().faults(), [PasswordFault::TooShort { least: 15 }]);
    /// ```
    ///
    /// # Errors
    /// [`PasswordRefused`], which holds nothing of the password.
    pub fn check(self, new: &NewPassword<'_>) -> Result<(), PasswordRefused> {
        let faults = self.faults(new);
        if faults.is_empty() { Ok(()) } else { Err(PasswordRefused::new(self, faults)) }
    }

    fn faults(self, new: &NewPassword<'_>) -> Vec<PasswordFault> {
        let most = Self::MOST;
        if new.password.expose_secret().len() > MOST_BYTES {
            return vec![PasswordFault::TooLong { most }];
        }
        let password = normalised(new.password);
        let password = password.expose_secret();
        let (length, least) = (password.chars().count(), self.least(new.used));
        let found = |fault, is_found: bool| is_found.then_some(fault);
        let mut faults: Vec<_> = [
            found(PasswordFault::TooShort { least }, length < least),
            found(PasswordFault::TooLong { most }, length > most),
            found(PasswordFault::ControlCharacter, password.chars().any(char::is_control)),
        ]
        .into_iter()
        .flatten()
        .collect();
        let lacking = |class: &&CharacterClass| !password.chars().any(|c| class.contains(c));
        faults.extend(self.composition().iter().filter(lacking).map(|class| PasswordFault::Lacks(*class)));
        if self.forbids_names() {
            faults.extend(found(PasswordFault::NameNotGiven, new.names.is_empty()));
            faults.extend(found(PasswordFault::HoldsName, holds_any(password, &new.names)));
        }
        faults.extend(match new.screened {
            ScreenedAs::Clear => None,
            ScreenedAs::Listed => Some(PasswordFault::Listed),
            ScreenedAs::NotScreened => found(PasswordFault::NotScreened, self.wants_screening()),
        });
        faults
    }
}

/// A password that somebody wants to use from now on, and what a rule has to know beside it. It borrows the password and keeps nothing.
pub struct NewPassword<'a> {
    password: &'a SecretString,
    used: PasswordUse,
    names: Vec<&'a str>,
    screened: ScreenedAs,
}

impl<'a> NewPassword<'a> {
    /// A password that is to stand alone, of somebody whose name was not given, compared with no blocklist.
    #[must_use]
    pub const fn new(password: &'a SecretString) -> Self {
        let (used, screened) = (PasswordUse::SingleFactor, ScreenedAs::NotScreened);
        Self { password, used, names: Vec::new(), screened }
    }

    /// How it is to be used.
    #[must_use]
    pub const fn used(mut self, used: PasswordUse) -> Self {
        self.used = used;
        self
    }

    /// Adds a name of the person: their own, that of the account, their address. Its words of three characters or more are its parts; shorter ones
    /// stand in too many words to be held against a password.
    #[must_use]
    pub fn of(mut self, name: &'a str) -> Self {
        self.names.push(name);
        self
    }

    /// What a blocklist said: for a host that asked one elsewhere, over the network say. The whole password is compared (NIST SP 800-63B-4 section
    /// 3.1.1.2), in the form that [`normalised`] gives it.
    #[must_use]
    pub const fn screened(mut self, screened: ScreenedAs) -> Self {
        self.screened = screened;
        self
    }

    /// Asks a blocklist.
    #[must_use]
    pub fn screen(self, blocklist: &(impl Screen + ?Sized)) -> Self {
        // A text that no rule takes is not worth a look-up.
        let too_long = self.password.expose_secret().len() > MOST_BYTES;
        let screened =
            if too_long { ScreenedAs::NotScreened } else { blocklist.screen(&normalised(self.password)) };
        self.screened(screened)
    }
}

/// What a blocklist says of a password.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "a host that answers must answer with each")]
pub enum ScreenedAs {
    /// It is on none of the lists.
    Clear,
    /// It is on one.
    Listed,
    /// It was not looked up, or the lists could not be reached.
    #[default]
    NotScreened,
}

/// A blocklist: passwords that are commonly used, expected or compromised (NIST SP 800-63B-4 section 3.1.1.2).
///
/// To ensure correctness:
///
/// - **whole**: the whole password is compared, never parts of it or words in it;
/// - **kept nowhere**: nothing of the password is stored or logged; over a network at most the first characters of its digest go out (k-anonymity);
/// - **unknown is said**: lists that cannot be reached answer [`ScreenedAs::NotScreened`], never [`ScreenedAs::Clear`].
///
/// Functions are blocklists. A host that looks up over the network does so first, and hands over what it found
/// ([`NewPassword::screened`]).
pub trait Screen {
    /// Looks a password up, which comes [`normalised`].
    fn screen(&self, password: &SecretString) -> ScreenedAs;
}

impl<F: Fn(&SecretString) -> ScreenedAs> Screen for F {
    fn screen(&self, password: &SecretString) -> ScreenedAs {
        self(password)
    }
}

/// The form of a password that is counted, screened and hashed: Unicode Normalization Form C (NIST SP 800-63B-4 section 3.1.1.2; UAX #15).
///
/// Normalise before hashing, when a password is set and when it is verified: one keyboard sends `é` as one code point, another as two.
/// Nothing else is done to it: no trimming, no folding of case.
///
/// # Example: two spellings of one password
/// ```
/// use stewardship::authentication::{ExposeSecret, SecretString, normalised};
/// let (one, two) = (SecretString::from("caf\u{e9}"), SecretString::from("cafe\u{301}"));
/// assert_eq!(normalised(&one).expose_secret(), normalised(&two).expose_secret());
/// ```
#[must_use]
pub fn normalised(password: &SecretString) -> SecretString {
    let text = password.expose_secret();
    if is_nfc(text) {
        return SecretString::from(text);
    }
    SecretString::from(wiped(text.len(), text.nfc()).as_str())
}

/// Collects characters made of a text of `length` bytes into a buffer that is wiped, and is large enough from the start: one that grew would leave
/// what it held behind. No form of a text is more than three times as long (UAX #15 section 12 for NFC; case mappings for lower case).
fn wiped(length: usize, characters: impl Iterator<Item = char>) -> Zeroizing<String> {
    let mut buffer = Zeroizing::new(String::with_capacity(length.saturating_mul(3)));
    buffer.extend(characters);
    buffer
}

/// Whether a text holds a word of three characters or more of one of the names, whatever the case.
fn holds_any(text: &str, names: &[&str]) -> bool {
    let lower = |text: &str| wiped(text.len(), text.chars().flat_map(char::to_lowercase));
    let text = lower(text);
    let holds = |name: &&str| {
        let name = lower(&wiped(name.len(), name.nfc()));
        let mut parts = name.split(|c: char| !c.is_alphanumeric());
        parts.any(|part| part.chars().count() >= 3 && text.contains(part))
    };
    names.iter().any(holds)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn secret(text: &str) -> SecretString {
        SecretString::from(text)
    }

    fn faults(rule: PasswordRule, text: &str) -> Vec<PasswordFault> {
        let password = secret(text);
        let new = NewPassword::new(&password).of("Ada King").screened(ScreenedAs::Clear);
        rule.check(&new).map_or_else(|refused| refused.faults().to_vec(), |()| Vec::new())
    }

    #[test]
    fn all_that_is_wrong_is_told_at_once() {
        use CharacterClass::{Digit, Lower, Special, Upper};
        use PasswordFault::{HoldsName, Lacks, TooShort};
        let short = TooShort { least: 12 };
        let all = [short, Lacks(Upper), Lacks(Lower), Lacks(Digit), Lacks(Special)];
        assert_eq!(faults(PasswordRule::Seed12Mix, ""), all);
        assert_eq!(faults(PasswordRule::Seed12Mix, "Password1234"), [Lacks(Special)]);
        assert_eq!(faults(PasswordRule::Seed12Mix, "Password 1234"), []);
        assert_eq!(
            faults(PasswordRule::AmazonDpp, "ada\n"),
            [short, PasswordFault::ControlCharacter, Lacks(Upper), Lacks(Digit), Lacks(Special), HoldsName]
        );
        assert_eq!(faults(PasswordRule::PciDss4, "password12345"), []);
        assert_eq!(faults(PasswordRule::PciDss4, "123456789012"), [Lacks(CharacterClass::Letter)]);
        assert_eq!(faults(PasswordRule::Nist80063B4, "fourteen chars"), [TooShort { least: 15 }]);
    }

    #[test]
    fn a_name_is_found_in_any_case_and_spelling_and_must_be_given() {
        let check = |text: &str, names: &[&'static str]| {
            let password = secret(text);
            let new = names.iter().fold(NewPassword::new(&password), |new, name| new.of(name));
            PasswordRule::AmazonDpp.check(&new).map_err(|refused| refused.faults().to_vec())
        };
        assert_eq!(check("Quite-Long-77", &["Ada King", "ada@example.com"]), Ok(()));
        assert_eq!(check("Quite-Long-77", &[]), Err(vec![PasswordFault::NameNotGiven]));
        for (text, name) in [
            ("Qu1te-AdA-Long", "Ada King"),
            ("Qu1te-kIng-Long", "Ada King"),
            ("Qu1te-exAmple-Long", "ada@example.com"),
            ("Qu1te-RENE\u{301}-Long", "Ren\u{e9}"),
            ("Qu1te-REN\u{c9}-Long", "Rene\u{301}"),
        ] {
            assert_eq!(check(text, &[name]), Err(vec![PasswordFault::HoldsName]), "{text}");
        }
        // Two characters stand in too many words.
        assert_eq!(check("Qu1te-Long-Word", &["Wo Lo"]), Ok(()));
    }

    #[test]
    fn what_is_listed_is_refused_by_every_rule_and_one_asks_for_the_list() {
        for &rule in PasswordRule::ALL {
            let password = secret("Correct horse battery 5");
            let new = || NewPassword::new(&password).of("Ada King");
            let told = |new: NewPassword<'_>| rule.check(&new).map_err(|refused| refused.faults().to_vec());
            assert_eq!(told(new().screened(ScreenedAs::Clear)), Ok(()));
            assert_eq!(told(new().screened(ScreenedAs::Listed)), Err(vec![PasswordFault::Listed]));
            let unknown = if rule.wants_screening() { Err(vec![PasswordFault::NotScreened]) } else { Ok(()) };
            assert_eq!(told(new()), unknown);
            assert_eq!(told(new().screen(&|_: &SecretString| ScreenedAs::NotScreened)), unknown);
            let composition = rule.notes().contains(&PasswordNote::CompositionRuleDiscouraged);
            assert_eq!(composition, rule != PasswordRule::Nist80063B4);
        }
    }

    #[test]
    fn code_points_are_counted_after_composition() {
        let composed = "\u{e9}".repeat(15);
        assert_eq!(faults(PasswordRule::Nist80063B4, &composed), []);
        let decomposed = "e\u{301}".repeat(15);
        assert_eq!(faults(PasswordRule::Nist80063B4, &decomposed), []);
        let short = [PasswordFault::TooShort { least: 15 }];
        // Fourteen characters, in however many code points and bytes they came.
        assert_eq!(faults(PasswordRule::Nist80063B4, &"e\u{301}".repeat(14)), short);
        assert_eq!(faults(PasswordRule::Nist80063B4, &"\u{1f40e}".repeat(14)), short);
        assert_eq!(faults(PasswordRule::Nist80063B4, &"\u{1f40e}".repeat(15)), []);
        // Compatibility characters stay what they are: the form is NFC, not NFKC.
        assert_eq!(normalised(&secret("\u{fb01}")).expose_secret(), "\u{fb01}");
    }

    #[test]
    fn a_screen_sees_the_form_that_is_hashed() {
        let seen = |password: &SecretString| match password.expose_secret() {
            "caf\u{e9}" => ScreenedAs::Listed,
            _ => ScreenedAs::Clear,
        };
        for text in ["caf\u{e9}", "cafe\u{301}"] {
            let password = secret(text);
            let refused =
                PasswordRule::PciDss4.check(&NewPassword::new(&password).screen(&seen)).unwrap_err();
            assert!(refused.faults().contains(&PasswordFault::Listed));
        }
    }

    #[test]
    fn length_has_an_end_and_so_has_the_work() {
        let most = PasswordRule::MOST;
        let long = [PasswordFault::TooLong { most }];
        assert_eq!(faults(PasswordRule::Nist80063B4, &"x".repeat(most)), []);
        assert_eq!(faults(PasswordRule::Nist80063B4, &"x".repeat(most + 1)), long);
        let huge = secret(&"e\u{301}".repeat(10_000_000));
        let never = |_: &SecretString| -> ScreenedAs { panic!("it is not looked up") };
        let refused = PasswordRule::Nist80063B4.check(&NewPassword::new(&huge).screen(&never)).unwrap_err();
        assert_eq!(refused.faults(), long);
    }

    proptest! {
        /// A longer password never has fewer characters of a class, nor is it too short where its beginning was not.
        #[test]
        fn what_is_added_at_the_end_only_mends(text in "[ -~]{0,40}", more in "[ -~]{0,40}") {
            for &rule in PasswordRule::ALL {
                if rule.forbids_names() {
                    continue;
                }
                let (before, after) = (faults(rule, &text), faults(rule, &format!("{text}{more}")));
                prop_assert!(after.iter().all(|fault| before.contains(fault)));
            }
        }

        /// Nothing of the password stands in what is said about it.
        #[test]
        fn a_refusal_holds_nothing_of_the_password(text in "[Q-Z]{4,11}") {
            let password = secret(&text);
            for &rule in PasswordRule::ALL {
                let refused = rule.check(&NewPassword::new(&password).of(&text)).unwrap_err();
                let told = format!("{refused} {refused:?}");
                prop_assert!(!told.contains(&text));
            }
        }

        /// Its buffer does not grow, which would leave a copy behind; and it is what it says.
        #[test]
        fn any_text_is_normalised_in_place_enough(text in any::<String>()) {
            let collected = wiped(text.len(), text.nfc());
            prop_assert!(collected.len() <= text.len() * 3);
            let lower = wiped(text.len(), text.chars().flat_map(char::to_lowercase));
            prop_assert!(lower.len() <= text.len() * 3);
            let form = normalised(&secret(&text));
            prop_assert!(is_nfc(form.expose_secret()));
            prop_assert_eq!(form.expose_secret(), collected.as_str());
            let again = normalised(&form);
            prop_assert_eq!(again.expose_secret(), form.expose_secret());
        }
    }
}
