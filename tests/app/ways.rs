//! How often a push or a sign-in waits for PostgreSQL: what nobody needs an answer to goes out with the next that somebody does,
//! and so do questions that are known beforehand.

use crate::{
    groups::recorded,
    harness::{World, member, patch, user},
};
use castgate::scim::{GroupPatch, MemberChange};
use serde_json::json;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_push_waits_for_postgresql_only_where_it_needs_an_answer() {
    let Some(world) = World::postgres().await else { return };
    let (app, recorder) = recorded(&world).await;
    // The first group of a connection ends those of its claims.
    world.group("first", &[]).await.unwrap();
    let (push, okta) = (world.push(), world.okta().await);
    recorder.take_ways();
    let body = json!({"userName": "ada@acme.example", "externalId": "e1", "emails": [{"value": "ada@acme.example"}]});
    let ada = app.create_user(&push, &okta, user(body)).await.unwrap().user;
    // Who asks and what the mapping is; who it may be; which groups wait for them; the commit.
    assert_eq!(recorder.take_ways(), 4, "a person");

    let group = world.group("team", &[]).await.unwrap().group;
    recorder.take_ways();
    let change = GroupPatch {
        display_name: None,
        external_id: None,
        members: vec![MemberChange::Add(vec![member(ada.id.as_str())])],
        tolerances: Vec::new(),
    };
    app.patch_group(&push, &okta, (group.id.as_str(), None), &change, 0).await.unwrap();
    // Who asks; the group and what it gives; who comes in; the commit.
    assert_eq!(recorder.take_ways(), 4, "one more member");

    for _ in 0..3 {
        world.session(&ada.id).await;
        world.key(&ada.id).await;
    }
    recorder.take_ways();
    let patch = patch(json!([{"op": "replace", "path": "active", "value": false}]));
    app.patch_user(&push, &okta, (ada.id.as_str(), None), &patch).await.unwrap();
    // Who asks; the person and what was pushed of them; what they hold, keys included; the end of sessions; the groups for the
    // answer; the commit.
    assert_eq!(recorder.take_ways(), 6, "a deactivation");
}
