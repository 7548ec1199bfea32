//! Roles: the table of what each lets its holder do, and the organization's own.

use super::{
    HTML,
    desk::{Answer, Desk, Sent},
    flash::Said,
    frame::{Page, Place},
    parts::press,
    role_changes,
    words::{built_in, capability},
};
use crate::{
    app::{App, Error, Need, RoleChange, RoleWish},
    http::{
        doors::{Doors, get, post},
        login::see_other,
    },
    model::{BuiltInRole, Capability, CustomRole, EventKind, KeptRole, RoleId},
};
use axum::extract::{Path, Query, State};
use maud::{Markup, html};
use std::collections::BTreeSet;

const PATH: &str = "/console/roles";

pub(super) fn doors(room: Doors) -> Doors {
    let need = Capability::ManageOrganization;
    room.door(
        get("/roles", list).summary("Roles, and what each lets its holder do").needs(Need::Self_).answers_as(200, HTML),
    )
    .door(
        post("/roles", create)
            .summary("Make a custom role")
            .needs(need)
            .tells(&[EventKind::RoleCreated])
            .answers_as(303, None),
    )
    .door(
        get("/roles/{id}", show)
            .summary("One custom role")
            .needs(Need::Self_)
            .part::<RoleId>("id")
            .answers_as(200, HTML),
    )
    .door(
        post("/roles/{id}", change)
            .summary("Rename or describe a custom role; what it lets its holders do is looked at first")
            .needs(need)
            .part::<RoleId>("id")
            .tells(&[EventKind::RoleChanged])
            .answers_as(303, None),
    )
    .door(
        post("/roles/{id}/delete", delete)
            .summary("Delete a custom role that is in use nowhere")
            .needs(need)
            .part::<RoleId>("id")
            .tells(&[EventKind::RoleRemoved])
            .answers_as(303, None),
    )
}

/// `GET /console/roles`
async fn list(State(app): State<App>, desk: Desk, Query(said): Query<Said>) -> Answer {
    let custom = app.custom_roles(&desk.ctx).await?;
    let body = html! {
        div class="head" {
            div { h1 { "Roles" } p class="lead" { "What each role lets its holder do. On one cluster only cluster and cost capabilities count: an Owner of a cluster is no owner." } }
        }
        section class="card" aria-labelledby="table" {
            h2 id="table" { "What each role may do" }
            (table(&custom))
        }
        section class="card" aria-labelledby="own" {
            h2 id="own" { "Custom roles" }
            @if custom.is_empty() { p class="quiet" { "None. A custom role is a set of capabilities with a name of your own." } }
            ul class="rows plain" {
                @for role in &custom {
                    li { div {
                        p class="title" { a href=(format!("{PATH}/{}", role.id)) dir="auto" { (role.name) } }
                        p class="quiet small" { (role.capabilities.iter().map(|one| capability(*one)).collect::<Vec<_>>().join(", ")) }
                    } }
                }
            }
        }
        @if desk.can(Capability::ManageOrganization) {
            section class="card" aria-labelledby="new" {
                h2 id="new" { "New custom role" }
                form method="post" action=(PATH) {
                    (desk.token()) (naming("", "")) (boxes(&BTreeSet::new()))
                    button type="submit" { "Make the role" }
                }
            }
        }
    };
    Ok(Page::new(&desk, Place::Roles, "Roles", body).saying(&said).ok())
}

/// Roles against capabilities. It grows to the right: it scrolls inside itself.
fn table(custom: &[CustomRole]) -> Markup {
    html! {
        div class="scroll" role="region" aria-label="Capabilities by role" tabindex="0" {
            table class="grid" {
                thead { tr {
                    th scope="col" { "Capability" }
                    @for role in BuiltInRole::ALL { th scope="col" { (built_in(role)) } }
                    @for role in custom { th scope="col" dir="auto" { (role.name) } }
                } }
                tbody {
                    @for one in Capability::ALL {
                        tr {
                            th scope="row" { (capability(one)) @if one.counts_on_a_cluster() { " " span class="quiet small" { "(also on a cluster)" } } }
                            @for role in BuiltInRole::ALL { td { (held(role.capabilities().contains(&one))) } }
                            @for role in custom { td { (held(role.capabilities.contains(&one))) } }
                        }
                    }
                }
            }
        }
    }
}

