//! The ring of master keys while castgate runs: read anew, and everything that an older key sealed sealed again.

use super::{App, Error};
use crate::{
    crypto::{Context, Sealer, keyring},
    store::{SealedColumn, SealedValue, Store},
};
use data_encoding::HEXLOWER;
use serde::Serialize;
use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError},
};

/// Values that are sealed again in one transaction.
const CHUNK: i64 = 500;

/// One master key, by its id, and what it seals.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KeyUse {
    /// The key's id; nothing of the key.
    pub id: String,
    /// Whether it is in the ring.
    pub present: bool,
    /// Whether new values are sealed with it.
    pub seals: bool,
    /// How many values in the store it sealed.
    pub values: i64,
}

/// What sealing again came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Resealed {
    /// Values that are under the newest key now.
    pub values: u64,
    /// Values that could not be opened and stay as they are.
    pub stuck: u64,
}

impl KeyUse {
    /// The keys of the ring and those that anything is sealed with, the one that seals first.
    pub async fn of(store: &Store, sealer: &Sealer) -> Result<Vec<Self>, Error> {
        let mut counts: BTreeMap<String, i64> = BTreeMap::new();
        let mut tx = store.read().await?;
        for column in SealedColumn::ALL {
            for (id, values) in tx.sealed_under(column).await? {
                *counts.entry(HEXLOWER.encode(&id)).or_default() += values;
            }
        }
        let mut uses = Vec::new();
        for (place, id) in sealer.key_ids().enumerate() {
            let values = counts.remove(&id).unwrap_or(0);
            uses.push(Self { id, present: true, seals: place == 0, values });
        }
        uses.extend(counts.into_iter().map(|(id, values)| Self { id, present: false, seals: false, values }));
        Ok(uses)
    }

    /// Why this ring cannot be worked with, if a key is missing that something in the store needs.
    pub fn missing(uses: &[Self]) -> Option<String> {
        let missing: Vec<String> = uses
            .iter()
            .filter(|key| !key.present)
            .map(|key| format!("{} values are sealed with the master key {}", key.values, key.id))
            .collect();
        (!missing.is_empty()).then(|| {
            format!("{}, which is not in the ring: put that key back behind the others ([keys])", missing.join(", "))
        })
    }
}

impl App {
    /// Refuses to start with a ring that lacks a key which something is sealed with.
    pub(super) async fn require_master_keys(&self) -> Result<(), Error> {
        let uses = KeyUse::of(self.store(), &self.sealer()).await?;
        KeyUse::missing(&uses).map_or(Ok(()), |why| Err(Error::Unavailable(why)))
    }

    /// Reads the ring again from where the settings say it is. True when it is another one and is in use from now on; one
    /// that lacks a key which is still needed is refused, and the ring stays as it was.
    pub async fn reload_master_keys(&self) -> Result<bool, Error> {
        let unusable = |error: &dyn std::fmt::Display| Error::Unavailable(error.to_string());
        let keys = keyring::load(self.settings()).await.map_err(|error| unusable(&error))?;
        let sealer = Sealer::new(&keys).map_err(|error| unusable(&error))?;
        if sealer.key_ids().eq(self.sealer().key_ids()) {
            return Ok(false);
        }
        if let Some(why) = KeyUse::missing(&KeyUse::of(self.store(), &sealer).await?) {
            return Err(Error::Unavailable(why));
        }
        *self.inner.sealer.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(sealer);
        Ok(true)
    }

    /// The ring, and what each key of it seals.
    pub async fn master_keys(&self) -> Result<Vec<KeyUse>, Error> {
        KeyUse::of(self.store(), &self.sealer()).await
    }

    /// Seals again whatever an older key sealed, a chunk at a time. Nothing is lost by stopping in the middle, nor by changes
    /// meanwhile: a value that somebody set is left as they set it.
    pub async fn seal_again(&self) -> Result<Resealed, Error> {
        let mut done = Resealed::default();
        for column in SealedColumn::ALL {
            let (mut organization, mut row) = (String::new(), String::new());
            loop {
                let place = (organization.as_str(), row.as_str());
                let page = self.store().read().await?.sealed_values(column, place, CHUNK).await?;
                let Some(last) = page.last() else { break };
                (organization, row) = (last.organization.clone(), last.row.clone());
                self.seal_page_again(column, &page, &mut done).await?;
                if i64::try_from(page.len()).is_ok_and(|read| read < CHUNK) {
                    break;
                }
            }
        }
        Ok(done)
    }

    async fn seal_page_again(
        &self,
        column: &SealedColumn,
        page: &[SealedValue],
        done: &mut Resealed,
    ) -> Result<(), Error> {
        let sealer = self.sealer();
        let stale: Vec<&SealedValue> = page.iter().filter(|value| sealer.is_stale(&value.sealed)).collect();
        if stale.is_empty() {
            return Ok(());
        }
        let mut tx = self.store().write("seal again").await?;
        for value in stale {
            let SealedValue { organization, row, sealed } = value;
            let place = Context { organization, table: column.table, row, column: column.column };
            let opened = match sealer.open(&place, sealed) {
                Ok(opened) => opened,
                Err(error) => {
                    let (table, column) = (column.table, column.column);
                    tracing::error!(organization, table, row, column, %error, "a sealed value stays under its old key");
                    done.stuck += 1;
                    continue;
                }
            };
            let again = sealer.seal(&place, &opened).map_err(Error::internal)?;
            done.values += u64::from(tx.seal_again(column, value, &again).await?);
        }
        tx.commit().await?;
        tracing::info!(table = column.table, values = done.values, "sealing secrets under the new master key");
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{fs, path::Path};

    /// Sealed, but carried by browsers and programs and not stored here.
    const CARRIED: [&str; 2] = ["cookies", "cursors"];

    fn sources(directory: &Path, all: &mut Vec<String>) {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                sources(&path, all);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                all.push(fs::read_to_string(&path).unwrap());
            }
        }
    }

    /// A column that a rotation does not know of would be lost with the old key.
    #[test]
    fn every_place_that_is_sealed_for_is_in_the_list_that_a_rotation_walks_through() {
        let mut all = Vec::new();
        sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/app"), &mut all);
        let value = |text: &str, name: &str| {
            let rest = text.split_once(&format!("{name}: \""))?.1;
            rest.split_once('"').map(|(value, _)| value.to_owned())
        };
        let mut places = Vec::new();
        for text in &all {
            for part in text.split("Context {").skip(1) {
                let part: String = part.chars().take_while(|c| *c != '}').collect();
                if let (Some(table), Some(column)) = (value(&part, "table"), value(&part, "column")) {
                    places.push((table, column));
                }
            }
        }
        assert!(places.len() >= 4, "{places:?}");
        for (table, column) in places.iter().filter(|(table, _)| !CARRIED.contains(&table.as_str())) {
            let listed = SealedColumn::ALL.iter().any(|known| known.table == table && known.column == column);
            assert!(listed, "{table}.{column} is sealed: add it to SealedColumn::ALL");
        }
    }
}
