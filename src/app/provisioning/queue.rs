//! Lines that wait to be written: of requests that changed nothing.

use super::shown;
use crate::{
    app::{App, Error},
    crypto::sha256,
    model::{ConnectionId, Instant, OrganizationId, Push, PushEntry, PushId, RequestId},
    store::{StoreError, TokenPast},
};
use std::{
    collections::{HashMap, VecDeque},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};
use uuid::Builder;

/// Lines that wait at most. What comes while the store takes none is lost beyond that, and counted.
const MOST: usize = 20_000;
/// Lines that are written by one commit.
const CHUNK: usize = 500;

/// How long a line keeps the place of its request. Less than after what time lines are counted for good.
const LONGEST_WAIT: Duration = Duration::from_mins(5);

/// Whose request it was.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Whose {
    /// A connection's.
    Connection(OrganizationId, ConnectionId),
    /// Of whoever has the token of this hash, which was refused.
    Token([u8; 32]),
}

/// A line that waits.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) whose: Whose,
    pub(super) at: Instant,
    /// With the path alone.
    pub(super) entry: PushEntry,
    /// What its path is shown with.
    pub(super) parameters: Arc<[(String, String)]>,
}

/// The lines that wait in this process.
#[derive(Debug, Default)]
pub(in crate::app) struct PushQueue {
    lines: Mutex<Lines>,
    /// How many ids were made.
    made: AtomicU32,
}

#[derive(Debug, Default)]
struct Lines {
    waiting: VecDeque<Waiting>,
    lost: u64,
}

impl PushQueue {
    fn lines(&self) -> MutexGuard<'_, Lines> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The id of a line about a request that came at `at`. Of one process they sort as the requests came, to the microsecond, and
    /// within one as they were made (RFC 9562 §6.2, methods 3 and 1).
    pub(super) fn id(&self, at: Instant, request: &RequestId) -> PushId {
        let fraction = u16::try_from(at.0.rem_euclid(1_000) * 4).unwrap_or_default().to_be_bytes();
        let made = (self.made.fetch_add(1, Ordering::Relaxed) & 0x3fff_ffff).to_be_bytes();
        let [a, b, c, d, ..] = sha256(request.as_str().as_bytes());
        let rest = [fraction[0], fraction[1], made[0], made[1], made[2], made[3], a, b, c, d];
        PushId::from_uuid(Builder::from_unix_timestamp_millis(at.millis(), &rest).into_uuid())
    }

    pub(super) fn add(&self, line: Waiting) {
        let mut lines = self.lines();
        if lines.waiting.len() < MOST {
            lines.waiting.push_back(line);
        } else {
            lines.lost += 1;
        }
    }

    fn take(&self) -> Vec<Waiting> {
        let mut lines = self.lines();
        let count = lines.waiting.len().min(CHUNK);
        lines.waiting.drain(..count).collect()
    }

    /// Puts lines back that could not be written, to be tried again.
    fn give_back(&self, taken: Vec<Waiting>) {
        let mut lines = self.lines();
        let room = MOST.saturating_sub(lines.waiting.len());
        lines.lost += taken.len().saturating_sub(room) as u64;
        for line in taken.into_iter().take(room).rev() {
            lines.waiting.push_front(line);
        }
    }

    fn take_lost(&self) -> u64 {
        std::mem::take(&mut self.lines().lost)
    }
}

impl App {
    /// Writes the lines that wait; how many there were.
    pub async fn write_pushes(&self) -> Result<usize, Error> {
        let mut written = 0;
        loop {
            let taken = self.pushes().take();
            if taken.is_empty() {
                break;
            }
            match self.write_chunk(&taken).await {
                Ok(lines) => written += lines,
                Err(error) => {
                    self.pushes().give_back(taken);
                    return Err(error.into());
                }
            }
        }
        let lost = self.pushes().take_lost();
        if lost > 0 {
            tracing::warn!(lost, "lines of the provisioning log were lost: too many waited to be written");
        }
        Ok(written)
    }

