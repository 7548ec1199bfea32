//! Lists: pages, cursors and filters.

use crate::{
    app::{App, Ctx, Error},
    filter::{self, AttributeKinds, AttributePath, Dialect, Filter, Kind},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// Things in a page when nothing is asked for, and the most that there are.
const PAGE: usize = 100;
const LARGEST_PAGE: usize = 500;
/// Things that are looked at for one page at most.
const MOST_LOOKED_AT: usize = 10_000;

/// Which page of a list, and of what.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct Paging {
    /// The `next` of the page before; nothing: the first page. A cursor goes with the filter that it was made with.
    pub(in crate::http) after: Option<String>,
    /// How many at most; 100 if nothing is said.
    #[schemars(range(min = 1, max = 500))]
    pub(in crate::http) limit: Option<i64>,
    /// A filter as in RFC 7644 §3.4.2.2. Users and groups have the attributes of SCIM (`userName sw "ada"`), everything else the
    /// fields of the answer (`created_at gt "2026-01-01"`).
    pub(in crate::http) filter: Option<String>,
}

/// A page of a list.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "{T}List")]
pub(in crate::http) struct List<T> {
    /// The things.
    items: Vec<T>,
    /// What to send as `after` for the next page; nothing: this was the last. A page may be short and have a next one.
    next: Option<String>,
    /// How many there are in all, where that costs nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    total: Option<usize>,
}

impl<T> List<T> {
    /// A list that is short by nature, and never more than one page.
    pub(in crate::http) fn whole(items: Vec<T>) -> Self {
        Self { total: Some(items.len()), items, next: None }
    }
}

/// A question for a page, read and understood.
#[derive(Debug)]
pub(in crate::http) struct Asked<'a> {
    app: &'a App,
    ctx: &'a Ctx,
    question: String,
    pub(in crate::http) filter: Option<Filter>,
    pub(in crate::http) after: String,
    pub(in crate::http) limit: usize,
}

impl Paging {
    /// Reads the question. `list` names the list with everything else that the caller chose.
    pub(in crate::http) fn read<'a>(&self, app: &'a App, ctx: &'a Ctx, list: &str) -> Result<Asked<'a>, Error> {
        let limit = match self.limit {
            None => PAGE,
            Some(limit) => usize::try_from(limit)
                .ok()
                .filter(|limit| (1..=LARGEST_PAGE).contains(limit))
                .ok_or_else(|| Error::invalid("limit", format!("give a number from 1 to {LARGEST_PAGE}")))?,
        };
        let text = self.filter.as_deref().map(str::trim).filter(|text| !text.is_empty());
        let filter = text.map(|text| filter::parse(text, Dialect::Tolerant)).transpose();
        let filter = filter.map_err(|error| Error::invalid("filter", error.to_string()))?;
        let question = format!("{list}?{}", text.unwrap_or_default());
        let after = match self.after.as_deref() {
            None => String::new(),
            Some(cursor) => app.open_cursor(ctx, &question, cursor)?,
        };
        Ok(Asked { app, ctx, question, filter, after, limit })
    }
}

impl Asked<'_> {
    /// A page that the store made.
    pub(in crate::http) fn page<T>(&self, items: Vec<T>, next: Option<&str>) -> Result<List<T>, Error> {
        let next = next.map(|position| self.app.seal_cursor(self.ctx, &self.question, position)).transpose()?;
        Ok(List { items, next, total: None })
    }

    /// A page of a list that is at hand as a whole.
    pub(in crate::http) fn of_all<T: Serialize>(
        &self,
        mut all: Vec<T>,
        id: impl Fn(&T) -> String,
    ) -> Result<List<T>, Error> {
        all.retain(|one| self.fits(one));
        all.sort_by_cached_key(&id);
        let total = all.len();
        all.retain(|one| id(one) > self.after);
        let is_more = all.len() > self.limit;
        all.truncate(self.limit);
        let next = if is_more { all.last().map(&id) } else { None };
        let page = self.page(all, next.as_deref())?;
        Ok(List { total: Some(total), ..page })
    }

    /// A page of a list that is read in pieces, by the id of what came last: `load` gives the piece behind an id, of at most so many.
    pub(in crate::http) async fn in_pieces<T, F>(
        &self,
        load: impl Fn(String, usize) -> F,
        id: impl Fn(&T) -> String,
    ) -> Result<List<T>, Error>
    where
        T: Serialize,
        F: Future<Output = Result<Vec<T>, Error>>,
    {
        let piece = if self.filter.is_some() { LARGEST_PAGE } else { self.limit + 1 };
        let (mut found, mut after, mut looked_at) = (Vec::new(), self.after.clone(), 0);
        loop {
            let read = load(after.clone(), piece).await?;
            let is_last = read.len() < piece;
            looked_at += read.len();
            for one in read {
                if found.len() == self.limit {
                    return self.page(found, Some(&after));
                }
                after = id(&one);
                if self.fits(&one) {
                    found.push(one);
                }
            }
            if is_last || looked_at >= MOST_LOOKED_AT {
                return self.page(found, (!is_last).then_some(after.as_str()));
            }
        }
    }

    fn fits<T: Serialize>(&self, one: &T) -> bool {
        self.filter.as_ref().is_none_or(|filter| filter.matches(&json!(one), &Fields))
    }
}

/// How the fields of the API's answers are compared: ids exactly, times as times, everything else folded.
struct Fields;

impl AttributeKinds for Fields {
    fn kind(&self, path: &AttributePath) -> Kind {
        let name = path.sub.as_deref().unwrap_or(&path.name).to_ascii_lowercase();
        if name == "at" || name.ends_with("_at") || name == "until" {
            Kind::Instant
        } else if name == "id" || name == "external_id" {
            Kind::CaseExact
        } else {
            Kind::CaseFolded
        }
    }
}
