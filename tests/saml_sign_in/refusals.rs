//! Who does not get in: by another's answer, by one that was used, by one that nobody asked for.

use crate::{
    browser::{Browser, Page},
    provider::Kind,
    scene::Scene,
};
use serde_json::json;

const LOST: &str = "This sign-in has expired or began in another browser; please start again.";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_opens_only_the_browser_that_asked_and_only_once() {
    let Some(scene) = Scene::set(Kind::Pysaml2).await else { return };
    let mut alice = Browser::new();
    let answer = scene.until_answered(&mut alice, "alice").await;
    // Posted by another site into a browser that has asked nothing, or something else.
    let mut victim = Browser::new();
    let page = victim.submit(&answer, "/acs", &[]).await;
    assert_eq!((page.status, page.alert().as_str()), (400, LOST));
    let mut bob = Browser::new();
    scene.until_answered(&mut bob, "bob").await;
    let page = bob.submit(&answer, "/acs", &[]).await;
    assert_eq!(page.status, 502, "it answers another request: {page:?}");
    let thief = alice.clone();
    let page = alice.submit(&answer, "/acs", &[]).await;
    scene.accept(&mut alice, page).await;
    // The very cookie and the very answer, a second time.
    let mut thief = thief;
    let page = thief.submit(&answer, "/acs", &[]).await;
    assert_eq!(page.status, 400, "{page:?}");
    assert_eq!(scene.verify(&mut thief).await.status, 401);
    let page = alice.submit(&answer, "/acs", &[]).await;
    assert_eq!((page.status, page.alert().as_str()), (400, LOST), "the browser forgot the request");
    let why: Vec<_> =
        scene.events("session.refused").await.iter().map(|event| event["detail"]["why"].to_string()).collect();
    assert!(why.iter().any(|why| why.contains("used before")), "{why:?}");
    assert!(why.iter().any(|why| why.contains("not the request of this sign-in")), "{why:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_changed_letter_signs_nobody_in() {
    let Some(scene) = Scene::set(Kind::SimpleSamlPhp).await else { return };
    let mut browser = Browser::new();
    let answer = scene.until_answered(&mut browser, "bob").await;
    let forged = answer.changed("bob@example.test", "eve@example.test");
    let page = browser.submit(&forged, "/acs", &[]).await;
    assert_eq!(page.status, 502, "{page:?}");
    assert_eq!(scene.verify(&mut browser).await.status, 401);
}

impl Page {
    /// The same page with another answer in it.
    pub fn changed(&self, from: &str, to: &str) -> Self {
        let form = self.form("/acs");
        let (_, field) = form.fields.iter().find(|(name, _)| name == "SAMLResponse").unwrap();
        let xml = String::from_utf8(data_encoding::BASE64.decode(field.as_bytes()).unwrap()).unwrap();
        assert!(xml.contains(from));
        let field = data_encoding::BASE64.encode(xml.replace(from, to).as_bytes());
        let text = format!(
            "<form method=\"post\" action=\"{}\"><input name=\"SAMLResponse\" value=\"{field}\"></form>",
            form.action
        );
        Self { url: self.url.clone(), status: 200, headers: self.headers.clone(), text }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_nobody_asked_for_is_refused_unless_the_connection_takes_it_and_then_asks() {
    let Some(scene) = Scene::set(Kind::Pysaml2).await else { return };
    let mut browser = Browser::new();
    let start = format!("{}/start", scene.provider.origin);
    let page = browser.open(&start).await;
    let answer = scene.at_provider(&mut browser, page, "alice").await;
    let page = browser.submit(&answer, "/acs", &[]).await;
    assert_eq!((page.status, page.alert().as_str()), (400, LOST));

    let path = format!("/connections/{}", scene.connection);
    let mut settings = scene.api("GET", &path, None).await.expect(200).json()["settings"].clone();
    settings["saml"]["idp_initiated"] = json!(true);
    scene.api("PUT", &path, Some(json!({"settings": settings}))).await.expect(200);
    let ask = browser.submit(&answer, "/acs", &[]).await;
    assert_eq!(ask.status, 200, "{ask:?}");
    assert!(ask.text.contains("alice@example.test") && ask.text.contains("ACME"), "{}", ask.text);
    assert_eq!(scene.verify(&mut browser).await.status, 401, "nobody is in before they agree");
    // Another site cannot agree for them.
    let field = ask.form("/confirm").fields[0].1.clone();
    let body = url::form_urlencoded::Serializer::new(String::new()).append_pair("SAMLResponse", &field).finish();
    let headers = [
        ("content-type", "application/x-www-form-urlencoded"),
        ("sec-fetch-site", "cross-site"),
        ("origin", "https://evil.test"),
    ];
    let door = format!("/login/saml/{}/confirm", scene.connection);
    scene.world.client.send("POST", &door, &headers, Some(body)).await.expect(403);
    let page = browser.submit(&ask, "/confirm", &[]).await;
    scene.accept(&mut browser, page).await;
    assert_eq!(scene.roles(&mut browser).await, ["owner"]);
    let mut thief = Browser::new();
    let page = thief.submit(&ask, "/confirm", &[]).await;
    assert_eq!(page.status, 400, "an answer is for one use: {page:?}");
    // Who asked gets what they asked for: an answer to nothing is not one.
    let mut other = Browser::new();
    let page = other.open(&start).await;
    scene.at_provider(&mut other, page, "bob").await;
}
