//! Clusters read from Cast AI: an organization gives a key, and what its account lists there is known here.
//!
//! [Reading](reading) asks Cast AI and holds nothing open meanwhile. [Matching](matching) is pure: it says what of a list is new,
//! renamed, gone or back, and what nobody but a person can decide. [Taking in](taking_in) makes that true in one transaction, and
//! has the rules evaluated again as declaring a cluster does. Nothing here ends what somebody holds: a cluster that is not listed
//! any more is marked, and a person removes it.

mod matching;
mod reading;
mod taking_in;

pub use taking_in::{CastAiReading, CastAiRound};

use super::{App, Ctx, Error, Work};
use crate::{
    config::Settings,
    crypto::Context,
    model::{Capability, CastAiLink, EventKind, OrganizationId},
    net,
};
use secrecy::SecretString;
use serde_json::json;

/// The longest key.
const LONGEST_KEY: usize = 500;
/// A key that is shorter than this shows nothing of itself.
const SHORTEST_HINTED: usize = 24;
/// Letters of a key that are shown.
const HINT: usize = 12;
/// The most that is read of one answer: a cluster's entry there has a few thousand letters.
const MOST_READ: usize = 8 << 20;

/// How Cast AI is called: like a provider, in the time that the settings give it, and with more patience for what it lists.
pub(super) fn policy(usual: net::Policy, settings: &Settings) -> net::Policy {
    let timeout = settings.cast_ai.timeout.get();
    net::Policy { max_body: MOST_READ, timeout, connect_timeout: usual.connect_timeout.min(timeout), ..usual }
}

fn place(organization: &OrganizationId) -> Context<'_> {
    Context {
        organization: organization.as_str(),
        table: "cast_ai_links",
        row: organization.as_str(),
        column: "api_key",
    }
}

/// The key as it is sent, and how it begins.
fn checked_key(key: &str) -> Result<(&str, &str), Error> {
    let key = key.trim();
    if key.is_empty() || key.len() > LONGEST_KEY || !key.bytes().all(|byte| byte.is_ascii_graphic()) {
        let detail = format!("give the key as Cast AI shows it: up to {LONGEST_KEY} letters without blanks");
        return Err(Error::invalid("api_key", detail));
    }
    let hint = if key.len() < SHORTEST_HINTED { "" } else { key.get(..HINT).unwrap_or_default() };
    Ok((key, hint))
}

impl App {
    /// How the organization reads its clusters at Cast AI; none: it does not.
    pub async fn cast_ai(&self, ctx: &Ctx) -> Result<Option<CastAiLink>, Error> {
        let mut tx = self.read(ctx, Capability::ManageOrganization).await?;
        Ok(tx.cast_ai_link(&ctx.organization).await?)
    }

    /// Takes a key by which clusters are read from now on. Nothing is read yet.
    pub async fn connect_cast_ai(&self, ctx: &Ctx, key: &str) -> Result<CastAiLink, Error> {
        let (key, hint) = checked_key(key)?;
        let sealed = self.sealer().seal(&place(&ctx.organization), key.as_bytes()).map_err(Error::internal)?;
        let link = CastAiLink {
            hint: hint.to_owned(),
            given_by: ctx.actor.to_string(),
            given_at: ctx.now,
            due_at: ctx.now,
            tried_at: None,
            succeeded_at: None,
            failures: 0,
            problem: None,
            clusters: 0,
            undecided: Vec::new(),
        };
        let mut work = self.begin(ctx, Capability::ManageOrganization).await?;
        let outcome = work.keep_cast_ai_key(&sealed, link).await;
        work.finish(outcome).await
    }

    /// Forgets the key. What was read stays as it is.
    pub async fn disconnect_cast_ai(&self, ctx: &Ctx) -> Result<(), Error> {
        let mut work = self.begin(ctx, Capability::ManageOrganization).await?;
        let outcome = work.forget_cast_ai_key().await;
        work.finish(outcome).await
    }

    fn open_cast_ai_key(&self, organization: &OrganizationId, sealed: &[u8]) -> Result<SecretString, Error> {
        self.sealer().open_text(&place(organization), sealed).map_err(Error::internal)
    }
}

fn not_connected() -> Error {
    Error::conflict(
        "not_connected",
        "no key of Cast AI was given: give one first, with the right to see clusters there",
    )
}

impl Work<'_> {
    async fn keep_cast_ai_key(&mut self, sealed: &[u8], link: CastAiLink) -> Result<CastAiLink, Error> {
        let organization = self.ctx.organization.clone();
        // Two who give one at the same moment: the later one holds.
        self.tx.lock_organization(&organization).await?;
        self.tx.set_cast_ai_key(&organization, sealed, &link).await?;
        self.tell(EventKind::CastAiConnected, [organization.to_string()], json!({"hint": link.hint}));
        Ok(link)
    }

    async fn forget_cast_ai_key(&mut self) -> Result<(), Error> {
        let organization = self.ctx.organization.clone();
        if !self.tx.delete_cast_ai_link(&organization).await? {
            return Err(not_connected());
        }
        self.tell(EventKind::CastAiDisconnected, [organization.to_string()], json!({}));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_taken_as_it_is_pasted_and_shows_little_of_itself() {
        let long = format!("castai_v1_{}", "ab".repeat(32));
        assert_eq!(checked_key(&format!(" {long}\n")).unwrap(), (long.as_str(), "castai_v1_ab"));
        assert_eq!(checked_key("short").unwrap(), ("short", ""));
        for bad in ["", "   ", "two words", "line\nbreak", "kéy", &"x".repeat(501)] {
            assert!(checked_key(bad).is_err(), "{bad:?}");
        }
    }
}
