//! Sign-in, terms, account, signing out: a browser's side.

use super::{Browser, FORM, JSON, api, field, world::World};
use castgate::{
    app::Clock,
    http,
    model::{OidcSettings, Profile},
};
use serde_json::json;

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
    for route in http::routes()
        .into_iter()
        .filter(|route| route.path.starts_with("/api/") && route.who == http::Caller::SessionOrKey)
    {
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
        ..OidcSettings::default()
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
