//! Documents of strangers: names that somebody else may take, lines that nobody sees, and more than anybody reads.

use super::configurations::{conflict, owner, plan};
use crate::harness::{connect, everywhere, shown_domain, user};
use castgate::app::Configuration;
use serde_json::json;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_name_that_another_provider_may_push_first_is_given_nothing() {
    everywhere(async |world| {
        let (app, ctx) = (&world.app, owner(world));
        let boss = json!({"userName": "boss@acme.test", "emails": [{"value": "boss@acme.test", "primary": true}]});
        let text = |name: &str| format!("bindings: [{{user: {name}, role: owner}}]\n");
        // The only provider there is says who is called what.
        let contractors = world.push_of(&world.okta().await);
        app.create_user(&contractors, &world.okta().await, user(boss)).await.unwrap();
        assert_eq!(plan(world, &ctx, &text("boss@acme.test"), false).await.unwrap().changes.len(), 1);
        // Of several each may push any name.
        connect(app, &ctx, "employees", false).await;
        let told = plan(world, &ctx, &text("boss@acme.test"), false).await.unwrap();
        assert!(told.is_empty() && told.waiting[0].contains("“okta/boss@acme.test” may be another"), "{told}");
        let told = plan(world, &ctx, &text("okta/boss@acme.test"), false).await.unwrap();
        assert_eq!((told.changes.len(), told.waiting.len()), (1, 0), "{told}");
        // Whose the domain is was shown.
        let claim = shown_domain(world, "acme.test");
        let mut tx = world.store.write("test").await.unwrap();
        tx.set_domain_claim(&ctx.organization, &claim).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(plan(world, &ctx, &text("boss@acme.test"), false).await.unwrap().changes.len(), 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_line_that_a_plan_does_not_show_is_a_part_of_it() {
    everywhere(async |world| {
        let ctx = owner(world);
        let rules = |last: &str| {
            let rule =
                |number: usize, grant: &str| format!("  - {{name: r{number}, groups: [g{number}], grant: {grant}}}\n");
            let rules: String =
                (0..300).map(|number| rule(number, if number == 299 { last } else { "viewer" })).collect();
            format!("mapping: |\n  default: none\n  rules:\n{}", rules.replace("  - ", "    - "))
        };
        let seen = plan(world, &ctx, &rules("viewer"), false).await.unwrap();
        let applied = Configuration { text: rules("owner"), prune: false, plan: Some(seen.plan.clone()) };
        let refused = world.app.configure(&ctx, applied).await;
        assert_eq!(conflict(&refused).0, "plan_changed");
        let applied = Configuration { text: rules("viewer"), prune: false, plan: Some(seen.plan) };
        world.app.configure(&ctx, applied).await.unwrap();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_names_that_nobody_has_are_told_in_no_time_and_not_all() {
    everywhere(async |world| {
        for number in 0..50 {
            world.hire(&format!("somebody{number}")).await;
        }
        let names = (0..50_000).map(|number| format!("a{number}")).collect::<Vec<_>>().join(", ");
        let text = format!("groups:\n  - name: all\n    users: [{names}]\n");
        let told = plan(world, &owner(world), &text, false).await.unwrap();
        assert_eq!(told.waiting.len(), 201, "{:?}", told.waiting.last());
        assert_eq!(told.waiting[200], "… and 49800 more");
    })
    .await;
}
