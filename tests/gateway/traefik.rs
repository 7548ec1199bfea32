//! Traefik cannot be installed here: what it documents that it sends is sent, and what it documents that it does with the
//! answer is done, by the repository's own example.

use crate::{
    people::{Viewer, bearer},
    world::{Answer, World},
};
use axum::http::{HeaderName, HeaderValue};
use castgate::app::Clock;
use std::{collections::BTreeMap, fs, path::Path};

const HTML: (&str, &str) = ("accept", "text/html");

/// One `forwardAuth` of the example.
struct ForwardAuth {
    /// Its path and query.
    address: String,
    response_headers: Vec<String>,
}

impl ForwardAuth {
    /// The middlewares for everybody and for the cluster.
    fn shown() -> [Self; 2] {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/traefik.yaml");
        let text = fs::read_to_string(file).unwrap();
        let listed = text.split("authResponseHeaders: &passes\n").nth(1).unwrap();
        let names = listed.lines().map_while(|line| line.trim().strip_prefix("- "));
        let response_headers: Vec<_> = names.map(str::to_ascii_lowercase).collect();
        let addresses = text.split("address: \"http://127.0.0.1:8080").skip(1);
        let mut addresses = addresses.map(|rest| rest.split('"').next().unwrap().to_owned());
        [(); 2].map(|()| Self { address: addresses.next().unwrap(), response_headers: response_headers.clone() })
    }

    /// Asks as Traefik does: GET, with the request's headers and where it went.
    async fn ask(&self, world: &World, (method, host, uri): (&str, &str, &str), headers: &[(&str, &str)]) -> Answer {
        let mut all = headers.to_vec();
        let told = [("x-forwarded-method", method), ("x-forwarded-proto", "http"), ("x-forwarded-host", host)];
        all.extend(told);
        all.extend([("x-forwarded-uri", uri), ("x-forwarded-for", "192.0.2.1")]);
        world.client.get(&self.address, &all).await
    }

    /// The headers that go on to the service.
    fn passes(&self, answer: &Answer, headers: &[(&str, &str)]) -> BTreeMap<String, String> {
        let mut passed: BTreeMap<_, _> =
            headers.iter().map(|(name, value)| (name.to_ascii_lowercase(), (*value).to_owned())).collect();
        for name in &self.response_headers {
            passed.remove(name);
            if answer.headers.contains_key(name) {
                passed.insert(name.clone(), answer.header(name).to_owned());
            }
        }
        passed
    }
}

async fn world() -> World {
    World::start_with(Clock::machine(), |settings| {
        settings.gateway.return_hosts = vec!["*.apps.test".parse().unwrap()];
    })
    .await
}

#[tokio::test]
async fn traefik_takes_over_every_header_that_castgate_says() {
    let world = world().await;
    let acme = world.organization("acme").await;
    world.app.declare_cluster(&acme.operator, "prod-eu", None, None).await.unwrap();
    let viewer = Viewer::of(&world, &acme).await;
    let [everybody, cluster] = ForwardAuth::shown();
    let key = bearer(&viewer.key);
    let headers = [
        ("authorization", key.as_str()),
        ("x-castgate-user", "usr_evil"),
        ("x-castgate-roles", "owner"),
        ("x-castgate-jwt", "evil"),
        ("cookie", "castgate=cgn_evil; a=1"),
    ];
    let answer = everybody.ask(&world, ("GET", "costs.apps.test", "/a"), &headers).await.expect(200);
    let passed = everybody.passes(&answer, &headers);
    assert_eq!(
        (passed["x-castgate-user"].as_str(), passed["x-castgate-roles"].as_str()),
        (viewer.id.as_str(), "viewer")
    );
    assert_eq!(passed["cookie"], "a=1");
    assert!(!passed.values().any(|value| value.contains("evil") || value.contains("cgk_")), "{passed:?}");
    let said = answer.headers.keys().map(HeaderName::as_str).filter(|name| name.starts_with("x-castgate-"));
    for name in said {
        assert!(everybody.response_headers.iter().any(|listed| listed == name), "the example does not list {name}");
    }
    let refused = cluster.ask(&world, ("GET", "costs.apps.test", "/a"), &headers).await.expect(403);
    assert!(refused.json()["detail"].as_str().unwrap().contains("manage-clusters"), "{refused:?}");
    let owner = bearer(&acme.key);
    cluster.ask(&world, ("GET", "costs.apps.test", "/a"), &[("authorization", &owner)]).await.expect(200);
    viewer.deactivate().await;
    everybody.ask(&world, ("GET", "costs.apps.test", "/a"), &headers).await.expect(401);
}

