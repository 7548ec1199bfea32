//! Whom a security event is about: somebody of the connection's own people, or nobody.

use super::super::{Error, Work};
use crate::{
    model::{Connection, IdentityKind, MatchAttribute, SignalSettings, User, UserState},
    sso::security_event::Subject,
};

/// Whom a subject names.
pub(super) enum Whom {
    /// Somebody of the connection.
    One(Box<User>),
    /// Nobody whom the connection knows.
    Nobody,
    /// Several, of whom nobody can say which.
    Several,
}

impl Whom {
    fn of(mut found: Vec<User>) -> Self {
        match (found.pop(), found.is_empty()) {
            (Some(user), true) => Self::One(Box::new(user)),
            (Some(_), false) => Self::Several,
            (None, _) => Self::Nobody,
        }
    }
}

impl Work<'_> {
    /// The person whom a subject names, if they are one of the connection's own.
    pub(super) async fn named_by(
        &mut self,
        (connection, pinned): (&Connection, &SignalSettings),
        subject: &Subject,
    ) -> Result<Whom, Error> {
        match subject {
            Subject::Email(address) | Subject::Account(address) => self.named_by_address(connection, address).await,
            Subject::IssSub { iss, sub } => {
                let signs_in = connection.settings.oidc.as_ref().is_some_and(|oidc| oidc.issuer == *iss);
                let asserts = connection.settings.saml.as_ref().is_some_and(|saml| saml.entity_id == *iss);
                if *iss != pinned.issuer && !signs_in && !asserts {
                    return Ok(Whom::Nobody);
                }
                let kinds = if matches_by_subject(connection) {
                    [IdentityKind::Subject, IdentityKind::ExternalId].as_slice()
                } else {
                    &[IdentityKind::Subject]
                };
                self.named_at_provider(connection, kinds, sub).await
            }
            Subject::Opaque(name) => {
                let kinds = [IdentityKind::Subject, IdentityKind::ExternalId];
                self.named_at_provider(connection, &kinds, name).await
            }
            Subject::Complex { user: Some(user), .. } => {
                Box::pin(self.named_by((connection, pinned), user.as_ref())).await
            }
            Subject::Aliases(all) => self.named_by_all((connection, pinned), all).await,
            Subject::Complex { user: None, .. } | Subject::Other(_) => Ok(Whom::Nobody),
        }
    }

    /// RFC 9493 §3.2.8: several names of one person. A name that is nobody's here says nothing; two that are not the same
    /// person's say nothing together.
    async fn named_by_all(&mut self, from: (&Connection, &SignalSettings), all: &[Subject]) -> Result<Whom, Error> {
        let mut found: Vec<User> = Vec::new();
        for one in all {
            match Box::pin(self.named_by(from, one)).await? {
                Whom::One(user) if found.iter().any(|known| known.id == user.id) => {}
                Whom::One(user) => found.push(*user),
                Whom::Nobody => {}
                Whom::Several => return Ok(Whom::Several),
            }
        }
        Ok(Whom::of(found))
    }

    async fn named_at_provider(
        &mut self,
        connection: &Connection,
        kinds: &[IdentityKind],
        name: &str,
    ) -> Result<Whom, Error> {
        let organization = self.ctx.organization.clone();
        let mut found: Vec<User> = Vec::new();
        for kind in kinds {
            let Some(id) = self.tx.identity(&organization, &connection.id, (*kind, name)).await? else { continue };
            if found.iter().any(|known| known.id == id) {
                continue;
            }
            let user = self.tx.user_to_change(&organization, &id).await?;
            found.extend(user.filter(|user| user.state() != UserState::Removed));
        }
        Ok(Whom::of(found))
    }

    /// By e-mail address, or by the name at the provider that looks like one.
    async fn named_by_address(&mut self, connection: &Connection, address: &str) -> Result<Whom, Error> {
        let organization = self.ctx.organization.clone();
        let mut ids = Vec::new();
        for user in self.tx.users_by_email(&organization, address).await? {
            if self.is_own(connection, &user).await? {
                ids.push(user.id);
            }
        }
        if let Some(user) = self.tx.user_by_name(&organization, Some(&connection.id), address).await?
            && !ids.contains(&user.id)
        {
            ids.push(user.id);
        }
        let mut found = Vec::new();
        for id in ids {
            let user = self.tx.user_to_change(&organization, &id).await?;
            found.extend(user.filter(|user| user.state() != UserState::Removed));
        }
        Ok(Whom::of(found))
    }

    /// Brought by the connection, or tied to a name there.
    async fn is_own(&mut self, connection: &Connection, user: &User) -> Result<bool, Error> {
        if user.connection.as_ref() == Some(&connection.id) {
            return Ok(true);
        }
        let organization = self.ctx.organization.clone();
        for kind in [IdentityKind::Subject, IdentityKind::ExternalId] {
            if self.tx.has_identity(&organization, &connection.id, &user.id, kind).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// Whether the provider's subjects are what it pushes as externalId.
fn matches_by_subject(connection: &Connection) -> bool {
    let mut pairs = connection.settings.match_pairs.iter();
    pairs.any(|pair| pair.claim == "sub" && pair.attribute == MatchAttribute::ExternalId)
}
