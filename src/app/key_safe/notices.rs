//! Letters about keys: to whoever owns one, and to the organization's owners.

use crate::{
    app::{Error, Work},
    mail::KeyNotice,
    model::{Instant, KeyId},
};
use std::collections::BTreeSet;

/// Owners who are told, at most.
const TOLD: i64 = 20;

/// What is told of a key.
#[derive(Debug)]
pub(super) enum Notice<'a> {
    /// It has ended with a change of its owner's roles.
    Deleted {
        /// What it is called.
        key: &'a str,
    },
    /// It carries less, by no person's change here.
    Attenuated {
        /// What it is called.
        key: &'a str,
        /// Whose it is.
        owner: &'a str,
        /// What it could do and cannot any more.
        stops: &'a [String],
        /// When it is deleted.
        until: Instant,
    },
    /// It ends soon, and its owner makes another.
    Rotate {
        /// What it is called.
        key: &'a str,
        /// When it ends.
        until: Instant,
    },
    /// Somebody knows secrets who has left.
    Known {
        /// What the keys are called.
        keys: &'a [String],
        /// Who has left.
        who: &'a str,
        /// When the keys are to be others.
        until: Instant,
    },
    /// Somebody who has left knows a secret still, and the day by which it was to be another is over.
    Overdue {
        /// What the key is called.
        key: &'a str,
        /// Who has left.
        who: &'a str,
        /// By when it was to be another one.
        since: Instant,
    },
}

impl Notice<'_> {
    fn subject(&self) -> String {
        match self {
            Self::Deleted { key } => format!("The API key “{key}” has ended"),
            Self::Attenuated { key, .. } => format!("The API key “{key}” carries less than it did"),
            Self::Rotate { key, .. } => format!("Please replace the API key “{key}”"),
            Self::Known { who, .. } => format!("{who} has left and knows the secrets of API keys"),
            Self::Overdue { key, .. } => format!("The API key “{key}” was to be rotated"),
        }
    }

    fn lines(&self) -> Vec<String> {
        use crate::app::invitations::moment;
        match self {
            Self::Deleted { key } => vec![
                format!("Your roles have been changed, and your API key “{key}” ended with that."),
                "Programs that use it are refused from now on. Make another one if you need it.".to_owned(),
            ],
            Self::Attenuated { key, owner, stops, until } => vec![
                format!("The API key “{key}” of {owner} lost rights, because its owner did."),
                format!("It can no more: {}.", stops.join(", ")),
                format!(
                    "It is deleted on {}, unless the rights come back or somebody who holds them moves the key to a \
                     service account before.",
                    moment(*until)
                ),
            ],
            Self::Rotate { key, until } => vec![
                format!("Your roles have been changed, and your API key “{key}” works until {}.", moment(*until)),
                "Please rotate it before: you get another secret, and both work until then.".to_owned(),
            ],
            Self::Known { keys, who, until } => vec![
                format!(
                    "{who} has left, and knows the secrets of these keys of service accounts: {}.",
                    keys.join(", ")
                ),
                format!("Please rotate them by {}.", moment(*until)),
            ],
            Self::Overdue { key, who, since } => vec![
                format!("{who} has left and knows the secret of the key “{key}”, which works still."),
                format!("It was to be rotated by {}. Please rotate it now.", moment(*since)),
            ],
        }
    }
}

impl Work<'_> {
    /// Writes a letter about a key to each of these addresses, each once.
    pub(super) async fn write_notice(
        &mut self,
        about: &KeyId,
        to: &[Option<String>],
        notice: &Notice<'_>,
    ) -> Result<(), Error> {
        let addresses: BTreeSet<&str> = to.iter().flatten().map(String::as_str).collect();
        let addresses = addresses.into_iter().filter(|address| crate::mail::checked_address(address).is_ok());
        let addresses: Vec<_> = addresses.collect();
        if addresses.is_empty() {
            return Ok(());
        }
        let found = self.tx.organization(&self.ctx.organization).await?;
        let organization = found.map(|found| found.name).unwrap_or_default();
        let link = format!("{}/account", self.app.settings().server.origin());
        let (subject, lines) = (notice.subject(), notice.lines());
        for to in addresses {
            let letter =
                KeyNotice { to, organization: &organization, subject: &subject, lines: &lines, link: &link }.letter();
            self.post_letter(about.as_str(), &letter).await?;
        }
        Ok(())
    }

    /// Where the organization's owners are reached.
    pub(super) async fn owners_addresses(&mut self) -> Result<Vec<Option<String>>, Error> {
        let addresses = self.tx.owner_addresses(&self.ctx.organization, TOLD).await?;
        Ok(addresses.into_iter().map(Some).collect())
    }
}
