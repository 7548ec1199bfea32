//! Where the attributes that SQL can answer lie.

use crate::filter::AttributePath;

/// What stands for an attribute in a row.
#[derive(Debug, Clone, Copy)]
pub(super) enum Column {
    /// A text as it is, as it folds, or both.
    Text {
        /// The column with the text itself.
        exact: Option<&'static str>,
        /// The column with [`crate::model::fold`] of it.
        folded: Option<&'static str>,
        /// Whether it may be NULL.
        nullable: bool,
    },
    /// 0 or 1.
    Truth(&'static str),
    /// Microseconds, shown as RFC 3339.
    Moment(&'static str),
    /// The same text in every row.
    Fixed(&'static str),
    /// A list of complex values, one for each of certain rows elsewhere.
    Rows(Rows),
}

/// The rows behind a list.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rows {
    /// `SELECT … WHERE …`, tied to the row that has the list.
    pub(super) text: &'static str,
    /// The columns of its sub-attributes, by their name in lower case.
    pub(super) columns: fn(&str) -> Option<Column>,
}

/// The columns of a kind of resource, by attribute and sub-attribute in lower case.
pub(super) type Columns = fn(&str, Option<&str>) -> Option<Column>;

/// Finds the column of a path. Nothing in an extension has one.
pub(super) fn find(columns: Columns, path: &AttributePath) -> Option<Column> {
    if path.is_schema() || (path.schema.is_some() && !path.is_core()) {
        return None;
    }
    columns(&path.name.to_ascii_lowercase(), path.sub.as_deref().map(str::to_ascii_lowercase).as_deref())
}

const fn text(exact: &'static str, folded: &'static str) -> Column {
    Column::Text { exact: Some(exact), folded: Some(folded), nullable: false }
}

/// Columns of which an index finds a value: there is one row with it in a connection, or a few.
pub(super) const LOOKED_UP: [&str; 6] = [
    "users.id",
    "users.user_name_folded",
    "users.external_id",
    "groups.id",
    "groups.display_name_folded",
    "groups.external_id",
];

/// The columns of a user.
pub(super) fn of_users(name: &str, sub: Option<&str>) -> Option<Column> {
    match (name, sub) {
        // An id is in lower case already: it is its own fold.
        ("id", None) => Some(text("users.id", "users.id")),
        ("username", None) => Some(text("users.user_name", "users.user_name_folded")),
        ("externalid", None) => Some(Column::Text { exact: Some("users.external_id"), folded: None, nullable: true }),
        ("active", None) => Some(Column::Truth("users.directory_active")),
        ("meta", Some("created")) => Some(Column::Moment("users.created_at")),
        ("meta", Some("lastmodified")) => Some(Column::Moment("users.updated_at")),
        ("meta", Some("resourcetype")) => Some(Column::Fixed("User")),
        ("groups", _) => Some(Column::Rows(Rows {
            text: "SELECT 1 FROM memberships m JOIN groups g ON g.organization = m.organization AND g.id = m.group_id \
                   WHERE m.organization = users.organization AND m.member_id = users.id AND m.member_kind = 'user' \
                   AND m.ended IS NULL AND g.removed_at IS NULL",
            columns: of_memberships,
        })),
        (_, _) => None,
    }
}

fn of_memberships(name: &str) -> Option<Column> {
    match name {
        "value" => Some(text("g.id", "g.id")),
        "display" => Some(text("g.display_name", "g.display_name_folded")),
        "type" => Some(Column::Fixed("direct")),
        _ => None,
    }
}

/// The columns of a group.
pub(super) fn of_groups(name: &str, sub: Option<&str>) -> Option<Column> {
    match (name, sub) {
        ("id", None) => Some(text("groups.id", "groups.id")),
        ("displayname", None) => Some(text("groups.display_name", "groups.display_name_folded")),
        ("externalid", None) => Some(Column::Text { exact: Some("groups.external_id"), folded: None, nullable: true }),
        ("meta", Some("created")) => Some(Column::Moment("groups.created_at")),
        ("meta", Some("lastmodified")) => Some(Column::Moment("groups.updated_at")),
        ("meta", Some("resourcetype")) => Some(Column::Fixed("Group")),
        ("members", _) => Some(Column::Rows(Rows {
            text: "SELECT 1 FROM memberships m JOIN users u ON u.organization = m.organization AND u.id = m.member_id \
                   WHERE m.organization = groups.organization AND m.group_id = groups.id AND m.member_kind = 'user' \
                   AND m.ended IS NULL AND u.removed_at IS NULL",
            columns: of_members,
        })),
        (_, _) => None,
    }
}

/// A member's `display` is one of two columns, neither of them folded: SQL cannot answer it.
fn of_members(name: &str) -> Option<Column> {
    match name {
        "value" => Some(text("u.id", "u.id")),
        "type" => Some(Column::Fixed("User")),
        _ => None,
    }
}
