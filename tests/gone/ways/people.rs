//! People whom a provider or an owner suspends, removes, signs out or erases.

use super::{Way, done, patched, way};
use crate::{
    kinds::Kind,
    tenant::{Tenant, USER},
};
use serde_json::{Value, json};

const PATCH: &[&str] = &["PATCH /scim/v2/Users/{id}"];
const BULK: &[&str] = &["POST /scim/v2/Bulk"];

async fn patch(t: &Tenant, operation: Value) {
    done(&t.scim(&t.idp, "PATCH", &format!("/Users/{}", t.id("oda")), Some(patched(&json!([operation])))).await);
}

fn inactive(t: &Tenant) -> Value {
    let address = t.address("oda");
    json!({"schemas": [USER], "userName": address, "externalId": "oda", "emails": [{"value": address}], "active": false})
}

async fn bulk(t: &Tenant, mut operation: Value) {
    operation["path"] = json!(format!("/Users/{}", t.id("oda")));
    let schemas = ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"];
    let body = json!({"schemas": schemas, "Operations": [operation]});
    let answer = t.scim(&t.idp, "POST", "/Bulk", Some(body)).await.expect(200);
    assert!(answer.json()["Operations"][0]["status"].as_str().unwrap().starts_with('2'), "{answer:?}");
}

