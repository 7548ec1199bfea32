//! The letter about an API key.

use super::{Letter, sheet::sheet};
use maud::html;

/// What a letter about an API key says.
#[derive(Debug, Clone, Copy)]
pub struct KeyNotice<'a> {
    /// Where it goes.
    pub to: &'a str,
    /// In which organization.
    pub organization: &'a str,
    /// What it is about.
    pub subject: &'a str,
    /// A paragraph each.
    pub lines: &'a [String],
    /// Where one's keys are.
    pub link: &'a str,
}

impl KeyNotice<'_> {
    /// The letter, as text and as HTML.
    #[must_use]
    pub fn letter(&self) -> Letter {
        let Self { to, organization, subject, lines, link } = *self;
        let text = format!("{}\n\nYour keys in {organization}: {link}\n", lines.join("\n\n"));
        let below = html! {
            @for line in lines { p { (line) } }
            p { "Your keys in " strong { (organization) } ": " a href=(link) { (link) } }
        };
        Letter { to: to.to_owned(), subject: subject.to_owned(), text, html: sheet(subject, subject, &below) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_stranger_typed_into_a_keys_name_is_text_in_both_bodies() {
        let lines = ["The key “<b>x</b>” has ended.".to_owned()];
        let link = "https://id.example/account";
        let notice = KeyNotice { to: "ada@example.com", organization: "A & B", subject: "<i>", lines: &lines, link };
        let letter = notice.letter();
        assert!(letter.text.contains("“<b>x</b>”") && letter.text.contains("A & B") && letter.text.contains(link));
        assert!(letter.html.contains("&lt;b&gt;x") && letter.html.contains("A &amp; B"), "{}", letter.html);
        assert!(!letter.html.contains("<b>") && !letter.html.contains("<i>"), "{}", letter.html);
    }
}
