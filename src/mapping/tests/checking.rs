use super::*;

/// The golden findings of every bad mapping under `fixtures/mapping/bad`.
#[test]
fn bad_mappings_say_what_is_wrong_and_where() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/mapping/bad");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(files.len() >= 14);
    for file in files {
        let name = file.file_stem().unwrap().to_string_lossy().into_owned();
        let mut vocabulary = vocabulary();
        if name == "several-connections" {
            vocabulary.connections.push("contractors".to_owned());
        }
        let found = found(&std::fs::read_to_string(&file).unwrap(), &vocabulary);
        assert!(!found.is_empty(), "{name} is found good");
        insta::assert_snapshot!(name, found);
    }
}

#[test]
fn the_example_has_no_finding() {
    assert_eq!(found(EXAMPLE, &vocabulary()), "");
}

#[test]
fn nothing_is_a_mapping_without_rules() {
    for text in ["", "# nothing\n", "rules:\n", "rules: []\ntests: []\n", "---\n"] {
        let mapping = mapping(text);
        assert_eq!(mapping.rule_names().count(), 0, "{text:?}");
        assert_eq!(mapping.default_for("okta"), DefaultRole::Role(crate::model::Role::VIEWER));
    }
}

#[test]
fn a_mapping_has_limits() {
    let long = "#".repeat(MAX_TEXT + 1);
    insta::assert_snapshot!(found(&long, &vocabulary()), @r"
    mapping.yaml:1:1: error: the mapping is longer than 256 KiB
          = help: a pattern like k8s-{cluster}-{role} replaces many rules
    ");
    let rules = |count: usize| -> String {
        let rules = (0..count).map(|number| format!("- {{name: r{number}, groups: g{number}, grant: viewer}}\n"));
        format!("rules:\n{}", rules.collect::<String>())
    };
    assert_eq!(found(&rules(MAX_RULES), &vocabulary()), "");
    assert!(found(&rules(MAX_RULES + 1), &vocabulary()).contains("at most 2000 rules"));
}

#[test]
fn what_nests_too_deeply_is_refused_and_not_followed() {
    for opening in ["- ", "? ", "[", "{a: ", "[a: ", "- ? ", ": "] {
        let text = opening.repeat(MAX_TEXT / opening.len());
        assert!(check(&text, &vocabulary(), now()).mapping.is_none(), "{opening:?}");
    }
    let steps: Vec<String> = (0..700).map(|depth| format!("{}a:\n", " ".repeat(depth))).collect();
    assert!(found(&steps.concat(), &vocabulary()).contains("indented too deeply"));
    let wide = format!("a: &a {}\nb: [{}]\n", "x".repeat(100_000), "*a, ".repeat(5_000));
    assert!(found(&wide, &vocabulary()).contains("too many anchors or aliases"));
    let anchors: Vec<String> = (0..200).map(|number| format!("&a{number} [")).collect();
    let nested = format!("{}{}{}", anchors.concat(), "x, ".repeat(60_000), "]".repeat(anchors.len()));
    assert!(found(&nested, &vocabulary()).contains("too many anchors"));
}

#[test]
fn anchors_and_aliases_spare_writing() {
    let text = "rules:\n- {name: a, groups: &g [eng, ops], grant: viewer}\n- {name: b, groups: *g, grant: analyst}\n";
    assert_eq!(mapping(text).for_group(&group("ops"), now()).grants.len(), 2);
}

#[test]
fn groups_that_the_directory_does_not_have_are_warned_about() {
    let known = |name: &str, id: Option<&str>| KnownGroup {
        connection: "okta".to_owned(),
        external_id: id.map(str::to_owned),
        display_name: name.to_owned(),
    };
    let mut vocabulary = vocabulary();
    vocabulary.groups = Some(vec![known("engineering", Some("00g1")), known("ops", None)]);
    let text = "rules:\n- {name: a, groups: [Engineering, ops, enginering, id:00g1, id:00g2], grant: viewer}\n- {name: b, groups: \"k8s-{role}\", grant: \"{role}\"}\n";
    insta::assert_snapshot!(found(text, &vocabulary));
}

#[test]
fn a_published_mapping_outlives_what_it_names() {
    let text = "rules:\n- {name: a, groups: eng, grant: viewer, clusters: [prod, gone]}\n- {name: b, groups: eng, grant: gone}\n- {name: c, groups: eng, grant: analyst}\n- {name: d, groups: eng, grant: owner, clusters: gone}\n";
    assert!(check(text, &vocabulary(), now()).mapping.is_none());
    let mapping = in_force(text, &vocabulary(), now()).mapping.unwrap();
    let outcome = mapping.for_group(&group("eng"), now());
    let given: Vec<_> = outcome.grants.iter().map(|grant| (grant.rule.as_str(), grant.scope.clone())).collect();
    assert_eq!(given, [("c", GrantScope::Organization), ("a", GrantScope::Cluster(cluster(1)))]);
    assert_eq!(outcome.near_misses.len(), 2, "a cluster that is gone never widens a rule: {outcome:?}");
}

#[test]
fn a_mapping_says_the_most_it_can_give() {
    insta::assert_debug_snapshot!(mapping(EXAMPLE).reach());
}

#[test]
fn dates_end_with_their_day() {
    let until = |text: &str| super::super::time::end_of(text).map(|instant| instant.to_string());
    assert_eq!(until("2027-01-31").as_deref(), Some("2027-02-01T00:00:00Z"));
    assert_eq!(until("2027-01-31T18:00:00+02:00").as_deref(), Some("2027-01-31T16:00:00Z"));
    assert_eq!(until("2027-02-29"), None);
    assert_eq!(until("9999-12-31"), None, "its end is beyond what an instant can say");
    assert_eq!(until("tomorrow"), None);
}
