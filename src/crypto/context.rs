//! The place of a value, in the one encoding that its envelope is bound to.

use crate::core::access::Environment;
use crate::core::id::{ConnectionId, Name, RecordId, SubjectId, TenantId};
use crate::core::text::{Text, push_field};

/// Where a value belongs: an envelope sealed with one context opens with that very context alone.
///
/// Not stored in the envelope: whoever opens it must know where it belongs.
///
/// # Example: the same field of another record is another place
/// ```
/// use stewardship::access::Environment;
/// use stewardship::crypto::Context;
/// use stewardship::id::{Name, RecordId, TenantId};
///
/// let (tenant, kind) = (TenantId::new("acme"), Name::new("order"));
/// let (field, class) = (Name::new("email"), Name::new("buyer.email"));
/// let at = |record| Context {
///     tenant: &tenant,
///     environment: Environment::Production,
///     connection: None,
///     subject: None,
///     kind: &kind,
///     record,
///     field: &field,
///     class: &class,
/// };
/// assert_ne!(at(&RecordId::new("1001")).to_bytes(), at(&RecordId::new("1002")).to_bytes());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "callers put it together, and must name each part")]
pub struct Context<'a> {
    /// The tenant.
    pub tenant: &'a TenantId,
    /// The environment: what was sealed in production does not open in staging.
    pub environment: Environment,
    /// The platform connection, where there is one.
    pub connection: Option<&'a ConnectionId>,
    /// The person whom the value is about, where there is one.
    pub subject: Option<&'a SubjectId>,
    /// The kind of record.
    pub kind: &'a Name,
    /// The record.
    pub record: &'a RecordId,
    /// The field.
    pub field: &'a Name,
    /// The class of the value: to re-classify is to seal again.
    pub class: &'a Name,
}

impl Context<'_> {
    /// The one encoding: the parts in the order of the fields, each behind its length (32 bits, big-endian); a part that may be
    /// missing behind a byte 1, or a byte 0 where it is.
    ///
    /// Unambiguous: two different contexts never share an encoding.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(256);
        self.encode(&mut bytes);
        bytes
    }

    pub(super) fn encode(&self, bytes: &mut Vec<u8>) {
        self.tenant.text().push_field(bytes);
        push_field(bytes, self.environment.as_str().as_bytes());
        push_optional(bytes, self.connection.map(ConnectionId::text));
        push_optional(bytes, self.subject.map(SubjectId::text));
        self.kind.text().push_field(bytes);
        self.record.text().push_field(bytes);
        self.field.text().push_field(bytes);
        self.class.text().push_field(bytes);
    }
}

