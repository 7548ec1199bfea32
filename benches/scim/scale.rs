//! What must not grow with the directory: one member, a thousand members, somebody's name, a page, a deactivation.

use super::{
    Recorded, Size, bare,
    directory::Directory,
    drive::Load,
    gateway::{Failure, Place},
    ground::{Bare, Ground},
    line, load, median, memory, rate,
    rows::{self, Rows},
    wire::Wire,
};
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;

const CONNECTIONS: usize = 32;
/// Changes that are inserted bare for a rate.
const CHANGES: usize = 2_000;
/// How often each change is made.
const TIMES: usize = 40;
/// Members of one request.
const THOUSAND: usize = 1_000;
const TURN: Duration = Duration::from_millis(700);
const TURNS: usize = 7;

/// The store's own commit beside which changes are timed.
struct Sync<'a> {
    runtime: &'a Runtime,
    bare: Bare,
    rows: Rows,
    count: usize,
}

impl Sync<'_> {
    /// One row on disk, in milliseconds; on PostgreSQL the bare inserts of a change, each of which is a way there and back.
    fn time(&mut self) -> Result<f64, Failure> {
        self.count += 1;
        Ok(milliseconds(self.bare.sync(self.runtime, &self.rows, self.count)?))
    }

    /// How many changes a second are inserted bare.
    fn rate(&mut self) -> Result<f64, Failure> {
        let numbers = self.count + 1..=self.count + CHANGES;
        self.count += CHANGES;
        let changes = numbers.map(|number| rows::copy(&self.rows, number, std::iter::empty())).collect();
        let time = self.runtime.block_on(rows::write(&self.bare.store, changes, CONNECTIONS))?;
        Ok(rate(CHANGES, time))
    }
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}

/// All of it on one store.
pub fn measure((runtime, ground): (&Runtime, &Ground), recorded: &Recorded, size: &Size) -> Result<(), Failure> {
    let rows = match ground.is_postgres() {
        true => recorded.user.clone(),
        false => rows::of_tables(&recorded.user, &["identities"]),
    };
    let mut sync = Sync { runtime, bare: ground.bare(runtime)?, rows, count: 0 };
    let began = Instant::now();
    let small = Directory::make((runtime, ground), recorded, (size.large / 10, 0), size)?;
    let large = Directory::make((runtime, ground), recorded, (size.large, TIMES), size)?;
    let made = began.elapsed().as_secs_f64();
    println!("{} and {} people were written straight into the store in {made:.1} s", size.large / 10, size.large);
    // First: whoever is put into another group has a longer answer than their namesake.
    names(&small, &large, if ground.is_postgres() { Some(&mut sync) } else { None })?;
    one_more_member(&large, &mut sync, size)?;
    a_thousand_members(&large, &mut sync)?;
    deactivation(&large, &mut sync, size)?;
    pages(&large, size)?;
    most_memory(&large, size)?;
    let Directory { gateway, place, .. } = large;
    gateway.kill()?;
    restart(&place, size)?;
    let open = runtime.block_on(async {
        let mut tx = place.store().await?.read().await?;
        let counted: Option<(i64,)> = tx.first("SELECT count(*) FROM sessions WHERE ended_at IS NULL", &[]).await?;
        Ok::<_, Failure>(counted.map_or(0, |(count,)| count))
    })?;
    if open > 0 { Err(format!("{open} sessions outlived their people").into()) } else { Ok(()) }
}

/// What a gateway held at most that has done all this beside so many people.
fn most_memory(directory: &Directory, size: &Size) -> Result<(), Failure> {
    const LIMIT: f64 = 200.0;
    let megabytes = memory::megabytes(&directory.gateway, "VmHWM")?;
    let shown = (format!("{megabytes:.1} MB"), format!("{LIMIT:.0} MB"));
    line(&format!("most memory beside {} people", size.large), shown, megabytes / LIMIT, megabytes < LIMIT);
    Ok(())
}

/// From a killed gateway to one that answers, what the killed one left undone included.
fn restart(place: &Place, size: &Size) -> Result<(), Failure> {
    let began = Instant::now();
    place.start(super::PROGRAM)?.kill()?;
    println!("from start to ready beside {} people: {:.2} s", size.large, began.elapsed().as_secs_f64());
    Ok(())
}

/// A change against one sync and so much more.
fn beside_sync(name: &str, times: &mut [f64], syncs: &mut [f64], more: f64) {
    let (time, sync) = (median(times), median(syncs));
    let limit = sync + more;
    line(name, (format!("{time:.2} ms"), format!("{sync:.2}+{more} ms")), time / limit, time <= limit);
}

/// Puts one person at a time into the small group and into the large one, in turns.
fn one_more_member(directory: &Directory, sync: &mut Sync<'_>, size: &Size) -> Result<(), Failure> {
    const FLAT: f64 = 1.2;
    let at = (directory.gateway.address, directory.place.token.as_str());
    let bodies: Vec<String> = (0..2 * TIMES + 2).map(|number| load::person(&format!("new{number:08}"))).collect();
    let (_, newcomers) = load::post(at, "/scim/v2/Users", &bodies, 8)?;
    let [small, large, _] = &directory.groups;
    let mut wire = Wire::connect(at.0, at.1)?;
    let (mut syncs, mut times) = (Vec::new(), [Vec::new(), Vec::new()]);
    for (turn, pair) in newcomers.chunks(2).enumerate() {
        let alone = sync.time()?;
        let mut groups: Vec<_> = [small, large].into_iter().zip(&mut times).collect();
        // Who comes first wakes whoever slept meanwhile.
        groups.rotate_left(turn % 2);
        for (newcomer, (group, times)) in pair.iter().zip(groups) {
            let began = Instant::now();
            load::send(
                &mut wire,
                ("PATCH", &format!("/scim/v2/Groups/{group}")),
                &load::more(std::slice::from_ref(newcomer)),
            )?;
            // The first of all finds nothing prepared.
            if turn > 0 {
                times.push(milliseconds(began.elapsed()));
            }
        }
        syncs.push(alone);
    }
    let [small, large] = &mut times;
    beside_sync(&format!("one more member of {}", size.members), small, &mut syncs, 0.3);
    beside_sync(&format!("one more member of {}", size.large), large, &mut syncs, 0.3);
    let (small, large) = (median(small), median(large));
    let name = format!("one more of {} against {}", size.large, size.members);
    line(&name, (format!("{large:.2} ms"), format!("{small:.2} ms")), large / small, large / small <= FLAT);
    Ok(())
}

