//! Addresses that mail can be sent to.

use lettre::Address;

/// RFC 5321 §4.5.3.1.3: a path has at most 256 octets, its brackets included.
const LONGEST: usize = 254;

/// A text that is no e-mail address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("this is not an e-mail address; one looks like ada@example.com")]
pub struct BadAddress;

/// The address without the space around it. Nothing is looked up: whether somebody reads there, the mail will show.
pub fn checked_address(text: &str) -> Result<String, BadAddress> {
    let text = text.trim();
    let odd = |letter: char| letter.is_control() || letter.is_whitespace() || "<>,;\"()[]\\".contains(letter);
    if text.len() > LONGEST || text.chars().any(odd) {
        return Err(BadAddress);
    }
    text.parse::<Address>().map(|address| address.to_string()).map_err(|_| BadAddress)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_become_a_header_or_a_second_recipient_is_no_address() {
        assert_eq!(checked_address(" Ada@Example.com "), Ok("Ada@Example.com".to_owned()));
        assert_eq!(checked_address("ada+castgate@example.com"), Ok("ada+castgate@example.com".to_owned()));
        let long = format!("{}@example.com", "a".repeat(250));
        for bad in [
            "",
            "ada",
            "@example.com",
            "ada@",
            "ada@example.com\r\nBcc: eve@evil.test",
            "ada@example.com,eve@evil.test",
            "Ada <ada@example.com>",
            "ada@exam ple.com",
            "\"a b\"@example.com",
            &long,
        ] {
            assert_eq!(checked_address(bad), Err(BadAddress), "{bad}");
        }
    }
}
