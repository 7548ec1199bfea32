//! How much a sign-in costs: the callback of an OpenID provider, against the bare group commit at the same concurrency.
//!
//! `cargo bench --bench sign_in`. A callback opens the browser's cookie, exchanges the code, verifies the ID token, settles who it is
//! and what rules give them, and begins a session; it is over when that is on disk. The provider answers at once, and its time is
//! taken off: the same requests are made without castgate, and what they take is subtracted. `CASTGATE_BENCH_QUICK=1` takes a few
//! seconds. A miss is told and is no failure: machines differ.

mod provider;

use castgate::{
    app::{App, Clock, NewConnection, NewOrganization, SignInBegun, Whence},
    cache::Cache,
    config::Settings,
    crypto::{Sealer, keyfile},
    model::{ConnectionId, ConnectionSettings, OidcSettings, OrganizationId, Profile},
    sso::Callback,
    store::{Store, args},
};
use provider::Provider;
use serde_json::json;
use std::{
    env, iter,
    path::Path,
    time::{Duration, Instant},
};

type Failure = Box<dyn std::error::Error + Send + Sync>;

const TASKS: usize = 32;
const PEOPLE: usize = 200;
const GROUPS: usize = 5;
const FLOOR: f64 = 0.5;
const MAPPING: &str = "default: viewer\nrules:\n  - {name: team, groups: [team-1], grant: member}\n";

fn main() -> Result<(), Failure> {
    let quick = env::var_os("CASTGATE_BENCH_QUICK").is_some();
    let (rounds, each) = if quick { (3, 20) } else { (5, 150) };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let provider = Provider::start()?;
    let (mut rates, mut limits, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    let (directory, beside) = (tempfile::tempdir()?, tempfile::tempdir()?);
    let house = runtime.block_on(House::build(directory.path(), &provider))?;
    runtime.block_on(house.callbacks(&provider, PEOPLE.div_ceil(TASKS)))?; // everybody is known from here on
    let bare = runtime.block_on(Bare::build(beside.path()))?;
    for round in 0..rounds {
        let callbacks = runtime.block_on(house.callbacks(&provider, each))?;
        let exchanges = runtime.block_on(provider.exchanges(TASKS, each))?;
        let limit = rate(TASKS * each, runtime.block_on(bare.inserts(round, each))?);
        let rate = rate(TASKS * each, callbacks.saturating_sub(exchanges));
        rates.push(rate);
        limits.push(limit);
        ratios.push(rate / limit);
    }
    let (rate, limit, ratio) = (median(&mut rates), median(&mut limits), median(&mut ratios));
    let verdict = if ratio >= FLOOR { "ok" } else { "MISSED" };
    println!("{:<44} {:>14} {:>14} {:>7} {:>6}", "name", "castgate", "bare", "ratio", "floor");
    println!("{:<44} {rate:>12.0}/s {limit:>12.0}/s {ratio:>7.2} {FLOOR:>6.2} {verdict}", "OIDC callback, 32 at once");
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "a rate for people")]
fn rate(count: usize, time: Duration) -> f64 {
    count as f64 / time.as_secs_f64()
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// One castgate with one organization.
struct House {
    app: App,
    organization: OrganizationId,
    connection: ConnectionId,
}

impl House {
    async fn build(directory: &Path, provider: &Provider) -> Result<Self, Failure> {
        let store = Store::open_sqlite(directory).await?;
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
        let mut connection = ConnectionSettings::of(Profile::Generic);
        connection.oidc = Some(OidcSettings::new(&provider.issuer, "castgate"));
        let new = NewConnection { name: "idp".to_owned(), settings: connection, client_secret: None };
        let connection = app.create_connection(&operator, new).await?.id;
        app.publish_mapping(&operator, MAPPING).await?;
        Ok(Self { app, organization, connection })
    }

    /// How long so many callbacks take, `each` in a row at `TASKS` places. What comes before them is not counted.
    async fn callbacks(&self, provider: &Provider, each: usize) -> Result<Duration, Failure> {
        let mut waiting = Vec::with_capacity(TASKS);
        for task in 0..TASKS {
            let mut callbacks = Vec::with_capacity(each);
            for turn in 0..each {
                let begun = self.app.begin_sign_in(&self.organization, &self.connection, None, "/account").await?;
                callbacks.push(answered(provider, begun, (turn * TASKS + task) % PEOPLE)?);
            }
            waiting.push(callbacks);
        }
        let began = Instant::now();
        let tasks: Vec<_> = waiting
            .into_iter()
            .map(|callbacks| {
                let app = self.app.clone();
                tokio::spawn(async move {
                    for (cookie, callback) in callbacks {
                        app.finish_sign_in(Some(&cookie), callback, Whence::default()).await?;
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
}

/// What the provider answers in the browser of one of its people.
fn answered(provider: &Provider, begun: SignInBegun, person: usize) -> Result<(String, Callback), Failure> {
    let url = url::Url::parse(&begun.url)?;
    let asked = |name: &str| url.query_pairs().find(|(known, _)| known == name).map(|(_, value)| value.into_owned());
    let groups: Vec<String> = (0..GROUPS).map(|group| format!("team-{}", (person + group) % 20)).collect();
    let claims = json!({
        "sub": format!("person-{person}"), "nonce": asked("nonce"), "sid": format!("sid-{person}"), "groups": groups,
        "email": format!("person-{person}@acme.example"), "email_verified": true, "name": format!("Person {person}"),
    });
    let callback = json!({"code": provider.code(claims)?, "state": asked("state")});
    Ok((begun.cookie, serde_json::from_value(callback)?))
}

/// The store, and rows of 600 bytes.
struct Bare(Store);

impl Bare {
    async fn build(directory: &Path) -> Result<Self, Failure> {
        let store = Store::open_sqlite(directory).await?;
        let mut tx = store.write("table").await?;
        tx.run("CREATE TABLE rows (id BIGINT NOT NULL PRIMARY KEY, document TEXT NOT NULL)", &[]).await?;
        tx.commit().await?;
        Ok(Self(store))
    }

    async fn inserts(&self, round: usize, each: usize) -> Result<Duration, Failure> {
        let began = Instant::now();
        let tasks: Vec<_> = (0..TASKS)
            .map(|task| {
                let store = self.0.clone();
                tokio::spawn(async move {
                    let document = "x".repeat(600);
                    for turn in 0..each {
                        let id = i64::try_from((round * each + turn) * TASKS + task).unwrap_or(i64::MAX);
                        let mut tx = store.write("row").await?;
                        tx.run("INSERT INTO rows (id, document) VALUES (?1, ?2)", args![id, document]).await?;
                        tx.commit().await?;
                    }
                    Ok::<(), castgate::store::StoreError>(())
                })
            })
            .collect();
        for task in tasks {
            task.await??;
        }
        Ok(began.elapsed())
    }
}
