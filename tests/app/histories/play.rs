//! The steps of a history, done to castgate and to the model.

use super::{
    asof::Record,
    gifts::{self, Deed, Gifts, any_deed},
    invariants,
    model::Model,
};
use crate::harness::{World, is_scim, member};
use castgate::{
    app::Error,
    filter,
    model::UserId,
    scim::{GroupPatch, MemberChange},
};
use proptest::prelude::*;
use serde_json::json;
use std::time::Duration;

const PEOPLE: [&str; 5] = ["ada", "bob", "eve", "kim", "zoe"];
const TEAMS: [&str; 4] = ["castai-owners", "eng", "k8s-prod-member", "k8s-dev-viewer"];
const TITLES: [&str; 3] = ["Engineer", "Intern", "Boss"];
const CLUSTERS: [&str; 2] = ["prod", "dev"];
const MAPPINGS: [&str; 6] = [
    "rules: [{name: owners, groups: [castai-owners], grant: owner}]",
    "rules:\n  - {name: owners, groups: [castai-owners], grant: owner}\n  - {name: k8s, groups: 'k8s-{cluster}-{role}', \
     grant: '{role}', clusters: ['{cluster}']}",
    "default: none\nrules:\n  - {name: bosses, when: title eq \"Boss\", grant: owner}\n  - {name: eng, groups: [eng], \
     grant: member}",
    "rules:\n  - {name: both, groups: [eng, castai-owners], when: title eq \"Intern\" or active eq false, grant: analyst}\n  \
     - {name: absent, when: not (title pr), grant: viewer, clusters: [prod]}",
    "rules:\n  - {name: ending, groups: [eng], grant: owner, until: 2027-01-31}\n  - {name: long, when: title pr, grant: \
     member, until: 2028-01-31}",
    "default: member\nrules: []",
];

/// Somebody or somebody unknown, as a member's value.
#[derive(Debug, Clone)]
pub(super) enum Value {
    /// The id of somebody who was here once, else the name.
    Person(usize),
    /// The name.
    Name(usize),
    Unknown(u8),
}

#[derive(Debug, Clone)]
pub(super) enum Change {
    Add(Vec<Value>),
    Remove(Vec<Value>),
    RemoveAll,
    Replace(Vec<Value>),
    RemoveWhere(usize),
}

#[derive(Debug, Clone)]
pub(super) enum Step {
    Push(usize),
    PatchActive(usize, bool),
    PatchTitle(usize, usize),
    Put(usize, usize, Option<bool>),
    Delete(usize),
    Suspend(usize, bool),
    SuspendFirstOwner(bool),
    MakeGroup(usize, Vec<Value>),
    RenameGroup(usize, usize),
    DeleteGroup(usize),
    Members(usize, Vec<Change>),
    Publish(usize),
    DeclareCluster(usize),
    Enable(bool),
    Wait(u64),
    Deed(Deed),
}

pub(super) fn any_step() -> impl Strategy<Value = Step> {
    let person = || 0..PEOPLE.len();
    let team = || 0..TEAMS.len();
    let value = || {
        prop_oneof![
            4 => person().prop_map(Value::Person),
            1 => person().prop_map(Value::Name),
            1 => (0..3_u8).prop_map(Value::Unknown)
        ]
    };
    let values = move || proptest::collection::vec(value(), 0..4);
    let change = move || {
        prop_oneof![
            4 => values().prop_map(Change::Add),
            2 => values().prop_map(Change::Remove),
            1 => Just(Change::RemoveAll),
            1 => values().prop_map(Change::Replace),
            1 => person().prop_map(Change::RemoveWhere),
        ]
    };
    prop_oneof![
        6 => person().prop_map(Step::Push),
        3 => (person(), any::<bool>()).prop_map(|(who, active)| Step::PatchActive(who, active)),
        3 => (person(), 0..TITLES.len()).prop_map(|(who, title)| Step::PatchTitle(who, title)),
        2 => (person(), 0..TITLES.len(), any::<Option<bool>>()).prop_map(|(who, title, on)| Step::Put(who, title, on)),
        3 => person().prop_map(Step::Delete),
        2 => (person(), any::<bool>()).prop_map(|(who, on)| Step::Suspend(who, on)),
        2 => any::<bool>().prop_map(Step::SuspendFirstOwner),
        5 => (team(), values()).prop_map(|(which, members)| Step::MakeGroup(which, members)),
        2 => (team(), team()).prop_map(|(from, to)| Step::RenameGroup(from, to)),
        2 => team().prop_map(Step::DeleteGroup),
        8 => (team(), proptest::collection::vec(change(), 1..3)).prop_map(|(which, all)| Step::Members(which, all)),
        4 => (0..MAPPINGS.len()).prop_map(Step::Publish),
        1 => (0..CLUSTERS.len()).prop_map(Step::DeclareCluster),
        2 => any::<bool>().prop_map(Step::Enable),
        2 => prop_oneof![Just(8), Just(20), Just(31)].prop_map(Step::Wait),
        12 => any_deed(PEOPLE.len()).prop_map(Step::Deed),
    ]
}

