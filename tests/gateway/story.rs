//! What holds behind every proxy, told once and held for each of them.

use crate::{
    echo::Echo,
    people::{FORM, Viewer, bearer, session},
    proxy::{Kind, Ports, Running, free_port},
    raw,
    world::{Answer, Client, Organization, World},
};
use castgate::app::Clock;
use serde_json::{Value, json};

const HTML: (&str, &str) = ("accept", "text/html,application/xhtml+xml,*/*;q=0.8");
/// What a client says of itself, in every spelling that may become the same.
const FORGED: [(&str, &str); 8] = [
    ("x-castgate-user", "usr_evil"),
    ("X-Castgate-Email", "evil@acme.test"),
    ("x-castgate-name", "Evil"),
    ("X-CASTGATE-ROLES", "owner"),
    ("x-castgate-organization", "org_evil"),
    ("x-castgate-jwt", "evil"),
    ("x_castgate_user", "usr_evil"),
    ("x-castgate-request", "req_evil"),
];

struct Scene {
    world: World,
    acme: Organization,
    echo: Echo,
    /// Speaks to the proxy.
    client: Client,
    ports: Ports,
    _proxy: Running,
}

impl Scene {
    async fn set(kind: Kind) -> Option<Self> {
        let program = kind.program()?;
        let echo = Echo::start().await;
        let proxy = free_port();
        let world = World::start_with(Clock::machine(), |settings| {
            settings.server.public_url = format!("http://127.0.0.1:{proxy}").parse().unwrap();
        })
        .await;
        let castgate = world.origin.rsplit(':').next().unwrap().parse().unwrap();
        let ports = Ports { proxy, castgate, service: echo.port };
        let running = kind.start(&program, ports).await;
        let acme = world.organization("acme").await;
        world.app.declare_cluster(&acme.operator, "prod-eu", None, None).await.unwrap();
        let client = Client::new(format!("http://127.0.0.1:{proxy}"));
        Some(Self { world, acme, echo, client, ports, _proxy: running })
    }

    async fn get(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.client.get(path, headers).await
    }
}

/// What reached the service.
fn reached(answer: Answer) -> Value {
    answer.expect(200).json()
}

async fn who_is_signed_in_passes_with_headers_that_nobody_forges(scene: &Scene) {
    let key = bearer(&scene.acme.key);
    let mut headers = vec![("authorization", key.as_str()), ("cookie", "theme=dark")];
    headers.extend(FORGED);
    let told = reached(scene.get("/costs?day=1", &headers).await);
    assert_eq!((&told["method"], &told["uri"]), (&json!("GET"), &json!("/costs?day=1")));
    let seen = &told["headers"];
    assert_eq!(seen["x-castgate-email"], "owner@acme.example.com");
    assert_eq!((&seen["x-castgate-roles"], &seen["cookie"]), (&json!("owner"), &json!("theme=dark")));
    assert_eq!(seen["authorization"], format!("Bearer {}", seen["x-castgate-jwt"].as_str().unwrap()));
    let text = told.to_string();
    assert!(!text.contains("evil") && !text.contains("Evil"), "{text}");
    assert!(!text.contains(&scene.acme.key), "the key reached the service: {text}");
    // By session: the cookie stays at the gateway, the others go on.
    let cookie = format!("a=1; {}; b=2", session(&scene.world, &scene.acme.link).await);
    let told = reached(scene.get("/", &[("cookie", &cookie)]).await);
    assert_eq!(told["headers"]["cookie"], "a=1; b=2");
    assert!(!told.to_string().contains("cgn_"), "{told}");
    let told = reached(scene.get("/", &[("x-api-key", &scene.acme.key)]).await);
    assert!(!told.to_string().contains("cgk_"), "{told}");
    // Other methods, with their bodies.
    let sent = scene.client.send("PUT", "/a", &[("authorization", &key)], Some("body".to_owned())).await;
    assert_eq!(reached(sent)["method"], "PUT");
    scene.client.send("HEAD", "/a", &[("authorization", &key)], None).await.expect(200);
    scene.client.send("OPTIONS", "/a", &[("authorization", &key)], None).await.expect(200);
}

async fn nobody_passes(scene: &Scene) {
    let before = scene.echo.reached();
    let forged: Vec<_> = FORGED.to_vec();
    for headers in
        [vec![], forged, vec![("authorization", "Bearer eyJhbGciOiJub25lIn0.e30.")], vec![("cookie", "castgate=cgn_x")]]
    {
        let program = scene.get("/costs", &headers).await.expect(401);
        assert_eq!(program.header("content-type"), "application/problem+json", "{program:?}");
        assert_eq!((program.json()["code"].as_str(), program.header("location")), (Some("not_signed_in"), ""));
        assert_eq!(program.header("www-authenticate"), "Bearer");
    }
    for headers in [
        vec![HTML, ("sec-fetch-mode", "cors")],
        vec![
            HTML,
            ("upgrade", "websocket"),
            ("connection", "upgrade"),
            ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ],
    ] {
        scene.get("/costs", &headers).await.expect(401);
    }
    scene.client.send("POST", "/costs", &[HTML], Some("a=b".to_owned())).await.expect(401);
    let preflight = [HTML, ("origin", "https://elsewhere.test"), ("access-control-request-method", "PUT")];
    scene.client.send("OPTIONS", "/costs", &preflight, None).await.expect(401);
    assert_eq!(scene.echo.reached(), before);
}

