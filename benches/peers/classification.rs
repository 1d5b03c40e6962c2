//! Classification against its peers, each in its documented best style: the same number of fields, the same texts, redaction of a
//! comparable kind, written into the same kind of buffer.

#[path = "../measure/mod.rs"]
mod measure;

use std::fmt::Write as _;
use std::hint::black_box;

use data_privacy::simple_redactor::{SimpleRedactor, SimpleRedactorMode};
use data_privacy::xxh3_redactor::xxH3Redactor;
use data_privacy::{RedactedDebug, RedactionEngine, classified, taxonomy};
use measure::Bench;
use secrecy::{SecretBox, SecretString};
use stewardship::classification::ClassSpec;
use stewardship::crypto::{OsEntropy, Redactors, SecretKey};
use stewardship::{Classified, Policy};

const KEY: [u8; 32] = [7; 32];
const EMAIL: &str = "ada.lovelace@example.com";

fn main() {
    let mut bench = Bench::start();
    wrap(&mut bench);
    debug(&mut bench);
    redactors(&mut bench);
    bench.finish();
}

fn wrap(bench: &mut Bench) {
    bench.at_most(
        "wrap_drop_key_vs_secrecy",
        1.0,
        || Classified::<[u8; 32], Number>::new(black_box(KEY)),
        || SecretBox::new(Box::new(black_box(KEY))),
    );
    // `SecretString` is a boxed `str`: it cannot grow, and has the text's length alone to wipe. A `String` is wiped with its whole
    // capacity, as `Zeroizing<String>` does.
    bench.report(
        "wrap_drop_text_vs_secrecy",
        || Classified::<String, Number>::new(black_box(EMAIL).to_owned()),
        || SecretString::from(black_box(EMAIL).to_owned()),
    );
}

/// Ten fields in a log line: by the type alone, and through the redactors that the host configured, each of which tags.
fn debug(bench: &mut Bench) {
    let (ours, theirs, veiled) = (order(), dp::order(), veiled());
    let [mut text, mut other] = [String::with_capacity(4096), String::with_capacity(4096)];
    bench.at_most(
        "debug_ten_fields_vs_data_privacy",
        1.0,
        || show(&mut text, black_box(&ours)),
        || show(&mut other, black_box(&theirs)),
    );
    bench.report(
        "debug_ten_fields_vs_veil_fixed",
        || show(&mut text, black_box(&ours)),
        || show(&mut other, black_box(&veiled)),
    );

    let redactors = Redactors::new(&policy("tag"));
    let engine = dp::engine(|| SimpleRedactor::with_mode(SimpleRedactorMode::EraseAndTag));
    bench.at_most(
        "redacted_debug_ten_fields_vs_data_privacy",
        1.0,
        || show(&mut text, redactors.record(black_box(&ours))),
        || {
            other.clear();
            engine.redacted_debug(black_box(&theirs), &mut other).unwrap();
            black_box(other.as_str()).len()
        },
    );
}

/// One value through each redactor that both have. A class is looked up among ten by both.
fn redactors(bench: &mut Bench) {
    let (ours, theirs) = (order(), dp::order());
    let [mut text, mut other] = [String::with_capacity(256), String::with_capacity(256)];
    let key = SecretKey::generate(&OsEntropy).unwrap();
    let mut against = |name: &str, redact: &str, engine: RedactionEngine| {
        let redactors = Redactors::keyed(&policy(redact), &"acme".into(), 1, &key);
        bench.report(
            name,
            || {
                text.clear();
                write!(text, "{}", redactors.value(black_box(&ours.buyer_email))).unwrap();
                black_box(text.as_str()).len()
            },
            || {
                other.clear();
                engine.redacted_display(black_box(&theirs.buyer_email), &mut other).unwrap();
                black_box(other.as_str()).len()
            },
        );
    };
    let simple = |mode: SimpleRedactorMode| dp::engine(move || SimpleRedactor::with_mode(mode.clone()));
    against("redact_erase_vs_data_privacy", "erase", simple(SimpleRedactorMode::Erase));
    against("redact_constant_vs_data_privacy", "constant", simple(SimpleRedactorMode::Insert("***".into())));
    against("redact_tag_vs_data_privacy", "tag", simple(SimpleRedactorMode::EraseAndTag));
    // 64 bits of a fast hash against 128 of HMAC-SHA-256: not the same thing, and all that there is to compare with.
    against(
        "redact_pseudonym_vs_data_privacy_xxh3",
        "pseudonym",
        dp::engine(|| xxH3Redactor::with_secret([7; 192])),
    );
}

