//! Categories, purposes and processors: everything has a use, a basis and a name.

use std::collections::BTreeSet;

use super::Check;
use crate::core::classification::Level;
use crate::core::id::Name;
use crate::core::policy::document::Category;
use crate::core::policy::finding::FindingCode;
use crate::core::policy::path::{Path, shortened};
use crate::core::policy::vocabulary::{LegalRole, OnErasure, SourceKind};

/// Most categories that a policy declares: a label holds a set of them as one number of 128 bits, the last of which
/// stands for any other.
pub const MAX_CATEGORIES: usize = 127;

/// Most purposes that a policy declares, for the same reason.
pub const MAX_PURPOSES: usize = 127;

/// Most roles that a policy declares: a decision holds a principal's as one set of bits.
pub const MAX_ROLES: usize = 256;

pub(super) fn check(check: &mut Check<'_, '_>) {
    counts(check);
    categories(check);
    outliving(check);
    purposes(check);
    processors(check);
    sources(check);
}

fn counts(check: &mut Check<'_, '_>) {
    let document = check.document;
    for (section, count, most) in [
        ("categories", document.categories.len(), MAX_CATEGORIES),
        ("purposes", document.purposes.len(), MAX_PURPOSES),
        ("roles", document.roles.len(), MAX_ROLES),
    ] {
        if count > most {
            let (message, hint) =
                (format!("{count} {section} are declared"), format!("declare at most {most}"));
            check.error(FindingCode::TooManyNames, &Path::of([section]), message, hint);
        }
    }
}

fn categories(check: &mut Check<'_, '_>) {
    let document = check.document;
    let classified: BTreeSet<&Name> = document.classes.values().map(|class| &class.category).collect();
    let kept: BTreeSet<&Name> = document.retention.rule.iter().map(|rule| &rule.category).collect();
    let classes_read = check.findings.is_sound_in_each(&Path::of(["classes"]), "category");
    let rules_read = check.findings.is_sound_in_each(&Path::of(["retention", "rule"]), "category");
    let of_trail = document.audit.as_ref().and_then(|audit| audit.category.as_ref());
    let trail_is_lost = of_trail.is_some_and(|category| !document.categories.contains_key(category));
    for (name, category) in &document.categories {
        let path = Path::of(["categories", name.as_str()]);
        let trail = document.audit.as_ref().filter(|_| of_trail == Some(name));
        // It may be the one that `audit.category` means, of which that is said: it needs no class and no rule then.
        let may_be_trail = trail_is_lost && !classified.contains(name) && !kept.contains(name);
        if classes_read && trail.is_none() && !classified.contains(name) && !may_be_trail {
            let hint = "declare a class of it, or drop it";
            check.warning(
                FindingCode::UnclassifiedCategory,
                &path,
                "no class belongs to this category",
                hint,
            );
        }
        if let Some(audit) = trail {
            if audit.keep.is_none() && check.is_whole(&Path::of(["audit"])) {
                let message = "nothing says how long the audit trail is kept";
                let hint = "write its age, such as `7 years`";
                check.error(FindingCode::NoRetentionRule, &Path::of(["audit", "keep"]), message, hint);
            }
        } else if rules_read && !kept.contains(name) && !may_be_trail {
            let hint = "write a `retention.rule` for it";
            check.error(
                FindingCode::NoRetentionRule,
                &path,
                "no rule says how long this category is kept",
                hint,
            );
        }
        legal_roles(check, category, &path);
        instructions(check, category, &path);
        if category.purposes.is_empty() {
            let message = "this category may be used for no purpose";
            let hint = "name its purposes";
            check.warning(FindingCode::CategoryHasNoPurpose, &path.key("purposes"), message, hint);
        }
    }
}

