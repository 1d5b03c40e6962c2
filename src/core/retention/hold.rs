//! Holds: what freezes deletion.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::item::ItemPlace;
use crate::core::id::{ConnectionId, Name, SubjectId, TenantId};

/// Freezes every deletion of what it covers, until it is lifted.
///
/// Its id is public: it stands in dispositions and in what a person is told. Its reason is not shown by Debug, because a reason
/// names a dispute, and a dispute may name a person.
///
/// # Example: a hold stops deletion until it is lifted
/// ```
/// use stewardship::retention::{Hold, HoldCover};
/// let placed = "2026-01-01T00:00:00Z".parse()?;
/// let lifted = "2026-06-01T00:00:00Z".parse()?;
/// let mut hold = Hold::new("lit-7", HoldCover::tenant("acme"), "contract dispute", "legal", placed);
/// assert!(hold.is_active(lifted));
/// hold.lift(lifted);
/// assert!(!hold.is_active(lifted));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Hold {
    /// Its name, unique within the tenant. Public.
    pub id: String,
    /// What it covers.
    pub covers: HoldCover,
    /// Why it was placed, for those who keep the holds.
    pub reason: String,
    /// The role or the pseudonym of who placed it, never a name.
    pub placed_by: String,
    /// When it was placed.
    pub placed_at: DateTime<Utc>,
    /// When it was lifted.
    #[serde(default)]
    pub lifted_at: Option<DateTime<Utc>>,
}

impl Hold {
    /// Places a hold.
    pub fn new(
        id: impl Into<String>,
        covers: HoldCover,
        reason: impl Into<String>,
        placed_by: impl Into<String>,
        placed_at: DateTime<Utc>,
    ) -> Self {
        Self {
            id: id.into(),
            covers,
            reason: reason.into(),
            placed_by: placed_by.into(),
            placed_at,
            lifted_at: None,
        }
    }

    /// Lifts the hold. Lifted twice, the earlier moment stands.
    pub fn lift(&mut self, at: DateTime<Utc>) {
        self.lifted_at = Some(self.lifted_at.map_or(at, |lifted| lifted.min(at)));
    }

    /// Whether it freezes deletion at that moment: it is not lifted, or is lifted later.
    ///
    /// The moment of placing is not asked: a hold that a faster clock has placed "in the future" freezes at once.
    #[must_use]
    pub fn is_active(&self, now: DateTime<Utc>) -> bool {
        self.lifted_at.is_none_or(|lifted| now < lifted)
    }
}

impl fmt::Debug for Hold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hold")
            .field("id", &self.id)
            .field("covers", &self.covers)
            .field("placed_at", &self.placed_at)
            .field("lifted_at", &self.lifted_at)
            .finish_non_exhaustive()
    }
}

/// What a hold covers: everything of a tenant, narrowed by each part that is named.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct HoldCover {
    /// The tenant.
    pub tenant: TenantId,
    /// Only what stands under this connection.
    #[serde(default)]
    pub connection: Option<ConnectionId>,
    /// Only what is about this person, whole or in one field. Hidden in Debug.
    #[serde(default)]
    pub subject: Option<SubjectId>,
    /// Only this category.
    #[serde(default)]
    pub category: Option<Name>,
}

impl HoldCover {
    /// Everything of a tenant.
    pub fn tenant(tenant: impl Into<TenantId>) -> Self {
        Self { tenant: tenant.into(), connection: None, subject: None, category: None }
    }

    /// Only what stands under this connection.
    #[must_use]
    pub fn connection(mut self, connection: impl Into<ConnectionId>) -> Self {
        self.connection = Some(connection.into());
        self
    }

    /// Only what is about this person.
    #[must_use]
    pub fn subject(mut self, subject: impl Into<SubjectId>) -> Self {
        self.subject = Some(subject.into());
        self
    }

    /// Only this category.
    #[must_use]
    pub fn category(mut self, category: impl Into<Name>) -> Self {
        self.category = Some(category.into());
        self
    }

    /// Whether what stands at `place` is covered.
    #[must_use]
    pub fn covers(&self, place: &ItemPlace) -> bool {
        self.tenant == place.tenant
            && self.connection.as_ref().is_none_or(|connection| place.connection.as_ref() == Some(connection))
            && self.subject.as_ref().is_none_or(|subject| place.subjects.contains(subject))
            && self.category.as_ref().is_none_or(|category| *category == place.category)
    }
}

/// The holds, of those given, that freeze what stands at `place` at that moment: the ones that [`decide`](super::decide) is to be given.
#[must_use]
pub fn covering<'a>(
    holds: impl IntoIterator<Item = &'a Hold>,
    place: &ItemPlace,
    now: DateTime<Utc>,
) -> Vec<&'a Hold> {
    holds.into_iter().filter(|hold| hold.is_active(now) && hold.covers.covers(place)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hold(covers: HoldCover) -> Hold {
        Hold::new("lit-7", covers, "Lovelace v. Acme", "legal", DateTime::UNIX_EPOCH)
    }

    #[test]
    fn every_part_that_is_named_narrows_the_cover() {
        let place = ItemPlace::new("acme", "billing").connection("shop").subject("ada").subject("bob");
        let whole = HoldCover::tenant("acme");
        let narrow = whole.clone().connection("shop").subject("bob").category("billing");
        assert!(whole.covers(&place) && narrow.covers(&place));
        for other in [
            HoldCover::tenant("other"),
            narrow.clone().connection("stall"),
            narrow.clone().subject("eve"),
            narrow.clone().category("orders"),
        ] {
            assert!(!other.covers(&place), "{other:?}");
        }
        assert!(
            !narrow.covers(&ItemPlace::new("acme", "billing")),
            "a place without the part is not covered"
        );
    }

    #[test]
    fn only_active_holds_over_the_place_are_listed() {
        let mut lifted = hold(HoldCover::tenant("acme"));
        lifted.lift(DateTime::UNIX_EPOCH);
        let holds = [hold(HoldCover::tenant("acme")), lifted, hold(HoldCover::tenant("other"))];
        let place = ItemPlace::new("acme", "billing");
        assert_eq!(covering(&holds, &place, DateTime::UNIX_EPOCH), [&holds[0]]);
    }

    #[test]
    fn neither_reason_nor_person_is_shown() {
        let shown = format!("{:?}", hold(HoldCover::tenant("acme").subject("ada@example.com")));
        assert!(shown.contains("lit-7") && !shown.contains("ada") && !shown.contains("Lovelace"), "{shown}");
    }

    #[test]
    fn a_hold_is_read_back_and_unknown_fields_are_refused() {
        let hold = hold(HoldCover::tenant("acme").subject("ada"));
        let text = serde_json::to_string(&hold).unwrap();
        assert_eq!(serde_json::from_str::<Hold>(&text).unwrap(), hold);
        assert!(serde_json::from_str::<Hold>(&text.replacen('{', r#"{"x":1,"#, 1)).is_err());
    }
}
