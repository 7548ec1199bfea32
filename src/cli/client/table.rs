//! What people read: tables of many, lists of facts of one.

use crate::{blueprint::yaml, cli::say::say};
use comfy_table::{Attribute, Cell, Color, ContentArrangement, Table, presets};
use serde_json::Value;
use std::io::{self, IsTerminal};

/// How a value is written.
#[derive(Debug, Clone, Copy)]
pub(super) enum Show {
    /// As it is; several with commas.
    Text,
    /// An instant, to the minute.
    Moment,
    /// A word with a meaning: green, yellow or red where there is colour.
    State,
    /// From the whole thing.
    With(fn(&Value) -> String),
}

/// A column of a table.
#[derive(Debug, Clone, Copy)]
pub(super) struct Column {
    /// Its head.
    pub(super) head: &'static str,
    /// Where the value lies, as a JSON pointer (RFC 6901).
    pub(super) at: &'static str,
    /// How it is written.
    pub(super) show: Show,
}

/// A column.
pub(super) const fn column(head: &'static str, at: &'static str, show: Show) -> Column {
    Column { head, at, show }
}

/// Lines that come in green and lines that go in red, where there is colour.
pub(super) fn painted(text: &str) {
    let colour = colourful();
    for line in text.trim_end().lines() {
        let line = plain(line);
        match line.trim_start().as_bytes().first() {
            Some(b'+') if colour => say!("\u{1b}[32m{line}\u{1b}[0m"),
            Some(b'-') if colour => say!("\u{1b}[31m{line}\u{1b}[0m"),
            Some(b'~' | b'!') if colour => say!("\u{1b}[33m{line}\u{1b}[0m"),
            Some(_) | None => say!("{line}"),
        }
    }
}

/// Whether standard output is a terminal whose user has nothing against colour (<https://no-color.org>).
pub(super) fn colourful() -> bool {
    let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let dumb = std::env::var_os("TERM").is_some_and(|value| value == "dumb");
    io::stdout().is_terminal() && !set("NO_COLOR") && !dumb
}

