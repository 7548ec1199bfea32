//! All ways to become Owner of the whole organization: by rules, by what people gave, by invitations.

use super::{
    HTML,
    desk::{Answer, Desk},
    frame::{Page, Place},
    parts::empty,
    times::when,
    words::{source_of, until},
};
use crate::{
    app::{App, Names, OwnerWay},
    http::{
        doors::{Doors, get},
        error::as_sentence,
    },
    mapping::OwnerRule,
    model::{Capability, Instant, Source, Subject},
};
use axum::extract::State;
use maud::{Markup, html};

pub(super) fn doors(room: Doors) -> Doors {
    room.door(
        get("/owners", show)
            .summary("All ways to become Owner of the whole organization")
            .needs(Capability::ManageOrganization)
            .answers_as(200, HTML),
    )
}

/// `GET /console/owners`
async fn show(State(app): State<App>, desk: Desk) -> Answer {
    let ways = app.owner_ways(&desk.ctx).await?;
    let ids = ways.iter().flat_map(|way| match way {
        OwnerWay::Binding { subject, source: Source::Invitation { id }, .. } => {
            vec![subject.to_string(), id.to_string()]
        }
        OwnerWay::Binding { subject, .. } => vec![subject.to_string()],
        OwnerWay::Rule { .. } | OwnerWay::Invitation { .. } => Vec::new(),
    });
    let names = app.names(&desk.ctx, ids.collect::<Vec<_>>()).await?;
    let risky = ways.iter().filter(|way| matches!(way, OwnerWay::Rule { rule } if !rule.risks.is_empty())).count();
    let of = |is: fn(&OwnerWay) -> bool| ways.iter().filter(move |way| is(way)).collect::<Vec<_>>();
    let groups = [
        ("Who holds it", of(|way| matches!(way, OwnerWay::Binding { .. })), "Nobody holds Owner by a binding."),
        ("Rules that give it", of(|way| matches!(way, OwnerWay::Rule { .. })), "No rule makes an Owner."),
        ("Invitations that wait", of(|way| matches!(way, OwnerWay::Invitation { .. })), "No invitation offers Owner."),
    ];
    let body = html! {
        p class="crumbs" { a href="/console/graph" { "Access graph" } }
        div class="head" { div {
            h1 { "All ways to become Owner" }
            p class="lead" { "Everything that makes somebody an Owner of the whole organization, as things stand: what is here is all there is." }
        } }
        @if risky > 0 {
            div class="notice" { p { strong { (risky) @if risky == 1 { " rule rests" } @else { " rules rest" } " on something risky" } ": it is said beside the rule." } }
        }
        @for (title, ways, none) in &groups {
            section class="card" {
                h2 { (title) }
                @if ways.is_empty() { p class="quiet" { (none) } }
                @else { ul class="rows plain" { @for way in ways { (row(way, &names, desk.ctx.now)) } } }
            }
        }
        @if ways.is_empty() { (empty("Nobody can become Owner", &html! { p { "Whoever runs this gateway restores an owner with " code { "castgate admin recover" } "." } })) }
    };
    Ok(Page::new(&desk, Place::Graph, "All ways to become Owner", body).ok())
}

fn row(way: &OwnerWay, names: &Names, now: Instant) -> Markup {
    html! {
        li {
            @match way {
                OwnerWay::Rule { rule } => (of_rule(rule, now)),
                OwnerWay::Binding { subject, label, source, until: ends, people } => {
                    div {
                        p class="title long" { a href=(page_of(subject)) dir="auto" { (label) } }
                        p class="quiet small" { (source_of(source, names)) (until(*ends, now)) }
                    }
                    p class="quiet small" {
                        @match subject {
                            Subject::User(_) => "a person",
                            Subject::Group(_) => { "a group of " (people) @if *people == 1 { " person" } @else { " people" } },
                            Subject::ServiceAccount(_) => "a service account",
                        }
                    }
                },
                OwnerWay::Invitation { email, expires_at } => {
                    p class="title long" dir="auto" { (email) }
                    p class="quiet small" { "its link works until " (when(*expires_at, now)) }
                },
            }
        }
    }
}

fn of_rule(rule: &OwnerRule, now: Instant) -> Markup {
    let OwnerRule { rule, line, groups, when, until: ends, risks } = rule;
    html! {
        div {
            p class="title long" { a href="/console/mapping" dir="auto" { @if let Some(rule) = rule { (rule) } @else { "The default" } } span class="quiet small" { " line " (line) } }
            p class="small" {
                @if !groups.is_empty() { "whoever is in " (groups.join(" or ")) }
                @if let Some(when) = when { @if groups.is_empty() { "whoever fits " } @else { ", and fits " } code { (when) } }
                @if rule.is_none() { "whoever has no other access" }
                (until(*ends, now))
            }
            @for risk in risks { p class="small" { span class="state wait" { "Risk" } " " (as_sentence(risk)) } }
        }
    }
}

fn page_of(subject: &Subject) -> String {
    match subject {
        Subject::User(id) => format!("/console/members/{id}"),
        Subject::Group(id) => format!("/console/groups/{id}"),
        Subject::ServiceAccount(id) => format!("/console/service-accounts/{id}"),
    }
}
