//! How much one caller may ask of this node: so many requests in a while, and so many at once.
//!
//! Who shows a good credential is counted by it: a provider's push by its connection, a program by its organization. Who shows
//! none is counted by address, and a credential that is refused costs more than a page. A good credential is never refused
//! because of its address: otherwise a stranger behind the same address (a provider's cloud, a company's gateway) could lock
//! it out.

use super::error::{Refusal, Room};
use crate::{
    config::{self, Rate},
    model::{ConnectionId, OrganizationId},
    telemetry::metrics,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header::RETRY_AFTER};
use governor::{
    NotUntil, Quota, RateLimiter,
    clock::{Clock, MonotonicClock},
    middleware::{StateInformationMiddleware, StateSnapshot},
    state::keyed::DashMapStateStore,
};
use std::{
    fmt,
    hash::Hash,
    net::{IpAddr, Ipv6Addr},
    num::NonZeroU32,
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

const LIMIT: HeaderName = HeaderName::from_static("x-rate-limit-limit");
const REMAINING: HeaderName = HeaderName::from_static("x-rate-limit-remaining");
const RESET: HeaderName = HeaderName::from_static("x-rate-limit-reset");

/// What a credential costs that was refused, in requests.
const REFUSED: u32 = 5;
/// After so many requests, callers who have all their requests again are forgotten. Who is kept has asked within the time that
/// a whole burst takes to come back, so memory is bounded by the requests of that time.
const FORGET_EVERY: u32 = 1024;

/// The three limits; each may be off.
pub(super) struct Limits {
    connections: Option<Limiter<ConnectionId>>,
    organizations: Option<Limiter<OrganizationId>>,
    addresses: Option<Limiter<IpAddr>>,
}

impl fmt::Debug for Limits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Limits")
    }
}

/// How a caller stands after a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Standing {
    /// Whose limit it is: a word for the metrics.
    whose: &'static str,
    /// Requests that may come at once.
    limit: u32,
    /// Of them, those that may come now.
    remaining: u32,
    /// Until all of them are back.
    reset: Duration,
    /// Refused; until the next one may come.
    wait: Option<Duration>,
}

impl Limits {
    pub(super) fn new(settings: &config::Limits) -> Self {
        Self {
            connections: Limiter::new("scim", settings.scim, settings.scim_burst, MonotonicClock),
            organizations: Limiter::new("api", settings.api, settings.api_burst, MonotonicClock),
            addresses: Limiter::new("address", settings.address, settings.address_burst, MonotonicClock),
        }
    }

    /// One request of a provider.
    pub(super) fn of_connection(&self, connection: &ConnectionId) -> Option<Standing> {
        self.connections.as_ref().map(|limiter| limiter.ask(connection, 1))
    }

    /// What a request of a provider does besides, for so many things that might have been requests of their own.
    pub(super) fn of_connection_besides(&self, connection: &ConnectionId, price: u32) -> Option<Standing> {
        let limiter = self.connections.as_ref()?;
        (price > 0).then(|| limiter.ask(connection, price))
    }

    /// One request of an organization's people and programs to the API.
    pub(super) fn of_organization(&self, organization: &OrganizationId) -> Option<Standing> {
        self.organizations.as_ref().map(|limiter| limiter.ask(organization, 1))
    }

    /// A request from an address, at this price.
    pub(super) fn of_address(&self, address: Option<IpAddr>, price: u32) -> Option<Standing> {
        let (limiter, address) = (self.addresses.as_ref()?, address?);
        (price > 0).then(|| limiter.ask(&network_of(address), price))
    }
}

/// What a request costs its address before anybody knows whose it is. Programs show a credential, and pay only if they do not.
pub(super) fn price_before(room: Room, path: &str) -> u32 {
    match room {
        Room::Page | Room::SignIn => u32::from(!path.starts_with("/assets/")),
        Room::Scim | Room::Api | Room::OAuth => 0,
    }
}

/// What the answer costs its address besides, when nobody was recognised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PriceAfter {
    /// 401: somebody tries credentials.
    refused: u32,
    /// Any other refusal.
    wrong: u32,
}

