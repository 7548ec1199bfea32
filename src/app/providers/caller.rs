//! Whose push it is.

use super::{
    super::{Actor, App, Ctx, Error, credentials::told_only},
    stale, text_of,
};
use crate::{
    cache::{Key, Touched},
    crypto::{Presented, TokenKind, token},
    model::{Connection, ConnectionId, Instant, OrganizationId},
    store::TokenHolder,
};
use data_encoding::HEXLOWER;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::{net::IpAddr, sync::Arc};

/// What somebody shows at the SCIM door.
#[derive(Debug, Clone, Copy)]
pub struct Shown<'a> {
    /// Behind `Bearer`.
    pub bearer: &'a str,
    /// The connection in whose own address it came; none: the address of all.
    pub at: Option<&'a ConnectionId>,
    /// From where.
    pub from: Option<IpAddr>,
}

/// Why somebody does not get in.
#[derive(Debug)]
pub enum Refusing {
    /// Nothing is known of what was shown. Every reason looks the same.
    Unknown,
    /// What was shown is real, so whoever has it may know: in ASCII, without quotes.
    Known(String),
    /// It could not be found out.
    Failed(Error),
}

impl From<Refusing> for Error {
    fn from(refusing: Refusing) -> Self {
        match refusing {
            Refusing::Unknown | Refusing::Known(_) => Self::NotSignedIn,
            Refusing::Failed(error) => error,
        }
    }
}

/// What the token of this hash opens, remembered for the lease.
struct Opens([u8; 32]);

/// The connection of a token.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Opened {
    organization: OrganizationId,
    #[serde(serialize_with = "plain", deserialize_with = "shared")]
    connection: Arc<Connection>,
    /// When the token stops by itself.
    until: Option<Instant>,
}

pub(super) fn plain<S: Serializer>(connection: &Arc<Connection>, serializer: S) -> Result<S::Ok, S::Error> {
    connection.as_ref().serialize(serializer)
}

pub(super) fn shared<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Arc<Connection>, D::Error> {
    Connection::deserialize(deserializer).map(Arc::new)
}

impl Key for Opens {
    type Value = Opened;
    const REVOCABLE: bool = true;
    fn text(&self) -> String {
        format!("token:{}", HEXLOWER.encode(&self.0))
    }
    fn touched(opened: &Opened) -> Touched<'_> {
        Touched::ByConnectionsOf(&opened.organization)
    }
}

impl App {
    /// Whose push this is, at the address of all. Every reason for a refusal looks the same: 401.
    pub async fn scim_connection(&self, bearer: &str) -> Result<(Ctx, Arc<Connection>), Error> {
        Ok(self.scim_caller(Shown { bearer, at: None, from: None }).await?)
    }

    /// Whose push this is.
    pub async fn scim_caller(&self, shown: Shown<'_>) -> Result<(Ctx, Arc<Connection>), Refusing> {
        // None of our own tokens has a dot in it, and every JWT has two.
        if shown.bearer.contains('.') {
            return Box::pin(self.caller_of_jwt(shown)).await;
        }
        // The checksum refuses typing mistakes and noise before the store is asked.
        let presented = token::parse(shown.bearer, TokenKind::Scim)
            .or_else(|_| token::parse(shown.bearer, TokenKind::ScimAccess))
            .map_err(|_| Refusing::Unknown)?;
        let found = self.opened_by(&presented, shown.from).await;
        let opened = match found {
            Ok(opened) if shown.at.is_none_or(|at| *at == opened.connection.id) => opened,
            Ok(_) | Err(Error::NotSignedIn) => {
                return Err(Box::pin(self.why_it_opens_nothing(&presented, shown)).await?);
            }
            Err(error) => return Err(Refusing::Failed(error)),
        };
        Ok(self.caller_of(opened.organization, opened.connection))
    }

    pub(super) fn caller_of(
        &self,
        organization: OrganizationId,
        connection: Arc<Connection>,
    ) -> (Ctx, Arc<Connection>) {
        let actor = Actor::Connection { id: connection.id.clone() };
        (Ctx { actor, organization, now: self.clock().now(), request: self.new_request() }, connection)
    }

    async fn opened_by(&self, presented: &Presented, from: Option<IpAddr>) -> Result<Opened, Error> {
        let (hash, now) = (presented.hash(), self.clock().now());
        let lease = self.settings().cache.lease.get();
        let opened = self.cache().fetch(&Opens(hash), lease, || self.load_opened(&hash, (now, from))).await?;
        if opened.until.is_some_and(|until| until <= now) {
            return Box::pin(self.load_opened(&hash, (now, from))).await;
        }
        Ok(opened.as_ref().clone())
    }

    async fn load_opened(&self, hash: &[u8; 32], (now, from): (Instant, Option<IpAddr>)) -> Result<Opened, Error> {
        let holder = self.store().read().await?.scim_token_holder(hash, now).await?.ok_or(Error::NotSignedIn)?;
        if stale(holder.last_used_at, now) {
            let noted = async {
                let mut tx = self.store().write("token used").await?;
                tx.touch_scim_token(hash, (now, text_of(from).as_deref())).await?;
                tx.commit().await
            };
            told_only(noted.await);
        }
        let TokenHolder { organization, connection, expires_at, .. } = holder;
        Ok(Opened { organization, connection: Arc::new(connection), until: expires_at })
    }
}
