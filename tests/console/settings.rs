//! Settings: webhooks that are told, and streams of security events that tell.

use crate::{
    issuer::{By, Issuer, keys},
    receiver::{Answer, Receiver},
    scene::Scene,
};
use castgate::{
    app::WebhookWish,
    model::{EventKind, WebhookId},
};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

const LIST: &str = "/console/settings/webhooks";
const ISSUER: &str = "https://idp.test";
const AUDIENCE: &str = "https://castgate.test";

/// What stands in the box of a secret that is shown once.
pub fn shown_once(page: &str) -> String {
    assert!(page.contains("it is not shown again"), "{page}");
    page.split_once("data-copy=\"\">").unwrap().1.split('<').next().unwrap().to_owned()
}

impl Scene {
    /// A webhook, with something that it was sent and something that was not taken.
    pub async fn webhook(&self, name: &str) -> (WebhookId, Receiver) {
        let (app, operator) = (&self.world.app, &self.acme.operator);
        let receiver = Receiver::start().await;
        let (url, kinds) = (Some(receiver.url.clone()), Some(vec![EventKind::GroupCreated]));
        let wish = WebhookWish { name: Some(name.to_owned()), url, kinds, active: None };
        let made = app.create_webhook(operator, wish).await.unwrap();
        assert!(made.secret.expose_secret().starts_with("whsec_"));
        receiver.answers([Answer::Status(204), Answer::Status(500)]);
        for group in ["told of", "not taken"] {
            app.create_local_group(operator, &format!("{group} by {name}")).await.unwrap();
        }
        self.deliver().await;
        (made.webhook.id, receiver)
    }

    /// Gives events their numbers, and tells whoever is due.
    async fn deliver(&self) {
        self.world.app.seal_events().await.unwrap();
        self.world.app.deliver_webhooks().await.unwrap();
    }

    /// The connection's provider tells of security events: the token that it shows.
    pub async fn stream(&self, jwks_url: &str) -> String {
        let path = format!("/console/settings/signals/{}", self.push.stored.id);
        let version = self.world.app.connection(&self.acme.operator, &self.push.stored.id).await.unwrap().version;
        let version = version.to_string();
        let pinned = [("issuer", ISSUER), ("audience", AUDIENCE), ("jwks_url", jwks_url), ("seen", version.as_str())];
        self.change(&path, &self.owner, &pinned).await.expect(303);
        let page = self.change(&format!("{path}/token"), &self.owner, &[]).await.expect(201).text;
        shown_once(&page)
    }

