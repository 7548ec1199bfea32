//! Role bindings by people: giving, taking, and who may.

use crate::harness::{World, everywhere};
use castgate::{
    app::{BindingSearch, Error, Gift},
    model::{BindingId, Role, Source, Subject},
};
use std::time::Duration;

const OWNERS: &str = "rules: [{name: owners, groups: [okta/owners], grant: owner}]";

async fn listed(world: &World, search: BindingSearch) -> Vec<BindingId> {
    let found = world.app.bindings(&world.as_user(&world.tenant.owner), &search, "", 100).await.unwrap();
    found.into_iter().map(|binding| binding.id).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_gives_a_role_and_takes_it_back() {
    everywhere(async |world| {
        let owner = world.as_user(&world.tenant.owner);
        world.app.declare_cluster(&world.operator(), "prod", None, None).await.unwrap();
        let ada = world.hire("ada").await;
        let group = world.group("eng", &[ada.id.as_str()]).await.unwrap().group.id;
        let (to_ada, to_group) = (Subject::User(ada.id.clone()), Subject::Group(group));
        let one = world.give(to_ada.clone(), "member".parse().unwrap(), Some("prod")).await.unwrap();
        let two = world.give(to_group.clone(), "analyst".parse().unwrap(), None).await.unwrap();
        assert_eq!((one.terms.source.clone(), one.author.as_str()), (Source::Person, owner.actor.to_string().as_str()));
        assert_eq!(world.roles(&ada.id).await.len(), 2);
        let again = world.give(to_ada.clone(), "member".parse().unwrap(), Some("prod")).await;
        assert!(
            matches!(&again, Err(Error::Conflict { code: "already_given", detail }) if detail.contains(one.id.as_str()))
        );
        let search = BindingSearch { subject: Some(to_ada), ..Default::default() };
        assert_eq!(listed(world, search).await, std::slice::from_ref(&one.id));
        let search = BindingSearch { scope: Some("prod".to_owned()), ..Default::default() };
        assert_eq!(listed(world, search).await, std::slice::from_ref(&one.id));
        let search = BindingSearch { role: Some("analyst".parse().unwrap()), ..Default::default() };
        assert_eq!(listed(world, search).await, std::slice::from_ref(&two.id));
        let search = BindingSearch { source: Some("rule".to_owned()), ..Default::default() };
        assert!(listed(world, search).await.is_empty());
        world.app.take(&owner, &one.id).await.unwrap();
        world.app.take(&owner, &two.id).await.unwrap();
        assert!(matches!(world.app.take(&owner, &one.id).await, Err(Error::NotFound { .. })));
        assert_eq!(world.roles(&ada.id).await, ["viewer"]);
        for subject in [to_group, Subject::User(ada.id)] {
            let nowhere = world.give(subject, Role::VIEWER, Some("nowhere")).await;
            assert!(matches!(nowhere, Err(Error::NotFound { what: "cluster", .. })), "{nowhere:?}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_role_with_an_end_ends() {
    everywhere(async |world| {
        let owner = world.as_user(&world.tenant.owner);
        let ada = world.hire("ada").await;
        let gift = |until| Gift {
            subject: Subject::User(ada.id.clone()),
            role: "member".parse().unwrap(),
            cluster: None,
            until: Some(until),
        };
        let past = world.app.give(&owner, gift(world.now())).await;
        assert!(matches!(past, Err(Error::Invalid { .. })), "{past:?}");
        world.app.give(&owner, gift(world.now().plus(Duration::from_hours(1)))).await.unwrap();
        assert_eq!(world.roles(&ada.id).await, ["member"]);
        world.app.clock().advance(Duration::from_hours(1));
        assert_eq!(world.roles(&ada.id).await, ["viewer"]);
        assert_eq!(world.app.keep_house().await.unwrap().expired, 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_rule_gave_is_taken_in_the_mapping() {
    everywhere(async |world| {
        let owner = world.as_user(&world.tenant.owner);
        let ada = world.hire("ada").await;
        world.group("owners", &[ada.id.as_str()]).await.unwrap();
        world.publish(OWNERS).await;
        let search = BindingSearch { source: Some("rule".to_owned()), ..Default::default() };
        let rules = listed(world, search).await;
        let refused = world.app.take(&owner, &rules[0]).await;
        let named = |detail: &str| detail.contains("owners") && detail.contains("mapping");
        assert!(matches!(&refused, Err(Error::Conflict { detail, .. }) if named(detail)), "{refused:?}");
        assert_eq!(world.roles(&ada.id).await, ["owner"]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_last_owner_is_not_taken_and_the_refusal_says_who_it_is() {
    everywhere(async |world| {
        let owner = world.as_user(&world.tenant.owner);
        let search = BindingSearch { role: Some(Role::OWNER), ..Default::default() };
        let first = listed(world, search).await.remove(0);
        let refused = world.app.take(&owner, &first).await;
        let last = |user: &castgate::model::UserId| *user == world.tenant.owner;
        assert!(matches!(&refused, Err(Error::LastOwner { last: Some(user) }) if last(user)), "{refused:?}");
        let ada = world.hire("ada").await;
        let machine = world.machine("agent").await.0;
        // Neither a machine nor an owner for a day is one who can be reached.
        world.give(Subject::ServiceAccount(machine.id), Role::OWNER, None).await.unwrap();
        let until = Some(world.now().plus(Duration::from_hours(24)));
        let gift = Gift { subject: Subject::User(ada.id.clone()), role: Role::OWNER, cluster: None, until };
        let for_a_day = world.app.give(&owner, gift).await.unwrap();
        assert!(matches!(world.app.take(&owner, &first).await, Err(Error::LastOwner { .. })));
        world.app.take(&owner, &for_a_day.id).await.unwrap();
        world.give(Subject::User(ada.id.clone()), Role::OWNER, None).await.unwrap();
        for key in world.app.keys(&owner).await.unwrap() {
            world.app.revoke_key(&owner, &key.id).await.unwrap();
        }
        world.app.take(&owner, &first).await.unwrap();
        assert!(matches!(world.app.members(&owner, "", 1).await, Err(Error::Forbidden { .. })));
        assert!(world.app.members(&world.as_user(&ada.id), "", 1).await.is_ok());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_gives_what_they_do_not_hold() {
    everywhere(async |world| {
        let ada = world.hire("ada").await;
        let bob = world.hire("bob").await;
        let custom = custom_role(world, "people", "[\"manage-members\",\"view-costs\"]").await;
        world.give(Subject::User(ada.id.clone()), custom.clone(), None).await.unwrap();
        let acts = world.as_user(&ada.id);
        let give = async |role: Role| {
            let gift = Gift { subject: Subject::User(bob.id.clone()), role, cluster: None, until: None };
            world.app.give(&acts, gift).await
        };
        for role in [Role::OWNER, Role::VIEWER] {
            let refused = give(role).await;
            assert!(matches!(&refused, Err(Error::Forbidden { .. })), "{refused:?}");
        }
        give(custom).await.unwrap();
        let unknown = give("rol_06h00krhv1t3jel88ooobccad0".parse().unwrap()).await;
        assert!(matches!(unknown, Err(Error::NotFound { what: "role", .. })), "{unknown:?}");
    })
    .await;
}

/// A custom role, which nothing but the store makes yet.
pub(crate) async fn custom_role(world: &World, name: &str, capabilities: &str) -> Role {
    let id = castgate::model::RoleId::from_uuid(world.app.clock().uuid());
    let mut tx = world.store.write("test").await.unwrap();
    let sql = "INSERT INTO roles (organization, id, name, name_folded, capabilities, created_at)
               VALUES (?1, ?2, ?3, ?3, ?4, 0)";
    let args = castgate::store::args![world.tenant.organization, id, name, capabilities];
    tx.run(sql, args).await.unwrap();
    tx.commit().await.unwrap();
    Role::Custom(id)
}
