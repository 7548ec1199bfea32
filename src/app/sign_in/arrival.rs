//! Who signed in: loads what [`who::decide`] asks for, and does what it says.

use super::{
    super::{
        App, Error, TurnedAway, Work,
        directory::{Found, TOMBSTONE},
        domains::enforced_elsewhere,
    },
    SignInAttempt,
    facts::{claim, external_id, facts_of, user_name, verified_email},
    session::{Opened, Origin},
};
use crate::{
    access::who::{Arrival, Case, Invited, Known, Namesake, Next, Who, consumes, decide},
    crypto::sha256,
    model::{
        Connection, EventKind, FactSource, Group, GroupOrigin, IdentityKind, MatchAttribute, User, UserId, UserState,
        fold,
    },
    scim::{MemberChange, MemberKind, MemberRef, UserDocument},
    sso::{GroupsClaim, Identity, SsoError},
};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

impl Work<'_> {
    /// The person and their session, in one transaction: nobody is written down who did not get in.
    pub(super) async fn settle_and_open(
        &mut self,
        origin: Origin<'_>,
        link: Option<&[u8]>,
        attempt: &mut SignInAttempt,
    ) -> Result<Opened, Error> {
        let (connection, identity, _) = origin;
        self.tx.hold_sign_ins(&connection.id, false).await?;
        let user = self.settle_arrival(connection, identity, link, attempt).await?;
        self.open_session(&user, Some(origin), attempt).await
    }

    /// The person, written as the sign-in says; or why they do not get in.
    pub(in crate::app) async fn settle_arrival(
        &mut self,
        connection: &Connection,
        identity: &Identity,
        link: Option<&[u8]>,
        attempt: &mut SignInAttempt,
    ) -> Result<User, Error> {
        self.use_once(connection, identity).await?;
        attempt.entry.derived.facts = facts_of(&connection.settings, &identity.claims);
        let email = verified_email(&identity.claims);
        let (invited, invitation) = self.invitation_of_arrival(link, email, &identity.claims).await?;
        let found = self.find_signed_in(connection, identity).await?;
        // Whoever followed the link reads what is sent to its address.
        let by_link = invitation.as_ref().filter(|_| invited == Invited::ByLink).map(|found| found.email.as_str());
        let address = email.or(by_link);
        // Only a verified address can be somebody else's: an unverified one proves nothing and clashes with nothing.
        let (namesake, other) = match found.known {
            Known::Nobody => self.namesake(connection, address).await?,
            Known::ByIdentity | Known::Unheard | Known::ByMatch | Known::ByNameOnly | Known::Tombstone => {
                (Namesake::None, None)
            }
        };
        let person = found.user.clone().or(other);
        let said = identity.claims.get("email").and_then(Value::as_str);
        let name = user_name(&connection.settings, &identity.subject, &identity.claims);
        let known = person.as_ref().and_then(|person| person.email.as_deref());
        let organization = self.ctx.organization.clone();
        let addresses = [said, Some(name), by_link, known];
        if let (Known::ByIdentity, Some(user)) = (found.known, &found.user) {
            self.soon_arrival(connection, identity, &user.id);
        }
        enforced_elsewhere(&mut self.tx, &organization, (&connection.id, &addresses)).await?;
        attempt.entry.user = person.as_ref().map(|user| user.id.clone());
        let proven = match namesake {
            // Of an invitation to an address the domain's owner speaks; without one there is nothing to prove.
            Namesake::None => invited == Invited::ByAddress && self.owns_domain_of(connection, email).await?,
            Namesake::Local | Namesake::OtherConnection => self.may_adopt(connection, email, person.as_ref()).await?,
        };
        let mut case = Case {
            arrival: Arrival::SignIn,
            known: found.known,
            active: person.as_ref().is_none_or(|user| user.state() == UserState::Active),
            namesake,
            proven,
            invited,
            turned_away: false,
            terms_accepted: true,
        };
        let user = match (decide(case), person) {
            ((_, Next::Conflict), _) => return Err(Error::TurnedAway(TurnedAway::Clash)),
            ((_, Next::Suspended), _) => return Err(Error::TurnedAway(TurnedAway::Suspended)),
            ((_, Next::NotInvited), _) => return Err(Error::TurnedAway(TurnedAway::NotInvited)),
            ((Who::New, _), _) => self.add_signed_in(connection, identity).await?,
            ((who, _), Some(user)) => self.recognise(connection, identity, user, who).await?,
            ((_, _), None) => return Err(Error::internal("a known person without a row")),
        };
        // Held: a second sign-in of the same person at this moment comes after this one.
        let user = match found.known {
            Known::ByIdentity => user,
            Known::Nobody | Known::Unheard | Known::ByMatch | Known::ByNameOnly | Known::Tombstone => {
                self.tx.user_to_change(&organization, &user.id).await?.unwrap_or(user)
            }
        };
        let mut groups = self.take_claims(connection, identity, &user).await?;
        if let Some(invitation) = invitation.filter(|_| consumes(case)) {
            // It may offer groups.
            groups = None;
            if !self.use_invitation_up(invitation, &user).await? {
                if case.invited == Invited::ByLink {
                    return Err(Error::TurnedAway(TurnedAway::Withheld));
                }
                case.invited = Invited::No;
            }
        }
        let groups = match groups {
            Some(groups) => groups,
            None => self.tx.groups_of(&organization, &user.id).await?,
        };
        self.judge((connection, identity), (&user, &groups), case, attempt).await?;
        attempt.entry.user = Some(user.id.clone());
        Ok(user)
    }

    /// Whether what they may do now lets them in; told to the attempt.
    async fn judge(
        &mut self,
        (connection, identity): (&Connection, &Identity),
        known @ (user, groups): (&User, &[Group]),
        mut case: Case,
        attempt: &mut SignInAttempt,
    ) -> Result<(), Error> {
        let organization = self.ctx.organization.clone();
        let compiled = self.mapping_in_force().await?;
        let access =
            App::access_in_groups(&mut self.tx, &organization, known, (compiled.as_deref(), self.ctx.now)).await?;
        attempt.derive(&access);
        attempt.tell_groups(groups);
        self.tell_sync((connection, identity), groups, attempt).await?;
        case.turned_away = access.is_empty();
        if case.turned_away {
            self.tell_near_misses(user, attempt).await?;
        }
        match decide(case) {
            (_, Next::TurnedAway) => Err(Error::TurnedAway(TurnedAway::NoAccess)),
            (_, Next::Session | Next::Terms | Next::Answered | Next::Conflict | Next::Suspended | Next::NotInvited) => {
                Ok(())
            }
        }
    }

    /// What may be used once is used up in the transaction that says who it is: nobody comes in by it a second time.
    async fn use_once(&mut self, connection: &Connection, identity: &Identity) -> Result<(), Error> {
        let Some(once) = &identity.once else { return Ok(()) };
        let message = (&sha256(once.id.as_bytes()), once.until);
        match self.tx.use_saml_message(&self.ctx.organization, &connection.id, message).await? {
            true => Ok(()),
            false => Err(SsoError::Replayed.into()),
        }
    }

    async fn find_signed_in(&mut self, connection: &Connection, identity: &Identity) -> Result<Found, Error> {
        let organization = self.ctx.organization.clone();
        let subject = (IdentityKind::Subject, identity.subject.as_str());
        let user = self.tx.user_of_identity_to_change(&organization, &connection.id, subject).await?;
        if user.as_ref().is_some_and(|user| user.state() != UserState::Removed) {
            return Ok(Found { known: Known::ByIdentity, user });
        }
        for pair in &connection.settings.match_pairs {
            let Some(value) = claim(pair, &identity.subject, &identity.claims) else { continue };
            let user = match pair.attribute {
                MatchAttribute::ExternalId => self.tx.user_by_external_id(&organization, &connection.id, value).await?,
                MatchAttribute::UserName => self.tx.user_by_name(&organization, Some(&connection.id), value).await?,
            };
            if let Some(user) = user {
                return Ok(Found { known: self.by_match(connection, &user).await?, user: Some(user) });
            }
        }
        let name = user_name(&connection.settings, &identity.subject, &identity.claims);
        let by_name = self.tx.user_by_name(&organization, Some(&connection.id), name).await?;
        match by_name {
            Some(user) => Ok(Found { known: Known::ByNameOnly, user: Some(user) }),
            None => self.deleted(connection, identity).await,
        }
    }

    /// Whom the provider deleted over SCIM: a sign-in does not bring them back, nor make somebody new of them.
    async fn deleted(&mut self, connection: &Connection, identity: &Identity) -> Result<Found, Error> {
        let (organization, since) = (self.ctx.organization.clone(), self.ctx.now.minus(TOMBSTONE));
        for pair in &connection.settings.match_pairs {
            if let (MatchAttribute::ExternalId, Some(value)) =
                (pair.attribute, claim(pair, &identity.subject, &identity.claims))
                && let Some(user) = self.tx.deleted_user(&organization, &connection.id, value, since).await?
            {
                return Ok(Found { known: Known::Tombstone, user: Some(user) });
            }
        }
        Ok(Found { known: Known::Nobody, user: None })
    }

    /// The first match stores the subject for ever: whoever is tied to one subject is not tied to a second.
    async fn by_match(&mut self, connection: &Connection, user: &User) -> Result<Known, Error> {
        let tied =
            self.tx.has_identity(&self.ctx.organization, &connection.id, &user.id, IdentityKind::Subject).await?;
        Ok(if tied { Known::ByNameOnly } else { Known::ByMatch })
    }

    /// Somebody whom nobody pushed: made by the sign-in.
    async fn add_signed_in(&mut self, connection: &Connection, identity: &Identity) -> Result<User, Error> {
        let claims = &identity.claims;
        let facts = facts_of(&connection.settings, claims);
        let mut document = facts.clone();
        document.insert("userName".to_owned(), json!(user_name(&connection.settings, &identity.subject, claims)));
        let shown = UserDocument::from_stored(document);
        let id = UserId::from_uuid(self.app.clock().uuid());
        let user = User {
            user_name: shown.user_name().to_owned(),
            external_id: external_id(&connection.settings, &identity.subject, claims).map(str::to_owned),
            display_name: shown.shown_name(),
            email: shown.primary_email().map(str::to_owned),
            document: with_external_id(shown, external_id(&connection.settings, &identity.subject, claims)),
            ..User::blank(id, Some(connection.id.clone()), self.ctx.now)
        };
        self.tx.insert_user(&self.ctx.organization, &user).await?;
        self.tie(connection, identity, &user).await?;
        self.tell(EventKind::UserCreated, [user.id.to_string()], json!({"how": "first sign-in"}));
        Ok(user)
    }

    /// Somebody known: tied to the subject from now on, and to the connection when linked.
    async fn recognise(
        &mut self,
        connection: &Connection,
        identity: &Identity,
        mut user: User,
        who: Who,
    ) -> Result<User, Error> {
        match who {
            Who::Known | Who::New | Who::Revive | Who::Clash => {}
            Who::Tie => {
                self.tie(connection, identity, &user).await?;
                self.tell(EventKind::UserLinked, [user.id.to_string()], json!({"by": "match"}));
            }
            Who::Link => {
                // As it is now, and held: it is written as a whole.
                user = self.tx.user_to_change(&self.ctx.organization, &user.id).await?.unwrap_or(user);
                if user.connection.is_none() {
                    user.connection = Some(connection.id.clone());
                    user.version += 1;
                    self.tx.update_user(&self.ctx.organization, &user).await?;
                }
                self.tie(connection, identity, &user).await?;
                self.tell(
                    EventKind::UserLinked,
                    [user.id.to_string()],
                    json!({"by": connection.settings.adoption.proof()}),
                );
            }
        }
        Ok(user)
    }

    async fn tie(&mut self, connection: &Connection, identity: &Identity, user: &User) -> Result<(), Error> {
        let subject = (IdentityKind::Subject, identity.subject.as_str());
        let (organization, now) = (self.ctx.organization.clone(), self.ctx.now);
        if !self.tx.insert_identity(&organization, &connection.id, subject, &user.id, now).await? {
            // Left behind by somebody who was removed: their name at the provider is this person's now.
            self.tx.move_identity(&organization, &connection.id, subject, &user.id, now).await?;
        }
        Ok(())
    }

    /// Facts and groups that the claims assert, and what rules make of them. The person's groups, if they are known for certain.
    async fn take_claims(
        &mut self,
        connection: &Connection,
        identity: &Identity,
        user: &User,
    ) -> Result<Option<Vec<Group>>, Error> {
        let organization = self.ctx.organization.clone();
        let facts = facts_of(&connection.settings, &identity.claims);
        if self.tx.record_facts(&organization, &user.id, FactSource::Claims, &facts, self.ctx.now).await? {
            self.tell(EventKind::UserChanged, [user.id.to_string()], json!({"from": "claims"}));
        }
        let groups = match (connection.pushes_groups, &identity.groups) {
            (false, GroupsClaim::Present(names)) => self.take_groups(connection, names, user).await?,
            (true, _) | (false, GroupsClaim::Absent | GroupsClaim::Overage) => None,
        };
        self.settle_user(user).await?;
        Ok(groups)
    }

    /// Makes the person a member of exactly the asserted groups of this connection. Mostly they are already: then their groups.
    async fn take_groups(
        &mut self,
        connection: &Connection,
        names: &[String],
        user: &User,
    ) -> Result<Option<Vec<Group>>, Error> {
        let (organization, origin) = (self.ctx.organization.clone(), GroupOrigin::Claims);
        let ours = |group: &Group| group.origin == origin && group.connection.as_ref() == Some(&connection.id);
        let before = self.tx.groups_of(&organization, &user.id).await?;
        let mut left: Vec<Group> = before.iter().filter(|group| ours(group)).cloned().collect();
        let mut moved = false;
        let asserted: BTreeMap<String, &String> =
            names.iter().filter(|name| !name.trim().is_empty()).map(|name| (fold(name), name)).collect();
        for (folded, name) in asserted {
            if let Some(place) = left.iter().position(|group| fold(&group.display_name) == folded) {
                left.swap_remove(place);
                continue;
            }
            let group = match self.tx.group_by_name(&organization, Some(&connection.id), origin, name).await? {
                Some(group) => group,
                None => self.add_group(connection, origin, (name.clone(), None)).await?.0,
            };
            let member = MemberRef { value: user.id.to_string(), display: None, kind: MemberKind::User };
            self.change_members(connection, group, &[MemberChange::Add(vec![member])]).await?;
            moved = true;
        }
        for group in left {
            self.change_members(connection, group, &[MemberChange::Remove(vec![user.id.to_string()])]).await?;
            moved = true;
        }
        Ok((!moved).then_some(before))
    }
}

fn with_external_id(document: UserDocument, id: Option<&str>) -> Map<String, Value> {
    let mut document = document.into_map();
    if let Some(id) = id {
        document.insert("externalId".to_owned(), json!(id));
    }
    document
}