async fn a_person_signs_in_and_comes_back_to_where_they_wanted_to_go(scene: &Scene) {
    let answer = scene.get("/costs?day=1&x=%2F", &[HTML]).await;
    assert!([302, 303].contains(&answer.status), "{answer:?}");
    let page = format!("{}/login?return_to=%2Fcosts%3Fday%3D1%26x%3D%252F", scene.world.app.settings().server.origin());
    assert_eq!(answer.header("location"), page);
    let path = page.strip_prefix(scene.world.app.settings().server.origin()).unwrap();
    assert!(scene.get(path, &[HTML]).await.expect(200).text.contains("/costs?day=1&amp;x=%2F"));
    // A one-time link stands for the provider; then the sign-in page leads on at once.
    let link = scene.world.app.recover_organization("acme", "owner@acme.example.com").await.unwrap();
    let body = format!("token={}", link.expose());
    let signed_in = scene.client.send("POST", "/login/link", &[FORM], Some(body)).await.expect(303);
    let cookie = signed_in.header("set-cookie").split(';').next().unwrap().to_owned();
    let back = scene.get(path, &[HTML, ("cookie", &cookie)]).await.expect(303);
    assert_eq!(back.header("location"), "/costs?day=1&x=%2F");
    let told = reached(scene.get(back.header("location"), &[HTML, ("cookie", &cookie)]).await);
    assert_eq!(told["uri"], "/costs?day=1&x=%2F");
}

async fn what_is_demanded_counts_however_the_path_is_written(scene: &Scene, viewer: &Viewer) {
    let (owner, key) = (bearer(&scene.acme.key), bearer(&viewer.key));
    let headers = [("authorization", key.as_str())];
    reached(scene.get("/clusters/prod-eu/nodes", &[("authorization", &owner)]).await);
    let refused = scene.get("/clusters/prod-eu/nodes", &headers).await.expect(403);
    assert_eq!(
        (refused.header("content-type"), refused.json()["code"].as_str()),
        ("application/problem+json", Some("forbidden"))
    );
    assert_eq!(reached(scene.get("/clusters/prod-us/", &headers).await)["headers"]["x-castgate-roles"], "viewer");
    let disguised = [
        "//clusters/prod-eu/nodes",
        "/clusters//prod-eu/nodes",
        "/x/../clusters/prod-eu/nodes",
        "/./clusters/prod-eu/nodes",
        "/clusters/prod-us/../prod-eu/nodes",
        "/clusters/prod-us/..%2fprod-eu/nodes",
        "/clusters/prod-us/%2e%2e/prod-eu/nodes",
        "/clusters%2fprod-eu/nodes",
        "/clusters%2Fprod-eu%2Fnodes",
        "/clusters%5cprod-eu\\nodes",
        "/%63lusters/prod-eu/nodes",
        "/clusters/prod%2deu/nodes",
        "/clusters/prod-eu%2fnodes",
        "/clusters/prod-eu%00/nodes",
        "/login/../clusters/prod-eu/nodes",
        "/login%2f..%2fclusters/prod-eu/nodes",
        "/login/..;/clusters/prod-eu/nodes",
        "/assets/..%2fclusters/prod-eu/nodes",
        "/auth/verify/envoy/../../../clusters/prod-eu/nodes",
    ];
    let absolute = disguised.iter().map(|path| format!("http://127.0.0.1:{}{path}", scene.ports.proxy));
    let plain = "http://elsewhere.test/clusters/prod-eu/nodes".to_owned();
    for target in disguised.iter().map(|path| (*path).to_owned()).chain(absolute).chain([plain]) {
        let (status, answer) = raw::send(scene.ports.proxy, &target, &headers).await;
        // What reaches the service must not be what the service may read as the guarded path.
        assert!(status != 200 || is_harmless(&answer), "{target}: {answer}");
        let (status, answer) = raw::send(scene.ports.proxy, &target, &[]).await;
        assert_ne!(status, 200, "nobody got through by {target}: {answer}");
    }
}

/// Whether the path that reached the service leads nowhere near the guarded one, however it is read.
fn is_harmless(answer: &str) -> bool {
    let path = answer.split("\"uri\":\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap_or(answer);
    let path = path.to_ascii_lowercase().replace("%2f", "/").replace("%2d", "-").replace("%63", "c");
    !path.contains("prod-eu")
}

async fn who_is_deactivated_is_refused_on_the_very_next_request(scene: &Scene, viewer: &Viewer) {
    let key = bearer(&viewer.key);
    for _ in 0..20 {
        reached(scene.get("/costs", &[("authorization", &key)]).await);
    }
    viewer.deactivate().await;
    let before = scene.echo.reached();
    scene.get("/costs", &[("authorization", &key)]).await.expect(401);
    assert_eq!(scene.echo.reached(), before);
}

async fn holds_behind(kind: Kind) {
    let Some(scene) = Scene::set(kind).await else { return };
    let viewer = Viewer::of(&scene.world, &scene.acme).await;
    who_is_signed_in_passes_with_headers_that_nobody_forges(&scene).await;
    nobody_passes(&scene).await;
    a_person_signs_in_and_comes_back_to_where_they_wanted_to_go(&scene).await;
    what_is_demanded_counts_however_the_path_is_written(&scene, &viewer).await;
    who_is_deactivated_is_refused_on_the_very_next_request(&scene, &viewer).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn behind_nginx_a_request_is_who_castgate_says_or_is_refused() {
    holds_behind(Kind::Nginx).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn behind_envoy_a_request_is_who_castgate_says_or_is_refused() {
    holds_behind(Kind::Envoy).await;
}
