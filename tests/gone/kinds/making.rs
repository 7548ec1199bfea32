//! Every credential through its own door.

use super::{Held, Kind};
use crate::{
    browser::{Browser, field},
    provider::Provider,
    saml,
    tenant::{PASSWORD, Tenant, leads_to},
    world::Answer,
};
use castgate::crypto::sha256;
use data_encoding::BASE64URL_NOPAD;
use serde_json::{Value, json};

/// What only the command line knows.
pub(super) const VERIFIER: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
/// Between the parts of what a browser carries.
pub(super) const AND: char = '\n';

impl Tenant {
    /// Everything that anybody here can hold.
    pub(crate) async fn hold(&self) -> Held {
        let mut held = Held::default();
        self.hold_oda(&mut held).await;
        self.hold_sami(&mut held).await;
        self.hold_lola(&mut held).await;
        self.hold_machines(&mut held).await;
        held.keep(Kind::OwnerLink, self.acme.link.clone());
        held
    }

    async fn hold_oda(&self, held: &mut Held) {
        let left = self.leave_for_openid("oda", "s1").await;
        let session = entered(&self.come_back_by_openid(&left).await).expect("oda is in");
        self.hold_person(held, session, ("oda.key", Kind::OdaSession, Kind::OdaSessionJwt), Kind::OdaKey).await;
        held.keep(Kind::OdaKeyJwt, self.jwt(&bearer(held.of(Kind::OdaKey))).await);
        held.keep(Kind::OdaCliCode, self.cli_code(held.of(Kind::OdaSession)).await);
        held.keep(Kind::OdaSignIn, self.leave_for_openid("oda", "s2").await);
    }

    async fn hold_sami(&self, held: &mut Held) {
        let left = self.leave_for_saml("sami", "_s1").await;
        let session = entered(&self.come_back_by_saml(&left).await).expect("sami is in");
        Browser::with(self.stage.client(), &session).accept_terms().await;
        held.keep(Kind::SamiSessionJwt, self.jwt(&cookie(&session)).await);
        held.keep(Kind::SamiSession, session);
        held.keep(Kind::SamiSignIn, self.leave_for_saml("sami", "_s2").await);
    }

    async fn hold_lola(&self, held: &mut Held) {
        let link = self.invite("lola").await;
        let browser = Browser::new(self.stage.client());
        let fields = [("password", PASSWORD), ("again", PASSWORD)];
        browser.post(&format!("/invitations/{link}/password"), &fields).await.expect(303);
        browser.accept_terms().await;
        let session = browser.session().unwrap();
        let lola = self.introspect(&session).await["sub"].as_str().unwrap().to_owned();
        self.owner("PUT", &format!("/groups/{}/members/{lola}", self.id("crew")), None).await.expect(201);
        self.keep("lola", lola);
        self.hold_person(held, session, ("lola.key", Kind::LolaSession, Kind::LolaSessionJwt), Kind::LolaKey).await;
        held.keep(Kind::LolaKeyJwt, self.jwt(&bearer(held.of(Kind::LolaKey))).await);
        held.keep(Kind::LolaPassword, PASSWORD);
        held.keep(Kind::LolaOther, entered(&self.by_password(PASSWORD).await).expect("lola is in again"));
        held.keep(Kind::LolaReset, self.reset_link().await);
    }

    pub(crate) async fn reset_link(&self) -> String {
        let fields = [("email", self.address("lola")), ("organization", self.slug.clone())];
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        self.post("/login/forgot", &fields).await.expect(200);
        self.stage.letter(&self.address("lola"), "/login/reset?token=").await
    }

