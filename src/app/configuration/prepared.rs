//! What has to be done before the transaction of a configuration begins: what is read elsewhere, and what takes long to make.

use super::{Configuration, there::There};
use crate::{
    access::Access,
    app::{App, Ctx, Error, RoleChange, key_safe::Touched, saml::NewSamlKey},
    blueprint::read_document,
    model::{ConnectionId, ConnectionSettings, SamlSettings},
};
use std::collections::BTreeMap;

/// New connections of one document that speak SAML: each is a question to somebody's server and a key of RSA.
const MOST_NEW: usize = 20;

/// One configuration under way.
#[derive(Debug, Default)]
pub(in crate::app) struct Configuring {
    /// What the actor held when it began; none: roles do not bind them.
    pub(in crate::app) holds: Option<Access>,
    /// Whether what rules give everybody has to be looked at once more.
    pub(in crate::app) settles: bool,
    /// The keys that it touched.
    pub(in crate::app) touched: Vec<Touched>,
    /// Of connections that speak SAML, by their folded names.
    saml: BTreeMap<String, PreparedSaml>,
}

/// What a connection that speaks SAML needs from elsewhere.
#[derive(Debug)]
struct PreparedSaml {
    id: ConnectionId,
    /// The settings with what the provider's metadata says.
    settings: Option<ConnectionSettings>,
    key: Option<NewSamlKey>,
}

impl Configuring {
    /// The settings with what the provider says about itself, where a document leaves that to it.
    pub(super) fn read_from_provider(&self, connection: &str) -> Option<ConnectionSettings> {
        self.saml.get(connection)?.settings.clone()
    }

    /// The id and the first key of a connection that speaks SAML.
    pub(super) fn take_saml(&mut self, connection: &str) -> Option<(ConnectionId, Option<NewSamlKey>)> {
        self.saml.get_mut(connection).map(|prepared| (prepared.id.clone(), prepared.key.take()))
    }
}

impl App {
    /// For a change of roles that is a configuration.
    pub(in crate::app) async fn prepared_for(
        &self,
        ctx: &Ctx,
        change: &RoleChange,
        with_keys: bool,
    ) -> Result<Option<Box<Configuring>>, Error> {
        match change {
            RoleChange::Configure(wanted) => self.prepared(ctx, wanted, with_keys).await.map(Some),
            RoleChange::SetRole { .. }
            | RoleChange::Give { .. }
            | RoleChange::Take { .. }
            | RoleChange::Join { .. }
            | RoleChange::Leave { .. }
            | RoleChange::DeleteGroup { .. }
            | RoleChange::EditRole { .. }
            | RoleChange::Suspend { .. }
            | RoleChange::Remove { .. }
            | RoleChange::Publish(_) => Ok(None),
        }
    }

    /// Reads the metadata of providers that nobody knows yet, and makes first keys of ours for them.
    pub(super) async fn prepared(
        &self,
        ctx: &Ctx,
        wanted: &Configuration,
        with_keys: bool,
    ) -> Result<Box<Configuring>, Error> {
        if !wanted.text.contains("saml") {
            return Ok(Box::default());
        }
        let there = self.there_now(ctx).await?;
        self.prepared_at(ctx, wanted, &there, with_keys).await
    }

    /// The same, where what is there is known already.
    pub(super) async fn prepared_at(
        &self,
        ctx: &Ctx,
        wanted: &Configuration,
        there: &There,
        with_keys: bool,
    ) -> Result<Box<Configuring>, Error> {
        let mut configuring = Box::<Configuring>::default();
        // What is wrong with it is said by who reads it again.
        let Ok(document) = read_document(&wanted.text, &there.known, ctx.now) else { return Ok(configuring) };
        let mut read = 0;
        for (key, connection) in document.state.connections.into_iter().flatten() {
            let Some(saml) = &connection.settings.saml else { continue };
            read += usize::from(needs_metadata(saml) || !there.ids.connections.contains_key(&key));
            if read > MOST_NEW {
                let detail =
                    format!("a document brings at most {MOST_NEW} new SAML connections; apply the others after it");
                return Err(Error::invalid("connections", detail));
            }
            let known = there.ids.connections.get(&key).cloned();
            let id = known.unwrap_or_else(|| ConnectionId::from_uuid(self.clock().uuid()));
            let settings = match needs_metadata(saml) {
                true => Some(self.with_saml_metadata(ctx, connection.settings, None).await?),
                false => None,
            };
            let new = if with_keys { self.first_saml_key(ctx, &id, true).await? } else { None };
            configuring.saml.insert(key, PreparedSaml { id, settings, key: new });
        }
        Ok(configuring)
    }
}

fn needs_metadata(saml: &SamlSettings) -> bool {
    saml.metadata_url.is_some() && !saml.is_ready()
}
