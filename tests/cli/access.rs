//! Who holds what: machines, local groups, bindings, and the question whether somebody may.

use crate::Scene;
use castgate::model::Profile;
use insta::assert_snapshot;
use serde_json::json;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_machine_and_its_key() {
    let scene = Scene::set().await;
    scene.run(&["clusters", "declare", "prod-eu"]).await.expect(0);
    assert_snapshot!(scene.shows(&["service-accounts", "list"]).await, @"No service accounts yet. Make one with: castgate service-accounts create NAME");
    let create = ["service-accounts", "create", "ci", "--description", "Deploys"];
    assert_snapshot!(scene.shows(&create).await, @"Service account ci is made. It may do nothing yet.");
    assert_snapshot!("service_accounts_list", scene.shows(&["service-accounts", "list"]).await);
    let key = scene.run(&["service-accounts", "keys", "create", "ci", "deploy", "-o", "secret"]).await.expect(0).out;
    assert_snapshot!(
        "whoami_of_a_machine",
        crate::steady(&scene.run_as(key.trim(), &["whoami"]).await.expect(0).out)
            .replace(&scene.world.origin, "ORIGIN")
    );
    let said = scene.run_as(key.trim(), &["sessions", "list"]).await;
    assert_ne!(said.code, 0, "a machine has no sessions: {said:?}");

    let give = [
        "bindings",
        "create",
        "--service-account",
        "ci",
        "--role",
        "member",
        "--cluster",
        "prod-eu",
        "--until",
        "2027-01-31",
    ];
    assert_snapshot!(scene.shows(&give).await, @"The role member is given.");
    assert_snapshot!("bindings_list", scene.shows(&["bindings", "list", "--service-account", "ci"]).await);
    scene.run_as(key.trim(), &["can", "me", "manage-clusters", "--cluster", "prod-eu"]).await.expect(0);
    assert_snapshot!("service_accounts_get", scene.shows(&["service-accounts", "get", "CI"]).await);
    let binding = scene.run(&["bindings", "list", "--service-account", "ci", "-o", "name"]).await.expect(0).out;
    scene.run(&["bindings", "delete", binding.trim()]).await.expect(2);
    assert_snapshot!(scene.shows(&["bindings", "delete", binding.trim(), "--yes"]).await, @"The role is taken.");
    let no = scene.run_as(key.trim(), &["can", "me", "manage-clusters", "--cluster", "prod-eu"]).await.expect(4);
    assert!(no.out.starts_with("no: ") && no.err.is_empty(), "{no:?}");

    scene.run(&["service-accounts", "suspend", "ci", "--yes"]).await.expect(0);
    scene.run_as(key.trim(), &["whoami"]).await.expect(3);
    scene.run(&["service-accounts", "reactivate", "ci"]).await.expect(0);
    scene.run_as(key.trim(), &["whoami"]).await.expect(0);
    scene.run(&["service-accounts", "keys", "revoke", "ci", "deploy", "--yes"]).await.expect(0);
    scene.run_as(key.trim(), &["whoami"]).await.expect(3);
    scene.run(&["service-accounts", "delete", "ci", "--yes"]).await.expect(0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_local_group_and_what_it_gives() {
    let scene = Scene::set().await;
    let okta = scene.organization.connection("okta", Profile::Okta).await;
    scene.push(&okta, "ada@acme.test").await;
    scene.run(&["service-accounts", "create", "ci"]).await.expect(0);
    assert_snapshot!(scene.shows(&["groups", "create", "on-call"]).await, @"Group on-call is made.");
    assert_snapshot!(scene.shows(&["groups", "add", "on-call", "ada@acme.test"]).await, @"ada@acme.test is in on-call.");
    scene.run(&["groups", "add", "on-call", "ci"]).await.expect(0);
    scene.run(&["groups", "add", "on-call", "nobody"]).await.expect(5);
    assert_snapshot!("local_groups_get", scene.shows(&["groups", "get", "on-call"]).await);
    scene.run(&["bindings", "create", "--group", "on-call", "--role", "analyst"]).await.expect(0);
    let yes = scene.run(&["can", "ada@acme.test", "monitor-costs"]).await.expect(0);
    assert!(yes.out.starts_with("yes: ") && yes.out.contains("on-call"), "{yes:?}");
    scene.run(&["can", "ada@acme.test", "manage-organization"]).await.expect(4);
    scene.run(&["groups", "rename", "on-call", "first-responders"]).await.expect(0);
    scene.run(&["groups", "remove", "first-responders", "ada@acme.test"]).await.expect(0);
    scene.run(&["can", "ada@acme.test", "access-billing"]).await.expect(4);
    let gone = scene.shows(&["groups", "delete", "first-responders", "--yes"]).await;
    assert_snapshot!(gone, @"Group first-responders is deleted; it had 1 members and 1 bindings.");
    // What a provider pushes is changed there.
    let schema = "urn:ietf:params:scim:schemas:core:2.0:Group";
    okta.post("/Groups", json!({"schemas": [schema], "displayName": "pushed"})).await.expect(201);
    scene.run(&["groups", "rename", "pushed", "other"]).await.expect(6);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn roles_clusters_and_people_who_leave() {
    let scene = Scene::set().await;
    let okta = scene.organization.connection("okta", Profile::Okta).await;
    scene.push(&okta, "ada@acme.test").await;
    assert_snapshot!("roles_list", scene.shows(&["roles", "list"]).await);
    scene.run(&["clusters", "declare", "prod-eu", "--cast-ai-id", "3f25"]).await.expect(0);
    scene.run(&["clusters", "change", "prod-eu", "--slug", "prod", "--cast-ai-id", ""]).await.expect(0);
    let cluster = scene.run(&["clusters", "list", "-o", "json"]).await.expect(0).json()["items"][0].clone();
    assert_eq!((&cluster["slug"], &cluster["external_id"]), (&json!("prod"), &json!(null)));
    scene.run(&["clusters", "remove", "prod", "--yes"]).await.expect(0);
    assert_eq!(scene.run(&["clusters", "list", "-o", "name"]).await.expect(0).out, "");
    scene.run(&["users", "remove", "ada@acme.test", "--yes"]).await.expect(6);
    // Nobody's directory but our own.
    scene.world.app.recover_organization("acme", "grace@acme.example.com").await.unwrap();
    scene.run(&["users", "remove", "grace@acme.example.com"]).await.expect(2);
    scene.run(&["users", "remove", "grace@acme.example.com", "--yes"]).await.expect(0);
    assert!(!scene.run(&["users", "list"]).await.expect(0).out.contains("grace"));
    let keys = scene.run(&["users", "keys", "owner@acme.example.com", "-o", "json"]).await.expect(0).json();
    assert_eq!(keys["items"].as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_filter_finds_what_it_says_and_says_where_it_is_wrong() {
    let scene = Scene::set().await;
    let okta = scene.organization.connection("okta", Profile::Okta).await;
    for name in ["ada@acme.test", "bob@acme.test", "eve@other.test"] {
        scene.push(&okta, name).await;
    }
    scene.run(&["users", "suspend", "bob@acme.test", "--yes"]).await.expect(0);
    let found = async |filter: &str| {
        let said = scene.run(&["users", "list", "--filter", filter, "-o", "json"]).await.expect(0);
        let names = said.json()["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["user_name"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>();
        names.join(" ")
    };
    assert_eq!(found("state eq \"suspended\"").await, "bob@acme.test");
    assert_eq!(found("user_name ew \"@acme.test\" and not (state eq \"suspended\")").await, "ada@acme.test");
    assert_eq!(found("attributes.userName sw \"eve\"").await, "eve@other.test");
    assert_eq!(found("state eq \"removed\"").await, "");
    let limited = ["users", "list", "--filter", "user_name co \"test\"", "--limit", "2", "-o", "name"];
    assert_eq!(scene.run(&limited).await.expect(0).out.lines().count(), 2);
    let wrong = scene.run(&["users", "list", "--filter", "state eq"]).await.expect(2);
    assert!(wrong.err.contains("column 9"), "{wrong:?}");
}
