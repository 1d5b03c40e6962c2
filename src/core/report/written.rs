//! The fields that the reader is about to make required: the one place to adapt when it does.
//!
//! Until then a missing one is read on the strict side (a policy without a date never applies, a category without a role is the
//! company's own).

use chrono::NaiveDate;

use crate::core::policy::{
    Basis, Category, Certification, Dispose, LegalRole, PolicyDocument, RetentionRule, Source, SourceKind,
};

pub(in crate::core) fn effective(document: &PolicyDocument) -> NaiveDate {
    document.effective.unwrap_or(NaiveDate::MAX)
}

pub(in crate::core) fn updated(document: &PolicyDocument) -> NaiveDate {
    document.updated.unwrap_or(NaiveDate::MIN)
}

pub(in crate::core) fn role(category: &Category) -> LegalRole {
    category.role.unwrap_or(LegalRole::Controller)
}

pub(in crate::core) fn kind(source: &Source) -> SourceKind {
    source.kind.unwrap_or(SourceKind::Own)
}

pub(in crate::core) fn dispose(rule: &RetentionRule) -> Dispose {
    rule.dispose.unwrap_or(Dispose::Delete)
}

pub(in crate::core) fn basis(rule: &RetentionRule) -> Basis {
    rule.basis.unwrap_or(Basis::ServiceDelivery)
}

pub(in crate::core) fn valid_until(certification: &Certification) -> NaiveDate {
    certification.valid_until.unwrap_or(NaiveDate::MIN)
}
