//! Invitations.

use super::{FromRow, RowRef, StoreError, Tx, args, value::json_text};
use crate::model::{
    Delivery, DeliveryState, Holder, Instant, Invitation, InvitationId, InvitationState, JobId, Offer, OrganizationId,
    RoleId, fold,
};

macro_rules! select_invitations {
    ($rest:literal) => {
        concat!(
            "SELECT id, email, role, clusters, local_groups, invited_by, created_at, updated_at, expires_at, ended_at, ended_as, \
             accepted_by, delivery, delivery_at, delivery_attempts, delivery_reason, version, resends, delivery_answer \
             FROM invitations ",
            $rest
        )
    };
}

impl FromRow for Invitation {
    fn from_row(row: &RowRef<'_>) -> Result<Self, StoreError> {
        let id: InvitationId = row.get(0)?;
        let corrupt = |what: &str| StoreError::Corrupt(format!("{what} of invitation {id}"));
        let (clusters, groups, inviter): (String, String, String) = (row.get(3)?, row.get(4)?, row.get(5)?);
        let offer = Offer {
            role: row.get(2)?,
            clusters: serde_json::from_str(&clusters).map_err(|_| corrupt("clusters"))?,
            groups: serde_json::from_str(&groups).map_err(|_| corrupt("groups"))?,
        };
        let invited_by = match inviter.as_str() {
            "" => None,
            holder => Some(holder.parse::<Holder>().map_err(|_| corrupt("inviter"))?),
        };
        let (ended, how): (Option<Instant>, Option<String>) = (row.get(9)?, row.get(10)?);
        let ended = match (ended, how.as_deref()) {
            (None, _) => None,
            (Some(at), Some("accepted")) => Some((at, InvitationState::Accepted)),
            (Some(at), Some("revoked")) => Some((at, InvitationState::Revoked)),
            (Some(at), Some("expired")) => Some((at, InvitationState::Expired)),
            (Some(_), _) => return Err(corrupt("end")),
        };
        let delivery: String = row.get(12)?;
        let delivery = Delivery {
            state: delivery_state(&delivery).ok_or_else(|| corrupt("delivery"))?,
            at: row.get(13)?,
            attempts: row.get(14)?,
            reason: row.get(15)?,
            answer: row.get(18)?,
        };
        Ok(Self {
            email: row.get(1)?,
            offer,
            invited_by,
            created_at: row.get(6)?,
            updated_at: row.get(7)?,
            expires_at: row.get(8)?,
            ended,
            accepted_by: row.get(11)?,
            delivery,
            version: row.get(16)?,
            resends: row.get(17)?,
            id,
        })
    }
}

/// What became of a letter, by its word.
pub(super) fn delivery_state(word: &str) -> Option<DeliveryState> {
    [DeliveryState::Queued, DeliveryState::Sent, DeliveryState::Failed, DeliveryState::Bounced]
        .into_iter()
        .find(|state| state.name() == word)
}

