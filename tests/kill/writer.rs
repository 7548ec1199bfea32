//! One provider's connection: sends changes as fast as they are answered, and notes what was promised.

use super::{
    gateway::Failure,
    record::{Known, Members, Person, Record},
    wire::{Answer, Wire},
};
use serde_json::{Value, json};

/// How many members a change of a group names.
const MANY: usize = 50;

/// Numbers that follow from a seed (SplitMix64): a failure can be played again.
#[derive(Debug, Clone)]
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    pub fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.number() % bound.max(1) as u64).unwrap_or(0)
    }
}

/// What a provider says of a person.
pub fn person_body(name: &str, title: u64, active: bool) -> String {
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "userName": name,
        "externalId": format!("id of {name}"),
        "title": title.to_string(),
        "active": active,
        "name": {"givenName": "Pat", "familyName": name},
        "emails": [{"value": format!("{name}@acme.example"), "type": "work", "primary": true}],
    })
    .to_string()
}

fn patch_body(operation: &Value) -> String {
    json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": [operation]}).to_string()
}

/// The id in an answer's body.
pub fn id_of(answer: &Answer) -> Result<String, Failure> {
    let body: Value = serde_json::from_slice(&answer.body)?;
    Ok(body["id"].as_str().ok_or("an answer without an id")?.to_owned())
}

/// One change on its way.
struct Change {
    method: &'static str,
    path: String,
    body: String,
}

/// Works until the gateway is gone. An answer that is no success is an error.
pub fn work(
    wire: &mut Wire,
    record: &mut Record,
    dice: &mut Dice,
    (label, pool): (&str, &[String]),
) -> Result<(), Failure> {
    loop {
        let (name, change) = choose(record, dice, label, pool);
        record.tally.sent += 1;
        let Ok(answer) = wire.send(change.method, &change.path, &change.body) else { return Ok(()) };
        if !(200..300).contains(&answer.status) {
            return Err(format!("{} {}: {}", change.method, change.path, answer.whole()).into());
        }
        record.tally.acknowledged += 1;
        match name.as_ref().and_then(|name| record.people.get_mut(name)) {
            Some(known) => {
                if known.id.is_empty() {
                    known.id = id_of(&answer)?;
                }
                known.acknowledge();
            }
            None => record.group.acknowledge(),
        }
    }
}

/// The next change, noted as in flight; with the name of the person whom it is about, if it is about one.
fn choose(record: &mut Record, dice: &mut Dice, label: &str, pool: &[String]) -> (Option<String>, Change) {
    let turn = dice.below(100);
    if turn < 10 {
        return (None, change_group(&mut record.group, dice, pool));
    }
    let somebody = record.names.get(dice.below(record.names.len())).cloned();
    let changed = somebody.and_then(|name| change_person(record.people.get_mut(&name)?, dice, turn, &name));
    if let Some((name, change)) = changed {
        return (Some(name), change);
    }
    let name = format!("{label}-{:08x}", dice.number() & 0xFFFF_FFFF);
    let mut known = Known::new(Person::Nobody);
    known.in_flight = Some(Person::Somebody { title: 0, active: true });
    record.people.insert(name.clone(), known);
    record.names.push(name.clone());
    let body = person_body(&name, 0, true);
    (Some(name), Change { method: "POST", path: "/scim/v2/Users".to_owned(), body })
}

/// A change of somebody who is there; none when it is time for somebody new.
fn change_person(known: &mut Known<Person>, dice: &mut Dice, turn: usize, name: &str) -> Option<(String, Change)> {
    let Person::Somebody { title, active } = known.acknowledged else { return None };
    let path = format!("/scim/v2/Users/{}", known.id);
    let (state, method, body) = match turn {
        10..40 => {
            let title = dice.number() >> 16;
            let body = patch_body(&json!({"op": "replace", "value": {"title": title.to_string()}}));
            (Person::Somebody { title, active }, "PATCH", body)
        }
        40..50 => {
            let title = dice.number() >> 16;
            (Person::Somebody { title, active }, "PUT", person_body(name, title, active))
        }
        50..65 => {
            let body = patch_body(&json!({"op": "replace", "path": "active", "value": !active}));
            (Person::Somebody { title, active: !active }, "PATCH", body)
        }
        65..70 => (Person::Deleted, "DELETE", String::new()),
        _ => return None,
    };
    known.in_flight = Some(state);
    Some((name.to_owned(), Change { method, path, body }))
}

/// Fifty members come, go, or are all there are.
fn change_group(group: &mut Known<Members>, dice: &mut Dice, pool: &[String]) -> Change {
    let mut chosen = Members::new();
    while chosen.len() < MANY.min(pool.len()) {
        chosen.extend(pool.get(dice.below(pool.len())).cloned());
    }
    let (operation, state) = match dice.below(3) {
        0 => ("add", group.acknowledged.union(&chosen).cloned().collect()),
        1 => ("remove", group.acknowledged.difference(&chosen).cloned().collect()),
        _ => ("replace", chosen.clone()),
    };
    group.in_flight = Some(state);
    let members: Vec<Value> = chosen.iter().map(|id| json!({"value": id})).collect();
    let body = patch_body(&json!({"op": operation, "path": "members", "value": members}));
    Change { method: "PATCH", path: format!("/scim/v2/Groups/{}", group.id), body }
}
