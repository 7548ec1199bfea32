//! Exchanging a code for tokens (RFC 6749 §4.1.3). Written out here, because a reader that insists on every standard
//! claim being well formed would turn people away over a time zone.

use super::{SsoError, TokenFault, client::ClientProof, error::quoted, metadata::Metadata, providers::Providers};
use crate::model::{Instant, OidcSettings};
use data_encoding::BASE64;
use http::{Request, StatusCode, header};
use secrecy::ExposeSecret;
use serde::Deserialize;
use url::form_urlencoded;

/// RFC 7523 §2.2.
const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// What the token endpoint gave.
pub(super) struct Tokens {
    pub access_token: String,
    pub id_token: String,
}

#[derive(Deserialize)]
struct Granted {
    access_token: String,
    token_type: String,
    id_token: Option<String>,
}

#[derive(Deserialize)]
struct Denied {
    error: String,
    error_description: Option<String>,
}

/// A code, and what proves that it is ours.
pub(super) struct Code<'a> {
    pub value: &'a str,
    pub pkce_verifier: &'a str,
    pub redirect_uri: &'a str,
}

/// Exchanges the code at the token endpoint.
pub(super) async fn exchange(
    providers: &Providers,
    metadata: &Metadata,
    settings: &OidcSettings,
    client: &ClientProof<'_>,
    (code, now): (&Code<'_>, Instant),
) -> Result<Tokens, SsoError> {
    const WHAT: &str = "the tokens";
    let unreachable = |why: String| SsoError::ProviderUnreachable { what: WHAT.to_owned(), why };
    let assertion = client.assertion(&settings.client_id, &metadata.token_endpoint, now)?;
    let request = request(metadata, settings, (client, assertion.as_deref()), code)
        .map_err(|error| unreachable(error.to_string()))?;
    let answer = providers.send(request, WHAT).await?;
    if answer.status() != StatusCode::OK {
        // RFC 6749 §5.2: errors are 400, or 401 for the client itself, and JSON.
        return Err(match serde_json::from_slice::<Denied>(answer.body()) {
            Ok(denied) if answer.status().is_client_error() => SsoError::CodeRefused {
                error: quoted(&denied.error),
                description: denied.error_description.as_deref().map(quoted),
            },
            Ok(_) | Err(_) => unreachable(format!("the token endpoint answered {}", answer.status())),
        });
    }
    let granted: Granted = serde_json::from_slice(answer.body())
        .map_err(|error| unreachable(format!("the token endpoint's answer cannot be read ({error})")))?;
    if !granted.token_type.eq_ignore_ascii_case("Bearer") {
        return Err(unreachable(format!("its access token is of the type {:?}", quoted(&granted.token_type))));
    }
    let id_token = granted.id_token.ok_or(TokenFault::Missing)?;
    Ok(Tokens { access_token: granted.access_token, id_token })
}

fn request(
    metadata: &Metadata,
    settings: &OidcSettings,
    (client, assertion): (&ClientProof<'_>, Option<&str>),
    code: &Code<'_>,
) -> Result<Request<Vec<u8>>, http::Error> {
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair("grant_type", "authorization_code")
        .append_pair("code", code.value)
        .append_pair("redirect_uri", code.redirect_uri)
        .append_pair("code_verifier", code.pkce_verifier);
    let mut request = Request::post(&metadata.token_endpoint)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header(header::ACCEPT, "application/json");
    match client {
        ClientProof::Secret(secret) if metadata.secret_in_body() => {
            form.append_pair("client_id", &settings.client_id).append_pair("client_secret", secret.expose_secret());
        }
        ClientProof::Secret(secret) => {
            request = request.header(header::AUTHORIZATION, basic(&settings.client_id, secret.expose_secret()));
        }
        ClientProof::Keys(_) | ClientProof::Public => {
            form.append_pair("client_id", &settings.client_id);
        }
    }
    if let Some(assertion) = assertion {
        form.append_pair("client_assertion_type", JWT_BEARER).append_pair("client_assertion", assertion);
    }
    request.body(form.finish().into_bytes())
}

/// RFC 6749 §2.3.1: both halves are form-encoded before they are joined.
fn basic(client_id: &str, secret: &str) -> String {
    let encoded = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let pair = format!("{}:{}", encoded(client_id), encoded(secret));
    format!("Basic {}", BASE64.encode(pair.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_with_a_colon_survives_http_basic() {
        let header = basic("castgate", "a:b c+");
        let pair = BASE64.decode(header.trim_start_matches("Basic ").as_bytes()).expect("base64");
        assert_eq!(String::from_utf8_lossy(&pair), "castgate:a%3Ab+c%2B");
    }
}
