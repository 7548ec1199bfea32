//! Which values of what is known of somebody are theirs alone: names, addresses, numbers. A department or a title is none.

use crate::store::Terms;
use serde_json::{Map, Value};

/// Attributes and claims by which a provider knows one person.
const LOGINS: &[&str] = &[
    "username",
    "externalid",
    "email",
    "emails",
    "phonenumbers",
    "phone_number",
    "ims",
    "employeenumber",
    "sub",
    "oid",
    "upn",
    "preferred_username",
    "nameid",
    "unique_name",
];

/// Those that say what somebody is called; they may have chosen it.
const NAMES: &[&str] =
    &["displayname", "nickname", "profileurl", "photos", "picture", "addresses", "address", "formatted", "name"];

/// Parts of such a value that say nothing by themselves.
const NOT_NAMES: &[&str] = &["type", "primary", "country", "region", "locality", "honorificprefix", "honorificsuffix"];

/// Parts of a name that many people share.
const SHARED: &[&str] =
    &["givenname", "given_name", "familyname", "family_name", "middlename", "middle_name", "display"];

/// Adds each text of a JSON document that names the person. What does not read as one names nobody.
pub(super) fn called(document: &str, terms: &mut Terms) {
    if let Ok(Value::Object(fields)) = serde_json::from_str(document) {
        of_fields(&fields, terms);
    }
}

fn of_fields(fields: &Map<String, Value>, terms: &mut Terms) {
    for (name, value) in fields {
        let name = name.to_lowercase();
        if LOGINS.contains(&name.as_str()) {
            every_text(value, &mut |text| terms.add_login(text));
        } else if NAMES.contains(&name.as_str()) {
            every_text(value, &mut |text| terms.add_name(text));
        } else if let (Value::Object(inner), true) = (value, name.starts_with("urn:")) {
            // An extension, such as that of enterprises with its employee number. Any other object is a thing of its own: a site,
            // a manager.
            of_fields(inner, terms);
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
            "sub": "00u1", "groups": ["eng"], "site": {"name": "Berlin Mitte"}, "manager": {"displayName": "Grace Boss"},
        });
        let mut terms = Terms::default();
        called(&document.to_string(), &mut terms);
        let told: Vec<&str> = terms.iter().collect();
        assert_eq!(told, ["00u1", "701984", "ada@acme.test", "12 st james", "ada king", "ada"]);
        called("no JSON", &mut terms);
        assert_eq!(terms.iter().count(), 6);
    }
}
