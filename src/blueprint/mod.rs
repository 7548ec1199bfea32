//! Line 4: a whole organization as a document, for people who keep theirs in a repository. Pure.
//!
//! ```text
//! text → [document]  the right keys and types, each with its place
//!      → [resolve]   every name is that of something: what is there, or what the document makes
//!      → [compare]   with what is there: changes, each with its steps
//! ```
//!
//! Nothing in a [`State`] is an id, so that a document of one organization means the same in another. [`State::text`] is the
//! way back.

mod compare;
mod document;
mod names;
mod print;
mod read;
mod resolve;
mod state;
mod told;
mod written;
mod yaml;

#[cfg(test)]
mod tests;

pub use compare::{Action, Change, Compared, Step, compare};
pub use names::{Meant, Names};
pub use resolve::{Known, Wanted};
pub use state::{AccountState, BindingName, ClusterState, ConnectionState, GroupState, Holder, RoleState, State};
pub use told::ToldChanges;
pub use yaml::yaml;

use crate::{
    mapping::{
        Diagnostic, Severity,
        yaml::{Extent, Findings, Place, Source, load},
    },
    model::Instant,
};
use document::{Document, Reader};
use resolve::Resolver;

/// Largest text, in bytes.
pub const MAX_TEXT: usize = 4 * 1024 * 1024;

/// Reads a document against what there is; what is wrong with it otherwise. What is over at `now` is left out.
pub fn read_document(text: &str, known: &Known, now: Instant) -> Result<Wanted, Vec<Diagnostic>> {
    let source = Source::new(if text.len() > MAX_TEXT { "" } else { text });
    let mut findings = Findings::new(&source);
    if text.len() > MAX_TEXT {
        findings.error(Place::START, format!("the document is longer than {} MiB", MAX_TEXT >> 20), None);
        return Err(findings.finish());
    }
    let root = load(text, &mut findings);
    let document = match &root {
        Some(root) => Reader { findings: &mut findings }.document(root),
        None => Document::default(),
    };
    let mut wanted = Resolver::new(known, &mut findings, now).resolve(document);
    if findings.errors() > 0 {
        return Err(findings.finish());
    }
    wanted.state.as_read_before(&known.there);
    Ok(wanted)
}

impl State {
    fn as_read_before(&mut self, there: &Self) {
        for (key, wanted) in self.connections.iter_mut().flatten() {
            if let Some(there) = there.connections.as_ref().and_then(|all| all.get(key)) {
                written::as_read_before(&mut wanted.settings, &there.settings);
            }
        }
    }
}

impl Wanted {
    /// What is wrong with the mapping's text, by its places in the whole document.
    #[must_use]
    pub fn in_document(&self, text: &str, diagnostics: Vec<Diagnostic>) -> Vec<Diagnostic> {
        let (Some((start, end)), Some(mapping)) = (self.mapping, &self.state.mapping) else { return diagnostics };
        let source = Source::new(text);
        let mut findings = Findings::new(&source);
        let inner = Source::new(mapping);
        for Diagnostic { severity, line, column, message, help, rule, .. } in diagnostics {
            let before: usize = (1..line).map(|line| inner.line(line).len()).sum();
            let within: usize = inner.line(line).chars().take(column.saturating_sub(1)).map(char::len_utf8).sum();
            let place = source.inside(Extent { start, end }, mapping, before + within);
            findings.about(rule.as_deref());
            match severity {
                Severity::Error => findings.error(place, message, help),
                Severity::Warning => findings.warning(place, message, help),
            }
        }
        findings.finish()
    }
}
