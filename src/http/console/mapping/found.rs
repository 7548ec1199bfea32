//! What is said of a text: what is wrong at which line, what its own tests come to, and what publishing it would do to people.

use super::person;
use crate::{
    app::{App, MappingPlan, Names, text_revision},
    http::console::{
        desk::{Desk, Failed},
        guard::told,
        words::{place, reason, role_name},
    },
    mapping::{Diagnostic, Severity, TestRun},
    plan::{InvitationChange, PersonChange, Shift},
};
use maud::{Markup, html};

/// People of a plan that are shown one by one.
const MOST_SHOWN: usize = 60;

/// What is wrong with a text; where nothing forbids it, what it would do, and what it says of one person.
pub(super) async fn found(app: &App, desk: &Desk, text: &str, asked: &str) -> Result<Markup, Failed> {
    let checked = app.check_mapping(&desk.ctx, text).await?;
    let compiles = checked.mapping.is_some();
    let plan = if compiles { Some(app.plan_mapping(&desk.ctx, text).await) } else { None };
    let names = app.names(&desk.ctx, []).await?;
    let person =
        if compiles && !asked.is_empty() { Some(person::under(app, desk, (text, asked)).await?) } else { None };
    Ok(html! {
        (findings(&checked.diagnostics))
        (tests(&checked.tests))
        @match plan {
            None => p class="quiet" { "What it would do is shown when nothing is wrong with it." },
            Some(Ok(plan)) => {
                (planned(&plan, &names))
                // What was seen is what is confirmed: publishing goes by this plan, as long as the text is the same.
                @if let Some(id) = &plan.plan {
                    input type="hidden" name="plan" value=(id) form="editor";
                    input type="hidden" name="planned" value=(text_revision(text)) form="editor";
                }
            },
            Some(Err(error)) => div class="notice bad" { p { strong { "It cannot be published. " } (told(error)?) } },
        }
        @if let Some(person) = person { (person) }
    })
}

/// Each finding under its line, with where in it.
fn findings(all: &[Diagnostic]) -> Markup {
    let errors = all.iter().filter(|one| one.severity == Severity::Error).count();
    let counted = |count: usize, what: &str| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
    html! {
        @if all.is_empty() { p { span class="state good" { "Nothing is wrong with it" } } }
        @else {
            p class="chips" {
                @if errors > 0 { span class="state bad" { (counted(errors, "mistake")) } }
                @if all.len() > errors { span class="state wait" { (counted(all.len() - errors, "warning")) } }
            }
            ul class="findings" {
                @for one in all {
                    li {
                        p { strong data-line=(one.line) { "Line " (one.line) ", column " (one.column) } }
                        @if !one.excerpt.is_empty() {
                            @let at = one.excerpt.char_indices().nth(one.caret).map_or(one.excerpt.len(), |(place, _)| place);
                            @let (before, after) = one.excerpt.split_at(at);
                            pre { (before) mark { (after) @if after.is_empty() { " " } } }
                        }
                        p { (one.message) }
                        @if let Some(help) = &one.help { p class="hint" { (help) } }
                    }
                }
            }
        }
    }
}

/// What each of the text's own tests came to. One that fails is a mistake, and is explained there.
fn tests(all: &[TestRun]) -> Markup {
    let failed = all.iter().filter(|test| !test.passed).count();
    html! {
        @if !all.is_empty() {
            details class="more" open[failed > 0] {
                summary {
                    @if failed == 0 { span class="state good" { @if all.len() == 1 { "Its test passes" } @else { "All " (all.len()) " tests pass" } } }
                    @else { span class="state bad" { (failed) " of " (all.len()) " tests fail" } }
                }
                ul class="findings small" {
                    @for test in all {
                        li { p {
                            span class=(if test.passed { "state good" } else { "state bad" }) { (if test.passed { "Passes" } else { "Fails" }) }
                            " " span dir="auto" { (test.name) } span class="quiet" { ", line " (test.line) }
                        } }
                    }
                }
            }
        }
    }
}

/// Who gains, who loses, which keys carry less, whether an owner is left, which rules do nothing.
pub(super) fn planned(plan: &MappingPlan, names: &Names) -> Markup {
    let impact = &plan.impact;
    let idle: Vec<_> = impact.idle_rules().collect();
    html! {
        dl class="figures" {
            div { dt { "gain" } dd class="plus" { (impact.gaining()) } }
            div { dt { "lose" } dd class=(if impact.losing() > 0 { "minus" } else { "" }) { (impact.losing()) } }
            div { dt { "lose everything" } dd class=(if impact.losing_everything() > 0 { "minus" } else { "" }) { (impact.losing_everything()) } }
            div { dt { "API keys carry less" } dd { (impact.keys()) } }
            div { dt { "people looked at" } dd class="quiet" { (impact.looked_at) } }
        }
        @if !impact.owner_left { p { span class="state bad" { "No owner is left but the one that the floor keeps" } } }
        @if impact.people.is_empty() && impact.invitations.is_empty() { p class="quiet" { "Nobody’s access changes." } }
        @if !impact.people.is_empty() {
            ul class="rows plain moved" { @for person in impact.people.iter().take(MOST_SHOWN) { (moved(person, names)) } }
            @if impact.people.len() > MOST_SHOWN { p class="quiet" { "and " (impact.people.len() - MOST_SHOWN) " more people." } }
        }
        @if !impact.invitations.is_empty() {
            h3 { "Invitations that wait" }
            ul class="rows plain moved" { @for one in impact.invitations.iter().take(MOST_SHOWN) { (waiting(one, names)) } }
        }
        @if !idle.is_empty() {
            p class="quiet small" {
                "Rules that give nobody anything: "
                @for (place, rule) in idle.iter().enumerate() { @if place > 0 { ", " } "“" (rule.rule) "” (line " (rule.line) ")" }
                "."
            }
        }
    }
}

fn shifts(sign: &'static str, all: &[Shift], (class, names): (&'static str, &Names)) -> Markup {
    html! {
        @for shift in all {
            p class=(format!("small {class}")) { (sign) " " (role_name(&shift.role, names)) " of " (place(&shift.scope, names)) }
            @if let Some(via) = shift.by.first() { p class="quiet small" { (reason(via, names)) } }
        }
    }
}

fn moved(person: &PersonChange, names: &Names) -> Markup {
    html! {
        li {
            div {
                p class="title long" { a href=(format!("/console/members/{}", person.user)) dir="auto" { (person.label) } }
                @if person.loses_everything { p class="small" { span class="state bad" { "Nothing is left" } } }
                @if person.keys > 0 { p class="quiet small" { (person.keys) @if person.keys == 1 { " key carries less" } @else { " keys carry less" } } }
            }
            div { (shifts("gains", &person.gains, ("plus", names))) (shifts("loses", &person.loses, ("minus", names))) }
        }
    }
}

fn waiting(one: &InvitationChange, names: &Names) -> Markup {
    html! {
        li {
            p class="title long" dir="auto" { (one.email) }
            div {
                (shifts("gains", &one.gains, ("plus", names)))
                (shifts("loses", &one.loses, ("minus", names)))
                @if one.withheld.is_some() { p class="small minus" { "gives nothing any more: whoever invited them may not give it" } }
            }
        }
    }
}