/// Plays a history; what went wrong, if anything did.
pub(super) async fn play(world: &World, steps: &[Step]) -> Result<(), String> {
    let (mut model, mut gifts, mut record) = (Model::default(), Gifts::default(), Record::default());
    world.app.declare_cluster(&world.operator(), CLUSTERS[0], None, None).await.unwrap();
    for (number, step) in steps.iter().enumerate() {
        world.tick();
        let wrong = |what: String| format!("step {number}, {step:?}: {what}");
        match step {
            Step::Deed(deed) => gifts::play(world, (&model, &mut gifts), &PEOPLE, deed).await,
            other => do_step(world, &mut model, other).await,
        }
        .map_err(wrong)?;
        invariants::check(world, &model).await.map_err(wrong)?;
        gifts::check(world, &gifts).await.map_err(wrong)?;
        record.note(world).await;
    }
    record.check(world).await
}

fn unexpected<T: std::fmt::Debug>(result: Result<T, Error>) -> Result<(), String> {
    Err(format!("unexpected: {result:?}"))
}

impl Step {
    /// Whether a provider says it.
    fn is_push(&self) -> bool {
        match self {
            Self::Push(_)
            | Self::PatchActive(..)
            | Self::PatchTitle(..)
            | Self::Put(..)
            | Self::Delete(_)
            | Self::MakeGroup(..)
            | Self::RenameGroup(..)
            | Self::DeleteGroup(_)
            | Self::Members(..) => true,
            Self::Suspend(..)
            | Self::SuspendFirstOwner(_)
            | Self::Publish(_)
            | Self::DeclareCluster(_)
            | Self::Enable(_)
            | Self::Wait(_)
            | Self::Deed(_) => false,
        }
    }
}

