//! The funnel: facts → mapping → diff → rows. What rules give follows from the facts, and only from them.
//!
//! A rule that names groups binds the group: evaluated when the group is made or renamed, and then only membership
//! changes. A rule with `when` binds the user: evaluated when that person's facts change.

use super::{Error, Work, in_force::InForce, mappings::wanted_of_everybody, owners::gives_owner};
use crate::{
    mapping::{Grant, GrantScope, GroupFact, Mapping, Outcome, UserFacts},
    model::{
        Connection, EventKind, FactSource, Group, GroupOrigin, OrganizationId, Scope, Source, Subject, Terms, User,
    },
    plan::{Diff, diff},
    scim::RoleNames,
    store::Tx,
};
use serde_json::{Map, Value, json};
use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

/// Bindings that are opened and closed one by one; more than that by statements for many.
const FEW: usize = 8;

/// Whether a rule made it: the only bindings that the funnel opens and closes.
pub(super) fn is_rule(source: &Source) -> bool {
    matches!(source, Source::Rule { .. })
}

/// Where a grant holds.
pub(super) fn scope_of(grant: &GrantScope) -> Scope {
    match grant {
        GrantScope::Organization => Scope::Organization,
        GrantScope::Cluster(id) => Scope::cluster(id.clone()),
    }
}

/// What a grant says of a subject.
pub(super) fn terms_of(subject: &Subject, grant: &Grant) -> Terms {
    Terms {
        subject: subject.clone(),
        role: grant.role.clone(),
        scope: scope_of(&grant.scope),
        source: Source::Rule { name: grant.rule.clone() },
        until: grant.until,
    }
}

/// What an organization's connections are called, by id, and what they say when they say roles.
#[derive(Debug, Clone, Default)]
pub(super) struct ConnectionNames {
    names: HashMap<String, String>,
    /// Those whose pushed roles are facts.
    read_roles: HashSet<String>,
    roles: RoleNames,
}

impl ConnectionNames {
    pub(super) fn of(connections: &[Connection], roles: RoleNames) -> Self {
        let read = connections.iter().filter(|connection| connection.settings.read_roles);
        Self {
            names: connections.iter().map(|connection| (connection.id.to_string(), connection.name.clone())).collect(),
            read_roles: read.map(|connection| connection.id.to_string()).collect(),
            roles,
        }
    }

    pub(super) fn get(&self, id: Option<&crate::model::ConnectionId>) -> Option<&str> {
        self.names.get(id?.as_str()).map(String::as_str)
    }

    /// The facts of a push, without the roles of a connection that may not say any.
    fn read(
        &self,
        connection: Option<&crate::model::ConnectionId>,
        mut facts: Map<String, Value>,
    ) -> Map<String, Value> {
        if connection.is_some_and(|id| self.read_roles.contains(id.as_str())) {
            facts.get_mut("roles").into_iter().for_each(|roles| self.roles.name(roles));
        } else {
            facts.shift_remove("roles");
        }
        facts
    }

    /// What is known of a person, shaped as a SCIM User: claims, over them what was pushed, over that what is castgate's own.
    pub(super) fn shaped(
        &self,
        connection: Option<&crate::model::ConnectionId>,
        (id, user_name, active): (&crate::model::UserId, &str, bool),
        (claims, pushed): (Map<String, Value>, Map<String, Value>),
    ) -> Map<String, Value> {
        let mut facts = claims;
        facts.extend(self.read(connection, pushed));
        facts.insert("userName".to_owned(), json!(user_name));
        facts.insert("id".to_owned(), json!(id));
        facts.insert("active".to_owned(), json!(active));
        facts
    }
}

/// A group as rules see it; none for a local one, which no rule matches.
pub(super) fn group_fact<'a>(names: &'a ConnectionNames, group: &'a Group) -> Option<GroupFact<'a>> {
    match group.origin {
        GroupOrigin::Local => None,
        GroupOrigin::Scim | GroupOrigin::Claims => Some(GroupFact {
            connection: names.get(group.connection.as_ref())?,
            external_id: group.external_id.as_deref(),
            display_name: &group.display_name,
        }),
    }
}

/// What rules give a group now.
pub(super) fn wanted_of_group(
    mapping: &Mapping,
    names: &ConnectionNames,
    group: &Group,
    now: crate::model::Instant,
) -> Vec<Terms> {
    let subject = Subject::Group(group.id.clone());
    let Some(fact) = group_fact(names, group) else { return Vec::new() };
    mapping.for_group(&fact, now).grants.iter().map(|grant| terms_of(&subject, grant)).collect()
}

