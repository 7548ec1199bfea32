//! What every stranger's document passes first: one look over its bytes, before a tree is built.
//!
//! The parser's cost grows faster than its input for some documents; the caps here keep it below a few milliseconds. What no
//! provider sends and attacks are made of (a DTD, comments, processing instructions, CDATA) is refused outright, so that there
//! is nothing in a message that two readers could read in two ways.

use super::SamlFault;
use crate::sso::error::quoted;
use roxmltree::{Document, ParsingOptions};
use std::collections::HashSet;

/// A response with 1,000 groups in the most verbose form seen has 260 KB.
const MOST_BYTES: usize = 512 * 1024;
/// A federation's metadata; a single provider's has a few kilobytes.
const MOST_BYTES_OF_METADATA: usize = 4 * 1024 * 1024;
const MOST_DEPTH: usize = 32;
const MOST_ELEMENTS: usize = 20_000;
const MOST_ATTRIBUTES: usize = 32;
/// In scope at one place: the parser copies them for every element that declares another.
const MOST_NAMESPACES: usize = 64;
const MOST_DECLARATIONS: usize = 8_192;
/// What `xml` and `xmlns` stand for: no other prefix may, and no document has to say it.
const RESERVED: [&str; 2] = ["http://www.w3.org/XML/1998/namespace", "http://www.w3.org/2000/xmlns/"];

/// What a document is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A message: nothing in it is there for people.
    Message,
    /// Metadata: larger, and with comments.
    Metadata,
}

impl Kind {
    /// The most bytes that are read.
    pub(super) fn most_bytes(self) -> usize {
        match self {
            Self::Message => MOST_BYTES,
            Self::Metadata => MOST_BYTES_OF_METADATA,
        }
    }

    fn most_elements(self) -> usize {
        match self {
            Self::Message => MOST_ELEMENTS,
            Self::Metadata => 4 * MOST_ELEMENTS,
        }
    }
}

/// The document in these bytes: UTF-8, well-formed, small, without anything ambiguous, every id once.
pub(super) fn admit(bytes: &[u8], kind: Kind) -> Result<Document<'_>, SamlFault> {
    if bytes.len() > kind.most_bytes() {
        return Err(SamlFault::TooLarge { limit: kind.most_bytes() });
    }
    // UTF-16 of plain letters is UTF-8 with zeroes.
    let text = std::str::from_utf8(bytes).ok().filter(|text| !text.contains('\0'));
    let text = text.ok_or_else(|| SamlFault::NotXml { why: "it is not UTF-8".to_owned() })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    Scan { text, kind, open: Vec::new(), elements: 0, declarations: 0, in_scope: 0 }.run()?;
    let options = ParsingOptions {
        nodes_limit: u32::try_from(3 * kind.most_elements()).unwrap_or(u32::MAX),
        ..ParsingOptions::default()
    };
    let document = Document::parse_with_options(text, options)
        .map_err(|error| SamlFault::NotXml { why: quoted(&error.to_string()) })?;
    unique_ids(&document)?;
    Ok(document)
}

/// An id may be called `ID`, `Id`, `id` or `xml:id`, by whatever reader follows the signature.
fn unique_ids(document: &Document<'_>) -> Result<(), SamlFault> {
    let mut seen = HashSet::new();
    for attribute in document.descendants().flat_map(|node| node.attributes()) {
        if attribute.name().eq_ignore_ascii_case("id") && !seen.insert(attribute.value()) {
            return Err(SamlFault::DuplicateId { id: quoted(attribute.value()) });
        }
    }
    Ok(())
}

/// One pass over the text. It believes of the structure at least what the parser will: where it is unsure, it counts more.
struct Scan<'a> {
    text: &'a str,
    kind: Kind,
    /// Of every open element, how many namespaces it declares.
    open: Vec<usize>,
    elements: usize,
    declarations: usize,
    in_scope: usize,
}