    async fn write_chunk(&self, taken: &[Waiting]) -> Result<usize, StoreError> {
        let pasts = self.pasts_of(taken).await?;
        let lines: Vec<(OrganizationId, Push)> = gathered(taken)
            .into_iter()
            .filter_map(|Gathered { line, path, times }| {
                let (organization, connection, why) = match &line.whose {
                    Whose::Connection(organization, connection) => (organization.clone(), connection.clone(), None),
                    Whose::Token(hash) => {
                        let past = pasts.get(hash)?;
                        (past.organization.clone(), past.connection.clone(), why_refused(past, line.at))
                    }
                };
                let mut entry = PushEntry { times, path: path.to_string(), ..line.entry.clone() };
                entry.message = why.or(entry.message);
                // One that waited very long gets a place among those that are not counted yet.
                let placed = line.at.max(self.clock().now().minus(LONGEST_WAIT));
                let id = self.pushes().id(placed, &entry.request);
                Some((organization, Push { id, at: line.at, connection, entry }))
            })
            .collect();
        if lines.is_empty() {
            return Ok(0);
        }
        let mut tx = self.store().write("provisioning log").await?;
        tx.insert_pushes(&lines).await?;
        tx.commit().await?;
        Ok(lines.len())
    }

    async fn pasts_of(&self, taken: &[Waiting]) -> Result<HashMap<[u8; 32], TokenPast>, StoreError> {
        let mut pasts = HashMap::new();
        let mut hashes: Vec<[u8; 32]> = taken
            .iter()
            .filter_map(|line| match &line.whose {
                Whose::Token(hash) => Some(*hash),
                Whose::Connection(..) => None,
            })
            .collect();
        hashes.sort_unstable();
        hashes.dedup();
        if hashes.is_empty() {
            return Ok(pasts);
        }
        let mut tx = self.store().read().await?;
        for hash in hashes {
            pasts.extend(tx.scim_token_past(&hash).await?.map(|past| (hash, past)));
        }
        Ok(pasts)
    }
}

/// A line, its path as it is shown, and how many requests it stands for.
struct Gathered<'a> {
    line: &'a Waiting,
    path: Arc<str>,
    times: u32,
}

/// Paths as they are shown, by what was asked: those who ask for the same again are shown once.
type ShownPaths<'a> = HashMap<(&'a str, &'a [(String, String)]), Arc<str>>;

/// A flood of refusals, or of questions after the same thing with the same answer, is one line in each chunk, and not a flood of
/// lines.
fn gathered(taken: &[Waiting]) -> Vec<Gathered<'_>> {
    let mut lines: Vec<Gathered<'_>> = Vec::with_capacity(taken.len());
    let mut paths: ShownPaths<'_> = HashMap::new();
    let mut places: HashMap<(&Whose, u16, &str, Arc<str>), usize> = HashMap::new();
    for line in taken {
        let PushEntry { status, method, path, .. } = &line.entry;
        let shown = || shown::path(path, &line.parameters).into();
        let path = Arc::clone(paths.entry((path.as_str(), &line.parameters)).or_insert_with(shown));
        let asked_again = method == "GET" && *status == 200;
        if asked_again || matches!(status, 401 | 429) {
            let key = (&line.whose, *status, method.as_str(), Arc::clone(&path));
            let same = |known: &&mut Gathered<'_>| known.line.entry.tolerances == line.entry.tolerances;
            if let Some(known) = places.get(&key).and_then(|place| lines.get_mut(*place)).filter(same) {
                known.times += line.entry.times;
                continue;
            }
            places.insert(key, lines.len());
        }
        lines.push(Gathered { line, path, times: line.entry.times });
    }
    lines
}

/// What only the organization's admins are told of a token that opens nothing.
fn why_refused(past: &TokenPast, at: Instant) -> Option<String> {
    match (past.revoked_at, past.expires_at) {
        (Some(when), _) => Some(format!("The token was revoked at {when}.")),
        (None, Some(when)) if when <= at => Some(format!("The token ended by itself at {when}.")),
        (None, _) if !past.connected => {
            Some("The connection is disabled, or was since the token was made; that ended its tokens.".to_owned())
        }
        (None, _) => None,
    }
}
