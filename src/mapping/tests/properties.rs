use super::*;
use proptest::prelude::*;
use serde_json::json;

/// One rule, as YAML in braces, without its name.
fn rule() -> impl Strategy<Value = String> {
    let groups = prop_oneof![
        Just("groups: eng"),
        Just("groups: [eng, ops]"),
        Just("groups: id:00g1"),
        Just("groups: \"k8s-{cluster}-{role}\", clusters: \"{cluster}\""),
        Just("groups: \"{role}s\""),
        Just("when: title eq \"CTO\""),
        Just("groups: ops, when: not (title eq \"CTO\")"),
        Just("groups: \"{role}s\", when: title pr, clusters: [prod, staging-eu]"),
    ];
    let grant = prop_oneof![Just("viewer"), Just("analyst"), Just("Billing"), Just("owner")];
    let until = prop_oneof![Just(""), Just(", until: 2027-01-31"), Just(", until: 2020-01-31")];
    (groups, grant, until).prop_map(|(groups, grant, until)| format!("{groups}, grant: {grant}{until}"))
}

fn rules() -> impl Strategy<Value = Vec<String>> {
    prop::collection::vec(rule(), 0..12).prop_map(|rules| {
        rules.iter().enumerate().map(|(number, rule)| format!("- {{name: r{number}, {rule}}}\n")).collect()
    })
}

fn everything(mapping: &Mapping) -> Vec<Outcome> {
    let names = ["eng", "Ops", "k8s-prod-viewer", "k8s-qa-viewer", "owners", "viewers"];
    let groups: Vec<GroupFact<'_>> =
        names.iter().map(|name| GroupFact { external_id: Some("00g1"), ..group(name) }).collect();
    let mut outcomes: Vec<Outcome> = groups.iter().map(|group| mapping.for_group(group, now())).collect();
    for attributes in [json!({}), json!({"title": "CTO"}), json!({"title": "x"})] {
        let facts = UserFacts { connection: "okta", attributes: &attributes, groups: &groups };
        let outcome = mapping.for_user(&facts, now());
        assert_eq!(outcome.grants, mapping.grants_for_user(&facts, now()));
        outcomes.push(outcome);
    }
    outcomes
}

/// A valid mapping with some letters replaced, removed or put in.
fn mutated() -> impl Strategy<Value = String> {
    let letters = prop::sample::select(" \t\n\r-?:[]{},&*!|>'\"%@#`~aé\u{feff}\u{0}0".chars().collect::<Vec<char>>());
    prop::collection::vec((0..EXAMPLE.len(), 0..3_u8, letters), 1..8).prop_map(|changes| {
        let mut text: Vec<char> = EXAMPLE.chars().collect();
        for (at, how, letter) in changes {
            let at = at % text.len();
            match how {
                0 => text.insert(at, letter),
                1 => text[at] = letter,
                _ => drop(text.remove(at)),
            }
        }
        text.into_iter().collect()
    })
}

fn assert_sound(text: &str) {
    let checked = check(text, &vocabulary(), now());
    let lines = Source::new(text);
    for diagnostic in &checked.diagnostics {
        assert!(diagnostic.line >= 1 && diagnostic.column >= 1 && !diagnostic.message.is_empty());
        let within = lines.line(diagnostic.line).chars().count() + 1;
        assert!(diagnostic.column <= within, "{diagnostic} is beyond its line");
    }
    assert_eq!(checked.mapping.is_some(), checked.errors().next().is_none());
    let in_force = in_force(text, &vocabulary(), now()).mapping;
    if let (Some(checked), Some(in_force)) = (&checked.mapping, &in_force) {
        assert_eq!(everything(checked), everything(in_force));
    }
}

use super::super::source::Source;

proptest! {
    #[test]
    fn the_order_of_the_rules_means_nothing(
        (rules, shuffled) in rules().prop_flat_map(|rules| (Just(rules.clone()), Just(rules).prop_shuffle()))
    ) {
        let text = |rules: &[String]| if rules.is_empty() { String::new() } else { format!("rules:\n{}", rules.concat()) };
        let (one, other) = (mapping(&text(&rules)), mapping(&text(&shuffled)));
        prop_assert_eq!(everything(&one), everything(&other));
    }

    #[test]
    fn a_rule_more_takes_nothing_away(rules in rules()) {
        let text = |rules: &[String]| if rules.is_empty() { String::new() } else { format!("rules:\n{}", rules.concat()) };
        let all = everything(&mapping(&text(&rules)));
        let fewer = everything(&mapping(&text(rules.get(1..).unwrap_or_default())));
        for (fewer, all) in fewer.iter().zip(&all) {
            prop_assert!(fewer.grants.iter().all(|grant| all.grants.contains(grant)));
        }
    }

    #[test]
    fn no_text_is_too_strange(text in any::<String>()) {
        assert_sound(&text);
    }

    #[test]
    fn no_yaml_is_too_strange(text in "[-a:\\[\\]{}'\"|>&*!\n ?,#]{0,80}") {
        assert_sound(&text);
        assert_sound(&format!("rules:\n- name: x\n  when: {text}\n  grant: viewer\n"));
    }

    #[test]
    fn no_mutation_of_a_good_mapping_is_too_strange(text in mutated()) {
        assert_sound(&text);
    }

    #[test]
    fn no_group_name_is_too_strange(name in "(k8s-)?[-a-z{}ßİ]{0,20}(prod|prod-eu)?-?(viewer|owner)?") {
        let mapping = mapping(EXAMPLE);
        let outcome = mapping.for_group(&group(&name), now());
        prop_assert!(outcome.grants.len() <= 1);
        prop_assert!(outcome.grants.iter().all(|grant| grant.role != crate::model::Role::OWNER));
    }
}
