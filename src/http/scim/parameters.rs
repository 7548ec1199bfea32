//! What stands behind the question mark, and If-Match and If-None-Match.

use super::{body::note, caller::Push, dialect};
use crate::{
    filter::{Filter, Literal, Node},
    http::error::ScimFailure,
    scim::{EntityTags, Projection, Query, ResourceType, Tolerance},
};
use axum::http::{HeaderMap, HeaderName, Uri};
use serde_json::{Map, Value};
use std::sync::Arc;

/// The parameters of a request, read once for all who look at them. In its [`Push`].
#[derive(Debug, Clone)]
pub(super) struct Given {
    /// Decoded as forms are, `+` and `%20` both a space, in the order in which they came.
    pub(super) pairs: Arc<[(String, String)]>,
    plus_for_space: bool,
}

impl Given {
    pub(super) fn of(uri: &Uri) -> Self {
        let pairs = url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()).into_owned().collect();
        Self { pairs, plus_for_space: has_plus_for_space(uri) }
    }
}

/// The query of a list. What it gets away with is counted.
pub(super) fn query(kind: ResourceType, push: &Push) -> Result<Query, ScimFailure> {
    let query = Query::parse_extended(kind, &push.given.pairs, dialect(push), push.extensions())?;
    note(&query.tolerances, push);
    if push.given.plus_for_space {
        note(&[Tolerance::PlusForSpace], push);
    }
    Ok(query)
}

/// The query of a search. What it gets away with is counted.
pub(super) fn search(kind: ResourceType, body: &Map<String, Value>, push: &Push) -> Result<Query, ScimFailure> {
    let query = Query::from_search(kind, body, dialect(push), push.extensions())?;
    note(&query.tolerances, push);
    Ok(query)
}

/// Whether a filter has a `+` between its words. One inside of a text may be meant as one, see [`with_pluses`].
fn has_plus_for_space(uri: &Uri) -> bool {
    let pairs = uri.query().unwrap_or_default().split('&').filter_map(|pair| pair.split_once('='));
    let mut filters = pairs.filter(|(name, _)| name.eq_ignore_ascii_case("filter"));
    // An escaped quote ends no text, and stands in one.
    let plain =
        |filter: &str| filter.replace("%22", "\"").replace("%5C", "\\").replace("%5c", "\\").replace("\\\"", "");
    let between_words = |filter: &str| plain(filter).split('"').step_by(2).any(|words| words.contains('+'));
    filters.next_back().is_some_and(|(_, filter)| filter.contains('+') && between_words(filter))
}

/// What of one resource is wanted, and whether the client said anything about it.
pub(super) fn projection(kind: ResourceType, given: &Given) -> (Projection, bool) {
    let find = |name: &str| {
        let found = given.pairs.iter().rev().find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str()).filter(|value| !value.trim().is_empty())
    };
    let (only, without) = (find("attributes"), find("excludedAttributes"));
    (Projection::parse(kind, only, without), only.is_some() || without.is_some())
}

/// The tags of a conditional header.
pub(super) fn tags(headers: &HeaderMap, name: &HeaderName) -> Option<EntityTags> {
    headers.get(name).and_then(|value| value.to_str().ok()).map(EntityTags::parse)
}

/// The same query with `+` where it has spaces in front of an `@`; none where it has no such text.
///
/// Some clients write a space as `+`, others send an address like `ada+test@example.com` as it is: the two look alike. What
/// was decoded is asked for first, and this only when there is nothing.
pub(super) fn with_pluses(query: &Query) -> Option<Query> {
    let before = query.filter.as_ref()?;
    let after = plus_in(before);
    (after != *before).then(|| Query { filter: Some(after), ..query.clone() })
}

fn plus_in(filter: &Filter) -> Filter {
    let each = |parts: &[Filter]| parts.iter().map(plus_in).collect();
    let node = match &filter.node {
        Node::Compare { path, operator, value: Literal::Text(text) } => {
            Node::Compare { path: path.clone(), operator: *operator, value: Literal::Text(plus_in_local_part(text)) }
        }
        Node::Compare { value: Literal::Null | Literal::Boolean(_) | Literal::Number(_), .. } | Node::Present(_) => {
            filter.node.clone()
        }
        Node::And(parts) => Node::And(each(parts)),
        Node::Or(parts) => Node::Or(each(parts)),
        Node::Not(part) => Node::Not(Box::new(plus_in(part))),
        Node::Element { path, filter } => Node::Element { path: path.clone(), filter: Box::new(plus_in(filter)) },
    };
    Filter { node, span: filter.span }
}

fn plus_in_local_part(text: &str) -> String {
    match text.rsplit_once('@') {
        Some((local, domain)) => format!("{}@{domain}", local.replace(' ', "+")),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(uri: &Uri) -> Query {
        Query::parse(ResourceType::User, &Given::of(uri).pairs, crate::filter::Dialect::Tolerant).unwrap()
    }

    fn again(query: &str) -> Option<String> {
        let uri: Uri = format!("/Users?{query}").parse().unwrap();
        let query = read(&uri);
        with_pluses(&query).map(|query| query.filter.unwrap().to_string())
    }

    #[test]
    fn a_plus_and_percent_twenty_are_a_space() {
        let uri: Uri = "/Users?filter=userName+eq%20%22a%2Bb@x%22".parse().unwrap();
        let query = read(&uri);
        assert_eq!(query.filter.unwrap().to_string(), r#"userName eq "a+b@x""#);
    }

    #[test]
    fn a_plus_between_words_is_one_for_a_space_and_one_in_a_text_may_be_a_plus() {
        for (query, wanted) in [
            ("filter=userName+eq%20%22a%22", true),
            ("filter=userName%20eq+%22a%22", true),
            ("filter=userName%20eq%20%22a+b@x%22", false),
            ("filter=userName%20eq%20%22a%5C%22+b%22", false),
            ("filter=userName%20eq%20%22a%5C%22+b%22+and+title+pr", true),
            ("filter=a%20pr&sortBy=a+b", false),
            ("count=1", false),
        ] {
            let uri: Uri = format!("/Users?{query}").parse().unwrap();
            assert_eq!(has_plus_for_space(&uri), wanted, "{query}");
        }
    }

    #[test]
    fn a_space_before_an_at_sign_may_have_been_a_plus() {
        assert_eq!(again("filter=userName+eq+%22a+b@x%22").as_deref(), Some(r#"userName eq "a+b@x""#));
        let nested = again("filter=active+eq+true+and+emails[value+eq+%22a+b@x%22]");
        assert_eq!(nested.as_deref(), Some(r#"active eq true and emails[value eq "a+b@x"]"#));
        assert_eq!(again("filter=displayName+eq+%22a+b%22"), None);
        assert_eq!(again("filter=userName+eq+%22a@x+b%22"), None);
        assert_eq!(again("count=1"), None);
    }
}
