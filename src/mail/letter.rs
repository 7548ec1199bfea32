//! One letter: to whom, about what, and its body twice.

use super::{MailError, Wire, one_line};
use lettre::message::{
    Mailbox, MultiPart,
    header::{Header, HeaderName, HeaderValue},
};
use serde::{Deserialize, Serialize};
use std::error::Error;

/// What is sent to one address.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Letter {
    /// The address.
    pub to: String,
    /// One line.
    pub subject: String,
    /// The body for whoever reads text.
    pub text: String,
    /// The same for whoever reads HTML.
    pub html: String,
}

impl std::fmt::Debug for Letter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Letter(…)")
    }
}

impl Letter {
    /// As it goes over the wire.
    pub(super) fn message(&self, from: &str, id: &str) -> Result<Wire, MailError> {
        // What no server would take today none takes tomorrow.
        let refused = |what: &str, error: &dyn std::fmt::Display| MailError::Refused(format!("{what}: {error}"));
        let from: Mailbox = from.parse().map_err(|error| refused("mail.from", &error))?;
        let to = self.to.parse().map_err(|error| refused("the address", &error))?;
        Wire::builder()
            .from(from)
            .to(Mailbox::new(None, to))
            .subject(one_line(&self.subject))
            .message_id(Some(id.to_owned()))
            .header(Automatic)
            .multipart(MultiPart::alternative_plain_html(self.text.clone(), self.html.clone()))
            .map_err(|error| refused("the letter", &error))
    }
}

/// RFC 3834 §5: nobody's holiday notice answers this.
#[derive(Debug, Clone, Copy)]
struct Automatic;

impl Header for Automatic {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_makes_no_header_of_its_own() {
        let subject = "Join\r\nBcc: eve@evil.test\r\n\r\nHello";
        let letter = Letter {
            to: "ada@example.com".to_owned(),
            subject: subject.to_owned(),
            text: "text".to_owned(),
            html: "<p>html</p>".to_owned(),
        };
        let message = letter.message("castgate <no-reply@example.com>", "<job_1@example.com>").unwrap();
        let wire = String::from_utf8(message.formatted()).unwrap();
        let (head, _) = wire.split_once("\r\n\r\n").unwrap();
        assert!(!head.lines().any(|line| line.to_ascii_lowercase().starts_with("bcc")), "{head}");
        assert!(head.contains("Auto-Submitted: auto-generated"), "{head}");
        assert!(head.contains("Message-ID: <job_1@example.com>"), "{head}");
        assert_eq!(message.envelope().to().len(), 1);
    }
}
