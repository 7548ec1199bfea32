//! What a credential opens at this moment, asked at its own door.

use super::{
    Held, Kind, Standing,
    making::{VERIFIER, bearer, cookie, entered, scope_of, secret},
};
use crate::{
    browser::form,
    tenant::{AUDIENCE, CAN, Tenant},
    world::{Answer, Connection},
};
use serde_json::{Value, json};

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");
const CHOSEN: &str = "three brass umbrellas";
const VERIFICATION: &str = "https://schemas.openid.net/secevent/ssf/event-type/verification";

/// Good, or refused for want of the credential; anything else is neither.
#[track_caller]
fn told(answer: &Answer, good: u16, refused: &[u16]) -> Standing {
    match answer.status {
        status if status == good => Standing::Full,
        status if refused.contains(&status) => Standing::Refused,
        _ => panic!("neither good nor refused: {answer:?}"),
    }
}

/// What the gateway says of whoever comes so.
pub(crate) async fn visit(tenant: &Tenant, (name, value): (&str, String)) -> Standing {
    let answer = tenant.stage.client().get(&format!("/auth/verify?can={CAN}"), &[(name, &value)]).await;
    match answer.status {
        200 => Standing::Full,
        403 if answer.header("x-castgate-terms").is_empty() => Standing::Less,
        401 | 403 => Standing::Refused,
        _ => panic!("neither good nor refused: {answer:?}"),
    }
}

/// What introspection says of a token.
pub(crate) async fn introspected(tenant: &Tenant, token: &str) -> Standing {
    let said = tenant.introspect(token).await;
    match (said["active"].as_bool().unwrap(), scope_of(&said).iter().any(|can| can == CAN)) {
        (true, true) => Standing::Full,
        (true, false) => Standing::Less,
        (false, _) => Standing::Refused,
    }
}

impl Tenant {
    pub(crate) async fn introspect(&self, token: &str) -> Value {
        let (name, key) = bearer(&self.acme.key);
        let headers = [(name, key.as_str()), FORM];
        let body = Some(form(&[("token", token)]));
        self.stage.client().send("POST", "/auth/introspect", &headers, body).await.expect(200).json()
    }

    /// What a credential opens now.
    pub(crate) async fn ask(&self, held: &Held, kind: Kind) -> Standing {
        let has = held.of(kind);
        match kind {
            Kind::OdaSession | Kind::SamiSession | Kind::LolaSession | Kind::LolaOther => {
                self.both(has, visit(self, cookie(has)).await).await
            }
            Kind::OdaKey | Kind::LolaKey | Kind::MackKey => self.both(has, visit(self, bearer(has)).await).await,
            Kind::OdaSessionJwt
            | Kind::OdaKeyJwt
            | Kind::SamiSessionJwt
            | Kind::LolaSessionJwt
            | Kind::LolaKeyJwt
            | Kind::MackKeyJwt => introspected(self, has).await,
            Kind::OdaCliCode => self.exchanged(has).await,
            Kind::OdaSignIn => self.arrived(&self.come_back_by_openid(has).await).await,
            Kind::SamiSignIn => self.arrived(&self.come_back_by_saml(has).await).await,
            Kind::LolaPassword => self.arrived(&self.by_password(has).await).await,
            Kind::LolaReset => {
                let fields = form(&[("token", has), ("password", CHOSEN), ("again", CHOSEN)]);
                let answer = self.stage.client().send("POST", "/login/reset", &[FORM], Some(fields)).await;
                told(&answer, 200, &[410])
            }
            Kind::IdpToken | Kind::IdpAccess => self.pushes(&self.idp, has).await,
            Kind::SamlToken => self.pushes(&self.saml, has).await,
            Kind::IdpClient => told(&self.grant(has).await, 200, &[401]),
            Kind::IdpSignals => told(&self.signal(has, VERIFICATION, &opaque("stream"), &json!({})).await, 202, &[400]),
            Kind::SetupLink => {
                // Empty values: a good link says that they will not do.
                let fields = form(&[("issuer", ""), ("client_id", "")]);
                let answer = self.stage.client().send("POST", &format!("/setup/{has}"), &[FORM], Some(fields)).await;
                told(&answer, 400, &[409, 410])
            }
            Kind::Invitation => told(&self.stage.client().get(&format!("/invitations/{has}"), &[]).await, 200, &[410]),
            Kind::OwnerLink => {
                let fields = form(&[("token", has)]);
                self.arrived(&self.stage.client().send("POST", "/login/link", &[FORM], Some(fields)).await).await
            }
        }
    }

    /// What it opens at the gateway, or what introspection says if that is more: it is gone where both say so.
    async fn both(&self, has: &str, standing: Standing) -> Standing {
        standing.max(introspected(self, has).await)
    }

    async fn exchanged(&self, code: &str) -> Standing {
        let body = json!({"code": code, "verifier": VERIFIER, "device": "laptop"}).to_string();
        let headers = [("content-type", "application/json")];
        let answer = self.stage.client().send("POST", "/api/v1/cli/exchange", &headers, Some(body)).await;
        match answer.status {
            201 => visit(self, bearer(&secret(&answer))).await,
            400 | 401 => Standing::Refused,
            _ => panic!("neither good nor refused: {answer:?}"),
        }
    }

    /// Of somebody who signs in: what the session opens that begins, if one does.
    async fn arrived(&self, answer: &Answer) -> Standing {
        match entered(answer) {
            Some(session) => visit(self, cookie(&session)).await,
            // The password was right: half of the way in.
            None if answer.status == 200 && answer.text.contains("action=\"/login/code\"") => Standing::Full,
            None => {
                assert!([400, 403, 404, 409, 410, 502].contains(&answer.status), "neither in nor refused: {answer:?}");
                Standing::Refused
            }
        }
    }

    pub(crate) async fn by_password(&self, password: &str) -> Answer {
        let address = self.address("lola");
        let fields = [("email", address.as_str()), ("organization", &self.slug), ("password", password)];
        self.stage.client().send("POST", "/login/password", &[FORM], Some(form(&fields))).await
    }

    async fn pushes(&self, connection: &Connection, token: &str) -> Standing {
        let (name, value) = bearer(token);
        let filter = format!("/scim/v2/Users?count=1&filter=userName%20eq%20%22{}%22", connection.stored.id);
        told(&self.stage.client().get(&filter, &[(name, &value)]).await, 200, &[401])
    }

    /// The OAuth client asks for an access token.
    pub(crate) async fn grant(&self, client_secret: &str) -> Answer {
        let client = self.id("client");
        let fields =
            [("grant_type", "client_credentials"), ("client_id", client.as_str()), ("client_secret", client_secret)];
        self.stage.client().send("POST", "/oauth2/token", &[FORM], Some(form(&fields))).await
    }

    /// The provider tells of a security event.
    pub(crate) async fn signal(&self, token: &str, event: &str, subject: &Value, payload: &Value) -> Answer {
        let clock = self.stage.world.app.clock();
        let claims = json!({
            "iss": self.provider.issuer, "aud": AUDIENCE, "iat": clock.now().seconds(), "jti": clock.uuid().to_string(),
            "sub_id": subject, "events": {event: payload},
        });
        let (name, value) = bearer(token);
        let headers = [(name, value.as_str()), ("content-type", "application/secevent+jwt")];
        let path = format!("/ssf/{}/events", self.idp.stored.id);
        self.send("POST", &path, &headers, Some(Self::signed("secevent+jwt", &claims))).await
    }
}

pub(crate) fn opaque(id: &str) -> Value {
    json!({"format": "opaque", "id": id})
}
