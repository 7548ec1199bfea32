//! Mapping drafts, checks, plans and publication.

use super::{
    App, Ctx, Error, RoleChange, Seen, Work,
    access::{access_with, default_of},
    funnel::{ConnectionNames, is_rule, wanted_of_group, wanted_of_user},
    in_force::vocabulary_of,
    key_safe::{RoleMove, nothing_done},
    seen::text_revision,
};
use crate::{
    mapping::{Checked, Mapping, Reach, ReachScope, check},
    model::{Capability, EventKind, Holder, Role, Scope, Subject, Terms, User, UserId},
    plan::{Diff, Impact, PersonChange, diff},
    store::MappingVersion,
};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;
use std::collections::{BTreeSet, HashSet};

/// People that are loaded at once when everybody is looked at.
const CHUNK: i64 = 500;

/// What somebody holds, for comparing.
type Roles = BTreeSet<(Role, Scope)>;

/// What publishing a text would do, or did.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct MappingPlan {
    /// The version that it became; none for a plan.
    pub version: Option<i64>,
    /// Warnings of the check.
    pub warnings: Vec<crate::mapping::Diagnostic>,
    /// Bindings to open and close.
    pub diff: Diff,
    /// What that does to people.
    pub impact: Impact,
}

impl App {
    /// Checks a text against the organization as it is now, without keeping it.
    pub async fn check_mapping(&self, ctx: &Ctx, text: &str) -> Result<Checked, Error> {
        let mut tx = self.read(ctx, Capability::ManageOrganization).await?;
        let (words, _) = vocabulary_of(&mut tx, &ctx.organization, true).await?;
        Ok(check(text, &words, ctx.now))
    }

    /// Saves a draft. A text that does not compile is not kept.
    pub async fn draft_mapping(&self, ctx: &Ctx, text: &str) -> Result<Checked, Error> {
        self.replace_draft(ctx, text, &Draft::Whatever).await
    }

    /// Saves a draft in the place of the one that its author saw: two people who edit at once both notice.
    pub async fn replace_draft(&self, ctx: &Ctx, text: &str, seen: &Draft) -> Result<Checked, Error> {
        let mut work = self.begin(ctx, Capability::ManageOrganization).await?;
        let outcome = match work.refuse_lost_edit(seen).await {
            Ok(()) => work.save_draft(text).await,
            Err(error) => Err(error),
        };
        work.finish(outcome).await
    }

    /// The draft, and the version in force.
    pub async fn mapping(&self, ctx: &Ctx) -> Result<(Option<String>, Option<MappingVersion>), Error> {
        let mut tx = self.read(ctx, Capability::ManageOrganization).await?;
        let draft = tx.mapping_draft(&ctx.organization).await?;
        let version = match tx.mapping_state(&ctx.organization).await?.0 {
            Some(version) => tx.mapping_version(&ctx.organization, version).await?,
            None => None,
        };
        Ok((draft, version))
    }

    /// What publishing the text would do. The same funnel as publishing, without its last step.
    pub async fn plan_mapping(&self, ctx: &Ctx, text: &str) -> Result<MappingPlan, Error> {
        let mut work = self.begin(ctx, Capability::ManageOrganization).await?;
        let outcome = Box::pin(work.put_in_force(text)).await;
        // The guard belongs to the plan as it belongs to the change: what it would refuse is refused here.
        let outcome = match outcome {
            Ok(plan) => work.guard_owners().await.map(|()| plan),
            Err(error) => Err(error),
        };
        work.tx.rollback().await?;
        outcome.map(|plan| MappingPlan { version: None, ..plan })
    }

    /// Publishes a text: a new version, in force from now on.
    pub async fn publish_mapping(&self, ctx: &Ctx, text: &str) -> Result<MappingPlan, Error> {
        let mut work = self.begin(ctx, Capability::ManageOrganization).await?;
        let done = work.unseen(RoleChange::Publish { text: text.to_owned() }).await;
        let outcome = done.and_then(|done| done.plan.ok_or_else(nothing_done));
        work.finish(outcome).await
    }
}

/// Everybody who holds something else than before.
fn role_moves(people: Vec<User>, before: Vec<Roles>, after: Vec<Roles>) -> Vec<RoleMove> {
    let moves = people.into_iter().zip(before.into_iter().zip(after));
    let moves = moves.map(|(user, (before, after))| RoleMove { user, before, after });
    moves.filter(|one| one.before != one.after).collect()
}

