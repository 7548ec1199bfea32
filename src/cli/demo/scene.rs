//! The demo's scene: a gateway on a throw-away store, a lab identity provider, an organization with two connections.

use super::super::{Failure, open};
use crate::cli::say::say;
use crate::{
    app::{App, Ctx, NewConnection, NewOrganization},
    config::Settings,
    http,
    lab::{Lab, people},
    model::{ConnectionSettings, OidcSettings, Profile},
};
use secrecy::SecretString;
use std::{net::SocketAddr, path::Path};
use tokio::{net::TcpListener, sync::oneshot, task::JoinHandle};

/// Everything that the story plays on.
#[derive(Debug)]
pub(super) struct Scene {
    pub(super) app: App,
    pub(super) lab: Lab,
    pub(super) origin: String,
    /// The first owner, at the machine.
    pub(super) operator: Ctx,
    pub(super) owner_link: String,
    pub(super) owner_key: String,
    pub(super) okta: Provider,
    pub(super) entra: Provider,
    stop: oneshot::Sender<()>,
    server: JoinHandle<std::io::Result<()>>,
}

/// What a provider pushes with.
#[derive(Debug)]
pub(super) struct Provider {
    pub(super) token: String,
}

impl Scene {
    /// Starts everything on loopback.
    pub(super) async fn set(port: u16, directory: &Path) -> Result<Self, Failure> {
        let listener = match TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], port))).await {
            Ok(listener) => listener,
            Err(_) => TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await?,
        };
        let address = listener.local_addr()?;
        let origin = format!("http://{address}");
        let app = open::app(settings(address, directory)?).await?;
        let lab = Lab::start(&app.redirect_uri()).await?;
        let (stop, stopped) = oneshot::channel();
        let serving = app.clone();
        let server = tokio::spawn(http::serve(serving, listener, async move { drop(stopped.await) }));
        let founded = app.found_organization(&northwind()).await?;
        let operator = app.operator(founded.organization.id.clone());
        let okta = Provider::connect(&app, &operator, &lab, (people::OKTA, Profile::Okta)).await?;
        let entra = Provider::connect(&app, &operator, &lab, (people::ENTRA, Profile::Entra)).await?;
        for (slug, name) in people::CLUSTERS {
            app.declare_cluster(&operator, slug, Some(name), None).await?;
        }
        Ok(Self {
            owner_link: format!("{origin}/login/link?token={}", founded.link.expose()),
            owner_key: founded.key.expose().to_owned(),
            app,
            lab,
            origin,
            operator,
            okta,
            entra,
            stop,
            server,
        })
    }

    /// Says what there is to try.
    pub(super) fn invite(&self) {
        let Self { origin, lab, owner_link, owner_key, .. } = self;
        let one = |department: &str| lab.people().iter().find(|person| person.department == department);
        say!("\nIt stays up now, for you to try. Ctrl-C ends it.");
        say!("\n   Sign in as an employee: {origin}/login");
        for person in [one("Platform"), one("Finance"), one("Robot Lab")].into_iter().flatten() {
            say!("      {:<36} {}, {}", person.email, person.department, person.title);
        }
        say!("\n   Sign in as the owner, by a link that works once:\n      {owner_link}");
        say!("\n   Ask the API with the owner's key: who is there, the mapping, what happened");
        for path in ["/users", "/mapping", "/events"] {
            say!("      curl -H 'Authorization: Bearer {owner_key}' {origin}/api/v1{path}");
        }
        say!("\n   Speak SCIM as Okta:");
        say!("      curl -H 'Authorization: Bearer {}' {origin}/scim/v2/Users", self.okta.token);
    }

    /// Stops the gateway.
    pub(super) async fn strike(self) {
        let _ = self.stop.send(());
        let _ = self.server.await;
    }
}

impl Provider {
    async fn connect(app: &App, operator: &Ctx, lab: &Lab, (name, profile): (&str, Profile)) -> Result<Self, Failure> {
        let mut settings = ConnectionSettings::of(profile);
        settings.oidc = Some(OidcSettings::new(&lab.issuer, &lab.client_id));
        settings.domains = vec![match profile {
            Profile::Entra => people::CONTRACTOR_DOMAIN.to_owned(),
            Profile::Okta | Profile::Generic => people::EMPLOYEE_DOMAIN.to_owned(),
        }];
        let client_secret = Some(SecretString::from(lab.client_secret.clone()));
        let new = NewConnection { name: name.to_owned(), settings, client_secret };
        let connection = app.create_connection(operator, new).await?;
        let token = app.create_scim_token(operator, &connection.id, None).await?;
        Ok(Self { token: token.secret.expose().to_owned() })
    }
}

fn northwind() -> NewOrganization {
    NewOrganization {
        slug: people::SLUG.to_owned(),
        name: people::ORGANIZATION.to_owned(),
        owner: format!("founder@{}", people::EMPLOYEE_DOMAIN),
        accept_terms: true,
    }
}

/// The defaults, with the demo's own address and directory; the lab lives on loopback, which is allowed only here.
fn settings(address: SocketAddr, directory: &Path) -> Result<Settings, Failure> {
    let own = [
        ("CASTGATE_SERVER__LISTEN", address.to_string()),
        ("CASTGATE_SERVER__PUBLIC_URL", format!("http://{address}")),
        ("CASTGATE_STORE__DATA_DIRECTORY", directory.display().to_string()),
        ("CASTGATE_NETWORK__ALLOW_PRIVATE_ADDRESSES", "true".to_owned()),
        // All organizations of a demo are its own.
        ("CASTGATE_DOMAINS__PROOF", "settings".to_owned()),
        // No load balancer stands in front of it, and somebody waits for it to end.
        ("CASTGATE_SERVER__DRAIN_NOTICE", "0s".to_owned()),
        ("CASTGATE_SERVER__DRAIN_DEADLINE", "1s".to_owned()),
    ];
    let own = own.map(|(key, value)| (key.to_owned(), value));
    Ok(Settings::load(None, own.into_iter())?)
}
