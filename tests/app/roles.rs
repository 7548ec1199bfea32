//! Roles over SCIM: a fact where the connection may say it, and never a binding by itself.

use crate::harness::{World, everywhere};
use castgate::{
    app::Error,
    model::{Capability, Scope},
};
use serde_json::{Value, json};

const RULES: &str = "rules:
  - {name: members, when: roles eq \"member\", grant: member}
  - {name: on prod, when: 'roles[value eq \"analyst@prod\" and primary eq true]', grant: analyst, clusters: [prod]}";

async fn read_roles(world: &World, allowed: bool) {
    let okta = world.okta().await;
    let settings = castgate::model::ConnectionSettings { read_roles: allowed, ..okta.settings };
    world.app.update_connection(&world.operator(), &okta.id, None, settings, None).await.unwrap();
}

fn say(roles: &Value) -> Value {
    json!([{"op": "replace", "path": "roles", "value": roles}])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn roles_are_facts_only_of_a_connection_that_may_say_them() {
    everywhere(async |world| {
        world.app.declare_cluster(&world.operator(), "prod", None, None).await.unwrap();
        world.publish(RULES).await;
        let body = json!({"userName": "ada", "externalId": "ada", "roles": [{"value": "Member"}]});
        let ada = world.create(body).await.unwrap();
        assert_eq!(ada.document["roles"], json!([{"value": "Member"}]), "what was pushed is kept as it was");
        assert_eq!(world.roles(&ada.id).await, ["viewer"], "{}", world.engine());
        // Allowed, it counts at once and without another push; forbidden again, it stops counting as quickly.
        read_roles(world, true).await;
        assert_eq!(world.roles(&ada.id).await, ["member"], "{}", world.engine());
        world.patch(&ada.id, say(&json!([{"value": "viewer"}]))).await.unwrap();
        assert_eq!(world.roles(&ada.id).await, ["viewer"]);
        world.patch(&ada.id, say(&json!([{"value": "member"}]))).await.unwrap();
        assert_eq!(world.roles(&ada.id).await, ["member"]);
        read_roles(world, false).await;
        assert_eq!(world.roles(&ada.id).await, ["viewer"]);
        assert_eq!(world.app.member(&world.operator(), &ada.id).await.unwrap().document["roles"][0]["value"], "member");
        // A change that concerns something else lets it be as it is.
        world.patch(&ada.id, json!([{"op": "replace", "path": "title", "value": "x"}])).await.unwrap();
        assert_eq!(world.roles(&ada.id).await, ["viewer"]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_role_assigned_by_its_id_is_the_role_that_the_mapping_names() {
    everywhere(async |world| {
        let prod = world.app.declare_cluster(&world.operator(), "prod", None, None).await.unwrap();
        world.publish(RULES).await;
        read_roles(world, true).await;
        let ada = world.hire("ada").await;
        let id = format!("analyst@{}", prod.id);
        // Neither unassigned nor of another cluster.
        world.patch(&ada.id, say(&json!([{"value": id}, {"value": "analyst@other", "primary": true}]))).await.unwrap();
        assert_eq!(world.roles(&ada.id).await, ["viewer"]);
        let view = world.patch(&ada.id, say(&json!([{"value": id, "primary": true}]))).await.unwrap();
        assert_eq!(view.user.document["roles"], json!([{"value": id, "primary": true}]), "it is shown as it was said");
        assert_eq!(world.roles(&ada.id).await, [format!("analyst@{}", prod.id)], "{}", world.engine());
        let access = world.app.access(&world.operator(), &ada.id).await.unwrap();
        assert!(access.can(Capability::MonitorCosts, &Scope::cluster(prod.id)));
        assert!(!access.can(Capability::MonitorCosts, &Scope::Organization));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_role_that_no_rule_reads_binds_nobody() {
    everywhere(async |world| {
        read_roles(world, true).await;
        let body = json!({"userName": "ada", "roles": [{"value": "owner", "primary": true}, {"value": "member"}]});
        let ada = world.create(body).await.unwrap();
        assert_eq!(world.roles(&ada.id).await, ["viewer"], "{}", world.engine());
        world.publish("rules: [{name: g, groups: [eng], grant: member}]").await;
        assert_eq!(world.roles(&ada.id).await, ["viewer"]);
        // Whoever publishes a rule on roles gives no more than they hold.
        let bob = world.hire("bob").await;
        let refused = world.app.publish_mapping(&world.as_user(&bob.id), RULES).await;
        assert!(matches!(refused, Err(Error::Forbidden { .. })), "{refused:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rule_on_roles_that_nobody_says_is_warned_about() {
    everywhere(async |world| {
        world.app.declare_cluster(&world.operator(), "prod", None, None).await.unwrap();
        let warnings = async || {
            let plan = world.app.publish_mapping(&world.operator(), RULES).await.unwrap();
            plan.warnings.iter().filter(|warning| warning.message.contains("no connection says any")).count()
        };
        assert_eq!(warnings().await, 2);
        read_roles(world, true).await;
        assert_eq!(warnings().await, 0);
    })
    .await;
}
