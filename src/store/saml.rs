//! Sign-in over SAML: our keys, messages that were used, and what is read of providers again and again.

use super::{StoreError, Tx, args};
use crate::model::{ConnectionId, Instant, OrganizationId, SamlKey, SamlKeyId, SamlRefresh};
use std::time::Duration;

const DAY: Duration = Duration::from_hours(24);

/// A key of ours, with what is sealed of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredSamlKey {
    /// What may be shown.
    pub key: SamlKey,
    /// The private key, sealed.
    pub secret: Vec<u8>,
    /// The certificate around it, in DER.
    pub certificate: Vec<u8>,
}

/// A provider's certificate that is about to end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndingCertificate {
    /// Of which organization.
    pub organization: OrganizationId,
    /// Of which connection.
    pub connection: ConnectionId,
    /// The connection's name.
    pub name: String,
    /// Which.
    pub fingerprint: String,
    /// When it ends.
    pub not_after: Instant,
}

type KeyRow = (SamlKeyId, ConnectionId, Vec<u8>, Vec<u8>, String, Instant, Instant, Option<Instant>);

fn stored(row: KeyRow) -> StoredSamlKey {
    let (id, connection, secret, certificate, fingerprint, created_at, signs_from, retires_at) = row;
    let key = SamlKey { id, connection, fingerprint, created_at, signs_from, retires_at };
    StoredSamlKey { key, secret, certificate }
}

impl Tx {
    /// Our keys at a connection that have not retired, the youngest first.
    pub async fn saml_keys(
        &mut self,
        organization: &OrganizationId,
        connection: &ConnectionId,
        now: Instant,
    ) -> Result<Vec<StoredSamlKey>, StoreError> {
        let rows = self
            .all(
                "SELECT id, connection, secret, certificate, fingerprint, created_at, signs_from, retires_at
                 FROM saml_keys
                 WHERE organization = ?1 AND connection = ?2 AND (retires_at IS NULL OR retires_at > ?3)
                 ORDER BY created_at DESC, id DESC",
                args![organization, connection, now],
            )
            .await?;
        Ok(rows.into_iter().map(stored).collect())
    }

    /// Writes a new key.
    pub async fn insert_saml_key(
        &mut self,
        organization: &OrganizationId,
        stored: &StoredSamlKey,
    ) -> Result<(), StoreError> {
        let key = &stored.key;
        self.run(
            "INSERT INTO saml_keys (organization, id, connection, secret, certificate, fingerprint, created_at, signs_from,
                                    retires_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            args![
                organization,
                key.id,
                key.connection,
                stored.secret,
                stored.certificate,
                key.fingerprint,
                key.created_at,
                key.signs_from,
                key.retires_at
            ],
        )
        .await
        .map(drop)
    }

    /// Says from when on a key signs, and when it retires.
    pub async fn time_saml_key(
        &mut self,
        organization: &OrganizationId,
        id: &SamlKeyId,
        (signs_from, retires_at): (Instant, Option<Instant>),
    ) -> Result<(), StoreError> {
        self.run(
            "UPDATE saml_keys SET signs_from = ?3, retires_at = ?4 WHERE organization = ?1 AND id = ?2",
            args![organization, id, signs_from, retires_at],
        )
        .await
        .map(drop)
    }

    /// Uses a message up, by the hash of its id. False when it was used before.
    pub async fn use_saml_message(
        &mut self,
        organization: &OrganizationId,
        connection: &ConnectionId,
        (id, expires): (&[u8; 32], Instant),
    ) -> Result<bool, StoreError> {
        let rows = self
            .run(
                "INSERT INTO saml_messages (organization, connection, id, expires_at) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT (organization, connection, id) DO NOTHING",
                args![organization, connection, id, expires],
            )
            .await?;
        Ok(rows == 1)
    }

    /// Forgets messages that nobody would accept any more, and keys that retired before `before`; how many.
    pub async fn forget_saml(&mut self, now: Instant, before: Instant) -> Result<u64, StoreError> {
        let messages = self.run("DELETE FROM saml_messages WHERE expires_at < ?1", args![now]).await?;
        let keys = self.run("DELETE FROM saml_keys WHERE retires_at < ?1", args![before]).await?;
        Ok(messages + keys)
    }

    /// Says whether a connection's metadata is to be read again and again. `due_at` is when it is for the first time.
    pub async fn watch_saml_metadata(
        &mut self,
        organization: &OrganizationId,
        connection: &ConnectionId,
        due_at: Option<Instant>,
    ) -> Result<(), StoreError> {
        let Some(due_at) = due_at else {
            let delete = "DELETE FROM saml_metadata WHERE organization = ?1 AND connection = ?2";
            return self.run(delete, args![organization, connection]).await.map(drop);
        };
        self.run(
            "INSERT INTO saml_metadata (organization, connection, due_at) VALUES (?1, ?2, ?3)
             ON CONFLICT (organization, connection) DO UPDATE SET due_at = ?3",
            args![organization, connection, due_at],
        )
        .await
        .map(drop)
    }

