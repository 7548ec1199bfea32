//! The letter about somebody's own way in.

use super::Letter;
use maud::{DOCTYPE, html};

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
        let page = html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    title { (subject) }
                }
                body style="margin:0;padding:24px;background:#ffffff;color:#1a1a1a;font:16px/1.5 system-ui,sans-serif" {
                    div role="article" style="max-width:560px;margin:0 auto" {
                        h1 style="font-size:22px;line-height:1.3;margin:0 0 16px" { (subject) }
                        @for line in lines { p { (line) } }
                        p style="margin:24px 0" {
                            a href=(link) style="background:#0b5cad;color:#ffffff;padding:12px 20px;border-radius:6px;\
                                                 text-decoration:none;display:inline-block" { (label) }
                        }
                        p { "The button does not work? Open this address: " br; a href=(link) { (link) } }
                    }
                }
            }
        };
        Letter { to: to.to_owned(), subject: subject.to_owned(), text, html: page.into_string() }
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
