//! What stands in an answer besides its resource.

use super::{assert_refused, group, members, okta, patch, user};
use castgate::model::{ConnectionSettings, PatchResponse, Profile};
use serde_json::json;

#[tokio::test]
async fn a_created_resource_says_where_it_is_and_which_version() {
    let (world, okta) = okta().await;
    let made = okta.post("/Users?attributes=userName", user("ada@example.com")).await.expect(201);
    assert_eq!(made.header("location"), format!("{}/scim/v2/Users/{}", world.origin, made.id()));
    assert!(made.json().get("emails").is_none(), "projection applies to every answer: {made:?}");
    let read = okta.get(&format!("/Users/{}", made.id())).await.expect(200);
    assert_eq!(read.header("etag"), made.header("etag"));
    assert_eq!(read.json()["meta"]["version"], read.header("etag"));
    assert_eq!(read.json()["meta"]["location"], made.header("location"));
    assert_eq!(read.json()["active"], true);
    assert_eq!(read.header("cache-control"), "no-store");
}

#[tokio::test]
async fn a_version_guards_what_was_read() {
    let (_world, okta) = okta().await;
    let made = okta.post("/Users", user("ada@example.com")).await.expect(201);
    let (path, version) = (format!("/Users/{}", made.id()), made.header("etag").to_owned());
    okta.send("GET", &path, &[("if-none-match", &version)], None).await.expect(304);
    let rename = patch(&json!([{"op": "replace", "path": "title", "value": "Countess"}])).to_string();
    okta.send("PATCH", &path, &[("if-match", &version)], Some(rename.clone())).await.expect(200);
    let late = okta.send("PATCH", &path, &[("if-match", &version)], Some(rename)).await;
    assert_refused(&late, 412, None);
    let late = okta.send("DELETE", &path, &[("if-match", &version)], None).await;
    assert_refused(&late, 412, None);
    okta.send("GET", &path, &[("if-none-match", &version)], None).await.expect(200);
    okta.send("DELETE", &path, &[("if-match", "*")], None).await.expect(204);
    assert_refused(&okta.get(&path).await, 404, None);
}

#[tokio::test]
async fn a_patch_is_answered_as_the_connection_wants_it() {
    let (world, okta) = okta().await;
    let one = okta.post("/Users", user("ada@example.com")).await.expect(201).id();
    let path = format!("/Groups/{}", okta.post("/Groups", group("eng", &[])).await.expect(201).id());
    let add = patch(&json!([{"op": "add", "path": "members", "value": [{"value": one}]}]));
    let answer = okta.patch(&path, add.clone()).await.expect(200);
    assert_eq!(members(&answer), std::slice::from_ref(&one), "it is short, so it is shown");
    let many: Vec<String> = (0..101).map(|number| format!("{number}@example.com")).collect();
    let mut ids = Vec::new();
    for name in &many {
        ids.push(json!({"value": okta.post("/Users", user(name)).await.expect(201).id()}));
    }
    let all = patch(&json!([{"op": "add", "path": "members", "value": ids}]));
    let answer = okta.patch(&path, all).await.expect(200);
    assert!(answer.json().get("members").is_none(), "it is long, and nobody asked for it: {answer:?}");
    let rest = patch(&json!([{"op": "replace", "path": "members", "value": [{"value": one}]}]));
    let answer = okta.patch(&format!("{path}?excludedAttributes=members"), rest).await.expect(200);
    assert!(answer.json().get("members").is_none(), "{answer:?}");
    let answer = okta.patch(&format!("{path}?attributes=members"), add.clone()).await.expect(200);
    assert_eq!(members(&answer), [one]);

    let settings =
        ConnectionSettings { patch_response: PatchResponse::Empty, ..ConnectionSettings::of(Profile::Entra) };
    let entra = world.organization("other").await.connection_with("entra", settings).await;
    let path = format!("/Groups/{}", entra.post("/Groups", group("eng", &[])).await.expect(201).id());
    assert_eq!(entra.patch(&path, add.clone()).await.expect(204).text, "");
    let answer = entra.patch(&format!("{path}?attributes=displayName"), add).await.expect(200);
    assert_eq!(answer.json()["displayName"], "eng");
}

