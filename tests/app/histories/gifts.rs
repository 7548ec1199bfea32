//! What people do besides providers in a history: roles given and taken, a service account, a local group.

use super::model::Model;
use crate::harness::World;
use castgate::{
    app::{BindingSearch, Error, Gift, KeyWish, role_names},
    model::{BindingId, GroupId, Holder, Role, ServiceAccountId, Subject},
};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

const ROLES: [&str; 3] = ["owner", "member", "analyst"];

/// Who gets something.
#[derive(Debug, Clone, Copy)]
pub(super) enum Whom {
    Person(usize),
    Machine,
    Crew,
}

#[derive(Debug, Clone)]
pub(super) enum Deed {
    Give(Whom, usize),
    Take(usize),
    Machine(bool),
    Crew(bool),
    Join(Whom),
    Leave(Whom),
}

/// What ought to be.
#[derive(Debug, Default)]
pub(super) struct Gifts {
    given: BTreeMap<BindingId, (Subject, usize)>,
    machine: Option<(ServiceAccountId, String)>,
    /// Keys of machines that were closed.
    dead: Vec<String>,
    crew: Option<GroupId>,
    machine_in_crew: bool,
}

pub(super) fn any_deed(people: usize) -> impl Strategy<Value = Deed> {
    let person = move || (0..people).prop_map(Whom::Person);
    let anybody = move || prop_oneof![4 => person(), 2 => Just(Whom::Machine), 2 => Just(Whom::Crew)];
    let member = move || prop_oneof![2 => person(), 1 => Just(Whom::Machine)];
    prop_oneof![
        5 => (anybody(), 0..ROLES.len()).prop_map(|(whom, role)| Deed::Give(whom, role)),
        3 => (0..8_usize).prop_map(Deed::Take),
        2 => prop_oneof![3 => Just(true), 1 => Just(false)].prop_map(Deed::Machine),
        2 => prop_oneof![3 => Just(true), 1 => Just(false)].prop_map(Deed::Crew),
        3 => member().prop_map(Deed::Join),
        2 => member().prop_map(Deed::Leave),
    ]
}

impl Gifts {
    fn subject(&self, model: &Model, names: &[&str], whom: Whom) -> Option<Subject> {
        match whom {
            Whom::Person(who) => model.last_id(names[who]).map(Subject::User),
            Whom::Machine => self.machine.as_ref().map(|(id, _)| Subject::ServiceAccount(id.clone())),
            Whom::Crew => self.crew.clone().map(Subject::Group),
        }
    }

    fn holder(&self, model: &Model, names: &[&str], whom: Whom) -> Option<Holder> {
        match self.subject(model, names, whom)? {
            Subject::User(id) => Some(Holder::User(id)),
            Subject::ServiceAccount(id) => Some(Holder::ServiceAccount(id)),
            Subject::Group(_) => None,
        }
    }

    fn forget(&mut self, subject: &Subject) {
        self.given.retain(|_, (held, _)| held != subject);
    }
}

/// Whether the person whom a step is about is here at all.
fn is_here(model: &Model, names: &[&str], whom: Whom) -> bool {
    match whom {
        Whom::Person(who) => model.person(names[who]).is_some(),
        Whom::Machine | Whom::Crew => true,
    }
}

pub(super) async fn play(
    world: &World,
    (model, gifts): (&Model, &mut Gifts),
    names: &[&str],
    deed: &Deed,
) -> Result<(), String> {
    let wrong = |error: Error| format!("{error:?}");
    match deed {
        Deed::Give(whom, role) => {
            let Some(subject) = gifts.subject(model, names, *whom) else { return Ok(()) };
            let held = gifts.given.values().any(|(held, what)| *held == subject && what == role);
            let parsed: Role = ROLES[*role].parse().unwrap();
            let gift = Gift { subject: subject.clone(), role: parsed, cluster: None, until: None };
            match world.app.give(&world.operator(), gift).await {
                Ok(binding) if !held && is_here(model, names, *whom) => {
                    gifts.given.insert(binding.id, (subject, *role));
                    Ok(())
                }
                Err(Error::Conflict { code: "already_given", .. }) if held => Ok(()),
                Err(Error::NotFound { .. }) if !is_here(model, names, *whom) => Ok(()),
                other => Err(format!("unexpected: {other:?}")),
            }
        }
        Deed::Take(which) => {
            let Some(id) = gifts.given.keys().nth(*which).cloned() else { return Ok(()) };
            match world.app.take(&world.operator(), &id).await {
                Ok(()) => drop(gifts.given.remove(&id)),
                Err(Error::LastOwner { .. }) => {}
                Err(error) => return Err(wrong(error)),
            }
            Ok(())
        }
        Deed::Machine(made) => machine(world, gifts, *made).await.map_err(wrong),
        Deed::Crew(made) => crew(world, gifts, *made).await.map_err(wrong),
        Deed::Join(whom) => {
            let (Some(crew), Some(member)) = (gifts.crew.clone(), gifts.holder(model, names, *whom)) else {
                return Ok(());
            };
            match world.app.join_local_group(&world.operator(), &crew, &member).await {
                Ok(_) => gifts.machine_in_crew |= member.user().is_none(),
                Err(Error::NotFound { .. }) if !is_here(model, names, *whom) => {}
                Err(error) => return Err(wrong(error)),
            }
            Ok(())
        }
        Deed::Leave(whom) => {
            let (Some(crew), Some(member)) = (gifts.crew.clone(), gifts.holder(model, names, *whom)) else {
                return Ok(());
            };
            match world.app.leave_local_group(&world.operator(), &crew, &member).await {
                Ok(()) if member.user().is_none() => gifts.machine_in_crew = false,
                Ok(()) | Err(Error::NotFound { .. } | Error::LastOwner { .. }) => {}
                Err(error) => return Err(wrong(error)),
            }
            Ok(())
        }
    }
}

