//! Gone means gone: whatever way somebody's access ends, the very next request is refused.

use crate::harness::{World, everywhere};
use castgate::{app::Error, model::User};
use serde_json::json;

/// Five sessions and two keys of one person, all of them just used.
struct Credentials {
    sessions: Vec<String>,
    keys: Vec<String>,
}

async fn credentials(world: &World, user: &User) -> Credentials {
    let mut held = Credentials { sessions: Vec::new(), keys: Vec::new() };
    for _ in 0..5 {
        held.sessions.push(world.session(&user.id).await);
    }
    for _ in 0..2 {
        held.keys.push(world.key(&user.id).await.expose().to_owned());
    }
    held.check(world, true, true).await;
    held
}

impl Credentials {
    /// Whether each opens, or not; asked twice, so that the second answer may come from a cache.
    async fn check(&self, world: &World, sessions: bool, keys: bool) {
        for _ in 0..2 {
            for secret in &self.sessions {
                let visit = world.visit_session(secret).await;
                assert_eq!(visit.is_ok(), sessions, "{}: session: {visit:?}", world.engine());
                assert!(sessions || matches!(visit, Err(Error::NotSignedIn)), "{visit:?}");
            }
            for secret in &self.keys {
                let visit = world.visit_key(secret).await;
                assert_eq!(visit.is_ok(), keys, "{}: key: {visit:?}", world.engine());
                assert!(keys || matches!(visit, Err(Error::NotSignedIn)), "{visit:?}");
            }
        }
    }
}

