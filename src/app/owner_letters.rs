//! A letter to the owners about something that only they can decide.

use super::{Error, Work};
use crate::mail::{AccidentNotice, checked_address};

/// Owners who are told, at most.
const TOLD: i64 = 20;

impl Work<'_> {
    /// Writes to every owner who can be reached: a subject, a paragraph each, and the command that does something about it.
    /// `about` is the id of what it is about.
    pub(super) async fn write_to_the_owners(
        &mut self,
        about: &str,
        subject: &str,
        lines: &[String],
        command: &str,
    ) -> Result<(), Error> {
        let organization = self.ctx.organization.clone();
        let name = self.tx.organization(&organization).await?.map(|found| found.name).unwrap_or_default();
        for to in self.tx.owner_addresses(&organization, TOLD).await? {
            if checked_address(&to).is_ok() {
                let notice = AccidentNotice { to: &to, organization: &name, subject, lines, command };
                self.post_letter(about, &notice.letter()).await?;
            }
        }
        Ok(())
    }
}
