//! A unit of work: one transaction with the events that tell of it and the revocations that follow it.

use super::{
    Actor, App, Attempt, Ctx, Error, Need,
    configuration::Configuring,
    key_safe::RoleMove,
    mappings::Prepared,
    owners::OwnersAtRisk,
    provisioning::{Line, Moved},
};
use crate::{
    cache::Revocation,
    model::{Binding, BindingId, Event, EventId, EventKind, JobId, Scope, Subject, Terms, UserId},
    store::{MappingState, Tx},
    telemetry::{meter, metrics},
};
use serde_json::Value;
use std::collections::BTreeSet;

/// Above this many it is cheaper to look at everybody's keys than at each one's.
const MOST_REVIEWS: usize = 20;

/// One change under way. Dropped without [`Work::commit`] it changes nothing.
#[derive(Debug)]
pub struct Work<'a> {
    pub(super) app: &'a App,
    pub(super) ctx: &'a Ctx,
    pub(super) tx: Tx,
    pub(super) owners: OwnersAtRisk,
    /// Of a push, which asks for it while it begins: nothing that a push does changes it.
    pub(super) mapping_state: Option<MappingState>,
    events: Vec<Event>,
    revocations: Vec<Revocation>,
    /// Whose keys are to be looked at afterwards: the ids of users and groups; '' is everybody.
    reviews: BTreeSet<String>,
    /// What publishing a mapping did to people.
    pub(super) role_moves: Vec<RoleMove>,
    /// The provider's request that this is done for, if it is, and what it comes to.
    pub(super) attempt: Option<(Attempt, Moved)>,
    /// Whether it takes away what a provider gave.
    takes_away: bool,
    /// Its line in the provisioning log, once it is written and until it is on disk.
    line: Option<Line>,
    began: std::time::Instant,
    /// Whether it ends somebody's access.
    pub(super) ends_access: bool,
    /// Of a mapping that is published.
    pub(super) prepared: Option<Box<Prepared>>,
    /// Of a whole organization's configuration.
    pub(super) configuring: Option<Box<Configuring>>,
}

impl App {
    /// Begins a change, if the actor holds what it needs.
    pub async fn begin<'a>(&'a self, ctx: &'a Ctx, need: impl Into<Need>) -> Result<Work<'a>, Error> {
        self.begin_asking(ctx, need, |_| {}).await
    }

    /// The same, for a change that knows what it looks at first: that goes out behind the question whether it may ([`Tx::soon`]).
    pub(super) async fn begin_asking<'a>(
        &'a self,
        ctx: &'a Ctx,
        need: impl Into<Need>,
        ask: impl FnOnce(&mut Tx),
    ) -> Result<Work<'a>, Error> {
        let (need, began) = (need.into(), std::time::Instant::now());
        let mut tx = self.store().write("change").await?;
        if need == Need::Directory {
            tx.hold_directory(&ctx.organization, false).await?;
        }
        ask(&mut tx);
        let authorised = match self.authorise(&mut tx, ctx, need).await {
            Ok(state) => self.refuse_narrowed(&mut tx, ctx, need).await.map(|()| state),
            Err(error) => Err(error),
        };
        let mapping_state = match authorised {
            Ok(state) => state,
            Err(error) => {
                tx.rollback().await?;
                return Err(error);
            }
        };
        let (owners, events, revocations) = (OwnersAtRisk::default(), Vec::new(), Vec::new());
        let attempt = Attempt::current().map(|attempt| (attempt, Moved::default()));
        let (reviews, role_moves, line, takes_away) = (BTreeSet::new(), Vec::new(), None, false);
        Ok(Work {
            app: self,
            ctx,
            tx,
            owners,
            mapping_state,
            events,
            revocations,
            reviews,
            role_moves,
            attempt,
            takes_away,
            line,
            began,
            ends_access: false,
            prepared: None,
            configuring: None,
        })
    }

    /// What somebody does about themselves needs no capability, and is more than a key may do that carries only some: it
    /// would make one that carries all.
    async fn refuse_narrowed(&self, tx: &mut Tx, ctx: &Ctx, need: Need) -> Result<(), Error> {
        let (Need::Self_, Some(id)) = (need, ctx.actor.key()) else { return Ok(()) };
        let key = tx.api_key_by_id(&ctx.organization, id, ctx.now).await?;
        if key.is_some_and(|key| key.rights.is_some()) {
            return Err(Error::Forbidden { need: "a session, or a key that is not narrowed".to_owned() });
        }
        Ok(())
    }

    /// Begins to read, if the actor holds what it needs.
    pub async fn read(&self, ctx: &Ctx, need: impl Into<Need>) -> Result<Tx, Error> {
        let mut tx = self.store().read().await?;
        self.authorise(&mut tx, ctx, need.into()).await?;
        Ok(tx)
    }

    /// The one place where an actor's rights are weighed against what is needed. Of a push it also learns what the mapping's
    /// state is: both are asked with every request, so they are one question.
    async fn authorise(&self, tx: &mut Tx, ctx: &Ctx, need: Need) -> Result<Option<MappingState>, Error> {
        let forbidden = || Error::Forbidden { need: need.to_string() };
        match (&ctx.actor, need) {
            // The machine's own command line needs no role; the rest of castgate asks nobody.
            (Actor::Operator | Actor::System, _) => Ok(None),
            // What was let in a moment ago is asked again, in the transaction: disabled or suspended since is out.
            (Actor::Connection { id }, Need::Directory) => {
                let state = tx.mapping_state_for_push(&ctx.organization, id).await?;
                state.map(Some).ok_or(Error::NotSignedIn)
            }
            (Actor::User { .. } | Actor::Key { .. } | Actor::ServiceAccount { .. }, Need::Self_) => {
                self.actor_is_active(tx, ctx).await?.then_some(None).ok_or(Error::NotSignedIn)
            }
            // Rights are read in the very transaction that uses them: what was taken a moment ago is gone.
            (Actor::User { .. } | Actor::Key { .. } | Actor::ServiceAccount { .. }, Need::Capability(capability)) => {
                let access = self.access_of_actor(tx, ctx).await?;
                let can = access.is_some_and(|access| access.can(capability, &Scope::Organization));
                if let (true, Some(holder)) = (can, ctx.actor.holder()) {
                    self.note_capability_use(&ctx.organization, holder, (capability, &Scope::Organization));
                }
                can.then_some(None).ok_or_else(forbidden)
            }
            (Actor::Connection { .. }, Need::Capability(_) | Need::Self_ | Need::Operator)
            | (
                Actor::User { .. } | Actor::Key { .. } | Actor::ServiceAccount { .. },
                Need::Directory | Need::Operator,
            ) => Err(forbidden()),
        }
    }
}

