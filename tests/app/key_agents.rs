//! Fifty cluster agents at twenty requests a second each, on keys of people whose roles change a thousand times.

use crate::{
    harness::World,
    role_changes::{role, set_role},
};
use castgate::{
    app::{App, Choice, Credential, Error, KeyDone, KeyTerms, KeyWish, Question},
    model::{Capability, Holder, KeyId, ServiceAccountId, Subject, UserId},
};
use std::{
    collections::BTreeSet,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

const AGENTS: usize = 50;
/// Twenty requests a second.
const PAUSE: Duration = Duration::from_millis(50);
/// An agent that sends nothing for so long is no more.
const GONE: Duration = Duration::from_mins(5);
/// Each is two changes of roles: down, and up again.
const CYCLES: usize = 500;
/// Who changes roles at the same time.
const CHANGERS: usize = 5;

/// What an agent has in its configuration, and what came of its requests.
struct Agent {
    key: Mutex<(KeyId, String)>,
    /// The keys that have ended by now: requests that begin after that must fail, and all others succeed.
    ended: Mutex<BTreeSet<KeyId>>,
    failures: Mutex<BTreeSet<KeyId>>,
    requests: AtomicU64,
}

/// One request: as a service behind the gateway asks.
async fn ask(app: &App, secret: &str, can: Capability) -> Result<(), Error> {
    let visit = app.visit(Credential::Key(secret)).await?;
    visit.past_the_terms()?;
    app.note_key_use(&visit, "192.0.2.1".parse().ok());
    app.ask(&visit, &Question { can: Some(can), cluster: None }).await
}

/// A busy machine says 503, and whoever changes roles asks again.
macro_rules! until_done {
    ($what:expr) => {
        loop {
            match $what.await {
                Ok(value) => break value,
                Err(Error::Unavailable(_)) => tokio::time::sleep(PAUSE).await,
                Err(error) => panic!("{error}"),
            }
        }
    };
}

impl Agent {
    async fn run(self: Arc<Self>, app: App, ending: Arc<AtomicBool>) {
        while !ending.load(Ordering::SeqCst) {
            let (id, secret) = self.key.lock().unwrap().clone();
            let was_over = self.ended.lock().unwrap().contains(&id);
            let outcome = ask(&app, &secret, Capability::ManageClusters).await;
            match outcome {
                Ok(()) => assert!(!was_over, "the key {id} was let in after it had ended"),
                // Whether a change had ended it is asked when all changes are made: their answers may be on the way.
                Err(Error::NotSignedIn) => drop(self.failures.lock().unwrap().insert(id)),
                Err(error) => panic!("{error}"),
            }
            assert!(ask(&app, &secret, Capability::ManageMembers).await.is_err(), "more than a member may");
            self.requests.fetch_add(1, Ordering::SeqCst);
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Until the agent has sent another whole request.
    async fn next_request(&self) {
        let seen = self.requests.load(Ordering::SeqCst);
        let asked = async {
            while self.requests.load(Ordering::SeqCst) < seen + 2 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(GONE, asked).await.expect("the agent ended, and said above why");
    }
}

struct Fleet {
    agents: Vec<(UserId, Arc<Agent>)>,
    machine: ServiceAccountId,
}

async fn new_key(world: &World, user: &UserId) -> (KeyId, String) {
    let holder = Holder::User(user.clone());
    let wish = KeyWish { name: "agent".to_owned(), ..KeyWish::default() };
    let acts = world.as_user(user);
    let new = until_done!(world.app.create_key_of(&acts, &holder, wish.clone()));
    (new.key.id, new.secret.expose().to_owned())
}

async fn fleet(world: &World) -> Fleet {
    let mut agents = Vec::new();
    for number in 0..AGENTS {
        let user = world.hire(&format!("agent{number}")).await;
        crate::keys::accept(world, &user.id).await;
        world.give(Subject::User(user.id.clone()), role("member"), None).await.unwrap();
        let agent = Agent {
            key: Mutex::new(new_key(world, &user.id).await),
            ended: Mutex::default(),
            failures: Mutex::default(),
            requests: AtomicU64::new(0),
        };
        agents.push((user.id, Arc::new(agent)));
    }
    let owner = world.as_user(&world.tenant.owner);
    crate::keys::accept(world, &world.tenant.owner).await;
    let machine = world.app.create_service_account(&owner, "agents", "").await.unwrap().id;
    // It holds more than any of the keys that come to it.
    world.give(Subject::ServiceAccount(machine.clone()), role("owner"), None).await.unwrap();
    Fleet { agents, machine }
}

/// One person's role goes down, with this for their keys, and up again. The keys that the preview showed.
async fn cycle(world: &World, user: &UserId, choice: &Choice) -> Vec<KeyId> {
    let owner = world.as_user(&world.tenant.owner);
    let mut shown = Vec::new();
    for (to, others) in [("viewer", choice.clone()), ("member", Choice::Keep)] {
        let change = set_role(user, to);
        let preview = until_done!(world.app.preview_role_change(&owner, &change));
        let terms = KeyTerms { preview: preview.token, others: Some(others), ..KeyTerms::default() };
        let made = until_done!(world.app.change_roles(&owner, &change, &terms));
        let before: Vec<_> = preview.keys.into_iter().map(|key| key.id).collect();
        let after: Vec<_> = made.keys.iter().map(|one| one.key.clone()).collect();
        assert_eq!(before, after, "what was shown is what was done");
        if to == "viewer" {
            let done = if *choice == Choice::Delete { KeyDone::Deleted } else { KeyDone::Moved };
            assert!(made.keys.iter().all(|one| one.done == done));
            shown = before;
        }
    }
    shown
}

/// One of `CHANGERS` goes through its part of the people. The keys that the previews showed.
async fn change_some(world: Arc<World>, fleet: Arc<Fleet>, choice: Choice, first: usize) -> BTreeSet<KeyId> {
    let mut shown = BTreeSet::new();
    for number in 0..CYCLES / CHANGERS {
        let (user, agent) = &fleet.agents[(first + number * CHANGERS) % AGENTS];
        let keys = cycle(&world, user, &choice).await;
        assert_eq!(keys.len(), 1);
        shown.extend(keys.iter().cloned());
        if choice == Choice::Delete {
            agent.ended.lock().unwrap().extend(keys);
            agent.next_request().await;
        }
        *agent.key.lock().unwrap() = new_key(&world, user).await;
    }
    shown
}

/// Runs the agents while roles change.
async fn run(world: &Arc<World>, fleet: &Arc<Fleet>, choice: &Choice) -> BTreeSet<KeyId> {
    let ending = Arc::new(AtomicBool::new(false));
    let running: Vec<_> = fleet
        .agents
        .iter()
        .map(|(_, agent)| tokio::spawn(Arc::clone(agent).run(world.app.clone(), Arc::clone(&ending))))
        .collect();
    let parts: Vec<_> = (0..CHANGERS)
        .map(|first| tokio::spawn(change_some(Arc::clone(world), Arc::clone(fleet), choice.clone(), first)))
        .collect();
    let mut shown = BTreeSet::new();
    for part in parts {
        shown.extend(part.await.unwrap());
    }
    ending.store(true, Ordering::SeqCst);
    for agent in running {
        agent.await.unwrap();
    }
    shown
}

fn failed(fleet: &Fleet) -> BTreeSet<KeyId> {
    fleet.agents.iter().flat_map(|(_, agent)| agent.failures.lock().unwrap().clone()).collect()
}

fn requests(fleet: &Fleet) -> u64 {
    fleet.agents.iter().map(|(_, agent)| agent.requests.load(Ordering::SeqCst)).sum()
}

/// How long it took, and how often the agents asked in a second.
fn told(world: &World, fleet: &Fleet, (choice, began): (&str, std::time::Instant)) {
    let (took, failed) = (began.elapsed(), failed(fleet).len());
    let (asked, engine) = (requests(fleet), world.engine());
    eprintln!("{engine}, {choice}: {AGENTS} agents, {asked} requests in {took:.1?}; {failed} keys failed");
}

async fn with_delete(world: World) {
    let world = Arc::new(world);
    let fleet = Arc::new(fleet(&world).await);
    let began = std::time::Instant::now();
    let shown = run(&world, &fleet, &Choice::Delete).await;
    told(&world, &fleet, ("delete", began));
    assert_eq!(shown.len(), CYCLES);
    assert_eq!(failed(&fleet), shown, "each of them fails, and no other does");
    assert!(requests(&fleet) > 1_000, "the agents sent {} requests", requests(&fleet));
}

async fn with_move(world: World) {
    let world = Arc::new(world);
    let fleet = Arc::new(fleet(&world).await);
    let began = std::time::Instant::now();
    let shown = run(&world, &fleet, &Choice::Move { to: fleet.machine.clone() }).await;
    told(&world, &fleet, ("move", began));
    assert_eq!(shown.len(), CYCLES);
    assert!(failed(&fleet).is_empty(), "{:?}", failed(&fleet));
    assert!(requests(&fleet) > 1_000, "the agents sent {} requests", requests(&fleet));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_delete_exactly_the_keys_fail_that_the_previews_showed() {
    with_delete(World::sqlite().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_delete_exactly_the_keys_fail_that_the_previews_showed_on_postgresql() {
    let Some(world) = World::postgres().await else { return };
    with_delete(world).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_move_not_one_request_fails_and_none_is_allowed_more_than_before() {
    with_move(World::sqlite().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_move_not_one_request_fails_and_none_is_allowed_more_than_before_on_postgresql() {
    let Some(world) = World::postgres().await else { return };
    with_move(world).await;
}