/// Every way in which a directory says that somebody is inactive.
fn inactive() -> Vec<serde_json::Value> {
    vec![
        json!([{"op": "replace", "path": "active", "value": false}]),
        json!([{"op": "Replace", "path": "active", "value": "False"}]),
        json!([{"op": "replace", "value": {"active": false}}]),
        json!([{"op": "Add", "path": "active", "value": "false"}]),
        json!([{"op": "add", "value": {"active": "False", "nickName": "gone"}}]),
        json!([{"op": "replace", "path": "title", "value": "x"}, {"op": "replace", "path": "active", "value": false}]),
        json!([{"op": "replace", "path": "urn:ietf:params:scim:schemas:core:2.0:User:active", "value": false}]),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_patch_that_says_inactive_ends_everything_at_once() {
    everywhere(async |world| {
        for (number, operations) in inactive().into_iter().enumerate() {
            let user = world.hire(&format!("ada{number}")).await;
            let held = credentials(world, &user).await;
            world.tick();
            world.patch(&user.id, operations).await.unwrap();
            held.check(world, false, false).await;
            world.tick();
            let back = world.set_active(&user.id, true).await.unwrap();
            assert_eq!(back.user.id, user.id);
            held.check(world, false, true).await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_put_that_says_inactive_ends_everything_at_once() {
    everywhere(async |world| {
        let user = world.hire("ada").await;
        let held = credentials(world, &user).await;
        world.put(&user.id, json!({"userName": "ada", "externalId": "ada", "active": false})).await.unwrap();
        held.check(world, false, false).await;
        world.put(&user.id, json!({"userName": "ada", "externalId": "ada", "active": true})).await.unwrap();
        held.check(world, false, true).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_put_without_active_lets_nobody_in_or_out() {
    everywhere(async |world| {
        let user = world.hire("ada").await;
        let held = credentials(world, &user).await;
        world.put(&user.id, json!({"userName": "ada", "externalId": "ada", "title": "Countess"})).await.unwrap();
        held.check(world, true, true).await;
        world.set_active(&user.id, false).await.unwrap();
        world.put(&user.id, json!({"userName": "ada", "externalId": "ada", "title": "Lady"})).await.unwrap();
        held.check(world, false, false).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_delete_ends_everything_at_once_and_a_return_brings_the_keys_back() {
    everywhere(async |world| {
        let user = world.hire("ada").await;
        let held = credentials(world, &user).await;
        world.tick();
        world.delete(&user.id).await.unwrap();
        held.check(world, false, false).await;
        world.tick();
        let back = world.hire("ada").await;
        assert_eq!(back.id, user.id);
        held.check(world, false, true).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_suspension_by_a_person_ends_everything_and_the_directory_cannot_undo_it() {
    everywhere(async |world| {
        let user = world.hire("ada").await;
        let held = credentials(world, &user).await;
        world.app.suspend_member(&world.as_user(&world.tenant.owner), &user.id).await.unwrap();
        held.check(world, false, false).await;
        // The directory may say what it likes, in any order: both facts are kept, and both count.
        world.set_active(&user.id, false).await.unwrap();
        world.set_active(&user.id, true).await.unwrap();
        held.check(world, false, false).await;
        world.set_active(&user.id, false).await.unwrap();
        world.app.reactivate_member(&world.operator(), &user.id).await.unwrap();
        held.check(world, false, false).await;
        world.set_active(&user.id, true).await.unwrap();
        held.check(world, false, true).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rehire_by_post_does_not_undo_a_suspension_by_a_person() {
    everywhere(async |world| {
        let user = world.hire("ada").await;
        let held = credentials(world, &user).await;
        world.app.suspend_member(&world.operator(), &user.id).await.unwrap();
        world.set_active(&user.id, false).await.unwrap();
        let again = world.hire("ada").await;
        assert_eq!(again.id, user.id);
        held.check(world, false, false).await;
        world.delete(&user.id).await.unwrap();
        world.tick();
        assert_eq!(world.hire("ada").await.id, user.id);
        held.check(world, false, false).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disabled_connection_ends_its_sessions_for_good_and_keeps_its_people() {
    everywhere(async |world| {
        let user = world.hire("ada").await;
        let held = credentials(world, &user).await;
        let (operator, okta) = (world.operator(), &world.tenant.okta.id);
        let token = world.app.create_scim_token(&operator, okta, None).await.unwrap().secret;
        world.app.scim_connection(token.expose()).await.unwrap();
        world.app.set_connection_enabled(&operator, okta, false).await.unwrap();
        held.check(world, false, true).await;
        assert!(matches!(world.app.scim_connection(token.expose()).await, Err(Error::NotSignedIn)));
        world.app.set_connection_enabled(&operator, okta, true).await.unwrap();
        held.check(world, false, true).await;
        let fresh = world.session(&user.id).await;
        assert_eq!(world.visit_session(&fresh).await.unwrap().visitor.id, user.id.clone().into());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_link_signs_in_once_and_a_session_ends_when_it_is_ended() {
    everywhere(async |world| {
        let signed_in = world.app.use_sign_in_link(&world.tenant.link, castgate::app::Whence::default()).await.unwrap();
        let again = world.app.use_sign_in_link(&world.tenant.link, castgate::app::Whence::default()).await;
        assert!(matches!(again, Err(Error::TurnedAway(_))), "{again:?}");
        let visit = world.visit_session(signed_in.secret.expose()).await.unwrap();
        let ctx = visit.ctx(&world.app).unwrap();
        assert_eq!(world.app.sessions(&ctx, visit.visitor.id.user().unwrap()).await.unwrap().len(), 1);
        world.app.sign_out(signed_in.secret.expose(), castgate::app::Reach::Here).await.unwrap();
        assert!(world.visit_session(signed_in.secret.expose()).await.is_err());
        assert!(world.visit_key(&world.tenant.key).await.is_ok(), "the key is another credential");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_ends_by_its_idleness_and_by_its_age() {
    everywhere(async |world| {
        let user = world.hire("ada").await;
        let secret = world.session(&user.id).await;
        world.visit_session(&secret).await.unwrap();
        let idle = world.app.settings().sessions.idle.get();
        world.app.clock().advance(idle / 2);
        tokio::time::sleep(world.app.settings().cache.lease.get()).await;
        world.visit_session(&secret).await.unwrap();
        world.app.clock().advance(idle.saturating_sub(std::time::Duration::from_secs(1)));
        world.visit_session(&secret).await.unwrap();
        world.app.clock().advance(idle + std::time::Duration::from_secs(1));
        assert!(world.visit_session(&secret).await.is_err());
    })
    .await;
}