impl Work<'_> {
    /// Tells of something that this change does. Two of one kind become one, with the subjects of both.
    pub(super) fn tell(&mut self, kind: EventKind, subjects: impl IntoIterator<Item = String>, detail: Value) {
        let subjects: Vec<String> = subjects.into_iter().collect();
        if let Some((_, moved)) = &mut self.attempt {
            moved.note(kind, &subjects, &detail);
        }
        let went = kind == EventKind::GroupMembersChanged && detail["went"].as_u64().unwrap_or_default() > 0;
        let gone = [EventKind::UserSuspended, EventKind::UserRemoved, EventKind::GroupRemoved].contains(&kind);
        self.takes_away |= went || gone;
        if let Some(event) = self.events.iter_mut().find(|event| event.kind == kind) {
            event.subjects.extend(subjects);
            return;
        }
        self.tell_as(EventId::from_uuid(self.app.clock().uuid()), kind, subjects, detail);
    }

    /// Tells of something by an event whose id is in what it tells of.
    pub(super) fn tell_as(
        &mut self,
        id: EventId,
        kind: EventKind,
        subjects: impl IntoIterator<Item = String>,
        detail: Value,
    ) {
        let subjects = subjects.into_iter().collect();
        self.events.push(Event {
            id,
            number: None,
            at: self.ctx.now,
            kind,
            actor: self.ctx.actor.to_string(),
            request: self.ctx.request.clone(),
            subjects,
            subjects_in_all: None,
            detail,
        });
    }

    /// Puts a notice for the operator into the outbox: told after the commit, at least once.
    pub(super) async fn notify(&mut self, payload: &Value) -> Result<(), Error> {
        let id = JobId::from_uuid(self.app.clock().uuid());
        let what = ("operator-notice", payload);
        Ok(self.tx.insert_job(&self.ctx.organization, &id, what, self.ctx.now).await?)
    }

    /// A new binding, in the actor's name. Nothing is written yet.
    pub(super) fn binding_of(&self, terms: Terms, mapping_version: Option<i64>) -> Binding {
        Binding {
            id: BindingId::from_uuid(self.app.clock().uuid()),
            terms,
            mapping_version,
            author: self.ctx.actor.to_string(),
            since: self.ctx.now,
        }
    }

    /// Opens a binding, in the actor's name. Nothing when one with the same subject, role, scope and source is open already.
    pub(super) async fn open_binding(
        &mut self,
        terms: Terms,
        mapping_version: Option<i64>,
    ) -> Result<Option<Binding>, Error> {
        let binding = self.binding_of(terms, mapping_version);
        let opened = self.tx.open_binding(&self.ctx.organization, &binding).await?;
        Ok(opened.then_some(binding))
    }

    /// What caches must forget before the answer goes out.
    pub(super) fn revoke(&mut self, revocation: Revocation) {
        if !self.revocations.contains(&revocation) {
            self.revocations.push(revocation);
        }
    }

    /// Somebody's rights may have changed: their keys are looked at afterwards, and so are those of a group's members.
    pub(super) fn review_keys_of(&mut self, subject: &Subject) {
        match subject {
            Subject::User(_) | Subject::Group(_) if self.reviews.len() < MOST_REVIEWS => {
                self.reviews.insert(subject.id().to_owned());
            }
            Subject::User(_) | Subject::Group(_) => self.review_all_keys(),
            // A service account's keys are no person's: they carry what it holds, and stay.
            Subject::ServiceAccount(_) => {}
        }
    }

    /// Anybody's rights may have changed.
    pub(super) fn review_all_keys(&mut self) {
        self.reviews = [String::new()].into();
    }

    /// Ends work that nobody audits, unless it came to something that is told of.
    pub(super) async fn commit_notes(self) -> Result<(), Error> {
        if self.events.is_empty() { Ok(self.tx.commit().await?) } else { self.commit().await }
    }

    /// Drops what is cached of one person.
    pub(super) fn revoke_user(&mut self, user: &UserId) {
        let organization = self.ctx.organization.clone();
        self.revoke(Revocation::User { organization, user: user.clone() });
    }

    /// Drops what is cached of everybody.
    pub(super) fn revoke_everybody(&mut self) {
        let organization = self.ctx.organization.clone();
        self.revoke(Revocation::Organization { organization });
    }

    /// Guards, writes the events, makes all of it durable and tells the caches. Then the answer may go out.
    pub async fn commit(mut self) -> Result<(), Error> {
        if let Err(error) = self.seal().await {
            self.tx.rollback().await?;
            return Err(error);
        }
        let Self { app, ctx, tx, revocations, line, takes_away, began, ends_access, .. } = self;
        if let (Actor::Connection { id }, true) = (&ctx.actor, takes_away) {
            // A hint too many, where the commit fails, costs one look.
            app.inner.suspected.note(&ctx.organization, id);
        }
        if revocations.is_empty() {
            tx.commit().await?;
            line.into_iter().for_each(Line::written);
            return Ok(());
        }
        let cache = app.cache().clone();
        // In a task of its own: a caller who hangs up now must not keep the caches from being told of what is on disk.
        let told = tokio::spawn(meter::carried(async move {
            tx.commit().await?;
            line.into_iter().for_each(Line::written);
            for revocation in revocations {
                cache.publish(revocation).await;
            }
            if ends_access {
                metrics().access_ended(began.elapsed());
            }
            Ok(())
        }));
        told.await.map_err(Error::internal)?
    }

    /// Ends the work: commits what went well. Of what did not nothing remains, and the refusal goes out only after the rows
    /// that it rests on are durable.
    pub(super) async fn finish<T>(self, outcome: Result<T, Error>) -> Result<T, Error> {
        match outcome {
            Ok(value) => self.commit().await.map(|()| value),
            Err(error) => {
                self.tx.rollback().await?;
                Err(error)
            }
        }
    }

    /// Everything of [`Work::commit`] that still belongs into the transaction.
    async fn seal(&mut self) -> Result<(), Error> {
        if !self.tx.is_dirty() {
            return Ok(());
        }
        self.guard_owners().await?;
        self.mark_once().await?;
        if !self.reviews.is_empty() {
            let subjects: Vec<String> = std::mem::take(&mut self.reviews).into_iter().collect();
            self.tx.ask_key_reviews(&self.ctx.organization, &subjects, self.ctx.now).await?;
        }
        if self.events.is_empty() {
            return Err(Error::internal("a change that no event tells of"));
        }
        let organization = &self.ctx.organization;
        let attempt = self.attempt.take();
        self.line = attempt.and_then(|(attempt, moved)| attempt.line(self.app, self.ctx, moved));
        if let Some(line) = &self.line {
            self.tx.insert_push(organization, &line.push).await?;
        }
        for event in std::mem::take(&mut self.events) {
            self.tx.insert_event(organization, &event).await?;
        }
        Ok(())
    }
}
