//! What people complain of in other servers, over HTTP.

use super::{assert_refused, group, members, okta, patch, user};
use castgate::model::Profile;
use serde_json::json;

#[tokio::test]
async fn an_answer_says_what_a_reading_says() {
    let (_world, okta) = okta().await;
    let ada = okta.post("/Users", user("ada@example.com")).await.expect(201);
    let path = format!("/Users/{}", ada.id());
    assert_eq!(okta.get(&path).await.json(), ada.json());
    // Each of these was seen to be answered 200 and done by nobody.
    for operations in [
        json!([{"op": "add", "path": "emails", "value": [{"value": "home@example.com", "type": "home"}]}]),
        json!([{"op": "remove", "path": "emails[type eq \"home\"]"}]),
        json!([{"op": "add", "path": "nickName", "value": "Ada"}]),
        json!([{"op": "remove", "path": "nickName"}]),
        json!([{"op": "replace", "path": "externalId", "value": "another"}]),
        json!([{"op": "add", "value": {"title": "Countess", "name": {"givenName": "Ada"}}}]),
    ] {
        let before = okta.get(&path).await.json();
        let answer = okta.patch(&path, patch(&operations)).await.expect(200);
        let after = okta.get(&path).await.expect(200);
        assert_eq!((answer.json(), answer.header("etag")), (after.json(), after.header("etag")), "{operations}");
        assert_ne!(before, after.json(), "{operations}");
    }
    let eng = okta.post("/Groups", group("eng", &[&ada.id()])).await.expect(201);
    assert_eq!(members(&eng), [ada.id()], "a POST of a group takes its members");
    assert_eq!(okta.get(&format!("/Groups/{}", eng.id())).await.json(), eng.json());
    let put = okta.put(&format!("/Groups/{}", eng.id()), group("eng", &[])).await.expect(200);
    assert_eq!(members(&put), Vec::<String>::new(), "and so does a PUT");
}

#[tokio::test]
async fn the_providers_own_id_is_found_changed_and_freed() {
    let (_world, okta) = okta().await;
    let count = async |id: &str| {
        let path = format!("/Users?filter=externalId%20eq%20%22{id}%22");
        okta.get(&path).await.expect(200).json()["totalResults"].as_u64().unwrap()
    };
    let ada = okta.post("/Users", user("ada@example.com")).await.expect(201);
    assert_eq!(count("ext-ada@example.com").await, 1);
    assert_eq!(count("EXT-ada@example.com").await, 0, "it is compared letter by letter");
    let change = json!([{"op": "replace", "path": "externalId", "value": "new"}]);
    let changed = okta.patch(&format!("/Users/{}", ada.id()), patch(&change)).await.expect(200);
    assert_eq!(changed.json()["externalId"], "new");
    assert_eq!((count("ext-ada@example.com").await, count("new").await), (0, 1));
    let mut bob = user("bob@example.com");
    bob["externalId"] = json!("ext-ada@example.com");
    okta.post("/Users", bob).await.expect(201);
    let clear = json!([{"op": "replace", "value": {"externalId": null}}]);
    let cleared = okta.patch(&format!("/Users/{}", ada.id()), patch(&clear)).await.expect(200);
    assert_eq!(cleared.json().get("externalId"), None);
}

#[tokio::test]
async fn names_of_groups_collide_folded_and_a_rename_keeps_the_group() {
    let (_world, okta) = okta().await;
    let ada = okta.post("/Users", user("ada@example.com")).await.expect(201).id();
    let eng = okta.post("/Groups", group("Eng", &[&ada])).await.expect(201).id();
    okta.post("/Groups", group("ops", &[])).await.expect(201);
    assert_refused(&okta.post("/Groups", group("ENG", &[])).await, 409, Some("uniqueness"));
    let path = format!("/Groups/{eng}");
    let taken = json!([{"op": "replace", "path": "displayName", "value": "OPS"}]);
    assert_refused(&okta.patch(&path, patch(&taken)).await, 409, Some("uniqueness"));
    let rename = json!([{"op": "replace", "path": "displayName", "value": "ENG"}]);
    let renamed = okta.patch(&path, patch(&rename)).await.expect(200);
    assert_eq!((renamed.id(), &renamed.json()["displayName"]), (eng.clone(), &json!("ENG")));
    assert_eq!(members(&okta.get(&path).await), [ada]);
    // A list shows the members as well: a client that compares must not believe that there are none.
    let list = okta.get("/Groups?filter=displayName%20eq%20%22eng%22").await.expect(200).json();
    assert_eq!(list["Resources"][0]["members"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn to_take_somebody_out_of_a_group_they_are_not_in_is_no_harm() {
    let (_world, okta) = okta().await;
    let ada = okta.post("/Users", user("ada@example.com")).await.expect(201).id();
    let eng = okta.post("/Groups", group("eng", &[])).await.expect(201).id();
    for operations in [
        json!([{"op": "remove", "path": format!("members[value eq \"{ada}\"]")}]),
        json!([{"op": "Remove", "path": "members", "value": [{"value": ada}]}]),
    ] {
        okta.patch(&format!("/Groups/{eng}"), patch(&operations)).await.expect(200);
        okta.get(&format!("/Users/{ada}")).await.expect(200);
    }
}

#[tokio::test]
async fn a_new_token_changes_nobodys_id() {
    let (world, okta) = okta().await;
    let ada = okta.post("/Users", user("ada@example.com")).await.expect(201).id();
    let operator = world.app.operator(okta.organization());
    let fresh = world.app.create_scim_token(&operator, &okta.stored.id, None).await.unwrap();
    okta.revoke_token().await;
    let header = format!("Bearer {}", fresh.secret.expose());
    let path = "/scim/v2/Users?filter=userName%20eq%20%22ada@example.com%22";
    let found = world.client.get(path, &[("authorization", &header)]).await.expect(200).json();
    assert_eq!((&found["totalResults"], &found["Resources"][0]["id"]), (&json!(1), &json!(ada)));
}

#[tokio::test]
async fn a_lookup_that_finds_nobody_is_an_empty_list_for_every_kind() {
    let (world, _) = okta().await;
    let entra = world.organization("contoso").await.connection("entra", Profile::Entra).await;
    for path in [
        "/Users?filter=userName%20eq%20%225a3b9a0c%22",
        "/Users?filter=externalId%20eq%20%225a3b9a0c%22",
        "/Users?filter=emails%5Btype%20eq%20%22work%22%5D.value%20eq%20%22a@x.com%22",
        "/Groups?filter=displayName%20eq%20%22nobody%22",
        "/Groups?filter=externalId%20eq%20%22nobody%22",
        "/Users?startIndex=1000000",
    ] {
        let list = entra.get(path).await.expect(200).json();
        assert_eq!((&list["totalResults"], &list["Resources"]), (&json!(0), &json!([])), "{path}");
    }
}
