//! Adding members: several addresses, a role, groups, one letter each.

use crate::{
    app::{App, Error, NotInvited, Wish},
    http::{
        console::{
            HTML,
            desk::{Answer, Desk, Sent},
            frame::{Page, Place},
            guard::told,
            words::{capability, role_options},
        },
        doors::{Doors, get, post},
        error::as_sentence,
    },
    model::{BuiltInRole, Capability, Cluster, CustomRole, EventKind, Group, GroupOrigin, Invitation, Role},
};
use axum::{extract::State, http::StatusCode};
use maud::{Markup, html};
use std::time::Duration;

/// Groups and clusters that are offered as boxes.
const MOST_OFFERED: i64 = 200;
const DAY: Duration = Duration::from_hours(24);

pub(super) fn doors(room: Doors) -> Doors {
    let need = Capability::ManageMembers;
    room.door(get("/members/add", show).summary("The form that invites people").needs(need).answers_as(200, HTML)).door(
        post("/members/add", invite)
            .summary("Invite people: a letter to each address")
            .needs(need)
            .tells(&[EventKind::InvitationCreated])
            .answers_as(200, HTML),
    )
}

/// What the form offers.
struct Offered {
    custom: Vec<CustomRole>,
    clusters: Vec<Cluster>,
    groups: Vec<Group>,
}

/// What was typed.
#[derive(Default)]
struct Typed {
    addresses: String,
    role: Option<Role>,
    clusters: Vec<String>,
    groups: Vec<String>,
}

async fn offered(app: &App, desk: &Desk) -> Result<Offered, Error> {
    let custom = app.custom_roles(&desk.ctx).await?;
    let clusters = match desk.can(Capability::ViewClusters) {
        true => app.clusters(&desk.ctx).await?,
        false => Vec::new(),
    };
    let mut groups = app.all_groups(&desk.ctx, "", MOST_OFFERED).await?;
    groups.retain(|group| group.origin == GroupOrigin::Local && group.removed_at.is_none());
    Ok(Offered { custom, clusters, groups })
}

/// `GET /console/members/add`
async fn show(State(app): State<App>, desk: Desk) -> Answer {
    let offered = offered(&app, &desk).await?;
    let body = html! { (head()) (form(&desk, &offered, &Typed::default())) };
    Ok(Page::new(&desk, Place::Members, "Add new members", body).ok())
}

/// `POST /console/members/add`. What became of each address is the answer; those that were refused stand in the form again.
async fn invite(State(app): State<App>, sent: Sent) -> Answer {
    let desk = &sent.desk;
    let typed = typed(&sent);
    let addresses: Vec<&str> =
        typed.addresses.split([',', ';', '\n', ' ', '\t']).map(str::trim).filter(|one| !one.is_empty()).collect();
    let wish = |email: &&str| Wish {
        email: (*email).to_owned(),
        role: typed.role.clone().unwrap_or(Role::VIEWER),
        clusters: typed.clusters.clone(),
        groups: typed.groups.clone(),
    };
    let life = match sent.text("days").parse::<u32>() {
        Ok(days @ 1..=90) => Some(DAY * days),
        Ok(_) | Err(_) => None,
    };
    let outcome = match sent.parsed::<Role>("role") {
        Ok(_) => app.invite(&desk.ctx, addresses.iter().map(wish).collect(), life).await,
        Err(error) => Err(error),
    };
    let offered = offered(&app, desk).await?;
    let (status, results, again) = match outcome {
        Ok(outcomes) => {
            let refused = outcomes.iter().filter_map(|one| one.as_ref().err()).map(|one| one.email.as_str());
            let addresses = refused.collect::<Vec<_>>().join("\n");
            (StatusCode::OK, results(&outcomes), Typed { addresses, ..typed })
        }
        Err(error) => {
            let notice = html! { div class="notice bad" role="alert" { p { (told(error)?) } } };
            (StatusCode::BAD_REQUEST, notice, typed)
        }
    };
    let body = html! { (head()) (results) (form(desk, &offered, &again)) };
    Ok(Page::new(desk, Place::Members, "Add new members", body).respond(status))
}

