//! `castgate login` with a browser.

use crate::{PROGRAM, Said, Scene};
use serde_json::json;
use std::{process::Stdio, time::Duration};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, BufReader},
    process::Child,
};
use url::Url;

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

/// A command line that waits for its browser.
#[derive(Debug)]
pub(crate) struct Waiting {
    child: Child,
    /// What it asks the person to open.
    pub address: Url,
    rest: BufReader<tokio::process::ChildStderr>,
}

impl Scene {
    pub async fn begin_login(&self) -> Waiting {
        let mut command = self.bare(PROGRAM);
        command.args(["login", &self.world.origin, "--no-browser"]).stdin(Stdio::null());
        let mut child = command.spawn().unwrap();
        let mut rest = BufReader::new(child.stderr.take().unwrap());
        loop {
            let mut line = String::new();
            assert_ne!(rest.read_line(&mut line).await.unwrap(), 0, "it ended without asking");
            if let Ok(address) = Url::parse(line.trim()) {
                return Waiting { child, address, rest };
            }
        }
    }

    /// The cookie of a browser that a one-time link signed in.
    async fn browser(&self) -> String {
        let body = format!("token={}", self.organization.link);
        let answer = self.world.client.send("POST", "/login/link", &[FORM], Some(body)).await.expect(303);
        answer.header("set-cookie").split(';').next().unwrap().to_owned()
    }

    async fn page(&self, cookie: &str, address: &Url) -> crate::world::Answer {
        let path = format!("{}?{}", address.path(), address.query().unwrap_or_default());
        self.world.client.get(&path, &[("cookie", cookie)]).await
    }

    async fn agree(&self, cookie: &str, fields: &[(String, String)]) -> crate::world::Answer {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        self.world.client.send("POST", "/cli", &[FORM, ("cookie", cookie)], Some(body)).await
    }

    /// The code that the browser is given, and what the command line would trade with it.
    async fn code(&self, cookie: &str, device: &str) -> String {
        let address = self.cli_page(CHALLENGE, device);
        let page = self.page(cookie, &address).await.expect(200);
        let answer = self.agree(cookie, &fields(&page.text)).await.expect(200);
        parameter(&onward(&answer.text), "code")
    }

    fn cli_page(&self, challenge: &str, device: &str) -> Url {
        let query = [("port", "50000"), ("challenge", challenge), ("state", "s"), ("device", device)];
        Url::parse_with_params(&format!("{}/cli", self.world.origin), query).unwrap()
    }

    async fn exchange(&self, code: &str, verifier: &str, device: &str) -> u16 {
        let body = json!({"code": code, "verifier": verifier, "device": device}).to_string();
        let headers = [("content-type", "application/json")];
        self.world.client.send("POST", "/api/v1/cli/exchange", &headers, Some(body)).await.status
    }
}

/// RFC 7636, appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// The hidden fields of the page's form.
fn fields(page: &str) -> Vec<(String, String)> {
    let form = page.split_once("action=\"/cli\"").unwrap_or_else(|| panic!("no form in {page}")).1;
    let form = form.split("</form>").next().unwrap();
    let attribute = |input: &str, name: &str| {
        let (_, rest) = input.split_once(&format!("{name}=\""))?;
        Some(rest.split('"').next()?.to_owned())
    };
    form.split("<input")
        .skip(1)
        .filter_map(|input| Some((attribute(input, " name")?, attribute(input, " value")?)))
        .collect()
}

/// Where a page goes on to.
fn onward(page: &str) -> Url {
    let (_, rest) = page.split_once("content=\"0;url=").unwrap_or_else(|| panic!("the page leads nowhere: {page}"));
    Url::parse(&rest.split('"').next().unwrap().replace("&amp;", "&")).unwrap()
}

fn parameter(address: &Url, wanted: &str) -> String {
    address
        .query_pairs()
        .find(|(name, _)| name == wanted)
        .unwrap_or_else(|| panic!("no {wanted} in {address}"))
        .1
        .into_owned()
}