    /// How reading a connection's metadata goes; none: it is not read.
    pub async fn saml_refresh(
        &mut self,
        organization: &OrganizationId,
        connection: &ConnectionId,
    ) -> Result<Option<SamlRefresh>, StoreError> {
        let row: Option<(Option<Instant>, Option<Instant>, Option<String>)> = self
            .first(
                "SELECT tried_at, fetched_at, problem FROM saml_metadata WHERE organization = ?1 AND connection = ?2",
                args![organization, connection],
            )
            .await?;
        Ok(row.map(|(tried_at, fetched_at, problem)| SamlRefresh { tried_at, fetched_at, problem }))
    }

    /// Connections whose metadata is due to be read.
    pub async fn due_saml_metadata(
        &mut self,
        now: Instant,
        limit: i64,
    ) -> Result<Vec<(OrganizationId, ConnectionId)>, StoreError> {
        self.all(
            "SELECT organization, connection FROM saml_metadata WHERE due_at <= ?1 ORDER BY due_at LIMIT ?2",
            args![now, limit],
        )
        .await
    }

    /// Takes it upon this node to read a connection's metadata now, which is due next at `next`. False when somebody tried since
    /// `unless_since`.
    pub async fn claim_saml_metadata(
        &mut self,
        organization: &OrganizationId,
        connection: &ConnectionId,
        (now, unless_since, next): (Instant, Instant, Instant),
    ) -> Result<bool, StoreError> {
        let rows = self
            .run(
                "UPDATE saml_metadata SET tried_at = ?3, due_at = ?5, problem = NULL
                 WHERE organization = ?1 AND connection = ?2 AND (tried_at IS NULL OR tried_at <= ?4)",
                args![organization, connection, now, unless_since, next],
            )
            .await?;
        Ok(rows == 1)
    }

    /// Notes what came of reading it.
    pub async fn note_saml_metadata(
        &mut self,
        organization: &OrganizationId,
        connection: &ConnectionId,
        outcome: Result<Instant, &str>,
    ) -> Result<(), StoreError> {
        match outcome {
            Ok(fetched) => {
                self.run(
                    "UPDATE saml_metadata SET fetched_at = ?3, problem = NULL WHERE organization = ?1 AND connection = ?2",
                    args![organization, connection, fetched],
                )
                .await
            }
            Err(why) => {
                self.run(
                    "UPDATE saml_metadata SET problem = ?3 WHERE organization = ?1 AND connection = ?2",
                    args![organization, connection, why],
                )
                .await
            }
        }
        .map(drop)
    }

    /// Says which certificates a connection has, each with its end. Of those that stay it is remembered what was told.
    pub async fn set_saml_certificates(
        &mut self,
        organization: &OrganizationId,
        connection: &ConnectionId,
        certificates: &[(String, Instant)],
    ) -> Result<(), StoreError> {
        let known: Vec<(String,)> = self
            .all(
                "SELECT fingerprint FROM saml_certificates WHERE organization = ?1 AND connection = ?2",
                args![organization, connection],
            )
            .await?;
        for (old,) in known.iter().filter(|(old,)| certificates.iter().all(|(new, _)| new != old)) {
            self.run(
                "DELETE FROM saml_certificates WHERE organization = ?1 AND connection = ?2 AND fingerprint = ?3",
                args![organization, connection, old],
            )
            .await?;
        }
        for (fingerprint, not_after) in certificates {
            self.run(
                "INSERT INTO saml_certificates (organization, connection, fingerprint, not_after) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT (organization, connection, fingerprint) DO NOTHING",
                args![organization, connection, fingerprint, not_after],
            )
            .await?;
        }
        Ok(())
    }

    /// Certificates of enabled connections that end within 60, 30, 7 or 1 days and were not told of so near to their end.
    pub async fn ending_saml_certificates(
        &mut self,
        now: Instant,
        limit: i64,
    ) -> Result<Vec<EndingCertificate>, StoreError> {
        let rows: Vec<(OrganizationId, ConnectionId, String, String, Instant)> = self
            .all(
                "SELECT s.organization, s.connection, c.name, s.fingerprint, s.not_after
                 FROM saml_certificates s
                 JOIN connections c ON c.organization = s.organization AND c.id = s.connection
                 WHERE s.not_after <= ?4 AND c.enabled = 1
                   AND (s.warned IS NULL OR (s.warned > 30 AND s.not_after <= ?3) OR (s.warned > 7 AND s.not_after <= ?2)
                        OR (s.warned > 1 AND s.not_after <= ?1))
                 ORDER BY s.not_after LIMIT ?5",
                args![now.plus(DAY), now.plus(DAY * 7), now.plus(DAY * 30), now.plus(DAY * 60), limit],
            )
            .await?;
        let ending = |(organization, connection, name, fingerprint, not_after)| EndingCertificate {
            organization,
            connection,
            name,
            fingerprint,
            not_after,
        };
        Ok(rows.into_iter().map(ending).collect())
    }

    /// Says that a certificate's end was told of so many days before; false: somebody else did.
    pub async fn mark_certificate_warned(&mut self, ending: &EndingCertificate, days: i64) -> Result<bool, StoreError> {
        let rows = self
            .run(
                "UPDATE saml_certificates SET warned = ?4
                 WHERE organization = ?1 AND connection = ?2 AND fingerprint = ?3 AND (warned IS NULL OR warned > ?4)",
                args![ending.organization, ending.connection, ending.fingerprint, days],
            )
            .await?;
        Ok(rows == 1)
    }
}
