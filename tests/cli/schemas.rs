//! Schemas of the organization's own.

use crate::Scene;
use castgate::model::Profile;
use insta::assert_snapshot;
use serde_json::json;

const URN: &str = "urn:acme:params:scim:2.0:User";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_schema_is_declared_changed_and_taken_back() {
    let scene = Scene::set().await;
    let okta = scene.organization.connection("okta", Profile::Okta).await;
    let directory = tempfile::tempdir().unwrap();
    let file = |name: &str, text: String| {
        let path = directory.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    assert_snapshot!(scene.shows(&["schemas", "list"]).await, @"No schemas: providers push what SCIM has. Declare one with: castgate schemas declare FILE");
    let whole = json!({"urn": URN, "description": "What we add", "attributes": [
        {"name": "badge", "type": "integer"}, {"name": "site", "type": "complex", "sub_attributes": [{"name": "city"}]}]});
    let declared = file("whole.json", whole.to_string());
    assert_snapshot!(scene.shows(&["schemas", "declare", &declared]).await, @"Schema urn:acme:params:scim:2.0:User is declared for every connection.");
    assert_eq!(okta.get("/Schemas").await.expect(200).json()["totalResults"], 4);
    let list = scene.shows(&["schemas", "list"]).await;
    assert!(list.contains(URN) && list.contains("badge, site") && list.contains("What we add"), "{list}");
    assert_eq!(scene.run(&["schemas", "list", "-o", "name"]).await.expect(0).out.trim(), URN);
    // What get prints is what change takes.
    let mut shown = scene.run(&["schemas", "get", URN, "-o", "json"]).await.expect(0).json();
    shown["attributes"].as_array_mut().unwrap().pop();
    let changed = file("changed.json", shown.to_string());
    assert_snapshot!(scene.shows(&["schemas", "change", URN, &changed]).await, @"Schema urn:acme:params:scim:2.0:User is changed.");
    let told = okta.get(&format!("/Schemas/{URN}")).await.expect(200).json();
    assert_eq!(told["attributes"].as_array().unwrap().len(), 1);
    scene.run(&["schemas", "change", "urn:other:2.0:User", &changed]).await.expect(5);
    scene.run(&["schemas", "get", "../organization"]).await.expect(2);
    scene.run(&["schemas", "declare", &file("bad.json", "[]".to_owned())]).await.expect(2);
    scene.run(&["schemas", "delete", URN]).await.expect(2);
    assert_snapshot!(scene.shows(&["schemas", "delete", URN, "--yes"]).await, @"Schema urn:acme:params:scim:2.0:User is taken back.");
    assert_eq!(okta.get("/Schemas").await.expect(200).json()["totalResults"], 3);
}
