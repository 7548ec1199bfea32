//! Why somebody may do something, why not, and as of then: one answer, from what is and from what was.
//!
//! Whatever counted at a moment is still there: bindings, memberships and facts are closed and never deleted, versions of the
//! mapping are kept, and events tell of states and names. Clusters and custom roles are taken as they are now.

mod draft;
mod grounds;
mod person;
mod then;

pub use draft::{GivenByRule, UnderDraft};
pub(super) use then::{STATES, state_after};

use super::{App, Ctx, Error, Need, authorize::own_names};
use crate::{
    access::{Access, NearMiss},
    mapping::{GrantScope, Pushed, UserFacts, Why},
    model::{Capability, Instant, Scope, User, UserId, UserState, fold},
    store::Tx,
};
use then::Then;

/// A question about one person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WhyQuestion {
    /// About whom: an id, an e-mail address or a name at a provider, or what stands before its @; none: who asks.
    pub subject: Option<String>,
    /// Whether they may do this,
    pub can: Capability,
    /// on this cluster (its short name); none: on the whole organization.
    pub cluster: Option<String>,
    /// As of this moment; none: now.
    pub at: Option<Instant>,
}

impl App {
    /// Why a person may do something, or why not and what comes closest. About oneself anybody may ask; about others, who
    /// manages members.
    pub async fn why(&self, ctx: &Ctx, question: &WhyQuestion) -> Result<Why, Error> {
        let mut tx = self.read(ctx, Need::Self_).await?;
        let own = own_names(&mut tx, ctx).await?;
        let is_own = question.subject.as_ref().is_none_or(|named| own.contains(&fold(named)));
        if !is_own {
            drop(tx);
            tx = self.read(ctx, Capability::ManageMembers).await?;
        }
        // Oneself by id, whichever of one's names was used: another may have the same.
        let named = if is_own { own.first() } else { question.subject.as_ref() };
        let named = named.or(question.subject.as_ref()).cloned();
        let named = named.ok_or_else(|| Error::invalid("subject", "say about whom: an id, an address or a name"))?;
        let at = moment(ctx, question.at)?;
        let user = person::meant(&mut tx, ctx, &named).await?;
        let scope = scope_of(&mut tx, ctx, question.cluster.as_deref()).await?;
        let then = self.then(&mut tx, ctx, (user, at)).await?;
        self.answer(&mut tx, ctx, question, (&then, &scope)).await
    }

    /// What a person might do at a moment, with the reasons.
    pub async fn access_at(&self, ctx: &Ctx, user: &UserId, at: Instant) -> Result<Access, Error> {
        let mut tx = self.read(ctx, Capability::ManageMembers).await?;
        let at = moment(ctx, Some(at))?;
        let user = tx.user(&ctx.organization, user).await?.ok_or_else(|| Error::not_found("user", user.as_str()))?;
        Ok(self.then(&mut tx, ctx, (user, at)).await?.access())
    }

    async fn answer(
        &self,
        tx: &mut Tx,
        ctx: &Ctx,
        question: &WhyQuestion,
        (then, scope): (&Then, &Scope),
    ) -> Result<Why, Error> {
        let can = question.can;
        let access = then.access();
        let allowed = access.can(can, scope);
        let mut why = Why {
            subject: then.user.id.clone(),
            label: then.user.label().to_owned(),
            can,
            cluster: question.cluster.clone(),
            at: then.at,
            allowed,
            state: then.state,
            state_because: None,
            mapping_version: then.mapping.as_ref().map(|mapping| mapping.version),
            derivations: Vec::new(),
            nearest: None,
            rules: Vec::new(),
            notes: Vec::new(),
        };
        if question.at.is_some_and(|at| at < ctx.now) {
            why.notes.push("clusters and custom roles are taken as they are today".to_owned());
        }
        if allowed {
            why.derivations = grounds::of(tx, ctx, then, (can, scope)).await?;
            return Ok(why);
        }
        if then.state != UserState::Active {
            why.state_because = grounds::of_state(tx, ctx, then).await?;
        }
        let nearest = NearMiss::of(&access, &then.custom, (can, scope));
        why.rules = lacking(tx, ctx, then, &nearest).await?;
        why.nearest = Some(nearest);
        Ok(why)
    }
}

/// The rules that would give what is missing.
async fn lacking(
    tx: &mut Tx,
    ctx: &Ctx,
    then: &Then,
    nearest: &NearMiss,
) -> Result<Vec<crate::mapping::Lacking>, Error> {
    /// Rules that are named.
    const MOST: usize = 5;
    let Some(compiled) = &then.mapping else { return Ok(Vec::new()) };
    let Some(connection) = compiled.names.get(then.user.connection.as_ref()) else { return Ok(Vec::new()) };
    let scope = match &nearest.at {
        Scope::Organization => GrantScope::Organization,
        Scope::Cluster { id } => GrantScope::Cluster(id.clone()),
        Scope::Resource { .. } => return Ok(Vec::new()),
    };
    let own = then.group_facts();
    let groups = tx.directory_groups(&ctx.organization).await?;
    let known = groups.iter().filter_map(|group| {
        let group_fact = super::funnel::group_fact(&compiled.names, group)?;
        Some(Pushed { group: group_fact, at: group.updated_at })
    });
    let known: Vec<Pushed<'_>> = known.collect();
    let facts = UserFacts { connection, attributes: &then.attributes, groups: &own };
    let mut rules = compiled.mapping.lacking(&facts, &known, (&nearest.roles, &scope), then.at);
    rules.truncate(MOST);
    Ok(rules)
}

fn moment(ctx: &Ctx, at: Option<Instant>) -> Result<Instant, Error> {
    match at {
        Some(at) if at > ctx.now => Err(Error::invalid("at", "that moment has not come yet")),
        Some(at) => Ok(at),
        None => Ok(ctx.now),
    }
}

async fn scope_of(tx: &mut Tx, ctx: &Ctx, cluster: Option<&str>) -> Result<Scope, Error> {
    let Some(slug) = cluster else { return Ok(Scope::Organization) };
    let clusters = tx.clusters(&ctx.organization).await?;
    let found = clusters.into_iter().find(|cluster| fold(&cluster.slug) == fold(slug));
    found.map(|cluster| Scope::cluster(cluster.id)).ok_or_else(|| Error::not_found("cluster", slug))
}

/// How a person is named in a list of candidates.
fn called(user: &User) -> String {
    let gone = if user.removed_at.is_some() { ", no longer here" } else { "" };
    format!("{} ({}{gone})", user.user_name, user.id)
}
