//! A role at several clusters in one act: through the API.

use super::{api, world::World};
use serde_json::{Value, json};

async fn call(world: &World, key: &str, asked: (&str, &str), body: Option<Value>) -> crate::world::Answer {
    api(world, key, asked.0, asked.1, body).await
}

/// The places at which somebody was given something.
async fn places(world: &World, key: &str, subject: &str) -> Vec<Value> {
    let listed = call(world, key, ("GET", &format!("/bindings?subject={subject}")), None).await.expect(200).json();
    listed["items"].as_array().unwrap().iter().map(|binding| binding["scope"].clone()).collect()
}

#[tokio::test]
async fn a_role_is_given_at_several_clusters_in_one_act_and_ends_in_one() {
    let world = World::start().await;
    let acme = world.organization("acme").await;
    let other = world.organization("other").await;
    let key = acme.key.clone();
    let post = async |path: &str, body: Value| call(&world, &key, ("POST", path), Some(body)).await;
    let mut clusters = Vec::new();
    for slug in ["eu", "us", "asia"] {
        clusters.push(post("/clusters", json!({"slug": slug})).await.expect(201).id());
    }
    let theirs =
        call(&world, &other.key, ("POST", "/clusters"), Some(json!({"slug": "theirs"}))).await.expect(201).id();
    let machine = post("/service-accounts", json!({"name": "agent"})).await.expect(201).id();
    let gift = |clusters: Value| json!({"subject": machine, "role": "member", "clusters": clusters});

    // What cannot be done is done nowhere, and the refusal says which. Another organization's cluster is no cluster.
    let refused = post("/bindings", gift(json!(["eu", "mars", theirs, "theirs"]))).await.expect(404).json();
    let detail = refused["detail"].as_str().unwrap();
    assert!(["mars", theirs.as_str(), "theirs"].iter().all(|one| detail.contains(one)), "{detail}");
    assert!(!detail.contains("“eu”"), "{detail}");
    // Nothing in the list is not everything.
    post("/bindings", gift(json!([]))).await.expect(400);
    let many: Vec<String> = (0..101).map(|number| format!("c{number}")).collect();
    post("/bindings", gift(json!(many))).await.expect(400);
    assert!(places(&world, &key, &machine).await.is_empty());

    // A slug and an id of one cluster are one; `cluster` beside `clusters` counts too.
    let mut gift_to_three = gift(json!(["us", clusters[1], "us", clusters[2]]));
    gift_to_three["cluster"] = json!("eu");
    let events = async || {
        let all = call(&world, &key, ("GET", "/events?filter=kind%20eq%20%22access.changed%22&limit=500"), None)
            .await
            .expect(200)
            .json();
        all["items"].as_array().unwrap().len()
    };
    let before = events().await;
    let given = post("/bindings", gift_to_three.clone()).await.expect(201).json();
    assert_eq!(given["given"].as_array().unwrap().len(), 3, "{given}");
    assert_eq!(given["id"], given["given"][0]["id"]);
    assert_eq!(places(&world, &key, &machine).await.len(), 3);
    assert_eq!(events().await, before + 1, "one act, one event");
    // Held already at one of them: nothing happens at the others either.
    let mut wider = gift(json!(["eu"]));
    post("/clusters", json!({"slug": "moon"})).await.expect(201);
    wider["clusters"] = json!(["eu", "moon"]);
    assert_eq!(post("/bindings", wider).await.expect(409).json()["code"], "already_given");
    assert_eq!(places(&world, &key, &machine).await.len(), 3);

    // One alone, then the rest.
    let last = given["given"][2]["id"].as_str().unwrap();
    call(&world, &key, ("DELETE", &format!("/bindings/{last}")), None).await.expect(204);
    assert_eq!(places(&world, &key, &machine).await.len(), 2);
    // What another act gave stays.
    let apart = post("/bindings", gift(json!(["moon"]))).await.expect(201).json();
    let first = given["id"].as_str().unwrap();
    call(&world, &key, ("DELETE", &format!("/bindings/{first}?together=true")), None).await.expect(204);
    assert_eq!(places(&world, &key, &machine).await, [apart["scope"].clone()]);
}

#[tokio::test]
async fn several_clusters_have_one_preview_of_the_keys_that_they_touch() {
    let world = World::start().await;
    let acme = world.organization("acme").await;
    let key = acme.key.clone();
    let post = async |path: &str, body: Value| call(&world, &key, ("POST", path), Some(body)).await;
    for slug in ["eu", "us"] {
        post("/clusters", json!({"slug": slug})).await.expect(201);
    }
    let me =
        call(&world, &key, ("GET", "/me"), None).await.expect(200).json()["user"]["id"].as_str().unwrap().to_owned();
    let gift = json!({"subject": me, "role": "viewer", "clusters": ["eu", "us"]});
    assert_eq!(post("/bindings", gift.clone()).await.expect(409).json()["code"], "preview_required");
    let mut change = gift;
    change["kind"] = json!("give");
    let preview = post("/role-changes/preview", json!({"change": change})).await.expect(200).json();
    assert_eq!(preview["keys"].as_array().unwrap().len(), 1, "the key once, not once for each cluster: {preview}");
    let asked = json!({"change": change, "preview": preview["token"], "others": {"do": "keep"}});
    let made = post("/role-changes", asked).await.expect(200).json();
    assert_eq!(made["bindings"].as_array().unwrap().len(), 2);
    // Another role in the place of that, at both.
    let change = json!({"kind": "set_role", "user": me, "role": "member", "clusters": ["us", "eu"]});
    let preview = post("/role-changes/preview", json!({"change": change})).await.expect(200).json();
    let asked = json!({"change": change, "preview": preview["token"], "others": {"do": "keep"}});
    post("/role-changes", asked).await.expect(200);
    let listed = call(&world, &key, ("GET", &format!("/bindings?subject={me}")), None).await.expect(200).json();
    let at_clusters = listed["items"].as_array().unwrap().iter().filter(|one| one["scope"]["kind"] == "cluster");
    let roles: Vec<_> = at_clusters.map(|one| one["role"].as_str().unwrap()).collect();
    assert_eq!(roles, ["member", "member"]);
}
