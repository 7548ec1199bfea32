//! Durations, sizes and networks as people write them.

use serde::{Deserialize, Deserializer, de::Error as _};
use std::{fmt, net::IpAddr, str::FromStr, time::Duration};

/// A text that is none of them. The message says what one looks like.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("“{text}” is not {expected}")]
pub struct BadUnit {
    /// What was given.
    pub text: String,
    /// What would do, with an example.
    pub expected: &'static str,
}

/// A length of time: `30s`, `12h`, `1h30m`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span(pub Duration);

/// Longest first within a shared first letter: `ms` is tried before `m`.
const TIME_UNITS: [(&str, u64); 6] =
    [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000), ("w", 604_800_000)];

impl Span {
    /// The duration.
    #[must_use]
    pub fn get(self) -> Duration {
        self.0
    }
}

impl FromStr for Span {
    type Err = BadUnit;
    fn from_str(text: &str) -> Result<Self, BadUnit> {
        let bad = || BadUnit { text: text.to_owned(), expected: "a duration like 500ms, 30s, 12h, 7d or 1h30m" };
        let mut rest = text.trim();
        let mut millis = 0_u64;
        while !rest.is_empty() {
            let (number, tail) = leading_number(rest).ok_or_else(bad)?;
            let (unit, size) = TIME_UNITS.into_iter().find(|(unit, _)| tail.starts_with(unit)).ok_or_else(bad)?;
            millis = number.checked_mul(size).and_then(|part| millis.checked_add(part)).ok_or_else(bad)?;
            rest = &tail[unit.len()..];
        }
        if text.trim().is_empty() { Err(bad()) } else { Ok(Self(Duration::from_millis(millis))) }
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = u64::try_from(self.0.as_millis()).unwrap_or(u64::MAX);
        if rest == 0 {
            return f.write_str("0s");
        }
        for (unit, size) in [TIME_UNITS[4], TIME_UNITS[3], TIME_UNITS[2], TIME_UNITS[1], TIME_UNITS[0]] {
            if rest >= size {
                write!(f, "{}{unit}", rest / size)?;
                rest %= size;
            }
        }
        Ok(())
    }
}

/// A number of bytes: `512`, `64KiB`, `16MiB`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Size(pub u64);

const SIZE_UNITS: [(&str, u64); 8] = [
    ("", 1),
    ("B", 1),
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
    ("kB", 1_000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
];

impl Size {
    /// The number of bytes, as a buffer counts them.
    #[must_use]
    pub fn bytes(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

impl FromStr for Size {
    type Err = BadUnit;
    fn from_str(text: &str) -> Result<Self, BadUnit> {
        let bad = || BadUnit { text: text.to_owned(), expected: "a size like 64KiB, 16MiB or a number of bytes" };
        let (number, unit) = leading_number(text.trim()).ok_or_else(bad)?;
        let (_, size) = SIZE_UNITS.into_iter().find(|(name, _)| *name == unit.trim_start()).ok_or_else(bad)?;
        number.checked_mul(size).map(Self).ok_or_else(bad)
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (unit, size) = [SIZE_UNITS[4], SIZE_UNITS[3], SIZE_UNITS[2]]
            .into_iter()
            .find(|(_, size)| self.0 != 0 && self.0.is_multiple_of(*size))
            .unwrap_or(("B", 1));
        write!(f, "{}{unit}", self.0 / size)
    }
}

/// So many in a while: `200/s`, `10/m`, `5/h`. None at all (`0/s`) means that there is no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// How many.
    pub number: u32,
    /// In how long.
    pub per: Duration,
}

const RATE_UNITS: [(&str, Duration); 3] =
    [("s", Duration::from_secs(1)), ("m", Duration::from_mins(1)), ("h", Duration::from_hours(1))];

impl Rate {
    /// The time between two; none when there is no limit.
    #[must_use]
    pub fn interval(self) -> Option<Duration> {
        self.per.checked_div(self.number)
    }
}

impl FromStr for Rate {
    type Err = BadUnit;
    fn from_str(text: &str) -> Result<Self, BadUnit> {
        let bad = || BadUnit { text: text.to_owned(), expected: "a rate like 200/s, 10/m or 5/h (0/s: no limit)" };
        let (number, unit) = text.trim().split_once('/').ok_or_else(bad)?;
        let number = number.parse().map_err(|_| bad())?;
        let (_, per) = RATE_UNITS.into_iter().find(|(name, _)| *name == unit).ok_or_else(bad)?;
        Ok(Self { number, per })
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (unit, _) = RATE_UNITS.into_iter().find(|(_, per)| *per == self.per).unwrap_or(RATE_UNITS[0]);
        write!(f, "{}/{unit}", self.number)
    }
}

/// The digits that a text begins with, and what follows them.
fn leading_number(text: &str) -> Option<(u64, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (digits, rest) = text.split_at(end);
    Some((digits.parse().ok()?, rest))
}

/// An address or a network in CIDR form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    bits: u8,
}

impl Network {
    /// The length of the prefix: 0 is every address of its family.
    #[must_use]
    pub fn bits(&self) -> u8 {
        self.bits
    }

    /// Whether `address` lies in this network. An IPv4 address in its IPv6 form counts as the IPv4 address.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(own), IpAddr::V4(other)) => {
                let mask = u32::MAX.checked_shl(32 - u32::from(self.bits)).unwrap_or(0);
                own.to_bits() & mask == other.to_bits() & mask
            }
            (IpAddr::V6(own), IpAddr::V6(other)) => {
                let mask = u128::MAX.checked_shl(128 - u32::from(self.bits)).unwrap_or(0);
                own.to_bits() & mask == other.to_bits() & mask
            }
            (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => false,
        }
    }
}

