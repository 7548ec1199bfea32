//! Names that would do harm where they are not escaped, on every page that shows names.

use crate::scene::Scene;

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

#[tokio::test]
async fn names_are_inert_on_every_page() {
    let scene = Scene::set().await;
    let mut ids = Vec::new();
    for (number, name) in canaries().iter().enumerate() {
        ids.push(scene.person(&format!("canary-{number}"), name, name).await);
        scene
            .world
            .app
            .create_local_group(&scene.acme.operator, &name.chars().take(60).collect::<String>())
            .await
            .unwrap();
    }
    let mut pages = vec!["/console/members".to_owned(), "/console/groups".to_owned()];
    pages.extend(ids.iter().map(|id| format!("/console/members/{id}")));
    pages.extend(ids.iter().map(|id| format!("/console/role-changes?user={id}&role=analyst")));
    for id in &ids {
        scene.give(id, "owner").await;
    }
    let fields = [("name", "Spring"), ("group_of", "2")];
    let answer = scene.change("/console/access-reviews", &scene.owner, &fields).await.expect(303);
    pages.push(answer.header("location").to_owned());
    let leaver = scene.person("leaver", &canaries()[0], "Finance").await;
    scene.push.delete(&format!("/Users/{leaver}")).await.expect(204);
    for (number, name) in canaries().iter().enumerate() {
        let short: String = name.chars().take(60).collect();
        // Ten are as many as there may be.
        let (webhook, _) = scene.webhook(&short).await;
        pages.push(format!("/console/settings/webhooks/{webhook}"));
        let rule = format!(
            "rules:\n  - name: {}\n    groups: [okta/x-{number}]\n    grant: viewer\n",
            serde_json::json!(name)
        );
        for (path, field) in [("plan", "person"), ("rule/open", "rule_open"), ("rule/remove", "rule_remove")] {
            let fields = [("text", rule.as_str()), (field, name.as_str())];
            let page = scene.change(&format!("/console/mapping/{path}"), &scene.owner, &fields).await.text;
            assert!(page.contains("What it would do"), "{page}");
            for harm in ["<script>document", "<img src=x"] {
                assert!(!page.contains(harm), "{path} has {harm}");
            }
        }
    }
    let issuer = crate::issuer::Issuer::start().await;
    scene.stream(&issuer.url).await;
    pages.push(format!("/console/settings/signals/{}", scene.push.stored.id));
    pages.extend(["settings/webhooks", "settings/signals"].map(|page| format!("/console/{page}")));
    pages.extend(["owners", "receipts", "settings/break-glass", "activity"].map(|page| format!("/console/{page}")));
    for path in pages {
        let page = scene.page(&path, &scene.owner).await.expect(200).text;
        for harm in ["<script>document", "<img src=x", "' onmouseover='document"] {
            assert!(!page.contains(harm) || harm.starts_with('\''), "{path} has {harm}");
        }
        // maud quotes attributes with ": a single quote cannot end one.
        assert!(!page.contains("=''"), "{path}");
    }
}
