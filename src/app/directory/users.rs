//! Users over SCIM.

use super::{
    super::{App, Ctx, Error, Need, Work, provisioning::tolerated},
    KeptView, UserView,
    arrival::{clash, soon_arrival},
    check_version,
    described::{changed_attributes, described, scim_document},
    lifecycle::{may_end_access, soon_end_of_access},
    order, page, shown,
    unheard::Made,
    view, views,
};
use crate::{
    access::who::Who,
    filter::Dialect,
    model::{Connection, EventKind, FactSource, IdentityKind, ScimDialect, User, UserId, UserState},
    scim::{EntityTags, Extensions, Patch, Query, ScimError, Tolerance, UserDocument},
    store::Tx,
};
use serde_json::{Map, Value, json};

impl App {
    /// Makes the pushed user, or finds out that it is somebody known: then that one is updated under its own id.
    pub async fn create_user(
        &self,
        ctx: &Ctx,
        connection: &Connection,
        document: UserDocument,
    ) -> Result<UserView, Error> {
        let document = document.with_active_unless_said(true);
        let mut met = None;
        let ask = |tx: &mut Tx| soon_arrival(tx, ctx, connection, &document);
        let mut work = self.begin_asking(ctx, Need::Directory, ask).await?;
        let outcome = Box::pin(work.push_user(connection, document.clone(), (None, &mut met))).await;
        let outcome = Box::pin(work.finish(outcome)).await;
        // Asked outside of the transaction, and only when somebody stood in the way.
        let Some(met) = met.filter(|_| outcome.is_err()) else { return outcome };
        let same = described(met.clone(), document.clone()) == met;
        if !self.is_unheard(&Made::user(&met), same, ctx.now).await {
            return outcome;
        }
        let mut work = self.begin_asking(ctx, Need::Directory, ask).await?;
        let outcome = Box::pin(work.push_user(connection, document, (Some(&met.id), &mut None))).await;
        work.finish(outcome).await
    }

    /// One user of the connection.
    pub async fn user(&self, ctx: &Ctx, connection: &Connection, id: &str) -> Result<KeptView, Error> {
        let mut tx = self.read(ctx, Need::Directory).await?;
        let found = match id.parse::<UserId>() {
            Ok(id) => tx.kept_user(&ctx.organization, &id).await?,
            Err(_) => None,
        };
        let user = visible(found, connection).ok_or_else(|| not_found(id))?;
        view(&mut tx, ctx, user).await
    }

    /// The users of the connection that a query asks for, and how many there are.
    pub async fn users(
        &self,
        ctx: &Ctx,
        connection: &Connection,
        query: &Query,
    ) -> Result<(u64, Vec<KeptView>), Error> {
        let mut tx = self.read(ctx, Need::Directory).await?;
        let sort = order(query.sort.as_ref());
        let (filter, page) = (query.filter.as_ref(), page(self, query));
        let (total, users) = tx
            .list_users(&ctx.organization, &connection.id, filter, sort.as_ref(), page, &extensions(connection))
            .await?;
        let views = match query.projection.wants("groups") {
            true => views(&mut tx, ctx, users).await?,
            false => users.into_iter().map(|user| UserView { user, groups: Vec::new() }).collect(),
        };
        Ok((total, views))
    }

    /// Replaces what the provider says of a user (RFC 7644 §3.5.1) by the body of a PUT.
    pub async fn replace_user(
        &self,
        ctx: &Ctx,
        connection: &Connection,
        (id, if_match): (&str, Option<&EntityTags>),
        body: &Map<String, Value>,
    ) -> Result<UserView, Error> {
        let may_end = body.iter().any(|(name, value)| may_end_access(name, Some(value)));
        let mut work = self.begin_asking(ctx, Need::Directory, |tx| soon_change(tx, ctx, (id, may_end))).await?;
        let replace = |before: &UserDocument| {
            UserDocument::parse_replacement(body, before, dialect(connection), extensions(connection))
        };
        let outcome = Box::pin(work.change_user(connection, (id, if_match), replace)).await;
        work.finish(outcome).await
    }

