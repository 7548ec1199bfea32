//! An organization as a text: what it writes, [`read`](super::read_document) reads as the same.

use super::{state::State, written, yaml::yaml};
use saphyr::{LoadableYamlNode, Yaml};
use serde_json::{Map, Value};

impl State {
    /// The document that says exactly this.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        for (section, value) in written::sections(self) {
            if !text.is_empty() {
                text.push('\n');
            }
            match value {
                Value::String(mapping) => text.push_str(&block(&section, &mapping)),
                value => text.push_str(&emitted(&section, value)),
            }
        }
        text
    }
}

/// A key and its value, by the emitter.
fn emitted(key: &str, value: Value) -> String {
    format!("{}\n", yaml(&Value::Object(Map::from_iter([(key.to_owned(), value)]))))
}

/// A text as it is, line by line, if YAML lets it stand so; else as one quoted line.
fn block(key: &str, value: &str) -> String {
    let chomping = match value.strip_suffix('\n') {
        None => "-",
        Some(rest) if rest.is_empty() || rest.ends_with('\n') => "+",
        Some(_) => "",
    };
    let line = |line: &str| if line.trim_end_matches('\n').is_empty() { line.to_owned() } else { format!("  {line}") };
    let lines: String = value.split_inclusive('\n').map(line).collect();
    let text = format!("{key}: |2{chomping}\n{lines}");
    let text = if text.ends_with('\n') { text } else { format!("{text}\n") };
    // The shorter way where it means the same.
    let usual = text.replacen("|2", "|", 1);
    let means_it = |text: &String| {
        let read = Yaml::load_from_str(text).ok();
        let found = read.as_ref().and_then(|all| all.first()).and_then(|root| root.as_mapping_get(key));
        found.and_then(Yaml::as_str) == Some(value)
    };
    [usual, text].into_iter().find(means_it).unwrap_or_else(|| emitted(key, Value::from(value)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mapping_stands_in_the_document_as_it_was_written() {
        let texts = [
            "",
            "a",
            "a\n",
            "a\n\n",
            "\n",
            "\na\n",
            "  a: b\n c\n",
            "# x\nrules:\n  - name: y\n\n    grant: z\n",
            "a\r\nb\n",
            "a\tb\n",
            "\u{85}x",
            "- |\n  x\n",
            "a \n b",
            "   ",
            "\n\n  x",
        ];
        for text in texts {
            let written = block("mapping", text);
            let read = Yaml::load_from_str(&written).unwrap();
            let found = read[0].as_mapping_get("mapping").and_then(Yaml::as_str);
            assert_eq!(found, Some(text), "{written:?}");
        }
        assert_eq!(block("mapping", "# x\nrules: []\n"), "mapping: |\n  # x\n  rules: []\n");
    }
}
