//! Signing keys change while two nodes work on one store.

#[path = "../rig/postgres.rs"]
mod postgres;

use castgate::{
    app::{App, Clock, Credential, Introspection, NewOrganization, Rotation},
    cache::Cache,
    config::Settings,
    crypto::{Sealer, keyfile},
    model::Instant,
    store::Store,
};
use serde_json::Value;
use std::{collections::BTreeSet, iter, path::Path, sync::Arc, time::Duration};
use tempfile::TempDir;

const QUARTER_DAY: Duration = Duration::from_hours(6);

/// Two nodes, whose clocks agree.
struct Nodes {
    clock: Clock,
    both: [App; 2],
    /// An owner's API key.
    key: String,
    _directory: TempDir,
}

async fn node(directory: &Path, store: Store, clock: &Clock) -> App {
    let settings = Settings::load(None, iter::empty()).unwrap();
    let cache = Cache::open(&settings.cache).unwrap();
    let sealer = Sealer::new(&keyfile::load_or_create(directory).unwrap()).unwrap();
    let app = App::new(settings, store, cache, sealer, clock.clone());
    app.prepare().await.unwrap();
    app
}

impl Nodes {
    async fn start(stores: [Store; 2], directory: TempDir) -> Self {
        let clock = Clock::fixed(Instant(1_790_000_000_000_000), 7);
        let [first, second] = stores;
        // At once: a new deployment's first key is made once.
        let both = tokio::join!(node(directory.path(), first, &clock), node(directory.path(), second, &clock));
        let new = NewOrganization {
            slug: "acme".to_owned(),
            name: "Acme".to_owned(),
            owner: "owner@acme.test".to_owned(),
            accept_terms: true,
        };
        let key = both.0.found_organization(&new).await.unwrap().key.expose().to_owned();
        Self { clock, both: both.into(), key, _directory: directory }
    }

    /// On SQLite, and on PostgreSQL where there is one.
    async fn everywhere() -> Vec<Self> {
        let directory = TempDir::new().unwrap();
        let store = Store::open_sqlite(directory.path()).await.unwrap();
        let mut all = vec![Self::start([store.clone(), store], directory).await];
        if let Some(url) = postgres::fresh_database().await {
            let stores = [Store::open_postgres(&url, 4).await.unwrap(), Store::open_postgres(&url, 4).await.unwrap()];
            all.push(Self::start(stores, TempDir::new().unwrap()).await);
        }
        all
    }

    async fn token(&self, node: usize) -> String {
        let visit = self.both[node].visit(Credential::Key(&self.key)).await.unwrap();
        self.both[node].sign(&visit, "costs").await.unwrap().token.clone()
    }

    async fn published(&self, node: usize) -> BTreeSet<String> {
        let keys = self.both[node].jwks().await.unwrap();
        keys["keys"].as_array().unwrap().iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
    }

    async fn holds(&self, node: usize, token: &str) -> bool {
        let app = &self.both[node];
        let visit = app.visit(Credential::Key(&self.key)).await.unwrap();
        let said = app.introspect(&visit.ctx(app).unwrap(), &visit, token).await.unwrap();
        match said {
            Introspection::Active(_) => true,
            Introspection::Inactive { .. } => false,
        }
    }
}

