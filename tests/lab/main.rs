//! The demo's outside world: castgate's sign-in against the lab's provider, and what its pusher says to a SCIM service.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test stops where it is wrong")]

mod mapping;
mod scim_service;

use castgate::{
    lab::{Exchange, Lab, LabError, Person, Pusher, people},
    model::{Instant, OidcSettings},
    net::{Client, Policy},
    sso::{Callback, GroupsClaim, Identity, Oidc, Pending, SsoError},
};
use http::Request;
use scim_service::ScimService;
use secrecy::SecretString;
use serde_json::json;
use std::collections::HashMap;
use url::{Url, form_urlencoded};

const REDIRECT: &str = "http://127.0.0.1:9/login/callback";

/// A castgate and a browser before the lab's provider.
struct Desk {
    lab: Lab,
    http: Client,
    oidc: Oidc,
    settings: OidcSettings,
}

impl Desk {
    async fn new() -> Self {
        let lab = Lab::start(REDIRECT).await.unwrap();
        let http = Client::new(Policy { allow_private_addresses: true, ..Policy::default() });
        let settings = OidcSettings::new(&lab.issuer, &lab.client_id);
        Self { oidc: Oidc::new(http.clone()), lab, http, settings }
    }

    async fn begin(&self) -> (Url, Pending) {
        let begun = self.oidc.begin(&self.settings, REDIRECT, None, now()).await.unwrap();
        (Url::parse(&begun.url).unwrap(), begun.pending)
    }

    /// Chooses somebody on the sign-in page; the answer is the query that castgate gets.
    async fn choose(&self, sign_in_page: &Url, person: &Person) -> HashMap<String, String> {
        let page = self.http.get(sign_in_page.as_str()).await.unwrap();
        assert_eq!(page.status, 200);
        let page = String::from_utf8(page.body).unwrap();
        assert!(page.contains(&format!("value=\"{}\"", person.external_id)), "{page}");
        let form = form_urlencoded::Serializer::new(String::new())
            .append_pair("request", sign_in_page.query().unwrap())
            .append_pair("person", &person.external_id)
            .finish();
        let request = Request::post(format!("{}/sign-in", self.lab.issuer)).body(form.into_bytes()).unwrap();
        let answer = self.http.send(request).await.unwrap();
        let location = Url::parse(answer.headers()["location"].to_str().unwrap()).unwrap();
        assert!(location.as_str().starts_with(REDIRECT), "{location}");
        location.query_pairs().into_owned().collect()
    }

    async fn finish(&self, pending: &Pending, answer: &HashMap<String, String>) -> Result<Identity, SsoError> {
        let callback: Callback = serde_json::from_value(json!(answer)).unwrap();
        let secret = SecretString::from(self.lab.client_secret.as_str());
        self.oidc.finish(&self.settings, Some(&secret), REDIRECT, pending, &callback, now()).await
    }

    async fn sign_in(&self, person: &Person) -> Identity {
        let (page, pending) = self.begin().await;
        let answer = self.choose(&page, person).await;
        self.finish(&pending, &answer).await.unwrap()
    }
}

fn now() -> Instant {
    #[expect(clippy::disallowed_methods, reason = "the lab's clock cannot be moved")]
    Instant(jiff::Timestamp::now().as_microsecond())
}

fn person(email: &str) -> Person {
    people::everybody().into_iter().find(|person| person.email == email).unwrap()
}

#[tokio::test]
async fn somebody_chosen_on_the_page_signs_in_to_castgate() {
    let desk = Desk::new().await;
    let ada = person("ada.lindqvist@northwind.example");
    let identity = desk.sign_in(&ada).await;
    assert_eq!((&identity.issuer, &identity.subject), (&desk.lab.issuer, &ada.external_id));
    assert_eq!(identity.groups, GroupsClaim::Present(ada.groups.clone()));
    assert_eq!(identity.claims["email_verified"], true);
    let summary = desk.oidc.discover(&desk.settings, now()).await.unwrap();
    assert_eq!((summary.pkce_s256, summary.names_issuer_in_answers, summary.usable_keys), (Some(true), true, 1));
}

#[tokio::test]
async fn a_partners_person_carries_the_object_id_that_entra_pushes() {
    let desk = Desk::new().await;
    let joy = person("joy.young@fieldworks.example");
    let identity = desk.sign_in(&joy).await;
    assert_eq!(identity.claims["oid"], json!(joy.external_id));
    assert_ne!(identity.subject, joy.external_id);
}

#[tokio::test]
async fn sign_in_goes_on_after_the_provider_rotates_its_keys() {
    let desk = Desk::new().await;
    let ada = person("ada.lindqvist@northwind.example");
    desk.sign_in(&ada).await;
    desk.lab.rotate_keys().unwrap();
    desk.sign_in(&ada).await;
}

#[tokio::test]
async fn a_code_works_once_and_only_with_its_own_verifier() {
    let desk = Desk::new().await;
    let ada = person("ada.lindqvist@northwind.example");
    let (page, pending) = desk.begin().await;
    let answer = desk.choose(&page, &ada).await;
    desk.finish(&pending, &answer).await.unwrap();
    let again = desk.finish(&pending, &answer).await.unwrap_err();
    assert!(matches!(&again, SsoError::CodeRefused { error, .. } if error == "invalid_grant"), "{again:?}");

    let (page, mut pending) = desk.begin().await;
    let answer = desk.choose(&page, &ada).await;
    pending.pkce_verifier = "v".repeat(43);
    let stolen = desk.finish(&pending, &answer).await.unwrap_err();
    assert!(matches!(&stolen, SsoError::CodeRefused { error, .. } if error == "invalid_grant"), "{stolen:?}");
}