impl Tx {
    /// Writes a new invitation with its link's hash and its letter. False when the address has an open one already.
    pub async fn insert_invitation(
        &mut self,
        organization: &OrganizationId,
        invitation: &Invitation,
        (link, letter): (&[u8; 32], &JobId),
    ) -> Result<bool, StoreError> {
        let rows = self
            .run(
                "INSERT INTO invitations (organization, id, email, email_folded, role, clusters, local_groups, invited_by,
                                          link, letter, created_at, updated_at, expires_at, delivery, delivery_at,
                                          delivery_attempts, version)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?11, ?12, 'queued', ?11, 0, ?13)
                 ON CONFLICT DO NOTHING",
                args![
                    organization,
                    invitation.id,
                    invitation.email,
                    fold(&invitation.email),
                    invitation.offer.role,
                    json_text(&invitation.offer.clusters)?,
                    json_text(&invitation.offer.groups)?,
                    invitation.invited_by.as_ref().map_or("", Holder::as_str),
                    link,
                    letter,
                    invitation.created_at,
                    invitation.expires_at,
                    invitation.version
                ],
            )
            .await?;
        Ok(rows == 1)
    }

    /// Writes an invitation as it now is; its link stays.
    pub async fn update_invitation(
        &mut self,
        organization: &OrganizationId,
        invitation: &Invitation,
    ) -> Result<(), StoreError> {
        let (ended, how) = invitation.ended.map(|(at, state)| (at, state.name())).unzip();
        self.run(
            "UPDATE invitations SET role = ?3, clusters = ?4, local_groups = ?5, invited_by = ?6, updated_at = ?7,
                                    expires_at = ?8, ended_at = ?9, ended_as = ?10, accepted_by = ?11, version = ?12
             WHERE organization = ?1 AND id = ?2",
            args![
                organization,
                invitation.id,
                invitation.offer.role,
                json_text(&invitation.offer.clusters)?,
                json_text(&invitation.offer.groups)?,
                invitation.invited_by.as_ref().map_or("", Holder::as_str),
                invitation.updated_at,
                invitation.expires_at,
                ended,
                how,
                invitation.accepted_by,
                invitation.version
            ],
        )
        .await
        .map(drop)
    }

    /// Puts another link and letter in the place of the ones before, which are dead from now on.
    pub async fn renew_invitation(
        &mut self,
        organization: &OrganizationId,
        id: &InvitationId,
        (link, letter): (&[u8; 32], &JobId),
        now: Instant,
    ) -> Result<(), StoreError> {
        self.run(
            "UPDATE invitations SET link = ?3, letter = ?4, delivery = 'queued', delivery_at = ?5, delivery_attempts = 0,
                                    delivery_reason = NULL, delivery_answer = NULL, resends = resends + 1
             WHERE organization = ?1 AND id = ?2",
            args![organization, id, link, letter, now],
        )
        .await
        .map(drop)
    }

    /// What became of a letter; one that came back stays so. False when it is not the invitation's newest.
    pub async fn set_delivery(
        &mut self,
        organization: &OrganizationId,
        (letter, id): (&JobId, &str),
        delivery: &Delivery,
    ) -> Result<bool, StoreError> {
        let rows = self
            .run(
                "UPDATE invitations SET delivery = ?4, delivery_at = ?5, delivery_attempts = ?6, delivery_reason = ?7,
                                        delivery_answer = ?8
                 WHERE organization = ?1 AND id = ?2 AND letter = ?3 AND delivery <> 'bounced'",
                args![
                    organization,
                    id,
                    letter,
                    delivery.state.name(),
                    delivery.at,
                    delivery.attempts,
                    delivery.reason,
                    delivery.answer
                ],
            )
            .await?;
        Ok(rows == 1)
    }

    /// One invitation.
    pub async fn invitation(
        &mut self,
        organization: &OrganizationId,
        id: &InvitationId,
    ) -> Result<Option<Invitation>, StoreError> {
        self.first(select_invitations!("WHERE organization = ?1 AND id = ?2"), args![organization, id]).await
    }

    /// The invitation whose newest letter this is, held until the transaction ends.
    pub async fn invitation_of_letter(
        &mut self,
        organization: &OrganizationId,
        letter: &JobId,
    ) -> Result<Option<Invitation>, StoreError> {
        self.first(
            select_invitations!("WHERE organization = ?1 AND letter = ?2 FOR UPDATE"),
            args![organization, letter],
        )
        .await
    }

    /// One invitation, held until the transaction ends.
    pub async fn invitation_to_change(
        &mut self,
        organization: &OrganizationId,
        id: &InvitationId,
    ) -> Result<Option<Invitation>, StoreError> {
        self.first(select_invitations!("WHERE organization = ?1 AND id = ?2 FOR UPDATE"), args![organization, id]).await
    }

    /// The organization of the invitation that this link is of.
    pub async fn organization_of_link(&mut self, link: &[u8]) -> Result<Option<OrganizationId>, StoreError> {
        let row = self.first("SELECT organization FROM invitations WHERE link = ?1", args![link]).await?;
        Ok(row.map(|(organization,)| organization))
    }

    /// The invitation that this link is of.
    pub async fn invitation_by_link(
        &mut self,
        organization: &OrganizationId,
        link: &[u8],
    ) -> Result<Option<Invitation>, StoreError> {
        self.first(select_invitations!("WHERE link = ?2 AND organization = ?1"), args![organization, link]).await
    }

    /// The invitation that this link is of, held until the transaction ends.
    pub async fn invitation_by_link_to_change(
        &mut self,
        organization: &OrganizationId,
        link: &[u8],
    ) -> Result<Option<Invitation>, StoreError> {
        self.first(select_invitations!("WHERE link = ?2 AND organization = ?1 FOR UPDATE"), args![organization, link])
            .await
    }

    /// The open invitation of an address, held until the transaction ends. Its time may be over.
    pub async fn open_invitation_to(
        &mut self,
        organization: &OrganizationId,
        email: &str,
    ) -> Result<Option<Invitation>, StoreError> {
        self.first(
            select_invitations!("WHERE organization = ?1 AND email_folded = ?2 AND ended_at IS NULL FOR UPDATE"),
            args![organization, fold(email)],
        )
        .await
    }

    /// Up to `limit` invitations whose id is greater than `after`.
    pub async fn invitations_after(
        &mut self,
        organization: &OrganizationId,
        after: &str,
        limit: i64,
    ) -> Result<Vec<Invitation>, StoreError> {
        self.all(
            select_invitations!("WHERE organization = ?1 AND id > ?2 ORDER BY id LIMIT ?3"),
            args![organization, after, limit],
        )
        .await
    }

    /// Up to `limit` invitations that can be accepted now, whose id is greater than `after`.
    pub async fn pending_invitations_after(
        &mut self,
        organization: &OrganizationId,
        now: Instant,
        (after, limit): (&str, i64),
    ) -> Result<Vec<Invitation>, StoreError> {
        self.all(
            select_invitations!(
                "WHERE organization = ?1 AND id > ?2 AND ended_at IS NULL AND expires_at > ?4 ORDER BY id LIMIT ?3"
            ),
            args![organization, after, limit, now],
        )
        .await
    }

    /// Up to `limit` open invitations that offer a custom role.
    pub async fn invitations_to_role(
        &mut self,
        organization: &OrganizationId,
        role: &RoleId,
        limit: i64,
    ) -> Result<Vec<InvitationId>, StoreError> {
        let rows = self
            .all(
                "SELECT id FROM invitations WHERE organization = ?1 AND role = ?2 AND ended_at IS NULL ORDER BY id LIMIT ?3",
                args![organization, role, limit],
            )
            .await?;
        Ok(rows.into_iter().map(|(id,)| id).collect())
    }

    /// The domains whose addresses may be invited (none: any), and the version of that list; 0: nobody ever said.
    pub async fn invitation_domains(
        &mut self,
        organization: &OrganizationId,
    ) -> Result<(Vec<String>, i64), StoreError> {
        let row: Option<(String, i64)> = self
            .first("SELECT domains, version FROM invitation_settings WHERE organization = ?1", args![organization])
            .await?;
        let Some((domains, version)) = row else { return Ok((Vec::new(), 0)) };
        let domains = serde_json::from_str(&domains)
            .map_err(|error| StoreError::Corrupt(format!("domains of {organization}: {error}")))?;
        Ok((domains, version))
    }

    /// Says whose addresses may be invited.
    pub async fn set_invitation_domains(
        &mut self,
        organization: &OrganizationId,
        domains: &[String],
        version: i64,
    ) -> Result<(), StoreError> {
        self.run(
            "INSERT INTO invitation_settings (organization, domains, version) VALUES (?1, ?2, ?3)
             ON CONFLICT (organization) DO UPDATE SET domains = excluded.domains, version = excluded.version",
            args![organization, json_text(&domains)?, version],
        )
        .await
        .map(drop)
    }
}
