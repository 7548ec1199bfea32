//! One organization with everybody in it who can come in somehow, made through the doors.
//!
//! Oda was pushed by the connection `idp` and signs in over OpenID; a rule makes her a member by her group. Sami was pushed by
//! `saml` and signs in over SAML; an owner gave him a role of the organization's own. Lola was invited, has a password, and is a
//! member by a local group. Mack is a service account and a member. Each can manage clusters, and that is what is asked.

use crate::{
    browser::Browser,
    provider::{Provider, keys},
    saml::{ENTITY, KEY},
    stage::Stage,
    world::{Answer, Connection, Organization},
};
use castgate::model::{
    ConnectionSettings, OidcSettings, Profile, SamlBinding, SamlEndpoint, SamlSettings, SignalSettings,
};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard},
};
use url::Url;

pub(crate) const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
pub(crate) const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
pub(crate) const AUDIENCE: &str = "https://castgate.test/ssf";
pub(crate) const PASSWORD: &str = "violet tractor noon";
/// What everybody here may do, by one role each.
pub(crate) const CAN: &str = "manage-clusters";
pub(crate) const MAPPING: &str = "default: viewer
rules:
  - name: engineers
    groups: [idp/engineers]
    grant: member
";

pub(crate) struct Tenant {
    pub(crate) stage: &'static Stage,
    pub(crate) slug: String,
    pub(crate) acme: Organization,
    pub(crate) idp: Connection,
    pub(crate) saml: Connection,
    /// Not enabled yet: its values are filled in by whoever has a link.
    pub(crate) half: Connection,
    pub(crate) provider: Provider,
    /// Ids of what is here: `oda`, `lola.key`, `crew`.
    ids: Mutex<BTreeMap<&'static str, String>>,
    /// What was asked of the doors since somebody began to listen: method and path.
    asked: Mutex<Vec<(String, String)>>,
}

impl Tenant {
    pub(crate) async fn found(stage: &'static Stage, slug: &str) -> Self {
        let acme = stage.world.organization(slug).await;
        let provider = published().await;
        let idp = acme.connection_with("idp", openid(&provider, slug)).await;
        let saml = acme.connection_with("saml", saml(slug)).await;
        let half = acme.connection("half", Profile::Generic).await;
        let (ids, asked) = (Mutex::default(), Mutex::default());
        let tenant = Self { stage, slug: slug.to_owned(), acme, idp, saml, half, provider, ids, asked };
        tenant.people().await;
        tenant
    }

    async fn people(&self) {
        self.owner("POST", "/mapping/publish", Some(json!({"text": MAPPING}))).await.expect(200);
        for (name, connection) in [("oda", &self.idp), ("sami", &self.saml)] {
            let address = self.address(name);
            let emails = json!([{"value": address, "primary": true}]);
            let body = json!({"schemas": [USER], "userName": address, "externalId": name, "emails": emails});
            self.keep(name, connection.post("/Users", body).await.expect(201).id());
        }
        let members = json!([{"value": self.id("oda")}]);
        let body = json!({"schemas": [GROUP], "displayName": "engineers", "externalId": "eng", "members": members});
        self.keep("engineers", self.idp.post("/Groups", body).await.expect(201).id());
        let role = json!({"name": "deployers", "capabilities": [CAN, "view-clusters"]});
        self.keep("deployers", self.owner("POST", "/roles", Some(role)).await.expect(201).id());
        let (sami, deployers) = (self.id("sami"), self.id("deployers"));
        let binding = json!({"subject": sami, "role": deployers});
        self.keep("sami.binding", self.owner("POST", "/bindings", Some(binding)).await.expect(201).id());
        let crew = self.owner("POST", "/groups", Some(json!({"name": "crew"}))).await.expect(201).id();
        let binding = json!({"subject": crew, "role": "member"});
        self.keep("crew.binding", self.owner("POST", "/bindings", Some(binding)).await.expect(201).id());
        self.keep("crew", crew);
        let mack = self.owner("POST", "/service-accounts", Some(json!({"name": "mack"}))).await.expect(201).id();
        let binding = json!({"subject": mack, "role": "member"});
        self.keep("mack.binding", self.owner("POST", "/bindings", Some(binding)).await.expect(201).id());
        self.keep("mack", mack);
        let me = self.owner("GET", "/me", None).await.expect(200).json();
        self.keep("founder", me["user"]["id"].as_str().unwrap().to_owned());
    }

    /// Their address: each way in has a domain of its own.
    pub(crate) fn address(&self, name: &str) -> String {
        let way = match name {
            "oda" => "oidc",
            "sami" => "saml",
            _ => "local",
        };
        format!("{name}@{}", self.domain(way))
    }

    pub(crate) fn domain(&self, way: &str) -> String {
        format!("{way}.{}.test", self.slug)
    }

