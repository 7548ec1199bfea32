//! Line 7: mail on its way out: over SMTP, or as `.eml` files into a folder.
//!
//! A [`Letter`] is a text and the same text as HTML. Whatever a stranger may have typed into a name is text in both: no header
//! can be made of it, and no markup. [`send`] hands one letter over, and says whether it is worth trying again.

mod accident;
mod account_notice;
mod address;
mod folder;
mod invitation;
mod key_notice;
mod letter;
mod sheet;
mod smtp;

pub use accident::AccidentNotice;
pub use account_notice::AccountNotice;
pub use address::{BadAddress, checked_address};
pub use invitation::Invited;
pub use key_notice::KeyNotice;
pub use letter::Letter;

use crate::config::{MailTransport, Settings};
use lettre::Message;
use std::path::PathBuf;

/// Why a letter was not handed over.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MailError {
    /// The next server does not want it, and will not want it later.
    #[error("{0}")]
    Refused(String),
    /// Nobody answered, or not now: it is worth trying again.
    #[error("{0}")]
    Later(String),
}

/// Hands a letter over; what the server said when it took it. `id` makes its Message-ID: the same letter twice is one letter to
/// whoever receives both.
pub async fn send(settings: &Settings, id: &str, letter: &Letter) -> Result<Option<String>, MailError> {
    let host = settings.server.public_url.host_str().unwrap_or("localhost");
    let message = letter.message(&settings.mail.from, &format!("<{id}@{host}>"))?;
    match settings.mail.transport {
        MailTransport::Folder => {
            folder::keep(&folder_of(settings), id, &message.formatted()).await?;
            Ok(None)
        }
        MailTransport::Smtp => smtp::send(&settings.mail, host, message).await.map(Some),
    }
}

/// Where `.eml` files go when there is no mail server.
#[must_use]
pub fn folder_of(settings: &Settings) -> PathBuf {
    settings.mail.folder.clone().unwrap_or_else(|| settings.store.data_directory.join("mail"))
}

/// A reason as people read it: one line, and not the whole of what a server has to say.
fn one_line(reason: &dyn std::fmt::Display) -> String {
    const LONGEST: usize = 300;
    let text = reason.to_string();
    text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).take(LONGEST).collect()
}

/// What is sent.
type Wire = Message;
