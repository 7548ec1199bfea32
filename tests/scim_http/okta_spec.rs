//! The test that Okta publishes for SCIM 2.0 servers ("Okta SCIM 2.0 SPEC Test", a suite for Runscope and BlazeMeter): its
//! twelve requests in its order, with its headers, and its 53 assertions, a sentence each.

use super::user;
use crate::world::{Answer, Connection, World};
use castgate::model::{ConnectionSettings, Profile, ScimDialect};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

const LIST: &str = "urn:ietf:params:scim:api:messages:2.0:ListResponse";
const ERROR: &str = "urn:ietf:params:scim:api:messages:2.0:Error";
/// What the suite waits for a list of groups, in all.
const GROUPS_WITHIN: Duration = Duration::from_millis(600);

/// The suite's headers of a GET; `authorization` is what it is told to send.
fn headers(authorization: &str) -> [(&str, &str); 5] {
    [
        ("accept-charset", "utf-8"),
        ("content-type", "application/scim+json; charset=utf-8"),
        ("accept", "application/scim+json"),
        ("authorization", authorization),
        ("user-agent", "OKTA SCIM Integration"),
    ]
}

/// One run: what was asserted, and what did not hold.
struct Suite<'a> {
    world: &'a World,
    bearer: String,
    asserted: usize,
    broken: Vec<String>,
}

impl Suite<'_> {
    fn holds(&mut self, sentence: &str, holds: bool, answer: &Answer) {
        self.asserted += 1;
        if !holds {
            self.broken.push(format!("{sentence}: {answer:?}"));
        }
    }

    async fn get(&self, path: &str) -> Answer {
        self.world.client.get(&format!("/scim/v2{path}"), &headers(&self.bearer)).await
    }

    async fn post(&self, body: &Value) -> Answer {
        let headers = [
            ("content-type", "application/json"),
            ("authorization", self.bearer.as_str()),
            ("accept", "application/scim+json; charset=utf-8"),
        ];
        self.world.client.send("POST", "/scim/v2/Users", &headers, Some(body.to_string())).await
    }
}

/// Runscope's "not empty": there, and neither null nor an empty text, list or object.
fn is_there(answer: &Answer, pointer: &str) -> bool {
    match answer.json().pointer(pointer) {
        None | Some(Value::Null) => false,
        Some(Value::String(text)) => !text.is_empty(),
        Some(Value::Array(list)) => !list.is_empty(),
        Some(Value::Object(parts)) => !parts.is_empty(),
        Some(Value::Bool(_) | Value::Number(_)) => true,
    }
}

fn is_number(answer: &Answer, name: &str) -> bool {
    answer.json()[name].is_number()
}

fn names_schema(answer: &Answer, schema: &str) -> bool {
    answer.json()["schemas"].as_array().is_some_and(|schemas| schemas.iter().any(|one| one == schema))
}

fn is(answer: &Answer, pointer: &str, wanted: &str) -> bool {
    answer
        .json()
        .pointer(pointer)
        .is_some_and(|value| value.as_str().map_or(value.to_string(), str::to_owned) == wanted)
}

fn eq(name: &str) -> String {
    format!("/Users?filter=userName%20eq%20%22{name}%22")
}

/// Steps 1 to 5: what is there, and what is not.
async fn reads(suite: &mut Suite<'_>) {
    let a = suite.get("/Users?count=1&startIndex=1").await;
    suite.holds("a page of users is answered with 200", a.status == 200, &a);
    suite.holds("it has Resources", is_there(&a, "/Resources"), &a);
    suite.holds("it is a ListResponse", names_schema(&a, LIST), &a);
    suite.holds("itemsPerPage is a number", is_number(&a, "itemsPerPage"), &a);
    suite.holds("startIndex is a number", is_number(&a, "startIndex"), &a);
    suite.holds("totalResults is a number", is_number(&a, "totalResults"), &a);
    suite.holds("the user in it has an id", is_there(&a, "/Resources/0/id"), &a);
    suite.holds("… and a family name", is_there(&a, "/Resources/0/name/familyName"), &a);
    suite.holds("… and a given name", is_there(&a, "/Resources/0/name/givenName"), &a);
    suite.holds("… and a userName", is_there(&a, "/Resources/0/userName"), &a);
    suite.holds("… and says whether it is active", is_there(&a, "/Resources/0/active"), &a);
    suite.holds("… and has an address", is_there(&a, "/Resources/0/emails/0/value"), &a);

    let id = a.json()["Resources"][0]["id"].as_str().unwrap_or_default().to_owned();
    let a = suite.get(&format!("/Users/{id}")).await;
    suite.holds("that user, by its id, is answered with 200", a.status == 200, &a);
    suite.holds("it has an id", is_there(&a, "/id"), &a);
    suite.holds("it has a family name", is_there(&a, "/name/familyName"), &a);
    suite.holds("it has a given name", is_there(&a, "/name/givenName"), &a);
    suite.holds("it has a userName", is_there(&a, "/userName"), &a);
    suite.holds("it says whether it is active", is_there(&a, "/active"), &a);
    suite.holds("it has an address", is_there(&a, "/emails/0/value"), &a);
    suite.holds("its id is the one of the list", is(&a, "/id", &id), &a);

    let a = suite.get(&eq("abcdefgh@atko.com")).await;
    suite.holds("a search for nobody is answered with 200", a.status == 200, &a);
    suite.holds("it is a ListResponse too", names_schema(&a, LIST), &a);
    suite.holds("its totalResults is 0", is(&a, "/totalResults", "0"), &a);

    let a = suite.get("/Users/010101001010101011001010101011").await;
    suite.holds("an id of nobody is answered with 404", a.status == 404, &a);
    suite.holds("the refusal says what is wrong", is_there(&a, "/detail"), &a);
    suite.holds("it is a SCIM error", names_schema(&a, ERROR), &a);

    let a = suite.get(&eq("grace.hopper@example.com")).await;
    suite.holds("a search for who is to be made is answered with 200", a.status == 200, &a);
    suite.holds("nobody has that name yet", a.json()["totalResults"] == 0, &a);
    suite.holds("and that is a ListResponse", names_schema(&a, LIST), &a);
}

