//! `[passwords]`, and what is wrong with it.

use super::{
    Settings, Span,
    check::{Finding, error, warning},
};
use serde::Deserialize;
use std::{ops::RangeInclusive, time::Duration};

const LENGTHS: RangeInclusive<usize> = 8..=64;
/// NIST SP 800-63B-4 §3.1.1.1 asks for 15 where the password is all there is; below 12 it is guessed offline.
const SHORT: usize = 12;
/// Each takes 19 MiB.
const MOST_AT_ONCE: usize = 64;
const LINKS: RangeInclusive<Duration> = Duration::from_mins(5)..=Duration::from_hours(24);
const WAITS: RangeInclusive<Duration> = Duration::from_secs(10)..=Duration::from_hours(24);
const LONGEST_MEMORY: Duration = Duration::from_hours(24 * 400);

/// `[passwords]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Passwords {
    /// The fewest characters of a new one.
    pub min_length: usize,
    /// How many are hashed at once.
    pub at_once: usize,
    /// The life of a link by which one is chosen.
    pub link_lifetime: Span,
    /// Wrong attempts at one person's before there is a wait.
    pub attempts: u32,
    /// The longest wait.
    pub longest_wait: Span,
    /// Wrong attempts of one network address before there is a wait.
    pub address_attempts: u32,
    /// How long a browser counts as known.
    pub browser_remembered: Span,
}

impl Settings {
    pub(super) fn check_passwords(&self, found: &mut Vec<Finding>) {
        let passwords = &self.passwords;
        if !LENGTHS.contains(&passwords.min_length) {
            found.push(error("passwords.min_length", "must be from 8 to 64"));
        } else if passwords.min_length < SHORT {
            found.push(warning("passwords.min_length", "is short: from 12 on a stolen hash is not guessed soon"));
        }
        if !(1..=MOST_AT_ONCE).contains(&passwords.at_once) {
            found.push(error("passwords.at_once", "must be from 1 to 64"));
        }
        if !LINKS.contains(&passwords.link_lifetime.get()) {
            found.push(error("passwords.link_lifetime", "must be from 5m to 24h"));
        }
        if passwords.attempts == 0 || passwords.address_attempts == 0 {
            found.push(error("passwords.attempts", "and passwords.address_attempts must be at least 1"));
        }
        if !WAITS.contains(&passwords.longest_wait.get()) {
            found.push(error("passwords.longest_wait", "must be from 10s to 24h"));
        }
        if passwords.browser_remembered.get() > LONGEST_MEMORY {
            // RFC 6265bis §5.5: browsers keep no cookie for longer.
            found.push(error("passwords.browser_remembered", "must be at most 400d"));
        }
    }
}
