//! The groups of somebody who has more than their provider puts into a token, asked for where an admin says.
//!
//! Entra leaves the list out beyond 200 groups and points at a query instead. Where that token points is never followed: the
//! address is the connection's own setting, and its pages stay at that address's host.

use super::{SsoError, providers::Providers};
use serde::{Deserialize, de::IgnoredAny};
use std::collections::BTreeSet;
use url::Url;

/// More pages than anybody's groups fill: with 999 on each, as Microsoft Graph gives them.
const MOST_PAGES: usize = 20;
/// More groups than anybody is in.
const MOST_GROUPS: usize = 10_000;

#[derive(Deserialize)]
struct Page {
    value: Vec<Entry>,
    #[serde(rename = "@odata.nextLink")]
    next: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Entry {
    Id(String),
    Object { id: String },
    Other(IgnoredAny),
}

/// All of somebody's groups. A part of them is not an answer: what is missing could not be told from what was taken away.
pub(super) async fn all_groups(
    providers: &Providers,
    endpoint: &str,
    access_token: &str,
) -> Result<Vec<String>, SsoError> {
    let unusable = |why: String| SsoError::GroupsUnknown { why };
    let first = Url::parse(endpoint).map_err(|error| unusable(format!("its groups_endpoint: {error}")))?;
    let (mut groups, mut address) = (BTreeSet::new(), first.clone());
    for _ in 0..MOST_PAGES {
        let answer = providers
            .get(address.as_str(), Some(access_token), "somebody's groups")
            .await
            .map_err(|error| unusable(error.to_string()))?;
        let page: Page = serde_json::from_slice(answer.body())
            .map_err(|error| unusable(format!("the list of groups cannot be read ({error})")))?;
        for entry in page.value {
            match entry {
                Entry::Id(id) | Entry::Object { id } if !id.is_empty() => drop(groups.insert(id)),
                Entry::Id(_) | Entry::Object { .. } | Entry::Other(IgnoredAny) => {
                    return Err(unusable("the list holds something that is no group".to_owned()));
                }
            }
        }
        if groups.len() > MOST_GROUPS {
            return Err(unusable(format!("there are more than {MOST_GROUPS} of them")));
        }
        let Some(next) = page.next else { return Ok(groups.into_iter().collect()) };
        let next = first.join(&next).map_err(|error| unusable(format!("the address of the next page: {error}")))?;
        // The access token goes nowhere but to the host that the admin named.
        if next.origin() != first.origin() {
            return Err(unusable("the next page is at another host".to_owned()));
        }
        address = next;
    }
    Err(unusable(format!("they fill more than {MOST_PAGES} pages")))
}
