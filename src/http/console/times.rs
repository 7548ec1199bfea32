//! Instants as people read them: how long ago, and the exact moment beside it.

use crate::model::Instant;
use maud::{Markup, html};

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
/// Letters of a moment in a sentence at least.
const SHORTEST: usize = "2026-11-22T10:00:00Z".len();

/// “3 hours ago”, with the exact moment on hover. The script says the moment in the reader's zone; without it, it is UTC.
pub(super) fn when(instant: Instant, now: Instant) -> Markup {
    html! { time datetime=(instant) title=(moment(instant)) { (relative(instant, now)) } }
}

/// The same, where there may be none.
pub(super) fn when_or(instant: Option<Instant>, now: Instant, none: &str) -> Markup {
    html! { @if let Some(instant) = instant { (when(instant, now)) } @else { (none) } }
}

/// The moment itself, where its distance says too little: in UTC, and by the script in the reader's zone.
pub(super) fn exact(instant: Instant) -> Markup {
    let text = moment(instant);
    html! { time datetime=(instant) title=(text) data-exact { (text) } }
}

/// A sentence that the house wrote, with every moment in it as [`exact`] has it.
pub(super) fn prose(text: &str) -> Markup {
    html! {
        @for (place, word) in text.split(' ').enumerate() {
            @if place > 0 { " " }
            @let bare = word.trim_end_matches(['.', ',', ';', ':', ')']);
            @match Some(bare).filter(|bare| bare.len() >= SHORTEST).and_then(|bare| bare.parse::<Instant>().ok()) {
                Some(instant) => { (exact(instant)) (word.get(bare.len()..).unwrap_or_default()) },
                None => (word),
            }
        }
    }
}

/// To the second, in UTC: people compare these with their own log files.
pub(super) fn moment(instant: Instant) -> String {
    let text = instant.to_string();
    match (text.get(..10), text.get(11..19)) {
        (Some(day), Some(time)) => format!("{day} {time} UTC"),
        (Some(_) | None, Some(_) | None) => text,
    }
}

fn relative(instant: Instant, now: Instant) -> String {
    let seconds = instant.seconds().saturating_sub(now.seconds());
    let (count, unit) = match seconds.unsigned_abs().cast_signed() {
        ..MINUTE => return if seconds > 0 { "in a moment" } else { "just now" }.to_owned(),
        far @ MINUTE..HOUR => (far / MINUTE, "minute"),
        far @ HOUR..DAY => (far / HOUR, "hour"),
        far if far < 60 * DAY => (far / DAY, "day"),
        // Months and years ago are read better as a date.
        _ => return moment(instant).get(..10).unwrap_or_default().to_owned(),
    };
    let plural = if count == 1 { "" } else { "s" };
    if seconds > 0 { format!("in {count} {unit}{plural}") } else { format!("{count} {unit}{plural} ago") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_said_by_its_distance() {
        let now: Instant = "2026-11-22T10:00:00Z".parse().unwrap();
        let said = |text: &str| relative(text.parse().unwrap(), now);
        let told =
            ["2026-11-22T09:59:30Z", "2026-11-22T09:58:59Z", "2026-11-22T07:10:00Z", "2026-11-29T10:00:00Z"].map(said);
        assert_eq!(told, ["just now", "1 minute ago", "2 hours ago", "in 7 days"]);
        assert_eq!(said("2025-01-02T03:04:05Z"), "2025-01-02");
        let said = prose("Recorded from 2025-01-02T03:04:05.678Z, and 30 days were asked for.").into_string();
        assert!(
            said.starts_with("Recorded from <time ") && said.ends_with("UTC</time>, and 30 days were asked for."),
            "{said}"
        );
        assert_eq!(prose("<b> & 1").into_string(), "&lt;b&gt; &amp; 1");
        assert_eq!(moment("2025-01-02T03:04:05.678Z".parse().unwrap()), "2025-01-02 03:04:05 UTC");
    }
}
