//! A form that could not be taken as it was: what was typed stands in it again, and the field that is wrong says what is.
//!
//! One page for every form of the console. Which of a form's fields people type into is known by their names; everything else goes
//! along as it came, so that sending it again is the same form with what was wrong put right. Secrets do not come back: they are
//! typed again.

use super::desk::Desk;
use maud::{Markup, html};
use std::sync::{Arc, OnceLock};

/// The fields of the form that this request sent, once its token was right.
#[derive(Debug, Clone, Default)]
pub(super) struct SentFields(Arc<OnceLock<Vec<(String, String)>>>);

/// Fields that people type into, and what they are called.
const TYPED: &[(&str, &str)] = &[
    ("name", "Name"),
    ("slug", "Short name"),
    ("external", "Id at Cast AI"),
    ("description", "Description"),
    ("person", "Address or name"),
    ("url", "Address"),
    ("issuer", "Issuer"),
    ("audience", "Audience"),
    ("jwks_url", "Address of its keys (JWKS)"),
    ("client_id", "Client ID"),
    ("client_secret", "Client secret"),
    ("metadata_url", "Address of the metadata"),
    ("metadata", "Metadata"),
    ("domains", "E-mail domains"),
    ("domain", "Domain"),
    ("days", "Days"),
    ("until", "Until"),
    ("reason", "Why"),
    ("note", "Why"),
];
/// Fields whose value is never shown.
const SECRETS: &[&str] = &["client_secret", "password", "secret", "token"];
/// A text longer than this has several lines.
const ONE_LINE: usize = 120;

impl SentFields {
    /// Keeps them.
    pub(super) fn keep(&self, fields: &[(String, String)]) {
        // A request has one form: the first stays.
        self.0.get_or_init(|| fields.to_vec());
    }

    /// The form again, with what was wrong beside its field; nothing where nothing was typed. `wrong` is the field.
    pub(super) fn form(&self, desk: &Desk, action: &str, (wrong, detail): (Option<&str>, &str)) -> Option<Markup> {
        let fields = self.0.get()?;
        let wrong = wrong.map(|field| field.rsplit('.').next().unwrap_or(field));
        // A name that another thing has already is said without its field.
        let wrong = wrong.or_else(|| ["name", "slug", "domain"].into_iter().find(|name| self.has(name)));
        let typed: Vec<(&str, &str, &str)> = fields
            .iter()
            .filter_map(|(name, value)| {
                let label = TYPED.iter().find(|(known, _)| known == name).map(|(_, label)| *label);
                label.map(|label| (name.as_str(), label, value.as_str()))
            })
            .collect();
        if typed.is_empty() {
            return None;
        }
        let is_shown = |name: &str| typed.iter().any(|(known, ..)| *known == name) || SECRETS.contains(&name);
        Some(html! {
            form method="post" action=(action) {
                (desk.token())
                @for (name, value) in fields.iter().filter(|(name, _)| name != "form" && !is_shown(name)) {
                    input type="hidden" name=(name) value=(value);
                }
                @for (name, label, value) in &typed { (field((name, label), value, (wrong == Some(*name)).then_some(detail))) }
                div class="acts" {
                    button type="submit" { "Try again" }
                    a class="button second" href="/console" { "To the console" }
                }
            }
        })
    }

    fn has(&self, name: &str) -> bool {
        self.0.get().is_some_and(|fields| fields.iter().any(|(known, _)| known == name))
    }
}

fn field((name, label): (&str, &str), value: &str, wrong: Option<&str>) -> Markup {
    let (id, invalid) = (format!("again-{name}"), wrong.map(|_| "true"));
    let described = wrong.map(|_| format!("again-{name}-wrong"));
    html! {
        div class="field" {
            label for=(id) { (label) }
            @if SECRETS.contains(&name) {
                input id=(id) name=(name) type="password" autocomplete="new-password" aria-invalid=[invalid] aria-describedby=[described.as_deref()];
            } @else if value.len() > ONE_LINE || value.contains('\n') {
                textarea id=(id) name=(name) rows="6" spellcheck="false" aria-invalid=[invalid] aria-describedby=[described.as_deref()] { "\n" (value) }
            } @else {
                input id=(id) name=(name) type="text" value=(value) autocomplete="off" aria-invalid=[invalid] aria-describedby=[described.as_deref()];
            }
            @if let (Some(detail), Some(described)) = (wrong, &described) { p id=(described) class="hint minus" { (detail) } }
        }
    }
}
