//! What a browser brings along and where it may be sent: cookies, proof that a form is ours, addresses to return to.

mod origin;
mod return_to;

pub(super) use origin::{csrf_token, refuse_cross_site, refuse_forged};
pub(super) use return_to::{ReturnTo, sign_in_address};

use crate::config::{SameSite, Settings};
use axum::http::{HeaderMap, HeaderValue, header as header_name};

/// Seconds that somebody may take at the provider.
const SIGN_IN_LIFE: u64 = 600;
const SIGN_IN: &str = "castgate-sign-in";
const SAML: &str = "castgate-saml";

/// Over TLS the name is one that only this host, over TLS, can have set (RFC 6265bis §4.1.3.2); only TLS, where the hosts of a
/// domain share it (§4.1.3.1).
fn session_name(settings: &Settings) -> String {
    let prefix = match (settings.server.is_https(), &settings.sessions.cookie_domain) {
        (true, None) => "__Host-",
        (true, Some(_)) => "__Secure-",
        (false, _) => "",
    };
    format!("{prefix}{}", settings.sessions.cookie_name)
}

/// `__Host-` would ask for `Path=/`; this cookie is nobody's business outside the sign-in.
fn sign_in_name(settings: &Settings) -> String {
    let prefix = if settings.server.is_https() { "__Secure-" } else { "" };
    format!("{prefix}{SIGN_IN}")
}

fn secure(settings: &Settings) -> &'static str {
    if settings.server.is_https() { "; Secure" } else { "" }
}

fn read(headers: &HeaderMap, name: &str) -> Option<String> {
    let (_, value) = sent(headers).filter(|(sent, _)| *sent == name).last()?.1.split_once('=')?;
    Some(value.trim().to_owned()).filter(|value| !value.is_empty())
}

