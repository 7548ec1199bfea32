//! Whole organizations as documents: what is exported makes another like it, a second plan is empty, and a plan is what is done.

use super::{
    generated::{Numbers, happens, mapping},
    truth::{Roles, Truth, said},
};
use crate::harness::{World, everywhere, found, sized};
use castgate::{
    app::{Choice, Configuration, ConfigurationPlan, Ctx, Error, Gift, KeyTerms, RoleChange, RoleWish},
    model::{Capability, Group, GroupOrigin, Holder, Role, Scope, Subject, User, UserId},
};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

fn cases(otherwise: u64) -> u64 {
    sized("CASTGATE_TEST_CONFIGURATIONS", otherwise)
}

pub(super) fn owner(world: &World) -> Ctx {
    world.as_user(&world.tenant.owner)
}

fn wanted(text: &str, prune: bool) -> Configuration {
    Configuration { text: text.to_owned(), prune, plan: None }
}

async fn exported(world: &World) -> String {
    world.app.export_configuration(&world.operator()).await.unwrap().text
}

pub(super) async fn plan(world: &World, ctx: &Ctx, text: &str, prune: bool) -> Result<ConfigurationPlan, Error> {
    world.app.plan_configuration(ctx, &wanted(text, prune)).await
}

pub(super) fn conflict<T: std::fmt::Debug>(result: &Result<T, Error>) -> (&'static str, String) {
    match result {
        Err(Error::Conflict { code, detail }) => (code, detail.clone()),
        other => panic!("{other:?}"),
    }
}

