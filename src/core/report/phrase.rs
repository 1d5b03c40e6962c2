//! Small pieces of English.

use chrono::{DateTime, Utc};

use crate::core::id::Name;
use crate::core::policy::{PolicyDocument, RequestKind, Transport};

/// `a`, `a and b`, `a, b and c`.
pub(super) fn all_of<S: AsRef<str>>(items: impl IntoIterator<Item = S>) -> String {
    listed(items, "and")
}

/// A version of the transport, as it is written in texts.
pub(super) const fn transport(version: Transport) -> &'static str {
    match version {
        Transport::Tls12 => "TLS 1.2",
        Transport::Tls13 => "TLS 1.3",
    }
}

/// `a`, `a or b`, `a, b or c`.
pub(super) fn one_of<S: AsRef<str>>(items: impl IntoIterator<Item = S>) -> String {
    listed(items, "or")
}

fn listed<S: AsRef<str>>(items: impl IntoIterator<Item = S>, word: &str) -> String {
    let items: Vec<S> = items.into_iter().collect();
    let mut text = String::new();
    for (i, item) in items.iter().enumerate() {
        text.push_str(match i {
            0 => "",
            _ if i + 1 == items.len() => " ",
            _ => ", ",
        });
        if i > 0 && i + 1 == items.len() {
            text.push_str(word);
            text.push(' ');
        }
        text.push_str(item.as_ref());
    }
    text
}

/// A channel after "through": an address stands alone, anything else takes an article.
pub(super) fn channel(channel: &str) -> String {
    let channel = channel.trim();
    let is_address =
        channel.contains('@') && !channel.contains(char::is_whitespace) || channel.contains("://");
    let has_article = ["the ", "a ", "an ", "our "].iter().any(|article| channel.starts_with(article));
    match is_address || has_article {
        true => channel.to_owned(),
        false => format!("the {channel}"),
    }
}

/// `1 rule`, `2 rules`.
pub(super) fn counted(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

/// A text without its last full stop, to go on after it.
pub(super) fn open_end(text: &str) -> &str {
    text.trim().trim_end_matches('.')
}

/// A text as a sentence of its own.
pub(super) fn sentence(text: &str) -> String {
    format!("{}.", open_end(text))
}

pub(super) fn date(moment: DateTime<Utc>) -> String {
    moment.format("%Y-%m-%d").to_string()
}

/// An event as a person says it: `order_delivered` is "order delivered".
pub(super) fn event(name: &Name) -> String {
    name.as_str().replace('_', " ")
}

/// The title of a category, or its name where the policy declares none.
pub(super) fn category<'a>(document: &'a PolicyDocument, name: &'a Name) -> &'a str {
    document.categories.get(name).map_or(name.as_str(), |category| category.title.as_str())
}

/// The title of a purpose, or its name where the policy declares none.
pub(super) fn purpose<'a>(document: &'a PolicyDocument, name: &'a Name) -> &'a str {
    document.purposes.get(name).map_or(name.as_str(), |purpose| open_end(&purpose.title))
}

/// The title of a role, or its name where the policy declares none.
pub(super) fn role<'a>(document: &'a PolicyDocument, name: &'a Name) -> &'a str {
    document.roles.get(name).map_or(name.as_str(), |role| role.title.as_str())
}

/// The title of a platform, or its name where the policy declares none.
pub(super) fn platform<'a>(document: &'a PolicyDocument, name: &'a Name) -> &'a str {
    document.platforms.get(name).map_or(name.as_str(), |platform| platform.title.as_str())
}

pub(super) const fn request_kind(kind: RequestKind) -> &'static str {
    match kind {
        RequestKind::Access => "access",
        RequestKind::Correction => "correction",
        RequestKind::Deletion => "deletion",
        RequestKind::SellerUpdate => "update of seller data",
        RequestKind::Complaint => "security or privacy complaint",
        RequestKind::DpaInquiry => "data processing agreement inquiry",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_read_like_english() {
        assert_eq!(all_of::<&str>([]), "");
        assert_eq!(all_of(["a"]), "a");
        assert_eq!(all_of(["a", "b"]), "a and b");
        assert_eq!(one_of(["a", "b", "c"]), "a, b or c");
        assert_eq!(sentence(" It holds. "), "It holds.");
        assert_eq!(counted(1, "rule"), "1 rule");
        assert_eq!(counted(0, "rule"), "0 rules");
        for (name, read) in [
            ("support channel", "the support channel"),
            ("the web form", "the web form"),
            ("our web form", "our web form"),
            ("privacy@clinic.example", "privacy@clinic.example"),
            ("https://clinic.example/privacy", "https://clinic.example/privacy"),
            ("mailbox privacy@clinic.example", "the mailbox privacy@clinic.example"),
        ] {
            assert_eq!(channel(name), read);
        }
    }
}
