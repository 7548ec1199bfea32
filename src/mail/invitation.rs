//! The letter that invites.

use super::{
    Letter,
    sheet::{button, sheet},
};
use maud::html;

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
        Letter { to: to.to_owned(), text: self.text(), html: self.html(&subject), subject }
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

    fn html(&self, subject: &str) -> String {
        let Self { organization, inviter, offer, until, link, .. } = *self;
        let below = html! {
            p { (inviter) " invites you to join " strong { (organization) } "." }
            p style="margin-bottom:4px" { "You are offered:" }
            ul style="margin-top:0" { @for line in offer { li { (line) } } }
            (button(link, "Look at the invitation"))
            p { "It works once, until " (until) ". Opening it changes nothing yet." }
            p style="color:#595959" {
                "You did not expect this? Then leave it: without your acceptance nothing happens."
            }
        };
        sheet(subject, &format!("Join {organization}"), &below)
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
