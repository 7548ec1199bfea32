//! What is wrong with a text, and where.

use super::source::{Place, Source};
use schemars::JsonSchema;
use serde::Serialize;
use std::fmt::{self, Write as _};

/// More findings than this are of no use to anybody.
const MOST: usize = 200;
/// Longest piece of a source line that is shown.
const EXCERPT: usize = 120;

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The mapping cannot be stored.
    Error,
    /// The mapping loads, but probably does not say what was meant.
    Warning,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Error => "error",
            Self::Warning => "warning",
        })
    }
}

/// One finding. Its `Display` is what a terminal shows: place, message, the line with a caret, help.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// What is wrong.
    pub message: String,
    /// What to do, often the nearest right word.
    pub help: Option<String>,
    /// The rule or test it is about.
    pub rule: Option<String>,
    /// The piece of the source line around the place, without control characters.
    pub excerpt: String,
    /// How many characters of the excerpt stand before the place.
    pub caret: usize,
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.told("mapping.yaml"))
    }
}

impl Diagnostic {
    /// The same, of a file that is called otherwise.
    #[must_use]
    pub fn told(&self, file: &str) -> String {
        let mut text = format!("{file}:{}:{}: {}: {}", self.line, self.column, self.severity, self.message);
        if !self.excerpt.is_empty() {
            let width = self.caret.saturating_add(1);
            // Writing into a text does not fail.
            let _ = write!(text, "\n{:>5} | {}\n      | {:>width$}", self.line, self.excerpt, "^");
        }
        if let Some(help) = &self.help {
            let _ = write!(text, "\n      = help: {help}");
        }
        text
    }
}

/// Collects the findings about one source.
#[derive(Debug)]
pub(crate) struct Findings<'s> {
    source: &'s Source,
    list: Vec<Diagnostic>,
    /// The rule or test that the following findings are about.
    about: Option<String>,
    errors: usize,
}

impl<'s> Findings<'s> {
    pub(crate) fn new(source: &'s Source) -> Self {
        Self { source, list: Vec::new(), about: None, errors: 0 }
    }

    pub(crate) fn source(&self) -> &'s Source {
        self.source
    }

    /// Says which rule or test the following findings are about.
    pub(crate) fn about(&mut self, name: Option<&str>) {
        self.about = name.map(str::to_owned);
    }

    pub(crate) fn error(&mut self, place: Place, message: impl Into<String>, help: Option<String>) {
        self.errors += 1;
        self.push(Severity::Error, place, message.into(), help);
    }

    pub(crate) fn warning(&mut self, place: Place, message: impl Into<String>, help: Option<String>) {
        self.push(Severity::Warning, place, message.into(), help);
    }

    /// How many errors there were, also those beyond the limit.
    pub(crate) fn errors(&self) -> usize {
        self.errors
    }

    /// Whether looking for the nearest right word is still worth its time.
    pub(crate) fn has_room(&self) -> bool {
        self.list.len() < MOST
    }

    fn push(&mut self, severity: Severity, place: Place, message: String, help: Option<String>) {
        // Warnings give way to errors, so that a mapping that is refused always says why.
        if !self.has_room() && (severity == Severity::Warning || self.list.len() >= 2 * MOST) {
            return;
        }
        let (excerpt, caret) = excerpt(self.source.line(place.line), place.column);
        let rule = self.about.clone();
        self.list.push(Diagnostic {
            severity,
            line: place.line,
            column: place.column,
            message,
            help,
            rule,
            excerpt,
            caret,
        });
    }

    /// The findings from top to bottom.
    pub(crate) fn finish(mut self) -> Vec<Diagnostic> {
        self.list.sort_by_key(|found| (found.line, found.column, found.severity));
        self.list
    }
}

/// The part of a line around a column, harmless to a terminal, and how many characters of it stand before the column.
fn excerpt(line: &str, column: usize) -> (String, usize) {
    let before = column.saturating_sub(1);
    let skipped = if before > EXCERPT * 3 / 4 { before - EXCERPT / 2 } else { 0 };
    let shown = line.trim_end().chars().skip(skipped).take(EXCERPT);
    let text = shown.map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
    (text, before - skipped)
}

/// The known word nearest to a wrong one, as a help sentence.
pub(crate) fn did_you_mean<'w>(word: &str, known: impl IntoIterator<Item = &'w str>) -> Option<String> {
    nearest(word, known).map(|near| format!("did you mean “{near}”?"))
}

/// The known word nearest to a wrong one, when it is near at all.
pub(crate) fn nearest<'w>(word: &str, known: impl IntoIterator<Item = &'w str>) -> Option<&'w str> {
    // A word longer than this is no slip of the pen, and comparing it would take its square.
    const LONGEST: usize = 100;
    if word.is_empty() || word.len() > LONGEST {
        return None;
    }
    let folded = crate::model::fold(word);
    let distance = |other: &str| strsim::osa_distance(&folded, &crate::model::fold(other));
    let near = known.into_iter().filter(|other| other.len() <= LONGEST).map(|other| (distance(other), other)).min()?;
    (near.0 <= 1 + word.chars().count() / 4).then_some(near.1)
}
