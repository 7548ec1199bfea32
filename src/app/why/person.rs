//! Whom a name means.

use super::{
    super::{Ctx, Error},
    called,
};
use crate::{
    model::{User, UserId, fold},
    store::Tx,
};

/// Candidates that are named.
const NAMED: i64 = 6;

/// The one person who is meant: by id; by address or name at any provider; by what stands before the @; and, where nobody is
/// here of that name, somebody who was. Several may be meant, or nobody: then who comes close is named.
pub(super) async fn meant(tx: &mut Tx, ctx: &Ctx, named: &str) -> Result<User, Error> {
    let organization = &ctx.organization;
    if let Ok(id) = named.parse::<UserId>() {
        return tx.user(organization, &id).await?.ok_or_else(|| Error::not_found("user", named));
    }
    let mut exact = tx.users_by_email(organization, named).await?;
    let connections = tx.connections(organization).await?;
    for connection in std::iter::once(None).chain(connections.iter().map(|connection| Some(&connection.id))) {
        let user = tx.user_by_name(organization, connection, named).await?;
        exact.extend(user.filter(|user| !exact.iter().any(|there| there.id == user.id)));
    }
    match one_of(exact) {
        Ok(user) => return Ok(user),
        Err(several) if several.len() > 1 => return Err(several_are(named, &several)),
        Err(_) => {}
    }
    let like = if named.is_empty() { Vec::new() } else { tx.users_called_like(organization, named, NAMED).await? };
    let folded = fold(named);
    let is_called = |user: &User, name: &str| {
        fold(&user.user_name) == name || user.email.as_deref().is_some_and(|email| fold(email) == name)
    };
    let gone: Vec<User> = like.iter().filter(|user| is_called(user, &folded)).cloned().collect();
    let begins = |text: &str| fold(text).split_once('@').is_some_and(|(before, _)| before == folded);
    let short = |user: &&User| {
        user.removed_at.is_none() && (begins(&user.user_name) || user.email.as_deref().is_some_and(begins))
    };
    let short: Vec<User> = like.iter().filter(short).cloned().collect();
    for candidates in [short, gone] {
        match one_of(candidates) {
            Ok(user) => return Ok(user),
            Err(several) if several.len() > 1 => return Err(several_are(named, &several)),
            Err(_) => {}
        }
    }
    if like.is_empty() { Err(Error::not_found("user", named)) } else { Err(several_are(named, &like)) }
}

fn one_of(mut users: Vec<User>) -> Result<User, Vec<User>> {
    match users.pop() {
        Some(user) if users.is_empty() => Ok(user),
        Some(user) => {
            users.push(user);
            Err(users)
        }
        None => Err(users),
    }
}

fn several_are(named: &str, users: &[User]) -> Error {
    let some: Vec<String> = users.iter().map(called).collect();
    let detail = format!("“{named}” may be {}: ask by the id or the whole name", some.join(", or "));
    Error::conflict("ambiguous_subject", detail)
}
