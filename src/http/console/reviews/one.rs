//! One review: what it found, each with its evidence and the decision about it.

use super::{NEED, PATH, bar, finding};
use crate::{
    app::{App, Error, Names, ReviewDecision, ShownProposal},
    http::{
        console::{
            HTML, ROWS,
            desk::{Answer, Desk, Sent},
            flash::Said,
            frame::{Page, Place},
            guard::told,
            parts::{Asked, address, empty, press},
            times::{prose, when},
            words::actor,
        },
        doors::{Doors, get, post},
        login::see_other,
    },
    model::{AccessReview, AccessReviewId, EventKind, Instant, ProposalId, ReviewProgress, Verdict},
};
use axum::{
    extract::{Path, Query, State},
    http::StatusCode,
};
use maud::{Markup, html};
use serde::Deserialize;

pub(super) fn doors(room: Doors) -> Doors {
    room.door(
        get("/access-reviews/{id}", show)
            .summary("One access review: what it found, and what was decided")
            .needs(NEED)
            .part::<AccessReviewId>("id")
            .answers_as(200, HTML),
    )
    .door(
        post("/access-reviews/{id}/decisions", decide)
            .summary("Decide about one or several things that a review found")
            .needs(NEED)
            .part::<AccessReviewId>("id")
            .tells(&[EventKind::ReviewDecided])
            .answers_as(303, HTML),
    )
    .door(
        post("/access-reviews/{id}/close", close)
            .summary("Close a review: what was not decided stays as it is")
            .needs(NEED)
            .part::<AccessReviewId>("id")
            .tells(&[EventKind::ReviewClosed])
            .answers_as(303, None),
    )
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Wanted {
    after: Option<String>,
}

/// `GET /console/access-reviews/{id}`
async fn show(
    State(app): State<App>,
    Path(id): Path<AccessReviewId>,
    desk: Desk,
    Query(Wanted { after }): Query<Wanted>,
    Query(said): Query<Said>,
) -> Answer {
    page((&app, &desk, &id), after.as_deref(), (&said, None)).await
}

async fn page(
    (app, desk, id): (&App, &Desk, &AccessReviewId),
    after: Option<&str>,
    (said, notice): (&Said, Option<String>),
) -> Answer {
    let ctx = &desk.ctx;
    let (review, progress) = app.access_review(ctx, id).await?;
    let path = format!("{PATH}/{id}");
    let asked = Asked::read((app, ctx), &path, (None, after), &[])?;
    let mut proposals =
        app.review_proposals(ctx, id, (&asked.after, i64::try_from(ROWS + 1).unwrap_or(i64::MAX))).await?;
    let is_more = proposals.len() > ROWS;
    proposals.truncate(ROWS);
    let next = proposals.last().filter(|_| is_more).map(|last| last.id.to_string());
    let ids = proposals.iter().flat_map(|one| {
        let by = one.decided.iter().map(|decided| decided.by.as_str()).chain(one.applied_by.as_deref());
        let words: Vec<String> = by.flat_map(str::split_whitespace).map(str::to_owned).collect();
        finding::ids(&one.finding).into_iter().chain(words)
    });
    let authors = [review.created_by.as_str(), review.closed.as_ref().map_or("", |(_, by)| by.as_str())];
    let authors = authors.iter().flat_map(|text| text.split_whitespace()).map(str::to_owned);
    let names = app.names(ctx, ids.chain(authors).collect::<Vec<_>>()).await?;
    let shown = Shown { desk, review: &review, progress: &progress, names: &names, after: after.unwrap_or_default() };
    let status = if notice.is_some() { StatusCode::CONFLICT } else { StatusCode::OK };
    let body = html! {
        (shown.head())
        @if let Some(notice) = notice { div class="notice bad" role="alert" { p { (notice) } } }
        @for gap in &review.gaps { div class="notice" { p { (prose(gap)) } } }
        @if proposals.is_empty() {
            (empty("Nothing was found", &html! { p { "Everything that there is was used lately, as far as that is recorded." } }))
        } @else {
            @if review.closed.is_none() { (shown.several()) }
            ul class="rows decisions" { @for one in &proposals { (shown.row(one)) } }
            (asked.pager(&path, next.as_deref())?)
        }
        p class="quiet small" {
            "Uses are those that castgate recorded: sessions and keys that it let in, and capabilities that it weighed. What a service decides by roles that it reads out of a token is not recorded."
        }
    };
    Ok(Page::new(desk, Place::Reviews, &review.name, body).saying(said).respond(status))
}

/// What every part of the page needs.
struct Shown<'a> {
    desk: &'a Desk,
    review: &'a AccessReview,
    progress: &'a ReviewProgress,
    names: &'a Names,
    /// Where the page begins, as the address says it.
    after: &'a str,
}

