//! Which capabilities people and machines use: counted in the process, written with the uses of keys.
//!
//! A use is recorded where a capability is weighed and found: by the one place that authorises what castgate itself does
//! ([`App::begin`] and [`App::read`]), and where a service behind the gateway asks by name (`/auth/verify?can=…`). A service that
//! reads roles out of a token decides by itself, and of that nothing is known here.

use super::{App, Error};
use crate::{
    model::{Capability, ClusterId, Holder, Instant, OrganizationId, Scope},
    store::CapabilityUse,
};
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

/// Parts that do not wait for one another.
const PARTS: usize = 16;
/// Uses that are written by one transaction.
const CHUNK: usize = 500;

/// Uses by one holder that are not written yet: few, so they are looked through.
#[derive(Debug)]
struct OfHolder {
    organization: OrganizationId,
    uses: Vec<CapabilityUse>,
}

/// Uses of all capabilities that are not written yet.
#[derive(Debug, Default)]
pub(super) struct CapabilityUses {
    parts: [Mutex<HashMap<Holder, OfHolder>>; PARTS],
}

impl CapabilityUses {
    fn part(&self, holder: &Holder) -> &Mutex<HashMap<Holder, OfHolder>> {
        // The end of an id is random.
        let at = holder.as_str().bytes().rev().skip(1).take(2).fold(0_usize, |sum, byte| sum + usize::from(byte));
        &self.parts[at % PARTS]
    }

    fn note(
        &self,
        organization: &OrganizationId,
        holder: Holder,
        (capability, cluster): (Capability, Option<&ClusterId>),
        at: Instant,
    ) {
        let mut part = self.part(&holder).lock().unwrap_or_else(PoisonError::into_inner);
        let known = part.entry(holder.clone());
        let known = known.or_insert_with(|| OfHolder { organization: organization.clone(), uses: Vec::new() });
        let same = |one: &&mut CapabilityUse| one.capability == capability && one.cluster.as_ref() == cluster;
        if let Some(one) = known.uses.iter_mut().find(same) {
            (one.uses, one.last_at) = (one.uses + 1, at);
            return;
        }
        let cluster = cluster.cloned();
        known.uses.push(CapabilityUse { holder, capability, cluster, uses: 1, first_at: at, last_at: at });
    }

    fn take(&self) -> Vec<(OrganizationId, CapabilityUse)> {
        let mut all = Vec::new();
        for part in &self.parts {
            let taken = std::mem::take(&mut *part.lock().unwrap_or_else(PoisonError::into_inner));
            for OfHolder { organization, uses } in taken.into_values() {
                all.extend(uses.into_iter().map(|one| (organization.clone(), one)));
            }
        }
        all
    }

    fn put_back(&self, unwritten: Vec<(OrganizationId, CapabilityUse)>) {
        for (organization, one) in unwritten {
            let mut part = self.part(&one.holder).lock().unwrap_or_else(PoisonError::into_inner);
            let known = part.entry(one.holder.clone());
            let known = known.or_insert_with(|| OfHolder { organization, uses: Vec::new() });
            let same = |other: &&mut CapabilityUse| other.capability == one.capability && other.cluster == one.cluster;
            match known.uses.iter_mut().find(same) {
                Some(newer) => (newer.uses, newer.first_at) = (newer.uses + one.uses, one.first_at),
                None => known.uses.push(one),
            }
        }
    }
}

impl App {
    /// Counts that somebody used a capability. It costs no more than that.
    pub(super) fn note_capability_use(
        &self,
        organization: &OrganizationId,
        holder: Holder,
        (capability, scope): (Capability, &Scope),
    ) {
        let cluster = match scope {
            Scope::Organization => None,
            Scope::Cluster { id } => Some(id),
            // No door asks about one yet.
            Scope::Resource { .. } => return,
        };
        self.inner.capability_uses.note(organization, holder, (capability, cluster), self.clock().now());
    }

    /// Writes what was counted; how many rows. What cannot be written waits.
    pub(super) async fn write_capability_uses(&self) -> Result<usize, Error> {
        let mut waiting = self.inner.capability_uses.take();
        // Two nodes that write at once come to the same rows in the same order.
        waiting.sort_by(|(_, one), (_, other)| {
            let of = |one: &CapabilityUse| (one.holder.to_string(), one.capability, one.cluster.clone());
            of(one).cmp(&of(other))
        });
        let all = waiting.len();
        while !waiting.is_empty() {
            let chunk = &waiting[..waiting.len().min(CHUNK)];
            if let Err(error) = self.write_uses_of_capabilities(chunk).await {
                self.inner.capability_uses.put_back(waiting);
                return Err(error);
            }
            waiting.drain(..waiting.len().min(CHUNK));
        }
        Ok(all)
    }

    async fn write_uses_of_capabilities(&self, uses: &[(OrganizationId, CapabilityUse)]) -> Result<(), Error> {
        let mut tx = self.store().write("capability uses").await?;
        for (organization, one) in uses {
            tx.uses_recorded_since(organization, one.first_at).await?;
            tx.add_capability_uses(organization, one).await?;
        }
        Ok(tx.commit().await?)
    }
}
