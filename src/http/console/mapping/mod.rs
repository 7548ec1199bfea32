//! The mapping: its text with what is wrong under its line, beside it what publishing it would do to people; and its history.
//!
//! The text is the truth. Publishing goes by a plan that was made of it: what has become worse since is refused, and says what.

mod found;
mod history;
mod person;
mod rule_form;

use super::{
    HTML,
    desk::{Answer, Desk, Sent},
    flash::Said,
    frame::{Page, Place},
    guard::told,
    role_changes,
    times::when,
    words::actor,
};
use crate::{
    app::{App, Draft, Error, Names, Publication, RoleChange, Seen, text_revision},
    http::doors::{Doors, get, post},
    mapping::{NotWritten, without_rule},
    model::{Capability, Cluster, CustomRole, EventKind},
    store::MappingVersion,
};
use axum::{
    extract::{Query, State},
    http::StatusCode,
    response::{Html, IntoResponse as _},
};
use found::{found, planned};
use maud::{Markup, html};
use rule_form::{RuleForm, listed};

const PATH: &str = "/console/mapping";
/// What these pages take.
const NEED: Capability = Capability::ManageOrganization;
/// Why nothing goes on while a form holds more than the text does.
const UNWRITTEN: &str = "The form below holds a rule that is not in the text yet, and nothing of it is lost. Write it into the text, or empty the form; then go on.";
/// What somebody begins with.
const BEGINNING: &str = "# Who gets which role, and where. Nothing changes before you publish.
default: viewer
rules:
  - name: owners
    groups: [castai-owners]
    grant: owner
";

pub(super) fn doors(room: Doors) -> Doors {
    let room = room
        .door(
            get("/mapping", show)
                .summary("The mapping: its draft, what is wrong with it")
                .needs(NEED)
                .answers_as(200, HTML),
        )
        .door(
            post("/mapping/check", check)
                .summary("What is wrong with a text and what it would do, as a piece of the page")
                .needs(NEED)
                .answers_as(200, HTML),
        )
        .door(post("/mapping/plan", plan).summary("What publishing a text would do").needs(NEED).answers_as(200, HTML))
        .door(
            post("/mapping/draft", draft)
                .summary("Keep a draft of the mapping")
                .needs(NEED)
                .tells(&[EventKind::MappingDrafted])
                .answers_as(200, HTML),
        )
        .door(
            post("/mapping/rule", add_rule)
                .summary("Write a rule into the text by a form, as a new one or in its place; nothing is published")
                .needs(NEED)
                .answers_as(200, HTML),
        )
        .door(
            post("/mapping/rule/open", open_rule)
                .summary("A rule of the text as a form; nothing is changed")
                .needs(NEED)
                .answers_as(200, HTML),
        )
        .door(
            post("/mapping/rule/remove", remove_rule)
                .summary("Take a rule out of the text by a button; nothing is published")
                .needs(NEED)
                .answers_as(200, HTML),
        )
        .door(
            post("/mapping/publish", publish)
                .summary("What publishing would do to API keys; the confirmation comes next")
                .needs(NEED)
                .answers_as(200, HTML),
        );
    history::doors(room)
}

/// What stands in the form's fields.
#[derive(Debug, Clone, Default)]
struct Typed {
    text: String,
    /// The revision of the draft that is being edited; nothing: there is none yet.
    seen: String,
    /// Whom the rules are asked about.
    person: String,
    /// Why, for whoever reads the history.
    reason: String,
    /// The form of a rule that is not written into the text yet.
    rule: RuleForm,
}

impl Typed {
    fn of(sent: &Sent) -> Self {
        let text = |name: &str| sent.text(name).to_owned();
        // Line ends as the mapping has them: browsers send two letters for each.
        let whole = sent.raw("text").replace("\r\n", "\n");
        Self {
            text: whole,
            seen: text("seen"),
            person: text("person"),
            reason: text("reason"),
            rule: RuleForm::of(sent),
        }
    }
}

/// The page's parts: what stands in the editor, and what is said of it.
struct Shown<'a> {
    desk: &'a Desk,
    typed: Typed,
    version: Option<&'a MappingVersion>,
    found: Markup,
    notice: Option<String>,
    names: &'a Names,
    custom: &'a [CustomRole],
    clusters: &'a [Cluster],
}

/// `GET /console/mapping`
async fn show(State(app): State<App>, desk: Desk, Query(said): Query<Said>) -> Answer {
    page((&app, &desk), None, (&said, None), StatusCode::OK).await
}

