//! The account page: who you are, what you may do and why, where you are signed in, your keys.

use super::{Page, Width, form_token};
use crate::{
    access::Via,
    app::{TermsState, Visit},
    model::{ApiKey, Capability, Cluster, CustomRole, Instant, Role, Scope, Session, SessionId, Source},
};
use axum::{http::StatusCode, response::Response};
use maud::{Markup, html};

/// What the account page shows.
#[derive(Debug)]
pub(in crate::http) struct AccountPage<'a> {
    /// Who looks.
    pub visit: &'a Visit,
    /// Those on which they hold a role, for their names.
    pub clusters: &'a [Cluster],
    /// The organization's own roles, for their names.
    pub custom: &'a [CustomRole],
    /// Where they are signed in.
    pub sessions: &'a [Session],
    /// The session that looks.
    pub current: Option<&'a SessionId>,
    /// Their keys.
    pub keys: &'a [ApiKey],
    /// A key made just now, shown this once.
    pub new_key: Option<(&'a str, &'a str)>,
    /// The session's form token.
    pub csrf: &'a str,
}

/// `GET /account`.
pub(in crate::http) fn account(status: StatusCode, page: &AccountPage<'_>) -> Response {
    let visit = page.visit;
    let body = html! {
        div class="head" {
            div {
                h1 { (visit.visitor.label) }
                p class="lead" { (visit.visitor.email.as_deref().unwrap_or(&visit.visitor.user_name)) }
            }
            div class="row" {
                @if manages(visit) { a class="button" href="/console" { "Manage organization" } }
                form method="post" action="/logout" { (form_token(page.csrf)) button class="second" type="submit" { "Sign out" } }
            }
        }
        (notices(visit))
        (you(visit))
        (roles(page))
        (sessions(page))
        (keys(page))
    };
    Page { title: "Your account", organization: Some(&visit.organization_name), width: Width::Wide, go_to: None, body }
        .respond(status)
}

/// Whether the console has more for them than this page has.
fn manages(visit: &Visit) -> bool {
    let may = |capability| visit.access.can(capability, &Scope::Organization);
    may(Capability::ManageMembers) || may(Capability::ManageOrganization)
}

fn notices(visit: &Visit) -> Markup {
    html! {
        @if visit.ownerless {
            div class="notice" role="status" {
                p {
                    "This organization has no owner who can sign in. Whoever runs this gateway can restore one with "
                    code { "castgate admin recover" } "."
                }
            }
        }
        @match visit.terms {
            TermsState::Transition => div class="notice" role="status" {
                p { "The terms have changed. " a href="/terms" { "Read and accept them" } " before the transition ends." }
            },
            TermsState::Accepted | TermsState::Lapsed | TermsState::Never => {},
        }
    }
}

fn you(visit: &Visit) -> Markup {
    html! {
        section class="card" aria-labelledby="you" {
            h2 id="you" { "You" }
            dl class="facts" {
                dt { "User name" } dd { (visit.visitor.user_name) }
                dt { "Organization" } dd { (visit.organization_name) " " span class="quiet" { "(" (visit.slug) ")" } }
            }
            p { a href="/account/password" { "Your password and authenticator app" } }
        }
    }
}