    /// Changes what the provider says of a user (RFC 7644 §3.5.2): all of it or nothing.
    pub async fn patch_user(
        &self,
        ctx: &Ctx,
        connection: &Connection,
        (id, if_match): (&str, Option<&EntityTags>),
        patch: &Patch,
    ) -> Result<UserView, Error> {
        let may_end = patch.operations.iter().any(|operation| match (&operation.path, &operation.value) {
            (Some(attribute), value) => may_end_access(attribute, value.as_ref()),
            (None, Some(Value::Object(values))) => values.iter().any(|(name, value)| may_end_access(name, Some(value))),
            (None, _) => false,
        });
        let mut work = self.begin_asking(ctx, Need::Directory, |tx| soon_change(tx, ctx, (id, may_end))).await?;
        let apply = |before: &UserDocument| {
            let patched = patch.apply_to_extended_user(before, extensions(connection))?;
            Ok((patched.document, patched.tolerances))
        };
        let outcome = Box::pin(work.change_user(connection, (id, if_match), apply)).await;
        work.finish(outcome).await
    }

    /// Deletes a user: 404 from now on, and the name is free.
    pub async fn delete_user(
        &self,
        ctx: &Ctx,
        connection: &Connection,
        (id, if_match): (&str, Option<&EntityTags>),
    ) -> Result<(), Error> {
        let ask = |tx: &mut Tx| {
            if let Ok(id) = id.parse() {
                tx.soon_user_to_change(&ctx.organization, &id);
                soon_end_of_access(tx, ctx, &id);
            }
        };
        let mut work = self.begin_asking(ctx, Need::Directory, ask).await?;
        let outcome = match work.user_to_change(connection, id, if_match).await {
            Ok(user) => work.remove_user(user).await,
            Err(error) => Err(error),
        };
        work.finish(outcome).await
    }
}

/// Asks with the next statement for what a change of somebody looks at, who it is about is held first; and for what the end of their
/// access looks at, where it may end by it.
fn soon_change(tx: &mut Tx, ctx: &Ctx, (id, may_end): (&str, bool)) {
    let Ok(id) = id.parse() else { return };
    tx.soon_user_to_change(&ctx.organization, &id);
    tx.soon_groups_of(&ctx.organization, &id);
    tx.soon_facts(&ctx.organization, &id, FactSource::Scim);
    if may_end {
        soon_end_of_access(tx, ctx, &id);
    }
}