async fn do_step(world: &World, model: &mut Model, step: &Step) -> Result<(), String> {
    if step.is_push() && !world.okta().await.enabled {
        let refused = world.create(json!({"userName": "late", "externalId": "late"})).await;
        return if matches!(refused, Err(Error::NotSignedIn)) { Ok(()) } else { unexpected(refused) };
    }
    match step {
        Step::Push(who) => push(world, model, PEOPLE[*who]).await,
        Step::PatchActive(who, active) => {
            let Some(id) = model.person(PEOPLE[*who]).map(|person| person.id.clone()) else { return Ok(()) };
            world.set_active(&id, *active).await.map_err(|error| format!("{error:?}"))?;
            model.person_mut(PEOPLE[*who]).unwrap().active = *active;
            Ok(())
        }
        Step::PatchTitle(who, title) => {
            let Some(person) = model.person(PEOPLE[*who]) else { return Ok(()) };
            let operations = json!([{"op": "replace", "path": "title", "value": TITLES[*title]}]);
            world.patch(&person.id, operations).await.map(drop).map_err(|error| format!("{error:?}"))
        }
        Step::Put(who, title, active) => {
            let Some(person) = model.person_mut(PEOPLE[*who]) else { return Ok(()) };
            let mut body = json!({"userName": PEOPLE[*who], "externalId": PEOPLE[*who], "title": TITLES[*title]});
            if let Some(active) = active {
                body["active"] = json!(active);
                person.active = *active;
            }
            world.put(&person.id, body).await.map(drop).map_err(|error| format!("{error:?}"))
        }
        Step::Delete(who) => {
            let Some(id) = model.last_id(PEOPLE[*who]) else { return Ok(()) };
            match (world.delete(&id).await, model.person(PEOPLE[*who]).is_some()) {
                (Ok(()), true) => model.goes(PEOPLE[*who], world.now()),
                (gone, false) if is_scim(&gone, 404) => {}
                (other, _) => return unexpected(other),
            }
            Ok(())
        }
        Step::Suspend(who, on) => {
            let Some(id) = model.last_id(PEOPLE[*who]) else { return Ok(()) };
            match suspend(world, &id, *on).await {
                Ok(()) => model.person_mut(PEOPLE[*who]).ok_or("suspended a tombstone")?.suspended = *on,
                Err(Error::LastOwner { .. }) => {}
                Err(Error::NotFound { .. }) if model.person(PEOPLE[*who]).is_none() => {}
                other => return unexpected(other),
            }
            Ok(())
        }
        Step::SuspendFirstOwner(on) => person_may(suspend(world, &world.tenant.owner, *on).await),
        Step::Publish(which) => {
            person_may(world.app.publish_mapping(&world.operator(), MAPPINGS[*which]).await.map(drop))
        }
        Step::DeclareCluster(which) => {
            let known = world.app.clusters(&world.operator()).await.unwrap();
            let slug = CLUSTERS[*which];
            let declared = world.app.declare_cluster(&world.operator(), slug, None, None).await;
            let taken = known.iter().any(|cluster| cluster.slug == slug);
            match declared {
                Ok(_) if !taken => Ok(()),
                Err(Error::Conflict { .. }) if taken => Ok(()),
                other => unexpected(other),
            }
        }
        Step::Enable(on) => {
            person_may(world.app.set_connection_enabled(&world.operator(), &world.tenant.okta.id, *on).await.map(drop))
        }
        Step::Wait(days) => {
            world.app.clock().advance(Duration::from_hours(days * 24));
            Ok(())
        }
        Step::MakeGroup(..) | Step::RenameGroup(..) | Step::DeleteGroup(_) | Step::Members(..) => {
            group_step(world, model, step).await
        }
        Step::Deed(deed) => Err(format!("{deed:?} is played elsewhere")),
    }
}

/// A person's change happens, or is refused for the sake of the last owner.
fn person_may(result: Result<(), Error>) -> Result<(), String> {
    match result {
        Ok(()) | Err(Error::LastOwner { .. }) => Ok(()),
        other => unexpected(other),
    }
}

async fn suspend(world: &World, id: &UserId, on: bool) -> Result<(), Error> {
    match on {
        true => world.app.suspend_member(&world.operator(), id).await.map(drop),
        false => world.app.reactivate_member(&world.operator(), id).await.map(drop),
    }
}

async fn push(world: &World, model: &mut Model, name: &str) -> Result<(), String> {
    let known = model.person(name);
    let expected = model.pushed_id(name, world.now());
    let clash = known.is_some_and(|person| person.active && !person.suspended);
    let pushed = world.create(json!({"userName": name, "externalId": name})).await;
    match pushed {
        Ok(user) if !clash => {
            if expected.as_ref().is_some_and(|id| *id != user.id) || (expected.is_none() && was_here(model, &user.id)) {
                return Err(format!("{name} came as {} and not as {expected:?}", user.id));
            }
            model.comes(name, user.id);
            Ok(())
        }
        refused if clash && is_scim(&refused, 409) => Ok(()),
        other => unexpected(other),
    }
}

fn was_here(model: &Model, id: &UserId) -> bool {
    model.people.values().flatten().any(|person| person.id == *id)
}

