//! What lists show beside what is stored: what each person may do, when they were last here, and names in the place of ids.

use super::{App, Ctx, Error, Need};
use crate::{
    access::Access,
    filter::Filter,
    model::{Capability, ConnectionId, Group, GroupId, Instant, Scope, User},
    scim::ResourceType,
    store::{Member, Tx},
};
use std::collections::{BTreeSet, HashMap};

/// Ids that one page may ask the names of.
const MOST_NAMES: usize = 2_000;

/// A person with what a list says of them.
#[derive(Debug, Clone)]
pub struct RosterRow {
    /// Who.
    pub user: User,
    /// What they may do, with reasons.
    pub access: Access,
    /// When they were last here in person.
    pub in_person_at: Option<Instant>,
    /// When a key of theirs was last used.
    pub by_key_at: Option<Instant>,
}

impl RosterRow {
    /// When they were last here in person or by a key; none: not since castgate keeps record of it.
    #[must_use]
    pub fn last_seen_at(&self) -> Option<Instant> {
        self.in_person_at.max(self.by_key_at)
    }
}

/// Whom a list shows.
#[derive(Debug, Clone, Copy)]
pub enum RosterOf<'a> {
    /// Whom a filter over their SCIM attributes matches; none: everybody.
    Matching(Option<&'a Filter>),
    /// Whose name or address has these words in it.
    Called(&'a str),
}

/// What ids stand for: people, groups, service accounts, clusters, custom roles, connections, invitations, webhooks.
#[derive(Debug, Clone, Default)]
pub struct Names(HashMap<String, String>);

impl Names {
    /// The name of an id; what has none is said as it is.
    #[must_use]
    pub fn of<'a>(&'a self, id: &'a str) -> &'a str {
        self.0.get(id).map_or(id, String::as_str)
    }

    /// The name of an id, where it is known.
    #[must_use]
    pub fn known(&self, id: &str) -> Option<&str> {
        self.0.get(id).map(String::as_str)
    }
}

impl App {
    /// People behind `page`, with what a list says of each, and where the next page begins. A page of those who match a filter may
    /// be short, or empty, and have another behind it.
    pub async fn roster(
        &self,
        ctx: &Ctx,
        whom: RosterOf<'_>,
        page: (&str, usize),
    ) -> Result<(Vec<RosterRow>, Option<String>), Error> {
        let mut tx = self.read(ctx, Capability::ManageMembers).await?;
        let organization = &ctx.organization;
        let (users, next) = match whom {
            RosterOf::Matching(filter) => tx.search_users(organization, filter, page, &ResourceType::User).await?,
            RosterOf::Called(words) => tx.people_called(organization, words, page).await?,
        };
        Ok((self.roster_rows(&mut tx, ctx, users).await?, next))
    }

    /// What a list says of each of these people: as many statements for a page of them as for one.
    pub(super) async fn roster_rows(&self, tx: &mut Tx, ctx: &Ctx, users: Vec<User>) -> Result<Vec<RosterRow>, Error> {
        if users.is_empty() {
            return Ok(Vec::new());
        }
        let mut access = self.access_of_each(tx, &ctx.organization, &users, ctx.now).await?;
        let ids = users.iter().map(|user| user.id.clone()).collect();
        let seen = tx.last_seen_of(&ctx.organization, &ids).await?;
        let row = |user: User| {
            let (in_person_at, by_key_at) = seen.get(&user.id).copied().unwrap_or_default();
            let access = access.remove(&user.id).unwrap_or_else(Access::none);
            RosterRow { user, access, in_person_at, by_key_at }
        };
        Ok(users.into_iter().map(row).collect())
    }

    /// One group with the first people in it, at most so many.
    pub async fn group_with(&self, ctx: &Ctx, id: &GroupId, most: i64) -> Result<(Group, Vec<Member>), Error> {
        let mut tx = self.read(ctx, Capability::ManageMembers).await?;
        let found = tx.group(&ctx.organization, id).await?.filter(|group| group.removed_at.is_none());
        let group = found.ok_or_else(|| Error::not_found("group", id.as_str()))?;
        let members = tx.members(&ctx.organization, id, most).await?;
        Ok((group, members))
    }

    /// The connections that brought the people and groups among these ids.
    pub async fn connections_of(&self, ctx: &Ctx, ids: &[String]) -> Result<HashMap<String, ConnectionId>, Error> {
        let mut tx = self.read(ctx, Capability::ManageMembers).await?;
        Ok(tx.connections_of(&ctx.organization, ids).await?)
    }

    /// The names of clusters, custom roles and connections, and of the people, groups and machines among these ids. Who may not
    /// see those gets the clusters that they may see, and the roles.
    pub async fn names(&self, ctx: &Ctx, ids: impl IntoIterator<Item = String>) -> Result<Names, Error> {
        let ids: BTreeSet<String> = ids.into_iter().take(MOST_NAMES).collect();
        let mut tx = self.read(ctx, Need::Self_).await?;
        let organization = &ctx.organization;
        let access = self.access_of_actor(&mut tx, ctx).await?;
        let may = |need| access.as_ref().is_none_or(|access| access.can(need, &Scope::Organization));
        let sees_people = may(Capability::ManageMembers) || may(Capability::ManageOrganization);
        let mut names = HashMap::new();
        for cluster in tx.clusters(organization).await? {
            let scope = Scope::cluster(cluster.id.clone());
            let theirs = access.as_ref().is_none_or(|access| access.can(Capability::ViewClusters, &scope));
            if sees_people || theirs {
                // What is held there stays, and whoever reads of it learns that there may be nothing any more.
                let name = match cluster.gone_since {
                    Some(_) => format!("{} (no longer at Cast AI)", cluster.slug),
                    None => cluster.slug,
                };
                names.insert(cluster.id.to_string(), name);
            }
        }
        let roles = tx.custom_roles(organization).await?;
        names.extend(roles.into_iter().map(|role| (role.id.to_string(), role.name)));
        if sees_people {
            let connections = tx.connections(organization).await?;
            names.extend(connections.into_iter().map(|connection| (connection.id.to_string(), connection.name)));
            names.extend(tx.names_of(organization, &ids).await?);
            if ids.contains(organization.as_str())
                && let Some(found) = tx.organization(organization).await?
            {
                names.insert(organization.to_string(), found.name);
            }
        }
        Ok(Names(names))
    }
}
