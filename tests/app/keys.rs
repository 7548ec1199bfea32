//! Keys of people and of service accounts: what they carry, and when they stop.

use crate::harness::{World, everywhere, settings};
use castgate::{
    app::{AccountChange, Actor, Credential, Ctx, Error, Gift, KeyChange, KeyWish, RightWish},
    model::{Capability, Carries, Holder, Role, Scope, ServiceAccountId, Subject},
};
use std::time::Duration;

fn wish(rights: &[(Carries, Option<&str>)]) -> KeyWish {
    let right = |(carries, cluster): &(Carries, Option<&str>)| RightWish {
        carries: carries.clone(),
        cluster: cluster.map(str::to_owned),
    };
    KeyWish { name: "k".to_owned(), life: None, rights: Some(rights.iter().map(right).collect()) }
}

fn holder(id: &ServiceAccountId) -> Holder {
    Holder::ServiceAccount(id.clone())
}

fn only(capability: Capability) -> Carries {
    Carries::Capabilities([capability].into())
}

async fn names(world: &World, secret: &str) -> Vec<String> {
    castgate::app::role_names(&world.visit_key(secret).await.unwrap().access)
}

fn out<T: std::fmt::Debug>(result: &Result<T, Error>) -> bool {
    matches!(result, Err(Error::NotSignedIn))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_account_holds_what_it_and_its_groups_are_given_and_its_keys_die_with_it() {
    everywhere(async |world| {
        let owner = world.as_user(&world.tenant.owner);
        let (account, secret) = world.machine("agent").await;
        let secret = secret.expose();
        assert!(world.visit_key(secret).await.unwrap().access.is_empty(), "it begins with nothing");
        world.app.declare_cluster(&world.operator(), "prod", None, None).await.unwrap();
        let subject = Subject::ServiceAccount(account.id.clone());
        world.give(subject.clone(), Role::VIEWER, None).await.unwrap();
        world.give(subject, "member".parse().unwrap(), Some("prod")).await.unwrap();
        let visit = world.visit_key(secret).await.unwrap();
        assert_eq!(visit.visitor.id, holder(&account.id));
        assert!(matches!(visit.actor(), Actor::ServiceAccount { .. }), "{:?}", visit.actor());
        assert!(visit.access.can(Capability::ViewBilling, &Scope::Organization));
        let acts = visit.ctx(&world.app).unwrap();
        assert_eq!(world.app.keys(&acts).await.unwrap().len(), 1, "it sees its own keys");
        assert!(matches!(world.app.members(&acts, "", 1).await, Err(Error::Forbidden { .. })));
        assert!(matches!(world.app.create_key(&acts, "more", None).await, Err(Error::Forbidden { .. })));

        let suspend = |suspended| AccountChange { suspended: Some(suspended), ..AccountChange::default() };
        world.app.change_service_account(&owner, &account.id, suspend(true)).await.unwrap();
        assert!(out(&world.visit_key(secret).await));
        assert!(out(&world.app.keys(&acts).await), "asked again in the transaction");
        world.app.change_service_account(&owner, &account.id, suspend(false)).await.unwrap();
        assert_eq!(names(world, secret).await.len(), 2);

        world.app.close_service_account(&owner, &account.id).await.unwrap();
        assert!(out(&world.visit_key(secret).await));
        assert!(matches!(world.app.service_account(&owner, &account.id).await, Err(Error::NotFound { .. })));
        let mut tx = world.store.read().await.unwrap();
        let organization = &world.tenant.organization;
        assert!(tx.api_keys_of(organization, &holder(&account.id)).await.unwrap().is_empty());
        assert!(tx.bindings_of(organization, &Subject::ServiceAccount(account.id)).await.unwrap().is_empty());
        drop(tx);
        world.machine("agent").await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_carries_its_own_rights_and_its_owners_and_follows_both() {
    everywhere(async |world| {
        let ada = world.hire("ada").await;
        accept(world, &ada.id).await;
        let acts = world.as_user(&ada.id);
        world.app.declare_cluster(&world.operator(), "prod", None, None).await.unwrap();
        let holder = Holder::User(ada.id.clone());
        let whole = world.key(&ada.id).await;
        let rights = wish(&[(Carries::Role("member".parse().unwrap()), Some("prod"))]);
        let narrow = world.app.create_key_of(&acts, &holder, rights).await.unwrap().secret;
        assert_eq!(names(world, whole.expose()).await, ["viewer"]);
        let can = async |secret: &str, capability| {
            let visit = world.visit_key(secret).await.unwrap();
            let scope = visit.access.derivations.first().map_or(Scope::Organization, |held| held.scope.clone());
            visit.access.can(capability, &scope)
        };
        assert!(!can(narrow.expose(), Capability::ManageClusters).await, "its owner only looks");
        assert!(can(narrow.expose(), Capability::ViewClusters).await);
        // At the machine itself, where nobody is shown first which keys it touches.
        let gift = Gift { subject: Subject::User(ada.id.clone()), role: Role::OWNER, cluster: None, until: None };
        let given = world.app.give(&world.operator(), gift).await.unwrap();
        assert_eq!(names(world, whole.expose()).await, ["owner"]);
        assert!(can(narrow.expose(), Capability::ManageClusters).await, "and now may more");
        assert!(!can(narrow.expose(), Capability::ManageMembers).await, "which the key does not carry");
        let visit = world.visit_key(narrow.expose()).await.unwrap();
        let ctx = visit.ctx(&world.app).unwrap();
        assert!(matches!(world.app.members(&ctx, "", 1).await, Err(Error::Forbidden { .. })), "in the use cases too");
        world.app.take(&world.operator(), &given.id).await.unwrap();
        assert_eq!(names(world, whole.expose()).await, ["viewer"]);
        assert!(!can(narrow.expose(), Capability::ManageClusters).await);

        world.set_active(&ada.id, false).await.unwrap();
        assert!(out(&world.visit_key(whole.expose()).await) && out(&world.visit_key(narrow.expose()).await));
        world.set_active(&ada.id, true).await.unwrap();
        assert_eq!(names(world, whole.expose()).await, ["viewer"]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_makes_a_key_that_carries_more_than_they_hold() {
    everywhere(async |world| {
        let owner = world.as_user(&world.tenant.owner);
        let (account, _) = world.machine("boss").await;
        world.give(Subject::ServiceAccount(account.id.clone()), Role::OWNER, None).await.unwrap();
        // A key that carries nothing but the making of keys.
        let own = Holder::User(world.tenant.owner.clone());
        let rights = wish(&[(only(Capability::CreateServiceAccountKeys), None)]);
        let maker = world.app.create_key_of(&owner, &own, rights.clone()).await.unwrap();
        let maker = world.visit_key(maker.secret.expose()).await.unwrap().ctx(&world.app).unwrap();
        let whole = KeyWish { name: "k".to_owned(), ..KeyWish::default() };
        for (target, wish) in [(&own, whole.clone()), (&holder(&account.id), whole.clone())] {
            let made = world.app.create_key_of(&maker, target, wish).await;
            assert!(matches!(made, Err(Error::Forbidden { .. })), "{made:?}");
        }
        world.app.create_key_of(&maker, &holder(&account.id), rights).await.unwrap();
        let first = world.app.keys(&maker).await.unwrap().remove(0).id;
        let ended = world.app.revoke_key(&maker, &first).await;
        assert!(matches!(ended, Err(Error::Forbidden { .. })), "nor does it end others: {ended:?}");
        // A key that ends makes none that lasts.
        let ending = KeyWish { life: Some(Duration::from_hours(1)), ..whole.clone() };
        let ending = world.app.create_key_of(&owner, &own, ending).await.unwrap();
        let ctx = world.visit_key(ending.secret.expose()).await.unwrap().ctx(&world.app).unwrap();
        let made = world.app.create_key_of(&ctx, &own, whole.clone()).await.unwrap();
        assert_eq!(made.key.expires_at, ending.key.expires_at);
        // Nobody makes keys in somebody else's name.
        let ada = world.hire("ada").await;
        let made = world.app.create_key_of(&owner, &Holder::User(ada.id), whole).await;
        assert!(matches!(made, Err(Error::Forbidden { .. })), "{made:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_manages_members_sees_and_ends_their_keys() {
    everywhere(async |world| {
        let ada = world.hire("ada").await;
        accept(world, &ada.id).await;
        let secret = world.key(&ada.id).await;
        let (owner, holder) = (world.as_user(&world.tenant.owner), Holder::User(ada.id.clone()));
        let key = world.app.keys_of(&owner, &holder).await.unwrap().remove(0);
        let rename = KeyChange { name: Some(" laptop ".to_owned()), active: None };
        assert_eq!(world.app.change_key(&owner, (&holder, &key.id), &rename).await.unwrap().name, "laptop");
        let others = world.app.keys_of(&world.as_user(&ada.id), &Holder::User(world.tenant.owner.clone())).await;
        assert!(matches!(others, Err(Error::Forbidden { .. })));
        assert!(world.visit_key(secret.expose()).await.is_ok());
        world.app.revoke_key_of(&owner, &holder, &key.id).await.unwrap();
        assert!(out(&world.visit_key(secret.expose()).await));
        assert!(matches!(world.app.revoke_key_of(&owner, &holder, &key.id).await, Err(Error::NotFound { .. })));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_account_is_covered_by_its_creators_terms() {
    everywhere(async |world| {
        let ada = world.hire("ada").await;
        world.give(Subject::User(ada.id.clone()), Role::OWNER, None).await.unwrap();
        let acts = world.as_user(&ada.id);
        let account = world.app.create_service_account(&acts, "hers", "").await.unwrap();
        let wish = KeyWish { name: "k".to_owned(), ..KeyWish::default() };
        let key = world.app.create_key_of(&acts, &holder(&account.id), wish).await.unwrap();
        let visit = world.visit_key(key.secret.expose()).await.unwrap();
        assert!(matches!(visit.ctx(&world.app), Err(Error::TermsNotAccepted)));
        accept(world, &ada.id).await;
        let visit = world.visit_key(key.secret.expose()).await.unwrap();
        assert!(visit.ctx(&world.app).is_ok());
        // She goes; what she made stays.
        world.set_active(&ada.id, false).await.unwrap();
        assert!(world.visit_key(key.secret.expose()).await.unwrap().ctx(&world.app).is_ok());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_last_use_of_a_key_is_noted_to_the_minute() {
    everywhere(async |world| {
        let owner = world.as_user(&world.tenant.owner);
        let noted = async || world.app.keys(&owner).await.unwrap()[0].last_used_at;
        assert_eq!(noted().await, None);
        // A visit that is remembered notes nothing: a second node remembers nothing of the first one's.
        let visit = async || {
            let node = world.node(&settings(&[])).await;
            node.visit(Credential::Key(&world.tenant.key)).await.unwrap();
        };
        let first = world.now();
        visit().await;
        until_noted(async || noted().await == Some(first)).await;
        // Within the minute nothing is written; after it the next use is.
        world.app.clock().advance(Duration::from_secs(59));
        visit().await;
        world.app.clock().advance(Duration::from_secs(2));
        let second = world.now();
        visit().await;
        until_noted(async || noted().await != Some(first)).await;
        assert_eq!(noted().await, Some(second));
    })
    .await;
}

/// Nobody waits for the note but this test; it stops waiting some day.
async fn until_noted(holds: impl AsyncFn() -> bool) {
    for _ in 0..2_000 {
        if holds().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("it was not noted");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pushed_group_takes_no_machine_by_a_push() {
    everywhere(async |world| {
        let (account, _) = world.machine("agent").await;
        let group = world.group("eng", &[account.id.as_str()]).await.unwrap();
        assert_eq!(group.members.as_deref(), Some([].as_slice()), "to a provider it is nobody");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_is_switched_off_opens_nothing_until_it_is_on_again() {
    everywhere(async |world| {
        let (ada, secret, key) = crate::role_changes::member_with_key(world, "ada").await;
        let (acts, holder) = (world.as_user(&ada.id), Holder::User(ada.id.clone()));
        assert!(crate::role_changes::can(world, &secret, Capability::ViewClusters).await);
        let switch = async |active| {
            let change = KeyChange { active: Some(active), name: None };
            world.app.change_key(&acts, (&holder, &key.id), &change).await.unwrap()
        };
        assert!(!switch(false).await.active);
        assert!(out(&world.visit_key(&secret).await), "at once");
        assert!(switch(true).await.active);
        assert!(crate::role_changes::can(world, &secret, Capability::ViewClusters).await);
    })
    .await;
}

pub(crate) async fn accept(world: &World, id: &castgate::model::UserId) {
    let documents = world.app.terms().await.unwrap();
    let versions: Vec<_> = documents.into_iter().map(|document| (document.kind, document.version)).collect();
    let ctx: Ctx = world.as_user(id);
    world.app.accept_terms(&ctx, &versions).await.unwrap();
}
