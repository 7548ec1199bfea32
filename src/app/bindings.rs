//! Role bindings by people: who holds what, giving and taking. A role's rules and guards are those of the funnel.

use super::{App, Ctx, Error, Holding, RoleChange, Work, key_safe::nothing_done, owners::gives_owner};
use crate::{
    access::capabilities,
    model::{
        Binding, BindingId, Capability, ClusterId, ConnectionId, GroupId, Holder, Instant, Role, Scope, Source,
        Subject, Terms, UserId, UserState,
    },
    plan::Diff,
    store::BindingQuery,
};
use std::collections::BTreeSet;

/// Clusters that one act may name.
const MOST_CLUSTERS: usize = 100;

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
    /// What this connection's people and groups hold.
    pub connection: Option<ConnectionId>,
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
            connection: search.connection.clone(),
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
        let outcome = work.give_unseen(gift, None).await.and_then(|mut given| given.pop().ok_or_else(nothing_done));
        work.finish(outcome).await
    }

    /// Gives somebody a role on several clusters, by their slugs or ids, beside the gift's own: one binding for each, all of them
    /// or none. `None`: where the gift says.
    pub async fn give_at(&self, ctx: &Ctx, gift: Gift, clusters: Option<Vec<String>>) -> Result<Vec<Binding>, Error> {
        let mut work = self.begin(ctx, Capability::ManageMembers).await?;
        let outcome = work.give_unseen(gift, clusters).await;
        work.finish(outcome).await
    }

    /// Takes what a person gave.
    pub async fn take(&self, ctx: &Ctx, id: &BindingId) -> Result<(), Error> {
        self.take_all(ctx, id, false).await
    }

    /// The same; `together`: with everything that the same act gave at other places.
    pub async fn take_all(&self, ctx: &Ctx, id: &BindingId, together: bool) -> Result<(), Error> {
        let mut work = self.begin(ctx, Capability::ManageMembers).await?;
        let outcome = work.unseen(RoleChange::Take { binding: id.clone(), together }).await.map(drop);
        work.finish(outcome).await
    }
}

