//! Many operations in one request (RFC 7644 §3.7).

use super::{assert_refused, group, members, okta, patch, user};
use crate::world::{Answer, Connection, World};
use castgate::{
    app::{Actor, Clock, Ctx},
    model::{ConnectionSettings, Profile, ScimDialect},
};
use serde_json::{Value, json};

const BULK_SCHEMA: &str = "urn:ietf:params:scim:api:messages:2.0:BulkRequest";
const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

fn bulk(operations: &Value) -> Value {
    json!({"schemas": [BULK_SCHEMA], "Operations": operations})
}

async fn run(connection: &Connection, operations: &Value) -> Vec<Value> {
    let answer = connection.post("/Bulk", bulk(operations)).await.expect(200);
    results(&answer)
}

fn results(answer: &Answer) -> Vec<Value> {
    let json = answer.json();
    assert_eq!(json["schemas"], json!(["urn:ietf:params:scim:api:messages:2.0:BulkResponse"]));
    json["Operations"].as_array().unwrap().clone()
}

fn statuses(results: &[Value]) -> Vec<&str> {
    results.iter().map(|result| result["status"].as_str().unwrap()).collect()
}

/// The path behind `/scim/v2` of what a result is about.
fn path(result: &Value) -> String {
    result["location"].as_str().unwrap().split_once("/scim/v2").unwrap().1.to_owned()
}

fn with_manager(name: &str, manager: &str) -> Value {
    let mut user = user(name);
    user[ENTERPRISE] = json!({"manager": {"value": manager}});
    user
}

#[tokio::test]
async fn each_operation_says_what_became_of_it() {
    let (world, okta) = okta().await;
    let ada = okta.post("/Users", user("ada@example.com")).await.expect(201);
    let at = format!("/Users/{}", ada.id());
    let done = run(
        &okta,
        &json!([
            {"method": "POST", "path": "/Users", "bulkId": "bob", "data": user("bob@example.com")},
            {"method": "POST", "path": "/Users", "bulkId": "twin", "data": user("ada@example.com")},
            {"method": "PUT", "path": at, "data": user("ada@example.com")},
            {"method": "PATCH", "path": at, "data": patch(&json!([{"op": "add", "path": "title", "value": "Countess"}]))},
            {"method": "DELETE", "path": "/Users/usr_nobody"},
            {"method": "POST", "path": "/Groups", "bulkId": "eng", "data": {"members": []}},
            {"method": "DELETE", "path": at},
        ]),
    )
    .await;
    assert_eq!(statuses(&done), ["201", "409", "200", "200", "404", "400", "204"]);
    let (bob, twin) = (&done[0], &done[1]);
    assert_eq!((&bob["method"], &bob["bulkId"]), (&json!("POST"), &json!("bob")));
    assert!(bob["location"].as_str().unwrap().starts_with(&format!("{}/scim/v2/Users/usr_", world.origin)));
    assert_eq!(bob["version"], okta.get(&path(bob)).await.expect(200).header("etag"));
    assert!(bob.get("response").is_none(), "nobody asked: {bob}");
    assert_eq!(twin["response"]["scimType"], "uniqueness");
    assert!(twin.get("location").is_none(), "nothing was made: {twin}");
    assert_eq!(done[4]["response"]["schemas"], json!(["urn:ietf:params:scim:api:messages:2.0:Error"]));
    assert_eq!(done[4]["location"], format!("{}/scim/v2/Users/usr_nobody", world.origin));
    assert_eq!(done[5]["response"]["scimType"], "invalidValue");
    assert!(done[5].get("location").is_none(), "nothing was made: {}", done[5]);
    assert_refused(&okta.get(&at).await, 404, None);
}

#[tokio::test]
async fn references_lead_forward_and_back() {
    let (_world, okta) = okta().await;
    let done = run(
        &okta,
        &json!([
            {"method": "POST", "path": "/Groups", "bulkId": "g", "data": group("eng", &["bulkId:later", "bulkId:later2"])},
            {"method": "PATCH", "path": "/Groups/bulkId:g",
             "data": patch(&json!([{"op": "remove", "path": "members[value eq \"bulkId:later2\"]"}]))},
            {"method": "POST", "path": "/Users", "bulkId": "later", "data": user("ada@example.com")},
            {"method": "POST", "path": "/Users", "bulkId": "later2", "data": user("bob@example.com")},
            {"method": "PUT", "path": "/Users/bulkId:later2", "data": with_manager("bob@example.com", "bulkId:later")},
        ]),
    )
    .await;
    assert_eq!(statuses(&done), ["201", "200", "201", "201", "200"]);
    let ada = path(&done[2]).trim_start_matches("/Users/").to_owned();
    assert_eq!(members(&okta.get(&path(&done[0])).await), std::slice::from_ref(&ada));
    assert_eq!(path(&done[1]), path(&done[0]));
    let bob = okta.get(&path(&done[3])).await.expect(200).json();
    assert_eq!(bob[ENTERPRISE]["manager"]["value"], ada);
}

