//! How much useful work is left when castgate is attacked by slow clients, and when five times as much is asked as it can do.
//!
//! `cargo bench --bench overload`. Each line has a name, a value, its limit, the ratio of the two, and `ok` or `MISSED`.
//! `CASTGATE_BENCH_QUICK=1` takes about a minute. A miss is told and is no failure: machines differ. The slow clients are
//! slowhttptest's (a Debian package); without it that part is left out, and says so.
//!
//! The peak that everything is compared with is measured in the same run, with the same good clients, right before each attack.
//! Attackers and good clients share the machine with castgate. slowhttptest is busy all the time, which is not castgate's doing:
//! while the peak is taken it works as well, at the same pace, against a decoy beside castgate; what is missing under attack is
//! what the attack costs castgate. How much the tool alone takes is printed.

mod decoy;
#[path = "../../tests/kill/gateway.rs"]
#[expect(dead_code, reason = "no gateway is killed here")]
mod gateway;
mod load;
mod memory;
#[path = "../../tests/kill/wire.rs"]
#[expect(dead_code, reason = "the head of an answer is of no interest here")]
mod wire;

use decoy::Decoy;
use gateway::{Failure, Gateway, Place};
use load::{Crowd, Question};
use std::{
    env, fs,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    process::{Child, Command, Stdio},
    sync::{Arc, atomic::Ordering},
    thread::sleep,
    time::{Duration, Instant},
};
use tokio::runtime::Runtime;
use wire::Wire;

const PROGRAM: &str = env!("CARGO_BIN_EXE_castgate");
const SLOW: u32 = 1_500;
/// The good clients come from elsewhere than the attack.
const GOOD: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2));
const LEAST: f64 = 0.8;
/// In MB: what a small container has.
const MEMORY: f64 = 256.0;
const RECOVERY: Duration = Duration::from_secs(2);
/// How long somebody slow is borne with.
const SLOWNESS: Duration = Duration::from_secs(3);
/// A window in which useful work is counted after an attack.
const WINDOW: Duration = Duration::from_millis(250);

/// How long things are watched.
struct Times {
    peak: Duration,
    attack: Duration,
    overload: Duration,
}

const FULL: Times =
    Times { peak: Duration::from_secs(6), attack: Duration::from_secs(25), overload: Duration::from_secs(15) };
const QUICK: Times =
    Times { peak: Duration::from_secs(2), attack: Duration::from_secs(9), overload: Duration::from_secs(4) };

fn main() -> Result<(), Failure> {
    let times = if env::var_os("CASTGATE_BENCH_QUICK").is_some() { QUICK } else { FULL };
    let runtime = Runtime::new()?;
    println!("{:<52} {:>16} {:>16} {:>7}", "name", "value", "limit", "ratio");
    for (mode, arguments) in [
        ("slow heads", &["-H", "-i", "2"][..]),
        ("slow bodies", &["-B", "-i", "2", "-s", "8192", "-x", "8"]),
        ("slow reading", &["-X", "-w", "1", "-y", "64", "-n", "2", "-z", "8", "-k", "1"]),
    ] {
        slow(&runtime, &times, (mode, arguments))?;
    }
    overload(&runtime, &times)
}

fn line(name: &str, (value, limit): (String, String), ratio: f64, holds: bool) {
    let verdict = if holds { "ok" } else { "MISSED" };
    println!("{name:<52} {value:>16} {limit:>16} {ratio:>7.2} {verdict}");
}

#[expect(clippy::cast_precision_loss, reason = "a rate for people")]
fn rate(count: u64, time: Duration) -> f64 {
    count as f64 / time.as_secs_f64()
}

