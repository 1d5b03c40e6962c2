//! One tenant's data under one policy, from arrival to proof of destruction.
//!
//! `cargo run --example marketplace --features sqlite` — everything through the public API, on two SQLite files in a temporary
//! folder, with a clock that the story moves.

mod data;
mod sources;

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use data::{
    BuyerName, Connection, Creator, Invoice, MarketplaceInvoice, Order, OrderNumber, Recipient, SECRETS,
};
use sources::AddressTable;
use stewardship::access::{ActionType, Preference, ReleaseRequest, Stop};
use stewardship::audit::TrailBreak;
use stewardship::classification::Level;
use stewardship::dsr::{Reviewed, Verdict, VerificationMethod};
use stewardship::engine::{Blocking, Disposal, Identified, TrailError};
use stewardship::governance::{Evidence, EvidenceSet, Method};
use stewardship::policy::{PolicyText, RequestKind};
use stewardship::ports::local_keys::LocalKeys;
use stewardship::ports::sqlite::Sqlite;
use stewardship::retention::{Hold, HoldCover};
use stewardship::{
    Access, ManualClock, NewRequest, Period, Place, Policy, Principal, Purpose, Question, Resource, Scope,
    Steward,
};

const POLICY: &str = include_str!("../policies/complete.toml");
const TENANT: &str = "lantern-loom";
const SHOP: &str = "tiktok-shop:8837";

type Story<T = ()> = Result<T, Box<dyn Error>>;
type Host = Blocking<Sqlite>;

fn main() -> Story {
    let folder = Folder::new()?;
    let clock = ManualClock::at("2026-11-22T09:00:00Z".parse()?);
    let host = load(&folder, &clock)?;
    let cast = Cast::new(&clock);
    arrival(&host, &cast, &folder)?;
    questions(&host, &cast)?;
    leaving(&host, &cast)?;
    access_request(&host, &cast)?;
    deletion_request(&host, &cast)?;
    time_passes(&host, &cast, &clock)?;
    revocation(&host, &folder, &clock)?;
    audit(&host, &folder, &clock)?;
    page(&host)
}

// ---------------------------------------------------------------------------------------------------------------------------

fn load(folder: &Folder, clock: &ManualClock) -> Story<Host> {
    title("The policy");
    let policy = Policy::load(PolicyText::toml(POLICY).named("examples/policies/complete.toml"))?;
    say(&format!("`{}` of {}, version {}", policy.name(), policy.company(), policy.version()));
    say(&format!("in effect from {}, digest {}", policy.effective(), policy.digest()));
    match policy.findings() {
        [] => say("its check found nothing"),
        findings => findings.iter().for_each(|finding| say(&format!("finding: {finding}"))),
    }
    // The check at work: the same file, with the word that a real page used where this one has a number.
    let vague = POLICY.replacen("physically_within = \"72 hours\"", "physically_within = \"immediately\"", 1);
    if let Err(error) = Policy::load(PolicyText::toml(&vague).named("vague.toml")) {
        say(&format!("with a vague word in it, it would be refused: {error}"));
    }

    let ports = Sqlite::open(folder.records(), folder.keys())?;
    let provider = LocalKeys::create_file(folder.path("root.key"))?;
    let steward = Steward::builder(policy, ports, provider)
        .clock(clock.clone())
        .bind::<(Connection, Creator, Order, Invoice, MarketplaceInvoice)>()
        .source("newsletter", AddressTable::with(&[("ada", "ada@creators.example")]))
        .source(
            "mailer",
            AddressTable::with(&[("ada", "ada@creators.example"), ("grace", "grace@navy.example")]),
        );
    let steward = stewardship::block_on(steward.build())?;
    say("code and policy agree on every class; records and keys lie in two files");
    Ok(steward.blocking())
}

// ---------------------------------------------------------------------------------------------------------------------------

