//! Terms of service and privacy policy: nothing is reachable before they are accepted.

use super::{App, Ctx, Error, Need, Work};
use crate::{
    model::{Capability, EventKind, Instant, OrganizationId, ServiceAccount, UserId},
    store::{TermsDocument, Tx},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// The documents that ship with castgate; a deployment that has its own names their files in the settings.
const TERMS_OF_SERVICE: &str = include_str!("../../config/terms.md");
const PRIVACY_POLICY: &str = include_str!("../../config/privacy.md");

/// Where somebody stands with the documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum TermsState {
    /// Everything in force is accepted.
    Accepted,
    /// An older version is, and the new one's transition is not over: keys and sessions go on, and people are asked.
    Transition,
    /// Never, or too long ago: sessions open only the terms. Keys of somebody who accepted once go on.
    Lapsed,
    /// Nothing was ever accepted: a hard gate for everything.
    Never,
}

/// Where one person stands with the documents.
#[derive(Debug, Clone, Serialize)]
pub struct TermsStanding {
    /// Who.
    pub user: UserId,
    /// What to call them.
    pub label: String,
    /// Where they stand.
    pub state: TermsState,
    /// The newest version of each document that they accepted.
    pub accepted: Vec<(String, i64)>,
}

impl App {
    /// Records the documents of the settings as new versions, if they differ from the newest.
    pub(super) async fn prepare_terms(&self) -> Result<(), Error> {
        let settings = &self.settings().terms;
        let wanted = [
            ("terms", settings.terms_of_service.as_deref(), TERMS_OF_SERVICE),
            ("privacy", settings.privacy_policy.as_deref(), PRIVACY_POLICY),
        ];
        let now = self.clock().now();
        let mut tx = self.store().write("terms").await?;
        let current = tx.current_terms().await?;
        for (kind, file, shipped) in wanted {
            let text = match file {
                Some(path) => std::fs::read_to_string(path).map_err(|error| {
                    Error::invalid(format!("terms ({})", path.display()), format!("the file cannot be read: {error}"))
                })?,
                None => shipped.to_owned(),
            };
            let newest = current.iter().find(|document| document.kind == kind);
            if newest.is_some_and(|document| document.text == text) {
                continue;
            }
            let version = newest.map_or(1, |document| document.version + 1);
            let binding_from = if newest.is_some() { now.plus(settings.transition.get()) } else { now };
            tx.insert_terms(&TermsDocument { kind: kind.to_owned(), version, text, binding_from }, now).await?;
        }
        Ok(tx.commit().await?)
    }

    /// The documents in force.
    pub async fn terms(&self) -> Result<Vec<TermsDocument>, Error> {
        Ok(self.store().read().await?.current_terms().await?)
    }

    /// Where up to `limit` people stand whose id is greater than `after`, with the versions that they accepted.
    pub async fn terms_of_people(&self, ctx: &Ctx, after: &str, limit: i64) -> Result<Vec<TermsStanding>, Error> {
        let mut tx = self.read(ctx, Capability::ManageMembers).await?;
        let current = tx.current_terms().await?;
        let mut people = Vec::new();
        for user in tx.users_after(&ctx.organization, after, limit).await? {
            let accepted = tx.accepted_terms(&ctx.organization, &user.id).await?;
            let state = standing(&current, &accepted, ctx.now);
            people.push(TermsStanding { user: user.id.clone(), label: user.label().to_owned(), state, accepted });
        }
        Ok(people)
    }

    /// Notes that the actor accepts the documents in force; `versions` says which ones they saw.
    pub async fn accept_terms(&self, ctx: &Ctx, versions: &[(String, i64)]) -> Result<(), Error> {
        let user = ctx.actor.user().cloned().ok_or(Error::NotSignedIn)?;
        self.accept_terms_for(ctx, &user, versions).await
    }

    /// The same for the person whom the operator makes the first owner, and who sits at the machine.
    pub(super) async fn accept_terms_for(
        &self,
        ctx: &Ctx,
        user: &UserId,
        versions: &[(String, i64)],
    ) -> Result<(), Error> {
        let mut work = self.begin(ctx, Need::Self_).await?;
        let outcome = Box::pin(work.accept(user, versions)).await;
        work.finish(outcome).await
    }
}

impl Work<'_> {
    async fn accept(&mut self, user: &UserId, versions: &[(String, i64)]) -> Result<(), Error> {
        let current = self.tx.current_terms().await?;
        let seen = |document: &TermsDocument| {
            versions.iter().any(|(kind, version)| *kind == document.kind && *version == document.version)
        };
        if !current.iter().all(seen) {
            let detail = "the documents changed while they were read; please read them again";
            return Err(Error::conflict("terms_changed", detail));
        }
        let mut accepted = Vec::new();
        for document in &current {
            let what = (document.kind.as_str(), document.version);
            if self.tx.insert_acceptance(&self.ctx.organization, user, what, self.ctx.now).await? {
                accepted.push(json!({"document": document.kind, "version": document.version}));
            }
        }
        self.tell(EventKind::TermsAccepted, [user.to_string()], json!({"accepted": accepted}));
        self.revoke_user(user);
        Ok(())
    }
}

/// Where somebody stands now.
pub(super) async fn terms_state(
    tx: &mut Tx,
    organization: &OrganizationId,
    user: &UserId,
    now: Instant,
) -> Result<TermsState, Error> {
    let documents = tx.terms_of(organization, user).await?;
    Ok(worst(documents.into_iter().map(|one| state_of((one.version, one.binding_from), one.accepted, now))))
}

/// Where somebody stands who accepted these versions.
fn standing(current: &[TermsDocument], accepted: &[(String, i64)], now: Instant) -> TermsState {
    let version = |kind: &str| accepted.iter().find(|(known, _)| known == kind).map_or(0, |(_, version)| *version);
    let states = current
        .iter()
        .map(|document| state_of((document.version, document.binding_from), version(&document.kind), now));
    worst(states)
}

/// Where somebody stands with a document of this version, who accepted that one (0: none).
fn state_of((version, binding_from): (i64, Instant), accepted: i64, now: Instant) -> TermsState {
    match accepted {
        0 => TermsState::Never,
        accepted if accepted >= version => TermsState::Accepted,
        _ if now < binding_from => TermsState::Transition,
        _ => TermsState::Lapsed,
    }
}

/// Where a service account stands: where the person who made it stands. The operator, whose documents they are, covers
/// its own.
pub(super) async fn terms_of_service_account(
    tx: &mut Tx,
    organization: &OrganizationId,
    account: &ServiceAccount,
    now: Instant,
) -> Result<TermsState, Error> {
    match &account.created_by {
        Some(creator) => terms_state(tx, organization, creator, now).await,
        None => Ok(TermsState::Accepted),
    }
}

fn worst(states: impl Iterator<Item = TermsState>) -> TermsState {
    let rank = |state: &TermsState| match state {
        TermsState::Accepted => 0,
        TermsState::Transition => 1,
        TermsState::Lapsed => 2,
        TermsState::Never => 3,
    };
    states.max_by_key(rank).unwrap_or(TermsState::Accepted)
}
