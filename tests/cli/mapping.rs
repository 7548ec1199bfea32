//! A mapping on its way into force.

use crate::Scene;
use castgate::model::Profile;

const RULES: &str = "# Ours.
default: viewer
rules:
  - name: platform owners
    groups: [castai-owners]
    grant: owner
";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plan_says_by_its_exit_code_whether_anything_changes() {
    let scene = Scene::set().await;
    let okta = scene.organization.connection("okta", Profile::Okta).await;
    let ada = scene.push(&okta, "ada@acme.test").await;
    scene.push(&okta, "bob@acme.test").await;
    let schema = "urn:ietf:params:scim:schemas:core:2.0:Group";
    let group = serde_json::json!({"schemas": [schema], "displayName": "castai-owners", "members": [{"value": ada}]});
    okta.post("/Groups", group).await.expect(201);

    let said = scene.feed(&["mapping", "plan", "-"], RULES).await.expect(2);
    insta::assert_snapshot!("mapping_plan", said.steady());
    let refused = scene.feed(&["mapping", "publish", "-"], RULES).await.expect(2);
    assert!(refused.out.contains("ada@acme.test") && refused.err.contains("add --yes"), "{refused:?}");
    assert_eq!(scene.api("/mapping").await["in_force"], serde_json::Value::Null);

    let said = scene.feed(&["mapping", "publish", "-", "--yes"], RULES).await.expect(0);
    assert!(said.out.ends_with("Version 1 is in force.\n"), "{said:?}");
    assert_eq!(scene.run(&["mapping", "show"]).await.expect(0).out, RULES);
    scene.feed(&["mapping", "plan", "-"], RULES).await.expect(0);
    let plan = scene.feed(&["mapping", "plan", "-", "-o", "json"], "default: viewer\n").await.expect(2).json();
    assert_eq!(plan["diff"]["close"].as_array().unwrap().len(), 1);
    // A new default touches people and no binding.
    scene.feed(&["mapping", "plan", "-"], &RULES.replace("viewer", "analyst")).await.expect(2);

    let said = scene.feed(&["mapping", "plan", "-"], "rules: [{}]\n").await.expect(1);
    assert!(said.err.contains("mapping.yaml:1:9: error"), "{said:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_check_works_with_a_gateway_and_without() {
    let scene = Scene::set().await;
    let file = scene.contexts().with_file_name("mapping.yaml");
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    let path = file.to_str().unwrap();
    std::fs::write(&file, RULES.replace("grant: owner", "grant: owner\n    clusters: [prod-eu]")).unwrap();
    scene.run(&["mapping", "check", path, "--connection", "okta", "--cluster", "prod-eu"]).await.expect(0);
    scene.run(&["mapping", "check", path]).await.expect(1);
    // The organization knows no such cluster, until it does.
    let said = scene.run(&["mapping", "check", path, "--live"]).await.expect(1);
    assert!(said.out.contains("prod-eu"), "{said:?}");
    scene.run(&["clusters", "declare", "prod-eu"]).await.expect(0);
    scene.run(&["mapping", "check", path, "--live"]).await.expect(0);
    scene.run(&["mapping", "check", path, "--live", "--cluster", "prod-eu"]).await.expect(2);
    scene.run(&["mapping", "draft", path]).await.expect(0);
    assert_eq!(scene.run(&["mapping", "show", "--draft"]).await.expect(0).out, std::fs::read_to_string(&file).unwrap());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn versions_are_listed_compared_and_reverted_and_the_ways_to_owner_are_told() {
    let scene = Scene::set().await;
    scene.organization.connection("okta", Profile::Okta).await;
    let plan = scene.feed(&["mapping", "plan", "-", "-o", "json"], RULES).await.expect(0).json();
    let id = plan["plan"].as_str().unwrap();
    let publish = ["mapping", "publish", "-", "--yes", "--plan", id, "--reason", "the first one"];
    for _ in 0..2 {
        let said = scene.feed(&publish, RULES).await.expect(0);
        assert!(said.out.ends_with("Version 1 is in force.\n"), "{said:?}");
    }
    let other = RULES.replace("grant: owner", "grant: member");
    let refused = scene.feed(&publish, &other).await.expect(6);
    assert!(refused.err.contains("another text"), "{refused:?}");
    scene.feed(&["mapping", "publish", "-", "--yes"], &other).await.expect(0);
    let listed = scene.run(&["mapping", "versions"]).await.expect(0).out;
    assert!(listed.contains("the first one"), "{listed}");
    let diff = scene.run(&["mapping", "diff", "2"]).await.expect(0).out;
    assert!(diff.contains("-    grant: owner\n+    grant: member\n"), "{diff}");
    assert_eq!(scene.run(&["mapping", "show", "--version", "1"]).await.expect(0).out, RULES);
    let said = scene.run(&["mapping", "revert", "1", "--yes"]).await.expect(0);
    assert!(said.out.ends_with("Version 3 is in force.\n"), "{said:?}");
    assert_eq!(scene.run(&["mapping", "show"]).await.expect(0).out, RULES);
    let ways = scene.run(&["mapping", "owners"]).await.expect(0).out;
    assert!(ways.contains("rule “platform owners” (line 4): whoever is in castai-owners"), "{ways}");
    let past = scene.feed(&["mapping", "replay", "-", "--days", "3"], RULES).await.expect(0).out;
    assert!(past.contains("0 states would have come and gone"), "{past}");
    scene.run(&["mapping", "diff", "9"]).await.expect(5);
}
