//! Key-safe role change: no cluster goes dark because of a dropdown.
//!
//! A change of roles or scopes of a person, made by a person, touches that person's API keys. [`App::preview_role_change`] makes
//! the change, sees which keys it touches, and undoes it: whoever asks reads each key with its last use and what would stop, and
//! gets a token. [`App::change_roles`] makes the same change again with the token and, for each key, a [`Choice`]; what is touched
//! then must be what was shown, or nothing happens. Both run one code, so a preview cannot disagree with its change.
//!
//! A change by a machine holds nobody up: a key carries its own rights ∩ its owner's, so what is lost is lost at the next use.
//! [`review`] finds those keys afterwards, from keys to their owners, tells who should know, and deletes them after a grace.

mod choices;
mod members;
mod mirrored;
mod moving;
mod notices;
mod overdue;
mod review;
mod rotation;
mod several;
mod token;
mod touched_key;
mod weigh;

pub use choices::{Choice, KeyDone, KeyOutcome};
pub use members::MemberChange;
pub use mirrored::{Mirrored, ReadKey};
pub use moving::Moved;
pub use review::ReviewRound;
pub use rotation::Rotated as RotatedKey;
pub use several::{ChangeOutcome, PreviewedChange, RefusedChange, SeveralPreview};
pub(super) use several::{Step, What};
pub use touched_key::TouchedKey;
pub(super) use weigh::{RoleMove, Touched};

use super::{
    App, Configuration, ConfigurationPlan, Ctx, Error, Gift, MappingPlan, Need, Publication, RemovedGroup, RoleWish,
    Work,
};
use crate::model::{
    Binding, BindingId, Capability, GroupId, Holder, Instant, KeptRole, KeyId, MirroredKey, Role, RoleId, Subject,
    UserId,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// A change of roles or scopes of people, made by a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum RoleChange {
    /// Gives a person this role in the place of every other that people gave them directly at the same scope.
    SetRole {
        /// Whom.
        user: UserId,
        /// Which.
        role: Role,
        /// On this cluster, by its slug or id; nothing: on the whole organization.
        cluster: Option<String>,
        /// On each of these clusters, by their slugs or ids: all of them or none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        clusters: Option<Vec<String>>,
    },
    /// Gives a role to a user, a group or a service account.
    Give {
        /// The id of whom.
        subject: Holding,
        /// Which.
        role: Role,
        /// On this cluster, by its slug or id; nothing: on the whole organization.
        cluster: Option<String>,
        /// On each of these clusters, by their slugs or ids: all of them or none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        clusters: Option<Vec<String>>,
        /// When it stops by itself.
        until: Option<Instant>,
    },
    /// Takes what a person gave.
    Take {
        /// Which binding.
        binding: BindingId,
        /// With everything that the same act gave at other places.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        together: bool,
    },
    /// Puts somebody into a local group.
    Join {
        /// Which.
        group: GroupId,
        /// Whom.
        member: Holder,
    },
    /// Takes somebody out of a local group.
    Leave {
        /// Which.
        group: GroupId,
        /// Whom.
        member: Holder,
    },
    /// Deletes a local group.
    DeleteGroup {
        /// Which.
        group: GroupId,
    },
    /// Makes a custom role let its holders do exactly this.
    EditRole {
        /// Which.
        role: RoleId,
        /// What.
        capabilities: BTreeSet<Capability>,
    },
    /// Suspends somebody. Their keys are kept for the day they come back, unless another choice is made.
    Suspend {
        /// Whom.
        user: UserId,
    },
    /// Removes a local person. Their keys are kept as long as they may come back, unless another choice is made.
    Remove {
        /// Whom.
        user: UserId,
    },
    /// Publishes a mapping.
    Publish(Publication),
    /// Makes the organization what a document says.
    Configure(Configuration),
}

/// The id of a user, a group or a service account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Holding(pub String);

impl Holding {
    /// Whom it means.
    pub fn subject(&self) -> Result<Subject, Error> {
        self.0.parse().map_err(|error: crate::model::BadSubject| Error::invalid("subject", error.to_string()))
    }
}

