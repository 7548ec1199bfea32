use super::*;
use crate::scim::ScimType;
use serde_json::json;

fn parse(body: &Value) -> (String, Vec<&'static str>) {
    let (user, tolerances) = UserDocument::parse(body.as_object().unwrap(), Dialect::Tolerant).unwrap();
    (Value::Object(user.into_map()).to_string(), tolerances.into_iter().map(Tolerance::name).collect())
}

fn refusal(body: &Value, dialect: Dialect) -> ScimError {
    UserDocument::parse(body.as_object().unwrap(), dialect).unwrap_err()
}

fn with_schema(mut body: Value) -> Value {
    body["schemas"] = json!([USER_SCHEMA, ENTERPRISE_SCHEMA]);
    body
}

#[test]
fn names_are_canonical_and_in_the_schemas_order() {
    let (user, tolerated) = parse(&with_schema(json!({
        "ACTIVE": true, "NickName": "a", "username": "ada", "Name": {"FAMILYNAME": "L", "givenName": "A"}, "externalid": "x",
    })));
    assert_eq!(
        user,
        r#"{"externalId":"x","userName":"ada","name":{"familyName":"L","givenName":"A"},"nickName":"a","active":true}"#
    );
    assert!(tolerated.is_empty());
}

#[test]
fn what_only_the_server_writes_is_ignored_and_a_password_is_never_kept() {
    let (user, tolerated) = parse(&with_schema(json!({
        "userName": "ada", "id": "mine", "meta": {"version": "1"}, "groups": [{"value": "g"}], "password": "secret",
    })));
    assert_eq!(user, r#"{"userName":"ada"}"#);
    assert_eq!(tolerated, ["password"]);
    let strict = refusal(&with_schema(json!({"userName": "ada", "password": "secret"})), Dialect::Strict);
    assert_eq!(strict.scim_type, Some(ScimType::InvalidSyntax));
    assert!(!strict.detail.contains("secret"));
}

#[test]
fn nulls_and_empty_texts_are_no_value() {
    let (user, _) = parse(&with_schema(json!({
        "userName": "ada", "title": null, "nickName": "", "emails": [], "addresses": null,
        "phoneNumbers": [{"value": "", "type": "work"}], "name": {"givenName": "", "familyName": null},
        ENTERPRISE_SCHEMA: {"department": "", "manager": {"value": "", "displayName": " "}},
    })));
    assert_eq!(user, r#"{"userName":"ada"}"#);
}

#[test]
fn values_of_the_wrong_shape_with_one_meaning_get_it() {
    let (user, tolerated) = parse(&json!({
        "userName": ["ada"], "active": "False", "department": "R", "manager": "usr_9", "emails": "a@x.com",
        "roles": [{"value": "{\"id\":\"1\",\"value\":\"Admin\",\"displayName\":\"The admin\"}"}],
        ENTERPRISE_SCHEMA: {"employeeNumber": 7}, "prefferedLanguage": "en",
    }));
    assert_eq!(
        user,
        format!(
            r#"{{"userName":"ada","active":false,"emails":[{{"value":"a@x.com"}}],"roles":[{{"value":"Admin","display":"The admin"}}],"{ENTERPRISE_SCHEMA}":{{"employeeNumber":"7","department":"R","manager":{{"value":"usr_9"}}}}}}"#
        )
    );
    assert_eq!(
        tolerated,
        [
            "schemas_missing",
            "list_around_value",
            "string_boolean",
            "unqualified_extension",
            "bare_value",
            "value_for_list",
            "json_in_text",
            "number_for_text",
            "unknown_attribute"
        ]
    );
}

#[test]
fn one_value_is_primary_and_no_value_is_there_twice() {
    let (user, tolerated) = parse(&with_schema(json!({"userName": "ada", "emails": [
        {"value": "a@x", "primary": true}, {"value": "b@x", "primary": "True"}, {"value": "b@x", "primary": true},
    ]})));
    assert_eq!(user, r#"{"userName":"ada","emails":[{"value":"a@x","primary":false},{"value":"b@x","primary":true}]}"#);
    assert_eq!(tolerated, ["string_boolean", "repeated_value", "several_primary"]);
}

#[test]
fn a_wrong_type_is_refused_by_its_path() {
    let detail = |body: Value| {
        let error = refusal(&with_schema(body), Dialect::Tolerant);
        assert_eq!((error.status, error.scim_type), (400, Some(ScimType::InvalidValue)));
        error.detail
    };
    insta::assert_snapshot!(detail(json!({"userName": {}})), @"“userName” takes a text and got an object.");
    insta::assert_snapshot!(detail(json!({"userName": "a", "active": "perhaps"})), @"“active” takes true or false and got a text.");
    insta::assert_snapshot!(detail(json!({"userName": "a", "emails": [{"value": true}]})), @"“emails[0].value” takes a text and got true.");
    insta::assert_snapshot!(detail(json!({"userName": "a", "name": 1})), @"“name” takes an object and got the number 1.");
    insta::assert_snapshot!(detail(json!({"userName": ""})), @"“userName” is required and must not be empty.");
    insta::assert_snapshot!(detail(json!({"userName": null})), @"“userName” is required and must not be empty.");
    insta::assert_snapshot!(detail(json!({})), @"“userName” is required and must not be empty.");
}

#[test]
fn the_strict_dialect_refuses_what_the_tolerant_one_mends() {
    let good = with_schema(json!({"userName": "ada", "active": true, ENTERPRISE_SCHEMA: {"department": "R"}}));
    assert_eq!(UserDocument::parse(good.as_object().unwrap(), Dialect::Strict).unwrap().1, []);
    for bad in [
        json!({"active": "True"}),
        json!({"department": "R"}),
        json!({"prefferedLanguage": "en"}),
        json!({"name.givenName": "A"}),
        json!({"emails": {"value": "a@x"}}),
        json!({"title": ""}),
        json!({"name": {"nick": "A"}}),
        json!({"schemas": []}),
    ] {
        let mut body = good.as_object().unwrap().clone();
        body.extend(bad.as_object().unwrap().clone());
        let error = refusal(&Value::Object(body), Dialect::Strict);
        assert_eq!(error.status, 400, "{bad}");
    }
    let error = refusal(&with_schema(json!({"userName": "a", "prefferedLanguage": "en"})), Dialect::Strict);
    insta::assert_snapshot!(error.detail, @"A User has no attribute “prefferedLanguage”; the nearest is “preferredLanguage”.");
}

#[test]
fn the_address_to_write_to_is_the_primary_then_work_then_the_first() {
    let address = |emails: Value| {
        let body = json!({"userName": "ada", "emails": emails});
        let user = UserDocument::parse(body.as_object().unwrap(), Dialect::Tolerant).unwrap().0;
        (user.primary_email().map(str::to_owned), user.emails().join(" "))
    };
    let (home, work) = (json!({"value": "h@x", "type": "home"}), json!({"value": "w@x", "type": "Work"}));
    assert_eq!(address(json!([home, work])), (Some("w@x".to_owned()), "h@x w@x".to_owned()));
    assert_eq!(address(json!([home])), (Some("h@x".to_owned()), "h@x".to_owned()));
    let primary = json!({"value": "p@x", "primary": true});
    assert_eq!(address(json!([home, work, primary])), (Some("p@x".to_owned()), "p@x h@x w@x".to_owned()));
    assert_eq!(address(json!([])), (None, String::new()));
}

#[test]
fn active_is_said_or_kept() {
    let user = |body: Value| UserDocument::parse(body.as_object().unwrap(), Dialect::Tolerant).unwrap().0;
    assert_eq!(user(json!({"userName": "a"})).active(), None);
    assert_eq!(user(json!({"userName": "a"})).with_active_unless_said(true).active(), Some(true));
    assert_eq!(user(json!({"userName": "a", "active": false})).with_active_unless_said(true).active(), Some(false));
}

#[test]
fn a_name_to_show_is_always_found() {
    let shown = |body: Value| UserDocument::parse(body.as_object().unwrap(), Dialect::Tolerant).unwrap().0.shown_name();
    assert_eq!(shown(json!({"userName": "u"})), "u");
    assert_eq!(shown(json!({"userName": "u", "name": {"givenName": "A", "familyName": "L"}})), "A L");
    assert_eq!(shown(json!({"userName": "u", "name": {"formatted": "F", "givenName": "A"}})), "F");
    assert_eq!(shown(json!({"userName": "u", "displayName": "D", "name": {"formatted": "F"}})), "D");
}

#[test]
fn a_put_keeps_who_somebody_is_and_whether_they_are_in_unless_it_says_so() {
    let before = json!({"userName": "a", "externalId": "x", "active": false, "title": "T"});
    let before = UserDocument::parse(before.as_object().unwrap(), Dialect::Tolerant).unwrap().0;
    let put = |body: Value| {
        let after = UserDocument::parse_replacement(
            body.as_object().unwrap(),
            &before,
            Dialect::Tolerant,
            Extensions::default(),
        )
        .unwrap()
        .0;
        Value::Object(after.into_map()).to_string()
    };
    assert_eq!(put(json!({"userName": "b"})), r#"{"externalId":"x","userName":"b","active":false}"#);
    assert_eq!(put(json!({"userName": "b", "externalID": null, "active": true})), r#"{"userName":"b","active":true}"#);
    assert_eq!(put(json!({"userName": "b", "externalId": "y"})), r#"{"externalId":"y","userName":"b","active":false}"#);
}
