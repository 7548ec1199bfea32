//! Asking Cast AI which clusters there are. Its answers are a stranger's: whatever they are, there is a list or a reason.

use crate::{
    model::{CastAiProblem, CastAiTrouble},
    net::{self, NetError},
};
use http::{Request, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use url::Url;

/// Where the list is.
const PATH: &str = "/v1/kubernetes/external-clusters";
/// Pages and clusters beyond which nobody believes a list.
const MOST_PAGES: usize = 100;
const MOST_CLUSTERS: usize = 5000;
/// The longest name that is taken.
const LONGEST_NAME: usize = 100;
/// The longest id that is one.
const LONGEST_ID: usize = 200;

/// A cluster that is listed there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Listed {
    /// Its id there.
    pub(super) id: String,
    /// Its name there.
    pub(super) name: String,
}

/// A page of the list: unknown fields are nobody's business.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Page {
    items: Option<Vec<Entry>>,
    // The list has been seen whole. Its neighbours in the same API say in one of three ways that there is more.
    next_cursor: Option<String>,
    next_page_cursor: Option<String>,
    #[serde(rename = "nextPage")]
    more: Option<More>,
}

#[derive(Debug, Deserialize)]
struct More {
    cursor: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Entry {
    id: Option<String>,
    name: Option<String>,
    status: Option<String>,
}

impl Page {
    fn next(&self) -> Option<&str> {
        let of_page = self.more.as_ref().and_then(|more| more.cursor.as_deref());
        let cursors = [self.next_cursor.as_deref(), self.next_page_cursor.as_deref(), of_page];
        cursors.into_iter().flatten().find(|cursor| !cursor.is_empty())
    }
}

impl Entry {
    /// The cluster; none: it is one that has ended there and is listed still.
    fn listed(self) -> Result<Option<Listed>, CastAiProblem> {
        let id = self.id.unwrap_or_default();
        let fits = !id.is_empty() && id.len() <= LONGEST_ID && id.bytes().all(|byte| byte.is_ascii_graphic());
        if !fits {
            return Err(unreadable("a cluster in it has no id"));
        }
        if matches!(self.status.as_deref(), Some("deleted" | "archived")) {
            return Ok(None);
        }
        let name: String = self.name.unwrap_or_default().chars().filter(|letter| !letter.is_control()).collect();
        let name: String = name.trim().chars().take(LONGEST_NAME).collect();
        let name = if name.is_empty() { id.chars().take(LONGEST_NAME).collect() } else { name };
        Ok(Some(Listed { id, name }))
    }
}

fn problem(code: CastAiTrouble, detail: impl Into<String>) -> CastAiProblem {
    CastAiProblem { code, detail: detail.into() }
}

fn unreadable(what: &str) -> CastAiProblem {
    problem(CastAiTrouble::Unreadable, format!("Cast AI’s answer is no list of clusters: {what}"))
}

/// Every cluster that the key's organization has there.
pub(super) async fn read(client: &net::Client, base: &Url, key: &SecretString) -> Result<Vec<Listed>, CastAiProblem> {
    let (mut listed, mut cursors) = (BTreeMap::new(), BTreeSet::new());
    let mut address = with_cursor(base, None);
    for _ in 0..MOST_PAGES {
        let page = read_page(client, &address, key).await?;
        let next = page.next().map(str::to_owned);
        for entry in page.items.ok_or_else(|| unreadable("it has no items"))? {
            // One that moved to the next page while it was read is one.
            listed.extend(entry.listed()?.map(|one| (one.id.clone(), one)));
        }
        if listed.len() > MOST_CLUSTERS {
            break;
        }
        let Some(next) = next else { return Ok(listed.into_values().collect()) };
        address = with_cursor(base, Some(&next));
        if !cursors.insert(next) {
            return Err(unreadable("its pages lead in a circle"));
        }
    }
    let detail =
        format!("Cast AI lists more than {MOST_PAGES} pages or {MOST_CLUSTERS} clusters: nobody reads as much");
    Err(problem(CastAiTrouble::TooLarge, detail))
}

fn with_cursor(base: &Url, cursor: Option<&str>) -> Url {
    let mut address = base.clone();
    address.set_path(PATH);
    if let Some(cursor) = cursor {
        address.query_pairs_mut().append_pair("page.cursor", cursor);
    }
    address
}

async fn read_page(client: &net::Client, address: &Url, key: &SecretString) -> Result<Page, CastAiProblem> {
    let request = Request::get(address.as_str())
        .header("x-api-key", key.expose_secret())
        .header("accept", "application/json")
        .body(Vec::new())
        .map_err(|error| problem(CastAiTrouble::Unreachable, format!("Cast AI cannot be asked: {error}")))?;
    let answer = client.send(request).await.map_err(|error| of_net(&error))?;
    match answer.status() {
        StatusCode::OK => serde_json::from_slice(answer.body()).map_err(|_| unreadable("it is no JSON of a list")),
        status @ (StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) => {
            let detail = format!(
                "Cast AI refuses the key (it answered {}): make another one there that may see clusters, and give it here",
                status.as_u16()
            );
            Err(problem(CastAiTrouble::KeyRefused, detail))
        }
        status => {
            let detail = format!("Cast AI answered {} instead of a list; it is asked again later", status.as_u16());
            Err(problem(CastAiTrouble::Unavailable, detail))
        }
    }
}

/// No message of these holds a path, a query or a header.
fn of_net(error: &NetError) -> CastAiProblem {
    let code = match error {
        NetError::TimedOut { .. } => CastAiTrouble::TimedOut,
        NetError::TooLarge { .. } => CastAiTrouble::TooLarge,
        NetError::BadUrl(_)
        | NetError::Insecure { .. }
        | NetError::Denied { .. }
        | NetError::Unreachable { .. }
        | NetError::Failed { .. } => CastAiTrouble::Unreachable,
    };
    problem(code, format!("Cast AI could not be read: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_way_of_saying_that_there_is_more_is_understood() {
        let next = |text: &str| serde_json::from_str::<Page>(text).unwrap().next().map(str::to_owned);
        for more in [
            r#"{"items": [], "nextCursor": "a"}"#,
            r#"{"items": [], "nextPageCursor": "a"}"#,
            r#"{"items": [], "nextPage": {"limit": "100", "cursor": "a"}, "totalCount": "3"}"#,
        ] {
            assert_eq!(next(more).as_deref(), Some("a"), "{more}");
        }
        for end in [r#"{"items": []}"#, r#"{"items": [], "nextCursor": ""}"#, r#"{"items": [], "nextPage": {}}"#] {
            assert_eq!(next(end), None, "{end}");
        }
        let address = with_cursor(&Url::parse("https://api.cast.ai").unwrap(), Some("a&b="));
        assert_eq!(address.as_str(), "https://api.cast.ai/v1/kubernetes/external-clusters?page.cursor=a%26b%3D");
    }

    #[test]
    fn an_entry_is_a_cluster_an_ended_one_or_a_mistake() {
        let entry = |text: &str| serde_json::from_str::<Entry>(text).unwrap().listed();
        let listed = |id: &str, name: &str| Ok(Some(Listed { id: id.to_owned(), name: name.to_owned() }));
        assert_eq!(entry(r#"{"id": "1", "name": " prod\u0007 ", "status": "ready"}"#), listed("1", "prod"));
        assert_eq!(entry(r#"{"id": "1"}"#), listed("1", "1"));
        assert_eq!(entry(r#"{"id": "1", "status": "archived"}"#), Ok(None));
        assert!(entry(r#"{"name": "prod"}"#).is_err() && entry(r#"{"id": "a b"}"#).is_err());
    }
}