fn arrival(host: &Host, cast: &Cast, folder: &Folder) -> Story {
    title("A seller authorises the app, and data comes in");
    let shop = SHOP.into();
    match host.connect(&cast.owner, &shop, "tiktok-shop") {
        Err(error) => say(&format!("connecting first is refused: {error}")),
        Ok(_) => return Err("a connection without accepted terms".into()),
    }
    host.accept_terms(&cast.owner, host.policy().digest())?;
    let authorization = host.connect(&cast.owner, &shop, "tiktok-shop")?;
    say(&format!("terms accepted; {} authorised at {}", authorization.connection, authorization.granted));

    let sync = Purpose::new("order_sync");
    report("token", &host.ingest::<Connection>(&token(), "tiktok-shop", &data::tiktok_token(), &sync)?);
    report("order", &host.ingest::<Order>(&order(), "tiktok-shop", &data::tiktok_order(), &sync)?);
    report("creator", &host.ingest::<Creator>(&creator(), "tiktok-shop", &data::tiktok_creator(), &sync)?);

    let bill = Invoice {
        number: "HL-2026-0042".to_owned().into(),
        payer: "Ada Larsen".to_owned().into(),
        amount: "19.00".to_owned().into(),
    };
    report("our invoice", &host.put(&invoice(), &bill, &Purpose::new("billing"))?);
    host.happened_to::<Invoice>(&invoice(), "invoice_issued", host.now())?;

    match host.put(&order(), &Creator { handle: text("x"), email: text("y") }, &Purpose::new("ad_targeting"))
    {
        Err(error) => say(&format!("another purpose is refused: {error}")),
        Ok(_) => return Err("an undeclared purpose was let in".into()),
    }
    for secret in SECRETS {
        if let Some(file) = folder.file_with(secret.as_bytes())? {
            return Err(format!("`{secret}` stands in {}", file.display()).into());
        }
    }
    say(&format!("none of {} secrets of these payloads stands in any file", SECRETS.len()));
    let number = folder.file_with(b"576461413038785752")?.is_some();
    say(&format!(
        "the order number, which the policy does not seal, does: {number} (so the search does find)"
    ));
    Ok(())
}

fn report(what: &str, stored: &stewardship::engine::Stored) {
    say(&format!(
        "{what}: {} fields sealed, {} in the clear, {} values that nobody declared dropped",
        stored.sealed, stored.clear, stored.dropped
    ));
}

// ---------------------------------------------------------------------------------------------------------------------------

fn questions(host: &Host, cast: &Cast) -> Story {
    title("They ask");
    let sync = || Purpose::new("order_sync");
    ask(
        host,
        "the owner reads an order",
        &Question::read(cast.owner.clone(), Resource::at::<Order>(&order()), sync()),
    )?;
    ask(
        host,
        "a support agent reads it without a case",
        &Question::read(cast.support.clone(), Resource::at::<Order>(&order()), Purpose::new("support"))
            .assigned_case(false),
    )?;
    ask(
        host,
        "an analyst without a second factor, in production",
        &Question::read(cast.analyst.clone(), Resource::at::<Order>(&order()), sync()),
    )?;
    let question = Question::read(cast.integration.clone(), Resource::at::<Connection>(&token()), sync());
    let grant = ask(host, "the integration service reads the token", &question)?.granted()?;
    let connection: Connection = host.open(&grant, &token())?;
    say(&format!("  opened: {connection:?}"));
    say(&format!("  exposed to the API client: {} characters", connection.token.expose(&grant)?.len()));
    objection(host, cast)?;
    investigation(host, cast)
}

/// What a creator says binds, until they take it back.
fn objection(host: &Host, cast: &Cast) -> Story {
    let (ada, outreach) = ("ada".into(), Purpose::new("outreach"));
    let resource = Resource::at::<Creator>(&creator());
    let question = Question::read(cast.integration.clone(), resource, outreach.clone());
    let grant = ask(host, "the integration service writes to a creator", &question)?.granted()?;
    let objects = Preference::Stop { stop: Stop::Objection, of: Some(outreach) };
    host.prefer(&cast.owner, &ada, &objects)?;
    ask(host, "and again, after the creator objected", &question)?;
    match host.open::<Creator>(&grant, &creator()) {
        Err(error) => say(&format!("  the grant from before: {error}")),
        Ok(_) => return Err("an objection was not heard".into()),
    }
    host.withdraw_preference(&cast.owner, &ada, &objects)?;
    host.open::<Creator>(&grant, &creator())?;
    say("  it was taken back, and the grant opens again");
    Ok(())
}

