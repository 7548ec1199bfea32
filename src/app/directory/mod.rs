//! What identity providers push: people, groups, and who is in them.

mod arrival;
mod groups;
mod lifecycle;
mod members;
mod users;

pub(super) use arrival::Found;

use super::{
    Actor, App, Ctx, Error,
    credentials::{NOTED_EVERY, told_only},
};
use crate::{
    cache::Key,
    crypto::{TokenKind, token},
    filter::StandardKinds,
    model::{Connection, Group, Instant, OrganizationId, User},
    scim::{EntityTags, Query, ScimError, Sort, weak},
    store::{Member, Page, TokenHolder, Tx},
};
use data_encoding::HEXLOWER;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};
use std::{sync::Arc, time::Duration};

/// How long a deleted user or group can come back under the same id.
pub(super) const TOMBSTONE: Duration = Duration::from_hours(30 * 24);

/// A user, and the pushed groups that they are in.
#[derive(Debug, Clone)]
pub struct UserView {
    /// The user.
    pub user: User,
    /// Their groups, of the same connection.
    pub groups: Vec<Group>,
}

impl UserView {
    /// The user's attributes as SCIM shows them, `active` included.
    #[must_use]
    pub fn document(&self) -> Map<String, Value> {
        users::scim_document(&self.user).into_map()
    }
}

/// A group, and its members where they were asked for.
#[derive(Debug, Clone)]
pub struct GroupView {
    /// The group.
    pub group: Group,
    /// Who is in it; none where nobody asked.
    pub members: Option<Vec<Member>>,
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

fn plain<S: Serializer>(connection: &Arc<Connection>, serializer: S) -> Result<S::Ok, S::Error> {
    connection.as_ref().serialize(serializer)
}

fn shared<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Arc<Connection>, D::Error> {
    Connection::deserialize(deserializer).map(Arc::new)
}

impl Key for Opens {
    type Value = Opened;
    const REVOCABLE: bool = true;
    fn text(&self) -> String {
        format!("token:{}", HEXLOWER.encode(&self.0))
    }
}

impl App {
    /// Whose push this is. Every reason for a refusal looks the same: 401.
    pub async fn scim_connection(&self, bearer: &str) -> Result<(Ctx, Arc<Connection>), Error> {
        // The checksum refuses typing mistakes and noise before the store is asked.
        let presented = token::parse(bearer, TokenKind::Scim).map_err(|_| Error::NotSignedIn)?;
        let (hash, now) = (presented.hash(), self.clock().now());
        let lease = self.settings().cache.lease.get();
        let mut opened = self.cache().fetch(&Opens(hash), lease, self.load_opened(&hash, now)).await?;
        if opened.until.is_some_and(|until| until <= now) {
            opened = Arc::new(self.load_opened(&hash, now).await?);
        }
        let Opened { organization, connection, until: _ } = opened.as_ref().clone();
        let ctx = Ctx {
            actor: Actor::Connection { id: connection.id.clone() },
            organization,
            now,
            request: self.new_request(),
        };
        Ok((ctx, connection))
    }

    async fn load_opened(&self, hash: &[u8; 32], now: Instant) -> Result<Opened, Error> {
        let holder = self.store().read().await?.scim_token_holder(hash, now).await?.ok_or(Error::NotSignedIn)?;
        if stale(holder.last_used_at, now) {
            let noted = async {
                let mut tx = self.store().write("token used").await?;
                tx.touch_scim_token(hash, now).await?;
                tx.commit().await
            };
            told_only(noted.await);
        }
        let TokenHolder { organization, connection, expires_at, .. } = holder;
        Ok(Opened { organization, connection: Arc::new(connection), until: expires_at })
    }
}

/// Whether a use is worth noting: the time of the last one is kept to the minute.
fn stale(last: Option<Instant>, now: Instant) -> bool {
    last.is_none_or(|last| last.plus(NOTED_EVERY) <= now)
}

/// Refuses a change of something that changed since it was read (RFC 7644 §3.14).
fn check_version(if_match: Option<&EntityTags>, version: i64) -> Result<(), Error> {
    match if_match {
        Some(tags) if !tags.matches(&weak(&version.to_string())) => {
            let detail = "the resource changed since it was read; read it again and repeat the change";
            Err(ScimError::precondition_failed(detail).into())
        }
        Some(_) | None => Ok(()),
    }
}

/// The page that a query asks for, within the limits of the settings.
fn page(app: &App, query: &Query) -> Page {
    let limits = &app.settings().scim;
    let count = query.count.unwrap_or(limits.page_size as u64).min(limits.max_page_size as u64);
    Page { start_index: query.start_index, count }
}

fn order(sort: Option<&Sort>) -> Option<crate::store::Sort> {
    sort.map(|sort| crate::store::Sort { attribute: sort.by.clone(), descending: sort.descending })
}

/// How attributes compare in queries.
const KINDS: StandardKinds = StandardKinds;

/// The pushed groups of a connection that a user is in.
async fn view(tx: &mut Tx, ctx: &Ctx, user: User) -> Result<UserView, Error> {
    let mut groups = tx.groups_of(&ctx.organization, &user.id).await?;
    groups.retain(|group| group.connection == user.connection && group.origin == crate::model::GroupOrigin::Scim);
    Ok(UserView { user, groups })
}
