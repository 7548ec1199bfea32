//! Sign-ins that are under way when the provider tells of a security event: they bring nothing back.

use crate::{
    provider::keys,
    through_the_door::{House, session_of},
};
use castgate::model::{ConnectionSettings, OidcSettings, Profile, SignalSettings};
use serde_json::{Value, json};
use std::time::Duration;

const REVOKED: &str = "https://schemas.openid.net/secevent/caep/event-type/session-revoked";
const CHANGED: &str = "https://schemas.openid.net/secevent/caep/event-type/token-claims-change";
const AUDIENCE: &str = "https://castgate.test/ssf";

/// The same provider tells of security events too: its bearer token.
async fn signalling(house: &House) -> String {
    let issuer = &house.provider.issuer;
    let mut settings = ConnectionSettings::of(Profile::Generic);
    settings.oidc = Some(OidcSettings::new(issuer, "castgate"));
    settings.domains = vec!["acme.test".to_owned()];
    let jwks_url = format!("{issuer}/jwks");
    settings.signals = Some(SignalSettings { issuer: issuer.clone(), audience: AUDIENCE.to_owned(), jwks_url });
    let bearer = format!("Bearer {}", house.acme.key);
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
    let path = format!("/api/v1/connections/{}", house.connection);
    let body = json!({"settings": settings}).to_string();
    house.world.client.send("PUT", &path, &headers, Some(body)).await.expect(200);
    let made = house.world.client.send("POST", &format!("{path}/signal-stream/token"), &headers, None).await;
    made.expect(201).json()["secret"].as_str().unwrap().to_owned()
}

async fn tell(house: &House, token: &str, event: &str, subject: &Value) {
    let clock = house.world.app.clock();
    let claims = json!({
        "iss": house.provider.issuer, "aud": AUDIENCE, "iat": clock.now().seconds(), "jti": clock.uuid().to_string(),
        "sub_id": subject, "events": {event: {}},
    });
    let header = json!({"alg": "ES256", "kid": "p256", "typ": "secevent+jwt"});
    let set = keys().sign("ES256", &header, &claims.to_string());
    let bearer = format!("Bearer {token}");
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/secevent+jwt")];
    let path = format!("/ssf/{}/events", house.connection);
    house.world.client.send("POST", &path, &headers, Some(set)).await.expect(202);
}

#[tokio::test]
async fn a_sign_in_that_began_before_the_signal_brings_nothing_back() {
    let house = House::build(|settings| settings.limits.address = "0/s".parse().unwrap()).await;
    let token = signalling(&house).await;
    let ada = json!({"format": "iss_sub", "iss": house.provider.issuer, "sub": "ada"});
    let session = |sid: &str| json!({"format": "opaque", "id": sid});
    let later = || house.world.app.clock().advance(Duration::from_secs(1));
    house.enter("ada", "s0").await;
    for event in [REVOKED, CHANGED] {
        let person = house.leave("ada", "s1", json!({})).await;
        let bystander = house.leave("bob", "b1", json!({})).await;
        later();
        tell(&house, &token, event, &ada).await;
        house.come_back(person).await.expect(400);
        assert!(house.is_in(&session_of(&house.come_back(bystander).await)).await, "somebody else");
        later();
    }
    let named = house.leave("ada", "s2", json!({})).await;
    let other = house.leave("ada", "s3", json!({})).await;
    later();
    tell(&house, &token, REVOKED, &json!({"format": "complex", "session": session("s2")})).await;
    house.come_back(named).await.expect(400);
    assert!(house.is_in(&session_of(&house.come_back(other).await)).await, "another session");
    later();
    // What the provider gives no name in its ID tokens is ended by the person's.
    let (door, mut claims) = house.leave("ada", "s4", json!({})).await;
    claims.as_object_mut().unwrap().remove("sid");
    let other = house.leave("ada", "s5", json!({})).await;
    later();
    tell(&house, &token, REVOKED, &json!({"format": "complex", "user": ada, "session": session("s6")})).await;
    house.come_back((door, claims)).await.expect(400);
    assert!(house.is_in(&session_of(&house.come_back(other).await)).await, "it has a name, and another one");
    // Who begins anew gets in.
    later();
    assert!(house.is_in(&house.enter("ada", "s2").await).await);
}