/// The cookies of a request, each with its name. What we set needs neither quotes nor escapes, so none are undone.
fn sent(headers: &HeaderMap) -> impl Iterator<Item = (&str, &str)> {
    // RFC 6265 §4.2.1: cookie-string = cookie-pair *( ";" SP cookie-pair )
    let lines = headers.get_all(header_name::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let cookies = lines.flat_map(|line| line.split(';')).map(str::trim).filter(|cookie| !cookie.is_empty());
    cookies.map(|cookie| (cookie.split('=').next().unwrap_or_default().trim(), cookie))
}

/// The session's secret, as the browser sends it. Nothing of it is checked.
pub(super) fn session(headers: &HeaderMap, settings: &Settings) -> Option<String> {
    read(headers, &session_name(settings))
}

/// The cookies of a request but the session's: what a service behind the gateway may see of them.
pub(super) fn but_the_session(headers: &HeaderMap, settings: &Settings) -> String {
    let name = session_name(settings);
    let others = sent(headers).filter(|(sent, _)| *sent != name).map(|(_, cookie)| cookie);
    others.collect::<Vec<_>>().join("; ")
}

/// The sealed memory of a sign-in under way.
pub(super) fn sign_in(headers: &HeaderMap, settings: &Settings) -> Option<String> {
    read(headers, &sign_in_name(settings))
}

/// A `Set-Cookie` that begins a session in this browser.
pub(super) fn set_session(settings: &Settings, secret: &str) -> Option<HeaderValue> {
    session_header(settings, secret, settings.sessions.absolute.get().as_secs())
}

/// A `Set-Cookie` that takes the session from this browser.
pub(super) fn clear_session(settings: &Settings) -> Option<HeaderValue> {
    session_header(settings, "", 0)
}

fn session_header(settings: &Settings, value: &str, age: u64) -> Option<HeaderValue> {
    let same_site = match settings.sessions.same_site {
        SameSite::Lax => "Lax",
        SameSite::Strict => "Strict",
    };
    let (name, secure) = (session_name(settings), secure(settings));
    let domain = settings.sessions.cookie_domain.as_ref().map_or(String::new(), |domain| format!("; Domain={domain}"));
    header(&format!("{name}={value}{domain}; Path=/; Max-Age={age}; HttpOnly; SameSite={same_site}{secure}"))
}

/// A `Set-Cookie` that remembers a sign-in under way. Lax and never Strict: the provider sends the browser back from elsewhere.
pub(super) fn set_sign_in(settings: &Settings, sealed: &str) -> Option<HeaderValue> {
    sign_in_header(settings, sealed, SIGN_IN_LIFE)
}

/// A `Set-Cookie` that forgets it: an answer is for one use, whatever came of it.
pub(super) fn clear_sign_in(settings: &Settings) -> Option<HeaderValue> {
    sign_in_header(settings, "", 0)
}

fn sign_in_header(settings: &Settings, value: &str, age: u64) -> Option<HeaderValue> {
    let (name, secure) = (sign_in_name(settings), secure(settings));
    header(&format!("{name}={value}; Path=/login; Max-Age={age}; HttpOnly; SameSite=Lax{secure}"))
}

/// Only this host, over TLS, can have set it: nobody plants a sign-in of their own in somebody's browser from a sibling host.
fn saml_name(settings: &Settings) -> String {
    let prefix = if settings.server.is_https() { "__Host-" } else { "" };
    format!("{prefix}{SAML}")
}

/// The sealed memory of a sign-in over SAML under way.
pub(super) fn saml_sign_in(headers: &HeaderMap, settings: &Settings) -> Option<String> {
    read(headers, &saml_name(settings))
}

/// A `Set-Cookie` that remembers a sign-in over SAML under way. Not Lax: the provider's answer is a form that its own site posts,
/// and with that no browser sends a Lax cookie. It opens nothing by itself, and an answer that does not name its request is
/// refused. `Secure` on loopback too, where browsers take it, because they refuse `None` without.
pub(super) fn set_saml_sign_in(settings: &Settings, sealed: &str) -> Option<HeaderValue> {
    saml_header(settings, sealed, SIGN_IN_LIFE)
}

/// A `Set-Cookie` that forgets it: an answer is for one use, whatever came of it.
pub(super) fn clear_saml_sign_in(settings: &Settings) -> Option<HeaderValue> {
    saml_header(settings, "", 0)
}

/// The id of what this browser left with to sign out at a SAML provider.
pub(super) fn saml_sign_out(headers: &HeaderMap, settings: &Settings) -> Option<String> {
    read(headers, &saml_sign_out_name(settings))
}

/// A `Set-Cookie` that remembers it; as for the sign-in, the answer may be a form of another site.
pub(super) fn set_saml_sign_out(settings: &Settings, id: &str) -> Option<HeaderValue> {
    saml_sign_out_header(settings, id, SIGN_IN_LIFE)
}

/// A `Set-Cookie` that forgets it.
pub(super) fn clear_saml_sign_out(settings: &Settings) -> Option<HeaderValue> {
    saml_sign_out_header(settings, "", 0)
}

fn saml_sign_out_header(settings: &Settings, value: &str, age: u64) -> Option<HeaderValue> {
    let name = saml_sign_out_name(settings);
    header(&format!("{name}={value}; Path=/login/saml; Max-Age={age}; HttpOnly; SameSite=None; Secure"))
}

fn saml_sign_out_name(settings: &Settings) -> String {
    let prefix = if settings.server.is_https() { "__Secure-" } else { "" };
    format!("{prefix}castgate-saml-sign-out")
}

fn saml_header(settings: &Settings, value: &str, age: u64) -> Option<HeaderValue> {
    let name = saml_name(settings);
    header(&format!("{name}={value}; Path=/; Max-Age={age}; HttpOnly; SameSite=None; Secure"))
}

/// What says that somebody signed in with this browser before. It opens nothing.
pub(super) fn device(headers: &HeaderMap, settings: &Settings) -> Option<String> {
    read(headers, &device_name(settings))
}

/// A `Set-Cookie` by which the browser is known again at the sign-in.
pub(super) fn set_device(settings: &Settings, sealed: &str) -> Option<HeaderValue> {
    let (name, secure) = (device_name(settings), secure(settings));
    let age = settings.passwords.browser_remembered.get().as_secs();
    header(&format!("{name}={sealed}; Path=/login; Max-Age={age}; HttpOnly; SameSite=Strict{secure}"))
}

fn device_name(settings: &Settings) -> String {
    let prefix = if settings.server.is_https() { "__Secure-" } else { "" };
    format!("{prefix}castgate-browser")
}

/// What this browser left with to sign out at the provider.
pub(super) fn sign_out(headers: &HeaderMap, settings: &Settings) -> Option<String> {
    read(headers, &sign_out_name(settings))
}

/// A `Set-Cookie` that remembers what this browser leaves with. Lax: the provider sends it back from elsewhere.
pub(super) fn set_sign_out(settings: &Settings, state: &str) -> Option<HeaderValue> {
    let (name, secure) = (sign_out_name(settings), secure(settings));
    header(&format!("{name}={state}; Path=/logout; Max-Age={SIGN_IN_LIFE}; HttpOnly; SameSite=Lax{secure}"))
}

/// A `Set-Cookie` that forgets it.
pub(super) fn clear_sign_out(settings: &Settings) -> Option<HeaderValue> {
    let (name, secure) = (sign_out_name(settings), secure(settings));
    header(&format!("{name}=; Path=/logout; Max-Age=0; HttpOnly; SameSite=Lax{secure}"))
}

fn sign_out_name(settings: &Settings) -> String {
    let prefix = if settings.server.is_https() { "__Secure-" } else { "" };
    format!("{prefix}castgate-sign-out")
}

/// A cookie keeps its value out of the `Debug` of headers.
fn header(text: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(text).ok()?;
    value.set_sensitive(true);
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(public_url: &str) -> Settings {
        let mut settings = Settings::load(None, std::iter::empty()).unwrap();
        settings.server.public_url = public_url.parse().unwrap();
        settings
    }

    #[test]
    fn over_tls_only_this_host_can_have_set_the_session() {
        let value = set_session(&settings("https://id.example"), "cgn_x").unwrap();
        insta::assert_snapshot!(value.to_str().unwrap(), @"__Host-castgate=cgn_x; Path=/; Max-Age=43200; HttpOnly; SameSite=Lax; Secure");
    }

    #[test]
    fn the_hosts_of_a_domain_share_the_session_where_the_operator_says_so() {
        let mut settings = settings("https://id.example.com");
        settings.sessions.cookie_domain = Some("example.com".to_owned());
        let value = set_session(&settings, "cgn_x").unwrap();
        insta::assert_snapshot!(value.to_str().unwrap(), @"__Secure-castgate=cgn_x; Domain=example.com; Path=/; Max-Age=43200; HttpOnly; SameSite=Lax; Secure");
    }

    #[test]
    fn a_service_behind_the_gateway_sees_every_cookie_but_the_session() {
        let settings = settings("https://id.example");
        let mut headers = HeaderMap::new();
        headers.append("cookie", "a=1; __Host-castgate=cgn_x;b=2".parse().unwrap());
        headers.append("cookie", "__Host-castgate=cgn_y; castgate=3".parse().unwrap());
        assert_eq!(but_the_session(&headers, &settings), "a=1; b=2; castgate=3");
        assert_eq!(but_the_session(&HeaderMap::new(), &settings), "");
    }

    #[test]
    fn on_loopback_there_is_no_tls_to_insist_on() {
        let value = set_session(&settings("http://127.0.0.1:8080"), "cgn_x").unwrap();
        insta::assert_snapshot!(value.to_str().unwrap(), @"castgate=cgn_x; Path=/; Max-Age=43200; HttpOnly; SameSite=Lax");
    }

    #[test]
    fn a_sign_in_is_remembered_for_ten_minutes_and_only_at_the_sign_in() {
        let value = set_sign_in(&settings("https://id.example"), "sealed").unwrap();
        insta::assert_snapshot!(value.to_str().unwrap(), @"__Secure-castgate-sign-in=sealed; Path=/login; Max-Age=600; HttpOnly; SameSite=Lax; Secure");
    }

    #[test]
    fn a_sign_in_over_saml_is_remembered_for_the_form_that_another_site_posts() {
        let value = set_saml_sign_in(&settings("https://id.example"), "sealed").unwrap();
        insta::assert_snapshot!(value.to_str().unwrap(), @"__Host-castgate-saml=sealed; Path=/; Max-Age=600; HttpOnly; SameSite=None; Secure");
    }

    #[test]
    fn a_cookie_cannot_carry_a_line_break() {
        assert!(set_session(&settings("https://id.example"), "a\r\nSet-Cookie: b").is_none());
    }
}
