//! Role bindings by people: who holds what, giving and taking. A role's rules and guards are those of the funnel.

use super::{App, Ctx, Error, Holding, RoleChange, Work, key_safe::nothing_done, owners::gives_owner};
use crate::{
    access::capabilities,
    model::{
        Binding, BindingId, Capability, ClusterId, GroupId, Holder, Instant, Role, Scope, Source, Subject, Terms,
        UserState,
    },
    plan::Diff,
    store::BindingQuery,
};

/// What somebody is given.
#[derive(Debug, Clone)]
pub struct Gift {
    /// Who gets it.
    pub subject: Subject,
    /// What they get.
    pub role: Role,
    /// On this cluster, by its slug or id; none: on the whole organization.
    pub cluster: Option<String>,
    /// When it stops by itself.
    pub until: Option<Instant>,
}

/// Which bindings are asked for.
#[derive(Debug, Clone, Default)]
pub struct BindingSearch {
    /// Whom they give something.
    pub subject: Option<Subject>,
    /// A role's name or id.
    pub role: Option<Role>,
    /// `organization`, or a cluster's slug or id.
    pub scope: Option<String>,
    /// A source's kind.
    pub source: Option<String>,
}

impl App {
    /// Up to `limit` bindings that fit, whose id is greater than `after`.
    pub async fn bindings(
        &self,
        ctx: &Ctx,
        search: &BindingSearch,
        after: &str,
        limit: i64,
    ) -> Result<Vec<Binding>, Error> {
        const SOURCES: [&str; 5] = ["person", "rule", "invitation", "file", "floor"];
        let mut tx = self.read(ctx, Capability::ManageMembers).await?;
        if let Some(source) = search.source.as_deref().filter(|source| !SOURCES.contains(source)) {
            let detail = format!("“{source}” is not a source; they are {}", SOURCES.join(", "));
            return Err(Error::invalid("source", detail));
        }
        let scope = match search.scope.as_deref() {
            None => None,
            Some("organization") => Some(Scope::Organization),
            Some(cluster) => Some(scope_named(&mut tx, ctx, Some(cluster)).await?),
        };
        let query = BindingQuery {
            subject: search.subject.clone(),
            role: search.role.as_ref().map(ToString::to_string),
            scope,
            source: search.source.clone(),
        };
        Ok(tx.bindings_asked(&ctx.organization, &query, after, limit).await?)
    }

    /// One binding.
    pub async fn binding(&self, ctx: &Ctx, id: &BindingId) -> Result<Binding, Error> {
        let mut tx = self.read(ctx, Capability::ManageMembers).await?;
        let found = tx.binding(&ctx.organization, id).await?;
        found.ok_or_else(|| Error::not_found("binding", id.as_str()))
    }

    /// Gives somebody a role. Nobody gives what they do not hold.
    pub async fn give(&self, ctx: &Ctx, gift: Gift) -> Result<Binding, Error> {
        let mut work = self.begin(ctx, Capability::ManageMembers).await?;
        let Gift { subject, role, cluster, until } = gift;
        let change = RoleChange::Give { subject: Holding(subject.id().to_owned()), role, cluster, until };
        let outcome = work.unseen(change).await.and_then(|done| done.binding.ok_or_else(nothing_done));
        work.finish(outcome).await
    }

    /// Takes what a person gave.
    pub async fn take(&self, ctx: &Ctx, id: &BindingId) -> Result<(), Error> {
        let mut work = self.begin(ctx, Capability::ManageMembers).await?;
        let outcome = work.unseen(RoleChange::Take { binding: id.clone() }).await.map(drop);
        work.finish(outcome).await
    }
}