/// A policy that declares the classes below, each redacted in this way.
fn policy(redact: &str) -> Policy {
    let mut text = include_str!("../../examples/policies/complete.toml").to_owned();
    for class in CLASSES {
        let level = class.level;
        write!(
            text,
            "\n[classes.\"{}\"]\nlevel = \"{level}\"\ncategory = \"orders\"\nredact = \"{redact}\"\n",
            class.id
        )
        .unwrap();
    }
    Policy::from_toml(&text).unwrap()
}

/// Writes into the buffer, which is long enough already; gives the length, so that the text is not thrown away unseen.
fn show(buffer: &mut String, value: impl std::fmt::Debug) -> usize {
    buffer.clear();
    write!(buffer, "{value:?}").unwrap();
    black_box(buffer.as_str()).len()
}

/// The ten texts, by the field's name.
macro_rules! texts {
    ($make:ident) => {
        $make! {
            number: Number = "114-3941689-8772232",
            buyer_name: BuyerName = "Ada Lovelace",
            buyer_email: BuyerEmail = "ada.lovelace@example.com",
            buyer_phone: BuyerPhone = "+44 20 7946 0958",
            street: Street = "12 St James's Square",
            city: City = "London",
            postcode: Postcode = "SW1Y 4LB",
            card: Card = "4111111111111111",
            note: Note = "Leave the parcel with the neighbour on the left, please.",
            account: Account = "acct_1N3T00LkdIwHu7ix",
        }
    };
}

macro_rules! ours {
    ($($field:ident: $class:ident = $text:literal,)+) => {
        stewardship::classes! {
            Number: Confidential in "orders" = "bench.number";
            BuyerName: Confidential in "orders" = "bench.buyer_name";
            BuyerEmail: Confidential in "orders" = "bench.buyer_email";
            BuyerPhone: Confidential in "orders" = "bench.buyer_phone";
            Street: Confidential in "orders" = "bench.street";
            City: Confidential in "orders" = "bench.city";
            Postcode: Confidential in "orders" = "bench.postcode";
            Card: Restricted in "orders" = "bench.card";
            Note: Confidential in "orders" = "bench.note";
            Account: Restricted in "orders" = "bench.account";
        }
        const CLASSES: [ClassSpec; 10] = [$(ClassSpec::of::<$class>()),+];
        stewardship::record! {
            struct Order in "orders" { $($field: String as $class;)+ }
        }
        fn order() -> Order {
            Order { $($field: $text.to_owned().into(),)+ }
        }
    };
}
texts!(ours);

mod dp {
    use data_privacy::Redactor;

    use super::*;

    #[taxonomy(shop)]
    pub enum Shop {
        Number,
        BuyerName,
        BuyerEmail,
        BuyerPhone,
        Street,
        City,
        Postcode,
        Card,
        Note,
        Account,
    }

    macro_rules! theirs {
        ($($field:ident: $class:ident = $text:literal,)+) => {
            $(
                #[classified(Shop::$class)]
                pub struct $class(String);
            )+

            #[derive(Debug, RedactedDebug)]
            pub struct Order { $(pub $field: $class,)+ }

            /// The engine, with a redactor for each of the classes.
            pub fn engine<R: Redactor + Send + Sync + 'static>(redactor: impl Fn() -> R) -> RedactionEngine {
                let builder = RedactionEngine::builder();
                $(let builder = builder.add_class_redactor(Shop::$class.data_class(), redactor());)+
                builder.build()
            }

            pub fn order() -> Order {
                Order { $($field: $class($text.to_owned()),)+ }
            }
        };
    }
    texts!(theirs);
}

macro_rules! veil {
    ($($field:ident: $class:ident = $text:literal,)+) => {
        #[derive(veil::Redact)]
        #[redact(all, fixed = 3)]
        pub struct Veiled { $($field: String,)+ }

        fn veiled() -> Veiled {
            Veiled { $($field: $text.to_owned(),)+ }
        }
    };
}
texts!(veil);
