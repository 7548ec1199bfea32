//! Until when a rule holds.

use crate::model::Instant;

/// The first instant at which a rule that holds until `text` no longer does: of a date, the midnight that ends that day in
/// UTC; of a time, that time. `None` when the text is neither.
pub(super) fn end_of(text: &str) -> Option<Instant> {
    if let Ok(instant) = text.parse::<Instant>() {
        return Some(instant);
    }
    let is_date = text.len() == "2027-01-31".len() && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    if !is_date {
        return None;
    }
    let next: jiff::civil::Date = text.parse::<jiff::civil::Date>().ok()?.tomorrow().ok()?;
    let midnight = next.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
    Some(Instant(midnight.timestamp().as_microsecond()))
}

/// The instant that `at:` of a test names: of a date, its noon in UTC; of a time, that time.
pub(super) fn moment_of(text: &str) -> Option<Instant> {
    const HALF_A_DAY: std::time::Duration = std::time::Duration::from_hours(12);
    match text.parse::<Instant>() {
        Ok(instant) => Some(instant),
        Err(_) => end_of(text).map(|end| end.minus(HALF_A_DAY)),
    }
}
