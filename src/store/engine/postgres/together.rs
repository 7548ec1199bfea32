//! Several rows by one statement.
//!
//! Each statement costs the server something beside its work: a message, a plan to look at, an answer of its own. Inserts and updates
//! that stand one behind the other, each of a table of its own and none looking at what one before it wrote, go out as one, all but
//! the last of them in its `WITH`: there, all see what was before.

use super::around::Later;
use std::{
    collections::HashMap,
    fmt::Write as _,
    hash::Hash,
    sync::{LazyLock, PoisonError, RwLock},
};

/// A statement is known by where it lies.
pub(super) type Place = (usize, usize);

/// What an insert or an update touches, by the names of tables.
#[derive(Debug, Clone, Copy)]
struct Change {
    writes: &'static str,
    looks_at: &'static [&'static str],
}

/// As many as there are statements in the binary.
static CHANGES: LazyLock<RwLock<HashMap<Place, Option<Change>>>> = LazyLock::new(RwLock::default);
/// As many as there are ways through the program that write several tables, each of them once.
static JOINED: LazyLock<RwLock<HashMap<Vec<Place>, &'static str>>> = LazyLock::new(RwLock::default);

/// What is known of something, found out once and kept for good.
pub(super) fn known<K: Eq + Hash, V: Copy>(all: &RwLock<HashMap<K, V>>, key: K, find: impl FnOnce() -> V) -> V {
    if let Some(known) = all.read().unwrap_or_else(PoisonError::into_inner).get(&key) {
        return *known;
    }
    *all.write().unwrap_or_else(PoisonError::into_inner).entry(key).or_insert_with(find)
}

pub(super) fn place(text: &'static str) -> Place {
    (text.as_ptr().addr(), text.len())
}

/// The same changes in the same order, in as few statements as may be.
pub(super) fn together(later: Vec<Later>) -> Vec<Later> {
    if later.len() < 2 {
        return later;
    }
    let mut parts: Vec<Part> = Vec::new();
    for one in later {
        let change = one.written.first().and_then(|written| known(&CHANGES, place(written), || change(written)));
        match parts.last_mut() {
            Some(part) if change.is_some_and(|change| part.takes(change)) => part.others.push(one),
            Some(_) | None => parts.push(Part { written: Vec::new(), first: one, others: Vec::new() }),
        }
        if let (Some(part), Some(change)) = (parts.last_mut(), change) {
            part.written.push(change.writes);
        }
    }
    parts.into_iter().map(Part::joined).collect()
}

/// Statements that go out as one.
struct Part {
    /// The tables that they write; none: it is something else, and stays alone.
    written: Vec<&'static str>,
    first: Later,
    others: Vec<Later>,
}

impl Part {
    fn takes(&self, change: Change) -> bool {
        let is_free = |table: &&str| *table != change.writes && !change.looks_at.contains(table);
        !self.written.is_empty() && self.written.iter().all(is_free)
    }

    fn joined(self) -> Later {
        let Self { first, others, .. } = self;
        let Some((last, between)) = others.split_last() else { return first };
        let all = || std::iter::once(&first).chain(&others);
        let sql = known(&JOINED, all().map(|one| place(one.sql)).collect(), || {
            let (mut given, mut with) = (0, Vec::new());
            for one in std::iter::once(&first).chain(between) {
                with.push(format!("row_{} AS ({})", with.len(), with_parameters_from(one.sql, given)));
                given += one.args.len();
            }
            format!("WITH {} {}", with.join(", "), with_parameters_from(last.sql, given)).leak()
        });
        let written = all().flat_map(|one| one.written.iter().copied()).collect();
        Later { written, sql, args: std::iter::once(first).chain(others).flat_map(|one| one.args).collect() }
    }
}

/// What an insert or an update touches, as it was written; none where it is neither, or where more than a few words tell what it
/// looks at.
fn change(written: &'static str) -> Option<Change> {
    let target = written.strip_prefix("INSERT INTO ").or_else(|| written.strip_prefix("UPDATE "))?;
    let writes = target.split([' ', '(', '\n']).next()?;
    let words: Vec<&str> = written.split_whitespace().collect();
    let mut looks_at = Vec::new();
    for (place, _) in words.iter().enumerate().filter(|(_, word)| ["FROM", "JOIN"].contains(word)) {
        let mut told = words.iter().skip(place + 1);
        // Behind a comma comes another table.
        if told.clone().take(3).any(|word| word.ends_with(',')) {
            return None;
        }
        looks_at.push(told.next()?.trim_end_matches(')'));
    }
    (!words.contains(&"RETURNING")).then_some(Change { writes, looks_at: looks_at.leak() })
}