/// Requests that each put another thousand into a group.
fn a_thousand_members(directory: &Directory, sync: &mut Sync<'_>) -> Result<(), Failure> {
    let [_, _, group] = &directory.groups;
    let mut wire = Wire::connect(directory.gateway.address, &directory.place.token)?;
    let (mut syncs, mut times) = (Vec::new(), Vec::new());
    for members in directory.people.chunks(THOUSAND).take(11) {
        syncs.push(sync.time()?);
        let body = load::more(members);
        let began = Instant::now();
        load::send(&mut wire, ("PATCH", &format!("/scim/v2/Groups/{group}")), &body)?;
        times.push(milliseconds(began.elapsed()));
    }
    beside_sync("a thousand more members at once", &mut times, &mut syncs, 40.0);
    Ok(())
}

/// People who have sessions and keys are told to be inactive.
fn deactivation(directory: &Directory, sync: &mut Sync<'_>, size: &Size) -> Result<(), Failure> {
    let mut wire = Wire::connect(directory.gateway.address, &directory.place.token)?;
    let (mut syncs, mut times) = (Vec::new(), Vec::new());
    for (turn, person) in directory.people.iter().take(TIMES).enumerate() {
        let alone = sync.time()?;
        let began = Instant::now();
        load::send(&mut wire, ("PATCH", &format!("/scim/v2/Users/{person}")), load::INACTIVE)?;
        if turn > 0 {
            times.push(milliseconds(began.elapsed()));
            syncs.push(alone);
        }
    }
    beside_sync(&format!("a deactivation among {}", size.large), &mut times, &mut syncs, 1.0);
    Ok(())
}

/// The first page and the last one, in turns; both say how many there are.
fn pages(directory: &Directory, size: &Size) -> Result<(), Failure> {
    const MOST: f64 = 1.5;
    let mut wire = Wire::connect(directory.gateway.address, &directory.place.token)?;
    // Those who came for the groups are the last.
    let total = size.large + 2 * TIMES + 2;
    let mut times = [Vec::new(), Vec::new()];
    for turn in 0..TIMES {
        for (start, times) in [1, total - 99].into_iter().zip(&mut times) {
            let began = Instant::now();
            let answer = wire.send("GET", &format!("/scim/v2/Users?startIndex={start}&count=100"), "")?;
            let time = milliseconds(began.elapsed());
            let body: serde_json::Value = serde_json::from_slice(&answer.body)?;
            let people = body["Resources"].as_array().map_or(0, Vec::len);
            if body["totalResults"] != total || people != 100 {
                return Err(format!("{people} of {} from {start}", body["totalResults"]).into());
            }
            if turn > 0 {
                times.push(time);
            }
        }
    }
    let [first, last] = times.each_mut().map(|times| median(times));
    let name = format!("the last page of {} against the first", size.large);
    line(&name, (format!("{last:.2} ms"), format!("{first:.2} ms")), last / first, last / first <= MOST);
    Ok(())
}

/// One person by their userName, of few and of many, against a handler that says the same bytes; on PostgreSQL against bare inserts
/// over as many connections as castgate has.
fn names(small: &Directory, large: &Directory, inserts: Option<&mut Sync<'_>>) -> Result<(), Failure> {
    const LEAST: f64 = 0.3;
    const ALIKE: f64 = 0.9;
    let load = |directory: &Directory| {
        let path = "/scim/v2/Users?filter=userName%20eq%20%2200000777@northwind.example%22";
        let header = format!("Authorization: Bearer {}", directory.place.token);
        Load::learn(vec![directory.gateway.address], path, &header)
    };
    let loads = [load(small)?, load(large)?];
    let plain = bare::Bare::start(&loads[1])?;
    let plain = loads[1].to(&plain.addresses);
    let mut rates = [Vec::new(), Vec::new(), Vec::new()];
    for turn in 0..=TURNS {
        let mut all: Vec<_> = loads.iter().chain([&plain]).zip(&mut rates).collect();
        // A gateway still writes of what it answered while the next one is asked.
        let first = turn % all.len();
        all.rotate_left(first);
        for (load, rates) in all {
            let rate = load.run(CONNECTIONS, TURN)?;
            if turn > 0 {
                rates.push(rate);
            }
        }
    }
    let [few, many, mut limit] = rates.each_mut().map(|rates| median(rates));
    if let Some(inserts) = inserts {
        limit = inserts.rate()?;
    }
    for (rate, directory) in [(few, small), (many, large)] {
        let name = format!("userName eq over {} people", directory.people.len());
        line(&name, (format!("{rate:.0} /s"), format!("{limit:.0} /s")), rate / limit, rate >= LEAST * limit);
    }
    let name = format!("userName eq, {} against {}", large.people.len(), small.people.len());
    line(&name, (format!("{many:.0} /s"), format!("{few:.0} /s")), many / few, many >= ALIKE * few);
    Ok(())
}
