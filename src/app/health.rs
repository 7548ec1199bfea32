//! How what castgate rests on does, for the people of an organization; and whether its owners would get back in if a provider were gone.

use super::{App, Ctx, Error, owners::can_sign_in};
use crate::{
    cache::Feed,
    config::{Engine, MailTransport},
    model::{Capability, Connection, EventKind, Instant, User},
    store::LettersWaiting,
};
use std::time::{Duration, Instant as Stopwatch};

/// Owners that are looked at.
const MOST_OWNERS: i64 = 200;

/// How everything does that castgate rests on, seen from this node.
#[derive(Debug, Clone)]
pub struct Health {
    /// Which database.
    pub engine: Engine,
    /// How long it took to answer.
    pub answered_in: Duration,
    /// Whether the nodes hear each other.
    pub feed: Feed,
    /// How letters go out.
    pub mail: MailTransport,
    /// The organization's letters that wait.
    pub letters: LettersWaiting,
    /// Since when this process runs.
    pub began: Instant,
}

/// One owner, and how they would come in.
#[derive(Debug, Clone)]
pub struct OwnerStands {
    /// Who.
    pub user: User,
    /// Whether they can sign in as things stand.
    pub reachable: bool,
    /// Whether they have a password of their own, which needs no provider.
    pub password: bool,
    /// Whether an authenticator app stands behind it.
    pub second_factor: bool,
}

impl OwnerStands {
    /// Whether they get in with every provider gone: by a password of their own.
    #[must_use]
    pub fn needs_no_provider(&self) -> bool {
        self.reachable && self.user.connection.is_none() && self.password
    }

    /// Whether they get in with this connection gone.
    #[must_use]
    pub fn is_in_without(&self, connection: &Connection) -> bool {
        self.reachable && self.user.connection.as_ref() != Some(&connection.id)
    }
}

/// What stands between an organization and being locked out.
#[derive(Debug, Clone)]
pub struct BreakGlass {
    /// Its owners.
    pub owners: Vec<OwnerStands>,
    /// Its connections that sign people in.
    pub connections: Vec<Connection>,
    /// When one of them was last restored at the machine itself.
    pub last_used: Option<Instant>,
}

impl App {
    /// How everything does. Asks the database, and says how long that took.
    pub async fn health(&self, ctx: &Ctx) -> Result<Health, Error> {
        let mut tx = self.read(ctx, Capability::ManageOrganization).await?;
        // By the connection that is held already: whoever waits for a second one while holding a first can wait for ever.
        let watch = Stopwatch::now();
        let letters = tx.letters_waiting(&ctx.organization).await?;
        let answered_in = watch.elapsed();
        let settings = self.settings();
        let (engine, mail) = (settings.store.engine, settings.mail.transport);
        Ok(Health { engine, answered_in, feed: self.cache().feed(), mail, letters, began: self.inner.began })
    }

    /// Who of the owners would get in, and by what.
    pub async fn break_glass(&self, ctx: &Ctx) -> Result<BreakGlass, Error> {
        let mut tx = self.read(ctx, Capability::ManageOrganization).await?;
        let organization = &ctx.organization;
        let (mut owners, mut last_used) = (Vec::new(), None);
        for id in tx.owners_of_everything(organization, MOST_OWNERS).await? {
            let Some(user) = tx.user(organization, &id).await? else { continue };
            let reachable = can_sign_in(&mut tx, organization, &user).await?;
            let password = tx.password(organization, &id).await?.is_some();
            let second_factor =
                tx.second_factor(organization, &id).await?.is_some_and(|one| one.confirmed_at.is_some());
            let kinds = &[EventKind::OwnerRecovered];
            let recovered = tx.last_event_about(organization, (id.as_str(), kinds), ctx.now).await?;
            last_used = last_used.max(recovered.map(|event| event.at));
            owners.push(OwnerStands { user, reachable, password, second_factor });
        }
        let mut connections = tx.connections(organization).await?;
        connections.retain(|connection| connection.enabled && connection.settings.signs_in());
        Ok(BreakGlass { owners, connections, last_used })
    }
}
