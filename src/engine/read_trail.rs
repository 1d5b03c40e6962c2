//! Reading the trail: decided like any other access, on record before anything is shown, and within one tenant.

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use chrono::{DateTime, Utc};

use super::keyring::KeySession;
use super::refused::uncovered;
use super::steward::Steward;
use super::trail::{About, TrailError, named};
use super::trouble::Trouble;
use crate::contracts::{AuditLog, Ports, StoreError, StoredEntry};
use crate::core::access::{ActionType, Grant, GrantError, Read};
use crate::core::audit::tree::leaf_hash;
use crate::core::audit::{
    AuditEvent, Entry, NoteError, OpenRefusal, Pseudonym, Term, TrailBreak, TrailSearch,
};
use crate::core::classification::Level;
use crate::core::id::{CaseId, Name, PrincipalId, RecordId, SubjectId, TenantId};
use crate::core::place::{Place, Scope};

/// Number of entries of a page.
pub(super) const PAGE: usize = 256;

/// The level of what the trail says: its pseudonyms are personal data for as long as their keys are there (GDPR Recital 26).
pub(super) const LEVEL: Level = Level::Confidential;

/// Which entries a reading of the trail wants: of the tenant that the grant is for, or of none.
///
/// # Example: what happened to somebody's data this year
/// ```
/// use stewardship::engine::TrailQuery;
/// let this_year = TrailQuery::about("creator-17").since("2026-01-01T00:00:00Z".parse()?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrailQuery {
    wanted: Wanted,
    since: Option<DateTime<Utc>>,
    until: Option<DateTime<Utc>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Wanted {
    Anything,
    Subject(SubjectId),
    Principal(PrincipalId),
    Case(CaseId),
    Rule(Name),
    Record(Box<Place>),
    System,
}

impl TrailQuery {
    /// Everything of the tenant.
    #[must_use]
    pub const fn any() -> Self {
        Self::of(Wanted::Anything)
    }

    /// What is about a person: for as long as the person's key is there. After an erasure nobody finds it any more.
    pub fn about(subject: impl Into<SubjectId>) -> Self {
        Self::of(Wanted::Subject(subject.into()))
    }

    /// What somebody did, or approved.
    pub fn by(principal: impl Into<PrincipalId>) -> Self {
        Self::of(Wanted::Principal(principal.into()))
    }

    /// What happened for a case.
    pub fn case(case: impl Into<CaseId>) -> Self {
        Self::of(Wanted::Case(case.into()))
    }

    /// Where a rule of the policy decided.
    pub fn rule(rule: impl Into<Name>) -> Self {
        Self::of(Wanted::Rule(rule.into()))
    }

    /// What happened to the record at a place; of every kind, where several have its id.
    #[must_use]
    pub fn record(at: &Place) -> Self {
        Self::of(Wanted::Record(Box::new(at.clone())))
    }

    /// What is of no tenant: the starts of stewards under a policy, the epochs of keys, and what the trail let go of itself. Whoever may read the
    /// trail of a tenant may read it: it says nothing of anybody.
    #[must_use]
    pub const fn system() -> Self {
        Self::of(Wanted::System)
    }

    /// From this moment on. The trail's time never goes back: what a writer with a slow clock wrote counts with the entry before it.
    #[must_use]
    pub fn since(self, at: DateTime<Utc>) -> Self {
        Self { since: Some(at), ..self }
    }

    /// Before this moment.
    #[must_use]
    pub fn until(self, at: DateTime<Utc>) -> Self {
        Self { until: Some(at), ..self }
    }

    const fn of(wanted: Wanted) -> Self {
        Self { wanted, since: None, until: None }
    }

    /// The narrowest place that it is about.
    fn place(&self, tenant: &TenantId) -> Place {
        match &self.wanted {
            Wanted::Subject(subject) => Place::tenant(tenant).subject(subject),
            Wanted::Record(place) => Place::clone(place),
            Wanted::Anything | Wanted::Principal(_) | Wanted::Case(_) | Wanted::Rule(_) | Wanted::System => {
                Place::tenant(tenant)
            }
        }
    }

