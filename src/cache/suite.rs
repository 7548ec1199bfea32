//! What both caches keep to, and what Redis may suffer without anyone noticing but the clock.

mod faults;
mod server;

use super::{Cache, Feed, Key, Revocation, Touched};
use crate::{
    config::{self, Span},
    model::{ConnectionId, OrganizationId, UserId},
};
use secrecy::SecretString;
use server::Server;
use std::{
    convert::Infallible,
    future::ready,
    time::{Duration, Instant},
};
use tokio::time::sleep;
use uuid::Uuid;

const LEASE: Duration = Duration::from_secs(1);
const LONG: Duration = Duration::from_mins(1);

/// A value that a revocation touches.
struct Access(&'static str);

impl Key for Access {
    type Value = String;
    const REVOCABLE: bool = true;
    fn text(&self) -> String {
        format!("access:{}", self.0)
    }
}

/// A value that none touches.
struct Document(&'static str);

impl Key for Document {
    type Value = u32;
    const REVOCABLE: bool = false;
    fn text(&self) -> String {
        format!("document:{}", self.0)
    }
}

/// The same place read as something else, as another version of castgate would.
struct Changed;

impl Key for Changed {
    type Value = Vec<u8>;
    const REVOCABLE: bool = true;
    fn text(&self) -> String {
        Access("a").text()
    }
}

/// A value of one organization, and what a token opens there.
struct Held(OrganizationId);
struct Opened(OrganizationId);

impl Key for Held {
    type Value = OrganizationId;
    const REVOCABLE: bool = true;
    fn text(&self) -> String {
        format!("held:{}", self.0)
    }
    fn touched(organization: &OrganizationId) -> Touched<'_> {
        Touched::By(organization)
    }
}

impl Key for Opened {
    type Value = OrganizationId;
    const REVOCABLE: bool = true;
    fn text(&self) -> String {
        format!("opened:{}", self.0)
    }
    fn touched(organization: &OrganizationId) -> Touched<'_> {
        Touched::ByConnectionsOf(organization)
    }
}

fn settings(server: Option<&Server>, lease: Duration) -> config::Cache {
    let redis_url = server.map(|server| SecretString::from(server.url()));
    config::Cache { redis_url, lease: Span(lease), capacity: 1000 }
}

/// With more patience than a gateway has: a busy machine must not look like a missing value.
fn open(server: Option<&Server>, lease: Duration) -> Cache {
    Cache::with_patience(&settings(server, lease), Duration::from_secs(5)).unwrap()
}

async fn alive(cache: &Cache) {
    let began = Instant::now();
    while cache.feed() == Feed::Silent {
        assert!(began.elapsed() < Duration::from_secs(5), "the feed never came alive");
        sleep(Duration::from_millis(10)).await;
    }
}

fn somebody() -> Revocation {
    let (organization, user) = (OrganizationId::from_uuid(Uuid::nil()), UserId::from_uuid(Uuid::nil()));
    Revocation::User { organization, user }
}

async fn load(cache: &Cache, value: &str) -> String {
    let Ok(found) = cache.fetch(&Access("a"), LONG, || ready(Ok::<_, Infallible>(value.to_owned()))).await;
    found.as_ref().clone()
}

async fn remembers_what_it_was_told(cache: &Cache) {
    assert_eq!(cache.get(&Access("a")).await, None);
    cache.put(&Access("a"), "one".to_owned(), LONG).await;
    cache.put(&Document("a"), 7, LONG).await;
    assert_eq!(cache.get(&Access("a")).await.as_deref().map(String::as_str), Some("one"));
    assert_eq!(cache.get(&Document("a")).await.as_deref(), Some(&7));
    assert_eq!(cache.get(&Access("b")).await, None);
    assert_eq!(load(cache, "two").await, "one");
    cache.forget(&Access("a")).await;
    assert_eq!(cache.get(&Access("a")).await, None);
    assert_eq!(load(cache, "two").await, "two");
    assert_eq!(cache.get(&Access("a")).await.as_deref().map(String::as_str), Some("two"));
}

async fn what_does_not_read_back_is_absent(cache: &Cache) {
    cache.put(&Access("a"), "text".to_owned(), LONG).await;
    assert_eq!(cache.get(&Changed).await, None);
}

async fn a_failed_load_is_not_remembered(cache: &Cache) {
    cache.forget(&Access("a")).await;
    assert_eq!(cache.fetch(&Access("a"), LONG, || ready(Err("the store is gone"))).await, Err("the store is gone"));
    assert_eq!(load(cache, "one").await, "one");
}

async fn nothing_outlives_its_time_or_the_lease(cache: &Cache) {
    cache.put(&Document("short"), 1, Duration::from_millis(100)).await;
    cache.put(&Access("a"), "one".to_owned(), LONG).await;
    sleep(Duration::from_millis(150)).await;
    assert_eq!(cache.get(&Document("short")).await, None);
    // Read half-way: reading does not lengthen the life.
    sleep(LEASE / 4).await;
    let _ = cache.get(&Access("a")).await;
    sleep(LEASE).await;
    assert_eq!(cache.get(&Access("a")).await, None);
}

async fn a_revocation_ends_what_was_remembered(cache: &Cache) {
    let mut heard = cache.subscribe();
    cache.put(&Access("a"), "one".to_owned(), LONG).await;
    cache.publish(somebody()).await;
    assert_eq!(cache.get(&Access("a")).await, None);
    assert_eq!(heard.recv().await, Ok(somebody()));
    sleep(Duration::from_millis(50)).await;
    assert!(heard.try_recv().is_err(), "a node hears its own revocation once");
}

