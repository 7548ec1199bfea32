//! Access reviews as pages of decisions: what nobody uses, what people decide about it, what doing that would touch, and the evidence.

mod apply;
mod finding;
mod one;

use super::{
    HTML, ROWS,
    desk::{Answer, Desk, Sent},
    flash::Said,
    frame::{Page, Place},
    guard::told,
    parts::{Asked, empty, page_of},
    times::when,
    words::actor,
};
use crate::{
    app::{App, Error, Names},
    http::{
        doors::{Doors, get, post},
        login::see_other,
    },
    model::{AccessReview, Capability, EventKind, Instant, ReviewLimits, ReviewProgress},
};
use axum::{
    extract::{Query, State},
    http::StatusCode,
};
use maud::{Markup, html};
use serde::Deserialize;

const PATH: &str = "/console/access-reviews";
/// What these pages take.
const NEED: Capability = Capability::ManageMembers;

pub(super) fn doors(room: Doors) -> Doors {
    let room = room
        .door(
            get("/access-reviews", list)
                .summary("Access reviews, with how far each is")
                .needs(NEED)
                .answers_as(200, HTML),
        )
        .door(
            post("/access-reviews", start)
                .summary("Look for what nobody uses, and keep what is found")
                .needs(NEED)
                .tells(&[EventKind::ReviewStarted])
                .answers_as(303, HTML),
        );
    apply::doors(one::doors(room))
}

/// What was typed into the form that begins a review.
#[derive(Debug, Default)]
struct Typed {
    name: String,
    /// By the names of the fields.
    numbers: Vec<(&'static str, String)>,
}

/// A number that a review goes by: its field, its words.
const LIMITS: [(&str, &str); 5] = [
    ("account_days", "An account is unused after (days)"),
    ("key_days", "An API key is unused after (days)"),
    ("invitation_days", "An invitation waits too long after (days)"),
    ("owner_days", "An Owner is idle after (days)"),
    ("group_of", "People with the same direct role who could be a group"),
];

fn usual(limits: ReviewLimits) -> [u32; 5] {
    let ReviewLimits { account_days, key_days, invitation_days, owner_days, group_of } = limits;
    [account_days, key_days, invitation_days, owner_days, group_of]
}

impl Typed {
    fn of(sent: &Sent) -> Self {
        let numbers = LIMITS.iter().map(|(field, _)| (*field, sent.text(field).to_owned())).collect();
        Self { name: sent.text("name").to_owned(), numbers }
    }

