//! What publishing comes to, computed before the change begins: looking at everybody takes a second where there are many, and who
//! writes waits for nobody so long.
//!
//! Everybody is looked at on a snapshot, as for a plan. There is no change without an event, so that the events that the snapshot did
//! not have tell who changed since. They are looked at again, on a newer snapshot, until hardly anything is left; the rest is looked
//! at inside of the change, which then writes what differs. Where more changed than people (a group, a cluster, a connection, a
//! version), everything is looked at inside of the change, as it would be without any of this.
//!
//! Nothing is written beforehand: what is in force changes in the change's one transaction, and whoever dies before it leaves nothing
//! behind.

use super::planning::Surveyed;
use crate::{
    app::{App, Ctx, Error, RoleChange, Work},
    model::{Capability, EventId, EventKind, Instant, OrganizationId, UserId},
    store::Tx,
};
use std::{
    collections::{BTreeSet, HashSet},
    time::Duration,
};
use uuid::Builder;

/// Looks at everybody: another where more changed meanwhile than people.
const ATTEMPTS: usize = 3;
/// Looks on newer and newer snapshots at those who changed since the one before.
const ROUNDS: usize = 6;
/// Pieces of the people that are looked at again inside of the change.
const FEW: usize = 3;
/// A change of another node whose event is older than this was over before anybody looked.
const LONGEST_CHANGE: Duration = Duration::from_mins(2);

/// Where in the stream of events somebody looked. Ids sort by time, and a change that was under way then may come to light with an id
/// that is older: so it is known what there was of those that are not long over.
#[derive(Debug)]
struct Mark {
    floor: EventId,
    seen: HashSet<EventId>,
}

/// What happened since.
#[derive(Debug)]
enum Since {
    /// To these people, if to any.
    People(BTreeSet<UserId>),
    /// More than that.
    More,
}

/// Everybody under a text, and until when that was so.
#[derive(Debug)]
pub(in crate::app) struct Prepared {
    text: String,
    surveyed: Surveyed,
    mark: Mark,
}

impl Mark {
    async fn now(tx: &mut Tx, organization: &OrganizationId, now: Instant) -> Result<Self, Error> {
        let millis = now.minus(LONGEST_CHANGE).millis();
        let floor = EventId::from_uuid(Builder::from_unix_timestamp_millis(millis, &[0; 10]).into_uuid());
        let seen = tx.events_behind(organization, &floor).await?.into_iter().map(|(id, _)| id).collect();
        Ok(Self { floor, seen })
    }

    async fn since(&self, tx: &mut Tx, organization: &OrganizationId) -> Result<Since, Error> {
        let mut told = tx.events_behind(organization, &self.floor).await?;
        told.retain(|(id, kind)| !self.seen.contains(id) && !concerns_nobody(*kind));
        if !told.iter().all(|(_, kind)| concerns_people(*kind)) {
            return Ok(Since::More);
        }
        let (of_access, others): (Vec<_>, Vec<_>) =
            told.iter().partition(|(_, kind)| *kind == EventKind::AccessChanged);
        let mut people = BTreeSet::new();
        for (events, of_groups) in [(of_access, true), (others, false)] {
            let events: Vec<&EventId> = events.into_iter().map(|(id, _)| id).collect();
            if events.is_empty() {
                continue;
            }
            for subject in tx.subjects_of_events(organization, &events).await? {
                match subject.parse::<UserId>() {
                    Ok(user) => drop(people.insert(user)),
                    // What a group holds, all its members hold. Who came into one or left it is said by name.
                    Err(_) if of_groups => return Ok(Since::More),
                    Err(_) => {}
                }
            }
        }
        Ok(Since::People(people))
    }
}

/// Whether an event of this kind changes what rules give, or what that means, for the people alone whom it is about.
fn concerns_people(kind: EventKind) -> bool {
    [
        EventKind::UserCreated,
        EventKind::UserChanged,
        EventKind::UserSuspended,
        EventKind::UserActivated,
        EventKind::UserRemoved,
        EventKind::UserRevived,
        EventKind::UserLinked,
        EventKind::GroupMembersChanged,
        EventKind::AccessChanged,
    ]
    .contains(&kind)
}

/// Whether it changes nothing of that for anybody.
fn concerns_nobody(kind: EventKind) -> bool {
    [
        EventKind::SessionStarted,
        EventKind::SessionEnded,
        EventKind::SignInRefused,
        EventKind::TermsAccepted,
        EventKind::AccessTokenIssued,
        EventKind::MappingDrafted,
        EventKind::SignalReceived,
        EventKind::KeyRotationDue,
    ]
    .contains(&kind)
}

impl App {
    /// For a change that publishes a mapping: everybody under it, and the context in which the change begins. None where that is to be
    /// found out inside of the change: then it also says what is wrong.
    pub(in crate::app) async fn prepared_publication(
        &self,
        ctx: &Ctx,
        change: &RoleChange,
    ) -> (Option<Box<Prepared>>, Ctx) {
        let RoleChange::Publish(publication) = change else { return (None, ctx.clone()) };
        let prepared = match Box::pin(self.look_ahead(ctx, &publication.text)).await {
            Ok(prepared) => prepared.map(Box::new),
            Err(error) => {
                tracing::debug!(%error, "a publication is looked at inside of its change");
                None
            }
        };
        // What was pushed while everybody was looked at came before what is published.
        (prepared, Ctx { now: self.clock().now(), ..ctx.clone() })
    }

    async fn look_ahead(&self, ctx: &Ctx, text: &str) -> Result<Option<Prepared>, Error> {
        for _ in 0..ATTEMPTS {
            let mut tx = self.read(ctx, Capability::ManageOrganization).await?;
            let mark = Mark::now(&mut tx, &ctx.organization, self.clock().now()).await?;
            let surveyed = self.surveyed(&mut tx, ctx, text).await?;
            drop(tx);
            let mut prepared = Prepared { text: text.to_owned(), surveyed, mark };
            if self.follow(ctx, &mut prepared).await? {
                return Ok(Some(prepared));
            }
        }
        Ok(None)
    }

    /// Looks again at who changed, until hardly anybody is left. False where more changed than people.
    async fn follow(&self, ctx: &Ctx, prepared: &mut Prepared) -> Result<bool, Error> {
        let organization = &ctx.organization;
        for _ in 0..ROUNDS {
            let mut tx = self.read(ctx, Capability::ManageOrganization).await?;
            let Since::People(people) = prepared.mark.since(&mut tx, organization).await? else { return Ok(false) };
            if people.is_empty() {
                break;
            }
            prepared.mark = Mark::now(&mut tx, organization, self.clock().now()).await?;
            prepared.surveyed.survey.look_again(&mut tx, organization, &people).await?;
        }
        Ok(true)
    }
}

impl Work<'_> {
    /// What was prepared of this text, brought up to this moment, under the directory's lock; none where that is no less than looking
    /// at everybody.
    pub(super) async fn caught_up(&mut self, text: &str) -> Result<Option<Surveyed>, Error> {
        let Some(prepared) = self.prepared.take().filter(|prepared| prepared.text == text) else { return Ok(None) };
        let Prepared { mut surveyed, mark, .. } = *prepared;
        let organization = &self.ctx.organization;
        let Since::People(people) = mark.since(&mut self.tx, organization).await? else { return Ok(None) };
        if surveyed.survey.pieces_of(&people).len() > FEW {
            return Ok(None);
        }
        surveyed.survey.look_again(&mut self.tx, organization, &people).await?;
        Ok(Some(surveyed))
    }
}