impl Shown<'_> {
    fn now(&self) -> Instant {
        self.desk.ctx.now
    }

    fn path(&self, verb: &str) -> String {
        format!("{PATH}/{}/{verb}", self.review.id)
    }

    fn head(&self) -> Markup {
        let evidence = |format: &str| format!("/api/v1/access-reviews/{}/evidence?format={format}", self.review.id);
        let by = |text: &str| html! { span dir="auto" { (actor(text, self.names)) } };
        html! {
            p class="crumbs" { a href=(PATH) { "Access reviews" } }
            div class="head" {
                div {
                    h1 class="long" dir="auto" { (self.review.name) }
                    p class="lead" {
                        "Begun " (when(self.review.created_at, self.now())) " by " (by(&self.review.created_by)) "."
                        @if let Some((at, who)) = &self.review.closed { " Closed " (when(*at, self.now())) " by " (by(who)) "." }
                    }
                }
                div class="acts" {
                    @if self.review.closed.is_none() && self.progress.to_apply > 0 {
                        a class="button" href=(self.path("apply")) { "Do what was decided…" }
                    }
                    @if self.review.closed.is_none() { (press(self.desk, &self.path("close"), "second", "Close the review", &[])) }
                }
            }
            section class="card summary" aria-label="How far it is" {
                (bar(self.progress, self.review.closed.is_some()))
                p class="small" { "Evidence: " a href=(evidence("csv")) download="" { "as CSV" } " · " a href=(evidence("json")) download="" { "as JSON" } }
            }
        }
    }

    /// The form that the boxes belong to.
    fn several(&self) -> Markup {
        html! {
            form id="several" class="several" data-several="" method="post" action=(self.path("decisions")) {
                (self.desk.token())
                input type="hidden" name="after" value=(self.after);
                label for="several-verdict" { "Decide about those selected" }
                select id="several-verdict" name="verdict" class="little" {
                    @for verdict in Verdict::ALL { option value=(verdict.name()) { (finding::button(verdict)) } }
                }
                label class="unseen" for="several-note" { "Why" }
                input id="several-note" name="note" type="text" class="little" maxlength="500" placeholder="Why" autocomplete="off";
                button type="submit" class="second little" { "Decide" }
                span class="quiet small" data-count="" role="status" {}
            }
        }
    }

    fn is_own(&self, one: &ShownProposal) -> bool {
        let own = self.desk.ctx.actor.user().map(ToString::to_string);
        own.is_some_and(|own| one.finding.subjects().contains(&own))
    }

    fn row(&self, one: &ShownProposal) -> Markup {
        let is_open = self.review.closed.is_none() && one.applied_at.is_none() && !self.is_own(one);
        let words: Vec<&str> = one.verdicts.iter().map(|verdict| verdict.name()).collect();
        html! {
            li {
                @if is_open {
                    label class="pick" {
                        span class="unseen" { "Select " (one.about) }
                        input type="checkbox" name="id" form="several" value=(format!("{} {}", one.id, words.join(" ")));
                    }
                } @else { span class="pick" {} }
                div class="what" {
                    p class="quiet small" { (finding::kind(&one.finding)) }
                    p class="title long" dir="auto" { (one.about) }
                    p class="small" { (finding::evidence(&one.finding, self.names, self.now())) }
                    (self.came_of(one))
                }
                @if is_open { (self.decide(one)) }
                @else if self.is_own(one) && self.review.closed.is_none() && one.applied_at.is_none() {
                    p class="quiet small" { "It is about you: somebody else decides." }
                }
            }
        }
    }

    fn came_of(&self, one: &ShownProposal) -> Markup {
        let by = |text: &str| html! { span dir="auto" { (actor(text, self.names)) } };
        html! {
            @if let Some(decided) = &one.decided {
                p class="small" {
                    span class=(if one.applied_at.is_some() || decided.verdict == Verdict::Keep { "state good" } else { "state wait" }) { (finding::decided(decided.verdict)) }
                    " " span class="quiet" { "decided " (when(decided.at, self.now())) " by " (by(&decided.by)) }
                }
                @if !decided.note.is_empty() { p class="small long" dir="auto" { "“" (decided.note) "”" } }
            }
            @if let (Some(at), Some(who)) = (one.applied_at, &one.applied_by) { p class="quiet small" { "done " (when(at, self.now())) " by " (by(who)) } }
        }
    }

    fn decide(&self, one: &ShownProposal) -> Markup {
        let now = one.decided.as_ref().map(|decided| decided.verdict);
        let named = |words: &str| html! { (words) span class="unseen" { ": " (one.about) } };
        html! {
            form class="verdicts" method="post" action=(self.path("decisions")) {
                (self.desk.token())
                input type="hidden" name="id" value=(one.id);
                input type="hidden" name="after" value=(self.after);
                div class="acts" {
                    @for verdict in &one.verdicts {
                        button type="submit" name="verdict" value=(verdict.name()) aria-pressed=[(now == Some(*verdict)).then_some("true")]
                            class=(if *verdict == Verdict::Keep { "second little" } else { "danger little" }) { (named(finding::button(*verdict))) }
                    }
                    @if now.is_some() { button type="submit" name="verdict" value="" class="second little" { (named("Undecide")) } }
                }
                label class="unseen" for=(format!("note-{}", one.id)) { "Why, about " (one.about) }
                input id=(format!("note-{}", one.id)) name="note" type="text" class="little" maxlength="500" placeholder="Why (optional)" autocomplete="off"
                    value=(one.decided.as_ref().map(|decided| decided.note.as_str()).unwrap_or_default());
            }
        }
    }
}

