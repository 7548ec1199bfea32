//! People under a mapping, a piece at a time: what is loaded of them by statements for many, and what it comes to.

use super::{
    Survey,
    ground::{Ground, makes_owner},
    person::{Changed, FloorHolder, Known, Looked},
};
use crate::{
    access::Access,
    app::{
        Error,
        funnel::{ConnectionNames, group_fact, is_rule, terms_of},
    },
    mapping::{Mapping, MetGroup},
    model::{Instant, OrganizationId, Subject, Terms, UserId},
    plan::{Diff, OwnerLeft, diff},
    store::{KeptKey, Person, Piece, Tx},
};
use serde_json::{Map, Value};
use std::collections::{BTreeSet, HashMap, HashSet};

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asked {
    /// Which bindings change.
    Bindings,
    /// And what that does to people.
    Impact,
}

/// A piece of the people, as it was loaded.
pub(super) struct Loaded {
    people: Vec<Person>,
    facts: Vec<(String, String, String)>,
    memberships: Vec<(String, String)>,
    keys: Vec<KeptKey>,
}

/// What a piece of the people comes to, and then everybody.
#[derive(Debug)]
pub(super) struct Everybody {
    pub(super) diff: Diff,
    pub(super) changed: Vec<Changed>,
    pub(super) floor: Vec<FloorHolder>,
    /// Who is an owner afterwards without the floor, and can be reached.
    pub(super) owners: Vec<OwnerLeft>,
    /// Somebody who is an owner before, the floor's included, and can be reached.
    pub(super) last: Option<UserId>,
    /// How many people each rule gives something.
    pub(super) people_of_rules: Vec<usize>,
    pub(super) looked_at: usize,
    /// Who was met of those who hold anything.
    seen: Vec<String>,
    /// Sessions of those for whom something changes.
    pub(super) sessions: usize,
    /// What those may do afterwards of whom it was asked and for whom it changes.
    pub(super) after: HashMap<UserId, Access>,
}

impl Everybody {
    pub(super) fn nobody(rules: usize, diff: Diff) -> Self {
        Self {
            diff,
            changed: Vec::new(),
            floor: Vec::new(),
            owners: Vec::new(),
            last: None,
            people_of_rules: vec![0; rules],
            looked_at: 0,
            seen: Vec::new(),
            sessions: 0,
            after: HashMap::new(),
        }
    }

    /// Everybody was met: of people who are not here any more, what rules gave them is left over.
    pub(super) fn end(&mut self, ground: &Ground) {
        let seen: HashSet<&str> = self.seen.iter().map(String::as_str).collect();
        let gone = ground.held.iter().filter(|(id, _)| !seen.contains(id.as_str())).flat_map(|(_, bindings)| bindings);
        self.diff.close.extend(gone.filter(|binding| is_rule(&binding.terms.source)).cloned());
        self.diff.open.sort();
        self.diff.close.sort_by(|one, other| one.id.cmp(&other.id));
    }

    pub(super) fn add(&mut self, piece: Self) {
        self.diff.open.extend(piece.diff.open);
        self.diff.close.extend(piece.diff.close);
        self.changed.extend(piece.changed);
        self.floor.extend(piece.floor);
        self.owners.extend(piece.owners);
        self.last = self.last.take().or(piece.last);
        for (all, some) in self.people_of_rules.iter_mut().zip(piece.people_of_rules) {
            *all += some;
        }
        self.looked_at += piece.looked_at;
        self.seen.extend(piece.seen);
        self.sessions += piece.sessions;
        self.after.extend(piece.after);
    }
}

/// What rules give everybody, compared with what rules gave.
pub(in crate::app) async fn wanted_of_everybody(
    tx: &mut Tx,
    (organization, now): (&OrganizationId, Instant),
    mapping: Mapping,
    names: ConnectionNames,
) -> Result<Diff, Error> {
    let on = super::ground::load(tx, (organization, now), (mapping, names), None).await?;
    let survey = Survey::make(tx, organization, on, Asked::Bindings).await?;
    Ok(survey.together().1.diff)
}

