//! The letter about somebody's own way in.

use super::{
    Letter,
    sheet::{button, sheet},
};
use maud::html;

/// What a letter about somebody's account says.
#[derive(Debug, Clone, Copy)]
pub struct AccountNotice<'a> {
    /// Where it goes.
    pub to: &'a str,
    /// What it is about.
    pub subject: &'a str,
    /// A paragraph each.
    pub lines: &'a [String],
    /// Where to go on.
    pub link: &'a str,
    /// What is there.
    pub label: &'a str,
}

impl AccountNotice<'_> {
    /// The letter, as text and as HTML.
    #[must_use]
    pub fn letter(&self) -> Letter {
        let Self { to, subject, lines, link, label } = *self;
        let text = format!("{}\n\n{label}:\n\n{link}\n", lines.join("\n\n"));
        let below = html! {
            @for line in lines { p { (line) } }
            (button(link, label))
        };
        Letter { to: to.to_owned(), subject: subject.to_owned(), text, html: sheet(subject, subject, &below) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_organization_is_called_is_text_in_both_bodies() {
        let lines = ["Your account in <b>Acme</b>.".to_owned()];
        let link = "https://id.example/login/reset?token=cgp_x";
        let notice = AccountNotice { to: "ada@example.com", subject: "<i>", lines: &lines, link, label: "Choose" };
        let letter = notice.letter();
        assert!(letter.text.contains("<b>Acme</b>") && letter.text.contains(link), "{}", letter.text);
        assert!(letter.html.contains("&lt;b&gt;Acme") && letter.html.contains(link), "{}", letter.html);
        assert!(!letter.html.contains("<b>") && !letter.html.contains("<i>"), "{}", letter.html);
    }
}
