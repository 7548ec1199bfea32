//! A real file system of a few megabytes, in memory.

use super::gateway::Failure;
use std::{
    env,
    fs::File,
    io::{self, Write as _},
    path::PathBuf,
    process::Command,
};
use tempfile::TempDir;

/// A mounted `tmpfs`; dropped, it is unmounted.
pub struct SmallDisk {
    place: TempDir,
}

impl SmallDisk {
    /// Mounts one. None, and a word about it, where the machine does not let this user mount.
    pub fn mount(megabytes: usize) -> Result<Option<Self>, Failure> {
        let place = tempfile::tempdir()?;
        let mounted = as_root("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={megabytes}m"), "castgate-test"])
            .arg(place.path())
            .output()?;
        if mounted.status.success() {
            return Ok(Some(Self { place }));
        }
        let why = String::from_utf8_lossy(&mounted.stderr).into_owned();
        if env::var("CASTGATE_TEST_LEGS").is_ok_and(|legs| legs == "required") {
            return Err(format!("no small disk could be mounted: {why}").into());
        }
        eprintln!("skipped: no small disk could be mounted: {why}");
        Ok(None)
    }

    /// A fresh directory on it.
    pub fn directory(&self) -> io::Result<TempDir> {
        tempfile::tempdir_in(self.place.path())
    }

    /// Takes all the room there is; gives the file that has it.
    pub fn fill(&self) -> io::Result<PathBuf> {
        let path = self.place.path().join("ballast");
        let mut file = File::create(&path)?;
        loop {
            match file.write(&[0; 4096]) {
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::StorageFull => return Ok(path),
                Err(error) => return Err(error),
            }
        }
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily: the gateway on it may be dying still.
        let _ = as_root("umount").arg("--lazy").arg(self.place.path()).status();
    }
}

/// Only root mounts; whoever is not is root without a password, or the leg is skipped.
fn as_root(program: &str) -> Command {
    let is_root = Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout == b"0\n");
    if is_root {
        return Command::new(program);
    }
    let mut command = Command::new("sudo");
    command.args(["-n", program]);
    command
}
