use super::tolerant;
use crate::filter::{Hint, StandardKinds};
use serde_json::{Value, json};

fn intern() -> Value {
    json!({
        "externalId": "00uX", "userName": "ada@example.com", "title": "Senior  Intern", "userType": "Employee",
        "emails": [{"type": "home", "value": "ada@home.org"}, {"type": "work", "value": "ada@example.com"}],
        "tags": ["a", "b", "c", "d", "e", "f", "g"]
    })
}

#[test]
fn the_nearest_miss_is_told_in_plain_words() {
    let told: Vec<String> = [
        r#"department eq "Finance" and title pr and not (title co "Intern")"#,
        "title pr",
        r#"userType eq "Contractor" or department eq "Finance" and userType eq "x""#,
        r#"department eq "Finance" or userType eq "Contractor""#,
        r#"externalId eq "00ux""#,
        r#"title eq "Senior Intern""#,
        r#"userType eq "Contractor" or externalId eq "00UX""#,
        r#"emails[type eq "work" and value ew "@acme.com" and primary eq true]"#,
        r#"emails[type eq "work"].value eq "x""#,
        r#"phoneNumbers[type eq "work"]"#,
        r#"not (emails[value co "ada"])"#,
        r#"tags eq "z""#,
        r#"title ne "senior  intern""#,
        "active eq true and active eq true",
        "not (title pr or tags pr)",
        "title eq null",
    ]
    .iter()
    .map(|text| format!("{text}\n    {}", tolerant(text).explain(&intern(), &StandardKinds)))
    .collect();
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn a_miss_carries_the_place_of_its_condition_and_a_hint() {
    let text = r#"title pr and (emails[type eq "Work" and value eq "ADA@acme.com"] and externalId eq "00UX")"#;
    let explanation = tolerant(text).explain(&intern(), &StandardKinds);
    let misses: Vec<_> = explanation
        .nearest_miss
        .iter()
        .map(|miss| (miss.span.of(text), miss.attribute.as_str(), miss.element, miss.hint))
        .collect();
    assert_eq!(
        misses,
        [
            (r#"value eq "ADA@acme.com""#, "emails.value", Some(1), None),
            (r#"externalId eq "00UX""#, "externalId", None, Some(Hint::LetterCase)),
        ]
    );
}

#[test]
fn an_explanation_is_plain_json() {
    let explanation = tolerant(r#"title eq "Senior Intern""#).explain(&intern(), &StandardKinds);
    let wanted = json!({"matched": false, "nearest_miss": [{
        "span": {"start": 0, "end": 24}, "condition": "title eq \"Senior Intern\"", "should_hold": true,
        "attribute": "title", "actual": ["Senior  Intern"], "more": 0, "element": null, "hint": "white-space"
    }]});
    assert_eq!(serde_json::to_value(explanation).ok(), Some(wanted));
}
