//! What RFC 7643 and RFC 7644 say and servers often get wrong, each point over HTTP.

use super::{GROUP_SCHEMA, USER_SCHEMA, assert_refused, group, okta, patch, user};
use crate::world::Connection;
use serde_json::{Value, json};

const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
const SEARCH: &str = "urn:ietf:params:scim:api:messages:2.0:SearchRequest";

/// A search with a filter that needs no encoding.
async fn find(connection: &Connection, path: &str, filter: &str) -> crate::world::Answer {
    connection.post(&format!("{path}/.search"), json!({"schemas": [SEARCH], "filter": filter})).await
}

/// The first letters of the names that a filter finds.
async fn found(connection: &Connection, filter: &str) -> String {
    let answer = find(connection, "/Users", filter).await.expect(200).json();
    let list = answer["Resources"].as_array().unwrap();
    assert_eq!(answer["totalResults"], list.len(), "{filter}");
    list.iter().filter_map(|user| user["userName"].as_str()?.chars().next()).collect()
}

async fn directory(connection: &Connection) {
    for person in [
        json!({"schemas": [USER_SCHEMA, ENTERPRISE], "userName": "Ada@example.com", "externalId": "X1", "title": "Countess",
               "name": {"familyName": "Lovelace"}, "active": true, "nickName": "100%_sure\\",
               "emails": [{"value": "ada@work.test", "type": "work", "primary": true}, {"value": "ada@home.test", "type": "home"}],
               ENTERPRISE: {"department": "R&D"}}),
        json!({"schemas": [USER_SCHEMA], "userName": "Bob@example.com", "externalId": "x1", "active": false,
               "name": {"familyName": "Babbage"}, "emails": [{"value": "bob@work.test", "type": "home"}]}),
        json!({"schemas": [USER_SCHEMA], "userName": "Cy@example.com", "active": true, "title": "Countess \"C\""}),
    ] {
        connection.post("/Users", person).await.expect(201);
    }
}

