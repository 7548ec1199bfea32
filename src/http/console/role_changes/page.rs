//! The page of a preview: each key with its use, what would stop, and the choice.

use super::{Told, asked::text};
use crate::{
    access::Stopped,
    app::{Choice, KeyPreview, Names, RoleChange, TouchedKey},
    http::console::{
        desk::Desk,
        times::when_or,
        words::{capability, place},
    },
    model::{Instant, ServiceAccount},
};
use maud::{Markup, html};

/// The ids of the keys that were shown before.
#[derive(Debug)]
pub(in crate::http::console) struct Since(pub(super) Vec<String>);

/// Everything that the page shows.
#[derive(Debug)]
pub(super) struct Preview<'a> {
    pub(super) desk: &'a Desk,
    pub(super) change: &'a RoleChange,
    pub(super) told: &'a Told,
    pub(super) keys: &'a KeyPreview,
    pub(super) machines: &'a [ServiceAccount],
    pub(super) names: &'a Names,
    pub(super) since: Option<Since>,
    pub(super) notice: Option<String>,
    pub(super) beside: Option<Markup>,
}

impl Preview<'_> {
    pub(super) fn body(&self) -> Markup {
        let harms = matches!(
            self.change,
            RoleChange::Suspend { .. }
                | RoleChange::Remove { .. }
                | RoleChange::DeleteGroup { .. }
                | RoleChange::Take { .. }
        );
        html! {
            p class="crumbs" { a href=(self.told.back) { "Back" } }
            h1 class="long" dir="auto" { (self.told.title) }
            p class="lead" { (self.comes_to()) }
            @if let Some(notice) = &self.notice { div class="notice bad" role="alert" { p { (notice) } } }
            @if let Some(since) = &self.since { (self.moved(since)) }
            @if let Some(beside) = &self.beside { section class="card" aria-label="What changes for people" { (beside) } }
            (self.warning())
            form method="post" action="/console/role-changes" {
                (self.desk.token())
                input type="hidden" name="change" value=(text(self.change));
                input type="hidden" name="preview" value=(self.keys.token);
                @for key in &self.keys.keys { (self.form().key(key)) }
                div class="acts" {
                    button type="submit" class=(if harms || !self.keys.keys.is_empty() { "harm" } else { "" }) { (self.told.button) }
                    a class="button second" href=(self.told.back) { "Cancel" }
                }
            }
        }
    }

    fn form(&self) -> KeyForm<'_> {
        let Self { machines, names, desk, keys, since, .. } = self;
        KeyForm {
            machines,
            names,
            now: desk.ctx.now,
            deletes: keys.unless_said == Choice::Delete,
            since: since.as_ref(),
        }
    }

    /// What the change itself comes to, whatever happens to keys.
    fn comes_to(&self) -> &'static str {
        match self.change {
            RoleChange::SetRole { .. } => {
                "It takes the place of every other role that people gave there. What rules and groups give stays."
            }
            RoleChange::Give { .. } => "It comes on top of what is held already.",
            RoleChange::Take { .. } => "What rules and groups give stays.",
            RoleChange::Join { .. } => "Whoever is in a group holds what the group holds.",
            RoleChange::Leave { .. } => "What the group gives is lost; everything else stays.",
            RoleChange::DeleteGroup { .. } => {
                "Everybody in it loses what the group gives. The group cannot be brought back."
            }
            RoleChange::EditRole { .. } => {
                "It holds at once for everybody who has the role, and for every key that carries it."
            }
            RoleChange::Suspend { .. } => {
                "Sessions end and keys are refused at once. Their provider cannot undo it; a person here can."
            }
            RoleChange::Remove { .. } => {
                "Sessions end and keys are refused at once. For 30 days the same invitation brings everything back."
            }
            RoleChange::Configure(_) => "All of the document is made true in one step, or nothing of it.",
            RoleChange::Publish { .. } => "The new version is in force at once, for everybody.",
        }
    }

    /// Says exactly what will happen here.
    fn warning(&self) -> Markup {
        let (count, used) = (self.keys.keys.len(), self.keys.keys.iter().filter(|key| key.uses_last_day > 0).count());
        let keys = |count: usize| if count == 1 { "1 API key".to_owned() } else { format!("{count} API keys") };
        html! {
            @if count == 0 {
                div class="flash" role="status" { p { "No API key is touched: nothing that runs stops." } }
            } @else {
                div class="notice" role="status" {
                    p {
                        strong { (keys(count)) (if count == 1 { " is touched" } else { " are touched" }) }
                        @match used { 0 => ", none was used over the last day", 1 => ", 1 was used over the last day", used => { ", " (used) " were used over the last day" } }
                        ". "
                        @match self.keys.unless_said {
                            Choice::Delete => "Unless you choose otherwise below, they are deleted with the change, and whatever uses them is refused at once.",
                            Choice::Keep | Choice::Move { .. } | Choice::Rotate { .. } => "Unless you choose otherwise below, they are kept, and are refused as long as their owner may not come in.",
                        }
                    }
                }
            }
        }
    }

    /// What moved since the page was shown.
    fn moved(&self, since: &Since) -> Markup {
        let gone = since.0.iter().filter(|id| !self.keys.keys.iter().any(|key| key.id.as_str() == id.as_str())).count();
        let new = self.keys.keys.iter().filter(|key| !since.0.iter().any(|id| id == key.id.as_str())).count();
        html! {
            div class="notice bad" role="alert" {
                p {
                    strong { "Nothing was changed: something moved since you looked." } " "
                    @match (new, gone) {
                        (0, 0) => "The same keys are touched in another way.",
                        (new, 0) => { (new) " more are touched now; they are marked." },
                        (0, gone) => { (gone) " are not touched any more." },
                        (new, gone) => { (new) " more are touched now and are marked; " (gone) " are not touched any more." },
                    }
                    " Look again, then confirm."
                }
            }
        }
    }
}

