//! Envelopes against their peers, each in its documented best style, over the same values and the same place as associated data.
//!
//! Tink's envelope draws a data key for each value and wraps it by a key of its own in memory, as a key management service would that
//! answers at once. `envelopers` keeps its data key in its cache. Ours has the key of the place at hand.
//!
//! Both peers draw from `rand`'s stream of each thread, which learns of a fork by a handler. What is held to the goal draws from that very
//! stream; `…_own_nonces` from `ThreadEntropy`, which asks the system for the process's number at each call, a system call that takes as long as a
//! third of a small value's sealing on some machines. `bare_…` is the construction that an envelope is made of, with nothing around it.

#[path = "../bare/mod.rs"]
mod bare;
#[path = "../measure/mod.rs"]
mod measure;
#[path = "../place/mod.rs"]
mod place;

use std::hint::black_box;

use bare::Bare;
use envelopers::{
    Aes256Gcm, CacheOptions, CachingKeyWrapper, EncryptedRecord, EnvelopeCipher, SimpleKeyProvider,
};
use measure::Bench;
use place::{here, place_key};
use rand::RngCore;
use stewardship::block_on;
use stewardship::crypto::{
    AeadBackend, AwsLc, Entropy, EntropyError, Envelope, RustCrypto, ThreadEntropy, open, seal,
};
use tink_core::Aead;

const GOAL: f64 = 0.6;
const SIZES: [usize; 3] = [64, 1024, 65_536];

/// The source that both peers draw from.
struct Peers;

impl Entropy for Peers {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), EntropyError> {
        rand::thread_rng().try_fill_bytes(bytes).map_err(EntropyError::new)
    }
}

fn main() {
    let mut bench = Bench::start();
    let (key, here) = (place_key(), here());
    let context = here.context();
    let aad = context.to_bytes();
    // It takes texts alone, which lengths in bytes are not: as long a text, of the same parts.
    let text: String =
        aad.iter().map(|byte| if byte.is_ascii_graphic() { char::from(*byte) } else { '.' }).collect();

    tink_aead::init();
    let remote = Box::new(tink_aead::subtle::AesGcm::new(&[7; 32]).unwrap());
    let tink = tink_aead::KmsEnvelopeAead::new(tink_aead::aes256_gcm_key_template(), remote);

    let provider: SimpleKeyProvider<Aes256Gcm> = SimpleKeyProvider::init([7; 16]);
    let options = CacheOptions::default()
        .with_max_bytes(usize::MAX)
        .with_max_messages(usize::MAX)
        .with_max_age(std::time::Duration::from_secs(86_400));
    let envelopers: EnvelopeCipher<_> = EnvelopeCipher::init(CachingKeyWrapper::new(provider, options));

    let bare = Bare::new(&[7; 32]);
    let backends: [(&str, &dyn AeadBackend); 2] = [("rust_crypto", &RustCrypto), ("aws_lc", &AwsLc)];
    for size in SIZES {
        let value = vec![0x5a_u8; size];
        for (name, backend) in backends {
            bench.at_most(
                &format!("seal_{size}_{name}_vs_tink"),
                GOAL,
                || seal(backend, &Peers, &key, black_box(&context), black_box(&value)).unwrap(),
                || tink.encrypt(black_box(&value), black_box(&aad)).unwrap(),
            );
            bench.report(
                &format!("seal_{size}_{name}_own_nonces_vs_tink"),
                || seal(backend, &ThreadEntropy, &key, black_box(&context), black_box(&value)).unwrap(),
                || tink.encrypt(black_box(&value), black_box(&aad)).unwrap(),
            );
            let mut sealed = Vec::new();
            bench.report(
                &format!("bare_{size}_{name}_vs_tink"),
                || bare.seal(backend, &Peers, black_box(&value), &mut sealed),
                || tink.encrypt(black_box(&value), black_box(&aad)).unwrap(),
            );
            bench.at_most(
                &format!("seal_{size}_{name}_vs_envelopers"),
                GOAL,
                || seal(backend, &Peers, &key, black_box(&context), black_box(&value)).unwrap(),
                || {
                    let sealing = envelopers.encrypt_with(black_box(&value)).aad(black_box(&text));
                    block_on(sealing.encrypt()).unwrap().to_vec().unwrap()
                },
            );
            let sealed = seal(backend, &ThreadEntropy, &key, &context, &value).unwrap();
            let ours = || {
                let envelope = Envelope::parse(black_box(&sealed)).unwrap();
                open(backend, &key, &envelope, black_box(&context)).unwrap()
            };
            let theirs = tink.encrypt(&value, &aad).unwrap();
            bench.at_most(&format!("open_{size}_{name}_vs_tink"), GOAL, ours, || {
                tink.decrypt(black_box(&theirs), black_box(&aad)).unwrap()
            });
            let sealing = envelopers.encrypt_with(&value).aad(&text);
            let theirs = block_on(sealing.encrypt()).unwrap().to_vec().unwrap();
            bench.at_most(&format!("open_{size}_{name}_vs_envelopers"), GOAL, ours, || {
                let record = EncryptedRecord::from_vec(black_box(&theirs).clone()).unwrap();
                block_on(envelopers.decrypt_with(&record).aad(black_box(&text)).decrypt()).unwrap()
            });
        }
    }
    bench.finish();
}
