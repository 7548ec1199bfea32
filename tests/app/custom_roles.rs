//! Custom roles: who may make and change them, what a change does at once, and that none goes while it is in use.

use crate::{
    harness::{World, everywhere},
    invitations::wish,
};
use castgate::{
    app::{Error, KeyWish, RightWish, RoleWish},
    model::{Capability, Carries, EventKind, Role, RoleId, Scope, Subject},
};
use std::collections::BTreeSet;

fn role(name: &str, capabilities: &[Capability]) -> RoleWish {
    RoleWish {
        name: Some(name.to_owned()),
        capabilities: Some(capabilities.iter().copied().collect()),
        ..RoleWish::default()
    }
}

/// A role that the first owner made.
pub(crate) async fn made(world: &World, name: &str, capabilities: &[Capability]) -> RoleId {
    let owner = world.as_user(&world.tenant.owner);
    world.app.create_role(&owner, role(name, capabilities)).await.unwrap().role.id
}

fn only(capabilities: &[Capability]) -> RoleWish {
    RoleWish { name: None, ..role("", capabilities) }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_holds_at_once_for_everybody_who_holds_the_role_and_for_their_keys() {
    everywhere(async |world| {
        let owner = world.as_user(&world.tenant.owner);
        let watcher = made(world, "Watcher", &[Capability::ViewCosts, Capability::ManageClusters]).await;
        let ada = world.hire("ada").await;
        world.give(Subject::User(ada.id.clone()), Role::Custom(watcher.clone()), None).await.unwrap();
        let key = world.key(&ada.id).await;
        let versions = world.app.terms().await.unwrap().into_iter().map(|document| (document.kind, document.version));
        world.app.accept_terms(&world.as_user(&ada.id), &versions.collect::<Vec<_>>()).await.unwrap();
        let may = async |capability| {
            world.visit_key(key.expose()).await.unwrap().access.can(capability, &Scope::Organization)
        };
        assert!(may(Capability::ManageClusters).await && !may(Capability::ViewBilling).await);
        let less = only(&[Capability::ViewCosts, Capability::ViewBilling]);
        // At the machine itself, where nobody is shown first which keys it touches.
        let changed = world.app.change_role(&world.operator(), &watcher, less.clone()).await.unwrap();
        assert_eq!(changed.version, 2);
        assert!(!may(Capability::ManageClusters).await, "{}: a cached decision outlived the change", world.engine());
        assert!(may(Capability::ViewBilling).await);
        let events = world.app.events(&owner, Some(ada.id.as_str()), "", 5).await.unwrap();
        assert!(
            events
                .iter()
                .any(|event| event.kind == EventKind::AccessChanged && event.detail["lost"][0] == "manage-clusters")
        );
        let same = world.app.change_role(&owner, &watcher, less).await.unwrap();
        assert_eq!(same.version, 2, "nothing new, nothing changed");
        let stale = RoleWish { if_match: Some(1), ..only(&[Capability::ViewCosts]) };
        assert!(matches!(world.app.change_role(&owner, &watcher, stale).await, Err(Error::Stale)));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_puts_into_a_role_what_they_do_not_hold() {
    everywhere(async |world| {
        let owner = world.as_user(&world.tenant.owner);
        let manager = made(world, "manager", &[Capability::ManageOrganization, Capability::ViewCosts]).await;
        let ada = world.hire("ada").await;
        world.give(Subject::User(ada.id.clone()), Role::Custom(manager.clone()), None).await.unwrap();
        let as_ada = world.as_user(&ada.id);
        world.app.create_role(&as_ada, role("mine", &[Capability::ViewCosts])).await.unwrap();
        let more = world.app.create_role(&as_ada, role("more", &[Capability::ManageMembers])).await;
        assert!(matches!(more, Err(Error::Forbidden { .. })), "{more:?}");
        // Her own role is the way by which she would raise herself.
        let raise: BTreeSet<_> = Capability::ALL.into_iter().collect();
        let raised = RoleWish { capabilities: Some(raise), ..RoleWish::default() };
        let raised = world.app.change_role(&as_ada, &manager, raised).await;
        assert!(matches!(raised, Err(Error::Forbidden { .. })), "{raised:?}");
        for (name, capabilities) in [
            ("Owner", vec![Capability::ViewCosts]),
            ("MANAGER", vec![Capability::ViewCosts]),
            ("", vec![Capability::ViewCosts]),
            ("empty", vec![]),
        ] {
            let refused = world.app.create_role(&owner, role(name, &capabilities)).await;
            assert!(matches!(refused, Err(Error::Conflict { .. } | Error::Invalid { .. })), "{name}: {refused:?}");
        }
        let vera = world.hire("vera").await;
        let refused = world.app.create_role(&world.as_user(&vera.id), role("hers", &[Capability::ViewCosts])).await;
        assert!(matches!(refused, Err(Error::Forbidden { .. })), "{refused:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_role_that_is_in_use_stays_and_the_refusal_says_where() {
    everywhere(async |world| {
        let owner = world.as_user(&world.tenant.owner);
        let id = made(world, "watcher", &[Capability::ViewCosts]).await;
        let custom = Role::Custom(id.clone());
        let refused = async |place: &str| match world.app.delete_role(&owner, &id).await {
            Err(Error::Conflict { code: "in_use", detail }) => assert!(detail.contains(place), "{detail}"),
            other => panic!("{}: {other:?}", world.engine()),
        };
        let ada = world.hire("ada").await;
        let binding = world.give(Subject::User(ada.id.clone()), custom.clone(), None).await.unwrap();
        refused(binding.id.as_str()).await;
        world.app.take(&owner, &binding.id).await.unwrap();
        let invited =
            world.app.invite(&owner, vec![wish("grace@x.test", custom.clone())], None).await.unwrap().remove(0);
        let invited = invited.unwrap();
        refused(invited.id.as_str()).await;
        world.app.revoke_invitation(&owner, &invited.id).await.unwrap();
        let rights = vec![RightWish { carries: Carries::Role(custom), cluster: None }];
        let holder = castgate::model::Holder::User(world.tenant.owner.clone());
        let wish = KeyWish { name: "narrow".to_owned(), life: None, rights: Some(rights) };
        let key = world.app.create_key_of(&owner, &holder, wish).await.unwrap().key;
        refused(key.id.as_str()).await;
        world.app.revoke_key(&owner, &key.id).await.unwrap();
        world.publish("rules: [{name: a, groups: [okta/a], grant: watcher}]").await;
        refused("the mapping in force").await;
        world.group("a", &[ada.id.as_str()]).await.unwrap();
        assert_eq!(world.roles(&ada.id).await, [id.to_string()], "{}", world.engine());
        world.publish("rules: []").await;
        world.app.delete_role(&owner, &id).await.unwrap();
        assert!(matches!(world.app.role(&owner, &id).await, Err(Error::NotFound { .. })));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_role_is_not_deleted_while_somebody_is_given_it() {
    everywhere(async |world| {
        let owner = world.as_user(&world.tenant.owner);
        let ada = world.hire("ada").await;
        for round in 0..40 {
            let id = made(world, &format!("watcher{round}"), &[Capability::ViewCosts]).await;
            let (deleted, given) = tokio::join!(
                world.app.delete_role(&owner, &id),
                world.give(Subject::User(ada.id.clone()), Role::Custom(id.clone()), None)
            );
            assert!(deleted.is_ok() != given.is_ok(), "{}: {deleted:?} {given:?}", world.engine());
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pattern_gives_a_role_from_the_moment_at_which_it_is_made() {
    everywhere(async |world| {
        let ada = world.hire("ada").await;
        world.group("k8s-watcher", &[ada.id.as_str()]).await.unwrap();
        world.publish("rules: [{name: all, groups: 'k8s-{role}', grant: '{role}'}]").await;
        assert_eq!(world.roles(&ada.id).await, ["viewer"]);
        made(world, "watcher", &[Capability::ViewCosts]).await;
        let roles = world.roles(&ada.id).await;
        assert_ne!(roles, ["viewer"], "{}: {roles:?}", world.engine());
    })
    .await;
}
