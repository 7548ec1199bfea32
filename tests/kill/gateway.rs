//! The program itself, as a process of its own, and an organization that was made before it starts.

use super::wire::Wire;
use castgate::{
    app::{App, Clock, NewConnection, NewOrganization},
    cache::Cache,
    config::Settings,
    crypto::{Sealer, keyfile},
    model::{ConnectionSettings, OrganizationId, Profile},
    store::Store,
};
use std::{
    error::Error,
    fs::File,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};
use tempfile::TempDir;

pub type Failure = Box<dyn Error + Send + Sync>;

/// How long the program may take to answer for the first time.
const PATIENCE: Duration = Duration::from_secs(30);

/// Where a gateway keeps what it must not lose, and who may push to it.
#[derive(Debug)]
pub struct Place {
    pub organization: OrganizationId,
    pub token: String,
    /// What its gateways are set to besides, as variables.
    pub settings: Vec<(&'static str, String)>,
    postgres: Option<String>,
    directory: TempDir,
}

/// A gateway that runs. Dropped, it is killed.
#[derive(Debug)]
pub struct Gateway {
    pub address: SocketAddr,
    pub child: Child,
}

impl Place {
    /// A fresh store with one organization, one connection and its token.
    pub async fn make(postgres: Option<String>) -> Result<Self, Failure> {
        Self::make_in(tempfile::tempdir()?, postgres).await
    }

    /// The same, in a directory of one's own.
    pub async fn make_in(directory: TempDir, postgres: Option<String>) -> Result<Self, Failure> {
        let organization = Clock::machine().organization();
        let mut place = Self { organization, token: String::new(), settings: Vec::new(), postgres, directory };
        let app = place.app(place.store().await?).await?;
        (place.organization, place.token) = found(&app, "acme").await?;
        Ok(place)
    }

    /// The store, while no gateway has it.
    pub async fn store(&self) -> Result<Store, Failure> {
        Ok(match &self.postgres {
            Some(url) => Store::open_postgres(url, 2).await?,
            None => Store::open_sqlite(self.directory.path()).await?,
        })
    }

    /// The use cases on a store.
    pub async fn app(&self, store: Store) -> Result<App, Failure> {
        let settings = Settings::load(None, self.environment(0).into_iter())?;
        let cache = Cache::open(&settings.cache)?;
        let app = App::new(settings, store, cache, self.sealer()?, Clock::machine());
        app.prepare().await?;
        Ok(app)
    }

    /// What seals in this place.
    pub fn sealer(&self) -> Result<Sealer, Failure> {
        Ok(Sealer::new(&keyfile::load_or_create(self.directory.path())?)?)
    }

    /// Starts a program on this place and waits until it answers.
    pub fn start(&self, program: &str) -> Result<Gateway, Failure> {
        self.start_with(program, &[])
    }

    /// The same, with more in its environment.
    pub fn start_with(&self, program: &str, more: &[(&str, String)]) -> Result<Gateway, Failure> {
        // The port may be taken before the program gets to it: then another one is tried.
        for _ in 0..5 {
            let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
            let log = File::options().create(true).append(true).open(self.log())?;
            let mut command = Command::new(program);
            command.arg("serve").env_clear().envs(self.environment(port)).envs(more.iter().cloned());
            let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn()?;
            let mut gateway = Gateway { address: SocketAddr::from((Ipv4Addr::LOCALHOST, port)), child };
            if gateway.is_ready()? {
                return Ok(gateway);
            }
        }
        Err(format!("the gateway does not start: {}", self.told()).into())
    }

    /// What the gateways on this place wrote to their logs.
    pub fn told(&self) -> String {
        std::fs::read_to_string(self.log()).unwrap_or_default()
    }

    fn log(&self) -> std::path::PathBuf {
        self.directory.path().join("log")
    }

    fn environment(&self, port: u16) -> Vec<(String, String)> {
        let mut all = vec![
            ("CASTGATE_SERVER__LISTEN", format!("127.0.0.1:{port}")),
            ("CASTGATE_SERVER__PUBLIC_URL", format!("http://127.0.0.1:{port}")),
            ("CASTGATE_STORE__DATA_DIRECTORY", self.directory.path().display().to_string()),
            ("CASTGATE_LOG__LEVEL", "warn".to_owned()),
            // More is pushed here than any provider does.
            ("CASTGATE_LIMITS__SCIM", "0/s".to_owned()),
        ];
        if let Some(url) = &self.postgres {
            all.push(("CASTGATE_STORE__ENGINE", "postgres".to_owned()));
            all.push(("CASTGATE_STORE__POSTGRES_URL", url.clone()));
        }
        all.extend(self.settings.iter().cloned());
        all.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }
}

/// Makes an organization with one connection; its id, and the token that pushes to it.
pub async fn found(app: &App, slug: &str) -> Result<(OrganizationId, String), Failure> {
    let new = NewOrganization {
        slug: slug.to_owned(),
        name: slug.to_owned(),
        owner: format!("ada@{slug}.example"),
        accept_terms: true,
    };
    let founded = app.found_organization(&new).await?;
    let operator = app.operator(founded.organization.id.clone());
    let settings = ConnectionSettings::of(Profile::Generic);
    let new = NewConnection { name: "directory".to_owned(), settings, client_secret: None };
    let connection = app.create_connection(&operator, new).await?;
    let token = app.create_scim_token(&operator, &connection.id, None).await?;
    Ok((founded.organization.id, token.secret.expose().to_owned()))
}

impl Gateway {
    /// Waits for the first answer; false when the program ends before it.
    fn is_ready(&mut self) -> Result<bool, Failure> {
        let began = Instant::now();
        while began.elapsed() < PATIENCE {
            let answer = Wire::connect(self.address, "-").and_then(|mut wire| wire.send("GET", "/readyz", ""));
            if answer.is_ok_and(|answer| answer.status == 200) {
                return Ok(true);
            }
            if self.child.try_wait()?.is_some() {
                return Ok(false);
            }
            thread::sleep(Duration::from_millis(2));
        }
        Ok(false)
    }

    /// SIGKILL: the process gets to do nothing any more.
    pub fn kill(mut self) -> Result<(), Failure> {
        self.end()
    }

    fn end(&mut self) -> Result<(), Failure> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        // It may be dead already.
        let _ = self.end();
    }
}
