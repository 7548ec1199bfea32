//! One connection, from its first byte to its end.

use super::{
    Shared,
    framing::Framing,
    service::Service,
    vitals::{Over, Verdict, Vitals},
    wire::Wire,
};
use hyper::server::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use std::{
    future::{Future, poll_fn},
    io,
    net::IpAddr,
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::TcpStream,
    time::{Instant, sleep_until, timeout},
};

/// What an HTTP/2 client begins with (RFC 9113 §3.4).
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// RFC 9110 §15.5.9: what is said to somebody whose head did not come to its end.
const HEAD_TOO_SLOW: &[u8] = b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
/// How long, and for how many bytes, we listen on after our last word. Without it the system answers what still comes in with
/// a reset, which takes that last word away from the client.
const LINGER: (Duration, u64) = (Duration::from_secs(1), 4 << 20);

/// How a connection came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ended {
    /// By itself.
    Well,
    /// It was cut in the middle of a request.
    Cut,
}

/// Serves one connection.
pub(super) async fn run(shared: Arc<Shared>, stream: TcpStream, peer: IpAddr) -> Ended {
    // Answers are whole when they are written; waiting for more only makes them late.
    let _ = stream.set_nodelay(true);
    let outcome = match shared.tls.as_ref().map(|tls| tls.acceptor()) {
        None => plain(shared, stream, peer).await,
        Some(acceptor) => {
            let handshake = timeout(shared.handshake, acceptor.accept(stream));
            let accepted = tokio::select! {
                accepted = handshake => accepted.map_err(|_| io::Error::from(io::ErrorKind::TimedOut)).flatten(),
                () = shared.orders.close.cancelled() => return Ended::Well,
            };
            match accepted {
                Ok(stream) if stream.get_ref().1.alpn_protocol() == Some(b"h2") => {
                    http2(shared, (stream, Vec::new()), peer).await
                }
                Ok(stream) => http1(shared, (stream, Vec::new()), peer).await,
                Err(error) => Err(error),
            }
        }
    };
    outcome.unwrap_or_else(|error| {
        // Whatever a stranger's bytes are: nothing that an operator has to act on.
        tracing::debug!(%peer, %error, "a connection failed");
        Ended::Well
    })
}

/// Without TLS the first bytes say which protocol it is.
async fn plain(shared: Arc<Shared>, mut stream: TcpStream, peer: IpAddr) -> io::Result<Ended> {
    let first = tokio::select! {
        first = timeout(shared.header, first_bytes(&mut stream)) => first.map_err(|_| io::ErrorKind::TimedOut)??,
        () = shared.orders.close.cancelled() => return Ok(Ended::Well),
    };
    match first.starts_with(PREFACE) {
        true => http2(shared, (stream, first), peer).await,
        false => http1(shared, (stream, first), peer).await,
    }
}

/// As many bytes as it takes to tell HTTP/2 from HTTP/1.
async fn first_bytes(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut first = Vec::with_capacity(512);
    while first.len() < PREFACE.len() && PREFACE.starts_with(&first) {
        if stream.read_buf(&mut first).await? == 0 {
            break;
        }
    }
    Ok(first)
}

async fn http1<S>(shared: Arc<Shared>, (stream, first): (S, Vec<u8>), peer: IpAddr) -> io::Result<Ended>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let vitals = Vitals::new(shared.times, false, !first.is_empty());
    let framing = Framing::new();
    let service = Service::new(&shared, peer, &vitals, Some(framing.doubt()));
    let wire = Wire::new(stream, first, vitals.clone(), Some(framing));
    let mut connection = shared.http1.serve_connection(TokioIo::new(wire), service);
    let end = drive(&shared, &vitals, &mut connection).await;
    let mut stream = connection.into_parts().io.into_inner().into_stream();
    match end {
        End::Cut => return Ok(Ended::Cut),
        End::Over(Over::Send | Over::Whole) => return Ok(Ended::Well),
        End::Over(Over::Head) => drop(timeout(LINGER.0, stream.write_all(HEAD_TOO_SLOW)).await),
        End::Over(Over::Idle) | End::Done => {}
    }
    tokio::select! {
        () = linger(stream) => {}
        () = shared.orders.cut.cancelled() => {}
    }
    Ok(Ended::Well)
}

