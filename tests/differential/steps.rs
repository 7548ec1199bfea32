//! The requests. `{ada}` is the id that was saved under that name.

use serde_json::{Value, json};

const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
const PATCH: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

/// One request.
#[derive(Debug)]
pub struct Step {
    pub name: &'static str,
    pub method: &'static str,
    pub path: &'static str,
    pub query: Vec<(&'static str, String)>,
    pub body: Value,
    /// The name under which the answer's id is kept.
    pub saves: Option<&'static str>,
}

fn step(name: &'static str, method: &'static str, path: &'static str, body: Value) -> Step {
    Step { name, method, path, query: Vec::new(), body, saves: None }
}

fn made(name: &'static str, path: &'static str, saves: &'static str, body: Value) -> Step {
    Step { saves: Some(saves), ..step(name, "POST", path, body) }
}

fn get(name: &'static str, path: &'static str, query: &[(&'static str, &str)]) -> Step {
    let query = query.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
    Step { query, ..step(name, "GET", path, Value::Null) }
}

fn find(name: &'static str, filter: &str) -> Step {
    get(name, "/Users", &[("filter", filter), ("attributes", "userName")])
}

#[expect(clippy::needless_pass_by_value, reason = "what is built for it is its own")]
fn patch(name: &'static str, path: &'static str, operations: Value) -> Step {
    // With attributes, so that both answer with a body.
    let mut step = step(name, "PATCH", path, json!({"schemas": [PATCH], "Operations": operations}));
    let shown = if path.starts_with("/Users") {
        "userName,displayName,title,nickName,name,emails,phoneNumbers,active,roles,urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
    } else {
        "displayName,members.value"
    };
    step.query = vec![("attributes", shown.to_owned())];
    step
}

fn person(name: &str, more: Value) -> Value {
    let mut body = json!({
        "schemas": [USER, ENTERPRISE], "userName": format!("{name}@example.com"), "externalId": format!("ext-{name}"),
        "name": {"givenName": name, "familyName": "Example"}, "active": true,
        "emails": [{"value": format!("{name}@example.com"), "type": "work", "primary": true}],
    });
    if let (Some(body), Value::Object(more)) = (body.as_object_mut(), more) {
        body.extend(more);
    }
    body
}

pub fn steps() -> Vec<Step> {
    let mut all = discovery();
    all.extend(people());
    all.extend(filters());
    all.extend(changes());
    all.extend(groups());
    all.extend(endings());
    all
}

fn discovery() -> Vec<Step> {
    vec![
        get("one resource type", "/ResourceTypes/Group", &[]),
        get("no such resource type", "/ResourceTypes/Device", &[]),
        get("no such schema", "/Schemas/urn:nothing", &[]),
        step("writing to discovery", "POST", "/Schemas", json!({})),
        get("a filter on discovery", "/Schemas", &[("filter", "id eq \"x\"")]),
        get("nobody there", "/Users", &[]),
        get("an unknown endpoint", "/Nothing", &[]),
    ]
}

fn people() -> Vec<Step> {
    let enterprise = json!({ENTERPRISE: {"department": "Engines", "employeeNumber": "7"}, "title": "Countess"});
    vec![
        made("ada comes", "/Users", "ada", person("ada", enterprise)),
        made(
            "bob comes",
            "/Users",
            "bob",
            person(
                "bob",
                json!({"nickName": "b%b_", "emails": [
            {"value": "bob@example.com", "type": "work"}, {"value": "bob@home.example", "type": "home"}]}),
            ),
        ),
        made("carol comes inactive", "/Users", "carol", person("carol", json!({"active": false}))),
        made("the same name again", "/Users", "twice", person("ada", json!({"externalId": "other"}))),
        made("the same name in capitals", "/Users", "twice", person("ADA", json!({"externalId": "other"}))),
        made("nobody's name", "/Users", "nameless", json!({"schemas": [USER]})),
        made("an empty name", "/Users", "nameless", json!({"schemas": [USER], "userName": ""})),
        step("the empty name leaves again", "DELETE", "/Users/{nameless}", Value::Null),
        made("nulls", "/Users", "nulls", person("nulls", json!({"title": null, "addresses": null, "roles": []}))),
        made("an id of one's own", "/Users", "own", person("own", json!({"id": "mine"}))),
        get("ada is read", "/Users/{ada}", &[]),
        get("ada's name alone", "/Users/{ada}", &[("attributes", "userName")]),
        get("part of ada's name", "/Users/{ada}", &[("attributes", "name.familyName")]),
        get("ada without addresses", "/Users/{ada}", &[("excludedAttributes", "emails,id")]),
        get("nobody is read", "/Users/nobody", &[]),
        step(
            "ada is replaced",
            "PUT",
            "/Users/{ada}",
            person("ada", json!({"id": "{ada}", "title": "Countess", "nickName": "A"})),
        ),
        step("nobody is replaced", "PUT", "/Users/nobody", person("nobody", json!({}))),
        step("ada takes bob's name", "PUT", "/Users/{ada}", person("bob", json!({}))),
    ]
}

fn filters() -> Vec<Step> {
    vec![
        find("eq", "userName eq \"ada@example.com\""),
        find("eq in capitals", "userName eq \"ADA@EXAMPLE.COM\""),
        find("names in capitals", "USERNAME EQ \"ada@example.com\""),
        find("ne", "userName ne \"ada@example.com\""),
        find("co", "userName co \"o\""),
        find("sw", "userName sw \"A\""),
        find("ew", "userName ew \"l@example.com\""),
        find("pr", "nickName pr"),
        find("gt on a text", "userName gt \"bob\""),
        find("le on a text", "userName le \"bob@example.com\""),
        find("gt on an instant", "meta.created gt \"2001-01-01T00:00:00Z\""),
        find("gt on a boolean", "active gt true"),
        find("and before or", "userName eq \"ada@example.com\" or userName eq \"bob@example.com\" and title pr"),
        find("parentheses", "(userName eq \"ada@example.com\" or userName eq \"bob@example.com\") and title pr"),
        find("not", "not (active eq true)"),
        find("a boolean", "active eq false"),
        find("one and the same value", "emails[type eq \"work\" and value eq \"bob@home.example\"]"),
        find("a value path", "emails[type eq \"home\" and value co \"@\"]"),
        find("a part", "emails.value eq \"bob@home.example\""),
        find("a bare list", "emails eq \"bob@home.example\""),
        find("a part of a name", "name.givenName eq \"BOB\""),
        find("qualified", "urn:ietf:params:scim:schemas:core:2.0:User:userName eq \"ada@example.com\""),
        find("externalId in capitals", "externalId eq \"EXT-ADA\""),
        find("externalId", "externalId eq \"ext-ada\""),
        find("an id", "id eq \"{ada}\""),
        find("a wildcard", "nickName co \"%\""),
        find("an underscore", "nickName ew \"_\""),
        find("an unknown attribute", "shoeSize eq 7"),
        find("no operator", "userName"),
        find("half a filter", "userName eq \"a\" and"),
        find("an open parenthesis", "(userName eq \"a\""),
        get(
            "a page",
            "/Users",
            &[("startIndex", "2"), ("count", "1"), ("sortBy", "userName"), ("attributes", "userName")],
        ),
        get("no page", "/Users", &[("count", "0")]),
        get("a negative page", "/Users", &[("count", "-1")]),
        get("a page before the first", "/Users", &[("startIndex", "0"), ("count", "0")]),
        get("behind the last page", "/Users", &[("startIndex", "1000")]),
    ]
}

fn changes() -> Vec<Step> {
    let one = |op: &str, path: &str, value: Value| json!([{"op": op, "path": path, "value": value}]);
    vec![
        patch("replace", "/Users/{ada}", one("replace", "displayName", json!("Ada"))),
        patch("an op in capitals", "/Users/{ada}", one("Replace", "title", json!("Lady"))),
        patch(
            "without a path",
            "/Users/{ada}",
            json!([{"op": "replace", "value": {"title": "Dame", "name": {"familyName": "L"}}}]),
        ),
        patch("a part", "/Users/{ada}", one("replace", "name.givenName", json!("Augusta"))),
        patch(
            "add to a list",
            "/Users/{ada}",
            one("add", "emails", json!([{"value": "ada@home.example", "type": "home"}])),
        ),
        patch(
            "add it again",
            "/Users/{ada}",
            one("add", "emails", json!([{"value": "ada@home.example", "type": "home"}])),
        ),
        patch(
            "a new primary",
            "/Users/{ada}",
            one("add", "emails", json!([{"value": "ada@other.example", "type": "other", "primary": true}])),
        ),
        patch(
            "replace a selected value",
            "/Users/{ada}",
            one("replace", "emails[type eq \"work\"].value", json!("ada@work.example")),
        ),
        patch("remove a selected value", "/Users/{ada}", json!([{"op": "remove", "path": "emails[type eq \"home\"]"}])),
        patch(
            "replace a value that is not there",
            "/Users/{ada}",
            one("replace", "emails[type eq \"fax\"].value", json!("x@y")),
        ),
        patch("and it is removed", "/Users/{ada}", json!([{"op": "remove", "path": "emails[type eq \"fax\"]"}])),
        patch(
            "add a value by filter",
            "/Users/{ada}",
            one("add", "phoneNumbers[type eq \"mobile\"].value", json!("+1")),
        ),
        patch("the number goes", "/Users/{ada}", json!([{"op": "remove", "path": "phoneNumbers"}])),
        patch("remove what is there", "/Users/{ada}", json!([{"op": "remove", "path": "nickName"}])),
        patch("remove what is not there", "/Users/{ada}", json!([{"op": "remove", "path": "nickName"}])),
        patch("remove without a path", "/Users/{ada}", json!([{"op": "remove"}])),
        patch("remove the name", "/Users/{ada}", json!([{"op": "remove", "path": "userName"}])),
        patch("replace the id", "/Users/{ada}", one("replace", "id", json!("x"))),
        patch("an unknown op", "/Users/{ada}", one("move", "title", json!("x"))),
        patch("an unreadable path", "/Users/{ada}", one("replace", "emails[type eq", json!("x"))),
        patch("an unknown path", "/Users/{ada}", one("replace", "shoeSize", json!(7))),
        patch("false as a text", "/Users/{ada}", one("replace", "active", json!("False"))),
        patch("active again", "/Users/{ada}", one("replace", "active", json!(true))),
        patch(
            "an extension",
            "/Users/{ada}",
            one("add", "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department", json!("R")),
        ),
        patch(
            "all or nothing",
            "/Users/{ada}",
            json!([{"op": "replace", "path": "title", "value": "Half"}, {"op": "replace", "path": "id", "value": "x"}]),
        ),
        get("nothing of it", "/Users/{ada}", &[("attributes", "title")]),
        patch("nobody is changed", "/Users/nobody", one("replace", "title", json!("x"))),
    ]
}

fn groups() -> Vec<Step> {
    let members = |ids: &[&str]| -> Value { ids.iter().map(|id| json!({"value": id})).collect() };
    let one = |op: &str, value: Value| json!([{"op": op, "path": "members", "value": value}]);
    vec![
        made(
            "a group",
            "/Groups",
            "team",
            json!({"schemas": [GROUP], "displayName": "Team", "members": members(&["{ada}"])}),
        ),
        patch("members are added", "/Groups/{team}", one("add", members(&["{bob}", "{carol}"]))),
        patch("a member is added again", "/Groups/{team}", one("add", members(&["{bob}"]))),
        patch(
            "a member is removed by filter",
            "/Groups/{team}",
            json!([{"op": "remove", "path": "members[value eq \"{bob}\"]"}]),
        ),
        patch(
            "a member is removed by value",
            "/Groups/{team}",
            json!([{"op": "remove", "path": "members", "value": members(&["{carol}"])}]),
        ),
        get("who is in then", "/Groups/{team}", &[("attributes", "members.value")]),
        patch(
            "carol leaves by filter",
            "/Groups/{team}",
            json!([{"op": "remove", "path": "members[value eq \"{carol}\"]"}]),
        ),
        patch("members are replaced", "/Groups/{team}", one("replace", members(&["{bob}", "{carol}"]))),
        patch("a member whom nobody knows", "/Groups/{team}", one("add", members(&["usr_nobody"]))),
        patch(
            "nobody leaves again",
            "/Groups/{team}",
            json!([{"op": "remove", "path": "members[value eq \"usr_nobody\"]"}]),
        ),
        patch(
            "a group is renamed",
            "/Groups/{team}",
            json!([{"op": "replace", "path": "displayName", "value": "Crew"}]),
        ),
        get("a group by its name", "/Groups", &[("filter", "displayName eq \"crew\""), ("attributes", "displayName")]),
        get("a group without members", "/Groups/{team}", &[("excludedAttributes", "members")]),
        patch("replaced by none", "/Groups/{team}", one("replace", json!([]))),
        patch("members removed", "/Groups/{team}", json!([{"op": "remove", "path": "members"}])),
        made("a group without a name", "/Groups", "none", json!({"schemas": [GROUP]})),
        get("no such group", "/Groups/nothing", &[]),
    ]
}

fn endings() -> Vec<Step> {
    vec![
        step("bob is deleted", "DELETE", "/Users/{bob}", Value::Null),
        get("bob is gone", "/Users/{bob}", &[]),
        step("bob is deleted again", "DELETE", "/Users/{bob}", Value::Null),
        find("nobody finds bob", "userName eq \"bob@example.com\""),
        made("bob's name is free", "/Users", "bob2", person("bob", json!({"externalId": "ext-bob-2"}))),
        step("the group is deleted", "DELETE", "/Groups/{team}", Value::Null),
    ]
}
