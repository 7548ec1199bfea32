//! What a gateway holds of the machine's memory.

use super::gateway::{Failure, Gateway};
use std::fs;

/// A line of the system's account of a process in megabytes: `VmRSS` is what it holds now, `VmHWM` the most that it ever held.
pub fn megabytes(gateway: &Gateway, of: &str) -> Result<f64, Failure> {
    let status = fs::read_to_string(format!("/proc/{}/status", gateway.child.id()))?;
    let value = status.lines().find_map(|line| line.strip_prefix(of)?.strip_prefix(':')?.trim().strip_suffix(" kB"));
    let kib: f64 = value.ok_or_else(|| format!("no {of}"))?.parse()?;
    Ok(kib * 1024.0 / 1_000_000.0)
}
