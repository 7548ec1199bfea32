//! Joining what the ID token says with what the userinfo endpoint adds.

use serde_json::{Map, Value};

/// Claims about the token, not about the person: userinfo has no say in them.
const OF_THE_TOKEN: [&str; 16] = [
    "iss",
    "sub",
    "aud",
    "exp",
    "iat",
    "nbf",
    "nonce",
    "azp",
    "at_hash",
    "c_hash",
    "sid",
    "jti",
    "auth_time",
    "acr",
    "amr",
    "events",
];

/// Claims that mean something only beside another one of the same source.
const VERIFIED: [(&str, &str); 2] = [("email", "email_verified"), ("phone_number", "phone_number_verified")];

/// The ID token's claims, with the userinfo's where the ID token says nothing.
///
/// An address and the word that it is verified always come from one source: an address of one and a “verified” of the
/// other would together say what nobody said.
pub(super) fn merged(mut token: Map<String, Value>, mut userinfo: Map<String, Value>) -> Map<String, Value> {
    token.retain(|_, value| !value.is_null());
    userinfo.retain(|name, value| !value.is_null() && !OF_THE_TOKEN.contains(&name.as_str()));
    for (what, whether) in VERIFIED {
        if token.contains_key(what) {
            userinfo.shift_remove(whether);
        } else {
            token.shift_remove(whether);
            if !userinfo.contains_key(what) {
                userinfo.shift_remove(whether);
            }
        }
    }
    for (name, value) in userinfo {
        token.entry(name).or_insert(value);
    }
    for (_, whether) in VERIFIED {
        if let Some(flag) = token.get_mut(whether) {
            *flag = Value::Bool(is_true(flag));
        }
    }
    token
}

/// Some providers (AWS Cognito) write booleans as strings. Anything that is not clearly true is not verified.
fn is_true(flag: &Value) -> bool {
    flag.as_bool() == Some(true) || flag.as_str() == Some("true")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[track_caller]
    fn check(token: Value, userinfo: Value, expected: &Value) {
        let (Value::Object(token), Value::Object(userinfo)) = (token, userinfo) else { unreachable!("objects") };
        assert_eq!(&Value::Object(merged(token, userinfo)), expected);
    }

    #[test]
    fn the_id_token_wins_and_userinfo_fills_the_gaps() {
        check(
            json!({"sub": "1", "name": "Ada", "title": null}),
            json!({"sub": "1", "name": "Eve", "title": "Engineer", "iss": "other", "sid": "forged"}),
            &json!({"sub": "1", "name": "Ada", "title": "Engineer"}),
        );
    }

    #[test]
    fn an_address_and_its_verification_are_never_taken_from_two_sources() {
        check(
            json!({"email": "ada@a.example"}),
            json!({"email": "eve@e.example", "email_verified": true}),
            &json!({"email": "ada@a.example"}),
        );
        check(json!({"email_verified": true}), json!({"email": "eve@e.example"}), &json!({"email": "eve@e.example"}));
        check(
            json!({"email_verified": true}),
            json!({"email": "eve@e.example", "email_verified": false}),
            &json!({"email": "eve@e.example", "email_verified": false}),
        );
        check(json!({"email_verified": true}), json!({"email_verified": true}), &json!({}));
    }

    #[test]
    fn verified_is_a_boolean_even_when_a_provider_writes_a_string() {
        check(
            json!({"email": "a@b.c", "email_verified": "true"}),
            json!({}),
            &json!({"email": "a@b.c", "email_verified": true}),
        );
        check(
            json!({"email": "a@b.c", "email_verified": "yes"}),
            json!({}),
            &json!({"email": "a@b.c", "email_verified": false}),
        );
    }
}