    async fn hold_machines(&self, held: &mut Held) {
        let path = format!("/service-accounts/{}/keys", self.id("mack"));
        let key = self.owner("POST", &path, Some(json!({"name": "ci"}))).await.expect(201);
        self.keep("mack.key", key.id());
        held.keep(Kind::MackKey, secret(&key));
        held.keep(Kind::MackKeyJwt, self.jwt(&bearer(held.of(Kind::MackKey))).await);
        held.keep(Kind::IdpToken, self.idp.token());
        held.keep(Kind::SamlToken, self.saml.token());
        let at = |what: &str| format!("/connections/{}/{what}", self.idp.stored.id);
        let client = self.owner("POST", &at("clients"), Some(json!({"name": "okta"}))).await.expect(201);
        self.keep("client", client.id());
        held.keep(Kind::IdpClient, secret(&client));
        let granted = self.grant(held.of(Kind::IdpClient)).await.expect(200).json();
        held.keep(Kind::IdpAccess, granted["access_token"].as_str().unwrap());
        let stream = self.owner("POST", &at("signal-stream/token"), None).await.expect(201);
        held.keep(Kind::IdpSignals, secret(&stream));
        let half = format!("/connections/{}", self.half.stored.id);
        self.owner("POST", &format!("{half}/disable"), None).await.expect(200);
        let link = self.owner("POST", &format!("{half}/setup-links"), Some(json!({}))).await.expect(201);
        self.keep("setup", link.id());
        let url = link.json()["url"].as_str().unwrap().to_owned();
        held.keep(Kind::SetupLink, url.rsplit('/').next().unwrap());
        held.keep(Kind::Invitation, self.invite("ivy").await);
    }