/// What rules give a person now, beyond what their groups get.
pub(super) async fn wanted_of_user(
    tx: &mut Tx,
    organization: &OrganizationId,
    mapping: &Mapping,
    names: &ConnectionNames,
    (user, now): (&User, crate::model::Instant),
) -> Result<Vec<Terms>, Error> {
    let Some(connection) = names.get(user.connection.as_ref()) else { return Ok(Vec::new()) };
    if !mapping.has_user_rules() {
        return Ok(Vec::new());
    }
    let groups = tx.groups_of(organization, &user.id).await?;
    let facts: Vec<_> = groups.iter().filter_map(|group| group_fact(names, group)).collect();
    let attributes = Value::Object(attributes_of(tx, organization, names, user).await?);
    let subject = Subject::User(user.id.clone());
    let user = UserFacts { connection, attributes: &attributes, groups: &facts };
    Ok(mapping.grants_for_user(&user, now).iter().map(|grant| terms_of(&subject, grant)).collect())
}

/// What rules give a person and their groups, and what they nearly did: for whoever asks why.
pub(super) async fn outcome_of_user(
    tx: &mut Tx,
    organization: &OrganizationId,
    mapping: &Mapping,
    names: &ConnectionNames,
    (user, now): (&User, crate::model::Instant),
) -> Result<Outcome, Error> {
    let Some(connection) = names.get(user.connection.as_ref()) else { return Ok(Outcome::default()) };
    let groups = tx.groups_of(organization, &user.id).await?;
    let facts: Vec<_> = groups.iter().filter_map(|group| group_fact(names, group)).collect();
    let attributes = Value::Object(attributes_of(tx, organization, names, user).await?);
    let mut outcome = mapping.for_user(&UserFacts { connection, attributes: &attributes, groups: &facts }, now);
    for group in &facts {
        let more = mapping.for_group(group, now);
        outcome.grants.extend(more.grants);
        outcome.near_misses.extend(more.near_misses);
    }
    Ok(outcome)
}

/// The facts about a person, shaped as a SCIM User: claims, and over them what was pushed.
pub(super) async fn attributes_of(
    tx: &mut Tx,
    organization: &OrganizationId,
    names: &ConnectionNames,
    user: &User,
) -> Result<Map<String, Value>, Error> {
    let claims = tx.facts(organization, &user.id, FactSource::Claims).await?.unwrap_or_default();
    let pushed = tx.facts(organization, &user.id, FactSource::Scim).await?.unwrap_or_default();
    let own = (&user.id, user.user_name.as_str(), user.directory_active);
    Ok(names.shaped(user.connection.as_ref(), own, (claims, pushed)))
}

