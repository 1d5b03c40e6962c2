//! The data map as a table.

use super::{markdown, phrase};
use crate::core::classification::{Holding, Level};
use crate::core::policy::LegalRole;

/// What is held, as a Markdown table: a row for each class. Whatever the policy's texts hold, it stays text.
///
/// The [`Holding`]s have more than the table shows; they serialise for anything else.
///
/// # Example: the table of a program's map
/// ```
/// # use stewardship::Policy;
/// # let policy = Policy::from_toml(include_str!("../../../examples/policies/complete.toml"))?;
/// use stewardship::classification::DataMap;
/// stewardship::classes! { pub struct Mine; ShopName: Internal in "connected_platform" = "platform.shop_name"; }
///
/// let table = stewardship::report::data_map(&DataMap::of::<Mine>().holdings(&policy)?);
/// assert!(table.lines().nth(2).unwrap().starts_with("| Connected-platform data | `platform.shop_name` | internal |"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn data_map(held: &[Holding]) -> String {
    const HEADINGS: [&str; 10] = [
        "Category",
        "Class",
        "Level",
        "Held in",
        "Used for",
        "Legal basis",
        "Kept",
        "Lies in",
        "Recipients",
        "Read by",
    ];
    let mut table = format!("| {} |\n|{}\n", HEADINGS.join(" | "), "---|".repeat(HEADINGS.len()));
    for holding in held {
        let cells = row(holding);
        table.push_str(&format!("| {} |\n", cells.join(" | ")));
    }
    table
}

fn row(holding: &Holding) -> [String; 10] {
    let fields = holding.fields.iter().map(|held| markdown::code(&format!("{}.{}", held.kind, held.field)));
    let purposes = holding
        .purposes
        .iter()
        .map(|used| format!("{} ({})", markdown::text(phrase::open_end(&used.title)), role(used.role)));
    let kept = holding
        .retention
        .iter()
        .map(|rule| format!("{} from {}", rule.keep, markdown::text(&phrase::event(&rule.from))));
    let caps = holding.caps.iter().map(|cap| {
        let platform =
            cap.platform.iter().map(|platform| format!(" if from {}", markdown::code(platform.as_str())));
        format!(
            "at most {} from {}{}",
            cap.at_most,
            markdown::text(&phrase::event(&cap.from)),
            platform.collect::<String>()
        )
    });
    let names = |names: &std::collections::BTreeSet<crate::core::id::Name>| {
        or_none(names.iter().map(|name| markdown::code(name.as_str())), ", ")
    };
    [
        markdown::text(&holding.title),
        markdown::code(holding.class.as_str()),
        level(holding.level, holding.authenticator),
        or_none(fields, ", "),
        or_none(purposes, "; "),
        holding.legal_basis.as_deref().map_or_else(|| "none declared".to_owned(), markdown::text),
        or_none(kept.chain(caps), "; "),
        names(&holding.sources),
        names(&holding.recipients),
        names(&holding.readers),
    ]
}

fn level(level: Level, authenticator: bool) -> String {
    format!("{level}{}", if authenticator { ", authenticates" } else { "" })
}

const fn role(role: LegalRole) -> &'static str {
    match role {
        LegalRole::Controller => "as controller",
        LegalRole::Processor => "as processor",
        LegalRole::Joint => "as joint controller",
    }
}

fn or_none(items: impl Iterator<Item = String>, between: &str) -> String {
    let items: Vec<_> = items.collect();
    if items.is_empty() { "none".to_owned() } else { items.join(between) }
}
