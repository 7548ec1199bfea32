//! Clusters: what roles are scoped to.

mod cast_ai;

pub(super) use cast_ai::standing;

use super::{
    HTML,
    desk::{Answer, Desk, Sent},
    flash::Said,
    frame::{Page, Place},
    graph,
    parts::{empty, press},
    times::when,
};
use crate::{
    app::{App, BindingSearch, ClusterChange, ExternalIdChange},
    http::{
        api::TOLD_OF_ACCESS,
        doors::{Doors, get, post},
        login::see_other,
    },
    model::{Capability, Cluster, ClusterId, EventKind, Instant},
};
use axum::extract::{Path, Query, State};
use maud::{Markup, html};

const PATH: &str = "/console/clusters";
/// Roles on a cluster that are counted.
const MOST_COUNTED: usize = 1_000;

pub(super) fn doors(room: Doors) -> Doors {
    let need = Capability::ManageOrganization;
    let with = |kind: EventKind| [&[kind], TOLD_OF_ACCESS.as_slice()].concat();
    let room = cast_ai::doors(room);
    room.door(get("/clusters", list).summary("Clusters").needs(Capability::ViewClusters).answers_as(200, HTML))
        .door(
            post("/clusters", declare)
                .summary("Declare a cluster")
                .needs(need)
                .tells(&with(EventKind::ClusterDeclared))
                .answers_as(303, None),
        )
        .door(
            get("/clusters/{id}", show)
                .summary("One cluster")
                .needs(Capability::ViewClusters)
                .part::<ClusterId>("id")
                .answers_as(200, HTML),
        )
        .door(
            post("/clusters/{id}", change)
                .summary("Rename a cluster or give it another id at Cast AI")
                .needs(need)
                .part::<ClusterId>("id")
                .tells(&with(EventKind::ClusterChanged))
                .answers_as(303, None),
        )
        .door(
            post("/clusters/{id}/remove", remove)
                .summary("Remove a cluster; what was held there ends")
                .needs(need)
                .part::<ClusterId>("id")
                .tells(&with(EventKind::ClusterRemoved))
                .answers_as(303, None),
        )
}

/// `GET /console/clusters`
async fn list(State(app): State<App>, desk: Desk, Query(said): Query<Said>) -> Answer {
    let clusters = app.clusters(&desk.ctx).await?;
    let may = desk.can(Capability::ManageOrganization);
    let link = if may { app.cast_ai(&desk.ctx).await? } else { None };
    let url = app.settings().cast_ai.url.as_str().trim_end_matches('/');
    let now = desk.ctx.now;
    let body = html! {
        div class="head" {
            div { h1 { "Clusters" } p class="lead" { "Where roles can hold, besides the whole organization. The mapping says a cluster’s short name." } }
        }
        @if clusters.is_empty() {
            (empty("No cluster is declared", &html! { p { "Declare a cluster, and roles can be given for it alone." } }))
        } @else {
            ul class="rows plain" {
                @for cluster in &clusters {
                    li {
                        div {
                            p class="title" { a href=(format!("{PATH}/{}", cluster.id)) dir="auto" { (cluster.name) } }
                            p class="quiet small" { code { (cluster.slug) } @if let Some(id) = &cluster.external_id { " · at Cast AI " code { (id) } } }
                        }
                        (gone(cluster, now))
                    }
                }
            }
        }
        @if may {
            section class="card" aria-labelledby="new" {
                h2 id="new" { "Declare a cluster" }
                form method="post" action=(PATH) { (desk.token()) (fields("", "", "")) button type="submit" { "Declare" } }
            }
            (cast_ai::section(&desk, link.as_ref(), url))
        }
    };
    Ok(Page::new(&desk, Place::Clusters, "Clusters", body).saying(&said).ok())
}

/// Whether Cast AI lists it no longer.
fn gone(cluster: &Cluster, now: Instant) -> Markup {
    html! {
        @if let Some(since) = cluster.gone_since {
            p { span class="state bad" { "No longer at Cast AI" } " " span class="quiet small" { "since " (when(since, now)) "; what is held on it stays" } }
        }
    }
}

