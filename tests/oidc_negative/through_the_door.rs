//! The same provider before a whole castgate: what sign-ins come to, and what its word that somebody signed out ends.

use crate::{
    provider::{Provider, keys},
    world::{Answer, Organization, World},
};
use castgate::{
    app::Clock,
    config::Settings,
    model::{ConnectionId, ConnectionSettings, Instant, OidcSettings, Profile},
};
use serde_json::{Value, json};
use std::time::Duration;
use url::Url;

pub const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");
const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

pub struct House {
    pub world: World,
    pub acme: Organization,
    pub provider: Provider,
    pub connection: ConnectionId,
}

/// A sign-in that stands before the callback.
pub struct AtTheDoor {
    address: String,
    pub cookie: String,
}

impl House {
    pub async fn build(settle: impl FnOnce(&mut Settings)) -> Self {
        let world = World::start_with(Clock::fixed(Instant(1_795_248_000_000_000), 7), settle).await;
        let acme = world.organization("acme").await;
        let provider = Provider::start().await;
        let at = |path: &str| format!("{}{path}", provider.issuer);
        provider.says(
            "/.well-known/openid-configuration",
            200,
            &json!({
                "issuer": provider.issuer, "authorization_endpoint": at("/authorize"), "token_endpoint": at("/token"),
                "jwks_uri": at("/jwks"), "end_session_endpoint": at("/end"),
            }),
        );
        provider.says("/jwks", 200, &keys().published());
        let mut settings = ConnectionSettings::of(Profile::Generic);
        settings.oidc = Some(OidcSettings::new(&provider.issuer, "castgate"));
        settings.domains = vec!["acme.test".to_owned()];
        let connection = acme.connection_with("idp", settings).await.stored.id;
        Self { world, acme, provider, connection }
    }

    pub fn now(&self) -> Instant {
        self.world.app.clock().now()
    }

    /// From the e-mail address to the provider and back before the callback, with these claims in the ID token.
    pub async fn leave(&self, sub: &str, sid: &str, more: Value) -> (AtTheDoor, Value) {
        let body = Some(format!("email={sub}%40acme.test"));
        let page = self.world.client.send("POST", "/login", &[FORM], body).await.expect(200);
        self.depart(&page, sub, sid, &more)
    }

    /// From a page that leads to the provider.
    pub fn depart(&self, page: &Answer, sub: &str, sid: &str, more: &Value) -> (AtTheDoor, Value) {
        let cookie = page.header("set-cookie").split(';').next().unwrap().to_owned();
        let target = page.text.split_once("0;url=").unwrap().1.split('"').next().unwrap().replace("&amp;", "&");
        let asked = |name: &str| {
            let url = Url::parse(&target).unwrap();
            url.query_pairs().find(|(known, _)| known == name).unwrap().1.into_owned()
        };
        let now = self.now().seconds();
        let mut claims = json!({
            "iss": self.provider.issuer, "aud": "castgate", "sub": sub, "sid": sid, "nonce": asked("nonce"), "iat": now,
            "exp": now + 300, "email": format!("{sub}@acme.test"), "email_verified": true,
        });
        claims.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let address = format!("/login/callback?code=c0de&state={}", asked("state"));
        (AtTheDoor { address, cookie }, claims)
    }

    pub async fn come_back(&self, (door, claims): (AtTheDoor, Value)) -> Answer {
        let header = json!({"alg": "ES256", "kid": "p256"});
        let token = keys().sign("ES256", &header, &claims.to_string());
        let answer = json!({"access_token": "opaque", "token_type": "Bearer", "id_token": token});
        self.provider.says("/token", 200, &answer);
        self.world.client.get(&door.address, &[("cookie", &door.cookie)]).await
    }

    /// The session cookie of somebody who signed in.
    pub async fn enter(&self, sub: &str, sid: &str) -> String {
        let answer = self.come_back(self.leave(sub, sid, json!({})).await).await;
        session_of(&answer)
    }

