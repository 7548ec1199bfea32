//! Why a command stopped: one clear message, what to do, the request's number, and an exit code that scripts can tell apart.

use super::table::plain;
use crate::net::NetError;
use serde_json::Value;
use std::{fmt::Write, process::ExitCode, time::Duration};

/// What `--help` says of the exit codes.
pub(in crate::cli) const EXIT_CODES: &str = "\
Exit codes:
  0  done
  1  something went wrong
  2  the command line was not understood, or needs --yes; `plan` and `mapping plan`: there are
     changes; `doctor scim`: the server has faults
  3  not signed in
  4  not allowed
  5  there is no such thing
  6  a conflict: it changed meanwhile, exists already, or would leave no owner
  7  castgate cannot be reached or has no time now: try again";

/// An exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(in crate::cli) enum Code {
    /// Anything else.
    Wrong = 1,
    /// What was typed cannot be done.
    Usage = 2,
    /// No key, or one that is not accepted.
    NotSignedIn = 3,
    /// The key may not do this.
    Forbidden = 4,
    /// There is no such thing.
    NotFound = 5,
    /// What is there stands against it.
    Conflict = 6,
    /// Nobody answers, or asks to come back later.
    Unavailable = 7,
}

/// A command's end before its time.
#[derive(Debug)]
pub(in crate::cli) struct Stop {
    code: Code,
    message: String,
    needs_preview: bool,
    retry_after: Option<Duration>,
}

impl Stop {
    pub(in crate::cli) fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), needs_preview: false, retry_after: None }
    }

    /// What was typed cannot be done.
    pub(in crate::cli) fn usage(message: impl Into<String>) -> Self {
        Self::new(Code::Usage, message)
    }

    /// Something went wrong on this machine.
    pub(in crate::cli) fn wrong(message: impl Into<String>) -> Self {
        Self::new(Code::Wrong, message)
    }

    /// What had to be said is said already.
    pub(super) fn silent(code: Code) -> Self {
        Self::new(code, "")
    }

    /// Whether castgate wants to show first what the change does to API keys.
    pub(super) fn needs_preview(&self) -> bool {
        self.needs_preview
    }

    /// The same, of a document that was read from this file.
    pub(super) fn of_file(self, name: &str) -> Self {
        Self { message: self.message.replace("configuration.yaml:", &format!("{}:", plain(name))), ..self }
    }

    /// Whether it ends with this code.
    pub(super) fn is(&self, code: Code) -> bool {
        self.code == code
    }

    /// How long castgate asks to wait before the next try, if it does.
    pub(super) fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }

    /// Says it on standard error and gives the exit code.
    pub(in crate::cli) fn tell(&self) -> ExitCode {
        if !self.message.is_empty() {
            eprintln!("castgate: {}", self.message);
        }
        ExitCode::from(self.code as u8)
    }

    /// What a castgate at `origin` refused, from its answer.
    pub(super) fn refused(origin: &str, answer: &::http::Response<Vec<u8>>) -> Self {
        let status = answer.status().as_u16();
        let header = |name: &str| answer.headers().get(name).and_then(|value| value.to_str().ok());
        let seconds = header("retry-after").and_then(|text| text.trim().parse::<u32>().ok());
        let retry_after = seconds.map(|seconds| Duration::from_secs(seconds.into()));
        let Ok(problem) = serde_json::from_slice::<Value>(answer.body()) else {
            let message = format!(
                "{origin} answers {status}, and not in castgate's words. Is the address right, and does a proxy stand before it?"
            );
            return Self { retry_after, ..Self::new(code_of(status), message) };
        };
        let text = |key: &str| problem[key].as_str().unwrap_or_default();
        let mut message = plain(text("detail"));
        if message.is_empty() {
            message = format!("{origin} answers {status}");
        }
        // What is wrong with a mapping, line by line.
        for line in text("text").lines() {
            let _ = write!(message, "\n  {}", plain(line));
        }
        if let Some(advice) = advice(status, text("code"), origin, seconds) {
            let _ = write!(message, "\n  {advice}");
        }
        if let Some(id) = header("x-request-id") {
            let _ = write!(message, "\n  (request {})", plain(id));
        }
        let needs_preview = text("code") == "preview_required";
        Self { needs_preview, retry_after, ..Self::new(code_of(status), message) }
    }
}

