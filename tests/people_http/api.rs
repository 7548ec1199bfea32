//! The API: who may, what is refused, and what cannot be read.

use super::{JSON, api, bearer, viewer, with_id, world::World};
use castgate::{
    app::Clock,
    http::{self, Caller},
    model::Profile,
};
use serde_json::{Value, json};

#[tokio::test]
async fn nothing_of_the_api_answers_without_a_credential_or_with_a_wrong_one() {
    // A wrong credential counts as five requests of its address, and these are many.
    let world = World::start_with(Clock::machine(), |settings| settings.limits.address_burst = 100_000).await;
    world.organization("acme").await;
    let wrong = ["cgk_", "cgk_0000000000000000000000000000000000000000000000", "cgs_x", "x"];
    for route in http::routes().into_iter().filter(|route| route.who == Caller::SessionOrKey) {
        let nobody = world.client.send(route.method, &route.path, &[], None).await.expect(401);
        for secret in wrong {
            let headers = [("authorization", bearer(secret))];
            let headers = headers.each_ref().map(|(name, value)| (*name, value.as_str()));
            let answer = world.client.send(route.method, &route.path, &headers, None).await.expect(401);
            assert_eq!(
                answer.but_for_its_number(),
                nobody.but_for_its_number(),
                "every reason looks the same: {route:?}"
            );
            assert_eq!(answer.header("www-authenticate"), "Bearer");
        }
    }
}

#[tokio::test]
async fn a_viewer_looks_at_clusters_and_at_themselves_and_at_nothing_else() {
    let world = World::start().await;
    let acme = world.organization("acme").await;
    let (id, key) = viewer(&world, &acme).await;
    let settings = json!({"profile": "okta"});
    let calls = [
        ("GET", "/me", None, 200),
        ("GET", "/organization", None, 200),
        ("GET", "/clusters", None, 200),
        ("GET", "/keys", None, 200),
        ("POST", "/clusters", Some(json!({"slug": "prod"})), 403),
        ("GET", "/connections", None, 403),
        ("POST", "/connections", Some(json!({"name": "x", "settings": settings})), 403),
        ("GET", "/mapping", None, 403),
        ("POST", "/mapping/check", Some(json!({"text": "rules: []"})), 403),
        ("PUT", "/mapping/draft", Some(json!({"text": "rules: []"})), 403),
        ("POST", "/mapping/plan", Some(json!({"text": "rules: []"})), 403),
        ("POST", "/mapping/publish", Some(json!({"text": "rules: []"})), 403),
        ("GET", "/users", None, 403),
        ("GET", "/groups", None, 403),
        ("GET", "/events", None, 403),
        ("POST", "/users/{id}/suspend", None, 403),
        ("POST", "/users/{id}/reactivate", None, 403),
        ("GET", "/users/{id}/sessions", None, 200),
    ];
    for (method, path, body, status) in calls {
        let answer = api(&world, &key, method, &with_id(path, &id), body).await;
        assert_eq!(answer.status, status, "{method} {path}: {answer:?}");
        if status == 403 {
            assert!(answer.json()["detail"].as_str().unwrap().contains("capability"), "{answer:?}");
        }
    }
}

