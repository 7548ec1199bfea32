//! What can go wrong in the store.

use std::path::PathBuf;

/// Why the store did not do what it was asked. Every variant but [`StoreError::Unique`] and [`StoreError::Conflict`] is
/// an accident or a mistake of ours, never the caller's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The store cannot be reached or did not answer in time; the same request may succeed later.
    #[error("the store is not available: {0}")]
    Unavailable(String),
    /// The disk takes nothing: it is full, read-only or broken. What is there can still be read.
    #[error("the store cannot be written to: {0}")]
    Unwritable(String),
    /// A row with these values exists already. Holds the name of the index or constraint, the same on both engines
    /// (`users_pkey` for the primary key of `users`).
    #[error("a row with the same values exists already ({0})")]
    Unique(String),
    /// Two transactions got in each other's way and this one was undone; running it again is right.
    #[error("another change was made at the same moment; nothing was changed by this one")]
    Conflict,
    /// What is stored cannot be read as what it should be.
    #[error("the store holds something unreadable: {0}")]
    Corrupt(String),
    /// A statement or a sequence of calls that cannot work: a mistake in castgate.
    #[error("the store was used wrongly: {0}")]
    Misuse(String),
    /// Another process has the directory open.
    #[error(
        "another castgate process has {} open; stop that process, or give this one a directory of its own",
        .0.display()
    )]
    LockedByAnother(PathBuf),
    /// The database and this binary do not fit together.
    #[error("{0}")]
    Migration(String),
}
