//! How often keys are used: counted in the process, written every few seconds. What is lost with a process is that little.

use super::{App, Error, Visit};
use crate::model::{Instant, KeyId, OrganizationId};
use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Mutex, PoisonError},
};

/// Parts that do not wait for one another.
const PARTS: usize = 16;
/// Keys whose counts are written by one transaction.
const CHUNK: usize = 500;

/// Uses of one key that are not written yet.
#[derive(Debug)]
struct Uses {
    organization: OrganizationId,
    count: i64,
    last: Instant,
    from: Option<IpAddr>,
}

/// Uses of all keys that are not written yet.
#[derive(Debug, Default)]
pub(super) struct KeyUses {
    parts: [Mutex<HashMap<KeyId, Uses>>; PARTS],
}

impl KeyUses {
    fn part(&self, key: &KeyId) -> &Mutex<HashMap<KeyId, Uses>> {
        // The end of an id is random.
        let at = key.as_str().bytes().rev().skip(1).take(2).fold(0_usize, |sum, byte| sum + usize::from(byte));
        &self.parts[at % PARTS]
    }

    fn note(&self, organization: &OrganizationId, key: &KeyId, (at, from): (Instant, Option<IpAddr>)) {
        let mut part = self.part(key).lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(uses) = part.get_mut(key) {
            (uses.count, uses.last, uses.from) = (uses.count + 1, at, from.or(uses.from));
            return;
        }
        part.insert(key.clone(), Uses { organization: organization.clone(), count: 1, last: at, from });
    }

    fn take(&self) -> Vec<(KeyId, Uses)> {
        let take = |part: &Mutex<HashMap<KeyId, Uses>>| {
            std::mem::take(&mut *part.lock().unwrap_or_else(PoisonError::into_inner))
        };
        self.parts.iter().flat_map(take).collect()
    }

    fn put_back(&self, unwritten: Vec<(KeyId, Uses)>) {
        for (key, uses) in unwritten {
            let mut part = self.part(&key).lock().unwrap_or_else(PoisonError::into_inner);
            match part.get_mut(&key) {
                Some(newer) => newer.count += uses.count,
                None => drop(part.insert(key, uses)),
            }
        }
    }
}

impl App {
    /// Counts that a key let somebody in from this address. It costs no more than that.
    pub fn note_key_use(&self, visit: &Visit, from: Option<IpAddr>) {
        if let Some(key) = visit.key() {
            self.inner.key_uses.note(&visit.organization, key, (self.clock().now(), from));
        }
    }

    /// Writes what was counted; of how many keys. What cannot be written waits.
    pub async fn write_key_uses(&self) -> Result<usize, Error> {
        self.write_capability_uses().await?;
        let mut waiting = self.inner.key_uses.take();
        // Two nodes that write at once come to the same rows in the same order.
        waiting.sort_by(|(one, _), (other, _)| one.cmp(other));
        let all = waiting.len();
        while !waiting.is_empty() {
            let chunk = &waiting[..waiting.len().min(CHUNK)];
            if let Err(error) = self.write_uses(chunk).await {
                self.inner.key_uses.put_back(waiting);
                return Err(error);
            }
            waiting.drain(..waiting.len().min(CHUNK));
        }
        Ok(all)
    }

    async fn write_uses(&self, uses: &[(KeyId, Uses)]) -> Result<(), Error> {
        let mut tx = self.store().write("key uses").await?;
        for (key, uses) in uses {
            let from = uses.from.map(|from| from.to_string());
            tx.add_key_uses(&uses.organization, key, uses.count, (uses.last, from.as_deref())).await?;
        }
        Ok(tx.commit().await?)
    }
}
