//! What an envelope costs: against the bare construction inside it, with the same nonces and the same backend.
//!
//! `seal…` and `open…`: one value under the prepared key of its place, which is at hand (a `PlaceKey`): a call of the module `crypto`. What a
//! steward does around that, and what its own cache of keys saves, is `benches/key_cache.rs`. `…_in_place`: into buffers of the caller's, through a
//! `Sealer` or an `Opener`. `…_thread_nonces`: both draw nonces from a `ThreadEntropy`, else from the operating system.

mod bare;
mod measure;
mod place;

use std::hint::black_box;

use bare::Bare;
use measure::Bench;
use place::{here, place_key};
#[cfg(feature = "aws-lc")]
use stewardship::crypto::AwsLc;
use stewardship::crypto::{
    AeadBackend, Entropy, Envelope, Opener, OsEntropy, RustCrypto, Sealer, ThreadEntropy, open, seal,
    seal_record,
};
use zeroize::Zeroizing;

fn main() {
    let mut bench = Bench::start();
    sizes(&mut bench, "rust_crypto", &RustCrypto);
    #[cfg(feature = "aws-lc")]
    sizes(&mut bench, "aws_lc", &AwsLc);
    fields(&mut bench);
    bench.finish();
}

/// Full seals and openings under a key that is at hand: head, context, nonce and buffers; against the bare construction, which knows no
/// head, no context and one buffer.
fn sizes(bench: &mut Bench, backend_name: &str, backend: &dyn AeadBackend) {
    let (place, key) = (here(), place_key());
    let (entropy, context) = (OsEntropy, place.context());
    let bare = Bare::new(&[7; 32]);
    for (size_name, size) in [("64_b", 64), ("1_kib", 1_024), ("64_kib", 65_536)] {
        let goal = |what: &str| format!("{what}_{size_name}_vs_bare_{backend_name}");
        let plaintext = vec![0x5a; size];
        // A nonce of the system's takes as long as the whole rest of a small value: with the thread's own stream, ours is what is measured.
        let sources: [(&str, &dyn Entropy); 2] = [("", &entropy), ("_thread_nonces", &ThreadEntropy)];
        for (source, entropy) in sources {
            let mut sealer = Sealer::new(backend, entropy);
            let (mut ours, mut theirs) = (Vec::with_capacity(size + 200), Vec::with_capacity(size + 200));
            bench.at_most(
                &(goal("seal_in_place") + source),
                1.25,
                || {
                    ours.clear();
                    sealer.seal_into(&key, &context, black_box(&plaintext), &mut ours).unwrap();
                    ours.len()
                },
                || bare.seal(backend, entropy, black_box(&plaintext), &mut theirs),
            );
            let mut theirs = Vec::with_capacity(size + 200);
            bench.at_most(
                &(goal("seal") + source),
                1.25,
                || seal(backend, entropy, &key, &context, black_box(&plaintext)).unwrap().len(),
                || bare.seal(backend, entropy, black_box(&plaintext), &mut theirs),
            );
        }
        let sealed = seal(backend, &entropy, &key, &context, &plaintext).unwrap();
        let mut opener = Opener::new(backend);
        let (mut ours, mut theirs) = (Zeroizing::new(vec![0; size]), vec![0; size]);
        let mut bare_sealed = Vec::new();
        bare.seal(backend, &entropy, &plaintext, &mut bare_sealed);
        bench.at_most(
            &goal("open_in_place"),
            1.25,
            || {
                let envelope = Envelope::parse(black_box(&sealed)).unwrap();
                opener.open_into(&key, &envelope, &context, &mut ours).unwrap();
            },
            || bare.open(backend, black_box(&bare_sealed), &mut theirs),
        );
        // Both into a buffer of their own, which is wiped.
        bench.at_most(
            &goal("open"),
            1.25,
            || open(backend, &key, &Envelope::parse(black_box(&sealed)).unwrap(), &context).unwrap(),
            || {
                let mut theirs = Zeroizing::new(vec![0; size]);
                bare.open(backend, black_box(&bare_sealed), &mut theirs);
                theirs
            },
        );
    }
}

/// Ten fields under one head, against ten envelopes.
fn fields(bench: &mut Bench) {
    let (place, key) = (here(), place_key());
    let fields = [(place.context(), &[0x5a_u8; 64][..]); 10];
    bench.at_most(
        "ten_fields_of_a_record_vs_ten_envelopes",
        1.0,
        || seal_record(&RustCrypto, &OsEntropy, &key, black_box(&fields)).unwrap(),
        || {
            let seal =
                |(context, value)| seal(&RustCrypto, &OsEntropy, &key, &context, black_box(value)).unwrap();
            fields.map(seal)
        },
    );
}