/// A text from elsewhere as a terminal may see it: no control characters, which could rewrite what stands there, and nothing
/// that turns the direction of writing.
pub(in crate::cli) fn plain(text: &str) -> String {
    let turns =
        |letter: char| matches!(letter, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    text.chars().map(|letter| if letter.is_control() || turns(letter) { '\u{fffd}' } else { letter }).collect()
}

/// Many things, one a line.
pub(super) fn table(columns: &[Column], items: &[Value]) -> String {
    let colour = colourful();
    let mut table = bare();
    table.set_header(columns.iter().map(|column| {
        let cell = Cell::new(column.head);
        if colour { cell.add_attribute(Attribute::Bold) } else { cell }
    }));
    for item in items {
        table.add_row(columns.iter().map(|column| cell(column, item, colour)));
    }
    rendered(table)
}

fn cell(column: &Column, item: &Value, colour: bool) -> Cell {
    let value = item.pointer(column.at).unwrap_or(&Value::Null);
    let text = match column.show {
        Show::Text | Show::State => word(value),
        Show::Moment => moment(value),
        Show::With(write) => plain(&write(item)),
    };
    let paint = match (colour, column.show) {
        (true, Show::State) => tint(&text),
        _ => None,
    };
    match paint {
        Some(colour) => Cell::new(text).fg(colour),
        None => Cell::new(text),
    }
}

fn tint(state: &str) -> Option<Color> {
    match state {
        "active" | "yes" | "allowed" => Some(Color::Green),
        "suspended" | "invited" | "pending" => Some(Color::Yellow),
        "removed" | "no" | "denied" | "expired" | "revoked" => Some(Color::Red),
        _ => None,
    }
}

/// One thing: what is known of it, a fact a line.
pub(super) fn facts(thing: &Value) -> String {
    let Some(fields) = thing.as_object() else { return word(thing) };
    let mut table = bare();
    for (name, value) in fields.iter().filter(|(_, value)| !is_nothing(value)) {
        let name = name.replace('_', " ");
        let name = if colourful() { Cell::new(name).add_attribute(Attribute::Bold) } else { Cell::new(name) };
        table.add_row([name, Cell::new(fact(value))]);
    }
    rendered(table)
}

fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(all) => all.is_empty(),
        Value::Object(all) => all.is_empty(),
        Value::String(text) => text.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

fn fact(value: &Value) -> String {
    let lines = |text: String| text.lines().map(plain).collect::<Vec<_>>().join("\n");
    match value {
        Value::Array(all) if all.iter().all(|one| !one.is_object() && !one.is_array()) => {
            all.iter().map(word).collect::<Vec<_>>().join("\n")
        }
        Value::Array(_) | Value::Object(_) => lines(yaml(value)),
        Value::String(text) if is_instant(text) => moment(value),
        Value::String(text) => lines(text.clone()),
        Value::Null | Value::Bool(_) | Value::Number(_) => word(value),
    }
}

fn word(value: &Value) -> String {
    match value {
        Value::Null => "–".to_owned(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::Number(number) => number.to_string(),
        Value::String(text) if text.is_empty() => "–".to_owned(),
        Value::String(text) => plain(text),
        Value::Array(all) if all.is_empty() => "–".to_owned(),
        Value::Array(all) => all.iter().map(word).collect::<Vec<_>>().join(", "),
        Value::Object(_) => plain(&value.to_string()),
    }
}

/// An instant of the API: `2026-11-22T01:02:03.456789Z`.
fn is_instant(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() >= 20 && bytes.get(10) == Some(&b'T') && bytes.get(13) == Some(&b':') && text.ends_with('Z')
}

/// To the minute, in UTC: people compare these with their log files.
pub(super) fn moment(value: &Value) -> String {
    match value.as_str() {
        Some(text) if is_instant(text) => {
            format!("{} {}Z", text.get(..10).unwrap_or_default(), text.get(11..16).unwrap_or_default())
        }
        Some(_) | None => word(value),
    }
}

/// Nothing but columns; as wide as it takes where no person looks.
fn bare() -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    let arrangement =
        if io::stdout().is_terminal() { ContentArrangement::Dynamic } else { ContentArrangement::Disabled };
    table.set_content_arrangement(arrangement);
    if colourful() {
        table.enforce_styling();
    }
    table
}

fn rendered(mut table: Table) -> String {
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    table.trim_fmt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const COLUMNS: &[Column] = &[
        column("NAME", "/name", Show::Text),
        column("STATE", "/state", Show::State),
        column("SEEN", "/seen", Show::Moment),
    ];

    #[test]
    fn a_table_has_columns_and_nothing_else() {
        let items = [
            json!({"name": "Ada", "state": "active", "seen": "2026-11-22T01:02:03.456789Z"}),
            json!({"name": "Grace Hopper", "state": "suspended", "seen": null}),
        ];
        insta::assert_snapshot!(table(COLUMNS, &items), @r"
        NAME          STATE      SEEN
        Ada           active     2026-11-22 01:02Z
        Grace Hopper  suspended  –
        ");
    }

    #[test]
    fn the_facts_of_one_thing_stand_under_each_other() {
        let thing = json!({
            "id": "usr_1", "user_name": "ada@acme.example", "external_id": null, "created_at": "2026-11-22T01:02:03.456789Z",
            "why": ["owner: directly"], "attributes": {"title": "Engineer", "emails": [{"value": "a@b"}]},
        });
        insta::assert_snapshot!(facts(&thing), @r"
        id          usr_1
        user name   ada@acme.example
        created at  2026-11-22 01:02Z
        why         owner: directly
        attributes  title: Engineer
                    emails:
                      - value: a@b
        ");
    }

    #[test]
    fn what_a_stranger_wrote_cannot_move_the_cursor() {
        let items = [json!({"name": "\u{1b}[2J\u{202e}x\ny\u{9b}"})];
        let text = table(&COLUMNS[..1], &items);
        assert!(!text.contains(['\u{1b}', '\u{202e}', '\u{9b}']), "{text:?}");
        assert_eq!(text.lines().count(), 2);
        assert!(!facts(&json!({"a": {"b": "\u{1b}[2J"}, "c": "\u{9b}"})).contains(['\u{1b}', '\u{9b}']));
    }
}
