//! Changes of roles against the making of keys, and the law that no key is ever above its owner.

use crate::{
    harness::{World, settings},
    role_changes::{role, set_role},
};
use castgate::{
    access::Access,
    app::{App, Choice, Credential, Ctx, Error, KeyTerms, RoleChange},
    model::{Capability, GroupId, Holder, KeyId, Scope, ServiceAccountId, Subject, UserId},
    store::args,
};
use proptest::{prelude::*, test_runner::TestRunner};
use serde_json::json;

async fn can_manage(app: &App, secret: &str) -> Option<bool> {
    match app.visit(Credential::Key(secret)).await {
        Ok(visit) => Some(visit.access.can(Capability::ManageClusters, &Scope::Organization)),
        Err(Error::NotSignedIn) => None,
        Err(error) => panic!("{error}"),
    }
}

/// What is done with the touched keys of `ada` when her role becomes `to`, as previewed.
async fn change(app: &App, ctx: &Ctx, user: &UserId, (to, token): (&str, String)) -> Result<(), Error> {
    let terms = KeyTerms { preview: token, ..KeyTerms::default() };
    app.change_roles(ctx, &set_role(user, to), &terms).await.map(drop)
}

/// Roles change on one node while keys are made on the other: the key is there before and makes the preview stale, or it
/// comes after and carries what its owner holds then.
async fn interleave(world: &World, other: &App, rounds: usize) {
    let ada = world.hire("ada").await.id;
    crate::keys::accept(world, &ada).await;
    world.give(Subject::User(ada.clone()), role("member"), None).await.unwrap();
    let (owner, acts) = (world.as_user(&world.tenant.owner), world.as_user(&ada));
    let (mut made, mut stale, mut is_member) = (0, 0, true);
    let mut alive: Vec<(KeyId, String)> = Vec::new();
    for number in 0..rounds {
        let to = if is_member { "viewer" } else { "member" };
        let token = world.app.preview_role_change(&owner, &set_role(&ada, to)).await.unwrap().token;
        let changing = async {
            // Now the one begins first, now the other.
            for _ in 0..number % 7 {
                tokio::task::yield_now().await;
            }
            change(&world.app, &owner, &ada, (to, token)).await
        };
        let (changed, new) = tokio::join!(changing, other.create_key(&acts, "new", None));
        // A busy machine says 503, and did nothing.
        let new = match new {
            Err(Error::Unavailable(_)) => None,
            new => Some(new.unwrap()),
        };
        let holder = Holder::User(ada.clone());
        let left: Vec<KeyId> = world.app.keys_of(&acts, &holder).await.unwrap().into_iter().map(|key| key.id).collect();
        match changed {
            Ok(()) => {
                made += 1;
                is_member = !is_member;
                assert_eq!(
                    left,
                    new.iter().map(|new| new.key.id.clone()).collect::<Vec<_>>(),
                    "{}: what was shown is gone, what came later stays",
                    world.engine()
                );
                alive.clear();
            }
            Err(Error::Conflict { code: "preview_stale", detail }) => {
                stale += 1;
                assert!(new.as_ref().is_some_and(|new| detail.contains(new.key.id.as_str())), "{detail}");
                assert_eq!(left.len(), alive.len() + 1, "nothing was changed");
            }
            Err(Error::Unavailable(_)) => assert_eq!(left.len(), alive.len() + usize::from(new.is_some())),
            Err(error) => panic!("{}: {error}", world.engine()),
        }
        alive.extend(new.map(|new| (new.key.id, new.secret.expose().to_owned())));
        let Some((_, secret)) = alive.last() else { continue };
        assert_eq!(can_manage(&world.app, secret).await, Some(is_member), "{}", world.engine());
        assert_eq!(can_manage(other, secret).await, Some(is_member), "{}", world.engine());
    }
    eprintln!("{}: {made} changes made, {stale} previews stale", world.engine());
    assert!(made > 0 && stale > 0, "{}: one of the two orders never came: {made} made, {stale} stale", world.engine());
}

