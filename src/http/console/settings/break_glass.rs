//! The break-glass drill: who of the owners would get in if a provider were gone, and what to do if nobody would.

use super::{NEED, Tab, head};
use crate::{
    app::{App, BreakGlass, Names, OwnerStands},
    http::{
        console::{
            HTML,
            desk::{Answer, Desk},
            frame::{Page, Place},
            times::when_or,
        },
        doors::{Doors, get},
    },
};
use axum::extract::State;
use maud::{Markup, html};

pub(super) fn doors(room: Doors) -> Doors {
    room.door(
        get("/settings/break-glass", show)
            .summary("Who of the owners would get in if a provider were gone")
            .needs(NEED)
            .answers_as(200, HTML),
    )
}

/// `GET /console/settings/break-glass`
async fn show(State(app): State<App>, desk: Desk) -> Answer {
    let drill = app.break_glass(&desk.ctx).await?;
    let organization = app.organization(&desk.ctx).await?;
    let names = app.names(&desk.ctx, []).await?;
    let command = format!("castgate admin recover --slug {} --owner YOUR@ADDRESS", organization.slug);
    let body = html! {
        (head(Tab::BreakGlass))
        (tries(&drill))
        section class="card" aria-labelledby="owners" {
            h2 id="owners" { "Owners, and how each gets in" }
            ul class="rows plain" { @for owner in &drill.owners { (row(owner, &names)) } }
            p { a href="/console/owners" { "All ways to become Owner" } }
        }
        section class="card" aria-labelledby="glass" {
            h2 id="glass" { "If nobody gets in" }
            p { "Whoever may run commands on the machine itself makes somebody an owner again. It prints a link that signs them in once; every other owner gets a letter, and it stands among the events." }
            div class="copied" { p class="label" { "At the machine itself" } code class="secret" data-copy="" { (command) } }
            p class="quiet small" { "Last used for one of these owners: " (when_or(drill.last_used, desk.ctx.now, "never")) ". Practise it once in a test organization, and write down who may do it." }
        }
    };
    Ok(Page::new(&desk, Place::Settings, "Break-glass drill", body).ok())
}

/// What would happen if something were gone: each is asked, nothing is done.
fn tries(drill: &BreakGlass) -> Markup {
    let all = drill.owners.iter().filter(|owner| owner.reachable).count();
    let local = drill.owners.iter().filter(|owner| owner.needs_no_provider()).count();
    let tried = |what: &Markup, left: usize| {
        html! {
            li {
                p class="title" { (what) }
                p {
                    @match left {
                        0 => span class="state bad" { "Nobody of the owners gets in" },
                        1 => span class="state wait" { "1 owner gets in" },
                        left => span class="state good" { (left) " owners get in" },
                    }
                }
            }
        }
    };
    html! {
        section class="card" aria-labelledby="drill" {
            h2 id="drill" { "The drill" }
            p class="quiet" { "What would happen if something were gone, worked out from how things stand now. Nothing is switched off for it." }
            ul class="rows plain" {
                (tried(&html! { "As things stand" }, all))
                @for connection in &drill.connections {
                    @let left = drill.owners.iter().filter(|owner| owner.is_in_without(connection)).count();
                    (tried(&html! { "Without " span dir="auto" { (connection.name) } }, left))
                }
                (tried(&html! { "With no provider at all: by a password alone" }, local))
            }
            @if local == 0 {
                p class="small" {
                    "Nobody gets in without a provider. Invite an owner by an address of their own, let them choose a password and add an authenticator app; keep it for the day when it is needed."
                }
            }
        }
    }
}

fn row(owner: &OwnerStands, names: &Names) -> Markup {
    let OwnerStands { user, reachable, password, second_factor } = owner;
    html! {
        li {
            div {
                p class="title long" { a href=(format!("/console/members/{}", user.id)) dir="auto" { (user.label()) } }
                p class="quiet small" {
                    @match &user.connection {
                        Some(connection) => { "signs in by " span dir="auto" { (names.of(connection.as_str())) } },
                        None if *password => { "signs in with a password" @if *second_factor { " and an authenticator app" } @else { ", without an authenticator app" } },
                        None => "has no password yet: they come by a link or not at all",
                    }
                }
            }
            p { @if *reachable { span class="state good" { "Gets in" } } @else { span class="state bad" { "Cannot sign in" } } }
        }
    }
}
