//! Canaille, a real identity provider that is not ours, from the day when somebody joins to the day when they leave: it pushes
//! people and groups over SCIM, and signs the very same people in over OpenID Connect.
//!
//! `tests/run` installs it and says where it is. Without it the test says that it skips, except where
//! `CASTGATE_TEST_LEGS=required` forbids it.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test stops where it is wrong")]

#[path = "../sign_in/browser.rs"]
#[expect(dead_code, reason = "the sign-in tests use all of it")]
mod browser;
#[path = "../world/mod.rs"]
mod world;

use browser::{Browser, Page};
use castgate::{
    app::Clock,
    model::{MatchAttribute, MatchPair, Profile},
};
use serde_json::{Value, json};
use std::{
    collections::BTreeSet,
    env,
    io::{BufRead, BufReader, Write},
    net::TcpListener,
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};
use tempfile::TempDir;
use world::{Answer, Organization, World};

const MAPPING: &str = "
default: none
rules:
  - name: owners
    groups: [castai-owners]
    grant: owner
  - name: viewers
    groups: [castai-viewers]
    grant: viewer
";

/// A running Canaille. It ends with this value.
struct Canaille {
    process: Child,
    tell: ChildStdin,
    says: BufReader<ChildStdout>,
    directory: TempDir,
}

impl Canaille {
    /// One that pushes to the castgate at `origin`; and what castgate has to know of it. None where it is not installed.
    fn start(origin: &str, token: &str) -> Option<(Self, Value)> {
        let Some(venv) = env::var_os("CASTGATE_TEST_CANAILLE") else {
            assert_ne!(env::var("CASTGATE_TEST_LEGS").as_deref(), Ok("required"), "CASTGATE_TEST_CANAILLE is not set");
            eprintln!("skipped: CASTGATE_TEST_CANAILLE is not set; tests/run sets it");
            return None;
        };
        let directory = TempDir::new().unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/rig/canaille/provider.py");
        let mut command = Command::new(Path::new(&venv).join("bin/python"));
        command.arg(script).arg(directory.path()).arg(format!("{origin}/scim/v2"));
        command.arg(format!("{origin}/login/callback")).arg(port.to_string()).env("CASTGATE_TOKEN", token);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let log = std::fs::File::create(directory.path().join("canaille.log")).unwrap();
        let mut process = command.stderr(log).spawn().unwrap();
        let (tell, says) = (process.stdin.take().unwrap(), BufReader::new(process.stdout.take().unwrap()));
        let mut canaille = Self { process, tell, says, directory };
        let ready = canaille.hears();
        Some((canaille, ready))
    }

    /// Has something happen in Canaille; what it said to castgate because of it, and what it holds then.
    fn step(&mut self, name: &str) -> Value {
        writeln!(self.tell, "{name}").unwrap();
        let told = self.hears();
        let refused: Vec<&Value> =
            told["requests"].as_array().unwrap().iter().filter(|one| one[2].as_u64().unwrap() >= 400).collect();
        assert!(refused.is_empty(), "{name}: castgate refused {refused:#?}");
        told
    }

    fn hears(&mut self) -> Value {
        let line = (&mut self.says).lines().map_while(Result::ok).find(|line| line.starts_with('{'));
        let log = || std::fs::read_to_string(self.directory.path().join("canaille.log")).unwrap_or_default();
        serde_json::from_str(&line.unwrap_or_else(|| panic!("Canaille ended: {}", log()))).unwrap()
    }
}

impl Drop for Canaille {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

struct Scene {
    world: World,
    organization: Organization,
    connection: String,
    token: String,
}

impl Scene {
    async fn set() -> Self {
        let world = World::start_with(Clock::machine(), |_| {}).await;
        let organization = world.organization("acme").await;
        let mut scene = Self { world, organization, connection: String::new(), token: String::new() };
        let settings = json!({"profile": "generic"});
        let new = json!({"name": "canaille", "settings": settings});
        scene.connection = scene.api("POST", "/connections", Some(new)).await.expect(201).id();
        let tokens = format!("/connections/{}/tokens", scene.connection);
        let token = scene.api("POST", &tokens, Some(json!({}))).await.expect(201).json();
        token["secret"].as_str().unwrap().clone_into(&mut scene.token);
        scene.api("POST", "/mapping/publish", Some(json!({"text": MAPPING}))).await.expect(200);
        scene
    }

