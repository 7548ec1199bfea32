//! Invitations: who was asked and has not come yet.

use super::{head, tabs};
use crate::{
    app::{App, Names},
    http::{
        console::{
            HTML,
            desk::{Answer, Desk, Sent},
            flash::Said,
            frame::{Page, Place},
            parts::{Asked, empty, page_of, press},
            times::when,
            words::role_name,
        },
        doors::{Doors, get, post},
        login::see_other,
    },
    model::{
        Capability, ClusterId, DeliveryState, EventKind, GroupId, Instant, Invitation, InvitationId, InvitationState,
    },
};
use axum::extract::{Path, Query, State};
use maud::{Markup, html};
use serde::Deserialize;

const PATH: &str = "/console/invitations";
/// Invitations of one page.
const PAGE: usize = 100;

pub(super) fn doors(room: Doors) -> Doors {
    let need = Capability::ManageMembers;
    room.door(
        get("/invitations", list)
            .summary("Invitations, and what became of their letters")
            .needs(need)
            .answers_as(200, HTML),
    )
    .door(
        post("/invitations/{id}/resend", resend)
            .summary("Send an invitation again, with a new link")
            .needs(need)
            .part::<InvitationId>("id")
            .tells(&[EventKind::InvitationResent])
            .answers_as(303, None),
    )
    .door(
        post("/invitations/{id}/revoke", revoke)
            .summary("Take an invitation back")
            .needs(need)
            .part::<InvitationId>("id")
            .tells(&[EventKind::InvitationRevoked])
            .answers_as(303, None),
    )
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Wanted {
    after: Option<String>,
}

/// `GET /console/invitations`
async fn list(State(app): State<App>, desk: Desk, Query(wanted): Query<Wanted>, Query(said): Query<Said>) -> Answer {
    let asked = Asked::read((&app, &desk.ctx), "invitations", (None, wanted.after.as_deref()), &[])?;
    let load = |most| app.invitations(&desk.ctx, &asked.after, most);
    let (mut found, next) = page_of(PAGE, load, |one| one.id.to_string()).await?;
    // Those that wait for somebody come first, the youngest at the top.
    let now = desk.ctx.now;
    found.sort_by_key(|one| (one.state(now) != InvitationState::Pending, std::cmp::Reverse(one.id.clone())));
    let ids = found.iter().flat_map(|one| {
        let groups = one.offer.groups.iter().map(ToString::to_string);
        groups.chain(one.invited_by.as_ref().map(ToString::to_string))
    });
    let names = app.names(&desk.ctx, ids).await?;
    let body = html! {
        (head())
        (tabs(true))
        @if found.is_empty() {
            (empty("Nobody is invited", &html! {
                p { "People without an identity provider come by invitation: a letter with a link." }
                p { a class="button" href="/console/members/add" { "Add new members" } }
            }))
        } @else {
            ul class="rows plain" { @for one in &found { (row(&desk, one, &names)) } }
            (asked.pager(PATH, next.as_deref())?)
        }
    };
    Ok(Page::new(&desk, Place::Members, "Invitations", body).saying(&said).ok())
}

fn row(desk: &Desk, one: &Invitation, names: &Names) -> Markup {
    let (now, state) = (desk.ctx.now, one.state(desk.ctx.now));
    let (kind, word) = match state {
        InvitationState::Pending => ("wait", "Pending"),
        InvitationState::Accepted => ("good", "Accepted"),
        InvitationState::Revoked => ("gone", "Revoked"),
        InvitationState::Expired => ("gone", "Expired"),
    };
    let path = |verb: &str| format!("{PATH}/{}/{verb}", one.id);
    html! {
        li {
            div {
                p class="title" dir="auto" { (one.email) }
                p class="small" {
                    span class=(format!("state {kind}")) { (word) } " "
                    span class="quiet" {
                        "as " (role_name(&one.offer.role, names)) " of " (offered(one, names))
                        @if let Some(by) = &one.invited_by { ", invited by " span dir="auto" { (names.of(by.as_str())) } }
                        " " (when(one.created_at, now))
                        @if state == InvitationState::Pending { "; the link works until " (when(one.expires_at, now)) }
                    }
                }
                p class="quiet small" { (letter(one, now)) }
            }
            @if matches!(state, InvitationState::Pending | InvitationState::Expired) {
                div class="acts" {
                    (press(desk, &path("resend"), "second little", "Resend", &[]))
                    @if state == InvitationState::Pending { (press(desk, &path("revoke"), "danger little", "Revoke", &[])) }
                }
            }
        }
    }
}

/// Where, and with which groups.
fn offered(one: &Invitation, names: &Names) -> String {
    let said = |ids: Vec<&str>| ids.into_iter().map(|id| names.of(id).to_owned()).collect::<Vec<_>>().join(", ");
    let clusters = said(one.offer.clusters.iter().map(ClusterId::as_str).collect());
    let groups = said(one.offer.groups.iter().map(GroupId::as_str).collect());
    let place = if clusters.is_empty() { "the whole organization".to_owned() } else { format!("cluster {clusters}") };
    if groups.is_empty() { place } else { format!("{place}, in {groups}") }
}

fn letter(one: &Invitation, now: Instant) -> Markup {
    html! {
        @match one.delivery.state {
            DeliveryState::Queued => { "The letter waits to be sent" },
            DeliveryState::Sent => { "The letter was sent " (when(one.delivery.at, now)) },
            DeliveryState::Failed => { "The letter was not taken" },
            DeliveryState::Bounced => { "The letter came back " (when(one.delivery.at, now)) },
        }
        @if let Some(reason) = &one.delivery.reason { ": " (reason) }
        "."
    }
}

/// `POST /console/invitations/{id}/resend`
async fn resend(State(app): State<App>, Path(id): Path<InvitationId>, sent: Sent) -> Answer {
    app.resend_invitation(&sent.desk.ctx, &id, None).await?;
    Ok(see_other("/console/invitations?said=resent"))
}

/// `POST /console/invitations/{id}/revoke`
async fn revoke(State(app): State<App>, Path(id): Path<InvitationId>, sent: Sent) -> Answer {
    app.revoke_invitation(&sent.desk.ctx, &id).await?;
    Ok(see_other("/console/invitations?said=revoked"))
}
