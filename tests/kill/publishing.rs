//! The program is killed while it publishes a mapping for many: one of the two is in force, and is so for everybody.

use super::{
    PROGRAM,
    gateway::{Failure, Place},
    writer::Dice,
};
use castgate::{
    app::{NewConnection, NewOrganization},
    model::{ConnectionSettings, OrganizationId, Profile},
    store::{Store, args},
};
use std::{
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    thread,
    time::Duration,
};

/// People, each of whom both mappings give something.
const PEOPLE: i64 = 1500;
const TEXTS: [&str; 2] = [
    "default: none\nrules: [{name: all, when: userName pr, grant: member}]",
    "default: none\nrules: [{name: each, when: userName pr, grant: analyst}]",
];

const FILL: &str = include_str!("../world/people.sql");

/// Sends one publication; whether it was answered.
fn publish(address: SocketAddr, key: &str, text: &str) -> Result<bool, Failure> {
    let body = serde_json::json!({"text": text}).to_string();
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_mins(1)))?;
    write!(
        stream,
        "POST /api/v1/mapping/publish HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {key}\r\nContent-Type: \
         application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )?;
    let mut answer = String::new();
    // Cut off in the middle is what is meant to happen.
    let _ = stream.read_to_string(&mut answer);
    if !answer.is_empty() && !answer.starts_with("HTTP/1.1 200") {
        return Err(answer.into());
    }
    Ok(!answer.is_empty())
}

/// Waits until PostgreSQL has ended what the killed program had begun: a commit that was on its way comes to its end without it.
async fn settled(store: &Store) -> Result<(), Failure> {
    const BUSY: &str = "SELECT CAST(COUNT(*) AS BIGINT) FROM pg_stat_activity
                        WHERE datname = current_database() AND pid <> pg_backend_pid() AND state <> 'idle'";
    for _ in 0..600 {
        let mut tx = store.read().await?;
        if !tx.is_postgres() {
            return Ok(());
        }
        let rows: Vec<(i64,)> = tx.all(BUSY, args![]).await?;
        if rows.first().is_none_or(|(busy,)| *busy == 0) {
            return Ok(());
        }
        drop(tx);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    Err("something of the killed program is under way still".into())
}

/// Which of the two is in force: all of it.
async fn in_force(place: &Place, organization: &OrganizationId) -> Result<(usize, i64), Failure> {
    let store = place.store().await?;
    settled(&store).await?;
    let app = place.app(store.clone()).await?;
    let operator = app.operator(organization.clone());
    let (_, version) = app.mapping(&operator).await?;
    let version = version.ok_or("there is none")?;
    let which = TEXTS.iter().position(|text| *text == version.text).ok_or("another one is in force")?;
    let plan = app.plan_mapping(&operator, &version.text).await?;
    if !plan.is_empty() {
        return Err(format!("version {} is in force for some: {plan}", version.version).into());
    }
    let mut tx = store.read().await?;
    let rules = tx.rule_bindings(organization).await?;
    let wrong = rules.iter().filter(|binding| binding.mapping_version != Some(version.version)).count();
    if wrong > 0 || i64::try_from(rules.len())? != PEOPLE {
        return Err(format!("{wrong} of {} bindings are of another version", rules.len()).into());
    }
    Ok((which, version.version))
}

async fn made(place: &Place) -> Result<(OrganizationId, String), Failure> {
    let store = place.store().await?;
    let app = place.app(store.clone()).await?;
    let new = NewOrganization {
        slug: "many".to_owned(),
        name: "Many".to_owned(),
        owner: "owner@many.example".to_owned(),
        accept_terms: true,
    };
    let founded = app.found_organization(&new).await?;
    let organization = founded.organization.id;
    let operator = app.operator(organization.clone());
    let settings = ConnectionSettings::of(Profile::Generic);
    let new = NewConnection { name: "directory".to_owned(), settings, client_secret: None };
    let connection = app.create_connection(&operator, new).await?;
    let mut tx = store.write("fill").await?;
    tx.run(FILL, args![organization, connection.id, 1, PEOPLE]).await?;
    tx.commit().await?;
    app.publish_mapping(&operator, TEXTS[0]).await?;
    Ok((organization, founded.key.expose().to_owned()))
}

/// Publishes and kills; how often the old one stayed and how often the new one came.
pub fn kill(postgres: Option<String>, kills: usize) -> Result<(usize, usize), Failure> {
    let runtime = tokio::runtime::Runtime::new()?;
    let place = runtime.block_on(Place::make(postgres))?;
    let (organization, key) = runtime.block_on(made(&place))?;
    let (mut current, mut version) = runtime.block_on(in_force(&place, &organization))?;
    let (mut stayed, mut came) = (0, 0);
    let mut dice = Dice::new(7);
    let mut whole = Duration::from_millis(500);
    for round in 0..kills {
        let gateway = place.start(PROGRAM)?;
        let (address, text) = (gateway.address, TEXTS[1 - current]);
        let began = std::time::Instant::now();
        let answered = thread::scope(|scope| {
            let publishing = scope.spawn(|| publish(address, &key, text));
            // The first one is let be: so long it takes.
            if round > 0 {
                thread::sleep(whole * u32::try_from(40 + dice.number() % 70).unwrap_or(100) / 100);
                gateway.kill()?;
            }
            publishing.join().unwrap()
        })?;
        if round == 0 {
            whole = began.elapsed();
        }
        let now = runtime.block_on(in_force(&place, &organization))?;
        let expected = if now.1 == version { (current, version) } else { (1 - current, version + 1) };
        if now != expected || (answered && now.1 == version) {
            return Err(format!("round {round}: {now:?} after {:?}, answered: {answered}", (current, version)).into());
        }
        stayed += usize::from(now.1 == version);
        came += usize::from(now.1 != version);
        (current, version) = now;
    }
    Ok((stayed, came))
}
