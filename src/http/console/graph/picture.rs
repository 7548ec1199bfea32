//! A picture of ways through five columns, made here: no script, no style of its own.

use maud::{Markup, html};
use std::collections::BTreeSet;

const COLUMN: usize = 196;
const BOX: usize = 160;
const ROW: usize = 44;
const HEIGHT: usize = 32;
const TOP: usize = 34;
/// Letters of a label that fit into a box. What is wider than most is cut at the box's edge.
const LETTERS: usize = 17;
/// Columns.
const COLUMNS: usize = 5;

/// One box.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Node {
    /// What it says.
    pub(super) label: String,
    /// Where it leads.
    pub(super) address: String,
    /// Its class.
    pub(super) kind: &'static str,
}

/// Boxes in columns, and the lines between them.
#[derive(Debug)]
pub(super) struct Picture {
    heads: [&'static str; COLUMNS],
    columns: [Vec<Node>; COLUMNS],
    lines: BTreeSet<(usize, usize, usize)>,
}

impl Picture {
    /// An empty one.
    pub(super) fn new(heads: [&'static str; COLUMNS]) -> Self {
        Self { heads, columns: Default::default(), lines: BTreeSet::new() }
    }

    /// One way from the left to the right. Boxes that are there already are the same boxes.
    pub(super) fn way(&mut self, nodes: [Node; COLUMNS]) {
        let mut before = None;
        for (number, (column, node)) in self.columns.iter_mut().zip(nodes).enumerate() {
            let place = column.iter().position(|known| *known == node).unwrap_or_else(|| {
                column.push(node);
                column.len() - 1
            });
            if let Some(from) = before {
                self.lines.insert((number - 1, from, place));
            }
            before = Some(place);
        }
    }

    fn rows(&self) -> usize {
        self.columns.iter().map(Vec::len).max().unwrap_or_default()
    }

    /// A column that is shorter than the others stands in the middle of them.
    fn y(&self, column: usize, place: usize) -> usize {
        let length = self.columns.get(column).map_or(0, Vec::len);
        TOP + (self.rows().saturating_sub(length)) * ROW / 2 + place * ROW
    }

    /// The picture.
    pub(super) fn svg(&self) -> Markup {
        let (width, height) = (COLUMN * (COLUMNS - 1) + BOX + 2, TOP + self.rows() * ROW);
        html! {
            svg class="graph" viewBox=(format!("0 0 {width} {height}")) width=(width) height=(height) role="group" aria-label="Ways from what gives access to where it holds" {
                @for (from, start, end) in &self.lines { path class="line" d=(self.curve(*from, *start, *end)) {} }
                @for (number, head) in self.heads.iter().enumerate() { text class="top-of" x=(number * COLUMN + 2) y="16" { (head) } }
                @for (number, column) in self.columns.iter().enumerate() {
                    @for (place, node) in column.iter().enumerate() {
                        a href=(node.address) {
                            title { (node.label) }
                            rect class=(node.kind) x=(number * COLUMN + 1) y=(self.y(number, place)) width=(BOX) height=(HEIGHT) rx="8" {}
                            svg x=(number * COLUMN + 1) y=(self.y(number, place)) width=(BOX - 4) height=(HEIGHT) { text x="10" y="21" { (short(&node.label)) } }
                        }
                    }
                }
            }
        }
    }

    fn curve(&self, from: usize, start: usize, end: usize) -> String {
        let (x1, x2) = (from * COLUMN + BOX + 1, (from + 1) * COLUMN + 1);
        let (y1, y2) = (self.y(from, start) + HEIGHT / 2, self.y(from + 1, end) + HEIGHT / 2);
        let half = usize::midpoint(x1, x2);
        format!("M{x1} {y1}C{half} {y1} {half} {y2} {x2} {y2}")
    }
}

fn short(label: &str) -> String {
    if label.chars().nth(LETTERS).is_none() {
        return label.to_owned();
    }
    label.chars().take(LETTERS - 1).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(label: &str) -> Node {
        Node { label: label.to_owned(), address: "/x".to_owned(), kind: "who" }
    }

    #[test]
    fn a_box_that_is_there_already_is_the_same_box() {
        let mut picture = Picture::new(["a", "b", "c", "d", "e"]);
        picture.way(["okta", "ada", "rule", "owner", "everywhere"].map(node));
        picture.way(["okta", "bob", "rule", "owner", "everywhere"].map(node));
        assert_eq!(picture.columns.each_ref().map(Vec::len), [1, 2, 1, 1, 1]);
        assert_eq!(picture.lines.len(), 6);
        assert!(picture.svg().into_string().contains("<title>bob</title>"));
        assert_eq!(short("owner@acme.example"), "owner@acme.examp…");
        assert_eq!(short("seventeen letters"), "seventeen letters");
    }
}
