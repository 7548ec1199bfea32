//! The request that a proxy asks about, as that proxy writes it down.

use crate::{config::Settings, http::cookies::ReturnTo};
use axum::{
    extract::Request,
    http::{HeaderMap, Method, Uri, header, request::Parts, uri::PathAndQuery},
};

/// Where Envoy asks. Behind it, and behind what the route demands, comes the path of the original request.
const ENVOY: &str = "/auth/verify/envoy";

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Proxy {
    /// `auth_request`: 2xx, 401 or 403, and a redirect is nginx's own business.
    Nginx,
    /// `forwardAuth`: what is not 2xx goes to the browser as it is.
    Traefik,
    /// `ext_authz` over HTTP: what is not 200 goes to the browser as it is.
    Envoy,
}

/// The original path and query of a request of Envoy's; in the extensions.
#[derive(Debug, Clone)]
struct Behind(String);

/// Takes the original path out of the address at which Envoy asks.
///
/// `/auth/verify/envoy` + `/costs?day=1` leaves the route alone, and `/auth/verify/envoy:can=view-costs` + `/costs` leaves the
/// route with the query `can=view-costs`. It is done before the path is looked at: whatever is written in the original path,
/// it decides nothing here but where somebody comes back to.
pub(in crate::http) fn take_from_path(request: &mut Request) {
    let Some(rest) = request.uri().path().strip_prefix(ENVOY) else { return };
    let (demands, path) = match rest.as_bytes().first() {
        Some(b'/') => ("", rest),
        Some(b':') => rest[1..].split_at(rest[1..].find('/').unwrap_or(rest.len() - 1)),
        Some(_) | None => return,
    };
    let behind = match request.uri().query() {
        Some(query) => format!("{path}?{query}"),
        None => path.to_owned(),
    };
    let Ok(route) = PathAndQuery::try_from(format!("{ENVOY}?{demands}")) else { return };
    let mut parts = std::mem::take(request.uri_mut()).into_parts();
    parts.path_and_query = Some(route);
    // With its scheme and host, if it had them: only the path was changed.
    *request.uri_mut() = Uri::from_parts(parts).unwrap_or_else(|_| Uri::from_static(ENVOY));
    request.extensions_mut().insert(Behind(behind));
}

/// What is known of the original request. Only where somebody comes back to follows from it, and that is checked.
#[derive(Debug)]
pub(super) struct Original {
    /// Who asked.
    pub(super) proxy: Proxy,
    method: String,
    /// The whole address, or its path alone when the proxy does not tell the host.
    address: Option<String>,
    navigates: bool,
    preflight: bool,
}

impl Original {
    pub(super) fn read(proxy: Proxy, parts: &Parts) -> Self {
        let headers = &parts.headers;
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let forwarded = || (text("x-forwarded-method"), text("x-forwarded-uri"), text("x-forwarded-host"));
        let (method, path, host) = match proxy {
            Proxy::Nginx => match text("x-original-url").or_else(|| text("x-original-uri")) {
                Some(address) => (text("x-original-method"), Some(address), None),
                None => forwarded(),
            },
            Proxy::Traefik => forwarded(),
            Proxy::Envoy => {
                let behind = parts.extensions.get::<Behind>().map(|behind| behind.0.as_str());
                (Some(parts.method.as_str()), behind, text("host").or_else(|| parts.uri.host()))
            }
        };
        let method = method.unwrap_or("GET").to_owned();
        // A list, when several proxies stand in a row: the first is the browser's.
        let scheme = text("x-forwarded-proto").and_then(|list| list.split(',').next()).map(str::trim);
        let address = path.map(|path| match (host, scheme) {
            (Some(host), Some(scheme)) if path.starts_with('/') => format!("{scheme}://{host}{path}"),
            (Some(host), None) if path.starts_with('/') => format!("//{host}{path}"),
            (Some(_) | None, _) => path.to_owned(),
        });
        let preflight = method == Method::OPTIONS.as_str()
            && headers.contains_key(header::ORIGIN)
            && headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
        Self { proxy, navigates: navigates(&method, headers), method, address, preflight }
    }

    /// Whether a person waits for a page: only they can sign in. A script, a form, a web socket and a program cannot.
    pub(super) fn navigates(&self) -> bool {
        self.navigates
    }

    /// Whether a browser only asks whether it may ask.
    pub(super) fn is_preflight(&self) -> bool {
        self.preflight
    }

    /// Where somebody comes back to, if they may be sent there.
    pub(super) fn wanted(&self, settings: &Settings) -> Option<ReturnTo> {
        let address = self.address.as_deref().filter(|_| self.method == Method::GET.as_str())?;
        match address.strip_prefix("//") {
            // The proxy did not say which scheme: the one by which people reach castgate.
            Some(rest) if self.proxy != Proxy::Nginx => {
                ReturnTo::checked(&format!("{}://{rest}", settings.server.public_url.scheme()), settings)
            }
            Some(_) | None => ReturnTo::checked(address, settings),
        }
    }
}

