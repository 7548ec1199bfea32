//! A sign-in under way, and the trace that it leaves: filled as far as the attempt gets, by whichever protocol.

use super::{
    super::{Actor, App, Ctx, Error, provisioning::redacted},
    Begun,
};
use crate::{
    access::{Access, Via},
    model::{
        Connection, ConnectionId, Event, EventId, EventKind, Instant, RequestId, SignInCode, SignInEntry,
        SignInFailure, SignInId, SignInMessage, SignInOutcome, SignInProtocol, SignInTrace, Source,
    },
    sso::{Callback, Identity},
};
use serde_json::{Value, json};
use std::{collections::BTreeMap, net::IpAddr};

/// Letters by which a secret is recognised where the rest of it was cut off.
const TELLING: usize = 8;
/// What stands in a trace for something that must not.
const HIDDEN: &str = "[hidden]";
/// Claims that belong to the protocol's secrets: they tie tokens, codes and sessions together.
const HIDDEN_CLAIMS: [&str; 7] = ["nonce", "at_hash", "c_hash", "s_hash", "jti", "sid", "rh"];
/// Claims that are about the token and not about the person: their values are kept.
const TOKEN_CLAIMS: [&str; 11] = ["iss", "aud", "azp", "exp", "iat", "nbf", "auth_time", "acr", "amr", "tid", "ver"];

/// What the edge knows of the request that a sign-in comes by.
#[derive(Debug, Clone, Default)]
pub struct Whence {
    /// The network address.
    pub address: Option<IpAddr>,
    /// The request's number.
    pub request: Option<RequestId>,
}

/// One attempt to sign in. Every protocol fills the same.
#[derive(Debug)]
pub(in crate::app) struct SignInAttempt {
    connection: Option<ConnectionId>,
    pub(in crate::app) entry: SignInEntry,
    /// What must not be kept, wherever a message repeats it.
    secrets: Vec<String>,
}

impl SignInAttempt {
    /// An attempt that has come back from the provider, or is refused before.
    pub(in crate::app) fn new(
        ctx: &Ctx,
        connection: Option<&ConnectionId>,
        protocol: SignInProtocol,
        whence: &Whence,
    ) -> Self {
        let mut entry = SignInEntry::begun(protocol, ctx.request.clone());
        entry.address = whence.address.map(|address| address.to_string());
        Self { connection: connection.cloned(), entry, secrets: Vec::new() }
    }

    /// What the browser remembered of its beginning.
    pub(super) fn remember(&mut self, begun: &Begun, now: Instant) {
        self.entry.email.clone_from(&begun.email);
        let micros = u64::try_from(now.0.saturating_sub(begun.began.0)).unwrap_or_default();
        self.entry.seconds = Some(micros / 1_000_000);
        let pending = &begun.pending;
        self.hide([&pending.state, &pending.nonce, &pending.pkce_verifier].map(String::as_str));
    }

    /// Texts that nothing of the trace may repeat.
    pub(in crate::app) fn hide<'a>(&mut self, secrets: impl IntoIterator<Item = &'a str>) {
        // Shorter ones would blacken what they happen to stand in.
        self.secrets.extend(secrets.into_iter().filter(|secret| secret.len() >= 8).map(str::to_owned));
    }

    /// One message, by its parts; what is a secret is given to [`SignInAttempt::hide`] before.
    pub(in crate::app) fn message<'a>(&mut self, what: &str, parts: impl IntoIterator<Item = (&'a str, String)>) {
        let parts: BTreeMap<String, String> =
            parts.into_iter().map(|(name, value)| (name.to_owned(), self.shown(&value))).collect();
        self.entry.messages.push(SignInMessage { what: what.to_owned(), parts });
    }

    /// What was asked of an OpenID provider, and what its answer says.
    pub(super) fn hear(&mut self, connection: Option<&Connection>, callback: &Callback) {
        self.hide([&callback.code, &callback.state].into_iter().filter_map(|secret| secret.as_deref()));
        if let Some(oidc) = connection.and_then(|connection| connection.settings.oidc.as_ref()) {
            let asked = [("issuer", &oidc.issuer), ("client_id", &oidc.client_id), ("scope", &oidc.scopes.join(" "))];
            self.message("what the provider was asked", asked.map(|(name, value)| (name, value.clone())));
        }
        let hidden = |there: &Option<String>| there.as_ref().map(|_| HIDDEN.to_owned());
        let parts = [
            ("code", hidden(&callback.code)),
            ("state", hidden(&callback.state)),
            ("iss", callback.iss.clone()),
            ("error", callback.error.clone()),
            ("error_description", callback.error_description.clone()),
        ];
        let parts = parts.into_iter().filter_map(|(name, value)| value.map(|value| (name, value)));
        self.message("the answer at the redirect address", parts);
    }

    /// Who the provider says that it is.
    pub(in crate::app) fn meet(&mut self, identity: &Identity) {
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let about = TOKEN_CLAIMS.iter().filter_map(|name| Some((*name, text(identity.claims.get(*name)?))));
        self.message("the identity", about.chain([("issuer", identity.issuer.clone())]).collect::<Vec<_>>());
        let kept = identity.claims.iter().map(|(name, value)| {
            let value = if HIDDEN_CLAIMS.contains(&name.as_str()) { json!(HIDDEN) } else { value.clone() };
            (name.clone(), value)
        });
        self.entry.derived.claims = kept.collect();
        self.entry.derived.claims.insert("sub".to_owned(), json!(identity.subject));
    }

    /// What the person may do, and which rules give it.
    pub(super) fn derive(&mut self, access: &Access) {
        let derived = &mut self.entry.derived;
        derived.access = access.derivations.iter().map(ToString::to_string).collect();
        let rules = access.derivations.iter().filter_map(|held| {
            let (source, through) = match &held.via {
                Via::Direct { source } => (source, String::new()),
                Via::Group { name, source, .. } => (source, format!(" to group “{name}”")),
                Via::Default => return None,
            };
            let Source::Rule { name } = source else { return None };
            Some(format!("“{name}” gives {} at {}{through}", held.role, held.scope))
        });
        derived.rules = rules.collect();
    }

    /// It failed, and why.
    pub(in crate::app) fn fail(&mut self, error: &Error) {
        self.entry.outcome = SignInOutcome::Failed;
        self.entry.failure = Some(error.sign_in_failure());
        self.entry.detail = match error {
            // The log has it, by the request's number.
            Error::Internal(_) | Error::Unavailable(_) | Error::ReadOnly(_) => None,
            error => Some(self.shown(&error.to_string())),
        };
    }

    /// The person is in, or is held by the terms.
    pub(in crate::app) fn succeed(&mut self, held: bool) {
        self.entry.outcome = if held { SignInOutcome::Held } else { SignInOutcome::SignedIn };
        self.entry.failure = held.then_some(SignInFailure::TermsNotAccepted);
    }

    /// A text without secrets: those of this attempt, and what looks like somebody's.
    fn shown(&self, text: &str) -> String {
        let text = self.secrets.iter().fold(text.to_owned(), |text, secret| without(&text, secret));
        redacted(&text)
    }

    /// The trace as it is stored.
    pub(super) fn trace(&self, app: &App, at: Instant) -> SignInTrace {
        let mut entry = self.entry.clone();
        if !app.settings().sign_in.trace_values {
            entry.derived = std::mem::take(&mut entry.derived).by_name();
        }
        SignInTrace {
            code: SignInCode::draw(|bytes| app.clock().fill(bytes)),
            id: SignInId::from_uuid(app.clock().uuid()),
            at,
            connection: self.connection.clone(),
            entry,
        }
    }
}

