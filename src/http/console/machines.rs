//! Service accounts and their keys.

use super::{
    HTML,
    desk::{Answer, Desk, Sent},
    flash::Said,
    frame::{Page, Place},
    given::{take_away, title, where_field},
    keys,
    parts::{Asked, empty, page_of, press},
    times::when,
    words::{place, reason, role_name, role_options, state, until},
};
use crate::{
    access::Access,
    app::{AccountChange, App, BindingSearch, KeyWish, Names, NewKey, RightWish},
    http::{
        doors::{BodyLimit, Doors, get, post},
        login::see_other,
    },
    model::{
        ApiKey, Binding, Capability, Carries, Cluster, CustomRole, EventKind, Group, Holder, KeyId, Role,
        ServiceAccount, ServiceAccountId, Source, Subject, UserState,
    },
};
use axum::{
    extract::{Path, Query, State},
    http::StatusCode,
    response::Response,
};
use maud::{Markup, html};
use serde::Deserialize;

const PATH: &str = "/console/service-accounts";
const PAGE: usize = 100;
const MOST_BINDINGS: i64 = 200;

pub(super) fn doors(room: Doors) -> Doors {
    let need = Capability::CreateServiceAccountKeys;
    let one = |door: crate::http::doors::Door| door.needs(need).part::<ServiceAccountId>("id");
    let changed = [EventKind::ServiceAccountChanged, EventKind::SessionEnded];
    room.door(get("/service-accounts", list).summary("Service accounts").needs(need).answers_as(200, HTML))
        .door(
            post("/service-accounts", create)
                .summary("Make a service account")
                .needs(need)
                .tells(&[EventKind::ServiceAccountCreated])
                .answers_as(303, None),
        )
        .door(
            one(get("/service-accounts/{id}", show))
                .summary("One service account, with what it holds and its keys")
                .answers_as(200, HTML),
        )
        .door(
            one(post("/service-accounts/{id}", change))
                .summary("Rename, describe, suspend or reactivate a service account")
                .tells(&changed)
                .answers_as(303, None),
        )
        .door(
            one(post("/service-accounts/{id}/close", close))
                .summary("Close a service account for good")
                .reads(BodyLimit::Usual)
                .tells(&[EventKind::ServiceAccountRemoved, EventKind::AccessChanged])
                .answers_as(303, None),
        )
        .door(
            one(post("/service-accounts/{id}/keys", create_key))
                .summary("Make a key of a service account, shown once")
                .tells(&[EventKind::KeyCreated])
                .answers_as(201, HTML),
        )
        .door(
            one(post("/service-accounts/{id}/keys/{key}/rotate", rotate_key))
                .part::<KeyId>("key")
                .summary("Put another key in the place of a service account's")
                .tells(&[EventKind::KeyRotated])
                .answers_as(201, HTML),
        )
        .door(
            one(post("/service-accounts/{id}/keys/{key}/end", end_key))
                .part::<KeyId>("key")
                .summary("End a key of a service account")
                .tells(&[EventKind::KeyRevoked])
                .answers_as(303, None),
        )
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Wanted {
    after: Option<String>,
}

/// `GET /console/service-accounts`
async fn list(State(app): State<App>, desk: Desk, Query(wanted): Query<Wanted>, Query(said): Query<Said>) -> Answer {
    let asked = Asked::read((&app, &desk.ctx), "machines", (None, wanted.after.as_deref()), &[])?;
    let load = |most| app.service_accounts(&desk.ctx, &asked.after, most);
    let (found, next) = page_of(PAGE, load, |one| one.id.to_string()).await?;
    let names =
        app.names(&desk.ctx, found.iter().filter_map(|one| one.created_by.as_ref().map(ToString::to_string))).await?;
    let body = html! {
        div class="head" {
            div { h1 { "Service accounts" } p class="lead" { "Programs and agents. A key of theirs goes on when the person who made it leaves." } }
        }
        @if found.is_empty() {
            (empty("No service account", &html! { p { "What runs by itself should not use a person’s key: make it an account of its own." } }))
        } @else {
            ul class="rows plain" {
                @for account in &found {
                    li {
                        div {
                            p class="title long" { a href=(format!("{PATH}/{}", account.id)) dir="auto" { (account.name) } }
                            @if !account.description.is_empty() { p class="quiet small long" dir="auto" { (account.description) } }
                            p class="quiet small" {
                                "made " (when(account.created_at, desk.ctx.now))
                                @if let Some(by) = &account.created_by { " by " span dir="auto" { (names.of(by.as_str())) } }
                            }
                        }
                        p { (state(account.state())) }
                    }
                }
            }
            (asked.pager(PATH, next.as_deref())?)
        }
        section class="card" aria-labelledby="new" {
            h2 id="new" { "New service account" }
            form method="post" action=(PATH) { (desk.token()) (naming("", "")) button type="submit" { "Make it" } }
        }
    };
    Ok(Page::new(&desk, Place::Machines, "Service accounts", body).saying(&said).ok())
}

fn naming(name: &str, description: &str) -> Markup {
    html! {
        div class="row field" {
            div class="field" { label for="name" { "Name" } input id="name" name="name" type="text" required maxlength="100" autocomplete="off" value=(name) placeholder="agent of staging-eu"; }
            div class="field" { label for="description" { "What it is for (may be empty)" } input id="description" name="description" type="text" maxlength="500" autocomplete="off" value=(description); }
        }
    }
}

/// `POST /console/service-accounts`
async fn create(State(app): State<App>, sent: Sent) -> Answer {
    let made = app.create_service_account(&sent.desk.ctx, sent.text("name"), sent.text("description")).await?;
    Ok(see_other(&format!("{PATH}/{}?said=created", made.id)))
}

/// Everything that the page of one shows.
struct Shown<'a> {
    desk: &'a Desk,
    account: ServiceAccount,
    access: Access,
    bindings: Vec<Binding>,
    groups: Vec<Group>,
    keys: Vec<ApiKey>,
    clusters: Vec<Cluster>,
    custom: Vec<CustomRole>,
    names: Names,
}

