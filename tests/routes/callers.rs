//! Who gets what from which route: a golden file, and the declarations held to it.

use crate::scene::Scene;
use castgate::{
    app::Need,
    http::{self, Caller, Declared},
    model::BuiltInRole,
};
use std::fmt::Write as _;

/// Everybody who calls: a name, and the credential as a header.
fn callers(scene: &Scene) -> Vec<(&'static str, Option<(&'static str, String)>)> {
    let bearer = |secret: &str| Some(("authorization", format!("Bearer {secret}")));
    vec![
        ("nobody", None),
        ("foreign", bearer(&scene.other.key)),
        ("viewer", bearer(&scene.viewer)),
        ("analyst", bearer(&scene.analyst)),
        ("member", bearer(&scene.member)),
        ("owner", bearer(&scene.acme.key)),
        ("push", bearer(scene.push.token())),
        ("browser", Some(("cookie", scene.cookie.clone()))),
    ]
}

/// What signs out the browser that is asked with, or answers for as long as somebody else takes.
fn ends_the_caller(route: &Declared) -> bool {
    matches!(route.path.as_str(), "/logout" | "/login/link")
}

#[tokio::test]
async fn every_route_answers_everybody_as_the_golden_file_says() {
    let scene = Scene::set().await;
    let mut table = format!("{:60}", "");
    for (name, _) in callers(&scene) {
        write!(table, " {name:8}").unwrap();
    }
    table.push('\n');
    for route in http::routes() {
        if ends_the_caller(&route) {
            continue;
        }
        write!(table, "{:60}", format!("{} {}", route.method, route.path)).unwrap();
        for (name, credential) in callers(&scene) {
            let key = credential.as_ref().map_or("", |(_, value)| value.trim_start_matches("Bearer "));
            let path = scene.path(&route, key).await;
            let credential = credential.as_ref().map(|(name, value)| (*name, value.as_str()));
            let answer = scene.call(&route, &path, credential).await;
            write!(table, " {:8}", answer.status).unwrap();
            let what = format!("{name}: {} {path}: {answer:?}", route.method);
            holds_to_its_declaration(&route, name, &answer, &what);
            if answer.status < 300 && (name == "owner" || name == "push") {
                tells_what_it_declares(&scene, &route, answer.header("x-request-id"), &what).await;
            }
        }
        table.push('\n');
    }
    let table: String = table.lines().fold(String::new(), |all, line| all + line.trim_end() + "\n");
    insta::assert_snapshot!(table);
}

/// Whom a route is for, and what it needs, is what it does.
fn holds_to_its_declaration(route: &Declared, caller: &str, answer: &crate::world::Answer, what: &str) {
    assert!(!answer.header("x-request-id").is_empty(), "{what}");
    assert_eq!(answer.header("x-content-type-options"), "nosniff", "{what}");
    assert_ne!(answer.status, 405, "{what}");
    let is_key = ["foreign", "viewer", "analyst", "member", "owner"].contains(&caller);
    match route.who {
        Caller::Anyone => assert!(![401, 404].contains(&answer.status), "{what}"),
        Caller::SignedIn if caller != "browser" => {
            assert_eq!(answer.status, 303, "{what}");
            assert!(answer.header("location").starts_with("/login"), "{what}");
        }
        Caller::SessionOrKey | Caller::Key if !is_key && (caller != "browser" || route.who == Caller::Key) => {
            assert_eq!(answer.status, 401, "{what}");
            assert_eq!(answer.header("content-type"), "application/problem+json", "{what}");
            assert_eq!(answer.json()["instance"], answer.header("x-request-id"), "{what}");
        }
        Caller::ScimToken if caller != "push" => {
            assert_eq!(answer.status, 401, "{what}");
            assert_eq!(answer.json()["schemas"][0], "urn:ietf:params:scim:api:messages:2.0:Error", "{what}");
            assert_eq!(answer.header("www-authenticate"), "Bearer", "{what}");
        }
        Caller::SignedIn | Caller::SessionOrKey | Caller::Key | Caller::ScimToken => {
            assert_ne!(answer.status, 401, "{what}");
        }
    }
    let role = match caller {
        "viewer" => BuiltInRole::Viewer,
        "analyst" => BuiltInRole::Analyst,
        "member" => BuiltInRole::Member,
        "owner" => BuiltInRole::Owner,
        _ => return,
    };
    if let (Some(need @ Need::Capability(capability)), Caller::SessionOrKey) = (route.need, route.who) {
        if role.capabilities().contains(&capability) {
            assert_ne!(answer.status, 403, "{what}");
        } else {
            assert_eq!(answer.status, 403, "{what}");
            let said = answer.json()["detail"].as_str().unwrap().to_owned();
            assert!(said.contains(&need.to_string()), "declared is {need}: {what}");
        }
    }
}

/// A change writes the events that it declares, and no others.
async fn tells_what_it_declares(scene: &Scene, route: &Declared, request: &str, what: &str) {
    let events = scene.world.app.events(&scene.acme.operator, None, "", 20).await.unwrap();
    let told: Vec<_> = events.iter().filter(|event| event.request.as_str() == request).collect();
    for event in &told {
        assert!(route.tells.contains(&event.kind), "{:?} is not declared: {what}", event.kind);
    }
    let changed_nothing = ["/enable", "/reactivate", "/release", "/apply", "/member-changes", "/mirrored-keys"]
        .iter()
        .any(|end| route.path.ends_with(end));
    assert!(!route.is_change() || !told.is_empty() || changed_nothing, "no event: {what}");
}

/// A token of another kind, one that never was, and one in another header open nothing, and every reason looks the same.
#[tokio::test]
async fn a_token_of_the_wrong_kind_opens_nothing() {
    let scene = Scene::set().await;
    let (key, push) = (scene.acme.key.as_str(), scene.push.token());
    let session = scene.cookie.split_once('=').unwrap().1;
    let wrong = |who| match who {
        Caller::SessionOrKey | Caller::Key => {
            vec![push, session, "cgk_", "cgk_0000000000000000000000000000000000000000000000", "x"]
        }
        Caller::ScimToken => vec![key, session, "cgs_", "cgs_0000000000000000000000000000000000000000000000", "x"],
        Caller::Anyone | Caller::SignedIn => vec![],
    };
    for route in http::routes() {
        let path =
            route.part_names().iter().fold(route.path.clone(), |path, part| path.replace(&format!("{{{part}}}"), "x"));
        let nobody = scene.call(&route, &path, None).await;
        for secret in wrong(route.who) {
            let bearer = format!("Bearer {secret}");
            let answer = scene.call(&route, &path, Some(("authorization", &bearer))).await.expect(401);
            assert_eq!(answer.but_for_its_number(), nobody.but_for_its_number(), "{} {path}", route.method);
        }
    }
}
