//! One SQL text for both engines.
//!
//! Statements are written with `?1 ?2` and, where PostgreSQL needs a row lock, with `FOR UPDATE`. PostgreSQL gets
//! `$1 $2`; SQLite, which has one writer anyway, gets no lock clause. Tables are declared with `BIGINT`, `TEXT` and
//! `BLOB` (in capitals); PostgreSQL gets `BYTEA`, and texts that sort by their bytes as SQLite's do.
//!
//! A list comes as one parameter: `FROM texts_of(?3) AS asked` has a row with a `value` for each text of a JSON list, and
//! `pairs_of(?3)` one with `key` and `value` for each member of a JSON object. What is looked up by it is joined with `CROSS JOIN`,
//! which SQLite takes in the order that is written: it knows nothing of how long lists are, and would read the table first.

use std::{
    borrow::Cow,
    collections::HashMap,
    sync::{LazyLock, PoisonError, RwLock},
};

/// Which engine a text is meant for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(in crate::store) enum Dialect {
    Sqlite,
    Postgres,
}

/// A statement of the binary is known by where it lies; its translation is made once and kept for good.
type Translations = HashMap<(Dialect, usize, usize), &'static str>;

static TRANSLATED: LazyLock<RwLock<Translations>> = LazyLock::new(RwLock::default);

/// A statement of the binary in an engine's dialect, translated at most once.
pub(super) fn translated(sql: &'static str, dialect: Dialect) -> &'static str {
    let key = (dialect, sql.as_ptr().addr(), sql.len());
    if let Some(known) = TRANSLATED.read().unwrap_or_else(PoisonError::into_inner).get(&key) {
        return known;
    }
    let text: &'static str = match translate(sql, dialect) {
        Cow::Borrowed(text) => text,
        // There are as many of these as there are statements in the binary: a small, fixed amount.
        Cow::Owned(text) => text.leak(),
    };
    TRANSLATED.write().unwrap_or_else(PoisonError::into_inner).insert(key, text);
    text
}

/// A statement in an engine's dialect.
pub(super) fn translate(sql: &str, dialect: Dialect) -> Cow<'_, str> {
    match dialect {
        Dialect::Sqlite => in_sqlite(sql),
        Dialect::Postgres => in_postgres(sql),
    }
}

/// Whether a statement changes rows, by its first word.
pub(super) fn writes(sql: &str) -> bool {
    let word = sql.trim_start().split(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or_default();
    ["INSERT", "UPDATE", "DELETE", "REPLACE"].iter().any(|verb| word.eq_ignore_ascii_case(verb))
}

/// A part of a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Token<'a> {
    /// Letters, digits and underscores.
    Word(&'a str),
    /// A literal, a quoted name or a comment: nothing in it means anything to us.
    Opaque(&'a str),
    /// One other character, or a run of white space.
    Mark(&'a str),
}

impl<'a> Token<'a> {
    fn text(self) -> &'a str {
        match self {
            Self::Word(text) | Self::Opaque(text) | Self::Mark(text) => text,
        }
    }

    fn is_space(self) -> bool {
        self.text().starts_with(char::is_whitespace)
    }

    fn is_word(self, word: &str) -> bool {
        matches!(self, Self::Word(text) if text.eq_ignore_ascii_case(word))
    }
}

fn tokens<'a>(mut sql: &'a str) -> Vec<Token<'a>> {
    let mut tokens = Vec::new();
    while let Some(first) = sql.chars().next() {
        let is_word = |c: char| c.is_alphanumeric() || c == '_';
        let until = |end: &str, from: usize| {
            sql.get(from..).and_then(|rest| rest.find(end)).map_or(sql.len(), |at| from + at + end.len())
        };
        let (length, make): (usize, fn(&'a str) -> Token<'a>) = match first {
            '\'' => (until("'", 1), Token::Opaque),
            '"' => (until("\"", 1), Token::Opaque),
            '-' if sql.starts_with("--") => (until("\n", 2), Token::Opaque),
            '/' if sql.starts_with("/*") => (until("*/", 2), Token::Opaque),
            c if c.is_whitespace() => (sql.find(|c: char| !c.is_whitespace()).unwrap_or(sql.len()), Token::Mark),
            c if is_word(c) => (sql.find(|c: char| !is_word(c)).unwrap_or(sql.len()), Token::Word),
            c => (c.len_utf8(), Token::Mark),
        };
        let (token, rest) = sql.split_at(length);
        tokens.push(make(token));
        sql = rest;
    }
    tokens
}

fn in_postgres(sql: &str) -> Cow<'_, str> {
    if !sql.contains('?') {
        return Cow::Borrowed(sql);
    }
    let mut list: Option<&List> = None;
    let dollar = |token: Token<'_>| -> Cow<'static, str> {
        if let Some(found) = LISTS.iter().find(|list| token.is_word(list.word)) {
            list = Some(found);
            return found.head.into();
        }
        match token {
            Token::Mark("?") => "$".into(),
            Token::Mark(")") if list.is_some() => list.take().map_or("", |list| list.tail).into(),
            other => other.text().to_owned().into(),
        }
    };
    Cow::Owned(tokens(sql).into_iter().map(dollar).collect())
}

