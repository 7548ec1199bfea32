//! Conditions as a tree, and their text.

use super::columns;
use crate::store::Value;

/// A condition that is true or false of every row and never unknown: columns that may be NULL are asked for that first,
/// because SQL's NOT of an unknown is unknown, and a filter's is true.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Condition {
    /// Of every row, or of none.
    Always(bool),
    /// A column stands in a relation to a value.
    Test(&'static str, Relation, Value),
    /// A column is NULL.
    IsNull(&'static str),
    /// All of them.
    All(Vec<Condition>),
    /// One of them.
    Any(Vec<Condition>),
    /// Not this.
    Not(Box<Condition>),
    /// One of the rows that a row has elsewhere satisfies the condition; the text ends in a WHERE clause.
    Exists(&'static str, Box<Condition>),
}

/// How a column is compared. Texts compare by their bytes on both engines, as Rust's do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Relation {
    Equal,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
    Contains,
    StartsWith,
}

impl Condition {
    /// All of these, without those that say nothing.
    pub(super) fn all(parts: Vec<Self>) -> Self {
        if parts.contains(&Self::Always(false)) {
            return Self::Always(false);
        }
        joined(parts, true, Self::All)
    }

    /// One of these, without those that never hold.
    pub(super) fn any(parts: Vec<Self>) -> Self {
        if parts.contains(&Self::Always(true)) {
            return Self::Always(true);
        }
        joined(parts, false, Self::Any)
    }

    /// The opposite.
    pub(super) fn negated(self) -> Self {
        match self {
            Self::Always(truth) => Self::Always(!truth),
            Self::Not(inner) => *inner,
            other @ (Self::Test(..) | Self::IsNull(_) | Self::All(_) | Self::Any(_) | Self::Exists(..)) => {
                Self::Not(Box::new(other))
            }
        }
    }

    /// Whether an index leads straight to the few rows that can satisfy it.
    pub(super) fn is_look_up(&self) -> bool {
        match self {
            Self::Always(truth) => !truth,
            Self::Test(column, relation, _) => *relation == Relation::Equal && columns::LOOKED_UP.contains(column),
            Self::All(parts) => parts.iter().any(Self::is_look_up),
            Self::Any(_) | Self::IsNull(_) | Self::Not(_) | Self::Exists(..) => false,
        }
    }

    /// Rows elsewhere that satisfy this.
    pub(super) fn in_rows(self, rows: &'static str) -> Self {
        if self == Self::Always(false) { self } else { Self::Exists(rows, Box::new(self)) }
    }

    /// Its text. Values go to the end of `args` and are written `?1 ?2` by their place there.
    pub(super) fn text(&self, postgres: bool, args: &mut Vec<Value>) -> String {
        match self {
            Self::Always(true) => "1 = 1".to_owned(),
            Self::Always(false) => "1 = 0".to_owned(),
            Self::Test(column, relation, value) => {
                args.push(value.clone());
                test(column, *relation, args.len(), postgres)
            }
            Self::IsNull(column) => format!("{column} IS NULL"),
            Self::All(parts) => balanced(parts, "AND", postgres, args),
            Self::Any(parts) => balanced(parts, "OR", postgres, args),
            Self::Not(inner) => format!("NOT ({})", inner.text(postgres, args)),
            Self::Exists(rows, inner) => format!("EXISTS ({rows} AND {})", inner.text(postgres, args)),
        }
    }
}

fn joined(mut parts: Vec<Condition>, neutral: bool, join: fn(Vec<Condition>) -> Condition) -> Condition {
    parts.retain(|part| *part != Condition::Always(neutral));
    match parts.pop() {
        None => Condition::Always(neutral),
        Some(only) if parts.is_empty() => only,
        Some(last) => {
            parts.push(last);
            join(parts)
        }
    }
}

/// Halves of halves: a chain of a thousand terms would be a tree a thousand deep, which SQLite refuses.
fn balanced(parts: &[Condition], word: &str, postgres: bool, args: &mut Vec<Value>) -> String {
    match parts {
        [] => "1 = 1".to_owned(),
        [only] => only.text(postgres, args),
        several => {
            let (left, right) = several.split_at(several.len() / 2);
            let left = balanced(left, word, postgres, args);
            format!("({left} {word} {})", balanced(right, word, postgres, args))
        }
    }
}

fn test(column: &str, relation: Relation, place: usize, postgres: bool) -> String {
    let operator = match relation {
        Relation::Equal => "=",
        Relation::Greater => ">",
        Relation::GreaterOrEqual => ">=",
        Relation::Less => "<",
        Relation::LessOrEqual => "<=",
        Relation::Contains if postgres => return format!("strpos({column}, ?{place}) > 0"),
        Relation::Contains => return format!("instr({column}, ?{place}) > 0"),
        Relation::StartsWith => return format!("substr({column}, 1, length(?{place})) = ?{place}"),
    };
    format!("{column} {operator} ?{place}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name_is(text: &str) -> Condition {
        Condition::Test("name", Relation::Equal, Value::Text(text.to_owned()))
    }

    #[test]
    fn values_are_numbered_behind_those_that_are_there() {
        let condition = Condition::all(vec![name_is("a"), Condition::any(vec![name_is("b"), name_is("c")]).negated()]);
        let mut args = vec![Value::Int(7)];
        assert_eq!(condition.text(false, &mut args), "(name = ?2 AND NOT ((name = ?3 OR name = ?4)))");
        assert_eq!(args.len(), 4);
    }

    #[test]
    fn what_is_always_so_leaves_no_text() {
        assert_eq!(Condition::all(vec![Condition::Always(true), name_is("a")]), name_is("a"));
        assert_eq!(Condition::any(vec![name_is("a"), Condition::Always(true)]), Condition::Always(true));
        assert_eq!(Condition::all(vec![name_is("a"), Condition::Always(false)]), Condition::Always(false));
        assert_eq!(Condition::all(Vec::new()), Condition::Always(true));
        assert_eq!(Condition::any(Vec::new()), Condition::Always(false));
    }
}