impl Work<'_> {
    async fn give_unseen(&mut self, gift: Gift, clusters: Option<Vec<String>>) -> Result<Vec<Binding>, Error> {
        let Gift { subject, role, cluster, until } = gift;
        let subject = Holding(subject.id().to_owned());
        let done = self.unseen(RoleChange::Give { subject, role, cluster, clusters, until }).await?;
        Ok(done.bindings)
    }

    /// Gives a role where the gift says, and on each of these clusters.
    pub(super) async fn give(&mut self, gift: Gift, clusters: Option<&[String]>) -> Result<Vec<Binding>, Error> {
        let Gift { subject, role, cluster, until } = gift;
        if until.is_some_and(|until| until <= self.ctx.now) {
            return Err(Error::invalid("until", "give a moment that is still to come"));
        }
        let scopes = self.scopes_named(cluster.as_deref(), clusters).await?;
        let of = |scope| Terms { subject: subject.clone(), role: role.clone(), scope, source: Source::Person, until };
        let diff = Diff { open: scopes.into_iter().map(of).collect(), close: Vec::new() };
        for terms in &diff.open {
            self.may_be_given(terms).await?;
        }
        // The subject's row before the organization's: suspending and removing take the two in this order.
        self.subject_is_here(&subject).await?;
        if diff.open.iter().any(gives_owner) {
            self.touch_owners().await?;
        }
        let mut given = Vec::new();
        for terms in &diff.open {
            match self.open_binding(terms.clone(), None).await? {
                Some(binding) => given.push(binding),
                None => return Err(self.already_given(terms).await?),
            }
        }
        self.tell_of_access(&diff);
        Ok(given)
    }

    async fn already_given(&mut self, terms: &Terms) -> Result<Error, Error> {
        let held = self.tx.bindings_of(&self.ctx.organization, &terms.subject).await?;
        let same = held.into_iter().find(|held| {
            held.terms.role == terms.role && held.terms.scope == terms.scope && held.terms.source == terms.source
        });
        let id = same.map(|binding| binding.id.to_string()).unwrap_or_default();
        let detail = format!("{} holds {} at {} from a person already: {id}", terms.subject, terms.role, terms.scope);
        Ok(Error::conflict("already_given", detail))
    }

    /// One role in the place of whatever people gave there, at each of these places. What rules give stays.
    pub(super) async fn set_role(
        &mut self,
        (user, role): (UserId, Role),
        (cluster, clusters): (Option<&str>, Option<&[String]>),
    ) -> Result<Vec<Binding>, Error> {
        let organization = self.ctx.organization.clone();
        let subject = Subject::User(user.clone());
        let scopes = self.scopes_named(cluster, clusters).await?;
        let of = |scope: &Scope| Terms {
            subject: subject.clone(),
            role: role.clone(),
            scope: scope.clone(),
            source: Source::Person,
            until: None,
        };
        for scope in &scopes {
            self.may_be_given(&of(scope)).await?;
        }
        self.member_is_here(&Holder::User(user)).await?;
        let held = self.tx.bindings_of(&organization, &subject).await?;
        let mut diff = Diff { open: Vec::new(), close: Vec::new() };
        for scope in &scopes {
            let here = || held.iter().filter(|held| held.terms.scope == *scope && by_person(&held.terms.source));
            let kept = here().find(|held| held.terms.role == role && held.terms.until.is_none());
            diff.open.extend(kept.is_none().then(|| of(scope)));
            diff.close.extend(here().filter(|held| kept.is_none_or(|kept| kept.id != held.id)).cloned());
        }
        self.apply(&diff, None).await?;
        let held = self.tx.bindings_of(&organization, &subject).await?;
        let set = |held: &Binding| {
            held.terms.role == role && held.terms.until.is_none() && scopes.contains(&held.terms.scope)
        };
        Ok(held.into_iter().filter(|held| set(held) && by_person(&held.terms.source)).collect())
    }

    pub(super) async fn take(&mut self, id: &BindingId, together: bool) -> Result<(), Error> {
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
        let mut close = vec![binding];
        if together {
            close = self.tx.bindings_of(&organization, &seen.terms.subject).await?;
            close.retain(|held| held.given_with(&seen));
        }
        self.apply(&Diff { open: Vec::new(), close }, None).await
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

    /// The whole organization if nothing is named, else each of the clusters once.
    async fn scopes_named(&mut self, cluster: Option<&str>, more: Option<&[String]>) -> Result<Vec<Scope>, Error> {
        let Some(more) = more else { return Ok(vec![self.scope_named(cluster).await?]) };
        let named: BTreeSet<&str> = cluster.into_iter().chain(more.iter().map(String::as_str)).collect();
        // Nothing in a list is not everything: a program that found no cluster must not give the whole organization.
        if named.is_empty() || named.len() > MOST_CLUSTERS {
            let detail = format!("name 1 to {MOST_CLUSTERS} clusters; for the whole organization leave them out");
            return Err(Error::invalid("clusters", detail));
        }
        let (mut scopes, mut unknown) = (Vec::new(), Vec::new());
        for one in named {
            match self.scope_named(Some(one)).await {
                // A slug and an id may mean the same one.
                Ok(scope) if scopes.contains(&scope) => {}
                Ok(scope) => scopes.push(scope),
                Err(Error::NotFound { .. }) => unknown.push(one),
                Err(error) => return Err(error),
            }
        }
        if unknown.is_empty() { Ok(scopes) } else { Err(Error::not_found("cluster", unknown.join("”, “"))) }
    }
}

/// Whether a person gave it, and so a person's change may replace it.
fn by_person(source: &Source) -> bool {
    match source {
        Source::Person | Source::Invitation { .. } => true,
        Source::Rule { .. } | Source::File | Source::Floor => false,
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
