//! Schemas that an organization declares once, for all its connections.

use super::{USER_SCHEMA, assert_refused, patch};
use crate::world::{Answer, Organization, World};
use castgate::model::{ConnectionSettings, Profile, ScimDialect};
use serde_json::{Value, json};

const URN: &str = "urn:acme:params:scim:2.0:User";

fn declaration() -> Value {
    json!({"urn": URN, "description": "What ACME adds.", "attributes": [
        {"name": "badge", "type": "integer", "description": "The badge."},
        {"name": "site", "type": "complex", "sub_attributes": [{"name": "city"}, {"name": "floor", "type": "integer"}]},
        {"name": "phones", "type": "complex", "multi_valued": true, "sub_attributes": [
            {"name": "value"}, {"name": "type"}, {"name": "primary", "type": "boolean"}]},
    ]})
}

fn user(name: &str, extension: &Value) -> Value {
    json!({"schemas": [USER_SCHEMA, URN], "userName": name, URN: extension})
}

async fn api(world: &World, organization: &Organization, method: &str, path: &str, body: Option<Value>) -> Answer {
    let bearer = format!("Bearer {}", organization.key);
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
    world.client.send(method, &format!("/api/v1{path}"), &headers, body.map(|body| body.to_string())).await
}

#[tokio::test]
async fn what_an_organization_declares_all_its_connections_have_and_nobody_elses() {
    let world = World::start().await;
    let (acme, other) = (world.organization("acme").await, world.organization("other").await);
    let strict = ConnectionSettings { dialect: ScimDialect::Strict, ..ConnectionSettings::of(Profile::Generic) };
    let (okta, entra) = (acme.connection("okta", Profile::Okta).await, acme.connection_with("strict", strict).await);
    let theirs = other.connection("okta", Profile::Okta).await;
    let ada = json!({"badge": 7, "site": {"city": "Turin", "floor": 3}, "phones": [{"value": "1", "type": "desk"}]});
    // Asked before, so that something is remembered that has to be forgotten.
    assert_refused(&okta.get(&format!("/Schemas/{URN}")).await, 404, None);
    assert_refused(&entra.post("/Users", user("early@example.com", &ada)).await, 400, Some("invalidSyntax"));

    let made = api(&world, &acme, "POST", "/schemas", Some(declaration())).await.expect(201);
    assert_eq!((&made.json()["urn"], &made.json()["version"]), (&json!(URN), &json!(1)));
    for connection in [&okta, &entra] {
        let told = connection.get(&format!("/Schemas/{URN}")).await.expect(200).json();
        assert_eq!(told["attributes"][1]["subAttributes"][1]["type"], "integer");
        assert_eq!(connection.get("/Schemas").await.json()["totalResults"], 4);
        let kind = connection.get("/ResourceTypes/User").await.expect(200).json();
        assert_eq!(kind["schemaExtensions"][1], json!({"schema": URN, "required": false}));
        let made = connection.post("/Users", user("ada@example.com", &ada)).await.expect(201);
        assert_eq!((&made.json()[URN], &made.json()["schemas"]), (&ada, &json!([USER_SCHEMA, URN])));
        connection
            .post("/Users", user("bob@example.com", &json!({"badge": 9, "site": {"floor": 1}})))
            .await
            .expect(201);
        for filter in [
            "badge lt 8",
            "site.city eq \"turin\"",
            "SITE.floor ge 3",
            "phones[type eq \"desk\" and value eq \"1\"]",
            "phones.value sw \"1\"",
        ] {
            let search = json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"],
                                "filter": format!("{URN}:{filter}"), "attributes": [format!("{URN}:site.city")]});
            let found = connection.post("/Users/.search", search).await.expect(200).json();
            assert_eq!(found["totalResults"], 1, "{filter}: {found}");
            assert_eq!(found["Resources"][0][URN], json!({"site": {"city": "Turin"}}), "{filter}");
        }
        let sorted = connection.get(&format!("/Users?sortBy={URN}:site.floor")).await.expect(200).json();
        assert_eq!(sorted["Resources"][0]["userName"], "bob@example.com");
        let at = format!("/Users/{}", made.id());
        let change = patch(&json!([
            {"op": "replace", "path": format!("{URN}:site.city"), "value": "Rome"},
            {"op": "replace", "path": format!("{URN}:phones[type eq \"desk\"].value"), "value": "2"},
            {"op": "add", "path": format!("{URN}:phones"), "value": [{"value": "3", "type": "home"}]},
        ]));
        let after = connection.patch(&at, change).await.expect(200);
        let wanted = json!({"badge": 7, "site": {"city": "Rome", "floor": 3},
                            "phones": [{"value": "2", "type": "desk"}, {"value": "3", "type": "home"}]});
        assert_eq!(after.json()[URN], wanted);
    }
    assert_refused(&theirs.get(&format!("/Schemas/{URN}")).await, 404, None);
    let unknown = theirs.post("/Users", user("ada@example.com", &ada)).await.expect(201);
    assert!(unknown.json().get(URN).is_none(), "{unknown:?}");
    api(&world, &other, "GET", &format!("/schemas/{URN}"), None).await.expect(404);
    assert_eq!(api(&world, &other, "GET", "/schemas", None).await.expect(200).json()["items"], json!([]));
}

