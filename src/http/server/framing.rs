//! A second look at where the requests of an HTTP/1 connection end.
//!
//! RFC 9112 §6.3: a request with both Transfer-Encoding and Content-Length "might indicate an attempt to perform request
//! smuggling" and "ought to be handled as an error". hyper closes after such a request, but answers it, and drops the one header
//! before anybody else sees it. So the bytes are followed here as they come in: enough to know the heads from the bodies, and no
//! more. Whatever is not understood makes the request refused, so this can only be stricter than hyper.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

/// The most that is kept of a line that came in pieces. Longer ones are of no interest unless they say how long the body is.
const MOST_OF_A_LINE: usize = 1024;
const NONE: u64 = u64::MAX;

/// The first request of a connection, counted from 0, whose end can be seen in two ways.
#[derive(Debug, Clone)]
pub(super) struct Doubt(Arc<AtomicU64>);

impl Doubt {
    /// Whether it is this request, or one after it.
    pub(super) fn is_about(&self, request: u64) -> bool {
        self.0.load(Ordering::Acquire) <= request
    }
}

/// Follows the bytes of one connection.
#[derive(Debug)]
pub(super) struct Framing {
    phase: Phase,
    line: Vec<u8>,
    head: Head,
    heads: u64,
    doubt: Arc<AtomicU64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Head,
    /// So many bytes of body, or of a chunk and its line's end.
    Skip(u64, After),
    ChunkSize,
    Trailers,
    /// Nothing is followed any more.
    Lost,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum After {
    Head,
    ChunkSize,
}

/// What is known of the head that is being read.
#[derive(Debug, Default, Clone, Copy)]
struct Head {
    begun: bool,
    length: Option<u64>,
    encoded: bool,
}

impl Framing {
    pub(super) fn new() -> Self {
        let doubt = Arc::new(AtomicU64::new(NONE));
        Self { phase: Phase::Head, line: Vec::new(), head: Head::default(), heads: 0, doubt }
    }

    /// What the service asks.
    pub(super) fn doubt(&self) -> Doubt {
        Doubt(self.doubt.clone())
    }

    /// Looks at bytes that came.
    pub(super) fn look(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            match self.phase {
                Phase::Lost => return,
                Phase::Skip(left, after) => {
                    let here = usize::try_from(left).map_or(bytes.len(), |left| left.min(bytes.len()));
                    bytes = bytes.get(here..).unwrap_or_default();
                    self.phase = match (left - here as u64, after) {
                        (0, After::Head) => Phase::Head,
                        (0, After::ChunkSize) => Phase::ChunkSize,
                        (left, after) => Phase::Skip(left, after),
                    };
                }
                Phase::Head | Phase::ChunkSize | Phase::Trailers => bytes = self.look_at_line(bytes),
            }
        }
    }

    /// Takes the bytes up to the line's end, and gives back the rest.
    fn look_at_line<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        let Some(end) = bytes.iter().position(|byte| *byte == b'\n') else {
            self.keep(bytes);
            return &[];
        };
        let (here, rest) = bytes.split_at(end);
        if self.line.is_empty() {
            self.line_ended(here);
        } else {
            self.keep(here);
            let line = std::mem::take(&mut self.line);
            self.line_ended(&line);
            self.line = line;
            self.line.clear();
        }
        rest.get(1..).unwrap_or_default()
    }

    /// One byte more than the most is kept, so that a cut line can be told from a whole one.
    fn keep(&mut self, bytes: &[u8]) {
        let room = (MOST_OF_A_LINE + 1).saturating_sub(self.line.len());
        self.line.extend_from_slice(bytes.get(..room).unwrap_or(bytes));
    }

    fn line_ended(&mut self, line: &[u8]) {
        let cut = self.line.is_empty() && line.len() > MOST_OF_A_LINE;
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        match self.phase {
            Phase::Head if line.is_empty() && !self.head.begun => {}
            Phase::Head if line.is_empty() => self.head_ended(),
            Phase::Head if !self.head.begun => self.head.begun = true,
            Phase::Head => self.header(line, cut),
            Phase::ChunkSize => match chunk_size(line) {
                Some(0) => self.phase = Phase::Trailers,
                // The chunk, and the end of its line.
                Some(size) => self.phase = Phase::Skip(size.saturating_add(2), After::ChunkSize),
                None => self.give_up(),
            },
            Phase::Trailers if line.is_empty() => self.phase = Phase::Head,
            Phase::Trailers | Phase::Skip(..) | Phase::Lost => {}
        }
    }

    fn header(&mut self, line: &[u8], cut: bool) {
        let name_end = line.iter().position(|byte| *byte == b':').unwrap_or(line.len());
        let (name, value) = line.split_at(name_end);
        if name.eq_ignore_ascii_case(b"transfer-encoding") {
            self.head.encoded = true;
        } else if name.eq_ignore_ascii_case(b"content-length") {
            let digits = value.get(1..).unwrap_or_default().trim_ascii();
            let length = if cut { None } else { number(digits, 10) };
            match (length, self.head.length) {
                (Some(length), None) => self.head.length = Some(length),
                (Some(length), Some(before)) if length == before => {}
                _ => self.give_up(),
            }
        }
    }

    fn head_ended(&mut self) {
        let Head { length, encoded, .. } = std::mem::take(&mut self.head);
        match (encoded, length) {
            (true, Some(_)) => return self.give_up(),
            (true, None) => self.phase = Phase::ChunkSize,
            (false, Some(length)) if length > 0 => self.phase = Phase::Skip(length, After::Head),
            (false, _) => {}
        }
        self.heads += 1;
    }

    /// The request whose head is being read is in doubt, and nothing after it counts.
    fn give_up(&mut self) {
        self.phase = Phase::Lost;
        self.doubt.store(self.heads, Ordering::Release);
    }
}