fn fields(slug: &str, name: &str, external: &str) -> Markup {
    html! {
        div class="row field" {
            div class="field" {
                label for="slug" { "Short name" }
                input id="slug" name="slug" type="text" required maxlength="100" value=(slug) autocapitalize="none" autocomplete="off" spellcheck="false" placeholder="staging-eu";
            }
            div class="field" { label for="name" { "Name (may be empty)" } input id="name" name="name" type="text" maxlength="100" value=(name) autocomplete="off"; }
            div class="field" {
                label for="external" { "Id at Cast AI (may be empty)" }
                input id="external" name="external" type="text" maxlength="200" value=(external) autocapitalize="none" autocomplete="off" spellcheck="false";
            }
        }
    }
}

fn some(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.is_empty())
}

/// `POST /console/clusters`
async fn declare(State(app): State<App>, sent: Sent) -> Answer {
    let (name, external) = (some(sent.text("name")), some(sent.text("external")));
    app.declare_cluster(&sent.desk.ctx, sent.text("slug"), name, external).await?;
    Ok(see_other(&format!("{PATH}?said=created")))
}

/// `GET /console/clusters/{id}`
async fn show(State(app): State<App>, Path(id): Path<ClusterId>, desk: Desk, Query(said): Query<Said>) -> Answer {
    let cluster = app.cluster(&desk.ctx, &id).await?;
    let external = cluster.external_id.as_deref().unwrap_or_default();
    let of_it = BindingSearch { scope: Some(id.to_string()), ..BindingSearch::default() };
    let most = i64::try_from(MOST_COUNTED).unwrap_or(i64::MAX);
    let held = match desk.can(Capability::ManageMembers) {
        true => Some(app.bindings(&desk.ctx, &of_it, "", most).await?.len()),
        false => None,
    };
    let body = html! {
        p class="crumbs" { a href=(PATH) { "Clusters" } }
        h1 dir="auto" { (cluster.name) }
        (gone(&cluster, desk.ctx.now))
        section class="card" aria-labelledby="about" {
            h2 id="about" { "About it" }
            @if desk.can(Capability::ManageOrganization) {
                form method="post" action=(format!("{PATH}/{id}")) {
                    (desk.token()) (fields(&cluster.slug, &cluster.name, external))
                    p class="hint" { "Rules that speak of it are evaluated again: who loses a role by another short name loses it at once." }
                    button type="submit" { "Save" }
                }
            } @else {
                dl class="facts" {
                    dt { "Short name" } dd { code { (cluster.slug) } }
                    @if !external.is_empty() { dt { "Id at Cast AI" } dd { code { (external) } } }
                }
            }
        }
        @if desk.can(Capability::ManageOrganization) {
            section class="card" aria-labelledby="remove" {
                h2 id="remove" { "Remove it" }
                p {
                    @match held {
                        None => "Every role that is held on this cluster ends with it, and cannot be brought back.",
                        Some(0) => "Nobody holds a role on this cluster alone. It cannot be brought back.",
                        Some(1) => { a href=(graph::from("scope", id.as_str())) { "One role is held on it" } ": it ends with the cluster, and cannot be brought back." },
                        Some(held) => { a href=(graph::from("scope", id.as_str())) { (held) @if held == MOST_COUNTED { " or more" } " roles are held on it" } ": they end with the cluster, and cannot be brought back." },
                    }
                    " API keys that carry them open nothing there any more."
                }
                (press(&desk, &format!("{PATH}/{id}/remove"), "harm", "Remove the cluster", &[]))
            }
        }
    };
    Ok(Page::new(&desk, Place::Clusters, &cluster.name, body).saying(&said).ok())
}

/// `POST /console/clusters/{id}`
async fn change(State(app): State<App>, Path(id): Path<ClusterId>, sent: Sent) -> Answer {
    let external_id = match sent.text("external") {
        "" => ExternalIdChange::Clear,
        id => ExternalIdChange::Set(id.to_owned()),
    };
    let own = |name: &str| some(sent.text(name)).map(str::to_owned);
    let change = ClusterChange { slug: own("slug"), name: own("name"), external_id };
    app.change_cluster(&sent.desk.ctx, &id, (change, None)).await?;
    Ok(see_other(&format!("{PATH}/{id}?said=saved")))
}

/// `POST /console/clusters/{id}/remove`
async fn remove(State(app): State<App>, Path(id): Path<ClusterId>, sent: Sent) -> Answer {
    app.remove_cluster(&sent.desk.ctx, &id, None).await?;
    Ok(see_other(&format!("{PATH}?said=deleted")))
}
