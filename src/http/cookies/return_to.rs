//! Where to go after signing in: a path of this very site, a page of a host that the settings name, or the account page.

use crate::config::Settings;
use std::fmt;
use url::{Url, form_urlencoded};

/// No honest address is longer.
const LONGEST: usize = 2048;
const HOME: &str = "/account";

/// A checked path of this site, with its query; or a checked address of a host behind the gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::http) struct ReturnTo(String);

impl ReturnTo {
    /// The account page.
    pub(in crate::http) fn home() -> Self {
        Self(HOME.to_owned())
    }

    /// What was asked for, or the account page if it is missing or could lead anywhere else.
    pub(in crate::http) fn of(text: Option<&str>, settings: &Settings) -> Self {
        text.and_then(|text| Self::checked(text, settings)).unwrap_or_else(Self::home)
    }

    /// What was asked for, if a browser may be sent there.
    pub(in crate::http) fn checked(text: &str, settings: &Settings) -> Option<Self> {
        if is_ours(text) {
            return Some(Self(text.to_owned()));
        }
        behind_the_gateway(text, settings)
    }

    /// The path and query, or the whole address.
    pub(in crate::http) fn as_str(&self) -> &str {
        &self.0
    }

    /// The host, when it is another than this site.
    pub(in crate::http) fn elsewhere(&self) -> Option<String> {
        Url::parse(&self.0).ok()?.host_str().map(str::to_owned)
    }

    /// The sign-in, and from there to here.
    pub(in crate::http) fn by_the_sign_in(&self) -> String {
        with_return("/login", &self.0)
    }

    /// The terms, and from there to here.
    pub(in crate::http) fn by_the_terms(&self) -> String {
        with_return("/terms", &self.0)
    }
}

impl fmt::Display for ReturnTo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The sign-in page that leads back to a path; the plain one if that path is not ours.
pub(in crate::http) fn sign_in_address(path: &str) -> String {
    if is_ours(path) { with_return("/login", path) } else { "/login".to_owned() }
}

fn with_return(page: &str, path: &str) -> String {
    let query = form_urlencoded::Serializer::new(String::new()).append_pair("return_to", path).finish();
    format!("{page}?{query}")
}

/// An address of a host that the settings name; of this site's own it is the path.
///
/// What is followed is what the parser understood, written out again: a browser has nothing left to read differently.
fn behind_the_gateway(text: &str, settings: &Settings) -> Option<ReturnTo> {
    let readable = text.len() <= LONGEST && text.bytes().all(|byte| byte.is_ascii_graphic()) && !text.contains('\\');
    let url = Url::parse(text).ok().filter(|_| readable)?;
    let own = &settings.server.public_url;
    // Not from TLS to plain HTTP: the next request would carry what somebody on the way can read.
    if url.scheme() != own.scheme() || !url.username().is_empty() || url.password().is_some() {
        return None;
    }
    // Said in full: `https:host` and `https:///host` mean something to a browser too.
    let authority = text.split_once("://").map(|(_, rest)| rest).filter(|rest| !rest.starts_with('/'))?;
    if authority.split(['/', '?', '#']).next().is_some_and(|host| host.contains('@')) {
        return None;
    }
    if url.origin() == own.origin() {
        let path = match url.query() {
            Some(query) => format!("{}?{query}", url.path()),
            None => url.path().to_owned(),
        };
        return is_ours(&path).then_some(ReturnTo(path));
    }
    settings.gateway.return_hosts.iter().any(|host| host.covers(&url)).then(|| ReturnTo(url.into()))
}

/// Whether a browser, however it reads the text, stays on this site.
fn is_ours(text: &str) -> bool {
    let path = text.split(['?', '#']).next().unwrap_or_default();
    text.len() <= LONGEST
        && text.bytes().all(|byte| byte.is_ascii_graphic())
        && !text.contains('\\')
        && path.starts_with('/')
        && !hides_something(path)
        && !leads_in_circles(path)
        && stays_here(text)
}

/// Slashes, back-slashes, dots and control characters behind percent signs mean one thing to us and another to a proxy.
fn hides_something(path: &str) -> bool {
    let lower = path.to_ascii_lowercase();
    let hidden = ["//", "%2f", "%5c", "%2e", "%25", "%7f", "/../", "/./"];
    let ends_in_dots = lower.ends_with("/..") || lower.ends_with("/.");
    let hides_control = ["%0", "%1"].iter().any(|start| lower.contains(start));
    ends_in_dots || hides_control || hidden.iter().any(|piece| lower.contains(piece))
}

fn leads_in_circles(path: &str) -> bool {
    let first = path.split('/').nth(1).unwrap_or_default();
    ["login", "logout"].contains(&first)
}

