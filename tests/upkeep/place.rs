//! The program itself: as a server, and as the commands that are typed beside it.

use castgate::{
    app::{App, Clock, NewConnection, NewOrganization},
    cache::Cache,
    config::Settings,
    crypto::{Sealer, keyring},
    model::{ConnectionSettings, OidcSettings, Organization, Profile},
    store::Store,
};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use std::{
    fs::{self, File},
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    time::Duration,
};
use tempfile::TempDir;

const PROGRAM: &str = env!("CARGO_BIN_EXE_castgate");

/// The client secret of the connection in every place.
pub(crate) const CLIENT_SECRET: &str = "canary-client-secret-5f0e";

/// A data directory with an organization, and how to run castgate on it.
pub(crate) struct Place {
    pub(crate) directory: TempDir,
    pub(crate) organization: Organization,
    pub(crate) connection: String,
    pub(crate) scim_token: String,
    pub(crate) key: String,
    pub(crate) link: String,
    /// The tokens of a set-up link and of a connection's test.
    pub(crate) setup_link: String,
    pub(crate) test_link: String,
    more: Vec<(String, String)>,
}

/// A castgate that serves. Dropped, it is killed.
pub(crate) struct Server {
    pub(crate) origin: String,
    child: Child,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Place {
    pub(crate) async fn make(more: &[(&str, &str)]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let more: Vec<_> = more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let settings = Settings::load(None, environment(directory.path(), 1, &more).into_iter()).unwrap();
        let app = open(&settings).await;
        let new = NewOrganization {
            slug: "acme".to_owned(),
            name: "Acme".to_owned(),
            owner: "ada@acme.example".to_owned(),
            accept_terms: true,
        };
        let founded = app.found_organization(&new).await.unwrap();
        let operator = app.operator(founded.organization.id.clone());
        let (issuer, client_id) = ("http://127.0.0.1:9".to_owned(), "castgate".to_owned());
        let oidc = OidcSettings { issuer, client_id, ..OidcSettings::default() };
        let settings = ConnectionSettings { oidc: Some(oidc), ..ConnectionSettings::of(Profile::Generic) };
        let client_secret = Some(SecretString::from(CLIENT_SECRET));
        let new = NewConnection { name: "directory".to_owned(), settings, client_secret };
        let connection = app.create_connection(&operator, new).await.unwrap();
        let new = NewConnection {
            name: "to-be-set-up".to_owned(),
            settings: ConnectionSettings::of(Profile::Generic),
            client_secret: None,
        };
        let other = app.create_connection(&operator, new).await.unwrap();
        app.set_connection_enabled(&operator, &other.id, false).await.unwrap();
        let in_url = |url: &str| url.rsplit('/').next().unwrap().to_owned();
        let setup_link = in_url(&app.create_setup_link(&operator, &other.id, None).await.unwrap().url);
        let test_link = in_url(&app.test_connection(&operator, &connection.id).await.unwrap().url);
        let token = app.create_scim_token(&operator, &connection.id, None).await.unwrap();
        Self {
            directory,
            organization: founded.organization,
            connection: connection.id.to_string(),
            scim_token: token.secret.expose().to_owned(),
            key: founded.key.expose().to_owned(),
            link: founded.link.expose().to_owned(),
            setup_link,
            test_link,
            more,
        }
    }

    pub(crate) fn path(&self) -> &Path {
        self.directory.path()
    }

    pub(crate) fn log(&self) -> PathBuf {
        self.path().join("log")
    }

    pub(crate) fn told(&self) -> String {
        fs::read_to_string(self.log()).unwrap_or_default()
    }

    /// Starts a server; its exit when it does not get ready.
    pub(crate) async fn serve(&self) -> Result<Server, String> {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let log = File::options().create(true).append(true).open(self.log()).unwrap();
        let out = log.try_clone().unwrap();
        let child = Command::new(PROGRAM)
            .arg("serve")
            .env_clear()
            .envs(environment(self.path(), port, &self.more))
            .stdin(Stdio::null())
            .stdout(out)
            .stderr(log)
            .spawn()
            .unwrap();
        let mut server = Server { origin: format!("http://127.0.0.1:{port}"), child };
        for _ in 0..600 {
            let ready = reqwest::get(format!("{}/readyz", server.origin)).await;
            if ready.is_ok_and(|answer| answer.status() == 200) {
                return Ok(server);
            }
            if server.child.try_wait().unwrap().is_some() {
                return Err(self.told());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Err(format!("it does not get ready: {}", self.told()))
    }

    /// Runs a command on this place's settings.
    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        self.run_in(self.path(), arguments)
    }

    /// Runs a command on another data directory.
    pub(crate) fn run_in(&self, directory: &Path, arguments: &[&str]) -> Output {
        let mut command = Command::new(PROGRAM);
        command.args(arguments).env_clear().envs(environment(directory, 1, &self.more));
        command.stdin(Stdio::null()).output().unwrap()
    }

    /// Pushes a person over SCIM; says whether it was acknowledged.
    pub(crate) async fn push(&self, origin: &str, name: &str) -> bool {
        let body = json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
            "userName": name, "externalId": name, "active": true,
        });
        let sent = reqwest::Client::new()
            .post(format!("{origin}/scim/v2/Users"))
            .header("authorization", format!("Bearer {}", self.scim_token))
            .header("content-type", "application/scim+json")
            .body(body.to_string())
            .send()
            .await;
        sent.is_ok_and(|answer| answer.status() == 201)
    }
}

/// The use cases on a place that no server has open.
pub(crate) async fn open(settings: &Settings) -> App {
    let keys = keyring::load(settings).await.unwrap();
    let store = match &settings.store.postgres_url {
        Some(url) => Store::open_postgres(url.expose_secret(), 2).await.unwrap(),
        None => Store::open_sqlite(&settings.store.data_directory).await.unwrap(),
    };
    let cache = Cache::open(&settings.cache).unwrap();
    let app = App::new(settings.clone(), store, cache, Sealer::new(&keys).unwrap(), Clock::machine());
    app.prepare().await.unwrap();
    app
}

pub(crate) fn environment(directory: &Path, port: u16, more: &[(String, String)]) -> Vec<(String, String)> {
    let all = [
        ("CASTGATE_SERVER__LISTEN", format!("127.0.0.1:{port}")),
        ("CASTGATE_SERVER__PUBLIC_URL", format!("http://127.0.0.1:{port}")),
        ("CASTGATE_STORE__DATA_DIRECTORY", directory.display().to_string()),
        ("CASTGATE_NETWORK__ALLOW_PRIVATE_ADDRESSES", "true".to_owned()),
    ];
    let mut all: Vec<_> = all.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    all.extend_from_slice(more);
    all
}

/// What a command printed.
pub(crate) fn printed(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

pub(crate) fn lines(output: &Output) -> Vec<Value> {
    String::from_utf8_lossy(&output.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}
