//! The access graph: walked from a provider, a person, a role and a place.

use crate::scene::Scene;
use castgate::{
    app::{Gift, RoleWish},
    model::{Capability, Role, Subject},
};

async fn graph(scene: &Scene, query: &str) -> String {
    scene.page(&format!("/console/graph{query}"), &scene.owner).await.expect(200).text
}

#[tokio::test]
async fn the_graph_goes_from_providers_to_places_and_is_walked_from_either_end() {
    let scene = Scene::set().await;
    let (app, operator) = (&scene.world.app, &scene.acme.operator);
    let wish = RoleWish {
        name: Some("Cost watcher".to_owned()),
        capabilities: Some([Capability::ViewCosts].into()),
        ..RoleWish::default()
    };
    let watcher = app.create_role(operator, wish).await.unwrap().role.id;
    let machine = scene.machine("agent of staging-eu").await;
    let grace = scene.people[1].parse().unwrap();
    let gift = Gift { subject: Subject::User(grace), role: Role::Custom(watcher.clone()), cluster: None, until: None };
    app.give(operator, gift).await.unwrap();
    let whole = graph(&scene, "").await;
    for text in [
        "<title>okta</title>",
        "<title>group finance</title>",
        "<title>rule “analysts of finance”</title>",
        "<title>cluster staging-eu</title>",
        "<title>castgate itself</title>",
        "<title>service accounts</title>",
        "<title>Grace Hopper</title>",
    ] {
        assert!(whole.contains(text), "{text} is missing: {whole}");
    }
    let connection = &scene.push.stored.id;
    let from_okta = graph(&scene, &format!("?connection={connection}")).await;
    assert!(from_okta.contains("group finance") && from_okta.contains("Grace Hopper"), "{from_okta}");
    for other in ["<title>castgate itself", "<title>machine agent", "owner@acme.example.com</title>"] {
        assert!(!from_okta.contains(other), "{other} is of nobody: {from_okta}");
    }
    let from_role = graph(&scene, &format!("?role={watcher}")).await;
    assert!(from_role.contains("<title>Grace Hopper") && !from_role.contains("group finance"), "{from_role}");
    assert!(from_role.contains(&format!("<option value=\"{watcher}\" selected>Cost watcher")), "{from_role}");
    let cluster = app.clusters(operator).await.unwrap().into_iter().find(|one| one.slug == "staging-eu").unwrap().id;
    let from_place = graph(&scene, &format!("?scope={cluster}")).await;
    assert!(from_place.contains("k8s-staging-eu-member") && !from_place.contains("Grace Hopper"), "{from_place}");
    let from_machine = graph(&scene, &format!("?subject={machine}")).await;
    assert!(from_machine.contains("<title>machine agent of staging-eu") && from_machine.contains("Viewer"));
    let cluster_page = scene.page(&format!("/console/clusters/{cluster}"), &scene.owner).await.expect(200).text;
    assert!(cluster_page.contains("One role is held on it"), "what is lost is counted: {cluster_page}");
}

#[tokio::test]
async fn from_a_person_the_graph_has_what_comes_by_groups_and_by_default() {
    let scene = Scene::set().await;
    let (katherine, grace) = (&scene.people[2], &scene.people[1]);
    let hers = graph(&scene, &format!("?subject={katherine}")).await;
    assert!(hers.contains("Only what reaches") && hers.contains("Katherine Johnson"), "{hers}");
    assert!(hers.contains("<title>group finance") && hers.contains("<title>Analyst"), "{hers}");
    let by_default = graph(&scene, &format!("?subject={grace}")).await;
    assert!(by_default.contains("<title>the default") && by_default.contains("<title>Viewer"), "{by_default}");
    let narrowed = graph(&scene, &format!("?subject={katherine}&role=owner")).await;
    assert!(narrowed.contains("Nobody holds anything that fits"), "{narrowed}");
    let page = scene.page(&format!("/console/members/{katherine}"), &scene.owner).await.expect(200).text;
    assert!(page.contains(&format!("/console/graph?subject={katherine}")), "{page}");
}