/// The last word has the same parser that browsers' rules describe.
fn stays_here(text: &str) -> bool {
    let Ok(here) = Url::parse("https://castgate.invalid/login") else { return false };
    here.join(text).is_ok_and(|there| there.origin() == here.origin() && there.username().is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn settings() -> Settings {
        let mut settings = Settings::load(None, std::iter::empty()).unwrap();
        settings.server.public_url = "https://id.example.com".parse().unwrap();
        settings.gateway.return_hosts =
            vec!["costs.example.com".parse().unwrap(), "*.apps.example.com".parse().unwrap()];
        settings
    }

    fn of(text: &str) -> ReturnTo {
        ReturnTo::of(Some(text), &settings())
    }

    #[test]
    fn hosts_behind_the_gateway_are_returned_to() {
        for text in
            ["https://costs.example.com/", "https://costs.example.com/a//b?c=d&e=%2F", "https://x.apps.example.com/%2f"]
        {
            assert_eq!(of(text).as_str(), text);
        }
        assert_eq!(of("https://costs.example.com").as_str(), "https://costs.example.com/");
        assert_eq!(of("https://costs.example.com/a/../b").as_str(), "https://costs.example.com/b");
        assert_eq!(of("https://id.example.com/costs?x=y").as_str(), "/costs?x=y", "of our own host, the path");
        assert_eq!(of("https://costs.example.com/a").elsewhere().as_deref(), Some("costs.example.com"));
        assert_eq!(of("/a").elsewhere(), None);
        assert_eq!(
            of("https://costs.example.com/a").by_the_terms(),
            "/terms?return_to=https%3A%2F%2Fcosts.example.com%2Fa"
        );
    }

    #[test]
    fn no_other_host_is_however_it_is_written() {
        let bad = [
            "http://costs.example.com/",
            "https://costs.example.com:8443/",
            "https://costs.example.com.evil.test/",
            "https://evil.test/costs.example.com",
            "https://evil.test?https://costs.example.com/",
            "https://costs.example.com@evil.test/",
            "https://me@costs.example.com/",
            "https://:@costs.example.com/",
            "https://evil.test#costs.example.com",
            "https://evil.test\\.costs.example.com/",
            "https:\\\\costs.example.com/",
            "https:costs.example.com/",
            "https:///costs.example.com/",
            "//costs.example.com/",
            "https://apps.example.com/",
            "https://evilapps.example.com/",
            "https://id.example.com/login",
            "https://id.example.com//evil.test",
            "javascript://costs.example.com/%0aalert(1)",
            "https://costs.example.com/\r\nx",
            " https://costs.example.com/",
            "https://costs.exam\tple.com/",
        ];
        for text in bad {
            assert_eq!(of(text).as_str(), HOME, "{text:?}");
        }
    }

    #[test]
    fn an_address_elsewhere_is_not_followed() {
        let bad = [
            "",
            " ",
            "account",
            "//evil.test",
            "///evil.test",
            "////evil.test",
            "/\\evil.test",
            "\\\\evil.test",
            "\\/evil.test",
            "/\\/evil.test",
            "https://evil.test",
            "http:evil.test",
            "https:/evil.test",
            "HTTPS://evil.test",
            "javascript:alert(1)",
            "data:text/html,x",
            "vbscript:x",
            "mailto:a@b.test",
            "/\tevil.test",
            "/\t/evil.test",
            "\t//evil.test",
            " //evil.test",
            "/%09/evil.test",
            "/%2fevil.test",
            "/%2Fevil.test",
            "/%2f%2fevil.test",
            "/%5cevil.test",
            "/%5C%5Cevil.test",
            "/%252fevil.test",
            "/%255cevil.test",
            "/.//evil.test",
            "/..//evil.test",
            "/./",
            "/a/../..//evil.test",
            "/a/../b",
            "/a/..",
            "/a/.",
            "/%2e%2e/evil",
            "/%2E%2E%2Fevil",
            "/a\r\nLocation: x",
            "/a\r\nSet-Cookie: x=y",
            "/a%0d%0aSet-Cookie:x",
            "/a%0aX",
            "/a%00",
            "/\u{0}",
            "/\u{7f}",
            "/a b",
            "/ä",
            "/\u{2028}",
            "/\u{ff0f}evil.test",
            "/\u{2215}evil.test",
            "?x=//evil.test",
            "#x",
            "@evil.test",
            "/@\\evil.test",
            "evil.test",
            ".evil.test",
            "//evil.test/%2f..",
            "//evil.test\\@ours",
            "https:evil.test",
            "https:///evil.test",
            "/login",
            "/login?return_to=/login",
            "/login/callback?code=x",
            "/logout",
            "//[::1]/",
            "//3232235777/",
            "/\u{200b}/evil.test",
            "\u{feff}/account",
            "file:///etc/passwd",
            "blob:x",
            "/%1f",
            "/a%7f",
        ];
        for text in bad {
            assert_eq!(of(text).as_str(), HOME, "{text:?}");
        }
        assert_eq!(ReturnTo::of(None, &settings()).as_str(), HOME);
        assert_eq!(of(&format!("/{}", "a".repeat(LONGEST))).as_str(), HOME);
    }

    #[test]
    fn a_path_of_ours_is_followed_with_its_query() {
        for text in ["/", "/account", "/costs?from=2026-01-01&to=%2F", "/a/b.html#part", "/a~b/c:d", "/x?y=//z"] {
            assert_eq!(of(text).as_str(), text);
        }
    }

    #[test]
    fn the_way_back_is_kept_through_the_terms_and_the_sign_in() {
        assert_eq!(of("/a?b=c&d").by_the_terms(), "/terms?return_to=%2Fa%3Fb%3Dc%26d");
        assert_eq!(sign_in_address("//evil.test"), "/login");
    }

    proptest! {
        #[test]
        fn whatever_is_asked_for_the_browser_stays(text in "[/\\\\.%2fF5cC:@a?#\t ]{0,12}evil.test") {
            let target = of(&text);
            let here = Url::parse("https://id.example.com/login").unwrap();
            prop_assert_eq!(here.join(target.as_str()).unwrap().origin(), here.origin());
        }
    }
}
