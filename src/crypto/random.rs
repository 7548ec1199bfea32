//! The system's randomness.

/// The operating system gave no random bytes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the operating system gave no random bytes; nothing secret can be made until it does")]
pub struct NoRandomness;

/// Fills `bytes` from the system's generator.
pub fn fill(bytes: &mut [u8]) -> Result<(), NoRandomness> {
    aws_lc_rs::rand::fill(bytes).map_err(|_| NoRandomness)
}

/// `N` random bytes.
pub fn bytes<const N: usize>() -> Result<[u8; N], NoRandomness> {
    let mut out = [0; N];
    fill(&mut out)?;
    Ok(out)
}

/// Fills `bytes`, or ends the process.
///
/// For places that take randomness as a plain function, as tests need it. A process that goes on with bytes somebody can
/// guess is worse than one that is gone, and a supervisor starts it again.
pub fn fill_or_abort(bytes: &mut [u8]) {
    if let Err(error) = fill(bytes) {
        tracing::error!(%error, "stopping");
        std::process::abort();
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn two_draws_differ() {
        assert_ne!(super::bytes::<32>(), super::bytes::<32>());
    }
}
