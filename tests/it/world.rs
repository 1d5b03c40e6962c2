//! A small company to test in: a steward over stores in memory, its records, its other sources, and the people who ask.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use stewardship::classification::{Record, RecordSpec};
use stewardship::contracts::{
    Anchor, Answer, DataSource, Destruction, Disposed, Erasure, ExportedRecord, Faults, Faulty,
    FaultyProvider, FaultySource, KeyProvider, Ports, ProviderError, ProviderErrorKind, ProviderKeyId,
    RecordKey, SourceError, SourceItem, SubjectRef, TaskId,
};
use stewardship::crypto::SecretKey;
use stewardship::engine::{Blocking, BuildError, Builder, OpenError};
use stewardship::id::{ConnectionId, Name, TenantId};
use stewardship::ports::local_keys::LocalKeys;
use stewardship::ports::memory::Memory;
use stewardship::{
    Clock, ManualClock, Period, Place, Policy, Principal, Purpose, Question, Resource, Scope, Steward,
    access, block_on,
};

pub(crate) const POLICY: &str = include_str!("../../examples/policies/complete.toml");
pub(crate) const TENANT: &str = "acme-gmbh";
pub(crate) const SHOP: &str = "tiktok-shop:8837";
pub(crate) const ADA: &str = "creator-ada-17";

stewardship::classes! {
    pub PlatformToken: Restricted in "connected_platform" = "platform.token";
    pub ShopName: Internal in "connected_platform" = "platform.shop_name";
    pub CreatorHandle: Confidential in "creators" = "creator.handle";
    pub CreatorEmail: Confidential in "creators" = "creator.email";
    pub CreatorNote: Confidential in "creators" = "creator.note";
    pub OrderNumber: Internal in "orders" = "order.number";
    pub BuyerName: Confidential in "orders" = "order.buyer_name";
    pub VoucherNumber: Internal in "marketplace_invoices" = "marketplace_invoice.number";
    pub VoucherAddress: Confidential in "marketplace_invoices" = "marketplace_invoice.buyer_address";
    pub Draft: Confidential in "user_content" = "content.draft";
    pub PacingNote: Internal in "operational" = "operational.pacing";
}

stewardship::record! {
    /// The credentials of a connection.
    pub struct Token in "connected_platform" {
        pub token: String as PlatformToken;
        pub shop: String as ShopName, at = "/shop/name";
    }
}
stewardship::record! {
    /// A creator whom a seller works with.
    pub struct Creator in "creators" {
        pub handle: String as CreatorHandle;
        pub email: String as CreatorEmail, find_by;
        pub note: Option<String> as CreatorNote;
    }
}
stewardship::record! {
    /// An order.
    pub struct Order in "orders" {
        pub number: String as OrderNumber;
        pub buyer: String as BuyerName;
    }
}
stewardship::record! {
    /// An invoice that a duty keeps.
    pub struct Voucher in "marketplace_invoices" {
        pub number: String as VoucherNumber;
        pub address: String as VoucherAddress;
    }
}
stewardship::record! {
    /// A draft that goes after a year.
    pub struct Note in "user_content" {
        pub text: String as Draft;
    }
}

stewardship::record! {
    /// When somebody was written to: it outlives the person's erasure under a pseudonym.
    pub struct Pacing in "operational" {
        pub state: String as PacingNote, find_by;
        pub by: String as PacingNote, find_by;
    }
}

pub(crate) type TestSteward = Blocking<Faulty<Memory>>;

/// What outlives a process: stores, keys, sources, and the time.
#[derive(Clone)]
pub(crate) struct World {
    pub(crate) memory: Memory,
    pub(crate) provider: Keys,
    pub(crate) clock: ManualClock,
    pub(crate) faults: Faults,
    pub(crate) newsletter: Table,
    pub(crate) mailer: Table,
    pub(crate) policy: Policy,
}

impl World {
    pub(crate) fn new() -> Self {
        Self::under(POLICY)
    }

    pub(crate) fn under(policy: &str) -> Self {
        Self {
            memory: Memory::new(),
            provider: Keys::default(),
            clock: ManualClock::at(moment("2026-11-22T09:00:00Z")),
            faults: Faults::none(),
            newsletter: Table::default(),
            mailer: Table::default(),
            policy: Policy::from_toml(policy).unwrap(),
        }
    }

    /// A process of its own over this world. Every store, source and provider call passes the faults.
    pub(crate) fn start(&self) -> Result<TestSteward, BuildError> {
        self.start_with(self.provider.clone())
    }

    /// The same with other provider keys.
    pub(crate) fn start_with(&self, provider: impl KeyProvider) -> Result<TestSteward, BuildError> {
        block_on(self.builder(provider).build()).map(|steward| steward.blocking())
    }

