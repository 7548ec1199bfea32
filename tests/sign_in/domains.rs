//! Whose an e-mail domain is, and single sign-on enforced for it.

use crate::{
    browser::Browser,
    dns::Dns,
    scene::{DOMAIN, Scene},
    world::Answer,
};
use castgate::{app::Clock, config::DomainProofs};
use serde_json::{Value, json};
use std::time::Duration;

/// A scene in which domains are shown by DNS, and the DNS.
async fn scene() -> Option<(Scene, Dns, Clock)> {
    let dns = Dns::start().await;
    // The machine's time, which the provider has too, and which can be moved.
    let clock = Clock::fixed(Clock::machine().now(), 7);
    let address = dns.address;
    let scene = Scene::set_with("RS256", clock.clone(), |settings| {
        settings.domains.proof = DomainProofs::Dns;
        settings.domains.resolvers = vec![address];
    })
    .await?;
    Some((scene, dns, clock))
}

impl Scene {
    async fn domain(&self) -> Value {
        self.api("GET", &format!("/domains/{DOMAIN}"), None).await.expect(200).json()
    }

    async fn at_domain(&self, verb: &str) -> Answer {
        self.api("POST", &format!("/domains/{DOMAIN}/{verb}"), None).await
    }

    /// Whether the sign-in page leads people of the domain to the provider by itself.
    async fn leads_there(&self) -> bool {
        let mut browser = Browser::new();
        let page = browser.open(&format!("{}/login", self.world.origin)).await.expect(200, "/login");
        let page = browser.submit(&page, "/login", &[("email", &format!("bob@{DOMAIN}"))]).await;
        page.url.as_str().starts_with(&self.provider.issuer)
    }
}

