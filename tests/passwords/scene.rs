//! A castgate with an organization whose people have passwords, its post, and browsers.

use crate::{
    postgres::fresh_database,
    world::{Answer, Client, Organization, World},
};
use castgate::{
    app::{Clock, Wish},
    config::Settings,
    crypto::{keyfile, totp},
    model::{BuiltInRole, DomainClaim, DomainProof, Profile, Role, User},
    store::Store,
};
use data_encoding::BASE32_NOPAD;
use std::{collections::BTreeMap, fs, path::PathBuf, sync::Mutex, time::Duration};
use tempfile::TempDir;
use url::form_urlencoded;

/// 2026-11-21T08:30:00Z.
const BEGINNING: &str = "2026-11-21T08:30:00Z";
pub(crate) const PASSWORD: &str = "violet tractor noon";
pub(crate) const ANOTHER: &str = "seven quiet lanterns";

pub(crate) struct Scene {
    pub(crate) world: World,
    pub(crate) acme: Organization,
    pub(crate) clock: Clock,
    pub(crate) store: Store,
    pub(crate) engine: &'static str,
}

/// Runs a test on every store that there is.
pub(crate) async fn everywhere(test: impl AsyncFn(&Scene)) {
    everywhere_with(|| Clock::fixed(BEGINNING.parse().unwrap(), 7), |_| {}, test).await;
}

/// The same with a clock and settings of one's own.
pub(crate) async fn everywhere_with(
    clock: impl Fn() -> Clock,
    settle: impl Fn(&mut Settings),
    test: impl AsyncFn(&Scene),
) {
    let directory = TempDir::new().unwrap();
    let store = Store::open_sqlite(directory.path()).await.unwrap();
    test(&Scene::set((store, "SQLite"), directory, clock(), &settle).await).await;
    if let Some(url) = fresh_database().await {
        let store = Store::open_postgres(&url, 8).await.unwrap();
        test(&Scene::set((store, "PostgreSQL"), TempDir::new().unwrap(), clock(), &settle).await).await;
    }
}

