//! From a filter to the condition that all its rows satisfy.

use super::{
    columns::{self, Column, Columns, Rows},
    condition::{Condition, Relation},
};
use crate::{
    filter::{AttributeKinds, AttributePath, Filter, Kind, Literal, Node, Operator},
    model::{Instant, fold},
    store::Value,
};

/// What SQL can say of a filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Narrowed {
    /// Holds for every row that the filter matches.
    pub(super) condition: Condition,
    /// Whether it holds for no other.
    pub(super) exact: bool,
}

impl Narrowed {
    /// Every row, and the filter has to be asked about each, unless `exact`.
    pub(super) fn everything(exact: bool) -> Self {
        Self { condition: Condition::Always(true), exact }
    }

    fn from_answer(answer: Option<Condition>) -> Self {
        answer.map_or(Self::everything(false), |condition| Self { condition, exact: true })
    }

    fn join(parts: Vec<Self>, join: fn(Vec<Condition>) -> Condition) -> Self {
        let exact = parts.iter().all(|part| part.exact);
        let condition = join(parts.into_iter().map(|part| part.condition).collect());
        Self { condition, exact }
    }
}

/// What the paths of a filter are relative to.
#[derive(Clone, Copy)]
enum Place<'a> {
    Resource(Columns),
    Element(Rows, &'a AttributePath),
}

/// Narrows a filter on resources that have these columns.
pub(super) fn narrow(filter: &Filter, columns: Columns, kinds: &dyn AttributeKinds) -> Narrowed {
    narrow_in(filter, Place::Resource(columns), kinds)
}

fn narrow_in(filter: &Filter, place: Place<'_>, kinds: &dyn AttributeKinds) -> Narrowed {
    let each = |parts: &[Filter]| parts.iter().map(|part| narrow_in(part, place, kinds)).collect::<Vec<_>>();
    match &filter.node {
        Node::Compare { path, operator, value } => {
            Narrowed::from_answer(place.ask(path, &Question::Compare(*operator, value), kinds))
        }
        Node::Present(path) => Narrowed::from_answer(place.ask(path, &Question::Present, kinds)),
        Node::And(parts) => Narrowed::join(each(parts), Condition::all),
        Node::Or(parts) => Narrowed::join(each(parts), Condition::any),
        Node::Not(inner) => {
            let inner = narrow_in(inner, place, kinds);
            // The opposite of too many rows would be too few.
            if inner.exact {
                Narrowed { condition: inner.condition.negated(), exact: true }
            } else {
                Narrowed::everything(false)
            }
        }
        Node::Element { path, filter } => match place {
            Place::Resource(columns) if path.sub.is_none() => match columns::find(columns, path) {
                Some(Column::Rows(rows)) => {
                    let inner = narrow_in(filter, Place::Element(rows, path), kinds);
                    Narrowed { condition: inner.condition.in_rows(rows.text), exact: inner.exact }
                }
                Some(Column::Text { .. } | Column::Truth(_) | Column::Moment(_) | Column::Fixed(_)) | None => {
                    Narrowed::everything(false)
                }
            },
            Place::Resource(_) | Place::Element(..) => Narrowed::everything(false),
        },
    }
}

/// What is asked of an attribute.
enum Question<'a> {
    Present,
    Compare(Operator, &'a Literal),
}

impl Question<'_> {
    /// The question without its negation, which has to stay outside of EXISTS, and whether there was one:
    /// `ne` is `not eq`, and `eq null` is `not pr`.
    fn positive(&self) -> (Self, bool) {
        match *self {
            Self::Present | Self::Compare(Operator::NotEqual, Literal::Null) => (Self::Present, false),
            Self::Compare(Operator::Equal, Literal::Null) => (Self::Present, true),
            Self::Compare(Operator::NotEqual, literal) => (Self::Compare(Operator::Equal, literal), true),
            Self::Compare(operator, literal) => (Self::Compare(operator, literal), false),
        }
    }
}

impl Place<'_> {
    /// The exact answer to a question, if SQL has one.
    fn ask(self, path: &AttributePath, question: &Question<'_>, kinds: &dyn AttributeKinds) -> Option<Condition> {
        let (positive, negated) = question.positive();
        let answer = match self {
            Self::Resource(columns) => match columns::find(columns, path)? {
                Column::Rows(rows) => in_rows(rows, path, &positive, kinds)?,
                plain => answer(plain, &positive, kinds.kind(path))?,
            },
            Self::Element(rows, outer) => {
                let column = (rows.columns)(&path.name.to_ascii_lowercase())?;
                answer(column, &positive, kinds.kind(&outer.with_sub(&path.name)))?
            }
        };
        Some(if negated { answer.negated() } else { answer })
    }
}

/// RFC 7644 §3.4.2.2: a list satisfies what one of its values does; a complex value stands for its `value`.
fn in_rows(rows: Rows, path: &AttributePath, question: &Question<'_>, kinds: &dyn AttributeKinds) -> Option<Condition> {
    let full = if path.sub.is_some() { path.clone() } else { path.with_sub("value") };
    let column = (rows.columns)(&full.sub.as_deref()?.to_ascii_lowercase())?;
    Some(answer(column, question, kinds.kind(&full))?.in_rows(rows.text))
}