#[tokio::test]
async fn the_provider_refuses_who_it_does_not_know_and_what_lacks_pkce() {
    let desk = Desk::new().await;
    let (page, _) = desk.begin().await;
    let bent = |name: &str, value: &str| {
        let pairs: Vec<_> = page.query_pairs().into_owned().filter(|(found, _)| found != name).collect();
        let mut bent = page.clone();
        bent.query_pairs_mut().clear().extend_pairs(pairs).append_pair(name, value);
        bent
    };
    for (name, value) in [("client_id", "other"), ("redirect_uri", "https://evil.example/")] {
        let answer = desk.http.get(bent(name, value).as_str()).await.unwrap();
        assert_eq!((answer.status.as_u16(), answer.headers.get("location")), (400, None), "{name}");
    }
    for (name, value) in
        [("code_challenge_method", "plain"), ("code_challenge", ""), ("scope", "profile"), ("response_type", "token")]
    {
        let answer = desk.http.get(bent(name, value).as_str()).await.unwrap();
        assert_eq!(answer.status, 303, "{name}");
        assert!(answer.headers["location"].to_str().unwrap().contains("error="), "{name}");
    }
}

#[tokio::test]
async fn signing_out_returns_to_castgate_and_nowhere_else() {
    let desk = Desk::new().await;
    for (target, status) in [("http://127.0.0.1:9/bye", 303), ("https://evil.example/", 400)] {
        let url =
            desk.oidc.end_session_url(&desk.settings, (None, None), target, Some("s"), now()).await.unwrap().unwrap();
        assert_eq!(desk.http.get(&url).await.unwrap().status, status, "{target}");
    }
}

#[tokio::test]
async fn the_lab_listens_on_nothing_but_127_0_0_1() {
    for address in ["0.0.0.0:0", "[::]:0", "[::1]:0", "127.0.0.2:0", "192.0.2.7:0"] {
        let outcome = Lab::start_at(address.parse().unwrap(), REDIRECT).await;
        assert!(matches!(outcome, Err(LabError::NotLoopback(_))), "{address}: {outcome:?}");
    }
}

#[tokio::test]
async fn everybody_is_pushed_once_by_their_own_directory() {
    let everybody = people::everybody();
    for (dialect, users, groups) in [(Pusher::okta as fn(&str, &str) -> Pusher, 34, 7), (Pusher::entra, 6, 1)] {
        let service = ScimService::start().await;
        let mut pusher = dialect(&service.base, "token");
        for pass in ["first", "second"] {
            let log = pusher.push_everybody(&everybody).await.unwrap();
            let failed = log.iter().find(|exchange| !exchange.succeeded());
            assert_eq!(failed, None, "{pass}");
            assert_eq!((service.count("Users"), service.count("Groups")), (users, groups), "{pass}");
        }
    }
}

/// A dialogue as a person reads it.
fn told(log: &[Exchange]) -> String {
    let lines = log.iter().map(|exchange| {
        let body = exchange.body.as_ref().map(|body| format!("\n  {body}")).unwrap_or_default();
        format!("{} {} → {}{body}\n", exchange.method, exchange.path, exchange.status)
    });
    lines.collect()
}

async fn dialogue(mut pusher: Pusher, email: &str, group: &str) -> String {
    let mut person = person(email);
    let mut log = pusher.test_connection().await.unwrap();
    log.extend(pusher.push_person(&person).await.unwrap());
    log.extend(pusher.push_group(group, &[&person]).await.unwrap());
    "Principal".clone_into(&mut person.title);
    log.extend(pusher.update(&person).await.unwrap());
    log.extend(pusher.remove_from_group(group, &person).await.unwrap());
    log.extend(pusher.add_to_group(group, &person).await.unwrap());
    log.extend(pusher.deactivate(&person).await.unwrap());
    log.extend(pusher.reactivate(&person).await.unwrap());
    log.extend(pusher.rename_group(group, "renamed").await.unwrap());
    log.extend(pusher.delete_group("renamed").await.unwrap());
    told(&log)
}

#[tokio::test]
async fn okta_speaks_as_okta_does() {
    let service = ScimService::start().await;
    let pusher = Pusher::okta(&service.base, "token");
    insta::assert_snapshot!(dialogue(pusher, "mei.tanaka@northwind.example", "platform-oncall").await);
    let heads = service.heads();
    assert!(heads.iter().all(|head| head.contains("user-agent: Okta SCIM Client 1.0.0")), "{heads:?}");
    assert!(heads.iter().all(|head| head.contains("authorization: Bearer token")), "{heads:?}");
}

#[tokio::test]
async fn entra_speaks_as_entra_does() {
    let service = ScimService::start().await;
    let pusher = Pusher::entra(&service.base, "token");
    insta::assert_snapshot!(dialogue(pusher, "joy.young@fieldworks.example", "contractors-field").await);
}

#[tokio::test]
async fn a_pusher_that_starts_anew_finds_whom_it_pushed_before() {
    let service = ScimService::start().await;
    let mei = person("mei.tanaka@northwind.example");
    Pusher::okta(&service.base, "token").push_person(&mei).await.unwrap();
    let log = Pusher::okta(&service.base, "token").deactivate(&mei).await.unwrap();
    assert_eq!(log.len(), 2, "{log:?}");
    assert!(log.iter().all(Exchange::succeeded), "{log:?}");

    Pusher::okta(&service.base, "token").push_group("engineering", &[&mei]).await.unwrap();
    let log = Pusher::okta(&service.base, "token").push_group("engineering", &[&mei]).await.unwrap();
    let methods: Vec<_> = log.iter().map(|exchange| (exchange.method, exchange.status)).collect();
    assert_eq!(methods, [("POST", 409), ("GET", 200), ("GET", 200), ("PATCH", 204), ("PATCH", 204)]);
}