pub(crate) const WAYS: &[Way] = &[
    way("a push makes somebody inactive by a path", PATCH, |t, _| {
        Box::pin(patch(t, json!({"op": "replace", "path": "active", "value": false})))
    }),
    way("a push makes somebody inactive without a path", PATCH, |t, _| {
        Box::pin(patch(t, json!({"op": "replace", "value": {"active": false}})))
    }),
    way("a push makes somebody inactive as Entra writes it", PATCH, |t, _| {
        Box::pin(patch(t, json!({"op": "Replace", "path": "active", "value": "False"})))
    }),
    way("a push adds that somebody is inactive", PATCH, |t, _| {
        Box::pin(patch(t, json!({"op": "add", "path": "active", "value": false})))
    }),
    way("a push replaces somebody with an inactive one", &["PUT /scim/v2/Users/{id}"], |t, _| {
        Box::pin(async move {
            done(&t.scim(&t.idp, "PUT", &format!("/Users/{}", t.id("oda")), Some(inactive(t))).await);
        })
    }),
    way("a push deletes somebody", &["DELETE /scim/v2/Users/{id}"], |t, _| {
        Box::pin(async move {
            t.scim(&t.idp, "DELETE", &format!("/Users/{}", t.id("oda")), None).await.expect(204);
        })
    }),
    way("a bulk push makes somebody inactive", BULK, |t, _| {
        let data = patched(&json!([{"op": "replace", "path": "active", "value": false}]));
        Box::pin(bulk(t, json!({"method": "PATCH", "data": data})))
    }),
    way("a bulk push replaces somebody with an inactive one", BULK, |t, _| {
        Box::pin(bulk(t, json!({"method": "PUT", "data": inactive(t)})))
    }),
    way("a bulk push deletes somebody", BULK, |t, _| Box::pin(bulk(t, json!({"method": "DELETE"})))),
    way("a push takes a local person over who is inactive", &["POST /scim/v2/Users"], |t, _| {
        Box::pin(async move {
            let address = t.address("lola");
            let emails = json!([{"value": address, "type": "work", "primary": true}]);
            let body = json!({"schemas": [USER], "userName": address, "externalId": "lola", "emails": emails, "active": false});
            let answer = t.scim(&t.idp, "POST", "/Users", Some(body)).await.expect(201);
            assert_eq!(answer.id(), t.id("lola"), "{answer:?}");
        })
    }),
    way("a push makes somebody inactive who signs in over SAML", PATCH, |t, _| {
        Box::pin(async move {
            let body = patched(&json!([{"op": "replace", "path": "active", "value": false}]));
            done(&t.scim(&t.saml, "PATCH", &format!("/Users/{}", t.id("sami")), Some(body)).await);
        })
    }),
    way("an owner suspends a person", &["POST /api/v1/users/{id}/suspend"], |t, _| {
        Box::pin(async move {
            t.owner("POST", &format!("/users/{}/suspend", t.id("lola")), None).await.expect(200);
        })
    }),
    way("an owner suspends a person whom a provider pushed", &["POST /api/v1/users/{id}/suspend"], |t, _| {
        Box::pin(async move {
            t.owner("POST", &format!("/users/{}/suspend", t.id("oda")), None).await.expect(200);
        })
    }),
    way("an owner removes a person", &["DELETE /api/v1/users/{id}"], |t, _| {
        Box::pin(async move {
            t.owner("DELETE", &format!("/users/{}", t.id("lola")), None).await.expect(204);
        })
    }),
    way("an owner suspends several people", &["POST /api/v1/member-changes"], |t, _| {
        Box::pin(t.change_members(&["oda", "sami", "lola"], json!({"kind": "suspend"})))
    }),
    way("an owner removes several people", &["POST /api/v1/member-changes"], |t, _| {
        Box::pin(t.change_members(&["lola"], json!({"kind": "remove"})))
    }),
    way("an owner suspends a person as a change of roles", &["POST /api/v1/role-changes"], |t, _| {
        Box::pin(async move { t.change_roles(json!({"kind": "suspend", "user": t.id("lola")}), "keep").await })
    }),
    way("an owner removes a person as a change of roles", &["POST /api/v1/role-changes"], |t, _| {
        Box::pin(async move { t.change_roles(json!({"kind": "remove", "user": t.id("lola")}), "keep").await })
    }),
    way("an owner suspends people in the console", &["POST /console/members/several"], |t, held| {
        Box::pin(async move {
            let (oda, lola) = (t.id("oda"), t.id("lola"));
            let fields = [("do", "suspend"), ("id", oda.as_str()), ("id", &lola)];
            t.at_the_desk(held, "/console/members/several", &fields).await;
        })
    }),
    way("an owner signs people out in the console", &["POST /console/members/several"], |t, held| {
        Box::pin(async move {
            let (oda, lola) = (t.id("oda"), t.id("lola"));
            let fields = [("do", "end-sessions"), ("id", oda.as_str()), ("id", &lola)];
            t.at_the_desk(held, "/console/members/several", &fields).await;
        })
    }),
    way("an owner ends a session in the console", &["POST /console/members/{id}/sessions/end"], |t, held| {
        Box::pin(async move {
            let session = t.id_of(held.of(Kind::LolaOther)).await;
            let path = format!("/console/members/{}/sessions/end", t.id("lola"));
            t.at_the_desk(held, &path, &[("session", &session)]).await;
        })
    }),
    way("an owner ends every session of somebody", &["DELETE /api/v1/users/{id}/sessions"], |t, _| {
        Box::pin(async move {
            t.owner("DELETE", &format!("/users/{}/sessions", t.id("lola")), None).await.expect(200);
        })
    }),
    way("an owner ends one session of somebody", &["DELETE /api/v1/users/{id}/sessions/{session}"], |t, held| {
        Box::pin(async move {
            let session = t.id_of(held.of(Kind::OdaSession)).await;
            t.owner("DELETE", &format!("/users/{}/sessions/{session}", t.id("oda")), None).await.expect(204);
        })
    }),
    way("an owner ends a key of somebody", &["DELETE /api/v1/users/{id}/keys/{key}"], |t, _| {
        Box::pin(async move {
            let path = format!("/users/{}/keys/{}", t.id("oda"), t.id("oda.key"));
            t.owner("DELETE", &path, None).await.expect(204);
        })
    }),
    way("an owner erases a person", &["POST /api/v1/users/{id}/erasure"], |t, _| {
        Box::pin(async move {
            let user = format!("/users/{}", t.id("lola"));
            t.owner("POST", &format!("{user}/suspend"), None).await.expect(200);
            // A use that is noted beside its answer changes what there is to erase: then it is looked at again.
            for _ in 0..50 {
                let plan = t.owner("GET", &format!("{user}/erasure"), None).await.expect(200).json();
                let wanted = json!({"plan": plan["plan"], "confirm": t.address("lola")});
                if t.owner("POST", &format!("{user}/erasure"), Some(wanted)).await.status == 200 {
                    return;
                }
            }
            panic!("lola was not erased");
        })
    }),
    way("an owner takes an authenticator app away", &["DELETE /api/v1/users/{id}/second-factor"], |t, held| {
        Box::pin(async move {
            t.enrol(held).await;
            t.owner("DELETE", &format!("/users/{}/second-factor", t.id("lola")), None).await.expect(204);
        })
    }),
    way("an invitation is revoked", &["DELETE /api/v1/invitations/{id}"], |t, _| {
        Box::pin(async move {
            done(&t.owner("DELETE", &format!("/invitations/{}", t.id("ivy")), None).await);
        })
    }),
    way("an invitation is sent again", &["POST /api/v1/invitations/{id}/resend"], |t, _| {
        Box::pin(async move {
            done(&t.owner("POST", &format!("/invitations/{}/resend", t.id("ivy")), Some(json!({}))).await);
        })
    }),
    way("an invitation is revoked in the console", &["POST /console/invitations/{id}/revoke"], |t, held| {
        Box::pin(async move {
            let path = format!("/console/invitations/{}/revoke", t.id("ivy"));
            t.at_the_desk(held, &path, &[]).await;
        })
    }),
];
