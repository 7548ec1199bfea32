//! Names that would do harm where they are not escaped, on every page that shows names.

use crate::{chromium::pages_without_ids, scene::Scene};
use castgate::{app::RoleWish, model::Capability};

/// Each of them tries something else.
pub fn canaries() -> Vec<String> {
    vec![
        "<script>document.title='broken'</script>".to_owned(),
        "\"><img src=x onerror=\"document.title='broken'\">".to_owned(),
        "' onmouseover='document.title=1' x='".to_owned(),
        "\u{202e}olleh\u{2066} שלום عالم".to_owned(),
        "A".repeat(1000),
        "👩🏽‍💻🏳️‍🌈 Zoë \u{0301}".to_owned(),
        "javascript:alert(1)//{{7*7}}${7*7}".to_owned(),
    ]
}

/// A thing of each noun whose name somebody chooses, with this name; the pages that each has of its own.
async fn named(scene: &Scene, number: usize, name: &str) -> Vec<String> {
    let (app, operator) = (&scene.world.app, &scene.acme.operator);
    let short: String = name.chars().take(60).collect();
    let group = app.create_local_group(operator, &short).await.unwrap().id;
    let slug = format!("canary-{number}");
    let cluster = app.declare_cluster(operator, &slug, Some(&short), Some(&short)).await.unwrap().id;
    let wish = RoleWish {
        name: Some(short.clone()),
        description: Some(name.chars().take(500).collect()),
        capabilities: Some([Capability::ViewCosts].into()),
        if_match: None,
    };
    let role = app.create_role(operator, wish).await.unwrap().role.id;
    let machine = scene.machine(&short).await;
    // Ten are as many as there may be.
    let (webhook, _) = scene.webhook(&short).await;
    vec![
        format!("/console/groups/{group}"),
        format!("/console/clusters/{cluster}"),
        format!("/console/roles/{role}"),
        format!("/console/service-accounts/{machine}"),
        format!("/console/graph?cluster={cluster}"),
        format!("/console/settings/webhooks/{webhook}"),
    ]
}

/// Somebody with this name, an owner with a key of that name; their pages.
async fn called(scene: &Scene, number: usize, name: &str) -> Vec<String> {
    let id = scene.person(&format!("canary-{number}"), name, name).await;
    scene.key(&id, &name.chars().take(60).collect::<String>(), 0).await;
    scene.give(&id, "owner").await;
    vec![
        format!("/console/members/{id}"),
        format!("/console/role-changes?user={id}&role=analyst"),
        format!("/console/graph?subject={id}"),
    ]
}

/// A mapping whose rule has this name, in the editor's own parts.
async fn drafted(scene: &Scene, number: usize, name: &str) {
    let quoted = serde_json::json!(name);
    let rule = format!("rules:\n  - name: {quoted}\n    groups: [okta/x-{number}]\n    grant: viewer\n");
    for (path, field) in [("plan", "person"), ("rule/open", "rule_open"), ("rule/remove", "rule_remove")] {
        let fields = [("text", rule.as_str()), (field, name)];
        let page = scene.change(&format!("/console/mapping/{path}"), &scene.owner, &fields).await.text;
        assert!(page.contains("What it would do"), "{page}");
        for harm in ["<script>document", "<img src=x"] {
            assert!(!page.contains(harm), "{path} has {harm}");
        }
    }
}

#[tokio::test]
async fn names_are_inert_on_every_page() {
    let scene = Scene::set().await;
    let mut pages = Vec::new();
    for (number, name) in canaries().iter().enumerate() {
        pages.extend(called(&scene, number, name).await);
        pages.extend(named(&scene, number, name).await);
        drafted(&scene, number, name).await;
    }
    let fields = [("name", "Spring"), ("group_of", "2")];
    let answer = scene.change("/console/access-reviews", &scene.owner, &fields).await.expect(303);
    pages.push(answer.header("location").to_owned());
    let leaver = scene.person("leaver", &canaries()[0], "Finance").await;
    let from = scene.world.app.clock().now();
    scene.push.delete(&format!("/Users/{leaver}")).await.expect(204);
    let span =
        [("source", "scim:okta"), ("from", &from.to_string()), ("to", &scene.world.app.clock().now().to_string())];
    let span = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(span).finish();
    pages.push(format!("/console/accidents/undo?{span}"));
    let receipt = scene.world.app.receipts(&scene.acme.operator, None, ("", 1)).await.unwrap().remove(0).id;
    pages.push(format!("/console/receipts/{receipt}"));
    let issuer = crate::issuer::Issuer::start().await;
    scene.stream(&issuer.url).await;
    let connection = &scene.push.stored.id;
    pages.push(format!("/console/settings/signals/{connection}"));
    pages.push(format!("/console/connections/{connection}"));
    pages.push(format!("/console/graph?connection={connection}"));
    // Which accident, its page does not know on its own.
    pages.extend(pages_without_ids().into_iter().filter(|page| page != "/console/accidents/undo"));
    for path in pages {
        let page = scene.page(&path, &scene.owner).await.expect(200).text;
        for harm in ["<script>document", "<img src=x"] {
            assert!(!page.contains(harm), "{path} has {harm}");
        }
        // maud quotes attributes with ": a single quote cannot end one.
        assert!(!page.contains("=''"), "{path}");
    }
}
