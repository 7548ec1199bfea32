//! A consistent copy of an SQLite database, taken while another process writes to it.

use super::{
    DATABASE, Store, lock, private,
    sqlite::{self, Purpose},
};
use crate::store::{StoreError, migrate};
use rusqlite::{
    Connection,
    backup::{Backup, StepResult},
};
use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    time::Duration,
};

/// Pages that are copied between two looks at the progress.
const PAGES: i32 = 2048;
/// How long to wait when somebody has the database locked,
const PAUSE: Duration = Duration::from_millis(20);
/// and how often.
const PATIENCE: u32 = 500;

impl Store {
    /// Copies the SQLite database in a directory into a new file that nobody else may read. Everything that was acknowledged
    /// before it began is in the copy; other processes go on reading and writing. `progress` is told pages done and pages
    /// there are. Gives the number of the newest migration; after a failure there is no file.
    pub async fn copy_sqlite(
        directory: &Path,
        to: &Path,
        progress: impl FnMut(u64, u64) + Send + 'static,
    ) -> Result<i64, StoreError> {
        let (from, to) = (directory.join(DATABASE), to.to_owned());
        blocking(move || {
            if to.exists() {
                return Err(StoreError::Unavailable(format!("{} exists already", to.display())));
            }
            let copied = copy(&from, &to, progress);
            if copied.is_err() {
                // What failed half way must not be taken for a copy.
                let _ = fs::remove_file(&to);
            }
            copied
        })
        .await
    }

    /// Makes a database that nobody has open one file without a log, complete and on disk. Gives its size.
    pub async fn settle_sqlite(file: &Path) -> Result<u64, StoreError> {
        let file = file.to_owned();
        blocking(move || {
            let wrong = |error: rusqlite::Error| sqlite::explain_error(None, &error, "settling the copy");
            let failed = |error: io::Error| StoreError::Unavailable(format!("{}: {error}", file.display()));
            let connection = Connection::open(&file).map_err(wrong)?;
            let mode: String =
                connection.query_row("PRAGMA journal_mode = DELETE", [], |row| row.get(0)).map_err(wrong)?;
            if mode != "delete" {
                return Err(StoreError::Unavailable(format!("the copy stays in the mode {mode}")));
            }
            connection.close().map_err(|(_, error)| wrong(error))?;
            sync(&file).map_err(failed)?;
            Ok(fs::metadata(&file).map_err(failed)?.len())
        })
        .await
    }

    /// Looks whether the database in a file is whole.
    pub async fn check_sqlite(file: &Path) -> Result<(), StoreError> {
        let file = file.to_owned();
        blocking(move || {
            let connection = sqlite::open(&file, Purpose::Reading)?;
            let wrong = |error: rusqlite::Error| sqlite::explain_error(None, &error, "PRAGMA integrity_check");
            let told: String = connection.query_row("PRAGMA integrity_check", [], |row| row.get(0)).map_err(wrong)?;
            if told == "ok" { Ok(()) } else { Err(StoreError::Corrupt(told)) }
        })
        .await
    }

    /// Puts the database of `from` into `to`, which has none. Neither may be open.
    pub async fn adopt_sqlite(from: &Path, to: &Path) -> Result<(), StoreError> {
        let (from, to) = (from.to_owned(), to.to_owned());
        blocking(move || {
            let _lock = lock(&to)?;
            let database = to.join(DATABASE);
            let failed = |error: io::Error| StoreError::Unavailable(format!("{}: {error}", database.display()));
            // A link never replaces what is there.
            fs::hard_link(from.join(DATABASE), &database).map_err(failed)?;
            fs::remove_file(from.join(DATABASE)).map_err(failed)?;
            sync(&database).map_err(failed)
        })
        .await
    }

    /// The file in which a data directory keeps its database.
    #[must_use]
    pub fn sqlite_file(directory: &Path) -> PathBuf {
        directory.join(DATABASE)
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    tokio::task::spawn_blocking(work).await.map_err(|error| StoreError::Misuse(error.to_string()))?
}

fn copy(from: &Path, to: &Path, mut progress: impl FnMut(u64, u64)) -> Result<i64, StoreError> {
    let wrong = |error: rusqlite::Error| sqlite::explain_error(None, &error, "copying the database");
    let failed = |error: io::Error| StoreError::Unavailable(format!("{}: {error}", to.display()));
    if !from.is_file() {
        return Err(StoreError::Unavailable(format!("there is no database {}", from.display())));
    }
    let source = sqlite::open(from, Purpose::Reading)?;
    drop(private(to).map_err(failed)?);
    let mut target = Connection::open(to).map_err(wrong)?;
    // One reading transaction from the first page to the last: what is written meanwhile is not seen, and does not make the
    // copying begin anew.
    source.execute_batch("BEGIN").map_err(wrong)?;
    let schema = migrate::version(&source)?;
    {
        let backup = Backup::new(&source, &mut target).map_err(wrong)?;
        let mut waited = 0;
        loop {
            let step = backup.step(PAGES).map_err(wrong)?;
            let told = backup.progress();
            let all = u64::try_from(told.pagecount).unwrap_or(0);
            progress(all - u64::try_from(told.remaining).unwrap_or(0).min(all), all);
            match step {
                StepResult::Done => break,
                StepResult::More => {}
                StepResult::Busy | StepResult::Locked | _ if waited < PATIENCE => {
                    waited += 1;
                    std::thread::sleep(PAUSE);
                }
                _ => return Err(StoreError::Unavailable("the database stays locked".to_owned())),
            }
        }
    }
    source.execute_batch("ROLLBACK").map_err(wrong)?;
    target.close().map_err(|(_, error)| wrong(error))?;
    Ok(schema)
}

/// Makes a file and its name durable.
fn sync(file: &Path) -> io::Result<()> {
    File::open(file)?.sync_all()?;
    let directory = file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(directory)?.sync_all()
}
