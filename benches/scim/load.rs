//! What providers send, made before the clock runs, and sent over kept-alive connections.

use super::{gateway::Failure, wire::Wire};
use serde_json::json;
use std::{
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

/// What a provider says of a new person.
pub fn person(name: &str) -> String {
    json!({
        "schemas": [
            "urn:ietf:params:scim:schemas:core:2.0:User",
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User",
        ],
        "userName": format!("{name}@northwind.example"),
        "externalId": format!("ext-{name}"),
        "name": {"givenName": "Robin", "familyName": "Example"},
        "displayName": "Robin Example",
        "title": "Site reliability engineer",
        "locale": "en-GB",
        "emails": [{"value": format!("{name}@northwind.example"), "type": "work", "primary": true}],
        "active": true,
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {"department": "Platform", "costCenter": "4711"},
    })
    .to_string()
}

/// What a provider says of a new group.
pub fn group(name: &str, members: &[String]) -> String {
    let members: Vec<_> = members.iter().map(|id| json!({"value": id})).collect();
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"],
        "displayName": name,
        "members": members,
    })
    .to_string()
}

/// The body of a PATCH that puts people into a group.
pub fn more(members: &[String]) -> String {
    let members: Vec<_> = members.iter().map(|id| json!({"value": id})).collect();
    json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
        "Operations": [{"op": "add", "path": "members", "value": members}],
    })
    .to_string()
}

/// The body of a PATCH that deactivates somebody.
pub const INACTIVE: &str = r#"{"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
    "Operations": [{"op": "replace", "path": "active", "value": false}]}"#;

/// Posts all bodies over so many connections; the time it took, and the ids that were given.
///
/// One thread drives them all, the requests are whole before the clock runs, and answers are read after it: the generator
/// shares the machine with the gateway, and what it takes is missing there.
pub fn post(
    (address, token): (SocketAddr, &str),
    path: &str,
    bodies: &[String],
    connections: usize,
) -> Result<(Duration, Vec<String>), Failure> {
    let requests: Vec<Vec<u8>> = bodies.iter().map(|body| request((address, token), path, body)).collect();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    let (time, answers) = runtime.block_on(async {
        let mut streams = Vec::new();
        for _ in 0..connections {
            let stream = TcpStream::connect(address).await?;
            stream.set_nodelay(true)?;
            streams.push(stream);
        }
        let requests = Arc::new(requests);
        let began = Instant::now();
        let senders: Vec<_> = streams
            .into_iter()
            .enumerate()
            .map(|(first, stream)| tokio::spawn(exchange(stream, requests.clone(), (first, connections))))
            .collect();
        let mut answers = Vec::new();
        for sender in senders {
            answers.extend(sender.await??);
        }
        Ok::<_, Failure>((began.elapsed(), answers))
    })?;
    Ok((time, answers.iter().map(|answer| id_in(answer)).collect::<Result<_, _>>()?))
}

/// A POST, whole.
pub fn request((address, token): (SocketAddr, &str), path: &str, body: &str) -> Vec<u8> {
    format!(
        "POST {path} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: application/scim+json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// A GET, whole.
pub fn get((address, token): (SocketAddr, &str), path: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\n\r\n").into_bytes()
}

/// Sends a request and waits for its answer; the status.
pub async fn ask(stream: &mut TcpStream, request: &[u8]) -> Result<u16, Failure> {
    let answer = answer(stream, request).await?;
    let status = answer.get(9..12).and_then(|digits| std::str::from_utf8(digits).ok()?.parse().ok());
    status.ok_or_else(|| String::from_utf8_lossy(&answer).into_owned().into())
}

/// Sends every `step`th request from `first` on, each after the answer to the one before.
async fn exchange(
    mut stream: TcpStream,
    requests: Arc<Vec<Vec<u8>>>,
    (first, step): (usize, usize),
) -> std::io::Result<Vec<Vec<u8>>> {
    let mut answers = Vec::new();
    for request in requests.iter().skip(first).step_by(step) {
        answers.push(answer(&mut stream, request).await?);
    }
    Ok(answers)
}

async fn answer(stream: &mut TcpStream, request: &[u8]) -> std::io::Result<Vec<u8>> {
    stream.write_all(request).await?;
    let mut answer = Vec::with_capacity(4096);
    while !is_whole(&answer) {
        if stream.read_buf(&mut answer).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(answer)
}

/// Whether an answer has come to its end.
fn is_whole(answer: &[u8]) -> bool {
    let Some(head) = answer.windows(4).position(|four| four == b"\r\n\r\n") else { return false };
    let text = String::from_utf8_lossy(&answer[..head]).to_ascii_lowercase();
    let length = text.split("content-length: ").nth(1).and_then(|rest| rest.lines().next());
    answer.len() >= head + 4 + length.and_then(|digits| digits.trim().parse().ok()).unwrap_or(0)
}

fn id_in(answer: &[u8]) -> Result<String, Failure> {
    let text = String::from_utf8_lossy(answer);
    if !text.starts_with("HTTP/1.1 2") {
        return Err(text.into_owned().into());
    }
    Ok(text.split("\"id\":\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap_or_default().to_owned())
}

/// Sends one request; the id in the answer, if there is one.
pub fn send(wire: &mut Wire, (method, path): (&str, &str), body: &str) -> Result<String, Failure> {
    let answer = wire.send(method, path, body)?;
    let text = String::from_utf8_lossy(&answer.body);
    if !(200..300).contains(&answer.status) {
        return Err(format!("{method} {path}: {}", answer.whole()).into());
    }
    Ok(text.split("\"id\":\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap_or_default().to_owned())
}
