//! The frame around every page of the console: whose organization it is, what else there is, who looks.

use super::{desk::Desk, flash::Said};
use crate::{
    http::{
        doors::{Caller, Doors, get},
        pages,
    },
    model::Capability,
};
use axum::{
    http::{HeaderMap, StatusCode},
    response::{Html, IntoResponse, Response},
};
use maud::{DOCTYPE, Markup, html};
use std::sync::LazyLock;

const STYLE: &str = include_str!("console.css");
const SCRIPT: &str = include_str!("console.js");

/// Their addresses change with their content, so that browsers may keep them for ever.
static STYLE_ADDRESS: LazyLock<String> = LazyLock::new(|| format!("/assets/console.css?v={}", pages::tag(STYLE)));
static SCRIPT_ADDRESS: LazyLock<String> = LazyLock::new(|| format!("/assets/console.js?v={}", pages::tag(SCRIPT)));

/// The style sheet and the script.
pub(super) fn assets() -> Doors {
    let sheet = async |headers: HeaderMap| pages::asset(&headers, STYLE, "text/css; charset=utf-8");
    let script = async |headers: HeaderMap| pages::asset(&headers, SCRIPT, "text/javascript; charset=utf-8");
    Doors::at("", "Console", Caller::Anyone)
        .door(get("/assets/console.css", sheet).summary("The console's style sheet").answers_as(200, Some("text/css")))
        .door(
            get("/assets/console.js", script).summary("The console's script").answers_as(200, Some("text/javascript")),
        )
}

/// What a page belongs to in the navigation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// People and invitations.
    Members,
    /// Groups of people and machines.
    Groups,
    /// The access graph.
    Graph,
    /// Access reviews.
    Reviews,
    /// Clusters.
    Clusters,
    /// Roles and what they let somebody do.
    Roles,
    /// Service accounts and their keys.
    Machines,
    /// Identity providers.
    Connections,
    /// The mapping.
    Mapping,
    /// Events, pushes, sign-ins.
    Activity,
    /// The organization's settings.
    Settings,
    /// One's own access, sessions and keys.
    You,
    /// None of these.
    Nowhere,
}

/// A way in the navigation: where, what it is called, its address, what it takes.
type Way = (Place, &'static str, &'static str, Option<Capability>);

/// The navigation, by what it is about.
const WAYS: &[(&str, &[Way])] = &[
    (
        "People",
        &[
            (Place::Members, "Members", "/console/members", Some(Capability::ManageMembers)),
            (Place::Groups, "Groups", "/console/groups", Some(Capability::ManageMembers)),
        ],
    ),
    (
        "Access",
        &[
            (Place::Graph, "Access graph", "/console/graph", Some(Capability::ManageMembers)),
            (Place::Reviews, "Access reviews", "/console/access-reviews", Some(Capability::ManageMembers)),
            (Place::Roles, "Roles", "/console/roles", None),
            (Place::Clusters, "Clusters", "/console/clusters", Some(Capability::ViewClusters)),
            (
                Place::Machines,
                "Service accounts",
                "/console/service-accounts",
                Some(Capability::CreateServiceAccountKeys),
            ),
        ],
    ),
    (
        "Identity",
        &[
            (Place::Connections, "Connections", "/console/connections", Some(Capability::ManageOrganization)),
            (Place::Mapping, "Mapping", "/console/mapping", Some(Capability::ManageOrganization)),
        ],
    ),
    (
        "Organization",
        &[
            (Place::Activity, "Activity", "/console/activity", Some(Capability::ManageOrganization)),
            (Place::Settings, "Settings", "/console/settings", Some(Capability::ManageOrganization)),
        ],
    ),
    ("You", &[(Place::You, "Your access", "/console/you", None)]),
];

/// One page.
#[derive(Debug)]
pub(super) struct Page<'a> {
    desk: &'a Desk,
    place: Place,
    title: &'a str,
    said: Option<&'a Said>,
    body: Markup,
}

impl<'a> Page<'a> {
    /// A page of this place. `title` is what the tab says.
    pub(super) fn new(desk: &'a Desk, place: Place, title: &'a str, body: Markup) -> Self {
        Self { desk, place, title, said: None, body }
    }

    /// With what it says of the change that led to it.
    pub(super) fn saying(mut self, said: &'a Said) -> Self {
        self.said = Some(said);
        self
    }

    /// The page as an answer.
    pub(super) fn respond(&self, status: StatusCode) -> Response {
        (status, Html(self.markup().into_string())).into_response()
    }

    /// The page as the answer 200.
    pub(super) fn ok(&self) -> Response {
        self.respond(StatusCode::OK)
    }

    fn markup(&self) -> Markup {
        let visit = &self.desk.guest.visit;
        html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    title { (self.title) " · " (visit.organization_name) " · castgate" }
                    link rel="stylesheet" href=(*STYLE_ADDRESS);
                    link rel="icon" type="image/svg+xml" href="/assets/castgate.svg";
                    script src=(*SCRIPT_ADDRESS) defer {}
                }
                body {
                    a class="skip" href="#main" { "Skip to the content" }
                    header class="top" {
                        a class="brand" href="/console" {
                            img src="/assets/castgate.svg" alt="" width="24" height="24";
                            span { "castgate" }
                        }
                        (self.menu())
                    }
                    div class="desk" {
                        (self.navigation())
                        main id="main" tabindex="-1" {
                            @if visit.ownerless { (ownerless()) }
                            @if let Some(said) = self.said { (said.markup()) }
                            (self.body)
                        }
                    }
                }
            }
        }
    }

    /// The organization menu at the top right.
    fn menu(&self) -> Markup {
        let visit = &self.desk.guest.visit;
        let manages = self.desk.can(Capability::ManageMembers) || self.desk.can(Capability::ManageOrganization);
        html! {
            details class="menu" {
                summary { span class="unseen" { "Organization: " } span class="name" dir="auto" { (visit.organization_name) } }
                div class="sheet" {
                    p class="who" {
                        strong dir="auto" { (visit.visitor.label) }
                        @if let Some(email) = &visit.visitor.email { br; span class="quiet" { (email) } }
                    }
                    ul {
                        @if manages { li { a href="/console" { "Manage organization" } } }
                        li { a href="/account" { "Your account" } }
                        li { a href="/login" { "Sign in to another organization" } }
                    }
                    form method="post" action="/logout" { (self.desk.token()) button type="submit" class="second" { "Sign out" } }
                }
            }
        }
    }

    fn navigation(&self) -> Markup {
        let offered = |way: &&Way| way.3.is_none_or(|need| self.desk.can(need));
        html! {
            nav class="ways" aria-label="Console" {
                @for (about, ways) in WAYS {
                    @if ways.iter().any(|way| offered(&way)) {
                        div class="about" {
                            p class="heading" { (about) }
                            ul {
                                @for (place, name, address, _) in ways.iter().filter(offered) {
                                    li { a href=(address) aria-current=[(*place == self.place).then_some("page")] { (name) } }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn ownerless() -> Markup {
    html! {
        div class="notice" role="status" {
            p {
                "This organization has no owner who can sign in. Whoever runs this gateway can restore one with "
                code { "castgate admin recover" } "."
            }
        }
    }
}
