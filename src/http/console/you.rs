//! One's own access with reasons, inside the console. Sessions and keys are on the account page too.

use super::{
    HTML,
    desk::{Answer, Desk, Sent},
    flash::Said,
    frame::{Page, Place},
    keys,
    parts::press,
    times::when,
    words::{capability, place, reason, role_name, until},
};
use crate::{
    app::{Actor, App, Error, Need, NewKey},
    http::{
        doors::{Doors, get, post},
        login::see_other,
    },
    model::{Capability, EventKind, KeyId, SessionId},
};
use axum::{
    extract::{Query, State},
    http::StatusCode,
};
use maud::html;
use std::collections::BTreeSet;

const PATH: &str = "/console/you";

pub(super) fn doors(room: Doors) -> Doors {
    room.door(
        get("/you", show)
            .summary("One's own access with reasons, sessions and keys")
            .needs(Need::Self_)
            .answers_as(200, HTML),
    )
    .door(
        post("/you/sessions/end", end_session)
            .summary("End one of one's sessions")
            .needs(Need::Self_)
            .tells(&[EventKind::SessionEnded])
            .answers_as(303, None),
    )
    .door(
        post("/you/keys", create_key)
            .summary("Make an API key of one's own, shown once")
            .needs(Need::Self_)
            .tells(&[EventKind::KeyCreated])
            .answers_as(201, HTML),
    )
    .door(
        post("/you/keys/end", end_key)
            .summary("End one of one's API keys")
            .needs(Need::Self_)
            .tells(&[EventKind::KeyRevoked])
            .answers_as(303, None),
    )
}

/// `GET /console/you`
async fn show(State(app): State<App>, desk: Desk, Query(said): Query<Said>) -> Answer {
    page(&app, &desk, (&said, None)).await
}

async fn page(app: &App, desk: &Desk, (said, new): (&Said, Option<&NewKey>)) -> Answer {
    let (ctx, now, visit) = (&desk.ctx, desk.ctx.now, &desk.guest.visit);
    let user = ctx.actor.user().ok_or(Error::NotSignedIn)?;
    let sessions = app.sessions(ctx, user).await?;
    let own = app.keys(ctx).await?;
    let names = app.names(ctx, []).await?;
    let current = match &ctx.actor {
        Actor::User { session, .. } => Some(session),
        Actor::Key { .. }
        | Actor::ServiceAccount { .. }
        | Actor::Connection { .. }
        | Actor::Operator
        | Actor::System => None,
    };
    let held: BTreeSet<Capability> =
        visit.access.derivations.iter().flat_map(|one| one.capabilities.iter().copied()).collect();
    let body = html! {
        div class="head" {
            div {
                h1 class="long" dir="auto" { (visit.visitor.label) }
                @let mail = visit.visitor.email.as_deref().unwrap_or(&visit.visitor.user_name);
                @if mail != visit.visitor.label { p class="quiet" { (mail) } }
            }
            div class="acts" { a class="button second" href="/account/password" { "Password and authenticator app" } }
        }
        @if let Some(new) = new { (keys::shown_once(new)) }
        section class="card" aria-labelledby="access" {
            h2 id="access" { "What you may do, and why" }
            @if visit.access.is_empty() { p class="quiet" { "Nothing yet. An owner of your organization can give you a role." } }
            ul class="rows plain" {
                @for one in &visit.access.derivations {
                    li { div {
                        p class="title" { (role_name(&one.role, &names)) " of " (place(&one.scope, &names)) }
                        p class="quiet small" { (reason(&one.via, &names)) (until(one.until, now)) }
                    } }
                }
            }
            @if !held.is_empty() { p class="small quiet" { "Together: " (held.into_iter().map(capability).collect::<Vec<_>>().join(", ")) "." } }
        }
        section class="card" aria-labelledby="sessions" {
            h2 id="sessions" { "Where you are signed in" }
            ul class="rows plain" {
                @for session in &sessions {
                    li {
                        div {
                            p class="title" { "Signed in " (when(session.created_at, now)) @if current == Some(&session.id) { " " span class="tag" { "this browser" } } }
                            p class="quiet small" { "last seen " (when(session.last_seen_at, now)) ", ends " (when(session.expires_at, now)) " at the latest" }
                        }
                        (press(desk, "/console/you/sessions/end", "danger little", "End", &[("session", session.id.as_str())]))
                    }
                }
            }
            (press(desk, "/logout", "danger", "Sign out everywhere", &[("everywhere", "yes")]))
        }
        section class="card" aria-labelledby="keys" {
            h2 id="keys" { "Your API keys" }
            p class="quiet" { "A key may do what you may do, for as long as you may do it. What runs by itself is better off with a service account." }
            ul class="rows plain" {
                @for key in &own {
                    li { (keys::facts(key, &names, now)) (keys::end(key, &press(desk, "/console/you/keys/end", "harm little", "End the key", &[("key", key.id.as_str())]))) }
                }
            }
            h3 { "New key" }
            form method="post" action="/console/you/keys" { (desk.token()) (keys::fields()) button type="submit" { "Make the key" } }
        }
    };
    let status = if new.is_some() { StatusCode::CREATED } else { StatusCode::OK };
    Ok(Page::new(desk, Place::You, "Your access", body).saying(said).respond(status))
}

/// `POST /console/you/sessions/end`
async fn end_session(State(app): State<App>, sent: Sent) -> Answer {
    let user = sent.desk.ctx.actor.user().ok_or(Error::NotSignedIn)?;
    app.end_session(&sent.desk.ctx, user, &sent.parsed::<SessionId>("session")?).await?;
    Ok(see_other(&format!("{PATH}?said=session-ended")))
}

/// `POST /console/you/keys`. The answer is the page with the secret: it is shown once and kept nowhere.
async fn create_key(State(app): State<App>, sent: Sent) -> Answer {
    let new = app.create_key(&sent.desk.ctx, sent.text("name"), keys::life(&sent)?).await?;
    page(&app, &sent.desk, (&Said::default(), Some(&new))).await
}

/// `POST /console/you/keys/end`
async fn end_key(State(app): State<App>, sent: Sent) -> Answer {
    app.revoke_key(&sent.desk.ctx, &sent.parsed::<KeyId>("key")?).await?;
    Ok(see_other(&format!("{PATH}?said=deleted")))
}
