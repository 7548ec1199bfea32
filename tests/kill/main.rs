//! An acknowledged write is never lost, and a half-applied one is never seen: the program is killed, again and again, in the
//! middle of its work, and what it promised is looked for in what it left behind.
//!
//! Eight writers push people and groups over HTTP. After a random time the process gets SIGKILL. Then the store is read:
//! each person and each group must be as it was last acknowledged, or as the one unanswered request would have it; and no
//! change may be there by half. Every other time the program is first started on the files and killed again at once.
//!
//! `CASTGATE_TEST_KILLS` says how often (100), `CASTGATE_TEST_SEED` plays a run again.

#![expect(clippy::unwrap_used, reason = "a test stops where it is wrong")]

mod audit;
mod gateway;
mod publishing;
mod record;
mod wire;
mod writer;

use castgate::app::Clock;
use gateway::{Failure, Gateway, Place};
use record::{Members, Record, Tally};
use std::{
    env, thread,
    time::{Duration, Instant},
};
use wire::Wire;
use writer::Dice;

const PROGRAM: &str = env!("CARGO_BIN_EXE_castgate");
const WRITERS: usize = 8;
/// People who come into groups and leave them.
const POOL: usize = 60;
/// The costly questions are asked once in so many kills; what they find does not go away by itself.
const ASKED_EVERY: usize = 10;

/// A place, what was promised there, and what is to happen next.
struct Scene {
    place: Place,
    pool: Vec<String>,
    records: Vec<Record>,
    dice: Dice,
    wrong: Vec<String>,
    /// How much longer a gateway lives on this engine, so that about as much gets done.
    patience: u32,
}

impl Scene {
    async fn make(postgres: Option<String>, seed: u64) -> Result<Self, Failure> {
        // On PostgreSQL each new process makes its connections and prepares its statements first.
        let patience = if postgres.is_some() { 5 } else { 1 };
        let place = Place::make(postgres).await?;
        let gateway = place.start(PROGRAM)?;
        let mut wire = Wire::connect(gateway.address, &place.token)?;
        let mut pool = Vec::new();
        for number in 0..POOL {
            let body = writer::person_body(&format!("pool-{number}"), 0, true);
            pool.push(writer::id_of(&wire.send("POST", "/scim/v2/Users", &body)?)?);
        }
        let mut records = Vec::new();
        for number in 0..WRITERS {
            let mut record = Record::new(format!("group of writer {number}"));
            let body = serde_json::json!({
                "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"],
                "displayName": record.group_name,
            });
            record.group.id = writer::id_of(&wire.send("POST", "/scim/v2/Groups", &body.to_string())?)?;
            records.push(record);
        }
        gateway.kill()?;
        Ok(Self { place, pool, records, dice: Dice::new(seed), wrong: Vec::new(), patience })
    }

    /// Lets the writers work and kills the program in the middle.
    fn work_and_kill(&mut self, round: usize) -> Result<(), Failure> {
        let gateway = self.place.start(PROGRAM)?;
        let life = Duration::from_millis(20 + self.dice.number() % 281) * self.patience;
        let (address, token, pool) = (gateway.address, self.place.token.as_str(), self.pool.as_slice());
        // Everybody is connected, and has read what is promised, before the clock runs.
        let mut wires = Vec::new();
        for record in &self.records {
            let mut wire = Wire::connect(address, token)?;
            members_are_shown(&mut wire, record)?;
            wires.push((wire, Dice::new(self.dice.number())));
        }
        thread::scope(|scope| {
            let writers: Vec<_> = self
                .records
                .iter_mut()
                .zip(wires)
                .enumerate()
                .map(|(number, (record, (mut wire, mut dice)))| {
                    let label = format!("r{round}w{number}");
                    scope.spawn(move || writer::work(&mut wire, record, &mut dice, (&label, pool)))
                })
                .collect();
            thread::sleep(life);
            gateway.kill()?;
            writers.into_iter().try_for_each(|writer| writer.join().unwrap())
        })
    }

    /// Compares what was promised with what is there.
    async fn compare(&mut self, thoroughly: bool) -> Result<(), Failure> {
        let store = self.place.store().await?;
        let seen = audit::look(&store, &self.place.organization).await?;
        for record in &mut self.records {
            self.wrong.extend(record.compare(&seen.people, &seen.groups));
        }
        if thoroughly {
            self.wrong.extend(audit::halves(&store, &self.place.organization).await?);
            self.wrong.extend(audit::integrity(&store).await?);
            self.wrong.extend(audit::sealing(&store, &self.place).await?);
        }
        Ok(())
    }

    fn tally(&self) -> Tally {
        let mut sum = Tally::default();
        self.records.iter().for_each(|record| sum.add(record.tally));
        sum
    }
}

