//! The memory of one node.

use super::{Revocation, Touched};
use crate::model::OrganizationId;
use std::{
    any::Any,
    hash::{BuildHasher, RandomState},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::sync::broadcast;

/// A node that heard nothing for so long does not believe its memory.
const SILENCE: Duration = Duration::from_secs(1);
/// Revocations that a subscriber may lag behind.
const BACKLOG: usize = 1024;
/// The heartbeat of a node without a feed, which needs none.
const ALWAYS: u64 = u64::MAX;

/// Organizations that share a place have each other's revocations too: a load too many, never a value too old.
const PLACES: usize = 1024;

#[derive(Clone)]
struct Entry {
    value: Arc<dyn Any + Send + Sync>,
    generation: u64,
    touched: At,
    until: Instant,
}

/// Whose revocations end an entry.
#[derive(Clone, Copy)]
enum At {
    Any,
    /// Of the organization at this place.
    All(usize),
    /// Of its connections alone.
    Connections(usize),
}

/// The generations in which something of the organizations at one place was revoked last.
#[derive(Default)]
struct Place {
    connections: AtomicU64,
    people: AtomicU64,
}

pub(super) struct Local {
    entries: moka::sync::Cache<String, Entry>,
    lease: Duration,
    generation: AtomicU64,
    /// The generation since which nothing that came before it is believed, whoever it was about.
    everything: AtomicU64,
    places: Box<[Place]>,
    hasher: RandomState,
    /// Milliseconds since `began` at which the feed was heard last; 0: never.
    heard: AtomicU64,
    began: Instant,
    revocations: broadcast::Sender<Revocation>,
}

impl Local {
    pub(super) fn new(lease: Duration, capacity: u64) -> Self {
        Self {
            entries: moka::sync::Cache::builder().max_capacity(capacity).time_to_live(lease).build(),
            lease,
            generation: AtomicU64::new(0),
            everything: AtomicU64::new(0),
            places: std::iter::repeat_with(Place::default).take(PLACES).collect(),
            hasher: RandomState::new(),
            heard: AtomicU64::new(0),
            began: Instant::now(),
            revocations: broadcast::Sender::new(BACKLOG),
        }
    }

    pub(super) fn generation(&self) -> u64 {
        self.generation.load(Ordering::SeqCst)
    }

    /// Every entry ends with a generation, revocable or not: memory is refilled from Redis or the store in no time.
    pub(super) fn get<V: Send + Sync + 'static>(&self, text: &str) -> Option<Arc<V>> {
        let entry = self.entries.get(text)?;
        let good = self.ended(entry.touched) <= entry.generation && Instant::now() < entry.until && self.is_live();
        if good { entry.value.downcast().ok() } else { None }
    }

    /// Remembers a value whose loading began in `generation`, for the lease at most.
    pub(super) fn put<V: Send + Sync + 'static>(
        &self,
        text: &str,
        (value, touched): (Arc<V>, Touched<'_>),
        ttl: Duration,
        generation: u64,
    ) {
        let until = Instant::now() + ttl.min(self.lease);
        let touched = match touched {
            Touched::ByAny => At::Any,
            Touched::By(organization) => At::All(self.place(organization)),
            Touched::ByConnectionsOf(organization) => At::Connections(self.place(organization)),
        };
        self.entries.insert(text.to_owned(), Entry { value, generation, touched, until });
    }

    /// Begins a generation too: a load that runs now must not bring the value back.
    pub(super) fn forget(&self, text: &str) {
        self.end_everything();
        self.entries.invalidate(text);
    }

    pub(super) fn end_everything(&self) {
        self.everything.fetch_max(self.next_generation(), Ordering::SeqCst);
    }

    /// A load that begins from now on sees what was revoked; one that began before belongs to an earlier generation.
    fn next_generation(&self) -> u64 {
        self.generation.fetch_add(1, Ordering::SeqCst) + 1
    }

    pub(super) fn revoke(&self, revocation: &Revocation) {
        let generation = self.next_generation();
        let (organization, of_people) = match revocation {
            Revocation::Organization { organization } | Revocation::Connection { organization, .. } => {
                (organization, false)
            }
            Revocation::User { organization, .. }
            | Revocation::Session { organization, .. }
            | Revocation::Key { organization, .. } => (organization, true),
        };
        if let Some(Place { connections, people }) = self.places.get(self.place(organization)) {
            let last = if of_people { people } else { connections };
            last.fetch_max(generation, Ordering::SeqCst);
        }
        // An error says that nobody listens.
        let _ = self.revocations.send(revocation.clone());
    }

    fn place(&self, organization: &OrganizationId) -> usize {
        usize::try_from(self.hasher.hash_one(organization.as_str()) % PLACES as u64).unwrap_or_default()
    }

    /// The last generation that ended entries like this one.
    fn ended(&self, touched: At) -> u64 {
        let of = |place: usize, people: bool| {
            self.places.get(place).map_or(u64::MAX, |Place { connections, people: of_people }| {
                let connections = connections.load(Ordering::SeqCst);
                if people { connections.max(of_people.load(Ordering::SeqCst)) } else { connections }
            })
        };
        let own = match touched {
            At::Any => self.generation(),
            At::All(place) => of(place, true),
            At::Connections(place) => of(place, false),
        };
        own.max(self.everything.load(Ordering::SeqCst))
    }

    pub(super) fn subscribe(&self) -> broadcast::Receiver<Revocation> {
        self.revocations.subscribe()
    }

    pub(super) fn live_without_feed(&self) {
        self.heard.store(ALWAYS, Ordering::SeqCst);
    }

    pub(super) fn hear(&self) {
        self.heard.store(self.now().max(1), Ordering::SeqCst);
    }

    /// Whether revocations of other nodes would be heard.
    pub(super) fn is_live(&self) -> bool {
        match self.heard.load(Ordering::SeqCst) {
            0 => false,
            ALWAYS => true,
            heard => u128::from(self.now().saturating_sub(heard)) <= SILENCE.as_millis(),
        }
    }

    fn now(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(ALWAYS - 1)
    }
}
