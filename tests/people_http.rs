//! People's and programs' doors: sign-in pages, terms, account, the API, and what services behind the gateway are told.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod world;

use castgate::{
    app::{Claims, Clock},
    http::{Caller, ROUTES},
    model::{OidcSettings, Profile},
};
use serde_json::{Value, json};
use world::{Answer, Organization, World};

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");
const JSON: (&str, &str) = ("content-type", "application/json");

/// A browser with a session, as far as these tests need one.
struct Browser<'a> {
    world: &'a World,
    cookie: String,
}

impl<'a> Browser<'a> {
    /// Signs in with a one-time link.
    async fn by_link(world: &'a World, link: &str) -> Self {
        let answer = world.client.send("POST", "/login/link", &[FORM], Some(format!("token={link}"))).await.expect(303);
        let cookie = answer.header("set-cookie").split(';').next().unwrap().to_owned();
        assert!(cookie.starts_with("castgate=cgn_"), "{cookie}");
        Self { world, cookie }
    }

    async fn get(&self, path: &str) -> Answer {
        self.world.client.get(path, &[("cookie", &self.cookie)]).await
    }

    async fn post(&self, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let mut all = vec![FORM, ("cookie", self.cookie.as_str())];
        all.extend(headers);
        self.world.client.send("POST", path, &all, Some(body.to_owned())).await
    }

    /// The token that the account page's forms carry.
    async fn token(&self) -> String {
        field(&self.get("/account").await.text, "form")
    }
}

/// The value of a page's hidden field.
fn field(page: &str, name: &str) -> String {
    let after =
        page.split_once(&format!("name=\"{name}\" value=\"")).unwrap_or_else(|| panic!("no {name} in {page}")).1;
    after.split('"').next().unwrap().to_owned()
}

fn bearer(secret: &str) -> String {
    format!("Bearer {secret}")
}

async fn api(world: &World, key: &str, method: &str, path: &str, body: Option<Value>) -> Answer {
    let bearer = bearer(key);
    let path = format!("/api/v1{path}");
    let headers = [("authorization", bearer.as_str()), JSON];
    world.client.send(method, &path, &headers, body.map(|body| body.to_string())).await
}

