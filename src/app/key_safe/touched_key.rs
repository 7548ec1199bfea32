//! A touched key as people and programs read it.

use crate::{
    access::Stopped,
    model::{Instant, KeyId, UserId},
};
use schemars::JsonSchema;
use serde::Serialize;
use std::fmt;

/// One key that a change of roles touches.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct TouchedKey {
    /// Its id.
    pub id: KeyId,
    /// What its owner calls it.
    pub name: String,
    /// The first letters of its secret.
    pub hint: String,
    /// Whose.
    pub owner: UserId,
    /// What to call them.
    pub owner_label: String,
    /// When it was last let in.
    pub last_used_at: Option<Instant>,
    /// From where.
    pub last_used_from: Option<String>,
    /// How often over the last day, to the hour.
    pub uses_last_day: i64,
    /// How often in each hour of the last day, the oldest first; nothing: never in that time.
    pub uses_by_hour: Vec<i64>,
    /// What it could not do any more, if it is kept.
    pub stops: Vec<Stopped>,
}

impl fmt::Display for TouchedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, hint, owner_label, last_used_at, last_used_from, uses_last_day, stops, .. } = self;
        write!(f, "“{name}” ({hint}…) of {owner_label}: ")?;
        match last_used_at {
            Some(at) => {
                write!(f, "last used {at}")?;
                last_used_from.iter().try_for_each(|from| write!(f, " from {from}"))?;
                write!(f, ", {uses_last_day} times over the last day")?;
            }
            None => f.write_str("never used")?,
        }
        match stops.as_slice() {
            [] => f.write_str("; kept it loses nothing"),
            stops => {
                let stops: Vec<_> = stops.iter().map(ToString::to_string).collect();
                write!(f, "; kept it loses {}", stops.join(", "))
            }
        }
    }
}