/// A purpose for emergencies wants a case.
fn investigation(host: &Host, cast: &Cast) -> Story {
    let resource = Resource::category(TENANT, "user_content", Level::Confidential);
    let purpose = Purpose::new("abuse_investigation");
    let question = Question::read(cast.support.clone(), resource, purpose).assigned_case(true);
    ask(host, "a support agent looks into abuse", &question)?;
    ask(host, "and again, with the case named", &question.for_case("abuse-17"))?;
    Ok(())
}

fn ask<A: ActionType>(host: &Host, what: &str, question: &Question<A>) -> Story<Access<A>> {
    let access = host.authorize(question)?;
    match &access {
        Access::Granted(grant) => {
            say(&format!("{what}: yes, by rule `{}`, until {}", grant.rule(), grant.expires()))
        }
        Access::Denied(denial) => say(&format!("{what}: no. {}", denial.explain())),
    }
    Ok(access)
}

// ---------------------------------------------------------------------------------------------------------------------------

fn leaving(host: &Host, cast: &Cast) -> Story {
    title("The order in a log, on a screen, and in the open");
    let support = Purpose::new("support");
    let question = Question::read(cast.support.clone(), Resource::at::<Order>(&order()), support.clone());
    let grant = ask(host, "the support agent, with a case", &question.assigned_case(true))?.granted()?;
    let opened: Order = host.open(&grant, &order())?;
    let redactors = host.redactors(&TENANT.into())?;
    say(&format!("  redacted, as the policy says: {}", redactors.record(&opened)));

    let mut log =
        host.policy().sink("app_log", |text: &String| say(&format!("  application log: {text}")))?;
    log.write(&opened.number)?;
    match log.write_with(&opened.recipient.name, &grant) {
        Err(denied) => say(&format!("  the buyer's name to the application log: no, {denied}")),
        Ok(()) => return Err("a name was logged".into()),
    }
    let mut screen = host.policy().sink("support_screen", |name: &String| {
        say(&format!("  support screen: a name of {} characters", name.chars().count()));
    })?;
    screen.write_with(&opened.recipient.name, &grant)?;

    let why = ReleaseRequest::new(cast.support.clone(), &order(), support, "published_by_the_creator");
    match host.permit::<BuyerName, OrderNumber>(&why) {
        Err(denied) => say(&format!("  the name lowered to internal, by one person: no, {denied}")),
        Ok(_) => return Err("one person lowered a name".into()),
    }
    let permit = host.permit::<BuyerName, OrderNumber>(&why.approved_by(cast.officer.clone()))?;
    let lowered = opened.recipient.name.lower(permit);
    say(&format!("  the same with a second person's approval: {lowered:?}"));
    Ok(())
}

// ---------------------------------------------------------------------------------------------------------------------------

fn access_request(host: &Host, cast: &Cast) -> Story {
    title("Grace, a buyer, asks for her data");
    let request = NewRequest::new(TENANT, RequestKind::Access, "support channel", "grace@navy.example")
        .subject("grace");
    let planned = approved(host, cast, &request)?;
    let (mut planned, export) = host.carry_out(planned, &cast.officer)?;
    say("the export:");
    let export = export.ok_or("an access request without an export")?;
    for line in serde_json::to_string_pretty(export.as_json())?.lines() {
        say(&format!("  {line}"));
    }
    if planned.file().tasks().iter().any(|task| !task.state.is_final()) {
        planned = host.platform_answered(planned, "tiktok-shop", Ok(()))?;
    }
    let closed = host.close(planned)?;
    say(&format!("closed: {:?}", closed.file().outcome()));
    Ok(())
}