    /// Tells castgate how Canaille signs people in: Canaille's `sub` is the name by which it pushes.
    async fn trust(&self, canaille: &Value) {
        let pair = MatchPair { claim: "sub".to_owned(), attribute: MatchAttribute::UserName };
        let oidc = json!({"issuer": canaille["issuer"], "client_id": canaille["client_id"]});
        let mut settings = serde_json::to_value(castgate::model::ConnectionSettings::of(Profile::Generic)).unwrap();
        settings["match"] = json!([pair]);
        settings["oidc"] = oidc;
        settings["domains"] = json!(["example.test"]);
        let path = format!("/connections/{}", self.connection);
        let tag = self.api("GET", &path, None).await.expect(200).header("etag").to_owned();
        let body = json!({"settings": settings, "client_secret": canaille["client_secret"]});
        self.send("PUT", &path, &[("if-match", &tag)], Some(body)).await.expect(200);
    }

    async fn api(&self, method: &str, path: &str, body: Option<Value>) -> Answer {
        self.send(method, path, &[], body).await
    }

    async fn send(&self, method: &str, path: &str, more: &[(&str, &str)], body: Option<Value>) -> Answer {
        let bearer = format!("Bearer {}", self.organization.key);
        let mut headers = vec![("authorization", bearer.as_str()), ("content-type", "application/json")];
        headers.extend(more);
        self.world.client.send(method, &format!("/api/v1{path}"), &headers, body.map(|body| body.to_string())).await
    }

    async fn scim(&self, path: &str) -> Value {
        let bearer = format!("Bearer {}", self.token);
        let path = format!("/scim/v2{path}");
        self.world.client.get(&path, &[("authorization", &bearer)]).await.expect(200).json()
    }

    /// castgate holds what Canaille holds, and nothing besides.
    async fn agrees(&self, canaille: &Value) {
        let users = self.scim("/Users").await;
        let ours: BTreeSet<String> = users["Resources"]
            .as_array()
            .unwrap()
            .iter()
            .map(|user| {
                let mut emails: Vec<&str> =
                    user["emails"].as_array().unwrap().iter().map(|email| email["value"].as_str().unwrap()).collect();
                emails.sort_unstable();
                assert!(user.get("password").is_none() && !user.to_string().contains("pbkdf2"), "{user}");
                json!([user["userName"], user["externalId"], user["active"], user["name"]["familyName"], emails])
                    .to_string()
            })
            .collect();
        let theirs: BTreeSet<String> = canaille["users"]
            .as_array()
            .unwrap()
            .iter()
            .map(|user| {
                json!([user["userName"], user["externalId"], user["active"], user["familyName"], user["emails"]])
                    .to_string()
            })
            .collect();
        assert_eq!(ours, theirs);
        let external = |id: &Value| {
            let all = users["Resources"].as_array().unwrap();
            all.iter().find(|user| user["id"] == *id).map_or(Value::Null, |user| user["externalId"].clone())
        };
        let groups = self.scim("/Groups").await;
        let ours: BTreeSet<String> = groups["Resources"]
            .as_array()
            .unwrap()
            .iter()
            .map(|group| {
                let members = group["members"].as_array().cloned().unwrap_or_default();
                let mut members: Vec<String> =
                    members.iter().map(|member| external(&member["value"]).to_string()).collect();
                members.sort_unstable();
                json!([group["displayName"], group["externalId"], members]).to_string()
            })
            .collect();
        let theirs: BTreeSet<String> = canaille["groups"]
            .as_array()
            .unwrap()
            .iter()
            .map(|group| {
                let members: Vec<String> = group["members"].as_array().unwrap().iter().map(Value::to_string).collect();
                json!([group["displayName"], group["externalId"], members]).to_string()
            })
            .collect();
        assert_eq!(ours, theirs);
    }

    /// From castgate's sign-in page through Canaille's pages to whatever castgate answers.
    async fn sign_in(&self, browser: &mut Browser, name: &str, issuer: &str) -> Page {
        let page = browser.open(&format!("{}/login", self.world.origin)).await.expect(200, "/login");
        let email = format!("{name}@example.test");
        let mut page = browser.submit(&page, "/login", &[("email", &email)]).await;
        let password = format!("{name} has a password");
        for _ in 0..4 {
            if !page.url.as_str().starts_with(issuer) {
                break;
            }
            assert_eq!(page.status, 200, "Canaille does not like something: {page:?}");
            let has = |field: &str| page.text.contains(&format!("name=\"{field}\""));
            page = match (has("login"), has("password")) {
                (true, _) => browser.submit(&page, "", &[("login", name)]).await,
                (false, true) => browser.submit(&page, "", &[("password", &password)]).await,
                (false, false) => return page,
            };
        }
        page
    }

