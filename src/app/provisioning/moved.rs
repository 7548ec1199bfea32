//! What a change comes to, gathered from what is told of it.

use crate::model::{AccessMoved, EventKind, PushChange};
use serde_json::Value;

/// Lines about access that are kept.
const MOST_LINES: usize = 50;
/// Attributes that are named.
const MOST_ATTRIBUTES: usize = 100;

/// What a change comes to.
#[derive(Debug, Clone, Default)]
pub(in crate::app) struct Moved {
    pub(super) change: PushChange,
    pub(super) access: AccessMoved,
    /// The first user or group that it is about.
    pub(super) resource: Option<String>,
}

impl Moved {
    /// Adds what an event tells.
    pub(in crate::app) fn note(&mut self, kind: EventKind, subjects: &[String], detail: &Value) {
        let Self { change, access, resource } = self;
        let name = kind.name();
        if !change.events.iter().any(|known| known == name) {
            change.events.push(name.to_owned());
        }
        if resource.is_none() {
            let is_one = |id: &&String| id.starts_with("usr_") || id.starts_with("grp_");
            *resource = subjects.iter().find(is_one).cloned();
        }
        let number = |field: &str| detail[field].as_u64().unwrap_or_default();
        let texts = |field: &str| detail[field].as_array().into_iter().flatten().filter_map(Value::as_str);
        if kind == EventKind::UserChanged {
            for attribute in texts("attributes") {
                let known = change.attributes.iter().any(|known| known == attribute);
                if !known && change.attributes.len() < MOST_ATTRIBUTES {
                    change.attributes.push(attribute.to_owned());
                }
            }
        } else if kind == EventKind::GroupMembersChanged {
            change.members_added += number("came");
            change.members_removed += number("went");
            change.members_waiting += number("waiting_changed");
        } else if kind == EventKind::SessionEnded {
            change.sessions_ended += number("sessions");
        } else if kind == EventKind::AccessChanged {
            access.gained += number("opened");
            access.lost += number("closed");
            let left = MOST_LINES.saturating_sub(access.lines.len());
            access.lines.extend(texts("lines").take(left).map(str::to_owned));
        } else if kind == EventKind::OwnerKept {
            access.gained += 1;
            access.lines.extend(subjects.first().map(|user| format!("+ {user} gets owner at organization (floor)")));
        }
    }
}
