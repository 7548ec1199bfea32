//! What last came of a connection: the first request that is waited for, the last one that was received.

use crate::{
    app::{App, Ctx, Error},
    http::console::times::{prose, when},
    model::{Connection, Instant, RefusedUse, ScimToken, SignInOutcome, SignInTrace},
    store::SignInSearch,
};
use maud::{Markup, html};

/// What last came.
#[derive(Debug)]
pub(super) struct Status {
    tokens: usize,
    pushed: Option<(Instant, Option<String>)>,
    refused: Option<RefusedUse>,
    sign_in: Option<SignInTrace>,
}

/// Asks.
pub(super) async fn of(app: &App, ctx: &Ctx, connection: &Connection) -> Result<Status, Error> {
    let tokens: Vec<ScimToken> = app.scim_tokens(ctx, &connection.id).await?;
    let used = tokens.iter().filter_map(|token| Some((token.uses.last_used_at?, token.uses.last_used_from.clone())));
    let refused = tokens.iter().filter_map(|token| token.uses.last_refused.clone());
    let search = SignInSearch { connection: Some(connection.id.clone()), ..SignInSearch::default() };
    let sign_in = app.sign_ins(ctx, &search, "", 1).await?.pop();
    Ok(Status {
        tokens: tokens.len(),
        pushed: used.max_by_key(|(at, _)| *at),
        refused: refused.max_by_key(|one| one.at),
        sign_in,
    })
}

impl Status {
    /// In half a line, for the list.
    pub(super) fn short(&self, connection: &Connection, now: Instant) -> Markup {
        let last = [self.pushed.as_ref().map(|(at, _)| *at), self.sign_in.as_ref().map(|trace| trace.at)]
            .into_iter()
            .flatten()
            .max();
        html! {
            div {
                @if !connection.enabled { p { span class="state gone" { "Disabled" } } }
                @else if let Some(at) = last { p { span class="state good" { "Received" } } p class="quiet small" { (when(at, now)) } }
                @else { p { span class="state wait" { "Waiting for its first request" } } }
            }
        }
    }

    /// Line by line, for the connection's own page.
    pub(super) fn long(&self, connection: &Connection, provider: &str, now: Instant) -> Markup {
        html! {
            @if !connection.enabled { p { span class="state gone" { "Disabled" } " Nobody signs in by it, and its tokens are refused." } }
            dl class="facts" {
                dt { "Sign-in" }
                dd {
                    @match (&self.sign_in, connection.settings.signs_in()) {
                        (Some(trace), _) => {
                            @match trace.entry.outcome {
                                SignInOutcome::SignedIn | SignInOutcome::Held => span class="state good" { "Received" },
                                SignInOutcome::Failed => span class="state bad" { "The last one failed" },
                            }
                            " " (when(trace.at, now)) " "
                            a href=(format!("/console/activity/sign-ins/{}", trace.code)) { "See why" }
                        },
                        (None, true) => span class="state wait" { "Waiting for the first sign-in by " (provider) },
                        (None, false) => span class="state gone" { "Not set up yet" },
                    }
                }
                dt { "Pushing (SCIM)" }
                dd {
                    @match (&self.pushed, self.tokens) {
                        (Some((at, from)), _) => {
                            span class="state good" { "Received" } " " (when(*at, now))
                            @if let Some(from) = from { " from " (from) }
                        },
                        (None, 0) => span class="state gone" { "No token yet" },
                        (None, _) => span class="state wait" { "Waiting for " (provider) "’s first request" },
                    }
                    @if let Some(refused) = &self.refused {
                        br; span class="small" { span class="state bad" { "Refused" } " " (when(refused.at, now)) ": " (prose(&refused.why)) }
                    }
                }
            }
        }
    }
}
