//! The steps of a configuration, each the same as anywhere else.

use super::there::Named;
use crate::{
    app::{
        AccountChange, ClusterChange, Error, ExternalIdChange, Gift, MappingPlan, Publication, RoleWish, SchemaChange,
        Work,
    },
    blueprint::{self, AccountState, BindingName, ClusterState, ConnectionState, Known, Meant, RoleState, Step},
    model::{BuiltInRole, Cluster, ClusterId, ConnectionId, Holder, Instant, Role, Source, Subject, Terms, fold},
    plan::Diff,
};
use std::collections::BTreeMap;

/// The ids of what is named, what is made on the way included.
pub(super) struct Ids {
    named: Named,
    known: Known,
}

impl Ids {
    pub(super) fn of(named: Named, known: Known) -> Self {
        Self { named, known }
    }

    fn of_key<T: Clone>(all: &BTreeMap<String, T>, what: &'static str, key: &str) -> Result<T, Error> {
        all.get(key).cloned().ok_or_else(|| Error::not_found(what, key))
    }

    fn subject(&self, holder: &blueprint::Holder) -> Result<Subject, Error> {
        match holder {
            blueprint::Holder::User(name) => match self.known.users.meant(name) {
                Meant::One(id, _) => Ok(Subject::User(id.clone())),
                Meant::Several | Meant::Nobody => Err(Error::not_found("user", name)),
            },
            blueprint::Holder::ServiceAccount(key) => {
                Self::of_key(&self.named.accounts, "service account", key).map(Subject::ServiceAccount)
            }
            blueprint::Holder::Group(name) => {
                if let Some(id) = self.named.groups.get(&fold(name)) {
                    return Ok(Subject::Group(id.clone()));
                }
                match self.known.pushed.meant(name) {
                    Meant::One(id, _) => Ok(Subject::Group(id.clone())),
                    Meant::Several | Meant::Nobody => Err(Error::not_found("group", name)),
                }
            }
        }
    }

    fn member(&self, holder: &blueprint::Holder) -> Result<Holder, Error> {
        match self.subject(holder)? {
            Subject::User(id) => Ok(Holder::User(id)),
            Subject::ServiceAccount(id) => Ok(Holder::ServiceAccount(id)),
            Subject::Group(id) => Err(Error::not_found("member", id.as_str())),
        }
    }

    fn role(&self, key: &str) -> Result<Role, Error> {
        match BuiltInRole::ALL.into_iter().find(|role| role.name() == key) {
            Some(role) => Ok(Role::BuiltIn(role)),
            None => Self::of_key(&self.named.roles, "role", key).map(Role::Custom),
        }
    }
}

