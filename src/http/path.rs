//! Paths come in one spelling. A second one for the same place (`%55sers`, `a//b`, `x;y`) is how somebody gets past a rule
//! that a proxy in front keeps, so it leads nowhere.

use axum::http::{Uri, uri::PathAndQuery};

/// Whether a path is written in the one way that we write it.
pub(super) fn is_plain(path: &str) -> bool {
    let dots = |part: &str| part == "." || part == "..";
    // RFC 9112 §3.2: the authority of a CONNECT and the asterisk of an OPTIONS are no paths.
    path.starts_with('/')
        && !path.contains("//")
        && !path.contains([';', '\\'])
        && !path.split('/').any(dots)
        && path.match_indices('%').all(|(place, _)| is_needed(path.get(place + 1..place + 3)))
}

/// Whether an encoded byte is one that has to be encoded, and no separator, dot or control character in disguise.
///
/// RFC 3986 §2.3: unreserved characters "should not be created by URI producers" in encoded form.
fn is_needed(digits: Option<&str>) -> bool {
    let byte = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
    byte.is_some_and(|byte| {
        let unreserved = byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        !unreserved && !byte.is_ascii_control() && !b"/\\;%".contains(&byte)
    })
}

/// Whether a query holds the character NUL, which no name or text needs and PostgreSQL cannot store.
pub(super) fn holds_nul(query: &str) -> bool {
    query.contains("%00")
}

/// The address without one slash at its path's end: providers' forms ask for a “base URL” with or without it.
pub(super) fn without_last_slash(uri: &Uri) -> Option<Uri> {
    let path = uri.path().strip_suffix('/').filter(|path| !path.is_empty())?;
    let text = match uri.query() {
        Some(query) => format!("{path}?{query}"),
        None => path.to_owned(),
    };
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::try_from(text).ok()?);
    Uri::from_parts(parts).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_has_one_spelling() {
        for good in
            ["/", "/scim/v2/Users", "/scim/v2/Schemas/urn:x:2.0:User", "/scim/v2/Schemas/urn%3Ax", "/a%20b", "/%C3%A9"]
        {
            assert!(is_plain(good), "{good}");
        }
        for bad in [
            "",
            "*",
            "example.com:443",
            "//scim",
            "/scim/v2//",
            "/a/../scim/v2/Users",
            "/a/..",
            "/./a",
            "/a%2E%2E/b",
            "/%2e%2e%2fa",
            "/a%0d%0aX-Injected:%20y",
            "/a%09b",
            "/a%1fb",
            "/a%3Bb",
            "/a%25%32%66b",
            "/scim//v2",
            "/a;b",
            "/a%2Fb",
            "/a%2fb",
            "/%55sers",
            "/a%2e%2e",
            "/../a",
            "/a/.",
            "/a\\b",
            "/a%5Cb",
            "/a%00",
            "/a%",
            "/a%4",
            "/a%zz",
            "/a%+1",
            "/a%253A",
            "/a%7F",
            "/a%é",
        ] {
            assert!(!is_plain(bad), "{bad}");
        }
    }

    #[test]
    fn the_form_of_the_target_changes_nothing() {
        let path = |text: &str| text.parse::<Uri>().unwrap().path().to_owned();
        assert_eq!(path("http://elsewhere.example/scim/v2/Users?x"), "/scim/v2/Users");
        assert!(!is_plain(&path("http://elsewhere.example//scim/v2/Users")));
        assert!(!is_plain(&path("elsewhere.example:443")) && !is_plain(&path("*")));
    }

    #[test]
    fn nul_is_found_in_a_query() {
        assert!(holds_nul("filter=a%00") && !holds_nul("filter=a%2500") && !holds_nul("count=100"));
    }

    #[test]
    fn one_slash_at_the_end_is_forgiven() {
        let cut = |text: &str| without_last_slash(&text.parse().unwrap()).map(|uri| uri.to_string());
        assert_eq!(cut("/scim/v2/Users/?a=/"), Some("/scim/v2/Users?a=/".to_owned()));
        assert_eq!(cut("http://h/a/"), Some("http://h/a".to_owned()));
        assert_eq!(cut("/a"), None);
        assert_eq!(cut("/"), None);
    }
}
