//! The normal form of a value, by which it is found.
//!
//! Two writings of one value have one normal form, and two values never share one, but for what is said here. Where that cannot be told,
//! there is no normal form, and the answer says why.

use std::fmt;

use zeroize::Zeroizing;

use super::document::FindBy;
use super::policy::Policy;
use super::vocabulary::Normalise;

/// Bits of an uncut entry of the blind index.
pub const FULL_BITS: u8 = 128;

/// The fewest bits to which an entry may be cut.
pub const LEAST_BITS: u8 = 16;

/// The most digits of a telephone number with its country calling code (ITU-T E.164, section 6.2).
const MOST_DIGITS: usize = 15;

/// A value in its normal form: what is compared where one is looked for. Wiped when it is dropped, and `Debug` shows nothing of it.
#[derive(Clone, PartialEq, Eq)]
pub struct NormalForm(Zeroizing<String>);

impl NormalForm {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for NormalForm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NormalForm(…)")
    }
}

/// Why a value has no normal form. Never shows the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotNormal {
    /// Not one `@` with something on both sides, or white space or a control character in between.
    #[error("it is no e-mail address: one `@` is needed, with something on both sides and no space between")]
    Address,
    /// Something that no telephone number holds: a letter, an extension, a `+` in the middle.
    #[error(
        "it is no telephone number: digits are needed, with spaces, hyphens, dots, slashes or parentheses between them"
    )]
    Number,
    /// A telephone number without a country calling code, where the policy declares none.
    #[error("it has no country calling code: write it with `+`, or declare the `calling_code` of its class")]
    National,
    /// A national telephone number without the declared trunk prefix `0`, so that it may be one of some town.
    #[error(
        "it has neither a country calling code nor the `trunk` prefix of its class: it may be a number of some town"
    )]
    Local,
    /// More digits than ITU-T E.164 allows, too few to be a number, or a country calling code that begins with 0.
    #[error(
        "it is no number of ITU-T E.164: `+`, a country calling code, and at most {MOST_DIGITS} digits in all"
    )]
    E164,
}

impl FindBy {
    /// The normal form of a value.
    ///
    /// - `email`: white space around it goes, and all of it is put in lower case (Unicode), the part before the `@` too: RFC 5321, section
    ///   2.4, lets hosts tell case apart there, and hardly any does. There has to be exactly one `@`, so that quoted local parts that hold
    ///   another are refused. Dots, and what stands behind a `+`, count: whether `a.b@…` is `ab@…` is for its host alone to say. A domain
    ///   in its own script and its `xn--` form are two.
    /// - `phone`: ITU-T E.164. White space, hyphens, dots, slashes and parentheses go; `00` in front becomes `+`. A number without either
    ///   is national: it gets the declared `calling_code` in place of the declared `trunk`; without a declared code it is refused, and so
    ///   is one without its trunk where that is a 0 (it is a number of some town). In an international number the declared trunk goes
    ///   where it stands in parentheses behind the declared code, as in `+49 (0)30`; a 0 behind any other parenthesis of one is refused,
    ///   because whether it counts is not known here.
    /// - `text`: white space around it goes, and it is put in lower case (Unicode).
    /// - `exact`: as it is.
    ///
    /// Canonically equivalent spellings (é as one character or as two) are not joined: a table of Unicode would be one dependency more.
    ///
    /// # Errors
    /// [`NotNormal`], which says what is missing and never shows the value.
    ///
    /// # Example: one number in three writings
    /// ```
    /// use stewardship::policy::{FindBy, Normalise};
    /// let berlin = FindBy::new(Normalise::Phone).calling_code("49").trunk("0");
    /// for writing in ["+49 30 901820", "0049-30-901820", "(030) 901820", "+49 (0)30 / 901820"] {
    ///     assert_eq!(berlin.normal(writing)?.as_str(), "+4930901820");
    /// }
    /// assert!(FindBy::new(Normalise::Phone).normal("030 901820").is_err()); // of which country?
    /// # Ok::<(), stewardship::policy::NotNormal>(())
    /// ```
    pub fn normal(&self, value: &str) -> Result<NormalForm, NotNormal> {
        let normal = match self.normalise {
            Normalise::Email => email(value)?,
            Normalise::Phone => phone(value, self.calling_code.as_deref(), self.trunk.as_deref())?,
            Normalise::Text => lower(value),
            Normalise::Exact => Zeroizing::new(value.to_owned()),
        };
        Ok(NormalForm(normal))
    }

