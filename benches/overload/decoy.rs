//! Somebody else on this machine for slow clients to be slow with.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    runtime::Runtime,
    task::JoinHandle,
    time::{sleep, timeout},
};

/// About as long as castgate's sign-in page.
const PAGE: usize = 3_000;

/// A listener that bears with each client as long as castgate does, answers what looks like a whole request, and then closes.
pub struct Decoy {
    pub address: SocketAddr,
    task: JoinHandle<()>,
}

impl Decoy {
    pub fn open(runtime: &Runtime, patience: Duration) -> io::Result<Self> {
        let listener = runtime.block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)))?;
        let address = listener.local_addr()?;
        let task = runtime.spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(bear_with(client, patience));
            }
        });
        Ok(Self { address, task })
    }
}

impl Drop for Decoy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn bear_with(mut client: TcpStream, patience: Duration) {
    let whole = async {
        // A GET that has ended; heads and bodies that never end are waited for until patience does.
        let mut request = Vec::new();
        while !(request.starts_with(b"GET") && request.ends_with(b"\r\n\r\n")) {
            if client.read_buf(&mut request).await? == 0 {
                return Ok(());
            }
        }
        let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {PAGE}\r\n\r\n{}", " ".repeat(PAGE));
        client.write_all(answer.as_bytes()).await?;
        sleep(patience).await;
        io::Result::Ok(())
    };
    // Whether it ended or patience did, the connection is closed.
    let _ = timeout(patience, whole).await;
}
