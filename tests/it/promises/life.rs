//! A whole life of data, verb by verb, and what can be seen of it at its end.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::slice::SliceIndex;

use stewardship::access::{Preference, Stop};
use stewardship::audit::{AuditEvent, Entry};
use stewardship::classification::Record;
use stewardship::contracts::{AuditLog, KeyStore, Moment, Ports, RecordQuery, RecordRow, RecordStore};
use stewardship::dsr::{AnyCase, Outcome, Verdict, VerificationMethod};
use stewardship::engine::{Identified, OpenError};
use stewardship::id::CaseId;
use stewardship::keys::KeyPhase;
use stewardship::policy::RequestKind;
use stewardship::retention::{Hold, HoldCover};
use stewardship::{NewRequest, Period, Place, Purpose, Scope, block_on};

use crate::world::*;

pub(crate) const BOB: &str = "buyer-bob-4";
pub(crate) const CASE: &str = "case-of-ada";

type Done = Result<(), Box<dyn Error>>;

/// One verb of the life, after a time that passes.
pub(crate) struct Act {
    pub(crate) name: &'static str,
    after: Option<Period>,
    run: fn(&World, &TestSteward) -> Done,
}

const fn act(name: &'static str, run: fn(&World, &TestSteward) -> Done) -> Act {
    Act { name, after: None, run }
}

const fn later(after: Period, name: &'static str, run: fn(&World, &TestSteward) -> Done) -> Act {
    Act { name, after: Some(after), run }
}

