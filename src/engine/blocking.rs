//! The same verbs for synchronous hosts: each parks the thread until its future is ready.

use std::collections::BTreeSet;
use std::io::Write;

use chrono::{DateTime, Utc};
use serde_json::Value;
use zeroize::Zeroize;

use super::anonymised::{AnonymisedPage, ViewCursor};
use super::authorize::Access;
use super::carry_out::Export;
use super::checkpoints::CheckpointError;
use super::column::RebindError;
use super::column_index::IndexError;
use super::connect::{Authorization, ConnectError, EventError, TermsError};
use super::disposal::Disposal;
use super::epochs::EpochError;
use super::erase::{EraseError, Revocation};
use super::export_trail::{EvidencePage, ExportedTrail};
use super::find::FindError;
use super::holds::HoldError;
use super::identify::Identified;
use super::instructions::{InstructionError, ProcessingFor};
use super::lifecycle::KeyChangeError;
use super::new_request::NewRequest;
use super::open::OpenError;
use super::preferences::PreferenceError;
use super::put::{PutError, Stored};
use super::read_trail::{TrailPage, TrailQuery, TrailReadError};
use super::reindex::Reindexed;
use super::release::ReleaseError;
use super::requested::{RequestError, Requested};
use super::requests::CaseError;
use super::reseal::Resealing;
use super::scan::Scan;
use super::steward::Steward;
use super::stream::OpenedStream;
use super::sweep::Swept;
use super::trail::TrailError;
use super::trouble::Trouble;
use crate::contracts::{AnyPorts, Destruction, Ports, RecordKey, block_on};
use crate::core::access::{
    self, ActionType, Grant, Preference, Principal, Purpose, Question, Read, ReleaseRequest, Said, Shows,
};
use crate::core::audit::tree::{ConsistencyProof, InclusionProof, TreeHead};
use crate::core::audit::{AccessReview, Checkpoint, NoteVerifier, Pseudonym, SignedCheckpoint};
use crate::core::classification::{
    AuditedReason, Class, Classified, DataClass, FieldValue, Findable, LabelPermit, Labelled, Permit, Record,
};
use crate::core::dsr::{
    AnyCase, Approved, Case, Closed, Planned, Received, Reviewed, Verdict, VerificationMethod, Verified,
};
use crate::core::id::{CaseId, ConnectionId, Name, PrincipalId, SubjectId, TenantId};
use crate::core::place::{Place, Scope};
use crate::core::policy::PolicyDigest;
use crate::core::retention::Hold;
use crate::crypto::{Redactors, StreamSealer, StreamStart};

/// The verbs of a [`Steward`] for synchronous hosts. Everything that is not a verb (policy, time, page) is the steward's own.
#[derive(Debug)]
pub struct Blocking<P: Ports = AnyPorts> {
    steward: Steward<P>,
}

impl<P: Ports> Blocking<P> {
    pub(super) const fn new(steward: Steward<P>) -> Self {
        Self { steward }
    }
}

impl<P: Ports> std::ops::Deref for Blocking<P> {
    type Target = Steward<P>;

    fn deref(&self) -> &Steward<P> {
        &self.steward
    }
}

/// One line for each verb: its signature, and that it blocks on the steward's.
macro_rules! blocking {
    ($($name:ident $(<$($generic:ident : $bound:ident),+>)? ($($argument:ident : $type:ty),*) -> $answer:ty;)+) => {
        impl<P: Ports> Blocking<P> {
            $(
                #[doc = concat!("Blocks on [`Steward::", stringify!($name), "`].")]
                ///
                /// # Errors
                /// As there.
                pub fn $name $(<$($generic: $bound),+>)? (&self, $($argument: $type),*) -> $answer {
                    block_on(self.steward.$name $(::<$($generic),+>)? ($($argument),*))
                }
            )+
        }
    };
}

