//! The claim of encryption at rest, looked for in what is stored.

use std::collections::BTreeMap;

use super::steward::Steward;
use super::trouble::Trouble;
use crate::contracts::{FieldBody, Ports, RecordKey, RecordQuery, RecordRow, RecordStore, StoredField};
use crate::core::classification::Level;
use crate::core::id::Name;
use crate::crypto::{Envelope, Suite};

const PAGE: usize = 256;

/// The most violations that a [`Scan`] lists; it counts them all.
pub const MAX_LISTED: usize = 100;

/// Whether what is stored meets the policy's claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a claim is met or it is not")]
pub enum Claim {
    /// Everything that is to be sealed is, by a suite that is allowed.
    Met,
    /// So many fields are not.
    NotMet {
        /// Number of fields.
        count: u64,
    },
}

/// In what way a stored field does not meet the claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Violation {
    /// It is stored in the clear, and its level is to be sealed.
    Clear,
    /// It is no envelope of a suite that is allowed.
    Suite,
}

/// A stored field that does not meet the claim.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Violator {
    /// Its record.
    pub record: RecordKey,
    /// Its name.
    pub field: Name,
    /// In what way.
    pub violation: Violation,
}

/// What a scan of the stored records found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Scan {
    /// Envelopes, by suite.
    pub sealed: BTreeMap<Suite, u64>,
    /// Fields in the clear whose levels let them be.
    pub clear: u64,
    /// Fields that do not meet the claim.
    pub violations: u64,
    /// The first of those, at most [`MAX_LISTED`].
    pub violators: Vec<Violator>,
}

impl Scan {
    /// Whether the claim is met.
    #[must_use]
    pub const fn claim(&self) -> Claim {
        match self.violations {
            0 => Claim::Met,
            count => Claim::NotMet { count },
        }
    }
}

impl<P: Ports> Steward<P> {
    /// Looks at every stored field: whether what its level's controls seal is sealed, by a suite that is on the list.
    ///
    /// It reads no value and opens nothing: an envelope says its suite in the clear. It looks at the steward's own records, of which no field
    /// is a stream; columns and streams of the host's own are for the host to look at ([`Envelope::parse`],
    /// [`StreamStart::parse`](crate::crypto::StreamStart::parse)).
    ///
    /// A field that was stored when the policy asked less of its level is found too, and so is one whose class the policy does not
    /// declare any more. To put the record again seals it.
    ///
    /// # Errors
    /// The store failed.
    pub async fn scan(&self) -> Result<Scan, Trouble> {
        let (mut scan, mut after) = (Scan::default(), None);
        let (store, everything) = (self.inner.ports.records(), RecordQuery::default());
        loop {
            let page = store.list(&everything, after.as_ref(), PAGE).await?;
            page.iter().for_each(|row| self.look_at(row, &mut scan));
            if page.len() < PAGE {
                return Ok(scan);
            }
            after = page.last().map(|row| row.key.clone());
        }
    }

    fn look_at(&self, row: &RecordRow, scan: &mut Scan) {
        for field in &row.fields {
            let violation = match &field.body {
                FieldBody::Sealed(sealed) => match Envelope::parse(sealed) {
                    Ok(envelope) => {
                        *scan.sealed.entry(envelope.suite()).or_default() += 1;
                        continue;
                    }
                    Err(_) => Violation::Suite,
                },
                FieldBody::Clear(_) if self.is_to_be_sealed(field) => Violation::Clear,
                FieldBody::Clear(_) => {
                    scan.clear += 1;
                    continue;
                }
            };
            scan.violations += 1;
            if scan.violators.len() < MAX_LISTED {
                scan.violators.push(Violator {
                    record: row.key.clone(),
                    field: field.name.clone(),
                    violation,
                });
            }
        }
    }

    fn is_to_be_sealed(&self, field: &StoredField) -> bool {
        let declared = self.policy().document().classes.get(&field.class);
        let level = declared.map_or(Level::Restricted, |class| class.level);
        self.inner.policy.level(level).seal.is_some()
    }
}
