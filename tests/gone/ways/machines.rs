//! Service accounts and their keys.

use super::{Way, done, way};
use crate::tenant::Tenant;
use serde_json::json;

fn mack(t: &Tenant) -> String {
    format!("/service-accounts/{}", t.id("mack"))
}

fn its_key(t: &Tenant) -> String {
    format!("{}/keys/{}", mack(t), t.id("mack.key"))
}

pub(crate) const WAYS: &[Way] = &[
    way("a service account is suspended", &["POST /api/v1/service-accounts/{id}/suspend"], |t, _| {
        Box::pin(async move {
            t.owner("POST", &format!("{}/suspend", mack(t)), None).await.expect(200);
        })
    }),
    way("a service account is closed", &["DELETE /api/v1/service-accounts/{id}"], |t, _| {
        Box::pin(async move {
            t.owner("DELETE", &mack(t), None).await.expect(204);
        })
    }),
    way("a key of a service account is ended", &["DELETE /api/v1/service-accounts/{id}/keys/{key}"], |t, _| {
        Box::pin(async move {
            t.owner("DELETE", &its_key(t), None).await.expect(204);
        })
    }),
    way("a key of a service account is switched off", &["PATCH /api/v1/service-accounts/{id}/keys/{key}"], |t, _| {
        Box::pin(async move {
            t.owner("PATCH", &its_key(t), Some(json!({"active": false}))).await.expect(200);
        })
    }),
    way("a service account is closed in the console", &["POST /console/service-accounts/{id}/close"], |t, held| {
        Box::pin(async move { t.at_the_desk(held, &format!("/console{}/close", mack(t)), &[]).await })
    }),
    way(
        "a key of a service account is ended in the console",
        &["POST /console/service-accounts/{id}/keys/{key}/end"],
        |t, held| Box::pin(async move { t.at_the_desk(held, &format!("/console{}/end", its_key(t)), &[]).await }),
    ),
    way("a key goes to a service account", &["POST /api/v1/users/{id}/keys/{key}/move"], |t, _| {
        Box::pin(async move {
            let path = format!("/users/{}/keys/{}/move", t.id("oda"), t.id("oda.key"));
            done(&t.owner("POST", &path, Some(json!({"to": t.id("mack")}))).await);
        })
    }),
    way("a service account is suspended in the console", &["POST /console/service-accounts/{id}"], |t, held| {
        Box::pin(async move {
            t.at_the_desk(held, &format!("/console{}", mack(t)), &[("state", "suspended")]).await;
        })
    }),
];
