//! What a connection's two sides say about themselves: our metadata, and what admins read of the provider's.

use super::{App, Error, SamlAddresses, expiry::days_left};
use crate::{
    app::Ctx,
    crypto::Certificate,
    model::{Capability, Connection, ConnectionId, SamlCertificate, SamlKey, SamlRefresh},
    sso::saml::{OurKey, Ourselves, format},
};
use std::time::Duration;

/// How long a provider may rely on our metadata without reading it again.
const HOLDS: Duration = Duration::from_hours(7 * 24);

/// What admins read of a connection that speaks SAML, besides its settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SamlShown {
    /// Our own addresses.
    pub addresses: SamlAddresses,
    /// The provider's certificates.
    pub certificates: Vec<SamlCertificate>,
    /// Our keys.
    pub keys: Vec<SamlKey>,
    /// How reading the provider's metadata goes; none: it is not read.
    pub refresh: Option<SamlRefresh>,
    /// What is right but unwise.
    pub warnings: Vec<String>,
}

impl App {
    /// What admins read of a connection that speaks SAML; none for others.
    pub async fn saml_shown(&self, ctx: &Ctx, connection: &Connection) -> Result<Option<SamlShown>, Error> {
        let Some(saml) = &connection.settings.saml else { return Ok(None) };
        let mut tx = self.read(ctx, Capability::ManageOrganization).await?;
        let keys = tx.saml_keys(&ctx.organization, &connection.id, ctx.now).await?;
        let refresh = tx.saml_refresh(&ctx.organization, &connection.id).await?;
        let certificates: Vec<_> = saml
            .certificates
            .iter()
            .filter_map(|text| Certificate::from_text(text).ok())
            .map(|known| SamlCertificate {
                fingerprint: known.fingerprint().to_owned(),
                subject: known.subject().to_owned(),
                not_before: known.not_before(),
                not_after: known.not_after(),
                expires_within_days: days_left(ctx.now, known.not_after()),
            })
            .collect();
        let mut warnings = Vec::new();
        if saml.allow_sha1 {
            warnings.push(
                "SHA-1 is accepted in signatures, and can be forged: let the provider sign with SHA-256.".to_owned(),
            );
        }
        if saml.idp_initiated {
            warnings.push(
                "Sign-ins may begin at the provider: nothing ties those to a browser that asked for them.".to_owned(),
            );
        }
        for ending in certificates.iter().filter(|known| known.expires_within_days.is_some()) {
            warnings.push(format!("The provider's certificate {} ends at {}.", ending.subject, ending.not_after));
        }
        if let Some(problem) = refresh.as_ref().and_then(|refresh| refresh.problem.as_ref()) {
            warnings.push(format!("The provider's metadata could not be read: {problem}"));
        }
        if !saml.is_ready() {
            warnings.push("The provider is not known yet: upload its metadata, or say where it is.".to_owned());
        }
        let addresses = self.saml_addresses(&connection.id);
        let keys = keys.into_iter().map(|stored| stored.key).collect();
        Ok(Some(SamlShown { addresses, certificates, keys, refresh, warnings }))
    }

    /// Our metadata at a connection, for whoever asks: it says nothing that is not public.
    pub async fn saml_metadata(&self, id: &ConnectionId) -> Result<String, Error> {
        let now = self.clock().now();
        let mut tx = self.store().read().await?;
        let found = tx.connection_at(id).await?;
        let found = found.and_then(|(organization, known)| Some((organization, known.settings.saml?)));
        let (organization, saml) = found.ok_or_else(|| Error::not_found("connection", id.as_str()))?;
        let stored = tx.saml_keys(&organization, id, now).await?;
        drop(tx);
        let keys: Vec<_> = stored
            .iter()
            .enumerate()
            .map(|(at, stored)| OurKey { certificate: &stored.certificate, signing: true, encryption: at == 0 })
            .collect();
        let addresses = self.saml_addresses(id);
        let formats = match &saml.name_id_format {
            Some(one) => vec![one.as_str()],
            None => vec![format::EMAIL, format::PERSISTENT, format::UNSPECIFIED],
        };
        let ourselves = Ourselves {
            entity_id: &addresses.entity_id,
            acs: &addresses.acs,
            logout: Some(&addresses.logout),
            keys: &keys,
            name_id_formats: &formats,
            signs_requests: saml.sign_requests,
            valid_until: Some(now.plus(HOLDS)),
        };
        Ok(ourselves.metadata())
    }
}
