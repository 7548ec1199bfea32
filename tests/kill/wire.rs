//! A provider's side of SCIM that costs next to nothing: HTTP/1.1 by hand over one kept-alive connection.

use std::{
    io::{self, Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

/// One connection to the gateway.
#[derive(Debug)]
pub struct Wire {
    stream: TcpStream,
    /// The header lines that every request repeats.
    headers: String,
    request: Vec<u8>,
    received: Vec<u8>,
}

/// An answer that came whole.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    /// The status line and the headers.
    head: String,
    pub body: Vec<u8>,
}

impl Answer {
    /// All of it, for whoever has to say what was wrong.
    pub fn whole(&self) -> String {
        format!("{}{}", self.head, String::from_utf8_lossy(&self.body))
    }
}

impl Wire {
    pub fn connect(address: SocketAddr, token: &str) -> io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(30)))?;
        let headers = format!(
            "Host: {address}\r\nAuthorization: Bearer {token}\r\nContent-Type: application/scim+json\r\nContent-Length: "
        );
        Ok(Self { stream, headers, request: Vec::new(), received: Vec::new() })
    }

    /// Sends a request and waits for the whole answer. An error means that nobody knows what became of it.
    pub fn send(&mut self, method: &str, path: &str, body: &str) -> io::Result<Answer> {
        self.request.clear();
        write!(self.request, "{method} {path} HTTP/1.1\r\n{}{}\r\n\r\n{body}", self.headers, body.len())?;
        self.stream.write_all(&self.request)?;
        self.received.clear();
        let head = loop {
            if let Some(end) = self.received.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
                break end + 4;
            }
            self.receive()?;
        };
        let (status, length) = read_head(&self.received[..head])?;
        while self.received.len() < head + length {
            self.receive()?;
        }
        let (text, body) = (&self.received[..head], &self.received[head..head + length]);
        Ok(Answer { status, head: String::from_utf8_lossy(text).into_owned(), body: body.to_vec() })
    }

    fn receive(&mut self) -> io::Result<()> {
        let mut bytes = [0; 16 * 1024];
        match self.stream.read(&mut bytes)? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            count => {
                self.received.extend_from_slice(&bytes[..count]);
                Ok(())
            }
        }
    }
}

/// The status, and how long the body is. An answer without a body may leave the length out.
fn read_head(head: &[u8]) -> io::Result<(u16, usize)> {
    let odd = || io::Error::new(io::ErrorKind::InvalidData, "not an answer in HTTP/1.1");
    let text = std::str::from_utf8(head).map_err(|_| odd())?;
    let status = text.split(' ').nth(1).and_then(|word| word.parse().ok()).ok_or_else(odd)?;
    let length = text.lines().filter_map(|line| line.split_once(':')).find_map(|(name, value)| {
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().ok()).flatten()
    });
    Ok((status, length.unwrap_or(0)))
}
