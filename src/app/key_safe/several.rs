//! Several changes at once: each is previewed by itself and made by itself, so that one that is refused keeps no other back.
//!
//! The preview's token is that of each change, together. What is shown of the keys is therefore as binding here as it is for one
//! change, and a key that is made in between holds up the change that touches it, and no other.

use super::{Choice, KeyOutcome, KeyTerms, RoleChange, TouchedKey};
use crate::{
    app::{AccountChange, App, Ctx, Error, Need, Work},
    cache::Revocation,
    model::{
        AccessReviewId, BindingId, Capability, EventKind, Finding, Holder, InvitationId, KeyId, MirroredKey, Role,
        Scope, ServiceAccountId, UserId,
    },
};
use data_encoding::BASE64URL_NOPAD;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

/// What the token of several changes begins with.
const PREFIX: &str = "kps1_";

/// One of several changes.
#[derive(Debug, Clone)]
pub(in crate::app) struct Step {
    /// What it is about: an id. No two steps are about the same.
    pub(in crate::app) about: String,
    pub(in crate::app) what: What,
    /// The review that asks for it, with what it found.
    pub(in crate::app) found: Option<(AccessReviewId, Finding)>,
}

/// What a step does.
#[derive(Debug, Clone)]
pub(in crate::app) enum What {
    Roles(RoleChange),
    Reactivate(UserId),
    EndKey(Holder, KeyId),
    EndInvitation(InvitationId),
    SuspendAccount(ServiceAccountId),
    CloseAccount(ServiceAccountId),
    /// One local group in the place of these bindings.
    Group(Role, Scope, Vec<BindingId>),
}

impl What {
    fn need(&self) -> Need {
        match self {
            Self::Roles(change) => change.need(),
            Self::Reactivate(_) | Self::EndInvitation(_) | Self::Group(..) | Self::EndKey(Holder::User(_), _) => {
                Capability::ManageMembers.into()
            }
            Self::EndKey(Holder::ServiceAccount(_), _) | Self::SuspendAccount(_) | Self::CloseAccount(_) => {
                Capability::CreateServiceAccountKeys.into()
            }
        }
    }
}

/// Why one of several changes cannot be made, or was not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct RefusedChange {
    /// A stable word.
    pub code: &'static str,
    /// What was wrong, and what to do.
    pub detail: String,
}

impl RefusedChange {
    fn of(error: &Error) -> Self {
        let code = match error {
            Error::Conflict { code, .. } => code,
            Error::Invalid { .. } => "invalid",
            Error::NotFound { .. } => "not_found",
            Error::Forbidden { .. } => "forbidden",
            Error::LastOwner { .. } => "last_owner",
            Error::Stale | Error::Unseen => "changed",
            Error::NotSignedIn | Error::TermsNotAccepted => "unauthenticated",
            Error::Unavailable(_) | Error::ReadOnly(_) => "unavailable",
            Error::Mapping { .. }
            | Error::Configuration { .. }
            | Error::Scim(_)
            | Error::Provider(_)
            | Error::TurnedAway(_)
            | Error::SignIn { .. }
            | Error::Internal(_) => "internal",
        };
        Self { code, detail: error.to_string() }
    }
}

/// What one of several changes would do to keys.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct PreviewedChange {
    /// The id of what it is about.
    pub about: String,
    /// Why it cannot be made; nothing: it can.
    pub refused: Option<RefusedChange>,
    /// Every key that it touches.
    pub keys: Vec<TouchedKey>,
    /// Keys of Cast AI that it ends there.
    pub mirrored: Vec<MirroredKey>,
    /// What becomes of those of which nothing is said: `delete` or `keep`.
    pub unless_said: Choice,
}

/// What several changes would do to keys.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct SeveralPreview {
    /// What they are made with. Each change is held to what was shown of it.
    pub token: String,
    /// Each of them.
    pub changes: Vec<PreviewedChange>,
}

/// What became of one of several changes.
#[derive(Debug)]
pub struct ChangeOutcome {
    /// The id of what it was about.
    pub about: String,
    /// What became of each key that it touched; or why it was not made.
    pub outcome: Result<Vec<KeyOutcome>, RefusedChange>,
}

/// What was shown of one change: its token, and the keys.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Shown(String, BTreeSet<KeyId>);

impl App {
    /// What each of several steps would do to keys. All of them are undone.
    pub(in crate::app) async fn preview_several(&self, ctx: &Ctx, steps: &[Step]) -> Result<SeveralPreview, Error> {
        self.write_key_uses().await?;
        let mut shown = BTreeMap::new();
        let mut changes = Vec::with_capacity(steps.len());
        for step in steps {
            let one = match Box::pin(self.preview_step(ctx, step)).await {
                Ok((token, one)) => {
                    let keys = one.keys.iter().map(|key| key.id.clone()).collect();
                    shown.insert(step.about.clone(), Shown(token, keys));
                    one
                }
                // What is wrong with castgate itself is wrong with all of them, and nothing is changed yet.
                Err(error @ (Error::Unavailable(_) | Error::ReadOnly(_) | Error::Internal(_) | Error::NotSignedIn)) => {
                    return Err(error);
                }
                Err(error) => PreviewedChange {
                    about: step.about.clone(),
                    refused: Some(RefusedChange::of(&error)),
                    keys: Vec::new(),
                    mirrored: Vec::new(),
                    unless_said: Choice::Keep,
                },
            };
            changes.push(one);
        }
        let token = serde_json::to_vec(&shown).map_err(Error::internal)?;
        Ok(SeveralPreview { token: format!("{PREFIX}{}", BASE64URL_NOPAD.encode(&token)), changes })
    }

