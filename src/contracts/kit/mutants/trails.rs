use std::sync::Mutex;

use chrono::DateTime;

use super::super::{Namespace, check_audit};
use super::{Mutant, catches, give_way};
use crate::contracts::{AuditLog, StoreError, StoredEntry, block_on};
use crate::core::audit::Term;
use crate::ports::memory::MemoryAudit;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Flaw {
    AcceptsGaps,
    AcceptsGapsInABatch,
    KeepsPartOfABatch,
    ComparesThenWrites,
    KeepsTheLastTen,
    IgnoresLimit,
    ReadsAfterFrom,
    LastIsTheFirst,
    LosesWrites,
    FilesTheFirstTerm,
    FilesTheFirstOfABatch,
    FilesWhatIsRefused,
    ListsAll,
    ListsBackwards,
    ListsAfterFrom,
    ListsFromTheStart,
    ListsPastTheLimit,
    ListsTwice,
    ListsWithoutNodes,
    ComparesTheStartOfTerms,
    ComparesTheEndOfTerms,
    ExpiresNothing,
    ExpiresOneTooFew,
    ExpiresOneTooMany,
    ExpiresEverything,
    ExpiresWhatComesLater,
    ExpiryHidesAlone,
    ExpiryTakesNodes,
    ExpiryTakesTimes,
    ExpiryTakesEntries,
    FindsWhatHasExpired,
}

/// The log with what a flaw remembers beside it.
#[derive(Default)]
struct Trail {
    log: MemoryAudit,
    /// As it was appended.
    appended: Mutex<Vec<StoredEntry>>,
    below: Mutex<u64>,
}

impl Trail {
    fn below(&self) -> u64 {
        *self.below.lock().unwrap()
    }

    async fn next(&self) -> Result<u64, StoreError> {
        Ok(self.log.last().await?.map_or(0, |last| last.index + 1))
    }
}

fn tail(term: &Term) -> &[u8] {
    &term.as_bytes()[1..]
}

fn head(term: &Term) -> &[u8] {
    &term.as_bytes()[..16]
}

impl AuditLog for Mutant<Trail, Flaw> {
    async fn append(&self, mut entries: Vec<StoredEntry>) -> Result<(), StoreError> {
        let next = self.inner.next().await?;
        let renumber = |entries: &mut [StoredEntry], next: u64| {
            for (index, entry) in (next..).zip(entries) {
                entry.index = index;
            }
        };
        match self.flaw {
            Flaw::AcceptsGaps => renumber(&mut entries, next),
            Flaw::AcceptsGapsInABatch if entries.first().is_some_and(|entry| entry.index == next) => {
                renumber(&mut entries, next);
            }
            Flaw::KeepsPartOfABatch => {
                for entry in entries {
                    self.inner.log.append(vec![entry]).await?;
                }
                return Ok(());
            }
            Flaw::ComparesThenWrites => {
                if entries.first().is_some_and(|entry| entry.index != next) {
                    return Err(StoreError::conflict("append"));
                }
                give_way().await;
                let next = self.inner.next().await?;
                renumber(&mut entries, next);
            }
            Flaw::LosesWrites => return Ok(()),
            Flaw::FilesWhatIsRefused => self.inner.appended.lock().unwrap().extend(entries.clone()),
            Flaw::FindsWhatHasExpired if entries.first().is_some_and(|entry| entry.index == next) => {
                self.inner.appended.lock().unwrap().extend(entries.clone());
            }
            _ => {}
        }
        self.inner.log.append(entries).await
    }

    async fn read(&self, from: u64, limit: usize) -> Result<Vec<StoredEntry>, StoreError> {
        let log = &self.inner.log;
        let mut found = match self.flaw {
            Flaw::IgnoresLimit => log.read(from, usize::MAX).await?,
            Flaw::ReadsAfterFrom => log.read(from.saturating_add(1), limit).await?,
            Flaw::KeepsTheLastTen => {
                let end = self.inner.next().await?;
                log.read(from.max(end.saturating_sub(10)), limit).await?
            }
            _ => log.read(from, limit).await?,
        };
        let below = self.inner.below();
        found.retain(|entry| self.flaw != Flaw::ExpiryTakesEntries || entry.index >= below);
        for entry in found.iter_mut().filter(|entry| entry.index < below) {
            match self.flaw {
                Flaw::ExpiryTakesNodes => entry.nodes.truncate(1),
                Flaw::ExpiryTakesTimes => entry.at = DateTime::UNIX_EPOCH,
                Flaw::ExpiryHidesAlone | Flaw::ExpiresWhatComesLater => entry.body = None,
                _ => {}
            }
        }
        Ok(found)
    }

    async fn last(&self) -> Result<Option<StoredEntry>, StoreError> {
        if self.flaw == Flaw::LastIsTheFirst {
            return Ok(self.inner.log.read(0, 1).await?.pop());
        }
        self.inner.log.last().await
    }

