//! The steward's own papers, typed: how they are loaded, saved and listed.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::trouble::{ATTEMPTS, Trouble, unless_conflict};
use crate::contracts::{Document, DocumentKey, DocumentKind, DocumentStore, Expected, Version};
use crate::core::id::TenantId;

/// Number of papers that one listing asks for.
const PAGE: usize = 256;

/// A paper of the steward.
pub(super) trait Paper: Serialize + DeserializeOwned + Send + Sync {
    const KIND: DocumentKind;
    fn tenant(&self) -> &TenantId;
    fn id(&self) -> String;
}

/// A paper as it was found, with the version that a later save expects.
#[derive(Clone, Debug)]
pub(super) struct Filed<T> {
    pub(super) paper: T,
    pub(super) version: Version,
}

pub(super) async fn load<T: Paper>(
    store: &impl DocumentStore,
    tenant: &TenantId,
    id: &str,
) -> Result<Option<Filed<T>>, Trouble> {
    let key = DocumentKey { kind: T::KIND, tenant: tenant.clone(), id: id.to_owned() };
    store.load(&key).await?.map(read).transpose()
}

/// Saves where `expected` is found; `false` where another writer was faster.
pub(super) async fn save<T: Paper>(
    store: &impl DocumentStore,
    paper: &T,
    expected: Expected,
) -> Result<bool, Trouble> {
    let body = serde_json::to_vec(paper).map_err(|source| Trouble::Paper { kind: T::KIND, source })?;
    let key = DocumentKey { kind: T::KIND, tenant: paper.tenant().clone(), id: paper.id() };
    let document = Document { key, version: expected.next(), body };
    unless_conflict(store.save(document, expected).await)
}

/// Loads, changes and saves until no other writer comes between. `change` gives the paper to be saved, or what to answer instead.
pub(super) async fn update<T: Paper, E: From<Trouble>>(
    store: &impl DocumentStore,
    tenant: &TenantId,
    id: &str,
    mut change: impl FnMut(Option<T>) -> Result<T, E> + Send,
) -> Result<T, E> {
    for _ in 0..ATTEMPTS {
        let (found, expected) = match load::<T>(store, tenant, id).await? {
            Some(Filed { paper, version }) => (Some(paper), Expected::Version(version)),
            None => (None, Expected::Absent),
        };
        let paper = change(found)?;
        if save(store, &paper, expected).await? {
            return Ok(paper);
        }
    }
    Err(Trouble::Contention { during: T::KIND.as_str() }.into())
}

pub(super) async fn all<T: Paper>(
    store: &impl DocumentStore,
    tenant: Option<&TenantId>,
) -> Result<Vec<Filed<T>>, Trouble> {
    let mut papers = Vec::new();
    let mut after: Option<DocumentKey> = None;
    loop {
        let page = store.list(T::KIND, tenant, after.as_ref(), PAGE).await?;
        after = page.last().map(|document| document.key.clone());
        let full = page.len() >= PAGE;
        for document in page {
            papers.push(read(document)?);
        }
        if !full {
            return Ok(papers);
        }
    }
}

fn read<T: Paper>(document: Document) -> Result<Filed<T>, Trouble> {
    serde_json::from_slice(&document.body)
        .map(|paper| Filed { paper, version: document.version })
        .map_err(|source| Trouble::Paper { kind: T::KIND, source })
}
