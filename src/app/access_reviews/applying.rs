//! What was decided in a review is done: each change by itself, as it was previewed, and only while its evidence still holds.

use super::{
    super::{App, ChangeOutcome, Ctx, Error, Holding, KeyTerms, RoleChange, SeveralPreview, Step, What, Work},
    findings::last_owners_use,
};
use crate::{
    model::{
        AccessReviewId, BindingId, BuiltInRole, Capability, EventKind, Finding, Group, Holder, Proposal, ProposalId,
        Role, Scope, Subject, UserId, Verdict,
    },
    store::Tx,
};
use serde_json::json;

/// The most that is applied at once.
const MOST_AT_ONCE: i64 = 200;
/// Names that are tried for a new group.
const NAMES: u32 = 100;

impl App {
    /// What applying the next decisions of a review would do, and to which keys. Nothing is changed.
    pub async fn preview_access_review(&self, ctx: &Ctx, id: &AccessReviewId) -> Result<SeveralPreview, Error> {
        let steps = self.steps_of_review(ctx, id).await?;
        self.preview_several(ctx, &steps).await
    }

    /// Applies the next decisions of a review as they were previewed, each in a transaction of its own.
    pub async fn apply_access_review(
        &self,
        ctx: &Ctx,
        id: &AccessReviewId,
        terms: &KeyTerms,
    ) -> Result<Vec<ChangeOutcome>, Error> {
        let steps = self.steps_of_review(ctx, id).await?;
        self.make_several(ctx, steps, terms).await
    }

    async fn steps_of_review(&self, ctx: &Ctx, id: &AccessReviewId) -> Result<Vec<Step>, Error> {
        let mut tx = self.read(ctx, Capability::ManageMembers).await?;
        let review = tx.review(&ctx.organization, id).await?.ok_or_else(|| super::gone(id))?;
        if review.closed.is_some() {
            let detail = format!("the review “{}” is closed: begin another one", review.name);
            return Err(Error::conflict("review_closed", detail));
        }
        let waiting = tx.proposals_to_apply((&ctx.organization, id), MOST_AT_ONCE).await?;
        Ok(waiting.into_iter().filter_map(|proposal| step(id, proposal)).collect())
    }
}

/// What doing what was decided means; nothing where nothing is to be done.
fn step(review: &AccessReviewId, proposal: Proposal) -> Option<Step> {
    let Proposal { id, finding, decided, .. } = proposal;
    let what = match (&finding, decided?.verdict) {
        (Finding::UnusedAccount { user, .. }, Verdict::Suspend) => {
            What::Roles(RoleChange::Suspend { user: user.clone() })
        }
        (Finding::UnusedAccount { user, .. }, Verdict::Remove) => {
            What::Roles(RoleChange::Remove { user: user.clone() })
        }
        (Finding::UnusedServiceAccount { account, .. }, Verdict::Suspend) => What::SuspendAccount(account.clone()),
        (Finding::UnusedServiceAccount { account, .. }, Verdict::Remove) => What::CloseAccount(account.clone()),
        (Finding::UnusedKey { key, owner, .. }, Verdict::Remove) => What::EndKey(owner.clone(), key.clone()),
        (Finding::StaleInvitation { invitation, .. }, Verdict::Remove) => What::EndInvitation(invitation.clone()),
        (Finding::IdleOwner { user, .. }, Verdict::Reduce) => {
            let role = Role::BuiltIn(BuiltInRole::Member);
            What::Roles(RoleChange::SetRole { user: user.clone(), role, cluster: None, clusters: None })
        }
        (Finding::RedundantBinding { binding, .. }, Verdict::Remove) => {
            What::Roles(RoleChange::Take { binding: binding.clone(), together: false })
        }
        (Finding::CommonBinding { role, scope, bindings, .. }, Verdict::Group) => {
            What::Group(role.clone(), scope.clone(), bindings.clone())
        }
        (_, Verdict::Keep | Verdict::Suspend | Verdict::Remove | Verdict::Reduce | Verdict::Group) => return None,
    };
    Some(Step { about: id.to_string(), what, found: Some((review.clone(), finding)) })
}

