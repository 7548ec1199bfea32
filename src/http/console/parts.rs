//! What several pages have: where there is nothing yet, the way to the next page of a list, one-button forms.

use super::desk::Desk;
use crate::{
    app::{App, Ctx, Error},
    filter::{self, Dialect, Filter},
};
use maud::{Markup, html};
use serde::Deserialize;
use url::form_urlencoded::Serializer;

/// Nothing yet, and what to do next.
pub(super) fn empty(title: &str, next: &Markup) -> Markup {
    html! { div class="empty" { h2 { (title) } (next) } }
}

/// An address with a query.
pub(super) fn address(path: &str, query: &[(&str, &str)]) -> String {
    let mut text = Serializer::new(String::new());
    for (name, value) in query.iter().filter(|(_, value)| !value.is_empty()) {
        text.append_pair(name, value);
    }
    let text = text.finish();
    if text.is_empty() { path.to_owned() } else { format!("{path}?{text}") }
}

/// One button that changes something.
pub(super) fn press(desk: &Desk, action: &str, class: &str, words: &str, fields: &[(&str, &str)]) -> Markup {
    html! {
        form method="post" action=(action) {
            (desk.token())
            @for (name, value) in fields { input type="hidden" name=(name) value=(value); }
            button type="submit" class=(class) { (words) }
        }
    }
}

/// Where a page of a list begins that shows the newest first.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Before {
    /// The id that it stands behind; nothing: it is the first page.
    pub(super) before: String,
}

/// A page of a list: its rows, at most so many, and the id behind which the next page begins. One row more is asked for, to know
/// of it.
pub(super) async fn page_of<T, F: Future<Output = Result<Vec<T>, Error>>>(
    most: usize,
    load: impl FnOnce(i64) -> F,
    id: impl Fn(&T) -> String,
) -> Result<(Vec<T>, Option<String>), Error> {
    let mut rows = load(i64::try_from(most).unwrap_or(i64::MAX).saturating_add(1)).await?;
    let is_more = rows.len() > most;
    rows.truncate(most);
    let next = rows.last().filter(|_| is_more).map(id);
    Ok((rows, next))
}

/// The way to older things.
pub(super) fn older(address: Option<String>) -> Markup {
    html! { @if let Some(address) = address { nav class="pager" aria-label="Pages" { a class="button second" rel="next" href=(address) { "Older" } } } }
}

/// A button that takes something away for good, behind one that says what is lost. It opens without script.
pub(super) fn sure((words, of): (&str, &str), lost: &str, press: &Markup) -> Markup {
    html! {
        details class="sure" {
            summary class="button danger little" { (words) "…" span class="unseen" dir="auto" { " " (of) } }
            div class="lost" { p class="small" { (lost) } (press) }
        }
    }
}

/// A question for a page of a list, by a filter or by words.
#[derive(Debug)]
pub(super) struct Asked<'a> {
    app: &'a App,
    ctx: &'a Ctx,
    question: String,
    /// What people typed.
    pub(super) text: String,
    /// What it means; none: everything.
    pub(super) filter: Option<Filter>,
    /// Whether it is words and no filter.
    pub(super) is_words: bool,
    /// What is wrong with it.
    pub(super) problem: Option<String>,
    /// The position behind which the page begins.
    pub(super) after: String,
}

impl<'a> Asked<'a> {
    /// Reads the question. Words that are no filter are looked for in these attributes.
    pub(super) fn read(
        (app, ctx): (&'a App, &'a Ctx),
        list: &str,
        (text, after): (Option<&str>, Option<&str>),
        attributes: &[&str],
    ) -> Result<Self, Error> {
        let text = text.unwrap_or_default().trim();
        let (filter, problem) = match text {
            "" => (None, None),
            text => match filter::parse(&meant(text, attributes), Dialect::Tolerant) {
                Ok(filter) => (Some(filter), None),
                Err(error) => (None, Some(error.to_string())),
            },
        };
        let question = format!("console {list}?{text}");
        let is_words = !text.is_empty() && !is_filter(text);
        let after = match after.filter(|after| !after.is_empty()) {
            None => String::new(),
            Some(cursor) => app.open_cursor(ctx, &question, cursor)?,
        };
        Ok(Self { app, ctx, question, text: text.to_owned(), filter, is_words, problem, after })
    }

    /// The way to the next page, and back to the first.
    pub(super) fn pager(&self, path: &str, next: Option<&str>) -> Result<Markup, Error> {
        let next = next.map(|position| self.app.seal_cursor(self.ctx, &self.question, position)).transpose()?;
        Ok(html! {
            @if next.is_some() || !self.after.is_empty() {
                nav class="pager" aria-label="Pages" {
                    @if !self.after.is_empty() { a class="button second" href=(address(path, &[("filter", &self.text)])) { "First page" } }
                    @if let Some(next) = &next {
                        a class="button second" rel="next" href=(address(path, &[("filter", &self.text), ("after", next)])) { "Next page" }
                    }
                }
            }
        })
    }

    /// The field to search by.
    pub(super) fn search(&self, path: &str, what: &str, example: &str) -> Markup {
        html! {
            form class="search" role="search" method="get" action=(path) {
                label for="filter" class="unseen" { "Search " (what) }
                input id="filter" name="filter" type="search" value=(self.text) placeholder=(format!("Search {what}")) maxlength="1000"
                    autocomplete="off" spellcheck="false" aria-describedby="filter-hint";
                button type="submit" class="second" { "Search" }
                p id="filter-hint" class="hint" { "Words, or a filter such as " code { (example) } }
            }
            @if let Some(problem) = &self.problem { div class="notice" role="alert" { p { "The search is not understood: " (problem) } } }
        }
    }
}

/// A filter as it is; plain words as a filter over these attributes.
fn meant(text: &str, attributes: &[&str]) -> String {
    if is_filter(text) {
        return text.to_owned();
    }
    let one = |attribute: &&str| format!("{attribute} co {}", serde_json::Value::from(text));
    attributes.iter().map(one).collect::<Vec<_>>().join(" or ")
}

fn is_filter(text: &str) -> bool {
    filter::parse(text, Dialect::Tolerant).is_ok() || looks_like_a_filter(text)
}

fn looks_like_a_filter(text: &str) -> bool {
    let is_operator = |word: &str| {
        ["eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le"].iter().any(|known| word.eq_ignore_ascii_case(known))
    };
    text.split_whitespace().any(is_operator) && text.contains('"')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_looked_for_and_filters_are_filters() {
        assert_eq!(meant("ada", &["userName", "displayName"]), r#"userName co "ada" or displayName co "ada""#);
        assert_eq!(meant(r#"ada" or "#, &["userName"]), r#"userName co "ada\" or ""#);
        assert_eq!(meant("active eq true", &["userName"]), "active eq true");
        assert_eq!(meant(r#"title eq "a" andd"#, &["userName"]), r#"title eq "a" andd"#);
    }

    #[test]
    fn an_address_says_what_was_asked_and_nothing_else() {
        assert_eq!(address("/console/members", &[("filter", ""), ("after", "")]), "/console/members");
        assert_eq!(address("/a", &[("filter", "x & y")]), "/a?filter=x+%26+y");
    }
}
