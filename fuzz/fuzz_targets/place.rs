//! A place with all that a place can have, and the key that opens there.

use stewardship::Scope;
use stewardship::access::Environment;
use stewardship::crypto::{Context, PlaceKey, PlaceKeys, SecretKey};
use stewardship::id::{ConnectionId, Name, RecordId, SubjectId, TenantId};

/// The key of the place of the seeds' first scopes: whatever head an input has, it is not the one that sealed it.
pub fn key() -> PlaceKey {
    let scopes =
        [Scope::Tenant("acme".into()), Scope::connection("acme", "shop"), Scope::subject("acme", "ada")];
    let (secret, versions) = (SecretKey::new([7; 32]), [1, 127, 128]);
    PlaceKeys::new(scopes.iter().zip(versions).map(|(scope, version)| (scope, version, &secret)).collect())
        .unwrap()
        .key()
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