/// What is asked of each touched key.
#[derive(Debug, Clone, Copy)]
pub(in crate::http::console) struct KeyForm<'a> {
    pub(in crate::http::console) machines: &'a [ServiceAccount],
    pub(in crate::http::console) names: &'a Names,
    pub(in crate::http::console) now: Instant,
    /// Whether it is deleted unless something else is chosen.
    pub(in crate::http::console) deletes: bool,
    pub(in crate::http::console) since: Option<&'a Since>,
}

impl KeyForm<'_> {
    /// One key: its use, what would stop, the choice.
    pub(in crate::http::console) fn key(&self, key: &TouchedKey) -> Markup {
        let is_new = self.since.is_some_and(|since| !since.0.iter().any(|id| id == key.id.as_str()));
        html! {
            fieldset class="key card" {
                legend class="unseen" { "The key " (key.name) " of " (key.owner_label) }
                input type="hidden" name="shown" value=(key.id);
                div class="head" {
                    div {
                        h2 class="long" dir="auto" { (key.name) " " code { (key.hint) "…" } @if is_new { " " span class="state wait" { "New since you looked" } } }
                        p class="quiet small" {
                            "of " span dir="auto" { (key.owner_label) } "; last used " (when_or(key.last_used_at, self.now, "never"))
                            @if let Some(from) = &key.last_used_from { " from " (from) }
                        }
                    }
                    (chart(key))
                }
                p {
                    @match key.stops.as_slice() {
                        [] => "Kept, it could do everything that it can now.",
                        stops => { "Kept, it could no longer " (stopped(stops, self.names)) "." },
                    }
                }
                (self.choice(key))
            }
        }
    }

    fn choice(&self, key: &TouchedKey) -> Markup {
        let name = format!("do:{}", key.id);
        let radio = |word: &str, chosen: bool, words: Markup| {
            html! {
                label class="check" { input type="radio" name=(name) value=(word) checked[chosen]; span { (words) } }
            }
        };
        html! {
            (radio("delete", self.deletes, html! { strong { "Delete it" } " – whatever uses it is refused at once" }))
            @if !self.machines.is_empty() {
                (radio("move", false, html! { strong { "Move it to a service account" } " – the same secret goes on with what it carries now; nothing has to be changed where it is used" }))
                (radio("rotate", false, html! { strong { "Rotate it" } " – a new key takes its place, the old one goes on for 24 hours" }))
            }
            (radio("keep", !self.deletes, html! { strong { "Keep it" } " – with what its owner holds after the change" }))
            @if self.machines.is_empty() {
                p class="hint" { "To move or rotate it, make a " a href="/console/service-accounts" { "service account" } " first." }
            } @else {
                div class="field" {
                    label for=(format!("to-{}", key.id)) { "Service account, to move to or for the new key" }
                    select id=(format!("to-{}", key.id)) name=(format!("to:{}", key.id)) {
                        option value="" { "None" }
                        @for machine in self.machines { option value=(machine.id) { (machine.name) } }
                    }
                }
            }
        }
    }
}

/// “manage clusters in the whole organization, view costs on cluster staging”
fn stopped(stops: &[Stopped], names: &Names) -> String {
    let one = |stop: &Stopped| format!("{} in {}", capability(stop.capability), place(&stop.scope, names));
    stops.iter().map(one).collect::<Vec<_>>().join(", ")
}

/// How often a key was used in each hour of the last day.
fn chart(key: &TouchedKey) -> Markup {
    let most = key.uses_by_hour.iter().copied().max().unwrap_or_default().max(1);
    let said = match key.uses_last_day {
        0 => "Not used over the last day".to_owned(),
        1 => "Used once over the last day".to_owned(),
        times => format!("Used {times} times over the last day, at most {most} times in an hour"),
    };
    html! {
        div {
            @if key.uses_last_day > 0 {
                svg class="chart" viewBox="0 0 250 52" role="img" aria-label=(said) preserveAspectRatio="none" {
                    line class="base" x1="0" y1="51" x2="250" y2="51" {}
                    @for (hour, uses) in key.uses_by_hour.iter().enumerate().filter(|(_, uses)| **uses > 0) {
                        @let height = (uses * 46 / most).max(2);
                        rect x=(hour * 10 + 1) y=(50 - height) width="8" height=(height) rx="1" {}
                    }
                }
            }
            p class="quiet small" { (said) }
        }
    }
}