#[tokio::test]
async fn a_search_finds_what_a_query_finds() {
    let (_world, okta) = okta().await;
    okta.post("/Users", user("ada+test@example.com")).await.expect(201);
    okta.post("/Users", user("bob@example.com")).await.expect(201);
    let search = json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"],
                        "filter": "userName sw \"ada\"", "attributes": ["userName"], "count": 10});
    let found = okta.post("/Users/.search", search).await.expect(200).json();
    assert_eq!(
        (&found["totalResults"], &found["Resources"][0]["userName"]),
        (&json!(1), &json!("ada+test@example.com"))
    );
    // Spaces as %20 and as +, and an address whose own + nobody encoded.
    for filter in [
        "userName%20eq%20%22ada%2Btest@example.com%22",
        "userName+eq+%22ada%2Btest@example.com%22",
        "userName+eq+%22ada+test@example.com%22",
        "emails+eq+%22ADA+test@example.com%22",
    ] {
        let found = okta.get(&format!("/Users?filter={filter}&unknown=1")).await.expect(200).json();
        assert_eq!(found["totalResults"], 1, "{filter}: {found}");
    }
    let page = okta.get("/Users?startIndex=2&count=1").await.expect(200).json();
    assert_eq!((&page["totalResults"], &page["itemsPerPage"], &page["startIndex"]), (&json!(2), &json!(1), &json!(2)));
    assert_eq!(okta.send("HEAD", "/Users", &[], None).await.expect(200).text, "");
}

#[tokio::test]
async fn discovery_says_what_is_there() {
    let (world, okta) = okta().await;
    let config = okta.get("/ServiceProviderConfig").await.expect(200).json();
    assert_eq!((&config["patch"]["supported"], &config["bulk"]["supported"]), (&json!(true), &json!(true)));
    assert_eq!(okta.get("/ResourceTypes").await.expect(200).json()["totalResults"], 2);
    for urn in
        ["urn:ietf:params:scim:schemas:core:2.0:User", "urn%3Aietf%3Aparams%3Ascim%3Aschemas%3Acore%3A2.0%3AGroup"]
    {
        let schema = okta.get(&format!("/Schemas/{urn}")).await.expect(200).json();
        assert!(schema["meta"]["location"].as_str().unwrap().starts_with(&world.origin), "{schema}");
    }
    assert_refused(&okta.get("/Schemas?filter=id%20pr").await, 403, None);
    assert_refused(&okta.get("/Schemas/urn:nothing").await, 404, None);
    assert_refused(&okta.get("/Me").await, 501, None);
}

#[tokio::test]
async fn one_search_spans_users_and_groups() {
    let (_world, okta) = okta().await;
    let ada = okta.post("/Users", user("ada@example.com")).await.expect(201).id();
    okta.post("/Users", user("bob@example.com")).await.expect(201);
    let eng = okta.post("/Groups", group("eng", &[&ada])).await.expect(201).id();
    let search = async |body| okta.post("/.search", body).await.expect(200).json();
    let all = search(json!({})).await;
    assert_eq!(
        (&all["totalResults"], &all["Resources"][0]["id"], &all["Resources"][2]["id"]),
        (&json!(3), &json!(ada), &json!(eng))
    );
    let last = search(json!({"startIndex": 3, "count": 1})).await;
    assert_eq!(
        (&last["totalResults"], &last["itemsPerPage"], &last["Resources"][0]["id"]),
        (&json!(3), &json!(1), &json!(eng))
    );
    let users = search(json!({"filter": "userName pr", "attributes": ["userName"]})).await;
    assert_eq!((&users["totalResults"], &users["Resources"][0].get("emails")), (&json!(2), &None));
    assert_refused(&okta.post("/.search", json!({"filter": "nonsense pr"})).await, 400, Some("invalidFilter"));
}
