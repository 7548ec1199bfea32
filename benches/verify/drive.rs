//! The generator: one thread, kept-alive connections, requests that were made before the clock runs.

use std::{
    error::Error,
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

pub type Failure = Box<dyn Error + Send + Sync>;

/// A server that says nothing for so long is broken.
const PATIENCE: Duration = Duration::from_secs(10);

/// One request, the answer that it gets, and who gives it.
#[derive(Debug, Clone)]
pub struct Load {
    pub addresses: Vec<SocketAddr>,
    request: Arc<Vec<u8>>,
    /// The whole answer; every other one has its length.
    pub answer: Arc<Vec<u8>>,
}

impl Load {
    /// Asks once, to learn the answer.
    pub fn learn(addresses: Vec<SocketAddr>, path: &str, header: &str) -> Result<Self, Failure> {
        let request = format!("GET {path} HTTP/1.1\r\nHost: castgate\r\n{header}\r\n\r\n").into_bytes();
        let address = *addresses.first().ok_or("nobody answers")?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let answer = runtime.block_on(async {
            let mut stream = TcpStream::connect(address).await?;
            stream.write_all(&request).await?;
            let mut answer = Vec::new();
            while !is_whole(&answer) {
                if timeout(PATIENCE, stream.read_buf(&mut answer)).await?? == 0 {
                    return Err(Failure::from("the connection ended"));
                }
            }
            Ok(answer)
        })?;
        if !answer.starts_with(b"HTTP/1.1 200") {
            return Err(format!("{path}: {}", String::from_utf8_lossy(&answer)).into());
        }
        Ok(Self { addresses, request: Arc::new(request), answer: Arc::new(answer) })
    }

    /// The same for others, who answer with as many bytes.
    pub fn to(&self, addresses: &[SocketAddr]) -> Self {
        Self { addresses: addresses.to_vec(), ..self.clone() }
    }

    /// Requests a second over so many connections, spread over the addresses.
    pub fn run(&self, connections: usize, time: Duration) -> Result<f64, Failure> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            let mut streams = Vec::new();
            for address in self.addresses.iter().cycle().take(connections) {
                let stream = TcpStream::connect(address).await?;
                stream.set_nodelay(true)?;
                streams.push(stream);
            }
            let began = Instant::now();
            let tasks: Vec<_> = streams
                .into_iter()
                .map(|stream| tokio::spawn(exchange(stream, self.request.clone(), (self.answer.len(), began + time))))
                .collect();
            let mut answered = 0_u32;
            for task in tasks {
                answered += timeout(time + PATIENCE, task).await???;
            }
            Ok(f64::from(answered) / began.elapsed().as_secs_f64())
        })
    }
}

/// One request after the other until the time is over; how many were answered.
async fn exchange(
    mut stream: TcpStream,
    request: Arc<Vec<u8>>,
    (length, until): (usize, Instant),
) -> Result<u32, Failure> {
    let mut answer = Vec::with_capacity(2 * length);
    let mut answered = 0;
    while Instant::now() < until {
        stream.write_all(&request).await?;
        answer.clear();
        while answer.len() < length {
            if stream.read_buf(&mut answer).await? == 0 {
                return Err(format!("the connection ended in {}", String::from_utf8_lossy(&answer)).into());
            }
        }
        if answer.len() != length || !answer.starts_with(b"HTTP/1.1 200") {
            return Err(format!("another answer: {}", String::from_utf8_lossy(&answer)).into());
        }
        answered += 1;
    }
    Ok(answered)
}

/// Whether an answer has come to its end.
fn is_whole(answer: &[u8]) -> bool {
    let Some(head) = answer.windows(4).position(|four| four == b"\r\n\r\n") else { return false };
    let text = String::from_utf8_lossy(&answer[..head]).to_ascii_lowercase();
    let length = text.split("content-length: ").nth(1).and_then(|rest| rest.lines().next());
    answer.len() >= head + 4 + length.and_then(|digits| digits.trim().parse().ok()).unwrap_or(0)
}
