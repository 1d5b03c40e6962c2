//! The retention of the trail: what entries say goes when its time is over, and what proves the rest stays.

use super::papers;
use super::steward::Steward;
use super::trouble::Trouble;
use crate::contracts::{AuditLog, Ports, StoredEntry};
use crate::core::audit::{AuditEvent, Entry, Term};
use crate::core::retention::Hold;

/// Number of entries that expire in one call of the store, and of such calls in one sweep.
const STEP: u64 = 1_024;
const STEPS: usize = 64;

/// What a sweep did about entries of the trail that are over.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct TrailExpiry {
    /// Number of entries that have expired.
    pub expired: u64,
    /// Number of entries that are over and stay: a hold keeps them, or the next sweep goes on with them.
    pub left: u64,
    /// The holds that keep them.
    pub held_by: Vec<String>,
}

impl<P: Ports> Steward<P> {
    /// Lets entries expire that are older than the policy keeps them, day by day.
    ///
    /// First an entry says so, with the head of the trail: a verifier takes no other body for expired. While any hold stands, whatever it
    /// covers, nothing goes: what was done about a dispute is a part of it.
    pub(super) async fn expire_trail(&self) -> Result<TrailExpiry, Trouble> {
        let mut done = TrailExpiry::default();
        let Some(keep) = self.policy().document().audit.as_ref().and_then(|audit| audit.keep) else {
            return Ok(done);
        };
        let (log, today) = (self.inner.ports.audit(), self.now().date_naive());
        let stays = |stored: &StoredEntry| keep.after(stored.at).date_naive() >= today;
        // Most trails are young.
        if log.read(0, 1).await?.first().is_none_or(stays) {
            return Ok(done);
        }
        let size = self.trail_size().await?;
        let first = self.first_where(0, size, |stored| stored.body.is_some()).await?;
        let due = self.first_where(first, size, stays).await?;
        done.left = due - first;
        if done.left == 0 || self.is_held(&mut done).await? {
            return Ok(done);
        }
        if self.said_to_expire(due).await? < due {
            let head = self.tree_of(size).await?.head();
            self.record(vec![self.entry(AuditEvent::TrailExpired { below: due, size, root: head.root })])
                .await?;
        }
        for _ in 0..STEPS {
            // Asked again before each step: a hold may have been placed since.
            if done.left == 0 || self.is_held(&mut done).await? {
                break;
            }
            let step = done.left.min(STEP);
            log.expire(first + done.expired + step).await?;
            done.expired += step;
            done.left -= step;
        }
        Ok(done)
    }

    async fn is_held(&self, done: &mut TrailExpiry) -> Result<bool, Trouble> {
        let now = self.now();
        let holds = papers::all::<Hold>(self.papers(), None).await?;
        let held = holds.into_iter().map(|filed| filed.paper).filter(|hold| hold.is_active(now));
        done.held_by = held.map(|hold| hold.id).collect();
        Ok(!done.held_by.is_empty())
    }

    /// The index below which the trail says that entries expire, as far as that was said by an entry from `from` on.
    async fn said_to_expire(&self, from: u64) -> Result<u64, Trouble> {
        let (mut from, mut below) = (from, 0);
        loop {
            let page = self.inner.ports.audit().list(&Term::expiries(), from, 256).await?;
            for stored in &page {
                let entry = stored.bytes().map(Entry::from_bytes);
                if let Some(Ok(Entry { event: AuditEvent::TrailExpired { below: said, .. }, .. })) = entry {
                    below = below.max(said);
                }
            }
            match page.last() {
                Some(last) if page.len() == 256 => from = last.index + 1,
                _ => return Ok(below),
            }
        }
    }
}
