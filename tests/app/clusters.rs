//! Clusters: renamed, and removed with what was held there.

use crate::harness::{World, everywhere};
use castgate::{
    app::{ClusterChange, Error, ExternalIdChange},
    model::{Capability, Scope, Subject},
};

const RULES: &str = "rules:\n  - {name: k8s, groups: 'k8s-{cluster}-{role}', grant: '{role}', clusters: ['{cluster}']}\n  \
                     - {name: eng, groups: [eng], grant: analyst, clusters: [prod]}";

async fn change(world: &World, id: &castgate::model::ClusterId, change: ClusterChange) -> Result<(), Error> {
    world.app.change_cluster(&world.as_user(&world.tenant.owner), id, (change, None)).await.map(drop)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_a_cluster_goes_what_was_held_there_and_nothing_else() {
    everywhere(async |world| {
        let owner = world.as_user(&world.tenant.owner);
        let prod = world.app.declare_cluster(&owner, "prod", None, None).await.unwrap();
        let dev = world.app.declare_cluster(&owner, "dev", None, None).await.unwrap();
        let ada = world.hire("ada").await;
        for group in ["k8s-prod-member", "k8s-dev-member", "eng"] {
            world.group(group, &[ada.id.as_str()]).await.unwrap();
        }
        world.publish(RULES).await;
        world.give(Subject::User(ada.id.clone()), "viewer".parse().unwrap(), Some("prod")).await.unwrap();
        assert_eq!(world.roles(&ada.id).await.len(), 4);
        let gone = world.app.remove_cluster(&owner, &prod.id, None).await.unwrap();
        assert_eq!((gone.cluster.slug.as_str(), gone.bindings), ("prod", 3));
        let access = world.app.access(&owner, &ada.id).await.unwrap();
        assert!(access.can(Capability::ManageClusters, &Scope::cluster(dev.id)));
        assert_eq!(access.derivations.len(), 1, "{access:?}");
        assert!(matches!(world.app.cluster(&owner, &prod.id).await, Err(Error::NotFound { .. })));
        assert!(matches!(world.app.remove_cluster(&owner, &prod.id, None).await, Err(Error::NotFound { .. })));
        // Declared again it is another cluster; rules give there what they say, and what a person gave is gone.
        world.app.declare_cluster(&owner, "prod", None, None).await.unwrap();
        assert_eq!(world.roles(&ada.id).await.len(), 3);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cluster_under_another_slug_is_what_rules_say_of_that_slug() {
    everywhere(async |world| {
        let owner = world.as_user(&world.tenant.owner);
        let one = world.app.declare_cluster(&owner, "one", None, Some("ext-1")).await.unwrap();
        let ada = world.hire("ada").await;
        world.group("k8s-prod-member", &[ada.id.as_str()]).await.unwrap();
        world
            .publish(
                "rules:\n  - {name: k8s, groups: 'k8s-{cluster}-{role}', grant: '{role}', clusters: ['{cluster}']}",
            )
            .await;
        assert_eq!(world.roles(&ada.id).await, ["viewer"], "there is no cluster prod");
        let slug = |slug: &str| ClusterChange { slug: Some(slug.to_owned()), ..ClusterChange::default() };
        change(world, &one.id, slug("prod")).await.unwrap();
        assert_eq!(world.roles(&ada.id).await, [format!("member@{}", one.id)]);
        world.app.declare_cluster(&owner, "two", None, None).await.unwrap();
        assert!(matches!(change(world, &one.id, slug("TWO")).await, Err(Error::Invalid { .. })));
        assert!(matches!(change(world, &one.id, slug("two")).await, Err(Error::Conflict { code: "taken", .. })));
        let rest = ClusterChange { slug: None, name: Some("Prod".to_owned()), external_id: ExternalIdChange::Clear };
        change(world, &one.id, rest).await.unwrap();
        let read = world.app.cluster(&owner, &one.id).await.unwrap();
        assert_eq!((read.slug.as_str(), read.name.as_str(), read.external_id), ("prod", "Prod", None));
    })
    .await;
}