fn navigates(method: &str, headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let reads = text("accept").is_some_and(|accept| accept.contains("text/html"));
    let page = text("sec-fetch-mode").is_none_or(|mode| mode == "navigate");
    let script = text("x-requested-with").is_some_and(|with| with.eq_ignore_ascii_case("XMLHttpRequest"));
    let socket = headers.contains_key(header::UPGRADE) || headers.contains_key(header::SEC_WEBSOCKET_KEY);
    ["GET", "HEAD"].contains(&method) && reads && page && !script && !socket
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;

    fn settings() -> Settings {
        let mut settings = Settings::load(None, std::iter::empty()).unwrap();
        settings.server.public_url = "https://id.example.com".parse().unwrap();
        settings.gateway.return_hosts = vec!["*.example.com".parse().unwrap()];
        settings
    }

    fn parts(method: &str, uri: &str, headers: &[(&'static str, &str)]) -> Parts {
        let mut request = Request::builder().method(method).uri(uri).body(Body::empty()).unwrap();
        for (name, value) in headers {
            request.headers_mut().append(*name, value.parse().unwrap());
        }
        take_from_path(&mut request);
        request.into_parts().0
    }

    fn wanted(proxy: Proxy, uri: &str, headers: &[(&'static str, &str)]) -> Option<String> {
        let original = Original::read(proxy, &parts("GET", uri, headers));
        original.wanted(&settings()).map(|to| to.to_string())
    }

    #[test]
    fn what_envoy_puts_behind_the_address_never_becomes_a_part_of_the_question() {
        let cases = [
            ("/auth/verify/envoy", "/auth/verify/envoy", None),
            ("/auth/verify/envoy/", "/auth/verify/envoy?", Some("/")),
            ("/auth/verify/envoy/a?can=x", "/auth/verify/envoy?", Some("/a?can=x")),
            ("/auth/verify/envoy//a/../%2f;b", "/auth/verify/envoy?", Some("//a/../%2f;b")),
            ("/auth/verify/envoy:can=a&cluster=b/c?d", "/auth/verify/envoy?can=a&cluster=b", Some("/c?d")),
            ("/auth/verify/envoy:can=a", "/auth/verify/envoy?can=a", Some("")),
            ("/auth/verify/envoy:/c", "/auth/verify/envoy?", Some("/c")),
            ("http://id.example.com/auth/verify/envoy/c", "http://id.example.com/auth/verify/envoy?", Some("/c")),
            ("/auth/verify/envoyx/c", "/auth/verify/envoyx/c", None),
            ("/auth/verify", "/auth/verify", None),
        ];
        for (uri, route, behind) in cases {
            let parts = parts("GET", uri, &[]);
            assert_eq!(parts.uri.to_string(), route, "{uri}");
            assert_eq!(parts.extensions.get::<Behind>().map(|behind| behind.0.as_str()), behind, "{uri}");
        }
    }

    #[test]
    fn each_proxy_writes_the_original_address_in_its_own_way() {
        let nginx = |name, value| wanted(Proxy::Nginx, "/auth/verify", &[(name, value)]);
        assert_eq!(nginx("x-original-url", "https://a.example.com/b?c").as_deref(), Some("https://a.example.com/b?c"));
        assert_eq!(nginx("x-original-url", "https://id.example.com/b").as_deref(), Some("/b"));
        assert_eq!(nginx("x-original-uri", "/b?c").as_deref(), Some("/b?c"));
        assert_eq!(nginx("x-original-url", "https://evil.test/"), None);
        assert_eq!(nginx("x-original-uri", "//a.example.com/"), None);
        let traefik = |host, uri| {
            let told = [("x-forwarded-proto", "https"), ("x-forwarded-host", host), ("x-forwarded-uri", uri)];
            wanted(Proxy::Traefik, "/auth/verify/traefik", &told)
        };
        assert_eq!(traefik("a.example.com", "/b?c").as_deref(), Some("https://a.example.com/b?c"));
        assert_eq!(traefik("id.example.com", "/b").as_deref(), Some("/b"));
        assert_eq!(traefik("id.example.com", "//evil.test"), None);
        assert_eq!(traefik("evil.test", "/"), None);
        assert_eq!(traefik("id.example.com@evil.test", "/"), None);
        let envoy = |host, path: &str| wanted(Proxy::Envoy, &format!("/auth/verify/envoy{path}"), &[("host", host)]);
        assert_eq!(envoy("a.example.com", "/b?c").as_deref(), Some("https://a.example.com/b?c"));
        assert_eq!(envoy("id.example.com", ":can=x/b").as_deref(), Some("/b"));
        assert_eq!(envoy("evil.test", "/b"), None);
    }

    #[test]
    fn only_a_person_who_waits_for_a_page_can_sign_in() {
        type Case<'a> = (&'a str, &'a [(&'static str, &'a str)], bool);
        let html = ("accept", "text/html,*/*;q=0.8");
        let cases: &[Case<'_>] = &[
            ("GET", &[html], true),
            ("HEAD", &[html], true),
            ("GET", &[html, ("sec-fetch-mode", "navigate")], true),
            ("GET", &[], false),
            ("GET", &[("accept", "*/*")], false),
            ("POST", &[html], false),
            ("OPTIONS", &[html], false),
            ("GET", &[html, ("sec-fetch-mode", "cors")], false),
            ("GET", &[html, ("x-requested-with", "XMLHttpRequest")], false),
            ("GET", &[html, ("upgrade", "websocket")], false),
            ("GET", &[html, ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")], false),
        ];
        for (method, headers, expected) in cases {
            let original = Original::read(Proxy::Envoy, &parts(method, "/auth/verify/envoy/a", headers));
            assert_eq!(original.navigates(), *expected, "{method} {headers:?}");
        }
    }
}
