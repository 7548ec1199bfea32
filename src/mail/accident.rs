//! The letter about an accident of a provider.

use super::{Letter, sheet::sheet};
use maud::html;

/// What a letter about an accident says.
#[derive(Debug, Clone, Copy)]
pub struct AccidentNotice<'a> {
    /// Where it goes.
    pub to: &'a str,
    /// In which organization.
    pub organization: &'a str,
    /// What happened, in half a line.
    pub subject: &'a str,
    /// A paragraph each.
    pub lines: &'a [String],
    /// The command that takes it back.
    pub command: &'a str,
}

impl AccidentNotice<'_> {
    /// The letter, as text and as HTML.
    #[must_use]
    pub fn letter(&self) -> Letter {
        let Self { to, organization, subject, lines, command } = *self;
        let text = format!("In {organization}: {subject}.\n\n{}\n\n  {command}\n", lines.join("\n\n"));
        let below = html! {
            p { "In " strong { (organization) } ":" }
            @for line in lines { p { (line) } }
            pre style="background:#f4f4f4;padding:12px;white-space:pre-wrap" { (command) }
        };
        Letter { to: to.to_owned(), subject: subject.to_owned(), text, html: sheet(subject, subject, &below) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_stranger_named_is_text_in_both_bodies() {
        let lines = ["Since today <b>okta</b> took much away.".to_owned()];
        let notice = AccidentNotice {
            to: "ada@example.com",
            organization: "A & B",
            subject: "<i>",
            lines: &lines,
            command: "undo <x>",
        };
        let letter = notice.letter();
        assert!(
            letter.text.contains("<b>okta</b>") && letter.text.contains("A & B") && letter.text.contains("undo <x>")
        );
        assert!(letter.html.contains("&lt;b&gt;okta") && letter.html.contains("A &amp; B"), "{}", letter.html);
        assert!(!letter.html.contains("<b>") && !letter.html.contains("<i>") && !letter.html.contains("<x>"));
    }
}
