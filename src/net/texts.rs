//! TXT records, by which the owner of a domain shows that they are.
//!
//! A stub resolver, and no more than one question of it: the name servers of the system, or those of the settings, do the rest.
//! What a message means is said by `simple-dns`; asking is done here.

use simple_dns::{CLASS, Name, Packet, PacketFlag, QCLASS, QTYPE, Question, RCODE, TYPE, rdata::RData};
use std::{
    collections::BTreeSet,
    hash::{BuildHasher, Hasher, RandomState},
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpStream, UdpSocket},
    time::timeout,
};

/// How long one server may take for one answer, and how often all of them are asked.
const PATIENCE: Duration = Duration::from_secs(3);
const ATTEMPTS: usize = 2;
/// Texts that are looked at, and the longest of them: more are nobody's proof.
const MOST: usize = 100;
const LONGEST: usize = 1024;
/// The port of DNS.
const PORT: u16 = 53;
const SYSTEM: &str = "/etc/resolv.conf";

/// DNS gave no answer: neither records nor that there are none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("DNS did not answer: {0}")]
pub struct NoAnswer(String);

/// Asks for TXT records.
#[derive(Debug, Clone)]
pub struct TextRecords {
    servers: Vec<SocketAddr>,
}

impl TextRecords {
    /// Of these servers; of none: of those that the system asks.
    #[must_use]
    pub fn new(servers: Vec<SocketAddr>) -> Self {
        Self { servers }
    }

    /// The texts at a name, as they are now: nothing is remembered between two questions. None where there is no such name or no
    /// such record.
    pub async fn at(&self, name: &str) -> Result<Vec<String>, NoAnswer> {
        let servers = if self.servers.is_empty() { of_the_system() } else { self.servers.clone() };
        let mut why = "there is no name server to ask".to_owned();
        for _ in 0..ATTEMPTS {
            for server in &servers {
                match ask(*server, name).await {
                    Ok(texts) => return Ok(texts),
                    Err(error) => why = format!("{server}: {error}"),
                }
            }
        }
        Err(NoAnswer(why))
    }
}

/// The name servers of the system (resolv.conf(5)); where nothing is said, the one on this machine.
fn of_the_system() -> Vec<SocketAddr> {
    let text = std::fs::read_to_string(SYSTEM).unwrap_or_default();
    let servers = text.lines().filter_map(|line| {
        let address = line.trim().strip_prefix("nameserver")?.trim();
        // An interface behind a % belongs to link-local addresses.
        address.split('%').next()?.parse::<IpAddr>().ok()
    });
    let found: Vec<_> = servers.map(|address| SocketAddr::new(address, PORT)).collect();
    if found.is_empty() { vec![SocketAddr::new(Ipv4Addr::LOCALHOST.into(), PORT)] } else { found }
}

/// One question to one server: by UDP, and by TCP where the answer does not fit.
async fn ask(server: SocketAddr, name: &str) -> Result<Vec<String>, String> {
    let id = number();
    let question = question(id, name)?;
    let slow = |_| "no answer in time".to_owned();
    let failed = |error: io::Error| error.to_string();
    let answer = timeout(PATIENCE, by_udp(server, id, &question)).await.map_err(slow)?.map_err(failed)?;
    if let Some(texts) = read(&answer, id, name)? {
        return Ok(texts);
    }
    // RFC 7766 §5: a truncated answer is asked for again by TCP.
    let answer = timeout(PATIENCE, by_tcp(server, &question)).await.map_err(slow)?.map_err(failed)?;
    read(&answer, id, name)?.ok_or_else(|| "the answer is cut off".to_owned())
}

/// A number that nobody guesses: answers to another one are not ours. (SipHash under keys of the operating system.)
fn number() -> u16 {
    let bytes = RandomState::new().build_hasher().finish().to_be_bytes();
    u16::from_be_bytes([bytes[3], bytes[6]])
}

fn question(id: u16, name: &str) -> Result<Vec<u8>, String> {
    let bad = |error: simple_dns::SimpleDnsError| format!("“{name}” is no name in DNS: {error}");
    let mut packet = Packet::new_query(id);
    packet.set_flags(PacketFlag::RECURSION_DESIRED);
    let name = Name::new(name).map_err(bad)?;
    packet.questions.push(Question::new(name, QTYPE::TYPE(TYPE::TXT), QCLASS::CLASS(CLASS::IN), false));
    packet.build_bytes_vec().map_err(bad)
}

