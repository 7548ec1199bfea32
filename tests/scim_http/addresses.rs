//! The address by which a provider asks is the one in its answers: `/scim/v2`, or the connection's own behind it.

use super::{assert_refused, group, okta, user};
use crate::world::{Answer, Connection};
use serde_json::{Value, json};

/// Every address in an answer: `Location`, `meta.location` and `$ref`, wherever they stand.
fn addresses(answer: &Answer) -> Vec<String> {
    fn collect(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::Array(list) => list.iter().for_each(|value| collect(value, found)),
            Value::Object(fields) => {
                for (name, value) in fields {
                    match value.as_str().filter(|_| matches!(name.as_str(), "location" | "$ref")) {
                        Some(address) => found.push(address.to_owned()),
                        None => collect(value, found),
                    }
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    let mut found = Vec::new();
    collect(&answer.json(), &mut found);
    found.extend(Some(answer.header("location").to_owned()).filter(|location| !location.is_empty()));
    found
}

/// Asks for everything that names addresses, at a root behind `/scim/v2`; what was answered, and how many addresses that had
/// at least.
async fn everything(okta: &Connection, root: &str, tag: &str) -> Vec<(Answer, usize)> {
    let at = |path: &str| format!("{root}{path}");
    let ada = okta.post(&at("/Users"), user(&format!("ada.{tag}@example.com"))).await.expect(201);
    let id = ada.id();
    let team = okta.post(&at("/Groups"), group(&format!("team {tag}"), &[&id])).await.expect(201);
    let bulk = json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"], "Operations": [
        {"method": "POST", "path": "/Users?attributes=meta", "bulkId": "b", "data": user(&format!("bob.{tag}@example.com"))},
        // From the host's root, as the answers before have it.
        {"method": "PATCH", "path": format!("/scim/v2{root}/Users/{id}"),
         "data": super::patch(&json!([{"op": "replace", "path": "title", "value": "Countess"}]))},
        {"method": "DELETE", "path": "/Users/usr_nobody"},
    ]});
    let bulk = okta.post(&at("/Bulk"), bulk).await.expect(200);
    let told = bulk.json();
    let status = |at: usize| told["Operations"][at]["status"].as_str().unwrap_or_default().to_owned();
    assert_eq!([status(0), status(1), status(2)], ["201", "200", "404"], "{told}");
    let search = json!({"filter": "displayName pr or userName pr"});
    vec![
        (ada, 2),
        (team, 3),
        (bulk, 4),
        (okta.get(&at(&format!("/Users/{id}"))).await.expect(200), 2),
        (okta.get(&at("/Users?sortBy=userName")).await.expect(200), 3),
        (okta.get(&at("/Users?cursor")).await.expect(200), 3),
        (okta.get(&at("/Groups")).await.expect(200), 2),
        (okta.post(&at("/.search"), search.clone()).await.expect(200), 5),
        (okta.post(&at("/Users/.search"), json!({"filter": "userName pr"})).await.expect(200), 3),
        (okta.get(&at("/ServiceProviderConfig")).await.expect(200), 1),
        (okta.get(&at("/ResourceTypes")).await.expect(200), 2),
        (okta.get(&at("/ResourceTypes/User")).await.expect(200), 1),
        (okta.get(&at("/Schemas")).await.expect(200), 3),
        (okta.get(&at(&format!("/Schemas/{}", super::USER_SCHEMA))).await.expect(200), 1),
        (okta.get(&at("/Roles")).await.expect(200), 4),
        (okta.get(&at("/Roles/owner")).await.expect(200), 1),
    ]
}

#[tokio::test]
async fn every_answer_names_the_address_by_which_it_was_asked() {
    let (world, okta) = okta().await;
    let own = format!("/{}", okta.stored.id);
    let (own_base, common) = (format!("{}/scim/v2{own}/", world.origin), format!("{}/scim/v2/", world.origin));
    for (answer, least) in everything(&okta, &own, "own").await {
        let named = addresses(&answer);
        assert!(named.len() >= least, "{named:?} in {answer:?}");
        assert!(named.iter().all(|address| address.starts_with(&own_base)), "{named:?} in {answer:?}");
    }
    for (answer, least) in everything(&okta, "", "common").await {
        let named = addresses(&answer);
        assert!(named.len() >= least, "{named:?} in {answer:?}");
        let common_alone = |address: &String| address.starts_with(&common) && !address.contains(&own);
        assert!(named.iter().all(common_alone), "{named:?} in {answer:?}");
    }
}

#[tokio::test]
async fn a_location_leads_back_to_what_it_names_and_a_version_does_not_depend_on_it() {
    let (world, okta) = okta().await;
    let own = format!("/{}", okta.stored.id);
    let made = okta.post(&format!("{own}/Users"), user("ada@example.com")).await.expect(201);
    let (location, id) = (made.header("location").to_owned(), made.id());
    assert_eq!(location, format!("{}/scim/v2{own}/Users/{id}", world.origin));
    assert_eq!(made.json()["meta"]["location"], location);
    let path = location.strip_prefix(&format!("{}/scim/v2", world.origin)).unwrap();
    let read = okta.get(path).await.expect(200);
    assert_eq!((read.id(), read.header("etag")), (id.clone(), made.header("etag")));
    let plain = okta.get(&format!("/Users/{id}")).await.expect(200);
    assert_eq!(plain.header("etag"), made.header("etag"));
    assert_eq!(plain.json()["meta"]["location"], format!("{}/scim/v2/Users/{id}", world.origin));
    // Another connection's address is not made up from a token that opens this one.
    let other = world.organization("other").await.connection("okta", castgate::model::Profile::Okta).await;
    assert_refused(&okta.get(&format!("/{}/Users/{id}", other.stored.id)).await, 401, None);
}
