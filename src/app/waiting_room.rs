//! Places of those who wait: few enough for the process, and no organization takes those of another.

use crate::model::OrganizationId;
use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// Who waits, by organization.
#[derive(Debug)]
pub(super) struct WaitingRoom {
    most: usize,
    most_of_one: usize,
    taken: Mutex<HashMap<OrganizationId, usize>>,
}

/// A place, which is free again when this is dropped.
#[derive(Debug)]
pub(super) struct Place<'a> {
    room: &'a WaitingRoom,
    organization: OrganizationId,
}

impl WaitingRoom {
    pub(super) fn new(most: usize, most_of_one: usize) -> Self {
        Self { most, most_of_one, taken: Mutex::default() }
    }

    /// A place for somebody of this organization; none: they are all taken.
    pub(super) fn place(&self, organization: &OrganizationId) -> Option<Place<'_>> {
        let mut taken = self.taken();
        let own = taken.get(organization).copied().unwrap_or_default();
        // No more organizations are in there than there are places.
        if own >= self.most_of_one || taken.values().sum::<usize>() >= self.most {
            return None;
        }
        taken.insert(organization.clone(), own + 1);
        Some(Place { room: self, organization: organization.clone() })
    }

    fn taken(&self) -> MutexGuard<'_, HashMap<OrganizationId, usize>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut taken = self.room.taken();
        let left = taken.get(&self.organization).map_or(0, |own| own.saturating_sub(1));
        if left == 0 {
            taken.remove(&self.organization);
        } else {
            taken.insert(self.organization.clone(), left);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_takes_the_places_of_others_and_who_leaves_gives_theirs_back() {
        let room = WaitingRoom::new(3, 2);
        let [acme, beta, gamma] = [1, 2, 3].map(|id| format!("org_06h000000000000000000000{id}0").parse().unwrap());
        let first = room.place(&acme);
        let second = room.place(&acme);
        assert!(first.is_some() && second.is_some());
        assert!(room.place(&acme).is_none(), "they have their two");
        let other = room.place(&beta);
        assert!(other.is_some());
        assert!(room.place(&gamma).is_none(), "the room is full");
        drop(second);
        assert!(room.place(&gamma).is_some());
        drop((first, other));
        assert!(room.taken().is_empty());
    }
}