#[tokio::test]
async fn a_circle_of_references_is_closed() {
    let world = World::start().await;
    let strict = ConnectionSettings { dialect: ScimDialect::Strict, ..ConnectionSettings::of(Profile::Generic) };
    for (name, settings) in [("tolerant", ConnectionSettings::of(Profile::Okta)), ("strict", strict)] {
        let push = world.organization(name).await.connection_with("okta", settings).await;
        let done = run(
            &push,
            &json!([
                {"method": "POST", "path": "/Users", "bulkId": "a", "data": with_manager("ada@example.com", "bulkId:b")},
                {"method": "POST", "path": "/Users", "bulkId": "b", "data": with_manager("bob@example.com", "bulkId:a")},
                {"method": "POST", "path": "/Users", "bulkId": "me", "data": with_manager("eve@example.com", "bulkId:me")},
            ]),
        )
        .await;
        assert_eq!(statuses(&done), ["201", "201", "201"], "{done:?}");
        let ids: Vec<String> = done.iter().map(|one| path(one).trim_start_matches("/Users/").to_owned()).collect();
        for (one, boss) in done.iter().zip([&ids[1], &ids[0], &ids[2]]) {
            let read = push.get(&path(one)).await.expect(200);
            assert_eq!(read.json()[ENTERPRISE]["manager"]["value"], **boss);
            assert_eq!(one["version"], read.header("etag"), "the version after the circle was closed");
        }
    }
}

#[tokio::test]
async fn a_reference_to_nothing_is_that_operations_error() {
    let (_world, okta) = okta().await;
    let done = run(
        &okta,
        &json!([
            {"method": "POST", "path": "/Users", "bulkId": "bad", "data": {"userName": ""}},
            {"method": "POST", "path": "/Groups", "bulkId": "g", "data": group("eng", &["bulkId:bad"])},
            {"method": "POST", "path": "/Groups", "bulkId": "h", "data": group("ops", &["bulkId:nobody"])},
            {"method": "POST", "path": "/Users", "bulkId": "a", "data": with_manager("ada@example.com", "bulkId:b")},
            {"method": "POST", "path": "/Users", "bulkId": "b", "data":
                {"userName": "", ENTERPRISE: {"manager": {"value": "bulkId:a"}}}},
            {"method": "POST", "path": "/Users", "bulkId": "fine", "data":
                {"schemas": [super::USER_SCHEMA], "userName": "bulkId:a"}},
        ]),
    )
    .await;
    assert_eq!(statuses(&done), ["400", "409", "400", "409", "400", "201"]);
    assert_eq!(okta.get("/Groups").await.json()["totalResults"], 0);
    let fine = okta.get(&path(&done[5])).await.expect(200).json();
    assert_eq!(fine["userName"], "bulkId:a", "a name is a name");
}

#[tokio::test]
async fn so_many_errors_and_no_more() {
    let (_world, okta) = okta().await;
    let operations = json!([
        {"method": "DELETE", "path": "/Users/usr_1"},
        {"method": "POST", "path": "/Users", "bulkId": "a", "data": user("ada@example.com")},
        {"method": "DELETE", "path": "/Users/usr_2"},
        {"method": "POST", "path": "/Users", "bulkId": "b", "data": user("bob@example.com")},
    ]);
    for (most, wanted) in [(1, &["404"][..]), (2, &["404", "201", "404"]), (3, &["404", "409", "404"])] {
        let mut body = bulk(&operations);
        body["failOnErrors"] = json!(most);
        assert_eq!(statuses(&results(&okta.post("/Bulk", body).await.expect(200))), wanted, "{most}");
    }
}

#[tokio::test]
async fn a_version_guards_each_operation() {
    let (_world, okta) = okta().await;
    let made = okta.post("/Users", user("ada@example.com")).await.expect(201);
    let at = format!("/Users/{}", made.id());
    let title = |title: &str| patch(&json!([{"op": "replace", "path": "title", "value": title}]));
    let version = made.header("etag");
    let done = run(
        &okta,
        &json!([
            {"method": "PATCH", "path": at, "version": version, "data": title("one")},
            {"method": "PATCH", "path": at, "version": version, "data": title("two")},
            {"method": "PUT", "path": at, "version": version, "data": user("ada@example.com")},
            {"method": "DELETE", "path": at, "version": version},
        ]),
    )
    .await;
    assert_eq!(statuses(&done), ["200", "412", "412", "412"]);
    let read = okta.get(&at).await.expect(200);
    assert_eq!((&read.json()["title"], read.header("etag")), (&json!("one"), done[0]["version"].as_str().unwrap()));
}

