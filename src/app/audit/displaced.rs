//! Where the event is that belongs to a number at which another one stands.

use super::{
    super::Error,
    chain::{self, Link},
};
use crate::{
    model::OrganizationId,
    store::{EventRow, Store, Value},
};

const CHUNK: i64 = 500;

/// Looks through all events of an organization for the one that belongs at `number` behind `previous`, where `stands` is
/// now. `Some(None)` when it was found and has no number any more.
pub(super) async fn look(
    store: &Store,
    organization: &OrganizationId,
    (previous, number): (&Link, i64),
    stands: &EventRow,
) -> Result<Option<Option<i64>>, Error> {
    let mut after = Value::Text(String::new());
    loop {
        // This is a hint for whoever repairs; rows that cannot be read do not stop it from being given.
        let Ok(events) = store.read().await?.events_by_id(organization, &after, CHUNK).await else { return Ok(None) };
        for event in events.iter().filter(|event| event.id != stands.id) {
            let link = Value::Blob(chain::link(organization, previous, number, event).to_vec());
            // It kept its link when it was moved, or left it to the one that stands there now.
            if link == event.chain || link == stands.chain {
                return Ok(Some(event.number.borrow().int().ok()));
            }
        }
        match events.last() {
            Some(last) if i64::try_from(events.len()).is_ok_and(|read| read == CHUNK) => after = last.id.clone(),
            _ => return Ok(None),
        }
    }
}
