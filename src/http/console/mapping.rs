//! The mapping: its text with what is wrong under its line, and beside it what publishing it would do to people.

use super::{
    HTML,
    desk::{Answer, Desk, Sent},
    flash::Said,
    frame::{Page, Place},
    guard::told,
    role_changes,
    times::when,
    words::{place, reason, role_name},
};
use crate::{
    app::{App, Draft, Error, MappingPlan, Names, Publication, RoleChange, Seen, text_revision},
    http::{
        doors::{Doors, get, post},
        login::see_other,
    },
    mapping::{Diagnostic, Severity},
    model::{Capability, EventKind},
    plan::{PersonChange, Shift},
    store::MappingVersion,
};
use axum::{
    extract::{Query, State},
    http::StatusCode,
    response::{Html, IntoResponse as _},
};
use maud::{Markup, html};

const PATH: &str = "/console/mapping";
/// People of a plan that are shown one by one.
const MOST_SHOWN: usize = 60;
/// What somebody begins with.
const BEGINNING: &str = "# Who gets which role, and where. Nothing changes before you publish.
default: viewer
rules:
  - name: owners
    groups: [castai-owners]
    grant: owner
";

pub(super) fn doors(room: Doors) -> Doors {
    let need = Capability::ManageOrganization;
    let page = |path, handler, what| post(path, handler).summary(what).needs(need).answers_as(200, HTML);
    room.door(
        get("/mapping", show)
            .summary("The mapping: its draft, what is wrong with it")
            .needs(need)
            .answers_as(200, HTML),
    )
    .door(
        post("/mapping/check", check)
            .summary("What is wrong with a text and what it would do, as a piece of the page")
            .needs(need)
            .answers_as(200, HTML),
    )
    .door(post("/mapping/plan", plan).summary("What publishing a text would do").needs(need).answers_as(200, HTML))
    .door(
        post("/mapping/draft", draft)
            .summary("Keep a draft of the mapping")
            .needs(need)
            .tells(&[EventKind::MappingDrafted])
            .answers_as(303, HTML),
    )
    .door(page("/mapping/publish", publish, "What publishing would do to API keys; the confirmation comes next"))
}

/// The page's parts: the text as it stands in the editor, and what is said of it.
struct Shown<'a> {
    desk: &'a Desk,
    text: &'a str,
    /// The revision of the draft that is being edited; nothing: there is none yet.
    seen: String,
    version: Option<&'a MappingVersion>,
    found: Markup,
    notice: Option<String>,
    names: &'a Names,
}

/// `GET /console/mapping`
async fn show(State(app): State<App>, desk: Desk, Query(said): Query<Said>) -> Answer {
    page((&app, &desk), None, (&said, None), StatusCode::OK).await
}

async fn page(
    (app, desk): (&App, &Desk),
    typed: Option<(&str, &str)>,
    (said, notice): (&Said, Option<String>),
    status: StatusCode,
) -> Answer {
    let (draft, version) = app.mapping(&desk.ctx).await?;
    let kept = draft.as_deref().or(version.as_ref().map(|version| version.text.as_str())).unwrap_or(BEGINNING);
    let seen = draft.as_deref().map(text_revision).unwrap_or_default();
    let (text, seen) = match typed {
        Some((text, seen)) => (text, seen.to_owned()),
        None => (kept, seen),
    };
    let found = found(app, desk, text).await?;
    let actor = version.iter().flat_map(|version| version.author.split_whitespace().map(str::to_owned));
    let names = app.names(&desk.ctx, actor.collect::<Vec<_>>()).await?;
    let shown = Shown { desk, text, seen, version: version.as_ref(), found, notice, names: &names };
    Ok(Page::new(desk, Place::Mapping, "Mapping", shown.body()).saying(said).respond(status))
}

/// What is wrong with a text; where nothing forbids it, what it would do.
async fn found(app: &App, desk: &Desk, text: &str) -> Result<Markup, super::desk::Failed> {
    let checked = app.check_mapping(&desk.ctx, text).await?;
    let plan = match checked.mapping {
        None => None,
        Some(_) => Some(app.plan_mapping(&desk.ctx, text).await),
    };
    let names = app.names(&desk.ctx, []).await?;
    Ok(html! {
        (findings(&checked.diagnostics))
        @match plan {
            None => p class="quiet" { "What it would do is shown when nothing is wrong with it." },
            Some(Ok(plan)) => (planned(&plan, &names)),
            Some(Err(error)) => div class="notice bad" { p { strong { "It cannot be published. " } (refused(error)?) } },
        }
    })
}

fn refused(error: Error) -> Result<String, super::desk::Failed> {
    told(error)
}

impl Shown<'_> {
    fn body(&self) -> Markup {
        html! {
            div class="head" {
                div {
                    h1 { "Mapping" }
                    p class="lead" {
                        "Rules that turn what providers say into roles. "
                        @match self.version {
                            Some(version) => {
                                "Version " (version.version) " is in force since " (when(version.published_at, self.desk.ctx.now))
                                ", published by " (super::words::actor(&version.author, self.names)) "."
                            },
                            None => "None is in force yet.",
                        }
                    }
                }
            }
            @if let Some(notice) = &self.notice { div class="notice bad" role="alert" { p { (notice) } } }
            div class="two" {
                section class="card" aria-labelledby="text" {
                    form method="post" action=(format!("{PATH}/publish")) {
                        (self.desk.token())
                        input type="hidden" name="seen" value=(self.seen);
                        h2 id="text" { "Rules" }
                        label class="unseen" for="mapping" { "The mapping, as YAML" }
                        textarea id="mapping" name="text" class="editor" rows="22" spellcheck="false" autocapitalize="none" autocomplete="off"
                            wrap="off" data-check=(format!("{PATH}/check")) data-into="found" { "\n" (self.text) }
                        div class="acts" {
                            button type="submit" { "Publish…" }
                            button type="submit" class="second" formaction=(format!("{PATH}/plan")) { "Check and plan" }
                            button type="submit" class="second" formaction=(format!("{PATH}/draft")) { "Save the draft" }
                        }
                    }
                }
                section class="card" aria-labelledby="plan" {
                    h2 id="plan" { "What it would do" }
                    div id="found" aria-live="polite" { (self.found) }
                }
            }
        }
    }
}