fn kid(token: &str) -> String {
    let header = data_encoding::BASE64URL_NOPAD.decode(token.split('.').next().unwrap().as_bytes()).unwrap();
    serde_json::from_slice::<Value>(&header).unwrap()["kid"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_key_is_published_on_every_node_before_any_signs_with_it_and_until_its_tokens_are_over() {
    for nodes in Nodes::everywhere().await {
        let old = kid(&nodes.token(0).await);
        assert_eq!(nodes.published(1).await, [old.clone()].into(), "the nodes made one first key between them");
        let new = nodes.both[0].rotate_signing_key(Rotation::Orderly).await.unwrap().kid;
        let (mut tokens, mut signed_by) = (Vec::new(), Vec::new());
        let mut seen: [BTreeSet<String>; 2] = [BTreeSet::new(), BTreeSet::new()];
        for second in (0..40 * 60).step_by(30) {
            for node in [0, 1] {
                let published = nodes.published(node).await;
                let token = nodes.token(node).await;
                assert!(
                    published.contains(&kid(&token)),
                    "{second} s: node {node} signs with a key that it does not publish"
                );
                // Whoever read the published keys five minutes ago, from either node, can verify it.
                if second > 300 {
                    assert!(seen[0].contains(&kid(&token)) && seen[1].contains(&kid(&token)), "{second} s");
                }
                signed_by.push(kid(&token));
                tokens.push((second, token));
            }
            if second % 300 == 0 {
                seen = [nodes.published(0).await, nodes.published(1).await];
            }
            // Whoever signed it, for its whole life, on both nodes.
            for (signed, token) in tokens.iter().filter(|(signed, _)| second - signed < 60) {
                assert!(
                    nodes.holds(0, token).await && nodes.holds(1, token).await,
                    "signed at {signed} s, now {second} s"
                );
            }
            nodes.clock.advance(Duration::from_secs(30));
        }
        let changed = signed_by.iter().position(|kid| *kid == new).unwrap();
        assert!(
            signed_by[..changed].iter().all(|kid| *kid == old) && signed_by[changed..].iter().all(|kid| *kid == new)
        );
        assert_eq!(changed / 2 * 30, 15 * 60, "a quarter of an hour later, on both nodes");
        assert_eq!([nodes.published(0).await, nodes.published(1).await], [[new.clone()].into(), [new].into()]);
    }
}

#[tokio::test]
async fn the_nodes_change_the_key_between_them_once_a_month() {
    for nodes in Nodes::everywhere().await {
        let mut signers = Vec::new();
        for _ in 0..(65 * 4) {
            let [first, second] = &nodes.both;
            let rounds = tokio::join!(first.keep_house(), second.keep_house());
            assert!(rounds.0.unwrap().keys + rounds.1.unwrap().keys <= 1, "both nodes made a key");
            let signer = kid(&nodes.token(0).await);
            assert!(nodes.published(1).await.contains(&signer));
            if signers.last() != Some(&signer) {
                signers.push(signer);
            }
            nodes.clock.advance(QUARTER_DAY);
        }
        assert_eq!(signers.len(), 3, "65 days, 30 for each key");
    }
}

#[tokio::test]
async fn what_a_key_signed_that_was_taken_back_is_good_nowhere() {
    for nodes in Nodes::everywhere().await {
        let (old, kept) = (nodes.token(0).await, nodes.token(1).await);
        assert!(nodes.holds(1, &old).await);
        nodes.clock.advance(Duration::from_secs(2));
        let made = nodes.both[0].rotate_signing_key(Rotation::RevokeOld).await.unwrap();
        let new = nodes.token(0).await;
        assert_eq!((kid(&new), nodes.published(0).await), (made.kid.clone(), [made.kid.clone()].into()));
        assert!(!nodes.holds(0, &old).await && !nodes.holds(0, &kept).await);
        // The other node does not know the key, and looks for it.
        assert!(nodes.holds(1, &new).await);
        nodes.clock.advance(Duration::from_secs(5));
        assert!(!nodes.holds(1, &old).await);
        assert_eq!(kid(&nodes.token(1).await), made.kid);
    }
}

#[tokio::test]
async fn a_token_is_given_again_for_a_few_seconds_and_never_says_what_is_not_true() {
    let nodes = Nodes::everywhere().await.remove(0);
    let first = nodes.token(0).await;
    nodes.clock.advance(Duration::from_secs(9));
    assert_eq!(nodes.token(0).await, first, "the same, with the same end");
    nodes.clock.advance(Duration::from_secs(2));
    let second = nodes.token(0).await;
    assert_ne!(second, first);
    let app = &nodes.both[0];
    let visit = app.visit(Credential::Key(&nodes.key)).await.unwrap();
    let claims = &app.sign(&visit, "costs").await.unwrap().claims;
    assert_eq!((claims.exp - claims.iat, claims.iat), (60, nodes.clock.now().seconds()));
    let other = app.sign(&visit, "billing").await.unwrap();
    assert_eq!(other.claims.aud, "billing");
    let mut less = visit.as_ref().clone();
    less.access.derivations.clear();
    assert!(
        app.sign(&Arc::new(less), "costs").await.unwrap().claims.roles.is_empty(),
        "a role that is gone is in no new token"
    );
    let mut renamed = visit.as_ref().clone();
    renamed.visitor.label = "Ada".to_owned();
    assert_eq!(app.sign(&Arc::new(renamed), "costs").await.unwrap().claims.name, "Ada");
}
