//! Streams: large values that the host keeps in its own object store, sealed and opened by the steward.

use std::fmt;

use super::column::at_column;
use super::open::OpenError;
use super::put::PutError;
use super::steward::Steward;
use super::trouble::Trouble;
use crate::contracts::Ports;
use crate::core::access::{Grant, Shows};
use crate::core::classification::{ClassSpec, Classified, DataClass, ExposeError, Proof};
use crate::core::id::Name;
use crate::core::place::Place;
use crate::crypto::{PlaceKeys, StreamOpener, StreamSealer, StreamStart};

/// A stream of class `C` that was opened against a grant, and of which nothing has been read.
///
/// Shows its class and nothing else, as a [`Classified`] value does.
pub struct OpenedStream<C: DataClass> {
    opener: StreamOpener,
    class: Classified<[u8; 0], C>,
}

impl<C: DataClass> OpenedStream<C> {
    /// What opens it, chunk by chunk, against proof that covers its class: bytes in the clear from here on, and the host's to handle.
    ///
    /// # Errors
    /// As [`Classified::expose`].
    pub fn expose(self, proof: &(impl Proof + ?Sized)) -> Result<StreamOpener, ExposeError> {
        self.class.expose(proof)?;
        Ok(self.opener)
    }
}

impl<C: DataClass> fmt::Debug for OpenedStream<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.class.fmt(f)
    }
}

impl<P: Ports> Steward<P> {
    /// Begins a stream of class `C` for an object store of the host's own: bound to tenant, connection, person, `kind`, record, `field` and
    /// class, as [`seal`](Self::seal) binds a value.
    ///
    /// The steward holds nothing of it: what is sealed goes where the host sends it. A stream that is still being sealed when its scope is
    /// revoked is sealed under a key that is gone.
    ///
    /// # Errors
    /// As [`seal`](Self::seal).
    pub async fn seal_stream<C: DataClass>(
        &self,
        place: &Place,
        kind: &'static str,
        field: &'static str,
    ) -> Result<StreamSealer, PutError> {
        let key = at_column(place, kind).ok_or(PutError::BadPlace)?;
        if let Some(connection) = place.connection_id() {
            self.live(place.tenant_id(), connection.as_str()).await?;
        }
        let (field, class) = (Name::new(field), Name::new(C::ID));
        let mut session = self.keys();
        let keys = session.for_sealing_at(place, &field).await?;
        let wrong = || Trouble::Key { scope: "place" };
        let keys = PlaceKeys::new(keys.iter().map(|(scope, version, key)| (scope, *version, key)).collect())
            .map_err(|_| wrong())?;
        let context = session.context(place, &key, &field, &class, place.subject_of(field.as_str()));
        // Two streams with one salt would lay each other open: it comes from where the keys come from.
        let (backend, entropy) = (&*self.inner.backend, &*self.inner.entropy);
        Ok(StreamSealer::new(backend, entropy, &keys.stream_key(), &context).map_err(|_| wrong())?)
    }

    /// Opens a stream of class `C` from an object store of the host's own, sealed by [`seal_stream`](Self::seal_stream) with the same `kind`
    /// and `field`; `start` is what it begins with. The opening is on the audit trail before the first byte is decrypted.
    ///
    /// Grant and keys are asked for here, once: like a value that was opened, what is given back goes on after the grant has ended or
    /// a key is destroyed. Open a stream when it is read, and drop it after.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub async fn open_stream<C: DataClass>(
        &self,
        grant: &Grant<impl Shows>,
        place: &Place,
        kind: &'static str,
        field: &'static str,
        start: &StreamStart,
    ) -> Result<OpenedStream<C>, OpenError> {
        let class = ClassSpec::of::<C>();
        self.check_class(grant, place, class.category, class.level).await?;
        let key = at_column(place, kind).ok_or(OpenError::NotFound)?;
        let people = self.check_people(grant, place.subject_of(field)).await;
        self.refused(grant, place, (class.category, class.level), people).await?;
        let mut session = self.keys();
        self.begin_opening(&mut session, grant, place, (class.category, Some(C::ID)), class.level).await?;
        let (field, class) = (Name::new(field), Name::new(C::ID));
        let subject = place.subject_of(field.as_str());
        let refused = || OpenError::Sealed { field: field.clone() };
        let keys = session.named(place, subject, start.header()).await?.ok_or_else(refused)?;
        let keys = PlaceKeys::new(keys.iter().map(|(scope, version, key)| (scope, *version, key)).collect())
            .map_err(|_| refused())?;
        let context = session.context(place, &key, &field, &class, subject);
        let opener = StreamOpener::new(&*self.inner.backend, &keys.stream_key(), start, &context);
        Ok(OpenedStream { opener: opener.map_err(|_| refused())?, class: Classified::new([]) })
    }
}
