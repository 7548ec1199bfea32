//! The set-up link: one connection, filled in and tried by somebody without an account, and nothing else.

use crate::{
    browser::Browser,
    have,
    scene::{DOMAIN, Scene},
};
use serde_json::{Value, json};
use std::time::Duration;

/// A scene whose connection knows nothing yet and is disabled, and a link to set it up.
async fn link(scene: &Scene) -> Value {
    let path = format!("/connections/{}", scene.connection);
    scene.api("POST", &format!("{path}/disable"), None).await.expect(200);
    let settings = json!({"settings": {"profile": "okta", "domains": [DOMAIN]}});
    scene.api("PUT", &path, Some(settings)).await.expect(200);
    scene.api("POST", &format!("{path}/setup-links"), Some(json!({}))).await.expect(201).json()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn somebody_without_an_account_sets_the_connection_up_and_tests_it() {
    let Some(scene) = Scene::set("RS256").await else { return };
    let made = link(&scene).await;
    let url = made["url"].as_str().unwrap();
    let mut it = Browser::new();
    let page = it.open(url).await;
    assert_eq!(page.status, 200, "{page:?}");
    assert!(page.text.contains("/login/callback") && page.text.contains("/scim/v2"), "{}", page.text);
    for secret in ["owners", "castai", scene.organization.founded.id.as_str(), "rules"] {
        assert!(!page.text.contains(secret), "{secret} is nobody's business here: {}", page.text);
    }
    let (client_id, secret) = scene.provider.client("RS256");
    // A value that is missing is said where it is.
    let wrong = it.submit(&page, url_path(url), &[("client_id", &client_id)]).await;
    assert!(wrong.status == 400 && wrong.alert().starts_with("issuer"), "{wrong:?}");
    assert!(wrong.text.contains(&client_id), "what was typed stays: {}", wrong.text);
    let filled = [("issuer", scene.provider.issuer.as_str()), ("client_id", &client_id), ("client_secret", &secret)];
    let saved = it.submit(&page, url_path(url), &filled).await.expect(200, url_path(url));
    assert!(saved.text.contains(&client_id) && !saved.text.contains(&secret), "{}", saved.text);
    let trial = it.submit(&saved, "/test", &[]).await;
    assert!(trial.url.path().starts_with("/login/test/"), "{trial:?}");
    let page = it.submit(&trial, "", &[]).await;
    let page = scene.at_provider(&mut it, page, "alice").await.expect(200, "/login/callback");
    assert!(page.text.contains("The sign-in works"), "{}", page.text);
    scene.verify(&mut it, "").await.expect(401, "/auth/verify");
    let page = it.open(url).await;
    assert!(page.text.contains("id=\"last-test\"") && page.text.contains("The sign-in works"), "{}", page.text);
    // The token that the provider pushes by is shown once.
    let with_token = it.submit(&page, "/scim-token", &[]).await;
    assert!(with_token.text.contains("id=\"scim-token\">cgs_"), "{}", with_token.text);
    assert!(!it.open(url).await.text.contains("cgs_"));
    // An admin looks and enables; the test was no owner's.
    let tests = scene.api("GET", &format!("/connections/{}/tests", scene.connection), None).await.json();
    assert_eq!(tests["items"][0]["result"]["by_owner"], false, "{tests:#}");
    assert_eq!(tests["items"][0]["started_by"], made["id"]);
    scene.api("POST", &format!("/connections/{}/enable", scene.connection), None).await.expect(200);
    scene.enter("alice").await;
}

fn url_path(url: &str) -> &str {
    &url[url.find("/setup/").unwrap()..]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_opens_nothing_else_changes_nothing_that_is_in_use_and_ends() {
    let Some(scene) = Scene::set("RS256").await else { return };
    let path = format!("/connections/{}/setup-links", scene.connection);
    let refused = scene.api("POST", &path, Some(json!({}))).await.expect(409);
    assert_eq!(refused.json()["code"], "enabled", "a connection that people sign in by has no such link");
    scene.api("POST", &path, Some(json!({"expires_in_days": 31}))).await.expect(400);
    let made = link(&scene).await;
    let url = made["url"].as_str().unwrap();
    let token = url.rsplit('/').next().unwrap();
    // It is no key, no session, no token of another kind.
    for (header, value) in [("authorization", format!("Bearer {token}")), ("cookie", format!("castgate={token}"))] {
        for path in ["/api/v1/me", "/api/v1/connections", "/scim/v2/Users"] {
            scene.world.client.get(path, &[(header, &value)]).await.expect(401);
        }
    }
    scene.world.client.get(&format!("/login/test/{token}"), &[]).await.expect(410);
    // Enabled: it shows, and changes nothing.
    scene.api("POST", &format!("/connections/{}/enable", scene.connection), None).await.expect(200);
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let evil = Some("issuer=https://evil.test&client_id=x&client_secret=y".to_owned());
    scene.world.client.send("POST", url_path(url), &form, evil.clone()).await.expect(409);
    scene.world.client.send("POST", &format!("{}/scim-token", url_path(url)), &[], None).await.expect(409);
    let settings = scene.api("GET", &format!("/connections/{}", scene.connection), None).await.json();
    assert_eq!(settings["settings"]["oidc"], Value::Null, "{settings:#}");
    // Another site cannot have a browser send it.
    scene.api("POST", &format!("/connections/{}/disable", scene.connection), None).await.expect(200);
    let crossing = [form[0], ("origin", "https://evil.test"), ("sec-fetch-site", "cross-site")];
    let crossed = scene.world.client.send("POST", url_path(url), &crossing, evil.clone()).await;
    assert_eq!(crossed.status, 403, "{crossed:?}");
    // Revoked.
    let listed = scene.api("GET", &path, None).await.expect(200);
    assert!(!listed.text.contains("cgu_"), "{}", listed.text);
    scene.api("DELETE", &format!("{path}/{}", made["id"].as_str().unwrap()), None).await.expect(204);
    scene.world.client.get(url_path(url), &[]).await.expect(410);
    scene.world.client.send("POST", url_path(url), &form, evil).await.expect(410);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_ends_by_itself() {
    let clock = castgate::app::Clock::fixed(castgate::app::Clock::machine().now(), 9);
    let Some(scene) = Scene::set_with("RS256", clock.clone(), |_| {}).await else { return };
    let made = link(&scene).await;
    clock.advance(Duration::from_hours(7 * 24 - 1));
    scene.world.client.get(url_path(made["url"].as_str().unwrap()), &[]).await.expect(200);
    clock.advance(Duration::from_hours(2));
    scene.world.client.get(url_path(made["url"].as_str().unwrap()), &[]).await.expect(410);
}

/// Looked at, in a browser that runs no script of ours because there is none.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_is_whole_in_chromium() {
    let Some(scene) = Scene::set("RS256").await else { return };
    if !have(&["CASTGATE_TEST_CHROMIUM"]) {
        return;
    }
    let made = link(&scene).await;
    let directory = tempfile::tempdir().unwrap();
    let pictures = std::env::var_os("CASTGATE_TEST_SCREENSHOTS").map_or(directory.path().to_owned(), Into::into);
    std::fs::create_dir_all(&pictures).unwrap();
    let picture = pictures.join("setup.png");
    let mut chromium = tokio::process::Command::new(std::env::var_os("CASTGATE_TEST_CHROMIUM").unwrap());
    chromium.args(["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--window-size=900,1500"]);
    chromium.arg(format!("--user-data-dir={}", directory.path().join("profile").display()));
    chromium.arg(format!("--screenshot={}", picture.display())).args(["--dump-dom", made["url"].as_str().unwrap()]);
    let output = chromium.output().await.unwrap();
    let dom = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(std::fs::metadata(&picture).unwrap().len() > 1000);
    assert!(dom.contains("Set up the sign-in of ACME") && dom.contains("id=\"client_secret\""), "{dom}");
    assert!(!dom.contains("<script"), "{dom}");
}
