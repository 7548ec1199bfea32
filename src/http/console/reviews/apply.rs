//! Doing what was decided in a review: first each change with the keys that it touches, then the changes, each by itself.

use super::{NEED, PATH};
use crate::{
    app::{App, ChangeOutcome, Choice, Error, KeyTerms, Names, PreviewedChange, SeveralPreview, ShownProposal},
    http::{
        api::told_of_reviews,
        console::{
            HTML,
            desk::{Answer, Desk, Sent},
            frame::{Page, Place},
            guard::told,
            parts::empty,
            role_changes::{KeyForm, choices, machines, outcome},
        },
        doors::{Doors, get, post},
        error::as_sentence,
    },
    model::{AccessReview, AccessReviewId, ServiceAccount},
};
use axum::{
    extract::{Path, State},
    http::StatusCode,
};
use maud::{Markup, html};
use std::collections::HashMap;

/// Things of a review whose words are read at once.
const PIECE: i64 = 500;

pub(super) fn doors(room: Doors) -> Doors {
    room.door(
        get("/access-reviews/{id}/apply", show)
            .summary("What doing what was decided in a review would do, and to which keys")
            .needs(NEED)
            .part::<AccessReviewId>("id")
            .answers_as(200, HTML),
    )
    .door(
        post("/access-reviews/{id}/apply", make)
            .summary("Do what was decided in a review, as it was looked at")
            .needs(NEED)
            .part::<AccessReviewId>("id")
            .tells(&told_of_reviews())
            .answers_as(200, HTML),
    )
}

/// `GET /console/access-reviews/{id}/apply`: each change is made and undone.
async fn show(State(app): State<App>, Path(id): Path<AccessReviewId>, desk: Desk) -> Answer {
    page((&app, &desk, &id), None).await
}

async fn page((app, desk, id): (&App, &Desk, &AccessReviewId), notice: Option<String>) -> Answer {
    let (review, _) = app.access_review(&desk.ctx, id).await?;
    let preview = match app.preview_access_review(&desk.ctx, id).await {
        Ok(preview) => preview,
        Err(error @ Error::Conflict { .. }) => {
            let said = told(error)?;
            let body = html! { (head(&review)) div class="notice bad" role="alert" { p { (said) } } };
            return Ok(Page::new(desk, Place::Reviews, &review.name, body).respond(StatusCode::CONFLICT));
        }
        Err(error) => return Err(error.into()),
    };
    let about = all_about(app, desk, id).await?;
    let names = app.names(&desk.ctx, []).await?;
    let machines = machines(app, desk).await?;
    let shown = Shown { desk, review: &review, preview: &preview, about: &about, names: &names, machines: &machines };
    let status = if notice.is_some() { StatusCode::CONFLICT } else { StatusCode::OK };
    let body = html! {
        (head(&review))
        @if let Some(notice) = notice { div class="notice bad" role="alert" { p { (notice) } } }
        (shown.body())
    };
    Ok(Page::new(desk, Place::Reviews, "Do what was decided", body).respond(status))
}

fn head(review: &AccessReview) -> Markup {
    html! {
        p class="crumbs" { a href=(PATH) { "Access reviews" } " › " a href=(format!("{PATH}/{}", review.id)) dir="auto" { (review.name) } }
        h1 { "Do what was decided" }
        p class="lead" { "Each change is made by itself: one that is refused keeps no other back. What was used since the review looked is left alone." }
    }
}

/// What each proposal is about, and what was decided.
async fn all_about(app: &App, desk: &Desk, id: &AccessReviewId) -> Result<HashMap<String, ShownProposal>, Error> {
    let (mut all, mut after) = (HashMap::new(), String::new());
    loop {
        let some = app.review_proposals(&desk.ctx, id, (&after, PIECE)).await?;
        let Some(last) = some.last() else { return Ok(all) };
        after = last.id.to_string();
        all.extend(some.into_iter().map(|one| (one.id.to_string(), one)));
    }
}

struct Shown<'a> {
    desk: &'a Desk,
    review: &'a AccessReview,
    preview: &'a SeveralPreview,
    about: &'a HashMap<String, ShownProposal>,
    names: &'a Names,
    machines: &'a [ServiceAccount],
}

