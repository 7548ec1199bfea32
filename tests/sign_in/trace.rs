//! Every sign-in leaves a trace; a person who fails reads out a code, and an admin finds why.

use crate::{
    browser::{Browser, Page},
    scene::{DOMAIN, MAPPING, Scene},
    world::Answer,
};
use serde_json::Value;

impl Scene {
    /// The trace of the code on a page.
    async fn trace_of(&self, page: &Page) -> Value {
        let (_, rest) = page.text.split_once("id=\"reference\">").unwrap_or_else(|| panic!("no code on {page:?}"));
        let code = rest.split('<').next().unwrap();
        // As people write down what they hear.
        let heard = code.to_lowercase().replace('-', "%20");
        self.api("GET", &format!("/sign-ins/{heard}"), None).await.expect(200).json()
    }

    pub async fn sign_ins(&self, query: &str) -> Vec<Value> {
        let list: Answer = self.api("GET", &format!("/sign-ins{query}"), None).await.expect(200);
        list.json()["items"].as_array().unwrap().clone()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whom_no_rule_lets_in_reads_out_a_code_and_the_admin_sees_what_was_missing() {
    let Some(scene) = Scene::set("RS256").await else { return };
    let rule = "\n  - name: interns\n    when: title eq \"Intern\"\n    grant: viewer\n";
    scene.publish(&format!("{}{rule}", MAPPING.trim_end().replace("default: viewer", "default: none"))).await;
    let mut browser = Browser::new();
    let page = scene.sign_in(&mut browser, "nora", &format!("Nora@{DOMAIN}")).await.expect(403, "/login/callback");
    let trace = scene.trace_of(&page).await;
    assert_eq!(trace["outcome"], "failed", "{trace:#}");
    assert_eq!((&trace["failure"], &trace["protocol"]), (&"no_rule_matched".into(), &"oidc".into()), "{trace:#}");
    assert_eq!((&trace["email"], &trace["address"]), (&format!("Nora@{DOMAIN}").into(), &"127.0.0.1".into()));
    assert_eq!(trace["connection"], scene.connection.as_str());
    assert_eq!(trace["request"], page.header("x-request-id"), "the log's number is the page's");
    assert!(trace["meaning"].is_string() && trace["remedy"].as_str().unwrap().contains("near misses"), "{trace:#}");
    let near = trace["near_misses"].to_string();
    assert!(near.contains("interns"), "the rule that nearly gave something is named: {trace:#}");
    // The names of claims, and none of their values.
    assert!(trace["claims"].as_object().unwrap().iter().any(|(name, value)| name == "email" && value.is_null()));
    assert!(trace["claims"].as_object().unwrap().values().all(Value::is_null), "{trace:#}");
    let event = scene.api("GET", "/events?filter=kind%20eq%20%22session.refused%22", None).await.json();
    assert_eq!(event["items"][0]["detail"]["code"], trace["code"], "the owners' event leads to it: {event:#}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn success_says_which_groups_and_rules_gave_which_roles() {
    let Some(scene) = Scene::set("RS256").await else { return };
    let mut alice = scene.enter("alice").await;
    let id = scene.who(&mut alice).await;
    let traces = scene.sign_ins(&format!("?person={id}")).await;
    assert_eq!(traces.len(), 1, "{traces:#?}");
    let trace = &traces[0];
    assert_eq!(trace["outcome"], "held", "the terms came first: {trace:#}");
    assert_eq!(trace["failure"], "terms_not_accepted");
    let said = trace["rules"].to_string();
    assert!(said.contains("“owners” gives owner") && said.contains("castai-owners"), "{trace:#}");
    assert!(trace["access"].to_string().contains("owner"), "{trace:#}");
    assert!(trace["groups"].to_string().contains("castai-owners"), "{trace:#}");
    let mut again = Browser::new();
    scene.sign_in(&mut again, "alice", &format!("alice@{DOMAIN}")).await.expect(200, "/account");
    let traces = scene.sign_ins(&format!("?person=ALICE@{DOMAIN}&limit=1")).await;
    assert_eq!((traces.len(), &traces[0]["outcome"], &traces[0]["failure"]), (1, &"signed_in".into(), &Value::Null));
    assert!(traces[0]["seconds"].is_u64(), "{traces:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_browser_that_forgot_where_it_began_still_leads_to_a_trace() {
    let Some(scene) = Scene::set("RS256").await else { return };
    let mut bob = Browser::new();
    bob.stop_before = Some("/login/callback");
    let answer = scene.sign_in(&mut bob, "bob", &format!("bob@{DOMAIN}")).await.expect(0, "/login/callback");
    let page = Browser::new().open(answer.url.as_str()).await.expect(400, "/login/callback");
    let trace = scene.trace_of(&page).await;
    assert_eq!(trace["failure"], "state_lost", "{trace:#}");
    assert_eq!(trace["connection"], scene.connection.as_str());
    // A state that nobody sealed leads nowhere, and to no organization.
    let state: String = answer.url.query_pairs().find(|(name, _)| name == "state").unwrap().1.into_owned();
    let (random, tag) = state.split_once('.').unwrap();
    let turned: String = tag.chars().rev().collect();
    let tampered = answer.url.as_str().replace(tag, &turned).replace(random, "x");
    let page = Browser::new().open(&tampered).await.expect(400, "/login/callback");
    assert!(!page.text.contains("id=\"reference\""), "{}", page.text);
    assert_eq!(scene.sign_ins("?failure=state_lost").await.len(), 1);
    let events = scene.api("GET", "/events?filter=kind%20eq%20%22session.refused%22", None).await.json();
    assert_eq!(events["items"], serde_json::json!([]), "a stranger writes nothing into the audit trail");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_provider_refused_is_told_with_what_was_said_and_without_what_opens_anything() {
    let Some(scene) = Scene::set("RS256").await else { return };
    let mut bob = Browser::new();
    bob.stop_before = Some("/login/callback");
    let answer = scene.sign_in(&mut bob, "bob", &format!("bob@{DOMAIN}")).await.expect(0, "/login/callback");
    bob.stop_before = None;
    let code: String = answer.url.query_pairs().find(|(name, _)| name == "code").unwrap().1.into_owned();
    let state: String = answer.url.query_pairs().find(|(name, _)| name == "state").unwrap().1.into_owned();
    // The code is repeated where somebody might write it down.
    let refused = answer
        .url
        .as_str()
        .replace("code=", &format!("error=access_denied&error_description=not+assigned+{code}+{state}&not="));
    let page = bob.open(&refused).await.expect(403, "/login/callback");
    let trace = scene.trace_of(&page).await;
    assert_eq!(trace["failure"], "provider_refused", "{trace:#}");
    let text = trace.to_string();
    assert!(text.contains("access_denied") && text.contains("not assigned") && text.contains("[hidden]"), "{trace:#}");
    assert!(!text.contains(&code) && !text.contains(&state), "{trace:#}");
    // A code that was changed on its way: the provider does not take it.
    let mut carol = Browser::new();
    carol.stop_before = Some("/login/callback");
    let answer = scene.sign_in(&mut carol, "bob", &format!("bob@{DOMAIN}")).await.expect(0, "/login/callback");
    carol.stop_before = None;
    let page = carol.open(&answer.url.as_str().replace("code=", "code=x")).await;
    assert_eq!(scene.trace_of(&page).await["failure"], "code_refused");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn traces_are_of_their_organization_and_for_its_admins() {
    let Some(scene) = Scene::set("RS256").await else { return };
    let mut alice = scene.enter("alice").await;
    let code = scene.sign_ins("?limit=1").await[0]["code"].as_str().unwrap().to_owned();
    scene.enter("bob").await;
    let page = alice.ask(&format!("{}/api/v1/sign-ins/{code}", scene.world.origin)).await;
    assert_eq!(page.status, 200, "an owner in a browser: {page:?}");
    let other = scene.world.organization("other").await;
    let bearer = format!("Bearer {}", other.key);
    let path = format!("/api/v1/sign-ins/{code}");
    scene.world.client.get(&path, &[("authorization", &bearer)]).await.expect(404);
    let two = scene.api("GET", "/sign-ins?limit=1", None).await.expect(200).json();
    let next = two["next"].as_str().unwrap();
    let second = scene.sign_ins(&format!("?limit=1&after={next}")).await;
    assert_eq!(second[0]["code"], code.as_str(), "the newest first, page by page");
    scene.api("GET", "/sign-ins?failure=no_such", None).await.expect(400);
    assert_eq!(scene.sign_ins("?code=2222-2222").await.len(), 0);
    assert_eq!(scene.sign_ins(&format!("?code={}", code.to_lowercase())).await.len(), 1);
}