/// `GET /console/service-accounts/{id}`
async fn show(
    State(app): State<App>,
    Path(id): Path<ServiceAccountId>,
    desk: Desk,
    Query(said): Query<Said>,
) -> Answer {
    page(&app, &desk, &id, (&said, None)).await
}

async fn page(app: &App, desk: &Desk, id: &ServiceAccountId, (said, new): (&Said, Option<&NewKey>)) -> Answer {
    let ctx = &desk.ctx;
    let account = app.service_account(ctx, id).await?;
    let access = app.service_account_access(ctx, id).await?;
    let bindings = match desk.can(Capability::ManageMembers) {
        true => {
            let search =
                BindingSearch { subject: Some(Subject::ServiceAccount(id.clone())), ..BindingSearch::default() };
            app.bindings(ctx, &search, "", MOST_BINDINGS).await?
        }
        false => Vec::new(),
    };
    let groups = app.service_account_groups(ctx, id).await?;
    let keys = app.keys_of(ctx, &Holder::ServiceAccount(id.clone())).await?;
    let clusters = if desk.can(Capability::ViewClusters) { app.clusters(ctx).await? } else { Vec::new() };
    let custom = app.custom_roles(ctx).await?;
    let people = keys.iter().filter_map(|key| key.known_by.as_ref()).chain(account.created_by.as_ref());
    let names = app.names(ctx, people.map(ToString::to_string).collect::<Vec<_>>()).await?;
    let shown = Shown { desk, account, access, bindings, groups, keys, clusters, custom, names };
    let title = shown.account.name.clone();
    let status = if new.is_some() { StatusCode::CREATED } else { StatusCode::OK };
    Ok(Page::new(desk, Place::Machines, &title, shown.body(new)).saying(said).respond(status))
}

