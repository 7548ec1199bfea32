//! What a provider says of itself: signed out there, or a security event.

use super::{Way, done, way};
use crate::{
    kinds::{Held, Kind, opaque},
    saml,
    tenant::Tenant,
};
use serde_json::{Value, json};

const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";
const SIGNAL: &[&str] = &["POST /ssf/{id}/events"];
const BACK: &[&str] = &["POST /oidc/{id}/back-channel-logout"];

async fn back_channel(t: &Tenant, about: Value) {
    let now = t.stage.now().seconds();
    let mut claims = json!({
        "iss": t.provider.issuer, "aud": "castgate", "iat": now, "exp": now + 120, "jti": "j1", "events": {EVENT: {}},
    });
    claims.as_object_mut().unwrap().extend(about.as_object().unwrap().clone());
    let path = format!("/oidc/{}/back-channel-logout", t.idp.stored.id);
    t.post(&path, &[("logout_token", &Tenant::signed("logout+jwt", &claims))]).await.expect(200);
}

async fn caep(t: &Tenant, held: &Held, event: &str, payload: Value) {
    tell(t, held, &format!("https://schemas.openid.net/secevent/caep/event-type/{event}"), &oda(t), payload).await;
}

async fn risc(t: &Tenant, held: &Held, event: &str) {
    tell(t, held, &format!("https://schemas.openid.net/secevent/risc/event-type/{event}"), &oda(t), json!({})).await;
}

async fn tell(t: &Tenant, held: &Held, event: &str, subject: &Value, payload: Value) {
    t.signal(held.of(Kind::IdpSignals), event, subject, &payload).await.expect(202);
}

fn oda(t: &Tenant) -> Value {
    json!({"format": "iss_sub", "iss": t.provider.issuer, "sub": "oda"})
}

pub(crate) const WAYS: &[Way] = &[
    way("the provider ends one session over the back channel", BACK, |t, _| {
        Box::pin(back_channel(t, json!({"sid": "s1", "sub": "oda"})))
    }),
    way("the provider ends every session over the back channel", BACK, |t, _| {
        Box::pin(back_channel(t, json!({"sub": "oda"})))
    }),
    way("the provider ends one session in a frame", &["GET /oidc/{id}/front-channel-logout"], |t, _| {
        Box::pin(async move {
            let query = crate::browser::form(&[("iss", &t.provider.issuer), ("sid", "s1")]);
            let path = format!("/oidc/{}/front-channel-logout?{query}", t.idp.stored.id);
            t.send("GET", &path, &[], None).await.expect(200);
        })
    }),
    way("the provider signs somebody out over SAML by a form", &["POST /login/saml/{connection}/logout"], |t, _| {
        Box::pin(async move {
            let at = format!("{}{}", t.stage.world.origin, t.room());
            let request = saml::sign_out_form(&at, &t.address("sami"), t.stage.now());
            done(&t.post(&format!("{}/logout", t.room()), &[("SAMLRequest", &request)]).await);
        })
    }),
    way("the provider signs somebody out over SAML by a redirect", &["GET /login/saml/{connection}/logout"], |t, _| {
        Box::pin(async move {
            let at = format!("{}{}", t.stage.world.origin, t.room());
            let query = saml::sign_out_query(&at, &t.address("sami"), t.stage.now());
            done(&t.send("GET", &format!("{}/logout?{query}", t.room()), &[], None).await);
        })
    }),
    way("the provider tells that a session is revoked", SIGNAL, |t, held| {
        Box::pin(async move {
            let event = "https://schemas.openid.net/secevent/caep/event-type/session-revoked";
            let subject = json!({"format": "complex", "user": oda(t), "session": opaque("s1")});
            tell(t, held, event, &subject, json!({})).await;
        })
    }),
    way("the provider tells that somebody's sessions are revoked", SIGNAL, |t, held| {
        Box::pin(caep(t, held, "session-revoked", json!({})))
    }),
    way("the provider tells that a password was changed", SIGNAL, |t, held| {
        Box::pin(caep(t, held, "credential-change", json!({"credential_type": "password", "change_type": "update"})))
    }),
    way("the provider tells that a credential was revoked", SIGNAL, |t, held| {
        let payload = json!({"credential_type": "fido2-roaming", "change_type": "revoke"});
        Box::pin(caep(t, held, "credential-change", payload))
    }),
    way("the provider tells that somebody's claims changed", SIGNAL, |t, held| {
        Box::pin(caep(t, held, "token-claims-change", json!({"claims": {"role": "intern"}})))
    }),
    way("the provider tells that a device complies no more", SIGNAL, |t, held| {
        let payload = json!({"previous_status": "compliant", "current_status": "not-compliant"});
        Box::pin(caep(t, held, "device-compliance-change", payload))
    }),
    way("the provider tells by RISC that sessions are revoked", SIGNAL, |t, held| {
        Box::pin(risc(t, held, "sessions-revoked"))
    }),
    way("the provider tells that a credential has to change", SIGNAL, |t, held| {
        Box::pin(risc(t, held, "account-credential-change-required"))
    }),
    way("the provider tells that an account is disabled", SIGNAL, |t, held| {
        Box::pin(risc(t, held, "account-disabled"))
    }),
    way("the provider tells that an account is purged", SIGNAL, |t, held| Box::pin(risc(t, held, "account-purged"))),
    way("the provider tells that a device complies again", SIGNAL, |t, held| {
        let payload = json!({"previous_status": "not-compliant", "current_status": "compliant"});
        Box::pin(caep(t, held, "device-compliance-change", payload))
    }),
];
