//! The organization's settings: its name, whose addresses may be invited, where people stand with the terms.

mod break_glass;
mod health;
mod signals;
mod webhooks;

use super::{
    HTML,
    desk::{Answer, Desk, Sent},
    flash::Said,
    frame::{Page, Place},
    times::when,
};
use crate::{
    app::{App, TermsState},
    config::{OnRoleChange, Settings},
    http::{
        doors::{Doors, get, post},
        login::see_other,
    },
    model::{Capability, EventKind},
};
use axum::extract::{Query, State};
use maud::{Markup, html};

const PATH: &str = "/console/settings";
/// What these pages take.
const NEED: Capability = Capability::ManageOrganization;
/// People whose standing with the terms is counted.
const MOST_COUNTED: i64 = 1_000;

pub(super) fn doors(room: Doors) -> Doors {
    let need = NEED;
    let room = signals::doors(webhooks::doors(break_glass::doors(health::doors(room))));
    room.door(get("/settings", show).summary("The organization's settings").needs(need).answers_as(200, HTML))
        .door(
            post("/settings/name", rename)
                .summary("Give the organization another name")
                .needs(need)
                .tells(&[EventKind::OrganizationChanged])
                .answers_as(303, None),
        )
        .door(
            post("/settings/invitations", invitations)
                .summary("Say whose addresses may be invited")
                .needs(need)
                .tells(&[EventKind::InvitationSettingsChanged])
                .answers_as(303, None),
        )
}

/// The pages of the settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tab {
    Organization,
    Webhooks,
    Signals,
    Health,
    BreakGlass,
}

fn head(tab: Tab) -> Markup {
    let one = |is: Tab, address: &str, name: &str| html! { li { a href=(address) aria-current=[(is == tab).then_some("page")] { (name) } } };
    html! {
        h1 { "Settings" }
        ul class="tabs" {
            (one(Tab::Organization, PATH, "Organization"))
            (one(Tab::Webhooks, "/console/settings/webhooks", "Webhooks"))
            (one(Tab::Signals, "/console/settings/signals", "Signals"))
            (one(Tab::Health, "/console/settings/health", "Health"))
            (one(Tab::BreakGlass, "/console/settings/break-glass", "Break-glass drill"))
        }
    }
}

/// What whoever runs the gateway has set for every organization.
fn of_the_gateway(settings: &Settings) -> Markup {
    let kept = settings.api_keys.grace;
    html! {
        section class="card" aria-labelledby="gateway" {
            h2 id="gateway" { "Sessions and API keys" }
            p class="quiet" { "These hold for the whole gateway. Whoever runs it changes them in its configuration file." }
            dl class="facts" {
                dt { "A session ends" } dd { "after " (settings.sessions.idle) " without use, and " (settings.sessions.absolute) " after signing in" }
                dt { "Sessions of one person" } dd { @if settings.sessions.most == 0 { "as many as they like" } @else { "at most " (settings.sessions.most) ": one more ends their oldest" } }
                dt { "A key whose owner loses a right" }
                dd {
                    @match settings.api_keys.on_role_change {
                        OnRoleChange::Attenuate => { "carries less at once, and is deleted after " (kept) " unless the right comes back" },
                        OnRoleChange::Delete => "is deleted at once",
                    }
                }
                dt { "An invitation works" } dd { "for " (settings.invitations.lifetime) ", unless whoever invites says otherwise" }
                dt { "Traces of sign-ins are kept" } dd { "for " (settings.sign_in.trace_kept) }
                dt { "The breaker tells the owners" } dd { "when a provider takes away " (settings.accidents.share) " % and at least " (settings.accidents.count) " within " (settings.accidents.window) }
            }
        }
    }
}

/// `GET /console/settings`
async fn show(State(app): State<App>, desk: Desk, Query(said): Query<Said>) -> Answer {
    desk.needs(Capability::ManageOrganization)?;
    let ctx = &desk.ctx;
    let organization = app.organization(ctx).await?;
    let manages_members = desk.can(Capability::ManageMembers);
    let domains = if manages_members { Some(app.invitation_domains(ctx).await?.0) } else { None };
    let documents = app.terms().await?;
    let people = if manages_members { app.terms_of_people(ctx, "", MOST_COUNTED).await? } else { Vec::new() };
    let waiting = people.iter().filter(|one| matches!(one.state, TermsState::Never | TermsState::Lapsed)).count();
    let body = html! {
        (head(Tab::Organization))
        section class="card" aria-labelledby="organization" {
            h2 id="organization" { "Organization" }
            form method="post" action=(format!("{PATH}/name")) {
                (desk.token())
                div class="row field" {
                    div class="field" { label for="name" { "Name" } input id="name" name="name" type="text" required maxlength="100" value=(organization.name) autocomplete="off"; }
                    button type="submit" class="second" { "Save" }
                }
            }
            dl class="facts" {
                dt { "Short name, for signing in" } dd { code { (organization.slug) } }
                dt { "Id" } dd { code { (organization.id) } }
                dt { "Since" } dd { (when(organization.created_at, ctx.now)) }
            }
        }
        @if let Some(domains) = domains {
            section class="card" aria-labelledby="invitations" {
                h2 id="invitations" { "Who may be invited" }
                form method="post" action=(format!("{PATH}/invitations")) {
                    (desk.token())
                    div class="field" {
                        label for="domains" { "E-mail domains" }
                        input id="domains" name="domains" type="text" maxlength="4000" value=(domains.join(", ")) autocapitalize="none" autocomplete="off" spellcheck="false" aria-describedby="domains-hint";
                        p id="domains-hint" class="hint" { "With commas between them. Empty: any address. Invitations that are pending stay." }
                    }
                    button type="submit" class="second" { "Save" }
                }
            }
        }
        section class="card" aria-labelledby="terms" {
            h2 id="terms" { "Terms" }
            @if documents.is_empty() { p class="quiet" { "This gateway has none." } }
            @else {
                dl class="facts" {
                    @for document in &documents { dt { (document.kind) } dd { "version " (document.version) ", binding from " (when(document.binding_from, ctx.now)) } }
                }
                p { a href="/terms" { "Read them" } "." }
            }
            @if manages_members && !documents.is_empty() {
                p {
                    @if waiting == 0 { span class="state good" { "Everybody has accepted them" } }
                    @else { span class="state wait" { (waiting) @if waiting == 1 { " person has" } @else { " people have" } " not accepted them yet" } }
                    @if people.len() == usize::try_from(MOST_COUNTED).unwrap_or(usize::MAX) { " (of the first " (MOST_COUNTED) ")" }
                }
            }
        }
        (of_the_gateway(app.settings()))
    };
    Ok(Page::new(&desk, Place::Settings, "Settings", body).saying(&said).ok())
}

/// `POST /console/settings/name`
async fn rename(State(app): State<App>, sent: Sent) -> Answer {
    app.name_organization(&sent.desk.ctx, sent.text("name"), None).await?;
    Ok(see_other(&format!("{PATH}?said=renamed")))
}

/// `POST /console/settings/invitations`
async fn invitations(State(app): State<App>, sent: Sent) -> Answer {
    let domains: Vec<String> = sent
        .text("domains")
        .split([',', ' ', ';', '\n'])
        .map(str::trim)
        .filter(|one| !one.is_empty())
        .map(str::to_owned)
        .collect();
    app.set_invitation_domains(&sent.desk.ctx, &domains, None).await?;
    Ok(see_other(&format!("{PATH}?said=saved")))
}
