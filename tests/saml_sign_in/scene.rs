//! One castgate, one real provider, one organization that trusts it.

use crate::{
    browser::{Browser, Page},
    have,
    provider::{Kind, Provider},
    world::{Answer, Organization, World},
};
use castgate::{app::Clock, config::Settings};
use serde_json::{Value, json};

pub const MAPPING: &str = r#"
default: viewer
rules:
  - name: owners
    groups: [castai-owners]
    grant: owner
  - name: cluster teams
    groups: k8s-{cluster}-{role}
    grant: "{role}"
    clusters: ["{cluster}"]
"#;

pub struct Scene {
    pub world: World,
    pub organization: Organization,
    pub provider: Provider,
    /// The connection's id.
    pub connection: String,
}

impl Scene {
    /// Everything set up by the API, as an owner does it: first castgate's side, which the provider has to know, then the
    /// provider's. None where the provider cannot run.
    pub async fn set(kind: Kind) -> Option<Self> {
        Self::set_with(kind, json!({})).await
    }

    /// With more settings of `saml`.
    pub async fn set_with(kind: Kind, more: Value) -> Option<Self> {
        Self::set_at(kind, more, "127.0.0.1").await
    }

    /// With castgate under this name: under “localhost” it is another site than its provider.
    pub async fn set_at(kind: Kind, more: Value, host: &str) -> Option<Self> {
        Self::set_with_clock(kind, more, host, Clock::machine()).await
    }

    /// With castgate's own clock.
    pub async fn set_with_clock(kind: Kind, more: Value, host: &str, clock: Clock) -> Option<Self> {
        Self::settled((kind, more), host, clock, |_| {}).await
    }

    /// With castgate's own settings.
    pub async fn settled(
        (kind, more): (Kind, Value),
        host: &str,
        clock: Clock,
        settle: impl FnOnce(&mut Settings),
    ) -> Option<Self> {
        if !have(&[kind.variable()]) {
            return None;
        }
        let mut world = World::start_with(clock, |settings| {
            let url = settings.server.origin().replace("127.0.0.1", host);
            settings.server.public_url = url.parse().unwrap();
            settle(settings);
        })
        .await;
        world.origin = world.origin.replace("127.0.0.1", host);
        let organization = world.organization("acme").await;
        let scene = Begun { world, organization };
        let settings = json!({"saml": {}, "domains": ["example.test"]});
        let made =
            scene.api("POST", "/connections", Some(json!({"name": "idp", "settings": settings}))).await.expect(201);
        let connection = made.id();
        assert_eq!(made.json()["enabled"], false, "of whom nothing is known nobody signs in");
        let refused = scene.api("POST", &format!("/connections/{connection}/enable"), None).await;
        assert_eq!(refused.status, 400, "a connection without a certificate cannot be enabled");
        let address = format!("/login/saml/{connection}/metadata");
        let metadata = scene.world.client.send("GET", &address, &[], None).await.expect(200).text;
        let provider = Provider::start(kind, &metadata);
        let mut saml = json!({"metadata_url": provider.metadata_url()});
        saml.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap());
        let settings = json!({"saml": saml, "domains": ["example.test"]});
        let path = format!("/connections/{connection}");
        scene.api("PUT", &path, Some(json!({"settings": settings}))).await.expect(200);
        scene.api("POST", &format!("{path}/enable"), None).await.expect(200);
        scene.api("POST", "/clusters", Some(json!({"slug": "staging"}))).await.expect(201);
        scene.api("POST", "/mapping/publish", Some(json!({"text": MAPPING}))).await.expect(200);
        let Begun { world, organization } = scene;
        Some(Self { world, organization, provider, connection })
    }

    /// The owner's API.
    pub async fn api(&self, method: &str, path: &str, body: Option<Value>) -> Answer {
        api(&self.world, &self.organization, method, path, body).await
    }

    /// The address of a connection's door.
    pub fn door(&self, name: &str) -> String {
        format!("{}/login/saml/{}/{name}", self.world.origin, self.connection)
    }

    /// From castgate's sign-in page to the provider's, and to the page there that holds the answer.
    pub async fn until_answered(&self, browser: &mut Browser, user: &str) -> Page {
        let page = browser.open(&format!("{}/login", self.world.origin)).await.expect(200, "/login");
        let email = format!("{user}@example.test");
        let mut page = browser.submit(&page, "/login", &[("email", &email)]).await;
        if page.url.as_str().starts_with(&self.world.origin) {
            // To the provider by a form: a script sends it in browsers that have one.
            page = browser.submit(&page, "", &[]).await;
        }
        self.at_provider(browser, page, user).await
    }

    /// Answers the provider's question who it is; what comes is the page with its answer.
    pub async fn at_provider(&self, browser: &mut Browser, page: Page, user: &str) -> Page {
        assert_eq!(page.status, 200, "the provider does not like something: {page:?}");
        if page.text.contains("name=\"SAMLResponse\"") {
            return page;
        }
        let filled: &[(&str, &str)] = match self.provider.kind {
            Kind::Pysaml2 => &[("login", user)],
            Kind::SimpleSamlPhp => &[("username", user), ("password", "any")],
        };
        let page = browser.submit(&page, "", filled).await;
        assert!(page.text.contains("name=\"SAMLResponse\""), "no answer in {page:?}");
        page
    }

    /// From castgate's sign-in page through the provider's pages to whatever castgate answers.
    pub async fn sign_in(&self, browser: &mut Browser, user: &str) -> Page {
        let page = self.until_answered(browser, user).await;
        browser.submit(&page, "/acs", &[]).await
    }

    /// Signs somebody in, in a browser of their own, and accepts the terms.
    pub async fn enter(&self, user: &str) -> Browser {
        let mut browser = Browser::new();
        let page = self.sign_in(&mut browser, user).await;
        self.accept(&mut browser, page).await;
        browser
    }

    /// Accepts the terms, if they stand before everything.
    pub async fn accept(&self, browser: &mut Browser, page: Page) {
        assert_eq!(page.status, 200, "{page:?}");
        if page.url.path() == "/terms" {
            browser.submit(&page, "/terms", &[]).await.expect(200, "/account");
        } else {
            page.expect(200, "/account");
        }
    }

    /// What a service behind the gateway is told about a browser.
    pub async fn verify(&self, browser: &mut Browser) -> Page {
        browser.ask(&format!("{}/auth/verify", self.world.origin)).await
    }

    /// The roles that a browser's person has.
    pub async fn roles(&self, browser: &mut Browser) -> Vec<String> {
        let page = self.verify(browser).await.expect(200, "/auth/verify");
        page.header("x-castgate-roles").split(',').filter(|role| !role.is_empty()).map(str::to_owned).collect()
    }

    /// What the organization's events say of this kind, the newest first.
    pub async fn events(&self, kind: &str) -> Vec<Value> {
        let all = self.api("GET", "/events?limit=100", None).await.expect(200).json();
        all["items"].as_array().unwrap().iter().filter(|event| event["kind"] == kind).cloned().collect()
    }
}

/// Before there is a provider.
struct Begun {
    world: World,
    organization: Organization,
}

impl Begun {
    async fn api(&self, method: &str, path: &str, body: Option<Value>) -> Answer {
        api(&self.world, &self.organization, method, path, body).await
    }
}

async fn api(world: &World, of: &Organization, method: &str, path: &str, body: Option<Value>) -> Answer {
    let bearer = format!("Bearer {}", of.key);
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
    world.client.send(method, &format!("/api/v1{path}"), &headers, body.map(|body| body.to_string())).await
}
