//! Which values of what is known of somebody are theirs alone: names, addresses, numbers. A department or a title is none.

use serde_json::{Map, Value};

/// Attributes and claims whose value, or whose list of values, names one person.
const NAMES: &[&str] = &[
    "username",
    "externalid",
    "displayname",
    "nickname",
    "profileurl",
    "email",
    "emails",
    "phonenumbers",
    "phone_number",
    "ims",
    "photos",
    "picture",
    "addresses",
    "address",
    "formatted",
    "employeenumber",
    "sub",
    "oid",
    "upn",
    "preferred_username",
    "name",
    "nameid",
    "unique_name",
];

/// Parts of such a value that say nothing by themselves.
const NOT_NAMES: &[&str] = &["type", "primary", "country", "region", "locality", "honorificprefix", "honorificsuffix"];

/// Parts of a name that many people share.
const SHARED: &[&str] =
    &["givenname", "given_name", "familyname", "family_name", "middlename", "middle_name", "display"];

/// Hands on each text of a JSON document that names the person. What does not read as one names nobody.
pub(super) fn called(document: &str, add: &mut impl FnMut(&str)) {
    if let Ok(Value::Object(fields)) = serde_json::from_str(document) {
        of_fields(&fields, add);
    }
}

fn of_fields(fields: &Map<String, Value>, add: &mut impl FnMut(&str)) {
    for (name, value) in fields {
        let name = name.to_lowercase();
        if NAMES.contains(&name.as_str()) {
            every_text(value, add);
        } else if let Value::Object(inner) = value {
            // An extension, such as that of enterprises with its employee number.
            of_fields(inner, add);
        }
    }
}

fn every_text(value: &Value, add: &mut impl FnMut(&str)) {
    match value {
        Value::Null | Value::Bool(_) => {}
        Value::Number(number) => add(&number.to_string()),
        Value::String(text) => add(text),
        Value::Array(values) => values.iter().for_each(|value| every_text(value, add)),
        Value::Object(fields) => {
            for (name, value) in fields {
                let name = name.to_lowercase();
                if !NOT_NAMES.contains(&name.as_str()) && !SHARED.contains(&name.as_str()) {
                    every_text(value, add);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_names_a_person_is_told_from_what_many_share() {
        let document = json!({
            "userName": "ada", "title": "Engineer", "name": {"formatted": "Ada King", "familyName": "King"},
            "emails": [{"value": "ada@acme.test", "type": "work", "primary": true}],
            "addresses": [{"streetAddress": "12 St James", "country": "GB"}],
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {"employeeNumber": "701984", "department": "R&D"},
            "sub": "00u1", "groups": ["eng"],
        });
        let mut told = Vec::new();
        called(&document.to_string(), &mut |name| told.push(name.to_owned()));
        told.sort();
        assert_eq!(told, ["00u1", "12 St James", "701984", "Ada King", "ada", "ada@acme.test"]);
        called("no JSON", &mut |_| unreachable!());
    }
}
