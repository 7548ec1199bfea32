//! What a change comes to, gathered from what is told of it.

use crate::model::{AccessMoved, EventKind, Group, PushChange, Terms};
use serde_json::Value;

/// Lines about access that are kept.
const MOST_LINES: usize = 50;
/// Attributes that are named.
const MOST_ATTRIBUTES: usize = 100;

fn add_line(access: &mut AccessMoved, line: String) {
    if access.lines.len() < MOST_LINES {
        access.lines.push(line);
    }
}

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
            for line in texts("lines") {
                add_line(access, line.to_owned());
            }
        } else if kind == EventKind::OwnerKept {
            access.gained += 1;
            if let Some(user) = subjects.first() {
                add_line(access, format!("+ {user} gets owner at organization (floor)"));
            }
        }
    }

    /// Adds what people gain and lose who come into and leave a group that holds a role.
    pub(in crate::app) fn note_roles_through(&mut self, group: &Group, held: &Terms, (came, went): (usize, usize)) {
        let (access, of) =
            (&mut self.access, format!("{} at {} (group “{}”)", held.role, held.scope, group.display_name));
        access.gained += came as u64;
        access.lost += went as u64;
        let people = |count: usize| if count == 1 { "1 person".to_owned() } else { format!("{count} people") };
        if came > 0 {
            add_line(access, format!("+ {} get{} {of}", people(came), if came == 1 { "s" } else { "" }));
        }
        if went > 0 {
            add_line(access, format!("- {} lose{} {of}", people(went), if went == 1 { "s" } else { "" }));
        }
    }
}
