//! A directory that is gone when the demo is, however it ends.

use crate::cli::Failure;
use std::path::{Path, PathBuf};

/// A directory of our own among the system's temporary ones.
#[derive(Debug)]
pub(super) struct ThrowAway(PathBuf);

impl ThrowAway {
    pub(super) fn make() -> Result<Self, Failure> {
        let number = u64::from_be_bytes(crate::crypto::random::bytes()?);
        let directory = std::env::temp_dir().join(format!("castgate-demo-{number:016x}"));
        std::fs::create_dir(&directory)?;
        Ok(Self(directory))
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for ThrowAway {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0) {
            eprintln!("castgate: {} could not be removed: {error}", self.0.display());
        }
    }
}