impl Work<'_> {
    pub(super) async fn give(&mut self, gift: Gift) -> Result<Binding, Error> {
        let Gift { subject, role, cluster, until } = gift;
        if until.is_some_and(|until| until <= self.ctx.now) {
            return Err(Error::invalid("until", "give a moment that is still to come"));
        }
        let scope = self.scope_named(cluster.as_deref()).await?;
        let terms = Terms { subject, role, scope, source: Source::Person, until };
        self.may_be_given(&terms).await?;
        // The subject's row before the organization's: suspending and removing take the two in this order.
        self.subject_is_here(&terms.subject).await?;
        if gives_owner(&terms) {
            self.touch_owners().await?;
        }
        let diff = Diff { open: vec![terms.clone()], close: Vec::new() };
        let Some(binding) = self.open_binding(terms.clone(), None).await? else {
            let held = self.tx.bindings_of(&self.ctx.organization, &terms.subject).await?;
            let same = held.into_iter().find(|held| {
                held.terms.role == terms.role && held.terms.scope == terms.scope && held.terms.source == terms.source
            });
            let id = same.map(|binding| binding.id.to_string()).unwrap_or_default();
            let detail =
                format!("{} holds {} at {} from a person already: {id}", terms.subject, terms.role, terms.scope);
            return Err(Error::conflict("already_given", detail));
        };
        self.tell_of_access(&diff);
        Ok(binding)
    }

    pub(super) async fn take(&mut self, id: &BindingId) -> Result<(), Error> {
        let organization = self.ctx.organization.clone();
        let gone = || Error::not_found("binding", id.as_str());
        let seen = self.tx.binding(&organization, id).await?.ok_or_else(gone)?;
        if let Some(edit) = what_to_edit(&seen.terms.source) {
            return Err(Error::conflict("not_given_by_a_person", format!("{}: {edit}", seen.terms.source)));
        }
        // The owners are looked at before the binding is gone; the lock may have waited for somebody who took it.
        if gives_owner(&seen.terms) {
            self.touch_owners().await?;
        }
        let binding = self.tx.binding(&organization, id).await?.ok_or_else(gone)?;
        self.apply(&Diff { open: Vec::new(), close: vec![binding] }, None).await
    }

    /// Nobody gives what they do not hold.
    pub(super) async fn may_be_given(&mut self, terms: &Terms) -> Result<(), Error> {
        let organization = self.ctx.organization.clone();
        self.role_exists(&terms.role).await?;
        let Some(held) = self.held_by_actor().await? else { return Ok(()) };
        let custom = self.tx.custom_roles(&organization).await?;
        let wanted = capabilities(&terms.role, &terms.scope, &custom).unwrap_or_default();
        match held.lacks(&wanted, &terms.scope) {
            Some(missing) => {
                let need = format!("{missing} at {}, which {} gives", terms.scope, terms.role);
                Err(Error::Forbidden { need })
            }
            None => Ok(()),
        }
    }

    /// Whether there is such a subject; held until the change is made, so that it does not go in between.
    pub(super) async fn subject_is_here(&mut self, subject: &Subject) -> Result<(), Error> {
        let here = match subject {
            Subject::User(id) => return self.member_is_here(&Holder::User(id.clone())).await,
            Subject::ServiceAccount(id) => return self.member_is_here(&Holder::ServiceAccount(id.clone())).await,
            Subject::Group(id) => self.group_is_here(id).await?,
        };
        if here { Ok(()) } else { Err(Error::not_found("group", subject.id())) }
    }

    async fn group_is_here(&mut self, id: &GroupId) -> Result<bool, Error> {
        let group = self.tx.group_to_change(&self.ctx.organization, id).await?;
        Ok(group.is_some_and(|group| group.removed_at.is_none()))
    }

    /// The same for whoever can be in a group.
    pub(super) async fn member_is_here(&mut self, member: &Holder) -> Result<(), Error> {
        let organization = self.ctx.organization.clone();
        let (what, state) = match member {
            Holder::User(id) => ("user", self.tx.user_to_change(&organization, id).await?.map(|user| user.state())),
            Holder::ServiceAccount(id) => {
                let account = self.tx.service_account_to_change(&organization, id).await?;
                ("service account", account.map(|account| account.state()))
            }
        };
        match state {
            Some(UserState::Active | UserState::Suspended) => Ok(()),
            Some(UserState::Removed) | None => Err(Error::not_found(what, member.as_str())),
        }
    }

    /// The whole organization, or the cluster of this slug or id.
    pub(super) async fn scope_named(&mut self, cluster: Option<&str>) -> Result<Scope, Error> {
        scope_named(&mut self.tx, self.ctx, cluster).await
    }
}

async fn scope_named(tx: &mut crate::store::Tx, ctx: &Ctx, cluster: Option<&str>) -> Result<Scope, Error> {
    let Some(named) = cluster else { return Ok(Scope::Organization) };
    let found = match named.parse::<ClusterId>() {
        Ok(id) => tx.cluster(&ctx.organization, &id).await?,
        Err(_) => tx.cluster_by_slug(&ctx.organization, named).await?,
    };
    Ok(Scope::cluster(found.ok_or_else(|| Error::not_found("cluster", named))?.id))
}

/// What to edit instead, where the binding is not a person's to take.
fn what_to_edit(source: &Source) -> Option<&'static str> {
    match source {
        // Who invited is a person, and what an accepted invitation gave is a person's to take.
        Source::Person | Source::Invitation { .. } => None,
        Source::Rule { .. } => Some("edit the rule in the mapping and publish it, or the group that the rule matches"),
        Source::File => Some("edit the configuration file"),
        Source::Floor => Some("it ends by itself when another owner can be reached: make somebody else an owner"),
    }
}
