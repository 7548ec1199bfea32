//! Twenty organizations: each asks as often as Entra does, while one of them asks as often as it can.

use super::{
    gateway::{self, Failure, Gateway},
    ground::Ground,
    line, load,
};
use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::{
    net::TcpStream,
    runtime::Runtime,
    time::{Instant, sleep_until},
};

/// Organizations.
const MANY: usize = 20;
/// Requests of each in a second: what Entra demands of whom it pushes to.
const RATE: u32 = 25;
/// Connections of the one that floods.
const FLOOD: usize = 16;

/// What became of what was asked.
#[derive(Debug, Default)]
struct Told {
    due: usize,
    served: usize,
    /// From when each was due, in milliseconds.
    times: Vec<f64>,
}

/// The others' share and their waiting, first alone and then beside the flood.
pub fn measure((runtime, ground): (&Runtime, &Ground), seconds: u32) -> Result<(), Failure> {
    const LEAST: f64 = 0.99;
    let mut place = ground.place(runtime)?;
    // As many as castgate takes of one connection by default.
    place.settings.push(("CASTGATE_LIMITS__SCIM", "200/s".to_owned()));
    let mut tokens = vec![place.token.clone()];
    runtime.block_on(async {
        let app = place.app(place.store().await?).await?;
        for number in 1..MANY {
            tokens.push(gateway::found(&app, &format!("other-{number}")).await?.1);
        }
        Ok::<_, Failure>(())
    })?;
    let gateway = place.start(super::PROGRAM)?;
    let (flooder, others) = tokens.split_first().ok_or("there are organizations")?;
    let calm = run(&gateway, (others, None), ("calm", seconds / 2))?;
    let beside = run(&gateway, (others, Some(flooder)), ("flooded", seconds))?;
    let share = |told: &Told| ratio(told.served, told.due);
    let name = format!("{} × {RATE}/s beside a flood: served", MANY - 1);
    let shown = (format!("{:.1} %", 100.0 * share(&beside)), format!("{:.1} %", 100.0 * LEAST));
    line(&name, shown, share(&beside), share(&beside) >= LEAST);
    for (what, part) in [("half of them within", 0.5), ("99 of 100 within", 0.99)] {
        let (beside, calm) = (quantile(&beside.times, part), quantile(&calm.times, part));
        println!("  {what} {beside:.1} ms; without the flood {calm:.1} ms");
    }
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "a share for people")]
fn ratio(part: usize, whole: usize) -> f64 {
    part as f64 / whole as f64
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a place in a list"
)]
fn quantile(times: &[f64], part: f64) -> f64 {
    let mut times = times.to_vec();
    times.sort_by(f64::total_cmp);
    times.get((times.len() as f64 * part) as usize).copied().unwrap_or(f64::NAN)
}

/// Everybody asks for so many seconds, from one thread.
fn run(
    gateway: &Gateway,
    (others, flooder): (&[String], Option<&String>),
    (name, seconds): (&str, u32),
) -> Result<Told, Failure> {
    let address = gateway.address;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let over = Arc::new(AtomicBool::new(false));
    let (taken, refused) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let told = runtime.block_on(async {
        let mut floods = Vec::new();
        if let Some(token) = flooder {
            for number in 0..FLOOD {
                let of = (address, token.clone(), format!("{name}{number:02}"));
                floods.push(tokio::spawn(flood(of, over.clone(), (taken.clone(), refused.clone()))));
            }
        }
        let mut askers = Vec::new();
        for (number, token) in others.iter().enumerate() {
            let of = (address, token.clone(), format!("{name}{number:02}"));
            askers.push(tokio::spawn(ask(of, seconds * RATE)));
        }
        let mut sum = Told::default();
        for asker in askers {
            let told = asker.await??;
            sum.due += told.due;
            sum.served += told.served;
            sum.times.extend(told.times);
        }
        over.store(true, Ordering::Relaxed);
        for flood in floods {
            flood.await??;
        }
        Ok::<_, Failure>(sum)
    })?;
    if flooder.is_some() {
        let (taken, refused) = (taken.load(Ordering::Relaxed), refused.load(Ordering::Relaxed));
        println!("the flood: {taken} made, {refused} refused in {seconds} s");
    }
    Ok(told)
}

/// One request every 40 ms, whether or not the one before was quick: makes people and looks for them, in turns.
async fn ask((address, token, name): (SocketAddr, String, String), count: u32) -> Result<Told, Failure> {
    let mut stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let mut told = Told::default();
    let began = Instant::now();
    for number in 0..count {
        let due = began + Duration::from_secs(1) * number / RATE;
        let person = format!("{name}x{:06}", number / 2);
        let request = if number % 2 == 0 {
            load::request((address, &token), "/scim/v2/Users", &load::person(&person))
        } else {
            load::get(
                (address, &token),
                &format!("/scim/v2/Users?filter=userName%20eq%20%22{person}@northwind.example%22"),
            )
        };
        sleep_until(due).await;
        let status = load::ask(&mut stream, &request).await?;
        told.due += 1;
        // Late by more than a second is not served: by then as many as a provider asks in that time wait behind it.
        let late = due.elapsed();
        told.served += usize::from((200..300).contains(&status) && late < Duration::from_secs(1));
        told.times.push(late.as_secs_f64() * 1_000.0);
    }
    Ok(told)
}

/// One request after the other until it is over.
async fn flood(
    (address, token, name): (SocketAddr, String, String),
    over: Arc<AtomicBool>,
    (served, refused): (Arc<AtomicUsize>, Arc<AtomicUsize>),
) -> Result<(), Failure> {
    let mut stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let mut number = 0;
    while !over.load(Ordering::Relaxed) {
        number += 1;
        let body = load::person(&format!("{name}y{number:08}"));
        let status = load::ask(&mut stream, &load::request((address, &token), "/scim/v2/Users", &body)).await?;
        let count = if status == 201 { &served } else { &refused };
        count.fetch_add(1, Ordering::Relaxed);
    }
    Ok(())
}
