//! Clients that know what they want: one request, sent over and over on kept-alive connections, and its answers counted.

use std::{
    net::{IpAddr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread::JoinHandle,
    time::Duration,
};
use tokio::{
    io::{self, AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpSocket, TcpStream},
    time::{MissedTickBehavior, interval, sleep},
};

/// What is asked, and from where.
#[derive(Debug, Clone)]
pub struct Question {
    pub server: SocketAddr,
    /// An address of the loopback network: the server counts connections by address.
    pub from: IpAddr,
    pub request: Arc<Vec<u8>>,
}

/// What came of it.
#[derive(Debug, Default)]
pub struct Counts {
    /// 200: useful work.
    pub done: AtomicU64,
    /// 503.
    pub refused: AtomicU64,
    /// Anything else, connections that broke among it.
    pub failed: AtomicU64,
}

/// A crowd that asks until it is dropped, on a thread of its own.
pub struct Crowd {
    pub counts: Arc<Counts>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Crowd {
    /// So many connections; each asks anew after an answer, or, with a gap, at most once in it whatever the answer was.
    pub fn gather(question: &Question, connections: u32, gap: Option<Duration>) -> Self {
        let (counts, stop) = (Arc::<Counts>::default(), Arc::<AtomicBool>::default());
        let thread = std::thread::spawn({
            let (question, counts, stop) = (question.clone(), counts.clone(), stop.clone());
            move || {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
                let Ok(runtime) = runtime else { return };
                runtime.block_on(async {
                    for number in 0..connections {
                        // Spread over the gap: a crowd does not breathe in step.
                        let delay = gap.map_or(Duration::ZERO, |gap| gap * number / connections.max(1));
                        let one = (question.clone(), counts.clone());
                        tokio::spawn(async move {
                            sleep(delay).await;
                            ask(one, gap).await;
                        });
                    }
                    while !stop.load(Ordering::Relaxed) {
                        sleep(Duration::from_millis(5)).await;
                    }
                });
            }
        });
        Self { counts, stop, thread: Some(thread) }
    }

    /// Answers with 200 so far.
    pub fn done(&self) -> u64 {
        self.counts.done.load(Ordering::Relaxed)
    }
}

impl Drop for Crowd {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

async fn ask((question, counts): (Question, Arc<Counts>), gap: Option<Duration>) {
    let mut beat = gap.map(interval);
    if let Some(beat) = &mut beat {
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    }
    loop {
        let Ok(mut stream) = connect(&question).await else {
            counts.failed.fetch_add(1, Ordering::Relaxed);
            sleep(Duration::from_millis(50)).await;
            continue;
        };
        loop {
            if let Some(beat) = &mut beat {
                beat.tick().await;
            }
            let counted = match exchange(&mut stream, &question.request).await {
                Ok(200) => &counts.done,
                Ok(503) => &counts.refused,
                Ok(_) | Err(_) => &counts.failed,
            };
            counted.fetch_add(1, Ordering::Relaxed);
            if std::ptr::eq(counted, &raw const counts.failed) {
                sleep(Duration::from_millis(50)).await;
                break;
            }
        }
    }
}

async fn connect(question: &Question) -> io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.bind(SocketAddr::new(question.from, 0))?;
    let stream = socket.connect(question.server).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// One request and its whole answer; the status.
async fn exchange(stream: &mut TcpStream, request: &[u8]) -> io::Result<u16> {
    stream.write_all(request).await?;
    let mut answer = Vec::with_capacity(2048);
    loop {
        if stream.read_buf(&mut answer).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let Some(head) = answer.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
        let text = String::from_utf8_lossy(answer.get(..head).unwrap_or_default()).to_ascii_lowercase();
        let length = text.split("content-length: ").nth(1).and_then(|rest| rest.lines().next());
        let length: usize = length.and_then(|digits| digits.trim().parse().ok()).unwrap_or(0);
        while answer.len() < head + 4 + length {
            if stream.read_buf(&mut answer).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        let status = text.split(' ').nth(1).and_then(|digits| digits.parse().ok());
        return status.ok_or(io::ErrorKind::InvalidData.into());
    }
}
