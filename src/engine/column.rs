//! Columns: single values that the host keeps in its own tables, sealed by the steward.

use zeroize::Zeroizing;

use super::open::OpenError;
use super::put::PutError;
use super::steward::Steward;
use crate::contracts::{FieldBody, Ports, RecordKey, StoredField};
use crate::core::access::{Grant, Read, Shows};
use crate::core::classification::{
    BY_LABEL, ClassSpec, Classified, DataClass, DecodeError, FieldValue, Labelled, Level, decode_value,
    encode_value,
};
use crate::core::id::Name;
use crate::core::place::Place;

/// Why a value was not moved.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RebindError {
    /// The places are of two tenants: no value goes from one to another.
    #[error("the places are of two tenants")]
    OtherTenant,
    /// It does not open where it is.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// It cannot be sealed where it is to go.
    #[error(transparent)]
    Put(#[from] PutError),
}

impl<P: Ports> Steward<P> {
    /// Seals one value for a column of the host's own: bound to tenant, connection, person, `kind`, record, `field` and class.
    ///
    /// # Errors
    /// [`PutError::BadPlace`], or where there is no key to seal under.
    pub async fn seal<T: FieldValue, C: DataClass>(
        &self,
        place: &Place,
        kind: &'static str,
        field: &'static str,
        value: &Classified<T, C>,
    ) -> Result<Vec<u8>, PutError> {
        self.seal_column(place, kind, field, C::ID, encode_value(kind, field, value)).await
    }

    /// Opens one value from a column of the host's own, sealed by [`seal`](Self::seal) with the same `kind` and `field`.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub async fn open_sealed<T: FieldValue, C: DataClass>(
        &self,
        grant: &Grant<impl Shows>,
        place: &Place,
        kind: &'static str,
        field: &'static str,
        sealed: &[u8],
    ) -> Result<Classified<T, C>, OpenError> {
        let class = ClassSpec::of::<C>();
        let plain =
            self.open_column(grant, place, (kind, field), class.category, class.level, (C::ID, sealed));
        Ok(decode_value(kind, field, plain.await?)?)
    }

    /// Seals one value whose class is known at run time, and its label with it: what came from a platform and has no class yet, say.
    ///
    /// # Errors
    /// As [`seal`](Self::seal).
    pub async fn seal_labelled<T: FieldValue>(
        &self,
        place: &Place,
        kind: &'static str,
        field: &'static str,
        value: &Labelled<T>,
    ) -> Result<Vec<u8>, PutError> {
        self.seal_column(place, kind, field, BY_LABEL, value.encode(kind, field)).await
    }

    /// Opens one value that was sealed by [`seal_labelled`](Self::seal_labelled): it comes back with the label that it had. What its
    /// categories and purposes are under another policy is looked up by name; what that does not declare counts as unknown.
    ///
    /// The grant is for the place; that it covers the label is asked when the value is exposed or written to a sink.
    ///
    /// # Errors
    /// As [`open`](Self::open); [`OpenError::AboveGrant`] where the label's level is above the grant's.
    pub async fn open_labelled<T: FieldValue>(
        &self,
        grant: &Grant<impl Shows>,
        place: &Place,
        kind: &'static str,
        field: &'static str,
        sealed: &[u8],
    ) -> Result<Labelled<T>, OpenError> {
        let level = grant.level();
        let plain =
            self.open_column(grant, place, (kind, field), grant.category(), level, (BY_LABEL, sealed));
        let value = Labelled::decode(&self.inner.policy, kind, field, &plain.await?)?;
        if value.label().level() > level {
            return Err(OpenError::AboveGrant { level: value.label().level(), granted: level });
        }
        Ok(value)
    }

    /// Moves one value that [`seal`](Self::seal) sealed to another place of the same tenant: the one way in which a sealed value changes
    /// its connection, person or record. It is opened against the grant, on the audit trail, and sealed anew.
    ///
    /// What was sealed for `from` still opens there: overwrite it. A stream has no such verb: open it, and seal what comes out at its
    /// new place.
    ///
    /// # Errors
    /// [`RebindError`]; nothing is sealed then.
    pub async fn rebind<C: DataClass>(
        &self,
        grant: &Grant<Read>,
        from: &Place,
        to: &Place,
        kind: &'static str,
        field: &'static str,
        sealed: &[u8],
    ) -> Result<Vec<u8>, RebindError> {
        if from.tenant_id() != to.tenant_id() {
            return Err(RebindError::OtherTenant);
        }
        let class = ClassSpec::of::<C>();
        let plain = self
            .open_column(grant, from, (kind, field), class.category, class.level, (C::ID, sealed))
            .await?;
        Ok(self.seal_column(to, kind, field, C::ID, Ok(plain)).await?)
    }

    async fn seal_column(
        &self,
        place: &Place,
        kind: &'static str,
        field: &'static str,
        class: &'static str,
        plain: Result<Zeroizing<Vec<u8>>, DecodeError>,
    ) -> Result<Vec<u8>, PutError> {
        let key = at_column(place, kind).ok_or(PutError::BadPlace)?;
        if let Some(connection) = place.connection_id() {
            self.live(place.tenant_id(), connection.as_str()).await?;
        }
        let subject = place.subject_of(field);
        let (field, class) = (Name::new(field), Name::new(class));
        Ok(self.keys().seal_at(place, &key, &field, &class, subject, &plain?).await?)
    }

    async fn open_column(
        &self,
        grant: &Grant<impl Shows>,
        place: &Place,
        (kind, field): (&'static str, &'static str),
        category: &str,
        level: Level,
        (class, sealed): (&'static str, &[u8]),
    ) -> Result<Zeroizing<Vec<u8>>, OpenError> {
        self.check_class(grant, place, category, level).await?;
        let key = at_column(place, kind).ok_or(OpenError::NotFound)?;
        let people = self.check_people(grant, place.subject_of(field)).await;
        self.refused(grant, place, (category, level), people).await?;
        let mut keys = self.keys();
        self.begin_opening(&mut keys, grant, place, (category, Some(class)), level).await?;
        let stored = StoredField {
            name: Name::new(field),
            class: Name::new(class),
            subject: place.subject_of(field).cloned(),
            body: FieldBody::Sealed(sealed.to_vec()),
        };
        keys.open_field(place, &key, &stored).await
    }
}

/// The key of the record that a place of the host's own names, where every identifier is well formed.
pub(super) fn at_column(place: &Place, kind: &'static str) -> Option<RecordKey> {
    let id = place.record_id().filter(|_| place.is_well_formed())?;
    Some(RecordKey { tenant: place.tenant_id().clone(), kind: Name::new(kind), id })
}
