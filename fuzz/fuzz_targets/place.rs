//! A place with all that a place can have, and the key that opens there.

use stewardship::Scope;
use stewardship::access::Environment;
use stewardship::crypto::{Context, PlaceKey, PlaceKeys, SecretKey, StreamKey};
use stewardship::id::{ConnectionId, Name, RecordId, SubjectId, TenantId};

/// The key of the place of the seeds' first scopes: whatever head an input has, it is not the one that sealed it.
#[allow(dead_code, reason = "a stream has another")]
pub fn key() -> PlaceKey {
    with_keys(7, |keys| keys.key())
}

/// The same for streams, of several keys of that place.
#[allow(dead_code, reason = "for streams alone")]
pub fn stream_key(which: u8) -> StreamKey {
    with_keys(which, |keys| keys.stream_key())
}

fn with_keys<T>(which: u8, make: impl FnOnce(PlaceKeys<'_>) -> T) -> T {
    let scopes =
        [Scope::Tenant("acme".into()), Scope::connection("acme", "shop"), Scope::subject("acme", "ada")];
    let (secret, versions) = (SecretKey::new([which; 32]), [1, 127, 128]);
    let keys = scopes.iter().zip(versions).map(|(scope, version)| (scope, version, &secret)).collect();
    make(PlaceKeys::new(keys).unwrap())
}

/// Hands the context to `with`.
pub fn at<T>(with: impl FnOnce(&Context<'_>) -> T) -> T {
    let (tenant, connection, subject) =
        (TenantId::new("acme"), ConnectionId::new("shop"), SubjectId::new("ada"));
    let (kind, record) = (Name::new("order"), RecordId::new("1001"));
    let (field, class) = (Name::new("email"), Name::new("buyer.email"));
    with(&Context {
        tenant: &tenant,
        environment: Environment::Production,
        connection: Some(&connection),
        subject: Some(&subject),
        kind: &kind,
        record: &record,
        field: &field,
        class: &class,
    })
}