impl FromStr for Network {
    type Err = BadUnit;
    fn from_str(text: &str) -> Result<Self, BadUnit> {
        let bad =
            || BadUnit { text: text.to_owned(), expected: "an address like 10.1.2.3 or a network like 10.0.0.0/8" };
        let (address, bits) = match text.trim().split_once('/') {
            Some((address, bits)) => (address, Some(bits.parse::<u8>().map_err(|_| bad())?)),
            None => (text.trim(), None),
        };
        let address: IpAddr = address.parse().map_err(|_| bad())?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let bits = bits.unwrap_or(most);
        if bits > most { Err(bad()) } else { Ok(Self { address, bits }) }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.bits)
    }
}

macro_rules! read_as_text {
    ($($name:ident)*) => {$(
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
            }
        }
    )*};
}

read_as_text!(Span Size Rate Network);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn durations_are_read_as_people_write_them() {
        let seconds = |text: &str| text.parse::<Span>().map(|span| span.0.as_secs_f64());
        assert_eq!(seconds("30s"), Ok(30.0));
        assert_eq!(seconds("500ms"), Ok(0.5));
        assert_eq!(seconds("1h30m"), Ok(5400.0));
        assert_eq!(seconds("7d"), Ok(604_800.0));
        for wrong in ["", "30", "s", "5 minutes", "-1s", "1x", "99999999999999999999s"] {
            assert!(seconds(wrong).is_err(), "{wrong}");
        }
        insta::assert_snapshot!(
            "5 minutes".parse::<Span>().unwrap_err(),
            @"“5 minutes” is not a duration like 500ms, 30s, 12h, 7d or 1h30m"
        );
    }

    #[test]
    fn sizes_are_read_as_people_write_them() {
        assert_eq!("16MiB".parse(), Ok(Size(16 << 20)));
        assert_eq!("512".parse(), Ok(Size(512)));
        assert_eq!("64 KiB".parse(), Ok(Size(65_536)));
        for wrong in ["", "MiB", "16M", "1.5GiB"] {
            assert!(wrong.parse::<Size>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn rates_are_read_as_people_write_them() {
        let interval = |text: &str| text.parse::<Rate>().map(Rate::interval);
        assert_eq!(interval("200/s"), Ok(Some(Duration::from_millis(5))));
        assert_eq!(interval("6/m"), Ok(Some(Duration::from_secs(10))));
        assert_eq!(interval("0/s"), Ok(None));
        for wrong in ["", "200", "/s", "-1/s", "1.5/s", "1/d", "99999999999/s"] {
            assert!(wrong.parse::<Rate>().is_err(), "{wrong}");
        }
        assert_eq!("5/h".parse::<Rate>().unwrap().to_string(), "5/h");
    }

    #[test]
    fn a_network_holds_its_addresses() {
        let holds =
            |network: &str, address: &str| network.parse::<Network>().unwrap().contains(address.parse().unwrap());
        assert!(holds("10.0.0.0/8", "10.200.1.2"));
        assert!(holds("10.0.0.0/8", "::ffff:10.1.1.1"));
        assert!(!holds("10.0.0.0/8", "11.0.0.1"));
        assert!(holds("0.0.0.0/0", "8.8.8.8"));
        assert!(!holds("0.0.0.0/0", "::1"));
        assert!(holds("fd00::/8", "fd12::1"));
        assert!(holds("127.0.0.1", "127.0.0.1"));
        assert!("10.0.0.0/33".parse::<Network>().is_err());
    }

    proptest! {
        #[test]
        fn what_is_printed_reads_back(millis in 0..u64::from(u32::MAX), bytes: u64) {
            let span = Span(Duration::from_millis(millis));
            prop_assert_eq!(span.to_string().parse(), Ok(span));
            let size = Size(bytes);
            prop_assert_eq!(size.to_string().parse(), Ok(size));
        }
    }
}
