//! What programs read.

use crate::{Scene, said};
use castgate::model::Profile;
use saphyr::{LoadableYamlNode, Yaml};
use serde_json::Value;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn json_is_what_the_api_sent() {
    let scene = Scene::set().await;
    scene.organization.connection("okta", Profile::Okta).await;
    for (arguments, path) in [
        (&["whoami"][..], "/me"),
        (&["users", "list"], "/users"),
        (&["connections", "list"], "/connections"),
        (&["keys", "list"], "/keys"),
        (&["groups", "list"], "/groups"),
        (&["mapping", "show"], "/mapping"),
    ] {
        let said = scene.run(&[arguments, &["-o", "json"]].concat()).await.expect(0);
        assert_eq!(said.json(), scene.api(path).await, "{arguments:?}");
        assert_eq!(said.err, "");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn yaml_says_the_same_as_json() {
    let scene = Scene::set().await;
    let okta = scene.organization.connection("okta", Profile::Okta).await;
    scene.push(&okta, "yes").await;
    let yaml = scene.run(&["users", "get", "yes", "-o", "yaml"]).await.expect(0);
    let read = Yaml::load_from_str(&yaml.out).unwrap();
    let json = scene.run(&["users", "get", "yes", "-o", "json"]).await.expect(0).json();
    assert!(same(&read[0], &json), "{}\n{json:#}", yaml.out);
}

fn same(yaml: &Yaml<'_>, json: &Value) -> bool {
    match json {
        Value::Null => yaml.is_null(),
        Value::Bool(yes) => yaml.as_bool() == Some(*yes),
        Value::Number(number) => yaml.as_integer() == number.as_i64(),
        Value::String(text) => yaml.as_str() == Some(text),
        Value::Array(all) => {
            let items = yaml.as_sequence().unwrap();
            items.len() == all.len() && items.iter().zip(all).all(|(yaml, json)| same(yaml, json))
        }
        Value::Object(all) => {
            let fields = yaml.as_mapping().unwrap();
            fields.len() == all.len() && all.iter().all(|(key, json)| same(&yaml[key.as_str()], json))
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_follows_its_pages_by_itself() {
    let scene = Scene::set().await;
    let okta = scene.organization.connection("okta", Profile::Okta).await;
    // More than the largest page.
    for number in 0..501 {
        scene.push(&okta, &format!("user-{number:03}@acme.test")).await;
    }
    let all = scene.run(&["users", "list", "-o", "name"]).await.expect(0).out;
    assert_eq!(all.lines().count(), 502, "and the owner");
    let distinct: std::collections::BTreeSet<&str> = all.lines().collect();
    assert_eq!(distinct.len(), 502);
    assert!(all.lines().all(|line| line.starts_with("usr_") && line.len() == 30));
    let whole = scene.run(&["users", "list", "-o", "json"]).await.expect(0).json();
    assert_eq!((whole["items"].as_array().unwrap().len(), &whole["next"]), (502, &Value::Null));
    let few = scene.run(&["users", "list", "--limit", "3", "-o", "json"]).await.expect(0).json();
    assert_eq!(few["items"].as_array().unwrap()[..], whole["items"].as_array().unwrap()[..3]);
    assert!(few["next"].is_string(), "there are more, and it says so");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_secret_is_all_that_a_pipe_gets() {
    let scene = Scene::set().await;
    let said = scene.run(&["keys", "create", "ci"]).await.expect(0);
    let secret = said.out.trim_end();
    assert!(secret.starts_with("cgk_") && said.out.lines().count() == 1, "{said:?}");
    assert!(!said.err.contains(secret), "{said:?}");
    scene.run_as(secret, &["whoami"]).await.expect(0);
    let quiet = scene.run(&["keys", "create", "ci-2", "--days", "9", "-o", "secret"]).await.expect(0);
    assert_eq!(quiet.err, "");
    scene.run_as(quiet.out.trim(), &["whoami"]).await.expect(0);
    let whole = scene.run(&["keys", "create", "ci-3", "-o", "json"]).await.expect(0).json();
    assert!(whole["secret"].as_str().unwrap().starts_with("cgk_") && whole["id"].is_string());
    scene.run(&["keys", "list", "-o", "secret"]).await.expect(2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_who_goes_away_is_no_error() {
    let scene = Scene::set().await;
    let mut shell = scene.bare("bash");
    shell.env("CASTGATE_URL", &scene.world.origin).env("CASTGATE_KEY", &scene.organization.key);
    shell.args(["-c", "set -o pipefail; \"$0\" events list | head -c 1", crate::PROGRAM]);
    let said = said(shell).await.expect(0);
    assert_eq!(said.err, "");
}
