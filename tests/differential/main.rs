//! The same requests to castgate and to scim2-server, somebody else's server that keeps to the letter of the RFCs. Where the two
//! differ, one of them is right, or both are: [`known`] says which, and why. A difference that is not there fails, and so does
//! one that is there no more.
//!
//! `tests/run` installs it and sets `CASTGATE_TEST_VENV`. Without that the test says that it skips, except where
//! `CASTGATE_TEST_LEGS=required` forbids it.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test stops where it is wrong")]

mod known;
mod steps;
#[path = "../world/mod.rs"]
mod world;

use castgate::model::Profile;
use known::KNOWN;
use serde_json::{Map, Value, json};
use std::{
    collections::BTreeMap,
    env,
    net::TcpListener,
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};
use steps::{Step, steps};
use world::World;

const TOKEN: &str = "a-token-of-the-tests";

/// A running scim2-server. It ends with this value.
struct Peer {
    process: Child,
    base: String,
}

impl Peer {
    /// None where it is not installed.
    async fn start() -> Option<Self> {
        let program = env::var_os("CASTGATE_TEST_VENV").map(|venv| Path::new(&venv).join("bin/scim2-server"));
        let Some(program) = program.filter(|program| program.exists()) else {
            assert_ne!(env::var("CASTGATE_TEST_LEGS").as_deref(), Ok("required"), "scim2-server is not installed");
            eprintln!("skipped: there is no scim2-server in CASTGATE_TEST_VENV; tests/run installs it");
            return None;
        };
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut command = Command::new(program);
        command.args(["--port", &port.to_string(), "--bearer-token", TOKEN]);
        let process = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let peer = Self { process, base: format!("http://127.0.0.1:{port}") };
        for _ in 0..600 {
            if tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_ok() {
                return Some(peer);
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("scim2-server does not listen");
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// One of the two, and the names that the test has for its ids.
struct Side {
    base: String,
    token: String,
    client: reqwest::Client,
    ids: BTreeMap<&'static str, String>,
}

/// What a side answered.
#[derive(Debug)]
struct Answer {
    status: u16,
    body: Value,
}

impl Side {
    fn new(base: String, token: &str) -> Self {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        Self { base, token: token.to_owned(), client, ids: BTreeMap::new() }
    }

    async fn ask(&mut self, step: &Step) -> Answer {
        let mut url = url::Url::parse(&format!("{}{}", self.base, self.named(step.path))).unwrap();
        if !step.query.is_empty() {
            let query: Vec<(&str, String)> =
                step.query.iter().map(|(name, value)| (*name, self.named(value))).collect();
            url.query_pairs_mut().extend_pairs(query);
        }
        let mut request = self.client.request(step.method.parse().unwrap(), url).bearer_auth(&self.token);
        if !step.body.is_null() {
            let body = self.named(&step.body.to_string());
            request = request.header("content-type", "application/scim+json").body(body);
        }
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        let text = answer.text().await.unwrap();
        let json: Value = serde_json::from_str(&text).unwrap_or_default();
        if let (Some(name), Some(id)) = (step.saves, json["id"].as_str()) {
            self.ids.insert(name, id.to_owned());
        }
        Answer { status, body: self.normal(&json) }
    }

    /// `{ada}` as this side's id.
    fn named(&self, text: &str) -> String {
        self.ids.iter().fold(text.to_owned(), |text, (name, id)| text.replace(&format!("{{{name}}}"), id))
    }

    /// Without what may differ: ids by their names, no times, versions and addresses, no detail, no nulls; lists of
    /// resources and members in the order of their names.
    fn normal(&self, value: &Value) -> Value {
        match value {
            Value::Object(object) => {
                let kept = object.iter().filter(|(key, value)| {
                    !matches!(key.as_str(), "meta" | "$ref" | "detail" | "description" | "itemsPerPage")
                        && !value.is_null()
                });
                let kept: Map<String, Value> = kept.map(|(key, value)| (key.clone(), self.normal(value))).collect();
                Value::Object(kept.into_iter().filter(|(_, value)| *value != json!([])).collect())
            }
            Value::Array(list) => {
                let mut list: Vec<Value> = list.iter().map(|one| self.normal(one)).collect();
                list.sort_by_key(Value::to_string);
                Value::Array(list)
            }
            Value::String(text) => {
                let name = self.ids.iter().find(|(_, id)| *id == text).map(|(name, _)| format!("{{{name}}}"));
                Value::String(name.unwrap_or_else(|| text.clone()))
            }
            plain @ (Value::Null | Value::Bool(_) | Value::Number(_)) => plain.clone(),
        }
    }
}

/// Where two answers differ, in a line; none where they do not.
fn difference(ours: &Answer, theirs: &Answer) -> Option<String> {
    let told = |answer: &Answer| match answer.body["scimType"].as_str() {
        Some(keyword) => format!("{} {keyword}", answer.status),
        None => answer.status.to_string(),
    };
    if told(ours) != told(theirs) {
        return Some(format!("{} against {}", told(ours), told(theirs)));
    }
    if ours.status >= 400 {
        return None;
    }
    apart("", &ours.body, &theirs.body)
}

fn apart(at: &str, ours: &Value, theirs: &Value) -> Option<String> {
    match (ours, theirs) {
        (Value::Object(a), Value::Object(b)) => {
            let mut keys: Vec<&String> = a.keys().chain(b.keys()).collect();
            keys.sort();
            keys.dedup();
            let null = Value::Null;
            keys.into_iter()
                .find_map(|key| apart(&format!("{at}/{key}"), a.get(key).unwrap_or(&null), b.get(key).unwrap_or(&null)))
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            a.iter().zip(b).enumerate().find_map(|(n, (a, b))| apart(&format!("{at}/{n}"), a, b))
        }
        (a, b) if a == b => None,
        (a, b) => Some(format!("{at}: {a} against {b}")),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_castgate_and_scim2_server_differ_it_is_known_who_is_right() {
    let Some(peer) = Peer::start().await else { return };
    let world = World::start().await;
    let connection = world.organization("acme").await.connection("generic", Profile::Generic).await;
    let mut ours = Side::new(format!("{}/scim/v2", world.origin), connection.token());
    let mut theirs = Side::new(peer.base.clone(), TOKEN);
    let steps = steps();
    let mut found = Vec::new();
    for step in &steps {
        let (our, their) = (ours.ask(step).await, theirs.ask(step).await);
        if let Some(difference) = difference(&our, &their) {
            found.push((step.name, difference));
        }
    }
    let known: Vec<(&str, String)> = KNOWN.iter().map(|known| (known.step, known.difference.to_owned())).collect();
    let new: Vec<_> = found.iter().filter(|one| !known.contains(one)).collect();
    let gone: Vec<_> = known.iter().filter(|one| !found.contains(one)).collect();
    assert!(new.is_empty() && gone.is_empty(), "differences that nobody judged: {new:#?}\nthat are no more: {gone:#?}");
    assert!(KNOWN.iter().all(|known| known.why.contains("RFC")), "each judgement rests on a paragraph");
    assert!(steps.len() > 60 && known.len() * 3 < steps.len(), "{} of {} differ", known.len(), steps.len());
}
