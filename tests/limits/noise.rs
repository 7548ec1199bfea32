//! Noise at every route that reads a body or a query: a refusal, and never a failure of ours.

use super::unlimited;
use castgate::{
    http::{self, Caller, Declared},
    model::Profile,
};
use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

/// What may be said to noise. 501: what discovery says is not offered.
fn is_an_answer(status: u16) -> bool {
    (200..500).contains(&status) || status == 501
}

/// Documents that the routes take, so that noise in them gets far.
fn documents() -> Vec<Value> {
    let user = "urn:ietf:params:scim:schemas:core:2.0:User";
    let enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
    vec![
        json!({"schemas": [user], "userName": "ada", "externalId": "1", "active": true, "name": {"givenName": "Ada"},
               "emails": [{"value": "a@example.com", "type": "work", "primary": true}],
               enterprise: {"department": "d", "manager": {"value": "x"}}, "roles": [{"value": "{\"value\": 1}"}]}),
        json!({"schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "displayName": "g", "externalId": "2",
               "members": [{"value": "usr_x"}, {"value": 7}]}),
        json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": [
            {"op": "Replace", "path": "emails[type eq \"work\"].value", "value": "b@example.com"},
            {"op": "add", "path": "members", "value": [{"value": "usr_x"}]},
            {"op": "remove", "path": "members[value eq \"usr_x\"]"},
            {"op": "replace", "value": {"active": "False", "name.givenName": "B", "displayName": "h"}}]}),
        json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"], "filter": "userName sw \"a\"",
               "startIndex": 1, "count": 10, "attributes": ["userName"], "sortBy": "userName"}),
        json!({"name": "a key", "expires_in_days": 30}),
        json!({"text": "default: viewer\nrules:\n  - name: a\n    groups: [x]\n    grant: member\n"}),
        json!({"name": "okta-2", "profile": "okta", "settings": {"oidc": {"issuer": "https://x.example"}}}),
        json!({"slug": "prod-eu", "name": "Production"}),
    ]
}

/// Odd things in the place of a part of a document.
fn odd() -> impl Strategy<Value = Value> {
    let huge =
        (0..3_usize).prop_map(|power| Value::String("ä".repeat(10_usize.pow(u32::try_from(power).unwrap() + 1))));
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(|number| json!(number)),
        any::<f64>().prop_map(|number| json!(number)),
        "\\PC{0,12}".prop_map(Value::String),
        "[\\x01-\\x1f\\x7f\u{202e}\u{feff}]{1,4}".prop_map(Value::String),
        huge,
        Just(json!([])),
        Just(json!({})),
        Just(json!([[[{"value": [{}]}]]])),
    ]
}

/// Puts something odd into the place that `at` leads to.
fn put(place: &mut Value, at: &[usize], odd: Value) {
    let Some((step, rest)) = at.split_first() else {
        *place = odd;
        return;
    };
    match place {
        Value::Array(list) if !list.is_empty() => {
            let index = step % list.len();
            put(&mut list[index], rest, odd);
        }
        Value::Object(object) if !object.is_empty() => {
            let index = step % object.len();
            put(object.values_mut().nth(index).unwrap(), rest, odd);
        }
        other => *other = odd,
    }
}

fn with(mut document: Value, at: &[usize], odd: Value) -> Value {
    put(&mut document, at, odd);
    document
}

fn body() -> impl Strategy<Value = Vec<u8>> {
    let document = prop::sample::select(documents()).boxed();
    let oddly = (document.clone(), prop::collection::vec(0..8_usize, 1..5), odd())
        .prop_map(|(document, at, odd)| with(document, &at, odd).to_string().into_bytes());
    let broken = (document.clone(), any::<prop::sample::Index>(), any::<u8>()).prop_map(|(document, at, byte)| {
        let mut bytes = document.to_string().into_bytes();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        bytes
    });
    let cut = (document, any::<prop::sample::Index>()).prop_map(|(document, at)| {
        let bytes = document.to_string().into_bytes();
        bytes[..at.index(bytes.len())].to_vec()
    });
    let noise = prop::collection::vec(any::<u8>(), 0..200);
    prop_oneof![4 => oddly, 2 => broken, 1 => cut, 1 => noise]
}

struct Target {
    method: &'static str,
    address: String,
    header: (&'static str, String),
    /// The types of bodies that get past the door.
    kinds: &'static [&'static str],
}

/// Routes that could take from the noise what it comes with: the connection, or the key's owner.
const NOT_FOR_NOISE: [&str; 2] = ["/disable", "/suspend"];

