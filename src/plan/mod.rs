//! Line 4: current and wanted become a diff, objections and an impact. Pure.
//!
//! A plan and its apply run the same code: `app::funnel` loads, calls [`diff`], asks [`owners`] and then either shows the
//! outcome or writes it. So a plan cannot disagree with what is applied.

mod diff;
mod impact;
pub mod owners;
mod replay;
mod text_diff;
mod told;

pub use diff::{Diff, diff};
pub use impact::{Impact, InvitationChange, KeyImpact, OwnerLeft, PersonChange, RuleReach, Shift, Taken};
pub use replay::{Given, Replay, Stint, came_and_went};
pub use text_diff::{DiffLine, Fate, TextDiff};
pub use told::Told;