async fn what_was_read_before_a_revocation_is_not_served_after_it(cache: &Cache) {
    let read_too_early = async {
        cache.publish(somebody()).await;
        Ok::<_, Infallible>("as it was before".to_owned())
    };
    let Ok(_) = cache.fetch(&Access("a"), LONG, || read_too_early).await;
    assert_eq!(cache.get(&Access("a")).await, None);
    let forgotten_meanwhile = async {
        cache.forget(&Access("a")).await;
        Ok::<_, Infallible>("as it was before".to_owned())
    };
    let Ok(_) = cache.fetch(&Access("a"), LONG, || forgotten_meanwhile).await;
    assert_eq!(cache.get(&Access("a")).await, None);
}

async fn conforms(cache: &Cache) {
    remembers_what_it_was_told(cache).await;
    what_does_not_read_back_is_absent(cache).await;
    a_failed_load_is_not_remembered(cache).await;
    nothing_outlives_its_time_or_the_lease(cache).await;
    a_revocation_ends_what_was_remembered(cache).await;
    what_was_read_before_a_revocation_is_not_served_after_it(cache).await;
}

#[tokio::test]
async fn memory_conforms() {
    conforms(&open(None, LEASE)).await;
}

#[tokio::test]
async fn a_revocation_ends_what_it_touches_and_nothing_else() {
    let cache = open(None, LEASE * 60);
    let [own, other] = [1, 2].map(|number| OrganizationId::from_uuid(Uuid::from_u128(number)));
    let (user, connection) = (UserId::from_uuid(Uuid::nil()), ConnectionId::from_uuid(Uuid::nil()));
    let organization = own.clone();
    let all = [
        (Revocation::User { organization: organization.clone(), user }, true),
        (Revocation::Connection { organization: organization.clone(), connection }, false),
        (Revocation::Organization { organization }, false),
    ];
    for (revocation, stays_open) in all {
        for organization in [&own, &other] {
            cache.put(&Held(organization.clone()), organization.clone(), LONG).await;
            cache.put(&Opened(organization.clone()), organization.clone(), LONG).await;
        }
        cache.publish(revocation.clone()).await;
        assert_eq!(cache.get(&Held(own.clone())).await, None, "{revocation:?}");
        assert_eq!(cache.get(&Opened(own.clone())).await.is_some(), stays_open, "{revocation:?}");
        assert!(cache.get(&Held(other.clone())).await.is_some(), "{revocation:?}");
        assert!(cache.get(&Opened(other.clone())).await.is_some(), "{revocation:?}");
        // What began to be read before it is not served after it, of this organization.
        let too_early = async {
            cache.publish(revocation.clone()).await;
            Ok::<_, Infallible>(own.clone())
        };
        cache.forget(&Held(own.clone())).await;
        let Ok(_) = cache.fetch(&Held(own.clone()), LONG, || too_early).await;
        assert_eq!(cache.get(&Held(own.clone())).await, None, "{revocation:?}");
    }
}

#[tokio::test]
async fn redis_conforms_before_and_after_its_feed_is_heard() {
    let Some(server) = Server::start() else { return };
    let cache = open(Some(&server), LEASE);
    conforms(&cache).await;
    alive(&cache).await;
    cache.forget(&Access("a")).await;
    conforms(&cache).await;
}

#[tokio::test]
async fn two_nodes_share_values_and_revocations() {
    let Some(server) = Server::start() else { return };
    let (one, other) = (open(Some(&server), Duration::from_secs(30)), open(Some(&server), Duration::from_secs(30)));
    alive(&one).await;
    alive(&other).await;
    let mut heard = other.subscribe();
    one.put(&Access("a"), "one".to_owned(), LONG).await;
    assert_eq!(other.get(&Access("a")).await.as_deref().map(String::as_str), Some("one"), "shared");
    one.publish(somebody()).await;
    assert_eq!(heard.recv().await, Ok(somebody()));
    assert_eq!(other.get(&Access("a")).await, None, "revoked everywhere long before the lease");
    // A load that began on the other node before the revocation.
    let read_too_early = async {
        one.publish(somebody()).await;
        Ok::<_, Infallible>("as it was before".to_owned())
    };
    let Ok(_) = other.fetch(&Access("a"), LONG, || read_too_early).await;
    assert_eq!(heard.recv().await, Ok(somebody()));
    assert_eq!(one.get(&Access("a")).await, None);
    assert_eq!(other.get(&Access("a")).await, None);
}

#[tokio::test]
async fn what_no_revocation_touches_outlives_the_lease_in_redis() {
    let Some(server) = Server::start() else { return };
    let cache = open(Some(&server), LEASE);
    cache.put(&Document("a"), 7, LONG).await;
    cache.publish(somebody()).await;
    sleep(LEASE * 2).await;
    assert_eq!(cache.get(&Document("a")).await.as_deref(), Some(&7));
}

#[tokio::test]
async fn an_address_that_is_none_is_refused_without_printing_it() {
    let url = Some(SecretString::from("hunter2"));
    let settings = config::Cache { redis_url: url, lease: Span(LEASE), capacity: 1 };
    let error = Cache::open(&settings).unwrap_err();
    assert!(!error.to_string().contains("hunter2"), "{error}");
}
