//! The lab's OpenID provider: small, but a real one. Code flow with PKCE, codes that work once, ES256, userinfo, logout.

use super::{
    LabError, grants,
    grants::{Grant, Grants},
    pages,
    people::{self, Person},
};
use crate::{
    crypto::{
        hash::{constant_time_eq, sha256},
        jwt::{Published, SigningKey, SigningKeys},
    },
    model::Instant,
};
use axum::{
    Json, Router,
    extract::{RawQuery, State},
    http::{HeaderMap, StatusCode, header},
    response::{Html, IntoResponse, Redirect, Response},
    routing::{get, post},
};
use data_encoding::{BASE64, BASE64URL_NOPAD};
use serde_json::{Value, json};
use std::{
    collections::HashMap,
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, PoisonError, RwLock},
};
use tokio::{net::TcpListener, task::JoinHandle};
use url::{Url, form_urlencoded};

/// How long an ID token holds, in seconds.
const ID_TOKEN_LIFE: i64 = 300;

/// The running laboratory. It stops when this is dropped.
#[derive(Debug)]
pub struct Lab {
    /// The provider's issuer, `http://127.0.0.1:…`.
    pub issuer: String,
    /// castgate's name there.
    pub client_id: String,
    /// castgate's secret there; a new one at every start.
    pub client_secret: String,
    provider: Arc<Provider>,
    task: JoinHandle<()>,
}

#[derive(Debug)]
struct Provider {
    issuer: String,
    client_id: String,
    client_secret: String,
    redirect_uri: String,
    people: Vec<Person>,
    keys: RwLock<SigningKeys>,
    grants: Mutex<Grants>,
}

/// The lab's keys sign as soon as they are there, in the order in which they came.
fn at_once(key: SigningKey) -> Published {
    Published { key, signs_from: Instant(0), retired_at: None }
}

