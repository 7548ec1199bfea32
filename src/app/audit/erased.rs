//! Details of events that were erased on request: what is left of them, and what makes it legitimate.
//!
//! In the place of the detail stands [`ERASED`], beside it the hash that is in the chain. That may be so only where an event of
//! erasure, which lies in the chain itself, says how many events it left so and which: by a digest over their ids and hashes.

use super::{
    super::Error,
    chain::{Bytes, Link, of_detail},
};
use crate::{
    crypto::sha256,
    model::{EventId, EventKind, OrganizationId},
    store::{EventRow, Tx, Value},
};
use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};

/// What stands where an erased detail stood.
pub(in crate::app) const ERASED: &str = r#"{"erased":true}"#;

/// Every use of a hash says what it is for.
const PURPOSE: &str = "castgate erasure 1";
/// Events that are read at once.
const CHUNK: i64 = 500;

/// What an event of erasure says of the events whose details went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::app) struct Erased {
    /// How many.
    pub(in crate::app) events: i64,
    /// The digest over them.
    pub(in crate::app) digest: String,
}

/// What is kept of an event's detail when it is erased: what went into the chain, or will.
pub(in crate::app) fn kept(event: &EventRow) -> Link {
    of_detail(event)
}

/// What an erasure left, as it is now. None where something stands there that no erasure leaves.
pub(in crate::app) async fn left_by(
    tx: &mut Tx,
    organization: &OrganizationId,
    by: &EventId,
) -> Result<Option<Erased>, Error> {
    let (mut digest, mut events, mut after): (Link, i64, Value) = ([0; 32], 0, Value::Text(String::new()));
    loop {
        let rows = tx.events_erased_by(organization, by, &after, CHUNK).await?;
        for row in &rows {
            let [.., detail] = &row.columns;
            let is_left = *detail == Value::Text(ERASED.to_owned()) && row.salt == Value::Null;
            if !is_left || !matches!(&row.detail_hash, Value::Blob(hash) if hash.len() == digest.len()) {
                return Ok(None);
            }
            let mut bytes = Bytes::of(PURPOSE);
            bytes.put(&digest);
            bytes.value(&row.id);
            bytes.value(&row.detail_hash);
            digest = sha256(&bytes.0);
            events += 1;
        }
        match rows.last() {
            Some(last) if i64::try_from(rows.len()).is_ok_and(|read| read == CHUNK) => after = last.id.clone(),
            _ => return Ok(Some(Erased { events, digest: HEXLOWER.encode(&digest) })),
        }
    }
}

/// Whether the event of this id is one of erasure and left just what there is now.
pub(super) async fn stands(tx: &mut Tx, organization: &OrganizationId, by: &Value) -> Result<bool, Error> {
    let Some(id) = by.borrow().text().ok().and_then(|text| text.parse::<EventId>().ok()) else { return Ok(false) };
    let Some(event) = tx.event_row(organization, &id).await? else { return Ok(false) };
    let [_, kind, .., detail] = &event.columns;
    // An erasure whose own detail is gone says nothing.
    if *kind != Value::Text(EventKind::UserErased.name().to_owned()) || event.detail_hash != Value::Null {
        return Ok(false);
    }
    let said = detail.borrow().text().ok().and_then(|text| serde_json::from_str::<Erased>(text).ok());
    Ok(said.is_some() && said == left_by(tx, organization, &id).await?)
}