    /// Whether a session holds. Nobody here has accepted the terms, which is what whoever is in is told of.
    pub async fn is_in(&self, session: &str) -> bool {
        let answer = self.world.client.get("/auth/verify", &[("cookie", session)]).await;
        answer.status == 200 || answer.text.contains("terms_not_accepted")
    }

    fn notice(&self, id: &str, about: &Value) -> Value {
        let now = self.now().seconds();
        let mut claims = json!({
            "iss": self.provider.issuer, "aud": "castgate", "iat": now, "exp": now + 120, "jti": id, "events": {EVENT: {}},
        });
        claims.as_object_mut().unwrap().extend(about.as_object().unwrap().clone());
        claims
    }

    async fn tell(&self, claims: &Value) -> Answer {
        let header = json!({"alg": "ES256", "kid": "p256", "typ": "logout+jwt"});
        let token = keys().sign("ES256", &header, &claims.to_string());
        let path = format!("/oidc/{}/back-channel-logout", self.connection);
        self.world.client.send("POST", &path, &[FORM], Some(format!("logout_token={token}"))).await
    }

    pub async fn events(&self) -> String {
        let bearer = format!("Bearer {}", self.acme.key);
        self.world.client.get("/api/v1/events?limit=500", &[("authorization", &bearer)]).await.expect(200).text
    }
}

#[track_caller]
pub fn session_of(answer: &Answer) -> String {
    assert_eq!(answer.status, 303, "{answer:?}");
    let cookies = answer.headers.get_all("set-cookie").iter().map(|cookie| cookie.to_str().unwrap());
    cookies
        .filter(|cookie| cookie.starts_with("castgate=cgn_"))
        .map(|c| c.split(';').next().unwrap())
        .next()
        .unwrap()
        .to_owned()
}

#[tokio::test]
async fn what_the_provider_ends_is_ended_and_nothing_else() {
    let house = House::build(|_| {}).await;
    let ada = [house.enter("ada", "s1").await, house.enter("ada", "s1").await, house.enter("ada", "s2").await];
    let bob = house.enter("bob", "s1-of-bob").await;
    let told = house.tell(&house.notice("j1", &json!({"sid": "s1", "sub": "ada"}))).await.expect(200);
    assert_eq!((told.text.as_str(), told.header("cache-control")), ("", "no-store"));
    let now =
        [house.is_in(&ada[0]).await, house.is_in(&ada[1]).await, house.is_in(&ada[2]).await, house.is_in(&bob).await];
    assert_eq!(now, [false, false, true, true]);
    // Of the same session with another person's name nothing ends, nor of a name that nobody has.
    house.tell(&house.notice("j2", &json!({"sid": "s2", "sub": "bob"}))).await.expect(200);
    house.tell(&house.notice("j3", &json!({"sid": "s2", "sub": "nobody"}))).await.expect(200);
    assert!(house.is_in(&ada[2]).await);
    let other = house.enter("ada", "s3").await;
    house.tell(&house.notice("j4", &json!({"sub": "ada"}))).await.expect(200);
    assert!(!house.is_in(&ada[2]).await && !house.is_in(&other).await && house.is_in(&bob).await);
    assert!(house.events().await.contains("signed out at the provider"));
}

#[tokio::test]
async fn a_logout_token_is_for_one_use_and_for_its_own_connection() {
    let house = House::build(|_| {}).await;
    let notice = house.notice("j1", &json!({"sid": "s1"}));
    house.tell(&notice).await.expect(200);
    let ada = house.enter("ada", "s9").await;
    house.world.app.clock().advance(Duration::from_secs(1));
    let again = house.tell(&notice).await.expect(400);
    assert_eq!(again.json()["error"], "invalid_request");
    assert!(again.text.contains("used before"), "{again:?}");
    let path = |id: &str, what: &str| format!("/oidc/{id}/{what}");
    for body in ["", "logout_token=", "logout_token=a&logout_token=b", "logout_token=x.y.z"] {
        let path = path(house.connection.as_str(), "back-channel-logout");
        house.world.client.send("POST", &path, &[FORM], Some(body.to_owned())).await.expect(400);
    }
    let nowhere = path("con_06h00000000000000000000000", "back-channel-logout");
    house.world.client.send("POST", &nowhere, &[FORM], Some("logout_token=a".to_owned())).await.expect(404);
    assert!(house.is_in(&ada).await);
}