/// Runs `ask` many times with something out of `strategy`, on a runtime that nothing else uses.
fn many<T: std::fmt::Debug>(strategy: impl Strategy<Value = T>, ask: impl Fn(T) -> u16) {
    let config = Config { cases: 800, failure_persistence: None, ..Config::default() };
    let outcome = TestRunner::new(config).run(&strategy, |input| {
        let shown = format!("{input:?}");
        let status = ask(input);
        prop_assert!(is_an_answer(status), "{status} for {shown}");
        Ok(())
    });
    outcome.unwrap();
}

/// Every route of programs whose method is among these, with a credential that opens it and things that exist.
async fn targets(world: &crate::world::World, methods: &[&str]) -> Vec<Target> {
    let acme = world.organization("acme").await;
    let okta = acme.connection("okta", Profile::Okta).await;
    let user = okta.post("/Users", json!({"userName": "ada"})).await.expect(201).id();
    let group = okta.post("/Groups", json!({"displayName": "g"})).await.expect(201).id();
    let connection = okta.stored.id.to_string();
    let (token, key) = (format!("Bearer {}", okta.token()), acme.key.clone());
    let of = |route: &Declared| {
        let header = match route.who {
            Caller::ScimToken => ("authorization", token.clone()),
            Caller::SessionOrKey | Caller::Key => ("x-api-key", key.clone()),
            Caller::Anyone | Caller::SignedIn => return None,
        };
        let id = if route.path.contains("Groups") || route.path.contains("groups") { &group } else { &user };
        let id = if route.path.contains("connections") { &connection } else { id };
        let path =
            route.path.replace("{id}", id).replace("{urn}", "x").replace("{token}", "x").replace("{session}", "x");
        methods.contains(&route.method).then(|| Target {
            method: route.method,
            address: format!("{}{path}", world.origin),
            header,
            kinds: match route.who {
                Caller::ScimToken => &["application/scim+json", "application/json"],
                Caller::Anyone | Caller::SignedIn | Caller::SessionOrKey | Caller::Key
                    if route.path.contains("mapping") =>
                {
                    &["application/json", "application/yaml"]
                }
                Caller::Anyone | Caller::SignedIn | Caller::SessionOrKey | Caller::Key => &["application/json"],
            },
        })
    };
    let harmless = |route: &&Declared| !NOT_FOR_NOISE.iter().any(|end| route.path.ends_with(end));
    http::routes().iter().filter(harmless).filter_map(of).collect()
}

#[test]
fn whatever_is_sent_as_a_body_the_answer_is_no_failure_of_ours() {
    let runtime = Runtime::new().unwrap();
    let world = runtime.block_on(unlimited());
    let targets = runtime.block_on(targets(&world, &["POST", "PUT", "PATCH"]));
    assert!(targets.len() > 15, "{}", targets.len());
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let send = |Target { method, address, header: (name, value), .. }: &Target, kind: &str, body: Vec<u8>| {
        let request = client.request(method.parse().unwrap(), address).header(*name, value);
        let sent = request.header("content-type", kind).body(body).send();
        runtime.block_on(sent).unwrap().status().as_u16()
    };
    many((0..targets.len(), any::<prop::sample::Index>(), body()), |(target, kind, body)| {
        let target = &targets[target];
        send(target, target.kinds[kind.index(target.kinds.len())], body)
    });
    for target in &targets {
        assert_ne!(send(target, target.kinds[0], b"{}".to_vec()), 401, "the noise has lost its credential");
    }
}

#[test]
fn whatever_stands_in_a_query_the_answer_is_no_failure_of_ours() {
    let runtime = Runtime::new().unwrap();
    let world = runtime.block_on(unlimited());
    let targets = runtime.block_on(targets(&world, &["GET"]));
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let names =
        ["filter", "count", "startIndex", "attributes", "excludedAttributes", "sortBy", "after", "limit", "can"];
    let name = prop::sample::select(names.to_vec());
    let value = prop_oneof![
        "\\PC{0,40}",
        "-?[0-9]{0,22}",
        "(userName|emails|active|meta\\.created|urn:x) (eq|ne|co|gt|pr|xx) (\"\\PC{0,8}\"|true|1e9|null|-1)( and| or)?",
        "(emails|members|groups)\\[[a-z ]{0,8}(eq|pr) ?\"?[a-z]{0,4}\"?\\]\\.?[a-z]{0,4}",
    ];
    many((0..targets.len(), name, value), |(target, parameter, value)| {
        let Target { method, address, header: (name, credential), .. } = &targets[target];
        let query: String =
            url::form_urlencoded::Serializer::new(String::new()).append_pair(parameter, &value).finish();
        let request = client.request(method.parse().unwrap(), format!("{address}?{query}")).header(*name, credential);
        runtime.block_on(request.send()).unwrap().status().as_u16()
    });
}
