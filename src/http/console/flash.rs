//! What a page says of the change that led to it. A word in the address, of a closed list: nobody puts a sentence of their own
//! onto a page of ours.

use maud::{Markup, html};
use serde::Deserialize;

/// The words, and what they say.
const SAID: &[(&str, &str)] = &[
    ("reactivated", "The suspension was taken back."),
    ("sessions-ended", "Every session has ended."),
    ("session-ended", "The session has ended."),
    ("changed", "The change was made."),
    ("saved", "Saved."),
    ("resent", "The invitation was sent again, with a new link; the old link is dead."),
    ("revoked", "It was taken back, and opens nothing from now on."),
    ("deleted", "It was deleted."),
    ("created", "It was made."),
    ("joined", "The group has a new member."),
    ("left", "The member left the group."),
    ("enabled", "The connection is enabled."),
    ("disabled", "The connection is disabled: its sessions have ended and its tokens are refused."),
    ("published", "The mapping is published and in force."),
    ("drafted", "The draft is saved. Nothing changes until you publish it."),
    ("suspended", "Suspended: sessions have ended and keys are refused."),
    ("renamed", "The new name is saved."),
    (
        "looked",
        "castgate looked: what it found is below. Decide about each; nothing changes before you do what was decided.",
    ),
    ("decided", "Decided. Nothing is changed before you do what was decided."),
    ("undone", "It was taken back: what that provider took away is here again. People sign in again."),
    ("review-closed", "The review is closed: what was not decided stays as it is."),
    ("paused", "Paused: nothing is sent there. What happens meanwhile waits."),
    ("resumed", "It goes on where it stopped: what waited is sent now."),
    ("ended", "It was ended: no security event is accepted from there any more."),
    ("clusters-read", "The clusters at Cast AI were read."),
    ("clusters-unread", "The clusters at Cast AI could not be read: what was wrong is said below."),
    ("cast-ai-ended", "The key is forgotten: nothing is read from Cast AI any more. The clusters stay as they are."),
    ("refreshed", "The provider’s metadata was read."),
];

/// What stands behind the question mark after a change.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Said {
    said: Option<String>,
}

impl Said {
    /// The same of a page that is the answer to the change itself.
    pub(super) fn word(word: &str) -> Self {
        Self { said: Some(word.to_owned()) }
    }

    /// What the page says of it.
    pub(super) fn markup(&self) -> Markup {
        flash(self.said.as_deref())
    }
}

/// What a page says of the change that led to it.
pub(super) fn flash(word: Option<&str>) -> Markup {
    let sentence = word.and_then(|word| SAID.iter().find(|(known, _)| *known == word)).map(|(_, sentence)| *sentence);
    html! { @if let Some(sentence) = sentence { div class="flash" role="status" { p { (sentence) } } } }
}
