//! The doors: a text and a vocabulary in; a mapping and everything that is wrong with it out.

use super::{
    cases,
    compile::Compiler,
    diagnostic::{Diagnostic, Findings, Severity},
    lint::lint,
    parse::{Draft, Reader},
    rule::{Mapping, Rule},
    source::{Place, Source, load},
    vocabulary::{Vocabulary, Words},
};
use crate::model::Instant;
use serde::Serialize;
use std::collections::HashMap;

/// Largest text, in bytes.
pub const MAX_TEXT: usize = 256 * 1024;
/// Most rules in one mapping.
pub const MAX_RULES: usize = 2_000;

/// What became of a text.
#[derive(Debug, Clone, Serialize)]
pub struct Checked {
    /// The mapping, when nothing forbids it.
    #[serde(skip)]
    pub mapping: Option<Mapping>,
    /// Everything that is wrong or suspect, from top to bottom.
    pub diagnostics: Vec<Diagnostic>,
    /// What each of the text's own tests came to; none where they did not run, because something else is wrong.
    #[serde(skip)]
    pub tests: Vec<TestRun>,
}

/// What one of the `tests:` came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestRun {
    /// What it is called.
    pub name: String,
    /// The line of its name, from 1.
    pub line: usize,
    /// Whether it got what it expects.
    pub passed: bool,
}

impl Checked {
    /// The findings that forbid storing it.
    pub fn errors(&self) -> impl Iterator<Item = &Diagnostic> {
        self.diagnostics.iter().filter(|diagnostic| diagnostic.severity == Severity::Error)
    }
}

/// Compiles a mapping, lints it and runs its tests. It is given back only when there is no error.
///
/// An empty text is a mapping without rules. `now` is for dates that have passed and for the tests.
#[must_use]
pub fn check(text: &str, vocabulary: &Vocabulary, now: Instant) -> Checked {
    run(text, vocabulary, now, Purpose::Publish)
}

/// Compiles a mapping that was published earlier, when other clusters, roles or connections may have been there.
///
/// A rule that no longer compiles gives nothing, a cluster that is gone is left out, and the diagnostics say so; the rest
/// holds. `vocabulary.connections` should be those of the time when it was published: then a group without a connection
/// still means the one it meant, also after a second connection came. Only a text that cannot be read at all gives no mapping. The tests do not run.
#[must_use]
pub fn in_force(text: &str, vocabulary: &Vocabulary, now: Instant) -> Checked {
    run(text, vocabulary, now, Purpose::InForce)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Purpose {
    Publish,
    InForce,
}

fn run(text: &str, vocabulary: &Vocabulary, now: Instant, purpose: Purpose) -> Checked {
    if text.len() > MAX_TEXT {
        let source = Source::new("");
        let mut findings = Findings::new(&source);
        let message = format!("the mapping is longer than {} KiB", MAX_TEXT / 1024);
        findings.error(
            Place::START,
            message,
            Some("a pattern like k8s-{cluster}-{role} replaces many rules".to_owned()),
        );
        return Checked { mapping: None, diagnostics: findings.finish(), tests: Vec::new() };
    }
    let source = Source::new(text);
    let mut findings = Findings::new(&source);
    let mut tests = Vec::new();
    let mapping = build(text, vocabulary, (now, purpose), (&mut findings, &mut tests));
    Checked { mapping, diagnostics: findings.finish(), tests }
}

fn build(
    text: &str,
    vocabulary: &Vocabulary,
    (now, purpose): (Instant, Purpose),
    (findings, tests): (&mut Findings<'_>, &mut Vec<TestRun>),
) -> Option<Mapping> {
    let root = load(text, findings);
    if findings.errors() > 0 {
        return None;
    }
    let mut draft = match &root {
        Some(root) => Reader { findings }.draft(root),
        None => Draft::default(),
    };
    if let Some(rule) = draft.rules.get(MAX_RULES) {
        let place = findings.source().place(rule.extent.start);
        findings.error(place, format!("a mapping has at most {MAX_RULES} rules, and here begins one more"), None);
        return None;
    }
    let words = Words::new(vocabulary);
    let mut compiler = Compiler { vocabulary, words: &words, findings, taken: HashMap::new() };
    let defaults = compiler.defaults(draft.default.as_ref(), draft.default_broken);
    let rules: Vec<Rule> =
        std::mem::take(&mut draft.rules).into_iter().filter_map(|rule| compiler.rule(rule)).collect();
    compiler.findings.about(None);
    let mapping = Mapping::new(text, defaults, rules, words.clone());
    if purpose == Purpose::InForce {
        return Some(mapping);
    }
    let cases = cases::compile(draft.cases, &mut compiler);
    lint(&mapping, vocabulary, now, findings);
    // A test of rules that are not all there would fail for a reason that has been given already.
    if findings.errors() == 0 {
        tests.extend(cases.iter().map(|case| case.run(&mapping, now, findings)));
    }
    (findings.errors() == 0).then_some(mapping)
}
