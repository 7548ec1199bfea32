//! What an audit finds, in words.

use serde::Serialize;
use std::fmt;

/// What is wrong with an organization's events.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "what")]
pub enum Wrong {
    /// The event is not the one that was sealed under this number: it, its subjects or its link were changed.
    Changed,
    /// There is no event of this number.
    Missing {
        /// The last number of the gap.
        through: i64,
    },
    /// Another event stands here than belongs here.
    Displaced {
        /// The number that the event which belongs here has now; none, if it has none.
        now: Option<i64>,
    },
    /// No event of this number was sealed, or there are two.
    Inserted,
    /// Events were chained anew by somebody without the key: the chain holds, but not what was signed of it.
    Rechained {
        /// The last number that may be concerned.
        through: i64,
    },
    /// The newest events are gone.
    TailCut {
        /// The last number that was sealed.
        through: i64,
    },
    /// The statement of how far the events are sealed is missing or not signed by castgate.
    HeadForged,
    /// A checkpoint is not signed by castgate.
    CheckpointForged,
    /// A checkpoint was removed.
    CheckpointMissing,
    /// The checkpoint that was kept elsewhere is not signed by a key of this castgate.
    AnchorForged,
    /// The event's detail was taken away, and no event of erasure tells of it.
    TakenAway,
    /// What the event says that it erased is not what is gone: something was put back, or taken away besides.
    ErasureBroken,
    /// Every organization begins with an event that says so, and here is none.
    BeginningGone,
}

/// The first thing that is wrong with an organization's events.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The first number that is concerned; 0 when it is about none.
    pub number: i64,
    /// The id of the event that stands there, if one does.
    pub id: Option<String>,
    /// What is wrong.
    #[serde(flatten)]
    pub wrong: Wrong,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = self.number;
        let id = self.id.as_deref().unwrap_or("no id");
        match &self.wrong {
            Wrong::Changed => write!(f, "event {number} ({id}) was changed after it was sealed"),
            Wrong::Missing { through } if *through == number => write!(f, "event {number} is missing"),
            Wrong::Missing { through } => write!(f, "events {number} to {through} are missing"),
            Wrong::Displaced { now: Some(now) } => {
                write!(f, "event {number} ({id}) does not belong there: the event that does has the number {now} now")
            }
            Wrong::Displaced { now: None } => {
                write!(f, "event {number} ({id}) does not belong there: the event that does has no number any more")
            }
            Wrong::Inserted => write!(f, "event {number} ({id}) was inserted: the sealer gave it no number"),
            Wrong::Rechained { through } => {
                write!(f, "events {number} to {through} were chained anew: something among them is not what was signed")
            }
            Wrong::TailCut { through } => write!(f, "the newest events are gone: {number} to {through}"),
            Wrong::HeadForged => f.write_str("the statement of how far events are sealed is missing or was changed"),
            Wrong::CheckpointForged => write!(f, "the checkpoint at event {number} was changed"),
            Wrong::CheckpointMissing => write!(f, "a checkpoint before or at event {number} was removed"),
            Wrong::AnchorForged => {
                write!(f, "the saved checkpoint at event {number} is not signed by a key of this castgate")
            }
            Wrong::TakenAway => {
                write!(f, "the detail of event {number} ({id}) was taken away, and no event of erasure tells of it")
            }
            Wrong::ErasureBroken => write!(
                f,
                "what event {number} ({id}) says that it erased is not what is gone: something was put back, or taken \
                 away besides"
            ),
            Wrong::BeginningGone => f.write_str("the event that every organization begins with is gone"),
        }
    }
}