/// RFC 9112 §7.1: the size in hexadecimal digits, then extensions.
fn chunk_size(line: &[u8]) -> Option<u64> {
    let digits = line.split(|byte| *byte == b';').next().unwrap_or_default();
    number(digits.trim_ascii(), 16)
}

fn number(digits: &[u8], radix: u32) -> Option<u64> {
    let text = std::str::from_utf8(digits).ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
    u64::from_str_radix(text, radix).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The first request in doubt, of bytes that come in pieces of this size.
    fn doubted(bytes: &str, piece: usize) -> Option<u64> {
        let mut framing = Framing::new();
        bytes.as_bytes().chunks(piece).for_each(|piece| framing.look(piece));
        let first = framing.doubt.load(Ordering::Acquire);
        (first != NONE).then_some(first)
    }

    const PLAIN: &str = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";
    const SIZED: &str = "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 39\r\n\r\n\
                         Transfer-Encoding: x\r\nContent-Length: 1";
    const CHUNKED: &str = "POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n\
                           13;a=b\r\nContent-Length: 1\r\n\r\n0\r\nContent-Length: 7\r\n\r\n";
    const BOTH: &str = "POST / HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
    const BOTH_TURNED: &str = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nCONTENT-LENGTH:5\r\n\r\n0\r\n\r\n";

    #[test]
    fn both_ways_to_say_how_long_a_body_is_are_seen_wherever_they_stand() {
        for piece in [1, 2, 7, 64, 4096] {
            assert_eq!(doubted(PLAIN, piece), None);
            assert_eq!(doubted(&[PLAIN, SIZED, CHUNKED, PLAIN].concat(), piece), None);
            for both in [BOTH, BOTH_TURNED] {
                assert_eq!(doubted(both, piece), Some(0));
                assert_eq!(doubted(&["\r\n", SIZED, CHUNKED, PLAIN, both, PLAIN].concat(), piece), Some(3));
            }
        }
    }

    #[test]
    fn lengths_that_differ_or_are_none_are_in_doubt_too() {
        let with = |lines: &str| doubted(&format!("POST / HTTP/1.1\r\n{lines}\r\n\r\n"), 3);
        assert_eq!(with("Content-Length: 5\r\nContent-Length: 5"), None);
        assert_eq!(with("Content-Length: 5\r\nContent-Length: 6"), Some(0));
        for bad in ["", "-1", "+5", "5, 5", "0x5", "99999999999999999999999", &" ".repeat(2000)] {
            assert_eq!(with(&format!("Content-Length: {bad}")), Some(0), "{bad}");
        }
        assert_eq!(with(&format!("Cookie: {}\r\nContent-Length: 0", "x".repeat(5000))), None);
    }

    proptest! {
        #[test]
        fn no_bytes_stop_it(bytes: Vec<u8>, piece in 1..20_usize) {
            let mut framing = Framing::new();
            bytes.chunks(piece).for_each(|piece| framing.look(piece));
        }

        /// However requests are lined up and cut, the one with both is found, and no other.
        #[test]
        fn the_one_with_both_is_found(before in prop::collection::vec(0..3_usize, 0..6), piece in 1..200_usize) {
            let kinds = [PLAIN, SIZED, CHUNKED];
            let text: String = before.iter().map(|kind| kinds[*kind]).chain([BOTH, PLAIN]).collect();
            prop_assert_eq!(doubted(&text, piece), Some(before.len() as u64));
        }
    }
}