    /// A session whose person accepts the terms, the JWT of it, and a key.
    async fn hold_person(
        &self,
        held: &mut Held,
        session: String,
        (its, kind, jwt): (&'static str, Kind, Kind),
        key: Kind,
    ) {
        let browser = Browser::with(self.stage.client(), &session);
        let account = browser.get("/account").await;
        if account.status != 200 {
            browser.accept_terms().await;
        }
        let form = field(&browser.get("/account").await.expect(200).text, "form");
        let cookies = format!("castgate={session}");
        let headers = [("cookie", cookies.as_str()), ("content-type", "application/json"), ("x-castgate-csrf", &form)];
        let body = Some(json!({"name": "laptop"}).to_string());
        let made = self.stage.client().send("POST", "/api/v1/keys", &headers, body).await.expect(201);
        self.keep(its, made.id());
        held.keep(key, secret(&made));
        held.keep(jwt, self.jwt(&cookie(&session)).await);
        held.keep(kind, session);
    }

    /// The token that a service behind the gateway is handed for whoever comes.
    pub(crate) async fn jwt(&self, (name, value): &(&str, String)) -> String {
        let told = self.stage.client().get("/auth/verify?audience=costs", &[(name, value)]).await.expect(200);
        told.header("x-castgate-jwt").to_owned()
    }

    pub(crate) async fn invite(&self, name: &'static str) -> String {
        let address = self.address(name);
        let body = json!({"invitations": [{"email": address, "role": "viewer"}]});
        let made = self.owner("POST", "/invitations", Some(body)).await;
        assert!([200, 201, 207].contains(&made.status), "{made:?}");
        let all = self.owner("GET", "/invitations", None).await.expect(200).json();
        let ours = all["items"].as_array().unwrap().iter().find(|one| one["email"] == address).unwrap();
        self.keep(if name == "ivy" { "ivy" } else { "invited" }, ours["id"].as_str().unwrap().to_owned());
        self.stage.letter(&address, "/invitations/").await
    }

    /// Somebody agrees in a browser that a command line acts for them.
    async fn cli_code(&self, session: &str) -> String {
        let challenge = BASE64URL_NOPAD.encode(&sha256(VERIFIER.as_bytes()));
        let asked = [("port", "4711"), ("challenge", &challenge), ("state", "st"), ("device", "laptop")];
        let page = format!("/cli?{}", crate::browser::form(&asked));
        let browser = Browser::with(self.stage.client(), session);
        let answer = browser.post_from(&page, "/cli", &asked).await.expect(200);
        leads_to(&answer).query_pairs().find(|(name, _)| name == "code").unwrap().1.into_owned()
    }

    /// Off to the OpenID provider: what the browser comes back with.
    pub(crate) async fn leave_for_openid(&self, name: &str, sid: &str) -> String {
        self.depart(&self.leave(name).await, (name, sid))
    }

    /// The same for a test of the connection: its address was made by an owner.
    pub(crate) async fn leave_for_test(&self, address: &str) -> String {
        self.depart(&self.post(address, &[]).await.expect(200), ("oda", "test"))
    }

    fn depart(&self, page: &Answer, (name, sid): (&str, &str)) -> String {
        let (cookies, target) = (cookies_of(page), leads_to(page));
        let asked = |name: &str| target.query_pairs().find(|(known, _)| known == name).unwrap().1.into_owned();
        let now = self.stage.now().seconds();
        let claims = json!({
            "iss": self.provider.issuer, "aud": "castgate", "sub": name, "sid": sid, "nonce": asked("nonce"), "iat": now,
            "exp": now + 300, "email": self.address(name), "email_verified": true,
        });
        let callback = format!("/login/callback?code=c0de&state={}", asked("state"));
        [callback, cookies, Self::signed("JWT", &claims)].join(&AND.to_string())
    }

    pub(crate) async fn come_back_by_openid(&self, left: &str) -> Answer {
        let [callback, cookies, token] = parts(left);
        says_token(&self.provider, token);
        self.stage.client().get(callback, &[("cookie", cookies)]).await
    }

    /// Off to the SAML provider: what the browser comes back with.
    pub(crate) async fn leave_for_saml(&self, name: &str, index: &str) -> String {
        let page = self.leave(name).await;
        let (cookies, target) = (cookies_of(&page), leads_to(&page));
        let room = self.room();
        let at = format!("{}{room}", self.stage.world.origin);
        let answer = saml::answer(&at, &saml::asked(&target), &self.address(name), index, self.stage.now());
        [format!("{room}/acs"), cookies, answer].join(&AND.to_string())
    }

    pub(super) async fn come_back_by_saml(&self, left: &str) -> Answer {
        let [acs, cookies, answer] = parts(left);
        let headers = [("cookie", cookies), ("content-type", "application/x-www-form-urlencoded")];
        let body = Some(crate::browser::form(&[("SAMLResponse", answer)]));
        self.stage.client().send("POST", acs, &headers, body).await
    }

    /// The path of the SAML connection's doors.
    pub(crate) fn room(&self) -> String {
        format!("/login/saml/{}", self.saml.stored.id)
    }

    async fn leave(&self, name: &str) -> Answer {
        Browser::new(self.stage.client()).post("/login", &[("email", &self.address(name))]).await.expect(200)
    }
}

fn cookies_of(page: &Answer) -> String {
    let cookies = page.headers.get_all("set-cookie").iter();
    let cookies = cookies.map(|cookie| cookie.to_str().unwrap().split(';').next().unwrap().to_owned());
    cookies.collect::<Vec<_>>().join("; ")
}

fn says_token(provider: &Provider, token: &str) {
    let answer = json!({"access_token": "opaque", "token_type": "Bearer", "id_token": token});
    provider.says("/token", 200, &answer);
}

fn parts(left: &str) -> [&str; 3] {
    left.split(AND).collect::<Vec<_>>().try_into().unwrap()
}

/// The secret of the session that an answer begins, if it does.
pub(crate) fn entered(answer: &Answer) -> Option<String> {
    let mut cookies = answer.headers.get_all("set-cookie").iter().map(|cookie| cookie.to_str().unwrap());
    let secret = cookies.find_map(|cookie| cookie.strip_prefix("castgate=cgn_"))?;
    Some(format!("cgn_{}", secret.split(';').next().unwrap()))
}

pub(super) fn secret(answer: &Answer) -> String {
    answer.json()["secret"].as_str().unwrap_or_else(|| panic!("no secret in {answer:?}")).to_owned()
}

pub(crate) fn cookie(session: &str) -> (&'static str, String) {
    ("cookie", format!("castgate={session}"))
}

pub(crate) fn bearer(key: &str) -> (&'static str, String) {
    ("authorization", format!("Bearer {key}"))
}

/// What a token endpoint answers is JSON.
pub(super) fn scope_of(said: &Value) -> Vec<String> {
    said["scope"].as_str().unwrap_or_default().split(' ').map(str::to_owned).collect()
}
