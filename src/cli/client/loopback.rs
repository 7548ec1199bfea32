//! The port on this machine to which the browser brings the answer (RFC 8252 §7.3).

use super::stop::Stop;
use std::{net::Ipv4Addr, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    time::timeout,
};
use url::Url;

/// The longest head of a request that is read.
const LONGEST_HEAD: usize = 8 * 1024;
/// How long a browser may take to send one.
const PATIENCE: Duration = Duration::from_secs(5);

/// A port that listens on loopback alone.
#[derive(Debug)]
pub(super) struct Loopback {
    listener: TcpListener,
    port: u16,
}

/// What the person said to the question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Answer {
    /// Yes: the code to trade for a key.
    Code(String),
    /// No.
    Refused,
}

/// What the browser brought, and the browser, which waits for a word.
#[derive(Debug)]
pub(super) struct Brought {
    pub(super) answer: Answer,
    stream: TcpStream,
}

impl Loopback {
    /// Listens on a free port.
    pub(super) async fn open() -> Result<Self, Stop> {
        let failed = |error: std::io::Error| Stop::wrong(format!("this machine gives no port to listen on: {error}"));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(failed)?;
        let port = listener.local_addr().map_err(failed)?.port();
        Ok(Self { listener, port })
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    /// Waits for an answer to the question of this `state`. Whatever else comes to the port is told that there is nothing.
    pub(super) async fn answer(&self, state: &str) -> Result<Brought, Stop> {
        loop {
            let accepted = self.listener.accept().await;
            let (mut stream, _) = accepted.map_err(|error| Stop::wrong(format!("the port closed: {error}")))?;
            // A connection that says nothing must not stand before the one that does.
            let head = timeout(PATIENCE, head(&mut stream)).await.ok().flatten();
            match head.as_deref().and_then(|head| meant(head, state)) {
                Some(answer) => return Ok(Brought { answer, stream }),
                None => page(&mut stream, "404 Not Found", "Nothing here", "castgate waits for another answer.").await,
            }
        }
    }
}

impl Brought {
    /// Tells the person at the browser how it went.
    pub(super) async fn tell(mut self, outcome: Result<&str, &str>) {
        let (status, title, text) = match outcome {
            Ok(text) => ("200 OK", "You are signed in", text),
            Err(text) => ("400 Bad Request", "You are not signed in", text),
        };
        page(&mut self.stream, status, title, text).await;
    }
}

/// The first line of a request; none when it is no request.
async fn head(stream: &mut TcpStream) -> Option<String> {
    let mut bytes = Vec::new();
    let mut piece = [0_u8; 1024];
    while !bytes.windows(4).any(|end| end == b"\r\n\r\n") {
        let read = stream.read(&mut piece).await.ok()?;
        if read == 0 || bytes.len() + read > LONGEST_HEAD {
            return None;
        }
        bytes.extend_from_slice(piece.get(..read)?);
    }
    String::from_utf8(bytes).ok()?.lines().next().map(str::to_owned)
}

/// What `GET /callback?code=…&state=…` brings: a code or a refusal. None when it is not the answer to our question.
fn meant(line: &str, state: &str) -> Option<Answer> {
    let target = line.strip_prefix("GET ")?.split(' ').next()?;
    brought_by(&Url::parse("http://127.0.0.1").ok()?.join(target).ok()?, state)
}

/// The same from the whole address, as somebody may paste it.
pub(super) fn brought_by(address: &Url, state: &str) -> Option<Answer> {
    let parameter =
        |wanted: &str| address.query_pairs().find(|(name, _)| name == wanted).map(|(_, value)| value.into_owned());
    if address.path() != "/callback" || parameter("state").as_deref() != Some(state) {
        return None;
    }
    match (parameter("code"), parameter("error")) {
        (Some(code), None) => Some(Answer::Code(code)),
        (None, Some(_)) => Some(Answer::Refused),
        (Some(_), Some(_)) | (None, None) => None,
    }
}

async fn page(stream: &mut TcpStream, status: &str, title: &str, text: &str) {
    // Nothing of what came is on the page.
    let body = format!(
        "<!doctype html><meta charset=utf-8><title>castgate</title><body style=\"font:1rem/1.5 system-ui;margin:15vh auto;max-width:32rem\">\
         <h1>{title}</h1><p>{text}"
    );
    let answer = format!(
        "HTTP/1.1 {status}\r\ncontent-type: text/html; charset=utf-8\r\ncontent-length: {}\r\ncache-control: no-store\r\n\
         referrer-policy: no-referrer\r\nx-content-type-options: nosniff\r\n\
         content-security-policy: default-src 'none'; style-src 'unsafe-inline'\r\nconnection: close\r\n\r\n{body}",
        body.len()
    );
    // Whether the browser still listens changes nothing.
    let _ = stream.write_all(answer.as_bytes()).await;
    let _ = stream.shutdown().await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_answer_to_our_own_question_counts() {
        assert_eq!(meant("GET /callback?code=c&state=s HTTP/1.1", "s"), Some(Answer::Code("c".to_owned())));
        assert_eq!(meant("GET /callback?error=denied&state=s HTTP/1.1", "s"), Some(Answer::Refused));
        for other in [
            "GET /callback?code=c&state=t HTTP/1.1",
            "GET /callback?code=c HTTP/1.1",
            "GET /callback?state=s HTTP/1.1",
            "GET /?code=c&state=s HTTP/1.1",
            "POST /callback?code=c&state=s HTTP/1.1",
            "GET",
            "",
        ] {
            assert_eq!(meant(other, "s"), None, "{other}");
        }
    }
}
