//! castgate's own processes, on a store with one organization, and what is asked of them.

use crate::drive::{Failure, Load};
use castgate::{
    app::{App, Clock, NewConnection, NewOrganization},
    cache::Cache,
    config::Settings,
    crypto::{Sealer, keyfile},
    model::{ConnectionSettings, Profile},
    store::Store,
};
use std::{
    env, fs,
    io::{Read as _, Write as _},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};
use tempfile::TempDir;

const PROGRAM: &str = env!("CARGO_BIN_EXE_castgate");

/// A process that is ended with this.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A Redis of our own, or the one that is named.
pub struct Redis {
    url: String,
    _server: Option<(Ended, TempDir)>,
}

impl Redis {
    pub fn start() -> Result<Option<Self>, Failure> {
        if let Ok(url) = env::var("CASTGATE_TEST_REDIS_URL") {
            return Ok(Some(Self { url, _server: None }));
        }
        let directory = tempfile::tempdir()?;
        let port = free_port()?;
        let mut command = Command::new("redis-server");
        command.args(["--bind", "127.0.0.1", "--port", &port.to_string(), "--save", "", "--appendonly", "no", "--dir"]);
        command.arg(directory.path()).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let Ok(child) = command.spawn() else { return Ok(None) };
        wait_for(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))?;
        Ok(Some(Self { url: format!("redis://127.0.0.1:{port}"), _server: Some((Ended(child), directory)) }))
    }
}

/// Running nodes, who may push to them, and how somebody signs in.
pub struct Deployment {
    addresses: Vec<SocketAddr>,
    scim_token: String,
    /// Of the owner's session.
    cookie: String,
    nodes: Vec<Ended>,
    directory: TempDir,
}

impl Deployment {
    /// One node with the embedded store.
    pub async fn sqlite() -> Result<Self, Failure> {
        Self::start(1, &[]).await
    }

    /// Two nodes that share a PostgreSQL and a Redis.
    pub async fn two_nodes(postgres: &str, redis: &Redis) -> Result<Self, Failure> {
        let shared = [
            ("CASTGATE_STORE__ENGINE", "postgres"),
            ("CASTGATE_STORE__POSTGRES_URL", postgres),
            ("CASTGATE_CACHE__REDIS_URL", redis.url.as_str()),
        ];
        Self::start(2, &shared).await
    }

