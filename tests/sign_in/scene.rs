//! One castgate, one real provider, one organization that trusts it.

use crate::{
    browser::{Browser, Page},
    have,
    provider::Provider,
    world::{Answer, Organization, World},
};
use castgate::{app::Clock, config::Settings};
use serde_json::{Value, json};

/// The e-mail domain of everybody at the provider.
pub const DOMAIN: &str = "example.test";

/// In the place of an algorithm: the client that shows a key of its own instead of a secret.
pub const KEYS: &str = "keys";

pub const MAPPING: &str = r#"
default: viewer
rules:
  - name: owners
    groups: [castai-owners]
    grant: owner
  - name: engineers
    groups: [engineering]
    grant: analyst
  - name: the last of many
    groups: [group-250]
    grant: member
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
    scim_token: String,
}

impl Scene {
    /// Everything set up by the API, as an owner does it. None where the provider cannot run.
    pub async fn set(algorithm: &str) -> Option<Self> {
        Self::set_with(algorithm, Clock::machine(), |_| {}).await
    }

    /// The same with a clock and settings of one's own.
    pub async fn set_with(algorithm: &str, clock: Clock, settle: impl FnOnce(&mut Settings)) -> Option<Self> {
        if !have(&["CASTGATE_TEST_NODE_MODULES"]) {
            return None;
        }
        // What castgate logs shows where a test fails.
        let _ = tracing_subscriber::fmt().with_test_writer().try_init();
        let world = World::start_with(clock, settle).await;
        let organization = world.organization("acme").await;
        // The provider has to know the connection's own addresses, and the connection the provider's.
        let bearer = format!("Bearer {}", organization.key);
        let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
        let new = json!({"name": "okta", "settings": {"profile": "okta"}}).to_string();
        let connection = world.client.send("POST", "/api/v1/connections", &headers, Some(new)).await.expect(201).id();
        let provider = Provider::start(&world.origin, &connection);
        let mut scene = Self { world, organization, provider, connection, scim_token: String::new() };
        let (client_id, client_secret) = match algorithm {
            KEYS => ("castgate-keys".to_owned(), Value::Null),
            algorithm => {
                let (id, secret) = scene.provider.client(algorithm);
                (id, json!(secret))
            }
        };
        let client_auth = if algorithm == KEYS { "private_key_jwt" } else { "secret" };
        let oidc = json!({"issuer": scene.provider.issuer, "client_id": client_id, "client_auth": client_auth});
        scene.connect(oidc, client_secret).await;
        let tokens = format!("/connections/{}/tokens", scene.connection);
        let token = scene.api("POST", &tokens, Some(json!({}))).await.expect(201).json();
        scene.scim_token = token["secret"].as_str().unwrap_or_else(|| panic!("no secret in {token}")).to_owned();
        scene.api("POST", "/clusters", Some(json!({"slug": "staging"}))).await.expect(201);
        scene.publish(MAPPING).await;
        Some(scene)
    }

    /// Sets how the connection signs people in.
    pub async fn connect(&self, oidc: Value, client_secret: Value) {
        let settings = json!({"profile": "okta", "oidc": oidc, "domains": [DOMAIN]});
        let body = json!({"settings": settings, "client_secret": client_secret});
        self.api("PUT", &format!("/connections/{}", self.connection), Some(body)).await.expect(200);
    }

    pub async fn publish(&self, mapping: &str) {
        self.api("POST", "/mapping/publish", Some(json!({"text": mapping}))).await.expect(200);
    }

    /// The owner's API.
    pub async fn api(&self, method: &str, path: &str, body: Option<Value>) -> Answer {
        let bearer = format!("Bearer {}", self.organization.key);
        let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
        self.world.client.send(method, &format!("/api/v1{path}"), &headers, body.map(|body| body.to_string())).await
    }

    /// The provider pushes.
    pub async fn scim(&self, method: &str, path: &str, body: Value) -> Answer {
        let bearer = format!("Bearer {}", self.scim_token);
        let headers = [("authorization", bearer.as_str()), ("content-type", "application/scim+json")];
        self.world.client.send(method, &format!("/scim/v2{path}"), &headers, Some(body.to_string())).await
    }

    /// Pushes one of the provider's people: their externalId is the `sub` of their sign-ins.
    pub async fn push_user(&self, user: &str) -> Answer {
        let email = format!("{user}@{DOMAIN}");
        let schema = "urn:ietf:params:scim:schemas:core:2.0:User";
        let emails = json!([{"value": email, "type": "work", "primary": true}]);
        let body =
            json!({"schemas": [schema], "userName": email, "externalId": user, "emails": emails, "active": true});
        self.scim("POST", "/Users", body).await
    }

    pub async fn push_group(&self, name: &str, members: &[&str]) -> Answer {
        let members: Vec<_> = members.iter().map(|id| json!({"value": id})).collect();
        let schema = "urn:ietf:params:scim:schemas:core:2.0:Group";
        self.scim("POST", "/Groups", json!({"schemas": [schema], "displayName": name, "members": members})).await
    }

    pub async fn set_active(&self, id: &str, active: bool) -> Answer {
        let schema = "urn:ietf:params:scim:api:messages:2.0:PatchOp";
        let body = json!({"schemas": [schema], "Operations": [{"op": "replace", "value": {"active": active}}]});
        self.scim("PATCH", &format!("/Users/{id}"), body).await
    }

    /// From castgate's sign-in page through the provider's pages to whatever castgate answers.
    pub async fn sign_in(&self, browser: &mut Browser, user: &str, email: &str) -> Page {
        let page = browser.open(&format!("{}/login", self.world.origin)).await.expect(200, "/login");
        let page = browser.submit(&page, "/login", &[("email", email)]).await;
        self.at_provider(browser, page, user).await
    }

    /// Answers the provider's pages (who are you, do you agree) until they lead back.
    pub async fn at_provider(&self, browser: &mut Browser, mut page: Page, user: &str) -> Page {
        while page.status != 0 && page.url.as_str().starts_with(&self.provider.issuer) {
            assert_eq!(page.status, 200, "the provider does not like something: {page:?}");
            let asks_who = page.form("").fields.iter().any(|(name, _)| name == "login");
            let filled: &[_] = if asks_who { &[("login", user), ("password", "any")] } else { &[] };
            page = browser.submit(&page, "", filled).await;
        }
        page
    }

    /// Signs somebody in, in a browser of their own, and accepts the terms.
    pub async fn enter(&self, user: &str) -> Browser {
        let mut browser = Browser::new();
        let page = self.sign_in(&mut browser, user, &format!("{user}@{DOMAIN}")).await.expect(200, "/terms");
        browser.submit(&page, "/terms", &[]).await.expect(200, "/account");
        browser
    }

    /// What a service behind the gateway is told about a browser.
    pub async fn verify(&self, browser: &mut Browser, question: &str) -> Page {
        browser.ask(&format!("{}/auth/verify{question}", self.world.origin)).await
    }

    /// The roles that a browser's person has.
    pub async fn roles(&self, browser: &mut Browser) -> Vec<String> {
        let page = self.verify(browser, "").await.expect(200, "/auth/verify");
        let roles = page.header("x-castgate-roles");
        roles.split(',').filter(|role| !role.is_empty()).map(str::to_owned).collect()
    }

    /// The id of a browser's person.
    pub async fn who(&self, browser: &mut Browser) -> String {
        self.verify(browser, "").await.expect(200, "/auth/verify").header("x-castgate-user").to_owned()
    }
}