impl RoleChange {
    /// What the actor must hold.
    #[must_use]
    pub fn need(&self) -> Need {
        match self {
            Self::SetRole { .. }
            | Self::Give { .. }
            | Self::Take { .. }
            | Self::Join { .. }
            | Self::Leave { .. }
            | Self::DeleteGroup { .. }
            | Self::Suspend { .. }
            | Self::Remove { .. } => Capability::ManageMembers.into(),
            Self::EditRole { .. } | Self::Publish(_) | Self::Configure(_) => Capability::ManageOrganization.into(),
        }
    }

    /// What becomes of a touched key of which nothing is said: who is suspended or removed may come back, and their keys with them.
    fn unless_said(&self) -> Choice {
        match self {
            Self::Suspend { .. } | Self::Remove { .. } => Choice::Keep,
            Self::SetRole { .. }
            | Self::Give { .. }
            | Self::Take { .. }
            | Self::Join { .. }
            | Self::Leave { .. }
            | Self::DeleteGroup { .. }
            | Self::EditRole { .. }
            | Self::Publish(_)
            | Self::Configure(_) => Choice::Delete,
        }
    }
}

/// What a change of roles would do to keys.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct KeyPreview {
    /// What the change is made with. It is worth something as long as the same keys are touched in the same way.
    pub token: String,
    /// Every key that is touched.
    pub keys: Vec<TouchedKey>,
    /// Keys of Cast AI that it ends there: they cannot be moved, so make other ones of a service account first.
    pub mirrored: Vec<MirroredKey>,
    /// What becomes of those of which nothing is said: `delete` or `keep`.
    pub unless_said: Choice,
}

/// What comes with a change of roles.
#[derive(Debug, Clone, Default)]
pub struct KeyTerms {
    /// The token of its preview.
    pub preview: String,
    /// What becomes of single keys.
    pub keys: BTreeMap<KeyId, Choice>,
    /// What becomes of all the others; nothing: what the preview says.
    pub others: Option<Choice>,
}

/// A change of roles that was made.
#[derive(Debug, Default)]
pub struct RolesChanged {
    /// The bindings that were opened, or stand for what was asked: one for each place.
    pub bindings: Vec<Binding>,
    /// What became of each touched key.
    pub keys: Vec<KeyOutcome>,
}

/// What a change came to, for whoever asked for that very change.
#[derive(Debug, Default)]
pub(super) struct Done {
    pub(super) bindings: Vec<Binding>,
    pub(super) came: Option<bool>,
    pub(super) removed: Option<RemovedGroup>,
    pub(super) role: Option<KeptRole>,
    pub(super) plan: Option<MappingPlan>,
    pub(super) configured: Option<ConfigurationPlan>,
}

/// That a change came to nothing that it should have come to.
pub(super) fn nothing_done() -> Error {
    Error::internal("a change of roles came to nothing")
}

impl App {
    /// Which keys a change of roles would touch. The change is made and undone.
    pub async fn preview_role_change(&self, ctx: &Ctx, change: &RoleChange) -> Result<KeyPreview, Error> {
        self.write_key_uses().await?;
        let configuring = self.prepared_for(ctx, change, false).await?;
        let (prepared, ctx) = self.prepared_publication(ctx, change).await;
        let mut work = self.begin(&ctx, change.need()).await?;
        (work.configuring, work.prepared) = (configuring, prepared);
        let outcome = Box::pin(work.previewed(change)).await;
        work.tx.rollback().await?;
        outcome
    }

    /// Makes a change of roles as it was previewed, and does with each touched key what was chosen, in one transaction.
    pub async fn change_roles(&self, ctx: &Ctx, change: &RoleChange, terms: &KeyTerms) -> Result<RolesChanged, Error> {
        let configuring = self.prepared_for(ctx, change, true).await?;
        let (prepared, ctx) = self.prepared_publication(ctx, change).await;
        let mut work = self.begin(&ctx, change.need()).await?;
        (work.configuring, work.prepared) = (configuring, prepared);
        let outcome = Box::pin(work.change_roles(change, terms)).await;
        work.finish(outcome).await
    }
}