/// What there is to know of a piece of the people.
pub(super) async fn load(
    tx: &mut Tx,
    (organization, ground): (&OrganizationId, &Ground),
    (people, piece): (Vec<Person>, Piece<'_>),
    asked: Asked,
) -> Result<Loaded, Error> {
    let by_facts = ground.mapping.has_user_rules();
    let facts = if by_facts { tx.facts_of_piece(organization, piece).await? } else { Vec::new() };
    let impact = asked == Asked::Impact;
    let memberships = if by_facts || impact { tx.memberships_of_piece(organization, piece).await? } else { Vec::new() };
    let keys = if impact { tx.keys_of_piece(organization, piece, ground.now).await? } else { Vec::new() };
    Ok(Loaded { people, facts, memberships, keys })
}

/// What is known of each of a piece of the people.
fn known(ground: &Ground, loaded: &mut Loaded) -> HashMap<String, Known> {
    let mut known: HashMap<String, Known> = HashMap::with_capacity(loaded.people.len());
    for (user, source, document) in std::mem::take(&mut loaded.facts) {
        let known = known.entry(user).or_default();
        match source.as_str() {
            "scim" => known.pushed = Some(document),
            _ => known.claims = Some(document),
        }
    }
    for (user, group) in &loaded.memberships {
        if let Some(place) = ground.group_places.get(group) {
            match known.get_mut(user) {
                Some(known) => known.groups.push(*place),
                None => drop(known.insert(user.clone(), Known { groups: vec![*place], ..Known::default() })),
            }
        }
    }
    for key in std::mem::take(&mut loaded.keys) {
        if let Some(user) = key.key.owner.user() {
            known.entry(user.to_string()).or_default().keys.push(key);
        }
    }
    known
}

pub(super) fn evaluate(ground: &Ground, mut loaded: Loaded, asked: Asked) -> Result<Everybody, Error> {
    let mut piece = Everybody::nobody(ground.rules.len(), Diff { open: Vec::new(), close: Vec::new() });
    let mut known = known(ground, &mut loaded);
    let met = met_groups(ground, &known);
    for person in loaded.people {
        let known = known.remove(person.id.as_str()).unwrap_or_default();
        let wanted = wanted(ground, &person, &known, &met)?;
        let held = ground.held.get(person.id.as_str()).map(Vec::as_slice).unwrap_or_default();
        if !held.is_empty() {
            piece.seen.push(person.id.to_string());
        }
        let change = diff(held, &wanted, is_rule);
        if asked == Asked::Impact {
            Looked { ground, person: &person, known: &known, held, wanted: &wanted, changes: !change.is_empty() }
                .tell(&mut piece);
        }
        piece.diff.open.extend(change.open);
        piece.diff.close.extend(change.close);
    }
    Ok(piece)
}

/// What rules with `when` say of the groups that somebody of the piece is in.
fn met_groups<'g>(ground: &'g Ground, known: &HashMap<String, Known>) -> HashMap<usize, MetGroup<'g>> {
    let mut met = HashMap::new();
    if !ground.mapping.has_user_rules() {
        return met;
    }
    for place in known.values().flat_map(|known| &known.groups) {
        if !met.contains_key(place)
            && let Some(fact) = ground.groups.get(*place).and_then(|one| group_fact(&ground.names, &one.group))
        {
            met.insert(*place, ground.mapping.meet_group(fact));
        }
    }
    met
}

/// What rules with `when` give a person.
fn wanted(
    ground: &Ground,
    person: &Person,
    known: &Known,
    met: &HashMap<usize, MetGroup<'_>>,
) -> Result<Vec<Terms>, Error> {
    if !ground.mapping.has_user_rules() || ground.names.get(person.connection.as_ref()).is_none() {
        return Ok(Vec::new());
    }
    let document = |text: &Option<String>| -> Result<Map<String, Value>, Error> {
        let read = text.as_deref().map(serde_json::from_str).transpose();
        let wrong = |error| Error::internal(format!("the facts about {} cannot be read: {error}", person.id));
        read.map_err(wrong).map(Option::unwrap_or_default)
    };
    let said = (document(&known.claims)?, document(&known.pushed)?);
    let own = (&person.id, person.user_name.as_str(), person.directory_active);
    let attributes = Value::Object(ground.names.shaped(person.connection.as_ref(), own, said));
    let groups: Vec<&MetGroup<'_>> = known.groups.iter().filter_map(|place| met.get(place)).collect();
    let subject = Subject::User(person.id.clone());
    let grants = ground.mapping.grants_for_member(&attributes, &groups, ground.now);
    let wanted: BTreeSet<Terms> = grants.iter().map(|grant| terms_of(&subject, grant)).collect();
    Ok(wanted.into_iter().collect())
}

impl Looked<'_> {
    fn tell(&self, piece: &mut Everybody) {
        let Self { ground, person, known, held, wanted, .. } = self;
        piece.looked_at += 1;
        let groups = || known.groups.iter().filter_map(|place| ground.groups.get(*place));
        let mut rules = ground.places_of(wanted.iter());
        rules.extend(groups().flat_map(|group| &group.rules));
        rules.sort_unstable();
        rules.dedup();
        for place in rules {
            if let Some(count) = piece.people_of_rules.get_mut(place) {
                *count += 1;
            }
        }
        if ground.is_reachable(person) {
            let others = held.iter().map(|binding| &binding.terms).filter(|terms| !is_rule(&terms.source));
            let not_floor = others.filter(|terms| terms.source != crate::model::Source::Floor);
            if not_floor.chain(wanted.iter()).any(makes_owner) || groups().any(|group| group.owner_after) {
                piece.owners.push(OwnerLeft { user: person.id.clone(), label: person.label().to_owned() });
            }
            let was =
                held.iter().any(|binding| makes_owner(&binding.terms)) || groups().any(|group| group.owner_before);
            if was && piece.last.is_none() {
                piece.last = Some(person.id.clone());
            }
        }
        self.compare(piece);
    }
}
