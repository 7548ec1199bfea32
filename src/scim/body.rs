//! From bytes to a JSON object, before anything looks at what it says.
//!
//! `serde_json` alone would let two things through that make different readers see different documents: a key that is
//! there twice, and the NUL character, which PostgreSQL cannot store. Both are refused here, once, for every request.

use super::error::ScimError;
use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use std::{collections::HashSet, fmt};

/// How deep objects and arrays may lie in each other. The deepest message of the protocol needs 7.
const DEPTH: usize = 32;

/// A body that is not JSON that means one thing. The message says where and why.
#[derive(Debug, thiserror::Error)]
#[error("The body is not JSON that can be used: {0}.")]
pub struct UnreadableJson(#[from] serde_json::Error);

/// When two keys are one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Keys {
    /// When their bytes are the same.
    Exact,
    /// When only the case of their letters differs. RFC 7643 §2.1: attribute names are case-insensitive.
    AnyCase,
}

/// Reads JSON that says each thing once, whatever value it is. The API reads its bodies by this too.
pub fn read_json(bytes: &[u8]) -> Result<Value, UnreadableJson> {
    read(bytes, Keys::Exact)
}

fn read(bytes: &[u8], keys: Keys) -> Result<Value, UnreadableJson> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value = Node { depth: 0, keys }.deserialize(&mut reader)?;
    reader.end()?;
    Ok(value)
}

/// Reads a SCIM request's body.
///
/// # Errors
/// `invalidSyntax`, with line and column, if the bytes are not one JSON object that says each thing once.
pub fn parse_object(bytes: &[u8]) -> Result<Map<String, Value>, ScimError> {
    match read(bytes, Keys::AnyCase) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_)) => {
            Err(ScimError::invalid_syntax("The body must be a JSON object, such as {\"schemas\": […], …}."))
        }
        Err(_) if bytes.iter().all(u8::is_ascii_whitespace) => {
            Err(ScimError::invalid_syntax("The body is empty; a JSON object was expected."))
        }
        Err(error) => Err(ScimError::invalid_syntax(error)),
    }
}

struct Node {
    depth: usize,
    keys: Keys,
}

impl Node {
    fn below<E: serde::de::Error>(&self) -> Result<Self, E> {
        if self.depth >= DEPTH {
            return Err(E::custom(format_args!("it is nested more than {DEPTH} levels deep")));
        }
        Ok(Self { depth: self.depth + 1, keys: self.keys })
    }
}

impl<'de> DeserializeSeed<'de> for Node {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

/// A text without NUL.
fn clean<E: serde::de::Error>(text: &str) -> Result<String, E> {
    if text.contains('\0') {
        return Err(E::custom("a text holds the character NUL (\\u0000), which cannot be stored"));
    }
    Ok(text.to_owned())
}

struct Key(String);

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        clean(&String::deserialize(deserializer)?).map(Self)
    }
}

impl<'de> Visitor<'de> for Node {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E: serde::de::Error>(self, value: &str) -> Result<Value, E> {
        clean(value).map(Value::String)
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut elements = Vec::new();
        while let Some(element) = access.next_element_seed(self.below()?)? {
            elements.push(element);
        }
        Ok(Value::Array(elements))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let (mut object, mut folded) = (Map::new(), HashSet::new());
        while let Some(Key(key)) = access.next_key()? {
            if object.contains_key(&key) || (self.keys == Keys::AnyCase && is_twice(&object, &mut folded, &key)) {
                return Err(A::Error::custom(format_args!("the key “{key}” is there twice in one object")));
            }
            let value = access.next_value_seed(self.below()?)?;
            object.insert(key, value);
        }
        Ok(Value::Object(object))
    }
}

/// Keys that are compared one by one; beyond that a set is cheaper, and an object of a hundred thousand keys costs no square.
const FEW: usize = 32;

/// Whether the key is there already in another case. `folded` is filled when there are no longer few.
fn is_twice(object: &Map<String, Value>, folded: &mut HashSet<String>, key: &str) -> bool {
    if object.len() < FEW {
        return object.keys().any(|known| known.eq_ignore_ascii_case(key));
    }
    if folded.is_empty() {
        folded.extend(object.keys().map(|known| known.to_ascii_lowercase()));
    }
    !folded.insert(key.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(body: &str) -> String {
        let error = parse_object(body.as_bytes()).expect_err("must be refused");
        assert_eq!((error.status, error.scim_type), (400, Some(super::super::ScimType::InvalidSyntax)));
        error.detail
    }

    #[test]
    fn an_object_comes_through_as_it_was() {
        let object = parse_object(br#" {"a": [1, -2, 0.5, true, null, "x"], "b": {}} "#).expect("is JSON");
        assert_eq!(Value::Object(object), serde_json::json!({"a": [1, -2, 0.5, true, null, "x"], "b": {}}));
    }

    #[test]
    fn a_refusal_says_what_and_where() {
        insta::assert_snapshot!(refusal("{\"a\": 1,\n  \"b\": }"), @"The body is not JSON that can be used: expected value at line 2 column 8.");
        insta::assert_snapshot!(refusal("{\"userName\": 1,\n \"userName\": 2}"), @"The body is not JSON that can be used: the key “userName” is there twice in one object at line 2 column 11.");
        insta::assert_snapshot!(refusal(r#"{"a": "x\u0000y"}"#), @r"The body is not JSON that can be used: a text holds the character NUL (\u0000), which cannot be stored at line 1 column 16.");
        insta::assert_snapshot!(refusal("[1]"), @r#"The body must be a JSON object, such as {"schemas": […], …}."#);
        insta::assert_snapshot!(refusal(" "), @"The body is empty; a JSON object was expected.");
        insta::assert_snapshot!(refusal("{} {}"), @"The body is not JSON that can be used: trailing characters at line 1 column 4.");
    }

    #[test]
    fn names_that_differ_in_case_alone_are_one_name() {
        assert!(refusal(r#"{"active": true, "Active": false}"#).contains("the key “Active” is there twice"));
        let many = (0..100).fold(String::new(), |text, n| format!("{text}\"k{n}\": 0, "));
        assert!(parse_object(format!("{{{many}\"z\": 0}}").as_bytes()).is_ok());
        assert!(refusal(&format!("{{{many}\"K7\": 0}}")).contains("the key “K7” is there twice"));
        assert!(refusal(&format!("{{{many}\"z\": 0, \"Z\": 0}}")).contains("the key “Z” is there twice"));
        assert!(read_json(br#"{"a": 1, "A": 2}"#).is_ok(), "elsewhere they are two");
    }

    #[test]
    fn depth_is_limited() {
        let nested = |levels: usize| format!("{{\"a\":{}{}}}", "[".repeat(levels), "]".repeat(levels));
        assert!(parse_object(nested(30).as_bytes()).is_ok());
        assert!(refusal(&nested(40)).contains("nested more than 32 levels"));
        assert!(!refusal(&nested(100_000)).is_empty(), "and the stack survives");
    }
}