/// What the rows of a parameter are called, and what PostgreSQL puts around it; SQLite has one name for both.
struct List {
    word: &'static str,
    head: &'static str,
    tail: &'static str,
}

/// Of a set-returning function PostgreSQL believes that it has a hundred rows or a thousand, and then rather reads a whole table
/// than look up so many; of an array it does not know, that there are ten.
const LISTS: [List; 2] = [
    List {
        word: "texts_of",
        head: "(SELECT unnest(ARRAY(SELECT jsonb_array_elements_text(CAST(CAST",
        tail: " AS TEXT) AS JSONB)))) AS value)",
    },
    List { word: "pairs_of", head: "jsonb_each_text(CAST(CAST", tail: " AS TEXT) AS JSONB))" },
];

fn in_sqlite(sql: &str) -> Cow<'_, str> {
    // Most texts have neither a lock clause nor a list, and are run as they are.
    if !["FOR", "for"].iter().any(|word| sql.contains(word)) && !LISTS.iter().any(|list| sql.contains(list.word)) {
        return Cow::Borrowed(sql);
    }
    let tokens = tokens(sql);
    let mut kept = String::with_capacity(sql.len());
    let mut at = 0;
    let mut found = false;
    while let Some(token) = tokens.get(at) {
        if let Some(length) = lock_clause(tokens.get(at..).unwrap_or_default()) {
            found = true;
            at += length;
        } else {
            let list = LISTS.iter().any(|list| token.is_word(list.word));
            found |= list;
            kept.push_str(if list { "json_each" } else { token.text() });
            at += 1;
        }
    }
    if found { Cow::Owned(kept) } else { Cow::Borrowed(sql) }
}

/// How many tokens the lock clause at the beginning takes: `FOR UPDATE`, `FOR SHARE`, `FOR NO KEY UPDATE`, with
/// `OF a, b`, `NOWAIT` or `SKIP LOCKED` behind it.
fn lock_clause(tokens: &[Token<'_>]) -> Option<usize> {
    const HEAD: [&str; 5] = ["FOR", "NO", "KEY", "UPDATE", "SHARE"];
    const TAIL: [&str; 4] = ["OF", "NOWAIT", "SKIP", "LOCKED"];
    let word = |at: usize, words: &[&str]| tokens.get(at).is_some_and(|token| words.iter().any(|w| token.is_word(w)));
    let skip_space = |at: usize| if tokens.get(at).is_some_and(|token| token.is_space()) { at + 1 } else { at };
    if !word(0, &["FOR"]) || !word(skip_space(1), &["UPDATE", "SHARE", "NO"]) {
        return None;
    }
    let mut end = 1;
    while word(skip_space(end), &HEAD) {
        end = skip_space(end) + 1;
    }
    while word(skip_space(end), &TAIL) {
        let names = word(skip_space(end), &["OF"]);
        end = skip_space(end) + 1;
        while names && matches!(tokens.get(skip_space(end)), Some(Token::Word(_))) && !word(skip_space(end), &TAIL) {
            end = skip_space(end) + 1;
            if tokens.get(skip_space(end)) == Some(&Token::Mark(",")) {
                end = skip_space(end) + 1;
            }
        }
    }
    Some(end)
}

/// The statements of a migration file for one engine. A comment `-- only: postgres` or `-- only: sqlite` before a
/// statement keeps it from the other one.
pub(in crate::store) fn statements(file: &str, dialect: Dialect) -> Vec<String> {
    let mut statements = Vec::new();
    let mut current = String::new();
    let mut meant = true;
    let mut previous = "";
    let mut parentheses = 0_usize;
    for token in tokens(file) {
        let text = token.text();
        match token {
            Token::Mark(";") if parentheses == 0 => {
                if meant && !current.trim().is_empty() {
                    statements.push(current.trim().to_owned());
                }
                current.clear();
                meant = true;
            }
            Token::Opaque(comment) if comment.starts_with("--") || comment.starts_with("/*") => {
                if let Some(only) = comment.trim_start_matches("--").trim().strip_prefix("only:") {
                    meant = only.trim() == name(dialect);
                }
                current.push('\n');
            }
            Token::Word(word) => {
                current.push_str(word);
                current.push_str(declared(word, previous, dialect).unwrap_or_default());
                if dialect == Dialect::Postgres && word == "BLOB" {
                    current.truncate(current.len() - word.len());
                    current.push_str("BYTEA");
                }
            }
            Token::Mark(_) | Token::Opaque(_) => {
                parentheses = match text {
                    "(" => parentheses + 1,
                    ")" => parentheses.saturating_sub(1),
                    _ => parentheses,
                };
                current.push_str(text);
            }
        }
        if !token.is_space() {
            previous = text;
        }
    }
    if meant && !current.trim().is_empty() {
        statements.push(current.trim().to_owned());
    }
    statements
}

/// The name of an engine in `-- only:`.
fn name(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Sqlite => "sqlite",
        Dialect::Postgres => "postgres",
    }
}

