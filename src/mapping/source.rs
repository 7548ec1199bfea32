//! The YAML text with its places: from a node, or from a letter inside a scalar, to a line and a column.

use super::{aliases, diagnostic::Findings};
use saphyr::{LoadableYamlNode, MarkedYaml, ScanError};

/// Columns of indentation and leading `-`, `?`, `:` on one line. It bounds how deep blocks nest, and with it the
/// recursion of the YAML loader, which has no bound of its own; brackets it bounds at 255.
const MAX_INDENT: usize = 100;

/// A line and a column, both from 1, the column in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(crate) line: usize,
    pub(crate) column: usize,
}

impl Place {
    pub(crate) const START: Self = Self { line: 1, column: 1 };
}

/// A range of characters of the source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Extent {
    pub(crate) start: usize,
    pub(crate) end: usize,
}

/// The text of a mapping, by characters and lines.
#[derive(Debug)]
pub(crate) struct Source {
    chars: Vec<char>,
    lines: Vec<String>,
    /// The first character of each line.
    starts: Vec<usize>,
}

impl Source {
    pub(crate) fn new(text: &str) -> Self {
        let chars: Vec<char> = text.chars().collect();
        let mut starts = vec![0];
        for (index, letter) in chars.iter().enumerate() {
            let ends = *letter == '\n' || (*letter == '\r' && chars.get(index + 1) != Some(&'\n'));
            if ends {
                starts.push(index + 1);
            }
        }
        let ends = starts.iter().skip(1).copied().chain([chars.len()]);
        let lines = starts.iter().zip(ends).map(|(start, end)| chars.get(*start..end).unwrap_or(&[]).iter().collect());
        Self { lines: lines.collect(), starts, chars }
    }

    /// The text of a line (from 1); empty beyond the end.
    pub(crate) fn line(&self, line: usize) -> &str {
        line.checked_sub(1).and_then(|index| self.lines.get(index)).map_or("", String::as_str)
    }

    /// Where a character is.
    pub(crate) fn place(&self, index: usize) -> Place {
        let line = self.starts.partition_point(|start| *start <= index).max(1);
        let start = self.starts.get(line - 1).copied().unwrap_or(0);
        Place { line, column: index - start.min(index) + 1 }
    }

    /// The characters of an extent as they are written.
    pub(crate) fn text(&self, extent: Extent) -> String {
        self.chars.get(extent.start..extent.end.max(extent.start)).unwrap_or(&[]).iter().collect()
    }

    /// Where the letter at byte `offset` of a scalar's value is written.
    ///
    /// Counts visible letters: folding, indentation and line breaks change white space only, so the n-th visible letter
    /// of the value is the n-th visible one of what is written, once quotes and escapes are read.
    pub(crate) fn inside(&self, extent: Extent, value: &str, offset: usize) -> Place {
        let before = value.char_indices().take_while(|(at, _)| *at < offset);
        let wanted = before.filter(|(_, letter)| !letter.is_whitespace()).count();
        let at_end = offset >= value.trim_end().len();
        let mut walk = Walk::begin(self, extent);
        if walk.quoting == Quoting::Alias {
            return self.place(extent.start);
        }
        let mut passed = 0;
        let mut end = walk.at;
        while let Some((at, letter)) = walk.next() {
            if letter.is_whitespace() {
                continue;
            }
            if passed == wanted && !at_end {
                return self.place(at);
            }
            passed += 1;
            end = walk.at;
        }
        self.place(end)
    }

    /// Whether the scalar that begins here is the content of `|` or `>`.
    fn is_block(&self, start: usize) -> bool {
        let before = self.chars.get(..start).unwrap_or(&[]);
        let Some(break_at) = before.iter().rposition(|letter| !letter.is_whitespace()) else { return false };
        if !before.get(break_at..).unwrap_or(&[]).contains(&'\n') {
            return false;
        }
        let line = self.line(self.place(break_at).line);
        let head = line.split(" #").next().unwrap_or_default().trim_end();
        let head = head.trim_end_matches(|letter: char| letter == '-' || letter == '+' || letter.is_ascii_digit());
        head.ends_with(['|', '>'])
    }
}

/// How a scalar is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Quoting {
    Bare,
    Single,
    Double,
    /// The value stands elsewhere.
    Alias,
}

/// Walks over the letters that a scalar's text stands for.
struct Walk<'s> {
    source: &'s Source,
    at: usize,
    end: usize,
    quoting: Quoting,
}

