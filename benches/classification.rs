//! What a label costs: against the same thing without one.
//!
//! The comparison with other crates is in `benches/peers`; `benches/run.sh` runs both.

mod measure;

use std::hint::black_box;

use measure::Bench;
use stewardship::Classified;
use zeroize::Zeroizing;

const KEY: [u8; 32] = [7; 32];
const EMAIL: &str = "ada.lovelace@example.com";

stewardship::classes! {
    Token: Restricted in "connected_platform" = "platform.token";
}

fn main() {
    let mut bench = Bench::start();
    wrap(&mut bench);
    bench.finish();
}

fn wrap(bench: &mut Bench) {
    bench.at_most(
        "wrap_drop_key_vs_zeroizing",
        1.10,
        || Classified::<[u8; 32], Token>::new(black_box(KEY)),
        || Zeroizing::new(black_box(KEY)),
    );
    bench.at_most(
        "wrap_drop_text_vs_zeroizing",
        1.10,
        || Classified::<String, Token>::new(black_box(EMAIL).to_owned()),
        || Zeroizing::new(black_box(EMAIL).to_owned()),
    );
    // What the loop itself makes of two things that are the same.
    bench.report(
        "noise_zeroizing_vs_itself",
        || Zeroizing::new(black_box(KEY)),
        || Zeroizing::new(black_box(KEY)),
    );
}