pub(crate) const LIFE: &[Act] = &[
    act("accept terms", |world, steward| Ok(steward.accept_terms(&world.owner(), world.policy.digest())?)),
    act("connect", |world, steward| {
        steward.connect(&world.owner(), &shop(), "tiktok-shop")?;
        Ok(())
    }),
    act("put a creator", |_, steward| put(steward, &about(ADA), &creator("ada"))),
    act("ingest a token", |_, steward| {
        steward.ingest::<Token>(&at_shop(), "tiktok-shop", &payload("x"), &sync())?;
        Ok(())
    }),
    act("put what a duty keeps", |_, steward| put(steward, &about(ADA), &voucher("ada"))),
    act("put another creator", |_, steward| put(steward, &about(BOB), &creator("bob"))),
    act("put what speaks of two", |_, steward| put(steward, &order_of_two(), &order("ada"))),
    act("put what outlives", |_, steward| put(steward, &about(ADA), &pacing("ada"))),
    act("put what outlives in part", |_, steward| put(steward, &pacing_of_two(), &pacing("two"))),
    act("put an order", |_, steward| put(steward, &about(BOB).record("o-1"), &order("bob"))),
    act("it was delivered", |world, steward| {
        Ok(steward.happened_to::<Order>(&about(BOB).record("o-1"), "order_delivered", world.now())?)
    }),
    act("put a note", |_, steward| {
        steward.put(&notes(), &note("secret"), &Purpose::new("support"))?;
        Ok(())
    }),
    act("the creator objects", |world, steward| {
        steward.prefer(&world.owner(), &ADA.into(), &objection())?;
        Ok(())
    }),
    act("the buyer objects", |world, steward| {
        steward.prefer(&world.owner(), &BOB.into(), &objection())?;
        Ok(())
    }),
    act("the buyer takes it back", |world, steward| {
        let outreach = Preference::Stop { stop: Stop::Objection, of: Some(Purpose::new("outreach")) };
        steward.withdraw_preference(&world.owner(), &BOB.into(), &outreach)?;
        Ok(())
    }),
    act("place a hold", |world, steward| {
        let covers = HoldCover::tenant(TENANT).category("user_content");
        Ok(steward.place_hold(&Hold::new("lit-7", covers, "a dispute", "legal", world.now()))?)
    }),
    act("receive a request", |_, steward| {
        let new = NewRequest::new(TENANT, RequestKind::Deletion, "support channel", "ada@example.com");
        steward.receive(&new.id(CASE))?;
        Ok(())
    }),
    act("find out whose it is", |_, steward| {
        if let AnyCase::Received(case) = case(steward)? {
            let Identified::Person(_) = steward.identify(case)? else { return Err("nobody".into()) };
        }
        Ok(())
    }),
    act("verify it", |world, steward| {
        if let AnyCase::Received(case) = case(steward)? {
            steward.verify(case, VerificationMethod::SignedIn, &world.officer())?;
        }
        Ok(())
    }),
    act("review it", |world, steward| {
        if let AnyCase::Verified(case) = case(steward)? {
            steward.review(case, &world.officer(), Verdict::Approve)?;
        }
        Ok(())
    }),
    act("plan it", |_, steward| {
        if let AnyCase::Approved(case) = case(steward)? {
            steward.plan(case)?;
        }
        Ok(())
    }),
    act("carry it out", |world, steward| {
        if let AnyCase::Planned(case) = case(steward)? {
            steward.carry_out(case, &world.officer())?;
        }
        Ok(())
    }),
    act("the platform answers", |_, steward| {
        if let AnyCase::Planned(case) = case(steward)? {
            steward.platform_answered(case, "tiktok-shop", Ok(()))?;
        }
        Ok(())
    }),
    act("close it", |_, steward| {
        if let AnyCase::Planned(case) = case(steward)? {
            steward.close(case)?;
        }
        Ok(())
    }),
    act("rotate a key", |_, steward| {
        steward.rotate_key(&Scope::Tenant(tenant()), 1)?;
        Ok(())
    }),
    act("suspend a key", |_, steward| Ok(steward.suspend_key(&Scope::subject(TENANT, BOB), 1)?)),
    act("resume it", |_, steward| Ok(steward.resume_key(&Scope::subject(TENANT, BOB), 1)?)),
    act("a key is compromised", |_, steward| {
        steward.mark_compromised(&shop_scope(), 1, "found in a log")?;
        Ok(())
    }),
    act("seal anew", |_, steward| {
        let mut next = None;
        loop {
            let pass = steward.reseal(next.as_ref(), 2)?;
            assert!(pass.left.is_empty(), "{pass:?}");
            next = pass.next;
            if next.is_none() {
                return Ok(());
            }
        }
    }),
    act("raise the minimum", |_, steward| {
        steward.raise_key_minimum(&Scope::Tenant(tenant()), 2)?;
        Ok(steward.raise_key_minimum(&shop_scope(), 2)?)
    }),
    later(Period::days(91), "sweep orders", sweep),
    later(Period::months(10), "sweep under a hold", sweep),
    act("lift the hold", |_, steward| {
        steward.lift_hold(&tenant(), "lit-7")?;
        Ok(())
    }),
    act("sweep what was held", sweep),
    act("revoke", |_, steward| {
        steward.revoke(&shop_scope(), "the seller asked")?;
        Ok(())
    }),
    later(Period::days(1), "sweep what was revoked", sweep),
    act("rotate", |_, steward| {
        steward.rotate_epoch()?;
        Ok(())
    }),
    act("destroy", |world, steward| {
        steward.destroy_epochs_before(2, world.now())?;
        Ok(())
    }),
    act("sweep and certify", sweep),
    later(Period::days(36), "sweep past the horizon", sweep),
    later(Period::months(25), "sweep past accountability", sweep),
];

fn objection() -> Preference {
    Preference::Stop { stop: Stop::Objection, of: None }
}

fn sweep(_: &World, steward: &TestSteward) -> Done {
    steward.sweep()?;
    Ok(())
}

fn put<R: Record>(steward: &TestSteward, place: &Place, record: &R) -> Done {
    steward.put(place, record, &sync())?;
    Ok(())
}

fn case(steward: &TestSteward) -> Result<AnyCase, Box<dyn Error>> {
    Ok(steward.case(&tenant(), &CaseId::new(CASE))?)
}

fn order_of_two() -> Place {
    about(BOB).record("o-2").about("buyer", ADA)
}

fn pacing_of_two() -> Place {
    about(BOB).record("round-2").about("by", ADA)
}

fn notes() -> Place {
    Place::tenant(TENANT).subject(BOB).record("note-1")
}

/// What the other sources hold before the first verb.
pub(crate) fn furnish(world: &World) {
    world.newsletter.add("n-ada", "creators", ADA, world.now());
    world.newsletter.add("n-bob", "creators", BOB, world.now());
    world.mailer.add("m-ada", "creators", ADA, world.now());
}