    fn subject(&self) -> Option<&SubjectId> {
        match &self.wanted {
            Wanted::Subject(subject) => Some(subject),
            Wanted::Record(place) => place.subject_id(),
            _ => None,
        }
    }

    fn record_id(&self) -> Option<RecordId> {
        match &self.wanted {
            Wanted::Record(place) => place.record_id(),
            _ => None,
        }
    }

    const fn search(&self) -> TrailSearch {
        match &self.wanted {
            Wanted::Anything => TrailSearch::Anything,
            Wanted::Subject(_) => TrailSearch::Subject,
            Wanted::Principal(_) => TrailSearch::Principal,
            Wanted::Case(_) => TrailSearch::Case,
            Wanted::Rule(_) => TrailSearch::Rule,
            Wanted::Record(_) => TrailSearch::Record,
            Wanted::System => TrailSearch::System,
        }
    }
}

/// Some entries of the trail, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TrailPage {
    /// The entries, each with its number.
    pub entries: Vec<(u64, Entry)>,
    /// After which entry the next page begins; `None` where there is nothing more.
    pub next: Option<u64>,
}

/// Why the trail is not read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrailReadError {
    /// The policy says of nobody that they may.
    #[error("nobody reads the audit trail: the policy has no `audit.category`")]
    NobodyMay,
    /// The grant does not cover it.
    #[error(transparent)]
    Grant(#[from] GrantError),
    /// The grant is for a lower level than the trail's.
    #[error("the grant shows data up to {granted}, and the audit trail is {}", LEVEL)]
    AboveGrant {
        /// The highest level that it shows.
        granted: Level,
    },
    /// It breaks, or is not understood.
    #[error(transparent)]
    Trail(#[from] TrailError),
    /// The checkpoint that evidence is asked for under is none.
    #[error(transparent)]
    Checkpoint(#[from] NoteError),
    /// What is exported could not be written.
    #[error("what is exported could not be written")]
    Unwritten(#[from] io::Error),
}

impl From<Trouble> for TrailReadError {
    fn from(trouble: Trouble) -> Self {
        Self::Trail(trouble.into())
    }
}

impl From<StoreError> for TrailReadError {
    fn from(error: StoreError) -> Self {
        Self::Trail(error.into())
    }
}

/// A query under the names that the trail has for what it wants.
pub(super) struct Search {
    /// What the trail calls the tenant, under each version of its key; nothing, where entries of no tenant are searched for.
    tenants: BTreeSet<Option<Pseudonym>>,
    terms: Vec<Term>,
    from: u64,
    /// The first entry that is too late.
    pub(super) until: u64,
    /// Number of entries of the trail, as the search found it.
    pub(super) size: u64,
}

impl Search {
    /// Whether an entry is one that was searched for, and of no other tenant: what a store lists is not taken at its word.
    fn finds(&self, entry: &Entry) -> bool {
        self.tenants.contains(&entry.tenant) && entry.terms().iter().any(|term| self.terms.contains(term))
    }
}

/// What a search found from some entry on.
pub(super) struct Found {
    pub(super) entries: Vec<(StoredEntry, Entry)>,
    pub(super) next: Option<u64>,
}

impl<P: Ports> Steward<P> {
    /// Reads a page of the audit trail: what it says of the tenant that the grant is for, and of no other.
    ///
    /// The grant is for the category that the policy names (`audit.category`), at Confidential. That the trail is read, by
    /// whom and for what is on it before. Where nothing is found the answer is the same whether there is no such person, another tenant's, or
    /// one who was erased. `after` is [`TrailPage::next`] of the page before; a page has 256 entries at most, each of which counts against a
    /// grant's `max_records`.
    ///
    /// # Errors
    /// [`TrailReadError`].
    pub async fn read_trail(
        &self,
        grant: &Grant<Read>,
        query: &TrailQuery,
        after: Option<u64>,
    ) -> Result<TrailPage, TrailReadError> {
        let search = self.begin_search(grant, query).await?;
        let found = self.found(&search, after, PAGE).await?;
        let mut page = TrailPage { entries: Vec::with_capacity(found.entries.len()), next: found.next };
        for (stored, entry) in found.entries {
            if let Err(no_more) = grant.count_opening() {
                page.next = page.entries.last().map(|(index, _)| *index);
                return if page.entries.is_empty() { Err(no_more.into()) } else { Ok(page) };
            }
            page.entries.push((stored.index, entry));
        }
        Ok(page)
    }

    /// Whether a grant is for this with the trail, as far as the query goes. That it is not is on the trail too.
    pub(super) async fn check_reader(
        &self,
        grant: &Grant<impl ActionType>,
        place: &Place,
    ) -> Result<(), TrailReadError> {
        let audit = self.policy().document().audit.as_ref();
        let category = audit.and_then(|audit| audit.category.as_ref()).ok_or(TrailReadError::NobodyMay)?;
        let granted = grant.shows_up_to();
        let (why, refused) = match self.covers_trail(grant, place, category) {
            Err(refused) => (uncovered(&refused), refused.into()),
            Ok(()) if granted < LEVEL => (OpenRefusal::AboveGrant, TrailReadError::AboveGrant { granted }),
            Ok(()) => return Ok(()),
        };
        self.tell_refusal(grant, place, (category.as_str(), LEVEL), why).await?;
        Err(refused)
    }

    fn covers_trail(
        &self,
        grant: &Grant<impl ActionType>,
        place: &Place,
        category: &Name,
    ) -> Result<(), GrantError> {
        self.check_grant(grant, place, category.as_str())?;
        if grant.shows_values() { Ok(()) } else { Err(GrantError::AnonymisedOnly) }
    }

    /// Checks the grant, puts the reading on record, and only then looks for names.
    pub(super) async fn begin_search(
        &self,
        grant: &Grant<impl ActionType>,
        query: &TrailQuery,
    ) -> Result<Search, TrailReadError> {
        let tenant = grant.tenant();
        self.check_reader(grant, &query.place(tenant)).await?;
        let mut keys = self.keys();
        let (principal, case, of_rule) = match &query.wanted {
            Wanted::Principal(id) => (keys.principal(tenant, id).await?, None, None),
            Wanted::Case(case) => (None, Some(case.clone()), None),
            Wanted::Rule(rule) => (None, None, self.declared_rule(rule)),
            Wanted::Anything | Wanted::Subject(_) | Wanted::Record(_) | Wanted::System => (None, None, None),
        };
        let event = AuditEvent::TrailRead {
            action: grant.action(),
            search: query.search(),
            principal,
            case,
            of_rule,
            since: query.since,
            until: query.until,
            purpose: grant.purpose().name().clone(),
            rule: grant.rule().clone(),
        };
        let about = About::tenant(tenant).on(grant).subject(query.subject()).record(query.record_id());
        let entry = self.entry_about(&mut keys, about, event).await?;
        self.record(vec![entry]).await?;

        let own = Scope::Tenant(tenant.clone());
        let tenants = keys.names(&own, "tenant", tenant.as_str()).await?;
        let terms = match &query.wanted {
            Wanted::Anything => tenants.iter().map(Term::tenant).collect(),
            Wanted::System => vec![Term::system()],
            Wanted::Case(case) => tenants.iter().map(|tenant| Term::case(tenant, case)).collect(),
            Wanted::Rule(rule) => tenants.iter().map(|tenant| Term::rule(tenant, rule)).collect(),
            Wanted::Principal(id) => {
                keys.names(&own, "principal", id.as_str()).await?.iter().map(Term::by).collect()
            }
            Wanted::Subject(id) => {
                let scope = Scope::Subject(tenant.clone(), id.clone());
                keys.names(&scope, "subject", id.as_str()).await?.iter().map(Term::subject).collect()
            }
            Wanted::Record(place) => match place.record_id() {
                Some(id) => {
                    let person = place.subject_id().map(|id| Scope::Subject(tenant.clone(), id.clone()));
                    let scope = person.as_ref().unwrap_or(&own);
                    keys.names(scope, "record", id.as_str()).await?.iter().map(Term::record).collect()
                }
                None => Vec::new(),
            },
        };
        let size = self.trail_size().await?;
        let tenants = match &query.wanted {
            Wanted::System => BTreeSet::from([None]),
            _ => tenants.into_iter().map(Some).collect(),
        };
        let mut search = Search { tenants, terms, from: 0, until: size, size };
        if let Some(since) = query.since {
            search.from = self.first_where(0, size, |stored| stored.at >= since).await?;
        }
        if let Some(until) = query.until {
            search.until = self.first_where(search.from, size, |stored| stored.at >= until).await?;
        }
        Ok(search)
    }

    /// A rule that the policy declares: no other text gets into an entry.
    fn declared_rule(&self, rule: &Name) -> Option<Name> {
        let document = self.policy().document();
        let (allow, deny) = (document.access.allow.iter(), document.access.deny.iter());
        let (keep, cap) = (document.retention.rule.iter(), document.retention.cap.iter());
        let declared = allow.map(|rule| &rule.id).chain(deny.map(|rule| &rule.id));
        let mut declared = declared.chain(keep.map(|rule| &rule.id)).chain(cap.map(|cap| &cap.id));
        declared.find(|declared| *declared == rule).cloned()
    }

    /// The first of the entries `from..to` of which something holds that holds of all after it; `to` where there is none. Reads some log₂ of them.
    pub(super) async fn first_where(
        &self,
        mut from: u64,
        mut to: u64,
        holds: impl Fn(&StoredEntry) -> bool + Send,
    ) -> Result<u64, StoreError> {
        while from < to {
            let middle = from + (to - from) / 2;
            let found = self.inner.ports.audit().read(middle, 1).await?;
            if found.first().is_none_or(&holds) {
                to = middle;
            } else {
                from = middle + 1;
            }
        }
        Ok(from)
    }

    /// At most `limit` of the entries that are searched for.
    pub(super) async fn found(
        &self,
        search: &Search,
        after: Option<u64>,
        limit: usize,
    ) -> Result<Found, TrailError> {
        let from = after.map_or(0, |after| after.saturating_add(1)).max(search.from);
        let (mut listed, mut more) = (BTreeMap::new(), false);
        // Under each name: a page of each holds a page of all.
        for term in &search.terms {
            let page = self.inner.ports.audit().list(term, from, limit).await?;
            more |= page.len() >= limit;
            listed.extend(page.into_iter().map(|stored| (stored.index, stored)));
        }
        more |= listed.len() > limit;
        let mut found = Found { entries: Vec::new(), next: None };
        for (index, stored) in listed.into_iter().take(limit) {
            if index >= search.until {
                found.next = None;
                return Ok(found);
            }
            found.next = more.then_some(index);
            // It has expired since.
            let Some(bytes) = stored.bytes() else { continue };
            let altered = TrailBreak::Altered { index };
            if stored.nodes.first() != Some(&leaf_hash(bytes)) {
                return Err(altered.into());
            }
            let entry =
                Entry::from_bytes(bytes).map_err(|source| TrailError::Unreadable { index, source })?;
            if !search.finds(&entry) {
                return Err(altered.into());
            }
            found.entries.push((stored, entry));
        }
        Ok(found)
    }
}

impl<P: Ports> KeySession<'_, P> {
    /// What the trail calls something, under each version of a scope's key that is there: one that was compromised since names nothing
    /// new, and what it named is found.
    pub(super) async fn names(
        &mut self,
        scope: &Scope,
        kind: &str,
        id: &str,
    ) -> Result<BTreeSet<Pseudonym>, Trouble> {
        Ok(self.live(scope).await?.iter().map(|(_, key)| named(key, kind, id)).collect())
    }
}
