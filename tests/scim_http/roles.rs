//! `/Roles`, and what discovery says of them.

use super::{assert_refused, patch, user, world::World};
use crate::world::Connection;
use castgate::model::{ConnectionSettings, Profile};
use serde_json::{Value, json};

const IETF: &str = "urn:ietf:params:scim:schemas:core:2.0:Role";
const OKTA: &str = "urn:okta:scim:schemas:core:1.0:Role";

/// A connection that may say roles, in an organization with a cluster.
async fn reading(world: &World, profile: Profile) -> Connection {
    let acme = world.organization("acme").await;
    world.app.declare_cluster(&acme.operator, "prod-eu", Some("Production Europe"), None).await.unwrap();
    acme.connection_with("idp", ConnectionSettings { read_roles: true, ..ConnectionSettings::of(profile) }).await
}

fn names(list: &Value, name: &str) -> Vec<String> {
    list["Resources"].as_array().unwrap().iter().map(|one| one[name].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn the_draft_is_served_with_clusters_as_containers() {
    let world = World::start().await;
    let idp = reading(&world, Profile::Entra).await;
    let list = idp.get("/Roles").await.expect(200).json();
    assert_eq!(
        names(&list, "value"),
        [
            "owner",
            "member",
            "analyst",
            "viewer",
            "cluster:prod-eu",
            "member@prod-eu",
            "analyst@prod-eu",
            "viewer@prod-eu"
        ]
    );
    let container = &list["Resources"][4];
    assert_eq!((&container["supported"], &container["type"]), (&json!(false), &json!("container")));
    assert_eq!(container["contains"], json!(["member@prod-eu", "analyst@prod-eu", "viewer@prod-eu"]));
    let held = &list["Resources"][5];
    assert_eq!(held["containedBy"], json!(["member", "cluster:prod-eu"]));
    assert_eq!((&held["schemas"], &held["display"]), (&json!([IETF]), &json!("Member on Production Europe")));
    let location = held["meta"]["location"].as_str().unwrap().strip_prefix(&world.origin).unwrap().to_owned();
    let one = idp.get(location.strip_prefix("/scim/v2").unwrap()).await.expect(200).json();
    assert_eq!(&one, held);
    let page = idp.get("/Roles?count=1&startIndex=1").await.expect(200).json();
    assert_eq!((&page["itemsPerPage"], &page["totalResults"]), (&json!(1), &json!(8)));
    let found = idp.get("/Roles?filter=type%20eq%20%22organization%22%20and%20value%20ne%20%22owner%22").await;
    assert_eq!(names(&found.expect(200).json(), "value"), ["member", "analyst", "viewer"]);
    let search = json!({"filter": "supported eq false", "attributes": "value"});
    let found = idp.post("/Roles/.search", search).await.expect(200).json();
    assert_eq!(names(&found, "value"), ["cluster:prod-eu"]);
    assert_refused(&idp.get("/Roles?filter=rank%20eq%201").await, 400, Some("invalidFilter"));
    assert_refused(&idp.get("/Roles/janitor").await, 404, None);
}

#[tokio::test]
async fn okta_reads_its_own_words() {
    let world = World::start().await;
    let okta = reading(&world, Profile::Okta).await;
    let kinds = okta.get("/ResourceTypes").await.expect(200).json();
    assert_eq!(kinds["totalResults"], 3);
    let role = &kinds["Resources"][2];
    assert_eq!((&role["id"], &role["endpoint"], &role["schema"]), (&json!("Role"), &json!("/Roles"), &json!(OKTA)));
    assert_eq!(&okta.get("/ResourceTypes/Role").await.expect(200).json(), role);
    let schemas = okta.get("/Schemas").await.expect(200).json();
    assert!(names(&schemas, "id").contains(&OKTA.to_owned()), "{schemas}");
    let schema = okta.get(&format!("/Schemas/{OKTA}")).await.expect(200).json();
    assert_eq!(schema["attributes"].as_array().map(Vec::len), Some(1));
    assert_eq!(schema["attributes"][0]["name"], "displayName");
    let page = okta.get("/Roles?count=1&startIndex=1").await.expect(200).json();
    assert_eq!(page["itemsPerPage"], 1);
    let mut first = page["Resources"][0].clone();
    first.as_object_mut().unwrap().remove("meta");
    assert_eq!(first, json!({"schemas": [OKTA], "id": "owner", "displayName": "Owner"}));
    // Everything that Okta lists can be assigned: a container is not among it.
    let all = okta.get("/Roles").await.expect(200).json();
    assert_eq!(
        (&all["totalResults"], names(&all, "displayName").contains(&"Cluster Production Europe".to_owned())),
        (&json!(7), false)
    );
}

#[tokio::test]
async fn roles_are_read_only_and_every_refusal_is_a_scim_error() {
    let world = World::start().await;
    let idp = reading(&world, Profile::Generic).await;
    for (method, path) in
        [("POST", "/Roles"), ("PUT", "/Roles/owner"), ("PATCH", "/Roles/owner"), ("DELETE", "/Roles/owner")]
    {
        let body = (method != "DELETE").then(|| "{}".to_owned());
        assert_refused(&idp.send(method, path, &[], body).await, 405, None);
    }
    let schema = idp.get(&format!("/Schemas/{IETF}")).await.expect(200).json();
    for attribute in schema["attributes"].as_array().unwrap() {
        assert_eq!(attribute["mutability"], "readOnly", "{attribute}");
        assert_ne!(attribute["name"], "displayName");
    }
    let config = idp.get("/ServiceProviderConfig").await.expect(200).json();
    assert_eq!(config["RolesAndEntitlements"]["roles"]["supported"], true);
    assert_eq!(config["RolesAndEntitlements"]["entitlements"]["supported"], false);
}

#[tokio::test]
async fn a_connection_that_may_say_no_roles_is_told_of_none() {
    let world = World::start().await;
    let okta = world.organization("acme").await.connection("okta", Profile::Okta).await;
    assert_eq!(okta.get("/ResourceTypes").await.expect(200).json()["totalResults"], 2);
    assert_refused(&okta.get("/ResourceTypes/Role").await, 404, None);
    assert_refused(&okta.get(&format!("/Schemas/{OKTA}")).await, 404, None);
    assert!(okta.get("/ServiceProviderConfig").await.expect(200).json().get("RolesAndEntitlements").is_none());
    // What there is may be seen all the same.
    assert_eq!(okta.get("/Roles").await.expect(200).json()["totalResults"], 4);
}

#[tokio::test]
async fn what_was_said_of_somebodys_roles_is_shown_as_it_was_said() {
    let world = World::start().await;
    let idp = reading(&world, Profile::Entra).await;
    let mut body = user("ada@example.com");
    body["roles"] = json!([{"value": "viewer", "display": "Viewer", "type": "organization", "primary": true}]);
    let made = idp.post("/Users", body.clone()).await.expect(201);
    assert_eq!(made.json()["roles"], body["roles"]);
    let path = format!("/Users/{}", made.id());
    let add = json!([{"op": "Add", "path": "roles", "value": [{"value": "member@prod-eu"}]}]);
    idp.patch(&path, patch(&add)).await.expect(204);
    let read = idp.get(&path).await.expect(200).json();
    assert_eq!(read["roles"], json!([body["roles"][0], {"value": "member@prod-eu"}]));
    let found = idp.get("/Users?filter=roles%20eq%20%22Member@prod-eu%22").await.expect(200).json();
    assert_eq!(found["totalResults"], 1);
}
