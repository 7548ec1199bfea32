//! The way in, from an e-mail address to a service behind the gateway.

use crate::{browser::Browser, scene::DOMAIN, scene::Scene};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, jwk::JwkSet};
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn alice_signs_in_with_rs256_and_is_known_behind_the_gateway() {
    if let Some(scene) = Scene::set("RS256").await {
        walk(&scene).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn alice_signs_in_with_es256_and_is_known_behind_the_gateway() {
    if let Some(scene) = Scene::set("ES256").await {
        walk(&scene).await;
    }
}

async fn walk(scene: &Scene) {
    let mut browser = Browser::new();
    scene.verify(&mut browser, "").await.expect(401, "/auth/verify");
    let terms = scene.sign_in(&mut browser, "alice", "alice@example.test").await.expect(200, "/terms");
    // A session before the terms opens nothing else.
    let gated = scene.verify(&mut browser, "").await.expect(401, "/auth/verify");
    assert!(gated.text.contains("terms_not_accepted"), "{gated:?}");
    browser.open(&format!("{}/account", scene.world.origin)).await.expect(200, "/terms");
    let account = browser.submit(&terms, "/terms", &[]).await.expect(200, "/account");
    assert!(account.text.contains("Alice Ångström"), "{}", account.text);
    let known = scene.verify(&mut browser, "?audience=billing").await.expect(200, "/auth/verify");
    assert_eq!(known.header("x-castgate-email"), "alice@example.test");
    assert_eq!(known.header("x-castgate-organization"), scene.organization.founded.id.as_str());
    assert!(known.header("x-castgate-roles").contains("owner"), "{known:?}");
    let claims = verified(scene, known.header("x-castgate-jwt"), "billing").await;
    assert_eq!(claims["sub"], known.header("x-castgate-user"));
    assert_eq!(claims["email"], "alice@example.test");
    let life = claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap();
    assert!((1..=60).contains(&life), "{claims}");
}

/// The claims, as a service finds them that knows nothing but our published keys.
async fn verified(scene: &Scene, token: &str, audience: &str) -> Value {
    let keys = scene.world.client.get("/.well-known/jwks.json", &[]).await.expect(200).json();
    let keys: JwkSet = serde_json::from_value(keys).unwrap();
    let kid = jsonwebtoken::decode_header(token).unwrap().kid.unwrap();
    let key = DecodingKey::from_jwk(keys.find(&kid).unwrap()).unwrap();
    let mut validation = Validation::new(Algorithm::ES256);
    validation.set_audience(&[audience]);
    validation.set_issuer(&[&scene.world.origin]);
    jsonwebtoken::decode(token, &key, &validation).unwrap().claims
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_way_back_is_kept_through_provider_and_terms() {
    let Some(scene) = Scene::set("RS256").await else { return };
    let mut browser = Browser::new();
    let page = browser.open(&format!("{}/login?return_to=/account%3Ftab%3Dkeys", scene.world.origin)).await;
    let page = browser.submit(&page, "/login", &[("email", "nora@example.test")]).await;
    let page = scene.at_provider(&mut browser, page, "nora").await.expect(200, "/terms");
    let page = browser.submit(&page, "/terms", &[]).await.expect(200, "/account");
    assert_eq!(page.url.query(), Some("tab=keys"));
    assert_eq!(scene.roles(&mut browser).await, ["viewer"], "whom no rule gives anything is a viewer");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn new_keys_at_the_provider_work_at_once() {
    let Some(mut scene) = Scene::set("RS256").await else { return };
    let mut before = scene.enter("bob").await;
    scene.provider.rotate_keys();
    scene.enter("alice").await;
    scene.verify(&mut before, "").await.expect(200, "/auth/verify");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unknown_domain_leads_to_the_question_for_the_organization_and_to_no_list() {
    let Some(scene) = Scene::set("RS256").await else { return };
    scene.world.organization("nobody-signs-in").await;
    let mut browser = Browser::new();
    let page = browser.open(&format!("{}/login", scene.world.origin)).await;
    let page = browser.submit(&page, "/login", &[("email", "alice@elsewhere.test")]).await.expect(200, "/login");
    for name in ["ACME", "acme<", "okta", "nobody"] {
        assert!(!page.text.contains(name), "{name} is listed: {}", page.text);
    }
    let mut said = Vec::new();
    for organization in ["there-is-none", "nobody-signs-in"] {
        let page = browser.submit(&page, "/login", &[("organization", organization)]).await.expect(200, "/login");
        said.push(page.text.replace(organization, "SLUG"));
    }
    assert_eq!(said[0], said[1], "whether an organization exists shows");
    assert!(said[0].contains("/login/password"), "{said:?}");
    let page = browser.submit(&page, "/login", &[("organization", "acme")]).await;
    scene.at_provider(&mut browser, page, "alice").await.expect(200, "/terms");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_gets_in_whom_no_rule_lets_in_when_the_default_is_none() {
    let Some(scene) = Scene::set("RS256").await else { return };
    scene.publish(&crate::scene::MAPPING.replace("default: viewer", "default: none")).await;
    let mut browser = Browser::new();
    let page = scene.sign_in(&mut browser, "nora", &format!("nora@{DOMAIN}")).await.expect(403, "/login/callback");
    assert_eq!(
        page.alert(),
        "You are known, but no rule gives you access yet; please ask an owner of your organization."
    );
    scene.verify(&mut browser, "").await.expect(401, "/auth/verify");
    scene.enter("bob").await;
    let events = scene.api("GET", "/events", None).await.json();
    let refused = events["items"].as_array().unwrap().iter().any(|event| event["kind"] == json!("session.refused"));
    assert!(refused, "the owners see it: {events}");
}