    async fn preview_step(&self, ctx: &Ctx, step: &Step) -> Result<(String, PreviewedChange), Error> {
        let mut work = self.begin(ctx, step.what.need()).await?;
        let outcome = Box::pin(work.preview_step(step)).await;
        work.tx.rollback().await?;
        outcome
    }

    /// Makes several changes, each in a transaction of its own and each as it was shown. What could not be made is told of.
    pub(in crate::app) async fn make_several(
        &self,
        ctx: &Ctx,
        steps: Vec<Step>,
        terms: &KeyTerms,
    ) -> Result<Vec<ChangeOutcome>, Error> {
        let bad =
            || Error::invalid("preview", "this is no token of such a preview: ask for one, and send what it answers");
        let text = terms.preview.strip_prefix(PREFIX).ok_or_else(bad)?;
        let bytes = BASE64URL_NOPAD.decode(text.as_bytes()).map_err(|_| bad())?;
        let shown: BTreeMap<String, Shown> = serde_json::from_slice(&bytes).map_err(|_| bad())?;
        let is_shown = |id: &&KeyId| shown.values().any(|Shown(_, keys)| keys.contains(*id));
        if let Some(id) = terms.keys.keys().find(|id| !is_shown(id)) {
            return Err(Error::invalid("keys", format!("none of the changes touches the key {id}")));
        }
        self.write_key_uses().await?;
        let mut outcomes = Vec::with_capacity(steps.len());
        for step in steps {
            let outcome = if let Some(Shown(token, keys)) = shown.get(&step.about) {
                let of_it = terms.keys.iter().filter(|(id, _)| keys.contains(*id));
                let own = KeyTerms {
                    preview: token.clone(),
                    keys: of_it.map(|(id, choice)| (id.clone(), choice.clone())).collect(),
                    others: terms.others.clone(),
                };
                Box::pin(self.make_step(ctx, &step, &own)).await
            } else {
                let detail = "it was refused in the preview, or was not in it: ask for a preview again";
                Err(Error::conflict("preview_stale", detail))
            };
            let outcome = outcome.map_err(|error| RefusedChange::of(&error));
            outcomes.push(ChangeOutcome { about: step.about, outcome });
        }
        Ok(outcomes)
    }

    async fn make_step(&self, ctx: &Ctx, step: &Step, terms: &KeyTerms) -> Result<Vec<KeyOutcome>, Error> {
        let mut work = self.begin(ctx, step.what.need()).await?;
        let outcome = Box::pin(work.make_step(step, terms)).await;
        work.finish(outcome).await
    }
}

impl Work<'_> {
    async fn preview_step(&mut self, step: &Step) -> Result<(String, PreviewedChange), Error> {
        self.still_so(step).await?;
        let about = step.about.clone();
        if let What::Roles(change) = &step.what {
            let preview = self.previewed(change).await?;
            let super::KeyPreview { token, keys, mirrored, unless_said } = preview;
            return Ok((token, PreviewedChange { about, refused: None, keys, mirrored, unless_said }));
        }
        self.carry_out_step(&step.what).await?;
        self.guard_owners().await?;
        let (keys, mirrored) = (Vec::new(), Vec::new());
        Ok((String::new(), PreviewedChange { about, refused: None, keys, mirrored, unless_said: Choice::Keep }))
    }

    async fn make_step(&mut self, step: &Step, terms: &KeyTerms) -> Result<Vec<KeyOutcome>, Error> {
        self.still_so(step).await?;
        let keys = if let What::Roles(change) = &step.what {
            self.change_roles(change, terms).await?.keys
        } else {
            self.carry_out_step(&step.what).await?;
            Vec::new()
        };
        if let Some((review, finding)) = &step.found {
            self.mark_applied(review, &step.about, finding).await?;
        }
        Ok(keys)
    }

    async fn carry_out_step(&mut self, what: &What) -> Result<(), Error> {
        let organization = self.ctx.organization.clone();
        match what {
            What::Roles(change) => drop(self.carry_out(change.clone()).await?),
            What::Reactivate(user) => drop(self.suspend(user, false, None).await?),
            What::EndKey(owner, id) => {
                if !self.tx.revoke_api_key(&organization, owner, id, self.ctx.now).await? {
                    return Err(Error::not_found("key", id.as_str()));
                }
                self.tell(EventKind::KeyRevoked, [owner.to_string(), id.to_string()], json!({"why": "review"}));
                self.revoke(Revocation::Key { organization, key: id.clone() });
            }
            What::EndInvitation(id) => drop(self.revoke_invitation(id).await?),
            What::SuspendAccount(id) => {
                let change = AccountChange { suspended: Some(true), ..AccountChange::default() };
                self.change_account(id, change).await?;
            }
            What::CloseAccount(id) => self.close_account(id).await?,
            What::Group(role, scope, bindings) => {
                self.group_in_the_place_of((role, scope), bindings).await?;
            }
        }
        Ok(())
    }
}
