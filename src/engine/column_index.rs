//! Entries of a blind index that the host keeps beside its own columns.

use super::keyring::KeyError;
use super::steward::Steward;
use super::trouble::Trouble;
use crate::contracts::Ports;
use crate::core::classification::Findable;
use crate::core::id::TenantId;
use crate::core::place::Scope;
use crate::core::policy::{NormalForm, NotNormal};
use crate::crypto::{BlindIndex, SecretKey};

/// Why a value has no entry.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IndexError {
    /// The value has no normal form of its class. It can be sealed all the same.
    #[error("this value of `{field}` of `{kind}` cannot be entered in the blind index")]
    NotNormal {
        /// The kind of record.
        kind: &'static str,
        /// The field.
        field: &'static str,
        /// What is missing.
        #[source]
        why: NotNormal,
    },
    /// There is no key of the tenant to make it under.
    #[error(transparent)]
    Key(KeyError),
    /// A failure below the engine.
    #[error(transparent)]
    Trouble(#[from] Trouble),
}

impl From<KeyError> for IndexError {
    fn from(error: KeyError) -> Self {
        match error {
            KeyError::Trouble(trouble) => Self::Trouble(trouble),
            key => Self::Key(key),
        }
    }
}

impl<P: Ports> Steward<P> {
    /// The entry of a value in the blind index of a column of the host's own: to be stored beside what [`seal`](Self::seal) or
    /// [`seal_labelled`](Self::seal_labelled) gives, and deleted with it. Look for it by [`index_entries`](Self::index_entries).
    ///
    /// A class is entered as the policy declares for it, a value with a label as text. At full length it has 24 bytes.
    ///
    /// # Errors
    /// [`IndexError::NotNormal`] where nothing could be found by the value; or there is no key.
    pub async fn index_entry<V: Findable>(
        &self,
        tenant: &TenantId,
        kind: &'static str,
        field: &'static str,
        value: &V,
    ) -> Result<Vec<u8>, IndexError> {
        // Asked first: for a value that has none, no key is made.
        let normal = self.normal_of(kind, field, value)?;
        let (_, key) = self.keys().for_sealing(&Scope::Tenant(tenant.clone())).await?;
        Ok(self.column_index(&key, kind, field, value).entry(&normal))
    }

    /// The entries that a value may have in a column of the host's own, one for each live key of the tenant, the newest first: what to
    /// query for (`WHERE entry IN (…)`, in one statement, so that none that is made anew meanwhile is missed).
    ///
    /// What is found is a candidate. Open it and compare its [normal form](crate::policy::FindBy::normal) before anybody is named: a cut
    /// entry points at others as well, and the host's column of entries is not sealed. An entry that is not the first of its own
    /// value's is of an older key: put the first in its place, before that key goes.
    ///
    /// # Errors
    /// [`IndexError::NotNormal`] where nothing could be found by the value.
    pub async fn index_entries<V: Findable>(
        &self,
        tenant: &TenantId,
        kind: &'static str,
        field: &'static str,
        value: &V,
    ) -> Result<Vec<Vec<u8>>, IndexError> {
        let normal = self.normal_of(kind, field, value)?;
        let live = self.keys().live(&Scope::Tenant(tenant.clone())).await?;
        let entry = |(_, key): &(u32, SecretKey)| self.column_index(key, kind, field, value).entry(&normal);
        Ok(live.iter().map(entry).collect())
    }

    fn normal_of<V: Findable>(
        &self,
        kind: &'static str,
        field: &'static str,
        value: &V,
    ) -> Result<NormalForm, IndexError> {
        let normal = self.policy().find_by(value.class()).normal(value.text());
        normal.map_err(|why| IndexError::NotNormal { kind, field, why })
    }

    fn column_index<'v, V: Findable>(
        &self,
        key: &SecretKey,
        kind: &'static str,
        field: &'static str,
        value: &'v V,
    ) -> BlindIndex<'v> {
        let class = value.class();
        BlindIndex::new(key, kind, class, field, self.policy().find_by(class))
    }
}