/// What happens at a crash, besides that the process is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Restart {
    /// The next process starts at once.
    AtOnce,
    /// Time passes before it does.
    Later,
}

/// Lives these verbs of the life. At each planned crash the process is gone; another one starts and calls the
/// same verb again.
///
/// The first crash counts storage calls from here, each further one from the recovery before it.
pub(crate) fn live(
    world: &World,
    verbs: impl SliceIndex<[Act], Output = [Act]>,
    crashes: impl IntoIterator<Item = (u64, Moment)>,
    restart: Restart,
) {
    let mut crashes = crashes.into_iter();
    let mut arm = || {
        if let Some((n, moment)) = crashes.next() {
            world.faults.arm(n, moment);
        }
    };
    arm();
    let mut process: Option<TestSteward> = None;
    for act in &LIFE[verbs] {
        if let Some(after) = act.after {
            world.clock.advance(after);
        }
        loop {
            let done = attempt(world, act, &mut process);
            if !world.faults.is_down() {
                done.unwrap_or_else(|error| panic!("{}: {error}: {:?}", act.name, error.source()));
                break;
            }
            // Whatever the verb made of it, the process is gone.
            world.faults.recover();
            process = None;
            if restart == Restart::Later {
                world.clock.advance(Period::hours(1));
            }
            arm();
        }
    }
    world.faults.recover();
}

/// The world before each verb, and how many storage calls the verb makes in a process of its own.
pub(crate) fn chapters() -> Vec<(World, u64)> {
    let world = World::new();
    furnish(&world);
    let mut chapters = Vec::new();
    for act in LIFE {
        let (before, calls) = (world.fork(), world.faults.calls());
        if let Some(after) = act.after {
            world.clock.advance(after);
        }
        attempt(&world, act, &mut None).unwrap();
        chapters.push((before, world.faults.calls() - calls));
    }
    chapters
}

fn attempt(world: &World, act: &Act, process: &mut Option<TestSteward>) -> Done {
    let steward = match process.take() {
        Some(steward) => steward,
        None => world.start()?,
    };
    (act.run)(world, process.insert(steward))
}

/// Key, category, events, and each field: its value, or that it is dead.
type SeenRecord = (String, String, Vec<String>, Vec<(String, String)>);

/// Records that are gone, what was kept, key versions that are gone, and whether it is certified.
type SeenDisposal = (u64, Vec<(u64, String)>, Option<u32>, bool);

