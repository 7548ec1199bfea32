//! Who a pushed person is: loads what [`who::decide`] asks for.

use super::{
    super::{Attempt, Ctx, Error, Work},
    TOMBSTONE,
};
use crate::{
    access::who::{Arrival, Case, Invited, Known, Namesake, Who, decide},
    model::{Connection, FactSource, MatchAttribute, User, UserId, UserState, fold},
    scim::{ScimError, UserDocument},
    store::{Meant, Names, Tx},
};

/// Somebody who is known already, and how.
#[derive(Debug)]
pub(in crate::app) struct Found {
    pub(in crate::app) known: Known,
    pub(in crate::app) user: Option<User>,
}

/// What is known of a pushed person.
#[derive(Debug)]
pub(super) struct Pushed {
    pub(super) who: Who,
    /// The row of that person, or of whoever stands in the way.
    pub(super) user: Option<User>,
    /// Whether an invitation to their address is open.
    pub(super) invited: bool,
    /// Whether a group may wait for them.
    pub(super) awaited: bool,
}

/// Asks with the next statement for what a pushed person's arrival looks at.
pub(super) fn soon_arrival(tx: &mut Tx, ctx: &Ctx, connection: &Connection, document: &UserDocument) {
    let (names, since) = (names(document), ctx.now.minus(TOMBSTONE));
    tx.soon_users_meant(&ctx.organization, &connection.id, names, since);
}

/// By what somebody may be known.
fn names(document: &UserDocument) -> Names<'_> {
    (document.user_name(), document.external_id(), document.primary_email())
}

impl Work<'_> {
    /// Who a pushed person is. `unheard` is somebody of whom the provider was never told.
    pub(super) async fn who_is_pushed(
        &mut self,
        connection: &Connection,
        document: &UserDocument,
        unheard: Option<&UserId>,
    ) -> Result<Pushed, Error> {
        let (organization, since) = (self.ctx.organization.clone(), self.ctx.now.minus(TOMBSTONE));
        let mut meant = self.tx.users_meant(&organization, &connection.id, names(document), since).await?;
        let (awaited, invited, namesakes) = (meant.awaited, meant.invited, std::mem::take(&mut meant.by_email));
        let mut found = self.find_pushed(connection, document, meant).await?;
        if found.known == Known::ByIdentity && unheard.is_some() && unheard == found.user.as_ref().map(|user| &user.id)
        {
            found.known = Known::Unheard;
        }
        let (namesake, other) = match found.known {
            Known::Nobody => nearest(namesakes),
            Known::ByIdentity | Known::Unheard | Known::ByMatch | Known::ByNameOnly | Known::Tombstone => {
                (Namesake::None, None)
            }
        };
        // Whose the domain is matters only where somebody else has the address.
        let proven = match namesake {
            Namesake::None => false,
            Namesake::Local | Namesake::OtherConnection => {
                if let (Some(attempt), Some(other)) = (Attempt::current(), &other) {
                    // The admins' log says whom the provider is not told of.
                    attempt.about(&other.id);
                }
                self.may_adopt(connection, document.primary_email(), other.as_ref()).await?
            }
        };
        let person = found.user.as_ref().or(other.as_ref());
        let case = Case {
            arrival: Arrival::Push,
            known: found.known,
            active: person.is_none_or(|user| user.state() == UserState::Active),
            namesake,
            proven,
            invited: Invited::No,
            turned_away: false,
            terms_accepted: true,
        };
        let (who, _) = decide(case);
        Ok(Pushed { who, user: found.user.or(other), invited, awaited })
    }

    /// Who it is by what the connection says of them.
    async fn find_pushed(
        &mut self,
        connection: &Connection,
        document: &UserDocument,
        meant: Meant,
    ) -> Result<Found, Error> {
        let Meant { by_external_id, by_name, tombstone, .. } = meant;
        Ok(if let Some(user) = by_external_id {
            // The name may be somebody else's: then the two cannot be the same person.
            if by_name.as_ref().is_some_and(|other| other.id != user.id) {
                Found { known: Known::ByNameOnly, user: by_name }
            } else {
                let pushed = self.was_pushed(&user).await?;
                Found { known: if pushed { Known::ByIdentity } else { Known::ByMatch }, user: Some(user) }
            }
        } else if let Some(user) = by_name {
            Found { known: self.known_by_name(connection, document, &user).await?, user: Some(user) }
        } else {
            Found { known: if tombstone.is_some() { Known::Tombstone } else { Known::Nobody }, user: tombstone }
        })
    }

    /// Somebody of the same userName and of another externalId, or of none.
    async fn known_by_name(
        &mut self,
        connection: &Connection,
        document: &UserDocument,
        user: &User,
    ) -> Result<Known, Error> {
        if !self.was_pushed(user).await? {
            let by_name = |pair: &crate::model::MatchPair| pair.attribute == MatchAttribute::UserName;
            let tied = connection.settings.match_pairs.iter().any(by_name);
            return Ok(if tied { Known::ByMatch } else { Known::ByNameOnly });
        }
        let same = match (document.external_id(), user.external_id.as_deref()) {
            (Some(new), Some(known)) => new == known,
            (None, _) | (_, None) => true,
        };
        Ok(if same { Known::ByIdentity } else { Known::ByNameOnly })
    }

    pub(in crate::app) async fn was_pushed(&mut self, user: &User) -> Result<bool, Error> {
        Ok(self.tx.facts(&self.ctx.organization, &user.id, FactSource::Scim).await?.is_some())
    }

    /// Somebody outside the connection with the same e-mail address.
    pub(in crate::app) async fn namesake(
        &mut self,
        connection: &Connection,
        email: Option<&str>,
    ) -> Result<(Namesake, Option<User>), Error> {
        let Some(email) = email else { return Ok((Namesake::None, None)) };
        let others = self.tx.users_by_email(&self.ctx.organization, email).await?;
        Ok(nearest(others.into_iter().filter(|user| user.connection.as_ref() != Some(&connection.id))))
    }

    /// Whether the connection owns the verified domain of this address.
    pub(in crate::app) async fn owns_domain_of(
        &mut self,
        connection: &Connection,
        email: Option<&str>,
    ) -> Result<bool, Error> {
        let Some((_, domain)) = email.and_then(|email| email.rsplit_once('@')) else { return Ok(false) };
        let owner = self.tx.domain(&fold(domain)).await?;
        Ok(owner == Some((self.ctx.organization.clone(), connection.id.clone())))
    }
}

/// The first of those outside of a connection who have somebody's address.
fn nearest(others: impl IntoIterator<Item = User>) -> (Namesake, Option<User>) {
    match others.into_iter().next() {
        None => (Namesake::None, None),
        Some(user) if user.connection.is_none() => (Namesake::Local, Some(user)),
        Some(user) => (Namesake::OtherConnection, Some(user)),
    }
}

/// What the provider is told when a person cannot be made.
pub(super) fn clash(document: &UserDocument, other: Option<&User>, connection: &Connection) -> ScimError {
    match other {
        Some(user) if user.connection.as_ref() == Some(&connection.id) => ScimError::uniqueness(format!(
            "There is a user with the userName “{}” or the same externalId in this connection already: {}.",
            document.user_name(),
            user.id
        )),
        Some(_) | None => ScimError::uniqueness(
            "Somebody outside this connection has the same e-mail address. An owner can verify the address's domain for \
             this connection, or remove that person.",
        ),
    }
}