impl Shown<'_> {
    fn body(&self) -> Markup {
        let all = &self.preview.changes;
        let keys: usize = all.iter().map(|change| change.keys.len()).sum();
        let back = format!("{PATH}/{}", self.review.id);
        html! {
            @if all.is_empty() {
                (empty("Nothing is to be done", &html! { p { "Nothing that was decided asks for a change." } p { a class="button second" href=(back) { "Back to the review" } } }))
            } @else {
                @if keys > 0 {
                    div class="notice" role="status" { p { strong { (keys) @if keys == 1 { " API key is touched" } @else { " API keys are touched" } } ": choose for each below what becomes of it." } }
                }
                form method="post" action=(format!("{back}/apply")) {
                    (self.desk.token())
                    input type="hidden" name="preview" value=(self.preview.token);
                    @for change in all { (self.change(change)) }
                    div class="acts" {
                        button type="submit" class="harm" { "Do it: " (all.len()) @if all.len() == 1 { " change" } @else { " changes" } }
                        a class="button second" href=(back) { "Cancel" }
                    }
                }
            }
        }
    }

    fn change(&self, change: &PreviewedChange) -> Markup {
        let form = KeyForm {
            machines: self.machines,
            names: self.names,
            now: self.desk.ctx.now,
            deletes: change.unless_said == Choice::Delete,
            since: None,
        };
        html! {
            section class="card" {
                (title(self.about.get(&change.about)))
                @if let Some(refused) = &change.refused { p { span class="state bad" { "Cannot be done" } " " (as_sentence(&refused.detail)) } }
                @if !change.mirrored.is_empty() { p class="small" { "It ends " (change.mirrored.len()) " of their keys at Cast AI as well." } }
                @for key in &change.keys { (form.key(key)) }
            }
        }
    }
}

fn title(one: Option<&ShownProposal>) -> Markup {
    html! {
        @if let Some(one) = one {
            h2 class="long" dir="auto" { (one.about) }
            p class="quiet" {
                (super::finding::kind(&one.finding))
                @if let Some(decided) = &one.decided { ": " strong { (super::finding::decided(decided.verdict)) } }
            }
        } @else { h2 { "Something that is gone" } }
    }
}

/// `POST /console/access-reviews/{id}/apply`
async fn make(State(app): State<App>, Path(id): Path<AccessReviewId>, sent: Sent) -> Answer {
    let desk = &sent.desk;
    let keys = match choices(&sent) {
        Ok(keys) => keys,
        Err(notice) => return page((&app, desk, &id), Some(notice)).await,
    };
    let terms = KeyTerms { preview: sent.text("preview").to_owned(), keys, others: None };
    let made = match app.apply_access_review(&desk.ctx, &id, &terms).await {
        Ok(made) => made,
        Err(error @ (Error::Conflict { .. } | Error::Invalid { .. })) => {
            let notice = told(error)?;
            return page((&app, desk, &id), Some(notice)).await;
        }
        Err(error) => return Err(error.into()),
    };
    let (review, _) = app.access_review(&desk.ctx, &id).await?;
    let about = all_about(&app, desk, &id).await?;
    let ids = made.iter().filter_map(|one| one.outcome.as_ref().ok()).flatten();
    let ids: Vec<String> = ids.filter_map(|key| key.to.as_ref().map(ToString::to_string)).collect();
    let names = app.names(&desk.ctx, ids).await?;
    let done = made.iter().filter(|one| one.outcome.is_ok()).count();
    let body = html! {
        p class="crumbs" { a href=(PATH) { "Access reviews" } " › " a href=(format!("{PATH}/{id}")) dir="auto" { (review.name) } }
        h1 { (done) " of " (made.len()) " done" }
        @for one in &made { (became(one, &about, &names)) }
        p class="pager" { a class="button" href=(format!("{PATH}/{id}")) { "Back to the review" } }
    };
    Ok(Page::new(desk, Place::Reviews, "What was decided is done", body).ok())
}

fn became(one: &ChangeOutcome, about: &HashMap<String, ShownProposal>, names: &Names) -> Markup {
    html! {
        section class="card" role="status" {
            (title(about.get(&one.about)))
            @match &one.outcome {
                Ok(keys) => {
                    p { span class="state good" { "Done" } }
                    @if !keys.is_empty() { ul class="rows plain" { @for key in keys { (outcome(key, names)) } } }
                },
                Err(refused) => p { span class="state bad" { "Not done" } " " (as_sentence(&refused.detail)) },
            }
        }
    }
}
