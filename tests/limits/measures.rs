//! The request line and the numbers.

use crate::world::World;
use castgate::{http, model::Profile};
use serde_json::{Value, json};
use std::{
    env,
    io::{self, Write as _},
    path::Path,
    process::{Command, Stdio},
    sync::{Arc, Mutex},
};
use tokio::net::TcpListener;

#[derive(Clone, Default)]
struct Page(Arc<Mutex<Vec<u8>>>);

impl io::Write for Page {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Page {
    fn lines_of(&self, route: &str) -> Vec<Value> {
        let text = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
        let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        lines.filter(|line| line["route"] == route).collect()
    }
}

#[tokio::test]
async fn a_request_line_says_what_the_request_cost_the_store() {
    let world = World::start().await;
    let okta = world.organization("acme").await.connection("okta", Profile::Okta).await;
    let page = Page::default();
    let copy = page.clone();
    let log = tracing_subscriber::fmt().json().flatten_event(true).with_writer(move || copy.clone()).finish();
    // Everything of the server but the disk runs on this thread.
    let _logging = tracing::subscriber::set_default(log);
    okta.post("/Users", json!({"userName": "ada@example.com"})).await.expect(201);
    world.client.get("/healthz", &[]).await.expect(200);
    let lines = page.lines_of("/scim/v2/Users");
    let [line] = lines.as_slice() else { panic!("{lines:?}") };
    assert_eq!((&line["status"], &line["actor"]), (&json!(201), &json!("connection")));
    let number = |name: &str| line[name].as_f64().unwrap();
    assert!(number("queries") >= 5.0, "{line}");
    assert!(number("database_ms") > 0.0 && number("database_ms") <= number("ms"), "{line}");
    let lines = page.lines_of("/healthz");
    assert_eq!((&lines[0]["queries"], &lines[0]["database_ms"]), (&json!(0), &json!(0.0)));
}

/// The world's numbers, on a listener of their own.
async fn numbers(world: &World) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(http::serve_metrics(world.app.clone(), listener, std::future::pending()));
    address
}

async fn read(address: &str) -> reqwest::Response {
    reqwest::Client::builder().no_proxy().build().unwrap().get(address).send().await.unwrap()
}

#[tokio::test]
async fn the_numbers_tell_what_happened_and_of_nobody() {
    let world = World::start().await;
    let acme = world.organization("acme-numbers").await;
    let okta = acme.connection("okta", Profile::Okta).await;
    let made = okta.post("/Users", json!({"userName": "ada@example.com", "active": "True"})).await.expect(201);
    okta.patch(&format!("/Users/{}", made.id()), json!({"schemas": [], "Operations": []})).await;
    okta.send("QUERY", "/Users", &[], None).await;
    world.client.get("/nothing/secret-of-a-stranger", &[]).await.expect(404);
    world.client.get("/login/callback?state=secret-of-a-stranger", &[]).await;
    let address = numbers(&world).await;
    let response = read(&format!("{address}/metrics")).await;
    assert_eq!(response.headers()["content-type"], "application/openmetrics-text; version=1.0.0; charset=utf-8");
    let page = response.text().await.unwrap();
    for begins in [
        "castgate_http_requests_total{route=\"/scim/v2/Users\",method=\"POST\",status=\"2xx\",room=\"scim\"} ",
        "castgate_http_requests_total{route=\"/scim/v2/Users\",method=\"other\",status=\"4xx\",room=\"scim\"} ",
        "castgate_http_requests_total{route=\"(none)\",method=\"GET\",status=\"4xx\",room=\"page\"} ",
        "castgate_http_request_seconds_count{route=\"/scim/v2/Users\"} ",
        "castgate_http_requests_in_flight ",
        "castgate_connections ",
        "castgate_overloaded_total 0",
        "castgate_store_transaction_seconds_count{kind=\"change\"} ",
        "castgate_store_writes_total ",
        "castgate_store_statement_seconds_total ",
        "castgate_store_batch_transactions_count ",
        "castgate_cache_redis_paused 0",
        "castgate_scim_tolerances_total{kind=\"string_boolean\"} ",
        "castgate_sign_ins_total{connection=\"oidc\",outcome=\"expired\"} ",
        "castgate_events_total{kind=\"user.created\"} ",
        "castgate_outbox_waiting ",
        "castgate_build_info{version=",
        "process_resident_memory_bytes ",
    ] {
        assert!(page.lines().any(|line| line.starts_with(begins)), "no {begins} in\n{page}");
    }
    let ids = [made.id(), acme.founded.id.to_string(), okta.stored.id.to_string()];
    let names = ["acme-numbers", "ada@example.com", "secret-of-a-stranger", "QUERY"].map(str::to_owned);
    for secret in ids.iter().chain(&names).chain([&acme.key]) {
        assert!(!page.contains(secret.as_str()), "{secret} in\n{page}");
    }
    assert_eq!(read(&format!("{address}/")).await.status(), 404);
    world.client.get("/metrics", &[]).await.expect(404);
}

/// Prometheus's own Python client reads the text, strictly; it prints the name of each family.
const READER: &str = "import sys\n\
    from prometheus_client.openmetrics.parser import text_string_to_metric_families as read\n\
    for family in read(sys.stdin.read()): print(family.name, family.type)";

#[tokio::test]
async fn prometheus_reads_the_page() {
    let Some(venv) = env::var_os("CASTGATE_TEST_VENV") else {
        assert_ne!(env::var("CASTGATE_TEST_LEGS").as_deref(), Ok("required"), "CASTGATE_TEST_VENV is not set");
        eprintln!("skipped: CASTGATE_TEST_VENV is not set; tests/run sets it");
        return;
    };
    let world = World::start().await;
    world.organization("acme").await.connection("okta", Profile::Okta).await.get("/Users").await.expect(200);
    let page = read(&format!("{}/metrics", numbers(&world).await)).await.text().await.unwrap();
    let mut reader = Command::new(Path::new(&venv).join("bin/python"));
    reader.args(["-c", READER]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut reader = reader.spawn().unwrap();
    reader.stdin.take().unwrap().write_all(page.as_bytes()).unwrap();
    let output = reader.wait_with_output().unwrap();
    let families = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{}\n{page}", String::from_utf8_lossy(&output.stderr));
    for family in ["castgate_http_requests counter", "castgate_http_request_seconds histogram", "castgate_build info"] {
        assert!(families.lines().any(|line| line == family), "no {family} in\n{families}");
    }
}
