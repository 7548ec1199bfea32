//! From a head on the wire to a request at the door.

use super::{
    Shared,
    arrival::Arrival,
    body::{RequestBody, ResponseBody},
    client_address::client_address,
    framing::Doubt,
    vitals::Vitals,
};
use crate::http::request;
use axum::{
    body::Body,
    http::{Request, Response, StatusCode, Uri, uri::PathAndQuery},
};
use http_body::Body as _;
use hyper::body::Incoming;
use std::{
    convert::Infallible,
    future::Future,
    net::IpAddr,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

/// How long the answer rests to whoever has asked too often. Told at once, most ask again at once, and refusing them would soon be
/// most of the work that is done. Nothing is held meanwhile but their own connection.
const PAUSE: Duration = Duration::from_millis(100);

/// Answers the requests of one connection.
#[derive(Debug)]
pub(super) struct Service {
    shared: Arc<Shared>,
    peer: IpAddr,
    vitals: Arc<Vitals>,
    doubt: Option<Doubt>,
    count: AtomicU64,
}

impl Service {
    /// `doubt` is HTTP/1's alone: on HTTP/2 the frames say where a body ends.
    pub(super) fn new(shared: &Arc<Shared>, peer: IpAddr, vitals: &Arc<Vitals>, doubt: Option<Doubt>) -> Self {
        Self { shared: shared.clone(), peer, vitals: vitals.clone(), doubt, count: AtomicU64::new(0) }
    }
}

impl hyper::service::Service<Request<Incoming>> for Service {
    type Response = Response<ResponseBody>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        let shared = self.shared.clone();
        let begun = self.vitals.begin();
        let nth = self.count.fetch_add(1, Ordering::Relaxed);
        let doubt = self.doubt.as_ref().map(|doubt| (doubt, nth));
        let arrival = Arrival::new(&shared, doubt);
        let (mut parts, body) = request.into_parts();
        if let Some(uri) = origin_form(&parts.uri) {
            parts.uri = uri;
        }
        parts.extensions.insert(client_address(self.peer, &parts.headers, &shared.trusted_proxies));
        parts.extensions.insert(arrival.clone());
        let body = match body.is_end_stream() {
            true => Body::empty(),
            false => Body::new(RequestBody::new(body, arrival, shared.pace)),
        };
        Box::pin(async move {
            let request = Request::from_parts(parts, body);
            let mut response = request::answer(shared.app.clone(), shared.rooms.clone(), request).await;
            if response.status() == StatusCode::TOO_MANY_REQUESTS {
                tokio::time::sleep(PAUSE).await;
            }
            let receipt = response.extensions_mut().remove();
            Ok(response.map(|inner| ResponseBody { inner, receipt, _begun: begun }))
        })
    }
}

/// The target as path and query alone. Whose name a client gave us is of no interest: our address is a setting, and a target
/// with a foreign authority must not look different to a rule than its path does.
fn origin_form(uri: &Uri) -> Option<Uri> {
    uri.authority()?;
    let path = uri.path_and_query().cloned().unwrap_or(PathAndQuery::from_static("/"));
    Some(Uri::from(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_its_path() {
        let form = |text: &str| origin_form(&text.parse().unwrap()).map(|uri| uri.to_string());
        assert_eq!(form("http://elsewhere.example/scim/v2/Users?a=b"), Some("/scim/v2/Users?a=b".to_owned()));
        assert_eq!(form("https://elsewhere.example"), Some("/".to_owned()));
        assert_eq!(form("http://user@elsewhere.example:99//a"), Some("//a".to_owned()));
        assert_eq!(form("/scim/v2/Users"), None);
        assert_eq!(form("*"), None);
    }
}