/// Over SCIM the group has the members that are promised.
fn members_are_shown(wire: &mut Wire, record: &Record) -> Result<(), Failure> {
    let answer = wire.send("GET", &format!("/scim/v2/Groups/{}", record.group.id), "")?;
    let body: serde_json::Value = serde_json::from_slice(&answer.body)?;
    let shown: Members = body["members"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|member| member["value"].as_str())
        .map(str::to_owned)
        .collect();
    if shown == record.group.acknowledged { Ok(()) } else { Err(format!("SCIM shows {body}").into()) }
}

/// Kills again and again; the first kill after which something is wrong ends it.
fn kill(postgres: Option<String>, kills: usize) -> Result<(), Failure> {
    let seed = if let Ok(seed) = env::var("CASTGATE_TEST_SEED") {
        seed.parse()?
    } else {
        let mut bytes = [0; 8];
        Clock::machine().fill(&mut bytes);
        u64::from_le_bytes(bytes)
    };
    let engine = if postgres.is_some() { "PostgreSQL" } else { "SQLite" };
    println!("{engine}: CASTGATE_TEST_SEED={seed}");
    let began = Instant::now();
    let runtime = tokio::runtime::Runtime::new()?;
    let mut scene = runtime.block_on(Scene::make(postgres, seed))?;
    for round in 1..=kills {
        let worked = scene.work_and_kill(round);
        worked.map_err(|error| format!("kill {round}, seed {seed}: {error}\n{}", scene.place.told()))?;
        if round % 2 == 0 {
            scene.place.start(PROGRAM).and_then(Gateway::kill)?;
        }
        runtime.block_on(scene.compare(round % ASKED_EVERY == 0 || round == kills))?;
        assert!(scene.wrong.is_empty(), "kill {round}, seed {seed}: {:#?}\n{}", scene.wrong, scene.place.told());
    }
    let Tally { sent, acknowledged, done_unasked, undone } = scene.tally();
    println!(
        "{engine}: {kills} kills in {:.0} s; {sent} changes sent, {acknowledged} acknowledged and none of them lost; {} in \
         flight, of which {done_unasked} were done and {undone} were not, none by half",
        began.elapsed().as_secs_f64(),
        done_unasked + undone,
    );
    assert!(acknowledged > kills as u64, "the writers hardly wrote anything");
    Ok(())
}

fn kills(default: usize) -> usize {
    env::var("CASTGATE_TEST_KILLS").map_or(default, |text| text.parse().unwrap())
}

#[test]
fn what_was_acknowledged_outlives_a_kill() {
    kill(None, kills(100)).unwrap();
}

#[test]
fn what_was_acknowledged_outlives_a_kill_on_postgresql() {
    let Some(url) = postgres("writers") else { return };
    kill(Some(url), kills(10).min(10)).unwrap();
}

#[test]
fn a_mapping_that_is_published_when_the_program_is_killed_is_in_force_for_everybody_or_for_nobody() {
    for (engine, url) in [("SQLite", Some(None)), ("PostgreSQL", postgres("publishing").map(Some))] {
        let Some(url) = url else { continue };
        let (stayed, came) = publishing::kill(url, kills(12).min(40)).unwrap();
        println!(
            "{engine}: killed while it published, the old mapping stayed {stayed} times, the new one came {came} times"
        );
    }
}

/// A database of its own, if there is a PostgreSQL.
fn postgres(of: &str) -> Option<String> {
    let Ok(server) = env::var("CASTGATE_TEST_POSTGRES_URL") else {
        assert!(env::var("CASTGATE_TEST_LEGS").as_deref() != Ok("required"), "CASTGATE_TEST_POSTGRES_URL is not set");
        println!("skipped: CASTGATE_TEST_POSTGRES_URL is not set");
        return None;
    };
    Some(tokio::runtime::Runtime::new().unwrap().block_on(fresh_database(&server, of)).unwrap())
}

/// The address of a new, empty database.
async fn fresh_database(server: &str, of: &str) -> Result<String, Failure> {
    let name = format!("castgate_kill_{of}_{}", std::process::id());
    let (client, connection) = tokio_postgres::connect(server, tokio_postgres::NoTls).await?;
    let connection = tokio::spawn(connection);
    client.batch_execute(&format!("CREATE DATABASE {name}")).await?;
    drop(client);
    connection.await??;
    let mut url = url::Url::parse(server)?;
    url.set_path(&name);
    Ok(url.into())
}
