//! What can be done with every noun: list it over all pages, find one by what people call it.

use super::{
    Client,
    noun::Noun,
    stop::{Code, Stop},
    table::plain,
};
use crate::filter::{Dialect, Filter, FilterError, StandardKinds, parse};
use indicatif::{ProgressBar, ProgressDrawTarget};
use serde_json::{Value, json};
use std::time::Duration;

/// The largest page that the API gives.
const PAGE: usize = 500;
/// Candidates that are named when a name fits several.
const NAMED: usize = 5;

/// What a list is asked for.
#[derive(Debug, Clone, Default, clap::Args)]
pub(super) struct ListOptions {
    /// At most so many; without it all of them, page after page.
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..))]
    limit: Option<u32>,
}

/// The same for lists that can be searched.
#[derive(Debug, Clone, Default, clap::Args)]
pub(super) struct SearchOptions {
    #[command(flatten)]
    list: ListOptions,
    /// Only what this filter finds: the language of SCIM (RFC 7644) over the fields that -o json shows.
    #[arg(long, value_name = "FILTER", value_parser = read)]
    filter: Option<Filter>,
}

fn read(text: &str) -> Result<Filter, FilterError> {
    parse(text, Dialect::Tolerant)
}

impl ListOptions {
    pub(super) fn limit(&self) -> Option<usize> {
        self.limit.map(|limit| limit as usize)
    }
}

/// Something that turns while people wait. Silent where standard error is no terminal.
pub(super) fn waiting(what: impl Into<std::borrow::Cow<'static, str>>) -> ProgressBar {
    // indicatif draws nothing on what is no terminal.
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr()).with_message(what);
    bar.enable_steady_tick(Duration::from_millis(120));
    bar
}

impl Client {
    /// Prints a list.
    pub(super) async fn list(
        &self,
        noun: &Noun,
        path: &str,
        query: &[(&'static str, String)],
        limit: Option<usize>,
    ) -> Result<(), Stop> {
        self.output.list(noun, &self.pages(noun, path, query, limit).await?)
    }

    /// Prints what a search finds.
    pub(super) async fn search(&self, noun: &Noun, options: &SearchOptions) -> Result<(), Stop> {
        let found = self.pages_of(noun, noun.path, &[], options.list.limit(), options.filter.as_ref()).await?;
        self.output.list(noun, &found)
    }

    /// All pages as one, up to `limit` things.
    pub(super) async fn pages(
        &self,
        noun: &Noun,
        path: &str,
        query: &[(&'static str, String)],
        limit: Option<usize>,
    ) -> Result<Value, Stop> {
        self.pages_of(noun, path, query, limit, None).await
    }

    async fn pages_of(
        &self,
        noun: &Noun,
        path: &str,
        query: &[(&'static str, String)],
        limit: Option<usize>,
        filter: Option<&Filter>,
    ) -> Result<Value, Stop> {
        let bar = waiting(format!("{}s …", noun.one));
        let mut items: Vec<Value> = Vec::new();
        let list = |page: Value, items: Vec<Value>, next: Option<String>| {
            // Whatever else a page says (`total`) is said of the list.
            let mut list = page;
            (list["items"], list["next"]) = (json!(items), json!(next));
            list
        };
        let mut cursor: Option<String> = None;
        loop {
            let left = limit.map_or(PAGE, |limit| limit - items.len());
            // Of what a filter picks nobody knows how much a page holds.
            let size = if filter.is_some() { PAGE } else { left.min(PAGE) };
            let mut asked = query.to_vec();
            asked.push(("limit", size.to_string()));
            asked.extend(cursor.take().map(|cursor| (noun.cursor, cursor)));
            let mut page = self.api.get(path, &asked).await?;
            if let Value::Array(found) = page["items"].take() {
                let fits = |one: &Value| filter.is_none_or(|filter| filter.matches(one, &StandardKinds));
                items.extend(found.into_iter().filter(fits));
            }
            let next = page["next"].as_str().map(str::to_owned);
            if limit.is_some_and(|limit| items.len() >= limit) {
                items.truncate(limit.unwrap_or_default());
                return Ok(list(page, items, next));
            }
            if next.is_none() {
                return Ok(list(page, items, None));
            }
            cursor = next;
            bar.set_message(format!("{} {}s …", items.len(), noun.one));
        }
    }

    /// The id of what people call so: the id itself, or a name that fits one.
    pub(super) async fn id(&self, noun: &Noun, path: &str, called: &str) -> Result<String, Stop> {
        if is_id(noun, called) {
            return Ok(called.to_owned());
        }
        let wanted = called.to_lowercase();
        let all = self.pages(noun, path, &[], None).await?;
        let fits = |one: &&Value| {
            let name = |field: &str| one[field].as_str().is_some_and(|name| name.to_lowercase() == wanted);
            noun.names.iter().any(|field| name(field))
        };
        let found: Vec<&str> =
            all["items"].as_array().into_iter().flatten().filter(fits).filter_map(|one| one["id"].as_str()).collect();
        match found.as_slice() {
            [id] if is_id(noun, id) => Ok((*id).to_owned()),
            [] | [_] => Err(Stop::new(Code::NotFound, format!("there is no {} “{}”", noun.one, plain(called)))),
            several => {
                let some: Vec<&str> = several.iter().take(NAMED).copied().collect();
                let message = format!(
                    "{} {}s are called “{}”. Say which one by its id: {}",
                    several.len(),
                    noun.one,
                    plain(called),
                    some.join(", ")
                );
                Err(Stop::usage(message))
            }
        }
    }
}

/// Whether a text can be an id of this noun; then it is also safe as a part of a path.
fn is_id(noun: &Noun, text: &str) -> bool {
    text.strip_prefix(noun.prefix)
        .is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}

#[cfg(test)]
mod tests {
    use super::{super::noun::USERS, *};

    #[test]
    fn nothing_but_an_id_gets_into_a_path() {
        assert!(is_id(&USERS, "usr_06h00000000000000000000000"));
        for bad in ["usr_", "usr_../keys", "usr_a/b", "usr_a?b", "grp_a", "ada@acme.example"] {
            assert!(!is_id(&USERS, bad), "{bad}");
        }
    }
}