blocking! {
    accept_terms(by: &Principal, digest: PolicyDigest) -> Result<(), TermsError>;
    connect(by: &Principal, connection: &ConnectionId, platform: &str) -> Result<Authorization, ConnectError>;
    put<R: Record>(place: &Place, record: &R, purpose: &Purpose) -> Result<Stored, PutError>;
    ingest<R: Record>(place: &Place, platform: &str, payload: &Value, purpose: &Purpose) -> Result<Stored, PutError>;
    find<R: Record>(tenant: &TenantId, field: &str, value: &str) -> Result<Vec<SubjectId>, FindError>;
    reindex() -> Result<Reindexed, Trouble>;
    index_entry<V: Findable>(tenant: &TenantId, kind: &'static str, field: &'static str, value: &V) -> Result<Vec<u8>, IndexError>;
    index_entries<V: Findable>(tenant: &TenantId, kind: &'static str, field: &'static str, value: &V) -> Result<Vec<Vec<u8>>, IndexError>;
    seal<T: FieldValue, C: DataClass>(place: &Place, kind: &'static str, field: &'static str, value: &Classified<T, C>) -> Result<Vec<u8>, PutError>;
    open_sealed<T: FieldValue, C: DataClass>(grant: &Grant<impl Shows>, place: &Place, kind: &'static str, field: &'static str, sealed: &[u8]) -> Result<Classified<T, C>, OpenError>;
    rebind<C: DataClass>(grant: &Grant<Read>, from: &Place, to: &Place, kind: &'static str, field: &'static str, sealed: &[u8]) -> Result<Vec<u8>, RebindError>;
    seal_stream<C: DataClass>(place: &Place, kind: &'static str, field: &'static str) -> Result<StreamSealer, PutError>;
    open_stream<C: DataClass>(grant: &Grant<impl Shows>, place: &Place, kind: &'static str, field: &'static str, start: &StreamStart) -> Result<OpenedStream<C>, OpenError>;
    seal_labelled<T: FieldValue>(place: &Place, kind: &'static str, field: &'static str, value: &Labelled<T>) -> Result<Vec<u8>, PutError>;
    open_labelled<T: FieldValue>(grant: &Grant<impl Shows>, place: &Place, kind: &'static str, field: &'static str, sealed: &[u8]) -> Result<Labelled<T>, OpenError>;
    instruct(by: &Principal, purpose: &Purpose) -> Result<BTreeSet<Name>, InstructionError>;
    withdraw_instruction(by: &Principal, purpose: &Purpose) -> Result<bool, InstructionError>;
    processing_record() -> Result<Vec<ProcessingFor>, Trouble>;
    prefer(by: &Principal, subject: &SubjectId, preference: &Preference) -> Result<BTreeSet<Name>, PreferenceError>;
    withdraw_preference(by: &Principal, subject: &SubjectId, preference: &Preference) -> Result<BTreeSet<Name>, PreferenceError>;
    preferences(tenant: &TenantId, subject: &SubjectId) -> Result<Said, Trouble>;
    authorize<A: ActionType>(question: &Question<A>) -> Result<Access<A>, Trouble>;
    revoke_grants(by: &Principal, of: &PrincipalId) -> Result<(), Trouble>;
    open_anonymised<R: Record>(grant: &Grant<impl Shows>, tenant: &TenantId, after: Option<&ViewCursor>, limit: usize) -> Result<AnonymisedPage, OpenError>;
    account<C: Class>(request: &ReleaseRequest) -> Result<AuditedReason, ReleaseError>;
    permit<C: Class, D: DataClass>(request: &ReleaseRequest) -> Result<Permit<C, D>, ReleaseError>;
    permit_labelled<T: Zeroize, D: DataClass>(value: &Labelled<T>, request: &ReleaseRequest) -> Result<LabelPermit<D>, ReleaseError>;
    redactors(tenant: &TenantId) -> Result<Redactors, Trouble>;
    open<R: Record>(grant: &Grant<impl Shows>, place: &Place) -> Result<R, OpenError>;
    place_hold(hold: &Hold) -> Result<(), HoldError>;
    lift_hold(tenant: &TenantId, id: &str) -> Result<bool, Trouble>;
    receive(request: &NewRequest) -> Result<Case<Received>, CaseError>;
    identify(case: Case<Received>) -> Result<Identified, CaseError>;
    case(tenant: &TenantId, id: &CaseId) -> Result<AnyCase, CaseError>;
    verify(case: Case<Received>, method: VerificationMethod, by: &Principal) -> Result<Case<Verified>, CaseError>;
    review(case: Case<Verified>, by: &Principal, verdict: Verdict) -> Result<Reviewed, CaseError>;
    plan(case: Case<Approved>) -> Result<Case<Planned>, CaseError>;
    amend_request(case: Case<Received>, new: &NewRequest) -> Result<Case<Received>, CaseError>;
    carry_out(case: Case<Planned>, by: &Principal) -> Result<(Case<Planned>, Option<Export>), CaseError>;
    platform_answered(case: Case<Planned>, platform: &str, answer: Result<(), String>) -> Result<Case<Planned>, CaseError>;
    respond(case: Case<Planned>, text: &str) -> Result<Case<Planned>, CaseError>;
    close(case: Case<Planned>) -> Result<Case<Closed>, CaseError>;
    revoke(scope: &Scope, reason: &str) -> Result<Revocation, EraseError>;
    sweep() -> Result<Swept, Trouble>;
    scan() -> Result<Scan, Trouble>;
    disposals(tenant: Option<&TenantId>) -> Result<Vec<Disposal>, Trouble>;
    rotate_epoch() -> Result<u32, Trouble>;
    destroy_epochs_before(epoch: u32, backup_taken_at: DateTime<Utc>) -> Result<Vec<Destruction>, EpochError>;
    rotate_key(scope: &Scope, version: u32) -> Result<u32, KeyChangeError>;
    suspend_key(scope: &Scope, version: u32) -> Result<(), KeyChangeError>;
    resume_key(scope: &Scope, version: u32) -> Result<(), KeyChangeError>;
    mark_compromised(scope: &Scope, version: u32, reason: &str) -> Result<u32, KeyChangeError>;
    raise_key_minimum(scope: &Scope, minimum: u32) -> Result<(), KeyChangeError>;
    reseal(after: Option<&RecordKey>, limit: usize) -> Result<Resealing, Trouble>;
    trail_head() -> Result<TreeHead, Trouble>;
    prove_entries(entries: &[u64], size: u64) -> Result<Vec<InclusionProof>, TrailError>;
    prove_growth(old: u64, size: u64) -> Result<ConsistencyProof, Trouble>;
    anchor_trail() -> Result<Option<TreeHead>, TrailError>;
    flush_trail() -> Result<(), Trouble>;
    verify_trail(kept: Option<TreeHead>) -> Result<TreeHead, TrailError>;
    read_trail(grant: &Grant<Read>, query: &TrailQuery, after: Option<u64>) -> Result<TrailPage, TrailReadError>;
    trail_evidence(grant: &Grant<access::Export>, query: &TrailQuery, after: Option<u64>, under: &SignedCheckpoint) -> Result<EvidencePage, TrailReadError>;
    keep_checkpoint(note: &SignedCheckpoint, origin: &str, key: &(dyn NoteVerifier + Sync)) -> Result<Checkpoint, CheckpointError>;
    checkpoints() -> Result<Vec<SignedCheckpoint>, CheckpointError>;
    review_access(grant: &Grant<Read>, since: DateTime<Utc>) -> Result<AccessReview, TrailReadError>;
    trail_name(of: &Principal) -> Result<Option<Pseudonym>, Trouble>;
}

