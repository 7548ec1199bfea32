//! The system's randomness.

use std::cell::RefCell;

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

thread_local! {
    /// Drawn and not given yet, and how many of them are gone.
    static STOCK: RefCell<([u8; 64 * ID], usize)> = const { RefCell::new(([0; 64 * ID], 64 * ID)) };
}

/// Random bytes in an id.
const ID: usize = 10;

/// Random bytes for an id, or the end of the process. An id is no secret: so many are drawn at once, which costs a tenth.
pub fn of_id_or_abort() -> [u8; ID] {
    STOCK.with_borrow_mut(|(stock, gone)| {
        if *gone == stock.len() {
            fill_or_abort(stock);
            *gone = 0;
        }
        let mut id = [0; ID];
        id.copy_from_slice(&stock[*gone..*gone + ID]);
        *gone += ID;
        id
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn two_draws_differ() {
        assert_ne!(super::bytes::<32>(), super::bytes::<32>());
    }

    #[test]
    fn no_two_ids_are_alike_when_the_stock_is_drawn_anew() {
        let ids: std::collections::HashSet<_> = (0..1_000).map(|_| super::of_id_or_abort()).collect();
        assert_eq!(ids.len(), 1_000);
        assert!(!ids.contains(&[0; super::ID]));
    }
}
