//! What is refused, and that the refusal is said in SCIM's words.

use super::{assert_refused, okta, patch, user};
use crate::world::World;
use castgate::{
    app::Clock,
    config::Size,
    model::{ConnectionSettings, Profile, ScimDialect},
};
use serde_json::json;

#[tokio::test]
async fn a_body_that_cannot_be_read_is_named() {
    let (_world, okta) = okta().await;
    let send = async |body: &str| okta.send("POST", "/Users", &[], Some(body.to_owned())).await;
    for (body, keyword) in [
        ("", "invalidSyntax"),
        ("{", "invalidSyntax"),
        ("[]", "invalidSyntax"),
        ("nonsense", "invalidSyntax"),
        (r#"{"userName": "a", "userName": "b"}"#, "invalidSyntax"),
        (r#"{"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"]}"#, "invalidValue"),
        (r#"{"userName": ""}"#, "invalidValue"),
        (r#"{"userName": {"a": 1}}"#, "invalidValue"),
        (r#"{"userName": "a", "active": "perhaps"}"#, "invalidValue"),
        (r#"{"userName": "a", "name": "Ada"}"#, "invalidValue"),
    ] {
        let answer = send(body).await;
        assert_eq!(answer.status, 400, "{body}: {answer:?}");
        assert_refused(&answer, 400, Some(keyword));
    }
    let deep = format!(r#"{{"userName": "a", "x": {}{}}}"#, "[".repeat(100_000), "]".repeat(100_000));
    assert_refused(&send(&deep).await, 400, Some("invalidSyntax"));
    assert_eq!(okta.get("/Users").await.expect(200).json()["totalResults"], 0);
}

#[tokio::test]
async fn a_body_that_is_too_large_is_not_read() {
    let world = World::start_with(Clock::machine(), |settings| settings.scim.max_body = Size(10_000)).await;
    let okta = world.organization("acme").await.connection("okta", Profile::Okta).await;
    let mut large = user("ada@example.com");
    large["title"] = json!("x".repeat(20_000));
    assert_refused(&okta.post("/Users", large).await, 413, None);
    okta.post("/Users", user("ada@example.com")).await.expect(201);
}

#[tokio::test]
async fn a_body_says_that_it_is_json() {
    let (_world, okta) = okta().await;
    let send = async |kind: &str, name: &str| {
        okta.send("POST", "/Users", &[("content-type", kind)], Some(user(name).to_string())).await
    };
    for (index, kind) in ["application/json", "application/scim+json; charset=UTF-8"].into_iter().enumerate() {
        send(kind, &format!("{index}@example.com")).await.expect(201);
    }
    for kind in
        ["text/plain", "application/xml", "application/json; charset=latin1", "application/x-www-form-urlencoded"]
    {
        assert_refused(&send(kind, "no@example.com").await, 415, None);
    }
}

#[tokio::test]
async fn a_query_that_makes_no_sense_is_named() {
    let (_world, okta) = okta().await;
    for filter in
        ["nonsense%20eq%20%221%22", "userName%20eq", "userName%20zz%20%221%22", "active%20gt%20true", "%28", ""]
    {
        let answer = okta.get(&format!("/Users?filter={filter}")).await;
        assert_eq!(answer.status, 400, "{filter}: {answer:?}");
        assert_refused(&answer, 400, Some("invalidFilter"));
    }
    let nested = format!("{}userName%20pr{}", "%28".repeat(2_000), "%29".repeat(2_000));
    assert_refused(&okta.get(&format!("/Users?filter={nested}")).await, 400, Some("invalidFilter"));
    assert_refused(&okta.get("/Users?count=many").await, 400, Some("invalidValue"));
}

#[tokio::test]
async fn a_patch_that_makes_no_sense_changes_nothing() {
    let (_world, okta) = okta().await;
    let made = okta.post("/Users", user("ada@example.com")).await.expect(201);
    let path = format!("/Users/{}", made.id());
    for (operations, keyword) in [
        (json!([{"op": "replace", "path": "title", "value": "x"}, {"op": "remove"}]), "noTarget"),
        (json!([{"op": "replace", "path": "emails[", "value": "x"}]), "invalidPath"),
        (json!([{"op": "replace", "path": "id", "value": "x"}]), "mutability"),
        (json!([{"op": "remove", "path": "userName"}]), "mutability"),
        (json!([{"op": "replace", "path": "active", "value": "perhaps"}]), "invalidValue"),
        (json!([{"op": "explode", "path": "title", "value": "x"}]), "invalidSyntax"),
        (json!({}), "invalidSyntax"),
    ] {
        let answer = okta.patch(&path, patch(&operations)).await;
        assert_eq!(answer.json()["scimType"], keyword, "{operations}: {answer:?}");
        assert_refused(&answer, 400, Some(keyword));
    }
    let after = okta.get(&path).await.expect(200);
    assert_eq!(after.json(), made.json());
}

#[tokio::test]
async fn names_are_unique() {
    let (_world, okta) = okta().await;
    okta.post("/Users", user("ada@example.com")).await.expect(201);
    let mut other = user("ADA@example.com");
    other["externalId"] = json!("somebody else");
    assert_refused(&okta.post("/Users", other).await, 409, Some("uniqueness"));
}

#[tokio::test]
async fn a_strict_connection_refuses_what_a_tolerant_one_takes() {
    let world = World::start().await;
    let settings = ConnectionSettings { dialect: ScimDialect::Strict, ..ConnectionSettings::of(Profile::Generic) };
    let strict = world.organization("acme").await.connection_with("strict", settings).await;
    let path = format!("/Users/{}", strict.post("/Users", user("ada@example.com")).await.expect(201).id());
    let text = patch(&json!([{"op": "replace", "path": "active", "value": "False"}]));
    assert_refused(&strict.patch(&path, text).await, 400, Some("invalidValue"));
    let plain = patch(&json!([{"op": "replace", "path": "active", "value": false}]));
    strict.patch(&path, plain).await.expect(200);
}
