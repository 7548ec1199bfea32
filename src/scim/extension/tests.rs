use super::*;
use crate::scim::{Patch, Projection, Query, ResourceType, USER_SCHEMA, UserDocument};
use serde_json::json;

const URN: &str = "urn:acme:params:scim:2.0:User";

fn declared() -> Vec<ExtensionSchema> {
    let attribute = |name: &str, kind, multi_valued| ExtensionAttribute {
        name: name.to_owned(),
        kind,
        multi_valued,
        description: String::new(),
        sub_attributes: Vec::new(),
    };
    let attributes = vec![
        attribute("badge", ExtensionType::Integer, false),
        attribute("remote", ExtensionType::Boolean, false),
        attribute("hiredAt", ExtensionType::DateTime, false),
        attribute("tags", ExtensionType::String, true),
    ];
    vec![ExtensionSchema { urn: URN.to_owned(), description: String::new(), attributes }]
}

fn read(body: &Value, dialect: Dialect) -> Result<Value, String> {
    let declared = declared();
    let mut body = body.as_object().expect("an object").clone();
    body.insert("schemas".to_owned(), json!([USER_SCHEMA]));
    body.insert("userName".to_owned(), json!("ada"));
    let read = UserDocument::parse_extended(&body, dialect, Extensions(&declared));
    read.map(|(user, _)| user.as_map().get(URN).cloned().unwrap_or_default()).map_err(|error| error.detail)
}

#[test]
fn values_are_what_is_declared_or_are_refused() {
    let tolerant = |value: Value| read(&json!({ URN: value }), Dialect::Tolerant);
    assert_eq!(
        tolerant(json!({"TAGS": ["a", "b", "a", ""], "badge": "7", "remote": "True"})),
        Ok(json!({"badge": 7, "remote": true, "tags": ["a", "b"]}))
    );
    assert_eq!(tolerant(json!({"unknown": 1, "tags": [], "badge": null})), Ok(Value::Null));
    assert_eq!(read(&json!({"URN:ACME:params:scim:2.0:user:badge": 8}), Dialect::Tolerant), Ok(json!({"badge": 8})));
    for wrong in
        [json!({"badge": "x"}), json!({"badge": 1.5}), json!({"remote": 1}), json!({"hiredAt": "soon"}), json!(3)]
    {
        assert!(tolerant(wrong.clone()).is_err(), "{wrong}");
    }
    for strictly in [json!({"badge": "7"}), json!({"unknown": 1}), json!({"tags": "a"})] {
        assert!(read(&json!({ URN: strictly }), Dialect::Strict).is_err(), "{strictly}");
    }
}

#[test]
fn a_patch_reaches_them_by_their_urn() {
    let declared = declared();
    let patched = |before: Value, operations: Value| {
        let before =
            UserDocument::from_stored(json!({"userName": "ada", URN: before}).as_object().expect("is").clone());
        let body = json!({"schemas": [crate::scim::PATCH_SCHEMA], "Operations": operations});
        let patch = Patch::parse(body.as_object().expect("is"), Dialect::Tolerant).expect("is a patch");
        let after = patch.apply_to_extended_user(&before, Extensions(&declared)).map_err(|error| error.status)?;
        Ok::<_, u16>(after.document.as_map().get(URN).cloned().unwrap_or_default())
    };
    let path = |name: &str| format!("{URN}:{name}");
    for (operation, wanted) in [
        (json!({"op": "add", "path": path("tags"), "value": ["b", "c"]}), json!({"badge": 1, "tags": ["a", "b", "c"]})),
        (json!({"op": "replace", "path": path("tags"), "value": ["c"]}), json!({"badge": 1, "tags": ["c"]})),
        (json!({"op": "remove", "path": path("tags"), "value": ["a"]}), json!({"badge": 1, "tags": ["b"]})),
        (json!({"op": "remove", "path": path("tags")}), json!({"badge": 1})),
        (json!({"op": "add", "value": {URN: {"badge": 2}}}), json!({"badge": 2, "tags": ["a", "b"]})),
        (json!({"op": "add", "value": {path("badge"): 3}}), json!({"badge": 3, "tags": ["a", "b"]})),
        (json!({"op": "remove", "path": URN}), Value::Null),
        (
            json!({"op": "replace", "path": URN, "value": {"remote": true}}),
            json!({"badge": 1, "remote": true, "tags": ["a", "b"]}),
        ),
    ] {
        let before = json!({"badge": 1, "tags": ["a", "b"]});
        assert_eq!(patched(before, json!([operation])), Ok(wanted), "{operation}");
    }
    let twice =
        json!([{"op": "add", "path": "title", "value": "x"}, {"op": "add", "path": path("badge"), "value": "x"}]);
    assert_eq!(patched(json!({}), twice), Err(400));
}

#[test]
fn queries_know_them_and_their_types() {
    let declared = declared();
    let query = |filter: &str| {
        let parameters = [("filter".to_owned(), filter.to_owned()), ("sortBy".to_owned(), format!("{URN}:BADGE"))];
        Query::parse_extended(ResourceType::User, &parameters, Dialect::Tolerant, Extensions(&declared))
    };
    let read = query("URN:acme:params:scim:2.0:User:BADGE gt 6 and urn:acme:params:scim:2.0:User:tags eq \"a\"")
        .expect("is read");
    let filter = read.filter.expect("is there");
    assert_eq!(filter.to_string(), format!("{URN}:badge gt 6 and {URN}:tags eq \"a\""));
    assert_eq!(read.sort.expect("is there").by.to_string(), format!("{URN}:badge"));
    let resource = json!({"userName": "ada", URN: {"badge": 7, "tags": ["b", "A"]}});
    assert!(filter.matches(&resource, &Extensions(&declared)));
    for wrong in ["remote gt true", "nothing pr", "hiredAt gt \"soon\""] {
        assert!(query(&format!("{URN}:{wrong}")).is_err(), "{wrong}");
    }
    let only = Projection::parse(ResourceType::User, Some(&format!("{URN}:badge")), None).apply(resource.clone());
    assert_eq!(only, json!({URN: {"badge": 7}}));
    let without = Projection::parse(ResourceType::User, None, Some(URN)).apply(resource);
    assert_eq!(without, json!({"userName": "ada"}));
}

#[test]
fn what_cannot_be_declared_is_named() {
    let refused = |urn: &str, names: &[&str]| {
        let attributes = names.iter().map(|name| ExtensionAttribute {
            name: (*name).to_owned(),
            kind: ExtensionType::String,
            multi_valued: false,
            description: String::new(),
            sub_attributes: Vec::new(),
        });
        let schema =
            ExtensionSchema { urn: urn.to_owned(), description: String::new(), attributes: attributes.collect() };
        Extensions(&[schema]).check().err().unwrap_or_default()
    };
    assert_eq!(refused(URN, &["badge"]), "");
    assert_eq!(refused("urn:ietf:params:scim:schemas:extension:acme:2.0:User", &["badge"]), "");
    assert!(refused(ENTERPRISE_SCHEMA, &["badge"]).contains("there already"));
    assert!(refused("urn:acme", &["badge"]).contains("is no URN"));
    assert!(refused(URN, &[]).contains("between 1 and 50"));
    assert!(refused(URN, &["a", "A"]).contains("twice"));
    assert!(refused(URN, &["a.b"]).contains("is no name"));
    let twice = [declared(), declared()].concat();
    assert!(Extensions(&twice).check().is_err_and(|why| why.contains("declared twice")));
}