#[tokio::test]
async fn traefik_hands_a_person_a_redirect_and_a_program_a_401() {
    let world = world().await;
    let [everybody, _] = ForwardAuth::shown();
    let asked = ("GET", "costs.apps.test", "/a?b=c");
    let person = everybody.ask(&world, asked, &[HTML]).await.expect(303);
    let back = "http%3A%2F%2Fcosts.apps.test%2Fa%3Fb%3Dc";
    assert_eq!(person.header("location"), format!("{}/login?return_to={back}", world.origin));
    for (asked, headers) in [
        (("POST", "costs.apps.test", "/a"), vec![HTML]),
        (("OPTIONS", "costs.apps.test", "/a"), vec![HTML]),
        (asked, vec![]),
        (asked, vec![("accept", "application/json")]),
        (asked, vec![HTML, ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")]),
    ] {
        let program = everybody.ask(&world, asked, &headers).await.expect(401);
        assert_eq!((program.header("location"), program.json()["code"].as_str()), ("", Some("not_signed_in")));
    }
    for host in
        ["evil.test", "apps.test", "costs.apps.test.evil.test", "costs.apps.test@evil.test", "costs.apps.test:81"]
    {
        let stranger = everybody.ask(&world, ("GET", host, "/"), &[HTML]).await.expect(303);
        assert_eq!(stranger.header("location"), format!("{}/login", world.origin), "{host}");
    }
}

#[tokio::test]
async fn the_sign_in_leads_back_to_a_host_behind_the_gateway_and_to_no_other() {
    let world = world().await;
    let acme = world.organization("acme").await;
    let cookie = crate::people::session(&world, &acme.link).await;
    let headers = [("cookie", cookie.as_str())];
    let back =
        world.client.get("/login?return_to=http%3A%2F%2Fcosts.apps.test%2Fa%3Fb%3Dc", &headers).await.expect(303);
    assert_eq!(back.header("location"), "http://costs.apps.test/a?b=c");
    for elsewhere in ["http%3A%2F%2Fevil.test%2F", "https%3A%2F%2Fcosts.apps.test%2F", "%2F%2Fcosts.apps.test%2F"] {
        let stays = world.client.get(&format!("/login?return_to={elsewhere}"), &headers).await.expect(303);
        assert_eq!(stays.header("location"), "/account", "{elsewhere}");
    }
}

#[tokio::test]
async fn a_preflight_passes_for_nobody_in_particular_where_the_configuration_says_so() {
    let world = world().await;
    let address = "/auth/verify/traefik?preflight=pass";
    let preflight = [
        ("x-forwarded-method", "OPTIONS"),
        ("origin", "https://elsewhere.test"),
        ("access-control-request-method", "PUT"),
        ("x-castgate-user", "usr_evil"),
    ];
    let answer = world.client.get(address, &preflight).await.expect(200);
    for name in ["x-castgate-user", "x-castgate-roles", "x-castgate-jwt", "authorization"] {
        assert_eq!(answer.headers.get(name).map(HeaderValue::as_bytes), Some(&b""[..]), "{name} is said, and empty");
    }
    world.client.get(address, &preflight[1..]).await.expect(401);
    world.client.get("/auth/verify/traefik", &preflight).await.expect(401);
    world.client.get("/auth/verify?preflight=pass", &preflight).await.expect(400);
}

#[tokio::test]
async fn a_gateway_that_asks_for_something_that_there_is_not_is_told_so_at_once() {
    let world = world().await;
    let acme = world.organization("acme").await;
    let key = bearer(&acme.key);
    for headers in [vec![], vec![("authorization", key.as_str()), HTML]] {
        let answer = world.client.get("/auth/verify/traefik?can=manage-everything", &headers).await.expect(400);
        assert!(answer.json()["detail"].as_str().unwrap().contains("manage-clusters, view-clusters"), "{answer:?}");
        world.client.get("/auth/verify?role=owner", &headers).await.expect(400);
        world.client.get("/auth/verify/envoy:can=manage-everything/a", &headers).await.expect(400);
    }
}
