//! From a query to a statement that walks one index, in key order, from where the page begins.

use std::cmp::Ordering;

use rusqlite::types::Value;

use super::file::to_limit;
use crate::contracts::{RecordKey, RecordQuery};

/// The statement of one page, with its values.
pub(super) struct Listing {
    pub(super) sql: String,
    pub(super) values: Vec<Value>,
}

impl Listing {
    /// The page of at most `limit` rows that follows `after`; `None` where nothing can match.
    pub(super) fn of(query: &RecordQuery, after: Option<&RecordKey>, limit: usize) -> Option<Self> {
        let mut listing = Self::walking(query);
        if let Some(tenant) = &query.tenant {
            listing.and("d.tenant = ?", [text(tenant.as_str())]);
        }
        if let Some(kind) = &query.kind {
            listing.and("d.kind = ?", [text(kind.as_str())]);
        }
        listing.start(query, after)?;
        if let Some(id) = &query.connection {
            listing.and("r.connection = ?", [text(id.as_str())]);
        }
        if let Some(id) = &query.subject {
            let about = "EXISTS (SELECT 1 FROM record_subjects s WHERE s.subject = ? AND s.tenant = d.tenant
                AND s.kind = d.kind AND s.id = d.id)";
            listing.and(about, [text(id.as_str())]);
        }
        if let Some(categories) = &query.categories {
            // One value however many categories there are: SQLite bounds the number of parameters.
            let names = serde_json::to_string(categories).ok()?;
            listing.and("r.category IN (SELECT value FROM json_each(?))", [Value::Text(names)]);
        }
        listing.sql.push_str(" ORDER BY d.tenant, d.kind, d.id LIMIT ?");
        listing.values.push(Value::Integer(to_limit(limit)));
        Some(listing)
    }

    /// The index to walk, `d`, with the record, `r`.
    ///
    /// The rarest first: a value, a person, a connection, then the tenant. CROSS JOIN and INDEXED BY settle it, because the
    /// planner does not know how rare each is; each index ends in the key, so that nothing is sorted.
    fn walking(query: &RecordQuery) -> Self {
        let one_category =
            query.categories.as_ref().filter(|names| names.len() == 1).and_then(|names| names.first());
        let (index, condition, values) = if let Some(entry) = &query.index {
            let values = vec![text(entry.field.as_str()), Value::Blob(entry.tag.clone())];
            ("record_index d", "d.field = ? AND d.tag = ? AND d.occurrence = 0", values)
        } else if let Some(id) = &query.subject {
            ("record_subjects d", "d.subject = ?", vec![text(id.as_str())])
        } else if let Some(id) = &query.connection {
            ("records d INDEXED BY records_by_connection", "d.connection = ?", vec![text(id.as_str())])
        } else if query.tenant.is_some() {
            ("records d", "TRUE", Vec::new())
        } else if query.kind.is_some() {
            ("records d INDEXED BY records_by_kind", "TRUE", Vec::new())
        } else if let Some(name) = one_category {
            ("records d INDEXED BY records_by_category", "d.category = ?", vec![text(name.as_str())])
        } else {
            ("records d", "TRUE", Vec::new())
        };
        let sql = format!(
            "SELECT r.rid, r.tenant, r.kind, r.id, r.version, r.connection, r.category, r.meta
             FROM {index} CROSS JOIN records r ON r.rid = d.rid WHERE {condition}"
        );
        Self { sql, values }
    }

    /// Begins after `after`, said in the columns that the query leaves open: so the walk starts there instead of reading up to it.
    fn start(&mut self, query: &RecordQuery, after: Option<&RecordKey>) -> Option<()> {
        let Some(after) = after else { return Some(()) };
        let (tenant, kind, id) =
            (text(after.tenant.as_str()), text(after.kind.as_str()), text(after.id.as_str()));
        let Some(wanted) = &query.tenant else {
            self.and("(d.tenant, d.kind, d.id) > (?, ?, ?)", [tenant, kind, id]);
            return Some(());
        };
        match (after.tenant.cmp(wanted), query.kind.as_ref().map(|wanted| after.kind.cmp(wanted))) {
            (Ordering::Less, _) | (Ordering::Equal, Some(Ordering::Less)) => {}
            (Ordering::Greater, _) | (Ordering::Equal, Some(Ordering::Greater)) => return None,
            (Ordering::Equal, Some(Ordering::Equal)) => self.and("d.id > ?", [id]),
            (Ordering::Equal, None) => self.and("(d.kind, d.id) > (?, ?)", [kind, id]),
        }
        Some(())
    }

    fn and<const N: usize>(&mut self, condition: &str, values: [Value; N]) {
        self.sql.push_str(" AND ");
        self.sql.push_str(condition);
        self.values.extend(values);
    }
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use rusqlite::{Connection, params_from_iter};

    use super::*;
    use crate::contracts::IndexEntry;
    use crate::core::id::{Name, RecordId};
    use crate::ports::sqlite::SqliteFile;

    fn plan(query: &RecordQuery, after: Option<&RecordKey>) -> String {
        let db = Connection::open_in_memory().unwrap();
        db.execute_batch(SqliteFile::Records.tables()).unwrap();
        let listing = Listing::of(query, after, 10).unwrap();
        let mut statement = db.prepare(&format!("EXPLAIN QUERY PLAN {}", listing.sql)).unwrap();
        let steps =
            statement.query_map(params_from_iter(listing.values), |row| row.get::<_, String>(3)).unwrap();
        steps.map(Result::unwrap).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn a_named_thing_is_searched_through_its_index_and_nothing_is_sorted() {
        let tenant = Some("acme".into());
        let entry = IndexEntry { field: "email".into(), tag: vec![1; 16] };
        let any = RecordQuery::default();
        let after = RecordKey { tenant: "acme".into(), kind: "order".into(), id: RecordId::new("7") };
        for (query, search) in [
            (
                RecordQuery { index: Some(entry), ..any.clone() },
                "SEARCH d USING PRIMARY KEY (field=? AND tag=?",
            ),
            (
                RecordQuery { subject: Some("ada".into()), ..any.clone() },
                "SEARCH d USING PRIMARY KEY (subject=?",
            ),
            (
                RecordQuery { connection: Some("shop".into()), ..any.clone() },
                "SEARCH d USING COVERING INDEX records_by_connection (connection=?",
            ),
            (
                RecordQuery { tenant: tenant.clone(), ..any.clone() },
                "SEARCH d USING COVERING INDEX sqlite_autoindex_records_1 (tenant=?",
            ),
            (
                RecordQuery { kind: Some("order".into()), ..any.clone() },
                "SEARCH d USING COVERING INDEX records_by_kind (kind=?",
            ),
            (
                RecordQuery { categories: Some(BTreeSet::from([Name::new("orders")])), ..any.clone() },
                "SEARCH d USING COVERING INDEX records_by_category (category=?",
            ),
        ] {
            for after in [None, Some(&after)] {
                for query in [query.clone(), RecordQuery { tenant: tenant.clone(), ..query.clone() }] {
                    if query.tenant.is_some() && (query.kind.is_some() || query.categories.is_some()) {
                        continue;
                    }
                    let plan = plan(&query, after);
                    assert!(plan.contains(search), "{query:?}\n{plan}");
                    let scans = ["SCAN d", "SCAN r", "SCAN s", "TEMP B-TREE"];
                    assert!(!scans.iter().any(|step| plan.contains(step)), "{query:?}\n{plan}");
                }
            }
        }
    }

    #[test]
    fn a_later_page_starts_where_the_one_before_ended() {
        let after = RecordKey { tenant: "acme".into(), kind: "order".into(), id: RecordId::new("7") };
        let query =
            RecordQuery { tenant: Some("acme".into()), subject: Some("ada".into()), ..Default::default() };
        let plan = plan(&query, Some(&after));
        assert!(plan.contains("(subject=? AND tenant=? AND (kind,id)>(?,?))"), "{plan}");
    }

    #[test]
    fn what_lies_past_the_wanted_tenant_or_kind_needs_no_statement() {
        let after = RecordKey { tenant: "beta".into(), kind: "order".into(), id: RecordId::new("7") };
        let of = |tenant: &str, kind: Option<&str>| RecordQuery {
            tenant: Some(tenant.into()),
            kind: kind.map(Name::new),
            ..Default::default()
        };
        assert!(Listing::of(&of("acme", None), Some(&after), 1).is_none());
        assert!(Listing::of(&of("beta", Some("creator")), Some(&after), 1).is_none());
        assert!(Listing::of(&of("beta", Some("token")), Some(&after), 1).is_some());
        assert!(Listing::of(&of("gamma", None), Some(&after), 1).is_some());
    }
}