fn deletion_request(host: &Host, cast: &Cast) -> Story {
    title("Ada, a creator, asks to be forgotten");
    // Nobody says whose it is: her address does, through the blind index.
    let request = NewRequest::new(TENANT, RequestKind::Deletion, "a letter", "Ada@Creators.example");
    let planned = approved(host, cast, &request)?;
    say(&format!("came by another channel than the policy's: {}", planned.file().off_channel()));
    let (planned, _) = host.carry_out(planned, &cast.officer)?;
    let planned = match host.close(planned.clone()) {
        Err(error) => {
            say(&format!("not yet: {error}"));
            host.platform_answered(planned, "tiktok-shop", Ok(()))?
        }
        Ok(_) => return Err("closed without the platform's answer".into()),
    };
    let closed = host.close(planned)?;
    for task in closed.file().tasks() {
        say(&format!("{}: {:?}", task.target, task.state));
    }
    say(&format!("closed: {:?}", closed.file().outcome()));

    let again = Creator { handle: text("@ada.makes"), email: text("ada@creators.example") };
    if let Err(error) = host.put(&creator(), &again, &Purpose::new("order_sync")) {
        say(&format!("the next sync brings her back? no: {error}"));
    }
    let read =
        Question::read(cast.owner.clone(), Resource::at::<Invoice>(&invoice()), Purpose::new("billing"));
    let grant = host.authorize(&read)?.granted()?;
    let kept: Invoice = host.open(&grant, &invoice())?;
    say(&format!("the invoice that tax law keeps still opens: {}", kept.number.expose(&grant)?));
    Ok(())
}

fn approved(
    host: &Host,
    cast: &Cast,
    request: &NewRequest,
) -> Story<stewardship::dsr::Case<stewardship::dsr::Planned>> {
    let Identified::Person(case) = host.identify(host.receive(request)?)? else {
        return Err("nobody, or more than one, has that address".into());
    };
    let due = case.file().answer_by().map(|day| day.to_string()).unwrap_or_default();
    say(&format!("received as {}; to be answered by {due}", case.file().request().id));
    for deadline in case.file().deadlines() {
        say(&format!(
            "  {}: {} by {} ({})",
            deadline.regime,
            deadline.what,
            deadline.due(),
            deadline.strict.cites
        ));
    }
    let case = host.verify(case, VerificationMethod::EmailConfirmed, &cast.officer)?;
    if let Err(error) = host.review(case.clone(), &cast.integration, Verdict::Approve) {
        say(&format!("a service cannot approve it: {error}"));
    }
    let Reviewed::Approved(case) = host.review(case, &cast.officer, Verdict::Approve)? else {
        return Err("the officer refused".into());
    };
    let planned = host.plan(case)?;
    let targets: Vec<String> = planned.file().tasks().iter().map(|task| task.target.to_string()).collect();
    say(&format!("verified, reviewed by a person, planned over: {}", targets.join(", ")));
    Ok(planned)
}

// ---------------------------------------------------------------------------------------------------------------------------

fn time_passes(host: &Host, cast: &Cast, clock: &ManualClock) -> Story {
    title("Time passes");
    let delivered = host.now();
    host.happened_to::<Order>(&order(), "order_delivered", delivered)?;
    // A second order is under a hold; and an Amazon invoice stands between a cap of 30 days and a duty of 8 years.
    let disputed = Place::tenant(TENANT).connection(SHOP).subject("lin").record("order-2");
    let second = Order {
        number: text("576461413038785999"),
        recipient: Recipient { name: text("Lin Chen"), address: text("1 Quay") },
        total: text("9.90"),
    };
    host.put(&disputed, &second, &Purpose::new("order_sync"))?;
    host.happened_to::<Order>(&disputed, "order_delivered", delivered)?;
    let cover = HoldCover::tenant(TENANT).subject("lin");
    host.place_hold(&Hold::new("dispute-7", cover, "a payment dispute", "legal", host.now()))?;

    let amazon = "amazon:A1".into();
    host.connect(&cast.owner, &amazon, "amazon")?;
    let voucher = Place::tenant(TENANT).connection("amazon:A1").record("voucher-1");
    let payload = serde_json::json!({ "number": "AMZ-77", "buyer": "9 Harbour Row", "gift_note": "for you" });
    host.ingest::<MarketplaceInvoice>(&voucher, "amazon", &payload, &Purpose::new("billing"))?;
    host.happened_to::<MarketplaceInvoice>(&voucher, "order_delivered", delivered)?;

    clock.advance(Period::days(91));
    say(&format!("it is {}: 91 days after delivery", host.now()));
    let swept = host.sweep()?;
    say(&format!("kept because their time has not come: {}", swept.keeping));
    swept.held.iter().for_each(|item| say(&format!("held ({}): {}", item.category, item.disposition)));
    swept
        .conflicts
        .iter()
        .for_each(|item| say(&format!("conflict ({}): {}", item.category, item.disposition)));
    swept.disposals.iter().for_each(evidence);
    host.lift_hold(&TENANT.into(), "dispute-7")?;
    clock.advance(Period::hours(1));
    let swept = host.sweep()?;
    say("the hold is lifted, and the next sweep takes what was due under it:");
    swept.disposals.iter().for_each(evidence);
    Ok(())
}

