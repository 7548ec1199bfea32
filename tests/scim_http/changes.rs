//! What RFC 7644 says of PUT, PATCH and conditions, each point over HTTP.

use super::{USER_SCHEMA, assert_refused, group, members, okta, patch, user};
use serde_json::{Value, json};

const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

#[tokio::test]
async fn a_put_says_everything_but_whether_somebody_may_come_in() {
    let (_world, okta) = okta().await;
    let made = okta.post("/Users", user("ada@example.com")).await.expect(201);
    okta.post("/Users", user("bob@example.com")).await.expect(201);
    let at = format!("/Users/{}", made.id());
    okta.patch(&at, patch(&json!([{"op": "replace", "path": "active", "value": false}]))).await.expect(200);
    let body = json!({"schemas": [USER_SCHEMA], "userName": "ada@example.com", "id": "other", "title": "x"});
    let after = okta.put(&at, body).await.expect(200).json();
    assert_eq!((&after["active"], &after["title"], &after["id"]), (&json!(false), &json!("x"), &json!(made.id())));
    assert_eq!(after["externalId"], "ext-ada@example.com");
    assert!(after.get("emails").is_none(), "what a PUT leaves out is gone: {after}");
    assert_refused(&okta.put(&at, user("BOB@example.com")).await, 409, Some("uniqueness"));
    let rename = patch(&json!([{"op": "replace", "path": "userName", "value": "bob@EXAMPLE.com"}]));
    assert_refused(&okta.patch(&at, rename).await, 409, Some("uniqueness"));
    // Once it is gone the name is free, and the id is nobody's.
    okta.delete(&at).await.expect(204);
    let mut again = user("ada@example.com");
    again["externalId"] = json!("somebody else");
    assert_ne!(okta.post("/Users", again).await.expect(201).id(), made.id());
    assert_refused(&okta.get(&at).await, 404, None);
}

/// Operations, a place in the user, and what is there then.
fn forms() -> Vec<(Value, &'static str, Value)> {
    let core = format!("{USER_SCHEMA}:name.givenName");
    let department = format!("{ENTERPRISE}:department");
    vec![
        (
            json!([{"op": "add", "value": {"title": "a", "name": {"familyName": "L"}}}]),
            "/name",
            json!({"familyName": "L"}),
        ),
        (json!([{"op": "add", "path": core, "value": "Ada"}]), "/name", json!({"familyName": "L", "givenName": "Ada"})),
        (json!([{"op": "replace", "path": "name", "value": {"givenName": "A"}}]), "/name/familyName", json!("L")),
        (json!([{"op": "replace", "path": "nickName", "value": "n"}]), "/nickName", json!("n")),
        (json!([{"op": "remove", "path": "nickName"}]), "/nickName", Value::Null),
        (
            json!([{"op": "add", "path": department, "value": "R"}]),
            "/urn:ietf:params:scim:schemas:extension:enterprise:2.0:User/department",
            json!("R"),
        ),
        (
            json!([{"op": "add", "value": {ENTERPRISE: {"division": "D"}}}]),
            "/urn:ietf:params:scim:schemas:extension:enterprise:2.0:User/department",
            json!("R"),
        ),
        (
            json!([{"op": "remove", "path": ENTERPRISE}]),
            "/urn:ietf:params:scim:schemas:extension:enterprise:2.0:User",
            Value::Null,
        ),
        // A second address that is preferred takes the mark of the first.
        (
            json!([{"op": "add", "path": "emails", "value": [{"value": "b@x", "type": "home", "primary": true}]}]),
            "/emails/0/primary",
            json!(false),
        ),
        (
            json!([{"op": "replace", "path": "emails[type eq \"home\"].value", "value": "c@x"}]),
            "/emails/1/value",
            json!("c@x"),
        ),
        (
            json!([{"op": "add", "path": "emails[type eq \"other\"].value", "value": "o@x"}]),
            "/emails/2",
            json!({"value": "o@x", "type": "other"}),
        ),
        (
            json!([{"op": "add", "path": "phoneNumbers[type eq \"work\"].value", "value": "1"},
                {"op": "add", "path": "phoneNumbers[type eq \"work\"].display", "value": "one"}]),
            "/phoneNumbers",
            json!([{"value": "1", "display": "one", "type": "work"}]),
        ),
        (json!([{"op": "remove", "path": "emails[type eq \"home\" or type eq \"other\"]"}]), "/emails/1", Value::Null),
    ]
}

