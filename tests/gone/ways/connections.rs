//! Connections, and what their providers come in with.

use super::{Way, done, way};
use crate::{
    kinds::{Held, Kind, entered},
    tenant::{Tenant, openid},
};
use serde_json::json;

fn idp(t: &Tenant) -> String {
    format!("/connections/{}", t.idp.stored.id)
}

/// An owner tests the connection, as it is: they come by it themselves, and nothing of it stays.
async fn tested(t: &Tenant) {
    let begun = t.owner("POST", &format!("{}/tests", idp(t)), None).await.expect(201).json();
    let url = begun["url"].as_str().unwrap();
    let left = t.leave_for_test(&url[url.find("/login/test/").unwrap()..]).await;
    let answer = t.come_back_by_openid(&left).await;
    assert!(answer.status < 400 && entered(&answer).is_none(), "{answer:?}");
}

async fn enforce(t: &Tenant) {
    tested(t).await;
    let path = format!("/domains/{}/enforce", t.domain("local"));
    t.owner("POST", &path, None).await.expect(200);
}

pub(crate) const WAYS: &[Way] = &[
    way("a connection is disabled", &["POST /api/v1/connections/{id}/disable"], |t, _| {
        Box::pin(async move {
            t.owner("POST", &format!("{}/disable", idp(t)), None).await.expect(200);
        })
    }),
    way("a connection is disabled and enabled again", &["POST /api/v1/connections/{id}/enable"], |t, _| {
        Box::pin(async move {
            t.owner("POST", &format!("{}/disable", idp(t)), None).await.expect(200);
            t.owner("POST", &format!("{}/enable", idp(t)), None).await.expect(200);
        })
    }),
    way("a connection that speaks SAML is disabled", &["POST /api/v1/connections/{id}/disable"], |t, _| {
        Box::pin(async move {
            t.owner("POST", &format!("/connections/{}/disable", t.saml.stored.id), None).await.expect(200);
        })
    }),
    way("a connection is disabled in the console", &["POST /console/connections/{id}/state"], |t, held| {
        Box::pin(async move {
            t.at_the_desk(held, &format!("/console{}/state", idp(t)), &[("enabled", "no")]).await;
        })
    }),
    way("a connection is deleted", &["DELETE /api/v1/connections/{id}"], |t, _| {
        Box::pin(async move {
            let plan = t.owner("GET", &format!("{}/deletion", idp(t)), None).await.expect(200).json();
            let path = format!("{}?plan={}", idp(t), plan["plan"].as_str().unwrap());
            done(&t.owner("DELETE", &path, None).await);
        })
    }),
    way("a SCIM token is revoked", &["DELETE /api/v1/connections/{id}/tokens/{token}"], |t, _| {
        Box::pin(async move {
            t.owner("DELETE", &format!("{}/tokens/{}", idp(t), t.idp.token.id), None).await.expect(204);
        })
    }),
    way(
        "a SCIM token is revoked in the console",
        &["POST /console/connections/{id}/tokens/{token}/revoke"],
        |t, held| {
            Box::pin(async move {
                let path = format!("/console{}/tokens/{}/revoke", idp(t), t.idp.token.id);
                t.at_the_desk(held, &path, &[]).await;
            })
        },
    ),
    way("an OAuth client is revoked", &["DELETE /api/v1/connections/{id}/clients/{client}"], |t, _| {
        Box::pin(async move {
            t.owner("DELETE", &format!("{}/clients/{}", idp(t), t.id("client")), None).await.expect(204);
        })
    }),
    way(
        "the token for security events is revoked",
        &["DELETE /api/v1/connections/{id}/signal-stream/token"],
        |t, _| {
            Box::pin(async move {
                t.owner("DELETE", &format!("{}/signal-stream/token", idp(t)), None).await.expect(204);
            })
        },
    ),
    way("another token for security events is made", &["POST /api/v1/connections/{id}/signal-stream/token"], |t, _| {
        Box::pin(async move {
            t.owner("POST", &format!("{}/signal-stream/token", idp(t)), None).await.expect(201);
        })
    }),
    way("a connection's settings take security events away", &["PUT /api/v1/connections/{id}"], |t, _| {
        Box::pin(async move {
            let mut settings = openid(&t.provider, &t.slug);
            settings.signals = None;
            t.owner("PUT", &idp(t), Some(json!({"settings": settings}))).await.expect(200);
        })
    }),
    way("a set-up link is revoked", &["DELETE /api/v1/connections/{id}/setup-links/{link}"], |t, _| {
        Box::pin(async move {
            let path = format!("/connections/{}/setup-links/{}", t.half.stored.id, t.id("setup"));
            t.owner("DELETE", &path, None).await.expect(204);
        })
    }),
    way("a connection that is set up by a link is enabled", &["POST /api/v1/connections/{id}/enable"], |t, _| {
        Box::pin(async move {
            t.owner("POST", &format!("/connections/{}/enable", t.half.stored.id), None).await.expect(200);
        })
    }),
    way("single sign-on is enforced for a domain", &["POST /api/v1/domains/{domain}/enforce"], |t, _| {
        Box::pin(enforce(t))
    }),
    way("a one-time link is used", &["POST /login/link"], |t, held: &Held| {
        Box::pin(async move {
            t.post("/login/link", &[("token", held.of(Kind::OwnerLink))]).await.expect(303);
        })
    }),
    way("security events are ended in the console", &["POST /console/settings/signals/{id}/end"], |t, held| {
        Box::pin(async move {
            t.at_the_desk(held, &format!("/console/settings/signals/{}/end", t.idp.stored.id), &[]).await;
        })
    }),
    way(
        "another token for security events is made in the console",
        &["POST /console/settings/signals/{id}/token"],
        |t, held| {
            Box::pin(async move {
                t.at_the_desk(held, &format!("/console/settings/signals/{}/token", t.idp.stored.id), &[]).await;
            })
        },
    ),
    way("single sign-on is enforced in the console", &["POST /console/connections/{id}/domains"], |t, held| {
        Box::pin(async move {
            tested(t).await;
            let domain = t.domain("local");
            let fields = [("domain", domain.as_str()), ("do", "enforce")];
            t.at_the_desk(held, &format!("/console{}/domains", idp(t)), &fields).await;
        })
    }),
    way("a connection is deleted in the console", &["POST /console/connections/{id}/delete"], |t, held| {
        Box::pin(async move {
            let plan = t.owner("GET", &format!("{}/deletion", idp(t)), None).await.expect(200).json();
            let fields = [("plan", plan["plan"].as_str().unwrap())];
            t.at_the_desk(held, &format!("/console{}/delete", idp(t)), &fields).await;
        })
    }),
];
