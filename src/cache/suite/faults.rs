//! Redis flushed, stopped, killed: only the speed changes.

use super::*;

/// As patient as in service.
fn open(server: &Server, lease: Duration) -> Cache {
    Cache::open(&settings(Some(server), lease)).unwrap()
}

/// Calls while Redis is in trouble answer, and together wait little: one caller tries once a second, for 50 ms.
async fn trouble_costs_little(cache: &Cache) {
    let began = Instant::now();
    for _ in 0..200 {
        let Ok(value) = cache.fetch(&Access("a"), LONG, || ready(Ok::<_, Infallible>("stored".to_owned()))).await;
        assert_eq!(value.as_str(), "stored");
        cache.publish(somebody()).await;
        cache.put(&Document("b"), 1, LONG).await;
        cache.forget(&Document("b")).await;
    }
    let took = began.elapsed();
    // 800 calls of 50 ms would be 40 s.
    assert!(took < Duration::from_secs(5), "{took:?}");
}

async fn recovers(cache: &Cache) {
    let began = Instant::now();
    alive(cache).await;
    loop {
        cache.put(&Document("again"), 1, LONG).await;
        // Not the node's own memory: that is believed again as soon as the feed is.
        if let Cache::Redis(redis) = cache
            && redis.remote.look(&Document("again").text(), false).await.found.is_some()
        {
            return;
        }
        assert!(began.elapsed() < Duration::from_secs(5), "Redis is back and not used");
        sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn a_flush_is_forgetting() {
    let Some(server) = Server::start() else { return };
    let cache = super::open(Some(&server), LEASE);
    cache.put(&Access("a"), "one".to_owned(), LONG).await;
    server.flush();
    cache.publish(somebody()).await;
    assert_eq!(cache.get(&Access("a")).await, None);
    assert_eq!(load(&cache, "two").await, "two");
    assert_eq!(cache.get(&Access("a")).await.as_deref().map(String::as_str), Some("two"));
}

#[tokio::test]
async fn a_flush_does_not_bring_an_old_generation_back() {
    let Some(server) = Server::start() else { return };
    let cache = super::open(Some(&server), LEASE);
    let read_too_early = async {
        cache.publish(somebody()).await;
        server.flush();
        Ok::<_, Infallible>("as it was before".to_owned())
    };
    let Ok(_) = cache.fetch(&Access("a"), LONG, || read_too_early).await;
    assert_eq!(cache.get(&Access("a")).await, None);
}

#[tokio::test]
async fn a_stopped_redis_costs_little_and_comes_back() {
    let Some(server) = Server::start() else { return };
    let cache = open(&server, LEASE);
    alive(&cache).await;
    server.stop();
    trouble_costs_little(&cache).await;
    let began = Instant::now();
    while cache.feed() != Feed::Silent {
        assert!(began.elapsed() < Duration::from_secs(3), "the silence was not noticed");
        sleep(Duration::from_millis(10)).await;
    }
    server.resume();
    recovers(&cache).await;
}

#[tokio::test]
async fn a_killed_redis_costs_little_and_comes_back() {
    let Some(mut server) = Server::start() else { return };
    let cache = open(&server, LEASE);
    alive(&cache).await;
    server.kill();
    trouble_costs_little(&cache).await;
    server.start_again();
    recovers(&cache).await;
}

#[tokio::test]
async fn a_redis_that_is_not_there_yet_is_no_error() {
    let Some(mut server) = Server::start() else { return };
    server.kill();
    let cache = open(&server, LEASE);
    trouble_costs_little(&cache).await;
    assert_eq!(cache.feed(), Feed::Silent);
    server.start_again();
    recovers(&cache).await;
}

#[tokio::test]
async fn a_node_that_hears_nothing_does_not_believe_its_memory() {
    let Some(server) = Server::start() else { return };
    let long = Duration::from_secs(30);
    let cache = super::open(Some(&server), long);
    alive(&cache).await;
    cache.put(&Access("a"), "one".to_owned(), LONG).await;
    assert_eq!(cache.get(&Access("a")).await.as_deref().map(String::as_str), Some("one"));
    server.stop();
    sleep(Duration::from_millis(1500)).await;
    assert_eq!(cache.get(&Access("a")).await, None);
    server.resume();
}

#[tokio::test]
async fn a_revocation_that_did_not_reach_redis_holds_on_this_node() {
    let Some(server) = Server::start() else { return };
    let long = Duration::from_secs(30);
    let cache = open(&server, long);
    cache.put(&Access("a"), "one".to_owned(), LONG).await;
    server.stop();
    // The first call that fails keeps the next ones away: the revocation is not even sent.
    assert_eq!(cache.get(&Document("b")).await, None);
    cache.publish(somebody()).await;
    server.resume();
    recovers(&cache).await;
    assert_eq!(cache.get(&Access("a")).await, None, "what Redis still holds is not believed");
}
