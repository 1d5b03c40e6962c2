//! What an envelope costs: against the bare construction inside it, with the same nonces and the same backend.

mod measure;
mod place;

use std::hint::black_box;

use aes_gcm::aes::Aes256;
use aes_gcm::aes::cipher::{BlockCipherEncrypt as _, KeyInit as _};
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

/// XAES-256-GCM with key commitment and nothing around it: the key schedule at hand, no associated data. It wipes what it derives.
struct Bare {
    cipher: Aes256,
    k1: [u8; 16],
}

impl Bare {
    fn new(key: &[u8; 32]) -> Self {
        let cipher = Aes256::new(key.into());
        let zero = u128::from_be_bytes(block(&cipher, [0; 16]));
        Self { cipher, k1: ((zero << 1) ^ ((zero >> 127) * 0x87)).to_be_bytes() }
    }

    fn derive(&self, nonce: &[u8; 24]) -> (Zeroizing<[u8; 32]>, [u8; 12], [u8; 32]) {
        let (left, right) = nonce.split_at(12);
        let mut key = Zeroizing::new([0; 32]);
        for (counter, half) in (1..).zip(key.chunks_exact_mut(16)) {
            let mut input = [0, counter, b'X', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
            input[4..].copy_from_slice(left);
            half.copy_from_slice(&block(&self.cipher, xor(input, self.k1)));
        }
        let mut input = *b"XCMT............";
        input[4..].copy_from_slice(left);
        let chain = xor(block(&self.cipher, input), self.k1);
        let mut commitment = [0; 32];
        for (counter, half) in (1..).zip(commitment.chunks_exact_mut(16)) {
            let mut input = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, counter];
            input[..12].copy_from_slice(right);
            half.copy_from_slice(&block(&self.cipher, xor(input, chain)));
        }
        (key, right.try_into().unwrap(), commitment)
    }

    fn seal(&self, backend: &dyn AeadBackend, entropy: &dyn Entropy, plaintext: &[u8], out: &mut Vec<u8>) {
        let mut nonce = [0; 24];
        entropy.fill(&mut nonce).unwrap();
        let (key, right, commitment) = self.derive(&nonce);
        out.clear();
        out.extend_from_slice(&nonce);
        out.extend_from_slice(plaintext);
        let tag = backend.seal_in_place_detached(&key, &right, b"", &mut out[24..]).unwrap();
        out.extend_from_slice(&tag);
        out.extend_from_slice(&commitment);
    }

    fn open(&self, backend: &dyn AeadBackend, sealed: &[u8], out: &mut [u8]) {
        let (nonce, rest) = sealed.split_first_chunk().unwrap();
        let (rest, found) = rest.split_last_chunk::<32>().unwrap();
        let (ciphertext, tag) = rest.split_last_chunk().unwrap();
        let (key, right, commitment) = self.derive(nonce);
        assert_eq!(found, &commitment);
        backend.open_detached(&key, &right, b"", ciphertext, tag, out).unwrap();
    }
}

fn block(cipher: &Aes256, mut block: [u8; 16]) -> [u8; 16] {
    cipher.encrypt_block((&mut block).into());
    block
}

fn xor(mut left: [u8; 16], right: [u8; 16]) -> [u8; 16] {
    left.iter_mut().zip(right).for_each(|(left, right)| *left ^= right);
    left
}
