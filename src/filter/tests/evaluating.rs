use super::tolerant;
use crate::filter::StandardKinds;
use serde_json::{Value, json};

fn ada() -> Value {
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "id": "aB1", "externalId": "00uX", "userName": "Ada@Example.com", "active": true, "level": 10, "badge": "42",
        "name": {"givenName": "Ada", "familyName": "Åström"}, "nickName": "", "title": null, "photos": [],
        "addresses": [{"type": null}], "tags": ["Red", "Blue"],
        "emails": [
            {"type": "work", "value": "ada@example.com", "primary": true},
            {"type": "home", "value": "ada@home.org"}
        ],
        "groups": [{"value": "G1", "display": "Eng"}],
        "meta": {"created": "2020-01-01T00:00:00Z", "lastModified": "2026-03-01T12:00:00+02:00", "version": "W/\"a\""},
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":
            {"department": "Finance", "userName": "shadow", "manager": {"value": "M1", "displayName": "Bob"}},
        "urn:acme:hr": {"grade": 7}
    })
}

fn check(cases: &[(&str, bool)]) {
    for (text, wanted) in cases {
        assert_eq!(tolerant(text).matches(&ada(), &StandardKinds), *wanted, "{text}");
    }
}

#[test]
fn letter_case_counts_only_where_the_schema_says_so() {
    check(&[
        (r#"USERNAME eq "ada@EXAMPLE.com""#, true),
        (r#"name.familyname eq "ÅSTRÖM""#, true),
        (r#"id eq "aB1""#, true),
        (r#"id eq "ab1""#, false),
        (r#"externalId sw "00ux""#, false),
        (r#"groups eq "g1""#, false),
        (r#"groups eq "G1""#, true),
        (r#"groups[value eq "g1"]"#, false),
        (r#"groups.display eq "eng""#, true),
        (r#"manager eq "m1""#, false),
        (r#"manager eq "M1""#, true),
    ]);
}

#[test]
fn an_absent_attribute_equals_nothing_but_null() {
    check(&[
        (r#"title eq "x""#, false),
        (r#"title ne "x""#, true),
        (r#"title co """#, false),
        (r#"nothing gt "a""#, false),
        ("title eq null", true),
        ("nothing eq null", true),
        ("photos eq null", true),
        ("userName eq null", false),
        ("userName ne null", true),
        ("nothing ne null", false),
        (r#"name.middleName ne "x""#, true),
    ]);
}

#[test]
fn present_means_not_empty() {
    check(&[
        ("userName pr", true),
        ("title pr", false),
        ("nickName pr", false),
        ("photos pr", false),
        ("addresses pr", false),
        ("name pr", true),
        ("name.middleName pr", false),
        ("active pr", true),
        ("emails.type pr", true),
        ("emails.display pr", false),
    ]);
}

#[test]
fn brackets_ask_one_value_for_everything() {
    check(&[
        (r#"emails[type eq "home" and value co "@example"]"#, false),
        (r#"emails.type eq "home" and emails.value co "@example""#, true),
        (r#"emails[type eq "work" and value co "@example"]"#, true),
        (r#"emails[type eq "work"].value co "@example""#, true),
        (r#"emails[type eq "home"].value co "@example""#, false),
        (r#"emails[type eq "fax"].value ne "a""#, true),
        (r#"emails[not (type eq "work")]"#, true),
        (r#"emails[primary eq "True"]"#, true),
        (r#"nothing[not (type eq "work")]"#, false),
        (r#"tags[value eq "red"]"#, true),
        (r#"name[givenName eq "ada"]"#, true),
    ]);
}

#[test]
fn many_values_match_when_any_does_and_differ_when_none_does() {
    check(&[
        (r#"emails eq "ADA@home.org""#, true),
        (r#"emails co "nobody""#, false),
        (r#"tags eq "blue""#, true),
        (r#"tags ne "blue""#, false),
        (r#"tags ne "green""#, true),
        (r#"schemas eq "urn:ietf:params:scim:schemas:core:2.0:User""#, true),
    ]);
}

#[test]
fn extension_attributes_are_found_with_and_without_their_urn() {
    check(&[
        (r#"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department eq "finance""#, true),
        (r#"URN:IETF:params:scim:schemas:extension:Enterprise:2.0:user:manager.displayName eq "bob""#, true),
        (r#"department eq "Finance""#, true),
        (r#"manager.displayName eq "Bob""#, true),
        (r#"userName eq "shadow""#, false),
        (r#"urn:ietf:params:scim:schemas:core:2.0:User:name.familyName sw "å""#, true),
        ("urn:ietf:params:scim:schemas:core:2.0:User:department pr", false),
        ("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User pr", true),
        ("urn:ietf:params:scim:schemas:extension:other:2.0:User pr", false),
        ("urn:acme:hr:grade eq 7", true),
        ("urn:acme:hr pr", true),
    ]);
}

#[test]
fn times_compare_in_time() {
    check(&[
        (r#"meta.lastModified eq "2026-03-01T10:00:00Z""#, true),
        (r#"meta.lastModified eq "2026-03-01T10:00:00.000""#, true),
        (r#"meta.lastModified gt "2026-03-01T11:00:00+02:00""#, true),
        (r#"meta.lastModified lt "2026-03-01T11:00:00Z""#, true),
        (r#"meta.lastModified ge "2026-03-01""#, true),
        (r#"meta.lastModified sw "2026-03""#, true),
    ]);
}

#[test]
fn booleans_numbers_and_their_spellings_compare_by_meaning() {
    check(&[
        ("active eq true", true),
        ("active eq True", true),
        (r#"active eq "True""#, true),
        ("active ne true", false),
        ("active eq 1", false),
        ("level gt 9", true),
        ("level ge 10.0", true),
        ("level eq 1e1", true),
        ("level lt 9.5", false),
        (r#"level gt "9""#, true),
        ("level sw 1", true),
        ("badge eq 42", true),
        ("badge gt 5", true),
        (r#"badge gt "5""#, false),
        ("userName eq 5", false),
        ("userName gt 5", false),
    ]);
}

#[test]
fn texts_are_searched_at_the_start_the_end_and_within() {
    check(&[
        (r#"userName sw "ADA""#, true),
        (r#"userName ew ".COM""#, true),
        (r#"userName co "@""#, true),
        (r#"userName ew "ada""#, false),
        (r#"userName gt "a""#, true),
        (r#"userName co "%""#, false),
    ]);
}

#[test]
fn what_is_no_resource_matches_nothing_and_stops_nothing() {
    for resource in [json!(null), json!([]), json!("text"), json!(1), json!({"name": [[null, ["x"]]]})] {
        assert!(!tolerant(r#"userName pr and name.givenName eq "x""#).matches(&resource, &StandardKinds));
    }
}