fn push_optional(bytes: &mut Vec<u8>, field: Option<&Text>) {
    match field {
        None => bytes.push(0),
        Some(field) => {
            bytes.push(1);
            field.push_field(bytes);
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A context that owns its parts.
    #[derive(Clone, Debug, PartialEq)]
    pub(crate) struct Owned {
        pub(crate) tenant: TenantId,
        pub(crate) environment: Environment,
        pub(crate) connection: Option<ConnectionId>,
        pub(crate) subject: Option<SubjectId>,
        pub(crate) kind: Name,
        pub(crate) record: RecordId,
        pub(crate) field: Name,
        pub(crate) class: Name,
    }

    impl Owned {
        pub(crate) fn context(&self) -> Context<'_> {
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

        /// The contexts that differ from this one in one part, each part in turn.
        pub(crate) fn neighbours(&self) -> Vec<Self> {
            let longer = |text: &str| format!("{text}x");
            let other = if self.environment == Environment::Staging {
                Environment::Production
            } else {
                Environment::Staging
            };
            vec![
                Self { tenant: longer(self.tenant.as_str()).into(), ..self.clone() },
                Self { environment: other, ..self.clone() },
                Self {
                    connection: toggled(self.connection.as_ref().map(ConnectionId::as_str)),
                    ..self.clone()
                },
                Self { subject: toggled(self.subject.as_ref().map(SubjectId::as_str)), ..self.clone() },
                Self { kind: longer(self.kind.as_str()).into(), ..self.clone() },
                Self { record: longer(self.record.as_str()).into(), ..self.clone() },
                Self { field: longer(self.field.as_str()).into(), ..self.clone() },
                Self { class: longer(self.class.as_str()).into(), ..self.clone() },
            ]
        }
    }

    /// A missing part becomes an empty one, an empty one missing, any other longer.
    fn toggled<T: From<String>>(part: Option<&str>) -> Option<T> {
        match part {
            None => Some(String::new().into()),
            Some("") => None,
            Some(text) => Some(format!("{text}x").into()),
        }
    }

    pub(crate) fn any_context() -> impl Strategy<Value = Owned> {
        let text = || "[ab\u{0}\u{1}é]{0,3}";
        let environment = prop::sample::select(Environment::ALL);
        (
            text(),
            environment,
            prop::option::of(text()),
            prop::option::of(text()),
            text(),
            text(),
            text(),
            text(),
        )
            .prop_map(|(tenant, environment, connection, subject, kind, record, field, class)| {
                Owned {
                    tenant: tenant.into(),
                    environment,
                    connection: connection.map(Into::into),
                    subject: subject.map(Into::into),
                    kind: kind.into(),
                    record: record.into(),
                    field: field.into(),
                    class: class.into(),
                }
            })
    }

    proptest! {
        #[test]
        fn two_contexts_never_share_an_encoding(left in any_context(), right in any_context()) {
            prop_assert_eq!(left == right, left.context().to_bytes() == right.context().to_bytes());
            for neighbour in left.neighbours() {
                prop_assert_ne!(left.context().to_bytes(), neighbour.context().to_bytes());
            }
        }

        /// Bytes moved over the border of two parts make another encoding.
        #[test]
        fn a_moved_border_is_another_context(context in any_context(), text in "[a-z]{2,6}", at in 1_usize..2) {
            let (head, tail) = text.split_at(at);
            let left = Owned { kind: text.as_str().into(), record: "".into(), ..context.clone() };
            let right = Owned { kind: head.into(), record: tail.into(), ..context };
            prop_assert_ne!(left.context().to_bytes(), right.context().to_bytes());
        }
    }

    proptest! {
        /// Whatever is kept in place, and whatever is not: on both sides of 22 bytes.
        #[test]
        fn the_encoding_is_what_it_says(texts in prop::collection::vec("[a-z]{0,50}", 7), gaps in any::<[bool; 2]>()) {
            let [tenant, connection, subject, kind, record, field, class] = &texts[..] else { panic!("seven") };
            let owned = Owned {
                tenant: tenant.as_str().into(),
                environment: Environment::Production,
                connection: gaps[0].then(|| connection.as_str().into()),
                subject: gaps[1].then(|| subject.as_str().into()),
                kind: kind.as_str().into(),
                record: record.as_str().into(),
                field: field.as_str().into(),
                class: class.as_str().into(),
            };
            let mut bytes = Vec::new();
            let part = |bytes: &mut Vec<u8>, text: &str| {
                bytes.extend(u32::try_from(text.len()).unwrap().to_be_bytes());
                bytes.extend(text.as_bytes());
            };
            part(&mut bytes, tenant);
            part(&mut bytes, "production");
            for (text, there) in [(connection, gaps[0]), (subject, gaps[1])] {
                bytes.push(there.into());
                if there {
                    part(&mut bytes, text);
                }
            }
            [kind, record, field, class].into_iter().for_each(|text| part(&mut bytes, text));
            prop_assert_eq!(owned.context().to_bytes(), bytes);
        }
    }

    #[test]
    fn a_person_is_not_shown() {
        let owned = Owned {
            tenant: "acme".into(),
            environment: Environment::Production,
            connection: None,
            subject: Some("ada@example.com".into()),
            kind: "order".into(),
            record: "order-of-ada".into(),
            field: "email".into(),
            class: "buyer.email".into(),
        };
        assert!(!format!("{:?}", owned.context()).contains("ada"));
    }
}
