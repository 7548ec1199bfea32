//! A service that asks for a stronger or a more recent sign-in than somebody has.

use crate::{
    through_the_door::{FORM, House, session_of},
    world::Answer,
};
use castgate::app::Credential;
use serde_json::{Value, json};
use std::time::Duration;

const HTML: (&str, &str) = ("accept", "text/html");

impl House {
    /// The session of somebody who signed in so, with the terms accepted.
    async fn enter_as(&self, sub: &str, more: Value) -> String {
        let session = session_of(&self.come_back(self.leave(sub, "s1", more).await).await);
        let secret = session.strip_prefix("castgate=").unwrap();
        let visit = self.world.app.visit(Credential::Session(secret)).await.unwrap();
        let ctx = visit.ctx_before_terms(&self.world.app);
        let terms = self.world.app.terms().await.unwrap();
        let versions: Vec<_> = terms.into_iter().map(|document| (document.kind, document.version)).collect();
        self.world.app.accept_terms(&ctx, &versions).await.unwrap();
        self.world.app.clock().advance(Duration::from_secs(2));
        session
    }

    async fn verify(&self, session: &str, query: &str) -> Answer {
        self.world.client.get(&format!("/auth/verify?{query}"), &[("cookie", session)]).await
    }

    /// From the page that asks to sign in again to the provider and back, with these claims.
    async fn again(&self, session: &str, query: &str, more: &Value) -> Answer {
        let cookie = ("cookie", session);
        self.world.client.get(&format!("/login/again?{query}"), &[cookie]).await.expect(200);
        let page = self.world.client.send("POST", "/login/again", &[FORM, cookie], Some(query.to_owned())).await;
        let (mut door, claims) = self.depart(&page.expect(200), "ada", "s2", more);
        door.cookie = format!("{}; {session}", door.cookie);
        self.come_back((door, claims)).await
    }
}

fn now_and(house: &House, acr: &str) -> Value {
    json!({"acr": acr, "auth_time": house.now().seconds()})
}

#[tokio::test]
async fn a_program_is_told_what_its_sign_in_lacks_and_a_person_is_led_there() {
    let house = House::build(|_| {}).await;
    let ada = house.enter_as("ada", now_and(&house, "urn:pwd")).await;
    house.verify(&ada, "").await.expect(200);
    house.verify(&ada, "acr=urn:pwd").await.expect(200);
    house.verify(&ada, "acr=urn:mfa+urn:pwd&max_age=300").await.expect(200);
    let told = house.verify(&ada, "acr=urn:mfa+urn:phr&max_age=300").await.expect(401);
    assert_eq!(told.json()["code"], "insufficient_user_authentication");
    assert_eq!(
        told.header("www-authenticate"),
        "Bearer error=\"insufficient_user_authentication\", error_description=\"The sign-in is not strong or not recent enough for \
         this\", acr_values=\"urn:mfa urn:phr\", max_age=\"300\""
    );
    assert_eq!(told.header("x-castgate-login"), "", "a program cannot sign in");
    let headers = [("cookie", ada.as_str()), HTML, ("x-original-uri", "/costs?day=1")];
    let led = house.world.client.get("/auth/verify?acr=urn:mfa", &headers).await.expect(401);
    let address = format!("{}/login/again?return_to=%2Fcosts%3Fday%3D1&acr=urn%3Amfa", house.world.origin);
    assert_eq!((led.header("x-castgate-login"), led.header("location")), (address.as_str(), address.as_str()));
    // So long ago that it counts no more; what was not said is not recent.
    house.world.app.clock().advance(Duration::from_mins(7));
    house.verify(&ada, "max_age=300").await.expect(401);
    house.verify(&ada, "max_age=600").await.expect(200);
    let silent = house.enter_as("bob", json!({"acr": "urn:mfa"})).await;
    house.verify(&silent, "acr=urn:mfa").await.expect(200);
    house.verify(&silent, "max_age=3600").await.expect(401);
    // A key is nobody's presence.
    let bearer = format!("Bearer {}", house.acme.key);
    let key = [("authorization", bearer.as_str())];
    house.world.client.get("/auth/verify", &key).await.expect(200);
    house.world.client.get("/auth/verify?max_age=86400", &key).await.expect(401);
    for wrong in ["acr=a%22b", "acr=%C3%A9", "max_age=-1", "max_age=soon"] {
        house.verify(&ada, wrong).await.expect(400);
    }
}

