//! Cross-site request forgery: a change is made only for a form of ours, sent by a page of ours.

use crate::{app::Error, config::Settings, crypto};
use axum::http::{HeaderMap, header};

/// What the token is derived for; another use of the same secret would get another token.
const PURPOSE: &[u8] = b"castgate form token, version 1";

/// The token that this session's forms carry. Whoever knows it does not learn the session's secret from it.
pub(in crate::http) fn csrf_token(session_secret: &str) -> String {
    data_encoding::BASE64URL_NOPAD.encode(&crypto::hmac_sha256(session_secret.as_bytes(), PURPOSE))
}

/// Refuses what another site had the browser send.
///
/// `Sec-Fetch-Site` says it best; browsers without it send `Origin` with a POST. A program that sends neither has no
/// browser's cookies either, and its forms need the token all the same.
pub(in crate::http) fn refuse_cross_site(headers: &HeaderMap, settings: &Settings) -> Result<(), Error> {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("unreadable"));
    let ours = match (text("sec-fetch-site"), text(header::ORIGIN.as_str())) {
        // `none`: the person did it, by an address or a bookmark.
        (Some(site), _) => site == "same-origin" || site == "none",
        (None, Some(origin)) => origin == settings.server.origin(),
        (None, None) => true,
    };
    if ours { Ok(()) } else { Err(forged("a request that another site sent")) }
}

/// Refuses a form without the session's own token, and everything that [`refuse_cross_site`] refuses.
pub(in crate::http) fn refuse_forged(
    headers: &HeaderMap,
    settings: &Settings,
    session_secret: &str,
    token: Option<&str>,
) -> Result<(), Error> {
    refuse_cross_site(headers, settings)?;
    let expected = csrf_token(session_secret);
    let sent = token.unwrap_or_default();
    if crypto::constant_time_eq(expected.as_bytes(), sent.as_bytes()) {
        return Ok(());
    }
    Err(forged("a form that was not made for this session; open the page again and repeat it"))
}

fn forged(what: &str) -> Error {
    Error::Forbidden { need: format!("a request from castgate's own pages; this was {what}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> Settings {
        let mut settings = Settings::load(None, std::iter::empty()).unwrap();
        settings.server.public_url = "https://id.example".parse().unwrap();
        settings
    }

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    #[test]
    fn only_our_own_pages_may_change_things() {
        let cases: &[(&[(&str, &str)], bool)] = &[
            (&[], true),
            (&[("sec-fetch-site", "same-origin")], true),
            (&[("sec-fetch-site", "none")], true),
            (&[("sec-fetch-site", "same-site")], false),
            (&[("sec-fetch-site", "cross-site")], false),
            (&[("sec-fetch-site", "cross-site"), ("origin", "https://id.example")], false),
            (&[("origin", "https://id.example")], true),
            (&[("origin", "http://id.example")], false),
            (&[("origin", "https://id.example:444")], false),
            (&[("origin", "https://id.example.evil.test")], false),
            (&[("origin", "null")], false),
        ];
        for (pairs, allowed) in cases {
            assert_eq!(refuse_cross_site(&headers(pairs), &settings()).is_ok(), *allowed, "{pairs:?}");
        }
    }

    #[test]
    fn a_form_of_another_session_is_refused() {
        let theirs = csrf_token("cgn_theirs");
        assert!(refuse_forged(&HeaderMap::new(), &settings(), "cgn_mine", Some(&theirs)).is_err());
        assert!(refuse_forged(&HeaderMap::new(), &settings(), "cgn_mine", None).is_err());
        assert!(refuse_forged(&HeaderMap::new(), &settings(), "cgn_mine", Some(&csrf_token("cgn_mine"))).is_ok());
    }
}