impl From<NetError> for Stop {
    fn from(error: NetError) -> Self {
        let code = match &error {
            NetError::Unreachable { .. } | NetError::TimedOut { .. } | NetError::Failed { .. } => Code::Unavailable,
            NetError::BadUrl(_) | NetError::Insecure { .. } => Code::Usage,
            NetError::Denied { .. } | NetError::TooLarge { .. } => Code::Wrong,
        };
        Self::new(code, error.to_string())
    }
}

fn code_of(status: u16) -> Code {
    match status {
        401 => Code::NotSignedIn,
        403 => Code::Forbidden,
        404 | 410 => Code::NotFound,
        409 | 412 | 428 => Code::Conflict,
        429 | 502..=504 => Code::Unavailable,
        _ => Code::Wrong,
    }
}

/// What to do about it.
fn advice(status: u16, code: &str, origin: &str, seconds: Option<u32>) -> Option<String> {
    Some(match (status, code) {
        (401, _) => format!("The key is wrong, has ended or was revoked. Sign in again: castgate login {origin}"),
        (403, "terms_not_accepted") => format!("Read and accept the terms first: {origin}/terms"),
        (403, _) => "Ask an owner of your organization, or use another context: castgate context list".to_owned(),
        (412, _) => "Somebody changed it meanwhile: look at it again, then repeat.".to_owned(),
        (429 | 503, _) => match seconds {
            Some(seconds) => format!("Try again in {seconds} seconds."),
            None => "Try again in a moment.".to_owned(),
        },
        (500, _) => "That is castgate's own mistake. Its log says more under the request's number.".to_owned(),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(status: u16, body: &str) -> Stop {
        let mut answer = ::http::Response::new(body.as_bytes().to_vec());
        *answer.status_mut() = status.try_into().unwrap();
        answer.headers_mut().insert("x-request-id", "req_1".parse().unwrap());
        Stop::refused("https://id.example", &answer)
    }

    #[test]
    fn a_problem_is_one_message_with_what_to_do() {
        let stop = refused(401, r#"{"detail":"nobody is signed in","code":"not_signed_in"}"#);
        assert_eq!(stop.code, Code::NotSignedIn);
        insta::assert_snapshot!(stop.message, @r"
        nobody is signed in
          The key is wrong, has ended or was revoked. Sign in again: castgate login https://id.example
          (request req_1)
        ");
    }

    #[test]
    fn how_long_to_wait_is_known_whoever_asks_for_it() {
        let mut answer = ::http::Response::new(b"<html>".to_vec());
        *answer.status_mut() = ::http::StatusCode::TOO_MANY_REQUESTS;
        assert_eq!(Stop::refused("https://id.example", &answer).retry_after(), None);
        answer.headers_mut().insert("retry-after", "7".parse().unwrap());
        let stop = Stop::refused("https://id.example", &answer);
        assert!(stop.is(Code::Unavailable) && stop.retry_after() == Some(Duration::from_secs(7)));
    }

    #[test]
    fn a_name_with_an_escape_sequence_does_not_reach_the_terminal() {
        let stop = refused(404, "{\"detail\":\"there is no group \\u001b[2J\\u009bx\",\"code\":\"not_found\"}");
        assert!(!stop.message.contains(['\u{1b}', '\u{9b}']), "{:?}", stop.message);
    }

    #[test]
    fn something_else_that_answers_is_named() {
        let stop = refused(502, "<html>");
        assert!(stop.code == Code::Unavailable && stop.message.contains("proxy"), "{}", stop.message);
    }
}