fn answer(column: Column, question: &Question<'_>, kind: Kind) -> Option<Condition> {
    match *question {
        Question::Present => present(column),
        Question::Compare(operator, literal) => match column {
            Column::Text { exact, folded, nullable } => {
                let compared = compare_text((exact, folded), operator, literal, kind)?;
                Some(if nullable {
                    Condition::all(vec![Condition::IsNull(exact?).negated(), compared])
                } else {
                    compared
                })
            }
            Column::Truth(column) => Some(compare_truth(column, operator, literal)),
            Column::Moment(column) => compare_moment(column, operator, literal, kind),
            Column::Fixed(text) => Some(compare_fixed(text, operator, literal, kind)),
            Column::Rows(_) => None,
        },
    }
}

fn present(column: Column) -> Option<Condition> {
    match column {
        Column::Text { exact, folded, nullable } => {
            let column = exact.or(folded)?;
            let filled = Condition::Test(column, Relation::Equal, Value::Text(String::new())).negated();
            Some(if nullable { Condition::all(vec![Condition::IsNull(column).negated(), filled]) } else { filled })
        }
        Column::Truth(_) | Column::Moment(_) | Column::Fixed(_) => Some(Condition::Always(true)),
        Column::Rows(_) => None,
    }
}

/// A relation that SQL has as well. `ew` it has not: with a NUL in the text, SQLite counts letters differently.
fn relation(operator: Operator) -> Option<Relation> {
    match operator {
        Operator::Equal => Some(Relation::Equal),
        Operator::Greater => Some(Relation::Greater),
        Operator::GreaterOrEqual => Some(Relation::GreaterOrEqual),
        Operator::Less => Some(Relation::Less),
        Operator::LessOrEqual => Some(Relation::LessOrEqual),
        Operator::Contains => Some(Relation::Contains),
        Operator::StartsWith => Some(Relation::StartsWith),
        Operator::NotEqual | Operator::EndsWith => None,
    }
}

fn compare_text(
    (exact, folded): (Option<&'static str>, Option<&'static str>),
    operator: Operator,
    literal: &Literal,
    kind: Kind,
) -> Option<Condition> {
    match literal {
        Literal::Null => Some(Condition::Always(false)),
        Literal::Boolean(_) if operator != Operator::Equal => Some(Condition::Always(false)),
        // A text may be a number or a truth in disguise.
        Literal::Boolean(_) | Literal::Number(_) => None,
        // PostgreSQL takes no NUL in a text.
        Literal::Text(text) if text.contains('\0') => None,
        Literal::Text(text) => {
            let (column, wanted) = match kind {
                Kind::CaseExact => (exact?, text.clone()),
                Kind::CaseFolded => (folded?, fold(text)),
                Kind::Instant => return None,
            };
            let relation = relation(operator)?;
            // What SQL finds in an empty pattern differs; every text contains it and begins with it.
            if wanted.is_empty() && matches!(relation, Relation::Contains | Relation::StartsWith) {
                return Some(Condition::Always(true));
            }
            Some(Condition::Test(column, relation, Value::Text(wanted)))
        }
    }
}

/// Booleans have no order and no text to look into; providers write them as texts.
fn compare_truth(column: &'static str, operator: Operator, literal: &Literal) -> Condition {
    let wanted = match literal {
        Literal::Boolean(wanted) => Some(*wanted),
        Literal::Text(text) if text.trim().eq_ignore_ascii_case("true") => Some(true),
        Literal::Text(text) if text.trim().eq_ignore_ascii_case("false") => Some(false),
        Literal::Text(_) | Literal::Number(_) | Literal::Null => None,
    };
    match wanted {
        Some(wanted) if operator == Operator::Equal => {
            Condition::Test(column, Relation::Equal, Value::Int(i64::from(wanted)))
        }
        Some(_) | None => Condition::Always(false),
    }
}

fn compare_moment(column: &'static str, operator: Operator, literal: &Literal, kind: Kind) -> Option<Condition> {
    match (literal, kind) {
        (Literal::Text(text), Kind::Instant) => {
            let Instant(wanted) = super::instant(text)?;
            match relation(operator)? {
                // These look into the text.
                Relation::Contains | Relation::StartsWith => None,
                relation @ (Relation::Equal
                | Relation::Greater
                | Relation::GreaterOrEqual
                | Relation::Less
                | Relation::LessOrEqual) => Some(Condition::Test(column, relation, Value::Int(wanted))),
            }
        }
        (Literal::Null | Literal::Boolean(_), _) => Some(Condition::Always(false)),
        (Literal::Text(_), Kind::CaseExact | Kind::CaseFolded) | (Literal::Number(_), _) => None,
    }
}

/// What every row has alike needs no SQL: the filter itself is asked.
fn compare_fixed(text: &str, operator: Operator, literal: &Literal, kind: Kind) -> Condition {
    struct Always(Kind);
    impl AttributeKinds for Always {
        fn kind(&self, _: &AttributePath) -> Kind {
            self.0
        }
    }
    let path = AttributePath::new("it");
    let filter = Filter::from(Node::Compare { path, operator, value: literal.clone() });
    Condition::Always(filter.matches(&serde_json::json!({ "it": text }), &Always(kind)))
}
