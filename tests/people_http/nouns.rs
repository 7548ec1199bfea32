//! Keys, service accounts, bindings, local groups, clusters, sessions: a journey through the API of each.

use super::{Browser, JSON, api, bearer, viewer, with_id, world::World};
use castgate::model::Profile;
use serde_json::{Value, json};

/// Calls the API as the first owner.
macro_rules! owner {
    ($world:ident, $acme:ident) => {
        async |method: &str, path: &str, body: Option<Value>| api(&$world, &$acme.key, method, path, body).await
    };
}

#[tokio::test]
async fn a_service_accounts_key_opens_every_door_that_a_users_key_opens() {
    let world = World::start().await;
    let acme = world.organization("acme").await;
    let call = owner!(world, acme);
    let machine = call("POST", "/service-accounts", Some(json!({"name": "agent"}))).await.expect(201);
    assert!(machine.header("etag").starts_with("\"1."), "{machine:?}");
    assert_eq!(machine.json()["state"], "active");
    let id = machine.id();
    let path = format!("/service-accounts/{id}");
    let made =
        call("POST", &format!("{path}/keys"), Some(json!({"name": "k", "expires_in_days": 1}))).await.expect(201);
    assert_eq!(made.json()["owner"], id);
    let secret = made.json()["secret"].as_str().unwrap().to_owned();
    let gift = json!({"subject": id, "role": "member"});
    let binding = call("POST", "/bindings", Some(gift.clone())).await.expect(201);
    assert_eq!(call("POST", "/bindings", Some(gift)).await.expect(409).json()["code"], "already_given");

    let bearer = bearer(&secret);
    let told = world.client.get("/auth/verify?can=manage-clusters", &[("authorization", &bearer)]).await.expect(200);
    assert_eq!((told.header("x-castgate-user"), told.header("x-castgate-name")), (id.as_str(), "agent"));
    assert_eq!((told.header("x-castgate-roles"), told.header("x-castgate-email")), ("member", ""));
    let payload = told.header("x-castgate-jwt").split('.').nth(1).unwrap();
    let claims = data_encoding::BASE64URL_NOPAD.decode(payload.as_bytes()).unwrap();
    assert_eq!(serde_json::from_slice::<Value>(&claims).unwrap()["sub"], id);
    let me = api(&world, &secret, "GET", "/me", None).await.expect(200).json();
    assert_eq!((&me["service_account"]["id"], &me["actor"]), (&json!(id), &json!("service_account")));
    api(&world, &secret, "GET", "/clusters", None).await.expect(200);
    api(&world, &secret, "GET", "/users", None).await.expect(403);
    api(&world, &secret, "GET", "/sessions", None).await.expect(403);
    assert_eq!(api(&world, &secret, "GET", "/keys", None).await.expect(200).json()["items"][0]["id"], made.id());

    call("DELETE", &format!("/bindings/{}", binding.id()), None).await.expect(204);
    world.client.get("/auth/verify", &[("authorization", &bearer)]).await.expect(403);
    assert_eq!(call("POST", &format!("{path}/suspend"), None).await.expect(200).json()["state"], "suspended");
    world.client.get("/auth/verify", &[("authorization", &bearer)]).await.expect(401);
    call("POST", &format!("{path}/reactivate"), None).await.expect(200);
    call("DELETE", &path, None).await.expect(204);
    world.client.get("/auth/verify", &[("authorization", &bearer)]).await.expect(401);
    call("GET", &path, None).await.expect(404);
}

