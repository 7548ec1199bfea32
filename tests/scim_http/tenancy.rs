//! Two organizations push at once, and neither ever sees the other.

use super::{group, patch, user};
use crate::world::{Answer, Connection, World};
use castgate::model::Profile;
use serde_json::{Value, json};
use std::collections::BTreeSet;

const PEOPLE: usize = 300;
const TEAM: usize = 25;

/// Pushes people and teams; the ids of all of them.
async fn push(connection: &Connection) -> (Vec<String>, Vec<String>) {
    let (mut users, mut groups) = (Vec::new(), Vec::new());
    for number in 0..PEOPLE {
        // The same names on both sides: nothing but the organization tells them apart.
        users.push(connection.post("/Users", user(&format!("p{number}@example.com"))).await.expect(201).id());
    }
    for (number, team) in users.chunks(TEAM).enumerate() {
        let ids: Vec<&str> = team.iter().map(String::as_str).collect();
        groups.push(connection.post("/Groups", group(&format!("team {number}"), &ids)).await.expect(201).id());
    }
    (users, groups)
}

async fn listed(connection: &Connection, kind: &str) -> BTreeSet<String> {
    let (mut ids, mut start) = (BTreeSet::new(), 1);
    loop {
        let page = connection.get(&format!("/{kind}?startIndex={start}&count=100")).await.expect(200).json();
        let resources = page["Resources"].as_array().unwrap();
        if resources.is_empty() {
            assert_eq!(page["totalResults"], ids.len());
            return ids;
        }
        start += resources.len();
        ids.extend(resources.iter().map(|resource| resource["id"].as_str().unwrap().to_owned()));
    }
}

/// The answer without the id that was asked for.
fn without(answer: &Answer, id: &str) -> (u16, String) {
    (answer.status, answer.text.replace(id, "…"))
}

/// `asking` learns nothing of an id of somebody else: the answer is that for an id that nobody has.
async fn learns_nothing(asking: &Connection, kind: &str, id: &str, body: &Value) {
    let prefix = &id[..4];
    let nobody = format!("{prefix}{}", "0".repeat(26));
    for method in ["GET", "PUT", "PATCH", "DELETE"] {
        let body = match method {
            "PUT" => Some(body.to_string()),
            "PATCH" => Some(patch(&json!([{"op": "replace", "path": "displayName", "value": "mine"}])).to_string()),
            _ => None,
        };
        let theirs = asking.send(method, &format!("/{kind}/{id}"), &[], body.clone()).await;
        let nobodys = asking.send(method, &format!("/{kind}/{nobody}"), &[], body).await;
        assert_eq!(theirs.status, 404, "{method} {theirs:?}");
        assert_eq!(without(&theirs, id), without(&nobodys, &nobody), "{method}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn organizations_that_push_at_once_never_meet() {
    let world = World::start().await;
    let a = world.organization("a").await.connection("okta", Profile::Okta).await;
    let b = world.organization("b").await.connection("okta", Profile::Okta).await;
    let ((a_users, a_groups), (b_users, b_groups)) = tokio::join!(push(&a), push(&b));
    for (connection, users, groups) in [(&a, &a_users, &a_groups), (&b, &b_users, &b_groups)] {
        assert_eq!(listed(connection, "Users").await, users.iter().cloned().collect());
        assert_eq!(listed(connection, "Groups").await, groups.iter().cloned().collect());
    }
    for id in a_users.iter().step_by(10) {
        learns_nothing(&b, "Users", id, &user("x@example.com")).await;
    }
    for id in &a_groups {
        learns_nothing(&b, "Groups", id, &group("x", &[])).await;
    }
    // A member of somebody else is a member that nobody knows: it is taken, and shown to nobody.
    let add = patch(&json!([{"op": "add", "path": "members", "value": [{"value": a_users[0]}]}]));
    let team = format!("/Groups/{}", b_groups[0]);
    b.patch(&team, add).await.expect(200);
    assert!(!b.get(&team).await.expect(200).text.contains(&a_users[0]));
    for connection in [&a, &b] {
        let first = connection.get("/Groups?filter=displayName%20eq%20%22team%200%22").await.expect(200).json();
        assert_eq!(first["Resources"][0]["members"].as_array().unwrap().len(), TEAM);
    }
}