impl Shown<'_> {
    fn path(&self) -> String {
        format!("{PATH}/{}", self.account.id)
    }

    fn body(&self, new: Option<&NewKey>) -> Markup {
        let account = &self.account;
        html! {
            p class="crumbs" { a href=(PATH) { "Service accounts" } }
            div class="head" {
                div {
                    h1 class="long" dir="auto" { (account.name) }
                    p class="quiet" { (state(account.state())) @if !account.description.is_empty() { " · " span dir="auto" { (account.description) } } }
                }
                div class="acts" {
                    @match account.state() {
                        UserState::Active => (press(self.desk, &self.path(), "danger", "Suspend", &[("state", "suspended")])),
                        UserState::Suspended => (press(self.desk, &self.path(), "second", "Reactivate", &[("state", "active")])),
                        UserState::Removed => {},
                    }
                }
            }
            @if let Some(new) = new { (keys::shown_once(new)) }
            (self.holds())
            (self.its_keys())
            (self.about())
        }
    }

    fn holds(&self) -> Markup {
        let members = self.desk.can(Capability::ManageMembers);
        html! {
            section class="card" aria-labelledby="holds" {
                h2 id="holds" { "What it may do, and why" }
                @if self.access.derivations.is_empty() { p class="quiet" { "Nothing yet: its keys open nothing." } }
                ul class="rows plain" {
                    @for held in &self.access.derivations {
                        li { div {
                            p class="title" { (role_name(&held.role, &self.names)) " of " (place(&held.scope, &self.names)) }
                            p class="quiet small" { (reason(&held.via, &self.names)) (until(held.until, self.desk.ctx.now)) }
                        } }
                    }
                }
                @if !self.groups.is_empty() {
                    p class="small" { "In the groups: " @for (place, group) in self.groups.iter().enumerate() {
                        @if place > 0 { ", " } a href=(format!("/console/groups/{}", group.id)) dir="auto" { (group.display_name) }
                    } }
                }
                @if members {
                    @let taken: Vec<_> = self.bindings.iter().filter(|one| one.terms.source == Source::Person).cloned().collect();
                    @if !taken.is_empty() {
                        h3 { "Given by people: these can be taken away" }
                        ul class="rows plain" {
                            @for act in Binding::together(&taken) {
                                li { p class="title" { (title(&act, &self.names)) } (take_away(&act, &self.names)) }
                            }
                        }
                    }
                    h3 { "Give it a role" }
                    form method="get" action="/console/role-changes" {
                        input type="hidden" name="kind" value="give";
                        input type="hidden" name="subject" value=(self.account.id);
                        div class="row" {
                            div class="field" { label for="role" { "Role" } select id="role" name="role" { (role_options(&self.custom, None)) } }
                        }
                        (where_field(&self.clusters))
                        button type="submit" class="second" { "Look at it first" }
                    }
                }
            }
        }
    }

    fn its_keys(&self) -> Markup {
        html! {
            section class="card" aria-labelledby="keys" {
                h2 id="keys" { "API keys" }
                @if self.keys.is_empty() { p class="quiet" { "None." } }
                ul class="rows plain" {
                    @for key in &self.keys {
                        li {
                            (keys::facts(key, &self.names, self.desk.ctx.now))
                            div class="acts" {
                                @if key.replaced_by.is_none() {
                                    (press(self.desk, &format!("{}/keys/{}/rotate", self.path(), key.id), "second little", "Rotate", &[]))
                                }
                                (keys::end(key, &press(self.desk, &format!("{}/keys/{}/end", self.path(), key.id), "harm little", "End the key", &[])))
                            }
                        }
                    }
                }
                h3 { "New key" }
                form method="post" action=(format!("{}/keys", self.path())) {
                    (self.desk.token())
                    (keys::fields())
                    div class="row field" {
                        div class="field" {
                            label for="carries" { "It carries" }
                            select id="carries" name="carries" {
                                option value="" { "Whatever the account holds" }
                                (role_options(&self.custom, None))
                            }
                        }
                        div class="field" {
                            label for="on" { "On" }
                            select id="on" name="on" {
                                option value="" { "The whole organization" }
                                @for cluster in &self.clusters { option value=(cluster.id) { "Cluster " (cluster.slug) } }
                            }
                        }
                    }
                    p class="hint" { "A key never carries more than its account holds at that moment." }
                    button type="submit" { "Make the key" }
                }
            }
        }
    }

    fn about(&self) -> Markup {
        html! {
            section class="card" aria-labelledby="about" {
                h2 id="about" { "About it" }
                form method="post" action=(self.path()) {
                    (self.desk.token())
                    (naming(&self.account.name, &self.account.description))
                    button type="submit" class="second" { "Save" }
                }
                h3 { "Close it" }
                p { "Its keys end at once and for good, and what it was given is taken." }
                (press(self.desk, &format!("{}/close", self.path()), "harm", "Close the service account", &[]))
            }
        }
    }
}