async fn visit(address: &Url) -> reqwest::Response {
    reqwest::Client::builder().no_proxy().build().unwrap().get(address.clone()).send().await.unwrap()
}

impl Waiting {
    pub async fn ended(mut self) -> Said {
        let (mut out, mut err) = (String::new(), String::new());
        self.child.stdout.take().unwrap().read_to_string(&mut out).await.unwrap();
        self.rest.read_to_string(&mut err).await.unwrap();
        Said { code: self.child.wait().await.unwrap().code().unwrap(), out, err }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_person_agrees_and_the_command_line_has_a_key() {
    let scene = Scene::set().await;
    let waiting = scene.begin_login().await;
    assert_eq!(waiting.address.path(), "/cli");
    let unsigned = scene.page("", &waiting.address).await.expect(303);
    assert!(unsigned.header("location").starts_with("/login?return_to=%2Fcli%3Fport%3D"), "{unsigned:?}");
    let cookie = scene.browser().await;
    let page = scene.page(&cookie, &waiting.address).await.expect(200);
    for told in [
        "Let a command line act for you?",
        "ACME",
        "owner@acme.example.com",
        "30 days",
        &parameter(&waiting.address, "device"),
    ] {
        assert!(page.text.contains(told), "{told} is not on {}", page.text);
    }
    let answer = scene.agree(&cookie, &fields(&page.text)).await.expect(200);
    let back = onward(&answer.text);
    assert_eq!((back.host_str(), back.path()), (Some("127.0.0.1"), "/callback"));
    // Whoever knocks with something else is sent away, and the right answer is still waited for.
    let mut wrong = back.clone();
    wrong.set_query(Some("code=c&state=s"));
    assert_eq!(visit(&wrong).await.status(), 404);
    let shown = visit(&back).await;
    assert_eq!(shown.status(), 200);
    assert!(shown.text().await.unwrap().contains("You can close this window"));
    let said = waiting.ended().await.expect(0);
    assert_eq!(said.out, "You are owner@acme.example.com at acme. The context is “acme”.\n");
    let keys = scene.by_the_file(&["keys", "list", "-o", "json"]).await.expect(0).json();
    let key = keys["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|key| key["name"].as_str().unwrap().starts_with("castgate CLI on"))
        .unwrap();
    assert!(key["expires_at"].as_str().unwrap().starts_with("2026-12-22T"), "{key}");

    let secret = std::fs::read_to_string(scene.contexts()).unwrap();
    let secret = secret.split("key = \"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    scene.run_as(&secret, &["whoami"]).await.expect(0);
    let out = scene.by_the_file(&["logout"]).await.expect(0);
    assert_eq!(out.out, "“acme” is signed out: its key is revoked and forgotten.\n");
    scene.run_as(&secret, &["whoami"]).await.expect(3);
    scene.by_the_file(&["whoami"]).await.expect(3);
    assert!(!std::fs::read_to_string(scene.contexts()).unwrap().contains("cgk_"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_person_refuses() {
    let scene = Scene::set().await;
    let waiting = scene.begin_login().await;
    let cookie = scene.browser().await;
    let page = scene.page(&cookie, &waiting.address).await.expect(200);
    let refuse = page.text.split("href=\"http://127.0.0.1").nth(1).unwrap().split('"').next().unwrap();
    let refuse = Url::parse(&format!("http://127.0.0.1{}", refuse.replace("&amp;", "&"))).unwrap();
    assert_eq!(visit(&refuse).await.status(), 400);
    let said = waiting.ended().await.expect(4);
    assert!(said.err.contains("refused in the browser"), "{said:?}");
    assert!(!scene.contexts().exists());
    assert_eq!(scene.api("/keys").await["items"].as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_code_is_good_once_for_two_minutes_for_whom_it_was_made() {
    let scene = Scene::set().await;
    let cookie = scene.browser().await;
    let code = scene.code(&cookie, "laptop").await;
    let other = VERIFIER.replace("dBjf", "aaaa");
    assert_eq!(scene.exchange(&code, &other, "laptop").await, 400, "another verifier");
    assert_eq!(scene.exchange(&code, VERIFIER, "desktop").await, 400, "another machine than the person saw");
    let (session, secret) = code.split_once('.').unwrap();
    let moved = format!("ses_06h00krhv1t3jel88ooobccad0.{secret}");
    assert_eq!(scene.exchange(&moved, VERIFIER, "laptop").await, 400, "another session");
    for noise in ["", ".", "a.b", session, secret, "ses_.cgc_"] {
        assert_eq!(scene.exchange(noise, VERIFIER, "laptop").await, 400, "{noise:?}");
    }
    assert_eq!(scene.exchange(&code, VERIFIER, "laptop").await, 201, "what was tried before has not used it up");
    assert_eq!(scene.exchange(&code, VERIFIER, "laptop").await, 400, "twice");

    let late = scene.code(&cookie, "laptop").await;
    scene.world.app.clock().advance(Duration::from_mins(2));
    assert_eq!(scene.exchange(&late, VERIFIER, "laptop").await, 400, "after two minutes");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_who_trade_one_code_at_once_get_one_key() {
    let scene = Scene::set().await;
    let cookie = scene.browser().await;
    let code = scene.code(&cookie, "laptop").await;
    let all = tokio::join!(
        scene.exchange(&code, VERIFIER, "laptop"),
        scene.exchange(&code, VERIFIER, "laptop"),
        scene.exchange(&code, VERIFIER, "laptop")
    );
    let good = [all.0, all.1, all.2].into_iter().filter(|status| *status == 201).count();
    assert_eq!(good, 1, "{all:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_was_suspended_after_agreeing_gets_no_key() {
    let scene = Scene::set().await;
    let cookie = scene.browser().await;
    let code = scene.code(&cookie, "laptop").await;
    // Somebody else becomes an owner, so that this one can be suspended.
    scene.world.app.recover_organization("acme", "grace@acme.example.com").await.unwrap();
    let owner = scene.run(&["whoami", "-o", "name"]).await.expect(0).out.trim().parse().unwrap();
    scene.world.app.suspend_member(&scene.organization.operator, &owner).await.unwrap();
    assert_eq!(scene.exchange(&code, VERIFIER, "laptop").await, 400);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_browser_is_sent_nowhere_but_home() {
    let scene = Scene::set().await;
    let cookie = scene.browser().await;
    let good = scene.cli_page(CHALLENGE, "laptop");
    let replaced = |name: &str, value: &str| {
        let pairs: Vec<_> = good
            .query_pairs()
            .map(|(known, old)| (known.clone(), if known == name { value.into() } else { old }))
            .collect();
        Url::parse_with_params(&format!("{}/cli", scene.world.origin), pairs).unwrap()
    };
    for (name, value) in [
        ("port", "80"),
        ("port", "65536"),
        ("port", "50000@evil.test"),
        ("port", "127.0.0.1"),
        ("challenge", "short"),
        ("device", "<b>laptop</b>"),
        ("device", "laptop. Press yes"),
        ("state", "a b"),
        ("state", ""),
    ] {
        let answer = scene.page(&cookie, &replaced(name, value)).await.expect(400);
        assert!(!answer.text.contains("<form"), "{name}={value}: {answer:?}");
    }
    let mut with_target = good.clone();
    with_target.query_pairs_mut().append_pair("redirect_uri", "https://evil.test/");
    let page = scene.page(&cookie, &with_target).await.expect(200);
    assert!(!page.text.contains("evil.test"));
    let fields = fields(&page.text);
    let answer = scene.agree(&cookie, &fields).await.expect(200);
    assert_eq!(onward(&answer.text).origin().ascii_serialization(), "http://127.0.0.1:50000");
    // Without the session's own form token, or from elsewhere, nothing is agreed to.
    let forged: Vec<_> = fields.iter().filter(|(name, _)| name != "form").cloned().collect();
    scene.agree(&cookie, &forged).await.expect(403);
    let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&fields).finish();
    let elsewhere = [FORM, ("cookie", &cookie), ("sec-fetch-site", "cross-site")];
    scene.world.client.send("POST", "/cli", &elsewhere, Some(body)).await.expect(403);
}
