//! Groups: local ones, which people change here, and those of providers, which are looked at.

use super::{
    HTML, ROWS,
    desk::{Answer, Desk, Sent},
    flash::Said,
    frame::{Page, Place},
    given::{take_away, title, where_field},
    parts::{self, Asked, empty},
    role_changes,
    times::when,
    words::{role_options, source_of, until},
};
use crate::{
    app::{App, BindingSearch, Error, Names, RoleChange},
    filter::{self, Dialect},
    http::{
        doors::{Doors, get, post},
        login::see_other,
    },
    model::{
        Binding, Capability, Cluster, CustomRole, EventKind, Group, GroupId, GroupOrigin, Holder, ServiceAccountId,
        Source, Subject,
    },
};
use axum::extract::{Path, Query, State};
use maud::{Markup, html};
use serde::Deserialize;

const PATH: &str = "/console/groups";
/// People of a group that its page shows.
const MOST_SHOWN: i64 = 100;
const MOST_BINDINGS: i64 = 200;
const MOST_MACHINES: i64 = 500;

pub(super) fn doors(room: Doors) -> Doors {
    let need = Capability::ManageMembers;
    room.door(get("/groups", list).summary("Groups").needs(need).answers_as(200, HTML))
        .door(
            post("/groups", create)
                .summary("Make a local group")
                .needs(need)
                .tells(&[EventKind::GroupCreated])
                .answers_as(303, None),
        )
        .door(
            get("/groups/{id}", show)
                .summary("One group: who is in it, what it holds")
                .needs(need)
                .part::<GroupId>("id")
                .answers_as(200, HTML),
        )
        .door(
            post("/groups/{id}/rename", rename)
                .summary("Give a local group another name")
                .needs(need)
                .part::<GroupId>("id")
                .tells(&[EventKind::GroupChanged])
                .answers_as(303, None),
        )
        .door(
            post("/groups/{id}/add", add)
                .summary("Find whom to put into a local group; the preview comes next")
                .needs(need)
                .part::<GroupId>("id")
                .answers_as(303, None),
        )
}