/// One form, as a browser sends it.
pub(crate) fn form(fields: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

impl Scene {
    async fn set(
        (store, engine): (Store, &'static str),
        directory: TempDir,
        clock: Clock,
        settle: &impl Fn(&mut Settings),
    ) -> Self {
        let world = Box::pin(World::on((store.clone(), directory), clock.clone(), settle)).await;
        let acme = world.organization("acme").await;
        Self { world, acme, clock, store, engine }
    }

    /// Another node on the same store, with the same master key.
    pub(crate) async fn second_node(&self) -> World {
        let directory = TempDir::new().unwrap();
        let ours = self.world.app.settings().store.data_directory.join(keyfile::FILE_NAME);
        fs::copy(ours, directory.path().join(keyfile::FILE_NAME)).unwrap();
        Box::pin(World::on((self.store.clone(), directory), self.clock.clone(), |_| {})).await
    }

    pub(crate) fn mail(&self) -> PathBuf {
        self.world.app.settings().store.data_directory.join("mail")
    }

    /// Sends what waits, and gives every letter that came since the last time, as text.
    pub(crate) async fn letters(&self) -> Vec<String> {
        self.world.app.send_letters().await.unwrap();
        let Ok(folder) = fs::read_dir(self.mail()) else { return Vec::new() };
        let mut letters = Vec::new();
        for letter in folder {
            let path = letter.unwrap().path();
            letters.push(fs::read_to_string(&path).unwrap().replace("=\r\n", "").replace("=3D", "="));
            fs::remove_file(path).unwrap();
        }
        letters
    }

    /// The token behind `before` in the next letter that has one.
    pub(crate) async fn token_behind(&self, before: &str) -> String {
        for _ in 0..200 {
            for letter in self.letters().await {
                if let Some((_, after)) = letter.split_once(before) {
                    return after.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
                }
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("no letter with {before}")
    }

    /// Invites somebody; the link's token.
    pub(crate) async fn invite(&self, email: &str) -> String {
        let role = Role::BuiltIn(BuiltInRole::Member);
        let wish = Wish { email: email.to_owned(), role, clusters: Vec::new(), groups: Vec::new() };
        self.world.app.invite(&self.acme.operator, vec![wish], None).await.unwrap().remove(0).unwrap();
        self.token_behind("/invitations/").await
    }

    /// Somebody who accepted an invitation with [`PASSWORD`], and the terms.
    pub(crate) async fn member(&self, email: &str) -> Browser {
        let token = self.invite(email).await;
        let browser = Browser::new(&self.world.client);
        let fields = [("password", PASSWORD), ("again", PASSWORD)];
        browser.post(&format!("/invitations/{token}/password"), &fields).await.expect(303);
        browser.accept_terms().await;
        browser
    }

    pub(crate) async fn user(&self, email: &str) -> User {
        let all = self.world.app.members(&self.acme.operator, "", 1000).await.unwrap();
        let found = all.iter().find(|user| user.email.as_deref() == Some(email));
        found.unwrap_or_else(|| panic!("no {email} among {all:?}")).clone()
    }

    /// Single sign-on enforced for a domain, by a connection that nobody reaches.
    pub(crate) async fn enforce(&self, domain: &str) {
        let connection = self.acme.connection("enforcing", Profile::Okta).await;
        let now = self.clock.now();
        let claim = DomainClaim {
            domain: domain.to_owned(),
            connection: connection.stored.id.clone(),
            claimed_at: now,
            proof: Some(DomainProof::Operator),
            verified_at: Some(now),
            checked_at: None,
            missing_since: None,
            answer: None,
            enforced_at: Some(now),
            enforced_by: Some("test".to_owned()),
        };
        let mut tx = self.store.write("test").await.unwrap();
        tx.set_domain_claim(&self.acme.operator.organization, &claim).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// The reasons of the last sign-ins that failed, the newest first.
    pub(crate) async fn failures(&self, most: i64) -> Vec<String> {
        let search = castgate::store::SignInSearch::default();
        let traces = self.world.app.sign_ins(&self.acme.operator, &search, "", most).await.unwrap();
        traces.iter().filter_map(|trace| trace.entry.failure).map(|failure| failure.to_string()).collect()
    }

    /// How often an event of this kind is on record.
    pub(crate) async fn told(&self, kind: &str) -> usize {
        let events = self.world.app.events(&self.acme.operator, None, "", 500).await.unwrap();
        events.iter().filter(|event| event.kind.name() == kind).count()
    }
}

/// A browser with its cookies. It follows nothing.
pub(crate) struct Browser {
    client: Client,
    cookies: Mutex<BTreeMap<String, String>>,
    /// What it sends along with everything.
    along: Vec<(&'static str, &'static str)>,
}

impl Browser {
    pub(crate) fn new(client: &Client) -> Self {
        Self { client: client.clone(), cookies: Mutex::default(), along: Vec::new() }
    }

    /// The same browser, which sends these headers along.
    pub(crate) fn sending(mut self, along: &[(&'static str, &'static str)]) -> Self {
        self.along.extend(along);
        self
    }

    /// The same browser at another node.
    pub(crate) fn at(&self, client: &Client) -> Self {
        let cookies = Mutex::new(self.cookies.lock().unwrap().clone());
        Self { client: client.clone(), cookies, along: self.along.clone() }
    }

    pub(crate) fn has(&self, cookie: &str) -> bool {
        self.cookies.lock().unwrap().contains_key(cookie)
    }

    pub(crate) fn forget(&self, cookie: &str) {
        self.cookies.lock().unwrap().remove(cookie);
    }

    async fn send(&self, method: &str, path: &str, body: Option<String>) -> Answer {
        let cookie: Vec<String> =
            self.cookies.lock().unwrap().iter().map(|(name, value)| format!("{name}={value}")).collect();
        let cookie = cookie.join("; ");
        let mut headers = vec![("cookie", cookie.as_str())];
        headers.extend(&self.along);
        if body.is_some() {
            headers.push(("content-type", "application/x-www-form-urlencoded"));
        }
        let answer = self.client.send(method, path, &headers, body).await;
        for set in answer.headers.get_all("set-cookie") {
            let (name, value) = set.to_str().unwrap().split(';').next().unwrap().split_once('=').unwrap();
            match value {
                "" => self.cookies.lock().unwrap().remove(name),
                value => self.cookies.lock().unwrap().insert(name.to_owned(), value.to_owned()),
            };
        }
        answer
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, None).await
    }

    pub(crate) async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.send("POST", path, Some(form(fields))).await
    }

    /// A form of a page behind a session.
    pub(crate) async fn post_own(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let token = field(&self.get("/account/password").await.expect(200).text, "form");
        let mut all = vec![("form", token.as_str())];
        all.extend(fields);
        self.post(path, &all).await
    }

    pub(crate) async fn sign_in(&self, email: &str, password: &str) -> Answer {
        self.post("/login/password", &[("email", email), ("organization", "acme"), ("password", password)]).await
    }

    pub(crate) async fn accept_terms(&self) {
        let page = self.get("/terms").await.expect(200).text;
        let fields = ["form", "terms", "privacy"].map(|name| (name, field(&page, name)));
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        self.post("/terms", &fields).await.expect(303);
    }

    /// Whether there is a session.
    pub(crate) async fn is_in(&self) -> bool {
        self.get("/account").await.status == 200
    }

    /// Adds an authenticator app; its secret, and the recovery codes.
    pub(crate) async fn enrol(&self, clock: &Clock) -> (Vec<u8>, Vec<String>) {
        let page = self.post_own("/account/second-factor", &[("current", PASSWORD)]).await.expect(200).text;
        let text = page.split_once("id=\"app-secret\">").unwrap().1.split('<').next().unwrap().to_owned();
        let secret = BASE32_NOPAD.decode(text.as_bytes()).unwrap();
        assert!(page.contains("<svg") && !page.contains("<script"), "{page}");
        let code = totp::code(&secret, totp::step_at(clock.now().seconds()));
        let page = self.post_own("/account/second-factor/confirm", &[("code", &code)]).await.expect(200).text;
        (secret, codes_in(&page))
    }
}

pub(crate) fn codes_in(page: &str) -> Vec<String> {
    let list = page.split_once("id=\"recovery-codes\">").unwrap_or_else(|| panic!("no codes in {page}")).1;
    let list = list.split("</ul>").next().unwrap();
    list.split("<code>").skip(1).map(|code| code.split('<').next().unwrap().to_owned()).collect()
}

/// The value of a page's hidden field.
pub(crate) fn field(page: &str, name: &str) -> String {
    let after =
        page.split_once(&format!("name=\"{name}\" value=\"")).unwrap_or_else(|| panic!("no {name} in {page}")).1;
    after.split('"').next().unwrap().to_owned()
}
