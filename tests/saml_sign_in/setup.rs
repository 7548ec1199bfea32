//! The set-up link of a SAML connection: somebody without an account brings the provider's metadata, and tries it.

use crate::{
    browser::{Browser, Page},
    have,
    provider::Kind,
    scene::Scene,
};
use serde_json::{Value, json};

/// A scene whose connection knows no provider yet and is disabled, and a link to set it up.
async fn link(scene: &Scene, saml: Value) -> Value {
    scene.api("POST", &format!("{}/disable", scene.path()), None).await.expect(200);
    let settings = json!({"settings": {"saml": saml, "domains": ["example.test"]}});
    scene.api("PUT", &scene.path(), Some(settings)).await.expect(200);
    scene.api("POST", &format!("{}/setup-links", scene.path()), Some(json!({}))).await.expect(201).json()
}

/// Sends the form of the page with one of its values.
async fn fill(browser: &mut Browser, page: &Page, name: &str, value: &str) -> Page {
    browser.post(page.url.as_str(), &[(name, value)]).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn somebody_without_an_account_brings_the_metadata_and_tests_it() {
    let Some(scene) = Scene::set(Kind::Pysaml2).await else { return };
    let made = link(&scene, json!({"force_authn": true})).await;
    let url = made["url"].as_str().unwrap();
    let mut it = Browser::new();
    let page = it.open(url).await;
    assert_eq!(page.status, 200, "{page:?}");
    for ours in ["metadata", "acs"] {
        assert!(page.text.contains(&scene.door(ours)), "{ours}: {}", page.text);
    }
    assert!(!page.text.contains("client_id") && !page.text.contains("Test the sign-in"), "{}", page.text);
    // What cannot be used is said where it is, and nothing of it is kept.
    let ourselves = scene.world.client.get(&format!("/login/saml/{}/metadata", scene.connection), &[]).await.text;
    let away = "http://127.0.0.1:9/metadata";
    for (name, value, said) in [
        ("metadata_url", "", "metadata_url: give the address"),
        ("metadata_url", "javascript:alert(1)", "metadata_url"),
        ("metadata_url", away, "metadata_url"),
        ("metadata", "<a>", "metadata"),
        ("metadata", &ourselves, "metadata: "),
    ] {
        let wrong = fill(&mut it, &page, name, value).await;
        assert!([400, 409].contains(&wrong.status) && wrong.alert().starts_with(said), "{name} {value}: {wrong:?}");
        assert!(value != "<a>" || wrong.text.contains("&lt;a&gt;</textarea>"), "what was typed stays: {}", wrong.text);
    }
    let now = scene.api("GET", &scene.path(), None).await.expect(200).json();
    assert_eq!(now["settings"]["saml"]["entity_id"], "", "{now:#}");
    let saved = it.submit(&page, "", &[("metadata_url", &scene.provider.metadata_url())]).await;
    assert!(saved.status == 200 && saved.text.contains("id=\"provider\""), "{saved:?}");
    assert!(saved.text.contains(&format!("{}/idp", scene.provider.origin)), "{}", saved.text);
    let settings = scene.api("GET", &scene.path(), None).await.json()["settings"].clone();
    assert_eq!(settings["saml"]["force_authn"], true, "what an admin decided stays: {settings:#}");
    assert_eq!(settings["oidc"], Value::Null, "{settings:#}");
    let trial = it.submit(&saved, "/test", &[]).await;
    let page = scene.finish_test(&mut it, trial, "alice").await;
    assert!(page.text.contains("The sign-in works"), "{}", page.text);
    let page = it.open(url).await;
    assert!(page.text.contains("id=\"last-test\"") && page.text.contains("The sign-in works"), "{}", page.text);
    assert!(!page.text.contains("“owners”"), "rules are for admins: {}", page.text);
    // From the moment that it is enabled the link changes nothing.
    scene.api("POST", &format!("{}/enable", scene.path()), None).await.expect(200);
    scene.enter("alice").await;
    let refused = fill(&mut it, &page, "metadata_url", &scene.provider.metadata_url()).await;
    assert!(refused.status == 409 && refused.text.contains("is enabled"), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_document_does_where_the_address_cannot_be_reached() {
    let Some(scene) = Scene::set(Kind::SimpleSamlPhp).await else { return };
    let made = link(&scene, json!({})).await;
    let document = Browser::new().open(&scene.provider.metadata_url()).await.text;
    let mut it = Browser::new();
    let page = it.open(made["url"].as_str().unwrap()).await;
    let saved = fill(&mut it, &page, "metadata", &document).await;
    assert!(saved.status == 200 && saved.text.contains("id=\"provider\""), "{saved:?}");
    let settings = scene.api("GET", &scene.path(), None).await.json()["settings"].clone();
    assert_eq!(settings["saml"]["metadata_url"], Value::Null, "{settings:#}");
    scene.api("POST", &format!("{}/enable", scene.path()), None).await.expect(200);
    scene.enter("bob").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_is_whole_in_chromium() {
    let Some(scene) = Scene::set(Kind::Pysaml2).await else { return };
    if !have(&["CASTGATE_TEST_CHROMIUM"]) {
        return;
    }
    let made = link(&scene, json!({"metadata_url": scene.provider.metadata_url()})).await;
    let directory = tempfile::tempdir().unwrap();
    let pictures = std::env::var_os("CASTGATE_TEST_SCREENSHOTS").map_or(directory.path().to_owned(), Into::into);
    std::fs::create_dir_all(&pictures).unwrap();
    let picture = pictures.join("setup-saml.png");
    let mut chromium = tokio::process::Command::new(std::env::var_os("CASTGATE_TEST_CHROMIUM").unwrap());
    chromium.args(["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--window-size=900,1900"]);
    chromium.arg(format!("--user-data-dir={}", directory.path().join("profile").display()));
    chromium.arg(format!("--screenshot={}", picture.display())).args(["--dump-dom", made["url"].as_str().unwrap()]);
    let output = chromium.output().await.unwrap();
    let dom = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(std::fs::metadata(&picture).unwrap().len() > 1000);
    assert!(dom.contains("Set up the sign-in of ACME") && dom.contains("id=\"metadata\""), "{dom}");
    assert!(!dom.contains("<script"), "{dom}");
}