/// `POST /console/service-accounts/{id}`
async fn change(State(app): State<App>, Path(id): Path<ServiceAccountId>, sent: Sent) -> Answer {
    let change = match sent.text("state") {
        "suspended" => AccountChange { suspended: Some(true), ..AccountChange::default() },
        "active" => AccountChange { suspended: Some(false), ..AccountChange::default() },
        _ => AccountChange {
            name: Some(sent.text("name").to_owned()),
            description: Some(sent.text("description").to_owned()),
            ..AccountChange::default()
        },
    };
    app.change_service_account(&sent.desk.ctx, &id, change).await?;
    Ok(see_other(&format!("{PATH}/{id}?said=saved")))
}

/// `POST /console/service-accounts/{id}/close`
async fn close(State(app): State<App>, Path(id): Path<ServiceAccountId>, sent: Sent) -> Answer {
    app.close_service_account(&sent.desk.ctx, &id).await?;
    Ok(see_other(&format!("{PATH}?said=deleted")))
}

/// `POST /console/service-accounts/{id}/keys`. The answer is the page with the secret: it is shown once and kept nowhere.
async fn create_key(State(app): State<App>, Path(id): Path<ServiceAccountId>, sent: Sent) -> Answer {
    let cluster = Some(sent.text("on")).filter(|on| !on.is_empty()).map(str::to_owned);
    let rights = match (sent.text("carries"), cluster) {
        ("", None) => None,
        // Whatever it holds, there: an owner's rights narrowed to that place.
        ("", cluster) => Some(vec![RightWish { carries: Carries::Role(Role::OWNER), cluster }]),
        (_, cluster) => Some(vec![RightWish { carries: Carries::Role(sent.parsed("carries")?), cluster }]),
    };
    let wish = KeyWish { name: sent.text("name").to_owned(), life: keys::life(&sent)?, rights };
    let new = app.create_key_of(&sent.desk.ctx, &Holder::ServiceAccount(id.clone()), wish).await?;
    page(&app, &sent.desk, &id, (&Said::default(), Some(&new))).await
}

/// `POST /console/service-accounts/{id}/keys/{key}/rotate`
async fn rotate_key(
    State(app): State<App>,
    Path((id, key)): Path<(ServiceAccountId, KeyId)>,
    sent: Sent,
) -> Result<Response, super::desk::Failed> {
    let rotated = app.rotate_key(&sent.desk.ctx, (&Holder::ServiceAccount(id.clone()), &key), None).await?;
    page(&app, &sent.desk, &id, (&Said::default(), Some(&rotated.new))).await
}

/// `POST /console/service-accounts/{id}/keys/{key}/end`
async fn end_key(State(app): State<App>, Path((id, key)): Path<(ServiceAccountId, KeyId)>, sent: Sent) -> Answer {
    app.revoke_key_of(&sent.desk.ctx, &Holder::ServiceAccount(id.clone()), &key).await?;
    Ok(see_other(&format!("{PATH}/{id}?said=deleted")))
}