fn code(answer: &Answer) -> String {
    answer.json()["code"].as_str().unwrap_or_default().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_domain_is_the_organizations_when_its_dns_says_so_and_as_long_as_it_does() {
    let Some((scene, dns, clock)) = scene().await else { return };
    let claimed = scene.domain().await;
    assert_eq!((&claimed["proof"], &claimed["connection_name"]), (&Value::Null, &json!("okta")), "{claimed:#}");
    assert!(!scene.leads_there().await, "nothing rests on a claim");
    let (name, text) = (claimed["record"]["name"].as_str().unwrap(), claimed["record"]["value"].as_str().unwrap());
    assert_eq!(name, format!("_castgate.{DOMAIN}"));
    let refused = scene.at_domain("verify").await.expect(409);
    assert_eq!(code(&refused), "not_verified");
    assert!(refused.text.contains(name) && refused.text.contains(text), "what to do is said: {}", refused.text);
    dns.set(name, &["v=spf1 -all", "castgate-verification=somebody-elses"]);
    scene.at_domain("verify").await.expect(409);
    dns.set(name, &["v=spf1 -all", text]);
    let shown = scene.at_domain("verify").await.expect(200).json();
    assert_eq!(shown["proof"], "dns");
    assert!(scene.leads_there().await);

    // Another organization may say the same, and cannot show it: it has another text.
    let other = scene.world.organization("other").await;
    let bearer = format!("Bearer {}", other.key);
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
    let settings = json!({"name": "theirs", "settings": {"profile": "okta", "domains": [DOMAIN]}}).to_string();
    let theirs = scene.world.client.send("POST", "/api/v1/connections", &headers, Some(settings)).await.expect(409);
    assert_eq!(code(&theirs), "domain_taken");

    // The record goes. Nothing ends at once, and something does at last.
    dns.set(name, &[]);
    clock.advance(Duration::from_hours(25));
    assert_eq!(scene.world.app.keep_house().await.unwrap().domains, 1);
    let missing = scene.domain().await;
    assert_eq!((&missing["proof"], missing["missing_since"].is_null()), (&json!("dns"), false), "{missing:#}");
    clock.advance(Duration::from_hours(49));
    scene.world.app.keep_house().await.unwrap();
    assert_eq!(scene.domain().await["proof"], "dns", "three days are not over");
    clock.advance(Duration::from_hours(25));
    scene.world.app.keep_house().await.unwrap();
    assert_eq!(scene.domain().await["proof"], Value::Null);
    assert!(!scene.leads_there().await);
    let lost = scene.api("GET", "/events?filter=kind%20eq%20%22domain.lost%22", None).await.json();
    assert_eq!(lost["items"][0]["detail"]["domain"], DOMAIN, "{lost:#}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_name_server_that_is_away_takes_nothing_away() {
    let Some((scene, dns, clock)) = scene().await else { return };
    let record = scene.domain().await["record"].clone();
    dns.set(record["name"].as_str().unwrap(), &[record["value"].as_str().unwrap()]);
    scene.at_domain("verify").await.expect(200);
    let silent = castgate::net::TextRecords::new(vec!["127.0.0.1:1".parse().unwrap()]);
    assert!(silent.at(record["name"].as_str().unwrap()).await.is_err(), "silence is not “there is none”");
    for _ in 0..5 {
        clock.advance(Duration::from_hours(25));
        scene.world.app.keep_house().await.unwrap();
    }
    assert_eq!(scene.domain().await["proof"], "dns");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_operator_may_say_whose_a_domain_is_and_it_is_on_record() {
    let Some((scene, _, _)) = scene().await else { return };
    scene.world.app.assert_domain("acme", "never-claimed.test").await.unwrap_err();
    let shown = scene.world.app.assert_domain("acme", DOMAIN).await.unwrap();
    assert_eq!(shown.claim.proof.unwrap().name(), "operator");
    assert!(scene.leads_there().await);
    let event = scene.api("GET", "/events?filter=kind%20eq%20%22domain.asserted%22", None).await.json();
    assert_eq!(
        (&event["items"][0]["actor"], &event["items"][0]["detail"]["domain"]),
        (&json!("operator"), &json!(DOMAIN))
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn single_sign_on_is_enforced_only_after_an_owners_test_and_while_an_owner_is_left() {
    let Some(scene) = Scene::set("RS256").await else { return };
    assert_eq!(code(&scene.at_domain("enforce").await.expect(409)), "not_tested");
    // The settings change after the test: it says nothing about them.
    let (_, test) = scene.try_as("alice").await;
    assert_eq!(test["result"]["succeeded"], true, "{test:#}");
    let path = format!("/connections/{}", scene.connection);
    let mut settings = scene.api("GET", &path, None).await.json()["settings"].clone();
    settings["oidc"]["scopes"] = json!(["profile", "email", "groups", "address"]);
    scene.api("PUT", &path, Some(json!({"settings": settings}))).await.expect(200);
    assert_eq!(code(&scene.at_domain("enforce").await.expect(409)), "not_tested");
    settings["oidc"]["scopes"] = json!(["profile", "email", "groups"]);
    scene.api("PUT", &path, Some(json!({"settings": settings}))).await.expect(200);

    let enforced = scene.at_domain("enforce").await.expect(200).json();
    assert!(enforced["enforced_at"].is_string() && enforced["tested_at"].is_string(), "{enforced:#}");
    let body = json!({"settings": {"profile": "okta", "oidc": settings["oidc"], "domains": []}});
    assert_eq!(code(&scene.api("PUT", &path, Some(body)).await.expect(409)), "enforced", "it is released first");
    scene.enter("alice").await;
    scene.at_domain("release").await.expect(200);
    assert_eq!(scene.domain().await["enforced_at"], Value::Null);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_of_an_enforced_domain_come_in_by_its_connection_alone() {
    let Some(scene) = Scene::set("RS256").await else { return };
    // The same provider by a second connection, which has no domain.
    let (client_id, secret) = scene.provider.client("ES256");
    let oidc = json!({"issuer": scene.provider.issuer, "client_id": client_id});
    let other = json!({"name": "other", "settings": {"profile": "generic", "oidc": oidc}, "client_secret": secret});
    scene.api("POST", "/connections", Some(other)).await.expect(201);
    let by_other = async |browser: &mut Browser, user: &str| {
        let page = browser.open(&format!("{}/login", scene.world.origin)).await;
        let page = browser.submit(&page, "/login", &[("email", "somebody@elsewhere.test")]).await;
        let page = browser.submit(&page, "/login", &[("organization", "acme")]).await.expect(200, "/login");
        let action = page.text.split("<form").find(|form| form.contains("Continue with other")).unwrap();
        let connection = action.split("name=\"connection\" value=\"").nth(1).unwrap().split('"').next().unwrap();
        let fields = [("email", ""), ("organization", "acme"), ("connection", connection)];
        let page = browser.post(&format!("{}/login", scene.world.origin), &fields).await;
        scene.at_provider(browser, page, user).await
    };
    scene
        .publish("default: viewer\nrules:\n  - name: owners\n    groups: [okta/castai-owners]\n    grant: owner\n")
        .await;
    let mut bob = Browser::new();
    let terms = by_other(&mut bob, "bob").await.expect(200, "/terms");
    bob.submit(&terms, "/terms", &[]).await.expect(200, "/account");
    scene.try_as("alice").await;
    let invitation = json!({"invitations": [{"email": format!("nora@{DOMAIN}"), "role": "viewer"}]});
    scene.api("POST", "/invitations", Some(invitation)).await;
    scene.at_domain("enforce").await.expect(200);
    // Who was in by another way is out, and does not come in again that way.
    scene.verify(&mut bob, "").await.expect(401, "/auth/verify");
    let page = by_other(&mut bob, "bob").await.expect(403, "/login/callback");
    assert!(page.alert().contains("company's own sign-in"), "{}", page.alert());
    assert!(page.text.contains("id=\"reference\""), "{}", page.text);
    let event = scene.api("GET", "/events?filter=kind%20eq%20%22domain.enforced%22", None).await.json();
    assert_eq!(event["items"][0]["detail"]["signed_out"], 1, "{event:#}");
    // By its own connection the domain's people come in.
    scene.enter("alice").await;
    scene.at_domain("release").await.expect(200);
    by_other(&mut Browser::new(), "bob").await.expect(200, "/account");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn enforcing_leaves_an_owner_who_can_sign_in() {
    let Some(scene) = Scene::set("RS256").await else { return };
    // The only owner has an address in the domain and comes in by one-time links alone.
    let lonely = castgate::app::NewOrganization {
        slug: "lonely".to_owned(),
        name: "Lonely".to_owned(),
        owner: "owner@lonely.test".to_owned(),
        accept_terms: true,
    };
    let founded = Box::pin(scene.world.app.found_organization(&lonely)).await.unwrap();
    let bearer = format!("Bearer {}", founded.key.expose());
    let api = async |method: &str, path: &str, body: Option<Value>| {
        let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
        let body = body.map(|body| body.to_string());
        scene.world.client.send(method, &format!("/api/v1{path}"), &headers, body).await
    };
    let (client_id, secret) = scene.provider.client("RS256");
    let oidc = json!({"issuer": scene.provider.issuer, "client_id": client_id});
    let settings = json!({"profile": "okta", "oidc": oidc, "domains": ["lonely.test"]});
    let new = json!({"name": "okta", "settings": settings, "client_secret": secret});
    let connection = api("POST", "/connections", Some(new)).await.expect(201).id();
    let begun = api("POST", &format!("/connections/{connection}/tests"), None).await.expect(201).json();
    scene.follow(begun["url"].as_str().unwrap(), "alice").await.expect(200, "/login/callback");
    let refused = api("POST", "/domains/lonely.test/enforce", None).await.expect(409);
    assert_eq!(code(&refused), "last_owner", "{}", refused.text);
    let still = api("GET", "/domains/lonely.test", None).await.expect(200).json();
    assert_eq!(still["enforced_at"], Value::Null, "{still:#}");
}