fn roles(page: &AccountPage<'_>) -> Markup {
    html! {
        section class="card" aria-labelledby="roles" {
            h2 id="roles" { "What you may do, and why" }
            @if page.visit.access.is_empty() {
                p class="quiet" { "Nothing yet. An owner of your organization can give you a role." }
            }
            ul class="list" {
                @for held in &page.visit.access.derivations {
                    li {
                        div class="what" {
                            p { span class="tag" { (called(&held.role, page.custom)) } " " (place(&held.scope, page.clusters)) }
                            p class="quiet small" {
                                (why(&held.via))
                                @if let Some(until) = held.until { ", until " (time(until)) }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn place(scope: &Scope, clusters: &[Cluster]) -> String {
    match scope {
        Scope::Organization => "in the whole organization".to_owned(),
        Scope::Cluster { id } => match clusters.iter().find(|cluster| cluster.id == *id) {
            Some(cluster) => format!("on cluster {}", cluster.slug),
            None => "on a cluster that is gone".to_owned(),
        },
        Scope::Resource { resource, id } => format!("on {resource} {id}"),
    }
}

/// Never an id where there is a name.
fn called<'a>(role: &'a Role, custom: &'a [CustomRole]) -> &'a str {
    match role {
        Role::BuiltIn(role) => role.name(),
        Role::Custom(id) => {
            custom.iter().find(|known| known.id == *id).map_or("a role that is gone", |known| &known.name)
        }
    }
}

fn by(source: &Source) -> String {
    match source {
        Source::Invitation { .. } => "by an invitation".to_owned(),
        Source::Person | Source::Rule { .. } | Source::File | Source::Floor => source.to_string(),
    }
}

fn why(via: &Via) -> String {
    match via {
        Via::Direct { source } => format!("Directly: {}", by(source)),
        Via::Group { name, source, .. } => format!("Through the group “{name}”: {}", by(source)),
        Via::Default => "The default for people whom no rule gives anything".to_owned(),
    }
}

fn sessions(page: &AccountPage<'_>) -> Markup {
    html! {
        section class="card" aria-labelledby="sessions" {
            h2 id="sessions" { "Where you are signed in" }
            ul class="list" {
                @for session in page.sessions {
                    li {
                        div class="what" {
                            p {
                                "Signed in " (time(session.created_at))
                                @if page.current == Some(&session.id) { " " span class="tag" { "this browser" } }
                            }
                            p class="quiet small" {
                                "Last seen " (time(session.last_seen_at)) ", ends " (time(session.expires_at)) " at the latest"
                            }
                        }
                        form method="post" action="/account/sessions/end" {
                            (form_token(page.csrf))
                            input type="hidden" name="session" value=(session.id);
                            button class="danger little" type="submit" aria-label=(format!("End the session of {}", moment(session.created_at))) { "End" }
                        }
                    }
                }
            }
            form method="post" action="/logout" {
                (form_token(page.csrf))
                input type="hidden" name="everywhere" value="yes";
                button class="danger" type="submit" { "Sign out everywhere" }
            }
        }
    }
}

fn keys(page: &AccountPage<'_>) -> Markup {
    html! {
        section class="card" aria-labelledby="keys" {
            h2 id="keys" { "API keys" }
            p class="quiet" { "A key may do what you may do, for as long as you may do it." }
            @if let Some((name, secret)) = page.new_key {
                div class="notice" role="status" {
                    p { "The key “" (name) "”. Copy it now: it is not shown again." }
                    p class="secret" { (secret) }
                }
            }
            ul class="list" {
                @for key in page.keys {
                    li {
                        div class="what" {
                            p { (key.name) " " code { (key.hint) "…" } }
                            p class="quiet small" {
                                "Made " (time(key.created_at))
                                @match key.expires_at { Some(end) => { ", ends " (time(end)) }, None => ", without end" }
                                @match key.last_used_at { Some(at) => { ", last used " (time(at)) }, None => ", never used" }
                                @if key.rights.is_some() { ", carries less than you hold" }
                            }
                        }
                        details class="sure" {
                            summary aria-label=(format!("Delete the key {}…", key.name)) { "Delete…" }
                            p class="small" { "Whatever uses it is refused at once, and that cannot be taken back." }
                            form method="post" action="/account/keys/end" {
                                (form_token(page.csrf))
                                input type="hidden" name="key" value=(key.id);
                                button class="danger little" type="submit" aria-label=(format!("Delete the key {}", key.name)) { "Delete" }
                            }
                        }
                    }
                }
            }
            h3 { "New key" }
            form method="post" action="/account/keys" {
                (form_token(page.csrf))
                div class="row" {
                    div class="field" {
                        label for="key-name" { "Name" }
                        input id="key-name" name="name" type="text" required maxlength="80" autocomplete="off";
                    }
                    div class="field short" {
                        label for="key-days" { "Life" }
                        select id="key-days" name="days" {
                            option value="30" { "30 days" }
                            option value="90" selected { "90 days" }
                            option value="365" { "1 year" }
                            option value="" { "No end" }
                        }
                    }
                    button type="submit" class="fill-small" { "Create" }
                }
            }
        }
    }
}

/// The same with the exact moment on hover.
fn time(instant: Instant) -> Markup {
    html! { time datetime=(instant) title=(instant) { (moment(instant)) } }
}

/// To the minute, in UTC: people compare these with their own log files.
fn moment(instant: Instant) -> String {
    let text = instant.to_string();
    match (text.get(..10), text.get(11..16)) {
        (Some(day), Some(time)) => format!("{day} {time} UTC"),
        (Some(_) | None, Some(_) | None) => text,
    }
}
