//! A SCIM server with faults: castgate behind somebody who spoils what is said. Each seeded fault must be named, and nothing
//! besides.

use crate::{doctor, named, said, seeds::seeds, world::World};
use axum::{
    Router,
    body::{Body, Bytes},
    extract::State,
    http::{HeaderMap, Method, Response, Uri},
};
use castgate::model::{ConnectionSettings, Profile};
use serde_json::json;
use std::{collections::BTreeSet, sync::Arc};

/// How an exchange is spoilt.
#[derive(Debug, Clone, Copy)]
pub enum Spoil {
    /// The answer has this status.
    Becomes(u16),
    /// The request is for an address that is not there.
    Lost,
    /// In the request, this stands where that stood.
    Asked(&'static str, &'static str),
    /// In the answer's body, this stands where that stood.
    Answered(&'static str, &'static str),
    /// A header of the request or the answer is dropped.
    Silent(&'static str),
    /// A header of the answer is always this.
    Says(&'static str, &'static str),
    /// The answer takes its time.
    Late,
}

/// One fault.
#[derive(Debug)]
pub struct Seed {
    /// Faults of one batch are there at once, and do not touch each other.
    pub batch: usize,
    /// What the doctor must name.
    pub names: &'static [&'static str],
    /// How the requests begin that it falls on: method and path.
    pub begins: &'static str,
    /// What stands in them: in the decoded query, or the body.
    pub holds: &'static str,
    pub spoil: Spoil,
}

#[derive(Clone)]
struct Proxy {
    origin: String,
    client: reqwest::Client,
    seeds: Arc<Vec<&'static Seed>>,
}

/// The address of a castgate with these faults.
async fn spoilt(origin: &str, seeds: Vec<&'static Seed>) -> String {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let proxy = Proxy { origin: origin.to_owned(), client, seeds: Arc::new(seeds) };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}/scim/v2", listener.local_addr().unwrap());
    let router = Router::new().fallback(pass).with_state(proxy);
    tokio::spawn(async move { axum::serve(listener, router).await });
    base
}

async fn pass(State(proxy): State<Proxy>, method: Method, uri: Uri, headers: HeaderMap, body: Bytes) -> Response<Body> {
    let mut path = uri.path().trim_start_matches("/scim/v2").to_owned();
    let mut query: Vec<(String, String)> =
        url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()).into_owned().collect();
    let raw = uri.query().unwrap_or_default();
    let mut body = String::from_utf8(body.to_vec()).unwrap();
    let mut headers = headers;
    let pairs: Vec<String> = query.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let whole = format!("{} {raw} {headers:?} {body}", pairs.join("&"));
    let whole = if headers.contains_key("authorization") { whole } else { format!("{whole} nobody") };
    let begins = format!("{method} {path}");
    let falls = |seed: &&&Seed| begins.starts_with(seed.begins) && whole.contains(seed.holds);
    let seeds: Vec<&Seed> = proxy.seeds.iter().filter(falls).copied().collect();
    for seed in &seeds {
        match seed.spoil {
            Spoil::Lost => "/CastgateNothing".clone_into(&mut path),
            Spoil::Asked(that, this) => {
                body = body.replace(that, this);
                for (_, value) in &mut query {
                    *value = value.replace(that, this);
                }
                query.retain(|(name, value)| format!("{name}={value}") != that);
            }
            Spoil::Silent(name) => drop(headers.remove(name)),
            Spoil::Late => tokio::time::sleep(std::time::Duration::from_millis(700)).await,
            Spoil::Becomes(_) | Spoil::Answered(..) | Spoil::Says(..) => {}
        }
    }
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish();
    let mark = if query.is_empty() { "" } else { "?" };
    let mut request = proxy.client.request(method, format!("{}/scim/v2{path}{mark}{query}", proxy.origin));
    for (name, value) in headers.iter().filter(|(name, _)| !["host", "content-length"].contains(&name.as_str())) {
        request = request.header(name, value);
    }
    let answer = request.body(body).send().await.unwrap();
    spoil_answer(&seeds, answer).await
}

