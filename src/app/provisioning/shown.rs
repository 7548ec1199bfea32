//! What the log shows of a request's path and parameters.

use super::redact;
use crate::{
    filter::{self, Dialect},
    scim::{LEFT_OUT, filter_without_values},
};

/// The path, with the parameters that decide what is found and without what a filter compares with.
pub(super) fn path(path: &str, parameters: &[(String, String)]) -> String {
    redact::text(&format!("{path}{}", query(parameters)))
}

fn query(parameters: &[(String, String)]) -> String {
    let mut shown = Vec::new();
    for (name, value) in parameters {
        if name.eq_ignore_ascii_case("filter") {
            let filter = filter::parse(value, Dialect::Tolerant).map(|filter| filter_without_values(&filter));
            shown.push(format!("filter={}", filter.as_deref().unwrap_or(LEFT_OUT)));
        } else if let Some(known) = ["startIndex", "count"].iter().find(|known| known.eq_ignore_ascii_case(name)) {
            let is_number = value.len() <= 12 && value.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
            shown.push(format!("{known}={}", if is_number { value.as_str() } else { LEFT_OUT }));
        }
    }
    if shown.is_empty() { String::new() } else { format!("?{}", shown.join("&")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(parameters: &[(&str, &str)]) -> String {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        path("/Users", &parameters.iter().map(owned).collect::<Vec<_>>())
    }

    #[test]
    fn parameters_are_shown_without_what_may_be_anybodys() {
        assert_eq!(
            shown(&[("filter", "userName eq \"ada\" and active eq true"), ("count", "100"), ("secret", "x")]),
            "/Users?filter=userName eq \"…\" and active eq true&count=100"
        );
        assert_eq!(shown(&[("filter", "ada\""), ("startIndex", "one")]), "/Users?filter=…&startIndex=…");
        assert_eq!(shown(&[]), "/Users");
    }
}
