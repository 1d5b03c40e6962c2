//! Putting entries on record: what must be there before the action goes on, and what may wait for others.
//!
//! One task of a process appends at a time, so that entries keep the order in which they happened. What waits is appended in front of the next
//! entry that must be on record, all at once. A process that dies takes with it what waits, and never more than the policy says.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};

use super::steward::Steward;
use super::trail::Edge;
use super::trouble::{ATTEMPTS, Trouble, unless_conflict};
use super::turn::Turn;
use crate::contracts::{AuditLog, EntryBody, Ports, StoredEntry};
use crate::core::audit::{Entry, MAX_ENTRY_BYTES};
use crate::core::policy::{Record, TrailBatch};

/// The writing end of the trail.
#[derive(Default)]
pub(super) struct Pen {
    appender: Turn<Appender>,
    /// What waits, in the order in which it happened.
    waiting: Mutex<VecDeque<Written>>,
}

/// What one who appends knows.
#[derive(Default)]
struct Appender {
    /// The end of the trail, as this process appended to it last.
    edge: Option<Edge>,
    /// The first index of an append of which it is not known whether it took effect.
    in_doubt: Option<u64>,
}

/// What is stored of an entry, but for its place.
#[derive(Clone)]
struct Written {
    at: DateTime<Utc>,
    body: EntryBody,
}

impl Written {
    fn new(entry: &Entry) -> Result<Self, Trouble> {
        let bytes = entry.to_bytes();
        if bytes.len() > MAX_ENTRY_BYTES {
            return Err(Trouble::EntryTooLong);
        }
        Ok(Self { at: entry.at, body: EntryBody { bytes, terms: entry.terms() } })
    }
}

impl Pen {
    fn waiting(&self) -> MutexGuard<'_, VecDeque<Written>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets an entry wait, where it may: fewer wait than fill a batch, and the first of them is not too old. Gives it back where it may not.
    fn wait(&self, entry: Written, batch: &TrailBatch) -> Result<(), Written> {
        let mut waiting = self.waiting();
        let is_due = |first: &Written| entry.at < first.at || entry.at > batch.within.after(first.at);
        if waiting.len() + 1 >= batch.entries || waiting.front().is_some_and(is_due) {
            return Err(entry);
        }
        waiting.push_back(entry);
        Ok(())
    }
}

impl<P: Ports> Steward<P> {
    /// Appends entries behind those that wait, all or none. Returns only once they are durable: what follows may rely on it.
    pub(super) async fn record(&self, entries: Vec<Entry>) -> Result<(), Trouble> {
        let written = entries.iter().map(Written::new).collect::<Result<Vec<_>, _>>()?;
        self.append(&written).await
    }

    /// Puts an entry on record when the policy says so: before the action goes on, or with others, or not at all.
    pub(super) async fn record_when(&self, when: Record, entry: Entry) -> Result<(), Trouble> {
        match when {
            Record::Never => Ok(()),
            Record::Before => self.record(vec![entry]).await,
            Record::Batched => {
                let batch = self.inner.policy.document().trail_batch();
                match self.inner.pen.wait(Written::new(&entry)?, &batch) {
                    Ok(()) => Ok(()),
                    Err(entry) => self.append(&[entry]).await,
                }
            }
        }
    }

    /// Appends what waits to the audit trail: entries of levels whose `record` is `batched`.
    ///
    /// A host calls it before a process ends, and now and then where calls are rare: what waits is looked at when something is recorded, and
    /// by no clock of its own. It goes on waiting where this fails.
    ///
    /// # Errors
    /// A failure below the engine.
    pub async fn flush_trail(&self) -> Result<(), Trouble> {
        self.append(&[]).await
    }

    /// What is known of the trail's edge is kept between appends, so that one asks the store nothing. Where another writer was faster, the store
    /// says so, and what that one appended is read.
    async fn append(&self, entries: &[Written]) -> Result<(), Trouble> {
        let (log, pen) = (self.inner.ports.audit(), &self.inner.pen);
        let mut appender = pen.appender.take().await;
        for _ in 0..ATTEMPTS {
            // Not known any more until this append has been answered.
            let edge = match appender.edge.take() {
                Some(edge) => edge,
                None => self.found_edge(&mut appender).await?,
            };
            let (mut grown, first) = (edge.clone(), edge.tree.size());
            let (stored, waited) = {
                let waiting = pen.waiting();
                let all = waiting.iter().chain(entries);
                (
                    all.map(|entry| grown.append(entry.at, entry.body.clone())).collect::<Vec<_>>(),
                    waiting.len(),
                )
            };
            if stored.is_empty() {
                appender.edge = Some(edge);
                return Ok(());
            }
            appender.in_doubt = Some(first);
            if unless_conflict(log.append(stored).await)? {
                pen.waiting().drain(..waited);
                *appender = Appender { edge: Some(grown), in_doubt: None };
                return Ok(());
            }
        }
        Err(Trouble::Contention { during: "append to the audit trail" })
    }

    /// The end of the trail as it is in the store. What waited and stands there, because an append took effect whose answer did not come, waits no more.
    async fn found_edge(&self, appender: &mut Appender) -> Result<Edge, Trouble> {
        let (log, pen) = (self.inner.ports.audit(), &self.inner.pen);
        let edge = self.edge().await?;
        let waited = pen.waiting().len();
        if let Some(first) = appender.in_doubt.filter(|first| waited > 0 && *first < edge.tree.size()) {
            let found = log.read(first, waited).await?;
            let mut waiting = pen.waiting();
            let stands = |(own, found): &(&Written, &StoredEntry)| found.bytes() == Some(&own.body.bytes);
            let same = waiting.iter().zip(&found).take_while(stands).count();
            waiting.drain(..same);
        }
        appender.in_doubt = None;
        Ok(edge)
    }
}