async fn group_step(world: &World, model: &mut Model, step: &Step) -> Result<(), String> {
    match step {
        Step::MakeGroup(which, members) => {
            let members = texts(model, members);
            let expected = model.revived_team(TEAMS[*which], world.now());
            let refs: Vec<&str> = members.iter().map(String::as_str).collect();
            let made = world.group(TEAMS[*which], &refs).await;
            match (made, model.team(TEAMS[*which])) {
                (Ok(view), None) if expected.as_ref().is_none_or(|id| *id == view.group.id) => {
                    model.team_comes(view.group.id, TEAMS[*which], &members);
                }
                (refused, Some(_)) if is_scim(&refused, 409) => {}
                (other, _) => return unexpected(other),
            }
        }
        Step::RenameGroup(from, to) => {
            let Some(id) = model.team(TEAMS[*from]).map(|team| team.id.clone()) else { return Ok(()) };
            let taken = from != to && model.team(TEAMS[*to]).is_some();
            let operations = json!([{"op": "replace", "path": "displayName", "value": TEAMS[*to]}]);
            match world.patch_group(&id, operations).await {
                Ok(_) if !taken => model.rename(&id, TEAMS[*to]),
                refused if taken && is_scim(&refused, 409) => {}
                other => return unexpected(other),
            }
        }
        Step::DeleteGroup(which) => {
            let Some(id) = model.team(TEAMS[*which]).map(|team| team.id.clone()) else { return Ok(()) };
            world.delete_group(&id).await.map_err(|error| format!("{error:?}"))?;
            model.team_goes(&id, world.now());
        }
        Step::Members(which, changes) => {
            let Some(id) = model.team(TEAMS[*which]).map(|team| team.id.clone()) else { return Ok(()) };
            let mut patch = GroupPatch { display_name: None, external_id: None, members: vec![], tolerances: vec![] };
            for change in changes {
                patch.members.push(apply(model, &id, change));
            }
            let connection = world.okta().await;
            let target = (id.as_str(), None);
            let patched = world.app.patch_group(&world.push(), &connection, target, &patch, usize::MAX).await;
            patched.map_err(|error| format!("{error:?}"))?;
        }
        other => return Err(format!("{other:?} is no step of a group")),
    }
    Ok(())
}

fn texts(model: &Model, values: &[Value]) -> Vec<String> {
    let text = |value: &Value| match value {
        Value::Person(who) => model.last_id(PEOPLE[*who]).map_or_else(|| PEOPLE[*who].to_owned(), |id| id.to_string()),
        Value::Name(who) => PEOPLE[*who].to_owned(),
        Value::Unknown(number) => format!("nobody-{number}"),
    };
    values.iter().map(text).collect()
}

/// Makes a change in the model; the same change, as SCIM says it.
fn apply(model: &mut Model, id: &castgate::model::GroupId, change: &Change) -> MemberChange {
    let refs = |values: &[String]| values.iter().map(|value| member(value)).collect();
    match change {
        Change::Add(values) => {
            let values = texts(model, values);
            model.add(id, &values);
            MemberChange::Add(refs(&values))
        }
        Change::Remove(values) => {
            let values = texts(model, values);
            model.remove(id, &values);
            MemberChange::Remove(values)
        }
        Change::RemoveAll => {
            model.clear(id);
            MemberChange::RemoveAll
        }
        Change::Replace(values) => {
            let values = texts(model, values);
            model.replace(id, &values);
            MemberChange::Replace(refs(&values))
        }
        Change::RemoveWhere(who) => {
            if let Some(person) = model.person(PEOPLE[*who]) {
                let value = person.id.to_string();
                let team = model.teams.iter_mut().find(|team| team.id == *id).unwrap();
                team.members.retain(|member| member.as_str() != value);
            }
            MemberChange::RemoveWhere(
                filter::parse(&format!("display eq \"{}\"", PEOPLE[*who]), filter::Dialect::Tolerant).unwrap(),
            )
        }
    }
}
