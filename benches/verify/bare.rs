//! The limit: an axum handler that does nothing but answer the same bytes, in processes of its own.

use crate::drive::{Failure, Load};
use axum::{
    Router,
    body::Body,
    http::{HeaderMap, HeaderName, HeaderValue, header},
    response::Response,
};
use serde_json::Value;
use std::{
    env, fs,
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    process::{Child, Command, Stdio},
    sync::Arc,
    thread,
    time::Duration,
};
use tempfile::TempDir;

/// The argument with which this program is a bare server.
pub const ROLE: &str = "--bare-handler";

/// As many bare servers as there are nodes.
pub struct Bare {
    pub addresses: Vec<SocketAddr>,
    children: Vec<Child>,
    _directory: TempDir,
}

impl Bare {
    /// They answer as the load was answered.
    pub fn start(load: &Load) -> Result<Self, Failure> {
        let directory = tempfile::tempdir()?;
        let file = directory.path().join("answer");
        fs::write(&file, load.answer.as_slice())?;
        let mut bare = Self { addresses: Vec::new(), children: Vec::new(), _directory: directory };
        for _ in &load.addresses {
            let address = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?;
            let mut command = Command::new(env::current_exe()?);
            command.args([ROLE, &address.port().to_string()]).arg(&file).stdin(Stdio::null());
            bare.children.push(command.spawn()?);
            for _ in 0..500 {
                if TcpStream::connect(address).is_ok() {
                    break;
                }
                thread::sleep(Duration::from_millis(10));
            }
            bare.addresses.push(address);
        }
        Ok(bare)
    }
}

impl Drop for Bare {
    fn drop(&mut self) {
        for child in &mut self.children {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Answers everything with the headers in the file; a JSON body is serialised anew each time.
pub fn serve(port: u16, file: &str) -> Result<(), Failure> {
    let answer = fs::read(file)?;
    let head = answer.windows(4).position(|four| four == b"\r\n\r\n").ok_or("no head")?;
    let mut headers = HeaderMap::new();
    for line in std::str::from_utf8(&answer[..head])?.lines().skip(1) {
        let (name, value) = line.split_once(':').ok_or("no header")?;
        let name = HeaderName::from_bytes(name.as_bytes())?;
        // Those hyper writes itself.
        if name != header::DATE && name != header::CONTENT_LENGTH {
            headers.append(name, HeaderValue::from_str(value.trim_start())?);
        }
    }
    let body = &answer[head + 4..];
    let json: Option<Value> = if body.is_empty() { None } else { Some(serde_json::from_slice(body)?) };
    let said = Arc::new((headers, json));
    let service = Router::new().fallback(async move || {
        let (headers, json) = said.as_ref();
        let body = json.as_ref().map_or_else(Body::empty, |json| Body::from(json.to_string()));
        let mut response = Response::new(body);
        *response.headers_mut() = headers.clone();
        response
    });
    tokio::runtime::Runtime::new()?.block_on(async {
        let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        axum::serve(listener, service).await?;
        Ok(())
    })
}