    fn limits(&self) -> Result<ReviewLimits, Error> {
        let number = |field: &'static str, usual: u32| match self.numbers.iter().find(|(known, _)| *known == field) {
            None => Ok(usual),
            Some((_, text)) if text.is_empty() => Ok(usual),
            Some((_, text)) => text.parse::<u32>().map_err(|_| Error::invalid(field, "give a whole number")),
        };
        let usual = ReviewLimits::default();
        Ok(ReviewLimits {
            account_days: number("account_days", usual.account_days)?,
            key_days: number("key_days", usual.key_days)?,
            invitation_days: number("invitation_days", usual.invitation_days)?,
            owner_days: number("owner_days", usual.owner_days)?,
            group_of: number("group_of", usual.group_of)?,
        })
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Wanted {
    after: Option<String>,
}

/// `GET /console/access-reviews`
async fn list(State(app): State<App>, desk: Desk, Query(wanted): Query<Wanted>, Query(said): Query<Said>) -> Answer {
    page((&app, &desk), (wanted, &said), None).await
}

async fn page((app, desk): (&App, &Desk), (wanted, said): (Wanted, &Said), wrong: Option<(Typed, String)>) -> Answer {
    let asked = Asked::read((app, &desk.ctx), "access reviews", (None, wanted.after.as_deref()), &[])?;
    let load = |most| app.access_reviews(&desk.ctx, &asked.after, most);
    let (mut reviews, next) = page_of(ROWS, load, |(review, _)| review.id.to_string()).await?;
    reviews.reverse();
    let ids = reviews.iter().flat_map(|(review, _)| review.created_by.split_whitespace().map(str::to_owned));
    let names = app.names(&desk.ctx, ids.collect::<Vec<_>>()).await?;
    let status = if wrong.is_some() { StatusCode::BAD_REQUEST } else { StatusCode::OK };
    let body = html! {
        div class="head" { div {
            h1 { "Access reviews" }
            p class="lead" { "What nobody uses: accounts, keys, invitations, roles. castgate looks once and keeps what it found; you decide about each; then what you decided is done, with every API key that it touches in view." }
        } }
        @if reviews.is_empty() {
            (empty("No review yet", &html! { p { "Begin one below. Looking changes nothing, and neither does deciding." } }))
        } @else {
            ul class="rows plain" { @for one in &reviews { (row(one, &names, desk.ctx.now)) } }
            (asked.pager(PATH, next.as_deref())?)
        }
        (form(desk, wrong.as_ref()))
    };
    Ok(Page::new(desk, Place::Reviews, "Access reviews", body).saying(said).respond(status))
}

fn row((review, progress): &(AccessReview, ReviewProgress), names: &Names, now: Instant) -> Markup {
    html! {
        li {
            div {
                p class="title long" { a href=(format!("{PATH}/{}", review.id)) dir="auto" { (review.name) } }
                p class="quiet small" {
                    "begun " (when(review.created_at, now)) " by " span dir="auto" { (actor(&review.created_by, names)) }
                    @if let Some((at, _)) = &review.closed { ", closed " (when(*at, now)) }
                }
            }
            (bar(progress, review.closed.is_some()))
        }
    }
}

/// How far a review is, as a bar and in words.
fn bar(progress: &ReviewProgress, is_closed: bool) -> Markup {
    let ReviewProgress { proposals, decided, to_apply, .. } = *progress;
    html! {
        div class="progress" {
            @if proposals > 0 { progress max=(proposals) value=(decided) aria-label="Decided" {} }
            p class="quiet small" {
                @match (proposals, is_closed) {
                    (0, _) => "nothing was found",
                    (_, true) => { (decided) " of " (proposals) " decided" },
                    (_, false) => {
                        (decided) " of " (proposals) " decided"
                        @if to_apply > 0 { ", " (to_apply) " to be done" }
                    },
                }
            }
        }
    }
}

fn form(desk: &Desk, wrong: Option<&(Typed, String)>) -> Markup {
    let typed = wrong.map(|(typed, _)| typed);
    let number = |field: &str, usual: u32| {
        let typed = typed.and_then(|typed| typed.numbers.iter().find(|(known, _)| *known == field));
        typed.map_or_else(|| usual.to_string(), |(_, text)| text.clone())
    };
    html! {
        section class="card" aria-labelledby="begin" {
            h2 id="begin" { "Begin a review" }
            @if let Some((_, problem)) = wrong { div class="notice bad" role="alert" { p { (problem) } } }
            form method="post" action=(PATH) {
                (desk.token())
                div class="field" {
                    label for="name" { "What to call it" }
                    input id="name" name="name" type="text" required maxlength="100" autocomplete="off" placeholder="Spring"
                        value=(typed.map(|typed| typed.name.as_str()).unwrap_or_default());
                }
                details class="more field" open[wrong.is_some()] {
                    summary { "What counts as unused" }
                    @for ((field, label), usual) in LIMITS.iter().zip(usual(ReviewLimits::default())) {
                        div class="field" {
                            label for=(field) { (label) }
                            input class="count" id=(field) name=(field) type="text" inputmode="numeric" maxlength="4" value=(number(field, usual)) autocomplete="off";
                        }
                    }
                }
                button type="submit" { "Look now" }
            }
        }
    }
}

/// `POST /console/access-reviews`
async fn start(State(app): State<App>, sent: Sent) -> Answer {
    let typed = Typed::of(&sent);
    let begun = match typed.limits() {
        Ok(limits) => app.start_access_review(&sent.desk.ctx, &typed.name, limits).await,
        Err(error) => Err(error),
    };
    match begun {
        Ok((review, _)) => Ok(see_other(&format!("{PATH}/{}?said=looked", review.id))),
        Err(error @ Error::Invalid { .. }) => {
            let problem = told(error)?;
            page((&app, &sent.desk), (Wanted::default(), &Said::default()), Some((typed, problem))).await
        }
        Err(error) => Err(error.into()),
    }
}