    /// What the provider says of Ada, and the status that it is answered.
    pub async fn told(&self, token: &str, claims: &Value, by: By) -> u16 {
        let set = keys().sign(by, r#"{"alg":"ES256","kid":"ec","typ":"secevent+jwt"}"#, &claims.to_string());
        let bearer = format!("Bearer {token}");
        let headers = [("authorization", bearer.as_str()), ("content-type", "application/secevent+jwt")];
        let path = format!("/ssf/{}/events", self.push.stored.id);
        self.world.client.send("POST", &path, &headers, Some(set)).await.status
    }

    /// The claims of an event about Ada.
    pub fn event(&self, event: &str) -> Value {
        let clock = self.world.app.clock();
        json!({
            "iss": ISSUER, "aud": AUDIENCE, "iat": clock.now().seconds(), "jti": clock.uuid().to_string(),
            "sub_id": {"format": "email", "email": "ada@acme.test"},
            "events": {format!("https://schemas.openid.net/secevent/{event}"): {"reason_admin": {"en": "reported stolen"}}},
        })
    }
}

#[tokio::test]
async fn a_webhook_is_made_tried_paused_given_another_secret_and_deleted_by_forms() {
    let scene = Scene::set().await;
    let receiver = Receiver::start().await;
    let empty = scene.page(LIST, &scene.owner).await.expect(200).text;
    assert!(empty.contains("Nobody is told yet") && empty.contains("Add a webhook"), "{empty}");
    let fields =
        [("name", "SIEM"), ("url", receiver.url.as_str()), ("kind", "user.suspended"), ("kind", "group.created")];
    let page = scene.change(LIST, &scene.owner, &fields).await.expect(201).text;
    let first = shown_once(&page);
    assert!(first.starts_with("whsec_") && page.contains("User suspended"), "{page}");
    let id = page.split_once(&format!("{LIST}/")).unwrap().1.split('/').next().unwrap().to_owned();
    let path = format!("{LIST}/{id}");
    let page = scene.page(&path, &scene.owner).await.expect(200).text;
    assert!(!page.contains("whsec_") && page.contains("Nothing yet"), "a secret is shown once: {page}");

    let page = scene.change(&format!("{path}/test"), &scene.owner, &[]).await.expect(200).text;
    assert!(page.contains("The test message was taken: it answered 204"), "{page}");
    receiver.answers([Answer::Status(503)]);
    let page = scene.change(&format!("{path}/test"), &scene.owner, &[]).await.expect(200).text;
    assert!(page.contains("The test message was not taken: it answered 503"), "{page}");

    let done = scene.change(&format!("{path}/state"), &scene.owner, &[("active", "no")]).await.expect(303);
    assert!(done.header("location").ends_with("said=paused"), "{done:?}");
    assert!(scene.page(LIST, &scene.owner).await.text.contains("Paused"));
    scene.change(&format!("{path}/state"), &scene.owner, &[("active", "yes")]).await.expect(303);

    let page = scene.change(&format!("{path}/rotate"), &scene.owner, &[("hours", "24")]).await.expect(201).text;
    assert!(shown_once(&page) != first && page.contains("The one before signs as well until"), "{page}");
    let page = scene.change(&format!("{path}/rotate"), &scene.owner, &[("hours", "0")]).await.expect(201).text;
    assert!(page.contains("The one before signs nothing any more"), "{page}");
    scene.change(&format!("{path}/rotate"), &scene.owner, &[("hours", "9000")]).await.expect(400);

    scene.change(&format!("{path}/delete"), &scene.owner, &[]).await.expect(303);
    scene.page(&path, &scene.owner).await.expect(404);
}

#[tokio::test]
async fn what_a_webhook_was_sent_is_shown_with_what_came_of_it_and_is_sent_again() {
    let scene = Scene::set().await;
    let (id, receiver) = scene.webhook("SIEM").await;
    let path = format!("{LIST}/{id}");
    let page = scene.page(&path, &scene.owner).await.expect(200).text;
    assert!(page.contains("Not taken") && page.contains("it answered 500") && page.contains("Group created"), "{page}");
    assert!(page.contains("the events behind it wait, and none is lost"), "{page}");
    assert!(scene.page(LIST, &scene.owner).await.text.contains("1 failure, tried again"));
    let again = page.split_once("/deliveries/").unwrap().1.split('/').next().unwrap().to_owned();
    let came = receiver.came().len();
    let page = scene.change(&format!("{path}/deliveries/{again}/redeliver"), &scene.owner, &[]).await.expect(200).text;
    assert!(
        page.contains("The event was taken: it answered 204") && !page.contains("state bad\">Not taken</span> last"),
        "{page}"
    );
    assert_eq!(receiver.came().len(), came + 1);
}

#[tokio::test]
async fn a_webhook_is_changed_as_it_was_seen_and_what_is_wrong_is_said_beside_its_field() {
    let scene = Scene::set().await;
    let (id, receiver) = scene.webhook("SIEM").await;
    let path = format!("{LIST}/{id}");
    let page = scene.page(&path, &scene.owner).await.expect(200).text;
    let seen = crate::journeys::hidden(&page, "seen");
    let fields = [("name", "Our SIEM"), ("url", receiver.url.as_str()), ("seen", seen.as_str())];
    scene.change(&path, &scene.owner, &fields).await.expect(303);
    let page = scene.page(&path, &scene.owner).await.expect(200).text;
    assert!(page.contains("Our SIEM") && page.contains("everything that happens"), "{page}");
    let stale = scene.change(&path, &scene.owner, &fields).await.expect(409).text;
    assert!(
        stale.contains("this changed since it was read") || stale.contains("This changed since it was read"),
        "{stale}"
    );
    let wrong = [("name", "x"), ("url", "ftp://siem.test/x"), ("seen", seen.as_str())];
    let page = scene.change(&path, &scene.owner, &wrong).await.expect(400).text;
    assert!(page.contains("value=\"ftp://siem.test/x\"") && page.contains("again-url-wrong"), "{page}");
    scene.change(LIST, &scene.owner, &wrong).await.expect(400);
}

#[tokio::test]
async fn a_stream_of_security_events_is_set_up_and_what_came_and_was_refused_is_shown() {
    let scene = Scene::set().await;
    let issuer = Issuer::start().await;
    let path = format!("/console/settings/signals/{}", scene.push.stored.id);
    let list = scene.page("/console/settings/signals", &scene.owner).await.expect(200).text;
    assert!(list.contains(">okta</a>") && list.contains("Not set up"), "{list}");
    let page = scene.page(&path, &scene.owner).await.expect(200).text;
    assert!(page.contains(&format!("/ssf/{}/events", scene.push.stored.id)) && page.contains("Nothing yet"), "{page}");

    let token = scene.stream(&issuer.url).await;
    assert_eq!(scene.told(&token, &scene.event("caep/event-type/session-revoked"), By::Es256).await, 202);
    let page = scene.page(&path, &scene.owner).await.expect(200).text;
    assert!(page.contains("Session revoked: <a") && page.contains("Ada Lovelace"), "{page}");
    assert!(page.contains("There was no session to end") && page.contains("reported stolen"), "{page}");
    assert!(!page.contains(&token), "a token is shown once");
    assert!(page.contains("Nothing: every message could be believed"), "{page}");

    assert_eq!(scene.told(&token, &scene.event("risc/event-type/account-disabled"), By::Stranger).await, 400);
    let page = scene.page(&path, &scene.owner).await.expect(200).text;
    assert!(page.contains("Last refused") && page.contains("Somebody who has the token sent it"), "{page}");

    scene.change(&format!("{path}/end"), &scene.owner, &[]).await.expect(303);
    assert_eq!(scene.told(&token, &scene.event("caep/event-type/session-revoked"), By::Es256).await, 400);
    let page = scene.page(&path, &scene.owner).await.expect(200).text;
    assert!(page.contains("Not set up") && !page.contains("End the stream"), "{page}");
    let settings = scene.world.app.connection(&scene.acme.operator, &scene.push.stored.id).await.unwrap().settings;
    assert_eq!(settings.signals, None);
}

#[tokio::test]
async fn whom_nobody_could_believe_is_refused_with_what_was_typed() {
    let scene = Scene::set().await;
    let path = format!("/console/settings/signals/{}", scene.push.stored.id);
    let fields =
        [("issuer", "https://idp.test"), ("audience", ""), ("jwks_url", "https://idp.test/keys"), ("seen", "1")];
    let page = scene.change(&path, &scene.owner, &fields).await.expect(400).text;
    assert!(page.contains("value=\"https://idp.test/keys\"") && page.contains("neither may be empty"), "{page}");
}
