//! Changes of roles and the keys that they touch: first what they would do, then the change as it was shown.

use crate::harness::{World, everywhere};
use castgate::{
    app::{
        AccountChange, Choice, Ctx, Error, Holding, KeyChange, KeyDone, KeyOutcome, KeyPreview, KeyTerms, KeyWish,
        RightWish, RoleChange, RoleWish, RolesChanged,
    },
    model::{
        ApiKey, Capability, Carries, Holder, KeyId, Role, Scope, ServiceAccount, ServiceAccountId, Subject, User,
        UserId,
    },
};
use std::time::Duration;

pub(crate) fn role(name: &str) -> Role {
    name.parse().unwrap()
}

pub(crate) fn set_role(user: &UserId, to: &str) -> RoleChange {
    RoleChange::SetRole { user: user.clone(), role: role(to), cluster: None, clusters: None }
}

/// A member with a key, by a person's doing.
pub(crate) async fn member_with_key(world: &World, name: &str) -> (User, String, ApiKey) {
    let ada = world.hire(name).await;
    crate::keys::accept(world, &ada.id).await;
    world.give(Subject::User(ada.id.clone()), role("member"), None).await.unwrap();
    let secret = world.key(&ada.id).await.expose().to_owned();
    let key = key_of(world, &ada.id).await;
    (ada, secret, key)
}

pub(crate) async fn key_of(world: &World, user: &UserId) -> ApiKey {
    keys_of(world, user).await.remove(0)
}

pub(crate) async fn keys_of(world: &World, user: &UserId) -> Vec<ApiKey> {
    world.app.keys_of(&world.operator(), &Holder::User(user.clone())).await.unwrap()
}

pub(crate) async fn machine(world: &World, name: &str) -> ServiceAccount {
    world.app.create_service_account(&world.as_user(&world.tenant.owner), name, "").await.unwrap()
}

fn terms(preview: &KeyPreview, choices: &[(&KeyId, Choice)]) -> KeyTerms {
    let keys = choices.iter().map(|(id, choice)| ((*id).clone(), choice.clone())).collect();
    KeyTerms { preview: preview.token.clone(), keys, others: None }
}

async fn preview(world: &World, change: &RoleChange) -> KeyPreview {
    world.app.preview_role_change(&owner(world), change).await.unwrap()
}

pub(crate) fn owner(world: &World) -> Ctx {
    world.as_user(&world.tenant.owner)
}

/// Previews a change and makes it with this for every key.
async fn change(world: &World, change: &RoleChange, choice: Choice) -> Result<RolesChanged, Error> {
    let preview = preview(world, change).await;
    let terms = KeyTerms { preview: preview.token, others: Some(choice), ..KeyTerms::default() };
    world.app.change_roles(&owner(world), change, &terms).await
}

pub(crate) async fn can(world: &World, secret: &str, capability: Capability) -> bool {
    match world.visit_key(secret).await {
        Ok(visit) => visit.access.can(capability, &Scope::Organization),
        Err(Error::NotSignedIn) => false,
        Err(error) => panic!("{error}"),
    }
}

fn conflict<T: std::fmt::Debug>(result: &Result<T, Error>) -> Option<(&'static str, &str)> {
    match result {
        Err(Error::Conflict { code, detail }) => Some((*code, detail.as_str())),
        Ok(_) | Err(_) => None,
    }
}

pub(crate) async fn told(world: &World, kind: &str) -> usize {
    let events = world.app.events(&owner(world), None, "", 500).await.unwrap();
    events.iter().filter(|event| event.kind.name() == kind).count()
}