    /// How many bits of an entry are kept.
    #[must_use]
    pub fn kept_bits(&self) -> u8 {
        self.bits.unwrap_or(FULL_BITS).clamp(LEAST_BITS, FULL_BITS)
    }

    /// With how many others, on average, a value shares its entry, where a tenant has so many different values in a field: (*n* − 1) / 2^*bits*.
    ///
    /// That is what cutting buys: below 1, an entry points at one value to whoever can test guesses; at 9, at ten of them, each as likely. It buys
    /// nothing against counting: equal values have equal entries at any length.
    ///
    /// # Example: a million addresses at 128 bits, and at 16
    /// ```
    /// use stewardship::policy::{FindBy, Normalise};
    /// assert!(FindBy::new(Normalise::Email).shared_by(1_000_000) < 1e-30);
    /// assert_eq!(FindBy::new(Normalise::Email).bits(16_u8).shared_by(1_000_000) as u32, 15);
    /// ```
    #[must_use]
    pub fn shared_by(&self, values: u32) -> f64 {
        f64::from(values.saturating_sub(1)) / 2_f64.powi(i32::from(self.kept_bits()))
    }

    /// The whole declaration as one text: what differs gives other entries.
    pub(crate) fn told(&self) -> String {
        let part = |part: &Option<String>| part.clone().unwrap_or_default();
        format!("{}/{}/{}/{}", self.normalise, self.kept_bits(), part(&self.calling_code), part(&self.trunk))
    }
}

impl Policy {
    /// How values of a class are entered in the blind index: as the policy declares, and where it declares nothing, as text, uncut.
    #[must_use]
    pub fn find_by(&self, class: &str) -> FindBy {
        let declared = self.class(class).and_then(|class| class.find_by.clone());
        declared.unwrap_or_else(|| FindBy::new(Normalise::Text))
    }
}

fn lower(value: &str) -> Zeroizing<String> {
    Zeroizing::new(value.trim().to_lowercase())
}

fn email(value: &str) -> Result<Zeroizing<String>, NotNormal> {
    let value = value.trim();
    if value.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err(NotNormal::Address);
    }
    match value.split_once('@') {
        Some((local, domain)) if !local.is_empty() && !domain.is_empty() && !domain.contains('@') => {
            Ok(lower(value))
        }
        _ => Err(NotNormal::Address),
    }
}

fn phone(value: &str, code: Option<&str>, trunk: Option<&str>) -> Result<Zeroizing<String>, NotNormal> {
    let written = value.trim();
    if let Some(rest) = written.strip_prefix('+').or_else(|| written.strip_prefix("00")) {
        let mut number = room(written);
        number.push('+');
        digits(rest, code.zip(trunk), &mut number)?;
        return e164(number, 1);
    }
    let mut national = room(written);
    digits(written, None, &mut national)?;
    let code = code.ok_or(NotNormal::National)?;
    let number = match trunk {
        Some(trunk) => match national.strip_prefix(trunk) {
            Some(number) => number,
            // Where the prefix is a 0, a number without it is one of some town, and nobody says which.
            None if trunk.starts_with('0') => return Err(NotNormal::Local),
            None => &national,
        },
        None => &national,
    };
    let mut whole = room(written);
    ["+", code, number].into_iter().for_each(|part| whole.push_str(part));
    e164(whole, code.len())
}

/// A buffer that does not have to grow, so that it leaves no part of a number behind.
fn room(written: &str) -> Zeroizing<String> {
    Zeroizing::new(String::with_capacity(written.len().saturating_add(8)))
}

