//! The master key: one file in the data directory, readable by castgate alone.
//!
//! One key a line, hexadecimal, newest first; `#` begins a comment. It is made on the first start. Whoever backs up the data
//! directory backs it up; whoever loses it loses the sealed secrets, and nothing else.

use super::{hash::hmac_sha256, random};
use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};
use secrecy::zeroize::Zeroizing;
use std::{
    fmt,
    fs::{self, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

/// The name of the file in the data directory.
pub const FILE_NAME: &str = "master.key";
const HEADING: &str = "# The master key of this castgate. Keep it beside your backups; without it sealed secrets are lost.\n\
                       # A new key goes on a line of its own above the old ones.\n";

/// 256 bits from which every key at rest is derived.
#[derive(Clone)]
pub struct MasterKey(Zeroizing<[u8; 32]>);

impl MasterKey {
    /// A key of these bytes, as tests need it.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// A new random key.
    pub fn generate() -> Result<Self, random::NoRandomness> {
        Ok(Self::from_bytes(random::bytes()?))
    }

    /// The key as it stands in a file: 64 hexadecimal digits.
    #[must_use]
    pub fn to_hex(&self) -> Zeroizing<String> {
        Zeroizing::new(HEXLOWER.encode(self.0.as_slice()))
    }

    /// A key of its own for each purpose: what leaks of one says nothing of another.
    pub fn derive(&self, purpose: &str) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(hmac_sha256(self.0.as_slice(), purpose.as_bytes()))
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterKey(…)")
    }
}

/// Why there is no master key.
#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    /// Somebody else on this machine can read or write it.
    #[error("{path} can be read by others (mode {mode:o}); run: chmod 600 {path}")]
    Open {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// A line is not a key.
    #[error("{path}, line {line}: a key is 64 hexadecimal digits")]
    NotAKey {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1.
        line: usize,
    },
    /// The file holds no key.
    #[error("{path} holds no key; restore it from a backup, or remove it to begin anew without the sealed secrets")]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// The file could not be read or written.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// No key could be made.
    #[error(transparent)]
    NoRandomness(#[from] random::NoRandomness),
}

/// The keys in the file of `directory`, newest first; makes the directory's file with one new key if there is none.
///
/// Two processes that start at once agree on one key.
pub fn load_or_create(directory: &Path) -> Result<Vec<MasterKey>, KeyFileError> {
    let path = directory.join(FILE_NAME);
    match load(&path) {
        Err(KeyFileError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
            create(directory, &path)?;
            load(&path)
        }
        loaded => loaded,
    }
}

/// The keys in a file that exists, newest first.
pub fn load(path: &Path) -> Result<Vec<MasterKey>, KeyFileError> {
    let failed = |source| KeyFileError::Io { path: path.to_owned(), source };
    // The mode is asked of the opened file: between a look at the path and the reading it could be exchanged.
    let mut file = File::open(path).map_err(failed)?;
    let mode = file.metadata().map_err(failed)?.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(KeyFileError::Open { path: path.to_owned(), mode });
    }
    let mut text = Zeroizing::new(String::new());
    io::Read::read_to_string(&mut file, &mut text).map_err(failed)?;
    let keys = keys_in(&text).map_err(|line| KeyFileError::NotAKey { path: path.to_owned(), line })?;
    if keys.is_empty() { Err(KeyFileError::Empty { path: path.to_owned() }) } else { Ok(keys) }
}

/// Puts a new key in front of those in the file of `directory`. The file is replaced at once and as a whole: whoever reads it
/// finds the old keys, or the new one and the old ones.
pub fn rotate(directory: &Path) -> Result<(), KeyFileError> {
    let path = directory.join(FILE_NAME);
    let failed = |source| KeyFileError::Io { path: path.clone(), source };
    // It has to be right before it is added to.
    load(&path)?;
    let old = Zeroizing::new(fs::read_to_string(&path).map_err(failed)?);
    let is_comment = |line: &&str| line.trim().is_empty() || line.trim_start().starts_with('#');
    let heading: Vec<&str> = old.lines().take_while(is_comment).collect();
    let rest: Vec<&str> = old.lines().skip(heading.len()).collect();
    let new = MasterKey::generate()?.to_hex();
    let text = Zeroizing::new(format!("{}\n{}\n{}\n", heading.join("\n"), new.as_str(), rest.join("\n")));
    let draft = directory.join(format!("{FILE_NAME}.{}", HEXLOWER.encode(&random::bytes::<8>()?)));
    let replaced = write(&draft, text.as_bytes()).and_then(|()| fs::rename(&draft, &path));
    if replaced.is_err() {
        let _ = fs::remove_file(&draft);
    }
    replaced.and_then(|()| File::open(directory)?.sync_all()).map_err(failed)
}

/// The keys in a text, one a line, newest first; or the line that is no key, counted from 1.
pub(super) fn keys_in(text: &str) -> Result<Vec<MasterKey>, usize> {
    let lines = text.lines().zip(1_usize..).map(|(line, number)| (line.trim(), number));
    lines
        .filter(|(line, _)| !line.is_empty() && !line.starts_with('#'))
        .map(|(line, number)| key_of(line).ok_or(number))
        .collect()
}

fn key_of(line: &str) -> Option<MasterKey> {
    let bytes = Zeroizing::new(HEXLOWER_PERMISSIVE.decode(line.as_bytes()).ok()?);
    let key: [u8; 32] = bytes.as_slice().try_into().ok()?;
    Some(MasterKey::from_bytes(key))
}

/// Writes a new key beside the final name and links it there: the name appears complete or not at all, and never replaces one.
fn create(directory: &Path, path: &Path) -> Result<(), KeyFileError> {
    let key = MasterKey::generate()?;
    let draft = directory.join(format!("{FILE_NAME}.{}", HEXLOWER.encode(&random::bytes::<8>()?)));
    let text = Zeroizing::new(format!("{HEADING}{}\n", key.to_hex().as_str()));
    let linked = write(&draft, text.as_bytes()).and_then(|()| match fs::hard_link(&draft, path) {
        // Another process was faster: its key is the key.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        other => other,
    });
    let removed = fs::remove_file(&draft);
    linked
        .and(removed)
        .and_then(|()| File::open(directory)?.sync_all())
        .map_err(|source| KeyFileError::Io { path: path.to_owned(), source })
}

fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_start_makes_a_key_and_the_second_finds_it() {
        let directory = tempfile::tempdir().unwrap();
        let first = load_or_create(directory.path()).unwrap();
        let second = load_or_create(directory.path()).unwrap();
        assert_eq!(first.len(), 1);
        assert_eq!(first[0].0.as_slice(), second[0].0.as_slice());
        let names: Vec<_> = fs::read_dir(directory.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(names, [FILE_NAME], "no draft is left behind");
        let mode = fs::metadata(directory.path().join(FILE_NAME)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn processes_that_start_at_once_agree_on_one_key() {
        let directory = tempfile::tempdir().unwrap();
        let keys: Vec<_> = std::thread::scope(|scope| {
            let starts: Vec<_> = (0..8).map(|_| scope.spawn(|| load_or_create(directory.path()).unwrap())).collect();
            starts.into_iter().map(|start| start.join().unwrap()[0].0.to_vec()).collect()
        });
        assert!(keys.iter().all(|key| *key == keys[0]));
    }

    #[test]
    fn a_key_file_that_others_can_read_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        load_or_create(directory.path()).unwrap();
        let path = directory.path().join(FILE_NAME);
        for mode in [0o640, 0o604, 0o660] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            let error = load_or_create(directory.path()).unwrap_err();
            assert!(error.to_string().contains("chmod 600"), "{error}");
        }
    }

    #[test]
    fn a_new_key_goes_in_front_and_the_old_one_stays() {
        let directory = tempfile::tempdir().unwrap();
        let first = load_or_create(directory.path()).unwrap();
        rotate(directory.path()).unwrap();
        let path = directory.path().join(FILE_NAME);
        let keys = load(&path).unwrap();
        assert_eq!(keys.len(), 2);
        assert_eq!(keys[1].0.as_slice(), first[0].0.as_slice());
        assert!(fs::read_to_string(&path).unwrap().starts_with(HEADING), "the heading stays in front");
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1, "no draft is left behind");
    }

    #[test]
    fn a_file_without_a_key_is_never_replaced() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join(FILE_NAME);
        write(&path, b"# empty\n").unwrap();
        assert!(matches!(load_or_create(directory.path()), Err(KeyFileError::Empty { .. })));
        fs::remove_file(&path).unwrap();
        write(&path, b"\nabc\n").unwrap();
        assert!(matches!(load_or_create(directory.path()), Err(KeyFileError::NotAKey { line: 2, .. })));
    }
}
