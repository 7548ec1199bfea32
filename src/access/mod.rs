//! Line 2: who may what, and why. Pure.
//!
//! Effective access is the union of a person's own bindings and those of their groups. Who holds none has the default of
//! their connection, which is computed here and is never a row. Who is not active has nothing. A key carries its own rights ∩
//! its owner's.
//!
//! [`Access`] is that union with its reasons, [`capability_table`] is the table of the built-in roles, and [`who`]
//! decides whether somebody who arrives is somebody known.

mod effective;
mod kept;
mod narrow;
mod nearest;
mod sync;
mod table;
pub mod who;

pub use effective::{Access, Default, Derivation, Held, Via, capabilities};
pub use kept::{Stopped, rights_of, role_that_gives, together};
pub use nearest::NearMiss;
pub use sync::{Difference, PushedGroup, differences};
pub use table::capability_table;
