//! E-mail domains of a connection: whose they are, by their DNS, and whether everybody of them has to sign in here.

use super::{HTML, NEED, copied, show::Shown, sign_in};
use crate::{
    app::{App, ShownDomain},
    http::{
        api::TOLD_OF_ACCESS,
        console::{
            desk::{Answer, Sent},
            times::{when, when_or},
        },
        doors::{Doors, post},
    },
    model::{ConnectionId, EventKind},
};
use axum::extract::{Path, State};
use maud::{Markup, html};

pub(super) fn doors(room: Doors) -> Doors {
    let told =
        [EventKind::DomainVerified, EventKind::DomainEnforced, EventKind::DomainReleased, EventKind::SessionEnded];
    room.door(
        post("/connections/{id}/domains", act)
            .summary("Verify an e-mail domain, or enforce or release single sign-on for it")
            .needs(NEED)
            .part::<ConnectionId>("id")
            .tells(&[&told[..], TOLD_OF_ACCESS.as_slice()].concat())
            .answers_as(303, HTML),
    )
}

pub(super) fn section(shown: &Shown<'_>) -> Markup {
    html! {
        @if !shown.domains.is_empty() {
            section class="card" aria-labelledby="domains-of" {
                h2 id="domains-of" { "E-mail domains" }
                @for domain in &shown.domains { (one(shown, domain)) }
            }
        }
    }
}

fn one(shown: &Shown<'_>, domain: &ShownDomain) -> Markup {
    let (claim, now) = (&domain.claim, shown.desk.ctx.now);
    html! {
        h3 {
            (claim.domain) " "
            @if claim.proof.is_some() { span class="state good" { "Verified" } } @else { span class="state wait" { "Not verified yet" } }
        }
        @if claim.proof.is_none() {
            p { "Publish this TXT record in the domain’s DNS, then let it be looked up. Nobody is sent here by an address of the domain before." }
            (copied("Name of the record", &domain.record.name))
            (copied("Text of the record", &domain.record.value))
            p class="quiet small" { "Last looked up: " (when_or(claim.checked_at, now, "never")) }
            (press(shown, &claim.domain, "verify", "second little", "Look it up now"))
        } @else {
            @if let Some(since) = claim.missing_since { p class="small" { span class="state bad" { "The record is gone" } " since " (when(since, now)) } }
            (enforcement(shown, domain))
        }
    }
}

fn enforcement(shown: &Shown<'_>, domain: &ShownDomain) -> Markup {
    let claim = &domain.claim;
    html! {
        @if claim.enforced_at.is_some() {
            p { "Everybody of the domain signs in here, and in no other way." }
            (press(shown, &claim.domain, "release", "danger little", "Release it"))
        } @else if domain.tested_at.is_some() {
            p { "People of the domain may still come in by another way. Enforcing it signs out whoever is in by one." }
            (press(shown, &claim.domain, "enforce", "second little", "Enforce signing in here"))
        } @else {
            p class="quiet" { "Once an owner has tested the sign-in, it can be made the only way in for the domain." }
        }
    }
}

fn press(shown: &Shown<'_>, domain: &str, act: &str, class: &str, words: &str) -> Markup {
    let path = format!("{}/domains", super::address(&shown.connection.id));
    crate::http::console::parts::press(shown.desk, &path, class, words, &[("domain", domain), ("do", act)])
}

/// `POST /console/connections/{id}/domains`
async fn act(State(app): State<App>, Path(id): Path<ConnectionId>, sent: Sent) -> Answer {
    let (ctx, domain) = (&sent.desk.ctx, sent.text("domain"));
    let done = match sent.text("do") {
        "enforce" => app.enforce_domain(ctx, domain).await,
        "release" => app.release_domain(ctx, domain).await,
        _ => app.verify_domain(ctx, domain).await,
    };
    sign_in::said((&app, &sent), &id, done.map(drop)).await
}
