//! Bodies that are refused before anybody looks at what they say, alike at both doors of programs.

use crate::world::{Answer, Client, World};
use castgate::model::Profile;

struct Doors {
    world: World,
    key: String,
    token: String,
}

async fn doors() -> Doors {
    let world = super::unlimited().await;
    let acme = world.organization("acme").await;
    let okta = acme.connection("okta", Profile::Okta).await;
    Doors { key: acme.key.clone(), token: format!("Bearer {}", okta.token()), world }
}

impl Doors {
    async fn api(&self, kind: &str, body: &str) -> Answer {
        let headers = [("x-api-key", self.key.as_str()), ("content-type", kind)];
        self.world.client.send("POST", "/api/v1/keys", &headers, Some(body.to_owned())).await
    }

    async fn scim(&self, kind: &str, body: &str) -> Answer {
        let headers = [("authorization", self.token.as_str()), ("content-type", kind)];
        self.world.client.send("POST", "/scim/v2/Users", &headers, Some(body.to_owned())).await
    }
}

fn detail(answer: &Answer) -> String {
    answer.json()["detail"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn json_that_means_two_things_is_refused_with_its_place() {
    let doors = doors().await;
    let deep = format!("{{\"name\": {}{}}}", "[".repeat(40), "]".repeat(40));
    for (body, says) in [
        ("{\"name\": \"a\",\n \"name\": \"b\"}", "the key “name” is there twice in one object at line 2 column 7"),
        ("{\"name\": {\"a\": 1, \"a\": 2}}", "the key “a” is there twice"),
        ("{\"name\": \"a\\u0000b\"}", "the character NUL"),
        ("{\"na\\u0000me\": \"a\"}", "the character NUL"),
        ("{\"name\": \"a\"", "EOF while parsing an object at line 1 column 12"),
        ("{\"name\": \"a\"} x", "trailing characters at line 1 column 15"),
        ("{\"name\": 1e999}", "number out of range"),
        ("{\"name\": \"\u{1}\"}", "control character"),
        ("{\"name\": \"\\ud800\"}", "line 1 column"),
        (deep.as_str(), "nested more than 32 levels"),
    ] {
        for answer in [doors.api("application/json", body).await, doors.scim("application/json", body).await] {
            assert_eq!(answer.status, 400, "{body}: {answer:?}");
            assert!(detail(&answer).contains(says), "{body}: {answer:?}");
        }
        assert_eq!(doors.api("application/json", body).await.json()["code"], "invalid_json");
    }
}

#[tokio::test]
async fn a_value_that_does_not_fit_has_a_place_too() {
    let doors = doors().await;
    let answer = doors.api("application/json", "{\"name\": \"a\",\n \"nmae\": 1}").await.expect(400);
    assert_eq!(answer.json()["code"], "invalid");
    assert!(detail(&answer).contains("unknown field `nmae`") && detail(&answer).contains("line 2"), "{answer:?}");
}

#[tokio::test]
async fn only_json_in_utf8_is_read() {
    let doors = doors().await;
    for kind in ["text/plain", "application/xml", "application/json; charset=utf-16", "multipart/form-data"] {
        for answer in [doors.api(kind, "{\"name\": \"a\"}").await, doors.scim(kind, "{\"userName\": \"a\"}").await] {
            assert_eq!(answer.status, 415, "{kind}: {answer:?}");
            assert!(detail(&answer).contains("application/json"), "{kind}: {answer:?}");
        }
    }
    doors.api("application/json; charset=utf-8", "{\"name\": \"a\"}").await.expect(201);
}

#[tokio::test]
async fn each_door_has_its_largest_body_and_names_it() {
    let doors = doors().await;
    let padded = |length: usize| format!("{{\"name\": \"a\"{}}}", " ".repeat(length));
    doors.api("application/json", &padded(200_000)).await.expect(201);
    let answer = doors.api("application/json", &padded(300_000)).await.expect(413);
    assert_eq!(answer.json()["code"], "too_large");
    assert!(detail(&answer).contains("256KiB"), "{answer:?}");
    // Providers push groups with many members: what is too much for the API is read there.
    let user = format!("{{\"userName\": \"a\"{}}}", " ".repeat(300_000));
    doors.scim("application/json", &user).await.expect(201);
    let answer = doors.scim("application/json", &" ".repeat((16 << 20) + 1)).await.expect(413);
    assert!(detail(&answer).contains("16MiB"), "{answer:?}");
}

#[tokio::test]
async fn forms_are_small_and_hold_no_nul() {
    let doors = doors().await;
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let send = async |body: String| doors.world.client.send("POST", "/login", &form, Some(body)).await;
    let answer = send(format!("email={}", "x".repeat(20_000))).await.expect(413);
    assert!(answer.text.contains("16KiB"), "{answer:?}");
    let answer = send("email=a%00b@example.com".to_owned()).await.expect(400);
    assert!(answer.text.contains("NUL"), "{answer:?}");
    send("email=a@example.com".to_owned()).await.expect(200);
    let kind = [("content-type", "application/json")];
    doors.world.client.send("POST", "/login", &kind, Some("{}".to_owned())).await.expect(415);
}

#[tokio::test]
async fn nul_finds_no_way_in() {
    let Doors { world, key, token } = doors().await;
    let client: &Client = &world.client;
    let answer = client.get("/scim/v2/Users?filter=userName%20eq%20%22a%00%22", &[("authorization", &token)]).await;
    assert!(detail(&answer.expect(400)).contains("NUL"));
    let answer = client.get("/api/v1/users?after=%00", &[("x-api-key", &key)]).await;
    assert!(detail(&answer.expect(400)).contains("NUL"));
    let yaml = [("x-api-key", key.as_str()), ("content-type", "application/yaml")];
    let answer = client.send("PUT", "/api/v1/mapping/draft", &yaml, Some("rules: []\n# \0\n".to_owned())).await;
    assert!(detail(&answer.expect(400)).contains("line 2"));
    // Entra hides JSON in a text; what is hidden there is read as strictly.
    let hidden = r#"{"userName": "a", "roles": [{"value": "{\"value\": \"a\\u0000\"}"}]}"#;
    let kind = [("authorization", token.as_str()), ("content-type", "application/json")];
    let made = client.send("POST", "/scim/v2/Users", &kind, Some(hidden.to_owned())).await.expect(201);
    assert!(!made.text.contains("a\\u0000\"}"), "{made:?}");
}