#[tokio::test]
async fn filters_mean_what_the_rfc_says() {
    let (_world, okta) = okta().await;
    directory(&okta).await;
    for (filter, wanted) in [
        // Precedence: group, not, and, or.
        (r#"userName sw "a" or userName sw "b" and active eq true"#, "A"),
        (r#"(userName sw "a" or userName sw "b") and active eq true"#, "A"),
        (r#"userName sw "c" or userName sw "b" and active eq false"#, "BC"),
        (r#"not (active eq true) or userName sw "c""#, "BC"),
        (r#"not (active eq true or userName sw "b")"#, ""),
        // Operators and names in any case; operators of texts fold, externalId does not.
        (r#"USERNAME EQ "aDA@EXAMPLE.com""#, "A"),
        (r#"externalId eq "x1""#, "B"),
        (r#"externalId eq "X1""#, "A"),
        (r#"userName co "EXAMPLE""#, "ABC"),
        (r#"userName ew ".com" and userName gt "b""#, "BC"),
        (r#"userName le "bob@example.com""#, "AB"),
        // Absence.
        ("title pr", "AC"),
        (r#"title ne "Countess""#, "BC"),
        ("title eq null", "B"),
        ("title ne null", "AC"),
        ("not (emails pr)", "C"),
        // One value of a list satisfies the whole bracket.
        (r#"emails[type eq "home" and value co "@work"]"#, "B"),
        (r#"emails.type eq "home" and emails.value co "@work""#, "AB"),
        (r#"emails eq "ADA@home.test""#, "A"),
        (r#"emails[not (type eq "home")]"#, "A"),
        ("emails[primary eq true]", "A"),
        // Names with their URN.
        (r#"urn:ietf:params:scim:schemas:core:2.0:User:name.familyName eq "babbage""#, "B"),
        (r#"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department eq "R&D""#, "A"),
        (r#"schemas eq "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User""#, "A"),
        // Texts are JSON; what is special elsewhere is not special here.
        (r#"title eq "Countess \"C\"""#, "C"),
        (r#"title eq "\u0043ountess""#, "A"),
        (r#"nickName co "%_""#, "A"),
        (r#"nickName sw "1__%""#, ""),
        (r#"nickName ew "\\""#, "A"),
        // Times are instants.
        (r#"meta.created gt "2020-01-01T00:00:00+14:00""#, "ABC"),
        (r#"meta.lastModified lt "2020-01-01T00:00:00Z""#, ""),
        (r#"meta.resourceType eq "User""#, "ABC"),
    ] {
        assert_eq!(found(&okta, filter).await, wanted, "{filter}");
    }
    for filter in [
        "active gt true",
        "userName eq",
        r#"userName "a""#,
        "(userName pr",
        r#"meta.created gt "yesterday""#,
        "nobodyKnows pr",
        r#"emails[nothing eq "x"]"#,
    ] {
        assert_refused(&find(&okta, "/Users", filter).await, 400, Some("invalidFilter"));
    }
}

#[tokio::test]
async fn a_search_of_everything_takes_each_kind_by_what_it_has() {
    let (_world, okta) = okta().await;
    let ada = okta.post("/Users", user("ada@example.com")).await.expect(201).id();
    let eng = okta.post("/Groups", group("eng", &[])).await.expect(201).id();
    for (filter, wanted) in [
        // RFC 7644 §3.4.2.1: an attribute that a kind does not have has no value in it.
        (r#"userName eq "ada@example.com" or displayName eq "eng""#, vec![&ada, &eng]),
        ("not (userName pr)", vec![&eng]),
        (r#"userName ne "ada@example.com""#, vec![&eng]),
        ("members eq null", vec![&ada, &eng]),
        (r#"emails[type eq "work"] or members pr"#, vec![&ada]),
        (r#"meta.resourceType eq "Group""#, vec![&eng]),
    ] {
        let answer = find(&okta, "", filter).await.expect(200).json();
        let ids: Vec<&str> =
            answer["Resources"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap()).collect();
        assert_eq!(ids, wanted, "{filter}");
    }
    assert_refused(&find(&okta, "", "nobodyKnows pr").await, 400, Some("invalidFilter"));
    assert_refused(&find(&okta, "/Groups", "userName pr").await, 400, Some("invalidFilter"));
}

#[tokio::test]
async fn lists_are_sorted_by_any_attribute() {
    let (_world, okta) = okta().await;
    directory(&okta).await;
    for (by, order, wanted) in [
        ("userName", "ascending", "ABC"),
        ("USERNAME", "descending", "CBA"),
        ("name.familyName", "ascending", "BAC"),
        ("name.familyName", "descending", "CAB"),
        ("title", "ascending", "ACB"),
        ("emails", "ascending", "ABC"),
        ("emails.value", "descending", "CBA"),
        ("externalId", "ascending", "ABC"),
        (&format!("{ENTERPRISE}:department"), "ascending", "ABC"),
        ("meta.created", "descending", "CBA"),
    ] {
        let list = okta.get(&format!("/Users?sortBy={by}&sortOrder={order}")).await.expect(200).json();
        let names: String =
            list["Resources"].as_array().unwrap().iter().map(|one| &one["userName"].as_str().unwrap()[..1]).collect();
        assert_eq!(names, wanted, "{by} {order}");
    }
    assert_refused(&okta.get("/Users?sortBy=nobodyKnows").await, 400, Some("invalidValue"));
    assert_refused(&okta.get("/Users?sortBy=userName&sortOrder=up").await, 400, Some("invalidValue"));
}

/// What a client sees of a user who is asked for in part, whatever it does.
#[tokio::test]
async fn every_answer_is_cut_to_what_was_asked_for() {
    let (_world, okta) = okta().await;
    let title = patch(&json!([{"op": "replace", "path": "title", "value": "x"}]));
    for (query, wanted) in [
        ("attributes=userName", vec!["id", "schemas", "userName"]),
        ("attributes=urn:ietf:params:scim:schemas:core:2.0:User:userName", vec!["id", "schemas", "userName"]),
        ("attributes=emails%5Btype%20eq%20%22work%22%5D", vec!["emails", "id", "schemas"]),
        ("attributes=nobodyKnows", vec!["id", "schemas"]),
        ("excludedAttributes=id,schemas,meta,emails,externalId", vec!["active", "id", "schemas", "userName"]),
    ] {
        let keys = |json: &Value| {
            let mut keys: Vec<String> = json.as_object().unwrap().keys().cloned().collect();
            keys.retain(|key| key != "title");
            keys.sort();
            keys
        };
        let made = okta.post(&format!("/Users?{query}"), user("ada@example.com")).await.expect(201);
        assert_eq!(keys(&made.json()), wanted, "POST {query}");
        let at = format!("/Users/{}?{query}", made.id());
        assert_eq!(keys(&okta.put(&at, user("ada@example.com")).await.expect(200).json()), wanted, "PUT {query}");
        assert_eq!(keys(&okta.patch(&at, title.clone()).await.expect(200).json()), wanted, "PATCH {query}");
        assert_eq!(keys(&okta.get(&at).await.expect(200).json()), wanted, "GET {query}");
        let list = okta.get(&format!("/Users?{query}")).await.expect(200).json();
        assert_eq!(keys(&list["Resources"][0]), wanted, "list {query}");
        let (name, value) = query.split_once('=').unwrap();
        let value = value.replace("%5B", "[").replace("%5D", "]").replace("%20", " ").replace("%22", "\"");
        for path in ["/Users", ""] {
            let search = json!({"schemas": [SEARCH], name: value.split(',').collect::<Vec<_>>()});
            let list = okta.post(&format!("{path}/.search"), search).await.expect(200).json();
            assert_eq!(keys(&list["Resources"][0]), wanted, "{path}/.search {query}");
        }
        okta.delete(&format!("/Users/{}", made.id())).await.expect(204);
    }
}

#[tokio::test]
async fn discovery_is_read_one_by_one_and_not_filtered() {
    let (_world, okta) = okta().await;
    for list in ["/Schemas", "/ResourceTypes"] {
        let all = okta.get(list).await.expect(200).json();
        for one in all["Resources"].as_array().unwrap() {
            let alone = okta.get(&format!("{list}/{}", one["id"].as_str().unwrap())).await.expect(200).json();
            assert_eq!(alone, *one);
        }
        assert_eq!(all["totalResults"], all["Resources"].as_array().unwrap().len());
        assert_refused(&okta.get(&format!("{list}/nothing")).await, 404, None);
    }
    for path in ["/Schemas", "/ResourceTypes", "/ServiceProviderConfig"] {
        assert_refused(&okta.get(&format!("{path}?filter=id%20pr")).await, 403, None);
        for method in ["PUT", "PATCH", "DELETE", "POST"] {
            let answer = okta.send(method, path, &[], Some("{}".to_owned())).await;
            assert_refused(&answer, 405, None);
            assert!(answer.header("allow").contains("GET"), "{answer:?}");
        }
    }
    let groups = okta.get(&format!("/Schemas/{GROUP_SCHEMA}")).await.expect(200).json();
    let parts = groups["attributes"][1]["subAttributes"].as_array().unwrap();
    let of_type = parts.iter().find(|part| part["name"] == "type").unwrap();
    assert_eq!(of_type["canonicalValues"], json!(["User"]), "a group in a group is not kept, so it is not offered");
}

#[tokio::test]
async fn every_refusal_is_a_scim_error() {
    let (world, okta) = okta().await;
    let at = format!("/Users/{}", okta.post("/Users", user("ada@example.com")).await.expect(201).id());
    for path in ["/nothing", "/Users/usr_1/more", "/Users/usr_00000000000000000000000000", "/Groups/x"] {
        assert_refused(&okta.get(path).await, 404, None);
    }
    for method in ["GET", "POST", "PUT", "PATCH", "DELETE"] {
        assert_refused(&okta.send(method, "/Me", &[], Some("{}".to_owned())).await, 501, None);
    }
    for (method, path) in
        [("PUT", "/Users"), ("PATCH", "/Groups"), ("DELETE", "/Users"), ("POST", &at), ("GET", "/.search")]
    {
        let answer = okta.send(method, path, &[], Some("{}".to_owned())).await;
        assert_refused(&answer, 405, None);
        assert!(!answer.header("allow").is_empty(), "{answer:?}");
    }
    let plain = okta.send("PATCH", &at, &[("content-type", "text/plain")], Some("{}".to_owned())).await;
    assert_refused(&plain, 415, None);
    for path in ["/Users", "/nothing", "/ServiceProviderConfig", "/Bulk"] {
        let answer = world.client.get(&format!("/scim/v2{path}"), &[]).await;
        assert_refused(&answer, 401, None);
        assert!(answer.header("www-authenticate").starts_with("Bearer"), "{answer:?}");
    }
    // PUT never makes anything.
    assert_refused(&okta.put("/Users/usr_00000000000000000000000000", user("new@example.com")).await, 404, None);
}

#[tokio::test]
async fn a_request_may_be_written_in_many_ways() {
    let (_world, okta) = okta().await;
    for (number, (path, headers)) in [
        ("/Users/", vec![("accept", "application/json")]),
        ("/Users?nobody=knows", vec![("accept", "application/scim+json")]),
        ("/Users", vec![("accept", "")]),
        ("/Users", vec![("content-type", "application/json; charset=utf-8")]),
    ]
    .into_iter()
    .enumerate()
    {
        let mut body = user(&format!("{number}@example.com"));
        body["id"] = json!("mine");
        body["meta"] = json!({"created": "2001-01-01T00:00:00Z", "version": "9"});
        body["title"] = json!("");
        body["nickName"] = Value::Null;
        body["groups"] = json!([]);
        let made = okta.send("POST", path, &headers, Some(body.to_string())).await.expect(201);
        let json = made.json();
        assert!(made.id().starts_with("usr_"), "the client's id is ignored: {json}");
        assert_ne!(json["meta"]["created"], "2001-01-01T00:00:00Z");
        for absent in ["title", "nickName", "groups"] {
            assert!(json.get(absent).is_none(), "{absent} says nothing: {json}");
        }
        assert_eq!(made.header("content-type"), "application/scim+json");
    }
}
