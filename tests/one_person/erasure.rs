//! Two people with a history through every door are erased: nothing in any table or cache says who they were, and the chain holds.

use crate::{
    desk, dump,
    scene::{Browser, PASSWORD, Scene, everywhere_with},
};
use castgate::{
    app::{Actor, Audit, Auditor, Clock, Ctx, NewConnection, Wrong},
    config::Settings,
    lab::{Lab, Person},
    model::{Instant, ReviewLimits, SessionId, UserId},
    store::{Store, Value, args},
};
use secrecy::SecretString;
use serde_json::{Value as Json, json};
use std::{env, time::Duration};

/// From where the two come.
const ADDRESS: &str = "203.0.113.77";
const AGENT: &str = "CanaryBrowser/7.7";
/// Who has no provider.
const GRACE: &str = "grace.canary@elsewhere.test";

/// Redis, one of its databases that nothing else uses.
fn redis() -> Option<String> {
    if let Ok(url) = env::var("CASTGATE_TEST_REDIS_URL") {
        return Some(format!("{}/9", url.trim_end_matches('/')));
    }
    assert_ne!(env::var("CASTGATE_TEST_LEGS").as_deref(), Ok("required"), "CASTGATE_TEST_REDIS_URL is not set");
    None
}

fn settle(settings: &mut Settings) {
    settings.server.trusted_proxies = vec!["127.0.0.1/32".parse().unwrap()];
    settings.cache.redis_url = redis().map(SecretString::from);
    // What traces may keep at most: the values of claims too.
    settings.sign_in.trace_values = true;
}

/// The provider's side, and the person that it knows.
struct Provider {
    lab: Lab,
    token: String,
    person: Person,
}

async fn everywhere(test: impl AsyncFn(&Scene, &mut Provider)) {
    // The lab's provider goes by the machine's clock.
    let clock = || Clock::fixed(Instant(Clock::machine().now().0), 7);
    everywhere_with(clock, settle, async |scene| {
        let app = &scene.world.app;
        let lab = Lab::start(&app.redirect_uri()).await.unwrap();
        let person = lab.people()[4].clone();
        let mut settings = desk::settings(&lab);
        settings.domains = vec![person.email.split_once('@').unwrap().1.to_owned()];
        let secret = Some(lab.client_secret.clone().into());
        let new = NewConnection { name: "okta".to_owned(), settings, client_secret: secret };
        let connection = app.create_connection(&scene.acme.operator, new).await.unwrap();
        let token = app.create_scim_token(&scene.acme.operator, &connection.id, None).await.unwrap();
        let token = token.secret.expose().to_owned();
        test(scene, &mut Provider { lab, token, person }).await;
    })
    .await;
}

/// A request from the person's own machine.
async fn ask(scene: &Scene, method: &str, path: &str, bearer: &str, body: Option<Json>) -> Json {
    let bearer = format!("Bearer {bearer}");
    let headers = [
        ("authorization", bearer.as_str()),
        ("content-type", "application/json"),
        ("x-forwarded-for", ADDRESS),
        ("user-agent", AGENT),
    ];
    let answer = scene.world.client.send(method, path, &headers, body.map(|body| body.to_string())).await;
    assert!((200..300).contains(&answer.status), "{method} {path}: {answer:?}");
    if answer.text.is_empty() { Json::Null } else { answer.json() }
}

impl Provider {
    fn body(&self) -> Json {
        let Person { given_name, family_name, email, external_id, .. } = &self.person;
        json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User",
                        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"],
            "userName": email, "externalId": external_id, "active": true,
            "name": {"givenName": given_name, "familyName": family_name, "formatted": format!("{given_name} {family_name}")},
            "displayName": format!("{given_name} {family_name}"), "title": "Engineer",
            "emails": [{"value": email, "type": "work", "primary": true}],
            "phoneNumbers": [{"value": "+46 70 740 66 01", "type": "mobile"}],
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {"employeeNumber": "E-740661", "department": "R&D"},
        })
    }

    async fn scim(&self, scene: &Scene, method: &str, path: &str, body: Option<Json>) -> Json {
        let bearer = format!("Bearer {}", self.token);
        let headers = [("authorization", bearer.as_str()), ("content-type", "application/scim+json")];
        let answer = scene
            .world
            .client
            .send(method, &format!("/scim/v2{path}"), &headers, body.map(|body| body.to_string()))
            .await;
        assert!((200..300).contains(&answer.status), "{method} {path}: {answer:?}");
        if answer.text.is_empty() { Json::Null } else { answer.json() }
    }

    /// Signs the person in, in a browser of their own.
    async fn enter(&self, scene: &Scene) -> Browser {
        let browser = Browser::new(&scene.world.client).sending(&[("x-forwarded-for", ADDRESS), ("user-agent", AGENT)]);
        let page = browser.post("/login", &[("email", &self.person.email)]).await.expect(200);
        let target = page.text.split(&self.lab.issuer).nth(1).unwrap().split('"').next().unwrap().replace("&amp;", "&");
        let query = desk::choose(&self.lab, &format!("{}{target}", self.lab.issuer), &self.person).await;
        browser.get(&format!("/login/callback?{query}")).await.expect(303);
        browser
    }

    /// What nothing may say afterwards.
    fn canaries(&self) -> Vec<String> {
        let Person { given_name, family_name, email, external_id, .. } = &self.person;
        let told = [email, external_id, family_name, &format!("{given_name} {family_name}")].map(Clone::clone);
        let also = [ADDRESS, AGENT, "+46 70 740 66 01", "E-740661", "old.name@", "laptop of"].map(str::to_owned);
        told.into_iter().chain(also).collect()
    }
}

