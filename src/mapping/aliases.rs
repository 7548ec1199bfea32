//! What a text's aliases make of it. The loader bounds how many nodes they are followed to, but not how large those are: a
//! scalar of two megabytes and ten thousand aliases of it would be twenty gigabytes.

use saphyr_parser::{Event, Parser};
use std::collections::HashMap;

/// What all that is copied for anchors and aliases may weigh, in bytes.
const MAX_COPIED: usize = 16 << 20;
/// What a node weighs besides its letters.
const NODE: usize = 64;

/// Weighs what the loader would copy, without copying it.
#[derive(Debug, Default)]
struct Scales {
    /// What each anchor names weighs.
    anchored: HashMap<usize, usize>,
    /// The collections that are open, each with its anchor (0: none) and what is in it so far.
    open: Vec<(usize, usize)>,
    copied: usize,
}

impl Scales {
    fn whole(&mut self, anchor: usize, weight: usize) {
        if anchor > 0 {
            self.anchored.insert(anchor, weight);
            self.copied = self.copied.saturating_add(weight);
        }
        if let Some((_, around)) = self.open.last_mut() {
            *around = around.saturating_add(weight);
        }
    }

    fn weigh(&mut self, event: &Event<'_>) {
        match event {
            Event::Scalar(text, _, anchor, _) => self.whole(*anchor, NODE + text.len()),
            Event::Alias(anchor) => {
                // YAML 1.2.2 §7.1: an alias names what was anchored before it.
                let weight = self.anchored.get(anchor).copied().unwrap_or(NODE);
                self.copied = self.copied.saturating_add(weight);
                self.whole(0, weight);
            }
            Event::SequenceStart(anchor, _) | Event::MappingStart(anchor, _) => self.open.push((*anchor, NODE)),
            Event::SequenceEnd | Event::MappingEnd => {
                if let Some((anchor, weight)) = self.open.pop() {
                    self.whole(anchor, weight);
                }
            }
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentStart(_) | Event::DocumentEnd => {}
        }
    }
}

/// Where copying begins to be too much, in characters from the start. What cannot be read at all is for the loader to say.
pub(super) fn too_much(text: &str) -> Option<usize> {
    if !text.contains('&') {
        return None;
    }
    let mut scales = Scales::default();
    for event in Parser::new_from_str(text) {
        let Ok((event, span)) = event else { return None };
        scales.weigh(&event);
        if scales.copied > MAX_COPIED {
            return Some(span.start.index());
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_text_that_is_repeated_often_is_too_much_and_nested_ones_are() {
        let letters = "x".repeat(200_000);
        let repeated = format!("a: &a {letters}\nb: [{}]\n", "*a, ".repeat(100));
        assert!(too_much(&repeated).is_some_and(|at| at > letters.len()));
        let nested = format!("a: &a {letters}\nb: &b [*a, *a, *a, *a]\nc: &c [*b, *b, *b, *b]\nd: [*c, *c, *c, *c]\n");
        assert!(too_much(&nested).is_some());
        assert_eq!(too_much(&format!("a: &a {letters}\nb: [*a, *a]\n")), None);
    }

    #[test]
    fn what_people_write_is_not() {
        let many = "- {name: b, groups: *g, grant: viewer}\n".repeat(2_000);
        assert_eq!(too_much(&format!("rules:\n- {{name: a, groups: &g [eng, ops], grant: viewer}}\n{many}")), None);
        for text in ["", "&a *a", "a: *nothing & more", "&a [*a]", "[&", "&a &b c", "]&", "a: &a\nb: *a"] {
            assert_eq!(too_much(text), None, "{text:?}");
        }
    }
}
