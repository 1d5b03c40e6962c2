//! A place with all that a place can have, and the key of its three scopes: where every benchmark seals.

use stewardship::Scope;
use stewardship::access::Environment;
use stewardship::crypto::{Context, PlaceKey, PlaceKeys, SecretKey, StreamKey};
use stewardship::id::{ConnectionId, Name, RecordId, SubjectId, TenantId};

#[allow(dead_code, reason = "not every benchmark seals values")]
pub fn place_key() -> PlaceKey {
    with_keys(|keys| keys.key())
}

#[allow(dead_code, reason = "not every benchmark seals streams")]
pub fn stream_key() -> StreamKey {
    with_keys(|keys| keys.stream_key())
}

fn with_keys<T>(make: impl FnOnce(PlaceKeys<'_>) -> T) -> T {
    let scopes = [
        Scope::Tenant("acme".into()),
        Scope::connection("acme", "shop-1"),
        Scope::subject("acme", "buyer-17"),
    ];
    let secrets = [1, 2, 3].map(|byte| SecretKey::new([byte; 32]));
    make(
        PlaceKeys::new(scopes.iter().zip(&secrets).map(|(scope, secret)| (scope, 1, secret)).collect())
            .unwrap(),
    )
}

/// The parts of the place.
pub struct Here {
    tenant: TenantId,
    connection: ConnectionId,
    subject: SubjectId,
    kind: Name,
    record: RecordId,
    field: Name,
    class: Name,
}

pub fn here() -> Here {
    Here {
        tenant: "acme".into(),
        connection: "shop-1".into(),
        subject: "buyer-17".into(),
        kind: "order".into(),
        record: "114-3941689-8772232".into(),
        field: "email".into(),
        class: "buyer.email".into(),
    }
}

impl Here {
    pub fn context(&self) -> Context<'_> {
        Context {
            tenant: &self.tenant,
            environment: Environment::Production,
            connection: Some(&self.connection),
            subject: Some(&self.subject),
            kind: &self.kind,
            record: &self.record,
            field: &self.field,
            class: &self.class,
        }
    }
}
