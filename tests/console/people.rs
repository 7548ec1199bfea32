//! Everybody's own way through the console in a browser, with script and without: each role, and somebody who was invited.

use crate::{
    chromium::{browse, pictures},
    have,
    scene::Scene,
};
use castgate::model::BuiltInRole;
use serde_json::Value;
use std::fs;
use tempfile::TempDir;

async fn walk(scene: &Scene, (who, script): (&str, &[&str]), more: &[&str]) -> Value {
    let directory = TempDir::new().unwrap();
    let folder = if script.is_empty() { who.to_owned() } else { format!("{who}-no-script") };
    let shots = pictures(&directory).join("people").join(folder).display().to_string();
    let fixed = ["--url", &scene.world.origin, "--screenshots", &shots];
    browse(
        "browser/console_people.mjs",
        [&fixed, script, more].concat().iter().map(|text| (*text).to_owned()).collect(),
    )
    .await
}

/// The link of the invitation whose letter went to this address.
pub fn link_in_the_letter_to(scene: &Scene, email: &str) -> String {
    let letters = fs::read_dir(scene.world.app.settings().store.data_directory.join("mail")).unwrap();
    let letters = letters.map(|letter| fs::read_to_string(letter.unwrap().path()).unwrap().replace("=\r\n", ""));
    let letter = letters.filter(|letter| letter.contains(email)).last().unwrap();
    let token = letter.split_once("/invitations/").unwrap().1.split(char::is_whitespace).next();
    format!("/invitations/{}", token.unwrap())
}

fn count(said: &Value, what: &str) -> usize {
    said[what].as_array().unwrap().len()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_role_walks_through_what_it_is_offered_and_is_told_what_it_may_not() {
    if !have(&["CASTGATE_TEST_NODE_MODULES", "CASTGATE_TEST_CHROMIUM"]) {
        return;
    }
    let scene = Scene::set().await;
    for script in [&[][..], &["--no-script"]] {
        for role in [BuiltInRole::Owner, BuiltInRole::Member, BuiltInRole::Analyst, BuiltInRole::Viewer] {
            let name = format!("{}{}", role.name(), script.len());
            let cookie = scene.browser(&name, role).await;
            let email = format!("{name}@acme.test");
            let mut more = vec!["--cookie", cookie.as_str(), "--name", email.as_str()];
            if role != BuiltInRole::Owner {
                more.extend(["--refused", "/console/connections"]);
            }
            let said = walk(&scene, (role.name(), script), &more).await;
            assert_eq!(count(&said, "done"), if role == BuiltInRole::Owner { 3 } else { 4 }, "{said}");
            let least = if role == BuiltInRole::Owner { 12 } else { 2 };
            assert!(count(&said, "ways") >= least, "{said}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn somebody_who_was_invited_chooses_a_password_and_comes_back_by_it() {
    if !have(&["CASTGATE_TEST_NODE_MODULES", "CASTGATE_TEST_CHROMIUM"]) {
        return;
    }
    let scene = Scene::set().await;
    let app = &scene.world.app;
    for script in [&[][..], &["--no-script"]] {
        let email = format!("dorothy-{}@elsewhere.test", script.len());
        scene.invitation(&email).await;
        app.send_letters().await.unwrap();
        let link = link_in_the_letter_to(&scene, &email);
        let more = ["--invitation", &link, "--name", &email, "--password", "nine otters under a blue bridge"];
        let said = walk(&scene, ("invited", script), &more).await;
        assert_eq!(count(&said, "done"), 6, "{said}");
    }
}