// ---------------------------------------------------------------------------------------------------------------------------

fn revocation(host: &Host, folder: &Folder, clock: &ManualClock) -> Story {
    title("The seller revokes the authorisation");
    let integration = Principal::service(TENANT, "sync").role("integration");
    let read = Question::read(integration, Resource::at::<Connection>(&token()), Purpose::new("order_sync"));
    let grant = host.authorize(&read)?.granted()?;
    fs::copy(folder.records(), folder.path("backup.db"))?;
    say("a copy of the records file is taken, and a grant is in somebody's hand");

    let revoked = host.revoke(&Scope::connection(TENANT, SHOP), "seller disconnected")?;
    say(&format!("revoked at {}: keys destroyed", revoked.at));
    evidence(&revoked.disposal);
    match host.open::<Connection>(&grant, &token()) {
        Err(error) => say(&format!("the grant in hand opens nothing: {error}")),
        Ok(_) => return Err("a revoked token was opened".into()),
    }

    // The copy, in a steward of its own: in it the authorisation was never revoked, so that only the keys stand in the way.
    let restored = Sqlite::open(folder.path("backup.db"), folder.keys())?;
    let other =
        Steward::builder(host.policy().clone(), restored, LocalKeys::from_file(folder.path("root.key"))?)
            .clock(clock.clone())
            .bind::<(Connection, Creator, Order, Invoice, MarketplaceInvoice)>();
    let other = stewardship::block_on(other.build())?.blocking();
    let grant = other.authorize(&read)?.granted()?;
    match other.open::<Connection>(&grant, &token()) {
        Err(error) => say(&format!("the copy of the records from before does not open either: {error}")),
        Ok(_) => return Err("a restored backup was opened".into()),
    }

    let swept = host.sweep()?;
    say("the sweep deletes the rows; the certificate waits for the last copy of the key:");
    swept.disposals.iter().filter(|disposal| disposal.id == revoked.disposal.id).for_each(evidence);
    let epoch = host.rotate_epoch()?;
    let backup_taken_at = host.now();
    host.destroy_epochs_before(epoch, backup_taken_at)?;
    say(&format!(
        "scope keys are wrapped into epoch {epoch}, a backup of it is attested, older epochs are destroyed"
    ));
    let swept = host.sweep()?;
    swept.certified().filter(|disposal| disposal.id == revoked.disposal.id).for_each(evidence);
    Ok(())
}

fn evidence(disposal: &Disposal) {
    let state = match (disposal.certified, disposal.certifiable_from()) {
        (Some(at), _) => format!("certified at {at}"),
        (None, Some(from)) => format!("certificate withheld until {from}"),
        (None, None) => "certificate withheld".to_owned(),
    };
    say(&format!("{}: {} records gone, {state}", disposal.id, disposal.records));
    disposal.kept.iter().for_each(|(count, why)| say(&format!("  kept {count}: {why}")));
    disposal.copies.iter().for_each(|copy| say(&format!("  {copy}")));
}

// ---------------------------------------------------------------------------------------------------------------------------