/// The first answer with our number: from the server that was asked, as the socket is connected.
async fn by_udp(server: SocketAddr, id: u16, question: &[u8]) -> io::Result<Vec<u8>> {
    let any: IpAddr = if server.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    // A port that the system draws: whoever would answer in the server's place has to guess it too.
    let socket = UdpSocket::bind(SocketAddr::new(any, 0)).await?;
    socket.connect(server).await?;
    socket.send(question).await?;
    let mut buffer = vec![0; 4096];
    loop {
        let length = socket.recv(&mut buffer).await?;
        let answer = buffer.get(..length).unwrap_or_default();
        if answer.get(..2) == Some(id.to_be_bytes().as_slice()) {
            return Ok(answer.to_vec());
        }
    }
}

/// RFC 1035 §4.2.2: each message behind its length.
async fn by_tcp(server: SocketAddr, question: &[u8]) -> io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(server).await?;
    let length = u16::try_from(question.len()).map_err(io::Error::other)?;
    stream.write_all(&[length.to_be_bytes().as_slice(), question].concat()).await?;
    let mut answer = vec![0; usize::from(stream.read_u16().await?)];
    stream.read_exact(&mut answer).await?;
    Ok(answer)
}

/// The texts of an answer; none where it was cut off.
fn read(answer: &[u8], id: u16, name: &str) -> Result<Option<Vec<String>>, String> {
    let packet = Packet::parse(answer).map_err(|error| format!("its answer cannot be read: {error}"))?;
    let is_ours = packet.id() == id && packet.has_flags(PacketFlag::RESPONSE);
    let asked = packet.questions.first().map(|question| folded(&question.qname));
    if !is_ours || asked.as_deref() != Some(name.to_ascii_lowercase().as_str()) {
        return Err("it answered another question".to_owned());
    }
    if packet.has_flags(PacketFlag::TRUNCATION) {
        return Ok(None);
    }
    match packet.rcode() {
        RCODE::NoError => {}
        RCODE::NameError => return Ok(Some(Vec::new())),
        other => return Err(format!("it says {other:?}")),
    }
    // The name may be another name's (RFC 1035 §3.6.2): what stands there is what is said.
    let mut names = BTreeSet::from([name.to_ascii_lowercase()]);
    let mut texts = Vec::new();
    for record in packet.answers.into_iter().take(MOST) {
        if !names.contains(&folded(&record.name)) {
            continue;
        }
        match record.rdata {
            RData::CNAME(other) => drop(names.insert(folded(&other.0))),
            // RFC 7208 §3.3: one record's strings are one text.
            RData::TXT(text) => {
                texts.extend(String::try_from(text).ok().filter(|text: &String| text.len() <= LONGEST));
            }
            _ => {}
        }
    }
    Ok(Some(texts))
}

fn folded(name: &Name<'_>) -> String {
    name.to_string().trim_end_matches('.').to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_to_another_question_or_with_another_number_is_not_ours() {
        let question = question(7, "_castgate.acme.test").unwrap();
        let mut answer = question.clone();
        answer[2] |= 0x80;
        assert_eq!(read(&answer, 7, "_castgate.acme.test"), Ok(Some(Vec::new())));
        assert!(read(&answer, 8, "_castgate.acme.test").is_err(), "another number");
        assert!(read(&answer, 7, "_castgate.evil.test").is_err(), "another name");
        assert!(read(&question, 7, "_castgate.acme.test").is_err(), "a question is no answer");
        answer[3] |= 3;
        assert_eq!(read(&answer, 7, "_castgate.acme.test"), Ok(Some(Vec::new())), "there is no such name");
        answer[3] = (answer[3] & 0xf0) | 2;
        assert!(read(&answer, 7, "_castgate.acme.test").is_err(), "a server that fails proves nothing");
        for length in 0..answer.len() {
            let _ = read(&answer[..length], 7, "_castgate.acme.test");
        }
    }
}
