//! RFC 7662: what a token is worth, told to whoever has a key of the same organization.

use crate::{
    people::{FORM, Viewer, bearer, session},
    world::{Answer, World},
};
use castgate::app::Clock;
use serde_json::{Value, json};

async fn ask(world: &World, key: &str, token: &str) -> Value {
    let answer = asked(world, &[("authorization", &bearer(key))], &format!("token={token}")).await.expect(200);
    assert_eq!(answer.header("cache-control"), "no-store");
    answer.json()
}

async fn asked(world: &World, headers: &[(&str, &str)], body: &str) -> Answer {
    let mut all = vec![FORM];
    all.extend(headers);
    world.client.send("POST", "/auth/introspect", &all, Some(body.to_owned())).await
}

async fn jwt(world: &World, key: &str) -> String {
    let told = world.client.get("/auth/verify?audience=costs", &[("authorization", &bearer(key))]).await.expect(200);
    told.header("x-castgate-jwt").to_owned()
}

#[tokio::test]
async fn keys_sessions_and_signed_tokens_are_told_of_while_they_are_good() {
    let world = World::start().await;
    let acme = world.organization("acme").await;
    let viewer = Viewer::of(&world, &acme).await;
    let key = ask(&world, &acme.key, &viewer.key).await;
    assert_eq!(
        (&key["active"], &key["sub"], &key["username"]),
        (&json!(true), &json!(viewer.id), &json!("vera@acme.test"))
    );
    assert_eq!((&key["scope"], &key["roles"]), (&json!("view-clusters view-billing view-costs"), &json!(["viewer"])));
    assert_eq!(
        (&key["org"], &key["token_type"], &key["iss"]),
        (&json!(acme.founded.id), &json!("Bearer"), &json!(world.origin))
    );
    assert!(key["client_id"].as_str().unwrap().starts_with("key_") && key["exp"].is_null() && key["iat"].is_i64());
    // A viewer's key may ask: it learns no more than the token itself opens.
    let cookie = session(&world, &acme.link).await;
    let told = ask(&world, &viewer.key, cookie.split('=').nth(1).unwrap()).await;
    assert_eq!(
        (&told["active"], &told["token_type"], &told["roles"]),
        (&json!(true), &json!("session"), &json!(["owner"]))
    );
    assert!(told["exp"].as_i64().unwrap() > told["iat"].as_i64().unwrap());
    let token = jwt(&world, &viewer.key).await;
    let told = ask(&world, &acme.key, &token).await;
    assert_eq!((&told["active"], &told["aud"], &told["client_id"]), (&json!(true), &json!("costs"), &key["client_id"]));
    assert_eq!(told["exp"].as_i64().unwrap() - told["iat"].as_i64().unwrap(), 60);
    viewer.deactivate().await;
    for token in [&viewer.key, &token] {
        assert_eq!(ask(&world, &acme.key, token).await, json!({"active": false}), "at once, though it is signed");
    }
}

#[tokio::test]
async fn of_everything_else_there_is_nothing_to_say() {
    let world = World::start_with(Clock::fixed(castgate::model::Instant(1_790_000_000_000_000), 3), |_| {}).await;
    let (acme, other) = (world.organization("acme").await, world.organization("other").await);
    let cookie = session(&world, &other.link).await;
    let ours = jwt(&world, &acme.key).await;
    let theirs = jwt(&world, &other.key).await;
    let okta = other.connection("okta", castgate::model::Profile::Okta).await;
    let unsigned = format!("eyJhbGciOiJub25lIn0.{}.", ours.split('.').nth(1).unwrap());
    let changed = format!("{ours}A");
    let nothing = [
        other.key.as_str(),
        cookie.split('=').nth(1).unwrap(),
        theirs.as_str(),
        okta.token(),
        unsigned.as_str(),
        changed.as_str(),
        "cgk_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "nonsense",
        "",
        "%00",
    ];
    for token in nothing {
        assert_eq!(ask(&world, &acme.key, token).await, json!({"active": false}), "{token}");
    }
    assert_eq!(ask(&world, &acme.key, &ours).await["active"], true);
    world.app.clock().advance(std::time::Duration::from_mins(1));
    assert_eq!(ask(&world, &acme.key, &ours).await, json!({"active": false}), "its minute is over");
}

#[tokio::test]
async fn a_service_says_who_it_is_before_it_asks() {
    let world = World::start().await;
    let acme = world.organization("acme").await;
    let body = format!("token={}", acme.key);
    asked(&world, &[], &body).await.expect(401);
    asked(&world, &[("authorization", "Bearer cgk_x")], &body).await.expect(401);
    let cookie = session(&world, &acme.link).await;
    asked(&world, &[("cookie", &cookie)], &body).await.expect(401);
    let basic = format!("Basic {}", data_encoding::BASE64.encode(format!("service:{}", acme.key).as_bytes()));
    let told = asked(&world, &[("authorization", &basic)], &format!("token_type_hint=refresh_token&{body}")).await;
    assert_eq!(told.expect(200).json()["active"], true);
    let key = bearer(&acme.key);
    for wrong in ["", "token_type_hint=x", "token=a&token=b"] {
        asked(&world, &[("authorization", &key)], wrong).await.expect(400);
    }
    let headers = [("authorization", key.as_str()), ("content-type", "application/json")];
    world.client.send("POST", "/auth/introspect", &headers, Some("{}".to_owned())).await.expect(415);
    world.client.get("/auth/introspect?token=x", &headers[..1]).await.expect(405);
}