pub(crate) fn letters(world: &World) -> Vec<String> {
    let files = std::fs::read_dir(world.mail.path()).unwrap();
    files.map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_of_roles_shows_every_key_first_and_deletes_it_unless_something_else_is_said() {
    everywhere(async |world| {
        let (ada, secret, key) = member_with_key(world, "ada").await;
        world.key_used(&secret).await;
        world.key_used(&secret).await;
        let change = set_role(&ada.id, "viewer");
        let preview = preview(world, &change).await;
        let [shown] = preview.keys.as_slice() else { panic!("{preview:?}") };
        assert_eq!((&shown.id, shown.uses_last_day), (&key.id, 2));
        assert_eq!(shown.last_used_from.as_deref(), Some("192.0.2.7"));
        assert!(shown.last_used_at.is_some());
        let stops: Vec<_> = shown.stops.iter().map(|one| one.capability).collect();
        assert_eq!(stops, [Capability::ManageClusters, Capability::MonitorCosts], "and it goes on seeing");
        assert!(can(world, &secret, Capability::ManageClusters).await, "nothing was changed by looking");
        assert_eq!(world.roles(&ada.id).await, ["member"]);

        let made = world.app.change_roles(&owner(world), &change, &terms(&preview, &[])).await.unwrap();
        assert_eq!(made.keys.iter().map(|one| one.done).collect::<Vec<_>>(), [KeyDone::Deleted]);
        assert_eq!(world.roles(&ada.id).await, ["viewer"]);
        assert!(matches!(world.visit_key(&secret).await, Err(Error::NotSignedIn)));
        assert!(keys_of(world, &ada.id).await.is_empty());
        // A day later nobody counts the uses any more.
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_is_kept_carries_what_its_owner_holds_after_the_change_and_no_machine_deletes_it() {
    everywhere(async |world| {
        let (ada, secret, key) = member_with_key(world, "ada").await;
        let made = change(world, &set_role(&ada.id, "viewer"), Choice::Keep).await.unwrap();
        assert_eq!(made.keys[0].done, KeyDone::Kept);
        assert!(can(world, &secret, Capability::ViewClusters).await);
        assert!(!can(world, &secret, Capability::ManageClusters).await);
        world.app.review_keys().await.unwrap();
        world.days(8);
        assert_eq!(world.app.review_keys().await.unwrap().deleted, 0);
        assert_eq!(keys_of(world, &ada.id).await[0].id, key.id);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_that_touches_a_key_is_refused_without_its_preview_and_one_that_touches_none_is_made() {
    everywhere(async |world| {
        let bob = world.hire("bob").await;
        world.give(Subject::User(bob.id.clone()), role("member"), None).await.unwrap();
        let (ada, secret, _) = member_with_key(world, "ada").await;
        let refused = world.give(Subject::User(ada.id.clone()), role("analyst"), None).await;
        let Some(("preview_required", detail)) = conflict(&refused) else { panic!("{refused:?}") };
        assert!(detail.contains("“agent” of ada"), "{detail}");
        assert_eq!(world.roles(&ada.id).await, ["member"], "nothing was changed");
        // The same role by another way changes nothing for the key.
        let group = world.app.create_local_group(&owner(world), "members").await.unwrap();
        world.give(Subject::Group(group.id.clone()), role("member"), None).await.unwrap();
        world.app.join_local_group(&owner(world), &group.id, &Holder::User(ada.id.clone())).await.unwrap();
        let refused = world.give(Subject::Group(group.id.clone()), role("analyst"), None).await;
        assert_eq!(conflict(&refused).map(|(code, _)| code), Some("preview_required"));
        let made = change(
            world,
            &RoleChange::Leave { group: group.id.clone(), member: Holder::User(ada.id.clone()) },
            Choice::Delete,
        )
        .await
        .unwrap();
        assert!(made.keys.is_empty());
        assert!(can(world, &secret, Capability::ManageClusters).await);
        // Keys of service accounts are no person's.
        let (account, machine_key) = world.machine("m").await;
        world.give(Subject::ServiceAccount(account.id), Role::VIEWER, None).await.unwrap();
        assert!(can(world, machine_key.expose(), Capability::ViewCosts).await);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_made_or_changed_after_the_preview_makes_it_stale_and_the_refusal_says_what_moved() {
    everywhere(async |world| {
        let (ada, secret, key) = member_with_key(world, "ada").await;
        let change = set_role(&ada.id, "viewer");
        let seen = preview(world, &change).await;
        let second = world.app.create_key(&world.as_user(&ada.id), "second", None).await.unwrap().key;
        let stale = world.app.change_roles(&owner(world), &change, &terms(&seen, &[])).await;
        let Some(("preview_stale", detail)) = conflict(&stale) else { panic!("{stale:?}") };
        assert!(detail.contains(second.id.as_str()) && detail.contains("as well"), "{detail}");
        assert_eq!(world.roles(&ada.id).await, ["member"], "nothing was changed");
        assert!(can(world, &secret, Capability::ManageClusters).await);

        let seen = preview(world, &change).await;
        world.app.revoke_key(&world.as_user(&ada.id), &second.id).await.unwrap();
        let stale = world.app.change_roles(&owner(world), &change, &terms(&seen, &[])).await;
        assert!(conflict(&stale).is_some_and(|(_, detail)| detail.contains("no more")), "{stale:?}");

        let seen = preview(world, &change).await;
        let off = KeyChange { active: Some(false), name: None };
        world.app.change_key(&world.as_user(&ada.id), (&Holder::User(ada.id.clone()), &key.id), &off).await.unwrap();
        let stale = world.app.change_roles(&owner(world), &change, &terms(&seen, &[])).await;
        assert!(conflict(&stale).is_some_and(|(_, detail)| detail.contains("has changed")), "{stale:?}");

        let seen = preview(world, &change).await;
        let other = set_role(&ada.id, "analyst");
        let stale = world.app.change_roles(&owner(world), &other, &terms(&seen, &[])).await;
        assert!(conflict(&stale).is_some_and(|(_, detail)| detail.contains("another change")), "{stale:?}");
        let nonsense = KeyTerms { preview: "x".to_owned(), ..KeyTerms::default() };
        let refused = world.app.change_roles(&owner(world), &change, &nonsense).await;
        assert!(matches!(refused, Err(Error::Invalid { .. })), "{refused:?}");
        let strange = terms(&seen, &[(&second.id, Choice::Keep)]);
        let refused = world.app.change_roles(&owner(world), &change, &strange).await;
        assert!(matches!(refused, Err(Error::Invalid { .. })), "{refused:?}");
        // A use in between is no change.
        world.app.change_roles(&owner(world), &change, &terms(&seen, &[])).await.unwrap();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_moved_key_goes_on_with_the_same_secret_and_what_it_carried_and_no_more() {
    everywhere(async |world| {
        let (ada, secret, key) = member_with_key(world, "ada").await;
        let agents = machine(world, "agents").await;
        let to = Choice::Move { to: agents.id.clone() };
        let made = change(world, &set_role(&ada.id, "viewer"), to).await.unwrap();
        let [KeyOutcome { done: KeyDone::Moved, given, .. }] = made.keys.as_slice() else { panic!("{made:?}") };
        assert_eq!(given, &["member at organization"], "what the service account lacked");
        assert!(can(world, &secret, Capability::ManageClusters).await);
        let visit = world.visit_key(&secret).await.unwrap();
        assert_eq!(visit.visitor.id, Holder::ServiceAccount(agents.id.clone()));
        assert_eq!(castgate::app::role_names(&visit.access), ["member"], "services read the same name");
        // Its new owner may hold more: the key does not.
        world.give(Subject::ServiceAccount(agents.id.clone()), Role::OWNER, None).await.unwrap();
        assert!(!can(world, &secret, Capability::ManageMembers).await);
        let moved = world.app.keys_of(&owner(world), &Holder::ServiceAccount(agents.id.clone())).await.unwrap();
        assert_eq!((&moved[0].id, moved[0].known_by.as_ref()), (&key.id, Some(&ada.id)));
        // The person's other ways in carry what they hold now, and the person's going ends nothing.
        assert_eq!(world.roles(&ada.id).await, ["viewer"]);
        assert_eq!(told(world, "key.rotation_due").await, 0);
        world.set_active(&ada.id, false).await.unwrap();
        assert!(can(world, &secret, Capability::ManageClusters).await);
        // Who knows the secret has left: there is a date, and the owners are told.
        let moved = world.app.keys_of(&owner(world), &Holder::ServiceAccount(agents.id)).await.unwrap();
        assert_eq!(moved[0].rotate_by, Some(world.now().plus(Duration::from_hours(7 * 24))));
        assert_eq!(told(world, "key.rotation_due").await, 1);
        world.app.send_letters().await.unwrap();
        assert!(letters(world).iter().any(|letter| letter.contains("owner@acme.test") && letter.contains("has left")));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn moving_needs_somebody_who_holds_every_right_that_the_key_carries() {
    everywhere(async |world| {
        let manager_role = RoleWish {
            name: Some("People".to_owned()),
            capabilities: Some([Capability::ManageMembers, Capability::ViewClusters].into()),
            ..RoleWish::default()
        };
        let people = world.app.create_role(&owner(world), manager_role).await.unwrap().role;
        let (ada, _, key) = member_with_key(world, "ada").await;
        let agents = machine(world, "agents").await;
        let eve = world.hire("eve").await;
        world.give(Subject::User(eve.id.clone()), Role::Custom(people.id.clone()), None).await.unwrap();
        let take = world.app.bindings(&owner(world), &castgate::app::BindingSearch::default(), "", 100).await.unwrap();
        let of_ada = take.iter().find(|one| one.terms.subject == Subject::User(ada.id.clone())).unwrap();
        let change = RoleChange::Take { binding: of_ada.id.clone(), together: false };
        let acts = world.as_user(&eve.id);
        let seen = world.app.preview_role_change(&acts, &change).await.unwrap();
        let moving = terms(&seen, &[(&key.id, Choice::Move { to: agents.id.clone() })]);
        let refused = world.app.change_roles(&acts, &change, &moving).await;
        assert!(matches!(refused, Err(Error::Forbidden { .. })), "{refused:?}");
        assert_eq!(world.roles(&ada.id).await, ["member"], "nothing was changed");
        // With the right to make keys, and still without what the key carries.
        let more = Some([Capability::ManageMembers, Capability::CreateServiceAccountKeys].into());
        let wish = RoleWish { capabilities: more, ..RoleWish::default() };
        world.app.change_role(&owner(world), &people.id, wish).await.unwrap();
        let refused = world.app.change_roles(&acts, &change, &moving).await;
        let Err(Error::Forbidden { need }) = &refused else { panic!("{refused:?}") };
        assert!(need.contains("manage-clusters") && need.contains("agent"), "{need}");
        // To a service account that cannot come in nothing is moved.
        let off = AccountChange { suspended: Some(true), ..AccountChange::default() };
        world.app.change_service_account(&owner(world), &agents.id, off).await.unwrap();
        let seen = preview(world, &change).await;
        let moving = terms(&seen, &[(&key.id, Choice::Move { to: agents.id })]);
        let refused = world.app.change_roles(&owner(world), &change, &moving).await;
        assert_eq!(conflict(&refused).map(|(code, _)| code), Some("holder_suspended"));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rotated_key_goes_on_for_a_while_beside_the_one_that_takes_its_place() {
    everywhere(async |world| {
        let (ada, secret, key) = member_with_key(world, "ada").await;
        let agents = machine(world, "agents").await;
        let to = Choice::Rotate { to: Some(agents.id.clone()), overlap_hours: Some(2) };
        let mut made = change(world, &set_role(&ada.id, "viewer"), to).await.unwrap();
        let new = made.keys.remove(0).secret.unwrap();
        assert!(can(world, new.expose(), Capability::ManageClusters).await);
        assert!(!can(world, &secret, Capability::ManageClusters).await, "the old one is still hers, and less");
        assert!(can(world, &secret, Capability::ViewClusters).await);
        assert!(key_of(world, &ada.id).await.replaced_by.is_some());
        world.app.clock().advance(Duration::from_hours(3));
        assert!(matches!(world.visit_key(&secret).await, Err(Error::NotSignedIn)));
        assert!(can(world, new.expose(), Capability::ManageClusters).await);

        // Nobody is shown a secret of somebody else: the owner rotates it.
        let (bob, secret, key_of_bob) = member_with_key(world, "bob").await;
        let made = change(world, &set_role(&bob.id, "analyst"), Choice::Rotate { to: None, overlap_hours: None }).await;
        assert!(made.unwrap().keys[0].secret.is_none());
        let holder = Holder::User(bob.id.clone());
        let other = world.app.rotate_key(&owner(world), (&holder, &key_of_bob.id), None).await;
        assert!(matches!(other, Err(Error::Forbidden { .. })), "{other:?}");
        let acts = world.as_user(&bob.id);
        let rotated = world.app.rotate_key(&acts, (&holder, &key_of_bob.id), Some(1)).await.unwrap();
        assert!(can(world, rotated.new.secret.expose(), Capability::MonitorCosts).await);
        assert!(can(world, &secret, Capability::MonitorCosts).await);
        let again = world.app.rotate_key(&acts, (&holder, &key_of_bob.id), Some(1)).await;
        assert_eq!(conflict(&again).map(|(code, _)| code), Some("already_replaced"));
        world.app.clock().advance(Duration::from_mins(61));
        assert!(!can(world, &secret, Capability::MonitorCosts).await);
        assert!(can(world, rotated.new.secret.expose(), Capability::MonitorCosts).await);
        let _ = key;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_groups_custom_roles_and_mappings_do_to_keys_is_shown_as_well() {
    everywhere(async |world| {
        let (ada, secret, key) = member_with_key(world, "ada").await;
        let group = world.app.create_local_group(&owner(world), "payers").await.unwrap();
        let payer = RoleWish {
            name: Some("Payer".to_owned()),
            capabilities: Some([Capability::AccessBilling].into()),
            ..RoleWish::default()
        };
        let payer = world.app.create_role(&owner(world), payer).await.unwrap().role.id;
        world.give(Subject::Group(group.id.clone()), Role::Custom(payer.clone()), None).await.unwrap();
        let join = RoleChange::Join { group: group.id.clone(), member: Holder::User(ada.id.clone()) };
        assert_eq!(preview(world, &join).await.keys.len(), 1, "a gain is a change of roles");
        change(world, &join, Choice::Keep).await.unwrap();
        assert!(can(world, &secret, Capability::AccessBilling).await);
        let edit = RoleChange::EditRole { role: payer, capabilities: [Capability::ViewBilling].into() };
        let seen = preview(world, &edit).await;
        assert_eq!((seen.keys[0].id.clone(), seen.keys[0].stops.len()), (key.id.clone(), 1));
        change(world, &edit, Choice::Keep).await.unwrap();
        assert!(!can(world, &secret, Capability::AccessBilling).await);
        let delete = RoleChange::DeleteGroup { group: group.id };
        assert_eq!(preview(world, &delete).await.keys.len(), 1);
        change(world, &delete, Choice::Keep).await.unwrap();
        // A mapping: what a rule gives her group.
        world.group("eng", &[ada.id.as_str()]).await.unwrap();
        let text = "rules: [{name: eng, groups: [eng], grant: analyst}]";
        let refused = world.app.publish_mapping(&owner(world), text).await;
        assert_eq!(conflict(&refused).map(|(code, _)| code), Some("preview_required"));
        let publish = RoleChange::Publish(castgate::app::Publication::of(text));
        let seen = preview(world, &publish).await;
        assert_eq!(seen.keys.iter().map(|one| &one.id).collect::<Vec<_>>(), [&key.id]);
        change(world, &publish, Choice::Keep).await.unwrap();
        assert_eq!(world.roles(&ada.id).await, ["member", "analyst"]);
        let give = RoleChange::Give {
            subject: Holding(ada.id.to_string()),
            role: Role::OWNER,
            cluster: None,
            clusters: None,
            until: None,
        };
        assert_eq!(preview(world, &give).await.keys.len(), 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn suspending_somebody_is_never_held_back_and_keeps_keys_unless_something_else_is_said() {
    everywhere(async |world| {
        let (ada, secret, key) = member_with_key(world, "ada").await;
        world.app.suspend_member(&owner(world), &ada.id).await.unwrap();
        assert!(matches!(world.visit_key(&secret).await, Err(Error::NotSignedIn)));
        world.app.reactivate_member(&owner(world), &ada.id).await.unwrap();
        assert!(can(world, &secret, Capability::ManageClusters).await);
        let suspend = RoleChange::Suspend { user: ada.id.clone() };
        let seen = preview(world, &suspend).await;
        assert_eq!((seen.keys.len(), &seen.unless_said), (1, &Choice::Keep));
        let agents = machine(world, "agents").await;
        let moving = terms(&seen, &[(&key.id, Choice::Move { to: agents.id })]);
        world.app.change_roles(&owner(world), &suspend, &moving).await.unwrap();
        assert!(can(world, &secret, Capability::ManageClusters).await, "the cluster goes on");
        assert!(world.app.member(&owner(world), &ada.id).await.unwrap().suspended_by_person);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_moved_narrow_key_carries_its_part_and_its_new_owner_gets_the_least_role_with_it() {
    everywhere(async |world| {
        let ada = world.hire("ada").await;
        world.give(Subject::User(ada.id.clone()), Role::OWNER, None).await.unwrap();
        let right = RightWish { carries: Carries::Capabilities([Capability::ViewCosts].into()), cluster: None };
        let wish = KeyWish { name: "narrow".to_owned(), life: None, rights: Some(vec![right]) };
        let holder = Holder::User(ada.id.clone());
        let made = world.app.create_key_of(&world.as_user(&ada.id), &holder, wish).await.unwrap();
        let agents: ServiceAccountId = machine(world, "agents").await.id;
        let done = change(world, &set_role(&ada.id, "viewer"), Choice::Move { to: agents }).await.unwrap();
        assert_eq!(done.keys[0].given, ["viewer at organization"]);
        assert!(can(world, made.secret.expose(), Capability::ViewCosts).await);
        assert!(!can(world, made.secret.expose(), Capability::ViewClusters).await);
    })
    .await;
}
