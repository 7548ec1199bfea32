//! One member: who it is, what they may do and why, their groups, sessions and keys.

use crate::{
    access::Access,
    app::{App, BindingSearch, Names, RoleChange},
    http::{
        console::{
            HTML,
            desk::{Answer, Desk, Sent},
            flash::Said,
            frame::{Page, Place},
            given::{take_away, title, where_field},
            graph,
            parts::{address, press},
            role_changes,
            times::{when, when_or},
            words::{capability, place, reason, role_name, role_options, source_of, state, until},
        },
        doors::{BodyLimit, Doors, get, post},
        login::see_other,
    },
    model::{
        ApiKey, Binding, Capability, Cluster, CustomRole, EventKind, Group, Holder, Instant, Session, SessionId,
        Source, Subject, User, UserId, UserState,
    },
};
use axum::extract::{Path, Query, State};
use maud::{Markup, html};
use std::collections::BTreeSet;

/// Bindings of one person that are looked at.
const MOST_BINDINGS: i64 = 200;

pub(super) fn doors(room: Doors) -> Doors {
    let need = Capability::ManageMembers;
    let back = [
        EventKind::UserActivated,
        EventKind::UserChanged,
        EventKind::AccessChanged,
        EventKind::OwnerKept,
        EventKind::OrganizationOwned,
        EventKind::OrganizationOwnerless,
    ];
    room.door(
        get("/members/{id}", show)
            .summary("One member: access with reasons, groups, sessions, keys")
            .needs(need)
            .part::<UserId>("id")
            .answers_as(200, HTML),
    )
    .door(
        post("/members/{id}/reactivate", reactivate)
            .summary("Take a suspension by a person back")
            .needs(need)
            .part::<UserId>("id")
            .tells(&back)
            .answers_as(303, None),
    )
    .door(
        post("/members/{id}/sessions/end", end_sessions)
            .summary("End one session of somebody, or every one")
            .needs(need)
            .reads(BodyLimit::Usual)
            .part::<UserId>("id")
            .tells(&[EventKind::SessionEnded])
            .answers_as(303, None),
    )
}

/// Everything that the page shows.
struct Shown<'a> {
    desk: &'a Desk,
    user: User,
    access: Access,
    bindings: Vec<Binding>,
    groups: Vec<Group>,
    sessions: Vec<Session>,
    keys: Vec<ApiKey>,
    clusters: Vec<Cluster>,
    custom: Vec<CustomRole>,
    names: Names,
}

/// `GET /console/members/{id}`
async fn show(State(app): State<App>, Path(id): Path<UserId>, desk: Desk, Query(said): Query<Said>) -> Answer {
    let ctx = &desk.ctx;
    let user = app.member(ctx, &id).await?;
    let access = app.access(ctx, &id).await?;
    let search = BindingSearch { subject: Some(Subject::User(id.clone())), ..BindingSearch::default() };
    let bindings = app.bindings(ctx, &search, "", MOST_BINDINGS).await?;
    let groups = app.groups_of_member(ctx, &id).await?;
    let sessions = app.sessions(ctx, &id).await?;
    let keys = app.keys_of(ctx, &Holder::User(id.clone())).await?;
    let clusters = if desk.can(Capability::ViewClusters) { app.clusters(ctx).await? } else { Vec::new() };
    let custom = app.custom_roles(ctx).await?;
    let invitations = bindings.iter().filter_map(|binding| match &binding.terms.source {
        Source::Invitation { id } => Some(id.to_string()),
        Source::Person | Source::Rule { .. } | Source::File | Source::Floor => None,
    });
    let names = app.names(ctx, invitations.collect::<Vec<_>>()).await?;
    let shown = Shown { desk: &desk, user, access, bindings, groups, sessions, keys, clusters, custom, names };
    let title = shown.user.label().to_owned();
    Ok(Page::new(&desk, Place::Members, &title, shown.body()).saying(&said).ok())
}

