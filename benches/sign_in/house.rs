//! One castgate with one organization, and people who arrive there.

use crate::{
    Failure, GROUPS, PEOPLE,
    provider::Provider,
    saml::{answered as answered_by_saml, metadata},
};
use castgate::{
    app::{App, Clock, Ctx, NewConnection, NewOrganization, SignInBegun, Whence},
    cache::Cache,
    config::Settings,
    crypto::{Sealer, keyfile},
    model::{ConnectionId, ConnectionSettings, OidcSettings, OrganizationId, Profile, SamlSettings},
    sso::Callback,
    store::Store,
};
use serde_json::json;
use std::{
    iter,
    path::Path,
    time::{Duration, Instant},
};

const MAPPING: &str = "default: viewer\nrules:\n  - {name: team, groups: [oidc/team-1], grant: member}\n  - {name: other, groups: [saml/team-1], grant: member}\n";

/// How people arrive.
#[derive(Clone, Copy)]
pub enum Door {
    Oidc,
    Saml,
}

/// What a browser brings back.
enum Arrival {
    Oidc(String, Callback),
    Saml(String, String),
}

pub struct House {
    app: App,
    organization: OrganizationId,
    oidc: ConnectionId,
    saml: ConnectionId,
}

impl House {
    pub async fn build(directory: &Path, store: Store, provider: &Provider) -> Result<Self, Failure> {
        let mut settings = Settings::load(None, iter::empty())?;
        settings.network.allow_private_addresses = true;
        directory.clone_into(&mut settings.store.data_directory);
        let cache = Cache::open(&settings.cache)?;
        let sealer = Sealer::new(&keyfile::load_or_create(directory)?)?;
        let app = App::new(settings, store, cache, sealer, Clock::machine());
        app.prepare().await?;
        let (slug, owner) = ("acme".to_owned(), "owner@acme.example".to_owned());
        let new = NewOrganization { slug, name: "Acme".to_owned(), owner, accept_terms: true };
        let organization = app.found_organization(&new).await?.organization.id;
        let operator = app.operator(organization.clone());
        let mut oidc = ConnectionSettings::of(Profile::Generic);
        oidc.oidc = Some(OidcSettings::new(&provider.issuer, "castgate"));
        let oidc = connect(&app, &operator, "oidc", oidc).await?;
        let mut saml = ConnectionSettings::of(Profile::Generic);
        saml.saml = Some(SamlSettings::default());
        let saml = app.with_saml_metadata(&operator, saml, Some(&metadata())).await?;
        let saml = connect(&app, &operator, "saml", saml).await?;
        app.publish_mapping(&operator, MAPPING).await?;
        Ok(Self { app, organization, oidc, saml })
    }

    /// How long so many arrivals take, `each` in a row at `tasks` places. What comes before them is not counted.
    pub async fn arrivals(
        &self,
        (provider, door): (&Provider, Door),
        (tasks, each): (usize, usize),
    ) -> Result<Duration, Failure> {
        let mut waiting = Vec::with_capacity(tasks);
        for task in 0..tasks {
            let mut arrivals = Vec::with_capacity(each);
            for turn in 0..each {
                arrivals.push(self.sent_back((provider, door), (turn * tasks + task) % PEOPLE).await?);
            }
            waiting.push(arrivals);
        }
        let began = Instant::now();
        let tasks: Vec<_> = waiting
            .into_iter()
            .map(|arrivals| {
                let (app, saml) = (self.app.clone(), self.saml.clone());
                tokio::spawn(async move {
                    for arrival in arrivals {
                        match arrival {
                            Arrival::Oidc(cookie, callback) => {
                                app.finish_sign_in(Some(&cookie), callback, Whence::default()).await.map(drop)?;
                            }
                            Arrival::Saml(cookie, field) => {
                                let came = (field.as_str(), Whence::default());
                                app.finish_saml_sign_in(&saml, Some(&cookie), came).await.map(drop)?;
                            }
                        }
                    }
                    Ok::<(), castgate::app::Error>(())
                })
            })
            .collect();
        for task in tasks {
            task.await??;
        }
        Ok(began.elapsed())
    }

    /// Somebody goes to their provider, and comes back.
    async fn sent_back(&self, (provider, door): (&Provider, Door), person: usize) -> Result<Arrival, Failure> {
        let connection = match door {
            Door::Oidc => &self.oidc,
            Door::Saml => &self.saml,
        };
        let begun = self.app.begin_sign_in(&self.organization, connection, None, "/account").await?;
        Ok(match door {
            Door::Oidc => {
                let (cookie, callback) = answered(provider, begun, person)?;
                Arrival::Oidc(cookie, callback)
            }
            Door::Saml => {
                let field = answered_by_saml(&begun, person, &teams(person))?;
                Arrival::Saml(begun.cookie, field)
            }
        })
    }
}

async fn connect(app: &App, ctx: &Ctx, name: &str, settings: ConnectionSettings) -> Result<ConnectionId, Failure> {
    let new = NewConnection { name: name.to_owned(), settings, client_secret: None };
    Ok(app.create_connection(ctx, new).await?.id)
}

fn teams(person: usize) -> Vec<String> {
    (0..GROUPS).map(|group| format!("team-{}", (person + group) % 20)).collect()
}

/// What the provider answers in the browser of one of its people.
fn answered(provider: &Provider, begun: SignInBegun, person: usize) -> Result<(String, Callback), Failure> {
    let url = url::Url::parse(&begun.url)?;
    let asked = |name: &str| url.query_pairs().find(|(known, _)| known == name).map(|(_, value)| value.into_owned());
    let claims = json!({
        "sub": format!("person-{person}"), "nonce": asked("nonce"), "sid": format!("sid-{person}"), "groups": teams(person),
        "email": format!("person-{person}@acme.example"), "email_verified": true, "name": format!("Person {person}"),
    });
    let callback = json!({"code": provider.code(claims)?, "state": asked("state")});
    Ok((begun.cookie, serde_json::from_value(callback)?))
}