impl Work<'_> {
    /// After a person's facts or groups changed, or the person was removed: opens and closes what rules with `when` give them.
    pub(super) async fn settle_user(&mut self, user: &User) -> Result<(), Error> {
        let Some(compiled) = self.mapping_in_force().await? else { return Ok(()) };
        if !compiled.mapping.has_user_rules() {
            return Ok(());
        }
        // Held from before its groups are read: of two pushes that move the same person, the later one sees both moves.
        let organization = &self.ctx.organization;
        let user = self.tx.user_to_change(organization, &user.id).await?.unwrap_or_else(|| user.clone());
        let mut wanted = Vec::new();
        if user.removed_at.is_none() {
            let (mapping, names) = (&compiled.mapping, &compiled.names);
            wanted = wanted_of_user(&mut self.tx, organization, mapping, names, (&user, self.ctx.now)).await?;
        }
        self.settle(&Subject::User(user.id.clone()), &wanted, compiled.version).await
    }

    /// After a group was made, renamed or removed: opens and closes what rules give it.
    pub(super) async fn settle_group(&mut self, group: &Group) -> Result<(), Error> {
        let Some(compiled) = self.mapping_in_force().await? else { return Ok(()) };
        let wanted = match group.removed_at {
            Some(_) => Vec::new(),
            None => wanted_of_group(&compiled.mapping, &compiled.names, group, self.ctx.now),
        };
        self.settle(&Subject::Group(group.id.clone()), &wanted, compiled.version).await
    }

    /// The mapping in force, by what this work has read of it already.
    pub(super) async fn mapping_in_force(&mut self) -> Result<Option<Arc<InForce>>, Error> {
        let (tx, organization, now) = (&mut self.tx, &self.ctx.organization, self.ctx.now);
        match self.mapping_state {
            Some(state) => self.app.mapping_of_state(tx, organization, state, now).await,
            None => self.app.mapping_in_force(tx, organization, now).await,
        }
    }

    /// Whether the mapping in force has any rule with `when`.
    pub(super) async fn any_user_rules(&mut self) -> Result<bool, Error> {
        let compiled = self.mapping_in_force().await?;
        Ok(compiled.is_some_and(|compiled| compiled.mapping.has_user_rules()))
    }

    /// After something changed of which rules speak: what they give everybody now.
    pub(super) async fn settle_everybody(&mut self) -> Result<(), Error> {
        // Of several changes that are one, the last look is enough.
        if let Some(configuring) = &mut self.configuring {
            configuring.settles = true;
            return Ok(());
        }
        self.resettle_everybody().await.map(drop)
    }

    /// The same; what was opened and closed by it.
    pub(super) async fn resettle_everybody(&mut self) -> Result<Diff, Error> {
        let organization = self.ctx.organization.clone();
        if self.tx.mapping_state(&organization).await?.0.is_none() {
            return Ok(Diff { open: Vec::new(), close: Vec::new() });
        }
        let compiled = self.app.compile_in_force(&mut self.tx, &organization, self.ctx.now).await?;
        let version = compiled.version;
        let diff =
            wanted_of_everybody(&mut self.tx, (&organization, self.ctx.now), compiled.mapping, compiled.names).await?;
        self.apply(&diff, Some(version)).await?;
        Ok(diff)
    }

    /// Whether coming into or leaving this group can change what a rule with `when` gives a person.
    pub(super) async fn group_decides_for_users(&mut self, group: &Group) -> Result<bool, Error> {
        let compiled = self.mapping_in_force().await?;
        Ok(compiled.is_some_and(|compiled| {
            compiled.mapping.has_user_rules()
                && group_fact(&compiled.names, group).is_some_and(|fact| compiled.mapping.needs_user(&fact))
        }))
    }

    /// After a group was made: nothing gave it anything before. What rules give it now.
    pub(super) async fn settle_new_group(&mut self, group: &Group) -> Result<Vec<Terms>, Error> {
        let Some(compiled) = self.mapping_in_force().await? else { return Ok(Vec::new()) };
        let wanted = wanted_of_group(&compiled.mapping, &compiled.names, group, self.ctx.now);
        let diff = diff(&[], &wanted, is_rule);
        self.apply(&diff, Some(compiled.version)).await?;
        Ok(diff.open)
    }

    async fn settle(&mut self, subject: &Subject, wanted: &[Terms], version: i64) -> Result<(), Error> {
        let current = self.tx.bindings_of(&self.ctx.organization, subject).await?;
        self.apply(&diff(&current, wanted, is_rule), Some(version)).await
    }

    /// Writes a diff: the last step of the funnel, and the only place where bindings of rules are written and where any
    /// binding is closed before its time.
    pub(super) async fn apply(&mut self, diff: &Diff, version: Option<i64>) -> Result<(), Error> {
        if diff.is_empty() {
            return Ok(());
        }
        let Diff { open, close } = diff;
        if open.iter().chain(close.iter().map(|binding| &binding.terms)).any(gives_owner) {
            self.touch_owners().await?;
        }
        let by = self.ctx.actor.to_string();
        if open.len() + close.len() > FEW {
            let ids: Vec<_> = close.iter().map(|binding| &binding.id).collect();
            self.tx.close_bindings(&self.ctx.organization, &ids, (self.ctx.now, &by)).await?;
            let opened: Vec<_> = open.iter().map(|terms| self.binding_of(terms.clone(), version)).collect();
            self.tx.open_bindings(&self.ctx.organization, &opened).await?;
        } else {
            for binding in close {
                self.tx.close_binding(&self.ctx.organization, &binding.id, (self.ctx.now, &by)).await?;
            }
            for terms in open {
                self.open_binding(terms.clone(), version).await?;
            }
        }
        self.tell_of_access(diff);
        Ok(())
    }

    pub(super) fn tell_of_access(&mut self, diff: &Diff) {
        let Diff { open, close } = diff;
        let touched = || open.iter().chain(close.iter().map(|binding| &binding.terms)).map(|terms| &terms.subject);
        if open.len() + close.len() > FEW {
            // One by one, each would be compared with all that were told before.
            self.review_all_keys();
            self.revoke_everybody();
        } else {
            for subject in touched() {
                self.review_keys_of(subject);
                match subject {
                    Subject::User(user) => self.revoke_user(&user.clone()),
                    Subject::Group(_) | Subject::ServiceAccount(_) => self.revoke_everybody(),
                }
            }
        }
        let subjects: Vec<_> = touched().map(ToString::to_string).collect();
        let lines: Vec<_> = diff.to_string().lines().take(50).map(str::to_owned).collect();
        let detail = json!({"opened": open.len(), "closed": close.len(), "lines": lines});
        self.tell(EventKind::AccessChanged, subjects, detail);
    }
}
