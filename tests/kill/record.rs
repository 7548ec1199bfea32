//! What the writers know: what was acknowledged, and what was sent and never answered.

use std::collections::{BTreeSet, HashMap};

/// What there is to know of a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Person {
    /// Nobody of this name.
    Nobody,
    /// Somebody, with a title that counts the changes.
    Somebody { title: u64, active: bool },
    /// Somebody who was deleted.
    Deleted,
}

/// Who is in a group, by their ids.
pub type Members = BTreeSet<String>;

/// One thing in one state, which at most one request is about to change.
#[derive(Debug, Clone)]
pub struct Known<State> {
    pub id: String,
    pub acknowledged: State,
    pub in_flight: Option<State>,
}

impl<State> Known<State> {
    pub fn new(acknowledged: State) -> Self {
        Self { id: String::new(), acknowledged, in_flight: None }
    }

    /// The answer came: what was in flight is promised now.
    pub fn acknowledge(&mut self) {
        if let Some(state) = self.in_flight.take() {
            self.acknowledged = state;
        }
    }
}

/// Everything that one writer did. Nobody else touches its people and its group.
#[derive(Debug)]
pub struct Record {
    pub people: HashMap<String, Known<Person>>,
    /// The names of the people, in the order of their coming.
    pub names: Vec<String>,
    pub group: Known<Members>,
    pub group_name: String,
    pub tally: Tally,
}

/// How much happened.
#[derive(Debug, Default, Clone, Copy)]
pub struct Tally {
    pub sent: u64,
    pub acknowledged: u64,
    /// Never answered, and found done.
    pub done_unasked: u64,
    /// Never answered, and found undone.
    pub undone: u64,
}

impl Tally {
    pub fn add(&mut self, other: Self) {
        self.sent += other.sent;
        self.acknowledged += other.acknowledged;
        self.done_unasked += other.done_unasked;
        self.undone += other.undone;
    }
}

impl Record {
    pub fn new(group_name: String) -> Self {
        Self {
            people: HashMap::new(),
            names: Vec::new(),
            group: Known::new(Members::new()),
            group_name,
            tally: Tally::default(),
        }
    }

    /// Compares with what the store holds after a crash, and takes that over. Says what is wrong.
    pub fn compare(
        &mut self,
        people: &HashMap<String, (String, Person)>,
        groups: &HashMap<String, (String, Members)>,
    ) -> Vec<String> {
        let mut wrong = Vec::new();
        for (name, known) in &mut self.people {
            let (id, found) = people.get(name).map_or((None, &Person::Nobody), |(id, person)| (Some(id), person));
            if let Some(id) = id
                && !known.id.is_empty()
                && known.id != *id
            {
                wrong.push(format!("{name} was acknowledged as {} and is {id}", known.id));
            }
            known.id = id.cloned().unwrap_or_default();
            wrong.extend(judge(name, known, found, &mut self.tally));
        }
        // A person of whom nothing is left was never acknowledged: forgotten.
        self.people.retain(|_, known| known.acknowledged != Person::Nobody);
        self.names.retain(|name| self.people.contains_key(name));
        match groups.get(&self.group_name) {
            Some((_, members)) => wrong.extend(judge(&self.group_name, &mut self.group, members, &mut self.tally)),
            None => wrong.push(format!("the group {} is gone", self.group_name)),
        }
        wrong
    }
}

/// Exactly one of two states is right: the last that was acknowledged, or the one that was in flight.
fn judge<State: PartialEq + Clone + std::fmt::Debug>(
    name: &str,
    known: &mut Known<State>,
    found: &State,
    tally: &mut Tally,
) -> Option<String> {
    let in_flight = known.in_flight.take();
    let wrong = if *found == known.acknowledged {
        tally.undone += u64::from(in_flight.is_some());
        None
    } else if in_flight.as_ref() == Some(found) {
        tally.done_unasked += 1;
        None
    } else {
        Some(format!("{name}: acknowledged {:?}, in flight {in_flight:?}, found {found:?}", known.acknowledged))
    };
    known.acknowledged = found.clone();
    wrong
}
