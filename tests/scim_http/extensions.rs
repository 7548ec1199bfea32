//! Schemas of an organization's own: declared at the API, pushed over SCIM.

use super::{USER_SCHEMA, assert_refused, okta, patch};
use crate::world::World;
use castgate::model::{ConnectionSettings, ExtensionAttribute, ExtensionSchema, ExtensionType, Profile, ScimDialect};
use serde_json::{Value, json};

const URN: &str = "urn:acme:params:scim:2.0:User";

fn declared() -> Vec<ExtensionSchema> {
    let attribute = |name: &str, kind, multi_valued| ExtensionAttribute {
        name: name.to_owned(),
        kind,
        multi_valued,
        description: format!("The {name}."),
        sub_attributes: Vec::new(),
    };
    let attributes = vec![
        attribute("badge", ExtensionType::Integer, false),
        attribute("remote", ExtensionType::Boolean, false),
        attribute("hiredAt", ExtensionType::DateTime, false),
        attribute("tags", ExtensionType::String, true),
    ];
    vec![ExtensionSchema { urn: URN.to_owned(), description: "What ACME adds.".to_owned(), attributes }]
}

fn user(name: &str, extension: &Value) -> Value {
    json!({"schemas": [USER_SCHEMA, URN], "userName": name, URN: extension})
}

#[tokio::test]
async fn what_an_admin_declares_is_shown_kept_and_found() {
    let world = World::start().await;
    let acme = world.organization("acme").await;
    let (okta, other) = (acme.connection("okta", Profile::Okta).await, acme.connection("other", Profile::Okta).await);
    let at = format!("/api/v1/connections/{}", okta.stored.id);
    let bearer = format!("Bearer {}", acme.key);
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/json"), ("if-match", "*")];
    let body = json!({"settings": {"profile": "okta", "extensions": declared()}}).to_string();
    world.client.send("PUT", &at, &headers, Some(body)).await.expect(200);
    let bad = json!({"settings": {"profile": "okta", "extensions": [{"urn": "acme", "attributes": []}]}}).to_string();
    let refused = world.client.send("PUT", &at, &headers, Some(bad)).await.expect(400);
    assert!(refused.text.contains("settings.extensions"), "{refused:?}");

    let schema = okta.get(&format!("/Schemas/{URN}")).await.expect(200).json();
    assert_eq!(schema["attributes"][0]["type"], "integer");
    assert_eq!(okta.get("/Schemas").await.json()["totalResults"], 4);
    let kind = okta.get("/ResourceTypes/User").await.expect(200).json();
    assert_eq!(kind["schemaExtensions"][1], json!({"schema": URN, "required": false}));
    assert_refused(&other.get(&format!("/Schemas/{URN}")).await, 404, None);

    let ada =
        json!({"badge": "7", "remote": "False", "hiredAt": "2026-01-01T01:00:00+02:00", "tags": ["A", "b"], "x": 1});
    let made = okta.post("/Users", user("ada@example.com", &ada)).await.expect(201);
    let wanted = json!({"badge": 7, "remote": false, "hiredAt": "2026-01-01T01:00:00+02:00", "tags": ["A", "b"]});
    assert_eq!((&made.json()[URN], &made.json()["schemas"]), (&wanted, &json!([USER_SCHEMA, URN])));
    okta.post("/Users", user("bob@example.com", &json!({"badge": 12, "tags": ["c"]}))).await.expect(201);
    assert_refused(
        &okta.post("/Users", user("eve@example.com", &json!({"badge": "x"}))).await,
        400,
        Some("invalidValue"),
    );
    for (filter, wanted) in [
        (format!("{URN}:badge gt 7"), "bob"),
        (format!("{URN}:BADGE eq 7"), "ada"),
        (format!("{URN}:tags eq \"a\" and {URN}:remote eq false"), "ada"),
        (format!("{URN}:hiredAt eq \"2025-12-31T23:00:00Z\""), "ada"),
        (format!("not ({URN}:hiredAt pr)"), "bob"),
    ] {
        let search = json!({"filter": filter, "attributes": [format!("{URN}:badge"), "userName"]});
        let found = okta.post("/Users/.search", search).await.expect(200).json();
        assert_eq!(found["totalResults"], 1, "{filter}: {found}");
        let one = &found["Resources"][0];
        assert!(one["userName"].as_str().unwrap().starts_with(wanted), "{filter}: {one}");
        assert_eq!(one[URN].as_object().unwrap().keys().collect::<Vec<_>>(), ["badge"]);
    }
    let sorted = okta.get(&format!("/Users?cursor&sortBy={URN}:badge&sortOrder=descending")).await.expect(200).json();
    assert_eq!(sorted["Resources"][0]["userName"], "bob@example.com");
    assert_refused(&other.get(&format!("/Users?filter={URN}:badge%20pr")).await, 400, Some("invalidFilter"));
}

#[tokio::test]
async fn declared_attributes_are_patched_and_replaced_like_all_others() {
    let world = World::start().await;
    let settings = ConnectionSettings { extensions: declared(), ..ConnectionSettings::of(Profile::Okta) };
    let okta = world.organization("acme").await.connection_with("okta", settings).await;
    let made = okta.post("/Users", user("ada@example.com", &json!({"badge": 7, "tags": ["a"]}))).await.expect(201);
    let at = format!("/Users/{}", made.id());
    let operations = json!([
        {"op": "Add", "path": format!("{URN}:tags"), "value": ["b"]},
        {"op": "replace", "path": format!("{URN}:badge"), "value": 8},
        {"op": "add", "value": {URN: {"remote": true}}},
    ]);
    let after = okta.patch(&at, patch(&operations)).await.expect(200);
    assert_eq!(after.json()[URN], json!({"badge": 8, "remote": true, "tags": ["a", "b"]}));
    let again = okta.patch(&at, patch(&operations)).await.expect(200);
    assert_eq!(again.header("etag"), after.header("etag"));
    let title =
        patch(&json!([{"op": "add", "path": "title", "value": "x"}, {"op": "remove", "path": format!("{URN}:badge")}]));
    assert_eq!(okta.patch(&at, title).await.expect(200).json()[URN], json!({"remote": true, "tags": ["a", "b"]}));
    let put = json!({"schemas": [USER_SCHEMA], "userName": "ada@example.com"});
    let after = okta.put(&at, put).await.expect(200).json();
    assert!(after.get(URN).is_none() && after["schemas"] == json!([USER_SCHEMA]), "{after}");
}

#[tokio::test]
async fn what_nobody_declared_is_not_kept() {
    let (world, okta) = okta().await;
    let made = okta.post("/Users", user("ada@example.com", &json!({"badge": 7}))).await.expect(201);
    assert!(made.json().get(URN).is_none(), "{made:?}");
    let settings = ConnectionSettings {
        extensions: declared(),
        dialect: ScimDialect::Strict,
        ..ConnectionSettings::of(Profile::Generic)
    };
    let strict = world.organization("other").await.connection_with("strict", settings).await;
    strict.post("/Users", user("ada@example.com", &json!({"badge": 7}))).await.expect(201);
    for wrong in [json!({"badge": "7"}), json!({"nothing": 1}), json!({"tags": "a"})] {
        assert_eq!(strict.post("/Users", user("bob@example.com", &wrong)).await.status, 400, "{wrong}");
    }
}