    /// The same, over a trail that goes on from what an anchor has.
    pub(crate) fn start_anchored(&self, anchor: impl Anchor) -> Result<TestSteward, BuildError> {
        block_on(self.builder(self.provider.clone()).anchored(anchor).build())
            .map(|steward| steward.blocking())
    }

    fn builder(&self, provider: impl KeyProvider) -> Builder<Faulty<Memory>> {
        let provider = FaultyProvider::new(provider, &self.faults);
        Steward::builder(self.policy.clone(), Faulty::new(self.memory.clone(), &self.faults), provider)
            .bind::<(Token, Creator, Order, Voucher, Note, Pacing)>()
            .source("newsletter", FaultySource::new(self.newsletter.clone(), &self.faults))
            .source("mailer", FaultySource::new(self.mailer.clone(), &self.faults))
            .clock(self.clock.clone())
    }

    pub(crate) fn steward(&self) -> TestSteward {
        self.start().unwrap()
    }

    /// Another world that goes on from here: nothing that happens in one is seen in the other.
    pub(crate) fn fork(&self) -> Self {
        Self {
            memory: self.memory.snapshot(),
            provider: self.provider.fork(),
            clock: ManualClock::at(self.now()),
            faults: Faults::none(),
            newsletter: self.newsletter.fork(),
            mailer: self.mailer.fork(),
            policy: self.policy.clone(),
        }
    }

