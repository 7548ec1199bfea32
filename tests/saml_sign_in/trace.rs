//! Every sign-in over SAML leaves a trace; a person who fails reads out a code, and an admin finds why.

use crate::{
    browser::{Browser, Page},
    provider::Kind,
    scene::{MAPPING, Scene},
};
use castgate::app::Clock;
use serde_json::{Value, json};
use std::time::Duration;

impl Scene {
    /// The trace of the code on a page.
    async fn trace_of(&self, page: &Page) -> Value {
        let (_, rest) = page.text.split_once("id=\"reference\">").unwrap_or_else(|| panic!("no code on {page:?}"));
        let code = rest.split('<').next().unwrap();
        let heard = code.to_lowercase().replace('-', "%20");
        self.api("GET", &format!("/sign-ins/{heard}"), None).await.expect(200).json()
    }

    /// The trace of a sign-in that failed so; nobody is in by it.
    pub async fn failed(&self, browser: &mut Browser, page: &Page, failure: &str) -> Value {
        let trace = self.trace_of(page).await;
        assert_eq!((&trace["outcome"], &trace["failure"]), (&json!("failed"), &json!(failure)), "{trace:#}");
        assert_eq!((&trace["protocol"], &trace["connection"]), (&json!("saml"), &json!(self.connection)), "{trace:#}");
        assert!(trace["meaning"].is_string() && trace["remedy"].is_string(), "{trace:#}");
        assert_eq!(trace["request"], page.header("x-request-id"), "the log's number is the page's");
        assert!(!page.text.contains("ignature") && !page.text.contains("certificate"), "plain words: {}", page.text);
        assert_eq!(self.verify(browser).await.status, 401);
        trace
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn success_says_which_groups_and_rules_gave_which_roles() {
    let Some(scene) = Scene::set(Kind::Pysaml2).await else { return };
    scene.enter("alice").await;
    let traces = scene.api("GET", "/sign-ins", None).await.expect(200).json()["items"].clone();
    let trace = &traces[0];
    assert_eq!(
        (&trace["outcome"], &trace["protocol"]),
        (&json!("held"), &json!("saml")),
        "the terms came first: {trace:#}"
    );
    assert!(trace["rules"].to_string().contains("“owners” gives owner"), "{trace:#}");
    assert!(trace["groups"].to_string().contains("castai-owners"), "{trace:#}");
    let messages = trace["messages"].to_string();
    assert!(messages.contains("/idp") && messages.contains("in_response_to"), "{trace:#}");
    assert!(!trace.to_string().contains("SignatureValue"), "{trace:#}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whom_no_rule_lets_in_reads_out_a_code_and_the_admin_sees_what_was_missing() {
    let Some(scene) = Scene::set(Kind::SimpleSamlPhp).await else { return };
    let rule = "\n  - name: interns\n    when: title eq \"Intern\"\n    grant: viewer\n";
    let text = format!("{}{rule}", MAPPING.trim_end().replace("default: viewer", "default: none"));
    scene.api("POST", "/mapping/publish", Some(json!({"text": text}))).await.expect(200);
    let mut browser = Browser::new();
    let page = scene.sign_in(&mut browser, "carol").await;
    assert_eq!(page.status, 403, "{page:?}");
    let trace = scene.failed(&mut browser, &page, "no_rule_matched").await;
    assert!(trace["near_misses"].to_string().contains("interns"), "{trace:#}");
    assert!(trace["claims"].as_object().unwrap().values().all(Value::is_null), "names, and no values: {trace:#}");
    let events = scene.events("session.refused").await;
    assert_eq!(events[0]["detail"]["code"], trace["code"], "the owners' event leads to it: {events:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_certificate_a_changed_answer_and_a_second_use_have_each_their_own_word() {
    let Some(scene) = Scene::set(Kind::Pysaml2).await else { return };
    let mut alice = Browser::new();
    let answer = scene.until_answered(&mut alice, "alice").await;
    let mut thief = alice.clone();
    let mut forger = alice.clone();
    let changed = forger.submit(&answer.changed("alice@example.test", "eve@example.test"), "/acs", &[]).await;
    scene.failed(&mut forger, &changed, "signature_invalid").await;
    let page = alice.submit(&answer, "/acs", &[]).await;
    scene.accept(&mut alice, page).await;
    let page = thief.submit(&answer, "/acs", &[]).await;
    scene.failed(&mut thief, &page, "replayed").await;
    let mut stranger = Browser::new();
    let page = stranger.submit(&answer, "/acs", &[]).await;
    let trace = scene.failed(&mut stranger, &page, "state_lost").await;
    assert!(trace["messages"].to_string().contains("in_response_to"), "what came is told: {trace:#}");
    let mut bob = Browser::new();
    scene.until_answered(&mut bob, "bob").await;
    let page = bob.submit(&answer, "/acs", &[]).await;
    scene.failed(&mut bob, &page, "nonce_mismatch").await;
    scene.change(&json!({"metadata_url": null})).await;
    scene.provider.rotate_keys();
    let mut carol = Browser::new();
    let page = scene.sign_in(&mut carol, "carol").await;
    let trace = scene.failed(&mut carol, &page, "wrong_certificate").await;
    assert!(trace["claims"].as_object().is_none_or(serde_json::Map::is_empty), "nothing unsigned: {trace:#}");
    let listed = scene.api("GET", "/sign-ins?failure=wrong_certificate", None).await.expect(200).json();
    assert_eq!(listed["items"].as_array().unwrap().len(), 1, "{listed:#}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_issuer_another_audience_and_another_place_have_each_their_own_word() {
    let Some(scene) = Scene::set(Kind::Pysaml2).await else { return };
    let mut alice = Browser::new();
    let answer = scene.until_answered(&mut alice, "alice").await;
    // A second connection to the same provider: what was said to the first is nothing to it.
    let saml = json!({"metadata_url": scene.provider.metadata_url()});
    let body = json!({"name": "second", "settings": {"saml": saml}});
    let second = scene.api("POST", "/connections", Some(body)).await.expect(201).id();
    let begun = scene.api("POST", &format!("/connections/{second}/tests"), None).await.expect(201).json();
    let mut browser = Browser::new();
    let page = browser.open(begun["url"].as_str().unwrap()).await;
    browser.stop_before = Some("/sso");
    browser.submit(&page, "", &[]).await;
    let form = answer.form("/acs");
    let field = &form.fields.iter().find(|(name, _)| name == "SAMLResponse").unwrap().1;
    let door = scene.door("acs").replace(&scene.connection, &second);
    let page = browser.post(&door, &[("SAMLResponse", field)]).await;
    assert!(page.text.contains("data-failure=\"wrong_recipient\""), "{page:?}");
    // The connection has learnt another name of the provider meanwhile.
    scene.change(&json!({"metadata_url": null, "entity_id": "https://other.test/idp"})).await;
    let page = alice.submit(&answer, "/acs", &[]).await;
    scene.failed(&mut alice, &page, "issuer_mismatch").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_comes_too_late_is_told_as_that() {
    let clock = Clock::fixed(Clock::machine().now(), 5);
    let Some(scene) = Scene::set_with_clock(Kind::Pysaml2, json!({}), "127.0.0.1", clock.clone()).await else { return };
    let mut alice = Browser::new();
    let answer = scene.until_answered(&mut alice, "alice").await;
    clock.advance(Duration::from_mins(8));
    let page = alice.submit(&answer, "/acs", &[]).await;
    let trace = scene.failed(&mut alice, &page, "assertion_expired").await;
    assert_eq!(trace["seconds"], 480, "{trace:#}");
    assert_eq!(trace["email"], "alice@example.test", "as it was typed: {trace:#}");
}