impl Work<'_> {
    /// Refuses what rests on evidence that holds no longer: what was used since is in use.
    pub(in crate::app) async fn still_so(&mut self, step: &Step) -> Result<(), Error> {
        let Some((_, finding)) = &step.found else { return Ok(()) };
        let organization = self.ctx.organization.clone();
        let used_since = match finding {
            Finding::UnusedAccount { user, in_person_at, by_key_at, .. } => {
                self.tx.last_seen(&organization, user).await? != (*in_person_at, *by_key_at)
            }
            Finding::UnusedServiceAccount { account, last_used_at, .. } => {
                let holder = Holder::ServiceAccount(account.clone());
                self.tx.last_key_use(&organization, &holder).await? != *last_used_at
            }
            Finding::UnusedKey { key, last_used_at, .. } => {
                let found = self.tx.api_key_by_id(&organization, key, self.ctx.now).await?;
                found.is_some_and(|found| found.last_used_at != *last_used_at)
            }
            Finding::IdleOwner { user, last_used_at, .. } => {
                last_owners_use(&mut self.tx, &organization, user).await? != *last_used_at
            }
            Finding::RedundantBinding { user, role, scope, group, .. } => {
                return self.group_still_gives((user, group.as_str()), (role, scope)).await;
            }
            Finding::StaleInvitation { .. } | Finding::CommonBinding { .. } => false,
        };
        if used_since {
            let detail = "it was used since the review looked: leave it, or begin another review";
            return Err(Error::conflict("used_since", detail));
        }
        Ok(())
    }

    /// What a group gave as well when it was looked, it must still give: otherwise taking the binding would take the access.
    async fn group_still_gives(
        &mut self,
        (user, group): (&UserId, &str),
        (role, scope): (&Role, &Scope),
    ) -> Result<(), Error> {
        let held = self.tx.bindings_reaching(&self.ctx.organization, user).await?;
        let gives = held.iter().any(|binding| {
            binding.terms.subject.id() == group
                && binding.terms.role == *role
                && binding.terms.scope == *scope
                && binding.terms.until.is_none()
        });
        if gives {
            return Ok(());
        }
        let detail = format!("the group {group} gives {role} at {scope} no more: leave it, or begin another review");
        Err(Error::conflict("used_since", detail))
    }

    /// Notes, in the transaction that does it, that what was decided is done.
    pub(in crate::app) async fn mark_applied(
        &mut self,
        review: &AccessReviewId,
        proposal: &str,
        finding: &Finding,
    ) -> Result<(), Error> {
        let organization = self.ctx.organization.clone();
        let id: ProposalId = proposal.parse().map_err(Error::internal)?;
        let mut open = self.open_review(review).await?;
        let found = self.tx.proposal_to_change((&organization, review), &id).await?;
        let mut proposal = found.ok_or_else(|| Error::not_found("proposal", id.as_str()))?;
        if proposal.applied.is_some() {
            return Err(Error::conflict("already_applied", format!("{id}: what was decided has been done")));
        }
        let verdict = proposal.decided.as_ref().map(|decided| decided.verdict);
        proposal.applied = Some((self.ctx.now, self.ctx.actor.to_string()));
        self.tx.update_proposal((&organization, review), &proposal).await?;
        open.version += 1;
        self.tx.update_review(&organization, &open).await?;
        let subjects: Vec<_> = std::iter::once(review.to_string()).chain(finding.subjects()).collect();
        let detail = json!({"proposal": id, "kind": finding.kind(), "verdict": verdict});
        self.tell(EventKind::ReviewApplied, subjects, detail);
        Ok(())
    }

    /// One local group that holds a role in the place of each of these people: they join it, it is given the role, and what they
    /// were given themselves is taken. Nobody's access changes, so no key is touched.
    pub(in crate::app) async fn group_in_the_place_of(
        &mut self,
        (role, scope): (&Role, &Scope),
        bindings: &[BindingId],
    ) -> Result<Group, Error> {
        let organization = self.ctx.organization.clone();
        let mut held = Vec::new();
        for id in bindings {
            let Some(binding) = self.tx.binding(&organization, id).await? else { continue };
            if let Subject::User(user) = binding.terms.subject {
                held.push((binding.id, user));
            }
        }
        if held.is_empty() {
            return Err(Error::conflict("used_since", "nobody holds it directly any more: there is nothing to group"));
        }
        let name = group_name(&mut self.tx, self.ctx, (role, scope)).await?;
        let group = self.add_group_called(&name).await?;
        for (_, user) in &held {
            let member = Holder::User(user.clone());
            self.unseen(RoleChange::Join { group: group.id.clone(), member }).await?;
        }
        let cluster = match scope {
            Scope::Organization => None,
            Scope::Cluster { id } => Some(id.to_string()),
            Scope::Resource { .. } => return Err(Error::invalid("scope", "resources have no groups yet")),
        };
        let subject = Holding(group.id.to_string());
        let give = RoleChange::Give { subject, role: role.clone(), cluster, clusters: None, until: None };
        self.unseen(give).await?;
        for (binding, _) in held {
            self.unseen(RoleChange::Take { binding, together: false }).await?;
        }
        Ok(group)
    }

    /// A local group of this name, or of this name and a number.
    async fn add_group_called(&mut self, name: &str) -> Result<Group, Error> {
        for number in 1..=NAMES {
            let name = if number == 1 { name.to_owned() } else { format!("{name} {number}") };
            match self.add_local_group(&name).await {
                Err(Error::Conflict { code: "taken", .. }) => {}
                outcome => return outcome,
            }
        }
        Err(Error::conflict("taken", format!("there are too many local groups “{name}”: rename one")))
    }
}

/// What the group is called: by what it gives.
async fn group_name(tx: &mut Tx, ctx: &Ctx, (role, scope): (&Role, &Scope)) -> Result<String, Error> {
    let role_name = match role {
        Role::BuiltIn(role) => role.name().to_owned(),
        Role::Custom(id) => {
            let custom = tx.custom_roles(&ctx.organization).await?;
            let found = custom.into_iter().find(|one| one.id == *id);
            found.map_or_else(|| id.to_string(), |found| found.name)
        }
    };
    Ok(match scope {
        Scope::Organization => format!("{role_name} everywhere"),
        Scope::Cluster { id } => {
            let cluster = tx.cluster(&ctx.organization, id).await?;
            format!("{role_name} at {}", cluster.map_or_else(|| id.to_string(), |cluster| cluster.slug))
        }
        Scope::Resource { .. } => format!("{role_name} at {scope}"),
    })
}
