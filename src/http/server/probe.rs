//! Asks the server on this machine for a path: what a container's health check does.

use super::tls::{Files, Pinned};
use crate::config::Settings;
use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::{TlsConnector, rustls::pki_types::ServerName};

const PATIENCE: Duration = Duration::from_secs(10);

/// The status with which the server of these settings answers a GET of this path. If it speaks TLS, it has to show the very
/// certificate that lies in the file: what names that is for does not matter here.
pub async fn probe(settings: &Settings, path: &str) -> io::Result<u16> {
    let asking = async {
        let address = here(settings.server.listen);
        let stream = TcpStream::connect(address).await?;
        match Files::of(&settings.server) {
            None => ask(stream, path).await,
            Some(files) => {
                let config = Pinned::client(&files).map_err(io::Error::other)?;
                let name = ServerName::IpAddress(address.ip().into());
                ask(TlsConnector::from(Arc::new(config)).connect(name, stream).await?, path).await
            }
        }
    };
    timeout(PATIENCE, asking).await.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))?
}

/// Who listens on all addresses listens on loopback too.
fn here(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}

async fn ask(mut stream: impl AsyncRead + AsyncWrite + Unpin, path: &str) -> io::Result<u16> {
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    stream.flush().await?;
    let mut answer = Vec::new();
    while !answer.contains(&b'\n') && stream.read_buf(&mut answer).await? > 0 {}
    let line = String::from_utf8_lossy(&answer);
    let status = line.split(' ').nth(1).and_then(|digits| digits.parse().ok());
    status.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "the answer is not HTTP"))
}