fn typed(sent: &Sent) -> Typed {
    let all = |name| sent.all(name).map(str::to_owned).collect();
    Typed {
        addresses: sent.raw("addresses").to_owned(),
        role: sent.parsed("role").ok(),
        clusters: all("cluster"),
        groups: all("group"),
    }
}

fn head() -> Markup {
    html! {
        p class="crumbs" { a href="/console/members" { "Members" } }
        div class="head" {
            div {
                h1 { "Add new members" }
                p class="lead" { "Each address gets a letter with a link of its own. Nobody is a member before they accept." }
            }
        }
    }
}

fn results(outcomes: &[Result<Invitation, NotInvited>]) -> Markup {
    let invited = outcomes.iter().filter(|one| one.is_ok()).count();
    html! {
        section class="card" aria-labelledby="results" role="status" {
            h2 id="results" { (invited) " of " (outcomes.len()) " invited" }
            ul class="rows plain" {
                @for outcome in outcomes {
                    @match outcome {
                        Ok(invitation) => li {
                            p dir="auto" { (invitation.email) }
                            p { span class="state good" { "Invite on its way" } }
                        },
                        Err(NotInvited { email, detail, .. }) => li {
                            p dir="auto" { (email) br; span class="quiet small" { (as_sentence(detail)) } }
                            p { span class="state bad" { "Not invited" } }
                        },
                    }
                }
            }
            p { a href="/console/invitations" { "See all invitations" } }
        }
    }
}

fn form(desk: &Desk, offered: &Offered, typed: &Typed) -> Markup {
    let role = typed.role.clone().unwrap_or(Role::VIEWER);
    html! {
        form class="card" method="post" action="/console/members/add" {
            (desk.token())
            div class="field" {
                label for="addresses" { "E-mail addresses" }
                textarea id="addresses" name="addresses" rows="4" required maxlength="12000" autocapitalize="none" spellcheck="false"
                    aria-describedby="addresses-hint" { (typed.addresses) }
                p id="addresses-hint" class="hint" { "One in a line, or with commas between them; at most 100." }
            }
            div class="row" {
                div class="field" {
                    label for="role" { "Role" }
                    select id="role" name="role" aria-describedby="role-hint" { (role_options(&offered.custom, Some(&role))) }
                }
                div class="field short" {
                    label for="days" { "The link works for" }
                    select id="days" name="days" {
                        option value="" { "The usual time" }
                        option value="1" { "1 day" }
                        option value="7" { "7 days" }
                        option value="30" { "30 days" }
                    }
                }
            }
            p id="role-hint" class="hint" { "New people begin with the least: Viewer. Choose more only where it is needed." }
            (explained())
            (boxes("Clusters", "cluster", "Nothing chosen: the role holds in the whole organization.",
                offered.clusters.iter().map(|cluster| (cluster.slug.as_str(), cluster.name.as_str())), &typed.clusters))
            (boxes("Groups", "group", "They join these when they accept.",
                offered.groups.iter().map(|group| (group.id.as_str(), group.display_name.as_str())), &typed.groups))
            button type="submit" { "Send invite" }
        }
    }
}

/// What each role lets somebody do, for who does not know yet.
fn explained() -> Markup {
    html! {
        details class="more" {
            summary { "What may each role do?" }
            dl class="facts" {
                @for role in BuiltInRole::ALL {
                    dt { (super::super::words::built_in(role)) }
                    dd { (role.capabilities().iter().map(|one| capability(*one)).collect::<Vec<_>>().join(", ")) }
                }
            }
        }
    }
}

fn boxes<'a>(
    legend: &str,
    name: &str,
    hint: &str,
    offered: impl Iterator<Item = (&'a str, &'a str)>,
    chosen: &[String],
) -> Markup {
    let offered: Vec<_> = offered.collect();
    html! {
        @if !offered.is_empty() {
            fieldset {
                legend { (legend) }
                p class="hint" { (hint) }
                @for (value, label) in offered {
                    label class="check" {
                        input type="checkbox" name=(name) value=(value) checked[chosen.iter().any(|one| one == value)];
                        span dir="auto" { (label) }
                    }
                }
            }
        }
    }
}
