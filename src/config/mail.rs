//! `[mail]` and `[invitations]`, and what is wrong with them.

use super::{
    Settings, Span,
    check::{Finding, error, warning},
    settings::{optional_path, optional_secret},
};
use secrecy::SecretString;
use serde::Deserialize;
use std::{path::PathBuf, time::Duration};

/// An invitation that is good for longer than this is a door that nobody watches.
const LONG_INVITATION: Duration = Duration::from_hours(24 * 30);

/// How mail goes out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MailTransport {
    /// As `.eml` files into a folder.
    Folder,
    /// To a server.
    Smtp,
}

/// How the connection to the mail server is kept from others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MailSecurity {
    /// It begins in the clear and turns to TLS before anything is said, or is given up.
    Starttls,
    /// TLS from the first byte.
    Tls,
    /// In the clear.
    None,
}

/// `[mail]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mail {
    /// Which of the two ways.
    pub transport: MailTransport,
    /// Where `.eml` files go; none: `mail` in the data directory.
    #[serde(deserialize_with = "optional_path")]
    pub folder: Option<PathBuf>,
    /// Who it is from, with or without a name.
    pub from: String,
    /// The server's name; its certificate must have it.
    pub smtp_host: String,
    /// Its port.
    pub smtp_port: u16,
    /// How the connection is kept from others.
    pub smtp_security: MailSecurity,
    /// Empty: nobody signs in there.
    pub smtp_username: String,
    /// The password that goes with it.
    #[serde(deserialize_with = "optional_secret")]
    pub smtp_password: Option<SecretString>,
    /// A certificate authority of one's own, besides those that the system trusts: a PEM file.
    #[serde(deserialize_with = "optional_path")]
    pub smtp_ca: Option<PathBuf>,
    /// How long the server may take for one step.
    pub smtp_timeout: Span,
    /// How long a letter is tried again.
    pub give_up_after: Span,
}

/// `[invitations]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Invitations {
    /// How long one is good when whoever invites does not say.
    pub lifetime: Span,
    /// How often one may be sent again.
    pub resends: u32,
}

impl Settings {
    pub(super) fn check_mail(&self, found: &mut Vec<Finding>) {
        let mail = &self.mail;
        if !mail.from.contains('@') {
            found.push(error("mail.from", "must be an address, such as castgate <no-reply@example.com>"));
        }
        if mail.transport == MailTransport::Smtp {
            if mail.smtp_host.is_empty() {
                found.push(error("mail.smtp_host", "is needed by the transport “smtp”"));
            }
            if mail.smtp_security == MailSecurity::None && mail.smtp_password.is_some() {
                found.push(error("mail.smtp_security", "“none” would send the password in the clear"));
            } else if mail.smtp_security == MailSecurity::None {
                found.push(warning("mail.smtp_security", "“none” sends invitations' links in the clear"));
            }
        }
        let lifetime = self.invitations.lifetime.get();
        if lifetime < Duration::from_mins(1) {
            found.push(error("invitations.lifetime", "must be at least a minute"));
        } else if lifetime > LONG_INVITATION {
            found.push(warning(
                "invitations.lifetime",
                "an invitation that lies about for months lets in whoever finds it",
            ));
        }
    }
}