/// A statement whose first parameter has the number behind `given`.
pub(super) fn with_parameters_from(sql: &str, given: usize) -> String {
    let mut parts = sql.split('$');
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part.find(|c: char| !c.is_ascii_digit()).unwrap_or(part.len());
        let (number, rest) = part.split_at(end);
        let _ = match number.parse::<usize>() {
            Ok(number) => write!(text, "${}{rest}", number + given),
            Err(_) => write!(text, "${part}"),
        };
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Value, engine::dialect};

    fn later(written: &'static str, args: &[i64]) -> Later {
        let sql = dialect::translated(written, dialect::Dialect::Postgres);
        Later { written: vec![written], sql, args: args.iter().map(|number| Value::Int(*number)).collect() }
    }

    const A: &str = "INSERT INTO a (x, y) VALUES (?1, ?2)";
    const B: &str = "INSERT INTO b (x, y, z) VALUES (?2, ?1, ?1) ON CONFLICT (x) DO NOTHING";
    const C: &str = "INSERT INTO c (x) SELECT told.value FROM texts_of(?1) AS told WHERE 1 = 1";
    const SEES: &str = "INSERT INTO d (x) SELECT x FROM a WHERE y = ?1";
    const LIST: &str = "INSERT INTO e (x) SELECT x FROM f, a WHERE y = ?1";
    const UPDATES: &str = "UPDATE a SET x = ?1 WHERE y = 1";
    const UPDATES_SEEN: &str = "UPDATE g SET x = ?1 WHERE y IN (SELECT y FROM a)";
    const DELETES: &str = "DELETE FROM h WHERE x = ?1";

    #[test]
    fn rows_of_several_tables_are_one_statement_with_all_their_parameters() {
        let one = together(vec![later(A, &[1, 2]), later(B, &[3, 4])]);
        let [one] = one.as_slice() else { panic!("{one:?}") };
        assert_eq!(
            one.sql,
            "WITH row_0 AS (INSERT INTO a (x, y) VALUES ($1, $2)) \
             INSERT INTO b (x, y, z) VALUES ($4, $3, $3) ON CONFLICT (x) DO NOTHING"
        );
        assert_eq!(one.args, [1, 2, 3, 4].map(Value::Int));
        assert_eq!(one.written, [A, B]);
        // Known from the first time, with other values.
        assert_eq!(together(vec![later(A, &[5, 6]), later(B, &[7, 8])])[0].args, [5, 6, 7, 8].map(Value::Int));
    }

    #[test]
    fn what_may_see_another_row_goes_out_alone_and_in_its_place() {
        let counts = |written: &[&'static str]| {
            let later = written.iter().map(|text| later(text, &[1])).collect();
            together(later).iter().map(|one| one.args.len()).collect::<Vec<_>>()
        };
        assert_eq!(counts(&[A, C]), [2], "a list is a parameter");
        assert_eq!(counts(&[A, A]), [1, 1], "one table twice");
        assert_eq!(counts(&[A, SEES, C]), [1, 2], "one that reads what another writes");
        assert_eq!(counts(&[B, SEES]), [2], "one that reads something else");
        assert_eq!(counts(&[SEES, A]), [2], "one that is written behind who reads it is not there for them either way");
        assert_eq!(counts(&[A, LIST]), [1, 1], "one of which nobody can tell what it reads");
        assert_eq!(counts(&[A, UPDATES, C]), [1, 2], "one that changes what was written");
        assert_eq!(counts(&[UPDATES, B]), [2], "one that changes what was there");
        assert_eq!(counts(&[UPDATES, SEES]), [1, 1], "one that reads what another changes");
        assert_eq!(counts(&[UPDATES, UPDATES_SEEN]), [1, 1], "one that changes by what another changes");
        assert_eq!(counts(&[B, DELETES, C]), [1, 1, 1], "one that takes away");
        assert_eq!(counts(&[A, B, A, C]), [2, 2]);
    }

    #[test]
    fn a_lock_is_taken_where_it_stands() {
        let lock = Later { written: Vec::new(), sql: "SELECT lock", args: Vec::new() };
        let sent = together(vec![later(A, &[1]), lock, later(C, &[1])]);
        assert_eq!(sent.iter().map(|one| one.sql.starts_with("SELECT lock")).collect::<Vec<_>>(), [false, true, false]);
    }
}