/// A key of somebody whom the directory pushed and whom no rule gives anything: a viewer by default.
async fn viewer(world: &World, acme: &Organization) -> (String, String) {
    let okta = acme.connection("okta", Profile::Okta).await;
    let body = json!({"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "vera@acme.test"});
    let id = okta.post("/Users", body).await.expect(201).id();
    let mut ctx = acme.operator.clone();
    let user = id.parse().unwrap();
    ctx.actor = castgate::app::Actor::Key { user, id: "key_06h00krhv1t3jel88ooobccad0".parse().unwrap() };
    let versions: Vec<_> =
        world.app.terms().await.unwrap().into_iter().map(|document| (document.kind, document.version)).collect();
    world.app.accept_terms(&ctx, &versions).await.unwrap();
    let key = world.app.create_key(&ctx, "test", None).await.unwrap();
    (id, key.secret.expose().to_owned())
}

fn with_id(template: &str, id: &str) -> String {
    template.replace("{id}", id)
}

#[tokio::test]
async fn nothing_of_the_api_answers_without_a_credential_or_with_a_wrong_one() {
    let world = World::start().await;
    world.organization("acme").await;
    let wrong = ["cgk_", "cgk_0000000000000000000000000000000000000000000000", "cgs_x", "x"];
    for route in ROUTES.iter().filter(|route| route.who == Caller::SessionOrKey) {
        let nobody = world.client.send(route.method, route.path, &[], None).await.expect(401);
        for secret in wrong {
            let headers = [("authorization", bearer(secret))];
            let headers = headers.each_ref().map(|(name, value)| (*name, value.as_str()));
            let answer = world.client.send(route.method, route.path, &headers, None).await.expect(401);
            assert_eq!(answer.text, nobody.text, "every reason looks the same: {route:?}");
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
    let next = format!("/events?limit=2&before={}", events.json()["next"].as_str().unwrap());
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
    assert_eq!(stale.json()["code"], "stale");
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
        assert_eq!(foreign.text.replace(theirs.stored.id.as_str(), absent), nothing.text);
    }
}

#[tokio::test]
async fn looking_at_a_one_time_link_does_not_use_it_up() {
    let world = World::start().await;
    let acme = world.organization("acme").await;
    let path = format!("/login/link?token={}", acme.link);
    for _ in 0..3 {
        let page = world.client.get(&path, &[]).await.expect(200);
        assert_eq!(page.header("set-cookie"), "");
        assert_eq!(field(&page.text, "token"), acme.link);
    }
    Browser::by_link(&world, &acme.link).await.get("/account").await.expect(200);
    let again =
        world.client.send("POST", "/login/link", &[FORM], Some(format!("token={}", acme.link))).await.expect(410);
    assert_eq!(again.header("set-cookie"), "");
}

#[tokio::test]
async fn a_change_that_another_site_sends_is_refused() {
    let world = World::start().await;
    let acme = world.organization("acme").await;
    let browser = Browser::by_link(&world, &acme.link).await;
    let token = browser.token().await;
    let good = format!("form={token}&name=laptop&days=30");
    let forged = [
        (vec![("sec-fetch-site", "cross-site")], good.as_str()),
        (vec![("sec-fetch-site", "same-site")], &good),
        (vec![("origin", "https://evil.test")], &good),
        (vec![("origin", "null")], &good),
        (vec![], "name=laptop&days=30"),
        (vec![], "form=&name=laptop&days=30"),
        (vec![("origin", world.origin.as_str())], "form=AAAA&name=laptop&days=30"),
    ];
    for (headers, body) in &forged {
        browser.post("/account/keys", headers, body).await.expect(403);
        browser.post("/logout", headers, body).await.expect(403);
        browser.post("/terms", headers, body).await.expect(403);
    }
    for headers in [vec![("sec-fetch-site", "cross-site")], vec![("origin", "https://evil.test")]] {
        browser.post("/login", &headers, "email=a@b.test").await.expect(403);
        browser.post("/login/link", &headers, "token=x").await.expect(403);
    }
    let headers = [("cookie", browser.cookie.as_str()), JSON];
    let body = Some(json!({"name": "x"}).to_string());
    world.client.send("POST", "/api/v1/keys", &headers, body.clone()).await.expect(403);
    let headers = [("cookie", browser.cookie.as_str()), JSON, ("x-castgate-csrf", token.as_str())];
    world.client.send("POST", "/api/v1/keys", &headers, body).await.expect(201);
    browser.get("/account").await.expect(200);
    let page = browser.post("/account/keys", &[("origin", &world.origin)], &good).await.expect(201);
    assert!(page.text.contains("cgk_") && page.text.contains("laptop"));
}

#[tokio::test]
async fn signing_out_ends_the_session_and_takes_the_cookie() {
    let world = World::start().await;
    let acme = world.organization("acme").await;
    let browser = Browser::by_link(&world, &acme.link).await;
    let form = format!("form={}", browser.token().await);
    let answer = browser.post("/logout", &[], &form).await.expect(200);
    assert!(answer.header("set-cookie").starts_with("castgate=; Path=/; Max-Age=0; HttpOnly"), "{answer:?}");
    assert_eq!(browser.get("/account").await.expect(303).header("location"), "/login?return_to=%2Faccount");
}

#[tokio::test]
async fn a_sign_in_leads_back_only_to_a_path_of_ours() {
    let world = World::start().await;
    let acme = world.organization("acme").await;
    let browser = Browser::by_link(&world, &acme.link).await;
    for bad in
        ["//evil.test", "https://evil.test", "/%5Cevil.test", "%2F%2Fevil.test", "/%09/evil.test", "javascript:x"]
    {
        let to = browser.get(&format!("/login?return_to={bad}")).await.expect(303);
        assert_eq!(to.header("location"), "/account", "{bad}");
    }
    let to = browser.get("/login?return_to=%2Fcosts%3Fday%3D1").await.expect(303);
    assert_eq!(to.header("location"), "/costs?day=1");
}

#[tokio::test]
async fn the_terms_stand_before_everything() {
    let world = World::start().await;
    let new = castgate::app::NewOrganization {
        slug: "acme".to_owned(),
        name: "Acme".to_owned(),
        owner: "owner@acme.test".to_owned(),
        accept_terms: false,
    };
    let founded = world.app.found_organization(&new).await.unwrap();
    let (key, link) = (founded.key.expose(), founded.link.expose());
    let answer = world.client.send("POST", "/login/link", &[FORM], Some(format!("token={link}"))).await.expect(303);
    assert_eq!(answer.header("location"), "/terms?return_to=%2Faccount");
    let cookie = answer.header("set-cookie").split(';').next().unwrap().to_owned();
    let browser = Browser { world: &world, cookie };
    assert!(browser.get("/account").await.expect(303).header("location").starts_with("/terms"));
    let verify = browser.get("/auth/verify").await.expect(403);
    assert_eq!(verify.header("x-castgate-terms"), format!("{}/terms", world.origin));
    for route in ROUTES.iter().filter(|route| route.path.starts_with("/api/")) {
        let path = route.path.trim_start_matches("/api/v1");
        let answer = api(&world, key, route.method, path, None).await.expect(403);
        assert_eq!(answer.json()["code"], "terms_not_accepted", "{route:?}");
    }
    let page = browser.get("/terms?return_to=/costs").await.expect(200);
    let sent = |version: &str| {
        let token = field(&page.text, "form");
        format!("form={token}&return_to=/costs&terms={version}&privacy={}", field(&page.text, "privacy"))
    };
    browser.post("/terms", &[], &sent("7")).await.expect(409);
    browser.post("/terms", &[], &sent("x")).await.expect(400);
    let done = browser.post("/terms", &[], &sent(&field(&page.text, "terms"))).await.expect(303);
    assert_eq!(done.header("location"), "/costs");
    browser.get("/account").await.expect(200);
    api(&world, key, "GET", "/me", None).await.expect(200);
}

#[tokio::test]
async fn a_service_is_told_who_it_is_and_can_check_the_token() {
    let world = World::start().await;
    let acme = world.organization("acme").await;
    let bearer = bearer(&acme.key);
    // What the request claims about its sender is not read.
    let headers = [("authorization", bearer.as_str()), ("x-castgate-user", "usr_evil"), ("x-castgate-roles", "owner")];
    let told = world.client.get("/auth/verify?can=manage-members&audience=costs", &headers).await.expect(200);
    assert_eq!(told.header("x-castgate-roles"), "owner");
    assert_eq!(told.header("x-castgate-email"), "owner@acme.example.com");
    assert_eq!(told.header("x-castgate-organization"), acme.founded.id.as_str());
    assert_eq!(told.header("x-castgate-request"), told.header("x-request-id"));
    assert_eq!(told.header("authorization"), format!("Bearer {}", told.header("x-castgate-jwt")));
    let keys = world.client.get("/.well-known/jwks.json", &[]).await.expect(200);
    assert_eq!(keys.header("cache-control"), "public, max-age=60");
    let claims = verified(told.header("x-castgate-jwt"), &keys.json(), "costs").expect("the token holds");
    assert_eq!((claims.iss.as_str(), claims.roles.as_slice()), (world.origin.as_str(), &["owner".to_owned()][..]));
    assert_eq!(claims.sub.as_str(), told.header("x-castgate-user"));
    assert!(claims.exp - claims.iat <= 60);
    assert!(verified(told.header("x-castgate-jwt"), &keys.json(), "billing").is_none(), "it is for costs alone");
    world.client.get("/auth/verify?can=manage-everything", &headers).await.expect(400);
    world.client.send("PATCH", "/auth/verify", &headers, None).await.expect(200);
    world.client.get("/auth/verify", &[("x-api-key", &acme.key)]).await.expect(200);
}

/// As a service behind the gateway does it, with the published keys alone.
fn verified(token: &str, keys: &Value, audience: &str) -> Option<Claims> {
    let header = jsonwebtoken::decode_header(token).unwrap();
    let set: jsonwebtoken::jwk::JwkSet = serde_json::from_value(keys.clone()).unwrap();
    let key = jsonwebtoken::DecodingKey::from_jwk(set.find(&header.kid.unwrap()).unwrap()).unwrap();
    let mut rules = jsonwebtoken::Validation::new(header.alg);
    rules.set_audience(&[audience]);
    jsonwebtoken::decode::<Claims>(token, &key, &rules).ok().map(|token| token.claims)
}

#[tokio::test]
async fn whoever_may_not_is_told_what_is_missing() {
    let world = World::start().await;
    let acme = world.organization("acme").await;
    let (_, key) = viewer(&world, &acme).await;
    let bearer = bearer(&key);
    let headers = [("authorization", bearer.as_str())];
    let answer = world.client.get("/auth/verify?can=manage-members", &headers).await.expect(403);
    assert!(answer.json()["detail"].as_str().unwrap().contains("manage-members"), "{answer:?}");
    assert_eq!(answer.header("x-castgate-user"), "");
    world.client.get("/auth/verify?can=view-costs", &headers).await.expect(200);
    world.client.get("/auth/verify?can=view-costs&cluster=nowhere", &headers).await.expect(404);
}

#[tokio::test]
async fn a_browser_is_told_where_to_sign_in_and_a_program_what_to_send() {
    let world = World::start().await;
    let html = ("accept", "text/html,*/*");
    let answer = world.client.get("/auth/verify", &[html, ("x-forwarded-uri", "/costs?day=1")]).await.expect(401);
    let address = format!("{}/login?return_to=%2Fcosts%3Fday%3D1", world.origin);
    assert_eq!((answer.header("location"), answer.header("x-castgate-login")), (address.as_str(), address.as_str()));
    let answer = world.client.get("/auth/verify", &[html, ("x-forwarded-uri", "//evil.test")]).await.expect(401);
    assert_eq!(answer.header("location"), format!("{}/login", world.origin));
    let posts = world.client.get("/auth/verify", &[html, ("x-forwarded-method", "POST")]).await.expect(401);
    assert_eq!(posts.header("location"), "");
    let program = world.client.get("/auth/verify", &[]).await.expect(401);
    assert_eq!((program.header("location"), program.header("www-authenticate")), ("", "Bearer"));
}

/// The page without what differs in every answer: what was typed.
async fn sign_in_page(world: &World, email: &str, organization: &str) -> String {
    let body = format!("email={email}&organization={organization}");
    let answer = world.client.send("POST", "/login", &[FORM], Some(body)).await.expect(200);
    answer.text.replace(email, "EMAIL").replace(organization, "SLUG")
}

#[tokio::test]
async fn a_stranger_does_not_learn_who_or_what_is_here() {
    let world = World::start().await;
    world.organization("zebra-inc").await;
    // It is there, but nobody can sign in to it by a provider; the other is not there.
    let here = sign_in_page(&world, "a@unknown.test", "zebra-inc").await;
    assert_eq!(here, sign_in_page(&world, "b@unknown.test", "no-such-organization").await);
    assert!(!here.contains("zebra") && !here.contains("ZEBRA"), "{here}");
    let page = world.client.get("/login", &[]).await.expect(200);
    assert!(!page.text.contains("zebra"), "{page:?}");
}

#[tokio::test]
async fn an_answer_that_nobody_waits_for_signs_nobody_in() {
    let world = World::start().await;
    let acme = world.organization("acme").await;
    let mut settings = castgate::model::ConnectionSettings::of(Profile::Okta);
    settings.oidc = Some(OidcSettings {
        issuer: "http://127.0.0.1:9".to_owned(),
        client_id: "castgate".to_owned(),
        scopes: Vec::new(),
    });
    acme.connection_with("okta", settings).await;
    let mut texts = Vec::new();
    for (query, cookie) in [
        ("code=x&state=y", ""),
        ("error=access_denied", ""),
        ("", ""),
        ("code=x&state=y", "castgate-sign-in=AAAA"),
        ("code=x&state=y", "castgate-sign-in=%%%"),
    ] {
        let answer = world.client.get(&format!("/login/callback?{query}"), &[("cookie", cookie)]).await.expect(400);
        assert!(answer.header("set-cookie").starts_with("castgate-sign-in=; Path=/login; Max-Age=0"), "{answer:?}");
        texts.push(answer.text);
    }
    assert!(texts.iter().all(|text| *text == texts[0]), "every reason looks the same");
    // The provider cannot be asked: the person reads one sentence, the address stays in the log.
    let body = Some("email=a@acme.test&organization=acme".to_owned());
    let answer = world.client.send("POST", "/login", &[FORM], body).await.expect(502);
    assert!(!answer.text.contains("127.0.0.1:9"), "{answer:?}");
}

#[tokio::test]
async fn a_new_sign_in_ends_the_one_before_it_in_this_browser() {
    let world = World::start_with(Clock::machine(), |_| {}).await;
    let (acme, other) = (world.organization("acme").await, world.organization("other").await);
    let first = Browser::by_link(&world, &acme.link).await;
    let answer = first.post("/login/link", &[], &format!("token={}", other.link)).await.expect(303);
    assert!(!answer.header("set-cookie").contains(&first.cookie), "the secret is a new one");
    first.get("/account").await.expect(303);
}

#[tokio::test]
async fn pages_allow_no_script_and_no_frame_and_are_kept_by_nobody() {
    let world = World::start().await;
    let acme = world.organization("acme").await;
    let browser = Browser::by_link(&world, &acme.link).await;
    for path in ["/login", "/account", "/terms", "/login/link?token=x", "/nothing-here", "/login/callback"] {
        let page = browser.get(path).await;
        let policy = page.header("content-security-policy").to_owned();
        assert!(page.status == 303 || policy.starts_with("default-src 'none'; style-src 'self'"), "{path}: {page:?}");
        assert_eq!(page.header("cache-control"), "no-store", "{path}");
        for inline in ["<script", "<style", " style=", " onclick=", "http://", "https://"] {
            assert!(!page.text.contains(inline), "{path} has {inline}");
        }
    }
    let page = browser.get("/account").await.expect(200);
    let sheet = page.text.split_once("stylesheet\" href=\"").unwrap().1.split('"').next().unwrap().to_owned();
    let style = browser.get(&sheet).await.expect(200);
    assert!(style.header("cache-control").contains("immutable"));
    let headers = [("if-none-match", style.header("etag"))];
    world.client.get(&sheet, &headers).await.expect(304);
}