fn as_user(ctx: &Ctx, user: &UserId, clock: &Clock) -> Ctx {
    let session = SessionId::from_uuid(clock.uuid());
    Ctx { actor: Actor::User { id: user.clone(), session }, now: clock.now(), ..ctx.clone() }
}

/// A life through every door of somebody whom a provider pushes; who they are.
async fn live_with_a_provider(scene: &Scene, provider: &Provider) -> UserId {
    let (app, operator) = (&scene.world.app, &scene.acme.operator);
    let owner_key = scene.acme.key.as_str();
    let person = &provider.person;
    let name = format!("{} {}", person.given_name, person.family_name);
    // A member of a group before anybody knows her, by the name that her provider has for her.
    let group = json!({"schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "displayName": "eng",
                       "members": [{"value": person.external_id, "display": name}]});
    provider.scim(scene, "POST", "/Groups", Some(group)).await;
    let invite = json!({"invitations": [{"email": person.email, "role": "member"}]});
    ask(scene, "POST", "/api/v1/invitations", owner_key, Some(invite)).await;
    // First under another name and address.
    let mut before = provider.body();
    before["userName"] = json!("old.name@northwind.example");
    before["emails"] = json!([{"value": "old.name@northwind.example", "primary": true}]);
    let made = provider.scim(scene, "POST", "/Users", Some(before)).await;
    let id: UserId = made["id"].as_str().unwrap().parse().unwrap();
    provider.scim(scene, "PUT", &format!("/Users/{id}"), Some(provider.body())).await;
    // Refused, and looked for: the log of pushes says with what.
    let filter = format!("/Users?filter=userName%20eq%20%22{}%22", person.email.replace('@', "%40"));
    provider.scim(scene, "GET", &filter, None).await;
    let browser = provider.enter(scene).await;
    browser.accept_terms().await;
    assert!(browser.is_in().await, "{}", scene.engine);
    provider.enter(scene).await;
    // Wrong guesses at a password that she does not have.
    for _ in 0..3 {
        let wrong = [("email", person.email.as_str()), ("organization", "acme"), ("password", "wrong and long")];
        browser.post("/login/password", &wrong).await;
    }
    let ctx = as_user(operator, &id, &scene.clock);
    let key = app.create_key(&ctx, &format!("laptop of {name}"), None).await.unwrap();
    let secret = key.secret.expose().to_owned();
    ask(scene, "GET", "/api/v1/me", &secret, None).await;
    let rename = json!({"name": format!("old laptop of {name}")});
    ask(scene, "PATCH", &format!("/api/v1/keys/{}", key.key.id), &secret, Some(rename)).await;
    // One goes to a machine, and goes on.
    let moved = app.create_key(&ctx, "agent", None).await.unwrap();
    ask(scene, "GET", "/api/v1/me", moved.secret.expose(), None).await;
    app.write_key_uses().await.unwrap();
    let machine = ask(scene, "POST", "/api/v1/service-accounts", owner_key, Some(json!({"name": "agents"}))).await;
    let path = format!("/api/v1/users/{id}/keys/{}/move", moved.key.id);
    ask(scene, "POST", &path, owner_key, Some(json!({"to": machine["id"]}))).await;
    ask(scene, "GET", "/auth/verify", moved.secret.expose(), None).await;
    app.write_key_uses().await.unwrap();
    review(scene, &id, &name).await;
    // An answer about her, kept for whoever repeats the request.
    let once = scene
        .world
        .client
        .send(
            "POST",
            &format!("/api/v1/users/{id}/suspend"),
            &[("authorization", &format!("Bearer {owner_key}")), ("idempotency-key", "about-her")],
            None,
        )
        .await;
    assert_eq!(once.status, 200, "{once:?}");
    ask(scene, "POST", &format!("/api/v1/users/{id}/reactivate"), owner_key, None).await;
    id
}

