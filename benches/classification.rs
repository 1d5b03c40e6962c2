//! What a label costs: against the same thing without one.
//!
//! The comparison with other crates is in `benches/peers`; `benches/run.sh` runs both.

mod measure;

use std::fmt::{Display, Write as _};
use std::hint::black_box;

use hmac::{Hmac, KeyInit as _, Mac as _};
use measure::Bench;
use sha2::Sha256;
use stewardship::classification::{Label, Sink, levels};
use stewardship::crypto::{OsEntropy, Redactors, SecretKey};
use stewardship::{Classified, Policy};
use zeroize::Zeroizing;

const KEY: [u8; 32] = [7; 32];
const EMAIL: &str = "ada.lovelace@example.com";

stewardship::classes! {
    PlatformToken: Restricted in "connected_platform" = "platform.token";
    CreatorHandle: Confidential in "creators" = "creator.handle";
    CreatorEmail: Confidential in "creators" = "creator.email";
    CreatorNote: Confidential in "creators" = "creator.note";
    OrderNumber: Internal in "orders" = "order.number";
    BuyerName: Confidential in "orders" = "order.buyer_name";
    InvoiceNumber: Internal in "marketplace_invoices" = "marketplace_invoice.number";
}

fn main() {
    let policy = Policy::from_toml(include_str!("../examples/policies/complete.toml")).unwrap();
    let mut bench = Bench::start();
    wrap(&mut bench);
    flow_static(&mut bench);
    flow_dynamic(&mut bench, &policy);
    redactors(&mut bench, &policy);
    bench.finish();
}

fn wrap(bench: &mut Bench) {
    bench.at_most(
        "wrap_drop_key_vs_zeroizing",
        1.10,
        || Classified::<[u8; 32], PlatformToken>::new(black_box(KEY)),
        || Zeroizing::new(black_box(KEY)),
    );
    bench.at_most(
        "wrap_drop_text_vs_zeroizing",
        1.10,
        || Classified::<String, PlatformToken>::new(black_box(EMAIL).to_owned()),
        || Zeroizing::new(black_box(EMAIL).to_owned()),
    );
    // What the loop itself makes of two things that are the same.
    bench.report(
        "noise_zeroizing_vs_itself",
        || Zeroizing::new(black_box(KEY)),
        || Zeroizing::new(black_box(KEY)),
    );
}

/// What the compiler has checked costs nothing: a write through the sink against a call of its outlet.
fn flow_static(bench: &mut Bench) {
    // Some at a time: one takes less than the loop around it, which would be all that is measured.
    let plain: [String; 32] = std::array::from_fn(|number| number.to_string());
    let numbers = plain.clone().map(Classified::<String, OrderNumber>::from);
    let (mut ours, mut theirs) = (0, 0);
    let mut sink = Sink::<levels::Internal, _>::new("log", |text: &String| ours += black_box(text).len());
    let mut outlet = |text: &String| theirs += black_box(text).len();
    bench.at_most(
        "flow_static_vs_bare_call",
        1.10,
        || black_box(&numbers).iter().for_each(|number| sink.write(number)),
        || black_box(&plain).iter().for_each(&mut outlet),
    );
}

/// The check at run time, of what a policy declares, against a comparison of two integers. Both go through a table of 64 pairs, so
/// that neither answer is known beforehand.
fn flow_dynamic(bench: &mut Bench, policy: &Policy) {
    let taxonomy = policy.taxonomy();
    let labels = [
        taxonomy.of_class::<PlatformToken>(),
        taxonomy.of_class::<CreatorHandle>(),
        taxonomy.of_class::<OrderNumber>(),
        taxonomy.of_class::<OrderNumber>().join(taxonomy.of_class::<CreatorEmail>()),
        taxonomy.of_class::<BuyerName>(),
        taxonomy.of_class::<InvoiceNumber>(),
        policy.sink("app_log", ()).unwrap().clearance(),
        taxonomy.bottom(),
    ];
    let pair = |index: usize| (labels[index / 8], labels[index % 8]);
    let pairs: [(Label, Label); 64] = std::array::from_fn(pair);
    let numbers: [(u64, u64); 64] = pairs.map(|(from, to)| (from.level() as u64, to.level() as u64));
    let (mut at, mut other) = (0, 0);
    bench.at_most(
        "flow_dynamic_vs_integer_compare",
        4.0,
        || {
            at = (at + 1) % 64;
            let (from, to) = black_box(&pairs[at]);
            from.flows_to(to)
        },
        || {
            other = (other + 1) % 64;
            let (from, to) = black_box(&numbers[other]);
            from <= to
        },
    );
}

fn redactors(bench: &mut Bench, policy: &Policy) {
    let redactors = Redactors::keyed(policy, &"acme".into(), 1, &SecretKey::generate(&OsEntropy).unwrap());
    let text = EMAIL.to_owned();

    // The same work kept: the state after the key.
    let (handle, keyed) =
        (Classified::<_, CreatorHandle>::from(text.clone()), Hmac::<Sha256>::new_from_slice(&KEY).unwrap());
    let bare = || {
        let mut mac = keyed.clone();
        mac.update(black_box(text.as_bytes()));
        mac.finalize().into_bytes()
    };
    bench.at_most("pseudonym_vs_bare_hmac", 1.20, || redactors.pseudonym(black_box(&handle)), bare);

    let mut buffers = [String::with_capacity(256), String::with_capacity(256)];
    let [ours, theirs] = &mut buffers;
    // Against the plain text into the same buffer: what it costs not to show it.
    macro_rules! report {
        ($($name:literal: $class:ident,)+) => {
            $({
                let value = Classified::<String, $class>::from(text.clone());
                bench.report(
                    concat!("redact_", $name, "_vs_plain_text"),
                    || show(ours, redactors.value(black_box(&value))),
                    || show(theirs, black_box(&text)),
                );
            })+
        };
    }
    report! {
        "erase": CreatorNote,
        "constant": BuyerName,
        "tag": PlatformToken,
        "pseudonym": CreatorHandle,
        "email_domain": CreatorEmail,
        "last_four": InvoiceNumber,
        "show": OrderNumber,
    }
}

/// Writes into the buffer, which is long enough already; gives the length, so that the text is not thrown away unseen.
fn show(buffer: &mut String, value: impl Display) -> usize {
    buffer.clear();
    write!(buffer, "{value}").unwrap();
    black_box(buffer.as_str()).len()
}