async fn spoil_answer(seeds: &[&Seed], answer: reqwest::Response) -> Response<Body> {
    let (mut status, mut headers) = (answer.status().as_u16(), answer.headers().clone());
    let mut text = answer.text().await.unwrap();
    headers.remove("content-length");
    headers.remove("transfer-encoding");
    for seed in seeds {
        match seed.spoil {
            Spoil::Becomes(other) => {
                // A refusal says its status twice.
                text = text.replace(&format!("\"status\":\"{status}\""), &format!("\"status\":\"{other}\""));
                status = other;
            }
            Spoil::Answered(that, this) => text = text.replace(that, this),
            Spoil::Silent(name) => drop(headers.remove(name)),
            Spoil::Says(name, value) => drop(headers.insert(name, value.parse().unwrap())),
            Spoil::Lost | Spoil::Asked(..) | Spoil::Late => {}
        }
    }
    let mut spoilt = Response::new(Body::from(text));
    *spoilt.status_mut() = status.try_into().unwrap();
    *spoilt.headers_mut() = headers;
    spoilt
}

/// What a fault that is seen only over several requests would take; a word on each of them.
const UNSEEDED: &[(&str, &str)] = &[
    ("deleted-is-gone", "a DELETE that does nothing takes a server of its own"),
    ("patch-of-nothing-new", "it takes a clock"),
    ("cursor-pages", "asked where it is promised"),
    ("cursor-invalid-400", "asked where it is promised"),
    ("lost-answer-no-twin", "it takes a server that forgets what it made"),
    ("bulk-is-done", "asked where it is promised"),
    ("bulk-id", "asked where it is promised"),
    ("bulk-fail-on-errors", "asked where it is promised"),
    ("bulk-too-many-413", "asked where it is promised"),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_seeded_fault_is_named_and_nothing_besides() {
    let world = World::start().await;
    // Its roles are promised, so they are asked for.
    let settings = ConnectionSettings { read_roles: true, ..ConnectionSettings::of(Profile::Generic) };
    let connection = world.organization("acme").await.connection_with("generic", settings).await;
    // Pages of what is there need somebody to be there.
    for name in ["ada@acme.test", "bob@acme.test"] {
        connection.post("/Users", json!({"userName": name})).await.expect(201);
    }
    let batches = seeds().map(|seed| seed.batch).max().unwrap();
    let (mut wrong, mut all) = (Vec::new(), BTreeSet::new());
    for batch in 0..=batches {
        let some: Vec<&'static Seed> = seeds().filter(|seed| seed.batch == batch).collect();
        let wanted: BTreeSet<String> = some.iter().flat_map(|seed| seed.names).map(|name| (*name).to_owned()).collect();
        let base = spoilt(&world.origin, some).await;
        let said = said(doctor(&base, connection.token(), &["-o", "json"])).await;
        let report = said.report();
        let found = named(&report, &["fault", "advice"]);
        all.extend(named(&report, &["fault", "advice", "holds", "not_asked"]));
        let missed: Vec<_> = wanted.difference(&found).collect();
        let besides: Vec<_> = report["checks"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|check| {
                let name = check["name"].as_str().unwrap();
                found.contains(name) && !wanted.contains(name)
            })
            .map(|check| format!("{} {} {}", check["name"], check["asked"], check["came"]))
            .collect();
        if !missed.is_empty() || !besides.is_empty() || said.code != Some(2) || report["left"] != json!([]) {
            wrong.push(format!(
                "batch {batch}: missed {missed:#?}, besides {besides:#?}, left {}, {:?}",
                report["left"], said.code
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let seeded: BTreeSet<String> = seeds().flat_map(|seed| seed.names).map(|name| (*name).to_owned()).collect();
    let excused: BTreeSet<String> = UNSEEDED.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(all.difference(&seeded).cloned().collect::<BTreeSet<_>>(), excused, "every rule is broken once");
    assert_eq!(connection.get("/Users").await.expect(200).json()["totalResults"], 2, "all of it is cleaned up");
}
