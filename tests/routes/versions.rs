//! ETags: nothing is sent twice, and nobody undoes what they did not see.

use crate::scene::Scene;
use serde_json::json;

#[tokio::test]
async fn a_single_thing_has_a_tag_and_a_change_moves_it() {
    let scene = Scene::set().await;
    let bearer = format!("Bearer {}", scene.acme.key);
    let by = ("authorization", bearer.as_str());
    let user = scene.world.client.get("/api/v1/users?filter=userName%20sw%20%22vera%22", &[by]).await.expect(200);
    let user = format!("/api/v1/users/{}", user.json()["items"][0]["id"].as_str().unwrap());
    let group = scene.world.client.get("/api/v1/groups?limit=1", &[by]).await.expect(200);
    let group = format!("/api/v1/groups/{}", group.json()["items"][0]["id"].as_str().unwrap());
    let cluster = scene.world.app.declare_cluster(&scene.acme.operator, "prod", None, None).await.unwrap();
    let cluster = format!("/api/v1/clusters/{}", cluster.id);
    let connection = format!("/api/v1/connections/{}", scene.push.stored.id);
    for path in [&user, &group, &cluster, &connection, &"/api/v1/organization".to_owned()] {
        let first = scene.world.client.get(path, &[by]).await.expect(200);
        let tag = first.header("etag").to_owned();
        assert!(tag.starts_with('"') && tag.ends_with('"'), "{path}: {tag} is no strong tag");
        let again = scene.world.client.get(path, &[by, ("if-none-match", &tag)]).await.expect(304);
        assert_eq!((again.header("etag"), again.text.as_str()), (tag.as_str(), ""));
        scene.world.client.get(path, &[by, ("if-none-match", "\"x\"")]).await.expect(200);
    }
    let before = scene.world.client.get(&user, &[by]).await.expect(200).header("etag").to_owned();
    let suspend = format!("{user}/suspend");
    scene.world.client.send("POST", &suspend, &[by, ("if-match", "\"9-9-9.x\"")], None).await.expect(412);
    scene.world.client.send("POST", &suspend, &[by, ("if-match", &before)], None).await.expect(200);
    let stale = scene.world.client.send("POST", &suspend, &[by, ("if-match", &before)], None).await.expect(412);
    assert_eq!(stale.json()["code"], "changed");
    scene.world.client.get(&user, &[by, ("if-none-match", &before)]).await.expect(200);
}

#[tokio::test]
async fn what_has_no_version_of_its_own_is_not_changed_unseen_either() {
    let scene = Scene::set().await;
    let bearer = format!("Bearer {}", scene.acme.key);
    let by = [("authorization", bearer.as_str()), ("content-type", "application/json")];
    let send = async |method: &str, path: &str, tag: &str, body: Option<&str>| {
        let headers = [by.as_slice(), &[("if-match", tag)]].concat();
        scene.world.client.send(method, path, &headers, body.map(str::to_owned)).await
    };
    let cluster = scene.world.app.declare_cluster(&scene.acme.operator, "prod", None, None).await.unwrap();
    let cluster = format!("/api/v1/clusters/{}", cluster.id);
    for (path, one, other) in [
        (cluster.as_str(), r#"{"name": "One"}"#, r#"{"name": "Other"}"#),
        ("/api/v1/organization", r#"{"name": "One"}"#, r#"{"name": "Other"}"#),
    ] {
        let seen = scene.world.client.get(path, &by).await.expect(200).header("etag").to_owned();
        let next = send("PATCH", path, &seen, Some(one)).await.expect(200).header("etag").to_owned();
        let late = send("PATCH", path, &seen, Some(other)).await.expect(412);
        assert_eq!(late.json()["code"], "changed", "{path}");
        assert_eq!(scene.world.client.get(path, &by).await.expect(200).json()["name"], "One");
        send("PATCH", path, &next, Some(other)).await.expect(200);
    }
    send("DELETE", &cluster, "\"0\"", None).await.expect(412);
    send("DELETE", &cluster, "*", None).await.expect(200);
}

#[tokio::test]
async fn of_two_who_edit_a_draft_the_second_notices() {
    let scene = Scene::set().await;
    let bearer = format!("Bearer {}", scene.acme.key);
    let by = [("authorization", bearer.as_str()), ("content-type", "application/json")];
    let path = "/api/v1/mapping/draft";
    let put = async |text: &str, headers: &[(&str, &str)]| {
        scene.world.client.send("PUT", path, &[&by, headers].concat(), Some(json!({"text": text}).to_string())).await
    };
    scene.world.client.get(path, &by).await.expect(404);
    let first = put("default: viewer\n", &[]).await.expect(200).header("etag").to_owned();
    assert_eq!(scene.world.client.get(path, &by).await.expect(200).header("etag"), first);
    let unsaid = put("default: none\n", &[]).await.expect(428);
    assert_eq!(unsaid.json()["code"], "if_match_required");
    let second = put("default: none\n", &[("if-match", &first)]).await.expect(200).header("etag").to_owned();
    assert_eq!(put("default: owner\n", &[("if-match", &first)]).await.expect(412).json()["code"], "changed");
    assert_eq!(scene.world.client.get(path, &by).await.expect(200).json()["text"], "default: none\n");
    put("default: viewer\n", &[("if-match", &second)]).await.expect(200);
    put("default: viewer\n", &[("if-match", "*")]).await.expect(200);
}
