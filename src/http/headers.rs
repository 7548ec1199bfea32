//! Headers that every answer carries, unless a handler said something more fitting: OWASP's list of secure headers, and its
//! rules for REST services where the answer is no page.

use axum::{
    http::{
        HeaderMap, HeaderName, HeaderValue,
        header::{
            CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY,
            X_CONTENT_TYPE_OPTIONS, X_DNS_PREFETCH_CONTROL, X_FRAME_OPTIONS,
        },
    },
    response::Response,
};

/// The header that names a request.
pub(super) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What a page may do: be styled, show our images, and send forms to us. No script, no frame.
const PAGE_POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; \
                           frame-ancestors 'none'; base-uri 'none'";

/// What anything else may do, if a browser can be made to show it: nothing.
const OTHER_POLICY: &str = "default-src 'none'; frame-ancestors 'none'";

/// Devices and powers that no page of ours asks for, and so nothing that finds its way into one may either.
const NO_POWERS: &str = "accelerometer=(), autoplay=(), browsing-topics=(), camera=(), clipboard-read=(), \
                         cross-origin-isolated=(), display-capture=(), encrypted-media=(), fullscreen=(), geolocation=(), \
                         gyroscope=(), hid=(), identity-credentials-get=(), idle-detection=(), magnetometer=(), \
                         microphone=(), midi=(), payment=(), picture-in-picture=(), publickey-credentials-get=(), \
                         screen-wake-lock=(), serial=(), sync-xhr=(), usb=(), web-share=(), xr-spatial-tracking=()";

const OPENER: HeaderName = HeaderName::from_static("cross-origin-opener-policy");
const EMBEDDER: HeaderName = HeaderName::from_static("cross-origin-embedder-policy");
const RESOURCE: HeaderName = HeaderName::from_static("cross-origin-resource-policy");
const PERMISSIONS: HeaderName = HeaderName::from_static("permissions-policy");
const OTHER_DOMAINS: HeaderName = HeaderName::from_static("x-permitted-cross-domain-policies");

/// Adds what is not there yet.
pub(super) fn secure(response: &mut Response, https: bool) {
    let headers = response.headers_mut();
    // All of them at once: a map that grows puts everything in it anew.
    headers.reserve(16);
    add(headers, X_CONTENT_TYPE_OPTIONS, "nosniff");
    // Not `no-referrer`: with it browsers send `Origin: null` with our own forms.
    add(headers, REFERRER_POLICY, "same-origin");
    add(headers, CACHE_CONTROL, "no-store");
    // For browsers that do not know frame-ancestors.
    add(headers, X_FRAME_OPTIONS, "DENY");
    add(headers, OTHER_DOMAINS, "none");
    // What belongs to somebody is not for another site's pages to load. Keys that everybody may cache are for everybody.
    let shared = headers.get(CACHE_CONTROL).is_some_and(|value| value.as_bytes().starts_with(b"public"));
    add(headers, RESOURCE, if shared { "cross-origin" } else { "same-origin" });
    if is_html(headers) {
        add(headers, CONTENT_SECURITY_POLICY, PAGE_POLICY);
        add(headers, OPENER, "same-origin");
        add(headers, EMBEDDER, "require-corp");
        add(headers, PERMISSIONS, NO_POWERS);
        add(headers, X_DNS_PREFETCH_CONTROL, "off");
    } else {
        add(headers, CONTENT_SECURITY_POLICY, OTHER_POLICY);
    }
    if https {
        // Not includeSubDomains: what else lives below this name is not ours to decide.
        add(headers, STRICT_TRANSPORT_SECURITY, "max-age=31536000");
    }
}

fn add(headers: &mut HeaderMap, name: HeaderName, value: &'static str) {
    headers.entry(name).or_insert(HeaderValue::from_static(value));
}

fn is_html(headers: &HeaderMap) -> bool {
    headers.get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::{body::Body, response::IntoResponse};

    fn secured(kind: &'static str, https: bool) -> String {
        let mut response = ([(CONTENT_TYPE, kind)], Body::empty()).into_response();
        secure(&mut response, https);
        let lines: Vec<String> = response
            .headers()
            .iter()
            .filter(|(name, _)| **name != PERMISSIONS)
            .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
            .collect();
        lines.join("\n")
    }

    #[test]
    fn a_page_may_do_next_to_nothing() {
        insta::assert_snapshot!(secured("text/html; charset=utf-8", true), @r"
        content-type: text/html; charset=utf-8
        x-content-type-options: nosniff
        referrer-policy: same-origin
        cache-control: no-store
        x-frame-options: DENY
        x-permitted-cross-domain-policies: none
        cross-origin-resource-policy: same-origin
        content-security-policy: default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'
        cross-origin-opener-policy: same-origin
        cross-origin-embedder-policy: require-corp
        x-dns-prefetch-control: off
        strict-transport-security: max-age=31536000
        ");
    }

    #[test]
    fn json_that_is_shown_as_a_page_may_do_nothing() {
        insta::assert_snapshot!(secured("application/scim+json", false), @r"
        content-type: application/scim+json
        x-content-type-options: nosniff
        referrer-policy: same-origin
        cache-control: no-store
        x-frame-options: DENY
        x-permitted-cross-domain-policies: none
        cross-origin-resource-policy: same-origin
        content-security-policy: default-src 'none'; frame-ancestors 'none'
        ");
    }

    #[test]
    fn a_handler_that_knows_better_is_heard() {
        let mut response = [(CACHE_CONTROL, "public, max-age=60")].into_response();
        secure(&mut response, false);
        assert_eq!(response.headers()[CACHE_CONTROL], "public, max-age=60");
        assert_eq!(response.headers()[RESOURCE], "cross-origin");
    }
}