/// An access review in which somebody writes a note about her.
async fn review(scene: &Scene, id: &UserId, name: &str) {
    let limits = ReviewLimits { account_days: 1, ..ReviewLimits::default() };
    let owner_key = scene.acme.key.as_str();
    scene.clock.advance(Duration::from_hours(25));
    let review = ask(
        scene,
        "POST",
        "/api/v1/access-reviews",
        owner_key,
        Some(json!({"name": "Spring", "limits": serde_json::to_value(limits).unwrap()})),
    )
    .await;
    let review = review["id"].as_str().unwrap();
    let path = format!("/api/v1/access-reviews/{review}");
    let proposals = ask(scene, "GET", &format!("{path}/proposals?limit=200"), owner_key, None).await;
    let about = proposals["items"].as_array().unwrap().iter().find(|one| one.to_string().contains(id.as_str()));
    let about = about.unwrap_or_else(|| panic!("nothing about {id} in {proposals}"));
    let decision =
        json!({"proposal": about["id"], "verdict": "keep", "note": format!("{name} says that she needs it")});
    ask(scene, "POST", &format!("{path}/decisions"), owner_key, Some(json!({"decisions": [decision]}))).await;
}

/// A life of somebody who has no provider; who they are.
async fn live_by_a_password(scene: &Scene) -> UserId {
    let browser = scene.member(GRACE).await;
    let id = scene.user(GRACE).await.id;
    let (_, codes) = browser.enrol(&scene.clock).await;
    let guest = Browser::new(&scene.world.client).sending(&[("x-forwarded-for", ADDRESS), ("user-agent", AGENT)]);
    guest.sign_in(GRACE, "wrong and long").await;
    guest.sign_in(GRACE, PASSWORD).await.expect(200);
    guest.post("/login/code", &[("code", &codes[0])]).await.expect(303);
    let forgot = [("email", GRACE), ("organization", "acme")];
    guest.post("/login/forgot", &forgot).await.expect(200);
    // The letters that this wrote wait: nobody sends them.
    for _ in 0..100 {
        if !scene.store.read().await.unwrap().letters_of(&scene.acme.operator.organization).await.unwrap().is_empty() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    id
}

async fn erase(scene: &Scene, id: &UserId, name: &str) -> Json {
    let (key, path) = (scene.acme.key.as_str(), format!("/api/v1/users/{id}/erasure"));
    let plan = ask(scene, "GET", &path, key, None).await;
    assert_eq!(plan["confirm"], name);
    let headers = [("authorization", format!("Bearer {key}")), ("content-type", "application/json".to_owned())];
    let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let send = async |body: Json| scene.world.client.send("POST", &path, &headers, Some(body.to_string())).await;
    send(json!({"plan": plan["plan"], "confirm": "somebody else"})).await.expect(400);
    send(json!({"plan": "another", "confirm": name})).await.expect(409);
    let done = send(json!({"plan": plan["plan"], "confirm": name})).await.expect(200).json();
    assert_eq!((&done["rows"], &done["events"], &done["left"]), (&plan["rows"], &plan["events"], &json!({})), "{plan}");
    assert_eq!(done["confirm"], Json::Null);
    send(json!({"plan": plan["plan"], "confirm": name})).await.expect(409);
    println!("{}: {} erased: {done}", scene.engine, id);
    done
}

async fn seal(scene: &Scene) {
    for _ in 0..400 {
        scene.world.app.seal_events().await.unwrap();
        if scene.store.read().await.unwrap().organization_to_seal("").await.unwrap().is_none() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("events are not sealed");
}

async fn verify(scene: &Scene) -> Audit {
    let keys = scene.world.app.audit_keys().unwrap();
    Auditor::new(&scene.store, &keys).verify(&scene.acme.operator.organization, &[], |_| {}).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_person_who_was_erased_nothing_is_left_and_the_chain_holds() {
    everywhere(async |scene, provider| {
        let her = Box::pin(live_with_a_provider(scene, provider)).await;
        let grace = Box::pin(live_by_a_password(scene)).await;
        seal(scene).await;
        let canaries = provider.canaries();
        let all: Vec<&str> = canaries.iter().map(String::as_str).chain([GRACE]).collect();
        // The search finds what is there: every one of the words, and in many tables.
        let rows = dump::of_store(&scene.store).await;
        for canary in all.iter().filter(|canary| **canary != AGENT) {
            assert!(!dump::found(&rows, &[canary]).is_empty(), "{}: {canary} was nowhere", scene.engine);
        }
        let whole = verify(scene).await;
        assert_eq!((whole.finding, whole.erased), (None, 0));

        // Whoever is active stays.
        let path = format!("/api/v1/users/{her}/erasure");
        let bearer = format!("Bearer {}", scene.acme.key);
        scene.world.client.get(&path, &[("authorization", &bearer)]).await.expect(409);
        provider.scim(scene, "DELETE", &format!("/Users/{her}"), None).await;
        let done = erase(scene, &her, &provider.person.email).await;
        assert!(done["events"].as_i64().unwrap() > 0, "the key's names were in events: {done}");
        ask(scene, "POST", &format!("/api/v1/users/{grace}/suspend"), &scene.acme.key, None).await;
        erase(scene, &grace, GRACE).await;
        // What counts as remembered lives for the lease at most.
        tokio::time::sleep(scene.world.app.settings().cache.lease.get()).await;

        let mut rows = dump::of_store(&scene.store).await;
        if let Some(url) = redis() {
            rows.extend(dump::of_redis(&url).await);
        }
        let found = dump::found(&rows, &all);
        assert!(found.is_empty(), "{}: {}", scene.engine, found.join("\n"));
        seal(scene).await;
        let whole = verify(scene).await;
        assert_eq!(whole.finding, None, "{}", scene.engine);
        assert_eq!(whole.erased, done["events"].as_i64().unwrap());
        tamper(scene).await;

        // The same people come again, as somebody new.
        let again = provider.scim(scene, "POST", "/Users", Some(provider.body())).await;
        assert_ne!(again["id"], her.as_str());
        scene.member(GRACE).await;
        assert_ne!(scene.user(GRACE).await.id, grace);
    })
    .await;
}

/// A statement, and whether the audit's finding is the right one.
type Tamper = (String, fn(&Wrong) -> bool);

/// Whoever can write to the store does what an erasure does, or undoes what one did: each is found.
async fn tamper(scene: &Scene) {
    let organization = &scene.acme.operator.organization;
    let erased =
        "organization = ?1 AND id = (SELECT MAX(id) FROM events WHERE organization = ?1 AND erased_by IS NOT NULL)";
    let other = "organization = ?1 AND id = (SELECT MIN(id) FROM events WHERE organization = ?1 AND number = 7)";
    let by = "(SELECT MAX(erased_by) FROM events WHERE organization = ?1)";
    let tampers: &[Tamper] = &[
        (format!("UPDATE events SET detail = '{{\"said\":1}}' WHERE {erased}"), |wrong| *wrong == Wrong::TakenAway),
        (format!("UPDATE events SET erased_by = NULL WHERE {erased}"), |wrong| *wrong == Wrong::TakenAway),
        (format!("UPDATE events SET erased_by = id WHERE {erased}"), |wrong| *wrong == Wrong::TakenAway),
        (format!("UPDATE events SET detail_hash = salt WHERE {erased}"), |wrong| *wrong == Wrong::Changed),
        (format!("UPDATE events SET detail_hash = NULL, erased_by = NULL WHERE {erased}"), |wrong| *wrong == Wrong::Changed),
        (format!("UPDATE events SET erased_by = {by} WHERE {other}"), |wrong| *wrong == Wrong::TakenAway),
        (format!("UPDATE events SET detail = '{{}}' WHERE {other}"), |wrong| *wrong == Wrong::Changed),
        (format!("UPDATE events SET salt = NULL WHERE {other}"), |wrong| *wrong == Wrong::Changed),
        (
            "UPDATE events SET detail = '{\"events\":0,\"digest\":\"00\"}' WHERE organization = ?1 AND kind = 'user.erased'"
                .to_owned(),
            |wrong| *wrong == Wrong::TakenAway || *wrong == Wrong::Changed,
        ),
    ];
    for (sql, is_right) in tampers {
        keep(&scene.store, "CREATE TABLE kept AS SELECT * FROM events").await;
        let changed = change(&scene.store, sql.clone(), args![organization]).await;
        assert!(changed > 0, "{sql} changes nothing");
        let found = verify(scene).await.finding;
        assert!(found.as_ref().is_some_and(|found| is_right(&found.wrong)), "{}: {sql}: {found:?}", scene.engine);
        keep(&scene.store, "DELETE FROM events").await;
        keep(&scene.store, "INSERT INTO events SELECT * FROM kept").await;
        keep(&scene.store, "DROP TABLE kept").await;
        assert_eq!(verify(scene).await.finding, None);
    }
}

async fn keep(store: &Store, sql: &str) {
    change(store, sql.to_owned(), args![]).await;
}

async fn change(store: &Store, sql: String, args: &[Value]) -> u64 {
    let mut tx = store.write("tamper").await.unwrap();
    let rows = tx.run(sql.leak(), args).await.unwrap();
    if !tx.is_dirty() {
        // What makes a table alone writes no row.
        tx.run("UPDATE organizations SET access_epoch = access_epoch", &[]).await.unwrap();
    }
    tx.commit().await.unwrap();
    rows
}
