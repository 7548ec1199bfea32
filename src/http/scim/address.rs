//! The address of one connection's own SCIM door: `/scim/v2/con_…`, behind which is what is behind `/scim/v2`.
//!
//! A provider that signs its own tokens says in none of them which connection is meant: the address does.

use crate::{app::App, model::ConnectionId};
use axum::{
    extract::Request,
    http::{Uri, uri::PathAndQuery},
};

const DOOR: &str = "/scim/v2";

/// The root of every location that a request is told which came by this connection's own address, or by the common one.
pub(super) fn base(app: &App, at: Option<&ConnectionId>) -> String {
    let origin = app.settings().server.origin();
    match at {
        Some(connection) => format!("{origin}{DOOR}/{connection}"),
        None => format!("{origin}{DOOR}"),
    }
}

/// The connection in whose own address a request came. In the request's extensions.
#[derive(Debug, Clone)]
pub(super) struct Addressed(pub(super) ConnectionId);

/// Takes the connection out of the path, so that the routes are those of every connection.
pub(in crate::http) fn take_from_path(request: &mut Request) {
    let Some(rest) = request.uri().path().strip_prefix("/scim/v2/") else { return };
    let (name, behind) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let Ok(connection) = name.parse::<ConnectionId>() else { return };
    let path = match request.uri().query() {
        Some(query) => format!("{DOOR}{behind}?{query}"),
        None => format!("{DOOR}{behind}"),
    };
    let Ok(path) = PathAndQuery::try_from(path) else { return };
    let mut parts = std::mem::take(request.uri_mut()).into_parts();
    parts.path_and_query = Some(path);
    // With its scheme and host, if it had them: only the path was changed.
    *request.uri_mut() = Uri::from_parts(parts).unwrap_or_else(|_| Uri::from_static(DOOR));
    request.extensions_mut().insert(Addressed(connection));
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;

    #[test]
    fn a_connection_in_the_path_is_taken_out_of_it_once() {
        const ID: &str = "con_06h01qbn45r9t2euf2aprlbdqk";
        let cases = [
            (format!("/scim/v2/{ID}/Users?count=1"), "/scim/v2/Users?count=1", true),
            (format!("/scim/v2/{ID}"), "/scim/v2", true),
            (format!("/scim/v2/{ID}/{ID}/Users"), &format!("/scim/v2/{ID}/Users"), true),
            (format!("http://x.test/scim/v2/{ID}/Me"), "http://x.test/scim/v2/Me", true),
            ("/scim/v2/Users/con_1".to_owned(), "/scim/v2/Users/con_1", false),
            (format!("/scim/v2/Users/{ID}"), &format!("/scim/v2/Users/{ID}"), false),
            (format!("/scim/v2x/{ID}/Users"), &format!("/scim/v2x/{ID}/Users"), false),
        ];
        for (from, to, found) in cases {
            let mut request = Request::get(&from).body(Body::empty()).unwrap();
            take_from_path(&mut request);
            assert_eq!(request.uri().to_string(), to, "{from}");
            assert_eq!(request.extensions().get::<Addressed>().map(|at| at.0.as_str()), found.then_some(ID), "{from}");
        }
    }
}
