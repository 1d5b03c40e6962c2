//! Format 1 against `tests/vectors/format-1.json`, which a second implementation of the specification wrote.
//!
//! The file is frozen with the format: what it holds is opened, and refused as it says, by every later version.

use std::io::Read;

use serde_json::Value;
use sha2::{Digest, Sha256};
use stewardship::Scope;
use stewardship::access::Environment;
use stewardship::crypto::{
    Context, Entropy, EntropyError, Envelope, EnvelopeError, EnvelopeErrorKind, PlaceKey, PlaceKeys,
    RecordEnvelope, RustCrypto, SealedValue, SecretKey, StreamKey, StreamOpener, StreamSealer, StreamStart,
    open, seal, seal_record, unwrap, wrap,
};
use stewardship::id::{ConnectionId, Name, RecordId, SubjectId, TenantId};

fn vectors() -> Value {
    serde_json::from_str(include_str!("../vectors/format-1.json")).unwrap()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

fn bytes(value: &Value) -> Vec<u8> {
    let digits = text(value);
    (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap()).collect()
}

fn key(value: &Value) -> SecretKey {
    SecretKey::new(bytes(value).try_into().unwrap())
}

fn list(value: &Value) -> &[Value] {
    value.as_array().unwrap()
}

fn place_key(scopes: &Value) -> PlaceKey {
    with_keys(scopes, |keys| keys.key())
}

fn stream_key(scopes: &Value) -> StreamKey {
    with_keys(scopes, |keys| keys.stream_key())
}

fn with_keys<T>(scopes: &Value, make: impl FnOnce(PlaceKeys<'_>) -> T) -> T {
    let scope = |scope: &Value| {
        let (tenant, id) = (TenantId::new(text(&scope["tenant"])), text(&scope["id"]));
        match text(&scope["kind"]) {
            "tenant" => Scope::Tenant(tenant),
            "connection" => Scope::Connection(tenant, id.into()),
            "subject" => Scope::Subject(tenant, id.into()),
            "case" => Scope::Case(tenant, id.into()),
            other => panic!("no kind `{other}`"),
        }
    };
    let named: Vec<_> = list(scopes)
        .iter()
        .map(|own| {
            let version = u32::try_from(own["version"].as_u64().unwrap()).unwrap();
            (scope(own), version, key(&own["key"]))
        })
        .collect();
    make(PlaceKeys::new(named.iter().map(|(scope, version, key)| (scope, *version, key)).collect()).unwrap())
}

/// A context that owns its parts.
struct At {
    tenant: TenantId,
    environment: Environment,
    connection: Option<ConnectionId>,
    subject: Option<SubjectId>,
    kind: Name,
    record: RecordId,
    field: Name,
    class: Name,
}

impl At {
    fn of(at: &Value) -> Self {
        Self {
            tenant: text(&at["tenant"]).into(),
            environment: serde_json::from_value(at["environment"].clone()).unwrap(),
            connection: at["connection"].as_str().map(Into::into),
            subject: at["subject"].as_str().map(Into::into),
            kind: text(&at["kind"]).into(),
            record: text(&at["record"]).into(),
            field: text(&at["field"]).into(),
            class: text(&at["class"]).into(),
        }
    }

    fn context(&self) -> Context<'_> {
        Context {
            tenant: &self.tenant,
            environment: self.environment,
            connection: self.connection.as_ref(),
            subject: self.subject.as_ref(),
            kind: &self.kind,
            record: &self.record,
            field: &self.field,
            class: &self.class,
        }
    }
}

/// A random source that gives the nonce of a vector.
struct Given(Vec<u8>);

impl Entropy for Given {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), EntropyError> {
        bytes.copy_from_slice(&self.0);
        Ok(())
    }
}

#[test]
fn format_1_values_open_and_are_sealed_to_the_very_same_bytes() {
    let vectors = vectors();
    let values = list(&vectors["values"]);
    assert_eq!(values.len(), 5);
    for vector in values {
        let (name, key, at) =
            (text(&vector["name"]), place_key(&vector["scopes"]), At::of(&vector["context"]));
        let (plaintext, sealed) = (bytes(&vector["plaintext"]), bytes(&vector["sealed"]));
        let envelope = Envelope::parse(&sealed).unwrap();
        assert_eq!(*open(&RustCrypto, &key, &envelope, &at.context()).unwrap(), plaintext, "{name}");
        let again =
            seal(&RustCrypto, &Given(bytes(&vector["nonce"])), &key, &at.context(), &plaintext).unwrap();
        assert_eq!(again, sealed, "{name}");
        let kept = SealedValue::new(sealed).unwrap();
        assert_eq!(kept.to_string().parse::<SealedValue>().unwrap(), kept);
    }
}