async fn page(
    (app, desk): (&App, &Desk),
    typed: Option<Typed>,
    (said, notice): (&Said, Option<String>),
    status: StatusCode,
) -> Answer {
    let (draft, version) = app.mapping(&desk.ctx).await?;
    let kept = draft.as_deref().or(version.as_ref().map(|version| version.text.as_str())).unwrap_or(BEGINNING);
    let seen = draft.as_deref().map(text_revision).unwrap_or_default();
    let typed = typed.unwrap_or_else(|| Typed { text: kept.to_owned(), seen, ..Typed::default() });
    let found = found(app, desk, &typed.text, &typed.person).await?;
    let author = version.iter().flat_map(|version| version.author.split_whitespace().map(str::to_owned));
    let names = app.names(&desk.ctx, author.collect::<Vec<_>>()).await?;
    let custom = app.custom_roles(&desk.ctx).await?;
    let clusters = if desk.can(Capability::ViewClusters) { app.clusters(&desk.ctx).await? } else { Vec::new() };
    let version = version.as_ref();
    let shown = Shown { desk, typed, version, found, notice, names: &names, custom: &custom, clusters: &clusters };
    Ok(Page::new(desk, Place::Mapping, "Mapping", shown.body()).saying(said).respond(status))
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
                                ", published by " span dir="auto" { (actor(&version.author, self.names)) } "."
                            },
                            None => "None is in force yet.",
                        }
                    }
                }
            }
            (history::tabs(false))
            @if let Some(notice) = &self.notice { div class="notice bad" role="alert" { p { (notice) } } }
            div class="two" { (self.editor()) (self.beside()) }
        }
    }

    fn editor(&self) -> Markup {
        let Typed { text, seen, reason, .. } = &self.typed;
        html! {
            section class="card" aria-labelledby="text" {
                form id="editor" method="post" action=(format!("{PATH}/publish")) {
                    (self.desk.token())
                    input type="hidden" name="seen" value=(seen);
                    h2 id="text" { "Rules" }
                    label class="unseen" for="mapping" { "The mapping, as YAML" }
                    textarea id="mapping" name="text" class="editor" rows="22" spellcheck="false" autocapitalize="none" autocomplete="off"
                        wrap="off" data-check=(format!("{PATH}/check")) data-into="found" { "\n" (text) }
                    div class="field" {
                        label for="reason" { "Why it changes " span class="quiet" { "(optional)" } }
                        input id="reason" name="reason" type="text" maxlength="500" value=(reason) autocomplete="off" aria-describedby="reason-hint";
                        p id="reason-hint" class="hint" { "It stands beside the version in the history." }
                    }
                    div class="acts" {
                        button type="submit" { "Publish…" }
                        button type="submit" class="second" formaction=(format!("{PATH}/plan")) { "Check and plan" }
                        button type="submit" class="second" formaction=(format!("{PATH}/draft")) { "Save the draft" }
                    }
                }
                (self.typed.rule.fields((self.custom, self.clusters)))
                details class="more" {
                    summary { "Change or take out a rule by a form" }
                    div id="rules" { (listed(text)) }
                }
            }
        }
    }

    fn beside(&self) -> Markup {
        html! {
            section class="card" aria-labelledby="plan" {
                h2 id="plan" { "What it would do" }
                div class="field" {
                    label for="person" { "Ask about one person" }
                    div class="hold" {
                        input id="person" name="person" type="text" form="editor" maxlength="320" value=(self.typed.person) autocapitalize="none"
                            autocomplete="off" spellcheck="false" data-asks="" aria-describedby="person-hint";
                        button type="submit" class="second" form="editor" formaction=(format!("{PATH}/plan")) { "Ask" }
                    }
                    p id="person-hint" class="hint" { "An address or a name: why these rules give them what they give, and why not more." }
                }
                div id="found" aria-live="polite" { (self.found) }
            }
        }
    }
}

/// `POST /console/mapping/check`: what the page asks for while somebody types.
async fn check(State(app): State<App>, sent: Sent) -> Answer {
    let Typed { text, person, .. } = Typed::of(&sent);
    let found = found(&app, &sent.desk, &text, &person).await?;
    let piece = html! { (found) div data-for="rules" hidden { (listed(&text)) } };
    Ok(Html(piece.into_string()).into_response())
}

/// `POST /console/mapping/plan`: the same without script.
async fn plan(State(app): State<App>, sent: Sent) -> Answer {
    page((&app, &sent.desk), Some(Typed::of(&sent)), (&Said::default(), None), StatusCode::OK).await
}

/// `POST /console/mapping/rule`: the page again, with the rule in the text.
async fn add_rule(State(app): State<App>, sent: Sent) -> Answer {
    let typed = Typed::of(&sent);
    match typed.rule.clone().into_text(&typed.text) {
        Ok(text) => again(&app, &sent, (Typed { text, rule: RuleForm::default(), ..typed }, None)).await,
        Err(problem) => again(&app, &sent, (typed, Some(problem.to_string()))).await,
    }
}

/// `POST /console/mapping/rule/open`: the page again, with one of the text's rules in the form. What stands there is not lost.
async fn open_rule(State(app): State<App>, sent: Sent) -> Answer {
    let (typed, name) = (Typed::of(&sent), sent.raw("rule_open"));
    if typed.rule.is_unwritten(&typed.text) && typed.rule.is_of() != Some(name) {
        return again(&app, &sent, (typed, Some(UNWRITTEN.to_owned()))).await;
    }
    match RuleForm::in_text(&typed.text, name) {
        Some(rule) => again(&app, &sent, (Typed { rule, ..typed }, None)).await,
        None => again(&app, &sent, (typed, Some(NotWritten::NotThere(name.to_owned()).to_string()))).await,
    }
}

