//! Service accounts come in by their keys, and a key may carry less than its owner holds.

use crate::{people::bearer, world::World};
use castgate::{
    app::{AccountChange, Gift, KeyWish},
    model::{BuiltInRole, Holder, Role, Subject},
};
use serde_json::json;

#[tokio::test]
async fn a_service_account_is_told_of_like_a_person() {
    let world = World::start().await;
    let acme = world.organization("acme").await;
    let (app, ctx) = (&world.app, &acme.operator);
    let account = app.create_service_account(ctx, "deployer", "").await.unwrap();
    let subject = Subject::ServiceAccount(account.id.clone());
    let member = Role::BuiltIn(BuiltInRole::Member);
    app.give(ctx, Gift { subject, role: member, cluster: None, until: None }).await.unwrap();
    let wish = KeyWish { name: "ci".to_owned(), life: None, rights: None };
    let made = app.create_key_of(ctx, &Holder::ServiceAccount(account.id.clone()), wish).await.unwrap();
    let key = bearer(made.secret.expose());
    let headers = [("authorization", key.as_str())];
    let told = world.client.get("/auth/verify/traefik?can=manage-clusters&audience=costs", &headers).await.expect(200);
    assert_eq!((told.header("x-castgate-user"), told.header("x-castgate-roles")), (account.id.as_str(), "member"));
    assert_eq!((told.header("x-castgate-name"), told.header("x-castgate-email")), ("deployer", ""));
    world.client.get("/auth/verify/traefik?can=manage-members", &headers).await.expect(403);
    let token = told.header("x-castgate-jwt").to_owned();
    let introspect = async |token: &str| {
        let headers = [("authorization", key.as_str()), ("content-type", "application/x-www-form-urlencoded")];
        let body = Some(format!("token={token}"));
        world.client.send("POST", "/auth/introspect", &headers, body).await.expect(200).json()
    };
    for token in [made.secret.expose(), token.as_str()] {
        let said = introspect(token).await;
        assert_eq!(
            (&said["active"], &said["sub"], &said["roles"]),
            (&json!(true), &json!(account.id), &json!(["member"]))
        );
    }
    let ask = async |key: &str, subject: serde_json::Value| {
        let headers = [("authorization", key), ("content-type", "application/json")];
        let body = json!({"checks": [{"subject": subject, "can": "manage-clusters"}]}).to_string();
        let said = world.client.send("POST", "/api/v1/authorize", &headers, Some(body)).await.expect(200).json();
        said["decisions"][0].clone()
    };
    for (key, subject) in [(&key, json!(null)), (&key, json!(account.id)), (&bearer(&acme.key), json!(account.id))] {
        let said = ask(key, subject).await;
        assert_eq!((&said["allowed"], &said["subject"]["label"]), (&json!(true), &json!("deployer")), "{said}");
    }
    let change = AccountChange { suspended: Some(true), ..AccountChange::default() };
    app.change_service_account(ctx, &account.id, change).await.unwrap();
    world.client.get("/auth/verify/traefik", &headers).await.expect(401);
    let owner = bearer(&acme.key);
    let headers = [("authorization", owner.as_str()), ("content-type", "application/x-www-form-urlencoded")];
    let said = world.client.send("POST", "/auth/introspect", &headers, Some(format!("token={token}"))).await;
    assert_eq!(said.expect(200).json(), json!({"active": false}));
    assert_eq!(ask(&owner, json!(account.id)).await["allowed"], false);
}
