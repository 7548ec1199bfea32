//! Until when a certificate is good. Of all of X.509, this is what an operator has to be told in time.

use crate::model::Instant;
use jiff::{civil::DateTime, tz::TimeZone};

const SEQUENCE: u8 = 0x30;
const VERSION: u8 = 0xa0;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

/// `notAfter` of a certificate in DER (RFC 5280 §4.1).
pub(super) fn not_after(certificate: &[u8]) -> Option<Instant> {
    let (certificate, _) = inside(certificate, SEQUENCE)?;
    let (mut to_be_signed, _) = inside(certificate, SEQUENCE)?;
    if to_be_signed.first() == Some(&VERSION) {
        (_, to_be_signed) = element(to_be_signed)?;
    }
    // serialNumber, signature, issuer
    for _ in 0..3 {
        (_, to_be_signed) = element(to_be_signed)?;
    }
    let (validity, _) = inside(to_be_signed, SEQUENCE)?;
    let (_, not_after) = element(validity)?;
    let ((kind, text), _) = element(not_after)?;
    time(kind, std::str::from_utf8(text).ok()?)
}

fn inside(bytes: &[u8], kind: u8) -> Option<(&[u8], &[u8])> {
    let ((found, value), rest) = element(bytes)?;
    (found == kind).then_some((value, rest))
}

/// A tag and its value.
type Element<'a> = (u8, &'a [u8]);

/// The first element, and what follows it.
fn element(bytes: &[u8]) -> Option<(Element<'_>, &[u8])> {
    let (&kind, rest) = bytes.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        0..=0x7f => (usize::from(first), rest),
        0x81..=0x84 => {
            let (digits, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            (digits.iter().fold(0_usize, |length, digit| length << 8 | usize::from(*digit)), rest)
        }
        _ => return None,
    };
    let (value, rest) = rest.split_at_checked(length)?;
    Some(((kind, value), rest))
}

/// RFC 5280 §4.1.2.5: years through 2049 come with two digits, later ones with four; both in UTC, with seconds.
fn time(kind: u8, text: &str) -> Option<Instant> {
    let digits = text.strip_suffix('Z').filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()))?;
    let (year, rest) = match kind {
        UTC_TIME => {
            let (year, rest) = digits.split_at_checked(2)?;
            let year: i16 = year.parse().ok()?;
            (if year < 50 { 2000 + year } else { 1900 + year }, rest)
        }
        GENERALIZED_TIME => {
            let (year, rest) = digits.split_at_checked(4)?;
            (year.parse().ok()?, rest)
        }
        _ => return None,
    };
    let part = |place: usize| rest.get(place..place + 2)?.parse::<i8>().ok();
    let time = DateTime::new(year, part(0)?, part(2)?, part(4)?, part(6)?, part(8)?, 0).ok()?;
    Some(Instant(time.to_zoned(TimeZone::UTC).ok()?.timestamp().as_microsecond()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn both_ways_to_write_a_time_are_read() {
        let read = |kind, text| time(kind, text).map(|time| time.to_string());
        assert_eq!(read(UTC_TIME, "491231235959Z").as_deref(), Some("2049-12-31T23:59:59Z"));
        assert_eq!(read(UTC_TIME, "500101000000Z").as_deref(), Some("1950-01-01T00:00:00Z"));
        assert_eq!(read(GENERALIZED_TIME, "20991231235959Z").as_deref(), Some("2099-12-31T23:59:59Z"));
        assert_eq!(read(UTC_TIME, "491331235959Z"), None);
        assert_eq!(read(UTC_TIME, "é"), None);
        assert_eq!(read(0x02, "491231235959Z"), None);
    }

    proptest! {
        #[test]
        fn no_bytes_stop_it(bytes: Vec<u8>) {
            let _ = not_after(&bytes);
        }
    }
}