    async fn list(&self, term: &Term, from: u64, limit: usize) -> Result<Vec<StoredEntry>, StoreError> {
        let log = &self.inner.log;
        let within = |entry: &StoredEntry, like: &dyn Fn(&[Term]) -> bool| {
            entry.index >= from && entry.body.as_ref().is_some_and(|body| like(&body.terms))
        };
        let all = async || log.read(0, usize::MAX).await;
        let those = |all: Vec<StoredEntry>, like: &dyn Fn(&[Term]) -> bool| {
            Ok(all.into_iter().filter(|entry| within(entry, like)).take(limit).collect())
        };
        match self.flaw {
            Flaw::FilesTheFirstTerm => those(all().await?, &|terms| terms.first() == Some(term)),
            Flaw::FilesTheFirstOfABatch => {
                let mut found = log.list(term, from, limit).await?;
                found.retain(|entry| entry.index % 12 != 5);
                Ok(found)
            }
            Flaw::FilesWhatIsRefused | Flaw::FindsWhatHasExpired => {
                let appended = self.inner.appended.lock().unwrap().clone();
                those(appended, &|terms| terms.contains(term))
            }
            Flaw::ListsAll => those(all().await?, &|_| true),
            Flaw::ListsBackwards => {
                let mut found = log.list(term, from, limit).await?;
                found.reverse();
                Ok(found)
            }
            Flaw::ListsAfterFrom => log.list(term, from.saturating_add(1), limit).await,
            Flaw::ListsFromTheStart => log.list(term, 0, limit).await,
            Flaw::ListsPastTheLimit => log.list(term, from, limit.saturating_add(1)).await,
            Flaw::ListsTwice => {
                let found = log.list(term, from, limit).await?;
                Ok(found.iter().flat_map(|entry| [entry.clone(), entry.clone()]).take(limit).collect())
            }
            Flaw::ListsWithoutNodes => {
                let mut found = log.list(term, from, limit).await?;
                found.iter_mut().for_each(|entry| entry.nodes.clear());
                Ok(found)
            }
            Flaw::ComparesTheStartOfTerms => {
                those(all().await?, &|terms| terms.iter().any(|own| head(own) == head(term)))
            }
            Flaw::ComparesTheEndOfTerms => {
                those(all().await?, &|terms| terms.iter().any(|own| tail(own) == tail(term)))
            }
            _ => log.list(term, from, limit).await,
        }
    }

    async fn expire(&self, below: u64) -> Result<(), StoreError> {
        let log = &self.inner.log;
        *self.inner.below.lock().unwrap() = below;
        match self.flaw {
            Flaw::ExpiresNothing | Flaw::ExpiryHidesAlone => Ok(()),
            Flaw::ExpiresOneTooFew => log.expire(below.saturating_sub(1)).await,
            Flaw::ExpiresOneTooMany => log.expire(below + 1).await,
            Flaw::ExpiresEverything => log.expire(u64::MAX).await,
            _ => log.expire(below).await,
        }
    }
}

#[test]
fn the_kit_finds_every_flaw_of_an_audit_log() {
    use Flaw::*;
    for (flaw, rule) in [
        (AcceptsGaps, "gapless"),
        (AcceptsGapsInABatch, "gapless"),
        (KeepsPartOfABatch, "gapless"),
        (ComparesThenWrites, "gapless"),
        (KeepsTheLastTen, "append-only"),
        (IgnoresLimit, "read-your-writes"),
        (ReadsAfterFrom, "read-your-writes"),
        (LastIsTheFirst, "read-your-writes"),
        (LosesWrites, "read-your-writes"),
        (FilesTheFirstTerm, "indexed"),
        (FilesTheFirstOfABatch, "indexed"),
        (FilesWhatIsRefused, "indexed"),
        (ListsAll, "indexed"),
        (ListsBackwards, "indexed"),
        (ListsAfterFrom, "indexed"),
        (ListsFromTheStart, "indexed"),
        (ListsPastTheLimit, "indexed"),
        (ListsTwice, "indexed"),
        (ListsWithoutNodes, "indexed"),
        (ComparesTheStartOfTerms, "indexed"),
        (ComparesTheEndOfTerms, "indexed"),
        (ExpiresNothing, "expiring"),
        (ExpiresOneTooFew, "expiring"),
        (ExpiresOneTooMany, "expiring"),
        (ExpiresEverything, "expiring"),
        (ExpiresWhatComesLater, "expiring"),
        (ExpiryHidesAlone, "expiring"),
        (ExpiryTakesNodes, "expiring"),
        (ExpiryTakesTimes, "expiring"),
        (ExpiryTakesEntries, "expiring"),
        (FindsWhatHasExpired, "expiring"),
    ] {
        let fresh = async || Mutant { inner: Trail::default(), flaw };
        catches(&block_on(check_audit(&Namespace::new("kit"), fresh)), rule, &flaw);
    }
}