impl Work<'_> {
    /// Takes all the steps, in the order of their kinds; what publishing a mapping came to, if one was.
    pub(super) async fn take_steps(
        &mut self,
        mut steps: Vec<Step>,
        mut ids: Ids,
    ) -> Result<Option<MappingPlan>, Error> {
        steps.sort_by_key(Step::rank);
        let mut published = None;
        for step in steps {
            if let Step::Publish(text) = step {
                let plan = Box::pin(self.publish(&Publication::of(&text))).await?;
                // Publishing looks at what rules give everybody.
                self.configuring.get_or_insert_default().settles = false;
                published = Some(plan);
            } else {
                Box::pin(self.take_step(step, &mut ids)).await?;
            }
        }
        if std::mem::take(&mut self.configuring.get_or_insert_default().settles) {
            self.resettle_everybody().await?;
        }
        Ok(published)
    }

    async fn take_step(&mut self, step: Step, ids: &mut Ids) -> Result<(), Error> {
        match step {
            Step::Rename(name) => {
                let name = crate::app::organizations::checked_name(&name)?.to_owned();
                self.rename((None, Some(&name)), None).await.map(drop)
            }
            Step::DeclareSchema(schema) => self.declare_schema(schema).await.map(drop),
            Step::ChangeSchema(schema) => {
                let (description, attributes) = (schema.description, schema.attributes);
                let change = SchemaChange { description, attributes, if_match: None };
                self.change_schema(&schema.urn, change).await.map(drop)
            }
            Step::RemoveSchema(urn) => self.remove_schema(&urn).await,
            Step::AddCluster(_) | Step::ChangeCluster(_) | Step::RemoveCluster(_) => self.step_cluster(step, ids).await,
            Step::AddRole(_) | Step::ChangeRole(_) | Step::RemoveRole(_) => self.step_role(step, ids).await,
            Step::AddConnection(_)
            | Step::ConfigureConnection(_)
            | Step::SwitchConnection(_)
            | Step::RemoveConnection(_) => self.step_connection(step, ids).await,
            Step::AddAccount(_) | Step::ChangeAccount(_) | Step::RemoveAccount(_) => self.step_account(step, ids).await,
            Step::AddGroup(_) | Step::RenameGroup(_) | Step::Join(..) | Step::Leave(..) | Step::RemoveGroup(_) => {
                self.step_group(step, ids).await
            }
            Step::Give(name, until) => self.step_give(&name, until, ids).await,
            Step::Take(name) => {
                for id in ids.named.bindings.get(&name).cloned().unwrap_or_default() {
                    self.take(&id, false).await?;
                }
                Ok(())
            }
            // Taken by whoever takes them all.
            Step::Publish(_) => Ok(()),
        }
    }

    async fn step_cluster(&mut self, step: Step, ids: &mut Ids) -> Result<(), Error> {
        match step {
            Step::AddCluster(ClusterState { slug, name, external_id }) => {
                crate::app::organizations::check_slug(&slug)?;
                let name = crate::app::organizations::checked_name(&name)?.to_owned();
                let id = ClusterId::from_uuid(self.app.clock().uuid());
                let cluster = Cluster { id, slug, name, external_id, gone_since: None, name_there: None };
                let cluster = self.add_cluster(cluster).await?;
                ids.named.clusters.insert(fold(&cluster.slug), cluster.id);
            }
            Step::ChangeCluster(ClusterState { slug, name, external_id }) => {
                let id = Ids::of_key(&ids.named.clusters, "cluster", &fold(&slug))?;
                let external_id = external_id.map_or(ExternalIdChange::Clear, ExternalIdChange::Set);
                let change = ClusterChange { slug: Some(slug), name: Some(name), external_id };
                self.change_cluster(&id, change, None).await?;
            }
            Step::RemoveCluster(key) => {
                let id = Ids::of_key(&ids.named.clusters, "cluster", &key)?;
                self.remove_cluster(&id, None).await?;
            }
            other => return Err(Error::internal(format!("{other:?} is no step of a cluster"))),
        }
        Ok(())
    }

    async fn step_role(&mut self, step: Step, ids: &mut Ids) -> Result<(), Error> {
        let wish = |RoleState { name, description, capabilities }| RoleWish {
            name: Some(name),
            description: Some(description),
            capabilities: Some(capabilities),
            if_match: None,
        };
        match step {
            Step::AddRole(role) => {
                let kept = self.add_role(wish(role)).await?;
                ids.named.roles.insert(fold(&kept.role.name), kept.role.id);
            }
            Step::ChangeRole(role) => {
                let id = Ids::of_key(&ids.named.roles, "role", &fold(&role.name))?;
                self.change_role(&id, wish(role)).await?;
            }
            Step::RemoveRole(key) => {
                let id = Ids::of_key(&ids.named.roles, "role", &key)?;
                self.delete_role(&id).await?;
            }
            other => return Err(Error::internal(format!("{other:?} is no step of a role"))),
        }
        Ok(())
    }

    async fn step_connection(&mut self, step: Step, ids: &mut Ids) -> Result<(), Error> {
        let prepared =
            |work: &mut Self, key: &str| work.configuring.as_mut().and_then(|configuring| configuring.take_saml(key));
        let known = |ids: &Ids, name: &str| Ids::of_key(&ids.named.connections, "connection", &fold(name));
        match step {
            Step::AddConnection(ConnectionState { name, enabled, settings }) => {
                let (id, key) = prepared(self, &fold(&name))
                    .unwrap_or_else(|| (ConnectionId::from_uuid(self.app.clock().uuid()), None));
                let mut connection = self.app.blank_connection(self.ctx, id, (name, settings))?;
                if enabled && !connection.enabled {
                    let detail = "its provider's entity id, address and certificate are not known: say them or where its \
                                  metadata is, or write enabled: false";
                    return Err(Error::invalid(format!("connection {}", connection.name), detail));
                }
                connection.enabled = enabled;
                let connection = self.add_connection(connection, (None, key)).await?;
                ids.named.connections.insert(fold(&connection.name), connection.id);
            }
            Step::ConfigureConnection(ConnectionState { name, settings, .. }) => {
                let key = prepared(self, &fold(&name)).and_then(|(_, key)| key);
                let id = known(ids, &name)?;
                self.change_connection(&id, None, (settings, None, key)).await?;
            }
            Step::SwitchConnection(ConnectionState { name, enabled, .. }) => {
                let id = known(ids, &name)?;
                self.switch_connection(&id, enabled).await?;
            }
            Step::RemoveConnection(key) => {
                let id = known(ids, &key)?;
                self.remove_connection(&id, None).await?;
            }
            other => return Err(Error::internal(format!("{other:?} is no step of a connection"))),
        }
        Ok(())
    }

    async fn step_account(&mut self, step: Step, ids: &mut Ids) -> Result<(), Error> {
        let key_of = |name: &str, ids: &Ids| Ids::of_key(&ids.named.accounts, "service account", &fold(name));
        match step {
            Step::AddAccount(AccountState { name, description, suspended }) => {
                let account = self.add_service_account(&name, &description).await?;
                ids.named.accounts.insert(fold(&name), account.id.clone());
                if suspended {
                    let change = AccountChange { suspended: Some(true), ..AccountChange::default() };
                    self.change_account(&account.id, change).await?;
                }
            }
            Step::ChangeAccount(AccountState { name, description, suspended }) => {
                let id = key_of(&name, ids)?;
                let (name, description, suspended) = (Some(name), Some(description), Some(suspended));
                self.change_account(&id, AccountChange { name, description, suspended, if_match: None }).await?;
            }
            Step::RemoveAccount(key) => self.close_account(&key_of(&key, ids)?).await?,
            other => return Err(Error::internal(format!("{other:?} is no step of a service account"))),
        }
        Ok(())
    }

    async fn step_group(&mut self, step: Step, ids: &mut Ids) -> Result<(), Error> {
        let known = |key: &str, ids: &Ids| Ids::of_key(&ids.named.groups, "group", key);
        match step {
            Step::AddGroup(name) => {
                let group = self.add_local_group(&name).await?;
                ids.named.groups.insert(fold(&name), group.id);
            }
            Step::RenameGroup(name) => {
                let id = known(&fold(&name), ids)?;
                self.rename_local_group(&id, &name, None).await?;
            }
            Step::Join(key, holder) => {
                let (id, member) = (known(&key, ids)?, ids.member(&holder)?);
                self.join_local_group(&id, &member).await?;
            }
            Step::Leave(key, holder) => {
                let (id, member) = (known(&key, ids)?, ids.member(&holder)?);
                self.leave_local_group(&id, &member).await?;
            }
            Step::RemoveGroup(key) => {
                let id = known(&key, ids)?;
                self.delete_local_group(&id).await?;
            }
            other => return Err(Error::internal(format!("{other:?} is no step of a group"))),
        }
        Ok(())
    }

    /// Gives a role; or another end to one that was given, in one step, so that nobody is without it in between.
    async fn step_give(&mut self, name: &BindingName, until: Option<Instant>, ids: &Ids) -> Result<(), Error> {
        let (subject, role) = (ids.subject(&name.holder)?, ids.role(&name.role)?);
        let Some(before) = ids.named.bindings.get(name) else {
            let gift = Gift { subject, role, cluster: name.cluster.clone(), until };
            return self.give(gift, None).await.map(drop);
        };
        let scope = self.scope_named(name.cluster.as_deref()).await?;
        let terms = Terms { subject, role, scope, source: Source::Person, until };
        self.may_be_given(&terms).await?;
        self.subject_is_here(&terms.subject).await?;
        let mut close = Vec::new();
        for id in before {
            close.extend(self.tx.binding(&self.ctx.organization, id).await?);
        }
        self.apply(&Diff { open: vec![terms], close }, None).await
    }
}
