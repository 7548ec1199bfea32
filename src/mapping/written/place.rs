//! Where a rule and each of its keys stand: whole lines.

use super::super::{
    diagnostic::Findings,
    source::{Source, load},
};
use saphyr::{MarkedYaml, YamlData};
use saphyr_parser::Span;
use std::ops::Range;

/// Where a rule stands.
#[derive(Debug)]
pub(super) struct RulePlace {
    /// Its lines, from 0; comments and blank lines behind it are not its own.
    pub(super) lines: Range<usize>,
    /// The column of its keys.
    pub(super) column: usize,
    pub(super) keys: Vec<KeyPlace>,
}

/// Where a key and its value stand.
#[derive(Debug)]
pub(super) struct KeyPlace {
    pub(super) name: String,
    pub(super) lines: Range<usize>,
    /// What stands on its one line behind the value: a comment.
    pub(super) behind: String,
}

/// A text as lines of letters.
pub(super) struct Lines(pub(super) Vec<String>);

impl Lines {
    /// None: some lines end in another way than by a line feed.
    pub(super) fn of(text: &str) -> Option<Self> {
        (!text.contains('\r')).then(|| Self(text.split('\n').map(str::to_owned).collect()))
    }

    /// Neither blank nor a comment.
    fn says(&self, line: usize) -> bool {
        let text = self.0.get(line).map_or("", |line| line.trim_start());
        !text.is_empty() && !text.starts_with('#')
    }

    fn indent(&self, line: usize) -> usize {
        self.0.get(line).map_or(0, |line| line.chars().take_while(|letter| *letter == ' ').count())
    }

    /// Without what says nothing at its end.
    fn trimmed(&self, lines: Range<usize>) -> Range<usize> {
        let end = lines.clone().rev().find(|line| self.says(*line)).map_or(lines.start, |last| last + 1);
        lines.start..end
    }
}

/// Where the rule whose draft begins at this letter stands; none: not on lines of its own.
pub(super) fn place_of(text: &str, lines: &Lines, start: usize) -> Option<RulePlace> {
    let source = Source::new(text);
    let mut findings = Findings::new(&source);
    let root = load(text, &mut findings)?;
    let YamlData::Mapping(parts) = &root.data else { return None };
    let (_, rules) = parts.iter().find(|(key, _)| key.data.as_str() == Some("rules"))?;
    let YamlData::Sequence(nodes) = &rules.data else { return None };
    let node = nodes.iter().find(|node| node.span.start.index() == start)?;
    let YamlData::Mapping(entries) = &node.data else { return None };
    let mut entries: Vec<(&MarkedYaml<'_>, &MarkedYaml<'_>)> = entries.iter().collect();
    entries.sort_by_key(|(key, _)| key.span.start.index());
    let first = at(&source, entries.first()?.0.span.start.index());
    let dash = lines.0.get(first.0)?.chars().take(first.1).collect::<String>();
    // “  - ”, and nothing else before the first key: neither a bracket nor an anchor.
    if dash.trim() != "-" {
        return None;
    }
    let outer = lines.indent(first.0);
    let rest = first.0 + 1..lines.0.len();
    let end = rest.clone().find(|line| lines.says(*line) && lines.indent(*line) <= outer).unwrap_or(rest.end);
    let whole = lines.trimmed(first.0..end);
    let mut keys = Vec::with_capacity(entries.len());
    for (number, (key, value)) in entries.iter().enumerate() {
        let begin = at(&source, key.span.start.index());
        let next = entries.get(number + 1).map_or(whole.end, |(next, _)| at(&source, next.span.start.index()).0);
        let own_line = number == 0 || lines.indent(begin.0) == begin.1;
        if begin.1 != first.1 || !own_line || next <= begin.0 || !whole.contains(&begin.0) || next > whole.end {
            return None;
        }
        let of_key = lines.trimmed(begin.0..next);
        let behind = if of_key.len() == 1 { behind(lines, &value.span, &source, begin.0) } else { String::new() };
        keys.push(KeyPlace { name: key.data.as_str()?.to_owned(), lines: of_key, behind });
    }
    Some(RulePlace { lines: whole, column: first.1, keys })
}

/// A line and a column, from 0.
fn at(source: &Source, index: usize) -> (usize, usize) {
    let place = source.place(index);
    (place.line.saturating_sub(1), place.column.saturating_sub(1))
}

/// The comment behind a value on the line of its key.
fn behind(lines: &Lines, value: &Span, source: &Source, of_key: usize) -> String {
    let from = |(line, column): (usize, usize)| -> String {
        let line = lines.0.get(line).filter(|_| line == of_key);
        line.map_or("", String::as_str).chars().skip(column).collect()
    };
    let whole = from(at(source, value.start.index()));
    // Of a value in quotation marks it is not said where it ends, but where the next thing begins.
    let rest = match whole.chars().next().filter(|mark| ['"', '\''].contains(mark)) {
        Some(mark) => behind_quotes(&whole, mark).to_owned(),
        None => from(at(source, value.end.index())),
    };
    if rest.trim_start().starts_with('#') { format!(" {}", rest.trim_start()) } else { String::new() }
}

/// What stands behind a text in quotation marks.
fn behind_quotes(text: &str, mark: char) -> &str {
    let mut letters = text.char_indices().skip(1).peekable();
    while let Some((at, letter)) = letters.next() {
        let doubled = mark == '\'' && letter == mark && letters.peek().is_some_and(|(_, next)| *next == mark);
        if doubled || (mark == '"' && letter == '\\') {
            letters.next();
        } else if letter == mark {
            return text.get(at + 1..).unwrap_or_default();
        }
    }
    ""
}
