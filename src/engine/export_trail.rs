//! What goes out of the trail: lines of JSON, and evidence that a stranger checks.

use std::io::Write;

use super::read_trail::{PAGE, TrailQuery, TrailReadError};
use super::steward::Steward;
use super::trail::TrailError;
use super::trouble::Trouble;
use crate::contracts::Ports;
use crate::core::access::{Export, Grant};
use crate::core::audit::tree::{TreeHead, Wanted};
use crate::core::audit::{EvidenceBundle, ProvenEntry, SignedCheckpoint};

/// What was exported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ExportedTrail {
    /// Number of entries.
    pub entries: u64,
    /// The head of the whole trail, under which each of them can be proved.
    pub head: TreeHead,
}

/// Evidence of a page of entries.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct EvidencePage {
    /// The evidence.
    pub evidence: EvidenceBundle,
    /// After which entry the next page begins; `None` where there is nothing more.
    pub next: Option<u64>,
}

impl<P: Ports> Steward<P> {
    /// Writes what a query finds as lines of JSON, an entry in each: `{"index":7,"entry":{…}}`, where the entry is the very bytes that were
    /// hashed. The last line is the head of the trail, `{"head":{"size":9,"root":"…"}}`: without it the export is not whole.
    ///
    /// The grant is for [`Export`]; else as for [`read_trail`](Self::read_trail). A page of entries is held at a time. What is appended
    /// meanwhile is not in it.
    ///
    /// # Errors
    /// [`TrailReadError`]; what was written until then is not whole.
    pub async fn export_trail<W: Write + Send>(
        &self,
        grant: &Grant<Export>,
        query: &TrailQuery,
        to: &mut W,
    ) -> Result<ExportedTrail, TrailReadError> {
        let search = self.begin_search(grant, query).await?;
        let head = self.tree_of(search.size).await?.head();
        let (mut after, mut entries, mut lines) = (None, 0, Vec::new());
        loop {
            let found = self.found(&search, after, PAGE).await?;
            lines.clear();
            for (stored, _) in &found.entries {
                grant.count_opening()?;
                entries += 1;
                write!(lines, "{{\"index\":{},\"entry\":", stored.index)?;
                lines.extend_from_slice(stored.bytes().unwrap_or_default());
                lines.extend_from_slice(b"}\n");
            }
            to.write_all(&lines)?;
            after = found.next;
            if after.is_none() {
                break;
            }
        }
        let head_line = serde_json::json!({ "head": head });
        writeln!(to, "{head_line}")?;
        to.flush()?;
        Ok(ExportedTrail { entries, head })
    }

    /// Evidence of what a query finds: each entry with the proof that it is under a signed checkpoint of this trail, for who does not hold it
    /// ([`EvidenceBundle::verify`]).
    ///
    /// Entries that are younger than the checkpoint are not in it. The grant is for [`Export`]; else as for
    /// [`read_trail`](Self::read_trail).
    ///
    /// # Errors
    /// [`TrailReadError`], [`TrailBreak`](crate::audit::TrailBreak) among them where the trail does not go on from the checkpoint.
    pub async fn trail_evidence(
        &self,
        grant: &Grant<Export>,
        query: &TrailQuery,
        after: Option<u64>,
        under: &SignedCheckpoint,
    ) -> Result<EvidencePage, TrailReadError> {
        let tree = under.unverified()?.tree;
        let mut search = self.begin_search(grant, query).await?;
        self.goes_on_from(tree).await?.map_err(TrailError::from)?;
        search.until = search.until.min(tree.size);
        let found = self.found(&search, after, PAGE).await?;
        let indexes = found.entries.iter().map(|(stored, _)| stored.index);
        let wanted: Vec<_> = indexes.map(|leaf| Wanted::Inclusion { leaf, size: tree.size }).collect();
        let nodes = self.nodes(wanted).await?;
        let mut proven = Vec::with_capacity(found.entries.len());
        for (stored, _) in &found.entries {
            grant.count_opening()?;
            let proof = nodes.inclusion(stored.index, tree.size).map_err(Trouble::from)?;
            proven.push(ProvenEntry::of(stored.bytes().unwrap_or_default(), proof));
        }
        Ok(EvidencePage { evidence: EvidenceBundle::new(under, proven), next: found.next })
    }
}
