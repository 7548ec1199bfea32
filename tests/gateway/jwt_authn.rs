//! A verifier of somebody else: Envoy's `jwt_authn` filter holds the token to the published keys, before and after they change.

use crate::{
    echo::Echo,
    people::bearer,
    proxy::{Kind, envoy, free_port},
    world::{Client, World},
};
use castgate::app::{Clock, Rotation};
use std::time::Duration;

const AUDIENCE: &str = "costs";

fn configuration(world: &World, proxy: u16, service: u16) -> String {
    let castgate = world.origin.rsplit(':').next().unwrap();
    let cluster = |name: &str, port: &str| {
        format!(
            "  - {{name: {name}, connect_timeout: 2s, load_assignment: {{cluster_name: {name}, endpoints: [{{lb_endpoints: [{{endpoint: {{address: {{socket_address: {{address: 127.0.0.1, port_value: {port}}}}}}}}}]}}]}}}}\n"
        )
    };
    let clusters = cluster("castgate", castgate) + &cluster("service", &service.to_string());
    format!(
        r#"
static_resources:
  listeners:
  - address: {{socket_address: {{address: 127.0.0.1, port_value: {proxy}}}}}
    filter_chains:
    - filters:
      - name: envoy.filters.network.http_connection_manager
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
          stat_prefix: service
          http_filters:
          - name: envoy.filters.http.jwt_authn
            typed_config:
              "@type": type.googleapis.com/envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication
              providers:
                castgate:
                  issuer: {issuer}
                  audiences: [{AUDIENCE}]
                  remote_jwks:
                    http_uri: {{uri: "{issuer}/.well-known/jwks.json", cluster: castgate, timeout: 5s}}
                    cache_duration: 1s
              rules: [{{match: {{prefix: /}}, requires: {{provider_name: castgate}}}}]
          - name: envoy.filters.http.router
            typed_config: {{"@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router}}
          route_config:
            virtual_hosts: [{{name: all, domains: ["*"], routes: [{{match: {{prefix: /}}, route: {{cluster: service}}}}]}}]
  clusters:
{clusters}"#,
        issuer = world.origin
    )
}

async fn token(world: &World, key: &str) -> String {
    let key = bearer(key);
    let path = format!("/auth/verify?audience={AUDIENCE}");
    let told = world.client.get(&path, &[("authorization", &key)]).await.expect(200);
    told.header("x-castgate-jwt").to_owned()
}

/// Until the verifier, which keeps the published keys for a second, says this of the token.
async fn comes_to(client: &Client, token: &str, status: u16) {
    let token = bearer(token);
    for _ in 0..300 {
        if client.get("/", &[("authorization", &token)]).await.status == status {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("Envoy never said {status}: {:?}", client.get("/", &[("authorization", &token)]).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn envoy_believes_tokens_across_a_rotation_and_none_of_a_key_that_was_taken_back() {
    let Some(program) = Kind::Envoy.program() else { return };
    // Envoy goes by the machine's time.
    let clock = Clock::fixed(Clock::machine().now(), 1);
    let world = World::start_with(clock, |_| {}).await;
    let acme = world.organization("acme").await;
    let (echo, port) = (Echo::start().await, free_port());
    let _envoy = envoy(&program, &configuration(&world, port, echo.port), port).await;
    let client = Client::new(format!("http://127.0.0.1:{port}"));
    let first = token(&world, &acme.key).await;
    comes_to(&client, &first, 200).await;
    assert_eq!(client.get("/", &[]).await.status, 401);
    let (signed, signature) = first.rsplit_once('.').unwrap();
    let other = if signature.starts_with('A') { "B" } else { "A" };
    let changed = bearer(&format!("{signed}.{other}{}", &signature[1..]));
    assert_eq!(client.get("/", &[("authorization", &changed)]).await.status, 401);
    // Another key signs, a quarter of an hour after it was published.
    world.app.rotate_signing_key(Rotation::Orderly).await.unwrap();
    world.app.clock().advance(Duration::from_mins(15));
    let second = token(&world, &acme.key).await;
    assert_ne!(first.split('.').next(), second.split('.').next(), "another key");
    comes_to(&client, &second, 200).await;
    comes_to(&client, &first, 200).await;
    // It may have leaked: away with everything that it signed.
    world.app.rotate_signing_key(Rotation::RevokeOld).await.unwrap();
    let third = token(&world, &acme.key).await;
    comes_to(&client, &third, 200).await;
    comes_to(&client, &second, 401).await;
    comes_to(&client, &first, 401).await;
}