/// Where a group comes from.
pub(super) fn origin(group: &Group, names: &Names) -> String {
    match (group.origin, &group.connection) {
        (GroupOrigin::Local, _) => "local".to_owned(),
        (GroupOrigin::Scim | GroupOrigin::Claims, Some(connection)) => names.of(connection.as_str()).to_owned(),
        (GroupOrigin::Scim, None) => "pushed".to_owned(),
        (GroupOrigin::Claims, None) => "from sign-ins".to_owned(),
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Wanted {
    filter: Option<String>,
    after: Option<String>,
}

/// `GET /console/groups`
async fn list(State(app): State<App>, desk: Desk, Query(wanted): Query<Wanted>, Query(said): Query<Said>) -> Answer {
    let typed = (wanted.filter.as_deref(), wanted.after.as_deref());
    let asked = Asked::read((&app, &desk.ctx), "groups", typed, &["displayName"])?;
    let (groups, next) = match asked.problem {
        None => app.search_all_groups(&desk.ctx, asked.filter.as_ref(), (&asked.after, ROWS)).await?,
        Some(_) => (Vec::new(), None),
    };
    let names = app.names(&desk.ctx, []).await?;
    let body = html! {
        div class="head" {
            div { h1 { "Groups" } p class="lead" { "Whoever is in a group holds what the group holds. Rules give roles to groups of providers; people give them to local ones." } }
        }
        (asked.search(PATH, "groups", r#"displayName sw "k8s-""#))
        @if groups.is_empty() {
            (empty("No group is found", &html! {
                @if asked.text.is_empty() { p { "A provider’s groups come with its first push or sign-in. A local group is made below." } }
                @else { p { "No group fits the search. " a href=(PATH) { "Show every group" } "." } }
            }))
        } @else {
            ul class="rows plain" {
                @for group in &groups {
                    li {
                        div {
                            p class="title long" dir="auto" { a href=(format!("{PATH}/{}", group.id)) { (group.display_name) } }
                            p class="quiet small" { "changed " (when(group.updated_at, desk.ctx.now)) }
                        }
                        p { span class="tag" { (origin(group, &names)) } }
                    }
                }
            }
            (asked.pager(PATH, next.as_deref())?)
        }
        section class="card" aria-labelledby="new" {
            h2 id="new" { "New local group" }
            form method="post" action=(PATH) {
                (desk.token())
                div class="row" {
                    div class="field" { label for="name" { "Name" } input id="name" name="name" type="text" required maxlength="100" autocomplete="off"; }
                    button type="submit" { "Make the group" }
                }
            }
        }
    };
    Ok(Page::new(&desk, Place::Groups, "Groups", body).saying(&said).ok())
}

/// `POST /console/groups`
async fn create(State(app): State<App>, sent: Sent) -> Answer {
    let group = app.create_local_group(&sent.desk.ctx, sent.text("name")).await?;
    Ok(see_other(&format!("{PATH}/{}?said=created", group.id)))
}

/// `POST /console/groups/{id}/rename`
async fn rename(State(app): State<App>, Path(id): Path<GroupId>, sent: Sent) -> Answer {
    app.rename_local_group(&sent.desk.ctx, &id, sent.text("name"), None).await?;
    Ok(see_other(&format!("{PATH}/{id}?said=renamed")))
}

/// `POST /console/groups/{id}/add`: the person by name or address, or a service account. The change itself is looked at first.
async fn add(State(app): State<App>, Path(id): Path<GroupId>, sent: Sent) -> Answer {
    let member = match sent.text("machine") {
        "" => person(&app, &sent.desk, sent.text("person")).await?,
        _ => Holder::ServiceAccount(sent.parsed::<ServiceAccountId>("machine")?),
    };
    Ok(see_other(&role_changes::address(&RoleChange::Join { group: id, member })))
}

/// The one person of this user name or address.
async fn person(app: &App, desk: &Desk, text: &str) -> Result<Holder, Error> {
    if text.is_empty() {
        return Err(Error::invalid("person", "type the user name or the e-mail address of a member"));
    }
    let quoted = serde_json::Value::from(text);
    let filter = filter::parse(&format!("userName eq {quoted} or emails eq {quoted}"), Dialect::Tolerant);
    let filter = filter.map_err(|error| Error::invalid("person", error.to_string()))?;
    let (found, _) = app.search_members(&desk.ctx, Some(&filter), ("", 2)).await?;
    match found.as_slice() {
        [one] => Ok(Holder::User(one.id.clone())),
        [] => Err(Error::not_found("member", text)),
        _ => Err(Error::invalid("person", "more than one member has this name; type the user name")),
    }
}

/// Everything that a group's page shows.
struct Shown<'a> {
    desk: &'a Desk,
    group: Group,
    people: Vec<crate::store::Member>,
    machines: Vec<(ServiceAccountId, String)>,
    offered: Vec<crate::model::ServiceAccount>,
    bindings: Vec<Binding>,
    clusters: Vec<Cluster>,
    custom: Vec<CustomRole>,
    names: Names,
}

/// `GET /console/groups/{id}`
async fn show(State(app): State<App>, Path(id): Path<GroupId>, desk: Desk, Query(said): Query<Said>) -> Answer {
    let ctx = &desk.ctx;
    let (group, people) = app.group_with(ctx, &id, MOST_SHOWN + 1).await?;
    let machines = app.machine_members(ctx, &id).await?;
    let offered = match desk.can(Capability::CreateServiceAccountKeys) {
        true => app.service_accounts(ctx, "", MOST_MACHINES).await?,
        false => Vec::new(),
    };
    let search = BindingSearch { subject: Some(Subject::Group(id)), ..BindingSearch::default() };
    let bindings = app.bindings(ctx, &search, "", MOST_BINDINGS).await?;
    let clusters = if desk.can(Capability::ViewClusters) { app.clusters(ctx).await? } else { Vec::new() };
    let custom = app.custom_roles(ctx).await?;
    let names = app.names(ctx, []).await?;
    let shown = Shown { desk: &desk, group, people, machines, offered, bindings, clusters, custom, names };
    let title = shown.group.display_name.clone();
    Ok(Page::new(&desk, Place::Groups, &title, shown.body()).saying(&said).ok())
}

impl Shown<'_> {
    fn is_local(&self) -> bool {
        self.group.origin == GroupOrigin::Local
    }

    fn body(&self) -> Markup {
        html! {
            p class="crumbs" { a href=(PATH) { "Groups" } }
            div class="head" {
                div {
                    h1 class="long" dir="auto" { (self.group.display_name) }
                    p class="quiet" {
                        @if self.is_local() { "A local group: changed by people, here." }
                        @else { "A group of the connection " strong { (origin(&self.group, &self.names)) } ": who is in it is changed there." }
                    }
                }
                @if self.is_local() {
                    div class="acts" {
                        a class="button danger" href=(role_changes::address(&RoleChange::DeleteGroup { group: self.group.id.clone() })) { "Delete…" }
                    }
                }
            }
            (self.holds())
            (self.inside())
            @if self.is_local() { (self.rename()) }
        }
    }

    fn holds(&self) -> Markup {
        html! {
            section class="card" aria-labelledby="holds" {
                h2 id="holds" { "What the group holds" }
                @if self.bindings.is_empty() { p class="quiet" { "Nothing: being in it gives nothing yet." } }
                ul class="rows plain" {
                    @for act in Binding::together(&self.bindings) {
                        li {
                            div {
                                p class="title" { (title(&act, &self.names)) }
                                @for binding in act.iter().take(1) {
                                    p class="quiet small" {
                                        (source_of(&binding.terms.source, &self.names)) ", since " (when(binding.since, self.desk.ctx.now))
                                        (until(binding.terms.until, self.desk.ctx.now))
                                    }
                                }
                            }
                            @if act.iter().any(|binding| binding.terms.source == Source::Person) { (take_away(&act, &self.names)) }
                        }
                    }
                }
                h3 { "Give the group a role" }
                form method="get" action="/console/role-changes" {
                    input type="hidden" name="kind" value="give";
                    input type="hidden" name="subject" value=(self.group.id);
                    div class="row" {
                        div class="field" { label for="role" { "Role" } select id="role" name="role" { (role_options(&self.custom, None)) } }
                    }
                    (where_field(&self.clusters))
                    button type="submit" class="second" { "Look at it first" }
                }
            }
        }
    }

    fn inside(&self) -> Markup {
        let shown = usize::try_from(MOST_SHOWN).unwrap_or(usize::MAX);
        let everybody = parts::address("/console/members", &[("filter", &format!("groups eq \"{}\"", self.group.id))]);
        let leave = |member: Holder| role_changes::address(&RoleChange::Leave { group: self.group.id.clone(), member });
        html! {
            section class="card" aria-labelledby="inside" {
                h2 id="inside" { "Who is in it" }
                @if self.people.is_empty() && self.machines.is_empty() { p class="quiet" { "Nobody yet." } }
                ul class="rows plain" {
                    @for (id, name) in &self.machines {
                        li {
                            p { a href=(format!("/console/service-accounts/{id}")) dir="auto" { (name) } " " span class="tag" { "service account" } }
                            @if self.is_local() { a class="button danger little" href=(leave(Holder::ServiceAccount(id.clone()))) { "Take out…" span class="unseen" { " " (name) } } }
                        }
                    }
                    @for member in self.people.iter().take(shown) {
                        li {
                            p { a href=(format!("/console/members/{}", member.user)) dir="auto" class="long" { (member.display) } }
                            @if self.is_local() { a class="button danger little" href=(leave(Holder::User(member.user.clone()))) { "Take out…" span class="unseen" { " " (member.display) } } }
                        }
                    }
                }
                @if self.people.len() > shown { p { "These are the first " (shown) ". " a href=(everybody) { "Search everybody in the group" } "." } }
                @if self.is_local() { (self.add()) }
            }
        }
    }

    fn add(&self) -> Markup {
        html! {
            h3 { "Put somebody into it" }
            form method="post" action=(format!("{PATH}/{}/add", self.group.id)) {
                (self.desk.token())
                div class="row" {
                    div class="field" {
                        label for="person" { "Member, by user name or e-mail address" }
                        input id="person" name="person" type="text" maxlength="300" autocapitalize="none" autocomplete="off" spellcheck="false";
                    }
                    @if !self.offered.is_empty() {
                        div class="field" {
                            label for="machine" { "Or a service account" }
                            select id="machine" name="machine" {
                                option value="" { "None" }
                                @for machine in &self.offered { option value=(machine.id) { (machine.name) } }
                            }
                        }
                    }
                    button type="submit" class="second" { "Look at it first" }
                }
            }
        }
    }

    fn rename(&self) -> Markup {
        html! {
            section class="card" aria-labelledby="rename" {
                h2 id="rename" { "Name" }
                form method="post" action=(format!("{PATH}/{}/rename", self.group.id)) {
                    (self.desk.token())
                    div class="row" {
                        div class="field" {
                            label for="name" { "Name" }
                            input id="name" name="name" type="text" required maxlength="100" autocomplete="off" value=(self.group.display_name);
                        }
                        button type="submit" class="second" { "Save" }
                    }
                }
            }
        }
    }
}