#[tokio::test]
async fn discovery_tells_what_is_shown_and_the_other_way_about_whatever_is_declared_anew() {
    let world = World::start().await;
    let acme = world.organization("acme").await;
    let okta = acme.connection("okta", Profile::Okta).await;
    api(&world, &acme, "POST", "/schemas", Some(declaration())).await.expect(201);
    let whole = json!({"badge": 7, "site": {"city": "Turin", "floor": 3}});
    let at = format!("/Users/{}", okta.post("/Users", user("ada@example.com", &whole)).await.expect(201).id());
    let one = format!("/schemas/{URN}");

    let narrower = json!({"attributes": [{"name": "badge"}, {"name": "site", "type": "complex", "sub_attributes": [{"name": "floor", "type": "integer"}]}]});
    let changed = api(&world, &acme, "PUT", &one, Some(narrower.clone())).await.expect(200).json();
    assert_eq!((&changed["version"], changed["attributes"].as_array().map(Vec::len)), (&json!(2), Some(2)));
    let again = api(&world, &acme, "PUT", &one, Some(narrower)).await.expect(200).json();
    assert_eq!(again["version"], 2, "nothing new is no change");
    // A badge is a text now.
    assert_eq!(okta.get(&at).await.json()[URN], json!({"badge": "7", "site": {"floor": 3}}));
    let told = okta.get(&format!("/Schemas/{URN}")).await.expect(200).json();
    let names: Vec<&str> =
        told["attributes"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["badge", "site"]);
    assert_refused(&okta.get(&format!("/Users?filter={URN}:site.city%20pr")).await, 400, Some("invalidFilter"));

    api(&world, &acme, "DELETE", &one, None).await.expect(204);
    assert_refused(&okta.get(&format!("/Schemas/{URN}")).await, 404, None);
    let bare = okta.get(&at).await.expect(200).json();
    assert!(bare.get(URN).is_none() && bare["schemas"] == json!([USER_SCHEMA]), "{bare}");
    api(&world, &acme, "DELETE", &one, None).await.expect(404);

    // Nobody lost anything by a mistake that was put right.
    api(&world, &acme, "POST", "/schemas", Some(declaration())).await.expect(201);
    assert_eq!(okta.get(&at).await.json()[URN], whole);
    let events = api(&world, &acme, "GET", "/events?limit=4", None).await.expect(200).json();
    let kinds: Vec<&str> =
        events["items"].as_array().unwrap().iter().map(|one| one["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds.iter().filter(|kind| kind.starts_with("schema.")).count(), 3, "{kinds:?}");
}

#[tokio::test]
async fn a_schema_is_declared_in_one_place_and_as_a_whole() {
    let world = World::start().await;
    let acme = world.organization("acme").await;
    let call = async |method: &str, path: &str, body: Value| api(&world, &acme, method, path, Some(body)).await;
    call("POST", "/schemas", declaration()).await.expect(201);
    assert_eq!(call("POST", "/schemas", declaration()).await.expect(409).json()["code"], "taken");
    let mut shouted = declaration();
    shouted["urn"] = json!("URN:ACME:params:scim:2.0:User");
    call("POST", "/schemas", shouted).await.expect(409);
    let own = json!({"name": "own", "settings": {"profile": "okta", "extensions": [declaration()]}});
    let refused = call("POST", "/connections", own).await.expect(409).json();
    assert!(refused["detail"].as_str().unwrap().contains("for all connections"), "{refused}");

    let mut another = declaration();
    another["urn"] = json!("urn:acme:params:scim:schemas:payroll:2.0:User");
    let own = json!({"name": "own", "settings": {"profile": "okta", "extensions": [another]}});
    call("POST", "/connections", own).await.expect(201);
    let refused = call("POST", "/schemas", another).await.expect(409).json();
    assert!(refused["detail"].as_str().unwrap().contains("own"), "{refused}");

    let one = format!("/schemas/{URN}");
    for bad in [json!([]), json!([{"name": "a", "type": "complex"}]), json!([{"name": "a"}, {"name": "A"}])] {
        call("PUT", &one, json!({"attributes": bad})).await.expect(400);
    }
    call("POST", "/schemas", json!({"urn": "acme", "attributes": [{"name": "a"}]})).await.expect(400);
    let read = api(&world, &acme, "GET", &one, None).await.expect(200);
    let bearer = format!("Bearer {}", acme.key);
    let seen = |tag: &str| {
        [
            ("authorization", bearer.clone()),
            ("content-type", "application/json".to_owned()),
            ("if-match", tag.to_owned()),
        ]
    };
    for (tag, status) in [("\"7\"", 412), (read.header("etag"), 200)] {
        let headers = seen(tag);
        let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let body = json!({"attributes": [{"name": "a"}]}).to_string();
        world.client.send("PUT", &format!("/api/v1{one}"), &headers, Some(body)).await.expect(status);
    }
}
