//! The one place in which the tests of retention put tables together.

use chrono::{DateTime, Utc};

use crate::core::period::Period;
use crate::core::policy::{Basis, Cap, Dispose, Retention, RetentionRule};

pub(crate) fn rule(id: &str, category: &str, from: &str, keep: &str) -> RetentionRule {
    RetentionRule {
        id: id.into(),
        category: category.into(),
        from: from.into(),
        keep: period(keep),
        dispose: Dispose::Delete,
        physically_within: None,
        basis: Basis::ServiceDelivery,
        duty: None,
    }
}

pub(crate) fn duty(id: &str, category: &str, from: &str, keep: &str, law: &str) -> RetentionRule {
    RetentionRule { duty: Some(law.to_owned()), ..rule(id, category, from, keep) }
}

pub(crate) fn crypto_erase(rule: RetentionRule) -> RetentionRule {
    RetentionRule { dispose: Dispose::CryptoErase, ..rule }
}

pub(crate) fn cap(id: &str, from: &str, at_most: &str, cites: &str) -> Cap {
    Cap {
        id: id.into(),
        category: None,
        platform: None,
        from: from.into(),
        at_most: period(at_most),
        cites: cites.to_owned(),
    }
}

pub(crate) fn retention(
    rule: impl IntoIterator<Item = RetentionRule>,
    cap: impl IntoIterator<Item = Cap>,
) -> Retention {
    Retention { rule: rule.into_iter().collect(), cap: cap.into_iter().collect() }
}

pub(crate) fn period(text: &str) -> Period {
    text.parse().unwrap()
}

/// The beginning of a day, or a moment in full.
pub(crate) fn at(text: &str) -> DateTime<Utc> {
    let full = if text.contains('T') { text.to_owned() } else { format!("{text}T00:00:00Z") };
    full.parse().unwrap()
}
