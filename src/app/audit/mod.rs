//! Events are sealed after their commit: numbered without gaps, chained, and signed for from time to time, so that somebody
//! who can write to the store but has not the master key cannot change, remove, insert or reorder one unnoticed.
//!
//! [`App::seal_events`](super::App::seal_events) is the sealer, [`Auditor`] looks whether all is as it was sealed, and a
//! [`Checkpoint`] kept elsewhere finds even the one who cuts events and everything that told of them. What was erased on request
//! is counted, and told from what somebody took away by themselves: see [`super::erasure`].

mod chain;
mod checkpoint;
mod displaced;
mod erased;
mod finding;
mod keys;
mod sealer;
mod verify;

pub(super) use erased::{ERASED, Erased, kept, left_by};

pub use checkpoint::{BadCheckpoint, Checkpoint};
pub use finding::{Finding, Wrong};
pub use keys::AuditKeys;
pub use sealer::SealingRound;
pub use verify::{Audit, Auditor, Progress};
