//! Changes as people read them.

use super::compare::{Action, Change};
use std::fmt;

/// Changes, what stays, and what is waited for.
#[derive(Debug, Clone, Copy)]
pub struct ToldChanges<'c> {
    /// What changes.
    pub changes: &'c [Change],
    /// What is there and not in the document, and stays.
    pub left_alone: &'c [String],
    /// Who is named and not here yet.
    pub waiting: &'c [String],
}

impl ToldChanges<'_> {
    fn count(&self, action: Action) -> usize {
        self.changes.iter().filter(|change| change.action == action).count()
    }
}

impl fmt::Display for ToldChanges<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Change { action, what, lines, steps: _ } in self.changes {
            let sign = match action {
                Action::Add => '+',
                Action::Change => '~',
                Action::Remove => '-',
            };
            writeln!(f, "{sign} {what}")?;
            lines.iter().try_for_each(|line| writeln!(f, "    {line}"))?;
        }
        self.left_alone.iter().try_for_each(|what| {
            writeln!(f, "  {what} is not in the document and would be left alone; --prune deletes it")
        })?;
        self.waiting.iter().try_for_each(|what| writeln!(f, "! {what}"))?;
        writeln!(
            f,
            "{} to add, {} to change, {} to delete",
            self.count(Action::Add),
            self.count(Action::Change),
            self.count(Action::Remove)
        )
    }
}
