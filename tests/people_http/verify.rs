//! What services behind the gateway are told, and how they check it.

use super::{bearer, viewer, world::World};
use castgate::app::Claims;
use serde_json::Value;

#[tokio::test]
async fn a_service_is_told_who_it_is_and_can_check_the_token() {
    let world = World::start().await;
    let acme = world.organization("acme").await;
    let bearer = bearer(&acme.key);
    // What the request claims about its sender is not read.
    let headers = [("authorization", bearer.as_str()), ("x-castgate-user", "usr_evil"), ("x-castgate-roles", "owner")];
    let told = world.client.get("/auth/verify?can=manage-members&audience=costs", &headers).await.expect(200);
    assert_eq!(told.header("x-castgate-roles"), "owner");
    assert_eq!(told.header("x-castgate-email"), "owner@acme.example.com");
    assert_eq!(told.header("x-castgate-organization"), acme.founded.id.as_str());
    assert_eq!(told.header("x-castgate-request"), told.header("x-request-id"));
    assert_eq!(told.header("authorization"), format!("Bearer {}", told.header("x-castgate-jwt")));
    let keys = world.client.get("/.well-known/jwks.json", &[]).await.expect(200);
    assert_eq!(keys.header("cache-control"), "public, max-age=60");
    let claims = verified(told.header("x-castgate-jwt"), &keys.json(), "costs").expect("the token holds");
    assert_eq!((claims.iss.as_str(), claims.roles.as_slice()), (world.origin.as_str(), &["owner".to_owned()][..]));
    assert_eq!(claims.sub.as_str(), told.header("x-castgate-user"));
    assert!(claims.exp - claims.iat <= 60);
    assert!(verified(told.header("x-castgate-jwt"), &keys.json(), "billing").is_none(), "it is for costs alone");
    world.client.get("/auth/verify?can=manage-everything", &headers).await.expect(400);
    world.client.send("PATCH", "/auth/verify", &headers, None).await.expect(200);
    world.client.get("/auth/verify", &[("x-api-key", &acme.key)]).await.expect(200);
}

/// As a service behind the gateway does it, with the published keys alone.
fn verified(token: &str, keys: &Value, audience: &str) -> Option<Claims> {
    let header = jsonwebtoken::decode_header(token).unwrap();
    let set: jsonwebtoken::jwk::JwkSet = serde_json::from_value(keys.clone()).unwrap();
    let key = jsonwebtoken::DecodingKey::from_jwk(set.find(&header.kid.unwrap()).unwrap()).unwrap();
    let mut rules = jsonwebtoken::Validation::new(header.alg);
    rules.set_audience(&[audience]);
    jsonwebtoken::decode::<Claims>(token, &key, &rules).ok().map(|token| token.claims)
}

#[tokio::test]
async fn whoever_may_not_is_told_what_is_missing() {
    let world = World::start().await;
    let acme = world.organization("acme").await;
    let (_, key) = viewer(&world, &acme).await;
    let bearer = bearer(&key);
    let headers = [("authorization", bearer.as_str())];
    let answer = world.client.get("/auth/verify?can=manage-members", &headers).await.expect(403);
    assert!(answer.json()["detail"].as_str().unwrap().contains("manage-members"), "{answer:?}");
    assert_eq!(answer.header("x-castgate-user"), "");
    world.client.get("/auth/verify?can=view-costs", &headers).await.expect(200);
    world.client.get("/auth/verify?can=view-costs&cluster=nowhere", &headers).await.expect(404);
}

#[tokio::test]
async fn a_browser_is_told_where_to_sign_in_and_a_program_what_to_send() {
    let world = World::start().await;
    let html = ("accept", "text/html,*/*");
    let answer = world.client.get("/auth/verify", &[html, ("x-forwarded-uri", "/costs?day=1")]).await.expect(401);
    let address = format!("{}/login?return_to=%2Fcosts%3Fday%3D1", world.origin);
    assert_eq!((answer.header("location"), answer.header("x-castgate-login")), (address.as_str(), address.as_str()));
    let answer = world.client.get("/auth/verify", &[html, ("x-forwarded-uri", "//evil.test")]).await.expect(401);
    assert_eq!(answer.header("location"), format!("{}/login", world.origin));
    let posts = world.client.get("/auth/verify", &[html, ("x-forwarded-method", "POST")]).await.expect(401);
    assert_eq!(posts.header("location"), "");
    let program = world.client.get("/auth/verify", &[]).await.expect(401);
    assert_eq!((program.header("location"), program.header("www-authenticate")), ("", "Bearer"));
}
