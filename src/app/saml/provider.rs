//! What is read of providers: from a file that an admin has, and from the address that the connection is pinned to, again and
//! again and whenever somebody arrives with a key that nobody knows.

use super::{
    super::{Actor, App, Ctx, Error, Need, Work},
    trust_of,
};
use crate::{
    model::{
        Capability, Connection, ConnectionId, ConnectionSettings, EventKind, Instant, OrganizationId, SamlRefresh,
        SamlSettings,
    },
    sso::{SsoError, described, learn, saml::IdpMetadata},
};
use serde_json::json;
use std::time::Duration;

/// From one scheduled reading to the next.
const REFRESH: Duration = Duration::from_hours(1);
/// Readings for people who arrive with a key that nobody knows: a stranger can make them arrive.
const LEAST_PAUSE: Duration = Duration::from_mins(1);
/// A reading that began so long ago has come to nothing.
const READING_ENDS: Duration = Duration::from_secs(15);
/// How often somebody who waits for another's reading looks, and for how long at most.
const LOOK: (Duration, u32) = (Duration::from_millis(100), 120);
/// Connections whose metadata is read in one round.
const CHUNK: i64 = 20;
/// What a problem's text is cut to.
const LONGEST_PROBLEM: usize = 500;

impl App {
    /// Settings with what the provider says about itself: in this document, or at the address that the settings name if they
    /// do not say who the provider is.
    pub async fn with_saml_metadata(
        &self,
        ctx: &Ctx,
        mut settings: ConnectionSettings,
        document: Option<&str>,
    ) -> Result<ConnectionSettings, Error> {
        // Nobody lets castgate call an address who may not make connections.
        drop(self.read(ctx, Capability::ManageOrganization).await?);
        let Some(saml) = &mut settings.saml else {
            return match document {
                Some(_) => Err(Error::invalid("metadata", "it belongs to a connection with settings.saml")),
                None => Ok(settings),
            };
        };
        let unreadable = |place: &str, error: &dyn std::fmt::Display| Error::invalid(place, error.to_string());
        let found = match (document, &saml.metadata_url) {
            (Some(document), _) => {
                Some(described(document.as_bytes(), saml, ctx.now).map_err(|error| unreadable("metadata", &error))?)
            }
            (None, Some(url)) if !saml.is_ready() => {
                let found = self.saml_providers().fetch(url, saml, ctx.now).await;
                Some(found.map_err(|error| unreadable("settings.saml.metadata_url", &error))?)
            }
            (None, _) => None,
        };
        if let Some(found) = found {
            learn(saml, &found);
        }
        Ok(settings)
    }

    /// Reads what is due; how many connections changed by it.
    pub(in crate::app) async fn refresh_saml_providers(&self) -> Result<usize, Error> {
        let now = self.clock().now();
        let due = self.store().read().await?.due_saml_metadata(now, CHUNK).await?;
        let mut changed = 0;
        for (organization, connection) in due {
            changed += usize::from(self.refresh_saml(&organization, &connection, Duration::ZERO).await?);
        }
        Ok(changed)
    }

    /// Reads a connection's metadata now, for an admin who does not want to wait. True when it said something new.
    pub async fn refresh_saml_now(&self, ctx: &Ctx, id: &ConnectionId) -> Result<bool, Error> {
        let connection = self.connection(ctx, id).await?;
        if connection.settings.saml.is_none_or(|saml| saml.metadata_url.is_none()) {
            return Err(Error::invalid("settings.saml.metadata_url", "the connection has none to read"));
        }
        let changed = self.refresh_saml(&ctx.organization, id, Duration::ZERO).await?;
        let refresh = self.store().read().await?.saml_refresh(&ctx.organization, id).await?;
        match refresh.and_then(|refresh| refresh.problem) {
            Some(problem) => Err(Error::invalid("settings.saml.metadata_url", problem)),
            None => Ok(changed),
        }
    }

    /// The connection as it is after whatever can be learnt of a key that it does not know: its own reading, or another's that
    /// is under way. At most one reading a minute.
    pub(in crate::app) async fn learn_unknown_key(
        &self,
        organization: &OrganizationId,
        tried: &Connection,
    ) -> Result<Option<Connection>, Error> {
        let before = tried.settings.saml.as_ref().map(|saml| trust_of(saml).certificates);
        for _ in 0..LOOK.1 {
            let mut tx = self.store().read().await?;
            let now = tx.connection(organization, &tried.id).await?;
            let refresh = tx.saml_refresh(organization, &tried.id).await?;
            drop(tx);
            let known = now.as_ref().and_then(|now| now.settings.saml.as_ref()).map(|saml| trust_of(saml).certificates);
            if known != before {
                return Ok(now);
            }
            let Some(refresh) = refresh else { return Ok(None) };
            match stand(&refresh, self.clock().now()) {
                Stand::Reading => tokio::time::sleep(LOOK.0).await,
                Stand::Lately => return Ok(None),
                Stand::Free => {
                    self.refresh_saml(organization, &tried.id, LEAST_PAUSE).await?;
                }
            }
        }
        Ok(None)
    }