impl<P: Ports> Blocking<P> {
    /// Blocks on [`Steward::request`].
    ///
    /// # Errors
    /// As there.
    pub fn request<J: Send>(
        &self,
        by: &Principal,
        purpose: &Purpose,
        job: J,
    ) -> Result<Requested<J>, RequestError> {
        block_on(self.steward.request(by, purpose, job))
    }

    /// Blocks on [`Steward::export_trail`].
    ///
    /// # Errors
    /// As there.
    pub fn export_trail<W: Write + Send>(
        &self,
        grant: &Grant<access::Export>,
        query: &TrailQuery,
        to: &mut W,
    ) -> Result<ExportedTrail, TrailReadError> {
        block_on(self.steward.export_trail(grant, query, to))
    }

    /// Blocks on [`Steward::happened`].
    ///
    /// # Errors
    /// As there.
    pub fn happened(&self, scope: &Scope, event: &str, at: DateTime<Utc>) -> Result<(), EventError> {
        block_on(self.steward.happened(scope, event, at))
    }

    /// Blocks on [`Steward::happened_to`].
    ///
    /// # Errors
    /// As there.
    pub fn happened_to<R: Record>(
        &self,
        place: &Place,
        event: &str,
        at: DateTime<Utc>,
    ) -> Result<(), EventError> {
        block_on(self.steward.happened_to::<R>(place, event, at))
    }
}