/// Which draft a new one replaces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Draft {
    /// Whichever there is.
    Whatever,
    /// One of these revisions.
    This(Seen),
    /// None: there must be no draft yet, or the caller has to say which one they saw.
    Unsaid,
}

impl Work<'_> {
    async fn refuse_lost_edit(&mut self, seen: &Draft) -> Result<(), Error> {
        // The organization's row is taken first: two who save at once come one after the other.
        self.tx.lock_organization(&self.ctx.organization).await?;
        let current = self.tx.mapping_draft(&self.ctx.organization).await?.map(|text| text_revision(&text));
        match (seen, current) {
            (Draft::Whatever, _) | (Draft::Unsaid, None) => Ok(()),
            (Draft::This(seen), Some(current)) if seen.is(&current) => Ok(()),
            (Draft::This(_), _) => Err(Error::Stale),
            (Draft::Unsaid, Some(_)) => Err(Error::Unseen),
        }
    }

    async fn save_draft(&mut self, text: &str) -> Result<Checked, Error> {
        let organization = self.ctx.organization.clone();
        let (words, _) = vocabulary_of(&mut self.tx, &organization, true).await?;
        let checked = check(text, &words, self.ctx.now);
        if checked.mapping.is_none() {
            return Err(Error::Mapping { diagnostics: checked.diagnostics });
        }
        let author = self.ctx.actor.to_string();
        self.tx.save_mapping_draft(&organization, (text, &author), self.ctx.now).await?;
        self.tell(EventKind::MappingDrafted, [organization.to_string()], json!({"bytes": text.len()}));
        Ok(checked)
    }

    pub(super) async fn publish(&mut self, text: &str) -> Result<MappingPlan, Error> {
        // A push at the same moment would be judged by the version before, and stay so.
        self.tx.hold_directory(&self.ctx.organization, true).await?;
        self.put_in_force(text).await
    }

    /// Makes a text the mapping in force, inside the transaction.
    async fn put_in_force(&mut self, text: &str) -> Result<MappingPlan, Error> {
        let organization = self.ctx.organization.clone();
        self.touch_owners().await?;
        let (words, names) = vocabulary_of(&mut self.tx, &organization, true).await?;
        let checked = check(text, &words, self.ctx.now);
        let Some(mapping) = checked.mapping else {
            return Err(Error::Mapping { diagnostics: checked.diagnostics });
        };
        self.may_give(&mapping.reach()).await?;
        let wanted = self.wanted_of_everybody(&mapping, &names).await?;
        let diff = diff(&self.tx.rule_bindings(&organization).await?, &wanted, is_rule);
        let touched = self.touched_people(&diff, &mapping).await?;
        let current = self.app.mapping_in_force(&mut self.tx, &organization, self.ctx.now).await?;
        let current = current.as_ref().map(|current| (&current.mapping, &current.names));
        let before = self.roles_of(&touched, current).await?;
        let author = self.ctx.actor.to_string();
        let version = self.tx.publish_mapping(&organization, (text, &words.connections, &author), self.ctx.now).await?;
        let detail = json!({"version": version, "opened": diff.open.len(), "closed": diff.close.len()});
        self.tell(EventKind::MappingPublished, [organization.to_string()], detail);
        self.apply(&diff, Some(version)).await?;
        self.revoke_everybody();
        let after = self.roles_of(&touched, Some((&mapping, &names))).await?;
        let impact = self.impact(&touched, &before, &after).await?;
        self.role_moves = role_moves(touched, before, after);
        // Whose default changes has no binding that says so.
        self.review_all_keys();
        Ok(MappingPlan { version: Some(version), warnings: checked.diagnostics, diff, impact })
    }

    /// Nobody gives what they do not hold: every rule's reach lies within the publisher's own access.
    async fn may_give(&mut self, reach: &[Reach]) -> Result<(), Error> {
        let Some(access) = self.app.access_of_actor(&mut self.tx, self.ctx).await? else { return Ok(()) };
        let organization = &self.ctx.organization;
        if access.is_owner() {
            return Ok(());
        }
        let custom = self.tx.custom_roles(organization).await?;
        for rule in reach {
            let scopes: Vec<Scope> = match &rule.scope {
                ReachScope::AnyCluster => vec![Scope::Organization],
                ReachScope::These(scopes) => scopes
                    .iter()
                    .map(|scope| match scope {
                        crate::mapping::GrantScope::Organization => Scope::Organization,
                        crate::mapping::GrantScope::Cluster(id) => Scope::cluster(id.clone()),
                    })
                    .collect(),
            };
            let capabilities = rule.roles.iter().flat_map(|role| match role {
                Role::BuiltIn(role) => role.capabilities().to_vec(),
                Role::Custom(id) => custom
                    .iter()
                    .find(|role| role.id == *id)
                    .map(|role| role.capabilities.iter().copied().collect())
                    .unwrap_or_default(),
            });
            let capabilities: BTreeSet<_> = capabilities.collect();
            for scope in &scopes {
                if let Some(missing) = capabilities.iter().find(|capability| !access.can(**capability, scope)) {
                    let name = rule.rule.as_deref().unwrap_or("default");
                    return Err(Error::Forbidden {
                        need: format!("{missing} at {scope}, which rule “{name}” gives")
                    });
                }
            }
        }
        Ok(())
    }

    /// What rules give every group and every person.
    pub(super) async fn wanted_of_everybody(
        &mut self,
        mapping: &Mapping,
        names: &ConnectionNames,
    ) -> Result<Vec<Terms>, Error> {
        let organization = &self.ctx.organization;
        let mut wanted = Vec::new();
        for group in self.tx.directory_groups(organization).await? {
            wanted.extend(wanted_of_group(mapping, names, &group, self.ctx.now));
        }
        if mapping.has_user_rules() {
            let mut after = String::new();
            loop {
                let people = self.tx.users_after(organization, &after, CHUNK).await?;
                let Some(last) = people.last() else { break };
                after = last.id.to_string();
                for user in &people {
                    let now = (user, self.ctx.now);
                    wanted.extend(wanted_of_user(&mut self.tx, organization, mapping, names, now).await?);
                }
            }
        }
        Ok(wanted)
    }

    /// Everybody whose access a diff may change; everybody at all when the default may have changed.
    async fn touched_people(&mut self, diff: &Diff, next: &Mapping) -> Result<Vec<User>, Error> {
        let organization = &self.ctx.organization;
        let connections = self.tx.connections(organization).await?;
        let current = self.app.mapping_in_force(&mut self.tx, organization, self.ctx.now).await?;
        let default_changes = connections.iter().any(|connection| {
            let before = current.as_ref().map_or(crate::mapping::DefaultRole::Role(Role::VIEWER), |current| {
                current.mapping.default_for(&connection.name)
            });
            before != next.default_for(&connection.name)
        });
        let mut ids: HashSet<UserId> = HashSet::new();
        let subjects: HashSet<&Subject> = diff
            .open
            .iter()
            .chain(diff.close.iter().map(|binding| &binding.terms))
            .map(|terms| &terms.subject)
            .collect();
        for subject in subjects {
            match subject {
                Subject::User(user) => drop(ids.insert(user.clone())),
                Subject::Group(group) => ids.extend(self.tx.member_ids(organization, group).await?),
                Subject::ServiceAccount(_) => {}
            }
        }
        let mut people = Vec::new();
        let mut after = String::new();
        loop {
            let chunk = self.tx.users_after(organization, &after, CHUNK).await?;
            let Some(last) = chunk.last() else { break };
            after = last.id.to_string();
            people.extend(chunk.into_iter().filter(|user| default_changes || ids.contains(&user.id)));
        }
        Ok(people)
    }

    /// What each of these people holds as the transaction stands, under this mapping's defaults.
    ///
    /// The mapping is an argument: what a plan tries out must never reach the mappings that are kept compiled.
    async fn roles_of(
        &mut self,
        people: &[User],
        mapping: Option<(&Mapping, &ConnectionNames)>,
    ) -> Result<Vec<Roles>, Error> {
        let mut roles = Vec::with_capacity(people.len());
        for user in people {
            let default = default_of(user, mapping);
            let access = access_with(&mut self.tx, &self.ctx.organization, (user, &default), self.ctx.now).await?;
            roles.push(access.roles());
        }
        Ok(roles)
    }

    async fn impact(&mut self, people: &[User], before: &[Roles], after: &[Roles]) -> Result<Impact, Error> {
        let organization = &self.ctx.organization;
        let mut changes = Vec::new();
        for (user, (before, after)) in people.iter().zip(before.iter().zip(after)) {
            let keys = self.tx.api_keys_of(organization, &Holder::User(user.id.clone())).await?.len();
            let who = (user.id.clone(), user.label().to_owned());
            changes.extend(PersonChange::between(who, before, after, keys));
        }
        let owner_left = self.tx.reachable_owner(organization, false).await?.is_some();
        Ok(Impact { people: changes, looked_at: people.len(), owner_left })
    }
}
