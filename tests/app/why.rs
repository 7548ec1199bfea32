//! Why, why not, and as of then.

use crate::harness::{World, everywhere};
use castgate::{
    app::{Error, WhyQuestion},
    mapping::Why,
    model::{Capability, Instant, Role, Subject, UserId},
};
use serde_json::json;

fn about(subject: &str, can: Capability) -> WhyQuestion {
    WhyQuestion { subject: Some(subject.to_owned()), can, cluster: None, at: None }
}

async fn why(world: &World, question: WhyQuestion) -> Why {
    world.app.why(&world.operator(), &question).await.unwrap()
}

async fn may(world: &World, id: &UserId, can: Capability, at: Instant) -> bool {
    why(world, WhyQuestion { at: Some(at), ..about(id.as_str(), can) }).await.allowed
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_derivation_goes_back_to_the_push_that_put_somebody_into_the_group() {
    everywhere(async |world| {
        world.publish("default: none\nrules:\n  - {name: eng, groups: [okta/eng], grant: member}").await;
        let ada = world.hire("ada@acme.test").await;
        world.tick();
        let group = world.group("eng", &[ada.id.as_str()]).await.unwrap().group;
        world.tick();
        let why = why(world, about("ada", Capability::ManageClusters)).await;
        assert!(why.allowed, "{why}");
        let grounds = &why.derivations[0];
        assert!(grounds.is_whole(), "{grounds:?}");
        assert_eq!(grounds.rule.as_ref().map(|rule| (rule.line, rule.version)), Some((3, 1)));
        assert_eq!(grounds.membership.as_ref().map(|came| (&came.group, came.name.as_str())), Some((&group.id, "eng")));
        let told = grounds.membership.as_ref().unwrap().told.as_ref().unwrap();
        assert_eq!(told.actor, format!("connection {}", world.tenant.okta.id));
        for words in ["rule “eng”, line 3 of mapping version 1", "group “eng”", "group.members_changed", "okta"]
        {
            assert!(why.to_string().contains(words), "no {words} in {why}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_held_is_answered_of_its_own_moment() {
    everywhere(async |world| {
        let ada = world.hire("ada@acme.test").await;
        let can = Capability::ManageMembers;
        let before = world.now();
        world.tick();
        let group = world.group("eng", &[ada.id.as_str()]).await.unwrap().group;
        world.publish("rules: [{name: eng, groups: [okta/eng], grant: owner}]").await;
        let with = world.now();
        world.tick();
        world.patch_group(&group.id, json!([{"op": "replace", "path": "displayName", "value": "crew"}])).await.unwrap();
        let renamed = world.now();
        world.tick();
        world.publish("rules: [{name: crew, groups: [okta/crew], grant: owner}]").await;
        let crew = world.now();
        world.tick();
        world.set_active(&ada.id, false).await.unwrap();
        let suspended = world.now();
        world.tick();
        world.delete(&ada.id).await.unwrap();
        let removed = world.now();
        world.tick();
        let moments =
            [(before, false), (with, true), (renamed, false), (crew, true), (suspended, false), (removed, false)];
        for (at, expected) in moments {
            assert_eq!(may(world, &ada.id, can, at).await, expected, "at {at} on {}", world.engine());
        }
        let then = why(world, WhyQuestion { at: Some(with), ..about("ada@acme.test", can) }).await;
        assert_eq!(then.derivations[0].rule.as_ref().map(|rule| rule.version), Some(1));
        assert_eq!(then.derivations[0].membership.as_ref().map(|came| came.name.as_str()), Some("eng"), "{then}");
        let gone = why(world, about(ada.id.as_str(), can)).await;
        assert_eq!(gone.state_because.map(|told| told.kind.name()), Some("user.removed"));
        let later = WhyQuestion { at: Some("2099-01-01T00:00:00Z".parse().unwrap()), ..about("ada", can) };
        assert!(matches!(world.app.why(&world.operator(), &later).await, Err(Error::Invalid { .. })));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_nearest_miss_names_the_group_that_is_one_letter_off() {
    everywhere(async |world| {
        world.publish("rules:\n  - {name: owners, groups: [okta/eng-owners], grant: owner}\n  - {name: far, groups: [x], grant: owner}").await;
        let ada = world.hire("ada@acme.test").await;
        world.group("eng-owner", &[ada.id.as_str()]).await.unwrap();
        let why = why(world, about("ada", Capability::ManageMembers)).await;
        assert!(!why.allowed);
        let near = why.rules[0].near.as_ref().unwrap();
        assert_eq!((why.rules[0].rule.as_str(), near.name.as_str(), near.letters, near.member), ("owners", "eng-owner", 1, true));
        let text = why.to_string();
        for words in ["needs group okta/eng-owners", "okta sent “eng-owner”, one letter off", "last pushed on 2026-11-21"] {
            assert!(text.contains(words), "no {words} in {text}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_meant_is_said_or_asked_back() {
    everywhere(async |world| {
        let ada = world.hire("ada@acme.test").await;
        world.hire("adam@acme.test").await;
        let named = async |name: &str| world.app.why(&world.operator(), &about(name, Capability::ViewCosts)).await;
        assert_eq!(named("ada").await.unwrap().subject, ada.id, "what stands before the @");
        assert_eq!(named("ADA@acme.test").await.unwrap().subject, ada.id);
        world.create(json!({"userName": "ada@other.test", "externalId": "other"})).await.unwrap();
        let several = named("ada").await.unwrap_err().to_string();
        assert!(several.contains(ada.id.as_str()) && several.contains("ada@other.test"), "{several}");
        let near = named("ad").await.unwrap_err();
        assert!(
            matches!(&near, Error::Conflict { code: "ambiguous_subject", detail } if detail.contains("adam")),
            "{near:?}"
        );
        assert!(matches!(named("nobody").await, Err(Error::NotFound { .. })));
        let other = world.as_user(&ada.id);
        world.give(Subject::User(ada.id.clone()), Role::VIEWER, None).await.unwrap();
        let own = WhyQuestion { subject: None, can: Capability::ViewCosts, cluster: None, at: None };
        assert!(world.app.why(&other, &own).await.unwrap().allowed);
        let spying = world.app.why(&other, &about("adam", Capability::ViewCosts)).await;
        assert!(matches!(spying, Err(Error::Forbidden { .. })), "{spying:?}");
    })
    .await;
}