impl<'s> Walk<'s> {
    fn begin(source: &'s Source, extent: Extent) -> Self {
        let mut walk = Self { source, at: extent.start, end: extent.end, quoting: Quoting::Bare };
        if source.is_block(extent.start) {
            return walk;
        }
        // An anchor or a tag stands before the scalar and belongs to its extent.
        while let Some('&' | '!') = walk.peek(0) {
            while walk.peek(0).is_some_and(|letter| !letter.is_whitespace()) {
                walk.at += 1;
            }
            while walk.peek(0).is_some_and(char::is_whitespace) {
                walk.at += 1;
            }
        }
        walk.quoting = match walk.peek(0) {
            Some('"') => Quoting::Double,
            Some('\'') => Quoting::Single,
            Some('*') => Quoting::Alias,
            Some(_) | None => Quoting::Bare,
        };
        if matches!(walk.quoting, Quoting::Double | Quoting::Single) {
            walk.at += 1;
            walk.end = walk.end.saturating_sub(1);
        }
        walk
    }

    fn peek(&self, ahead: usize) -> Option<char> {
        let index = self.at + ahead;
        if index < self.end { self.source.chars.get(index).copied() } else { None }
    }

    /// The next letter of the value and where it is written.
    fn next(&mut self) -> Option<(usize, char)> {
        let at = self.at;
        let letter = self.peek(0)?;
        let (length, letter) = match (self.quoting, letter) {
            (Quoting::Single, '\'') => (2, '\''),
            (Quoting::Double, '\\') => match self.peek(1) {
                Some('x') => (4, 'x'),
                Some('u') => (6, 'u'),
                Some('U') => (10, 'U'),
                Some('n' | 't' | ' ' | 'r' | 'N' | '_' | 'L' | 'P' | 'v' | 'f' | '\t' | '\n' | '\r') => (2, ' '),
                Some(escaped) => (2, escaped),
                None => (1, '\\'),
            },
            (Quoting::Bare | Quoting::Single | Quoting::Double | Quoting::Alias, letter) => (1, letter),
        };
        self.at += length;
        Some((at, letter))
    }
}

/// Loads the YAML. `None` when it is empty or when an error was found.
pub(crate) fn load<'t>(text: &'t str, findings: &mut Findings<'_>) -> Option<MarkedYaml<'t>> {
    if let Some((place, message, help)) = too_wild(text, findings.source()) {
        findings.error(place, message, Some(help.to_owned()));
        return None;
    }
    let mut documents = match MarkedYaml::load_from_str(text) {
        Ok(documents) => documents.into_iter(),
        Err(error) => {
            report(&error, findings);
            return None;
        }
    };
    let first = documents.next();
    if let Some(second) = documents.next() {
        let place = findings.source().place(second.span.start.index());
        findings.error(place, "a mapping is one YAML document, and here a second one begins", None);
        return None;
    }
    first
}

/// Says in our words what the YAML parser could not read.
fn report(error: &ScanError, findings: &mut Findings<'_>) {
    let source = findings.source();
    let index = error.marker().index();
    let place = Place { line: error.marker().line().max(1), column: error.marker().col() + 1 };
    if error.info().contains("duplicated key") {
        let rest = source.line(place.line).chars().skip(place.column - 1);
        let key: String = rest.take_while(|letter| *letter != ':').collect();
        let message = format!("the key “{}” is written twice in the same place", key.trim());
        findings.error(place, message, Some("keep one of them".to_owned()));
        return;
    }
    let line = source.line(place.line);
    let help = if line.trim_start_matches(' ').starts_with('\t') {
        Some("YAML indents with spaces; this line begins with a tab")
    } else if line.contains(": {") || line.contains("- {") || line.contains(": *") {
        Some("a text that begins with { or * needs quotes, as in \"{role}\"")
    } else if source.chars.get(index) == Some(&':') || error.info().contains("mapping values") {
        Some("a text that contains “: ” needs quotes")
    } else {
        None
    };
    let message = format!("this is not well-formed YAML: {}", error.info());
    findings.error(place, message, help.map(str::to_owned));
}

/// What the YAML loader would choke on.
fn too_wild(text: &str, source: &Source) -> Option<(Place, &'static str, &'static str)> {
    for (index, line) in source.lines.iter().enumerate() {
        if leading(line) > MAX_INDENT {
            let place = Place { line: index + 1, column: 1 };
            return Some((place, "this line is indented too deeply", "begin it within the first 100 columns"));
        }
    }
    let index = aliases::too_much(text)?;
    let help = "write fewer &anchors and *aliases, or repeat what they name";
    Some((source.place(index), "there are too many anchors or aliases for a text this long", help))
}

/// How many columns of a line are indentation or indicators that open blocks.
fn leading(line: &str) -> usize {
    let letters = line.trim_start_matches('\u{feff}');
    let letters = letters.strip_prefix("---").or_else(|| letters.strip_prefix("...")).unwrap_or(letters);
    let mut letters = letters.chars().peekable();
    let mut columns = 0;
    while let Some(letter) = letters.next() {
        let blank_follows = letters.peek().is_none_or(|next| next.is_whitespace());
        let opens = matches!(letter, '-' | '?' | ':') && blank_follows;
        if !opens && !letter.is_whitespace() {
            return columns;
        }
        columns += 1;
    }
    // Nothing but white space (or indicators without content) opens nothing deep, unless there are indicators.
    if line.trim().is_empty() { 0 } else { columns }
}
