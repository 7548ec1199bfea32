use super::*;

fn read(operations: &Value) -> Bulk {
    let body = json!({"schemas": [BULK_REQUEST_SCHEMA], "Operations": operations});
    Bulk::parse(body.as_object().expect("an object"), Dialect::Tolerant, 1_000).expect("is a bulk request")
}

fn post(bulk_id: &str, members: &[&str]) -> Value {
    let members: Vec<Value> = members.iter().map(|id| json!({"value": format!("bulkId:{id}")})).collect();
    json!({"method": "POST", "path": "/Groups", "bulkId": bulk_id, "data": {"displayName": bulk_id, "members": members}})
}

/// The steps as one text: `a` is done, `a-b` done without b, `+a` completed.
fn order(bulk: &Bulk) -> String {
    let name = |operation: usize| bulk.operations[operation].bulk_id.clone().unwrap_or_else(|| operation.to_string());
    let step = |step: Step| match step {
        Step::Do { operation, without } => without.iter().fold(name(operation), |text, id| format!("{text}-{id}")),
        Step::Complete { operation } => format!("+{}", name(operation)),
    };
    bulk.steps().into_iter().map(step).collect::<Vec<_>>().join(" ")
}

#[test]
fn what_is_referred_to_is_made_first_and_the_rest_keeps_its_order() {
    assert_eq!(order(&read(&json!([post("a", &[]), post("b", &["a"])]))), "a b");
    assert_eq!(order(&read(&json!([post("a", &["c"]), post("b", &[]), post("c", &[])]))), "c a b");
    assert_eq!(order(&read(&json!([post("a", &["b"]), post("b", &["c"]), post("c", &[])]))), "c b a");
    let patch = json!({"method": "PATCH", "path": "/Groups/bulkId:a", "data": {"Operations": [
        {"op": "remove", "path": "members[value eq \"bulkId:b\"]"}]}});
    assert_eq!(order(&read(&json!([patch, post("a", &[]), post("b", &[])]))), "a b 0");
}

#[test]
fn a_circle_is_broken_once_and_completed() {
    assert_eq!(order(&read(&json!([post("a", &["b"]), post("b", &["a"])]))), "b-a a +b");
    assert_eq!(order(&read(&json!([post("a", &["a"])]))), "a-a +a");
    assert_eq!(order(&read(&json!([post("a", &["b"]), post("b", &["c"]), post("c", &["a", "b"])]))), "c-a-b b a +c");
}

#[test]
fn a_chain_of_a_thousand_is_no_deeper_than_one_of_two() {
    let chain: Vec<Value> = (0..1_000).map(|n| post(&n.to_string(), &[&(n + 1).to_string()])).collect();
    assert!(order(&read(&Value::Array(chain))).starts_with("999 998 "));
}

#[test]
fn ids_take_the_places_of_references_and_of_nothing_else() {
    let bulk = read(&json!([{"method": "POST", "path": "/Users?attributes=userName", "bulkId": "me", "data": {
        "userName": "bulkId:x", "manager": {"value": "bulkId:x", "$ref": "../Users/bulkId:x"},
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {"manager": {"value": "bulkId:y"}},
        "emails": [{"value": "a@x"}]}}]));
    let asked = bulk.operations[0].asked.clone().expect("is asked");
    assert_eq!(
        (asked.kind, asked.id.as_deref(), asked.query.as_str()),
        (ResourceType::User, None, "attributes=userName")
    );
    let made = HashMap::from([("x".to_owned(), "usr_1".to_owned())]);
    let without = BTreeSet::from(["y".to_owned()]);
    let (data, incomplete) = asked.data(&made, &without);
    assert_eq!(
        Value::Object(data),
        json!({"userName": "bulkId:x", "manager": {"value": "usr_1", "$ref": "../Users/usr_1"}, "emails": [{"value": "a@x"}]})
    );
    assert_eq!(incomplete, ["urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"]);
    assert_eq!(asked.dangling(&made, &BTreeSet::new()).as_deref(), Some("y"));
    let made = HashMap::from([("x".to_owned(), "usr_1".to_owned()), ("y".to_owned(), "usr_2".to_owned())]);
    let completion = Value::Object(asked.completion(&made, &incomplete));
    assert_eq!(completion["Operations"][0]["value"], json!({"manager": {"value": "usr_2"}}));
}

#[test]
fn a_wrong_operation_is_refused_by_itself_and_a_wrong_message_as_a_whole() {
    let bulk = read(&json!([
        {"method": "GET", "path": "/Users"}, {"method": "post", "path": "/Devices", "data": {}}, 7,
        {"method": "POST", "path": "/Users/usr_1", "data": {}}, {"method": "DELETE", "path": "/Users"},
        {"method": "PUT", "path": "/Users/usr_1"}, {"method": "delete", "path": "scim/v2/Users/usr_1/"},
    ]));
    let statuses: Vec<_> =
        bulk.operations.iter().map(|one| one.asked.as_ref().map_err(|error| error.status).err()).collect();
    assert_eq!(statuses, [Some(400), Some(404), Some(400), Some(405), Some(405), Some(400), None]);
    let refused = |body: Value| {
        Bulk::parse(body.as_object().expect("an object"), Dialect::Tolerant, 1).expect_err("is refused").status
    };
    assert_eq!(refused(json!({})), 400);
    assert_eq!(refused(json!({"Operations": {}})), 400);
    assert_eq!(refused(json!({"Operations": [], "failOnErrors": "no"})), 400);
    assert_eq!(refused(json!({"Operations": [{}, {}]})), 413);
    let twice = json!({"Operations": [post("a", &[]), post("a", &[])]});
    assert!(Bulk::parse(twice.as_object().expect("an object"), Dialect::Tolerant, 9).is_err());
}
