//! What people end themselves: sessions, keys, passwords.

use super::{Way, done, way};
use crate::{
    kinds::{Held, Kind},
    tenant::{PASSWORD, Tenant},
};
use castgate::crypto::totp;
use data_encoding::BASE32_NOPAD;
use serde_json::json;

const ANOTHER: &str = "seven quiet lanterns";
const OWN: &str = "/account/password";

impl Tenant {
    /// Lola adds an authenticator app.
    pub(super) async fn enrol(&self, held: &Held) {
        let session = held.of(Kind::LolaSession);
        let fields = [("current", PASSWORD)];
        let page = self.post_from(session, OWN, "/account/second-factor", &fields).await.expect(200).text;
        let text = page.split_once("id=\"app-secret\">").unwrap().1.split('<').next().unwrap();
        let secret = BASE32_NOPAD.decode(text.as_bytes()).unwrap();
        let code = totp::code(&secret, totp::step_at(self.stage.now().seconds()));
        let confirm = "/account/second-factor/confirm";
        self.post_from(session, OWN, confirm, &[("code", &code)]).await.expect(200);
    }
}

pub(crate) const WAYS: &[Way] = &[
    way("somebody signs out", &["POST /logout"], |t, held| {
        Box::pin(async move {
            done(&t.post_from(held.of(Kind::OdaSession), "/account", "/logout", &[]).await);
        })
    }),
    way("somebody signs out who came by SAML", &["POST /logout"], |t, held| {
        Box::pin(async move {
            done(&t.post_from(held.of(Kind::SamiSession), "/account", "/logout", &[]).await);
        })
    }),
    way("somebody signs out everywhere", &["POST /logout"], |t, held| {
        Box::pin(async move {
            let fields = [("everywhere", "yes")];
            done(&t.post_from(held.of(Kind::OdaSession), "/account", "/logout", &fields).await);
        })
    }),
    way("somebody ends another session of theirs", &["DELETE /api/v1/sessions/{id}"], |t, held| {
        Box::pin(async move {
            let other = t.id_of(held.of(Kind::LolaOther)).await;
            let path = format!("/sessions/{other}");
            t.api(held.of(Kind::LolaKey), "DELETE", &path, None).await.expect(204);
        })
    }),
    way("somebody ends another session on their page", &["POST /account/sessions/end"], |t, held| {
        Box::pin(async move {
            let other = t.id_of(held.of(Kind::LolaOther)).await;
            let fields = [("session", other.as_str())];
            done(&t.post_from(held.of(Kind::LolaSession), "/account", "/account/sessions/end", &fields).await);
        })
    }),
    way("somebody ends another session in the console", &["POST /console/you/sessions/end"], |t, held| {
        Box::pin(async move {
            let other = t.id_of(held.of(Kind::LolaOther)).await;
            let fields = [("session", other.as_str())];
            done(&t.post_from(held.of(Kind::LolaSession), "/account", "/console/you/sessions/end", &fields).await);
        })
    }),
    way("somebody ends a key of theirs", &["DELETE /api/v1/keys/{id}"], |t, held| {
        Box::pin(async move {
            let path = format!("/keys/{}", t.id("oda.key"));
            t.api(held.of(Kind::OdaKey), "DELETE", &path, None).await.expect(204);
        })
    }),
    way("somebody switches a key of theirs off", &["PATCH /api/v1/keys/{id}"], |t, held| {
        Box::pin(async move {
            let (path, body) = (format!("/keys/{}", t.id("oda.key")), json!({"active": false}));
            t.api(held.of(Kind::OdaKey), "PATCH", &path, Some(body)).await.expect(200);
        })
    }),
    way("somebody ends a key on their page", &["POST /account/keys/end"], |t, held| {
        Box::pin(async move {
            let key = t.id("oda.key");
            let fields = [("key", key.as_str())];
            done(&t.post_from(held.of(Kind::OdaSession), "/account", "/account/keys/end", &fields).await);
        })
    }),
    way("somebody ends a key in the console", &["POST /console/you/keys/end"], |t, held| {
        Box::pin(async move {
            let key = t.id("lola.key");
            let fields = [("key", key.as_str())];
            done(&t.post_from(held.of(Kind::LolaSession), "/account", "/console/you/keys/end", &fields).await);
        })
    }),
    way("somebody changes their password", &["POST /account/password"], |t, held| {
        Box::pin(async move {
            let fields = [("current", PASSWORD), ("password", ANOTHER), ("again", ANOTHER)];
            t.post_from(held.of(Kind::LolaSession), OWN, OWN, &fields).await.expect(200);
        })
    }),
    way("somebody chooses a password by a link", &["POST /login/reset"], |t, held| {
        Box::pin(async move {
            let fields = [("token", held.of(Kind::LolaReset)), ("password", ANOTHER), ("again", ANOTHER)];
            t.post("/login/reset", &fields).await.expect(200);
        })
    }),
    way("somebody removes their authenticator app", &["POST /account/second-factor/end"], |t, held| {
        Box::pin(async move {
            t.enrol(held).await;
            let fields = [("current", PASSWORD)];
            t.post_from(held.of(Kind::LolaSession), OWN, "/account/second-factor/end", &fields).await.expect(200);
        })
    }),
];