impl Work<'_> {
    /// `unheard` is somebody of whom the provider was never told; who stands in the way is left in `met`.
    async fn push_user(
        &mut self,
        connection: &Connection,
        document: UserDocument,
        (unheard, met): (Option<&UserId>, &mut Option<User>),
    ) -> Result<UserView, Error> {
        let mut pushed = self.who_is_pushed(connection, &document, unheard).await?;
        let mut invitation = None;
        if pushed.invited {
            // Held before the person, as a sign-in holds it; whoever came by it meanwhile is known now.
            (_, invitation) = self.invitation_of_address(document.primary_email()).await?;
            pushed = self.who_is_pushed(connection, &document, unheard).await?;
        }
        // Whoever it is, is held from now on; a change that came in between (a suspension) decides anew.
        if let Some(seen) = &pushed.user
            && self.tx.user_to_change(&self.ctx.organization, &seen.id).await?.as_ref() != Some(seen)
        {
            pushed = self.who_is_pushed(connection, &document, unheard).await?;
        }
        let user = match (pushed.who, pushed.user) {
            (Who::New, _) => {
                let view = self.add_user(connection, document, pushed.awaited).await?;
                self.welcome_pushed(connection, invitation, &view.user).await?;
                return Ok(view);
            }
            (Who::Known | Who::Tie, Some(before)) => {
                self.overrule_signals(&before).await?;
                self.rewrite_user(connection, (before, false), document).await?
            }
            (Who::Revive, Some(before)) => self.revive_user(connection, before, document).await?,
            (Who::Link, Some(mut before)) => {
                // The connection may sign nobody in: then this was an owner who can be reached no more.
                self.touch_owners_by(&before.id).await?;
                self.overrule_signals(&before).await?;
                before.connection = Some(connection.id.clone());
                self.tell(
                    EventKind::UserLinked,
                    [before.id.to_string()],
                    json!({"by": connection.settings.adoption.proof()}),
                );
                self.rewrite_user(connection, (before, true), document).await?
            }
            (Who::Clash, other) => {
                let refusal = clash(&document, other.as_ref(), connection);
                *met = other.filter(|other| other.connection.as_ref() == Some(&connection.id));
                return Err(refusal.into());
            }
            (Who::Known | Who::Tie | Who::Revive | Who::Link, None) => {
                return Err(Error::internal("a known user without a row"));
            }
        };
        self.welcome_pushed(connection, invitation, &user).await?;
        view(&mut self.tx, self.ctx, user).await
    }

    async fn change_user(
        &mut self,
        connection: &Connection,
        (id, if_match): (&str, Option<&EntityTags>),
        change: impl Fn(&UserDocument) -> Result<(UserDocument, Vec<Tolerance>), ScimError>,
    ) -> Result<UserView, Error> {
        let before = self.user_to_change(connection, id, if_match).await?;
        let groups = self.tx.groups_of(&self.ctx.organization, &before.id).await?;
        let (document, tolerances) = change(&scim_document(&before))?;
        tolerated(&tolerances);
        if !before.directory_active {
            // What it makes of somebody who is in, and of somebody who is not, it says itself.
            let other = change(&scim_document(&User { directory_active: true, ..before.clone() }));
            if document.active().is_some() && other.is_ok_and(|(other, _)| other.active() == document.active()) {
                self.overrule_signals(&before).await?;
            }
        }
        let names = (before.user_name.clone(), before.external_id.clone());
        let user = self.rewrite_user(connection, (before, false), document).await?;
        // Groups wait for names: whoever keeps theirs is in the groups that they were in.
        let stays = names.0 == user.user_name && names.1 == user.external_id;
        if stays { Ok(shown(user, groups)) } else { view(&mut self.tx, self.ctx, user).await }
    }

    async fn user_to_change(
        &mut self,
        connection: &Connection,
        id: &str,
        if_match: Option<&EntityTags>,
    ) -> Result<User, Error> {
        let found = match id.parse::<UserId>() {
            Ok(id) => self.tx.user_to_change(&self.ctx.organization, &id).await?,
            Err(_) => None,
        };
        let user = visible(found, connection).ok_or_else(|| not_found(id))?;
        check_version(if_match, user.version)?;
        Ok(user)
    }

    /// A push says whether somebody is active: what a signal said of that before counts no more.
    async fn overrule_signals(&mut self, before: &User) -> Result<(), Error> {
        if !before.directory_active && self.tx.forget_signal_suspension(&self.ctx.organization, &before.id).await? {
            let detail = json!({"overruled": "the signal that suspended them"});
            self.tell(EventKind::UserChanged, [before.id.to_string()], detail);
        }
        Ok(())
    }

    /// `awaited` is somebody for whom a group may wait.
    async fn add_user(
        &mut self,
        connection: &Connection,
        document: UserDocument,
        awaited: bool,
    ) -> Result<UserView, Error> {
        let now = self.ctx.now;
        let id = UserId::from_uuid(self.app.clock().uuid());
        let blank = User::blank(id, Some(connection.id.clone()), now);
        let user = described(blank, document);
        self.tx.insert_user(&self.ctx.organization, &user).await?;
        let organization = self.ctx.organization.clone();
        self.tx.first_facts(&organization, &user.id, FactSource::Scim, &user.document, now).await?;
        self.record_external_id(connection, None, &user).await?;
        self.tell(EventKind::UserCreated, [user.id.to_string()], json!({"active": user.directory_active}));
        let joined = awaited && self.join_waiting_groups(connection, &user).await?;
        self.settle_user(&user).await?;
        if joined { view(&mut self.tx, self.ctx, user).await } else { Ok(UserView { user, groups: Vec::new() }) }
    }

    /// Writes what the provider now says of somebody known, and what follows from it. Nothing when it says nothing new. `linked`
    /// is somebody who came to the connection just now.
    pub(super) async fn rewrite_user(
        &mut self,
        connection: &Connection,
        (before, linked): (User, bool),
        document: UserDocument,
    ) -> Result<User, Error> {
        let known = self.tx.facts(&self.ctx.organization, &before.id, FactSource::Scim).await?;
        let mut after = described(before.clone(), document);
        if after == before && known.is_some() {
            return Ok(before);
        }
        let renamed = after.user_name != before.user_name || after.external_id != before.external_id;
        // Most changes are none of the names: those are written already, and free for whoever has them.
        let is_named_anew = linked || renamed || known.is_none();
        if is_named_anew {
            self.check_names_are_free(connection, &before, &after).await?;
        }
        after.version = before.version + 1;
        after.updated_at = self.ctx.now;
        self.change_state(&before, &mut after).await?;
        self.tx.update_user(&self.ctx.organization, &after).await?;
        if known.as_ref() != Some(&after.document) {
            let (source, now) = (FactSource::Scim, self.ctx.now);
            self.tx.record_facts(&self.ctx.organization, &after.id, source, &after.document, now).await?;
        }
        if is_named_anew {
            self.record_external_id(connection, Some(&before), &after).await?;
        }
        if renamed {
            self.join_waiting_groups(connection, &after).await?;
        }
        // Every change is told of: also one of `active` alone that, under a suspension by a person, changes no state.
        if after.document != before.document || after.connection != before.connection || before.state() == after.state()
        {
            let changed = changed_attributes(&before, &after);
            self.tell(EventKind::UserChanged, [after.id.to_string()], json!({"attributes": changed}));
        }
        self.revoke_user(&after.id);
        self.settle_user(&after).await?;
        Ok(after)
    }

    /// The facts and identities that a push leaves behind.
    pub(super) async fn record_push(&mut self, connection: &Connection, user: &User) -> Result<(), Error> {
        let (organization, now) = (self.ctx.organization.clone(), self.ctx.now);
        self.tx.record_facts(&organization, &user.id, FactSource::Scim, &user.document, now).await?;
        self.record_external_id(connection, None, user).await
    }

    async fn record_external_id(
        &mut self,
        connection: &Connection,
        before: Option<&User>,
        user: &User,
    ) -> Result<(), Error> {
        let (organization, now) = (self.ctx.organization.clone(), self.ctx.now);
        let known = before.and_then(|before| before.external_id.as_ref());
        if let (Some(before), true) = (before, known != user.external_id.as_ref()) {
            self.tx.delete_identities(&organization, &before.id, IdentityKind::ExternalId).await?;
        }
        if let Some(id) = &user.external_id {
            let identity = (IdentityKind::ExternalId, id.as_str());
            self.tx.keep_identity(&organization, &connection.id, identity, &user.id, now).await?;
        }
        Ok(())
    }

    async fn check_names_are_free(
        &mut self,
        connection: &Connection,
        before: &User,
        after: &User,
    ) -> Result<(), Error> {
        let organization = self.ctx.organization.clone();
        let taken = |user: Option<User>| user.filter(|user| user.id != before.id);
        let by_name = self.tx.user_by_name(&organization, Some(&connection.id), &after.user_name).await?;
        if let Some(other) = taken(by_name) {
            let detail = format!("The userName “{}” is that of {} in this connection.", after.user_name, other.id);
            return Err(ScimError::uniqueness(detail).into());
        }
        let Some(id) = &after.external_id else { return Ok(()) };
        let by_id = self.tx.user_by_external_id(&organization, &connection.id, id).await?;
        match taken(by_id) {
            Some(other) => {
                let detail = format!("The externalId “{id}” is that of {} in this connection.", other.id);
                Err(ScimError::uniqueness(detail).into())
            }
            None => Ok(()),
        }
    }
}

/// What the connection declares; it also knows how those and all other attributes compare.
pub(super) fn extensions(connection: &Connection) -> Extensions<'_> {
    Extensions(&connection.schemas)
}

/// How the connection reads SCIM.
fn dialect(connection: &Connection) -> Dialect {
    match connection.settings.dialect {
        ScimDialect::Tolerant => Dialect::Tolerant,
        ScimDialect::Strict => Dialect::Strict,
    }
}

fn visible<D>(user: Option<User<D>>, connection: &Connection) -> Option<User<D>> {
    user.filter(|user| user.state() != UserState::Removed && user.connection.as_ref() == Some(&connection.id))
}

fn not_found(id: &str) -> Error {
    ScimError::not_found(format!("There is no User “{id}” in this connection.")).into()
}
