//! `castgate login`: somebody signed in with a browser lets the command line on their machine have a key.
//!
//! The command line listens on a loopback port and sends the browser here with a challenge. The person confirms, the browser
//! carries a code to that port, and the command line trades it, with the verifier behind the challenge (RFC 7636), for a key.
//! What lies in the store is one hash over code, challenge, machine and session: whoever has the code alone, or asks for another
//! machine than the person agreed to, names a row that is not there.

use super::{Actor, App, Ctx, Error, NewKey, TermsState};
use crate::{
    crypto::{TokenKind, sha256, token},
    model::{SessionId, UserState},
    store::Tx,
};
use data_encoding::BASE64URL_NOPAD;
use std::time::Duration;

/// How long the browser may take to carry the code over.
const CODE_LIFE: Duration = Duration::from_mins(2);
/// How long the key lives.
const KEY_LIFE: Duration = Duration::from_hours(30 * 24);
/// Letters of a machine's name; a DNS label has 63.
const LONGEST_DEVICE: usize = 63;
/// Letters of an S256 challenge, and of the verifier that we ask for: 32 bytes in base64url.
const CHALLENGE: usize = 43;

/// What the command line asks for, checked: a challenge that can be one, and the machine's name as it may be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CliRequest {
    challenge: String,
    device: String,
}

impl CliRequest {
    /// Reads what came with the browser.
    pub fn of(challenge: &str, device: &str) -> Result<Self, Error> {
        if !is_base64url(challenge) {
            return Err(Error::invalid("challenge", "it is not the challenge of a castgate command line"));
        }
        let shown = device.trim();
        let plain = |letter: char| letter.is_ascii_alphanumeric() || ".-_".contains(letter);
        if shown.is_empty() || shown.len() > LONGEST_DEVICE || !shown.chars().all(plain) {
            return Err(Error::invalid("device", "a machine's name has 1 to 63 letters, digits, dots and hyphens"));
        }
        Ok(Self { challenge: challenge.to_owned(), device: shown.to_owned() })
    }

    /// The challenge.
    #[must_use]
    pub fn challenge(&self) -> &str {
        &self.challenge
    }

    /// The machine's name.
    #[must_use]
    pub fn device(&self) -> &str {
        &self.device
    }

    /// What the key will be called.
    #[must_use]
    pub fn key_name(&self) -> String {
        format!("castgate CLI on {}", self.device)
    }
}

impl App {
    /// Somebody agrees: the code that their browser carries to the command line. Good once, for two minutes.
    pub async fn allow_cli(&self, ctx: &Ctx, request: &CliRequest) -> Result<String, Error> {
        let Actor::User { id, session } = &ctx.actor else { return Err(Error::NotSignedIn) };
        let secret = token::generate(TokenKind::Code, &mut |bytes: &mut [u8]| self.clock().fill(bytes));
        let code = format!("{session}.{}", secret.expose());
        let mut tx = self.store().write("code for a command line").await?;
        let times = (ctx.now, ctx.now.plus(CODE_LIFE));
        tx.insert_sign_in_link(&ctx.organization, id, &row_of(&code, request), times).await?;
        tx.commit().await?;
        Ok(code)
    }

    /// The command line trades the code for a key. Every reason for a refusal looks the same.
    pub async fn exchange_cli_code(&self, code: &str, verifier: &str, device: &str) -> Result<NewKey, Error> {
        let dead =
            || Error::invalid("code", "it is used, too old, or not for this command line; run castgate login again");
        let (session, secret) = code.split_once('.').ok_or_else(dead)?;
        let session: SessionId = session.parse().map_err(|_| dead())?;
        token::parse(secret, TokenKind::Code).map_err(|_| dead())?;
        if !is_base64url(verifier) {
            return Err(dead());
        }
        // RFC 7636 §4.6: BASE64URL-ENCODE(SHA256(ASCII(code_verifier))) == code_challenge
        let challenge = BASE64URL_NOPAD.encode(&sha256(verifier.as_bytes()));
        let request = CliRequest::of(&challenge, device).map_err(|_| dead())?;
        let now = self.clock().now();
        let mut tx = self.store().write("code of a command line").await?;
        let Some((organization, user)) = tx.use_sign_in_link(&row_of(code, &request), now).await? else {
            tx.rollback().await?;
            return Err(dead());
        };
        tx.commit().await?;
        let actor = Actor::User { id: user, session };
        let ctx = Ctx { actor, organization, now, request: self.new_request() };
        self.still_welcome(&ctx).await?.then_some(()).ok_or_else(dead)?;
        self.create_key(&ctx, &request.key_name(), Some(KEY_LIFE)).await
    }

    /// Whether the person may still do what they could when they agreed: suspended since, or behind new terms, is out. So is
    /// whose session is over in which they agreed, however it ended: a key of thirty days must not outlive it.
    async fn still_welcome(&self, ctx: &Ctx) -> Result<bool, Error> {
        let Actor::User { id: user, session } = &ctx.actor else { return Ok(false) };
        let mut tx: Tx = self.store().read().await?;
        let found = tx.user(&ctx.organization, user).await?;
        let active = found.is_some_and(|user| user.state() == UserState::Active);
        let sessions = tx.sessions_of(&ctx.organization, user, ctx.now).await?;
        let is_in = sessions.iter().any(|known| known.id == *session);
        let terms = super::terms::terms_state(&mut tx, &ctx.organization, user, ctx.now).await?;
        Ok(active && is_in && matches!(terms, TermsState::Accepted | TermsState::Transition))
    }
}

/// What the store knows the code by.
fn row_of(code: &str, request: &CliRequest) -> [u8; 32] {
    // None of the parts can hold a line break, so no two requests have one text.
    sha256(format!("castgate cli\n{code}\n{}\n{}", request.challenge, request.device).as_bytes())
}

fn is_base64url(text: &str) -> bool {
    text.len() == CHALLENGE && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machines_name_is_shown_as_it_is_or_not_at_all() {
        let challenge = "a".repeat(CHALLENGE);
        assert_eq!(
            CliRequest::of(&challenge, " ada-laptop.local ").unwrap().key_name(),
            "castgate CLI on ada-laptop.local"
        );
        for bad in ["", " ", "a b", "<b>", "a\nb", "ä", &"a".repeat(64)] {
            assert!(CliRequest::of(&challenge, bad).is_err(), "{bad:?}");
        }
        for bad in ["", "short", &"=".repeat(CHALLENGE), &"a".repeat(CHALLENGE + 1)] {
            assert!(CliRequest::of(bad, "laptop").is_err(), "{bad:?}");
        }
    }

    #[test]
    fn each_part_of_a_request_has_its_own_row() {
        let request =
            |challenge: char, device: &str| CliRequest::of(&challenge.to_string().repeat(CHALLENGE), device).unwrap();
        let rows = [
            row_of("code", &request('a', "laptop")),
            row_of("other", &request('a', "laptop")),
            row_of("code", &request('b', "laptop")),
            row_of("code", &request('a', "desktop")),
        ];
        for (place, row) in rows.iter().enumerate() {
            assert!(!rows[..place].contains(row));
        }
    }
}