    /// The same world with other stores: what a restored backup gives.
    pub(crate) fn over(&self, memory: &Memory) -> Self {
        Self { memory: memory.clone(), faults: Faults::none(), ..self.clone() }
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// Somebody who owns the tenant's account.
    pub(crate) fn owner(&self) -> Principal {
        Principal::person(TENANT, "user-olga").role("owner").mfa_at(self.now())
    }

    /// Who answers requests.
    pub(crate) fn officer(&self) -> Principal {
        Principal::person(TENANT, "user-petra").role("privacy_officer").mfa_at(self.now())
    }

    /// Terms accepted, shop connected.
    pub(crate) fn connected(&self) -> TestSteward {
        let steward = self.steward();
        steward.accept_terms(&self.owner(), self.policy.digest()).unwrap();
        steward.connect(&self.owner(), &shop(), "tiktok-shop").unwrap();
        steward
    }
}

pub(crate) fn moment(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

pub(crate) fn tenant() -> TenantId {
    TenantId::new(TENANT)
}

pub(crate) fn shop() -> ConnectionId {
    ConnectionId::new(SHOP)
}

pub(crate) fn shop_scope() -> Scope {
    Scope::connection(TENANT, SHOP)
}

pub(crate) fn at_shop() -> Place {
    Place::tenant(TENANT).connection(SHOP)
}

pub(crate) fn about(subject: &str) -> Place {
    at_shop().subject(subject)
}

pub(crate) fn integration() -> Principal {
    Principal::service(TENANT, "sync-service").role("integration")
}

pub(crate) fn sync() -> Purpose {
    Purpose::new("order_sync")
}

pub(crate) fn creator(word: &str) -> Creator {
    Creator {
        handle: format!("@{word}").into(),
        email: format!("{word}@example.com").into(),
        note: Some(format!("note of {word}")).into(),
    }
}

pub(crate) fn voucher(word: &str) -> Voucher {
    Voucher { number: format!("no-{word}").into(), address: format!("{word} street 1").into() }
}

pub(crate) fn order(word: &str) -> Order {
    Order { number: format!("no-{word}").into(), buyer: word.to_owned().into() }
}

pub(crate) fn note(word: &str) -> Note {
    Note { text: word.to_owned().into() }
}

pub(crate) fn pacing(word: &str) -> Pacing {
    Pacing { state: format!("state of {word}").into(), by: format!("hand of {word}").into() }
}

pub(crate) fn payload(word: &str) -> Value {
    json!({ "token": format!("token-{word}"), "shop": { "name": format!("shop-{word}") }, "more": 1 })
}

/// A grant for the integration service to read records of kind `R` there.
pub(crate) fn grant<R: Record>(steward: &Blocking<impl Ports>, place: &Place) -> access::Grant<access::Read> {
    let resource = Resource::at::<R>(place);
    granted(steward, Question::read(integration(), resource, sync()))
}

/// The officer's grant, which needs no live authorisation.
pub(crate) fn officers<R: Record>(
    world: &World,
    steward: &TestSteward,
    place: &Place,
) -> access::Grant<access::Read> {
    let resource = Resource::at::<R>(place);
    let purpose = Purpose::new("subject_requests");
    let question = Question::read(world.officer(), resource, purpose).assigned_case(true);
    granted(steward, question)
}

pub(crate) fn granted<A: access::ActionType>(
    steward: &Blocking<impl Ports>,
    question: Question<A>,
) -> access::Grant<A> {
    steward.authorize(&question).unwrap().granted().unwrap_or_else(|denial| panic!("{denial}"))
}

/// The fields' values as JSON, in order of declaration: exposed against a grant of an officer in a world of its own.
pub(crate) fn values<R: Record>(record: &R) -> Vec<String> {
    thread_local! {
        static ASIDE: (World, TestSteward) = { let world = World::new(); let steward = world.steward(); (world, steward) };
    }
    ASIDE.with(|(world, steward)| {
        let grant = officers::<R>(world, steward, &Place::tenant(TENANT).record("any"));
        let exposed = record.expose(&grant).unwrap();
        let fields = RecordSpec::of::<R>().fields;
        fields.iter().filter_map(|field| exposed.get(&*field.name)).map(Value::to_string).collect()
    })
}

/// Opens with a grant of its own.
pub(crate) fn read<R: Record>(steward: &TestSteward, place: &Place) -> Result<Vec<String>, OpenError> {
    let grant = grant::<R>(steward, place);
    steward.open::<R>(&grant, place).map(|record| values(&record))
}

pub(crate) fn key_of<R: Record>(place: &Place) -> RecordKey {
    RecordKey { tenant: place.tenant_id().clone(), kind: Name::new(R::KIND), id: place.record_id().unwrap() }
}

/// Provider keys in memory. A key that is destroyed is dead in this world, and goes on in the worlds that were forked before.
#[derive(Clone)]
pub(crate) struct Keys {
    keys: Arc<LocalKeys>,
    destroyed: Arc<Mutex<BTreeMap<ProviderKeyId, DateTime<Utc>>>>,
    /// How long a destruction waits, and by whose time.
    waits: Arc<Mutex<Option<(Period, ManualClock)>>>,
    /// What is said of a key that is gone.
    gone: Arc<Mutex<ProviderErrorKind>>,
}

impl Default for Keys {
    fn default() -> Self {
        Self {
            keys: Arc::new(LocalKeys::in_memory()),
            destroyed: Arc::default(),
            waits: Arc::default(),
            gone: Arc::new(Mutex::new(ProviderErrorKind::Destroyed)),
        }
    }
}

impl Keys {
    fn fork(&self) -> Self {
        let destroyed = self.destroyed.lock().unwrap().clone();
        let waits = self.waits.lock().unwrap().clone();
        Self {
            keys: Arc::clone(&self.keys),
            destroyed: Arc::new(Mutex::new(destroyed)),
            waits: Arc::new(Mutex::new(waits)),
            gone: Arc::new(Mutex::new(*self.gone.lock().unwrap())),
        }
    }

    /// From now on a destruction waits, as at a KMS.
    pub(crate) fn wait(&self, by: Period, clock: &ManualClock) {
        *self.waits.lock().unwrap() = Some((by, clock.clone()));
    }

    /// Somebody stops every destruction that is pending.
    pub(crate) fn stop(&self) {
        let mut destroyed = self.destroyed.lock().unwrap();
        destroyed.retain(|_, at| !self.is_pending(*at));
    }

    /// A key that is gone gives this answer from now on: some services forget it altogether, and some are away at times.
    pub(crate) fn say_of_the_dead(&self, kind: ProviderErrorKind) {
        *self.gone.lock().unwrap() = kind;
    }

    fn is_pending(&self, at: DateTime<Utc>) -> bool {
        self.waits.lock().unwrap().as_ref().is_some_and(|(_, clock)| at > clock.now())
    }

    fn live(&self, id: &ProviderKeyId) -> Result<&LocalKeys, ProviderError> {
        match self.destroyed.lock().unwrap().get(id) {
            Some(at) if !self.is_pending(*at) => Err(ProviderError::new(*self.gone.lock().unwrap())),
            _ => Ok(&self.keys),
        }
    }
}

impl KeyProvider for Keys {
    async fn create(&self) -> Result<ProviderKeyId, ProviderError> {
        self.keys.create().await
    }

    async fn wrap(
        &self,
        id: &ProviderKeyId,
        secret: &SecretKey,
        context: &[u8],
    ) -> Result<Vec<u8>, ProviderError> {
        self.live(id)?.wrap(id, secret, context).await
    }

    async fn unwrap(
        &self,
        id: &ProviderKeyId,
        wrapped: &[u8],
        context: &[u8],
    ) -> Result<SecretKey, ProviderError> {
        self.live(id)?.unwrap(id, wrapped, context).await
    }

    async fn destroy(&self, id: &ProviderKeyId, now: DateTime<Utc>) -> Result<Destruction, ProviderError> {
        let waits = self.waits.lock().unwrap().clone();
        let at = waits.map_or(now, |(by, _)| by.after(now));
        Ok(Destruction::Effective(*self.destroyed.lock().unwrap().entry(id.clone()).or_insert(at)))
    }
}

/// What a source does when it is asked.
#[derive(Clone, Debug, Default)]
pub(crate) enum Says {
    /// Its work.
    #[default]
    Done,
    /// It cannot be reached.
    Down,
    /// Not now.
    RetryAt(DateTime<Utc>),
    /// Not at all.
    Skipped(&'static str),
}

/// A table of the host's own, as a source.
#[derive(Clone, Default)]
pub(crate) struct Table(Arc<Mutex<Rows>>);

#[derive(Clone, Default)]
struct Rows {
    items: BTreeMap<String, SourceItem>,
    answered: BTreeMap<TaskId, Erasure>,
    disposed: Vec<String>,
    says: Says,
}

impl Table {
    fn fork(&self) -> Self {
        Self(Arc::new(Mutex::new(self.0.lock().unwrap().clone())))
    }

    pub(crate) fn says(&self, says: Says) {
        self.0.lock().unwrap().says = says;
    }

    pub(crate) fn add(&self, id: &str, category: &str, subject: &str, stored_at: DateTime<Utc>) {
        let item = SourceItem {
            id: id.to_owned(),
            tenant: tenant(),
            category: Name::new(category),
            connection: Some(shop()),
            subjects: [subject.into()].into(),
            platform: None,
            stored_at,
            events: BTreeMap::new(),
        };
        self.0.lock().unwrap().items.insert(id.to_owned(), item);
    }

    pub(crate) fn ids(&self) -> Vec<String> {
        self.0.lock().unwrap().items.keys().cloned().collect()
    }

    /// What was deleted because it was due, in order.
    pub(crate) fn disposed(&self) -> Vec<String> {
        self.0.lock().unwrap().disposed.clone()
    }

    fn ask<T>(&self, work: impl FnOnce(&mut Rows) -> T) -> Result<Answer<T>, SourceError> {
        let mut rows = self.0.lock().unwrap();
        match rows.says.clone() {
            Says::Done => Ok(Answer::Done(work(&mut rows))),
            Says::Down => Err(SourceError::unreachable("no route to the table")),
            Says::RetryAt(at) => Ok(Answer::RetryAt(at)),
            Says::Skipped(reason) => Ok(Answer::Skipped { reason: reason.to_owned() }),
        }
    }
}

impl DataSource for Table {
    async fn export(
        &self,
        who: &SubjectRef,
        _task: &TaskId,
    ) -> Result<Answer<Vec<ExportedRecord>>, SourceError> {
        self.ask(|rows| {
            let found = rows.items.values().filter(|item| item.subjects.contains(&who.subject));
            found
                .map(|item| ExportedRecord { category: item.category.clone(), fields: BTreeMap::new() })
                .collect()
        })
    }

    async fn correct(
        &self,
        who: &SubjectRef,
        _changes: &BTreeMap<String, Value>,
        _task: &TaskId,
    ) -> Result<Answer<u64>, SourceError> {
        self.ask(|rows| {
            rows.items.values().filter(|item| item.subjects.contains(&who.subject)).count() as u64
        })
    }

    async fn erase(
        &self,
        who: &SubjectRef,
        keep: &BTreeMap<Name, String>,
        task: &TaskId,
    ) -> Result<Answer<Erasure>, SourceError> {
        self.ask(|rows| {
            let mut erasure = rows.answered.get(task).cloned().unwrap_or_default();
            erasure.kept.clear();
            rows.items.retain(|_, item| {
                if !item.subjects.contains(&who.subject) {
                    return true;
                }
                if let Some(reason) = keep.get(&item.category) {
                    erasure.kept.push((1, reason.clone()));
                    return true;
                }
                erasure.erased += 1;
                false
            });
            rows.answered.insert(task.clone(), erasure.clone());
            erasure
        })
    }

    async fn items(&self, after: Option<&str>, limit: usize) -> Result<Vec<SourceItem>, SourceError> {
        let rows = self.0.lock().unwrap();
        if matches!(rows.says, Says::Down) {
            return Err(SourceError::unreachable("no route to the table"));
        }
        let later = rows.items.values().filter(|item| after.is_none_or(|after| item.id.as_str() > after));
        Ok(later.take(limit).cloned().collect())
    }

    async fn dispose(&self, item: &SourceItem) -> Result<Disposed, SourceError> {
        let mut rows = self.0.lock().unwrap();
        match rows.items.get(&item.id) {
            None => Ok(Disposed::Gone),
            Some(found) if found != item => Ok(Disposed::Changed),
            Some(_) => {
                rows.items.remove(&item.id);
                rows.disposed.push(item.id.clone());
                Ok(Disposed::Gone)
            }
        }
    }
}
