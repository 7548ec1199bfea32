//! Members in bulk: one change for several people, with one preview of what it does to their keys.

use super::{
    KeyTerms, RoleChange,
    several::{ChangeOutcome, SeveralPreview, Step, What},
};
use crate::{
    app::{App, Ctx, Error},
    model::{GroupId, Holder, Role, UserId},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// The most people whom one change is for.
const MOST_MEMBERS: usize = 200;

/// What is done with each of several people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum MemberChange {
    /// Gives them this role in the place of every other that people gave them directly at the same scope.
    SetRole {
        /// Which.
        role: Role,
        /// On this cluster, by its slug or id; nothing: on the whole organization.
        cluster: Option<String>,
        /// On each of these clusters, by their slugs or ids.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        clusters: Option<Vec<String>>,
    },
    /// Puts them into a local group.
    Join {
        /// Which.
        group: GroupId,
    },
    /// Takes them out of a local group.
    Leave {
        /// Which.
        group: GroupId,
    },
    // Braces, so that a field too many is refused here as well.
    /// Suspends them.
    Suspend {},
    /// Takes a suspension by a person back.
    Reactivate {},
    /// Removes them, if they belong to no connection.
    Remove {},
}

impl MemberChange {
    fn of(&self, user: &UserId) -> What {
        let user = user.clone();
        match self {
            Self::SetRole { role, cluster, clusters } => {
                let (role, cluster, clusters) = (role.clone(), cluster.clone(), clusters.clone());
                What::Roles(RoleChange::SetRole { user, role, cluster, clusters })
            }
            Self::Join { group } => What::Roles(RoleChange::Join { group: group.clone(), member: Holder::User(user) }),
            Self::Leave { group } => {
                What::Roles(RoleChange::Leave { group: group.clone(), member: Holder::User(user) })
            }
            Self::Suspend {} => What::Roles(RoleChange::Suspend { user }),
            Self::Reactivate {} => What::Reactivate(user),
            Self::Remove {} => What::Roles(RoleChange::Remove { user }),
        }
    }
}

fn steps(users: &[UserId], change: &MemberChange) -> Result<Vec<Step>, Error> {
    let different: BTreeSet<&UserId> = users.iter().collect();
    if users.is_empty() || users.len() > MOST_MEMBERS || different.len() != users.len() {
        return Err(Error::invalid("users", format!("name 1 to {MOST_MEMBERS} people, each once")));
    }
    let step = |user: &UserId| Step { about: user.to_string(), what: change.of(user), found: None };
    Ok(users.iter().map(step).collect())
}

impl App {
    /// What a change would do to each of these people, and to which keys. Nothing is changed.
    pub async fn preview_member_change(
        &self,
        ctx: &Ctx,
        users: &[UserId],
        change: &MemberChange,
    ) -> Result<SeveralPreview, Error> {
        drop(self.read(ctx, crate::model::Capability::ManageMembers).await?);
        self.preview_several(ctx, &steps(users, change)?).await
    }

    /// Makes a change for several people as it was previewed. Each is a transaction: who is refused is told of, the others are
    /// changed.
    pub async fn change_members(
        &self,
        ctx: &Ctx,
        (users, change): (&[UserId], &MemberChange),
        terms: &KeyTerms,
    ) -> Result<Vec<ChangeOutcome>, Error> {
        drop(self.read(ctx, crate::model::Capability::ManageMembers).await?);
        self.make_several(ctx, steps(users, change)?, terms).await
    }
}