#[test]
fn format_1_records_open_and_are_sealed_to_the_very_same_bytes() {
    let vectors = vectors();
    let records = list(&vectors["records"]);
    assert_eq!(records.len(), 3);
    for vector in records {
        let (name, key, fields) =
            (text(&vector["name"]), place_key(&vector["scopes"]), list(&vector["fields"]));
        let places: Vec<At> = fields.iter().map(|field| At::of(&field["context"])).collect();
        let plain: Vec<Vec<u8>> = fields.iter().map(|field| bytes(&field["plaintext"])).collect();
        let bodies: Vec<Vec<u8>> = fields.iter().map(|field| bytes(&field["sealed"])).collect();
        let head = bytes(&vector["head"]);
        let opener = RecordEnvelope::parse(&head, &bodies).unwrap().opener(&key).unwrap();
        for (number, (at, plain)) in places.iter().zip(&plain).enumerate() {
            assert_eq!(*opener.field(&RustCrypto, number, &at.context()).unwrap(), *plain, "{name}");
        }
        let fields: Vec<_> = places.iter().map(At::context).zip(plain.iter().map(Vec::as_slice)).collect();
        let again = seal_record(&RustCrypto, &Given(bytes(&vector["nonce"])), &key, &fields).unwrap();
        assert_eq!((again.head, again.fields), (head, bodies), "{name}");
    }
}

#[test]
fn format_1_wrapped_keys_are_unwrapped_and_wrapped_to_the_very_same_bytes() {
    for vector in list(&vectors()["wrapped"]) {
        let (wrapping, secret) = (key(&vector["wrapping"]), key(&vector["secret"]));
        let (context, sealed) = (bytes(&vector["context"]), bytes(&vector["sealed"]));
        assert!(unwrap(&RustCrypto, &wrapping, &sealed, &context).unwrap().ct_eq(&secret));
        let again = wrap(&RustCrypto, &Given(bytes(&vector["nonce"])), &wrapping, &secret, &context).unwrap();
        assert_eq!(again, sealed);
    }
}

#[test]
fn format_1_refuses_what_is_not_of_it_with_the_refusal_that_it_names() {
    let vectors = vectors();
    let refused = &vectors["refused"];
    let (key, at) = (place_key(&refused["scopes"]), At::of(&refused["context"]));
    let values = list(&refused["values"]);
    assert_eq!(values.len(), 28);
    for vector in values {
        let sealed = bytes(&vector["sealed"]);
        let refusal = match Envelope::parse(&sealed) {
            Err(error) => refusal_of(error),
            Ok(envelope) => match open(&RustCrypto, &key, &envelope, &at.context()) {
                Ok(_) => "opened",
                Err(_) => "refused",
            },
        };
        assert_eq!(refusal, text(&vector["refusal"]), "{}", text(&vector["name"]));
    }
}

fn refusal_of(error: EnvelopeError) -> &'static str {
    match error.kind() {
        EnvelopeErrorKind::Malformed => "malformed",
        EnvelopeErrorKind::UnknownFormat => "unknown-format",
        EnvelopeErrorKind::UnknownSuite => "unknown-suite",
        other => panic!("{other:?}"),
    }
}

/// What a stream holds that is sealed under this key at this place, if it opens.
fn opened_stream(key: &StreamKey, start: &StreamStart, at: &At, sealed: &[u8]) -> Option<Vec<u8>> {
    let opener = StreamOpener::new(&RustCrypto, key, start, &at.context()).ok()?;
    let mut opened = Vec::new();
    opener.reader(&sealed[start.len()..]).read_to_end(&mut opened).ok()?;
    Some(opened)
}

#[test]
fn format_1_streams_open_and_are_sealed_to_the_very_same_bytes() {
    let vectors = vectors();
    let streams = list(&vectors["streams"]);
    assert_eq!(streams.len(), 8);
    for vector in streams {
        let (name, key, at) =
            (text(&vector["name"]), stream_key(&vector["scopes"]), At::of(&vector["context"]));
        let length = usize::try_from(vector["length"].as_u64().unwrap()).unwrap();
        let plaintext: Vec<u8> = (0..length).map(|at| (at % 251) as u8).collect();
        let sealer = StreamSealer::new(&RustCrypto, &Given(bytes(&vector["salt"])), &key, &at.context());
        let (mut sealer, mut sealed) = (sealer.unwrap().pushed(), Vec::new());
        plaintext.chunks(100_000).for_each(|piece| sealer.push(piece, &mut sealed).unwrap());
        sealer.finish(&mut sealed).unwrap();
        match vector["sealed_sha256"].as_str() {
            Some(_) => assert_eq!(Sha256::digest(&sealed)[..], bytes(&vector["sealed_sha256"]), "{name}"),
            None => assert_eq!(sealed, bytes(&vector["sealed"]), "{name}"),
        }
        let start = StreamStart::parse(&sealed).unwrap();
        assert!(opened_stream(&key, &start, &at, &sealed) == Some(plaintext), "{name}");
    }
}

#[test]
fn format_1_refuses_what_is_no_stream_of_it_with_the_refusal_that_it_names() {
    let vectors = vectors();
    let refused = &vectors["refused"];
    let (key, at) = (stream_key(&refused["scopes"]), At::of(&refused["context"]));
    let streams = list(&refused["streams"]);
    assert_eq!(streams.len(), 24);
    for vector in streams {
        let sealed = bytes(&vector["sealed"]);
        let refusal = match StreamStart::parse(&sealed) {
            Err(error) => refusal_of(error),
            Ok(start) => match opened_stream(&key, &start, &at, &sealed) {
                Some(_) => "opened",
                None => "refused",
            },
        };
        assert_eq!(refusal, text(&vector["refusal"]), "{}", text(&vector["name"]));
    }
}
