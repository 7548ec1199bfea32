//! As much of DER (X.690) as certificates need: to walk through one, and to write one.

/// Universal and context tags, as they stand in the first byte.
pub(super) mod tag {
    pub const INTEGER: u8 = 0x02;
    pub const BIT_STRING: u8 = 0x03;
    pub const NULL: u8 = 0x05;
    pub const OID: u8 = 0x06;
    pub const UTF8_STRING: u8 = 0x0c;
    pub const SEQUENCE: u8 = 0x30;
    pub const SET: u8 = 0x31;
    pub const UTC_TIME: u8 = 0x17;
    pub const GENERALIZED_TIME: u8 = 0x18;
    pub const VERSION: u8 = 0xa0;
}

/// One element: its tag, what is inside, and all of its bytes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Element<'a> {
    pub tag: u8,
    pub content: &'a [u8],
    pub whole: &'a [u8],
}

/// Reads one element after another; nothing once a length does not fit.
#[derive(Debug, Clone)]
pub(super) struct Reader<'a>(pub &'a [u8]);

impl<'a> Reader<'a> {
    /// The next element, if it has this tag.
    pub(super) fn tagged(&mut self, tag: u8) -> Option<Element<'a>> {
        let mut ahead = self.clone();
        let element = ahead.next().filter(|element| element.tag == tag)?;
        *self = ahead;
        Some(element)
    }

    /// X.690 §8.1.3: the length is one byte below 128, else that many bytes.
    fn length(bytes: &[u8]) -> Option<(usize, usize)> {
        let first = *bytes.first()?;
        if first < 0x80 {
            return Some((usize::from(first), 1));
        }
        let count = usize::from(first & 0x7f);
        if !(1..=4).contains(&count) {
            return None;
        }
        let digits = bytes.get(1..=count)?;
        Some((digits.iter().fold(0, |sum, digit| sum << 8 | usize::from(*digit)), count + 1))
    }
}

impl<'a> Iterator for Reader<'a> {
    type Item = Element<'a>;

    fn next(&mut self) -> Option<Element<'a>> {
        let tag = *self.0.first()?;
        let (length, digits) = Self::length(self.0.get(1..)?)?;
        let start = digits.checked_add(1)?;
        let end = start.checked_add(length)?;
        let element = Element { tag, content: self.0.get(start..end)?, whole: self.0.get(..end)? };
        self.0 = self.0.get(end..)?;
        Some(element)
    }
}

/// One element of these parts.
pub(super) fn element(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    let mut out = vec![tag];
    match u8::try_from(length) {
        Ok(short) if short < 0x80 => out.push(short),
        Ok(_) | Err(_) => {
            let digits: Vec<u8> = length.to_be_bytes().into_iter().skip_while(|digit| *digit == 0).collect();
            out.push(0x80 | u8::try_from(digits.len()).unwrap_or(0x7f));
            out.extend(digits);
        }
    }
    for part in parts {
        out.extend_from_slice(part);
    }
    out
}