#[tokio::test]
async fn a_key_is_narrowed_renamed_listed_and_ended() {
    let world = World::start().await;
    let acme = world.organization("acme").await;
    let call = owner!(world, acme);
    call("POST", "/clusters", Some(json!({"slug": "prod"}))).await.expect(201);
    let rights = json!([{"role": "member", "cluster": "prod"}, {"capabilities": ["view-billing"]}]);
    let made = call("POST", "/keys", Some(json!({"name": "narrow", "rights": rights}))).await.expect(201);
    let secret = made.json()["secret"].as_str().unwrap().to_owned();
    let bearer = bearer(&secret);
    for (asked, status) in [
        ("can=manage-clusters&cluster=prod", 200),
        ("can=view-billing", 200),
        ("can=manage-clusters", 403),
        ("can=manage-members", 403),
    ] {
        world.client.get(&format!("/auth/verify?{asked}"), &[("authorization", &bearer)]).await.expect(status);
    }
    api(&world, &secret, "GET", "/users", None).await.expect(403);
    api(&world, &secret, "POST", "/keys", Some(json!({"name": "wider"}))).await.expect(403);
    let path = format!("/keys/{}", made.id());
    assert_eq!(call("PATCH", &path, Some(json!({"name": "billing"}))).await.expect(200).json()["name"], "billing");
    let listed = call("GET", "/keys", None).await.expect(200);
    assert!(listed.text.contains("billing") && !listed.text.contains(&secret));
    call("DELETE", &path, None).await.expect(204);
    api(&world, &secret, "GET", "/me", None).await.expect(401);
    for (body, place) in [
        (json!({"name": "x", "rights": []}), "rights"),
        (json!({"name": "x", "rights": [{"role": "viewer", "capabilities": ["view-costs"]}]}), "rights"),
        (json!({"name": "x", "rights": [{"role": "boss"}]}), "boss"),
        (json!({"name": " "}), "name"),
    ] {
        let answer = call("POST", "/keys", Some(body)).await.expect(400);
        assert!(answer.json()["detail"].as_str().unwrap().contains(place), "{answer:?}");
    }
}

#[tokio::test]
async fn an_admin_sees_and_ends_what_somebody_comes_in_with() {
    let world = World::start().await;
    let acme = world.organization("acme").await;
    let (id, key) = viewer(&world, &acme).await;
    let call = owner!(world, acme);
    let keys = call("GET", &format!("/users/{id}/keys"), None).await.expect(200).json();
    let its = keys["items"][0]["id"].as_str().unwrap().to_owned();
    api(&world, &key, "GET", &format!("/users/{id}/keys"), None).await.expect(200);
    call("DELETE", &format!("/users/{id}/keys/{its}"), None).await.expect(204);
    api(&world, &key, "GET", "/me", None).await.expect(401);

    let browser = Browser::by_link(&world, &acme.link).await;
    let headers = [("cookie", browser.cookie.as_str()), JSON];
    let own = world.client.get("/api/v1/sessions", &headers).await.expect(200).json();
    assert_eq!(own["items"].as_array().unwrap().len(), 1);
    let owner = call("GET", "/me", None).await.json()["user"]["id"].as_str().unwrap().to_owned();
    assert_eq!(call("DELETE", &format!("/users/{owner}/sessions"), None).await.expect(200).json()["ended"], 1);
    world.client.get("/api/v1/sessions", &headers).await.expect(401);
}