async fn http2<S>(shared: Arc<Shared>, (stream, first): (S, Vec<u8>), peer: IpAddr) -> io::Result<Ended>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let vitals = Vitals::new(shared.times, true, true);
    let service = Service::new(&shared, peer, &vitals, None);
    let wire = Wire::new(stream, first, vitals.clone(), None);
    let mut connection = shared.http2.serve_connection(TokioIo::new(wire), service);
    Ok(match drive(&shared, &vitals, &mut connection).await {
        End::Cut => Ended::Cut,
        End::Over(_) | End::Done => Ended::Well,
    })
}

/// Waits for the client's end of the conversation, for a moment.
async fn linger(mut stream: impl AsyncRead + AsyncWrite + Unpin) {
    let (time, bytes) = LINGER;
    let _ = timeout(time, async {
        stream.shutdown().await?;
        tokio::io::copy(&mut stream.take(bytes), &mut tokio::io::sink()).await
    })
    .await;
}

/// What the two protocols have in common.
trait Protocol {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()>;
    /// Finish what has begun, and begin nothing any more: `Connection: close`, or GOAWAY.
    fn leave(&mut self);
    /// Whether it says good-bye before it goes, so that idling is no reason to drop it without a word.
    const POLITE: bool;
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send + 'static> Protocol for http1::Connection<TokioIo<Wire<S>>, Service> {
    const POLITE: bool = false;

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.poll_without_shutdown(cx).map(|ended| told(ended.err()))
    }

    fn leave(&mut self) {
        Pin::new(self).graceful_shutdown();
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send + 'static> Protocol
    for http2::Connection<TokioIo<Wire<S>>, Service, TokioExecutor>
{
    const POLITE: bool = true;

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        Pin::new(self).poll(cx).map(|ended| told(ended.err()))
    }

    fn leave(&mut self) {
        Pin::new(self).graceful_shutdown();
    }
}

fn told(error: Option<hyper::Error>) {
    if let Some(error) = error {
        tracing::debug!(%error, "a connection broke off");
    }
}

/// How [`drive`] came to its end.
#[derive(Debug)]
enum End {
    /// The protocol is through.
    Done,
    /// Something took too long.
    Over(Over),
    /// The server ends in the middle of a request.
    Cut,
}

async fn drive<P: Protocol>(shared: &Shared, vitals: &Vitals, protocol: &mut P) -> End {
    let orders = &shared.orders;
    let mut closing = pin!(orders.close.cancelled());
    let mut cutting = pin!(orders.cut.cancelled());
    let mut alarm = pin!(sleep_until(Instant::now()));
    let mut leaving = false;
    let mut last_word = None;
    loop {
        tokio::select! {
            biased;
            () = poll_fn(|cx| protocol.poll(cx)) => return End::Done,
            () = &mut cutting => return if vitals.is_busy() { End::Cut } else { End::Done },
            () = &mut closing, if !leaving => {
                leaving = true;
                if !P::POLITE && vitals.is_quiet() {
                    return End::Done;
                }
                protocol.leave();
            }
            () = &mut alarm => match (vitals.verdict(Instant::now()), last_word) {
                (Verdict::Wait(until), _) => alarm.as_mut().reset(until),
                (Verdict::End(over), Some(_)) => return End::Over(over),
                (Verdict::End(over), None) => {
                    tracing::debug!(%over, "a connection is ended");
                    if !P::POLITE {
                        return End::Over(over);
                    }
                    protocol.leave();
                    last_word = Some(over);
                    alarm.as_mut().reset(Instant::now() + LINGER.0);
                }
            },
        }
    }
}
