//! The in-place paths and decisions allocate nothing. A program of its own: it counts with an allocator of its own.

use stewardship::access::{Asked, Environment, Facts, Preferences, Why, decide};
use stewardship::classification::Level;
#[cfg(feature = "aws-lc")]
use stewardship::crypto::AwsLc;
use stewardship::crypto::{
    AeadBackend, Context, Envelope, Opener, OsEntropy, PlaceKeys, RustCrypto, SEALED_STREAM_CHUNK,
    STREAM_CHUNK, Sealer, SecretKey, StreamOpener, StreamSealer, StreamStart, open, seal,
};
use stewardship::id::{Name, RecordId, SubjectId, TenantId};
use stewardship::policy::{Conditions, DenyRule, Transport};
use stewardship::{Action, Period, Policy, Principal, Purpose, Question, Resource, Scope};
use zeroize::Zeroizing;

fn sealing_and_opening_in_place_allocates_nothing(backend: &dyn AeadBackend, own: u64) {
    let (tenant, subject, record) =
        (TenantId::new("acme"), SubjectId::new("creator-17"), RecordId::new("1001"));
    let [kind, field, class] = ["Creator", "email", "creator.email"].map(Name::new);
    let context = Context {
        tenant: &tenant,
        environment: Environment::Production,
        connection: None,
        subject: Some(&subject),
        kind: &kind,
        record: &record,
        field: &field,
        class: &class,
    };
    let scopes = [Scope::Tenant(tenant.clone()), Scope::Subject(tenant.clone(), subject.clone())];
    let secret = SecretKey::new([7; 32]);
    let keys = PlaceKeys::new(scopes.iter().map(|scope| (scope, 1, &secret)).collect()).unwrap();
    let (key, stream_key) = (keys.key(), keys.stream_key());
    for size in [0, 64, 1_024, 65_536] {
        let plaintext = vec![0x5a; size];
        let (mut sealer, mut opener) = (Sealer::new(backend, &OsEntropy), Opener::new(backend));
        let (mut sealed, mut opened) =
            (Vec::with_capacity(size + 100), Zeroizing::new(Vec::with_capacity(size)));
        let counted = allocation_counter::measure(|| {
            sealer.seal_into(&key, &context, &plaintext, &mut sealed).unwrap();
            let envelope = Envelope::parse(&sealed).unwrap();
            opener.open_into(&key, &envelope, &context, &mut opened).unwrap();
        });
        assert_eq!((counted.count_total, &*opened), (own, &plaintext), "{size} bytes");

        // That something would be counted.
        let counted = allocation_counter::measure(|| {
            let sealed = seal(backend, &OsEntropy, &key, &context, &plaintext).unwrap();
            open(backend, &key, &Envelope::parse(&sealed).unwrap(), &context).unwrap();
        });
        assert!(counted.count_total > own, "{size} bytes");
    }

    // Streams: once they are begun, in place and pushed.
    let (chunks, mut sealed) = (4, Vec::with_capacity(5 * SEALED_STREAM_CHUNK));
    let begin = || StreamSealer::new(backend, &OsEntropy, &stream_key, &context).unwrap();
    let (mut in_place, mut pushed) = (begin(), begin().pushed());
    let text = vec![0x5a; chunks * STREAM_CHUNK + 10];
    let mut chunk = [0x5a; STREAM_CHUNK];
    let counted = allocation_counter::measure(|| {
        for _ in 0..chunks {
            in_place.seal_chunk(&mut chunk).unwrap();
        }
        text.chunks(30_000).for_each(|piece| pushed.push(piece, &mut sealed).unwrap());
        pushed.finish(&mut sealed).unwrap();
    });
    assert_eq!(counted.count_total, own);
    let start = StreamStart::parse(&sealed).unwrap();
    let open = || StreamOpener::new(backend, &stream_key, &start, &context).unwrap();
    let (mut in_place, mut pushed, mut opened) =
        (open(), open().pushed(), Zeroizing::new(Vec::with_capacity(2 * STREAM_CHUNK)));
    let (mut copy, mut length) = (sealed.clone(), 0);
    let counted = allocation_counter::measure(|| {
        let (whole, last) = copy[start.len()..].as_chunks_mut();
        whole
            .iter_mut()
            .for_each(|chunk| assert_eq!(in_place.open_chunk(chunk).unwrap().len(), STREAM_CHUNK));
        assert_eq!(in_place.finish(last).unwrap(), [0x5a; 10]);
        for piece in sealed[start.len()..].chunks(30_000) {
            pushed.push(piece, &mut opened).unwrap();
            length += opened.len();
        }
        pushed.finish(&mut opened).unwrap();
    });
    assert_eq!((counted.count_total, length + opened.len()), (own, text.len()));
}

