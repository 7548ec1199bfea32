//! A DNS server on loopback that knows TXT records.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{Arc, Mutex},
};
use tokio::net::UdpSocket;

#[derive(Debug, Clone)]
pub struct Dns {
    pub address: SocketAddr,
    records: Arc<Mutex<BTreeMap<String, Vec<String>>>>,
}

/// RFC 1035 §4.1.1: a response to a recursive question.
const ANSWER: u16 = 0x8180;
const NO_SUCH_NAME: u16 = 3;
const TXT: u16 = 16;

impl Dns {
    pub async fn start() -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let dns = Self { address: socket.local_addr().unwrap(), records: Arc::default() };
        let server = dns.clone();
        tokio::spawn(async move {
            let mut buffer = [0; 1500];
            while let Ok((length, peer)) = socket.recv_from(&mut buffer).await {
                let answer = server.answer(&buffer[..length]);
                socket.send_to(&answer, peer).await.unwrap();
            }
        });
        dns
    }

    /// From now on these are the TXT records of a name; none: there is no such name.
    pub fn set(&self, name: &str, texts: &[&str]) {
        let texts = texts.iter().map(|text| (*text).to_owned()).collect();
        self.records.lock().unwrap().insert(name.to_owned(), texts);
    }

    fn answer(&self, question: &[u8]) -> Vec<u8> {
        let (mut name, mut at) = (Vec::new(), 12);
        while question[at] != 0 {
            let length = usize::from(question[at]);
            name.push(String::from_utf8_lossy(&question[at + 1..=at + length]).to_ascii_lowercase());
            at += length + 1;
        }
        let kind = u16::from_be_bytes([question[at + 1], question[at + 2]]);
        let texts = self.records.lock().unwrap().get(&name.join(".")).cloned().unwrap_or_default();
        let texts = if kind == TXT { texts } else { Vec::new() };
        let flags = if texts.is_empty() { ANSWER | NO_SUCH_NAME } else { ANSWER };
        let mut answer = question[..2].to_vec();
        for number in [flags, 1, u16::try_from(texts.len()).unwrap(), 0, 0] {
            answer.extend(number.to_be_bytes());
        }
        answer.extend(&question[12..at + 5]);
        for text in texts {
            // The name of the question, TXT, IN, a minute.
            answer.extend([0xc0, 12, 0, 16, 0, 1, 0, 0, 0, 60]);
            // RFC 1035 §3.3.14: strings of at most 255 bytes, here of 20, which are one text.
            let strings: Vec<u8> = text
                .as_bytes()
                .chunks(20)
                .flat_map(|part| [&[u8::try_from(part.len()).unwrap()], part].concat())
                .collect();
            answer.extend(u16::try_from(strings.len()).unwrap().to_be_bytes());
            answer.extend(strings);
        }
        answer
    }
}
