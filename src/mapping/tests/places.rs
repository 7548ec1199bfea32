use super::*;

/// Where the letters `titel` stand, and where the diagnostic points.
fn assert_points_at_titel(text: &str) {
    let checked = check(text, &vocabulary(), now());
    let diagnostic = checked.errors().next().unwrap_or_else(|| panic!("no error in {text}"));
    let line = text.lines().nth(diagnostic.line - 1).unwrap_or_default();
    let pointed: String = line.chars().skip(diagnostic.column - 1).collect();
    assert!(pointed.starts_with("titel"), "{text}\npoints at {pointed:?}\n{diagnostic}");
}

#[test]
fn a_condition_is_pointed_into_however_it_is_quoted() {
    let rule = |when: &str| format!("rules:\n- name: ä rule\n  when: {when}\n  grant: viewer\n");
    for when in [
        "titel pr",
        "title eq \"é ü\" and titel pr   # and a comment",
        "'title eq \"it''s\" and titel pr'",
        r#""title eq \"a\\\"b\" and\ttitel pr""#,
        r#""title eq \"\u00e9\x41\" and titel pr""#,
        "|\n    title pr\n      and titel pr",
        ">\n\n\n    title pr\n    and\n\n    titel pr",
        "|2-\n    title pr and\n    titel pr",
        "title pr and\n    titel pr",
        "'title pr and\n\n    titel pr'",
        "&anchor titel pr",
        "!!str titel pr",
        "|\n    title eq \"x\"\n    and titel pr",
        ">\n    (\"x\" eq title) or titel pr\n".replace("(\"x\" eq title)", "title eq \"x\"").as_str(),
    ] {
        assert_points_at_titel(&rule(when));
    }
}

#[test]
fn an_aliased_condition_is_pointed_at_where_it_is_used() {
    let text = "rules:\n- {name: &n titel pr, groups: a, grant: viewer}\n- name: b\n  when: *n\n  grant: viewer\n";
    let checked = check(text, &vocabulary(), now());
    let error = checked.errors().next().unwrap();
    assert_eq!((error.line, error.column), (4, 9));
}

#[test]
fn the_caret_stands_under_the_place_even_in_a_long_line() {
    let text = format!("rules: [{{name: a, when: '{}titel pr', grant: viewer}}]", "title pr and ".repeat(40));
    let checked = check(&text, &vocabulary(), now());
    let error = checked.errors().next().unwrap();
    let under: String = error.excerpt.chars().skip(error.caret).collect();
    assert!(under.starts_with("titel"), "{error}");
    assert!(error.excerpt.chars().count() <= 120);
}

#[test]
fn an_excerpt_carries_no_control_characters() {
    let checked = check("rules:\n- {name: \"\\e\", nope\u{85}\u{9b}31m: x}\n", &vocabulary(), now());
    assert!(!checked.diagnostics.is_empty());
    assert!(checked.diagnostics.iter().all(|diagnostic| !diagnostic.excerpt.chars().any(char::is_control)));
}
