//! The mapping in force, compiled once and compared with the store at every use.

use super::{App, Error, funnel::ConnectionNames};
use crate::{
    mapping::{KnownCluster, KnownGroup, Mapping, Vocabulary, in_force},
    model::{Connection, Instant, OrganizationId},
    scim::RoleNames,
    store::{MappingState, MappingVersion, Tx},
};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

/// A mapping in force, compiled against the organization as it was then.
#[derive(Debug)]
pub(super) struct InForce {
    pub(super) version: i64,
    /// What it was compiled against; another number means that clusters, roles or connections changed.
    vocabulary: i64,
    pub(super) mapping: Mapping,
    pub(super) names: ConnectionNames,
}

/// Compiled mappings by organization. Whoever uses one compares its numbers with the store's first.
#[derive(Debug, Default)]
pub(super) struct Compiled(Mutex<HashMap<OrganizationId, Arc<InForce>>>);

impl App {
    /// The mapping in force; none before the first is published.
    pub(super) async fn mapping_in_force(
        &self,
        tx: &mut Tx,
        organization: &OrganizationId,
        now: Instant,
    ) -> Result<Option<Arc<InForce>>, Error> {
        let state = tx.mapping_state(organization).await?;
        self.mapping_of_state(tx, organization, state, now).await
    }

    /// The same, of a state that this transaction has read already.
    pub(super) async fn mapping_of_state(
        &self,
        tx: &mut Tx,
        organization: &OrganizationId,
        state: MappingState,
        now: Instant,
    ) -> Result<Option<Arc<InForce>>, Error> {
        let (Some(version), vocabulary) = state else { return Ok(None) };
        let known = self.inner.compiled.0.lock().unwrap_or_else(PoisonError::into_inner).get(organization).cloned();
        if let Some(known) = known.filter(|known| known.version == version && known.vocabulary == vocabulary) {
            return Ok(Some(known));
        }
        let compiled = Arc::new(self.compile_in_force(tx, organization, now).await?);
        // What this transaction has changed may be undone, and the same numbers then come to mean something else.
        if tx.moved_vocabulary() {
            return Ok(Some(compiled));
        }
        let mut all = self.inner.compiled.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.insert(organization.clone(), compiled.clone());
        Ok(Some(compiled))
    }

    /// The same, compiled anew and not kept: for a transaction that changed what a mapping speaks of and may be undone.
    pub(super) async fn compile_in_force(
        &self,
        tx: &mut Tx,
        organization: &OrganizationId,
        now: Instant,
    ) -> Result<InForce, Error> {
        let (Some(version), vocabulary) = tx.mapping_state(organization).await? else {
            return Err(Error::internal("there is no mapping to compile"));
        };
        let stored = tx.mapping_version(organization, version).await?;
        let stored = stored.ok_or_else(|| Error::internal(format!("mapping version {version} is not there")))?;
        self.compile_stored(tx, organization, (stored, vocabulary), now).await
    }

    /// A version that is or was in force, compiled against the organization as it is now.
    pub(super) async fn compile_stored(
        &self,
        tx: &mut Tx,
        organization: &OrganizationId,
        (stored, vocabulary): (MappingVersion, i64),
        now: Instant,
    ) -> Result<InForce, Error> {
        let version = stored.version;
        let (mut words, names) = vocabulary_of(tx, organization, false).await?;
        // A connection made since must not make unqualified group names ambiguous in what is in force already.
        words.connections = stored.connections;
        let checked = in_force(&stored.text, &words, now);
        let mapping = checked.mapping.ok_or_else(|| Error::internal("the mapping in force cannot be read"))?;
        Ok(InForce { version, vocabulary, mapping, names })
    }
}

/// What a mapping may speak of, and the names of the connections. The groups are loaded only for warnings.
pub(super) async fn vocabulary_of(
    tx: &mut Tx,
    organization: &OrganizationId,
    with_groups: bool,
) -> Result<(Vocabulary, ConnectionNames), Error> {
    let connections = tx.connections(organization).await?;
    let clusters = tx.clusters(organization).await?;
    let custom_roles = tx.custom_roles(organization).await?;
    let names = ConnectionNames::of(&connections, RoleNames::of(&custom_roles, &clusters));
    let says_roles = |connection: &Connection| {
        connection.settings.read_roles || connection.settings.attributes.values().any(|attribute| attribute == "roles")
    };
    let groups = match with_groups {
        true => Some(known_groups(tx, organization, &connections).await?),
        false => None,
    };
    let words = Vocabulary {
        roles_are_said: connections.iter().any(says_roles),
        connections: connections.into_iter().map(|connection| connection.name).collect(),
        clusters: clusters
            .into_iter()
            .map(|cluster| KnownCluster { id: cluster.id, slug: cluster.slug, external_id: cluster.external_id })
            .collect(),
        custom_roles,
        groups,
        ..Vocabulary::default()
    };
    Ok((words, names))
}

async fn known_groups(
    tx: &mut Tx,
    organization: &OrganizationId,
    connections: &[Connection],
) -> Result<Vec<KnownGroup>, Error> {
    let groups = tx.directory_groups(organization).await?;
    Ok(groups
        .into_iter()
        .filter_map(|group| {
            let connection = connections.iter().find(|known| Some(&known.id) == group.connection.as_ref())?;
            Some(KnownGroup {
                connection: connection.name.clone(),
                external_id: group.external_id,
                display_name: group.display_name,
            })
        })
        .collect())
}