#[tokio::test]
async fn whoever_signs_in_again_as_it_is_demanded_gets_on() {
    let house = House::build(|_| {}).await;
    let ada = house.enter_as("ada", now_and(&house, "urn:pwd")).await;
    let query = "return_to=%2Fcosts&acr=urn:mfa&max_age=60";
    let cookie = ("cookie", ada.as_str());
    let page =
        house.world.client.send("POST", "/login/again", &[FORM, cookie], Some(query.to_owned())).await.expect(200);
    assert!(page.text.contains("acr_values=urn%3Amfa") && page.text.contains("max_age=60"), "{}", page.text);
    assert!(page.text.contains("login_hint=ada%40acme.test"), "{}", page.text);
    // A provider that does not do what it was asked opens nothing new, and ends nothing.
    for more in
        [now_and(&house, "urn:pwd"), json!({"acr": "urn:mfa", "auth_time": house.now().seconds() - 600}), json!({})]
    {
        let refused = house.again(&ada, query, &more).await;
        assert!(refused.status == 502 && refused.header("set-cookie").contains("castgate-sign-in=;"), "{refused:?}");
        house.verify(&ada, "").await.expect(200);
        house.verify(&ada, "acr=urn:mfa").await.expect(401);
    }
    let done = house.again(&ada, query, &now_and(&house, "urn:mfa")).await;
    assert_eq!(done.header("location"), "/costs");
    let stronger = session_of(&done);
    house.world.app.clock().advance(Duration::from_secs(2));
    house.verify(&stronger, "acr=urn:mfa&max_age=60").await.expect(200);
    house.verify(&ada, "").await.expect(401);
    // Whose sign-in is enough is not asked again; who is not signed in begins where everybody does.
    let page = house.world.client.get(&format!("/login/again?{query}"), &[("cookie", &stronger)]).await.expect(303);
    assert_eq!(page.header("location"), "/costs");
    let page = house.world.client.get(&format!("/login/again?{query}"), &[]).await.expect(303);
    assert_eq!(page.header("location"), "/login?return_to=%2Fcosts");
    // Another site cannot send somebody away by a form of its own.
    let crossing = [FORM, ("cookie", &stronger), ("origin", "https://evil.test"), ("sec-fetch-site", "cross-site")];
    house.world.client.send("POST", "/login/again", &crossing, Some(query.to_owned())).await.expect(403);
}

/// An address that somebody wrote themselves asks for less than the connection does: that counts all the same.
#[tokio::test]
async fn what_the_connection_asks_of_everybody_holds_beside_what_is_demanded() {
    let house = House::build(|_| {}).await;
    let ada = house.enter_as("ada", now_and(&house, "urn:pwd")).await;
    let bearer = format!("Bearer {}", house.acme.key);
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
    let path = format!("/api/v1/connections/{}", house.connection);
    let mut settings = house.world.client.get(&path, &headers).await.json()["settings"].clone();
    settings["oidc"]["acr_values"] = json!(["urn:mfa", "urn:phr"]);
    let body = json!({"settings": settings}).to_string();
    house.world.client.send("PUT", &path, &headers, Some(body)).await.expect(200);
    let cookie = ("cookie", ada.as_str());
    let again = async |query: &str| {
        house.world.client.send("POST", "/login/again", &[FORM, cookie], Some(query.to_owned())).await
    };
    let none = again("acr=urn:pwd").await;
    assert!(none.status == 400 && none.text.contains("urn:mfa, urn:phr"), "{none:?}");
    let both = again("acr=urn:pwd+urn:phr").await.expect(200);
    assert!(
        both.text.contains("acr_values=urn%3Aphr&amp;") || both.text.contains("acr_values=urn%3Aphr\""),
        "{}",
        both.text
    );
    let refused = house.come_back(house.depart(&both, "ada", "s2", &now_and(&house, "urn:pwd"))).await;
    assert_eq!(refused.status, 502, "{refused:?}");
}