/// Whoever decides on a use, if on one alone, needs a legal basis (S2.5, S2.6); a role is one of a use that there is.
fn legal_roles(check: &mut Check<'_, '_>, category: &Category, path: &Path) {
    if category.legal_basis.is_none() {
        let decides = |role: &LegalRole| *role != LegalRole::Processor;
        let of_all = decides(&category.role).then(|| (category.role, String::new()));
        let decided = of_all.or_else(|| {
            let (purpose, role) = category.role_for.iter().find(|(_, role)| decides(role))?;
            Some((*role, format!(", for `{}`,", shortened(purpose.as_str()))))
        });
        if let Some((role, purpose)) = decided {
            let message = format!("the company is `{role}` of this category{purpose} without a legal basis");
            let hint = "write the basis under GDPR Art. 6(1)";
            check.error(FindingCode::MissingLegalBasis, &path.key("legal_basis"), message, hint);
        }
    }
    // A purpose that nobody declares was reported as that.
    let declared = &check.document.purposes;
    let unused = |purpose: &&Name| declared.contains_key(*purpose) && !category.purposes.contains(*purpose);
    for purpose in category.role_for.keys().filter(unused) {
        let message = format!("`{}` is no purpose of this category", shortened(purpose.as_str()));
        let hint = "add it to the purposes, or take its role away";
        let path = path.key("role_for").key(purpose.as_str());
        check.error(FindingCode::RoleWithoutPurpose, &path, message, hint);
    }
}

/// Only a processor is instructed (S2.7): a control that can never bind would be read as one that does.
fn instructions(check: &mut Check<'_, '_>, category: &Category, path: &Path) {
    if category.needs_instruction && check.document.instructed_purposes(category).next().is_none() {
        let message = "the company is processor for no purpose of this category (requests aside), so that an instruction would bind nothing";
        let hint = "say for which it is (`role`, `role_for`), or drop `needs_instruction`";
        check.error(FindingCode::InstructionWithoutProcessor, &path.key("needs_instruction"), message, hint);
    }
}

/// What identifies a person has no place in records that outlive the person's erasure (S2.12).
fn outliving(check: &mut Check<'_, '_>) {
    let document = check.document;
    for (name, class) in &document.classes {
        let outlives = document
            .categories
            .get(&class.category)
            .is_some_and(|category| category.on_erasure == OnErasure::Pseudonymise);
        if outlives && class.level > Level::Internal {
            let path = Path::of(["classes", name.as_str(), "level"]);
            let category = shortened(class.category.as_str());
            let message =
                format!("category `{category}` outlives erasures, and this class of it is `{}`", class.level);
            let hint = "move the class to a category that is erased, or drop `on_erasure`";
            check.error(FindingCode::PseudonymisedAboveInternal, &path, message, hint);
        }
    }
}

fn purposes(check: &mut Check<'_, '_>) {
    let document = check.document;
    let users = ["categories", "processors", "sinks", "access", "requests"];
    if !users.iter().all(|section| check.is_whole(&Path::of([*section]))) {
        return;
    }
    let mut used: BTreeSet<&Name> = BTreeSet::new();
    used.extend(document.categories.values().flat_map(|category| &category.purposes));
    used.extend(document.processors.values().flat_map(|processor| &processor.purposes));
    used.extend(document.sinks.values().flat_map(|sink| &sink.purposes));
    used.extend(document.access.allow.iter().flat_map(|rule| &rule.purposes));
    used.extend(document.access.deny.iter().flat_map(|rule| &rule.purposes));
    used.extend(document.requests.iter().map(|requests| &requests.purpose));
    for name in document.purposes.keys().filter(|name| !used.contains(name)) {
        let path = Path::of(["purposes", name.as_str()]);
        check.warning(FindingCode::PurposeUnused, &path, "nothing uses this purpose", "use it, or drop it");
    }
}

fn processors(check: &mut Check<'_, '_>) {
    for (name, processor) in &check.document.processors {
        if !processor.disabled && processor.entity.is_none() {
            let path = Path::of(["processors", name.as_str(), "entity"]);
            let hint = "write its legal name, or `disabled = true`";
            check.warning(
                FindingCode::UnnamedSubprocessor,
                &path,
                "a processor in use has no legal name",
                hint,
            );
        }
    }
}

fn sources(check: &mut Check<'_, '_>) {
    let path = Path::of(["sources"]);
    let managed = check.document.sources.values().any(|source| source.kind == SourceKind::Managed);
    if !managed && check.findings.is_sound_in_each(&path, "kind") {
        let message = "no source holds the records that the steward keeps";
        let hint = "declare one with `kind = \"managed\"`";
        check.error(FindingCode::NoManagedSource, &path, message, hint);
    }
}
