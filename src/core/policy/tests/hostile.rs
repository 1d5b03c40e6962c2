//! No input does harm: a policy or findings, in bounded time.

use proptest::prelude::*;

use super::*;

#[test]
fn text_past_the_bounds_is_refused_before_it_is_parsed() {
    let code = |text: PolicyText<'_>| {
        let error = Policy::load(text).unwrap_err();
        assert_eq!(error.findings().len(), 1, "{error}");
        error.findings()[0].code()
    };
    let long = " ".repeat(MAX_TEXT_BYTES + 1);
    assert_eq!(code(PolicyText::toml(&long)), FindingCode::TooLarge);
    assert_eq!(code(PolicyText::json(&long)), FindingCode::TooLarge);
    for deep in [MAX_DEPTH + 1, 1_000, 500_000] {
        assert_eq!(code(PolicyText::json(&"[".repeat(deep))), FindingCode::TooDeep);
        assert_eq!(code(PolicyText::json(&"{\"a\":".repeat(deep.min(200_000)))), FindingCode::TooDeep);
        assert_eq!(code(PolicyText::toml(&format!("a = {}", "[".repeat(deep)))), FindingCode::TooDeep);
        assert_eq!(
            code(PolicyText::toml(&format!("a = {}", "{a=".repeat(deep.min(200_000))))),
            FindingCode::TooDeep
        );
    }
    let dotted = format!("{}a = 1", "a.".repeat(MAX_DEPTH));
    assert_eq!(code(PolicyText::toml(&dotted)), FindingCode::TooDeep);
    let refused = Policy::from_toml(&format!("{}a = 1", "a.".repeat(500_000))).unwrap_err();
    assert!(!refused.findings().is_empty());
}

/// Long enough that a quadratic step would be seen to hang, short enough for every day.
#[test]
fn long_texts_are_answered_too() {
    const BYTES: usize = MAX_TEXT_BYTES / 8;
    let fill = |head: &str, part: &str, tail: &str| {
        format!("{head}{}{tail}", part.repeat((BYTES - head.len() - tail.len()) / part.len()))
    };
    let names: String = (0..).map(|n| format!("\"x{n}\",")).take(10_000).collect();
    for toml in [
        fill("", "[", ""),
        fill("", "a=\n", ""),
        fill("", "[a]\n", ""),
        fill("", "[[a]]\n", ""),
        fill("a = [", "1,", "]"),
        fill("a = \"", "\\\"", "\""),
        fill("", "a", " = 1"),
        fill("", "'", ""),
        fill("", "[[access.deny]]\nid=\"a\"\n", ""),
        format!("[categories.a]\ntitle=\"a\"\nrole=\"joint\"\npurposes=[{names}]\n"),
        format!("{GOOD}\n[processors.x]\ndoes=\"y\"\npurposes=[{names}]\n"),
        (0..7_000).map(|n| format!("[a{n}.b]\n")).collect(),
    ] {
        assert!(Policy::from_toml(&toml).is_err());
    }
    for json in [
        fill("[", "1,", "1]"),
        fill("{", "\"a\":1,", "\"a\":1}"),
        fill("\"", "\\n", "\""),
        fill("", " ", "{}"),
        format!(
            "{{\"processors\":{{\"x\":{{\"does\":\"y\",\"purposes\":[{}]}}}}}}",
            names.trim_end_matches(',')
        ),
    ] {
        assert!(Policy::from_json(&json).is_err());
    }
}

#[test]
fn a_text_full_of_mistakes_is_answered_with_a_bounded_list() {
    let keys: String = (0..40_000).map(|index| format!("lnk{index} = 1\n")).collect();
    let error = Policy::from_toml(&keys).unwrap_err();
    assert_eq!(error.findings().len(), MAX_FINDINGS + 1);
    assert_eq!(error.findings().last().unwrap().code(), FindingCode::MoreFindings);

    let mut document = good().document().clone();
    let rule = &document.retention.rule[0];
    let rules: Vec<_> =
        (0..2_000).map(|index| RetentionRule { id: format!("r{index}").into(), ..rule.clone() }).collect();
    let cap = Cap::new("c", rule.from.clone(), Period::days(1), "somewhere");
    document.retention.rule.extend(rules);
    document.retention.cap =
        (0..2_000).map(|index| Cap { id: format!("c{index}").into(), ..cap.clone() }).collect();
    let policy = Policy::from_document(document).unwrap();
    assert_eq!(policy.findings().len(), MAX_FINDINGS + 1);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_text_gives_a_policy_or_findings(text in "(?s).{0,200}") {
        for text in [PolicyText::toml(&text), PolicyText::json(&text)] {
            let refused = Policy::load(text).unwrap_err();
            prop_assert!(refused.errors().count() > 0);
        }
    }

    #[test]
    fn text_that_looks_like_a_policy_gives_a_policy_or_findings(
        parts in prop::collection::vec(prop::sample::select(vec![
            "[", "]", "[[", "]]", "{", "}", "=", "\"", "'", "\"\"\"", "'''", "\\", "#", "\n", ".", ",", ":", " ", "name",
            "retention", "rule", "levels", "restricted", "keep", "2026-11-01", "1e5", "-0", "true", "null", "é", "\u{0}", "\r",
        ]), 0..60),
    ) {
        let text = parts.concat();
        for text in [PolicyText::toml(&text), PolicyText::json(&text)] {
            prop_assert!(Policy::load(text).unwrap_err().errors().count() > 0);
        }
    }

    #[test]
    fn a_mutated_policy_gives_a_policy_or_findings(
        at in 0..GOOD.len(),
        drop in 0_usize..12,
        insert in prop::sample::select(vec!["", "[", "\"", "\n", "=", "x", "{", "'''", "\u{202e}", "[[access.deny]]\n", "9", "[TODO]"]),
        json in any::<bool>(),
    ) {
        let text = if json { good_json().to_string() } else { GOOD.to_owned() };
        let at = at.min(text.len());
        let end = (at + drop).min(text.len());
        prop_assume!(text.is_char_boundary(at) && text.is_char_boundary(end));
        let text = format!("{}{insert}{}", &text[..at], &text[end..]);
        match Policy::load(if json { PolicyText::json(&text) } else { PolicyText::toml(&text) }) {
            Ok(policy) => prop_assert!(policy.findings().iter().all(|finding| finding.severity() == Severity::Warning)),
            Err(error) => prop_assert!(error.errors().count() > 0),
        }
    }
}