impl Scan<'_> {
    fn run(mut self) -> Result<(), SamlFault> {
        let mut at = declaration(self.text)?;
        while let Some(found) = self.text.get(at..).and_then(|rest| rest.find('<')) {
            let start = at + found;
            at = match self.text.as_bytes().get(start + 1) {
                Some(b'!') => self.comment(start)?,
                Some(b'?') => return Err(SamlFault::Forbidden { what: "a processing instruction" }),
                Some(b'/') => {
                    self.in_scope -= self.open.pop().unwrap_or_default();
                    start + 2
                }
                Some(_) => self.element(start + 1)?,
                None => return Err(not_closed()),
            };
        }
        Ok(())
    }

    fn comment(&self, start: usize) -> Result<usize, SamlFault> {
        let rest = self.text.get(start..).unwrap_or_default();
        if rest.starts_with("<![") {
            return Err(SamlFault::Forbidden { what: "a CDATA section" });
        }
        let Some(comment) = rest.strip_prefix("<!--") else { return Err(SamlFault::Forbidden { what: "a DTD" }) };
        match self.kind {
            Kind::Message => Err(SamlFault::Forbidden { what: "a comment" }),
            Kind::Metadata => comment.find("-->").map(|end| start + 4 + end + 3).ok_or_else(not_closed),
        }
    }

    /// A start tag, from behind its `<` to behind its `>`.
    fn element(&mut self, start: usize) -> Result<usize, SamlFault> {
        let bytes = self.text.as_bytes();
        let (mut at, mut name, mut attributes, mut declared) = (start, None, 0, 0);
        let closed = loop {
            match bytes.get(at) {
                None => return Err(not_closed()),
                Some(b'>') => break bytes.get(at - 1) == Some(&b'/'),
                Some(quote @ (b'"' | b'\'')) => {
                    let rest = bytes.get(at + 1..).unwrap_or_default();
                    let length = rest.iter().position(|byte| byte == quote).ok_or_else(not_closed)?;
                    attributes += 1;
                    let name = self.text.get(name.take().unwrap_or(at)..at).unwrap_or_default();
                    if name.starts_with("xmlns") {
                        declared += 1;
                        namespace(name, self.text.get(at + 1..at + 1 + length).unwrap_or_default())?;
                    }
                    at += length + 1;
                }
                Some(byte) if byte.is_ascii_whitespace() => {}
                Some(_) => {
                    let begins =
                        at > start && matches!(bytes.get(at - 1), Some(b' ' | b'\t' | b'\n' | b'\r' | b'"' | b'\''));
                    if begins && name.is_none() {
                        name = Some(at);
                    }
                }
            }
            at += 1;
        };
        self.count(attributes, declared, closed)?;
        Ok(at + 1)
    }

    fn count(&mut self, attributes: usize, declared: usize, closed: bool) -> Result<(), SamlFault> {
        self.elements += 1;
        self.declarations += declared;
        let caps = [
            ("attributes in one element", attributes, MOST_ATTRIBUTES),
            ("namespaces in one place", self.in_scope + declared, MOST_NAMESPACES),
            ("namespace declarations", self.declarations, MOST_DECLARATIONS),
            ("elements", self.elements, self.kind.most_elements()),
            ("levels", self.open.len() + 1, MOST_DEPTH),
        ];
        if let Some((what, _, limit)) = caps.into_iter().find(|(_, count, limit)| count > limit) {
            return Err(SamlFault::TooComplex { what, limit });
        }
        if !closed {
            self.open.push(declared);
            self.in_scope += declared;
        }
        Ok(())
    }
}

fn not_closed() -> SamlFault {
    SamlFault::NotXml { why: "it ends in the middle".to_owned() }
}

/// Behind the XML declaration, if there is one. It must not name another encoding: the text was read as UTF-8.
fn declaration(text: &str) -> Result<usize, SamlFault> {
    let Some(rest) = text.strip_prefix("<?xml").filter(|rest| rest.starts_with([' ', '\t', '\r', '\n'])) else {
        return Ok(0);
    };
    let end = rest.find("?>").ok_or_else(not_closed)?;
    let said = rest.get(..end).unwrap_or_default();
    if let Some(at) = said.find("encoding") {
        let value = said.get(at + 8..).unwrap_or_default().trim_start_matches(['=', ' ', '\t', '\r', '\n', '"', '\'']);
        let name = value.split(['"', '\'']).next().unwrap_or_default();
        if !name.eq_ignore_ascii_case("utf-8") && !name.eq_ignore_ascii_case("us-ascii") {
            return Err(SamlFault::NotXml { why: format!("its encoding is {} and not UTF-8", quoted(name)) });
        }
    }
    Ok(5 + end + 2)
}

/// Namespaces in XML §3: `xml` and `xmlns` are bound for ever. Canonical XML 1.0 §2.1: a relative namespace has no canonical form, and readers disagree about one that is written with references.
fn namespace(name: &str, uri: &str) -> Result<(), SamlFault> {
    let name = name.trim_end_matches(['=', ' ', '\t', '\r', '\n']);
    if matches!(name, "xmlns:xml" | "xmlns:xmlns") || RESERVED.contains(&uri) {
        return Err(SamlFault::NotXml { why: "it gives the prefixes xml and xmlns another meaning".to_owned() });
    }
    let undeclares = uri.is_empty() && name == "xmlns";
    let scheme = uri.split_once(':').map(|(scheme, _)| scheme).unwrap_or_default();
    let absolute = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
        && !uri.contains(|c: char| c == '&' || c.is_whitespace() || c.is_control());
    if undeclares || absolute { Ok(()) } else { Err(SamlFault::RelativeNamespace { uri: quoted(uri) }) }
}
