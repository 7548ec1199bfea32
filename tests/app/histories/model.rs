//! What ought to be: users, groups and who is in them, in a few sets.

use castgate::model::{GroupId, Instant, UserId};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

const TOMBSTONE: Duration = Duration::from_hours(30 * 24);

/// Somebody, as long as the directory knows them, and as a tombstone afterwards.
#[derive(Debug, Clone)]
pub(super) struct Person {
    pub(super) id: UserId,
    pub(super) active: bool,
    pub(super) suspended: bool,
    pub(super) removed: Option<Instant>,
    /// The groups that they were in when they were removed.
    left: BTreeSet<GroupId>,
}

#[derive(Debug, Clone)]
pub(super) struct Team {
    pub(super) id: GroupId,
    pub(super) name: String,
    pub(super) removed: Option<Instant>,
    pub(super) members: BTreeSet<UserId>,
    pub(super) waiting: BTreeSet<String>,
}

/// One connection's directory. Somebody's userName and externalId are the same text.
#[derive(Debug, Default)]
pub(super) struct Model {
    /// By name; the last of each is the one that counts.
    pub(super) people: BTreeMap<String, Vec<Person>>,
    pub(super) teams: Vec<Team>,
}

impl Model {
    pub(super) fn person(&self, name: &str) -> Option<&Person> {
        self.people.get(name)?.last().filter(|person| person.removed.is_none())
    }

    pub(super) fn person_mut(&mut self, name: &str) -> Option<&mut Person> {
        self.people.get_mut(name)?.last_mut().filter(|person| person.removed.is_none())
    }

    /// Somebody's id, if they were ever here.
    pub(super) fn last_id(&self, name: &str) -> Option<UserId> {
        Some(self.people.get(name)?.last()?.id.clone())
    }

    fn name_of(&self, id: &UserId) -> Option<&str> {
        let live = |people: &Vec<Person>| people.last().is_some_and(|known| known.removed.is_none() && known.id == *id);
        self.people.iter().find(|(_, people)| live(people)).map(|(name, _)| name.as_str())
    }

    pub(super) fn team(&self, name: &str) -> Option<&Team> {
        self.teams.iter().find(|team| team.name == name && team.removed.is_none())
    }

    /// Whose id a push of this name ought to get; none: a new one.
    pub(super) fn pushed_id(&self, name: &str, now: Instant) -> Option<UserId> {
        let last = self.people.get(name)?.last()?;
        let returns = last.removed.is_none_or(|at| at >= now.minus(TOMBSTONE));
        returns.then(|| last.id.clone())
    }

    /// Which id a new group of this name ought to get; none: a new one.
    pub(super) fn revived_team(&self, name: &str, now: Instant) -> Option<GroupId> {
        let fresh = self.teams.iter().filter(|team| team.name == name);
        let fresh = fresh.filter(|team| team.removed.is_some_and(|at| at >= now.minus(TOMBSTONE)));
        fresh.max_by_key(|team| team.removed).map(|team| team.id.clone())
    }

    pub(super) fn comes(&mut self, name: &str, id: UserId) {
        let people = self.people.entry(name.to_owned()).or_default();
        let mut back = BTreeSet::new();
        match people.last_mut() {
            Some(known) if known.id == id => {
                let was_removed = known.removed.take().is_some();
                known.active = true;
                if was_removed {
                    back = std::mem::take(&mut known.left);
                } else {
                    return; // Rehired: whoever was only inactive never left a group.
                }
            }
            Some(_) | None => people.push(Person {
                id: id.clone(),
                active: true,
                suspended: false,
                removed: None,
                left: BTreeSet::new(),
            }),
        }
        for team in self.teams.iter_mut().filter(|team| team.removed.is_none()) {
            let awaited = [id.as_str(), name].into_iter().filter(|value| team.waiting.remove(*value)).count() > 0;
            if awaited || back.contains(&team.id) {
                team.members.insert(id.clone());
            }
        }
    }

    pub(super) fn goes(&mut self, name: &str, now: Instant) {
        let Some(person) = self.people.get_mut(name).and_then(|people| people.last_mut()) else { return };
        person.removed = Some(now);
        for team in &mut self.teams {
            if team.members.remove(&person.id) {
                person.left.insert(team.id.clone());
            }
        }
    }

    pub(super) fn team_comes(&mut self, id: GroupId, name: &str, members: &[String]) {
        match self.teams.iter_mut().find(|team| team.id == id) {
            Some(team) => team.removed = None,
            None => self.teams.push(Team {
                id: id.clone(),
                name: name.to_owned(),
                removed: None,
                members: BTreeSet::new(),
                waiting: BTreeSet::new(),
            }),
        }
        self.add(&id, members);
    }

    pub(super) fn team_goes(&mut self, id: &GroupId, now: Instant) {
        self.clear(id);
        self.with(id, |team| team.removed = Some(now));
    }

    pub(super) fn rename(&mut self, id: &GroupId, name: &str) {
        self.with(id, |team| name.clone_into(&mut team.name));
    }

    /// The values with the ids of those who are called by their names.
    fn meant(&self, values: &[String]) -> Vec<String> {
        let id = |name: &String| self.person(name).map_or_else(|| name.clone(), |person| person.id.to_string());
        values.iter().map(id).collect()
    }

    pub(super) fn add(&mut self, id: &GroupId, values: &[String]) {
        for value in &self.meant(values) {
            let known = value.parse::<UserId>().ok().filter(|id| self.name_of(id).is_some());
            self.with(id, |team| match known {
                Some(user) => drop(team.members.insert(user)),
                None => drop(team.waiting.insert(value.clone())),
            });
        }
    }

    pub(super) fn remove(&mut self, id: &GroupId, values: &[String]) {
        let values = self.meant(values);
        self.with(id, |team| {
            team.members.retain(|member| !values.iter().any(|value| value == member.as_str()));
            team.waiting.retain(|waiting| !values.contains(waiting));
        });
    }

    pub(super) fn clear(&mut self, id: &GroupId) {
        self.with(id, |team| {
            team.members.clear();
            team.waiting.clear();
        });
    }

    pub(super) fn replace(&mut self, id: &GroupId, values: &[String]) {
        let values = &self.meant(values);
        self.with(id, |team| {
            team.members.retain(|member| values.iter().any(|value| value == member.as_str()));
            team.waiting.retain(|waiting| values.contains(waiting));
        });
        self.add(id, values);
    }

    fn with(&mut self, id: &GroupId, change: impl FnOnce(&mut Team)) {
        if let Some(team) = self.teams.iter_mut().find(|team| team.id == *id) {
            change(team);
        }
    }
}