/// Everything that can be seen of a world, with nothing in it that chance decides.
#[derive(Debug, PartialEq)]
pub(crate) struct Seen {
    records: Vec<SeenRecord>,
    /// Whether closed, the lowest version that opens, and the phase of each.
    scopes: BTreeMap<Vec<u8>, (bool, u32, Vec<KeyPhase>)>,
    /// What the creator and the buyer have said: of anything, and of outreach.
    said: Vec<(bool, bool)>,
    case: Option<(&'static str, Option<Outcome>, bool)>,
    disposals: BTreeMap<String, SeenDisposal>,
    newsletter: Vec<String>,
    mailer: Vec<String>,
    disposed: Vec<String>,
    /// What the trail tells, each thing once.
    told: BTreeSet<String>,
}

impl Seen {
    pub(crate) fn of(world: &World) -> Self {
        // Looking leaves traces: they are left in a copy.
        let copy = world.over(&world.memory.snapshot());
        // A crash starts a process more, and after the last step of a rotation one rotation more; everything else is told as
        // without it.
        let told = trail(&copy).into_iter().filter(|entry| {
            !matches!(entry.event, AuditEvent::Started { .. } | AuditEvent::EpochOpened { epoch: 3.. })
        });
        let told = told.map(|entry| anonymous(&entry)).collect();
        let steward = copy.steward();
        steward.verify_trail(None).unwrap();
        let case = match steward.case(&tenant(), &CaseId::new(CASE)) {
            Ok(AnyCase::Closed(case)) => {
                let file = case.file();
                Some((file.stage().as_str(), file.outcome().cloned(), file.contact().is_some()))
            }
            Ok(_) => Some(("open", None, true)),
            Err(_) => None,
        };
        let disposals = steward.disposals(None).unwrap().into_iter().map(|disposal| {
            let versions = disposal.keys.as_ref().map(|keys| keys.versions);
            let certified = disposal.is_certified();
            (nameless(&disposal.id), (disposal.records, disposal.kept, versions, certified))
        });
        let disposals = disposals.collect();
        let scopes = block_on(copy.memory.keys().scopes(None, 999)).unwrap().into_iter().map(|row| {
            let phases = row.keys.iter().map(|key| key.phase());
            (named_scope(&row.scope), (row.closed.is_some(), row.minimum, phases.collect()))
        });
        let scopes = scopes.collect();
        // With the connection authorised anew, what was kept can be read, and what was destroyed cannot.
        steward.accept_terms(&copy.owner(), copy.policy.digest()).unwrap();
        steward.connect(&copy.owner(), &shop(), "tiktok-shop").unwrap();
        let rows = block_on(copy.memory.records().list(&RecordQuery::default(), None, 999)).unwrap();
        let records = rows.iter().map(|row| {
            let events = row.events.keys().map(ToString::to_string).collect();
            let key = format!("{}/{}", row.key.kind, named(row.key.id.as_str()));
            (key, row.category.to_string(), events, contents(&copy, &steward, row))
        });
        let said = [ADA, BOB].map(|subject| {
            let said = steward.preferences(&tenant(), &subject.into()).unwrap();
            (said.since(&objection()).is_some(), said.about(&"outreach".into()).has_said(Stop::Objection))
        });
        Self {
            records: records.collect(),
            scopes,
            said: said.to_vec(),
            case,
            disposals,
            newsletter: copy.newsletter.ids(),
            mailer: copy.mailer.ids(),
            disposed: copy.newsletter.disposed(),
            told,
        }
    }

    pub(crate) fn record(&self, key: &str) -> Option<&[(String, String)]> {
        self.records.iter().find(|(own, ..)| own == key).map(|(.., fields)| fields.as_slice())
    }

    pub(crate) fn said(&self) -> &[(bool, bool)] {
        &self.said
    }

    pub(crate) fn records(&self) -> usize {
        self.records.len()
    }

    pub(crate) fn outcome(&self) -> Option<&Outcome> {
        self.case.as_ref().and_then(|(_, outcome, _)| outcome.as_ref())
    }

