//! Keyed names: equality without the value.

use zeroize::Zeroizing;

use super::key::SecretKey;
use super::mac;

/// The entry of a value in the blind index: HMAC-SHA-256 over use, class, field and value, each behind its length, cut to 16 bytes.
///
/// Finds a sealed value by equality. **It leaks** to whoever reads the index which values are equal and how often each occurs; give
/// every tenant a key of its own, and index no field of few values (a country, a flag). What holds the key can test guesses.
///
/// # Example: found however it is written
/// ```
/// use stewardship::crypto::{OsEntropy, SecretKey, blind_index, normalise};
/// let key = SecretKey::generate(&OsEntropy)?.derive("index");
/// let entry = |text| blind_index(&key, "creator.email", "email", &normalise(text));
/// assert_eq!(entry("Ada@Example.com "), entry("ada@example.com"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn blind_index(key: &SecretKey, class: &str, field: &str, normalised: &str) -> [u8; 16] {
    keyed_name(key, "index", &[class, field, normalised])
}

/// The name under which the audit trail knows an identifier: the same shape as [`blind_index`], for another use.
///
/// A pseudonym is personal data for as long as its key exists (GDPR, Art. 4(5) and Recital 26).
#[must_use]
pub fn pseudonym(key: &SecretKey, kind: &str, id: &str) -> [u8; 16] {
    keyed_name(key, "pseudonym", &[kind, id])
}

/// The form of a value in which it is indexed: without white space around it, in lower case (Unicode).
///
/// Canonically equivalent spellings (é as one character or as two) are not joined.
#[must_use]
pub fn normalise(value: &str) -> Zeroizing<String> {
    Zeroizing::new(value.trim().to_lowercase())
}

fn keyed_name(key: &SecretKey, purpose: &str, parts: &[&str]) -> [u8; 16] {
    // The lengths in front keep this apart from `SecretKey::derive`, whose input begins with its label.
    let parts: Vec<&str> = ["stewardship/0", purpose].iter().chain(parts).copied().collect();
    let lengths: Vec<[u8; 4]> = parts.iter().map(|part| length(part)).collect();
    let input: Vec<&[u8]> =
        lengths.iter().zip(&parts).flat_map(|(length, part)| [&length[..], part.as_bytes()]).collect();
    let full = mac::hmac(key.expose(), &input);
    let mut name = [0; 16];
    name.iter_mut().zip(full.iter()).for_each(|(to, from)| *to = *from);
    name
}

fn length(part: &str) -> [u8; 4] {
    u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A value over every part, written by hand: the format may not drift unseen.
    #[test]
    fn the_entry_is_the_hmac_of_its_parts() {
        use hmac::{Hmac, KeyInit, Mac};
        let mut mac = Hmac::<sha2::Sha256>::new_from_slice(&[5; 32]).unwrap();
        mac.update(b"\0\0\0\x0dstewardship/0\0\0\0\x05index\0\0\0\x01c\0\0\0\x02fi\0\0\0\x03ada");
        let expected = mac.finalize().into_bytes();
        assert_eq!(blind_index(&SecretKey::new([5; 32]), "c", "fi", "ada"), expected[..16]);
    }

    #[test]
    fn spelling_is_evened_out() {
        assert_eq!(*normalise("  ÄDA@Example.COM\n"), "äda@example.com");
    }

    proptest! {
        #[test]
        fn every_part_counts(
            left in prop::array::uniform3("[ab]{0,2}"),
            right in prop::array::uniform3("[ab]{0,2}"),
        ) {
            let key = SecretKey::new([5; 32]);
            let entry = |key: &SecretKey, parts: &[String; 3]| blind_index(key, &parts[0], &parts[1], &parts[2]);
            prop_assert_eq!(left == right, entry(&key, &left) == entry(&key, &right));
            prop_assert_ne!(entry(&key, &left), entry(&SecretKey::new([6; 32]), &left));
            let name = |parts: &[String; 3]| pseudonym(&key, &parts[0], &parts[1]);
            prop_assert_eq!(left[..2] == right[..2], name(&left) == name(&right));
            prop_assert_ne!(name(&left), entry(&key, &[left[0].clone(), left[1].clone(), String::new()]));
        }
    }
}
