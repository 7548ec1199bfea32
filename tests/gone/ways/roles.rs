//! Roles that are taken, by whatever gave them.

use super::{Way, done, patched, way};
use crate::tenant::{GROUP, MAPPING, Tenant};
use serde_json::{Value, json};

const NOBODY: &str = "default: viewer\nrules: []\n";
const CHANGE: &[&str] = &["POST /api/v1/role-changes"];

async fn patch_group(t: &Tenant, operation: Value) {
    let path = format!("/Groups/{}", t.id("engineers"));
    done(&t.scim(&t.idp, "PATCH", &path, Some(patched(&json!([operation])))).await);
}

async fn publish(t: &Tenant, text: &str) {
    t.change_roles(json!({"kind": "publish", "text": text}), "keep").await;
}

pub(crate) const WAYS: &[Way] = &[
    way("a push takes somebody out of a group", &["PATCH /scim/v2/Groups/{id}"], |t, _| {
        Box::pin(patch_group(t, json!({"op": "remove", "path": format!("members[value eq \"{}\"]", t.id("oda"))})))
    }),
    way("a push takes somebody out of a group as Entra writes it", &["PATCH /scim/v2/Groups/{id}"], |t, _| {
        Box::pin(patch_group(t, json!({"op": "Remove", "path": "members", "value": [{"value": t.id("oda")}]})))
    }),
    way("a push renames a group of which a rule speaks", &["PATCH /scim/v2/Groups/{id}"], |t, _| {
        Box::pin(patch_group(t, json!({"op": "replace", "path": "displayName", "value": "gardeners"})))
    }),
    way("a push replaces a group with an empty one", &["PUT /scim/v2/Groups/{id}"], |t, _| {
        Box::pin(async move {
            let body = json!({"schemas": [GROUP], "displayName": "engineers", "externalId": "eng", "members": []});
            done(&t.scim(&t.idp, "PUT", &format!("/Groups/{}", t.id("engineers")), Some(body)).await);
        })
    }),
    way("a push deletes a group", &["DELETE /scim/v2/Groups/{id}"], |t, _| {
        Box::pin(async move {
            t.scim(&t.idp, "DELETE", &format!("/Groups/{}", t.id("engineers")), None).await.expect(204);
        })
    }),
    way("a mapping is published without a rule", CHANGE, |t, _| Box::pin(publish(t, NOBODY))),
    way("a mapping is published by its own door", &["POST /api/v1/mapping/publish"], |t, _| {
        Box::pin(async move {
            t.owner("POST", "/mapping/publish", Some(json!({"text": NOBODY}))).await.expect(200);
        })
    }),
    way("an earlier mapping is published again", &["POST /api/v1/mapping/versions/{version}/revert"], |t, _| {
        Box::pin(async move {
            publish(t, NOBODY).await;
            publish(t, MAPPING).await;
            let body = json!({"reason": "as it was"});
            t.owner("POST", "/mapping/versions/2/revert", Some(body)).await.expect(200);
        })
    }),
    way("a role lets its holders do less", &["PATCH /api/v1/roles/{id}"], |t, _| {
        Box::pin(async move {
            let body = json!({"capabilities": ["view-clusters"]});
            t.owner("PATCH", &format!("/roles/{}", t.id("deployers")), Some(body)).await.expect(200);
        })
    }),
    way("a binding is taken", &["DELETE /api/v1/bindings/{id}"], |t, _| {
        Box::pin(async move {
            t.owner("DELETE", &format!("/bindings/{}", t.id("sami.binding")), None).await.expect(204);
        })
    }),
    way("a binding is taken from a service account", CHANGE, |t, _| {
        Box::pin(async move { t.change_roles(json!({"kind": "take", "binding": t.id("mack.binding")}), "keep").await })
    }),
    way("a binding is taken from a group", CHANGE, |t, _| {
        Box::pin(async move { t.change_roles(json!({"kind": "take", "binding": t.id("crew.binding")}), "keep").await })
    }),
    way("a role is changed as a change of roles", CHANGE, |t, _| {
        Box::pin(async move {
            let change = json!({"kind": "edit_role", "role": t.id("deployers").trim_start_matches("role:"), "capabilities": ["view-clusters"]});
            t.change_roles(change, "keep").await;
        })
    }),
    way("somebody is taken out of a local group", CHANGE, |t, _| {
        Box::pin(async move {
            let change = json!({"kind": "leave", "group": t.id("crew"), "member": t.id("lola")});
            t.change_roles(change, "keep").await;
        })
    }),
    way("somebody is taken out of a local group, and their keys are deleted", CHANGE, |t, _| {
        Box::pin(async move {
            let change = json!({"kind": "leave", "group": t.id("crew"), "member": t.id("lola")});
            t.change_roles(change, "delete").await;
        })
    }),
    way("several people are taken out of a local group", &["POST /api/v1/member-changes"], |t, _| {
        Box::pin(async move {
            t.change_members(&["lola"], json!({"kind": "leave", "group": t.id("crew")})).await;
        })
    }),
    way("a local group is deleted", CHANGE, |t, _| {
        Box::pin(async move {
            t.change_roles(json!({"kind": "delete_group", "group": t.id("crew")}), "keep").await;
        })
    }),
    way("somebody is given another role instead", &["POST /api/v1/member-changes"], |t, _| {
        Box::pin(t.change_members(&["sami"], json!({"kind": "set_role", "role": "viewer"})))
    }),
];