    /// Number of records that the disposals count, and whether all of them are certified.
    pub(crate) fn disposed(&self) -> (u64, bool) {
        let certified = self.disposals.values().all(|(.., certified)| *certified);
        (self.disposals.values().map(|(records, ..)| records).sum(), certified)
    }
}

/// The entries of the trail.
pub(crate) fn trail(world: &World) -> Vec<Entry> {
    let stored = block_on(world.memory.audit().read(0, usize::MAX)).unwrap();
    stored.iter().map(|entry| Entry::from_bytes(entry.bytes().unwrap()).unwrap()).collect()
}

fn anonymous(entry: &Entry) -> String {
    let mut event = entry.event.clone();
    match &mut event {
        AuditEvent::Authorized { connection, .. } => {
            *connection = stewardship::audit::Pseudonym::from_bytes([0; 16]);
        }
        AuditEvent::DisposalOpened { disposal, .. }
        | AuditEvent::KeysDestroyed { disposal, .. }
        | AuditEvent::Certified { disposal, .. } => *disposal = nameless(disposal),
        AuditEvent::HoldPlaced { hold } | AuditEvent::HoldLifted { hold } => *hold = None,
        AuditEvent::Corrected { fields, .. } => fields.iter_mut().for_each(|field| {
            (field.old, field.new) = (None, None);
        }),
        _ => {}
    }
    format!("{} {event:?}", entry.at)
}

/// A pseudonym is another one in every world.
fn named(id: &str) -> String {
    id.split_once("pseudonym-").map_or_else(|| id.to_owned(), |(before, _)| format!("{before}pseudonym"))
}

fn named_scope(scope: &Scope) -> Vec<u8> {
    match scope {
        Scope::Subject(tenant, id) => Scope::subject(tenant, named(id.as_str())).to_bytes(),
        _ => scope.to_bytes(),
    }
}

/// The id of a revocation names its connection by a pseudonym, which is another in every world.
fn nameless(disposal: &str) -> String {
    match disposal.split('/').collect::<Vec<_>>().as_slice() {
        ["revocation", _, rest @ ..] => format!("revocation/…/{}", rest.join("/")),
        _ => disposal.to_owned(),
    }
}

fn contents(world: &World, steward: &TestSteward, row: &RecordRow) -> Vec<(String, String)> {
    let opened = match row.key.kind.as_str() {
        "Creator" => opened::<Creator>(world, steward, row),
        "Order" => opened::<Order>(world, steward, row),
        "Voucher" => opened::<Voucher>(world, steward, row),
        "Note" => opened::<Note>(world, steward, row),
        "Pacing" => opened::<Pacing>(world, steward, row),
        "Token" => return vec![("token".to_owned(), "there".to_owned())],
        other => panic!("{other}"),
    };
    let opened = opened.unwrap_or_else(|error| match error {
        OpenError::Key(_) => vec!["dead".to_owned()],
        OpenError::Decode(_) => vec!["in part".to_owned()],
        other => panic!("{}: {other}", row.key.kind),
    });
    let names = row.fields.iter().map(|field| field.name.to_string());
    names.zip(opened.into_iter().cycle()).collect()
}

fn opened<R: Record>(
    world: &World,
    steward: &TestSteward,
    row: &RecordRow,
) -> Result<Vec<String>, OpenError> {
    let mut place = Place::tenant(TENANT).record(&row.key.id);
    place = row.connection.iter().fold(place, |place, id| place.connection(id));
    place = row.subject.iter().fold(place, |place, id| place.subject(id));
    place = row
        .fields
        .iter()
        .filter_map(|field| Some((field, field.subject.as_ref()?)))
        .fold(place, |place, (field, subject)| place.about(&field.name, subject));
    let grant = officers::<R>(world, steward, &place);
    steward.open::<R>(&grant, &place).map(|record| values(&record))
}

impl Seen {
    /// The same without what moves with the clock: the disposals of each cause as one, and no times.
    pub(crate) fn timeless(mut self) -> Self {
        let mut summed: BTreeMap<String, SeenDisposal> = BTreeMap::new();
        for (id, (records, kept, versions, certified)) in std::mem::take(&mut self.disposals) {
            let cause = match id.rsplit_once('/') {
                Some((cause, time)) if time.contains('T') => cause.to_owned(),
                _ => id,
            };
            let sum = summed.entry(cause).or_insert_with(|| (0, Vec::new(), None, true));
            sum.0 += records;
            sum.1.extend(kept);
            sum.2 = sum.2.or(versions);
            sum.3 &= certified;
        }
        self.disposals = summed;
        self.told.clear();
        self
    }

    /// Where another life ended otherwise, in words.
    pub(crate) fn differs(&self, other: &Self) -> String {
        let mut differences = Vec::new();
        let mut compare = |what: &str, own: String, theirs: String| {
            if own != theirs {
                differences.push(format!("{what}:\n   {own}\n   {theirs}"));
            }
        };
        compare("records", format!("{:?}", self.records), format!("{:?}", other.records));
        compare("scopes", format!("{:?}", self.scopes), format!("{:?}", other.scopes));
        compare("said", format!("{:?}", self.said), format!("{:?}", other.said));
        compare("case", format!("{:?}", self.case), format!("{:?}", other.case));
        compare("disposals", format!("{:?}", self.disposals), format!("{:?}", other.disposals));
        compare("newsletter", format!("{:?}", self.newsletter), format!("{:?}", other.newsletter));
        compare("mailer", format!("{:?}", self.mailer), format!("{:?}", other.mailer));
        compare("disposed", format!("{:?}", self.disposed), format!("{:?}", other.disposed));
        let missing: Vec<_> = self.told.difference(&other.told).collect();
        let more: Vec<_> = other.told.difference(&self.told).collect();
        if !missing.is_empty() || !more.is_empty() {
            differences.push(format!("told: missing {missing:?}, more {more:?}"));
        }
        differences.join("\n")
    }
}