impl PriceAfter {
    pub(super) fn of(self, status: StatusCode) -> u32 {
        match status {
            StatusCode::UNAUTHORIZED => self.refused,
            status if status.is_client_error() => self.wrong,
            _ => 0,
        }
    }
}

/// What an answer in this room costs besides.
pub(super) fn price_after(room: Room, path: &str) -> PriceAfter {
    let (refused, wrong) = match room {
        // The gateway asks here on behalf of everybody who comes by, always from its own address.
        Room::Api if path.starts_with("/auth/verify") => (0, 0),
        Room::Scim | Room::Api => (REFUSED, 1),
        // An assertion costs a signature to be looked at, whatever is wrong with it.
        Room::OAuth | Room::SignIn => (REFUSED, REFUSED),
        Room::Page => (0, 0),
    };
    PriceAfter { refused, wrong }
}

/// Who has one IPv6 address has the 2⁶⁴ of its network.
fn network_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64))),
        IpAddr::V4(address) => IpAddr::V4(address),
    }
}

impl Standing {
    #[cfg(test)]
    fn is_refused(&self) -> bool {
        self.wait.is_some()
    }

    /// 429, or nothing.
    pub(super) fn refusal(&self) -> Option<Refusal> {
        let seconds = whole_seconds(self.wait?).max(1);
        metrics().rate_limited(self.whose);
        let detail = format!("There were too many requests. Please go on in {seconds} s.");
        Some(Refusal::new(StatusCode::TOO_MANY_REQUESTS, "rate_limited", detail))
    }

    /// Tells the caller where it stands.
    pub(super) fn write(&self, headers: &mut HeaderMap) {
        headers.insert(LIMIT, HeaderValue::from(self.limit));
        headers.insert(REMAINING, HeaderValue::from(self.remaining));
        headers.insert(RESET, HeaderValue::from(whole_seconds(self.reset)));
        if let Some(wait) = self.wait {
            headers.insert(RETRY_AFTER, HeaderValue::from(whole_seconds(wait).max(1)));
        }
    }
}

/// Rounded up: who comes back then comes back late enough.
fn whole_seconds(duration: Duration) -> u64 {
    duration.as_secs() + u64::from(duration.subsec_nanos() > 0)
}

type Buckets<K, C> = RateLimiter<K, DashMapStateStore<K>, C, StateInformationMiddleware>;

/// One limit, by key.
struct Limiter<K: Hash + Eq + Clone, C: Clock = MonotonicClock> {
    whose: &'static str,
    buckets: Buckets<K, C>,
    clock: C,
    burst: NonZeroU32,
    asked: AtomicU32,
}

impl<K: Hash + Eq + Clone, C: Clock + Clone> Limiter<K, C> {
    fn new(whose: &'static str, rate: Rate, burst: u32, clock: C) -> Option<Self> {
        let interval = rate.interval()?;
        // Less than one at once would be nobody at all.
        let burst = NonZeroU32::new(burst).unwrap_or(NonZeroU32::MIN);
        let quota = Quota::with_period(interval)?.allow_burst(burst);
        let buckets = RateLimiter::dashmap_with_clock(quota, clock.clone()).with_middleware();
        Some(Self { whose, buckets, clock, burst, asked: AtomicU32::new(0) })
    }

    fn ask(&self, key: &K, price: u32) -> Standing {
        if self.asked.fetch_add(1, Ordering::Relaxed) % FORGET_EVERY == FORGET_EVERY - 1 {
            self.buckets.retain_recent();
            self.buckets.shrink_to_fit();
        }
        // A price above the burst could never be paid.
        let price = NonZeroU32::new(price).unwrap_or(NonZeroU32::MIN).min(self.burst);
        match self.buckets.check_key_n(key, price) {
            Ok(Ok(state)) => self.allowed(&state),
            Ok(Err(wait)) => self.refused(&wait),
            Err(_) => {
                Standing { whose: self.whose, limit: self.burst.get(), remaining: 0, reset: Duration::ZERO, wait: None }
            }
        }
    }

    fn allowed(&self, state: &StateSnapshot) -> Standing {
        let (limit, remaining) = (self.burst.get(), state.remaining_burst_capacity());
        let reset = state.quota().replenish_interval() * limit.saturating_sub(remaining);
        Standing { whose: self.whose, limit, remaining, reset, wait: None }
    }

