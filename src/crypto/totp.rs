//! One-time passwords by the clock (RFC 6238), as every authenticator app makes them: SHA-1, six digits, thirty seconds.

use super::hash::constant_time_eq;
use aws_lc_rs::hmac;
use data_encoding::BASE32_NOPAD;

/// Seconds of a step.
pub const STEP: i64 = 30;
/// Bytes of a secret: as long as the digest (RFC 4226 §4, R6).
pub const SECRET: usize = 20;
/// Steps before and after now that count: clocks differ, and people type slowly (RFC 6238 §5.2).
const AROUND: i64 = 1;
const DIGITS: usize = 6;

/// The step of a moment, in seconds since the epoch.
#[must_use]
pub fn step_at(seconds: i64) -> i64 {
    seconds.div_euclid(STEP)
}

/// The code of a step.
#[must_use]
pub fn code(secret: &[u8], step: i64) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret);
    let tag = hmac::sign(&key, &step.to_be_bytes());
    let tag = tag.as_ref();
    // RFC 4226 §5.3: the last four bits say which four bytes.
    let offset = usize::from(tag.last().copied().unwrap_or_default() & 0xf);
    let number = tag.iter().skip(offset).take(4).fold(0_u32, |number, byte| (number << 8) | u32::from(*byte));
    format!("{:0width$}", (number & 0x7fff_ffff) % 1_000_000, width = DIGITS)
}

/// The step that a code is of, if it is one of those around a moment and comes after `last`: a step is for one use
/// (RFC 6238 §5.2).
#[must_use]
pub fn matching(secret: &[u8], typed: &str, seconds: i64, last: i64) -> Option<i64> {
    let now = step_at(seconds);
    let steps = (now - AROUND)..=(now + AROUND);
    // All of them are compared, whichever it is.
    let fits: Vec<i64> =
        steps.filter(|step| constant_time_eq(code(secret, *step).as_bytes(), typed.as_bytes())).collect();
    fits.into_iter().find(|step| *step > last)
}

/// The secret as people type it.
#[must_use]
pub fn text(secret: &[u8]) -> String {
    BASE32_NOPAD.encode(secret)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PUBLISHED: &[u8] = b"12345678901234567890";

    #[test]
    fn the_codes_are_the_published_ones() {
        // RFC 6238, appendix B: the last six of its eight digits.
        for (seconds, expected) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(code(PUBLISHED, step_at(seconds)), expected, "{seconds}");
        }
        // RFC 4226, appendix D.
        assert_eq!((code(PUBLISHED, 0), code(PUBLISHED, 9)), ("755224".to_owned(), "520489".to_owned()));
    }

    #[test]
    fn a_code_counts_a_step_early_and_late_and_once() {
        let now = 1_234_567_890;
        let step = step_at(now);
        for (of, counts) in [(-2, false), (-1, true), (0, true), (1, true), (2, false)] {
            let found = matching(PUBLISHED, &code(PUBLISHED, step + of), now, 0);
            assert_eq!(found, counts.then_some(step + of), "{of}");
        }
        assert_eq!(matching(PUBLISHED, &code(PUBLISHED, step), now, step), None, "used already");
        assert_eq!(matching(PUBLISHED, &code(PUBLISHED, step - 1), now, step), None, "older than the last");
        for typed in ["", "12345", "1234567", "abcdef"] {
            assert_eq!(matching(PUBLISHED, typed, now, 0), None);
        }
    }

    #[test]
    fn the_text_is_base32() {
        assert_eq!(text(PUBLISHED), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
    }
}
