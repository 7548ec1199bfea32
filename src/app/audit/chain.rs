//! The bytes that an event's link of the chain is made of.

use crate::{
    crypto::sha256,
    model::OrganizationId,
    store::{EventRow, Value},
};

/// A link: the SHA-256 of the one before it and of the event.
pub(super) type Link = [u8; 32];

/// What the first event follows.
pub(super) const BEGINNING: Link = [0; 32];

/// Every use of a hash or a signature says what it is for.
const PURPOSE: &str = "castgate event 1";

/// The link of an event that has this number and follows this link.
///
/// Each part carries its kind and its length, so that no two events have the same bytes. Of the detail only the hash goes
/// in: it can be erased without breaking the chain, and what is left of it is the hash.
pub(super) fn link(organization: &OrganizationId, previous: &Link, number: i64, event: &EventRow) -> Link {
    let mut bytes = Bytes::of(PURPOSE);
    bytes.put(organization.as_str().as_bytes());
    bytes.put(previous);
    bytes.put(&number.to_be_bytes());
    bytes.value(&event.id);
    let [columns @ .., _] = &event.columns;
    for column in columns {
        bytes.value(column);
    }
    match &event.detail_hash {
        Value::Null => bytes.put(&of_detail(event)),
        Value::Blob(hash) => bytes.put(hash),
        // It cannot be what was sealed.
        other @ (Value::Int(_) | Value::Text(_)) => bytes.value(other),
    }
    bytes.put(&(event.subjects.len() as u64).to_be_bytes());
    for subject in &event.subjects {
        bytes.value(subject);
    }
    sha256(&bytes.0)
}

/// The commitment to an event's detail: its hash, with its salt where it has one.
pub(super) fn of_detail(event: &EventRow) -> Link {
    let [.., detail] = &event.columns;
    let mut bytes = match &event.salt {
        Value::Null => Bytes::of(PURPOSE),
        salt => {
            let mut bytes = Bytes::of("castgate event detail 2");
            bytes.value(salt);
            bytes
        }
    };
    bytes.value(detail);
    sha256(&bytes.0)
}

/// Bytes that can be read in one way only.
pub(super) struct Bytes(pub(super) Vec<u8>);

impl Bytes {
    /// Begins with what they are for.
    pub(super) fn of(purpose: &str) -> Self {
        let mut bytes = Self(Vec::with_capacity(512));
        bytes.put(purpose.as_bytes());
        bytes
    }

    /// Appends a part with its length in front.
    pub(super) fn put(&mut self, part: &[u8]) {
        self.0.extend_from_slice(&(part.len() as u64).to_be_bytes());
        self.0.extend_from_slice(part);
    }

    /// Appends a value with its kind in front.
    pub(super) fn value(&mut self, value: &Value) {
        match value {
            Value::Null => self.0.push(0),
            Value::Int(number) => {
                self.0.push(1);
                self.put(&number.to_be_bytes());
            }
            Value::Text(text) => {
                self.0.push(2);
                self.put(text.as_bytes());
            }
            Value::Blob(blob) => {
                self.0.push(3);
                self.put(blob);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use data_encoding::HEXLOWER;

    fn event() -> EventRow {
        let text = |text: &str| Value::Text(text.to_owned());
        EventRow {
            number: Value::Null,
            chain: Value::Null,
            id: text("evt_1"),
            columns: [Value::Int(5), text("user.created"), text("operator"), text("req_1"), text("{}")],
            salt: Value::Null,
            detail_hash: Value::Null,
            erased_by: Value::Null,
            subjects: vec![text("usr_1"), text("grp_1")],
        }
    }

    fn organization() -> OrganizationId {
        "org_06h00000000000000000000000".parse().unwrap()
    }

    /// What is sealed today must verify for ever: this value never changes.
    #[test]
    fn the_link_of_an_event_is_this_for_ever() {
        let link = link(&organization(), &BEGINNING, 1, &event());
        insta::assert_snapshot!(HEXLOWER.encode(&link));
        let salted = EventRow { salt: Value::Blob(vec![9; 16]), ..event() };
        let link = super::link(&organization(), &BEGINNING, 1, &salted);
        insta::assert_snapshot!("salted", HEXLOWER.encode(&link));
    }

    /// The detail and its salt go; the link stays, and says nothing of what the detail was.
    #[test]
    fn an_event_keeps_its_link_when_its_detail_is_erased() {
        for salt in [Value::Null, Value::Blob(vec![9; 16])] {
            let whole = EventRow { salt, ..event() };
            let mut erased = EventRow { detail_hash: Value::Blob(of_detail(&whole).to_vec()), ..whole.clone() };
            erased.salt = Value::Null;
            erased.columns[4] = Value::Text("{\"erased\":true}".into());
            let of = |event: &EventRow| link(&organization(), &BEGINNING, 1, event);
            assert_eq!(of(&whole), of(&erased));
            erased.detail_hash = Value::Blob(vec![0; 32]);
            assert_ne!(of(&whole), of(&erased));
        }
    }

    #[test]
    fn nothing_of_an_event_can_change_without_changing_its_link() {
        let whole = link(&organization(), &BEGINNING, 1, &event());
        let mut others = vec![
            link(&"org_06j00000000000000000000000".parse().unwrap(), &BEGINNING, 1, &event()),
            link(&organization(), &[1; 32], 1, &event()),
            link(&organization(), &BEGINNING, 2, &event()),
        ];
        let mut change = |change: &dyn Fn(&mut EventRow)| {
            let mut event = event();
            change(&mut event);
            others.push(link(&organization(), &BEGINNING, 1, &event));
        };
        change(&|event| event.id = Value::Text("evt_2".into()));
        for column in 0..5 {
            change(&|event| event.columns[column] = Value::Null);
        }
        change(&|event| event.columns[1] = Value::Text("user.createdoperator".into()));
        change(&|event| event.columns[0] = Value::Text("5".into()));
        change(&|event| event.salt = Value::Blob(vec![9; 16]));
        change(&|event| event.salt = Value::Blob(vec![8; 16]));
        change(&|event| event.detail_hash = Value::Blob(vec![8; 32]));
        change(&|event| event.detail_hash = Value::Text("8".into()));
        change(&|event| event.subjects.truncate(1));
        change(&|event| event.subjects.push(Value::Text(String::new())));
        change(&|event| event.subjects.reverse());
        change(&|event| event.subjects = vec![Value::Text("usr_1grp_1".into())]);
        others.push(whole);
        let count = others.len();
        others.sort_unstable();
        others.dedup();
        assert_eq!(others.len(), count);
    }
}
