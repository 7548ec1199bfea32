//! The test of a connection: a real sign-in that changes nothing.

use crate::{
    browser::{Browser, Page},
    scene::{DOMAIN, MAPPING, Scene},
};
use serde_json::{Value, json};

impl Scene {
    fn tests(&self) -> String {
        format!("/connections/{}/tests", self.connection)
    }

    /// Begins a test as the owner, and follows its address to the provider and back.
    pub async fn try_as(&self, user: &str) -> (Page, Value) {
        let begun = self.api("POST", &self.tests(), None).await.expect(201).json();
        let page = self.follow(begun["url"].as_str().unwrap(), user).await;
        (page, self.api("GET", &format!("{}/{}", self.tests(), begun["id"].as_str().unwrap()), None).await.json())
    }

    pub async fn follow(&self, url: &str, user: &str) -> Page {
        let mut browser = Browser::new();
        let page = browser.open(url).await;
        assert_eq!(page.status, 200, "{page:?}");
        let page = browser.submit(&page, "", &[]).await;
        let page = self.at_provider(&mut browser, page, user).await;
        // Nobody is in by it.
        self.verify(&mut browser, "").await.expect(401, "/auth/verify");
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
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_test_shows_what_would_be_and_changes_nothing_even_while_the_connection_is_disabled() {
    let Some(scene) = Scene::set("RS256").await else { return };
    let path = format!("/connections/{}", scene.connection);
    scene.api("POST", &format!("{path}/disable"), None).await.expect(200);
    let before = scene.standing().await;
    let (page, test) = scene.try_as("alice").await;
    let page = page.expect(200, "/login/callback");
    assert!(page.text.contains("The sign-in works"), "{}", page.text);
    assert!(page.text.contains("alice@example.test") && !page.text.contains("“owners”"), "{}", page.text);
    let result = &test["result"];
    assert_eq!((&result["succeeded"], &result["new_person"]), (&json!(true), &json!(true)), "{test:#}");
    assert_eq!(result["by_owner"], true, "{test:#}");
    assert_eq!(result["claims"]["email"], "alice@example.test");
    assert!(result["rules"].to_string().contains("“owners”"), "{test:#}");
    assert!(result["access"].to_string().contains("owner"), "{test:#}");
    assert_eq!(scene.standing().await, before);
    scene.api("POST", &format!("{path}/enable"), None).await.expect(200);
    scene.enter("alice").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_test_that_fails_says_why_and_what_nearly_was() {
    let Some(scene) = Scene::set("RS256").await else { return };
    let rule = "\n  - name: interns\n    when: title eq \"Intern\"\n    grant: viewer\n";
    scene.publish(&format!("{}{rule}", MAPPING.trim_end().replace("default: viewer", "default: none"))).await;
    let (page, test) = scene.try_as("nora").await;
    assert!(page.text.contains("data-failure=\"no_rule_matched\""), "{}", page.text);
    assert!(!page.text.contains("interns"), "rules are for admins: {}", page.text);
    assert_eq!(test["result"]["failure"], "no_rule_matched", "{test:#}");
    assert!(test["result"]["near_misses"].to_string().contains("interns"), "{test:#}");
    // The client secret is wrong.
    let path = format!("/connections/{}", scene.connection);
    let settings = scene.api("GET", &path, None).await.json()["settings"].clone();
    let body = json!({"settings": settings, "client_secret": "not the secret at all"});
    scene.api("PUT", &path, Some(body)).await.expect(200);
    let (_, test) = scene.try_as("alice").await;
    assert_eq!(test["result"]["failure"], "client_refused", "{test:#}");
    assert!(!test.to_string().contains("not the secret at all"), "{test:#}");
    let listed = scene.api("GET", &scene.tests(), None).await.expect(200).json();
    assert_eq!(listed["items"].as_array().unwrap().len(), 2, "{listed:#}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_address_of_a_test_is_good_for_one_result() {
    let Some(scene) = Scene::set("RS256").await else { return };
    let begun = scene.api("POST", &scene.tests(), None).await.expect(201).json();
    let url = begun["url"].as_str().unwrap();
    scene.follow(url, "alice").await.expect(200, "/login/callback");
    let mut browser = Browser::new();
    let page = browser.open(url).await;
    assert!(page.status == 200 && page.text.contains("The sign-in works"), "{page:?}");
    let path = url.strip_prefix(&scene.world.origin).unwrap();
    scene.world.client.send("POST", path, &[], None).await.expect(410);
    let dead = path.replace("cgt_", "cgl_");
    scene.world.client.get(&dead, &[]).await.expect(410);
    let events = scene.api("GET", "/events?filter=kind%20eq%20%22connection.tested%22", None).await.json();
    assert_eq!(events["items"][0]["detail"]["succeeded"], true, "{events:#}");
    assert!(!events.to_string().contains(DOMAIN), "no personal values: {events:#}");
}
