//! Every route there is, and who may call it. Tests call each of them as nobody.

/// Whom a route answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Caller {
    /// Everybody.
    Anyone,
    /// Somebody signed in, in a browser; others are sent to the sign-in (303).
    SignedIn,
    /// Somebody signed in or an API key; others get 401 as problem+json.
    SessionOrKey,
    /// An identity provider with its connection's token; others get 401 as a SCIM error.
    ScimToken,
}

/// One route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Route {
    /// The HTTP method.
    pub method: &'static str,
    /// The template of the path, as the request line has it: `/scim/v2/Users/{id}`.
    pub path: &'static str,
    /// Whom it answers.
    pub who: Caller,
}

const fn route(method: &'static str, path: &'static str, who: Caller) -> Route {
    Route { method, path, who }
}

use Caller::{Anyone, ScimToken, SessionOrKey, SignedIn};

/// Every route, but HEAD, which goes wherever GET does.
pub const ROUTES: &[Route] = &[
    route("GET", "/healthz", Anyone),
    route("GET", "/readyz", Anyone),
    route("GET", "/assets/castgate.css", Anyone),
    route("GET", "/assets/castgate.svg", Anyone),
    route("GET", "/login", Anyone),
    route("POST", "/login", Anyone),
    route("GET", "/login/callback", Anyone),
    route("GET", "/login/link", Anyone),
    route("POST", "/login/link", Anyone),
    route("POST", "/logout", Anyone),
    route("GET", "/terms", SignedIn),
    route("POST", "/terms", SignedIn),
    route("GET", "/", Anyone),
    route("GET", "/account", SignedIn),
    route("POST", "/account/sessions/end", SignedIn),
    route("POST", "/account/keys", SignedIn),
    route("POST", "/account/keys/end", SignedIn),
    route("GET", "/cli", SignedIn),
    route("POST", "/cli", SignedIn),
    route("POST", "/api/v1/cli/exchange", Anyone),
    route("GET", "/.well-known/jwks.json", Anyone),
    route("GET", "/auth/verify", SessionOrKey),
    route("POST", "/auth/verify", SessionOrKey),
    route("GET", "/api/v1/me", SessionOrKey),
    route("GET", "/api/v1/organization", SessionOrKey),
    route("GET", "/api/v1/clusters", SessionOrKey),
    route("POST", "/api/v1/clusters", SessionOrKey),
    route("GET", "/api/v1/events", SessionOrKey),
    route("GET", "/api/v1/connections", SessionOrKey),
    route("POST", "/api/v1/connections", SessionOrKey),
    route("GET", "/api/v1/connections/{id}", SessionOrKey),
    route("PUT", "/api/v1/connections/{id}", SessionOrKey),
    route("POST", "/api/v1/connections/{id}/enable", SessionOrKey),
    route("POST", "/api/v1/connections/{id}/disable", SessionOrKey),
    route("GET", "/api/v1/connections/{id}/tokens", SessionOrKey),
    route("POST", "/api/v1/connections/{id}/tokens", SessionOrKey),
    route("DELETE", "/api/v1/connections/{id}/tokens/{token}", SessionOrKey),
    route("GET", "/api/v1/mapping", SessionOrKey),
    route("POST", "/api/v1/mapping/check", SessionOrKey),
    route("PUT", "/api/v1/mapping/draft", SessionOrKey),
    route("POST", "/api/v1/mapping/plan", SessionOrKey),
    route("POST", "/api/v1/mapping/publish", SessionOrKey),
    route("GET", "/api/v1/users", SessionOrKey),
    route("GET", "/api/v1/users/{id}", SessionOrKey),
    route("POST", "/api/v1/users/{id}/suspend", SessionOrKey),
    route("POST", "/api/v1/users/{id}/reactivate", SessionOrKey),
    route("GET", "/api/v1/users/{id}/sessions", SessionOrKey),
    route("DELETE", "/api/v1/users/{id}/sessions/{session}", SessionOrKey),
    route("GET", "/api/v1/groups", SessionOrKey),
    route("GET", "/api/v1/groups/{id}", SessionOrKey),
    route("GET", "/api/v1/keys", SessionOrKey),
    route("POST", "/api/v1/keys", SessionOrKey),
    route("DELETE", "/api/v1/keys/{id}", SessionOrKey),
    route("GET", "/scim/v2/ServiceProviderConfig", ScimToken),
    route("GET", "/scim/v2/ResourceTypes", ScimToken),
    route("GET", "/scim/v2/ResourceTypes/{id}", ScimToken),
    route("GET", "/scim/v2/Schemas", ScimToken),
    route("GET", "/scim/v2/Schemas/{urn}", ScimToken),
    route("GET", "/scim/v2/Users", ScimToken),
    route("POST", "/scim/v2/Users", ScimToken),
    route("POST", "/scim/v2/Users/.search", ScimToken),
    route("GET", "/scim/v2/Users/{id}", ScimToken),
    route("PUT", "/scim/v2/Users/{id}", ScimToken),
    route("PATCH", "/scim/v2/Users/{id}", ScimToken),
    route("DELETE", "/scim/v2/Users/{id}", ScimToken),
    route("GET", "/scim/v2/Groups", ScimToken),
    route("POST", "/scim/v2/Groups", ScimToken),
    route("POST", "/scim/v2/Groups/.search", ScimToken),
    route("GET", "/scim/v2/Groups/{id}", ScimToken),
    route("PUT", "/scim/v2/Groups/{id}", ScimToken),
    route("PATCH", "/scim/v2/Groups/{id}", ScimToken),
    route("DELETE", "/scim/v2/Groups/{id}", ScimToken),
    route("POST", "/scim/v2/.search", ScimToken),
    route("POST", "/scim/v2/Bulk", ScimToken),
    route("GET", "/scim/v2/Me", ScimToken),
    route("POST", "/scim/v2/Me", ScimToken),
    route("PUT", "/scim/v2/Me", ScimToken),
    route("PATCH", "/scim/v2/Me", ScimToken),
    route("DELETE", "/scim/v2/Me", ScimToken),
];
