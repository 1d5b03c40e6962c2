//! Classification against its peers, each in its documented best style: the same number of fields, the same texts, redaction of a
//! comparable kind, written into the same kind of buffer.

#[path = "../measure/mod.rs"]
mod measure;

use std::fmt::Write as _;
use std::hint::black_box;

use data_privacy::{RedactedDebug, classified, taxonomy};
use measure::Bench;
use secrecy::{SecretBox, SecretString};
use stewardship::Classified;

const KEY: [u8; 32] = [7; 32];
const EMAIL: &str = "ada.lovelace@example.com";

fn main() {
    let mut bench = Bench::start();
    wrap(&mut bench);
    debug(&mut bench);
    bench.finish();
}

fn wrap(bench: &mut Bench) {
    bench.at_most(
        "wrap_drop_key_vs_secrecy",
        1.0,
        || Classified::<[u8; 32], Number>::new(black_box(KEY)),
        || SecretBox::new(Box::new(black_box(KEY))),
    );
    bench.at_most(
        "wrap_drop_text_vs_secrecy",
        1.0,
        || Classified::<String, Number>::new(black_box(EMAIL).to_owned()),
        || SecretString::from(black_box(EMAIL).to_owned()),
    );
}

/// `{:?}` of ten fields, as a log line would have it, without any redactor at hand.
fn debug(bench: &mut Bench) {
    let (ours, theirs, veiled) = (order(), dp::order(), veiled());
    let mut text = String::with_capacity(4096);
    let mut other = String::with_capacity(4096);
    bench.at_most("debug_ten_fields_vs_data_privacy", 1.0, || show(&mut text, &ours), || show(&mut other, &theirs));
    bench.report("debug_ten_fields_vs_veil_fixed", || show(&mut text, &ours), || show(&mut other, &veiled));
}

/// Writes into the buffer, which is long enough already; gives the length, so that the text is not thrown away unseen.
fn show(buffer: &mut String, value: &impl std::fmt::Debug) -> usize {
    buffer.clear();
    write!(buffer, "{:?}", black_box(value)).unwrap();
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
            Number: Confidential in "orders" = "order.number";
            BuyerName: Confidential in "orders" = "order.buyer_name";
            BuyerEmail: Confidential in "orders" = "order.buyer_email";
            BuyerPhone: Confidential in "orders" = "order.buyer_phone";
            Street: Confidential in "orders" = "order.street";
            City: Confidential in "orders" = "order.city";
            Postcode: Confidential in "orders" = "order.postcode";
            Card: Restricted in "orders" = "order.card";
            Note: Confidential in "orders" = "order.note";
            Account: Restricted in "orders" = "order.account";
        }
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
            pub struct Order { $($field: $class,)+ }

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