    /// What a service behind the gateway is told about a browser: status and roles.
    async fn verify(&self, browser: &mut Browser) -> (u16, String) {
        let page = browser.ask(&format!("{}/auth/verify", self.world.origin)).await;
        (page.status, page.header("x-castgate-roles").to_owned())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn canaille_pushes_people_and_groups_and_signs_the_same_people_in() {
    let scene = Scene::set().await;
    let Some((mut canaille, facts)) = Canaille::start(&scene.world.origin, &scene.token) else { return };
    scene.trust(&facts).await;
    let issuer = facts["issuer"].as_str().unwrap();

    let told = canaille.step("join");
    let writes =
        |told: &Value, method: &str| told["requests"].as_array().unwrap().iter().filter(|one| one[0] == method).count();
    assert!(writes(&told, "POST") >= 5, "three people and two groups: {told:#?}");
    scene.agrees(&told).await;

    let (mut alice, mut bob) = (Browser::new(), Browser::new());
    for (browser, name) in [(&mut alice, "alice"), (&mut bob, "bob")] {
        let terms = scene.sign_in(browser, name, issuer).await.expect(200, "/terms");
        browser.submit(&terms, "/terms", &[]).await.expect(200, "/account");
    }
    assert_eq!(scene.scim("/Users?count=0").await["totalResults"], 3, "a sign-in makes nobody anew");
    assert_eq!(scene.verify(&mut alice).await, (200, "owner,viewer".to_owned()));
    assert_eq!(scene.verify(&mut bob).await, (200, "viewer".to_owned()));

    scene.agrees(&canaille.step("move")).await;
    assert_eq!(scene.verify(&mut bob).await, (200, "owner,viewer".to_owned()), "without a new sign-in");

    let told = canaille.step("lock");
    scene.agrees(&told).await;
    assert_eq!(scene.verify(&mut bob).await.0, 401, "who is locked there is out here");
    assert_eq!(scene.verify(&mut alice).await.0, 200);

    let told = canaille.step("leave");
    assert!(writes(&told, "DELETE") >= 2, "{told:#?}");
    scene.agrees(&told).await;
    assert_eq!(scene.verify(&mut alice).await.0, 401, "who was deleted there is out here");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn canaille_rolls_its_keys_over_while_people_sign_in_and_signs_them_out() {
    let scene = Scene::set().await;
    let Some((mut canaille, facts)) = Canaille::start(&scene.world.origin, &scene.token) else { return };
    scene.trust(&facts).await;
    let issuer = facts["issuer"].as_str().unwrap();
    canaille.step("join");
    canaille.step("stranger");

    // Who does not know the password stays there; whom no rule gives anything stays outside.
    let mut guesses = Browser::new();
    let page = guesses.open(&format!("{}/login", scene.world.origin)).await.expect(200, "/login");
    let page = guesses.submit(&page, "/login", &[("email", "alice@example.test")]).await;
    let page = guesses.submit(&page, "", &[("login", "alice")]).await;
    let page = guesses.submit(&page, "", &[("password", "not hers")]).await;
    assert!(page.url.as_str().starts_with(issuer), "{page:?}");
    assert_eq!(scene.verify(&mut guesses).await.0, 401);
    let mut mallory = Browser::new();
    scene.sign_in(&mut mallory, "mallory", issuer).await.expect(403, "/login/callback");
    assert_eq!(scene.verify(&mut mallory).await.0, 401);

    // Bob stands before the password when the keys change; the others come afterwards.
    let mut alice = Browser::new();
    let terms = scene.sign_in(&mut alice, "alice", issuer).await.expect(200, "/terms");
    alice.submit(&terms, "/terms", &[]).await.expect(200, "/account");
    let mut bob = Browser::new();
    let page = bob.open(&format!("{}/login", scene.world.origin)).await.expect(200, "/login");
    let page = bob.submit(&page, "/login", &[("email", "bob@example.test")]).await;
    let page = bob.submit(&page, "", &[("login", "bob")]).await;
    canaille.step("roll");
    let terms = bob.submit(&page, "", &[("password", "bob has a password")]).await.expect(200, "/terms");
    bob.submit(&terms, "/terms", &[]).await.expect(200, "/account");
    let mut again = Browser::new();
    scene.sign_in(&mut again, "alice", issuer).await.expect(200, "/account");
    let mut carol = Browser::new();
    scene.sign_in(&mut carol, "carol", issuer).await.expect(200, "/terms");

    // Everywhere: both of alice's browsers, and in this one at Canaille too.
    let account = again.open(&format!("{}/account", scene.world.origin)).await.expect(200, "/account");
    let leaves = again.press(&account, "/logout", ("everywhere", "yes")).await;
    assert!(leaves.status == 200, "{leaves:?}");
    assert_eq!((scene.verify(&mut alice).await.0, scene.verify(&mut again).await.0), (401, 401));
    assert_eq!(scene.verify(&mut bob).await.0, 200, "somebody else");
    let page = again.open(&format!("{}/login", scene.world.origin)).await.expect(200, "/login");
    let page = again.submit(&page, "/login", &[("email", "alice@example.test")]).await;
    assert!(page.url.as_str().starts_with(issuer), "Canaille asks anew: {page:?}");
}