    async fn start(how_many: usize, more: &[(&str, &str)]) -> Result<Self, Failure> {
        let directory = tempfile::tempdir()?;
        let mut environment = vec![
            ("CASTGATE_SERVER__PUBLIC_URL".to_owned(), "http://127.0.0.1:8080".to_owned()),
            // One provider alone asks more here than a hundred are allowed to.
            ("CASTGATE_LIMITS__SCIM".to_owned(), "0/s".to_owned()),
            ("CASTGATE_STORE__DATA_DIRECTORY".to_owned(), directory.path().display().to_string()),
            // How fast it is, and not how fast one provider may be.
            ("CASTGATE_LIMITS__SCIM".to_owned(), "0/s".to_owned()),
        ];
        environment.extend(more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        let (scim_token, link) = found(&environment).await?;
        let cookie = String::new();
        let mut running = Self { addresses: Vec::new(), scim_token, cookie, nodes: Vec::new(), directory };
        for _ in 0..how_many {
            let port = free_port()?;
            let log = fs::File::create(running.directory.path().join(format!("log-{port}")))?;
            let mut command = Command::new(PROGRAM);
            command.arg("serve").env_clear().envs(environment.clone());
            command.env("CASTGATE_SERVER__LISTEN", format!("127.0.0.1:{port}"));
            running.nodes.push(Ended(command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn()?));
            let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
            wait_for(address)?;
            running.addresses.push(address);
        }
        let answer = running.post("/login/link", "application/x-www-form-urlencoded", &format!("token={link}"))?;
        let cookie = answer.split("set-cookie: ").nth(1).and_then(|rest| rest.split(';').next());
        cookie.ok_or_else(|| format!("no session in {answer}"))?.clone_into(&mut running.cookie);
        Ok(running)
    }

    /// Whether the owner's session opens a service.
    pub fn verify(&self) -> Result<Load, Failure> {
        self.session("/auth/verify")
    }

    /// Whether it opens one that demands a capability on a cluster.
    pub fn verify_cluster(&self) -> Result<Load, Failure> {
        self.session("/auth/verify?can=manage-clusters&cluster=prod-eu")
    }

    fn session(&self, path: &str) -> Result<Load, Failure> {
        Load::learn(self.addresses.clone(), path, &format!("Cookie: {}", self.cookie))
    }

    /// One person, as their provider reads them.
    pub fn person(&self) -> Result<Load, Failure> {
        let body = serde_json::json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User", "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"],
            "userName": "robin@northwind.example",
            "externalId": "ext-1",
            "name": {"givenName": "Robin", "familyName": "Example"},
            "displayName": "Robin Example",
            "title": "Site reliability engineer",
            "emails": [{"value": "robin@northwind.example", "type": "work", "primary": true}],
            "active": true,
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {"department": "Platform", "costCenter": "4711"},
        });
        let answer = self.post("/scim/v2/Users", "application/scim+json", &body.to_string())?;
        let id = answer.split("\"id\":\"").nth(1).and_then(|rest| rest.split('"').next());
        let id = id.ok_or_else(|| format!("no id in {answer}"))?;
        let header = format!("Authorization: Bearer {}", self.scim_token);
        Load::learn(self.addresses.clone(), &format!("/scim/v2/Users/{id}"), &header)
    }

    fn post(&self, path: &str, kind: &str, body: &str) -> Result<String, Failure> {
        let mut stream = TcpStream::connect(self.addresses[0])?;
        let token = &self.scim_token;
        write!(
            stream,
            "POST {path} HTTP/1.1\r\nHost: castgate\r\nConnection: close\r\nAuthorization: Bearer {token}\r\n\
             Content-Type: {kind}\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    }
}

/// An organization with an owner, a cluster and a provider; the provider's token and the owner's link.
async fn found(environment: &[(String, String)]) -> Result<(String, String), Failure> {
    let settings = Settings::load(None, environment.iter().cloned())?;
    let directory = &settings.store.data_directory;
    let sealer = Sealer::new(&keyfile::load_or_create(directory)?)?;
    let url = environment.iter().find(|(name, _)| name == "CASTGATE_STORE__POSTGRES_URL").map(|(_, url)| url);
    let store = match url {
        Some(url) => Store::open_postgres(url, 2).await?,
        None => Store::open_sqlite(directory).await?,
    };
    let app = App::new(settings.clone(), store, Cache::open(&settings.cache)?, sealer, Clock::machine());
    app.prepare().await?;
    let new = NewOrganization {
        slug: "acme".to_owned(),
        name: "Acme".to_owned(),
        owner: "ada@acme.example".to_owned(),
        accept_terms: true,
    };
    let founded = app.found_organization(&new).await?;
    let operator = app.operator(founded.organization.id.clone());
    app.declare_cluster(&operator, "prod-eu", None, None).await?;
    let settings = ConnectionSettings::of(Profile::Generic);
    let new = NewConnection { name: "directory".to_owned(), settings, client_secret: None };
    let connection = app.create_connection(&operator, new).await?;
    let token = app.create_scim_token(&operator, &connection.id, None).await?;
    Ok((token.secret.expose().to_owned(), founded.link.expose().to_owned()))
}

fn free_port() -> Result<u16, Failure> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

fn wait_for(address: SocketAddr) -> Result<(), Failure> {
    for _ in 0..1_500 {
        if TcpStream::connect(address).is_ok() {
            return Ok(());
        }
        thread::sleep(Duration::from_millis(20));
    }
    Err(format!("nobody listens at {address}").into())
}
