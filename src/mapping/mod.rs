//! Line 3: facts in, grants out. The mapping config — a YAML text — says who gets which role, and where.
//!
//! ```text
//! text → [source]   YAML whose nodes know their place
//!      → [parse]    a draft: the right keys and types, nothing resolved
//!      → [compile]  rules against what the organization has now: its roles, clusters and connections
//!      → [lint]     what loads but is probably not what was meant; [owner], [shadow] and [logic] are its three hard questions
//!      → [cases]    the `tests:` of the config itself
//!      → [evaluate] facts → grants with their reasons, and near misses
//! ```
//!
//! [`check`] runs all of it but the last and reports everything at once, each finding with its line and column.
//! [`in_force`] is for a mapping that was published before the organization changed: what no longer resolves grants
//! nothing and the rest holds.
//!
//! [`Why`] is what all of it comes to for one person: the way back from a capability to what a provider said, or what
//! [stands](Lacking) between the two.
//!
//! Two kinds of rules: one that only names groups binds the *group* ([`Mapping::for_group`]); one with `when` binds the
//! *user* ([`Mapping::for_user`]). The rules are additive and their order means nothing.

#![expect(clippy::similar_names, reason = "rules give roles: both words are what this module is about")]

mod aliases;
mod cases;
mod compile;
mod condition;
mod diagnostic;
mod evaluate;
mod index;
mod lacking;
mod lint;
mod load;
mod logic;
mod outcome;
mod owner;
mod parse;
mod pattern;
mod rule;
mod shadow;
mod source;
mod time;
mod vocabulary;
mod why;

#[cfg(test)]
mod tests;

pub use diagnostic::{Diagnostic, Severity};
pub use evaluate::MetGroup;
pub use lacking::{Lacking, NearGroup, Pushed};
pub use load::{Checked, MAX_RULES, MAX_TEXT, TestRun, check, in_force};
pub use outcome::{Because, DefaultRole, Grant, GrantScope, GroupFact, MissKind, NearMiss, Outcome, UserFacts};
pub use owner::OwnerRule;
pub use rule::{Mapping, Reach, ReachScope};
pub use vocabulary::{KnownCluster, KnownGroup, Vocabulary};
/// YAML whose nodes know their place: for other documents that are read as strictly as a mapping.
pub(crate) mod yaml {
    pub(crate) use super::{
        diagnostic::{Findings, did_you_mean},
        source::{Extent, Place, Source, load},
    };
}

pub use why::{BindingGround, FactGround, Grounds, MembershipGround, PushTold, RuleGround, Told, Why};
