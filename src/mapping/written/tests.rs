//! Forms write rules, and nothing but rules.

use super::*;

fn rule() -> WrittenRule {
    WrittenRule {
        name: "finance sees costs".to_owned(),
        groups: vec!["okta/finance".to_owned(), "k8s-{cluster}-x".to_owned()],
        when: "department eq \"Finance\"".to_owned(),
        grant: "analyst".to_owned(),
        clusters: vec!["prod-eu".to_owned()],
        until: "2027-01-31".to_owned(),
    }
}

const WRITTEN: &str = "- name: finance sees costs
  groups: [okta/finance, \"k8s-{cluster}-x\"]
  when: department eq \"Finance\"
  grant: analyst
  clusters: [prod-eu]
  until: 2027-01-31
";

fn dented(by: &str) -> String {
    WRITTEN.lines().flat_map(|line| [by, line, "\n"]).collect()
}

#[test]
fn a_rule_is_written_behind_the_others_as_they_are_written() {
    let text = "default: viewer\nrules:\n  - name: a\n    groups: [x]\n    grant: viewer\n\n# and tests\ntests: []\n";
    let written = rule().added_to(text).unwrap();
    let expected = text.replace("viewer\n\n# and", &format!("viewer\n{}\n# and", dented("  ")));
    assert_eq!(written, expected);
    assert_eq!(rule().added_to("rules:\n- name: a\n").unwrap(), format!("rules:\n- name: a\n{WRITTEN}"));
    assert_eq!(rule().added_to("default: viewer").unwrap(), format!("default: viewer\nrules:\n{}", dented("  ")));
    assert_eq!(rule().added_to("rules: []\n").unwrap(), format!("rules:\n{}", dented("  ")));
    let spaced = "rules:\n  - name: a\n\n  - name: b\n";
    assert_eq!(rule().added_to(spaced).unwrap(), format!("{spaced}\n{}", dented("  ")));
}

#[test]
fn what_is_typed_stays_one_value_whatever_it_is() {
    let typed = WrittenRule { name: "a: \"b\"\n- c".to_owned(), when: "x: y # z".to_owned(), ..rule() };
    let yaml = typed.yaml("  ");
    assert!(yaml.starts_with("  - name: \"a: \\\"b\\\"\\n- c\"\n"), "{yaml}");
    assert!(yaml.contains("  when: \"x: y # z\"\n"), "{yaml}");
    assert_eq!(quoted("no"), "\"no\"");
    assert_eq!(quoted("{role}"), "\"{role}\"");
}

#[test]
fn a_rule_for_nobody_in_particular_is_not_written() {
    let nobody = WrittenRule { groups: Vec::new(), when: String::new(), ..rule() };
    assert_eq!(nobody.added_to("rules: []\n"), Err(NotWritten::ForNobody));
    assert_eq!(WrittenRule { name: String::new(), ..rule() }.added_to(""), Err(NotWritten::Nameless));
    assert_eq!(rule().added_to("rules: [{name: a}]\n"), Err(NotWritten::OneLine));
    assert_eq!(nobody.in_place_of("a", "rules: []\n"), Err(NotWritten::ForNobody));
}

/// A text with everything that people write around rules.
const TEXT: &str = "# Who owns this: platform team
default: viewer   # everybody else

rules:
  # Finance looks at costs.
  - name: \"finance\"     # since 2024
    groups:
      - okta/finance   # the big one
      # and the small one
      - okta/controlling
    grant: analyst # not more

  # On call.
  - name: on call
    when: >
      department eq \"Engineering\"
      and title pr
    # They need it at night.
    grant: member
    clusters: [ staging-eu,   production-us ]
  - {name: one line, groups: [x], grant: viewer}
# The end of the rules.

tests:
  - name: an accountant
    given: {groups: [finance]}
    expect: [analyst]
";

fn of(name: &str) -> WrittenRule {
    written_rules(TEXT).into_iter().find(|(_, rule)| rule.name == name).unwrap().1
}

#[test]
fn rules_are_read_with_the_lines_of_their_names() {
    let read: Vec<(usize, String)> = written_rules(TEXT).into_iter().map(|(line, rule)| (line, rule.name)).collect();
    assert_eq!(read, [(6, "finance".to_owned()), (14, "on call".to_owned()), (21, "one line".to_owned())]);
    let finance = of("finance");
    assert_eq!(finance.groups, ["okta/finance", "okta/controlling"]);
    assert_eq!((finance.grant.as_str(), finance.when.as_str()), ("analyst", ""));
    assert_eq!(of("on call").when, "department eq \"Engineering\" and title pr");
    assert!(written_rules("rules: [").is_empty() && written_rules("").is_empty());
}

#[test]
fn a_rule_that_is_saved_as_it_is_changes_no_letter() {
    for name in ["finance", "on call"] {
        assert_eq!(of(name).in_place_of(name, TEXT).unwrap(), TEXT);
    }
}

#[test]
fn what_is_changed_is_changed_and_nothing_else_loses_a_letter() {
    let changed = WrittenRule { grant: "member".to_owned(), until: "2027-01-31".to_owned(), ..of("finance") };
    let expected =
        TEXT.replace("    grant: analyst # not more\n", "    grant: member # not more\n    until: 2027-01-31\n");
    assert_eq!(changed.in_place_of("finance", TEXT).unwrap(), expected);
    let renamed = WrittenRule { name: "costs: all".to_owned(), ..of("finance") };
    let expected = TEXT.replace("\"finance\"     # since", "\"costs: all\" # since");
    assert_eq!(renamed.in_place_of("finance", TEXT).unwrap(), expected);
    let fewer = WrittenRule { groups: vec!["okta/finance".to_owned()], when: "title pr".to_owned(), ..of("finance") };
    let groups =
        "    groups:\n      - okta/finance   # the big one\n      # and the small one\n      - okta/controlling\n";
    let expected = TEXT.replace(groups, "    groups: [okta/finance]\n    when: title pr\n");
    assert_eq!(fewer.in_place_of("finance", TEXT).unwrap(), expected);
    let everywhere = WrittenRule { clusters: Vec::new(), ..of("on call") };
    let expected = TEXT.replace("    clusters: [ staging-eu,   production-us ]\n", "");
    assert_eq!(everywhere.in_place_of("on call", TEXT).unwrap(), expected);
}

#[test]
fn the_key_beside_the_dash_may_go_too() {
    let text = "rules:\n- when: title pr # who\n  # what\n  name: a\n  groups: [x]\n  grant: viewer\n- name: b\n  when: active eq true\n  grant: viewer";
    let rule = WrittenRule { when: String::new(), ..written_rules(text).remove(0).1 };
    let expected = text.replace("- when: title pr # who\n  # what\n  name: a", "  # what\n- name: a");
    assert_eq!(rule.in_place_of("a", text).unwrap(), expected);
}

#[test]
fn a_rule_is_taken_out_and_what_people_wrote_around_it_stays() {
    let without = without_rule("finance", TEXT).unwrap();
    assert!(without.contains("  # Finance looks at costs.\n\n  # On call.\n  - name: on call\n"), "{without}");
    assert!(
        without.contains("# The end of the rules.\n\ntests:\n") && without.contains("- {name: one line"),
        "{without}"
    );
    assert_eq!(written_rules(&without).len(), 2);
    let last =
        without_rule("a", "default: viewer\nrules: # all\n  - name: a\n    groups: [x]\n    grant: viewer\n").unwrap();
    assert_eq!(last, "default: viewer\nrules: [] # all\n");
}

#[test]
fn what_a_form_cannot_change_is_left_to_people() {
    let by_hand = |name: &str| Err(NotWritten::ByHand(name.to_owned()));
    let changed = WrittenRule { grant: "member".to_owned(), ..of("one line") };
    assert_eq!(changed.in_place_of("one line", TEXT), by_hand("one line"));
    assert_eq!(without_rule("one line", TEXT), by_hand("one line"));
    assert_eq!(without_rule("nobody", TEXT), Err(NotWritten::NotThere("nobody".to_owned())));
    let twice = "rules:\n- name: a\n  groups: [x]\n  grant: viewer\n- name: a\n  groups: [y]\n  grant: viewer\n";
    assert_eq!(without_rule("a", twice), Err(NotWritten::NotThere("a".to_owned())));
    // What another rule borrows cannot be taken away from under it.
    let borrowed = "rules:\n- name: a\n  groups: &g [x]\n  grant: viewer\n- name: b\n  groups: *g\n  grant: viewer\n";
    assert_eq!(without_rule("a", borrowed), by_hand("a"));
    let other = WrittenRule { groups: vec!["z".to_owned()], ..written_rules(borrowed).remove(0).1 };
    assert_eq!(other.in_place_of("a", borrowed), by_hand("a"));
}
