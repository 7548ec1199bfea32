//! What one node made a moment ago and may give again. Not revocable: whoever takes from here asks first whether it still holds.

use std::{fmt, hash::Hash, time::Duration};

/// A bounded memory of this node alone.
pub struct Recent<K, V>(moka::sync::Cache<K, V>);

impl<K, V> fmt::Debug for Recent<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Recent(…)")
    }
}

impl<K: Hash + Eq + Send + Sync + 'static, V: Clone + Send + Sync + 'static> Recent<K, V> {
    /// Room for so many, each for so long at most.
    #[must_use]
    pub fn new(capacity: u64, life: Duration) -> Self {
        Self(moka::sync::Cache::builder().max_capacity(capacity).time_to_live(life).build())
    }

    /// What lies under the key, if it does.
    pub fn get(&self, key: &K) -> Option<V> {
        self.0.get(key)
    }

    /// Forgets what lies under the key.
    pub fn forget(&self, key: &K) {
        self.0.invalidate(key);
    }

    /// Remembers a value, in the place of an earlier one.
    pub fn put(&self, key: K, value: V) {
        self.0.insert(key, value);
    }
}