impl Shown<'_> {
    fn now(&self) -> Instant {
        self.desk.ctx.now
    }

    fn body(&self) -> Markup {
        let user = &self.user;
        html! {
            p class="crumbs" { a href="/console/members" { "Members" } }
            div class="head" {
                div {
                    h1 class="long" dir="auto" { (user.label()) }
                    p class="quiet" { (user.email.as_deref().unwrap_or(&user.user_name)) " · " (state(user.state())) }
                }
                (self.acts())
            }
            (self.who())
            (self.holds())
            (self.give())
            div class="two" { (self.in_groups()) (self.signed_in()) }
            (self.their_keys())
        }
    }

    fn acts(&self) -> Markup {
        let user = &self.user;
        let path = |verb: &str| format!("/console/members/{}/{verb}", user.id);
        html! {
            div class="acts" {
                @if self.desk.can(Capability::ManageOrganization) {
                    a class="button second" href=(address("/console/activity", &[("subject", user.id.as_str())])) { "What happened" }
                }
                @match user.state() {
                    UserState::Active => a class="button danger" href=(role_changes::address(&RoleChange::Suspend { user: user.id.clone() })) { "Suspend…" },
                    UserState::Suspended if user.suspended_by_person => {
                        (press(self.desk, &path("reactivate"), "second", "Reactivate", &[]))
                    },
                    UserState::Suspended | UserState::Removed => {},
                }
                @if user.connection.is_none() && user.state() != UserState::Removed {
                    a class="button danger" href=(role_changes::address(&RoleChange::Remove { user: user.id.clone() })) { "Remove…" }
                }
            }
        }
    }

    fn who(&self) -> Markup {
        let user = &self.user;
        let text = |name: &str| user.document.get(name).and_then(serde_json::Value::as_str).map(str::to_owned);
        html! {
            section class="card" aria-labelledby="who" {
                h2 id="who" { "Who it is" }
                dl class="facts" {
                    dt { "User name" } dd dir="auto" class="long" { (user.user_name) }
                    dt { "Comes from" }
                    dd {
                        @match &user.connection {
                            Some(connection) => { "the connection " strong { (self.names.of(connection.as_str())) } },
                            None => { "here: by invitation, not by a provider" },
                        }
                    }
                    @for (name, label) in [("title", "Title"), ("department", "Department"), ("userType", "Kind")] {
                        @if let Some(value) = text(name) { dt { (label) } dd dir="auto" class="long" { (value) } }
                    }
                    dt { "Since" } dd { (when(user.created_at, self.now())) }
                    @if !user.directory_active { dt { "At the provider" } dd { "inactive: only the provider can change that" } }
                    @if user.suspended_by_person { dt { "Here" } dd { "suspended by a person" } }
                }
            }
        }
    }

    fn holds(&self) -> Markup {
        html! {
            section class="card" aria-labelledby="access" {
                h2 id="access" { "What they may do, and why" }
                p class="small" { a href=(graph::from("subject", self.user.id.as_str())) { "As a picture" } }
                @if self.access.derivations.is_empty() {
                    p class="quiet" {
                        @if self.user.state() == UserState::Active { "Nothing yet. Give a role below, or write a rule that fits." }
                        @else { "Nothing, as long as they are suspended." }
                    }
                }
                ul class="rows plain" {
                    @for held in &self.access.derivations {
                        li {
                            div {
                                p class="title" { (role_name(&held.role, &self.names)) " of " (place(&held.scope, &self.names)) }
                                p class="quiet small" { (reason(&held.via, &self.names)) (until(held.until, self.now())) }
                            }
                        }
                    }
                }
                @let all: BTreeSet<Capability> = self.access.derivations.iter().flat_map(|held| held.capabilities.iter().copied()).collect();
                @if !all.is_empty() {
                    p class="small quiet" { "Together: " (all.into_iter().map(capability).collect::<Vec<_>>().join(", ")) "." }
                }
                @let taken: Vec<_> = self.bindings.iter().filter(|one| is_by_person(&one.terms.source)).cloned().collect();
                @if !taken.is_empty() {
                    h3 { "Given by people: these can be taken away" }
                    ul class="rows plain" {
                        @for act in Binding::together(&taken) {
                            li {
                                div {
                                    p class="title" { (title(&act, &self.names)) }
                                    @for binding in act.iter().take(1) {
                                        p class="quiet small" {
                                            (source_of(&binding.terms.source, &self.names)) ", since " (when(binding.since, self.now()))
                                            (until(binding.terms.until, self.now()))
                                        }
                                    }
                                }
                                (take_away(&act, &self.names))
                            }
                        }
                    }
                }
            }
        }
    }

    fn give(&self) -> Markup {
        html! {
            @if self.user.state() == UserState::Active {
                section class="card" aria-labelledby="give" {
                    h2 id="give" { "Give a role" }
                    form method="get" action="/console/role-changes" {
                        input type="hidden" name="kind" value="give";
                        input type="hidden" name="subject" value=(self.user.id);
                        div class="row" {
                            div class="field" { label for="role" { "Role" } select id="role" name="role" { (role_options(&self.custom, None)) } }
                            div class="field short" { label for="until" { "Until (may be empty)" } input id="until" name="until" type="date"; }
                        }
                        (where_field(&self.clusters))
                        button type="submit" class="second" { "Look at it first" }
                    }
                }
            }
        }
    }

    fn in_groups(&self) -> Markup {
        html! {
            section class="card" aria-labelledby="groups" {
                h2 id="groups" { "Groups" }
                @if self.groups.is_empty() { p class="quiet" { "In no group." } }
                ul class="rows plain" {
                    @for group in &self.groups {
                        li {
                            p { a href=(format!("/console/groups/{}", group.id)) dir="auto" class="long" { (group.display_name) } }
                            p { span class="tag" { (super::super::groups::origin(group, &self.names)) } }
                        }
                    }
                }
            }
        }
    }

    fn signed_in(&self) -> Markup {
        let path = format!("/console/members/{}/sessions/end", self.user.id);
        html! {
            section class="card" aria-labelledby="sessions" {
                h2 id="sessions" { "Where they are signed in" }
                @if self.sessions.is_empty() { p class="quiet" { "Nowhere." } }
                @else {
                    ul class="rows plain" {
                        @for session in &self.sessions {
                            li {
                                p {
                                    "Since " (when(session.created_at, self.now()))
                                    @if let Some(connection) = &session.connection { " by " (self.names.of(connection.as_str())) }
                                    br; span class="quiet small" { "last seen " (when(session.last_seen_at, self.now())) }
                                }
                                (press(self.desk, &path, "danger little", "End", &[("session", session.id.as_str())]))
                            }
                        }
                    }
                    (press(self.desk, &path, "danger", "Sign them out everywhere", &[]))
                }
            }
        }
    }

    fn their_keys(&self) -> Markup {
        html! {
            section class="card" aria-labelledby="keys" {
                h2 id="keys" { "API keys" }
                @if self.keys.is_empty() { p class="quiet" { "None." } }
                ul class="rows plain" {
                    @for key in &self.keys {
                        li { div {
                            p class="title" dir="auto" { (key.name) " " code { (key.hint) "…" } }
                            p class="quiet small" {
                                "last used " (when_or(key.last_used_at, self.now(), "never"))
                                @if let Some(from) = &key.last_used_from { " from " (from) }
                                @if let Some(at) = key.delete_at { ", carries less than before and is deleted " (when(at, self.now())) }
                                (until(key.expires_at, self.now()))
                            }
                        } }
                    }
                }
            }
        }
    }
}

/// Whether a person may take it away: what a rule gives, the rule takes.
fn is_by_person(source: &Source) -> bool {
    match source {
        Source::Person | Source::Invitation { .. } => true,
        Source::Rule { .. } | Source::File | Source::Floor => false,
    }
}

/// `POST /console/members/{id}/reactivate`
async fn reactivate(State(app): State<App>, Path(id): Path<UserId>, sent: Sent) -> Answer {
    app.set_member_suspended(&sent.desk.ctx, &id, false, None).await?;
    Ok(see_other(&format!("/console/members/{id}?said=reactivated")))
}

/// `POST /console/members/{id}/sessions/end`. No session named: all of them.
async fn end_sessions(State(app): State<App>, Path(id): Path<UserId>, sent: Sent) -> Answer {
    let said = if sent.text("session").is_empty() {
        app.end_sessions(&sent.desk.ctx, &id).await?;
        "sessions-ended"
    } else {
        app.end_session(&sent.desk.ctx, &id, &sent.parsed::<SessionId>("session")?).await?;
        "session-ended"
    };
    Ok(see_other(&format!("/console/members/{id}?said={said}")))
}
