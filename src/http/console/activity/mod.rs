//! Activity: what happened, what providers pushed, who signed in or could not. To filter, and to take along as a table.

mod chart;
mod events;
mod export;
mod pushes;
mod sign_ins;

use super::HTML;
use crate::{app::Error, http::doors::Doors, model::Capability};
use maud::{Markup, html};

const PATH: &str = "/console/activity";
/// What each of these pages takes.
const NEED: Capability = Capability::ManageOrganization;
/// Things that are read at once, and that are looked at for one page at most.
const PIECE: usize = 250;
const MOST_LOOKED_AT: usize = 5_000;

pub(super) fn doors(room: Doors) -> Doors {
    export::doors(sign_ins::doors(pushes::doors(events::doors(room))))
}

/// The lists of what happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tab {
    /// Events.
    Events,
    /// What providers pushed.
    Pushes,
    /// Who signed in, or could not.
    SignIns,
    /// Unusual removals, and taking them back.
    Accidents,
    /// What ends of access left behind.
    Receipts,
}

/// The head of each of them, with the table to take along where there is one.
pub(super) fn head(tab: Tab, export: Option<&str>) -> Markup {
    let one = |is: Tab, address: &str, name: &str| html! { li { a href=(address) aria-current=[(is == tab).then_some("page")] { (name) } } };
    html! {
        div class="head" {
            div { h1 { "Activity" } p class="lead" { "What happened in the organization, the newest first." } }
            @if let Some(export) = export { div class="acts" { a class="button second" href=(export) { "Export as CSV" } } }
        }
        ul class="tabs" {
            (one(Tab::Events, PATH, "Events"))
            (one(Tab::Pushes, "/console/activity/provisioning", "Provisioning"))
            (one(Tab::SignIns, "/console/activity/sign-ins", "Sign-ins"))
            (one(Tab::Accidents, "/console/accidents", "Accidents"))
            (one(Tab::Receipts, "/console/receipts", "Receipts"))
        }
    }
}

/// Reads a list in pieces, the newest first, until there are enough that fit: those, and where the next page begins.
async fn gather<T, F: Future<Output = Result<Vec<T>, Error>>>(
    (before, most): (&str, usize),
    load: impl Fn(String, i64) -> F,
    (id, fits): (impl Fn(&T) -> String, impl Fn(&T) -> bool),
) -> Result<(Vec<T>, Option<String>), Error> {
    let (mut found, mut before, mut looked_at) = (Vec::new(), before.to_owned(), 0);
    loop {
        let piece = load(before.clone(), i64::try_from(PIECE).unwrap_or(i64::MAX)).await?;
        let is_last = piece.len() < PIECE;
        looked_at += piece.len();
        for one in piece {
            if found.len() == most {
                return Ok((found, Some(before)));
            }
            before = id(&one);
            if fits(&one) {
                found.push(one);
            }
        }
        if is_last {
            return Ok((found, None));
        }
        if looked_at >= MOST_LOOKED_AT {
            return Ok((found, Some(before)));
        }
    }
}
