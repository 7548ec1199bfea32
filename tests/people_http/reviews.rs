//! Access reviews, members in bulk and keys of Cast AI: a journey through the API of each.

use super::{api, bearer, viewer, world::World};
use castgate::model::Profile;
use serde_json::{Value, json};

#[tokio::test]
async fn a_review_is_begun_decided_applied_exported_and_closed_through_the_api() {
    let world = World::start().await;
    let acme = world.organization("acme").await;
    let (_, stranger) = viewer(&world, &acme).await;
    let call = async |method: &str, path: &str, body: Option<Value>| api(&world, &acme.key, method, path, body).await;
    let invited = json!({"invitations": [{"email": "grace@acme.test"}]});
    call("POST", "/invitations", Some(invited)).await.expect(200);
    for path in ["/access-reviews", "/members", "/mirrored-keys"] {
        api(&world, &stranger, "GET", path, None).await.expect(403);
    }
    let limits = json!({"account_days": 0});
    call("POST", "/access-reviews", Some(json!({"name": "x", "limits": limits}))).await.expect(400);
    call("POST", "/access-reviews", Some(json!({"name": ""}))).await.expect(400);
    let made = call("POST", "/access-reviews", Some(json!({"name": "Spring"}))).await.expect(201);
    let path = format!("/access-reviews/{}", made.id());
    assert!(!made.json()["gaps"].as_array().unwrap().is_empty(), "it says what it could not look at: {made:?}");
    // On the first day nothing is unused; what the API does with findings is seen with what there is.
    let found = call("GET", &format!("{path}/proposals"), None).await.expect(200);
    assert_eq!(found.json()["items"], json!([]));
    let nothing = json!({"decisions": [{"proposal": "rvp_06h01qbn45r9t2euf2aprlbdqk", "verdict": "keep"}]});
    call("POST", &format!("{path}/decisions"), Some(nothing)).await.expect(404);
    let preview = call("POST", &format!("{path}/preview"), None).await.expect(200).json();
    assert_eq!(preview["changes"], json!([]));
    let applied = call("POST", &format!("{path}/apply"), Some(json!({"preview": preview["token"]}))).await.expect(200);
    assert_eq!(applied.json()["made"], 0);
    call("POST", &format!("{path}/apply"), Some(json!({"preview": "x"}))).await.expect(400);
    let csv = call("GET", &format!("{path}/evidence?format=csv"), None).await.expect(200);
    assert!(csv.header("content-type").starts_with("text/csv") && csv.text.starts_with("\"review\",\"proposal\""));
    assert!(csv.header("content-disposition").starts_with("attachment; filename=\"rvw_"), "{csv:?}");
    let whole = call("GET", &format!("{path}/evidence"), None).await.expect(200).json();
    assert!(whole["statement"].as_str().unwrap().contains("is not recorded"), "{whole}");
    let closed = call("POST", &format!("{path}/close"), None).await.expect(200).json();
    assert!(closed["closed_by"].as_str().unwrap().starts_with("key key_"), "{closed}");
    let again = call("POST", &format!("{path}/close"), None).await.expect(409);
    assert_eq!(again.json()["code"], "review_closed");
}

#[tokio::test]
async fn several_members_are_changed_by_one_preview_and_each_refusal_has_its_reason() {
    let world = World::start().await;
    let acme = world.organization("acme").await;
    let (vera, her_key) = viewer(&world, &acme).await;
    let call = async |method: &str, path: &str, body: Option<Value>| api(&world, &acme.key, method, path, body).await;
    let nobody = "usr_06h01qbn45r9t2euf2aprlbdqk";
    let body = json!({"users": [vera, nobody], "change": {"kind": "set_role", "role": "analyst"}});
    let preview = call("POST", "/member-changes/preview", Some(body.clone())).await.expect(200).json();
    assert_eq!(preview["changes"][0]["keys"].as_array().unwrap().len(), 1, "{preview}");
    assert_eq!(preview["changes"][1]["refused"]["code"], "not_found");
    let mut wanted = body;
    wanted["preview"] = preview["token"].clone();
    wanted["others"] = json!({"do": "keep"});
    let made = call("POST", "/member-changes", Some(wanted)).await.expect(200).json();
    assert_eq!((&made["made"], &made["results"][0]["keys"][0]["done"]), (&json!(1), &json!("kept")), "{made}");
    let told = world.client.get("/auth/verify", &[("authorization", &bearer(&her_key))]).await.expect(200);
    assert_eq!(told.header("x-castgate-roles"), "analyst");
    let listed = call("GET", "/members?filter=roles%20eq%20%22analyst%22", None).await.expect(200).json();
    let [one] = listed["items"].as_array().unwrap().as_slice() else { panic!("{listed}") };
    assert_eq!((&one["id"], &one["state"]), (&json!(vera), &json!("active")));
    assert!(one["why"][0].as_str().unwrap().contains("given by a person"));
    api(
        &world,
        &her_key,
        "POST",
        "/member-changes/preview",
        Some(json!({"users": [vera], "change": {"kind": "suspend"}})),
    )
    .await
    .expect(403);
}

#[tokio::test]
async fn keys_of_cast_ai_are_told_listed_and_shown_by_the_preview_of_what_ends_them() {
    let world = World::start().await;
    let acme = world.organization("acme").await;
    let okta = acme.connection("okta", Profile::Okta).await;
    let user = json!({"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "ada@acme.test"});
    let ada = okta.post("/Users", user).await.expect(201).id();
    let call = async |method: &str, path: &str, body: Option<Value>| api(&world, &acme.key, method, path, body).await;
    let keys = json!({"keys": [{"external_id": "7c9e6679", "owner": ada, "name": "agent", "hint": "7c9e"}]});
    let read = call("PUT", "/mirrored-keys", Some(keys)).await.expect(200).json();
    assert_eq!((&read["kept"], &read["unknown_owners"]), (&json!(1), &json!([])));
    assert_eq!(call("GET", "/mirrored-keys", None).await.expect(200).json()["items"][0]["kind"], "castai");
    let gift = json!({"subject": ada, "role": "member"});
    assert_eq!(call("POST", "/bindings", Some(gift)).await.expect(409).json()["code"], "preview_required");
    let change = json!({"change": {"kind": "set_role", "user": ada, "role": "member"}});
    let preview = call("POST", "/role-changes/preview", Some(change)).await.expect(200).json();
    assert_eq!(preview["mirrored"][0]["external_id"], "7c9e6679", "{preview}");
    call("GET", &format!("/users/{ada}/departure"), None).await.expect(409);
    let off = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
        "Operations": [{"op": "replace", "path": "active", "value": false}],
    });
    assert!(okta.patch(&format!("/Users/{ada}"), off).await.status < 300);
    let receipt = call("GET", &format!("/users/{ada}/departure"), None).await.expect(200).json();
    assert_eq!((&receipt["state"], &receipt["last_in_person_at"]), (&json!("suspended"), &Value::Null));
}