/// A gateway with these settings, and one person in its directory, who is asked for.
fn start(runtime: &Runtime, settings: &[(&'static str, &str)]) -> Result<(Place, Gateway, Question), Failure> {
    let mut place = runtime.block_on(Place::make(None))?;
    // What one caller may ask is another matter.
    place.settings.push(("CASTGATE_LIMITS__SCIM", "0/s".to_owned()));
    place.settings.push(("CASTGATE_LIMITS__ADDRESS", "0/s".to_owned()));
    place.settings.extend(settings.iter().map(|(key, value)| (*key, (*value).to_owned())));
    let gateway = place.start(PROGRAM)?;
    let body = r#"{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"robin@northwind.example"}"#;
    let made = Wire::connect(gateway.address, &place.token)?.send("POST", "/scim/v2/Users", body)?;
    if made.status != 201 {
        return Err(format!("nobody was made: {}", String::from_utf8_lossy(&made.body)).into());
    }
    let request = format!(
        "GET /scim/v2/Users HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\n\r\n",
        gateway.address, place.token
    );
    let question = Question { server: gateway.address, from: GOOD, request: Arc::new(request.into_bytes()) };
    Ok((place, gateway, question))
}

/// Useful work a second over some time.
fn watch(crowd: &Crowd, time: Duration) -> f64 {
    let (began, before) = (Instant::now(), crowd.done());
    sleep(time);
    rate(crowd.done() - before, began.elapsed())
}

/// The time until a window has as much useful work in it as it should.
fn recovery(crowd: &Crowd, peak: f64) -> Duration {
    let began = Instant::now();
    while watch(crowd, WINDOW) < LEAST * peak && began.elapsed() < 15 * RECOVERY {}
    began.elapsed().saturating_sub(WINDOW)
}

/// 1,500 connections that take their time, while a few good clients work.
fn slow(runtime: &Runtime, times: &Times, (mode, arguments): (&str, &[&str])) -> Result<(), Failure> {
    // The caps of connections are out of the way, so that it is the time-outs that are measured; these are shorter than the
    // defaults so that there is something to see within seconds.
    let patience = format!("{}s", SLOWNESS.as_secs());
    let (_place, gateway, question) = start(
        runtime,
        &[
            ("CASTGATE_SERVER__MAX_CONNECTIONS_PER_ADDRESS", "8192"),
            ("CASTGATE_SERVER__HEADER_TIMEOUT", &patience),
            ("CASTGATE_SERVER__BODY_TIMEOUT", &patience),
            ("CASTGATE_SERVER__SEND_TIMEOUT", &patience),
            ("CASTGATE_SERVER__KEEP_ALIVE", "4s"),
        ],
    )?;
    let crowd = Crowd::gather(&question, 8, None);
    sleep(Duration::from_millis(500));
    let alone = watch(&crowd, times.peak);
    let Ok(peak) = beside_a_decoy(runtime, &crowd, times, arguments) else {
        println!("{mode}: left out, there is no slowhttptest here");
        return Ok(());
    };
    println!("{mode}: {alone:.0} /s without slowhttptest on this machine, {peak:.0} /s while it is busy elsewhere");
    let attack = Attack::begin(gateway.address, arguments, times.attack)?;
    let (mut most, began, before) = (0, Instant::now(), crowd.done());
    while began.elapsed() < times.attack {
        sleep(Duration::from_millis(100));
        most = most.max(connections(&gateway)?);
    }
    let attacked = rate(crowd.done() - before, began.elapsed());
    drop(attack);
    let back = recovery(&crowd, peak);
    let shown = (format!("{attacked:.0} /s"), format!("{peak:.0} /s"));
    line(&format!("{mode}: useful work"), shown, attacked / peak, attacked >= LEAST * peak);
    told_recovery(mode, back);
    // Their own ends are closed by now; what is still open here, the server holds for nobody.
    let left = settled(&gateway)?;
    let shown = (format!("{left} of {most}"), "16".to_owned());
    line(&format!("{mode}: connections that are left"), shown, f64::from(left) / 16.0, left <= 16);
    told_memory(mode, &gateway)
}

/// Useful work while the same attack, for as long, is on somebody else on this machine.
fn beside_a_decoy(runtime: &Runtime, crowd: &Crowd, times: &Times, arguments: &[&str]) -> Result<f64, Failure> {
    let decoy = Decoy::open(runtime, SLOWNESS)?;
    let attack = Attack::begin(decoy.address, arguments, times.attack)?;
    let peak = watch(crowd, times.attack);
    drop((attack, decoy));
    // What was under way between those two has ended.
    sleep(Duration::from_secs(1));
    Ok(peak)
}

fn told_recovery(mode: &str, back: Duration) {
    let shown = (format!("{:.2} s", back.as_secs_f64()), format!("{} s", RECOVERY.as_secs()));
    line(&format!("{mode}: recovery"), shown, back.as_secs_f64() / RECOVERY.as_secs_f64(), back <= RECOVERY);
}

fn told_memory(mode: &str, gateway: &Gateway) -> Result<(), Failure> {
    let megabytes = memory::megabytes(gateway, "VmHWM")?;
    let shown = (format!("{megabytes:.1} MB"), format!("{MEMORY:.0} MB"));
    line(&format!("{mode}: most memory"), shown, megabytes / MEMORY, megabytes <= MEMORY);
    Ok(())
}

/// Open sockets of the gateway, its listener and its good clients among them.
fn connections(gateway: &Gateway) -> Result<u32, Failure> {
    let mut count = 0;
    for entry in fs::read_dir(format!("/proc/{}/fd", gateway.child.id()))? {
        // A descriptor may be closed while we look.
        let Ok(target) = fs::read_link(entry?.path()) else { continue };
        count += u32::from(target.to_string_lossy().starts_with("socket:"));
    }
    Ok(count)
}

/// The open sockets a moment later, when those that were ending have ended.
fn settled(gateway: &Gateway) -> Result<u32, Failure> {
    let began = Instant::now();
    loop {
        let left = connections(gateway)?;
        if left <= 16 || began.elapsed() > Duration::from_secs(6) {
            return Ok(left);
        }
        sleep(Duration::from_millis(100));
    }
}

/// slowhttptest, at work.
struct Attack(Child);

impl Attack {
    fn begin(at: SocketAddr, arguments: &[&str], time: Duration) -> std::io::Result<Self> {
        // An error where there is none.
        Command::new("slowhttptest").arg("-h").stdout(Stdio::null()).stderr(Stdio::null()).status()?;
        // An attacker brings a machine of their own: here theirs must not take time from the server.
        let mut command = Command::new("nice");
        command.args(["-n", "19", "slowhttptest"]).args(arguments);
        command.args(["-c", &SLOW.to_string(), "-r", "750", "-l", &time.as_secs().to_string(), "-p", "1", "-v", "0"]);
        command.args(["-u", &format!("http://{at}/login")]);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().map(Self)
    }
}

impl Drop for Attack {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Five times as many requests a second as can be answered, from 800 connections that do not wait to be asked.
fn overload(runtime: &Runtime, times: &Times) -> Result<(), Failure> {
    const CONNECTIONS: u32 = 800;
    const TIMES: f64 = 5.0;
    let settings = [
        ("CASTGATE_SERVER__MAX_CONNECTIONS_PER_ADDRESS", "8192"),
        ("CASTGATE_SERVER__MAX_IN_FLIGHT", "32"),
        ("CASTGATE_SERVER__QUEUE", "128"),
    ];
    let (place, gateway, question) = start(runtime, &settings)?;
    people(&place, &gateway)?;
    let peak = {
        let crowd = Crowd::gather(&question, 32, None);
        sleep(Duration::from_millis(500));
        watch(&crowd, times.peak)
    };
    let good = Crowd::gather(&question, 4, None);
    sleep(Duration::from_millis(500));
    let calm = watch(&good, times.peak);
    let gap = Duration::from_secs_f64(f64::from(CONNECTIONS) / (TIMES * peak));
    let crowd = Crowd::gather(&question, CONNECTIONS, Some(gap));
    sleep(Duration::from_secs(1));
    let (began, before) = (Instant::now(), crowd.done() + good.done());
    let refused = crowd.counts.refused.load(Ordering::Relaxed);
    let mut probes = 0;
    while began.elapsed() < times.overload {
        let answer = Wire::connect(gateway.address, "-").and_then(|mut wire| wire.send("GET", "/healthz", ""));
        probes += u32::from(answer.is_ok_and(|answer| answer.status == 200));
        sleep(Duration::from_millis(200));
    }
    let time = began.elapsed();
    let useful = rate(crowd.done() + good.done() - before, time);
    let refused = rate(crowd.counts.refused.load(Ordering::Relaxed) - refused, time);
    let failed = crowd.counts.failed.load(Ordering::Relaxed) + good.counts.failed.load(Ordering::Relaxed);
    drop(crowd);
    let back = recovery(&good, calm);
    let mode = "5x overload";
    let shown = (format!("{useful:.0} /s"), format!("{peak:.0} /s"));
    line(&format!("{mode}: useful work"), shown, useful / peak, useful >= LEAST * peak);
    println!("{mode}: {refused:.0} /s were refused, {failed} broke, /healthz answered {probes} times");
    told_recovery(mode, back);
    told_memory(mode, &gateway)
}

/// A page of people, so that one request is some work.
fn people(place: &Place, gateway: &Gateway) -> Result<(), Failure> {
    let mut wire = Wire::connect(gateway.address, &place.token)?;
    for number in 0..60 {
        let body = format!(
            r#"{{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"p{number}@northwind.example"}}"#
        );
        wire.send("POST", "/scim/v2/Users", &body)?;
    }
    Ok(())
}