/// Takes the digits out of a number; what may stand between them goes. `declared`: the calling code and the trunk prefix that may stand
/// behind it in parentheses.
fn digits(written: &str, declared: Option<(&str, &str)>, to: &mut String) -> Result<(), NotNormal> {
    let mut left = written;
    while let Some(c) = left.chars().next() {
        left = left.get(c.len_utf8()..).unwrap_or_default();
        if c == '(' && to.starts_with('+') {
            let (code, trunk) = declared.unwrap_or_default();
            let behind = left.strip_prefix(trunk).and_then(|left| left.strip_prefix(')'));
            match behind {
                Some(behind) if to.strip_prefix('+') == Some(code) => left = behind,
                // Whether this 0 is part of the number is known to nobody here.
                _ if left.trim_start().starts_with('0') => return Err(NotNormal::Number),
                _ => {}
            }
            continue;
        }
        match c {
            '0'..='9' => to.push(c),
            '-' | '\u{2010}' | '\u{2011}' | '\u{2013}' | '.' | '/' | '(' | ')' => {}
            c if c.is_whitespace() => {}
            _ => return Err(NotNormal::Number),
        }
    }
    Ok(())
}

/// Country calling codes begin with 1 to 9 (ITU-T E.164, section 6.2.1 and its list of codes); a code alone is no number.
fn e164(number: Zeroizing<String>, code: usize) -> Result<Zeroizing<String>, NotNormal> {
    let digits = number.len().saturating_sub(1);
    let right = digits > code && digits <= MOST_DIGITS && !number.starts_with("+0");
    if right { Ok(number) } else { Err(NotNormal::E164) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(normalise: Normalise) -> FindBy {
        FindBy::new(normalise)
    }

    fn german() -> FindBy {
        of(Normalise::Phone).calling_code("49").trunk("0")
    }

    #[test]
    fn an_address_is_one_however_it_is_cased_and_dots_and_tags_count() {
        let normal = |text| of(Normalise::Email).normal(text).map(|normal| normal.as_str().to_owned());
        assert_eq!(normal("\t Ada.Lovelace+Shop@EXAMPLE.Com\n").unwrap(), "ada.lovelace+shop@example.com");
        assert_ne!(normal("ada.l@example.com"), normal("adal@example.com"));
        assert_ne!(normal("ada+shop@example.com"), normal("ada@example.com"));
        for none in [
            "",
            "ada",
            "@example.com",
            "ada@",
            "a@b@c",
            "\"a@b\"@c",
            "Ada <ada@example.com>",
            "a\0@b",
            "a@b c",
        ] {
            assert_eq!(normal(none), Err(NotNormal::Address), "{none}");
        }
    }

    #[test]
    fn a_number_is_that_of_e_164() {
        let normal = |form: FindBy, text: &str| form.normal(text).map(|normal| normal.as_str().to_owned());
        for (text, expected) in [
            ("+49 30 901820", "+4930901820"),
            ("0049 30 90 18 20", "+4930901820"),
            ("030/901820", "+4930901820"),
            ("(030) 90.18-20", "+4930901820"),
            ("+49 (0)30 901820", "+4930901820"),
            ("0049 (0) 30 901820", "+4930901820"),
            ("+1 (415) 555-0123", "+14155550123"),
            ("+123456789012345", "+123456789012345"),
        ] {
            assert_eq!(normal(german(), text).as_deref(), Ok(expected), "{text}");
        }
        // The zero of an Italian number is its own; the trunk prefix of a Hungarian one has two digits.
        assert_eq!(normal(of(Normalise::Phone).calling_code("39"), "06 698 1").unwrap(), "+39066981");
        let hungarian = of(Normalise::Phone).calling_code("36").trunk("06");
        assert_eq!(normal(hungarian, "06 1 441 4000").unwrap(), "+3614414000");
        let american = of(Normalise::Phone).calling_code("1").trunk("1");
        for text in ["1-415-555-0123", "(415) 555-0123", "+1 (415) 555-0123"] {
            assert_eq!(normal(american.clone(), text).unwrap(), "+14155550123", "{text}");
        }
        for (form, text, why) in [
            (of(Normalise::Phone), "030 901820", NotNormal::National),
            (german(), "30901820", NotNormal::Local),
            (german(), "+44 (0)20 7946 0000", NotNormal::Number),
            (german(), "+49 30 (0) 901820", NotNormal::Number),
            (german(), "+49 (030) 901820", NotNormal::Number),
            (of(Normalise::Phone), "+49 (0)30 901820", NotNormal::Number),
            (german(), "+49 30 ext. 12", NotNormal::Number),
            (german(), "+49+30", NotNormal::Number),
            (german(), "٠٣٠", NotNormal::Number),
            (german(), "+1234567890123456", NotNormal::E164),
            (german(), "+0301", NotNormal::E164),
            (german(), "000301", NotNormal::E164),
            (german(), "+", NotNormal::E164),
            (german(), "+4", NotNormal::E164),
            (german(), "", NotNormal::Local),
            (of(Normalise::Phone).calling_code("1"), "", NotNormal::E164),
            (german(), "0", NotNormal::E164),
        ] {
            assert_eq!(normal(form, text), Err(why), "{text}");
        }
    }

    #[test]
    fn nothing_shows_the_value() {
        for normalise in [Normalise::Email, Normalise::Phone] {
            let error = of(normalise).normal("secret 4711").unwrap_err();
            assert!(!format!("{error} {error:?}").contains("4711"));
        }
        let normal = of(Normalise::Text).normal("secret 4711").unwrap();
        assert_eq!(format!("{normal:?}"), "NormalForm(…)");
    }

    #[test]
    fn exact_is_exact_and_text_is_evened_out() {
        assert_eq!(of(Normalise::Exact).normal(" Ada ").unwrap().as_str(), " Ada ");
        assert_eq!(of(Normalise::Text).normal("  ÄDA \n").unwrap().as_str(), "äda");
    }

    #[test]
    fn what_is_shared_follows_from_the_bits() {
        let shared = |bits: u8| of(Normalise::Email).bits(bits).shared_by(65_537);
        assert_eq!((shared(16), shared(17), shared(32)), (1.0, 0.5, 1.0 / 65_536.0));
        assert_eq!(of(Normalise::Email).bits(16_u8).shared_by(0), 0.0);
        assert_eq!(of(Normalise::Email).kept_bits(), 128);
        // Nothing leads past the bounds, whatever an unchecked document says.
        assert_eq!(
            (of(Normalise::Email).bits(0_u8).kept_bits(), of(Normalise::Email).bits(200_u8).kept_bits()),
            (16, 128)
        );
    }

    fn any_form() -> impl Strategy<Value = FindBy> {
        prop::sample::select(Normalise::ALL).prop_map(|normalise| match normalise {
            Normalise::Phone => german(),
            other => FindBy::new(other),
        })
    }

    fn separator() -> impl Strategy<Value = &'static str> {
        prop::sample::select(vec![" ", "-", "", "/", ".", ") ", "\u{a0}", "\u{2011}"])
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn the_normal_form_of_a_normal_form_is_itself(
            form in any_form(),
            text in "\\PC{0,12}|[0-9 +()/.-]{0,20}|[A-Za-zΣİ]{1,4}@[A-Z.]{1,6}",
        ) {
            if let Ok(once) = form.normal(&text) {
                prop_assert_eq!(form.normal(once.as_str()), Ok(once.clone()));
            }
        }

        #[test]
        fn a_number_is_one_however_it_is_written(
            national in "[1-9][0-9]{3,11}",
            prefix in prop::sample::select(vec!["+49", "0049", "0", "(0)", "+49 (0)", "+49(0) ", " 0049-(0)"]),
            separators in prop::collection::vec(separator(), 12),
        ) {
            let digits = national.chars().zip(&separators);
            let spread: String = digits.map(|(digit, separator)| format!("{digit}{separator}")).collect();
            let normal = german().normal(&format!("{prefix}{spread}")).unwrap();
            prop_assert_eq!(normal.as_str(), format!("+49{national}"));
        }

        #[test]
        fn two_numbers_are_never_one(
            left in "[1-9][0-9]{3,11}",
            right in "[1-9][0-9]{3,11}",
            mine in prop::sample::select(vec!["+49", "0049", "0"]),
        ) {
            let normal = |text: String| german().normal(&text).unwrap();
            prop_assert_eq!(left == right, normal(format!("{mine}{left}")) == normal(format!("+49{right}")));
        }

        #[test]
        fn an_address_is_one_however_it_is_cased(
            local in "[a-z.+]{1,8}",
            domain in "[a-z.]{1,8}",
            upper in any::<u16>(),
        ) {
            let address = format!("{local}@{domain}");
            let cased: String = address
                .chars()
                .enumerate()
                .map(|(n, c)| if upper >> (n % 16) & 1 == 1 { c.to_ascii_uppercase() } else { c })
                .collect();
            let normal = of(Normalise::Email).normal(&format!(" {cased}\n")).unwrap();
            prop_assert_eq!(normal.as_str(), address);
        }
    }
}
