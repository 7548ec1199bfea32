//! The test of a connection over SAML: a real sign-in that changes nothing.

use crate::{
    browser::{Browser, Page},
    provider::Kind,
    scene::{MAPPING, Scene},
};
use serde_json::{Value, json};

impl Scene {
    /// The path of the connection.
    pub fn path(&self) -> String {
        format!("/connections/{}", self.connection)
    }

    /// Begins a test as the owner, and follows its address to the provider and back.
    pub async fn try_as(&self, user: &str) -> (Page, Value) {
        let tests = format!("{}/tests", self.path());
        let begun = self.api("POST", &tests, None).await.expect(201).json();
        let mut browser = Browser::new();
        let page = browser.open(begun["url"].as_str().unwrap()).await;
        let page = self.finish_test(&mut browser, page, user).await;
        (page, self.api("GET", &format!("{tests}/{}", begun["id"].as_str().unwrap()), None).await.json())
    }

    /// From the page of a test through the provider's to the result.
    pub async fn finish_test(&self, browser: &mut Browser, page: Page, user: &str) -> Page {
        assert_eq!(page.status, 200, "{page:?}");
        let mut page = browser.submit(&page, "", &[]).await;
        if page.url.as_str().starts_with(&self.world.origin) {
            page = browser.submit(&page, "", &[]).await;
        }
        let answer = self.at_provider(browser, page, user).await;
        let page = browser.submit(&answer, "/acs", &[]).await;
        assert_eq!(self.verify(browser).await.status, 401, "nobody is in by a test");
        page
    }

    /// Everything that a sign-in may change.
    async fn standing(&self) -> Vec<Value> {
        let mut all = Vec::new();
        for path in ["/users", "/groups", "/bindings", "/sign-ins"] {
            all.push(self.api("GET", path, None).await.expect(200).json()["items"].clone());
        }
        all
    }

    /// Changes some settings of `saml`.
    pub async fn change(&self, more: &Value) {
        let mut settings = self.api("GET", &self.path(), None).await.expect(200).json()["settings"].clone();
        settings["saml"].as_object_mut().unwrap().extend(more.as_object().cloned().unwrap());
        self.api("PUT", &self.path(), Some(json!({"settings": settings}))).await.expect(200);
    }
}

/// While the connection is disabled: that is when admins test.
async fn a_test_shows_what_would_be(kind: Kind) {
    let Some(scene) = Scene::set(kind).await else { return };
    scene.api("POST", &format!("{}/disable", scene.path()), None).await.expect(200);
    let before = scene.standing().await;
    let (page, test) = scene.try_as("alice").await;
    assert!(page.status == 200 && page.url.path().ends_with("/acs"), "{page:?}");
    assert!(page.text.contains("The sign-in works"), "{}", page.text);
    assert!(page.text.contains("alice@example.test") && !page.text.contains("“owners”"), "{}", page.text);
    let result = &test["result"];
    assert_eq!((&result["succeeded"], &result["new_person"]), (&json!(true), &json!(true)), "{test:#}");
    assert_eq!((&result["by_owner"], &result["protocol"]), (&json!(true), &json!("saml")), "{test:#}");
    assert_eq!(result["claims"]["email"], "alice@example.test", "{test:#}");
    assert!(result["facts"].to_string().contains("alice@example.test"), "{test:#}");
    assert!(result["rules"].to_string().contains("“owners”"), "{test:#}");
    assert!(result["access"].to_string().contains("owner"), "{test:#}");
    assert_eq!(scene.standing().await, before);
    scene.api("POST", &format!("{}/enable", scene.path()), None).await.expect(200);
    scene.enter("alice").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_test_at_pysaml2_shows_what_would_be_and_changes_nothing() {
    a_test_shows_what_would_be(Kind::Pysaml2).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_test_at_simplesamlphp_shows_what_would_be_and_changes_nothing() {
    a_test_shows_what_would_be(Kind::SimpleSamlPhp).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_test_that_fails_says_why_and_what_nearly_was() {
    let Some(scene) = Scene::set(Kind::Pysaml2).await else { return };
    let rule = "\n  - name: interns\n    when: title eq \"Intern\"\n    grant: viewer\n";
    let mapping = format!("{}{rule}", MAPPING.trim_end().replace("default: viewer", "default: none"));
    scene.api("POST", "/mapping/publish", Some(json!({"text": mapping}))).await.expect(200);
    let (shown, test) = scene.try_as("carol").await;
    assert!(shown.text.contains("data-failure=\"no_rule_matched\""), "{}", shown.text);
    assert!(!shown.text.contains("interns"), "rules are for admins: {}", shown.text);
    assert_eq!(test["result"]["failure"], "no_rule_matched", "{test:#}");
    assert!(test["result"]["near_misses"].to_string().contains("interns"), "{test:#}");
    // The provider signs with a key that the connection does not have, and there is no address to read it at.
    scene.change(&json!({"metadata_url": null})).await;
    scene.provider.rotate_keys();
    let (shown, test) = scene.try_as("alice").await;
    assert!(shown.text.contains("data-failure=\"wrong_certificate\""), "{}", shown.text);
    assert_eq!(test["result"]["failure"], "wrong_certificate", "{test:#}");
    assert!(test["result"]["claims"].as_object().is_none_or(serde_json::Map::is_empty), "nothing unsigned: {test:#}");
    let listed = scene.api("GET", &format!("{}/tests", scene.path()), None).await.expect(200).json();
    assert_eq!(listed["items"].as_array().unwrap().len(), 2, "{listed:#}");
    let events = scene.events("connection.tested").await;
    assert_eq!(
        (&events[0]["detail"]["succeeded"], &events[0]["detail"]["failure"]),
        (&json!(false), &json!("wrong_certificate"))
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_answer_of_a_test_signs_nobody_in_and_is_good_for_one_result() {
    let Some(scene) = Scene::set(Kind::Pysaml2).await else { return };
    let begun = scene.api("POST", &format!("{}/tests", scene.path()), None).await.expect(201).json();
    let mut browser = Browser::new();
    let page = browser.open(begun["url"].as_str().unwrap()).await.expect(200, url_path(&begun));
    let page = browser.submit(&page, "", &[]).await;
    let answer = scene.at_provider(&mut browser, page, "alice").await;
    // Another browser, which signs in, is given the test's answer; and the test's browser a second time.
    let mut other = Browser::new();
    scene.until_answered(&mut other, "bob").await;
    let stolen = other.submit(&answer, "/acs", &[]).await;
    assert_eq!(stolen.status, 502, "{stolen:?}");
    let thief = browser.clone();
    let page = browser.submit(&answer, "/acs", &[]).await;
    assert!(page.text.contains("The sign-in works"), "{}", page.text);
    let mut thief = thief;
    assert_eq!(thief.submit(&answer, "/acs", &[]).await.status, 410);
    assert_eq!(scene.verify(&mut thief).await.status, 401);
}

fn url_path(begun: &Value) -> &str {
    let url = begun["url"].as_str().unwrap();
    &url[url.find("/login/test/").unwrap()..]
}
