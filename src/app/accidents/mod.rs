//! Accidents: a source that takes away an unusual share of what it gave is noticed, told of, and can be undone.
//!
//! Nothing is held back and nothing delayed. What is deleted or emptied stays as closed rows and tombstones; [`undo`] opens it
//! again, by statements over sets, in one transaction that the funnel and the owner guard have their say in.

mod breaker;
mod undo;

pub(super) use breaker::Suspected;
pub use breaker::{Accident, BreakerRound};
pub use undo::{Restored, Undo, UndoWish};
