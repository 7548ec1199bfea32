//! The letter that invites.

use super::Letter;
use maud::{DOCTYPE, html};

/// What an invitation's letter says.
#[derive(Debug, Clone, Copy)]
pub struct Invited<'a> {
    /// Where it goes.
    pub to: &'a str,
    /// Into which organization.
    pub organization: &'a str,
    /// Who invites.
    pub inviter: &'a str,
    /// What is offered, a line each.
    pub offer: &'a [String],
    /// Until when, as people read it.
    pub until: &'a str,
    /// Where to accept.
    pub link: &'a str,
}

impl Invited<'_> {
    /// The letter, as text and as HTML.
    #[must_use]
    pub fn letter(&self) -> Letter {
        let Self { to, organization, inviter, .. } = *self;
        let subject = format!("{inviter} invites you to {organization}");
        Letter { to: to.to_owned(), subject, text: self.text(), html: self.html() }
    }

    fn text(&self) -> String {
        let Self { organization, inviter, offer, until, link, .. } = *self;
        let offer = offer.join("\n  - ");
        format!(
            "{inviter} invites you to join {organization}.\n\nYou are offered:\n  - {offer}\n\nOpen this address to accept, \
             and sign in as you usually do:\n\n{link}\n\nIt works once, until {until}. Opening it changes nothing yet.\n\n\
             You did not expect this? Then leave it: without your acceptance nothing happens.\n"
        )
    }

    fn html(&self) -> String {
        let Self { organization, inviter, offer, until, link, .. } = *self;
        let page = html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    title { (inviter) " invites you to " (organization) }
                }
                body style="margin:0;padding:24px;background:#ffffff;color:#1a1a1a;font:16px/1.5 system-ui,sans-serif" {
                    div role="article" style="max-width:560px;margin:0 auto" {
                        h1 style="font-size:22px;line-height:1.3;margin:0 0 16px" { "Join " (organization) }
                        p { (inviter) " invites you to join " strong { (organization) } "." }
                        p style="margin-bottom:4px" { "You are offered:" }
                        ul style="margin-top:0" { @for line in offer { li { (line) } } }
                        p style="margin:24px 0" {
                            a href=(link) style="background:#0b5cad;color:#ffffff;padding:12px 20px;border-radius:6px;\
                                                 text-decoration:none;display:inline-block" { "Look at the invitation" }
                        }
                        p { "The button does not work? Open this address: " br; a href=(link) { (link) } }
                        p { "It works once, until " (until) ". Opening it changes nothing yet." }
                        p style="color:#595959" {
                            "You did not expect this? Then leave it: without your acceptance nothing happens."
                        }
                    }
                }
            }
        };
        page.into_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_bodies_say_who_invites_to_what_until_when() {
        let offer = ["Viewer of the whole organization".to_owned(), "the group <b>on-call</b>".to_owned()];
        let invited = Invited {
            to: "ada@example.com",
            organization: "Acme & Sons",
            inviter: "<script>Eve</script>",
            offer: &offer,
            until: "28 November 2026, 08:30 UTC",
            link: "https://id.example/invitations/cgi_x",
        };
        let letter = invited.letter();
        for said in
            ["Acme & Sons", "<script>Eve</script>", "28 November 2026", "/invitations/cgi_x", "- Viewer of the whole"]
        {
            assert!(letter.text.contains(said), "{said} in {}", letter.text);
        }
        for said in [
            "Acme &amp; Sons",
            "&lt;script&gt;Eve",
            "28 November 2026",
            "href=\"https://id.example/invitations/cgi_x\"",
        ] {
            assert!(letter.html.contains(said), "{said} in {}", letter.html);
        }
        assert!(!letter.html.contains("<script") && !letter.html.contains("<b>"), "{}", letter.html);
        assert!(
            !letter.html.contains("http-equiv") && !letter.html.contains("<img"),
            "nothing is loaded from anywhere"
        );
    }
}
