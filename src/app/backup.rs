//! A backup of the embedded database: one file, and a manifest beside it that says what it holds and by which it is checked.

use super::{
    Error,
    audit::{AuditKeys, Auditor, Checkpoint},
};
use crate::{
    crypto::{Sealer, sha256_of},
    model::Instant,
    store::Store,
};
use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};
use std::{
    ffi::OsString,
    fs::{self, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

/// The directory inside the data directory in which a backup is looked at before it becomes the database.
const LOOKED_AT: &str = "restoring";
/// Organizations that are read at once.
const CHUNK: i64 = 100;

/// What a backup holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The castgate that made it.
    pub castgate: String,
    /// When.
    pub at: Instant,
    /// The number of the newest migration.
    pub schema: i64,
    /// The size of the file.
    pub bytes: u64,
    /// The SHA-256 of the file, hexadecimal.
    pub sha256: String,
    /// Each organization in it.
    pub organizations: Vec<Held>,
}

/// What a backup holds of one organization.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// Its short name.
    pub slug: String,
    /// Its users, removed ones not counted.
    pub users: i64,
    /// How far its events are sealed, signed; none, if none is.
    pub checkpoint: Option<String>,
}

/// Where the manifest of a backup lies.
#[must_use]
pub fn manifest_path(file: &Path) -> PathBuf {
    let mut name = OsString::from(file);
    name.push(".manifest");
    PathBuf::from(name)
}

fn failed(path: &Path, error: &io::Error) -> Error {
    Error::Unavailable(format!("{}: {error}", path.display()))
}

/// Backs the database of a data directory up into a new file, beside the process that has it open. Nothing that exists is
/// written over. `progress` is told pages done and pages there are.
pub async fn back_up(
    directory: &Path,
    file: &Path,
    now: Instant,
    progress: impl FnMut(u64, u64) + Send + 'static,
) -> Result<Manifest, Error> {
    let manifest_file = manifest_path(file);
    if manifest_file.exists() {
        return Err(Error::conflict("taken", format!("{} exists already", manifest_file.display())));
    }
    let schema = Store::copy_sqlite(directory, file, progress).await?;
    let described = describe(file, schema, now).await;
    let manifest = described.and_then(|manifest| {
        let text = serde_json::to_vec_pretty(&manifest).map_err(Error::internal)?;
        write_new(&manifest_file, &text).map_err(|error| failed(&manifest_file, &error))?;
        Ok(manifest)
    });
    if manifest.is_err() {
        // Without its manifest it is no backup.
        let _ = fs::remove_file(file);
    }
    manifest
}

/// What the copy itself holds: it may be younger than what was there when the command was typed.
async fn describe(file: &Path, schema: i64, at: Instant) -> Result<Manifest, Error> {
    let store = Store::read_sqlite_file(file).await?;
    let mut organizations = Vec::new();
    let mut after = String::new();
    loop {
        let page = store.read().await?.organization_slugs(&after, CHUNK).await?;
        let Some((last, _)) = page.last() else { break };
        after = last.to_string();
        for (id, slug) in page {
            let mut tx = store.read().await?;
            let users = tx.count_users_held(&id).await?;
            let seal = tx.event_head(&id).await?;
            let checkpoint = seal.map(|seal| Checkpoint { organization: id, seal }.to_string());
            organizations.push(Held { slug, users, checkpoint });
        }
    }
    drop(store);
    let bytes = Store::settle_sqlite(file).await?;
    let (castgate, sha256) = (env!("CARGO_PKG_VERSION").to_owned(), digest(file).await?);
    Ok(Manifest { castgate, at, schema, bytes, sha256, organizations })
}

async fn digest(file: &Path) -> Result<String, Error> {
    let path = file.to_owned();
    let read = tokio::task::spawn_blocking(move || File::open(&path).and_then(sha256_of));
    let digest = read.await.map_err(Error::internal)?.map_err(|error| failed(file, &error))?;
    Ok(HEXLOWER.encode(&digest))
}

fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(directory)?.sync_all()
}

/// The manifest of a backup.
pub fn manifest(file: &Path) -> Result<Manifest, Error> {
    let path = manifest_path(file);
    let text = fs::read(&path).map_err(|error| failed(&path, &error))?;
    serde_json::from_slice(&text).map_err(|error| Error::Unavailable(format!("{}: {error}", path.display())))
}

/// Makes the database of a data directory that has none from a backup: compared with its manifest, looked at from the first
/// page to the last, brought up to date, and its events audited against what the manifest says of them.
pub async fn restore(file: &Path, directory: &Path, sealer: &Sealer) -> Result<Manifest, Error> {
    let manifest = manifest(file)?;
    let refuse = |why: String| Err(Error::Unavailable(format!("{}: {why}", file.display())));
    let database = Store::sqlite_file(directory);
    if database.exists() {
        return refuse(format!("{} exists already; a restore writes over nothing", database.display()));
    }
    if digest(file).await? != manifest.sha256 {
        return refuse("this is not the file that the manifest was made of, or it was changed".to_owned());
    }
    let looked_at = directory.join(LOOKED_AT);
    fs::create_dir_all(directory).map_err(|error| failed(directory, &error))?;
    let _ = fs::remove_dir_all(&looked_at);
    fs::DirBuilder::new().create(&looked_at).map_err(|error| failed(&looked_at, &error))?;
    let restored = look_and_adopt(file, directory, sealer, &manifest).await;
    let _ = fs::remove_dir_all(&looked_at);
    restored.map(|()| manifest)
}

async fn look_and_adopt(file: &Path, directory: &Path, sealer: &Sealer, manifest: &Manifest) -> Result<(), Error> {
    let looked_at = directory.join(LOOKED_AT);
    let copy = Store::sqlite_file(&looked_at);
    let (from, to) = (file.to_owned(), copy.clone());
    let copied = tokio::task::spawn_blocking(move || {
        let mut target = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&to)?;
        io::copy(&mut File::open(&from)?, &mut target)?;
        target.sync_all()
    });
    copied.await.map_err(Error::internal)?.map_err(|error| failed(&copy, &error))?;
    Store::check_sqlite(&copy).await?;
    let store = Store::open_sqlite(&looked_at).await?;
    let audited = audit(&store, sealer, manifest).await;
    drop(store);
    audited?;
    Ok(Store::adopt_sqlite(&looked_at, directory).await?)
}

async fn audit(store: &Store, sealer: &Sealer, manifest: &Manifest) -> Result<(), Error> {
    let keys = AuditKeys::load(&mut store.read().await?, sealer).await?;
    let said = manifest.organizations.iter().filter_map(|held| held.checkpoint.as_deref());
    let anchors: Vec<Checkpoint> = said
        .map(str::parse)
        .collect::<Result<_, _>>()
        .map_err(|error| Error::Unavailable(format!("the manifest: {error}")))?;
    for held in &manifest.organizations {
        let found = store.read().await?.organization_by_slug(&held.slug).await?;
        let Some(organization) = found else {
            return Err(Error::Unavailable(format!("the organization “{}” is missing in it", held.slug)));
        };
        let audit = Auditor::new(store, &keys).verify(&organization.id, &anchors, |_| {}).await?;
        if let Some(finding) = audit.finding {
            return Err(Error::Unavailable(format!(
                "the events of “{}” are not as they were sealed: {finding}",
                held.slug
            )));
        }
    }
    Ok(())
}
