//! The deployment's signing keys: made once, sealed in the store, published as JWKS.

use super::{App, Error};
use crate::crypto::{
    Context,
    jwt::{SigningKey, SigningKeys},
};
use serde::Serialize;
use serde_json::Value;
use std::{
    sync::{PoisonError, RwLock},
    time::Duration,
};

/// How long a retired key is still published: longer than any token that it signed lives.
const OVERLAP: Duration = Duration::from_hours(24);

/// The keys, once [`App::prepare`] has loaded them.
#[derive(Debug, Default)]
pub(super) struct Keys(RwLock<Option<SigningKeys>>);

impl App {
    /// Loads the signing keys; a new deployment makes its first.
    pub(super) async fn prepare_signing_keys(&self) -> Result<(), Error> {
        let now = self.clock().now();
        let mut tx = self.store().write("signing keys").await?;
        let mut keys = Vec::new();
        for (id, sealed, _, _) in tx.signing_keys(now.minus(OVERLAP)).await? {
            let der = self.sealer().open(&place(&id), &sealed).map_err(Error::internal)?;
            keys.push(SigningKey::from_pkcs8(&der).map_err(Error::internal)?);
        }
        if keys.is_empty() {
            let key = SigningKey::generate().map_err(Error::internal)?;
            let sealed = self.sealer().seal(&place(key.kid()), key.pkcs8()).map_err(Error::internal)?;
            tx.insert_signing_key(key.kid(), &sealed, now).await?;
            keys.push(key);
        }
        tx.commit().await?;
        let current = keys.remove(0);
        *self.inner.keys.0.write().unwrap_or_else(PoisonError::into_inner) = Some(SigningKeys::new(current, keys));
        Ok(())
    }

    /// Signs claims as a JWT.
    pub(super) fn sign_claims(&self, claims: &impl Serialize) -> Result<String, Error> {
        let keys = self.inner.keys.0.read().unwrap_or_else(PoisonError::into_inner);
        let keys = keys.as_ref().ok_or_else(|| Error::internal("the signing keys are not loaded"))?;
        keys.sign("JWT", claims).map_err(Error::internal)
    }

    /// The public halves of the signing keys.
    pub fn jwks(&self) -> Result<Value, Error> {
        let keys = self.inner.keys.0.read().unwrap_or_else(PoisonError::into_inner);
        let keys = keys.as_ref().ok_or_else(|| Error::internal("the signing keys are not loaded"))?;
        Ok(keys.jwks())
    }
}

fn place(id: &str) -> Context<'_> {
    Context { organization: "-", table: "signing_keys", row: id, column: "secret" }
}