    fn ids(&self) -> MutexGuard<'_, BTreeMap<&'static str, String>> {
        self.ids.lock().unwrap()
    }

    pub(crate) fn keep(&self, name: &'static str, id: String) {
        self.ids().insert(name, id);
    }

    pub(crate) fn id(&self, name: &str) -> String {
        self.ids().get(name).unwrap_or_else(|| panic!("nothing here is called {name}")).clone()
    }

    /// From now on it is noted what is asked.
    pub(crate) fn listen(&self) {
        self.asked.lock().unwrap().clear();
    }

    pub(crate) fn heard(&self) -> Vec<(String, String)> {
        self.asked.lock().unwrap().clone()
    }

    fn note(&self, method: &str, path: &str) {
        let path = path.split('?').next().unwrap_or_default().to_owned();
        self.asked.lock().unwrap().push((method.to_owned(), path));
    }

    /// One request, which is noted.
    pub(crate) async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<String>,
    ) -> Answer {
        self.note(method, path);
        self.stage.client().send(method, path, headers, body).await
    }

    /// A call of the API with somebody's key.
    pub(crate) async fn api(&self, key: &str, method: &str, path: &str, body: Option<Value>) -> Answer {
        let bearer = format!("Bearer {key}");
        let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
        let body = body.map(|body| body.to_string());
        self.send(method, &format!("/api/v1{path}"), &headers, body).await
    }

    /// The same with the first owner's.
    pub(crate) async fn owner(&self, method: &str, path: &str, body: Option<Value>) -> Answer {
        self.api(&self.acme.key, method, path, body).await
    }

    /// What a provider pushes.
    pub(crate) async fn scim(&self, by: &Connection, method: &str, path: &str, body: Option<Value>) -> Answer {
        self.note(method, &format!("/scim/v2{path}"));
        by.send(method, path, &[], body.map(|body| body.to_string())).await
    }

    /// A form of a page behind somebody's session.
    pub(crate) async fn post_from(&self, session: &str, page: &str, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.note("POST", path);
        Browser::with(self.stage.client(), session).post_from(page, path, fields).await
    }

    /// A form that needs no session.
    pub(crate) async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.note("POST", path);
        Browser::new(self.stage.client()).post(path, fields).await
    }

    /// A token of the OpenID provider.
    pub(crate) fn signed(typ: &str, claims: &Value) -> String {
        keys().sign("ES256", &json!({"alg": "ES256", "kid": "p256", "typ": typ}), &claims.to_string())
    }
}

/// A provider with everything that it publishes.
async fn published() -> Provider {
    let provider = Provider::start().await;
    let at = |path: &str| format!("{}{path}", provider.issuer);
    let known = json!({
        "issuer": provider.issuer, "authorization_endpoint": at("/authorize"), "token_endpoint": at("/token"),
        "jwks_uri": at("/jwks"), "end_session_endpoint": at("/end"),
    });
    provider.says("/.well-known/openid-configuration", 200, &known);
    provider.says("/jwks", 200, &keys().published());
    provider
}

pub(crate) fn openid(provider: &Provider, slug: &str) -> ConnectionSettings {
    let mut settings = ConnectionSettings::of(Profile::Okta);
    settings.oidc = Some(OidcSettings::new(&provider.issuer, "castgate"));
    // The domain of those who have passwords too: it rests on single sign-on only once that is enforced.
    settings.domains = ["oidc", "local"].map(|way| format!("{way}.{slug}.test")).to_vec();
    let jwks_url = format!("{}/jwks", provider.issuer);
    let (issuer, audience) = (provider.issuer.clone(), AUDIENCE.to_owned());
    settings.signals = Some(SignalSettings { issuer, audience, jwks_url });
    settings
}

fn saml(slug: &str) -> ConnectionSettings {
    let at = |location: &str| SamlEndpoint {
        binding: SamlBinding::Redirect,
        location: location.to_owned(),
        response_location: None,
    };
    let saml = SamlSettings {
        entity_id: ENTITY.to_owned(),
        sign_on: vec![at("https://idp.example.com/sso")],
        logout: vec![at("https://idp.example.com/slo")],
        certificates: vec![KEY.certificate.to_base64()],
        ..SamlSettings::default()
    };
    let mut settings = ConnectionSettings::of(Profile::Generic);
    settings.match_pairs = SamlSettings::match_pairs();
    settings.saml = Some(saml);
    settings.domains = vec![format!("saml.{slug}.test")];
    settings
}

/// Where a page sends the browser by itself.
pub(crate) fn leads_to(page: &Answer) -> Url {
    let target = page.text.split_once("0;url=").unwrap_or_else(|| panic!("it leads nowhere: {page:?}")).1;
    Url::parse(&target.split('"').next().unwrap().replace("&amp;", "&")).unwrap()
}