/// How often two meet: `CASTGATE_TEST_ROUNDS`, or a thousand times.
pub(crate) fn rounds() -> usize {
    std::env::var("CASTGATE_TEST_ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(1_000)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_made_while_roles_change_is_seen_or_carries_the_roles_after_it_on_sqlite() {
    let world = World::sqlite().await;
    interleave(&world, &world.app, rounds()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_made_while_roles_change_is_seen_or_carries_the_roles_after_it_on_postgresql() {
    let Some(world) = World::postgres().await else { return };
    interleave(&world, &world.app, rounds()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_made_on_another_node_while_roles_change_is_seen_or_carries_the_roles_after_it() {
    let Some(world) = World::postgres().await else { return };
    let other = world.node(&settings(&[])).await;
    interleave(&world, &other, rounds()).await;
}

/// Something that changes rights or keys.
#[derive(Debug, Clone)]
enum Step {
    Role(usize, &'static str, usize),
    Key(usize),
    Group(usize, bool),
    Pushed(usize, bool),
    Active(usize, bool),
    Rotate(usize),
    Machine(bool),
    Review,
    Days(u64),
}

fn any_step() -> impl Strategy<Value = Step> {
    let roles = prop::sample::select(vec!["owner", "member", "analyst", "viewer"]);
    prop_oneof![
        4 => (0..3_usize, roles, 0..5_usize).prop_map(|(who, role, how)| Step::Role(who, role, how)),
        3 => (0..3_usize).prop_map(Step::Key),
        2 => (0..3_usize, any::<bool>()).prop_map(|(who, comes)| Step::Group(who, comes)),
        2 => (0..3_usize, any::<bool>()).prop_map(|(who, comes)| Step::Pushed(who, comes)),
        1 => (0..3_usize, any::<bool>()).prop_map(|(who, active)| Step::Active(who, active)),
        1 => (0..3_usize).prop_map(Step::Rotate),
        1 => any::<bool>().prop_map(Step::Machine),
        2 => Just(Step::Review),
        1 => (1..9_u64).prop_map(Step::Days),
    ]
}

struct Stage {
    world: World,
    people: Vec<UserId>,
    local: GroupId,
    pushed: GroupId,
    machine: ServiceAccountId,
    secrets: Vec<String>,
}

impl Stage {
    async fn set() -> Self {
        let world = World::sqlite().await;
        let mut people = Vec::new();
        for name in ["ada", "bob", "eve"] {
            people.push(world.hire(name).await.id);
        }
        let owner = world.as_user(&world.tenant.owner);
        let local = world.app.create_local_group(&owner, "local").await.unwrap().id;
        world.give(Subject::Group(local.clone()), role("analyst"), None).await.unwrap();
        let pushed = world.group("eng", &[]).await.unwrap().group.id;
        world.publish("rules: [{name: eng, groups: [eng], grant: member}]").await;
        let machine = world.app.create_service_account(&owner, "machine", "").await.unwrap().id;
        Self { world, people, local, pushed, machine, secrets: Vec::new() }
    }

    async fn by_a_person(&mut self, change: RoleChange, choice: Choice) {
        let owner = self.world.as_user(&self.world.tenant.owner);
        let Ok(preview) = self.world.app.preview_role_change(&owner, &change).await else { return };
        let terms = KeyTerms { preview: preview.token, others: Some(choice), ..KeyTerms::default() };
        let made = self.world.app.change_roles(&owner, &change, &terms).await;
        if let Ok(made) = made {
            self.secrets.extend(made.keys.into_iter().filter_map(|one| Some(one.secret?.expose().to_owned())));
        }
    }

    async fn play(&mut self, step: &Step) {
        let (people, machine) = (self.people.clone(), self.machine.clone());
        match step {
            Step::Role(who, to, how) => {
                let choice = match how {
                    0 => Choice::Delete,
                    1 => Choice::Keep,
                    2 => Choice::Move { to: machine },
                    3 => Choice::Rotate { to: Some(machine), overlap_hours: None },
                    _ => Choice::Rotate { to: None, overlap_hours: Some(1) },
                };
                self.by_a_person(set_role(&people[*who], to), choice).await;
            }
            Step::Group(who, comes) => {
                let (group, member) = (self.local.clone(), Holder::User(people[*who].clone()));
                let change = match comes {
                    true => RoleChange::Join { group, member },
                    false => RoleChange::Leave { group, member },
                };
                self.by_a_person(change, Choice::Keep).await;
            }
            Step::Key(who) => {
                let acts = self.world.as_user(&people[*who]);
                if let Ok(new) = self.world.app.create_key(&acts, "k", None).await {
                    self.secrets.push(new.secret.expose().to_owned());
                }
            }
            Step::Pushed(who, comes) => {
                let op = if *comes { "add" } else { "remove" };
                let operations = json!([{"op": op, "path": "members", "value": [{"value": people[*who]}]}]);
                self.world.patch_group(&self.pushed, operations).await.unwrap();
            }
            Step::Active(who, active) => drop(self.world.set_active(&people[*who], *active).await.unwrap()),
            Step::Rotate(who) => {
                let holder = Holder::User(people[*who].clone());
                let acts = self.world.as_user(&people[*who]);
                let keys = self.world.app.keys_of(&self.world.operator(), &holder).await.unwrap();
                for key in keys.iter().take(1) {
                    if let Ok(rotated) = self.world.app.rotate_key(&acts, (&holder, &key.id), None).await {
                        self.secrets.push(rotated.new.secret.expose().to_owned());
                    }
                }
            }
            Step::Machine(suspended) => {
                let change = castgate::app::AccountChange { suspended: Some(*suspended), ..Default::default() };
                self.world.app.change_service_account(&self.world.operator(), &machine, change).await.unwrap();
            }
            Step::Review => drop(self.world.app.review_keys().await.unwrap()),
            Step::Days(days) => self.world.days(*days),
        }
    }

    async fn owner_of(&self, holder: &Holder) -> Access {
        let operator = self.world.operator();
        match holder {
            Holder::User(user) => self.world.app.access(&operator, user).await.unwrap(),
            Holder::ServiceAccount(id) => self.world.app.service_account_access(&operator, id).await.unwrap(),
        }
    }

    /// No key is above its owner.
    async fn check(&self) -> Result<(), String> {
        for secret in &self.secrets {
            let Ok(visit) = self.world.visit_key(secret).await else { continue };
            let owner = self.owner_of(&visit.visitor.id).await;
            if let Some((capability, scope)) = owner.lacks_of(&visit.access) {
                return Err(format!("a key of {} can {capability} at {scope}, and its owner cannot", visit.visitor.id));
            }
        }
        Ok(())
    }
}

#[test]
fn no_key_is_ever_above_its_owner_whatever_happens_in_whatever_order() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let config = ProptestConfig { cases: 24, failure_persistence: None, max_shrink_iters: 200, ..Default::default() };
    let outcome = TestRunner::new(config).run(&prop::collection::vec(any_step(), 1..40), |steps| {
        runtime.block_on(async {
            let mut stage = Stage::set().await;
            for step in &steps {
                stage.play(step).await;
                stage.check().await.map_err(TestCaseError::fail)?;
            }
            Ok(())
        })
    });
    if let Err(wrong) = outcome {
        panic!("{wrong}");
    }
}

/// As many keys as this, of people who have nothing to do with it.
const KEYS: usize = 100_000;

async fn with_many_keys() -> World {
    let world = World::sqlite().await;
    let mut tx = world.store.write("test").await.unwrap();
    for number in 0..KEYS {
        let uuid = |kind: u128| uuid::Uuid::from_u128((kind << 64) + number as u128);
        let (owner, id) = (UserId::from_uuid(uuid(1)), KeyId::from_uuid(uuid(2)));
        tx.run(
            "INSERT INTO api_keys (hash, organization, id, owner, name, hint, created_at, created_by, carried)
             VALUES (?1, ?2, ?3, ?4, 'k', 'h', 0, '', '[]')",
            args![format!("hash {number}").into_bytes(), world.tenant.organization, id, owner],
        )
        .await
        .unwrap();
    }
    tx.commit().await.unwrap();
    world
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn among_a_hundred_thousand_keys_a_preview_looks_at_those_concerned() {
    let world = with_many_keys().await;
    let (ada, _, key) = crate::role_changes::member_with_key(&world, "ada").await;
    let owner = world.as_user(&world.tenant.owner);
    let group = world.app.create_local_group(&owner, "few").await.unwrap().id;
    let join = RoleChange::Join { group: group.clone(), member: Holder::User(ada.id.clone()) };
    let (watched, recorder) = crate::groups::recorded(&world).await;
    let preview = async |change: RoleChange| {
        drop(recorder.take());
        let began = std::time::Instant::now();
        let preview = watched.preview_role_change(&owner, &change).await.unwrap();
        let statements = recorder.take();
        let steps: u64 = statements.iter().map(|one| one.steps).sum();
        eprintln!("a preview among {KEYS} keys: {} statements, {steps} steps, {:?}", statements.len(), began.elapsed());
        assert!(steps < 20_000, "{steps} steps: {statements:#?}");
        preview.keys.into_iter().map(|key| key.id).collect::<Vec<_>>()
    };
    assert_eq!(preview(set_role(&ada.id, "viewer")).await, std::slice::from_ref(&key.id));
    world.app.preview_role_change(&owner, &join).await.unwrap();
    world.app.join_local_group(&owner, &group, &Holder::User(ada.id.clone())).await.unwrap();
    let give = RoleChange::Give {
        subject: castgate::app::Holding(group.to_string()),
        role: role("analyst"),
        cluster: None,
        clusters: None,
        until: None,
    };
    assert_eq!(preview(give).await, [key.id]);
    // A machine's change is followed from the keys to their owners.
    let plan =
        world.store.read().await.unwrap().explain_keys_of_members(&world.tenant.organization, &group).await.unwrap();
    let first = plan.lines().next().unwrap();
    assert!(first.contains("SEARCH k USING INDEX api_keys_owner"), "{plan}");
    assert!(!plan.contains("SCAN"), "{plan}");
}
