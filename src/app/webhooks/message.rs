//! Messages as Standard Webhooks has them: an id that stays the same however often it is sent, the time of the sending, and
//! a signature of both and the body for each secret that holds.

use crate::{
    crypto::hmac_sha256,
    model::{Event, Instant},
    net::{self, NetError},
};
use data_encoding::BASE64;
use http::{Request, StatusCode, header};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

/// What came of sending a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It was taken.
    Taken(u16),
    /// It was not: the status, if there was an answer, and why.
    Refused(Option<u16>, String),
    /// Nobody is there, and nobody will be (410).
    Gone,
}

impl Outcome {
    pub(super) fn status(&self) -> Option<u16> {
        match self {
            Self::Taken(status) => Some(*status),
            Self::Refused(status, _) => *status,
            Self::Gone => Some(StatusCode::GONE.as_u16()),
        }
    }

    /// What was wrong; none: nothing.
    pub(super) fn error(&self) -> Option<&str> {
        match self {
            Self::Taken(_) => None,
            Self::Refused(_, why) => Some(why),
            Self::Gone => Some("it answered 410: nothing is to be sent there any more"),
        }
    }
}

/// The body that tells of an event: as the API shows it, under its kind and its time.
pub(super) fn body_of(event: &Event) -> Value {
    json!({"type": event.kind, "timestamp": event.at, "data": event})
}

/// Sends one message to `url`, signed with each of the secrets.
pub(super) async fn send(
    client: &net::Client,
    (url, id): (&str, &str),
    body: &Value,
    (secrets, now): (&[SecretString], Instant),
) -> Outcome {
    let body = body.to_string();
    let request = Request::post(url)
        .header(header::CONTENT_TYPE, "application/json")
        .header("webhook-id", id)
        .header("webhook-timestamp", now.seconds())
        .header("webhook-signature", signatures(secrets, id, now.seconds(), &body))
        .body(body.into_bytes());
    let request = match request {
        Ok(request) => request,
        Err(error) => return Outcome::Refused(None, error.to_string()),
    };
    match client.send(request).await {
        Ok(answer) if answer.status().is_success() => Outcome::Taken(answer.status().as_u16()),
        Ok(answer) if answer.status() == StatusCode::GONE => Outcome::Gone,
        Ok(answer) => {
            let status = answer.status();
            let why = if status.is_redirection() {
                format!("it answered {status}; redirects are not followed, write down the address that it leads to")
            } else {
                format!("it answered {status}")
            };
            Outcome::Refused(Some(status.as_u16()), why)
        }
        Err(NetError::TooLarge { host, max }) => {
            Outcome::Refused(None, format!("{host} answered with more than {max} bytes; a status is enough"))
        }
        Err(error) => Outcome::Refused(None, error.to_string()),
    }
}

/// `v1,` and the HMAC of id, time and body, for each secret; with a space between them.
fn signatures(secrets: &[SecretString], id: &str, seconds: i64, body: &str) -> String {
    let signed = format!("{id}.{seconds}.{body}");
    let signature = |secret: &SecretString| {
        let secret = secret.expose_secret();
        let key = BASE64.decode(secret.strip_prefix("whsec_").unwrap_or(secret).as_bytes()).unwrap_or_default();
        format!("v1,{}", BASE64.encode(&hmac_sha256(&key, signed.as_bytes())))
    };
    secrets.iter().map(signature).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_the_published_one() {
        // The example of the specification, and of its libraries in every language.
        let secret = SecretString::from("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".to_owned());
        let said = signatures(&[secret], "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, "{\"test\": 2432232314}");
        assert_eq!(said, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }
}
