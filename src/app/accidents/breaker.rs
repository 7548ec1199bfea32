//! The breaker: notices that a source takes away an unusual share of what it gave, and tells the owners. It holds nothing back.

use super::super::{Actor, App, Ctx, Error, Need, Work, invitations::moment};
use crate::{
    model::{AccidentId, Capability, Connection, ConnectionId, EventKind, Instant, OrganizationId},
    store::{AccidentRow, Losses},
};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};
use std::{
    collections::BTreeSet,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// Connections that took something away since the last look. Only a hint of where to look: what is counted are rows.
#[derive(Debug, Default)]
pub(in crate::app) struct Suspected(Mutex<BTreeSet<(OrganizationId, ConnectionId)>>);

impl Suspected {
    fn all(&self) -> MutexGuard<'_, BTreeSet<(OrganizationId, ConnectionId)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A push of this connection took something away.
    pub(in crate::app) fn note(&self, organization: &OrganizationId, connection: &ConnectionId) {
        self.all().insert((organization.clone(), connection.clone()));
    }
}

/// What a look came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct BreakerRound {
    /// Connections that were looked at.
    pub looked_at: usize,
    /// Accidents of which the owners were told.
    pub noticed: usize,
}

/// An unusual span of removals.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Accident {
    /// Its id.
    pub id: AccidentId,
    /// Whose directory lost something.
    pub connection: ConnectionId,
    /// The first loss.
    pub from: Instant,
    /// The last look at it.
    pub to: Instant,
    /// When it was noticed, and the owners were told.
    pub noticed_at: Instant,
    /// What was gone at the last look: `members` who left groups, `groups`, `people`.
    pub counts: Value,
}

impl From<AccidentRow> for Accident {
    fn from(row: AccidentRow) -> Self {
        let AccidentRow { id, connection, began_at, noticed_at, looked_at, counts } = row;
        let counts = serde_json::from_str(&counts).unwrap_or(Value::Null);
        Self { id, connection, from: began_at, to: looked_at, noticed_at, counts }
    }
}

impl App {
    /// The accidents that were noticed, older than `before` (an id, or '' for the newest), the newest first.
    pub async fn accidents(&self, ctx: &Ctx, before: &str, limit: i64) -> Result<Vec<Accident>, Error> {
        let mut tx = self.read(ctx, Capability::ManageOrganization).await?;
        Ok(tx.accidents(&ctx.organization, before, limit).await?.into_iter().map(Accident::from).collect())
    }

    /// Looks at the connections that took something away since the last look.
    pub async fn look_for_accidents(&self) -> Result<BreakerRound, Error> {
        let suspected = std::mem::take(&mut *self.inner.suspected.all());
        let mut round = BreakerRound::default();
        for (organization, connection) in suspected {
            let request = self.new_request();
            let ctx = Ctx { actor: Actor::System, organization, now: self.clock().now(), request };
            round.looked_at += 1;
            match self.look_at(&ctx, &connection).await {
                Ok(noticed) => round.noticed += usize::from(noticed),
                Err(error) => {
                    // The next round looks again.
                    self.inner.suspected.note(&ctx.organization, &connection);
                    return Err(error);
                }
            }
        }
        Ok(round)
    }

    async fn look_at(&self, ctx: &Ctx, connection: &ConnectionId) -> Result<bool, Error> {
        let settings = &self.settings().accidents;
        let since = ctx.now.minus(settings.window.get());
        let mut tx = self.store().read().await?;
        let lost = tx.losses_since(&ctx.organization, connection, since).await?;
        let least = u64::from(settings.count);
        if [lost.members, lost.groups, lost.people].into_iter().all(|lost| lost < least) {
            return Ok(false);
        }
        let left = tx.holdings(&ctx.organization, connection).await?;
        drop(tx);
        let share = u64::from(settings.share);
        let is_unusual = |lost: u64, left: u64| lost >= least && lost * 100 >= share * (lost + left);
        if ![(lost.members, left.members), (lost.groups, left.groups), (lost.people, left.people)]
            .into_iter()
            .any(|(lost, left)| is_unusual(lost, left))
        {
            return Ok(false);
        }
        let mut work = self.begin(ctx, Need::Operator).await?;
        match Box::pin(work.notice_accident(connection, since, &lost)).await {
            Ok(true) => work.commit().await.map(|()| true),
            Ok(false) => work.commit_notes().await.map(|()| false),
            Err(error) => work.finish(Err(error)).await,
        }
    }
}

impl Work<'_> {
    /// Notes it; the owners are told of a new one, and of one that goes on not again.
    async fn notice_accident(&mut self, id: &ConnectionId, since: Instant, lost: &Losses) -> Result<bool, Error> {
        let (organization, now) = (self.ctx.organization.clone(), self.ctx.now);
        // Of two nodes that look at once, the second finds what the first has noted.
        self.tx.lock_organization(&organization).await?;
        if let Some(known) = self.tx.accident_since(&organization, id, since).await? {
            self.tx.update_accident(&organization, &known.id, now, lost).await?;
            return Ok(false);
        }
        let Some(connection) = self.tx.connection(&organization, id).await? else { return Ok(false) };
        let accident = AccidentId::from_uuid(self.app.clock().uuid());
        let began = lost.first.unwrap_or(now);
        self.tx.insert_accident(&organization, (&accident, id), (began, now), lost).await?;
        let detail = json!({
            "from": began, "to": now, "members": lost.members, "groups": lost.groups, "people": lost.people,
        });
        self.tell(EventKind::AccidentNoticed, [accident.to_string(), id.to_string()], detail);
        let notice = json!({"what": "a provider took an unusual share away", "connection": id, "accident": accident});
        self.notify(&notice).await?;
        self.write_to_owners(&accident, &connection, (began, now), lost).await?;
        Ok(true)
    }

    async fn write_to_owners(
        &mut self,
        accident: &AccidentId,
        connection: &Connection,
        (began, now): (Instant, Instant),
        lost: &Losses,
    ) -> Result<(), Error> {
        let (connection, id) = (&connection.name, &connection.id);
        let subject = format!("“{connection}” took an unusual share of access away");
        // The id and not the name: whoever names a connection must not write what an owner's shell runs.
        let command = format!("castgate undo --source scim:{id} --from {began} --to {now}");
        let lines = [
            format!(
                "Since {} the identity provider “{connection}” deleted {} groups, took people out of groups {} times, and \
                 suspended or deleted {} people. That is more than usual. Nothing was held back.",
                moment(began),
                lost.groups,
                lost.members,
                lost.people
            ),
            "If that is meant, there is nothing to do. If it is an accident, this shows what would come back, asks, and gives \
             it back. Sessions do not come back; people sign in again."
                .to_owned(),
        ];
        self.write_to_the_owners(accident.as_str(), &subject, &lines, &command).await
    }
}