#[tokio::test]
async fn what_a_rule_gave_and_the_last_owner_are_refused_with_a_reason() {
    let world = World::start().await;
    let acme = world.organization("acme").await;
    let okta = acme.connection("okta", Profile::Okta).await;
    let body = json!({"schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "displayName": "eng"});
    let group = okta.post("/Groups", body).await.expect(201).id();
    let call = owner!(world, acme);
    let yaml = "rules: [{name: everybody, groups: [eng], grant: viewer}]";
    call("POST", "/mapping/publish", Some(json!({"text": yaml}))).await.expect(200);
    let rules = call("GET", "/bindings?source=rule", None).await.expect(200).json();
    assert_eq!(rules["items"][0]["subject"]["id"], group);
    let one = rules["items"][0]["id"].as_str().unwrap();
    let refused = call("DELETE", &format!("/bindings/{one}"), None).await.expect(409).json();
    assert_eq!(refused["code"], "not_given_by_a_person");
    assert!(refused["detail"].as_str().unwrap().contains("everybody"), "{refused}");
    let owners = call("GET", "/bindings?role=owner&scope=organization", None).await.expect(200).json();
    let first = owners["items"][0]["id"].as_str().unwrap();
    let refused = call("DELETE", &format!("/bindings/{first}"), None).await.expect(409).json();
    assert_eq!(refused["code"], "last_owner");
    let owner = owners["items"][0]["subject"]["id"].as_str().unwrap();
    assert!(refused["detail"].as_str().unwrap().contains(owner), "{refused}");
    for path in ["/bindings?subject=x", "/bindings?source=x", "/bindings?role=x", "/bindings?limit=0"] {
        call("GET", path, None).await.expect(400);
    }
    let pushed = call("PATCH", &format!("/groups/{group}"), Some(json!({"name": "x"}))).await.expect(409).json();
    assert!(pushed["detail"].as_str().unwrap().contains("“okta”"), "{pushed}");
}

#[tokio::test]
async fn a_local_group_and_a_cluster_live_and_end_through_the_api() {
    let world = World::start().await;
    let acme = world.organization("acme").await;
    let (id, _) = viewer(&world, &acme).await;
    let call = owner!(world, acme);
    let group = call("POST", "/groups", Some(json!({"name": "on call"}))).await.expect(201);
    let path = format!("/groups/{}", group.id());
    let member = with_id(&format!("{path}/members/{{id}}"), &id);
    call("PUT", &member, None).await.expect(201);
    call("PUT", &member, None).await.expect(200);
    let cluster = call("POST", "/clusters", Some(json!({"slug": "prod", "external_id": "c-1"}))).await.expect(201);
    let gift = json!({"subject": group.id(), "role": "member", "cluster": "prod", "until": "2199-01-01T00:00:00Z"});
    call("POST", "/bindings", Some(gift)).await.expect(201);
    let access = call("GET", &format!("/users/{id}/access"), None).await.expect(200).json();
    assert!(access["why"][0].as_str().unwrap().contains("through group “on call”"), "{access}");
    let members = call("GET", &path, None).await.expect(200).json();
    assert_eq!((&members["members"][0]["id"], &members["members"][0]["kind"]), (&json!(id), &json!("user")));
    let groups = call("GET", &format!("/users/{id}/groups"), None).await.expect(200).json();
    assert_eq!(groups["items"][0]["id"], group.id());
    let bearer = bearer(&acme.key);
    let stale = [("authorization", bearer.as_str()), JSON, ("if-match", "\"1\"")];
    let body = json!({"name": "standby"}).to_string();
    world.client.send("PATCH", &format!("/api/v1{path}"), &stale, Some(body)).await.expect(412);
    let path_of_cluster = format!("/clusters/{}", cluster.id());
    let change = json!({"slug": "live", "external_id": null});
    let changed = call("PATCH", &path_of_cluster, Some(change)).await.expect(200).json();
    assert_eq!(
        (&changed["slug"], &changed["name"], &changed["external_id"]),
        (&json!("live"), &json!("prod"), &Value::Null)
    );
    assert_eq!(call("DELETE", &path_of_cluster, None).await.expect(200).json()["bindings"], 1);
    call("GET", &path_of_cluster, None).await.expect(404);
    call("DELETE", &member, None).await.expect(204);
    assert_eq!(call("DELETE", &path, None).await.expect(200).json()["members"], 0);
}

#[tokio::test]
async fn roles_terms_the_organizations_name_and_a_local_user() {
    let world = World::start().await;
    let acme = world.organization("acme").await;
    let (id, key) = viewer(&world, &acme).await;
    let call = owner!(world, acme);
    let roles = api(&world, &key, "GET", "/roles", None).await.expect(200).json();
    let names: Vec<_> = roles["items"].as_array().unwrap().iter().map(|role| role["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["owner", "member", "analyst", "viewer"]);
    assert_eq!(roles["items"][3]["capabilities"], json!(["view-clusters", "view-billing", "view-costs"]));
    let capabilities = api(&world, &key, "GET", "/capabilities", None).await.expect(200).json();
    assert_eq!(capabilities["items"].as_array().unwrap().len(), 9);
    assert_eq!(api(&world, &key, "GET", "/terms", None).await.expect(200).json()["items"][0]["version"], 1);
    let people = call("GET", "/terms/people", None).await.expect(200).json();
    assert!(people["items"].as_array().unwrap().iter().all(|person| person["state"] == "accepted"), "{people}");
    api(&world, &key, "GET", "/terms/people", None).await.expect(403);
    api(&world, &key, "PATCH", "/organization", Some(json!({"name": "x"}))).await.expect(403);
    let renamed = call("PATCH", "/organization", Some(json!({"name": "Acme Corp."}))).await.expect(200).json();
    assert_eq!((&renamed["name"], &renamed["slug"]), (&json!("Acme Corp."), &json!("acme")));
    assert_eq!(call("GET", "/me", None).await.json()["organization"]["name"], "Acme Corp.");
    let refused = call("DELETE", &format!("/users/{id}"), None).await.expect(409).json();
    assert_eq!(refused["code"], "not_local");
    let owner = call("GET", "/me", None).await.json()["user"]["id"].as_str().unwrap().to_owned();
    assert_eq!(call("DELETE", &format!("/users/{owner}"), None).await.expect(409).json()["code"], "last_owner");
    world.app.recover_organization("acme", "second@acme.test").await.unwrap();
    call("DELETE", &format!("/users/{owner}"), None).await.expect(204);
    call("GET", "/me", None).await.expect(401);
}

#[tokio::test]
async fn a_change_of_roles_that_touches_a_key_is_previewed_and_the_moved_key_goes_on() {
    let world = World::start().await;
    let acme = world.organization("acme").await;
    let call = owner!(world, acme);
    let (ada, key) = viewer(&world, &acme).await;
    let verify = async |can: &str| {
        let bearer = bearer(&key);
        world.client.get(&format!("/auth/verify?can={can}"), &[("authorization", &bearer)]).await
    };
    let gift = json!({"subject": ada, "role": "member"});
    let refused = call("POST", "/bindings", Some(gift.clone())).await.expect(409).json();
    assert_eq!(refused["code"], "preview_required");
    let preview = async |change: &Value| {
        call("POST", "/role-changes/preview", Some(json!({"change": change}))).await.expect(200).json()
    };
    let up = json!({"kind": "give", "subject": ada, "role": "member"});
    let seen = preview(&up).await;
    assert_eq!(seen["keys"].as_array().unwrap().len(), 1);
    assert_eq!((&seen["unless_said"]["do"], &seen["keys"][0]["stops"]), (&json!("delete"), &json!([])));
    let with = json!({"change": up, "preview": seen["token"], "others": {"do": "keep"}});
    let made = call("POST", "/role-changes", Some(with)).await.expect(200).json();
    assert_eq!((&made["binding"]["role"], &made["keys"][0]["done"]), (&json!("member"), &json!("kept")));
    verify("manage-clusters").await.expect(200);

    let down = json!({"kind": "set_role", "user": ada, "role": "viewer"});
    let machine = call("POST", "/service-accounts", Some(json!({"name": "agents"}))).await.expect(201).id();
    let shown = preview(&down).await;
    assert!(shown["keys"][0]["uses_last_day"].as_i64().unwrap() >= 1, "{shown}");
    assert_eq!(shown["keys"][0]["last_used_from"], "127.0.0.1");
    let id = shown["keys"][0]["id"].as_str().unwrap().to_owned();
    let mut asked = json!({"change": down, "preview": "kp1_AAAA", "keys": {&id: {"do": "move", "to": machine}}});
    call("POST", "/role-changes", Some(asked.clone())).await.expect(400);
    asked["preview"] = preview(&up).await["token"].clone();
    assert_eq!(call("POST", "/role-changes", Some(asked.clone())).await.expect(409).json()["code"], "preview_stale");
    asked["preview"] = shown["token"].clone();
    let made = call("POST", "/role-changes", Some(asked)).await.expect(200).json();
    assert_eq!((&made["keys"][0]["done"], &made["keys"][0]["to"]), (&json!("moved"), &json!(machine)));
    assert_eq!(verify("manage-clusters").await.expect(200).header("x-castgate-user"), machine.as_str());
    verify("manage-members").await.expect(403);
    let moved = call("GET", &format!("/service-accounts/{machine}/keys"), None).await.expect(200).json();
    assert_eq!((&moved["items"][0]["id"], &moved["items"][0]["known_by"]), (&json!(id), &json!(ada)));

    // The switch, and another key in its place.
    let path = format!("/service-accounts/{machine}/keys/{id}");
    call("PATCH", &path, Some(json!({"active": false}))).await.expect(200);
    verify("manage-clusters").await.expect(401);
    call("PATCH", &path, Some(json!({"active": true}))).await.expect(200);
    let rotated = call("POST", &format!("{path}/rotate"), Some(json!({"overlap_hours": 1}))).await.expect(201).json();
    assert_eq!(rotated["old"]["replaced_by"], rotated["new"]["id"]);
    verify("manage-clusters").await.expect(200);
    let new = bearer(rotated["new"]["secret"].as_str().unwrap());
    world.client.get("/auth/verify?can=manage-clusters", &[("authorization", &new)]).await.expect(200);
    assert_eq!(
        call("POST", &format!("{path}/rotate"), Some(json!({}))).await.expect(409).json()["code"],
        "already_replaced"
    );
}