#[tokio::test]
async fn a_sign_in_that_began_before_the_logout_brings_nothing_back() {
    let house = House::build(|_| {}).await;
    let session = house.leave("ada", "s1", json!({})).await;
    let person = house.leave("ada", "s2", json!({})).await;
    let bystander = house.leave("bob", "s3", json!({})).await;
    house.world.app.clock().advance(Duration::from_secs(1));
    house.tell(&house.notice("j1", &json!({"sid": "s1"}))).await.expect(200);
    house.come_back(session).await.expect(400);
    house.tell(&house.notice("j2", &json!({"sub": "ada"}))).await.expect(200);
    house.come_back(person).await.expect(400);
    assert!(house.is_in(&session_of(&house.come_back(bystander).await)).await);
    // Who begins anew gets in, by a session of the same name too.
    house.world.app.clock().advance(Duration::from_secs(1));
    assert!(house.is_in(&house.enter("ada", "s1").await).await);
}

#[tokio::test]
async fn groups_that_are_too_many_to_list_are_not_none() {
    let house = House::build(|_| {}).await;
    let overage = json!({"_claim_names": {"groups": "src1"}});
    let refused = house.come_back(house.leave("ada", "s1", overage.clone()).await).await;
    assert_eq!(refused.status, 502, "{refused:?}");
    assert!(house.events().await.contains("did not list the groups"));
    assert!(
        house.is_in(&house.enter("ada", "s1").await).await,
        "with a list, or where groups are not spoken of, they come in"
    );
}

#[tokio::test]
async fn a_session_is_new_with_each_sign_in_and_ends_when_it_is_not_used_and_in_any_case() {
    let house = House::build(|settings| settings.sessions.same_site = castgate::config::SameSite::Lax).await;
    let (mut door, claims) = house.leave("ada", "s1", json!({})).await;
    let planted = house.enter("eve", "s9").await;
    door.cookie = format!("{}; {planted}", door.cookie);
    let ada = session_of(&house.come_back((door, claims)).await);
    assert_ne!(ada, planted, "a session that somebody put into the browser is not the one that is used");
    assert!(!house.is_in(&planted).await, "and it ends");
    // Used every half hour it goes on for twelve hours and no longer.
    for half_hour in 1..24 {
        house.world.app.clock().advance(Duration::from_mins(30));
        assert!(house.is_in(&ada).await, "after {half_hour} half hours");
    }
    house.world.app.clock().advance(Duration::from_mins(30));
    assert!(!house.is_in(&ada).await, "in any case after twelve hours");
    let idle = house.enter("ada", "s1").await;
    house.world.app.clock().advance(Duration::from_mins(59));
    assert!(house.is_in(&idle).await);
    house.world.app.clock().advance(Duration::from_mins(61));
    assert!(!house.is_in(&idle).await, "it was not used for an hour");
}

#[tokio::test]
async fn of_more_sessions_than_one_person_may_have_the_oldest_end() {
    let house = House::build(|settings| settings.sessions.most = 2).await;
    let mut ada = Vec::new();
    let bob = house.enter("bob", "b").await;
    for _ in 0..2 {
        ada.push(house.enter("ada", "s").await);
        house.world.app.clock().advance(Duration::from_secs(1));
    }
    assert!(house.is_in(&ada[0]).await && house.is_in(&ada[1]).await);
    ada.push(house.enter("ada", "s").await);
    let now =
        [house.is_in(&ada[0]).await, house.is_in(&ada[1]).await, house.is_in(&ada[2]).await, house.is_in(&bob).await];
    assert_eq!(now, [false, true, true, true]);
    assert!(house.events().await.contains("more than one person may have"));
}
