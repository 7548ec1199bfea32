//! What a review found, in words: the kinds, the evidence, what may be decided.

use crate::{
    app::Names,
    http::console::{
        times::{when, when_or},
        words::{place, role_name},
    },
    model::{DeliveryState, Finding, Instant, Verdict},
};
use maud::{Markup, html};

/// What kind of thing it is.
pub(super) fn kind(finding: &Finding) -> &'static str {
    match finding {
        Finding::UnusedAccount { .. } => "Account that nobody used",
        Finding::UnusedServiceAccount { .. } => "Service account that nobody used",
        Finding::UnusedKey { .. } => "API key that was not used",
        Finding::StaleInvitation { .. } => "Invitation that waits",
        Finding::IdleOwner { .. } => "Owner who uses nothing that needs Owner",
        Finding::RedundantBinding { .. } => "Role that a group gives as well",
        Finding::CommonBinding { .. } => "Same role, given one by one",
    }
}

/// What the button says.
pub(super) fn button(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Keep => "Keep",
        Verdict::Suspend => "Suspend",
        Verdict::Remove => "Remove",
        Verdict::Reduce => "Make Member",
        Verdict::Group => "Make a group",
    }
}

/// What was decided, in words.
pub(super) fn decided(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Keep => "Keep it",
        Verdict::Suspend => "Suspend it",
        Verdict::Remove => "Remove it",
        Verdict::Reduce => "Owner becomes Member",
        Verdict::Group => "One group in place of each",
    }
}

/// The ids that the evidence speaks of.
pub(super) fn ids(finding: &Finding) -> Vec<String> {
    match finding {
        Finding::RedundantBinding { group, .. } => vec![group.to_string()],
        Finding::IdleOwner { also_by, .. } => {
            also_by.iter().flat_map(|text| words(text)).filter(|word| word.contains('_')).map(str::to_owned).collect()
        }
        Finding::UnusedAccount { .. }
        | Finding::UnusedServiceAccount { .. }
        | Finding::UnusedKey { .. }
        | Finding::StaleInvitation { .. }
        | Finding::CommonBinding { .. } => Vec::new(),
    }
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|letter: char| letter.is_whitespace() || letter == ',')
}

/// Names in the place of ids.
fn named(text: &str, names: &Names) -> String {
    words(text).fold(text.to_owned(), |text, word| match names.known(word) {
        Some(name) => text.replace(word, &format!("“{name}”")),
        None => text,
    })
}

/// Why it was found.
pub(super) fn evidence(finding: &Finding, names: &Names, now: Instant) -> Markup {
    html! {
        @match finding {
            Finding::UnusedAccount { created_at, in_person_at, by_key_at, .. } => {
                "Here since " (when(*created_at, now)) "; in person: " (when_or(*in_person_at, now, "never"))
                "; by a key: " (when_or(*by_key_at, now, "never")) "."
            },
            Finding::UnusedServiceAccount { created_at, last_used_at, .. } => {
                "Here since " (when(*created_at, now)) "; a key of it was used: " (when_or(*last_used_at, now, "never")) "."
            },
            Finding::UnusedKey { created_at, last_used_at, .. } => {
                "Made " (when(*created_at, now)) "; used: " (when_or(*last_used_at, now, "never")) "."
            },
            Finding::StaleInvitation { created_at, expires_at, delivery, .. } => {
                "Sent " (when(*created_at, now)) "; its link works until " (when(*expires_at, now)) "; its letter "
                @match delivery {
                    DeliveryState::Queued => "waits to be sent.",
                    DeliveryState::Sent => "was sent.",
                    DeliveryState::Failed => "was not taken.",
                    DeliveryState::Bounced => "came back.",
                }
            },
            Finding::IdleOwner { binding, also_by, last_used_at, .. } => {
                "Used what only owners may do: " (when_or(*last_used_at, now, "never")) ". Given "
                @match (binding, also_by.as_slice()) {
                    (Some(_), []) => "directly by a person.",
                    (Some(_), also) => { "directly by a person, and by " (named(&also.join(" and by "), names)) "." },
                    (None, also) => { "by " (named(&also.join(" and by "), names)) ": it is changed there." },
                }
            },
            Finding::RedundantBinding { role, scope, group, .. } => {
                (role_name(role, names)) " of " (place(scope, names)) " directly, and by the group “"
                span dir="auto" { (names.known(group.as_str()).unwrap_or("a group that is gone")) } "” as well."
            },
            Finding::CommonBinding { role, scope, users, .. } => {
                (users.len()) " people were given " (role_name(role, names)) " of " (place(scope, names)) " one by one."
            },
        }
    }
}