/// `POST /console/mapping/rule/remove`: the page again, without the rule in the text.
async fn remove_rule(State(app): State<App>, sent: Sent) -> Answer {
    let (typed, name) = (Typed::of(&sent), sent.raw("rule_remove"));
    match without_rule(name, &typed.text) {
        Ok(text) => {
            let rule = typed.rule.clone().without(name, &typed.text);
            again(&app, &sent, (Typed { text, rule, ..typed }, None)).await
        }
        Err(problem) => again(&app, &sent, (typed, Some(problem.to_string()))).await,
    }
}

async fn again(app: &App, sent: &Sent, (typed, problem): (Typed, Option<String>)) -> Answer {
    let status = if problem.is_some() { StatusCode::BAD_REQUEST } else { StatusCode::OK };
    page((app, &sent.desk), Some(typed), (&Said::default(), problem), status).await
}

/// `POST /console/mapping/draft`: the page again, so that what stands in its other fields stays there.
async fn draft(State(app): State<App>, sent: Sent) -> Answer {
    let typed = Typed::of(&sent);
    let seen = match typed.seen.as_str() {
        "" => Draft::Unsaid,
        seen => Draft::This(Seen(vec![seen.to_owned()])),
    };
    match app.replace_draft(&sent.desk.ctx, &typed.text, &seen).await {
        Ok(_) => saved(&app, &sent, typed).await,
        Err(Error::Stale | Error::Unseen) => {
            // The same form, sent once more: whoever reloads the page has lost nothing.
            if app.mapping(&sent.desk.ctx).await?.0.as_deref() == Some(&typed.text) {
                return saved(&app, &sent, typed).await;
            }
            let notice = "Somebody else saved a draft since you began. Yours is below and not lost: open the page in another window to compare.";
            refused(&app, &sent, typed, notice.to_owned()).await
        }
        Err(error) => {
            let notice = told(error)?;
            refused(&app, &sent, typed, notice).await
        }
    }
}

async fn saved(app: &App, sent: &Sent, typed: Typed) -> Answer {
    let seen = text_revision(&typed.text);
    page((app, &sent.desk), Some(Typed { seen, ..typed }), (&Said::word("drafted"), None), StatusCode::OK).await
}

async fn refused(app: &App, sent: &Sent, typed: Typed, notice: String) -> Answer {
    page((app, &sent.desk), Some(typed), (&Said::default(), Some(notice)), StatusCode::CONFLICT).await
}

/// `POST /console/mapping/publish`: the text is looked at with the keys that it touches, and confirmed there.
async fn publish(State(app): State<App>, sent: Sent) -> Answer {
    let typed = Typed::of(&sent);
    // What stands in the form alone would be missing from what is published, and nobody would see it.
    if typed.rule.is_unwritten(&typed.text) {
        return refused(&app, &sent, typed, UNWRITTEN.to_owned()).await;
    }
    let problem = match app.check_mapping(&sent.desk.ctx, &typed.text).await?.mapping {
        None => Some("The mapping has mistakes: nothing was published.".to_owned()),
        Some(_) => worse(&app, &sent, &typed).await?,
    };
    if let Some(problem) = problem {
        return refused(&app, &sent, typed, problem).await;
    }
    confirm(&app, &sent.desk, (&typed.text, &typed.reason)).await
}

/// What has become worse since the plan that stood beside the text; nothing, where no plan of this very text stood there.
async fn worse(app: &App, sent: &Sent, typed: &Typed) -> Result<Option<String>, super::desk::Failed> {
    let Ok(plan) = sent.text("plan").parse() else { return Ok(None) };
    if sent.text("planned") != text_revision(&typed.text) {
        return Ok(None);
    }
    let publication = Publication { plan: Some(plan), ..Publication::of(&typed.text) };
    match app.preview_role_change(&sent.desk.ctx, &RoleChange::Publish(publication)).await {
        Err(error @ Error::Conflict { code: "plan_worse", .. }) => Ok(Some(told(error)?)),
        // Everything else is said where it is confirmed.
        Ok(_) | Err(_) => Ok(None),
    }
}

/// What publishing a text would do, with the button that does it: by the plan that is shown there.
async fn confirm(app: &App, desk: &Desk, (text, reason): (&str, &str)) -> Answer {
    let planned_now = app.plan_mapping(&desk.ctx, text).await;
    let names = app.names(&desk.ctx, []).await?;
    let (plan, shown) = match planned_now {
        Ok(plan) => (plan.plan.clone(), Some(planned(&plan, &names))),
        // Why it cannot be is said by the preview.
        Err(_) => (None, None),
    };
    let reason = Some(reason.to_owned()).filter(|reason| !reason.is_empty());
    let publication = Publication { text: text.to_owned(), plan, reason };
    let looked = role_changes::Looked { notice: None, since: None, beside: shown };
    role_changes::preview(app, desk, &RoleChange::Publish(publication), looked).await
}