    /// One reading, unless somebody began one less than `pause` ago. True when the connection changed.
    async fn refresh_saml(
        &self,
        organization: &OrganizationId,
        id: &ConnectionId,
        pause: Duration,
    ) -> Result<bool, Error> {
        let now = self.clock().now();
        let mut tx = self.store().write("read SAML metadata").await?;
        let claimed = tx.claim_saml_metadata(organization, id, (now, now.minus(pause), now.plus(REFRESH))).await?;
        let connection = tx.connection(organization, id).await?;
        tx.commit().await?;
        let Some(saml) = connection.filter(|_| claimed).and_then(|connection| connection.settings.saml) else {
            return Ok(false);
        };
        let Some(url) = &saml.metadata_url else { return Ok(false) };
        let found = self.saml_providers().fetch(url, &saml, now).await;
        let ctx = Ctx { actor: Actor::System, organization: organization.clone(), now, request: self.new_request() };
        let learnt = match found {
            Ok(found) => {
                let mut work = self.begin(&ctx, Need::Operator).await?;
                let outcome = Box::pin(work.take_metadata(id, (&saml, &found))).await;
                work.finish(outcome).await
            }
            Err(error) => Err(error.into()),
        };
        let problem = learnt.as_ref().err().map(|error| shortened(&error.to_string()));
        let mut tx = self.store().write("read SAML metadata").await?;
        tx.note_saml_metadata(organization, id, problem.as_deref().map_or(Ok(now), Err)).await?;
        tx.commit().await?;
        match learnt {
            Ok(changed) => Ok(changed),
            Err(error @ (Error::Provider(_) | Error::Stale)) => {
                tracing::warn!(%organization, connection = %id, %error, "SAML metadata could not be read; what is known stays");
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }
}

/// How far the readings of a connection are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stand {
    /// Somebody reads at this moment.
    Reading,
    /// The last reading is less than a minute ago.
    Lately,
    /// It may be read.
    Free,
}

fn stand(refresh: &SamlRefresh, now: Instant) -> Stand {
    let Some(tried) = refresh.tried_at else { return Stand::Free };
    let over = refresh.problem.is_some() || refresh.fetched_at.is_some_and(|fetched| fetched >= tried);
    if !over && now < tried.plus(READING_ENDS) {
        Stand::Reading
    } else if now < tried.plus(LEAST_PAUSE) {
        Stand::Lately
    } else {
        Stand::Free
    }
}

fn shortened(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(LONGEST_PROBLEM).collect()
}

impl Work<'_> {
    /// Puts what was read into the connection's settings, if they are still those that it was read for.
    async fn take_metadata(
        &mut self,
        id: &ConnectionId,
        (read_for, found): (&SamlSettings, &IdpMetadata),
    ) -> Result<bool, Error> {
        let mut connection = self.connection_to_change(id).await?;
        let Some(saml) = connection.settings.saml.as_mut().filter(|saml| *saml == read_for) else {
            return Err(Error::Stale);
        };
        let before = saml.clone();
        learn(saml, found);
        if *saml == before {
            return Ok(false);
        }
        let checked = self.app.checked_saml(saml.clone());
        // An address that no browser may be sent to: nothing of it is taken.
        *saml = checked.map_err(|error| SsoError::DiscoveryInvalid { what: error.to_string() })?;
        let prints = |saml: &SamlSettings| -> Vec<String> {
            trust_of(saml).certificates.iter().map(|known| known.fingerprint().to_owned()).collect()
        };
        let (old, new) = (prints(&before), prints(saml));
        let added: Vec<_> = new.iter().filter(|one| !old.contains(one)).collect();
        let removed: Vec<_> = old.iter().filter(|one| !new.contains(one)).collect();
        let detail = json!({"how": "metadata read", "certificates_added": added, "certificates_removed": removed});
        self.write_connection(&mut connection).await?;
        self.write_saml(&connection, self.ctx.now.plus(REFRESH)).await?;
        self.tell(EventKind::ConnectionChanged, [id.to_string()], detail);
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_arrives_while_somebody_reads_waits_and_nobody_reads_twice_in_a_minute() {
        let at = |second: i64| Instant(second * 1_000_000);
        let refresh = |tried, fetched, problem: Option<&str>| SamlRefresh {
            tried_at: Some(at(tried)),
            fetched_at: fetched,
            problem: problem.map(str::to_owned),
        };
        assert_eq!(stand(&SamlRefresh::default(), at(0)), Stand::Free);
        assert_eq!(stand(&refresh(100, None, None), at(101)), Stand::Reading);
        assert_eq!(stand(&refresh(100, Some(at(40)), None), at(101)), Stand::Reading);
        assert_eq!(stand(&refresh(100, Some(at(100)), None), at(101)), Stand::Lately);
        assert_eq!(stand(&refresh(100, None, Some("away")), at(101)), Stand::Lately);
        assert_eq!(stand(&refresh(100, None, None), at(120)), Stand::Lately, "that node has died");
        assert_eq!(stand(&refresh(100, None, None), at(160)), Stand::Free);
    }
}
