//! The keys that sign checkpoints: made once for the deployment, sealed in the store.

use super::{
    super::{App, Error},
    checkpoint::{As, statement},
};
use crate::{
    crypto::{AuditKey, Context, Sealer},
    model::OrganizationId,
    store::{SealRow, Tx},
};
use std::sync::{Arc, PoisonError};

/// The keys that signed checkpoints, the one that signs now first.
#[derive(Debug)]
pub struct AuditKeys(Vec<AuditKey>);

impl AuditKeys {
    /// Opens the keys in the store; none is there before the first start. A row that somebody else put there does not open:
    /// only who has the master key can make one.
    pub async fn load(tx: &mut Tx, sealer: &Sealer) -> Result<Self, Error> {
        let mut keys = Vec::new();
        for (id, sealed) in tx.audit_keys().await? {
            let der = sealer.open(&place(&id), &sealed).map_err(|error| Error::Unavailable(unreadable(&id, &error)))?;
            keys.push(AuditKey::from_pkcs8(&der).map_err(|error| Error::Unavailable(unreadable(&id, &error)))?);
        }
        Ok(Self(keys))
    }

    /// The public halves, by the ids that checkpoints name.
    pub fn public(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.0.iter().map(|key| (key.id(), key.public()))
    }

    /// The key that signs now.
    pub(super) fn current(&self) -> Result<&AuditKey, Error> {
        self.0.first().ok_or_else(|| Error::internal("there is no key to sign checkpoints with"))
    }

    /// Signs a text with the key that signs now: the key's id, and the signature.
    pub(in crate::app) fn sign(&self, message: &[u8]) -> Result<(&str, Vec<u8>), Error> {
        let key = self.current()?;
        Ok((key.id(), key.sign(message)))
    }

    /// The public half of the key that signed this; none when none of these did.
    pub(in crate::app) fn signer(&self, id: &str, message: &[u8], signature: &[u8]) -> Option<&[u8]> {
        self.0.iter().find(|key| key.id() == id && key.signed(message, signature)).map(AuditKey::public)
    }

    /// Whether one of these keys signed this.
    pub(super) fn signed(&self, organization: &OrganizationId, row: &SealRow, kind: As) -> bool {
        let message = statement(organization, row, kind);
        self.0.iter().any(|key| key.id() == row.signer && key.signed(&message, &row.signature))
    }
}

fn unreadable(id: &str, error: &dyn std::fmt::Display) -> String {
    format!("the audit's signing key {id} cannot be opened: {error}")
}

/// Where a key's secret half lies.
pub(in crate::app) fn place(id: &str) -> Context<'_> {
    Context { organization: "-", table: "audit_keys", row: id, column: "secret" }
}

impl App {
    /// Loads the keys that sign checkpoints; a new deployment makes its first.
    pub(in crate::app) async fn prepare_audit_keys(&self) -> Result<(), Error> {
        let mut tx = self.store().write("audit keys").await?;
        let mut keys = AuditKeys::load(&mut tx, &self.sealer()).await?;
        if keys.0.is_empty() {
            let key = AuditKey::generate().map_err(Error::internal)?;
            let sealed = self.sealer().seal(&place(key.id()), key.pkcs8()).map_err(Error::internal)?;
            tx.insert_audit_key(key.id(), &sealed, self.clock().now()).await?;
            keys.0.push(key);
        }
        tx.commit().await?;
        *self.inner.audit_keys.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(keys));
        Ok(())
    }

    /// The keys that sign checkpoints.
    pub fn audit_keys(&self) -> Result<Arc<AuditKeys>, Error> {
        let keys = self.inner.audit_keys.read().unwrap_or_else(PoisonError::into_inner);
        keys.clone().ok_or_else(|| Error::internal("the audit's signing keys are not loaded"))
    }
}