/// Something of every section.
async fn fill(world: &World) -> (User, User) {
    let (app, ctx) = (&world.app, owner(world));
    let (ada, bob) = (world.hire("ada").await, world.hire("bob").await);
    world.group("eng", &[ada.id.as_str()]).await.unwrap();
    app.declare_cluster(&ctx, "prod", Some("Production: EU"), Some("c-1")).await.unwrap();
    app.declare_cluster(&ctx, "dev", None, None).await.unwrap();
    let capabilities = Some([Capability::ViewBilling, Capability::ViewCosts].into());
    let (name, description) = (Some("Auditor".to_owned()), Some("looks # only".to_owned()));
    app.create_role(&ctx, RoleWish { name, description, capabilities, if_match: None }).await.unwrap();
    let (machine, _) = world.machine("CI").await;
    let local = app.create_local_group(&ctx, "Platform").await.unwrap();
    app.join_local_group(&ctx, &local.id, &Holder::User(bob.id.clone())).await.unwrap();
    app.join_local_group(&ctx, &local.id, &Holder::ServiceAccount(machine.id.clone())).await.unwrap();
    world.give(Subject::Group(local.id), Role::VIEWER, Some("prod")).await.unwrap();
    world.give(Subject::ServiceAccount(machine.id), "analyst".parse().unwrap(), None).await.unwrap();
    let groups = app.all_groups(&ctx, "", 10).await.unwrap();
    let eng = groups.into_iter().find(|group: &Group| group.origin == GroupOrigin::Scim).unwrap();
    world.give(Subject::Group(eng.id), "analyst".parse().unwrap(), Some("dev")).await.unwrap();
    world.publish("# Ours.\ndefault: none\nrules: [{name: eng, groups: [eng], grant: member}]\n").await;
    (ada, bob)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_exported_plans_to_nothing_here_and_makes_the_same_of_an_empty_organization() {
    everywhere(async |world| {
        fill(world).await;
        let text = exported(world).await;
        for prune in [false, true] {
            let plan = plan(world, &owner(world), &text, prune).await.unwrap();
            assert!(plan.is_empty() && plan.left_alone.is_empty() && plan.waiting.is_empty(), "{plan}\n{text}");
        }
        assert!(!text.contains("usr_") && !text.contains("con_") && !text.contains("grp_"), "{text}");

        let other = world.of_tenant(found(&world.app, "other").await);
        let theirs = text.replace("owner@acme.test", "owner@other.test");
        let first = plan(&other, &owner(&other), &theirs, true).await.unwrap();
        assert_eq!(first.waiting.len(), 2, "bob in the group, and eng: {first}");
        other.app.configure(&owner(&other), wanted(&theirs, false)).await.unwrap();
        // Those whom nobody can make but their provider come, and the same document goes on where it was.
        let (ada, _) = (other.hire("ada").await, other.hire("bob").await);
        other.group("eng", &[ada.id.as_str()]).await.unwrap();
        let rest = other.app.configure(&owner(&other), wanted(&theirs, false)).await.unwrap();
        assert_eq!(rest.changes.len(), 2, "{rest}");
        assert_eq!(exported(&other).await, theirs);
        assert!(plan(&other, &owner(&other), &theirs, true).await.unwrap().is_empty());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plan_changes_nothing_and_nothing_of_it_is_remembered() {
    everywhere(async |world| {
        let (ada, _) = fill(world).await;
        let before = exported(world).await;
        let truth = Truth::now(world).await;
        let text = before.replace("grant: member", "grant: analyst").replace("slug: dev", "slug: test");
        let text = text.replace("cluster: dev", "cluster: test");
        let planned = plan(world, &owner(world), &text, true).await.unwrap();
        assert!(planned.changes.len() >= 4, "{planned}");
        assert_eq!(exported(world).await, before);
        assert_eq!(Truth::now(world).await, truth);
        // What it compiled of clusters that never came is not what the next cluster's groups are judged by.
        let text =
            before.replace("clusters:\n", "clusters:\n  - slug: ghost\n").replace("grant: member", "grant: analyst");
        let pattern =
            "rules: [{name: teams, groups: \"k8s-{cluster}-{role}\", grant: \"{role}\", clusters: [\"{cluster}\"]}]\n";
        world.publish(pattern).await;
        let planned = plan(world, &owner(world), &text, false).await.unwrap();
        assert!(planned.to_string().contains("+ cluster ghost"), "{planned}");
        world.app.declare_cluster(&owner(world), "real", None, None).await.unwrap();
        world.group("k8s-real-member", &[ada.id.as_str()]).await.unwrap();
        let roles = world.roles(&ada.id).await;
        assert!(roles.iter().any(|role| role.starts_with("member@")), "{roles:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_touches_a_key_needs_its_preview_and_what_was_planned_is_done_or_nothing() {
    everywhere(async |world| {
        let (ada, _) = fill(world).await;
        world.key(&ada.id).await;
        let text = exported(world).await.replace("grant: member", "grant: viewer");
        let planned = plan(world, &owner(world), &text, false).await.unwrap();
        assert_eq!(planned.impact.keys.len(), 1, "{planned}");
        assert!(planned.to_string().contains("key “agent”"), "{planned}");
        let seen = Configuration { plan: Some(planned.plan.clone()), ..wanted(&text, false) };
        let refused = world.app.configure(&owner(world), seen.clone()).await;
        assert_eq!(conflict(&refused).0, "preview_required");
        let change = RoleChange::Configure(seen);
        let preview = world.app.preview_role_change(&owner(world), &change).await.unwrap();
        assert_eq!(preview.keys.len(), 1);
        // A key that is made in between makes both stale.
        world.key(&ada.id).await;
        let terms = KeyTerms { preview: preview.token, others: Some(Choice::Keep), ..KeyTerms::default() };
        let stale = world.app.change_roles(&owner(world), &change, &terms).await;
        assert!(["plan_changed", "preview_stale"].contains(&conflict(&stale).0), "{stale:?}");
        assert!(world.roles(&ada.id).await.contains(&"member".to_owned()), "nothing was changed");
        let planned = plan(world, &owner(world), &text, false).await.unwrap();
        let change = RoleChange::Configure(Configuration { plan: Some(planned.plan), ..wanted(&text, false) });
        let preview = world.app.preview_role_change(&owner(world), &change).await.unwrap();
        let terms = KeyTerms { preview: preview.token, others: Some(Choice::Keep), ..KeyTerms::default() };
        let made = world.app.change_roles(&owner(world), &change, &terms).await.unwrap();
        assert_eq!(made.keys.len(), 2);
        assert!(!world.roles(&ada.id).await.contains(&"member".to_owned()));
        assert!(plan(world, &owner(world), &text, false).await.unwrap().is_empty());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plan_of_what_is_something_else_by_now_is_refused() {
    everywhere(async |world| {
        fill(world).await;
        let text = exported(world).await.replace("Production: EU", "Production");
        let planned = plan(world, &owner(world), &text, false).await.unwrap();
        let seen = Configuration { plan: Some(planned.plan), ..wanted(&text, false) };
        world.app.create_local_group(&owner(world), "sre").await.unwrap();
        // What stays alone is no part of what is done.
        let groups = text.replace("groups:\n", "groups:\n  - name: sre\n");
        let other = Configuration { text: groups, ..seen.clone() };
        world.app.delete_local_group(&owner(world), &group(world, "sre").await).await.unwrap();
        assert_eq!(conflict(&world.app.configure(&owner(world), other).await).0, "plan_changed");
        world.app.configure(&owner(world), seen).await.unwrap();
        let bad = Configuration { plan: Some("cfp1_x".to_owned()), ..wanted(&text, false) };
        let refused = world.app.configure(&owner(world), bad).await;
        assert!(matches!(refused, Err(Error::Invalid { .. })), "{refused:?}");
    })
    .await;
}

async fn group(world: &World, name: &str) -> castgate::model::GroupId {
    let all = world.app.all_groups(&world.operator(), "", 100).await.unwrap();
    all.into_iter().find(|group| group.display_name == name).unwrap().id
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_last_owner_stays_and_nobody_applies_what_they_do_not_hold() {
    everywhere(async |world| {
        let (ada, _) = fill(world).await;
        let before = exported(world).await;
        let nobody = "bindings: []\n";
        for result in [
            plan(world, &owner(world), nobody, true).await.map(drop),
            world.app.configure(&owner(world), wanted(nobody, true)).await.map(drop),
        ] {
            assert!(matches!(result, Err(Error::LastOwner { .. })), "{result:?}");
        }
        assert_eq!(exported(world).await, before);
        // Somebody who may change the organization and no members.
        let capabilities = Some([Capability::ManageOrganization].into());
        let wish = RoleWish { name: Some("Admin".to_owned()), capabilities, ..RoleWish::default() };
        let role = world.app.create_role(&owner(world), wish).await.unwrap().role;
        let gift =
            Gift { subject: Subject::User(ada.id.clone()), role: Role::Custom(role.id), cluster: None, until: None };
        world.app.give(&owner(world), gift).await.unwrap();
        let ctx = world.as_user(&ada.id);
        assert!(matches!(world.app.export_configuration(&ctx).await, Err(Error::Forbidden { .. })));
        assert!(matches!(plan(world, &ctx, "clusters: []", true).await, Err(Error::Forbidden { .. })));
        assert!(matches!(world.app.configure(&ctx, wanted("clusters: []", true)).await, Err(Error::Forbidden { .. })));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mistakes_name_their_place_and_change_nothing() {
    everywhere(async |world| {
        fill(world).await;
        let before = exported(world).await;
        let text = "clusters: [{slug: next}]\nmapping: |\n  rules:\n    - {name: x, groups: [eng], grant: ownr}\n";
        let refused = world.app.configure(&owner(world), wanted(text, false)).await;
        let Err(Error::Configuration { diagnostics }) = refused else { panic!("{refused:?}") };
        assert!(diagnostics.iter().any(|one| one.line == 4 && one.message.contains("ownr")), "{diagnostics:?}");
        assert_eq!(exported(world).await, before, "the cluster that came before it is not there either");
        let events = world.app.events(&owner(world), None, "", 500).await.unwrap();
        assert!(!events.iter().any(|event| event.detail["slug"] == json!("next")));
    })
    .await;
}

/// What a person may do to the rest of an organization, if it can be done.
async fn tinker(world: &World, numbers: &mut Numbers) {
    let (app, ctx) = (&world.app, world.operator());
    let name = numbers.pick(&["one", "Two", "three: 3", "# four"]);
    let members = app.members(&ctx, "", 100).await.unwrap();
    let somebody = members[numbers.below(members.len())].id.clone();
    let groups = app.all_groups(&ctx, "", 100).await.unwrap();
    let local: Vec<_> = groups.iter().filter(|group| group.origin == GroupOrigin::Local).collect();
    match numbers.below(9) {
        0 => {
            drop(app.declare_cluster(&ctx, &name.to_lowercase().replace([':', ' ', '#'], "x"), Some(name), None).await);
        }
        1 => {
            let capabilities = Some([Capability::ALL[numbers.below(9)]].into());
            let wish = RoleWish { name: Some(name.to_owned()), capabilities, ..RoleWish::default() };
            drop(app.create_role(&ctx, wish).await);
        }
        2 => drop(app.create_service_account(&ctx, name, "for: tests").await),
        3 => drop(app.create_local_group(&ctx, name).await),
        4 | 5 if !local.is_empty() => {
            let group = &local[numbers.below(local.len())].id;
            drop(app.join_local_group(&ctx, group, &Holder::User(somebody)).await);
        }
        6 if !groups.is_empty() => {
            let subject = Subject::Group(groups[numbers.below(groups.len())].id.clone());
            let role = numbers.pick(&["member", "viewer", "analyst"]).parse().unwrap();
            let until = numbers.one_in(3).then(|| world.now().plus(std::time::Duration::from_hours(5000)));
            drop(app.give(&ctx, Gift { subject, role, cluster: None, until }).await);
        }
        7 => drop(app.publish_mapping(&ctx, &mapping(numbers)).await),
        _ => drop(app.name_organization(&ctx, name, None).await),
    }
}

/// What came of the cases.
#[derive(Debug, Default)]
struct Seen {
    applied: u64,
    changed: usize,
    losing: usize,
    keys: usize,
    refused: u64,
}

async fn play(world: World, cases: u64) -> Seen {
    let mut seen = Seen::default();
    let (mut last, mut slug) = (exported(&world).await, "acme".to_owned());
    for case in 0..cases {
        let mut numbers = Numbers::of(5_000_000 + case);
        let world = world.of_tenant(found(&world.app, &format!("org{case}")).await);
        for cluster in ["prod", "dev"] {
            world.app.declare_cluster(&world.operator(), cluster, None, None).await.unwrap();
        }
        for _ in 0..20 {
            world.tick();
            happens(&world, &mut numbers).await;
            tinker(&world, &mut numbers).await;
        }
        world.tick();
        let text = exported(&world).await;
        for prune in [false, true] {
            let plan = plan(&world, &world.operator(), &text, prune).await.unwrap();
            assert!(
                plan.is_empty() && plan.left_alone.is_empty() && plan.waiting.is_empty(),
                "case {case}: {plan}\n{text}"
            );
        }
        let (by_owner, prune) = (numbers.one_in(2), numbers.one_in(2));
        // The first owner is somebody else in each.
        let theirs = last.replace(&format!("owner@{slug}.test"), &format!("owner@org{case}.test"));
        if let Err(wrong) = become_like(&world, (&theirs, prune, by_owner), &mut seen).await {
            panic!("case {case} on {}: {wrong}\n{theirs}", world.engine());
        }
        (last, slug) = (text, format!("org{case}"));
    }
    seen
}

/// What somebody gains and loses, in names: what is made on the way has another id each time.
type Moves = BTreeMap<UserId, (BTreeSet<String>, BTreeSet<String>)>;

fn words(gains: &Roles, loses: &Roles, name: impl Fn(&str) -> String) -> (BTreeSet<String>, BTreeSet<String>) {
    let word = |(role, scope): &(Role, Scope)| match scope {
        Scope::Cluster { id } => format!("{} at {}", name(&role.to_string()), name(id.as_str())),
        Scope::Organization | Scope::Resource { .. } => format!("{} at {scope}", name(&role.to_string())),
    };
    (gains.iter().map(word).collect(), loses.iter().map(word).collect())
}

async fn names(world: &World) -> BTreeMap<String, String> {
    let clusters = world.app.clusters(&world.operator()).await.unwrap();
    let roles = world.app.custom_roles(&world.operator()).await.unwrap();
    let clusters = clusters.into_iter().map(|cluster| (cluster.id.to_string(), cluster.slug));
    clusters.chain(roles.into_iter().map(|role| (role.id.to_string(), role.name))).collect()
}

/// Makes an organization like another one: what the plan says is what comes of it, and a second plan is empty.
async fn become_like(
    world: &World,
    (text, prune, by_owner): (&str, bool, bool),
    seen: &mut Seen,
) -> Result<(), String> {
    let before = Truth::now(world).await;
    let (there, before_names) = (exported(world).await, names(world).await);
    let by_owner = by_owner && before.owners.contains(&world.tenant.owner);
    let ctx = if by_owner { owner(world) } else { world.operator() };
    let planned = match plan(world, &ctx, text, prune).await {
        Ok(planned) => planned,
        // What cannot be done is refused by both, and changes nothing.
        Err(error @ (Error::LastOwner { .. } | Error::Conflict { .. } | Error::Configuration { .. })) => {
            seen.refused += 1;
            let refused = world.app.configure(&ctx, wanted(text, prune)).await;
            let same = matches!((&error, &refused), (one, Err(other)) if one.to_string() == other.to_string());
            return match same && exported(world).await == there && Truth::now(world).await == before {
                true => Ok(()),
                false => Err(format!("planned {error:?}, applied {refused:?}")),
            };
        }
        Err(error) => return Err(format!("{error:?}")),
    };
    if exported(world).await != there || Truth::now(world).await != before {
        return Err("a plan changed something".to_owned());
    }
    let sent = Configuration { plan: Some(planned.plan.clone()), ..wanted(text, prune) };
    if by_owner && !planned.impact.keys.is_empty() {
        let change = RoleChange::Configure(sent);
        let preview = world.app.preview_role_change(&ctx, &change).await.map_err(|error| format!("{error:?}"))?;
        let terms = KeyTerms { preview: preview.token, others: Some(Choice::Keep), ..KeyTerms::default() };
        world.app.change_roles(&ctx, &change, &terms).await.map_err(|error| format!("{error:?}"))?;
    } else {
        let done = world.app.configure(&ctx, sent).await.map_err(|error| format!("{error:?}"))?;
        if (&done.changes, &done.plan) != (&planned.changes, &planned.plan) {
            return Err(format!("planned {planned}\ndone {done}"));
        }
    }
    let mut after = Truth::now(world).await;
    // Who went with a connection may do nothing any more.
    for id in before.access.keys() {
        after.access.entry(id.clone()).or_insert_with(castgate::access::Access::none);
    }
    let after_names = names(world).await;
    let real =
        |id: &str| after_names.get(id).or_else(|| before_names.get(id)).cloned().unwrap_or_else(|| id.to_owned());
    let shown = |id: &str| planned.impact.name_of(id).to_owned();
    let moved: Moves =
        before.moved(&after).into_iter().map(|(user, (gains, loses))| (user, words(&gains, &loses, real))).collect();
    let told: Moves = said(&planned.impact.people)
        .into_iter()
        .map(|(user, (gains, loses))| (user, words(&gains, &loses, shown)))
        .collect();
    if told != moved {
        return Err(format!("the plan says {told:?}, and what came of it is {moved:?}\n{planned}"));
    }
    let again = plan(world, &ctx, text, prune).await.map_err(|error| format!("{error:?}"))?;
    if !again.is_empty() {
        return Err(format!("the second plan is not empty:\n{again}"));
    }
    seen.applied += 1;
    seen.changed += planned.changes.len();
    seen.losing += planned.impact.losing();
    seen.keys += planned.impact.keys.len();
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn any_organization_becomes_like_any_other_as_it_was_planned() {
    let seen = play(World::sqlite().await, cases(30)).await;
    assert!(seen.applied > 10 && seen.changed > 50 && seen.losing > 5 && seen.keys > 0, "{seen:?}");
    if let Some(world) = World::postgres().await {
        let seen = play(world, cases(8)).await;
        assert!(seen.applied > 2 && seen.changed > 5, "{seen:?}");
    }
}
