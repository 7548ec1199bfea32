//! From filters to SQL, and the listings of SCIM.
//!
//! [`Filter::matches`] is the one meaning of a filter, and SQL must agree with it to the letter. Names are compared folded,
//! which no database does as we do; so SQL answers what lies in a column that was folded here or is compared exactly, and
//! nothing else. A filter is *narrowed* to the condition that all its rows satisfy. When that condition is exact, SQL also
//! counts, orders and pages; when not, the rows it leaves are read in chunks, made into the resource that SCIM would
//! show, and put to the filter one by one. Either way the total is exact and the order stable.
//!
//! The extensions of a user are taken not to have attributes named as those of the core: a bare `externalId` means the
//! one at the top.

mod columns;
mod condition;
mod keyset;
mod listed;
mod listing;
mod narrow;
mod order;
mod reach;
mod resource;
#[cfg(test)]
mod tests;
mod words;

use self::{keyset::Keyset, listing::Listing};
use super::{StoreError, Tx, users::read};
use crate::{
    filter::{AttributeKinds, AttributePath, Filter},
    model::{ConnectionId, Group, Instant, KeptUser, OrganizationId, User},
};
pub use order::Place;
pub use reach::{Reach, Reached};
pub use resource::{group_resource, user_resource};

/// Which part of a listing is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    /// The first one, counted from 1 (RFC 7644 §3.4.2.4); 0 means 1.
    pub start_index: u64,
    /// How many at most, capped by the caller; 0 asks for the total alone.
    pub count: u64,
}

impl Page {
    /// None of them, only how many there are.
    const TOTAL: Self = Self { start_index: 1, count: 0 };

    fn offset(self) -> u64 {
        self.start_index.saturating_sub(1).min(i64::MAX.cast_unsigned())
    }
}

/// The order of a listing (RFC 7644 §3.4.2.3). Without a value comes last, or first when descending; the id decides
/// between equals. An attribute that nobody has leaves the order of the ids.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sort {
    /// By what.
    pub attribute: AttributePath,
    /// Whether the greatest comes first.
    pub descending: bool,
}

impl Tx {
    /// The users of a connection that match a filter, removed ones left out: how many, and those of the page.
    pub async fn list_users(
        &mut self,
        organization: &OrganizationId,
        connection: &ConnectionId,
        filter: Option<&Filter>,
        sort: Option<&Sort>,
        page: Page,
        kinds: &(dyn AttributeKinds + Sync),
    ) -> Result<(u64, Vec<KeptUser>), StoreError> {
        Listing { organization, connection, filter, sort, page, kinds }.make(self).await
    }

    /// The groups that a connection pushed and that match a filter, removed ones left out: how many, and those of the
    /// page.
    pub async fn list_groups(
        &mut self,
        organization: &OrganizationId,
        connection: &ConnectionId,
        filter: Option<&Filter>,
        sort: Option<&Sort>,
        page: Page,
        kinds: &(dyn AttributeKinds + Sync),
    ) -> Result<(u64, Vec<Group>), StoreError> {
        Listing { organization, connection, filter, sort, page, kinds }.make(self).await
    }

    /// The users of a connection that match a filter, from a place on.
    pub async fn reach_users(
        &mut self,
        organization: &OrganizationId,
        connection: &ConnectionId,
        filter: Option<&Filter>,
        sort: Option<&Sort>,
        reach: &Reach,
        kinds: &(dyn AttributeKinds + Sync),
    ) -> Result<Reached<KeptUser>, StoreError> {
        Listing { organization, connection, filter, sort, page: Page::TOTAL, kinds }.reach(self, reach).await
    }

    /// The groups that a connection pushed and that match a filter, from a place on.
    pub async fn reach_groups(
        &mut self,
        organization: &OrganizationId,
        connection: &ConnectionId,
        filter: Option<&Filter>,
        sort: Option<&Sort>,
        reach: &Reach,
        kinds: &(dyn AttributeKinds + Sync),
    ) -> Result<Reached<Group>, StoreError> {
        Listing { organization, connection, filter, sort, page: Page::TOTAL, kinds }.reach(self, reach).await
    }

    /// The people of an organization behind `after` (an id, or '') that match a filter, removed ones left out: at most `limit`,
    /// and where the next page begins.
    pub async fn search_users(
        &mut self,
        organization: &OrganizationId,
        filter: Option<&Filter>,
        (after, limit): (&str, usize),
        kinds: &(dyn AttributeKinds + Sync),
    ) -> Result<(Vec<User>, Option<String>), StoreError> {
        let (kept, next) = Keyset { organization, filter, after, limit, kinds }.make(self).await?;
        Ok((kept.into_iter().map(read).collect::<Result<_, _>>()?, next))
    }

    /// The groups of an organization behind `after` that match a filter, local ones included, removed ones left out.
    pub async fn search_groups(
        &mut self,
        organization: &OrganizationId,
        filter: Option<&Filter>,
        (after, limit): (&str, usize),
        kinds: &(dyn AttributeKinds + Sync),
    ) -> Result<(Vec<Group>, Option<String>), StoreError> {
        Keyset { organization, filter, after, limit, kinds }.make(self).await
    }
}

/// A time as filters read it: without an offset it is in UTC, and a date alone is its first moment.
fn instant(text: &str) -> Option<Instant> {
    let text = text.trim();
    text.parse().or_else(|_| format!("{text}Z").parse()).or_else(|_| format!("{text}T00:00:00Z").parse()).ok()
}
