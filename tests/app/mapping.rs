//! Mappings: what a plan shows is what publishing does.

use crate::harness::{World, connect, everywhere};
use castgate::app::Error;
use serde_json::{Value, json};

async fn populated(world: &World) {
    for (name, title) in [("ada", "Engineer"), ("bob", "Intern"), ("eve", "Engineer")] {
        let body = json!({"userName": name, "externalId": name, "title": title});
        let user = world.create(body).await.unwrap();
        for group in ["eng", "k8s-prod-member"] {
            if name != "eve" {
                let add = json!([{"op": "add", "path": "members", "value": [{"value": user.id}]}]);
                match world.group(group, &[user.id.as_str()]).await {
                    Ok(_) => {}
                    Err(_) => drop(world.patch_group(&find(world, group).await, add).await.unwrap()),
                }
            }
        }
    }
    world.app.declare_cluster(&world.operator(), "prod", None, None).await.unwrap();
}

async fn find(world: &World, name: &str) -> castgate::model::GroupId {
    let groups = world.app.all_groups(&world.operator(), "", 100).await.unwrap();
    groups.into_iter().find(|group| group.display_name == name).unwrap().id
}

const TEXTS: [&str; 5] = [
    "rules: [{name: eng, groups: [eng], grant: member}]",
    "rules:\n  - {name: k8s, groups: 'k8s-{cluster}-{role}', grant: '{role}', clusters: ['{cluster}']}",
    "rules: [{name: engineers, when: title eq \"Engineer\", grant: analyst}]",
    "default: none\nrules: [{name: both, groups: [eng], when: title eq \"Intern\", grant: viewer, clusters: [prod]}]",
    "default: none\nrules: []",
];

