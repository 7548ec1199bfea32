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

/// Lola's key is gone: a change that touches keys asks for a preview.
async fn without_keys(t: &Tenant) {
    end_key(t, "lola", "lola.key").await;
}

async fn end_key(t: &Tenant, whose: &str, key: &str) {
    t.owner("DELETE", &format!("/users/{}/keys/{}", t.id(whose), t.id(key)), None).await.expect(204);
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
            end_key(t, "oda", "oda.key").await;
            t.owner("POST", "/mapping/publish", Some(json!({"text": NOBODY}))).await.expect(200);
        })
    }),
    way("an earlier mapping is published again", &["POST /api/v1/mapping/versions/{version}/revert"], |t, _| {
        Box::pin(async move {
            publish(t, NOBODY).await;
            publish(t, MAPPING).await;
            end_key(t, "oda", "oda.key").await;
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
    way(
        "somebody without keys is taken out of a local group",
        &["DELETE /api/v1/groups/{id}/members/{member}"],
        |t, _| {
            Box::pin(async move {
                without_keys(t).await;
                let path = format!("/groups/{}/members/{}", t.id("crew"), t.id("lola"));
                done(&t.owner("DELETE", &path, None).await);
            })
        },
    ),
    way("a local group without keys is deleted", &["DELETE /api/v1/groups/{id}"], |t, _| {
        Box::pin(async move {
            without_keys(t).await;
            done(&t.owner("DELETE", &format!("/groups/{}", t.id("crew")), None).await);
        })
    }),
    way("a document lets a role do less", &["POST /api/v1/configuration/apply"], |t, _| {
        Box::pin(async move {
            let text = "roles:\n  - name: deployers\n    capabilities: [view-clusters]\n";
            t.owner("POST", "/configuration/apply", Some(json!({"text": text}))).await.expect(200);
        })
    }),
    way("a document empties a local group", CHANGE, |t, _| {
        Box::pin(async move {
            let text = "groups:\n  - name: crew\n    users: []\n";
            t.change_roles(json!({"kind": "configure", "text": text, "prune": true}), "keep").await;
        })
    }),
];