#[tokio::test]
async fn an_owner_sets_an_organization_up_through_the_api() {
    let world = World::start().await;
    let acme = world.organization("acme").await;
    let call = async |method: &str, path: &str, body: Option<Value>| api(&world, &acme.key, method, path, body).await;
    call("POST", "/clusters", Some(json!({"slug": "prod"}))).await.expect(201);
    let settings = json!({"profile": "okta", "domains": ["acme.test"]});
    let made = call("POST", "/connections", Some(json!({"name": "okta", "settings": settings}))).await.expect(201);
    let path = format!("/connections/{}", made.id());
    let token = call("POST", &format!("{path}/tokens"), Some(json!({"expires_in_days": 30}))).await.expect(201);
    assert!(token.json()["secret"].as_str().unwrap().starts_with("cgs_"));
    let listed = call("GET", &format!("{path}/tokens"), None).await.expect(200);
    assert!(!listed.text.contains(token.json()["secret"].as_str().unwrap()), "a secret is shown once");
    let gone = format!("{path}/tokens/{}", token.id());
    call("DELETE", &gone, None).await.expect(204);
    call("DELETE", &gone, None).await.expect(404);
    assert_eq!(call("POST", &format!("{path}/disable"), None).await.expect(200).json()["enabled"], false);
    let yaml = "rules:\n  - name: all\n    groups: [everybody]\n    grant: viewer\n";
    let plan = call("POST", "/mapping/plan", Some(json!({"text": yaml}))).await.expect(200);
    assert_eq!(plan.json()["version"], Value::Null);
    let published = call("POST", "/mapping/publish", Some(json!({"text": yaml}))).await.expect(200);
    assert_eq!(published.json()["version"], 1);
    assert_eq!(call("GET", "/mapping", None).await.expect(200).json()["in_force"]["text"], yaml);
    let events = call("GET", "/events?limit=2", None).await.expect(200);
    assert_eq!(events.json()["items"].as_array().unwrap().len(), 2);
    let next = format!("/events?limit=2&after={}", events.json()["next"].as_str().unwrap());
    assert_ne!(call("GET", &next, None).await.expect(200).json()["items"][0], events.json()["items"][0]);
}

#[tokio::test]
async fn a_connection_changes_only_as_it_was_read() {
    let world = World::start().await;
    let acme = world.organization("acme").await;
    let okta = acme.connection("okta", Profile::Okta).await;
    let path = format!("/api/v1/connections/{}", okta.stored.id);
    let bearer = bearer(&acme.key);
    let body = json!({"settings": {"profile": "okta", "domains": ["acme.test"]}}).to_string();
    let read = world.client.get(&path, &[("authorization", &bearer)]).await.expect(200);
    let headers = [("authorization", bearer.as_str()), JSON, ("if-match", read.header("etag"))];
    world.client.send("PUT", &path, &headers, Some(body.clone())).await.expect(200);
    let stale = world.client.send("PUT", &path, &headers, Some(body)).await.expect(412);
    assert_eq!(stale.json()["code"], "changed");
}

#[tokio::test]
async fn what_cannot_be_read_is_named_with_its_place() {
    let world = World::start().await;
    let acme = world.organization("acme").await;
    let answer = api(&world, &acme.key, "POST", "/clusters", Some(json!({"slug": "a", "colour": 1}))).await.expect(400);
    let detail = answer.json()["detail"].as_str().unwrap().to_owned();
    assert!(detail.contains("`colour`") && detail.contains("line 1 column"), "{detail}");
    let bearer = bearer(&acme.key);
    let headers = [("authorization", bearer.as_str()), ("content-type", "text/yaml")];
    let text = "rules:\n  - name: x\n    groups: [a]\n    grant: onwer\n".to_owned();
    let answer = world.client.send("POST", "/api/v1/mapping/publish", &headers, Some(text)).await.expect(422);
    let problem = answer.json();
    let at = (&problem["diagnostics"][0]["line"], &problem["diagnostics"][0]["column"]);
    assert_eq!(at, (&json!(4), &json!(12)), "{problem}");
    assert!(problem["text"].as_str().unwrap().contains("onwer"), "{problem}");
    for path in ["/users?limit=0", "/users?limit=501", "/users?colour=1", "/users/nobody", "/events?limit=x"] {
        api(&world, &acme.key, "GET", path, None).await.expect(400);
    }
}

#[tokio::test]
async fn another_organizations_things_are_not_there() {
    let world = World::start().await;
    let (acme, other) = (world.organization("acme").await, world.organization("other").await);
    let theirs = other.connection("okta", Profile::Okta).await;
    let absent = "con_06h00krhv1t3jel88ooobccad0";
    for path in ["/connections/{id}", "/connections/{id}/tokens"] {
        let foreign = api(&world, &acme.key, "GET", &with_id(path, theirs.stored.id.as_str()), None).await.expect(404);
        let nothing = api(&world, &acme.key, "GET", &with_id(path, absent), None).await.expect(404);
        assert_eq!(
            foreign.but_for_its_number().replace(theirs.stored.id.as_str(), absent),
            nothing.but_for_its_number()
        );
    }
}