/// Steps 6 to 9: somebody is made.
async fn writes(suite: &mut Suite<'_>) {
    let name = "grace.hopper@example.com";
    let grace = json!({
        "schemas": [super::USER_SCHEMA], "userName": name, "name": {"givenName": "Grace", "familyName": "Hopper"},
        "emails": [{"primary": true, "value": name, "type": "work"}], "displayName": "Grace Hopper", "active": true,
    });
    let a = suite.post(&grace).await;
    suite.holds("a new user is answered with 201", a.status == 201, &a);
    suite.holds("it is active", is(&a, "/active", "true"), &a);
    suite.holds("it has an id", is_there(&a, "/id"), &a);
    suite.holds("its family name is the one that was sent", is(&a, "/name/familyName", "Hopper"), &a);
    suite.holds("its given name is the one that was sent", is(&a, "/name/givenName", "Grace"), &a);
    suite.holds("its schemas have that of a User", names_schema(&a, super::USER_SCHEMA), &a);
    suite.holds("its userName is the one that was sent", is(&a, "/userName", name), &a);

    let id = a.json()["id"].as_str().unwrap_or_default().to_owned();
    let a = suite.get(&format!("/Users/{id}")).await;
    suite.holds("the new user can be read", a.status == 200, &a);
    suite.holds("it kept its userName", is(&a, "/userName", name), &a);
    suite.holds("it kept its family name", is(&a, "/name/familyName", "Hopper"), &a);
    suite.holds("it kept its given name", is(&a, "/name/givenName", "Grace"), &a);

    let a = suite.post(&grace).await;
    suite.holds("the same user again is answered with 409", a.status == 409, &a);

    let a = suite.get(&eq(&name.to_uppercase())).await;
    suite.holds("a search in capitals is answered with 200", a.status == 200, &a);
    // More than the suite asks for, and not counted: it finds who has the name in small letters.
    assert_eq!(a.json()["totalResults"], 1, "{a:?}");
}

/// Steps 10 to 12: groups, and refusals.
async fn rest(suite: &mut Suite<'_>) {
    // The fastest of a few: what another program does to this machine meanwhile is not what is asked.
    let (mut a, mut best) = (suite.get("/Groups").await, Duration::MAX);
    for _ in 0..10 {
        let began = Instant::now();
        a = suite.get("/Groups").await;
        best = best.min(began.elapsed());
    }
    suite.holds("a list of groups is answered with 200", a.status == 200, &a);
    suite.holds("it takes less than 600 ms", best < GROUPS_WITHIN, &a);
    let groups = a.json();
    let sound = groups["totalResults"] == 0 || groups["Resources"].is_array();
    suite.holds("if there are groups, Resources is a list", sound, &a);

    let path = format!("/scim/v2{}", eq("GRACE.HOPPER@EXAMPLE.COM"));
    let a = suite.world.client.get(&path, &headers("non-token")).await;
    suite.holds("without a token the answer is 401", a.status == 401, &a);
    suite.holds("it says what is wrong", is_there(&a, "/detail"), &a);
    suite.holds("its body says 401 too", is(&a, "/status", "401"), &a);
    suite.holds("the SCIM error's schema is in it", a.text.contains(ERROR), &a);

    let a = suite.get("/Users/00919288221112222").await;
    suite.holds("an id of another server's making is answered with 404", a.status == 404, &a);
    suite.holds("it says what there is not", is_there(&a, "/detail"), &a);
    suite.holds("its body says 404 too", is(&a, "/status", "404"), &a);
    suite.holds("it is a SCIM error as well", names_schema(&a, ERROR), &a);
}

async fn passes(world: &World, okta: &Connection) {
    // "There has to be a user": with what Okta's own pushes have.
    let mut ada = user("ada@example.com");
    ada["name"] = json!({"givenName": "Ada", "familyName": "Lovelace"});
    ada["emails"] = json!([{"value": "ada@example.com", "type": "work", "primary": true}]);
    okta.post("/Users", ada).await.expect(201);
    let mut suite = Suite { world, bearer: format!("Bearer {}", okta.token()), asserted: 0, broken: Vec::new() };
    reads(&mut suite).await;
    writes(&mut suite).await;
    rest(&mut suite).await;
    assert!(suite.broken.is_empty(), "{:#?}", suite.broken);
    assert_eq!(suite.asserted, 53, "the suite has 53 assertions");
}

#[tokio::test]
async fn oktas_published_test_passes_whole_in_both_dialects() {
    let world = World::start().await;
    for (name, dialect) in [("tolerant", ScimDialect::Tolerant), ("strict", ScimDialect::Strict)] {
        let settings = ConnectionSettings { dialect, ..ConnectionSettings::of(Profile::Okta) };
        let okta = world.organization(name).await.connection_with("okta", settings).await;
        passes(&world, &okta).await;
    }
}
