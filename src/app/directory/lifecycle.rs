//! Deprovisioning and coming back. One function ends access ([`Work::end_access`]), and every path calls it.

use super::{
    super::{Ctx, Error, Work},
    described::described,
};
use crate::{
    model::{Connection, EventKind, Holder, IdentityKind, Subject, User, UserId, UserState},
    scim::UserDocument,
    store::Tx,
};
use serde_json::{Value, json};

/// Whether an attribute that is pushed with this value may end somebody's access: then what that looks at is asked beforehand.
pub(super) fn may_end_access(attribute: &str, value: Option<&Value>) -> bool {
    let name = attribute.rsplit(':').next().unwrap_or_default();
    name.eq_ignore_ascii_case("active") && value != Some(&Value::Bool(true))
}

/// Asks with the next statement for what the end of somebody's access looks at.
pub(super) fn soon_end_of_access(tx: &mut Tx, ctx: &Ctx, user: &UserId) {
    tx.soon_let_in(&ctx.organization, user);
    tx.soon_bindings_reaching(&ctx.organization, user);
    tx.soon_api_keys_of(&ctx.organization, &Holder::User(user.clone()));
    tx.soon_keys_known_by(&ctx.organization, user, ctx.now);
}

impl Work<'_> {
    /// What follows from a change of somebody's state. Call it before the row is written.
    pub(in crate::app) async fn change_state(&mut self, before: &User, after: &mut User) -> Result<(), Error> {
        match (before.state(), after.state()) {
            (UserState::Active, UserState::Suspended) => {
                self.end_access(after, "suspended").await?;
                let by = if after.suspended_by_person { "person" } else { "directory" };
                self.tell(EventKind::UserSuspended, [after.id.to_string()], json!({"by": by}));
            }
            (UserState::Suspended, UserState::Active) => {
                // Somebody coming back may be the owner whom the floor waits for.
                self.touch_owners().await?;
                self.tell(EventKind::UserActivated, [after.id.to_string()], json!({}));
            }
            (UserState::Active, UserState::Active)
            | (UserState::Suspended, UserState::Suspended)
            | (UserState::Removed, _)
            | (_, UserState::Removed) => {}
        }
        Ok(())
    }

    /// Ends everything that somebody can come in with: sessions here, keys by the state that their use asks for.
    ///
    /// The new session epoch ends even a session that another node is writing at this moment.
    /// What ended is signed for ([`super::super::receipts`]), with why: `suspended`, `removed`.
    pub(in crate::app) async fn end_access(&mut self, user: &mut User, why: &'static str) -> Result<(), Error> {
        let (organization, owner) = (self.ctx.organization.clone(), Holder::User(user.id.clone()));
        soon_end_of_access(&mut self.tx, self.ctx, &user.id);
        let let_in = self.tx.let_in(&organization, &user.id).await?;
        self.touch_owners_by(&user.id).await?;
        let keys = self.tx.api_keys_of(&organization, &owner).await?;
        let known = self.tx.keys_known_by(&organization, &user.id, self.ctx.now).await?;
        user.session_epoch += 1;
        user.access_epoch += 1;
        self.tx.end_sessions_of(&organization, &user.id, self.ctx.now).await?;
        if let_in.sessions > 0 {
            self.tell(EventKind::SessionEnded, [user.id.to_string()], json!({"sessions": let_in.sessions}));
        }
        self.revoke_user(&user.id);
        self.leave_receipt(user, (why, let_in), &keys).await?;
        self.tell_of_known_keys(user, known).await
    }

    /// Deletes somebody. The tombstone keeps id, direct bindings and keys for the day they come back.
    pub(in crate::app) async fn remove_user(&mut self, mut user: User) -> Result<(), Error> {
        let (organization, now) = (self.ctx.organization.clone(), self.ctx.now);
        self.end_access(&mut user, "removed").await?;
        user.removed_at = Some(now);
        user.version += 1;
        user.updated_at = now;
        self.tx.update_user(&organization, &user).await?;
        self.tx.close_memberships_of(&organization, &user.id, now).await?;
        self.tx.close_facts(&organization, &user.id, now).await?;
        for kind in [IdentityKind::ExternalId, IdentityKind::Subject] {
            self.tx.delete_identities(&organization, &user.id, kind).await?;
        }
        self.tell(EventKind::UserRemoved, [user.id.to_string()], json!({}));
        self.settle_user(&user).await
    }

    /// Brings somebody back under the same id, with the memberships that ended when they were deleted.
    pub(super) async fn revive_user(
        &mut self,
        connection: &Connection,
        before: User,
        document: UserDocument,
    ) -> Result<User, Error> {
        let (organization, now) = (self.ctx.organization.clone(), self.ctx.now);
        self.touch_owners().await?;
        let removed_at = before.removed_at.unwrap_or(now);
        let mut user = described(before.clone(), document);
        user.removed_at = None;
        user.version = before.version + 1;
        user.updated_at = now;
        self.tx.update_user(&organization, &user).await?;
        self.record_push(connection, &user).await?;
        let groups = self.tx.reopen_memberships_of(&organization, &user.id, removed_at, now).await?;
        self.tell(
            EventKind::UserRevived,
            [user.id.to_string()],
            json!({
                "memberships": groups, "active": user.state() == UserState::Active,
            }),
        );
        self.revoke_user(&user.id);
        self.review_keys_of(&Subject::User(user.id.clone()));
        self.join_waiting_groups(connection, &user).await?;
        self.settle_user(&user).await?;
        Ok(user)
    }
}
