//! Invitations.

use super::{StoreError, Tx, args, value::json_text};
use crate::model::{
    Delivery, DeliveryState, Holder, Instant, Invitation, InvitationId, InvitationState, JobId, Offer, OrganizationId,
    Role, RoleId, UserId, fold,
};

type InvitationRow = (
    InvitationId,
    String,
    Role,
    String,
    String,
    String,
    Instant,
    Instant,
    Instant,
    Option<Instant>,
    Option<String>,
    Option<UserId>,
    String,
    Instant,
    i64,
    Option<String>,
    i64,
);

macro_rules! select_invitations {
    ($rest:literal) => {
        concat!(
            "SELECT id, email, role, clusters, local_groups, invited_by, created_at, updated_at, expires_at, ended_at, ended_as, \
             accepted_by, delivery, delivery_at, delivery_attempts, delivery_reason, version FROM invitations ",
            $rest
        )
    };
}

fn invitation(row: InvitationRow) -> Result<Invitation, StoreError> {
    let (id, email, role, clusters, groups, invited_by, created_at, updated_at, expires_at, ended, how, ..) = row;
    let (accepted_by, delivery, at, attempts, reason, version) = (row.11, row.12, row.13, row.14, row.15, row.16);
    let corrupt = |what: &str| StoreError::Corrupt(format!("{what} of invitation {id}"));
    let offer = Offer {
        role,
        clusters: serde_json::from_str(&clusters).map_err(|_| corrupt("clusters"))?,
        groups: serde_json::from_str(&groups).map_err(|_| corrupt("groups"))?,
    };
    let invited_by = match invited_by.as_str() {
        "" => None,
        holder => Some(holder.parse::<Holder>().map_err(|_| corrupt("inviter"))?),
    };
    let ended = match (ended, how.as_deref()) {
        (None, _) => None,
        (Some(at), Some("accepted")) => Some((at, InvitationState::Accepted)),
        (Some(at), Some("revoked")) => Some((at, InvitationState::Revoked)),
        (Some(at), Some("expired")) => Some((at, InvitationState::Expired)),
        (Some(_), _) => return Err(corrupt("end")),
    };
    let state = delivery_state(&delivery).ok_or_else(|| corrupt("delivery"))?;
    let delivery = Delivery { state, at, attempts, reason };
    Ok(Invitation {
        id,
        email,
        offer,
        invited_by,
        created_at,
        updated_at,
        expires_at,
        ended,
        accepted_by,
        delivery,
        version,
    })
}

/// What became of a letter, by its word.
pub(super) fn delivery_state(word: &str) -> Option<DeliveryState> {
    [DeliveryState::Queued, DeliveryState::Sent, DeliveryState::Failed].into_iter().find(|state| state.name() == word)
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
                                    delivery_reason = NULL
             WHERE organization = ?1 AND id = ?2",
            args![organization, id, link, letter, now],
        )
        .await
        .map(drop)
    }

    /// What became of a letter. False when it is not the invitation's newest.
    pub async fn set_delivery(
        &mut self,
        organization: &OrganizationId,
        (letter, id): (&JobId, &str),
        delivery: &Delivery,
    ) -> Result<bool, StoreError> {
        let rows = self
            .run(
                "UPDATE invitations SET delivery = ?4, delivery_at = ?5, delivery_attempts = ?6, delivery_reason = ?7
                 WHERE organization = ?1 AND id = ?2 AND letter = ?3",
                args![organization, id, letter, delivery.state.name(), delivery.at, delivery.attempts, delivery.reason],
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
        self.first(select_invitations!("WHERE organization = ?1 AND id = ?2"), args![organization, id])
            .await?
            .map(invitation)
            .transpose()
    }

    /// One invitation, held until the transaction ends.
    pub async fn invitation_to_change(
        &mut self,
        organization: &OrganizationId,
        id: &InvitationId,
    ) -> Result<Option<Invitation>, StoreError> {
        self.first(select_invitations!("WHERE organization = ?1 AND id = ?2 FOR UPDATE"), args![organization, id])
            .await?
            .map(invitation)
            .transpose()
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
        self.first(select_invitations!("WHERE link = ?2 AND organization = ?1"), args![organization, link])
            .await?
            .map(invitation)
            .transpose()
    }

    /// The invitation that this link is of, held until the transaction ends.
    pub async fn invitation_by_link_to_change(
        &mut self,
        organization: &OrganizationId,
        link: &[u8],
    ) -> Result<Option<Invitation>, StoreError> {
        self.first(select_invitations!("WHERE link = ?2 AND organization = ?1 FOR UPDATE"), args![organization, link])
            .await?
            .map(invitation)
            .transpose()
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
        .await?
        .map(invitation)
        .transpose()
    }

    /// Up to `limit` invitations whose id is greater than `after`.
    pub async fn invitations_after(
        &mut self,
        organization: &OrganizationId,
        after: &str,
        limit: i64,
    ) -> Result<Vec<Invitation>, StoreError> {
        let rows = self
            .all(
                select_invitations!("WHERE organization = ?1 AND id > ?2 ORDER BY id LIMIT ?3"),
                args![organization, after, limit],
            )
            .await?;
        rows.into_iter().map(invitation).collect()
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
