//! JSON as YAML.

use saphyr::{Mapping, Scalar, Yaml, YamlEmitter};
use serde_json::{Number, Value};

/// A value as a YAML document, without `---` and without a line break at its end.
#[must_use]
pub fn yaml(value: &Value) -> String {
    let mut text = String::new();
    // Writing to a string does not fail.
    let _ = YamlEmitter::new(&mut text).dump(&node(value));
    text.strip_prefix("---\n").unwrap_or(&text).trim_end_matches('\n').to_owned()
}

fn node(value: &Value) -> Yaml<'_> {
    match value {
        Value::Null => Yaml::Value(Scalar::Null),
        Value::Bool(yes) => Yaml::Value(Scalar::Boolean(*yes)),
        Value::Number(number) => Yaml::Value(scalar(number)),
        Value::String(text) => Yaml::Value(Scalar::String(text.as_str().into())),
        Value::Array(all) => Yaml::Sequence(all.iter().map(node).collect()),
        Value::Object(all) => {
            let mut mapping = Mapping::new();
            for (key, value) in all {
                mapping.insert(Yaml::Value(Scalar::String(key.as_str().into())), node(value));
            }
            Yaml::Mapping(mapping)
        }
    }
}

fn scalar(number: &Number) -> Scalar<'static> {
    match (number.as_i64(), number.as_f64()) {
        (Some(whole), _) => Scalar::Integer(whole),
        (None, Some(float)) => Scalar::FloatingPoint(float.into()),
        (None, None) => Scalar::String(number.to_string().into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use saphyr::LoadableYamlNode;
    use serde_json::json;

    #[test]
    fn what_looks_like_something_else_is_quoted() {
        let value =
            json!({"a": "yes", "b": "1", "c": "null", "d": ["~", "x: y", " z"], "e": {}, "f": "two\nlines", "g": 1.5});
        let written = yaml(&value);
        let read = Yaml::load_from_str(&written).unwrap();
        assert_eq!(read.len(), 1);
        assert_eq!(read[0], node(&value), "{written}");
    }
}