fn plain(plan: &castgate::app::MappingPlan) -> Value {
    let mut value = serde_json::to_value(plan).unwrap();
    value["version"] = Value::Null;
    value["plan"] = Value::Null;
    value
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_plan_showed_is_what_publishing_did_and_the_second_plan_is_empty() {
    everywhere(async |world| {
        populated(world).await;
        for text in TEXTS.iter().chain(TEXTS.iter().rev()) {
            let before = everybodys_roles(world).await;
            let planned = world.app.plan_mapping(&world.operator(), text).await.unwrap();
            assert_eq!(everybodys_roles(world).await, before, "a plan changes nothing");
            let published = world.app.publish_mapping(&world.operator(), text).await.unwrap();
            assert_eq!(plain(&published), plain(&planned), "{text}");
            let after = everybodys_roles(world).await;
            for (user, roles) in &after {
                let change = planned.impact.people.iter().find(|change| change.user.as_str() == user);
                let was = &before.iter().find(|(id, _)| id == user).unwrap().1;
                assert_eq!(change.is_some(), was != roles, "{text}: {user}: {was:?} → {roles:?}");
            }
            let again = world.app.plan_mapping(&world.operator(), text).await.unwrap();
            assert!(again.diff.is_empty() && again.impact.people.is_empty(), "{again:?}");
        }
    })
    .await;
}

async fn everybodys_roles(world: &World) -> Vec<(String, Vec<String>)> {
    let mut held = Vec::new();
    for user in world.app.members(&world.operator(), "", 100).await.unwrap() {
        held.push((user.id.to_string(), world.roles(&user.id).await));
    }
    held
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mapping_with_a_mistake_leaves_the_version_in_force() {
    everywhere(async |world| {
        populated(world).await;
        world.publish(TEXTS[0]).await;
        let before = (everybodys_roles(world).await, world.app.mapping(&world.operator()).await.unwrap());
        for text in ["rules: [{name: a, groups: [eng], grant: emperor}]", "rules: [", "nonsense: 1", "rules: 7"] {
            for result in [
                world.app.publish_mapping(&world.operator(), text).await.map(drop),
                world.app.plan_mapping(&world.operator(), text).await.map(drop),
                world.app.draft_mapping(&world.operator(), text).await.map(drop),
            ] {
                assert!(
                    matches!(&result, Err(Error::Mapping { diagnostics }) if !diagnostics.is_empty()),
                    "{result:?}"
                );
            }
        }
        let after = (everybodys_roles(world).await, world.app.mapping(&world.operator()).await.unwrap());
        assert_eq!(after.0, before.0);
        assert_eq!(after.1.1, before.1.1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_connection_does_not_change_what_is_in_force() {
    everywhere(async |world| {
        populated(world).await;
        world.publish(TEXTS[0]).await;
        let before = everybodys_roles(world).await;
        let other = connect(&world.app, &world.operator(), "contractors", true).await;
        assert_eq!(everybodys_roles(world).await, before);
        let fresh = world.hire("zoe").await;
        let add = json!([{"op": "add", "path": "members", "value": [{"value": fresh.id}]}]);
        world.patch_group(&find(world, "eng").await, add).await.unwrap();
        assert_eq!(world.roles(&fresh.id).await, ["member"]);
        let document = castgate::scim::GroupDocument {
            display_name: "eng".to_owned(),
            external_id: None,
            clears_external_id: false,
            members: None,
        };
        let ctx = world.push_of(&other);
        let stranger = crate::harness::user(json!({"userName": "mallory", "externalId": "m"}));
        let mallory = world.app.create_user(&ctx, &other, stranger).await.unwrap().user;
        let theirs = world.app.create_group(&ctx, &other, document).await.unwrap().group;
        let add = crate::harness::patch(json!([{"op": "add", "path": "members", "value": [{"value": mallory.id}]}]));
        let add = add.for_group().unwrap();
        world.app.patch_group(&ctx, &other, (theirs.id.as_str(), None), &add, 0).await.unwrap();
        assert_eq!(world.roles(&mallory.id).await, ["viewer"], "another provider's group of that name gives nothing");
        // Declaring a cluster evaluates everything again, by what was published.
        let now = everybodys_roles(world).await;
        world.app.declare_cluster(&world.operator(), "staging", None, None).await.unwrap();
        assert_eq!(everybodys_roles(world).await, now);
        let ambiguous = world.app.plan_mapping(&world.operator(), TEXTS[0]).await;
        assert!(matches!(ambiguous, Err(Error::Mapping { .. })), "{ambiguous:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cluster_declared_later_is_evaluated_again() {
    everywhere(async |world| {
        let ada = world.hire("ada").await;
        world.group("k8s-dev-member", &[ada.id.as_str()]).await.unwrap();
        world.publish(TEXTS[1]).await;
        assert_eq!(world.roles(&ada.id).await, ["viewer"]);
        let dev = world.app.declare_cluster(&world.operator(), "dev", None, None).await.unwrap();
        assert_eq!(world.roles(&ada.id).await, [format!("member@{}", dev.id)]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_publishes_what_they_do_not_hold() {
    everywhere(async |world| {
        let ada = world.hire("ada").await;
        for text in TEXTS {
            for actor in [world.as_user(&ada.id), world.push()] {
                let refused = world.app.publish_mapping(&actor, text).await;
                assert!(matches!(refused, Err(Error::Forbidden { .. })), "{refused:?}");
                let refused = world.app.plan_mapping(&actor, text).await;
                assert!(matches!(refused, Err(Error::Forbidden { .. })), "{refused:?}");
            }
        }
        let owner = world.as_user(&world.tenant.owner);
        world.app.publish_mapping(&owner, "rules: [{name: a, groups: [x], grant: owner}]").await.unwrap();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rule_that_ends_by_itself_gives_nothing_afterwards() {
    everywhere(async |world| {
        let ada = world.hire("ada").await;
        let secret = world.session(&ada.id).await;
        world.group("eng", &[ada.id.as_str()]).await.unwrap();
        world.publish("rules: [{name: eng, groups: [eng], grant: member, until: 2026-11-30}]").await;
        let visit = world.visit_session(&secret).await.unwrap();
        assert_eq!(castgate::app::role_names(&visit.access), ["member"]);
        world.days(10);
        assert_eq!(world.roles(&ada.id).await, ["viewer"]);
        // Published again with a later end, it gives again.
        world.publish("rules: [{name: eng, groups: [eng], grant: member, until: 2027-11-30}]").await;
        assert_eq!(world.roles(&ada.id).await, ["member"]);
    })
    .await;
}
