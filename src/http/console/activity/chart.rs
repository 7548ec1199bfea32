//! Pushes over time, as a picture that is made here.

use crate::model::{Instant, Push};
use maud::{Markup, html};

const HOURS: i64 = 24;
const HOUR: i64 = 3_600;

/// How many were taken and how many refused, in each of the last 24 hours.
pub(super) fn pushes(latest: &[Push], now: Instant) -> Markup {
    let mut taken = [0_u64; 24];
    let mut refused = [0_u64; 24];
    for push in latest {
        let ago = now.seconds().saturating_sub(push.at.seconds()) / HOUR;
        let place = usize::try_from(HOURS - 1 - ago).ok();
        let counts = if push.entry.status < 400 { &mut taken } else { &mut refused };
        if let Some(count) = place.and_then(|place| counts.get_mut(place)) {
            *count += u64::from(push.entry.times);
        }
    }
    let (all_taken, all_refused) = (taken.iter().sum::<u64>(), refused.iter().sum::<u64>());
    let most = taken.iter().zip(&refused).map(|(taken, refused)| taken + refused).max().unwrap_or_default().max(1);
    let said = format!("Of the last pushes, over 24 hours: {all_taken} were taken, {all_refused} refused");
    let height = |count: u64| if count == 0 { 0 } else { (count * 76 / most).max(2) };
    html! {
        @if all_taken + all_refused > 0 {
            figure class="card" {
                svg class="chart wide" viewBox="0 0 482 84" role="img" aria-label=(said) preserveAspectRatio="none" {
                    line class="base" x1="0" y1="83" x2="482" y2="83" {}
                    @for (hour, (taken, refused)) in taken.iter().zip(&refused).enumerate() {
                        @let (good, bad) = (height(*taken), height(*refused));
                        @if good > 0 { rect x=(hour * 20 + 2) y=(82 - good) width="16" height=(good) {} }
                        @if bad > 0 { rect class="bad" x=(hour * 20 + 2) y=(82_u64.saturating_sub(good + bad)) width="16" height=(bad) {} }
                    }
                }
                figcaption class="quiet small" { (said) "." }
            }
        }
    }
}