#[tokio::test]
async fn a_result_shows_what_was_asked_for_and_never_more() {
    let (_world, okta) = okta().await;
    let operations = json!([
        {"method": "POST", "path": "/Users?attributes=userName", "bulkId": "a", "data": user("ada@example.com")},
        {"method": "POST", "path": "/Groups", "bulkId": "g", "data": group("eng", &["bulkId:a"])},
    ]);
    let done = run(&okta, &operations).await;
    let id = path(&done[0]).trim_start_matches("/Users/").to_owned();
    let wanted = json!({"schemas": [super::USER_SCHEMA], "id": id, "userName": "ada@example.com"});
    assert_eq!(done[0]["response"], wanted);
    assert!(done[1].get("response").is_none(), "{}", done[1]);
    let again = json!([{"method": "PATCH", "path": path(&done[1]), "data": patch(&json!([]))}]);
    let done = results(&okta.post("/Bulk?excludedAttributes=members", bulk(&again)).await.expect(200));
    assert_eq!(done[0]["response"]["displayName"], "eng");
    assert!(done[0]["response"].get("members").is_none(), "{}", done[0]);
}

#[tokio::test]
async fn the_limits_that_are_told_are_those_that_hold() {
    let world = World::start_with(Clock::machine(), |settings| settings.scim.max_bulk_operations = 3).await;
    let okta = world.organization("acme").await.connection("okta", Profile::Okta).await;
    let told = okta.get("/ServiceProviderConfig").await.expect(200).json()["bulk"].clone();
    assert_eq!(told, json!({"supported": true, "maxOperations": 3, "maxPayloadSize": 16 * 1024 * 1024}));
    let new = |number: u32| {
        json!({"method": "POST", "path": "/Users", "bulkId": number.to_string(),
                                   "data": user(&format!("{number}@example.com"))})
    };
    let four: Vec<Value> = (0..4).map(new).collect();
    let refused = okta.post("/Bulk", bulk(&json!(four))).await;
    assert_refused(&refused, 413, None);
    assert!(refused.json()["detail"].as_str().unwrap().contains('3'), "it says the limit: {refused:?}");
    assert_eq!(okta.get("/Users").await.json()["totalResults"], 0, "nothing was done");
    assert_eq!(run(&okta, &json!(four[..3])).await.len(), 3);
    assert_refused(&okta.post("/Bulk", json!({"schemas": [BULK_SCHEMA]})).await, 400, Some("invalidSyntax"));
    let twice = bulk(&json!([new(7), new(7)]));
    assert_refused(&okta.post("/Bulk", twice).await, 400, Some("invalidValue"));
    assert_refused(&okta.get("/Bulk").await, 405, None);
}

#[tokio::test]
async fn many_operations_cost_as_much_as_many_requests() {
    let world = World::start_with(Clock::machine(), |settings| {
        settings.limits.scim = "1/m".parse().unwrap();
        settings.limits.scim_burst = 5;
    })
    .await;
    let okta = world.organization("acme").await.connection("okta", Profile::Okta).await;
    let delete = json!({"method": "DELETE", "path": "/Users/usr_1"});
    assert_eq!(run(&okta, &json!(vec![&delete; 4])).await.len(), 4);
    let refused = okta.post("/Bulk", bulk(&json!(vec![&delete; 2]))).await;
    assert_refused(&refused, 429, None);
    assert!(!refused.header("retry-after").is_empty(), "{refused:?}");
}

#[tokio::test]
async fn deactivation_in_bulk_cuts_access() {
    let world = World::start().await;
    let acme = world.organization("acme").await;
    let okta = acme.connection("okta", Profile::Okta).await;
    for off in [
        patch(&json!([{"op": "replace", "value": {"active": false}}])),
        patch(&json!([{"op": "Replace", "path": "active", "value": "False"}])),
    ] {
        let name = format!("{}@example.com", off.to_string().len());
        let ada = okta.post("/Users", user(&name)).await.expect(201).id();
        let actor =
            Actor::User { id: ada.parse().unwrap(), session: "ses_06h00krhv1t3jel88ooobccad0".parse().unwrap() };
        let ctx = Ctx { actor, ..acme.operator.clone() };
        let terms = world.app.terms().await.unwrap().into_iter().map(|document| (document.kind, document.version));
        world.app.accept_terms(&ctx, &terms.collect::<Vec<_>>()).await.unwrap();
        let key = world.app.create_key(&ctx, "test", None).await.unwrap().secret.expose().to_owned();
        let bearer = format!("Bearer {key}");
        let asks = async || world.client.get("/api/v1/me", &[("authorization", &bearer)]).await.status;
        assert_eq!(asks().await, 200);
        let done = run(&okta, &json!([{"method": "PATCH", "path": format!("/Users/{ada}"), "data": off}])).await;
        assert_eq!(statuses(&done), ["200"]);
        assert_eq!(asks().await, 401, "the answer was there, so access was over");
    }
}
