//! One member in the list.

use crate::{
    access::Via,
    app::{Names, RosterRow},
    http::console::{
        desk::Desk,
        times::when_or,
        words::{chips, distinct, role_options, state},
    },
    model::{CustomRole, Role, Scope, Source, User},
};
use maud::{Markup, html};

/// Chips of a row: more stand on the person's own page.
const MOST_CHIPS: usize = 4;

/// The ids that the rows speak of.
pub(super) fn ids(people: &[RosterRow]) -> Vec<String> {
    let derivations = people.iter().flat_map(|person| &person.access.derivations);
    let ids = derivations.filter_map(|held| match &held.via {
        Via::Direct { source: Source::Invitation { id } } | Via::Group { source: Source::Invitation { id }, .. } => {
            Some(id.to_string())
        }
        Via::Direct { .. } | Via::Group { .. } | Via::Default => None,
    });
    ids.collect()
}

/// Where a person's own page is.
pub(super) fn address(user: &User) -> String {
    format!("/console/members/{}", user.id)
}

pub(super) fn row(desk: &Desk, person: &RosterRow, (names, custom): (&Names, &[CustomRole])) -> Markup {
    let (user, held) = (&person.user, &person.access.derivations);
    html! {
        li {
            label class="pick" {
                span class="unseen" { "Select " (user.label()) }
                input type="checkbox" name="id" value=(user.id) form="several";
            }
            div class="name" {
                p class="title long" { a href=(address(user)) dir="auto" { (user.label()) } }
                @let mail = user.email.as_deref().unwrap_or(&user.user_name);
                @if mail != user.label() { p class="quiet small long" dir="auto" { (mail) } }
            }
            div class="holds" {
                @if held.is_empty() { span class="quiet small" { "No role" } }
                div class="chips" {
                    (chips(held, names, MOST_CHIPS))
                    @let count = distinct(held).len();
                    @if count > MOST_CHIPS { a class="small" href=(address(user)) { "and " (count - MOST_CHIPS) " more" } }
                }
            }
            div class="seen" {
                p { (state(user.state())) }
                p class="quiet small" { span class="unseen" { "Last seen: " } (when_or(person.last_seen_at(), desk.ctx.now, "Not seen lately")) }
            }
            (change(person, custom))
        }
    }
}

/// The dropdown beside the name. It leads to the preview of the change; nothing happens before that is confirmed.
fn change(person: &RosterRow, custom: &[CustomRole]) -> Markup {
    let (user, now) = (&person.user, given(person));
    html! {
        form class="rowform change" method="get" action="/console/role-changes" {
            input type="hidden" name="user" value=(user.id);
            label class="unseen" for=(format!("role-{}", user.id)) { "Role of " (user.label()) " in the whole organization" }
            select id=(format!("role-{}", user.id)) name="role" {
                @if now.is_none() { option value="" selected { "By rules" } }
                (role_options(custom, now))
            }
            button type="submit" class="second little" { "Change" span class="unseen" { " the role of " (user.label()) } }
        }
    }
}

/// The role that people gave somebody directly, on the whole organization.
fn given(person: &RosterRow) -> Option<&Role> {
    let held = person.access.derivations.iter().find(|held| {
        let by_person = matches!(&held.via, Via::Direct { source: Source::Person | Source::Invitation { .. } });
        by_person && held.scope == Scope::Organization
    });
    held.map(|held| &held.role)
}