impl Work<'_> {
    async fn previewed(&mut self, change: &RoleChange) -> Result<KeyPreview, Error> {
        let seen = self.weigh(change).await?;
        self.carry_out(change.clone()).await?;
        // The guard belongs to the preview as it belongs to the change: what it would refuse is refused here.
        self.guard_owners().await?;
        let mirrored = self.mirrored_touched(&seen).await?;
        let touched = self.touched(&seen).await?;
        Ok(KeyPreview {
            token: token::of(&self.ctx.organization, change, &touched)?,
            keys: self.told_of(&touched).await?,
            mirrored,
            unless_said: change.unless_said(),
        })
    }

    async fn change_roles(&mut self, change: &RoleChange, terms: &KeyTerms) -> Result<RolesChanged, Error> {
        let seen = self.weigh(change).await?;
        let done = self.carry_out(change.clone()).await?;
        let touched = self.touched(&seen).await?;
        token::check(&terms.preview, (&self.ctx.organization, change), &touched)?;
        let keys = self.choose(change, (&seen, &touched), terms).await?;
        Ok(RolesChanged { bindings: done.bindings, keys })
    }

    /// A change of roles of which nobody has seen a preview: made if it touches no key.
    pub(super) async fn unseen(&mut self, change: RoleChange) -> Result<Done, Error> {
        let seen = self.weigh(&change).await?;
        let done = self.carry_out(change).await?;
        self.refuse_unseen(&seen).await.map(|()| done)
    }

    /// The same for a custom role of which the change says more than what it lets its holders do.
    pub(super) async fn edit_role_unseen(
        &mut self,
        change: RoleChange,
        id: &RoleId,
        wish: RoleWish,
    ) -> Result<KeptRole, Error> {
        let seen = self.weigh(&change).await?;
        let role = self.change_role(id, wish).await?;
        self.refuse_unseen(&seen).await.map(|()| role)
    }

    async fn refuse_unseen(&mut self, seen: &weigh::Seen) -> Result<(), Error> {
        let mirrored = self.mirrored_touched(seen).await?;
        let touched = self.touched(seen).await?;
        let all = touched.len() + mirrored.len();
        if all == 0 {
            return Ok(());
        }
        // What no preview could make possible is said at once.
        self.guard_owners().await?;
        let ours = touched.iter().map(|one| format!("“{}” of {}", one.key.name, one.label));
        let theirs = mirrored.iter().map(|key| format!("“{}” at Cast AI", key.name));
        let names: Vec<_> = ours.chain(theirs).take(5).collect();
        let more = if all > names.len() { " and others" } else { "" };
        let detail = format!(
            "this touches {} API keys: {}{more}. Ask for a preview (POST /api/v1/role-changes/preview) and make the change with its \
             token and what is to become of each key (POST /api/v1/role-changes)",
            all,
            names.join(", ")
        );
        Err(Error::conflict("preview_required", detail))
    }

    async fn carry_out(&mut self, change: RoleChange) -> Result<Done, Error> {
        let mut done = Done::default();
        match change {
            RoleChange::SetRole { user, role, cluster, clusters } => {
                done.bindings = self.set_role((user, role), (cluster.as_deref(), clusters.as_deref())).await?;
            }
            RoleChange::Give { subject, role, cluster, clusters, until } => {
                let gift = Gift { subject: subject.subject()?, role, cluster, until };
                done.bindings = self.give(gift, clusters.as_deref()).await?;
            }
            RoleChange::Take { binding, together } => self.take(&binding, together).await?,
            RoleChange::Join { group, member } => done.came = Some(self.join_local_group(&group, &member).await?),
            RoleChange::Leave { group, member } => self.leave_local_group(&group, &member).await?,
            RoleChange::DeleteGroup { group } => done.removed = Some(self.delete_local_group(&group).await?),
            RoleChange::EditRole { role, capabilities } => {
                let wish = RoleWish { capabilities: Some(capabilities), ..RoleWish::default() };
                done.role = Some(self.change_role(&role, wish).await?);
            }
            RoleChange::Suspend { user } => drop(self.suspend(&user, true, None).await?),
            RoleChange::Remove { user } => self.remove_local(&user).await?,
            RoleChange::Publish(publication) => done.plan = Some(Box::pin(self.publish(&publication)).await?),
            RoleChange::Configure(wanted) => done.configured = Some(Box::pin(self.configure(&wanted)).await?),
        }
        Ok(done)
    }
}
