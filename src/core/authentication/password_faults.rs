//! What can be wrong with a new password, and with a rule about passwords.

use std::fmt;

use super::password::PasswordRule;

/// A class of characters that a rule of composition asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum CharacterClass {
    /// Letters of any script.
    Letter,
    /// Letters in upper case.
    Upper,
    /// Letters in lower case.
    Lower,
    /// Numerals of any script.
    Digit,
    /// Everything that is neither letter nor numeral, the space among it.
    Special,
}

impl CharacterClass {
    /// Whether a character is of it.
    #[must_use]
    pub fn contains(self, c: char) -> bool {
        match self {
            Self::Letter => c.is_alphabetic(),
            Self::Upper => c.is_uppercase(),
            Self::Lower => c.is_lowercase(),
            Self::Digit => c.is_numeric(),
            Self::Special => !c.is_alphanumeric() && !c.is_control(),
        }
    }
}

/// One thing that is wrong with a new password. None tells anything of the password but that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum PasswordFault {
    /// It is shorter than the rule asks for.
    #[error("it has fewer than {least} characters")]
    TooShort {
        /// The fewest characters that the rule takes.
        least: usize,
    },
    /// It is longer than any rule takes.
    #[error("it has more than {most} characters")]
    TooLong {
        /// The most characters that are taken.
        most: usize,
    },
    /// It holds a character that cannot be typed, such as a tab or a line break.
    #[error("it holds a control character")]
    ControlCharacter,
    /// It holds no character of a class that the rule asks for.
    #[error("{}", match .0 {
        CharacterClass::Letter => "it has no letter",
        CharacterClass::Upper => "it has no upper-case letter",
        CharacterClass::Lower => "it has no lower-case letter",
        CharacterClass::Digit => "it has no digit",
        CharacterClass::Special => "it has no special character",
    })]
    Lacks(CharacterClass),
    /// It holds a part of the person's name, which the rule forbids.
    #[error("it holds a part of the person's name")]
    HoldsName,
    /// The rule forbids parts of the person's name, and no name was given.
    #[error("the person's name was not given, and the rule forbids it")]
    NameNotGiven,
    /// It is on a list of passwords that are common, expected or known to others.
    #[error("it is commonly used, expected or compromised")]
    Listed,
    /// The rule asks for a comparison with such a list, and there was none.
    #[error("it was not compared with a blocklist, which the rule asks for")]
    NotScreened,
}

/// A new password is refused: all that is wrong with it, and nothing of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PasswordRefused {
    rule: PasswordRule,
    faults: Vec<PasswordFault>,
}

impl PasswordRefused {
    pub(super) const fn new(rule: PasswordRule, faults: Vec<PasswordFault>) -> Self {
        Self { rule, faults }
    }

    /// The rule.
    #[must_use]
    pub const fn rule(&self) -> PasswordRule {
        self.rule
    }

    /// What is wrong, at least one thing. The person is to be told (NIST SP 800-63B-4 section 3.1.1.2: the reason for a rejection).
    #[must_use]
    pub fn faults(&self) -> &[PasswordFault] {
        &self.faults
    }
}

impl fmt::Display for PasswordRefused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the password is refused by `{}`", self.rule)?;
        for (at, fault) in self.faults.iter().enumerate() {
            write!(f, "{} {fault}", if at == 0 { ":" } else { "," })?;
        }
        Ok(())
    }
}

impl std::error::Error for PasswordRefused {}

/// What there is to say about a rule itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum PasswordNote {
    /// It asks for a mixture of kinds of characters, which NIST SP 800-63B-4 section 3.1.1.2 forbids to verifiers: people meet it in ways that can be
    /// guessed. Where another duty asks for the mixture, add a [`Screen`](super::Screen).
    #[error(
        "a mixture of kinds of characters is discouraged: NIST SP 800-63B-4 section 3.1.1.2 forbids composition rules"
    )]
    CompositionRuleDiscouraged,
    /// It asks for no comparison with a list of common and compromised passwords, which section 3.1.1.2 requires.
    #[error("no blocklist is asked for, which NIST SP 800-63B-4 section 3.1.1.2 requires")]
    ScreeningNotRequired,
}