impl Lab {
    /// Starts on a free port of 127.0.0.1. `redirect_uri` is where castgate takes people back.
    pub async fn start(redirect_uri: &str) -> Result<Self, LabError> {
        Self::start_at(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), redirect_uri).await
    }

    /// Starts on this port of 127.0.0.1; any other address is refused.
    pub async fn start_at(address: SocketAddr, redirect_uri: &str) -> Result<Self, LabError> {
        let listener = TcpListener::bind(grants::loopback(address)?).await?;
        let issuer = format!("http://{}", listener.local_addr()?);
        let provider = Arc::new(Provider {
            issuer: issuer.clone(),
            client_id: "castgate".to_owned(),
            client_secret: grants::secret(),
            redirect_uri: redirect_uri.to_owned(),
            people: people::everybody(),
            keys: RwLock::new(SigningKeys::new(vec![at_once(SigningKey::generate()?)])),
            grants: Mutex::default(),
        });
        let router = routes(Arc::clone(&provider));
        let task = tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, router).await {
                tracing::error!(%error, "the lab's provider stopped");
            }
        });
        let (client_id, client_secret) = (provider.client_id.clone(), provider.client_secret.clone());
        Ok(Self { issuer, client_id, client_secret, provider, task })
    }

    /// Everybody who can sign in.
    pub fn people(&self) -> &[Person] {
        &self.provider.people
    }

    /// Signs with a new key from now on. The old one stays published, as good providers do it.
    pub fn rotate_keys(&self) -> Result<(), LabError> {
        let next = SigningKey::generate()?;
        self.provider.keys.write().unwrap_or_else(PoisonError::into_inner).add(at_once(next));
        Ok(())
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn routes(provider: Arc<Provider>) -> Router {
    Router::new()
        .route("/.well-known/openid-configuration", get(discovery))
        .route("/jwks", get(jwks))
        .route("/authorize", get(authorize))
        .route("/sign-in", post(sign_in))
        .route("/token", post(token))
        .route("/userinfo", get(userinfo).post(userinfo))
        .route("/end-session", get(end_session))
        .with_state(provider)
}

type Form = HashMap<String, String>;

fn form(text: &str) -> Form {
    form_urlencoded::parse(text.as_bytes()).into_owned().collect()
}

async fn discovery(State(provider): State<Arc<Provider>>) -> Json<Value> {
    let at = |path: &str| format!("{}{path}", provider.issuer);
    Json(json!({
        "issuer": provider.issuer,
        "authorization_endpoint": at("/authorize"),
        "token_endpoint": at("/token"),
        "userinfo_endpoint": at("/userinfo"),
        "jwks_uri": at("/jwks"),
        "end_session_endpoint": at("/end-session"),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["ES256"],
        "scopes_supported": ["openid", "profile", "email", "groups"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": true,
    }))
}

async fn jwks(State(provider): State<Arc<Provider>>) -> Json<Value> {
    Json(provider.keys.read().unwrap_or_else(PoisonError::into_inner).jwks(Instant(0)))
}

async fn authorize(State(provider): State<Arc<Provider>>, RawQuery(query): RawQuery) -> Response {
    let query = query.unwrap_or_default();
    let request = form(&query);
    match provider.check(&request) {
        Ok(()) => {
            let hint = request.get("login_hint").map(String::as_str);
            Html(pages::choose(&provider.people, &query, hint)).into_response()
        }
        Err(refusal) => refusal,
    }
}

async fn sign_in(State(provider): State<Arc<Provider>>, body: String) -> Response {
    let chosen = form(&body);
    let request = form(chosen.get("request").map_or("", String::as_str));
    // The form came back from a browser: the request in it is judged again.
    if let Err(refusal) = provider.check(&request) {
        return refusal;
    }
    let person = chosen.get("person").and_then(|id| provider.people.iter().find(|person| &person.external_id == id));
    let Some(person) = person else {
        return page(StatusCode::BAD_REQUEST, "Nobody", "Nobody at Northwind has this id.");
    };
    let grant = Grant {
        person: person.clone(),
        redirect_uri: provider.redirect_uri.clone(),
        nonce: request.get("nonce").cloned(),
        code_challenge: request.get("code_challenge").cloned().unwrap_or_default(),
    };
    let code = provider.grants.lock().unwrap_or_else(PoisonError::into_inner).code(grant);
    provider.send_back(&request, &[("code", &code)])
}

impl Provider {
    /// Refuses a request that castgate should not have made.
    #[expect(clippy::result_large_err, reason = "the error is the answer, made once for each request")]
    fn check(&self, request: &Form) -> Result<(), Response> {
        let is = |name: &str, value: &str| request.get(name).is_some_and(|found| found == value);
        // RFC 6749 §4.1.2.1: with a wrong client or redirect address nobody is sent anywhere.
        if !is("client_id", &self.client_id) || !is("redirect_uri", &self.redirect_uri) {
            let text = "The client or its redirect address is not registered here.";
            return Err(page(StatusCode::BAD_REQUEST, "Unknown client", text));
        }
        let refused =
            |error: &str, why: &str| Err(self.send_back(request, &[("error", error), ("error_description", why)]));
        let scopes = request.get("scope").map_or("", String::as_str);
        if !is("response_type", "code") {
            return refused("unsupported_response_type", "only the code flow is spoken here");
        }
        if !scopes.split(' ').any(|scope| scope == "openid") {
            return refused("invalid_scope", "the scope openid is missing");
        }
        if !is("code_challenge_method", "S256") || request.get("code_challenge").is_none_or(|text| text.len() != 43) {
            return refused("invalid_request", "PKCE with S256 is required");
        }
        Ok(())
    }

    /// Sends the browser back with an answer, and with `state` and `iss` (RFC 9207) beside it.
    fn send_back(&self, request: &Form, answer: &[(&str, &str)]) -> Response {
        let Ok(mut url) = Url::parse(&self.redirect_uri) else {
            return page(StatusCode::INTERNAL_SERVER_ERROR, "Lost", "castgate's redirect address is no address.");
        };
        let state = request.get("state").map(|state| ("state", state.as_str()));
        url.query_pairs_mut().extend_pairs(answer).extend_pairs(state).append_pair("iss", &self.issuer);
        Redirect::to(url.as_str()).into_response()
    }

    /// Whether these credentials are castgate's: HTTP Basic or in the form, never both.
    fn knows(&self, headers: &HeaderMap, form: &Form) -> bool {
        let basic = headers.get(header::AUTHORIZATION).and_then(|value| basic(value.to_str().ok()?));
        let posted = form.get("client_id").cloned().zip(form.get("client_secret").cloned());
        let ((Some((id, secret)), None) | (None, Some((id, secret)))) = (basic, posted) else { return false };
        id == self.client_id && constant_time_eq(secret.as_bytes(), self.client_secret.as_bytes())
    }

    fn id_token(&self, grant: &Grant, access_token: &str) -> Result<String, LabError> {
        #[expect(clippy::disallowed_methods, reason = "the lab plays another machine, which has a clock of its own")]
        let now = jiff::Timestamp::now().as_second();
        let mut claims = grant.person.claims();
        claims["iss"] = json!(self.issuer);
        claims["aud"] = json!(self.client_id);
        claims["iat"] = json!(now);
        claims["exp"] = json!(now + ID_TOKEN_LIFE);
        // OpenID Connect Core §3.1.3.6: the left half of the hash.
        let hash = sha256(access_token.as_bytes());
        claims["at_hash"] = json!(BASE64URL_NOPAD.encode(hash.split_at(16).0));
        if let Some(nonce) = &grant.nonce {
            claims["nonce"] = json!(nonce);
        }
        Ok(self.keys.read().unwrap_or_else(PoisonError::into_inner).sign(Instant(0), "JWT", &claims)?)
    }
}

/// RFC 6749 §2.3.1: client id and secret, each form-encoded, joined by a colon.
fn basic(header: &str) -> Option<(String, String)> {
    let decoded = BASE64.decode(header.strip_prefix("Basic ")?.as_bytes()).ok()?;
    let decoded = String::from_utf8(decoded).ok()?;
    let (id, secret) = decoded.split_once(':')?;
    let plain = |text: &str| form(&format!("x={text}")).remove("x");
    Some((plain(id)?, plain(secret)?))
}

async fn token(State(provider): State<Arc<Provider>>, headers: HeaderMap, body: String) -> Response {
    let form = form(&body);
    let field = |name: &str| form.get(name).map_or("", String::as_str);
    if !provider.knows(&headers, &form) {
        return refused(StatusCode::UNAUTHORIZED, "invalid_client", "wrong client id or secret");
    }
    if field("grant_type") != "authorization_code" {
        return refused(StatusCode::BAD_REQUEST, "unsupported_grant_type", "only codes are exchanged here");
    }
    let grant = provider.grants.lock().unwrap_or_else(PoisonError::into_inner).redeem(field("code"));
    let Some(grant) = grant else {
        return refused(StatusCode::BAD_REQUEST, "invalid_grant", "the code is unknown, used or too old");
    };
    if grant.redirect_uri != field("redirect_uri") || !grant.is_proven_by(field("code_verifier")) {
        return refused(StatusCode::BAD_REQUEST, "invalid_grant", "the code belongs to another sign-in");
    }
    let access_token = provider.grants.lock().unwrap_or_else(PoisonError::into_inner).token(grant.person.clone());
    match provider.id_token(&grant, &access_token) {
        Ok(id_token) => {
            let tokens = json!({
                "access_token": access_token, "token_type": "Bearer", "expires_in": 300, "id_token": id_token,
            });
            ([(header::CACHE_CONTROL, "no-store")], Json(tokens)).into_response()
        }
        Err(error) => refused(StatusCode::INTERNAL_SERVER_ERROR, "server_error", &error.to_string()),
    }
}

async fn userinfo(State(provider): State<Arc<Provider>>, headers: HeaderMap) -> Response {
    let header = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token = header.and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default();
    let grants = provider.grants.lock().unwrap_or_else(PoisonError::into_inner);
    grants.person(token).map_or_else(
        || refused(StatusCode::UNAUTHORIZED, "invalid_token", "the access token is unknown or too old"),
        |person| Json(person.claims()).into_response(),
    )
}

async fn end_session(State(provider): State<Arc<Provider>>, RawQuery(query): RawQuery) -> Response {
    let request = form(&query.unwrap_or_default());
    let Some(wanted) = request.get("post_logout_redirect_uri") else {
        return page(StatusCode::OK, "Signed out", "Northwind has forgotten you.");
    };
    let (target, ours) = (Url::parse(wanted), Url::parse(&provider.redirect_uri));
    match (target, ours) {
        (Ok(mut target), Ok(ours)) if target.origin() == ours.origin() => {
            if let Some(state) = request.get("state") {
                target.query_pairs_mut().append_pair("state", state);
            }
            Redirect::to(target.as_str()).into_response()
        }
        _ => page(StatusCode::BAD_REQUEST, "Signed out", "The address to return to is not castgate's."),
    }
}

fn page(status: StatusCode, title: &str, text: &str) -> Response {
    (status, Html(pages::message(title, text))).into_response()
}

fn refused(status: StatusCode, error: &str, description: &str) -> Response {
    (status, Json(json!({"error": error, "error_description": description}))).into_response()
}