/// Each finding at its line, with the line itself and where in it.
fn findings(all: &[Diagnostic]) -> Markup {
    let errors = all.iter().filter(|one| one.severity == Severity::Error).count();
    html! {
        @if all.is_empty() { p { span class="state good" { "Nothing is wrong with it" } } }
        @else {
            p {
                @if errors > 0 { span class="state bad" { (errors) @if errors == 1 { " mistake" } @else { " mistakes" } } " " }
                @if all.len() > errors { span class="state wait" { (all.len() - errors) @if all.len() - errors == 1 { " warning" } @else { " warnings" } } }
            }
            ul class="findings" {
                @for one in all {
                    li {
                        p {
                            strong { "Line " (one.line) ", column " (one.column) }
                            ": " (one.message)
                        }
                        @if !one.excerpt.is_empty() {
                            @let at = one.excerpt.char_indices().nth(one.caret).map_or(one.excerpt.len(), |(place, _)| place);
                            @let (before, after) = one.excerpt.split_at(at);
                            pre { (before) mark { (after) @if after.is_empty() { " " } } }
                        }
                        @if let Some(help) = &one.help { p class="hint" { (help) } }
                    }
                }
            }
        }
    }
}

/// Who gains, who loses, which keys carry less, whether an owner is left.
fn planned(plan: &MappingPlan, names: &Names) -> Markup {
    let impact = &plan.impact;
    html! {
        p {
            strong { (impact.gaining()) " gain, " (impact.losing()) " lose" } " of " (impact.looked_at) " people looked at; "
            (impact.keys()) " API keys carry less."
            @if !impact.owner_left { " " span class="state bad" { "No owner is left but the one that the floor keeps" } }
        }
        @if impact.people.is_empty() { p class="quiet" { "Nobody’s access changes." } }
        @else {
            ul class="rows plain" { @for person in impact.people.iter().take(MOST_SHOWN) { (moved(person, names)) } }
            @if impact.people.len() > MOST_SHOWN { p class="quiet" { "and " (impact.people.len() - MOST_SHOWN) " more people." } }
        }
    }
}

fn moved(person: &PersonChange, names: &Names) -> Markup {
    let each = |sign: &'static str, all: &[Shift], class: &'static str| {
        html! {
            @for shift in all {
                p class=(format!("small {class}")) { (sign) " " (role_name(&shift.role, names)) " of " (place(&shift.scope, names)) }
                @if let Some(via) = shift.by.first() { p class="quiet small" { (reason(via, names)) } }
            }
        }
    };
    html! {
        li {
            div {
                p class="title long" { a href=(format!("/console/members/{}", person.user)) dir="auto" { (person.label) } }
                @if person.keys > 0 { p class="quiet small" { (person.keys) @if person.keys == 1 { " key carries less" } @else { " keys carry less" } } }
            }
            div { (each("gains", &person.gains, "plus")) (each("loses", &person.loses, "minus")) }
        }
    }
}

/// Line ends as the mapping has them: browsers send two letters for each.
fn typed(sent: &Sent) -> String {
    sent.raw("text").replace("\r\n", "\n")
}

/// `POST /console/mapping/check`: what the page asks for while somebody types.
async fn check(State(app): State<App>, sent: Sent) -> Answer {
    let found = found(&app, &sent.desk, &typed(&sent)).await?;
    Ok(Html(found.into_string()).into_response())
}

/// `POST /console/mapping/plan`: the same without script.
async fn plan(State(app): State<App>, sent: Sent) -> Answer {
    let text = typed(&sent);
    page((&app, &sent.desk), Some((&text, sent.text("seen"))), (&Said::default(), None), StatusCode::OK).await
}

/// `POST /console/mapping/draft`
async fn draft(State(app): State<App>, sent: Sent) -> Answer {
    let text = typed(&sent);
    let seen = match sent.text("seen") {
        "" => Draft::Unsaid,
        seen => Draft::This(Seen(vec![seen.to_owned()])),
    };
    match app.replace_draft(&sent.desk.ctx, &text, &seen).await {
        Ok(_) => Ok(see_other(&format!("{PATH}?said=drafted"))),
        Err(error) => {
            let notice = match error {
                Error::Stale | Error::Unseen => {
                    "Somebody else saved a draft since you began. Yours is below and not lost: open the page in another window to compare.".to_owned()
                }
                error => told(error)?,
            };
            let typed = Some((text.as_str(), sent.text("seen")));
            page((&app, &sent.desk), typed, (&Said::default(), Some(notice)), StatusCode::CONFLICT).await
        }
    }
}

/// `POST /console/mapping/publish`: the text is looked at with the keys that it touches, and confirmed there.
async fn publish(State(app): State<App>, sent: Sent) -> Answer {
    let text = typed(&sent);
    if app.check_mapping(&sent.desk.ctx, &text).await?.mapping.is_none() {
        let notice = Some("The mapping has mistakes: nothing was published.".to_owned());
        let typed = Some((text.as_str(), sent.text("seen")));
        return page((&app, &sent.desk), typed, (&Said::default(), notice), StatusCode::CONFLICT).await;
    }
    role_changes::preview(&app, &sent.desk, &RoleChange::Publish(Publication::of(&text)), None, None).await
}