fn audit(host: &Host, folder: &Folder, clock: &ManualClock) -> Story {
    title("The audit trail");
    let head = host.verify_trail(None)?;
    say(&format!("{} entries verify; the head is kept elsewhere", head.size));

    let trail = Resource::category(TENANT, "audit_trail", Level::Confidential);
    let owner = Principal::person(TENANT, "olga").role("owner").mfa_at(stewardship::Clock::now(clock));
    let question = Question::read(owner, trail, Purpose::new("security"));
    let grant = host.authorize(&question)?.granted()?;
    let review = host.review_access(&grant, DateTime::UNIX_EPOCH)?;
    say(&format!("{} of {} rules were never used", review.unused().count(), review.rules.len()));
    say(&format!("{} people and services used one", review.people.len()));
    for emergency in &review.emergencies {
        say(&format!("an emergency: {:?}, case {:?}, {}", emergency.outcome, emergency.case, emergency.at));
    }

    let copy = folder.path("tampered.db");
    let mut bytes = fs::read(folder.records())?;
    // One byte of one entry: an `allowed` becomes an `allowee`.
    let at =
        bytes.windows(9).position(|window| window == b"\"allowed\"").ok_or("no entry allows anything")?;
    bytes[at + 7] ^= 1;
    fs::write(&copy, bytes)?;
    let tampered = Sqlite::open(&copy, folder.keys())?;
    let other =
        Steward::builder(host.policy().clone(), tampered, LocalKeys::from_file(folder.path("root.key"))?)
            .clock(clock.clone());
    let other = stewardship::block_on(other.build())?.blocking();
    match other.verify_trail(Some(head)) {
        Err(TrailError::Broken(broken @ TrailBreak::Altered { .. })) => {
            say(&format!("one byte of a copy is changed: {broken}"));
            Ok(())
        }
        other => Err(format!("the change was not found: {other:?}").into()),
    }
}

fn page(host: &Host) -> Story {
    title("The page");
    let collected = host.now();
    let evidence: EvidenceSet = [
        Evidence::met("least-privilege", Method::Examine, collected, "security lead"),
        Evidence::met("mfa-production", Method::TestAutomated, collected, "identity provider"),
    ]
    .into_iter()
    .collect();
    print!("{}", host.render(&evidence)?);
    Ok(())
}

// ---------------------------------------------------------------------------------------------------------------------------

struct Cast {
    owner: Principal,
    support: Principal,
    analyst: Principal,
    integration: Principal,
    officer: Principal,
}

impl Cast {
    fn new(clock: &ManualClock) -> Self {
        let mfa: DateTime<Utc> = stewardship::Clock::now(clock);
        Self {
            owner: Principal::person(TENANT, "olga").role("owner").mfa_at(mfa),
            support: Principal::person(TENANT, "sam").role("support").mfa_at(mfa),
            analyst: Principal::person(TENANT, "anna").role("analyst"),
            integration: Principal::service(TENANT, "sync").role("integration"),
            officer: Principal::person(TENANT, "paula").role("privacy_officer").mfa_at(mfa),
        }
    }
}

fn token() -> Place {
    Place::tenant(TENANT).connection(SHOP)
}

fn order() -> Place {
    Place::tenant(TENANT).connection(SHOP).subject("grace").record("order-1")
}

fn creator() -> Place {
    Place::tenant(TENANT).connection(SHOP).subject("ada")
}

fn invoice() -> Place {
    Place::tenant(TENANT).subject("ada").record("HL-2026-0042")
}

fn text<C: stewardship::classification::DataClass>(value: &str) -> stewardship::Classified<String, C> {
    value.to_owned().into()
}

fn title(text: &str) {
    println!("\n== {text} ==");
}

fn say(text: &str) {
    println!("{text}");
}

/// A temporary folder, gone at the end.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Story<Self> {
        let path = std::env::temp_dir().join(format!("stewardship-marketplace-{}", std::process::id()));
        fs::create_dir_all(&path)?;
        Ok(Self(path))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    fn records(&self) -> PathBuf {
        self.path("records.db")
    }

    fn keys(&self) -> PathBuf {
        self.path("keys.db")
    }

    /// The first file in which `needle` stands.
    fn file_with(&self, needle: &[u8]) -> Story<Option<PathBuf>> {
        for entry in fs::read_dir(&self.0)? {
            let path: PathBuf = entry?.path();
            if contains(&path, needle)? {
                return Ok(Some(path));
            }
        }
        Ok(None)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn contains(path: &Path, needle: &[u8]) -> Story<bool> {
    Ok(fs::read(path)?.windows(needle.len()).any(|window| window == needle))
}