#[tokio::test]
async fn a_patch_takes_every_form_and_all_or_nothing() {
    let (_world, okta) = okta().await;
    let made = okta.post("/Users", user("ada@example.com")).await.expect(201);
    let at = format!("/Users/{}", made.id());
    for (operations, pointer, wanted) in forms() {
        let after = okta.patch(&at, patch(&operations)).await.expect(200);
        assert_eq!(after.json().pointer(pointer).cloned().unwrap_or_default(), wanted, "{operations}");
        let again = okta.get(&at).await.expect(200);
        assert_eq!(again.json(), after.json(), "what is answered is what is kept");
        let repeated = okta.patch(&at, patch(&operations)).await.expect(200);
        assert_eq!(repeated.header("etag"), after.header("etag"), "twice is once: {operations}");
    }
    let before = okta.get(&at).await.expect(200).json();
    for (operations, keyword) in [
        (
            json!([{"op": "add", "path": "title", "value": "z"}, {"op": "add", "path": "meta.created", "value": "z"}]),
            "mutability",
        ),
        (
            json!([{"op": "add", "path": "title", "value": "z"}, {"op": "replace", "path": "groups", "value": []}]),
            "mutability",
        ),
        (json!([{"op": "add", "path": "title", "value": "z"}, {"op": "remove"}]), "noTarget"),
        (
            json!([{"op": "add", "path": "title", "value": "z"}, {"op": "add", "path": "name[", "value": 1}]),
            "invalidPath",
        ),
        (
            json!([{"op": "add", "path": "title", "value": "z"}, {"op": "add", "path": "active", "value": "yes"}]),
            "invalidValue",
        ),
        (
            json!([{"op": "add", "path": "title", "value": "z"}, {"op": "replace", "path": "userName", "value": ""}]),
            "invalidValue",
        ),
    ] {
        assert_refused(&okta.patch(&at, patch(&operations)).await, 400, Some(keyword));
        assert_eq!(okta.get(&at).await.expect(200).json(), before, "{operations}");
    }
}

#[tokio::test]
async fn members_are_removed_by_every_form_and_only_those() {
    let (_world, okta) = okta().await;
    let mut ids = Vec::new();
    for name in ["a", "b", "c", "d"] {
        ids.push(okta.post("/Users", user(&format!("{name}@example.com"))).await.expect(201).id());
    }
    let all: Vec<&str> = ids.iter().map(String::as_str).collect();
    let at = format!("/Groups/{}", okta.post("/Groups", group("eng", &all)).await.expect(201).id());
    for (operation, left) in [
        (json!({"op": "Remove", "path": "members", "value": [{"value": ids[0]}]}), &all[1..]),
        (json!({"op": "remove", "path": format!("members[value eq \"{}\"]", ids[1])}), &all[2..]),
        (json!({"op": "remove", "path": "members", "value": []}), &all[2..]),
        (json!({"op": "remove", "path": "members", "value": {"value": ids[2]}}), &all[3..]),
        (json!({"op": "remove", "path": "members"}), &all[4..]),
    ] {
        let after = okta.patch(&format!("{at}?attributes=members"), patch(&json!([operation]))).await.expect(200);
        let mut left: Vec<String> = left.iter().map(|id| (*id).to_owned()).collect();
        left.sort();
        assert_eq!(members(&after), left, "{operation}");
    }
    for operation in [
        json!({"op": "replace", "path": format!("members[value eq \"{}\"].value", ids[0]), "value": ids[1]}),
        json!({"op": "remove", "path": "displayName"}),
    ] {
        assert_refused(&okta.patch(&at, patch(&json!([operation]))).await, 400, Some("mutability"));
    }
}

#[tokio::test]
async fn a_condition_holds_for_groups_as_for_users() {
    let (_world, okta) = okta().await;
    for (kind, body) in [("Users", user("ada@example.com")), ("Groups", group("eng", &[]))] {
        let made = okta.post(&format!("/{kind}"), body.clone()).await.expect(201);
        let (at, tag) = (format!("/{kind}/{}", made.id()), made.header("etag").to_owned());
        assert!(tag.starts_with("W/\""), "{tag}");
        let unchanged = okta.send("GET", &at, &[("if-none-match", &tag)], None).await.expect(304);
        assert_eq!((unchanged.header("etag"), unchanged.text.as_str()), (tag.as_str(), ""));
        okta.send("GET", &at, &[("if-none-match", "W/\"other\"")], None).await.expect(200);
        okta.send("PUT", &at, &[("if-match", "W/\"other\", *")], Some(body.to_string())).await.expect(412);
        okta.send("PUT", &at, &[("if-match", &format!("\"x\", {tag}"))], Some(body.to_string())).await.expect(200);
        for (method, body) in
            [("PUT", body.to_string()), ("PATCH", patch(&json!([])).to_string()), ("DELETE", String::new())]
        {
            let late = okta.send(method, &at, &[("if-match", "W/\"other\"")], Some(body)).await;
            assert_refused(&late, 412, None);
        }
        okta.get(&at).await.expect(200);
    }
}