async fn machine(world: &World, gifts: &mut Gifts, made: bool) -> Result<(), Error> {
    match (made, gifts.machine.take()) {
        (true, None) => {
            let account = world.app.create_service_account(&world.operator(), "agent", "").await?;
            let wish = KeyWish { name: "agent".to_owned(), ..KeyWish::default() };
            let holder = Holder::ServiceAccount(account.id.clone());
            let key = world.app.create_key_of(&world.operator(), &holder, wish).await?;
            gifts.machine = Some((account.id, key.secret.expose().to_owned()));
        }
        (false, Some((id, secret))) => {
            world.app.close_service_account(&world.operator(), &id).await?;
            gifts.forget(&Subject::ServiceAccount(id));
            gifts.dead.push(secret);
            gifts.machine_in_crew = false;
        }
        (_, same) => gifts.machine = same,
    }
    Ok(())
}

async fn crew(world: &World, gifts: &mut Gifts, made: bool) -> Result<(), Error> {
    match (made, gifts.crew.take()) {
        (true, None) => gifts.crew = Some(world.app.create_local_group(&world.operator(), "crew").await?.id),
        (false, Some(id)) => match world.app.delete_local_group(&world.operator(), &id).await {
            Ok(_) => {
                gifts.forget(&Subject::Group(id));
                gifts.machine_in_crew = false;
            }
            Err(Error::LastOwner { .. }) => gifts.crew = Some(id),
            Err(error) => return Err(error),
        },
        (_, same) => gifts.crew = same,
    }
    Ok(())
}

/// People's gifts are there until people take them; a machine holds what it and its group were given, and its key ends
/// with it.
pub(super) async fn check(world: &World, gifts: &Gifts) -> Result<(), String> {
    let search = BindingSearch { source: Some("person".to_owned()), ..BindingSearch::default() };
    let open = world.app.bindings(&world.operator(), &search, "", 1000).await.unwrap();
    let founder = Subject::User(world.tenant.owner.clone());
    let open: BTreeSet<BindingId> =
        open.into_iter().filter(|binding| binding.terms.subject != founder).map(|binding| binding.id).collect();
    let given: BTreeSet<BindingId> = gifts.given.keys().cloned().collect();
    if open != given {
        return Err(format!("people gave {given:?}, and {open:?} are there"));
    }
    for secret in &gifts.dead {
        if world.visit_key(secret).await.is_ok() {
            return Err("the key of a closed service account lets in".to_owned());
        }
    }
    let Some((id, secret)) = &gifts.machine else { return Ok(()) };
    let visit = world.visit_key(secret).await.map_err(|error| format!("the machine's key: {error:?}"))?;
    let own = Subject::ServiceAccount(id.clone());
    let crew = gifts.crew.clone().filter(|_| gifts.machine_in_crew).map(Subject::Group);
    let reaches = |subject: &Subject| *subject == own || crew.as_ref() == Some(subject);
    let ought: BTreeSet<String> =
        gifts.given.values().filter(|(subject, _)| reaches(subject)).map(|(_, role)| ROLES[*role].to_owned()).collect();
    let holds: BTreeSet<String> = role_names(&visit.access).into_iter().collect();
    if holds == ought { Ok(()) } else { Err(format!("the machine holds {holds:?} and ought to hold {ought:?}")) }
}