#[test]
fn in_place_with_rust_crypto() {
    sealing_and_opening_in_place_allocates_nothing(&RustCrypto, 0);
}

/// What AWS-LC itself allocates goes past Rust's allocator; its binding allocates nothing.
#[cfg(feature = "aws-lc")]
#[test]
fn in_place_with_aws_lc() {
    sealing_and_opening_in_place_allocates_nothing(&AwsLc, 0);
}

/// A policy in which each name that a question holds has `more` at its end, and in which every kind of reason can come up.
fn renamed(more: &str) -> Policy {
    let mut text = include_str!("../examples/policies/complete.toml").to_owned();
    for name in ["orders", "support", "owner"] {
        for (before, after) in [("\"", "\""), (".", "]"), (".", ".")] {
            text = text.replace(&format!("{before}{name}{after}"), &format!("{before}{name}{more}{after}"));
        }
    }
    let mut document = Policy::from_toml(&text).unwrap().document().clone();
    let purpose = document.purposes.get_mut(format!("support{more}").as_str()).unwrap();
    purpose.needs_authorization = true;
    purpose.needs_consent = true;
    purpose.stops_on = stewardship::access::Stop::ALL.iter().copied().collect();
    let unless = Conditions::new()
        .mfa_within(Period::hours(1))
        .trained_within(Period::months(3))
        .transport([Transport::Tls13])
        .hours("mon-fri 08:00-18:00".parse::<stewardship::access::Hours>().unwrap());
    let rules = (0..100).map(|at| DenyRule::new(format!("denial-number-{at}-of-many{more}").as_str()));
    document.access.deny.extend(rules.map(|rule| rule.unless(unless.clone())));
    Policy::from_document(document).unwrap()
}

#[test]
fn a_decision_with_all_its_reasons_allocates_nothing() {
    for more in ["", "-by-a-name-of-more-than-23-bytes"] {
        let policy = renamed(more);
        let name = |name: &str| format!("{name}{more}");
        let now = "2026-11-27T09:00:00Z".parse().unwrap();
        let owner = || Principal::person(name("acme"), name("user-1")).role(name("owner"));
        let fresh = owner().mfa_at(now).trained_at(now).on_managed_device(true);
        let many = (0..20).fold(owner(), |who, at| who.role(name(&format!("role{at}")))).suspended();
        let orders = |level| Resource::category(name("acme"), name("orders"), level);
        let support = || Purpose::new(name("support"));
        let questions = [
            Question::new(fresh, Action::Read, orders(Level::Internal), support())
                .over(Transport::Tls13)
                .assigned_case(true)
                .for_case("case-1"),
            Question::new(owner(), Action::Read, orders(Level::Confidential), support()),
            Question::new(many, Action::Erase, orders(Level::Restricted), Purpose::new(name("undeclared"))),
            Question::new(
                owner(),
                Action::Read,
                Resource::category("other", "nothing", Level::Public),
                support(),
            ),
        ];
        let known = Facts::new(now, Environment::Development).authorization(true).terms(true);
        let known = known.preferences(Preferences::NONE.consented());
        let (mut allowed, mut reasons) = (0, 0);
        for facts in [known, Facts::new(now, Environment::Production)] {
            for question in &questions {
                let counted = allocation_counter::measure(|| {
                    let asked = Asked::new(&policy, question);
                    let decision = asked.decide(&facts);
                    reasons += decision.why().filter(|why| *why != Why::NoRuleAllows).count();
                    allowed += usize::from(decision.rule().is_some());
                    assert_eq!(decide(&policy, question, &facts).answer(), decision.answer());
                });
                assert_eq!(counted.count_total, 0, "{question:?} {facts:?}");
            }
        }
        assert!(allowed > 0 && reasons > 200, "{allowed} {reasons}");
        // That something would be counted.
        let decision = decide(&policy, &questions[1], &known);
        assert!(allocation_counter::measure(|| drop(decision.explain())).count_total > 0);
    }
}
