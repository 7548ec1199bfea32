//! A user and the document that a provider pushed of them.

use crate::{model::User, scim::UserDocument};
use serde_json::Value;

/// The user with what a document says of them.
pub(super) fn described(mut user: User, document: UserDocument) -> User {
    document.user_name().clone_into(&mut user.user_name);
    user.external_id = document.external_id().map(str::to_owned);
    user.display_name = document.shown_name();
    user.email = document.primary_email().map(str::to_owned);
    let active = document.active();
    user.directory_active = active.unwrap_or(user.directory_active);
    user.document = document.into_map();
    // It has a column of its own, which is the one truth about it. A provider that took the attribute away is not shown it,
    // and nobody gets in or out by that: the null remembers it.
    match active {
        Some(_) => drop(user.document.shift_remove("active")),
        None => drop(user.document.insert("active".to_owned(), Value::Null)),
    }
    user
}

/// The document as SCIM knows it: with `active`, which is a column here.
pub(super) fn scim_document(user: &User) -> UserDocument {
    let mut document = user.document.clone();
    match document.shift_remove("active") {
        Some(_) => UserDocument::from_stored(document),
        None => UserDocument::from_stored(document).with_active_unless_said(user.directory_active),
    }
}

/// The names of the attributes that differ; never their values, which are personal.
pub(super) fn changed_attributes(before: &User, after: &User) -> Vec<String> {
    let all: std::collections::BTreeSet<&String> = before.document.keys().chain(after.document.keys()).collect();
    all.into_iter().filter(|name| before.document.get(*name) != after.document.get(*name)).cloned().collect()
}