/// The text without a secret, also where it was cut off behind its first letters.
fn without(text: &str, secret: &str) -> String {
    let begins = secret.char_indices().nth(TELLING).map_or(secret, |(end, _)| secret.get(..end).unwrap_or(secret));
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, at)) = rest.find(begins).and_then(|at| rest.split_at_checked(at)) {
        let alike = at.chars().zip(secret.chars()).take_while(|(here, there)| here == there);
        let same: usize = alike.map(|(here, _)| here.len_utf8()).sum();
        shown.push_str(before);
        shown.push_str(HIDDEN);
        rest = at.get(same..).unwrap_or_default();
    }
    shown + rest
}

impl App {
    /// Stores that a sign-in failed, and gives the error the code by which an admin finds the trace. Who answers for an event
    /// that owners see is the connection; a stranger's bare claim leaves the trace alone.
    pub(in crate::app) async fn failed_sign_in(&self, ctx: &Ctx, mut attempt: SignInAttempt, error: Error) -> Error {
        if matches!(error, Error::Unavailable(_) | Error::ReadOnly(_) | Error::SignIn { .. }) {
            return error;
        }
        attempt.fail(&error);
        let trace = attempt.trace(self, ctx.now);
        let why = attempt.entry.detail.unwrap_or_default();
        let tells = match &error {
            Error::Provider(_) | Error::TurnedAway(_) => ctx.actor != Actor::System,
            _ => false,
        };
        let stored = async {
            let mut tx = self.store().write("sign-in refused").await?;
            tx.insert_sign_in(&ctx.organization, &trace).await?;
            if tells {
                let subjects: Vec<String> = trace.connection.iter().map(ToString::to_string).collect();
                let event = Event {
                    id: EventId::from_uuid(self.clock().uuid()),
                    number: None,
                    at: ctx.now,
                    kind: EventKind::SignInRefused,
                    actor: ctx.actor.to_string(),
                    request: ctx.request.clone(),
                    subjects,
                    subjects_in_all: None,
                    detail: json!({"why": why, "failure": trace.entry.failure, "code": trace.code}),
                };
                tx.insert_event(&ctx.organization, &event).await?;
            }
            tx.commit().await
        };
        match stored.await {
            Ok(()) => Error::SignIn { why: Box::new(error), code: trace.code },
            Err(lost) => {
                tracing::warn!(%lost, "the trace of a sign-in that failed could not be stored");
                error
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_hidden_wherever_it_stands_and_where_it_was_cut_off() {
        let secret = "abcdefgh-0123456789";
        assert_eq!(without("x abcdefgh-0123456789 y abcdefgh-0123456789", secret), "x [hidden] y [hidden]");
        assert_eq!(without("x abcdefgh-0123", secret), "x [hidden]");
        assert_eq!(without("abcdefg abc ä", secret), "abcdefg abc ä");
        assert_eq!(without("abcdefgh!", secret), "[hidden]!");
    }
}
