//! Where in a document something stands.

use std::fmt;

/// One step into a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Segment {
    /// A key of a table.
    Key(String),
    /// A position in a list, from zero.
    Index(usize),
}

/// The steps from the root to a value. Shown as `retention.rule[2].keep`; keys that are not bare are quoted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Path(Vec<Segment>);

impl Path {
    /// The path that follows these keys from the root.
    pub(crate) fn of<'k>(keys: impl IntoIterator<Item = &'k str>) -> Self {
        Self(keys.into_iter().map(|key| Segment::Key(key.to_owned())).collect())
    }

    pub(crate) fn key(&self, key: &str) -> Self {
        let mut path = self.clone();
        path.push(Segment::Key(key.to_owned()));
        path
    }

    pub(crate) fn index(&self, index: usize) -> Self {
        let mut path = self.clone();
        path.push(Segment::Index(index));
        path
    }

    pub(crate) fn push(&mut self, segment: Segment) {
        self.0.push(segment);
    }

    pub(crate) fn pop(&mut self) {
        self.0.pop();
    }

    pub(crate) fn segments(&self) -> &[Segment] {
        &self.0
    }

    /// Whether one of the two lies at or under the other.
    pub(crate) fn touches(&self, other: &Self) -> bool {
        self.0.iter().zip(&other.0).all(|(mine, theirs)| mine == theirs)
    }

    /// The element of the document that this lies in: up to the first position in a list, else the first two keys.
    pub(crate) fn element(&self) -> Self {
        let listed = self.0.iter().position(|segment| matches!(segment, Segment::Index(_)));
        Self(self.0.iter().take(listed.map_or(2, |position| position + 1)).cloned().collect())
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (step, segment) in self.0.iter().enumerate() {
            match segment {
                Segment::Index(index) => write!(f, "[{index}]")?,
                Segment::Key(key) => {
                    if step > 0 {
                        f.write_str(".")?;
                    }
                    if is_bare(key) { f.write_str(key)? } else { write!(f, "{:?}", shortened(key))? }
                }
            }
        }
        Ok(())
    }
}

/// A text, cut for a message so that no input makes it long, on one line.
pub(crate) fn shortened(text: &str) -> String {
    let clean = |letter: char| if letter.is_control() { '\u{fffd}' } else { letter };
    let mut short: String = text.chars().take(SHOWN_CHARS).map(clean).collect();
    if text.chars().nth(SHOWN_CHARS).is_some() {
        short.push('…');
    }
    short
}

/// Characters of a text that a message shows.
const SHOWN_CHARS: usize = 60;

fn is_bare(key: &str) -> bool {
    (1..=SHOWN_CHARS).contains(&key.len())
        && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_reads_like_toml() {
        let path = Path::of(["retention", "rule"]).index(2).key("keep");
        assert_eq!(path.to_string(), "retention.rule[2].keep");
        assert_eq!(Path::of(["classes", "platform.token"]).to_string(), "classes.\"platform.token\"");
        assert_eq!(path.element().to_string(), "retention.rule[2]");
        assert_eq!(Path::of(["categories", "a", "role"]).element().to_string(), "categories.a");
    }

    #[test]
    fn paths_touch_where_one_lies_under_the_other() {
        let rule = Path::of(["retention", "rule"]);
        assert!(rule.touches(&rule.index(0)) && rule.index(0).touches(&rule));
        assert!(!rule.index(0).touches(&rule.index(1)));
    }
}