/// What a type in a declaration needs behind it: PostgreSQL would sort texts by the server's language.
fn declared(word: &str, previous: &str, dialect: Dialect) -> Option<&'static str> {
    // `CAST(x AS TEXT)` is not a declaration, and a column may be called `text`.
    let is_text = word == "TEXT" && !previous.eq_ignore_ascii_case("AS");
    (dialect == Dialect::Postgres && is_text).then_some(" COLLATE \"C\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn postgres_gets_dollars_outside_literals() {
        let sql = "SELECT a FROM t WHERE b = ?1 AND c = 'why?1' -- ?2\n AND \"d?\" = ?12";
        let expected = "SELECT a FROM t WHERE b = $1 AND c = 'why?1' -- ?2\n AND \"d?\" = $12";
        assert_eq!(translate(sql, Dialect::Postgres), expected);
    }

    #[test]
    fn sqlite_gets_no_lock_clauses() {
        for (sql, expected) in [
            ("SELECT a FROM t WHERE b = ?1 FOR UPDATE", "SELECT a FROM t WHERE b = ?1 "),
            ("SELECT a FROM t for share", "SELECT a FROM t "),
            ("SELECT a FROM t FOR UPDATE OF t, u NOWAIT", "SELECT a FROM t "),
            ("SELECT a FROM t FOR NO KEY UPDATE OF t SKIP LOCKED", "SELECT a FROM t "),
            ("SELECT * FROM (SELECT a FROM t FOR UPDATE) x", "SELECT * FROM (SELECT a FROM t ) x"),
            ("SELECT 'x FOR UPDATE' FROM t", "SELECT 'x FOR UPDATE' FROM t"),
            ("INSERT INTO t (for_update) VALUES (?1)", "INSERT INTO t (for_update) VALUES (?1)"),
        ] {
            assert_eq!(translate(sql, Dialect::Sqlite), expected);
        }
    }

    #[test]
    fn a_list_is_rows_in_the_words_of_each_engine() {
        let sql = "SELECT a.value FROM texts_of(?2) AS a JOIN pairs_of(?13) AS b ON b.key = (a.value)";
        assert_eq!(
            translate(sql, Dialect::Sqlite),
            "SELECT a.value FROM json_each(?2) AS a JOIN json_each(?13) AS b ON b.key = (a.value)"
        );
        assert_eq!(
            translate(sql, Dialect::Postgres),
            "SELECT a.value FROM \
             (SELECT unnest(ARRAY(SELECT jsonb_array_elements_text(CAST(CAST($2 AS TEXT) AS JSONB)))) AS value) AS a \
             JOIN jsonb_each_text(CAST(CAST($13 AS TEXT) AS JSONB)) AS b ON b.key = (a.value)"
        );
    }

    #[test]
    fn a_statement_of_the_binary_is_translated_once() {
        let sql = "SELECT ?1 FOR UPDATE";
        let first = translated(sql, Dialect::Postgres);
        assert_eq!(first, "SELECT $1 FOR UPDATE");
        assert_eq!(first.as_ptr(), translated(sql, Dialect::Postgres).as_ptr());
        assert_eq!(translated(sql, Dialect::Sqlite), "SELECT ?1 ");
    }

    #[test]
    fn a_migration_is_cut_into_statements_in_the_words_of_the_engine() {
        let file = "-- The table; of things.\nCREATE TABLE t (a TEXT NOT NULL DEFAULT ';', b BLOB, c BIGINT);\n\
                    -- only: postgres\nCREATE INDEX t_a ON t (lower(a));\n\
                    CREATE INDEX t_b ON t (CAST(c AS TEXT));\n\n";
        insta::assert_debug_snapshot!(statements(file, Dialect::Postgres), @r#"
        [
            "CREATE TABLE t (a TEXT COLLATE \"C\" NOT NULL DEFAULT ';', b BYTEA, c BIGINT)",
            "CREATE INDEX t_a ON t (lower(a))",
            "CREATE INDEX t_b ON t (CAST(c AS TEXT))",
        ]
        "#);
        insta::assert_debug_snapshot!(statements(file, Dialect::Sqlite), @r#"
        [
            "CREATE TABLE t (a TEXT NOT NULL DEFAULT ';', b BLOB, c BIGINT)",
            "CREATE INDEX t_b ON t (CAST(c AS TEXT))",
        ]
        "#);
    }

    #[test]
    fn the_first_word_says_whether_a_statement_writes() {
        assert!(writes("\n  insert INTO t VALUES (1) RETURNING a"));
        assert!(!writes("SELECT updated FROM t"));
    }

    proptest::proptest! {
        #[test]
        fn cutting_into_tokens_loses_nothing(sql in "[a-z0-9'\"?;, ()/*\\n-]{0,60}|\\PC{0,40}") {
            let glued: String = tokens(&sql).into_iter().map(Token::text).collect();
            proptest::prop_assert_eq!(glued, sql);
        }
    }
}
