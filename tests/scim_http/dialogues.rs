//! Every recorded dialogue of `fixtures/scim`, each provider's in its order against a connection of its own.

use super::{group, members, patch, user, world::World};
use crate::world::{Answer, Connection};
use castgate::model::{ConnectionSettings, Profile};
use serde_json::{Value, json};
use std::{fs, path::Path};

struct Provider {
    connection: Connection,
    /// Somebody who was there before the dialogue began.
    first: String,
    /// Whoever `{user}` was before the request.
    before: String,
    /// The user that the dialogue is about: the last one that it created.
    user: String,
    other: String,
    group: String,
}

impl Provider {
    async fn start(world: &World, name: &str) -> Self {
        let profile = match name {
            "okta" => Profile::Okta,
            "entra" => Profile::Entra,
            _ => Profile::Generic,
        };
        // What it pushes as roles is read: then discovery has all that there is.
        let settings = ConnectionSettings { read_roles: name == "okta", ..ConnectionSettings::of(profile) };
        let connection = world.organization(name).await.connection_with(name, settings).await;
        let first = connection.post("/Users", user("first@example.com")).await.expect(201).id();
        let other = connection.post("/Users", user("other@example.com")).await.expect(201).id();
        let group = connection.post("/Groups", group("there before", &[&first, &other])).await.expect(201).id();
        Self { connection, before: first.clone(), user: first.clone(), first, other, group }
    }

    fn fill(&self, text: &str) -> String {
        let text = text.replace("{user}", &self.user).replace("{other}", &self.other).replace("{group}", &self.group);
        text.replace("{first}", &self.first).replace("{user before}", &self.before)
    }

    fn read(&self, text: &str) -> Value {
        serde_json::from_str(&self.fill(text)).unwrap()
    }

    /// A request of `before` or `then`, and what it must be answered with.
    async fn step(&mut self, name: &str, step: &Value) {
        let method = step["method"].as_str().unwrap_or("GET");
        let path = step["path"].as_str().unwrap();
        let body = step.get("send").map(Value::to_string);
        let answer = self.connection.send(method, path, &[], body).await;
        let good = step["status"].as_u64().map_or(answer.status < 300, |wanted| wanted == u64::from(answer.status));
        assert!(good, "{name}: {method} {path}: {answer:?}");
        check(name, step, &answer);
        self.learn(method, path, &answer);
    }

    async fn replay(&mut self, name: &str, text: &str) {
        self.before.clone_from(&self.user);
        for step in list(&self.read(text)["before"]) {
            self.step(name, &step).await;
        }
        let recorded = self.read(text);
        let (method, path) = (recorded["method"].as_str().unwrap(), recorded["path"].as_str().unwrap());
        let removes = removes_members(&recorded);
        if removes {
            self.fill_group().await;
        }
        let headers = recorded["headers"].as_object().cloned().unwrap_or_default();
        let headers: Vec<(&str, &str)> =
            headers.iter().map(|(name, value)| (name.as_str(), value.as_str().unwrap())).collect();
        let body = recorded.get("body").map(Value::to_string);
        let answer = self.connection.send(method, path, &headers, body).await;
        let wanted = recorded["expect"]["status"].as_array().unwrap();
        assert!(wanted.contains(&json!(answer.status)), "{name}: {wanted:?} and not {answer:?}");
        assert!(!answer.text.contains("password"), "{name}: {answer:?}");
        self.learn(method, path, &answer);
        let expected = self.read(text)["expect"].clone();
        check(name, &expected, &answer);
        for step in list(&expected["then"]) {
            self.step(name, &step).await;
        }
        if removes {
            let left = members(&self.connection.get(&format!("/Groups/{}", self.group)).await.expect(200));
            assert_eq!(left, std::slice::from_ref(&self.other), "{name} removes the one it names and nobody else");
        }
    }

    async fn fill_group(&self) {
        let both =
            json!([{"op": "replace", "path": "members", "value": [{"value": self.user}, {"value": self.other}]}]);
        let answer = self.connection.patch(&format!("/Groups/{}", self.group), patch(&both)).await;
        assert!([200, 204].contains(&answer.status), "{answer:?}");
    }

    fn learn(&mut self, method: &str, path: &str, answer: &Answer) {
        match (method, path) {
            ("POST", "/Users") => self.user = answer.id(),
            ("POST", "/Groups") => self.group = answer.id(),
            _ => {}
        }
    }
}

fn list(value: &Value) -> Vec<Value> {
    value.as_array().cloned().unwrap_or_default()
}

/// What an answer must hold, and must not.
fn check(name: &str, expected: &Value, answer: &Answer) {
    if let Some(body) = expected.get("body") {
        let shown = answer.json();
        assert!(holds(&shown, body), "{name}: wanted {body} in {shown}");
    }
    for pointer in list(&expected["absent"]) {
        let shown = answer.json().pointer(pointer.as_str().unwrap()).cloned();
        assert_eq!(shown, None, "{name}: {pointer}");
    }
}

/// Whether all of `part` is in `whole`: each key of an object, and of a list exactly these, in any order.
fn holds(whole: &Value, part: &Value) -> bool {
    match (whole, part) {
        (Value::Object(whole), Value::Object(part)) => {
            part.iter().all(|(key, part)| whole.get(key).is_some_and(|whole| holds(whole, part)))
        }
        (Value::Array(whole), Value::Array(part)) => {
            let mut left: Vec<&Value> = whole.iter().collect();
            let each = part.iter().all(|part| {
                let found = left.iter().position(|whole| holds(whole, part));
                found.map(|place| left.swap_remove(place)).is_some()
            });
            each && left.is_empty()
        }
        (whole, part) => whole == part,
    }
}

/// Whether it takes `{user}` out of a group; one dialogue puts `{other}` in by the same request.
fn removes_members(recorded: &Value) -> bool {
    let operations = recorded["body"]["Operations"].as_array().into_iter().flatten();
    let removes = |operation: &Value| operation["op"].as_str().is_some_and(|op| op.eq_ignore_ascii_case("remove"));
    recorded["path"].as_str().is_some_and(|path| path.starts_with("/Groups/")) && operations.into_iter().any(removes)
}

#[tokio::test]
async fn every_recorded_dialogue_succeeds() {
    let world = World::start().await;
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/scim");
    let mut replayed = 0;
    for folder in fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()) {
        let name = folder.file_name().unwrap().to_str().unwrap();
        let mut provider = Provider::start(&world, name).await;
        let mut files: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        for file in files {
            let step = format!("{name}/{}", file.file_stem().unwrap().to_str().unwrap());
            provider.replay(&step, &fs::read_to_string(&file).unwrap()).await;
            replayed += 1;
        }
    }
    assert!(replayed > 50, "{replayed} dialogues");
}

#[tokio::test]
async fn somebody_assigned_again_comes_back_under_the_same_id() {
    let world = World::start().await;
    let okta = world.organization("acme").await.connection("okta", Profile::Okta).await;
    let id = okta.post("/Users", user("ada@example.com")).await.expect(201).id();
    let off = json!([{"op": "replace", "value": {"active": false}}]);
    let answer = okta.patch(&format!("/Users/{id}"), patch(&off)).await.expect(200);
    assert_eq!(answer.json()["active"], false);
    let again = okta.post("/Users", user("ada@example.com")).await.expect(201);
    assert_eq!((again.id(), &again.json()["active"]), (id, &json!(true)));
}