fn held(is: bool) -> Markup {
    html! { @if is { span class="plus" { "Yes" } } @else { span class="quiet" { "–" span class="unseen" { "no" } } } }
}

fn naming(name: &str, description: &str) -> Markup {
    html! {
        div class="row field" {
            div class="field" { label for="name" { "Name" } input id="name" name="name" type="text" required maxlength="100" autocomplete="off" value=(name); }
            div class="field" { label for="description" { "What it is for (may be empty)" } input id="description" name="description" type="text" maxlength="500" autocomplete="off" value=(description); }
        }
    }
}

fn boxes(chosen: &BTreeSet<Capability>) -> Markup {
    html! {
        fieldset {
            legend { "It lets its holders" }
            @for one in Capability::ALL {
                label class="check" { input type="checkbox" name="capability" value=(one.name()) checked[chosen.contains(&one)]; span { (capability(one)) } }
            }
        }
    }
}

fn capabilities(sent: &Sent) -> Result<BTreeSet<Capability>, Error> {
    let bad = |error: crate::model::UnknownCapability| Error::invalid("capability", error.to_string());
    sent.all("capability").map(|name| name.parse().map_err(bad)).collect()
}

/// `POST /console/roles`
async fn create(State(app): State<App>, sent: Sent) -> Answer {
    let wish = RoleWish {
        name: Some(sent.text("name").to_owned()),
        description: Some(sent.text("description").to_owned()),
        capabilities: Some(capabilities(&sent)?),
        if_match: None,
    };
    let made = app.create_role(&sent.desk.ctx, wish).await?;
    Ok(see_other(&format!("{PATH}/{}?said=created", made.role.id)))
}

/// `GET /console/roles/{id}`
async fn show(State(app): State<App>, Path(id): Path<RoleId>, desk: Desk, Query(said): Query<Said>) -> Answer {
    let KeptRole { role, description, .. } = app.role(&desk.ctx, &id).await?;
    let path = format!("{PATH}/{id}");
    let may = desk.can(Capability::ManageOrganization);
    let body = html! {
        p class="crumbs" { a href=(PATH) { "Roles" } }
        h1 class="long" dir="auto" { (role.name) }
        @if !description.is_empty() { p class="lead" dir="auto" { (description) } }
        @if may {
            section class="card" aria-labelledby="may" {
                h2 id="may" { "What it lets its holders do" }
                form method="post" action=(path) {
                    (desk.token()) input type="hidden" name="part" value="capabilities";
                    (boxes(&role.capabilities))
                    button type="submit" class="second" { "Look at the change first" }
                }
            }
            section class="card" aria-labelledby="called" {
                h2 id="called" { "Name" }
                form method="post" action=(path) { (desk.token()) (naming(&role.name, &description)) button type="submit" class="second" { "Save" } }
            }
            section class="card" aria-labelledby="delete" {
                h2 id="delete" { "Delete it" }
                p { "Only a role that nobody holds, no invitation offers, no key carries and no rule gives can be deleted." }
                (press(&desk, &format!("{path}/delete"), "harm", "Delete the role", &[]))
            }
        } @else {
            section class="card" { p { "It lets its holders " (role.capabilities.iter().map(|one| capability(*one)).collect::<Vec<_>>().join(", ")) "." } }
        }
    };
    Ok(Page::new(&desk, Place::Roles, &role.name, body).saying(&said).ok())
}

/// `POST /console/roles/{id}`
async fn change(State(app): State<App>, Path(id): Path<RoleId>, sent: Sent) -> Answer {
    if sent.text("part") == "capabilities" {
        let capabilities = capabilities(&sent)?;
        return Ok(see_other(&role_changes::address(&RoleChange::EditRole { role: id, capabilities })));
    }
    let wish = RoleWish {
        name: Some(sent.text("name").to_owned()),
        description: Some(sent.text("description").to_owned()),
        ..RoleWish::default()
    };
    app.change_role(&sent.desk.ctx, &id, wish).await?;
    Ok(see_other(&format!("{PATH}/{id}?said=saved")))
}

/// `POST /console/roles/{id}/delete`
async fn delete(State(app): State<App>, Path(id): Path<RoleId>, sent: Sent) -> Answer {
    app.delete_role(&sent.desk.ctx, &id).await?;
    Ok(see_other(&format!("{PATH}?said=deleted")))
}