    fn refused(&self, wait: &NotUntil<C::Instant>) -> Standing {
        let limit = self.burst.get();
        let reset = wait.quota().replenish_interval() * limit;
        let wait = Some(wait.wait_time_from(self.clock.now()));
        Standing { whose: self.whose, limit, remaining: 0, reset, wait }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use governor::clock::FakeRelativeClock;

    fn limiter(rate: &str, burst: u32) -> (Limiter<IpAddr, FakeRelativeClock>, FakeRelativeClock) {
        let clock = FakeRelativeClock::default();
        (Limiter::new("address", rate.parse().unwrap(), burst, clock.clone()).unwrap(), clock)
    }

    fn address(last: u8) -> IpAddr {
        IpAddr::from([192, 0, 2, last])
    }

    #[test]
    fn a_burst_is_let_through_and_comes_back_with_time() {
        let (limiter, clock) = limiter("2/s", 3);
        let left: Vec<u32> = (0..3).map(|_| limiter.ask(&address(1), 1).remaining).collect();
        assert_eq!(left, [2, 1, 0]);
        let standing = limiter.ask(&address(1), 1);
        assert_eq!(standing.wait, Some(Duration::from_millis(500)));
        assert_eq!((standing.limit, standing.remaining), (3, 0));
        assert!(!limiter.ask(&address(2), 1).is_refused(), "everybody has their own");
        clock.advance(Duration::from_millis(500));
        assert!(!limiter.ask(&address(1), 1).is_refused());
        assert!(limiter.ask(&address(1), 1).is_refused());
        clock.advance(Duration::from_mins(1));
        let standing = limiter.ask(&address(1), 1);
        assert_eq!((standing.remaining, standing.reset), (2, Duration::from_millis(500)));
    }

    #[test]
    fn a_price_above_the_burst_is_the_whole_burst() {
        let (limiter, _clock) = limiter("1/s", 3);
        assert!(!limiter.ask(&address(1), REFUSED).is_refused());
        assert!(limiter.ask(&address(1), 1).is_refused());
    }

    #[test]
    fn those_who_do_not_come_back_are_forgotten() {
        let (limiter, clock) = limiter("10/s", 5);
        for key in 0..2000_u32 {
            limiter.ask(&IpAddr::from(key.to_be_bytes()), 1);
            clock.advance(Duration::from_secs(1));
        }
        assert!(limiter.buckets.len() <= FORGET_EVERY as usize, "{} are remembered", limiter.buckets.len());
    }

    #[test]
    fn no_rate_is_no_limit() {
        assert!(Limiter::<IpAddr>::new("address", "0/s".parse().unwrap(), 1, MonotonicClock).is_none());
    }

    #[test]
    fn a_network_of_ipv6_is_one_caller() {
        let of = |text: &str| network_of(text.parse().unwrap());
        assert_eq!(of("2001:db8:1:2:3:4:5:6"), of("2001:db8:1:2::1"));
        assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
        assert_eq!(of("::ffff:192.0.2.1"), address(1));
    }

    #[test]
    fn what_a_request_costs_its_address() {
        let refused = StatusCode::UNAUTHORIZED;
        assert_eq!((price_before(Room::SignIn, "/login"), price_before(Room::Page, "/assets/castgate.css")), (1, 0));
        assert_eq!((price_before(Room::Scim, "/scim/v2/Users"), price_before(Room::Api, "/api/v1/me")), (0, 0));
        assert_eq!(price_after(Room::Scim, "/scim/v2/Users").of(refused), REFUSED);
        assert_eq!(price_after(Room::Api, "/api/v1/me").of(refused), REFUSED);
        for gateway in ["/auth/verify", "/auth/verify/traefik", "/auth/verify/envoy:can=view-costs/costs"] {
            assert_eq!(price_after(Room::Api, gateway).of(refused), 0, "the gateway speaks for everybody");
        }
        assert_eq!(price_after(Room::SignIn, "/login/callback").of(StatusCode::BAD_REQUEST), REFUSED);
        assert_eq!(price_after(Room::Scim, "/scim//v2").of(StatusCode::NOT_FOUND), 1);
        assert_eq!(price_after(Room::Api, "/api/v1/me").of(StatusCode::OK), 0);
    }
}
