//! What came over time, as a picture that is made here.

use crate::{http::console::times::when, model::Instant};
use maud::{Markup, html};
use std::time::Duration;

/// Things that a chart counts at most.
pub(super) const CHARTED: u16 = 2_000;
const BARS: usize = 24;
/// What a chart reaches back to at most.
const SPAN: i64 = 24 * 3_600;
const SECOND: i64 = 1;
const MINUTE: i64 = 60;
/// How long a bar may be.
const STEPS: [(i64, &str); 9] = [
    (SECOND, "second"),
    (5 * SECOND, "5 seconds"),
    (15 * SECOND, "15 seconds"),
    (MINUTE, "minute"),
    (2 * MINUTE, "2 minutes"),
    (5 * MINUTE, "5 minutes"),
    (15 * MINUTE, "15 minutes"),
    (30 * MINUTE, "30 minutes"),
    (SPAN / 24, "hour"),
];

/// Something that came.
#[derive(Debug, Clone, Copy)]
pub(super) struct Came {
    /// When.
    pub(super) at: Instant,
    /// Whether it was taken.
    pub(super) good: bool,
    /// How often.
    pub(super) times: u32,
}

/// When the oldest of those that were read came, where there may be more than were read.
pub(super) fn reached<T>(newest: &[T], at: impl Fn(&T) -> Instant) -> Option<Instant> {
    newest.last().filter(|_| newest.len() == usize::from(CHARTED)).map(at)
}

/// How many were taken and how many not, bar by bar: over a day, or as far back as was read where there are more. The words are
/// what it counts, what became of the good ones, and of the others.
pub(super) fn over_time(
    (newest, reached): (&[Came], Option<Instant>),
    now: Instant,
    (what, good, bad): (&str, &str, &str),
) -> Markup {
    let ago = |at: Instant| now.seconds().saturating_sub(at.seconds()).max(0);
    let reach = reached.map_or(SPAN, |oldest| ago(oldest).min(SPAN));
    let bars = i64::try_from(BARS).unwrap_or(i64::MAX);
    // What lies before the last bar that was read whole is not shown: it would look like less than there was.
    let fits = STEPS.iter().rev().find(|(seconds, _)| seconds.saturating_mul(bars) <= reach);
    let (step, step_words) = fits.or(STEPS.first()).copied().unwrap_or((SECOND, "second"));
    let (mut taken, mut refused) = ([0_u64; BARS], [0_u64; BARS]);
    for came in newest {
        let back = usize::try_from(ago(came.at) / step).ok();
        let place = back.and_then(|back| (BARS - 1).checked_sub(back));
        let counts = if came.good { &mut taken } else { &mut refused };
        if let Some(count) = place.and_then(|place| counts.get_mut(place)) {
            *count += u64::from(came.times);
        }
    }
    let (all_taken, all_refused) = (taken.iter().sum::<u64>(), refused.iter().sum::<u64>());
    let most = taken.iter().zip(&refused).map(|(taken, refused)| taken + refused).max().unwrap_or_default().max(1);
    let said = format!("{what}: {all_taken} {good}, {all_refused} {bad}");
    let height = |count: u64| if count == 0 { 0 } else { (count * 76 / most).max(2) };
    let since = now.minus(Duration::from_secs(u64::try_from(step.saturating_mul(bars)).unwrap_or_default()));
    html! {
        @if all_taken + all_refused > 0 {
            figure class="card" {
                svg class="chart wide" viewBox="0 0 482 84" role="img" aria-label=(said) preserveAspectRatio="none" {
                    line class="base" x1="0" y1="83" x2="482" y2="83" {}
                    @for (bar, (taken, refused)) in taken.iter().zip(&refused).enumerate() {
                        @let (up, over) = (height(*taken), height(*refused));
                        @if up > 0 { rect x=(bar * 20 + 2) y=(82 - up) width="16" height=(up) {} }
                        @if over > 0 { rect class="bad" x=(bar * 20 + 2) y=(82_u64.saturating_sub(up + over)) width="16" height=(over) {} }
                    }
                }
                p class="axis quiet small" { span { (when(since, now)) } span { "now" } }
                figcaption class="quiet small" { (said) ". A bar is " @if step_words.starts_with(|letter: char| letter.is_ascii_digit()) { (step_words) } @else if step_words == "hour" { "an hour" } @else { "a " (step_words) } "; the highest is " (most) "." }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_charted_or_as_far_back_as_the_newest_reach() {
        let now: Instant = "2026-11-22T10:00:00Z".parse().unwrap();
        let came = |seconds: u64, good: bool| Came { at: now.minus(Duration::from_secs(seconds)), good, times: 3 };
        let chart = |newest: &[Came]| {
            let reached = reached(newest, |oldest| oldest.at);
            over_time((newest, reached), now, ("Pushes", "taken", "refused")).into_string()
        };
        let day = chart(&[came(60, true), came(7_200, false), came(90_000, true)]);
        assert!(
            day.contains("Pushes: 3 taken, 3 refused") && day.contains("A bar is an hour; the highest is 3"),
            "{day}"
        );
        let busy: Vec<Came> = (0..CHARTED).map(|number| came(u64::from(number) / 20, true)).collect();
        let busy = chart(&busy);
        assert!(busy.contains("1440 taken, 0 refused") && busy.contains("A bar is a second"), "{busy}");
        assert!(chart(&[]).is_empty());
    }
}