/// `POST /console/access-reviews/{id}/decisions`. Of several those are decided for which the verdict is one.
async fn decide(State(app): State<App>, Path(id): Path<AccessReviewId>, sent: Sent) -> Answer {
    let desk = &sent.desk;
    let verdict = match sent.text("verdict") {
        "" => None,
        word => Some(
            Verdict::ALL
                .into_iter()
                .find(|verdict| verdict.name() == word)
                .ok_or_else(|| Error::invalid("verdict", "choose what is to be done"))?,
        ),
    };
    let note = sent.text("note");
    let (mut decisions, mut unfit) = (Vec::new(), 0_usize);
    for value in sent.all("id") {
        let mut words = value.split_whitespace();
        let Some(proposal) = words.next().and_then(|id| id.parse::<ProposalId>().ok()) else { continue };
        // The boxes say what fits; a form of one says nothing, and `app` decides in any case.
        let fits: Vec<&str> = words.collect();
        if verdict.is_some_and(|verdict| !fits.is_empty() && !fits.contains(&verdict.name())) {
            unfit += 1;
            continue;
        }
        decisions.push(ReviewDecision { proposal, verdict, note: note.to_owned() });
    }
    let after = Some(sent.text("after"));
    if decisions.is_empty() {
        desk.needs(NEED)?;
        let notice = match unfit {
            0 => "Nothing is selected: choose what it is about first.",
            _ => "That cannot be decided about what is selected: an invitation, say, can be removed and not suspended.",
        };
        return page((&app, desk, &id), after, (&Said::default(), Some(notice.to_owned()))).await;
    }
    match app.decide_in_review(&desk.ctx, &id, &decisions).await {
        Ok(_) if unfit > 0 => {
            let notice = format!("{} decided; about {unfit} that cannot be decided.", decisions.len());
            page((&app, desk, &id), after, (&Said::default(), Some(notice))).await
        }
        Ok(_) => {
            let to = address(&format!("{PATH}/{id}"), &[("after", sent.text("after")), ("said", "decided")]);
            Ok(see_other(&to))
        }
        Err(error @ (Error::Conflict { .. } | Error::Invalid { .. })) => {
            let notice = told(error)?;
            page((&app, desk, &id), after, (&Said::default(), Some(notice))).await
        }
        Err(error) => Err(error.into()),
    }
}

/// `POST /console/access-reviews/{id}/close`
async fn close(State(app): State<App>, Path(id): Path<AccessReviewId>, sent: Sent) -> Answer {
    app.close_access_review(&sent.desk.ctx, &id).await?;
    Ok(see_other(&format!("{PATH}/{id}?said=review-closed")))
}
