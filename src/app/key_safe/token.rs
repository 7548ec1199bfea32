//! The token of a preview: what was shown, in few letters. Nothing is stored for it: whoever makes the change computes anew what
//! it touches, and the two must be the same.

use super::{RoleChange, weigh::Touched};
use crate::{app::Error, crypto::sha256, model::OrganizationId};
use data_encoding::BASE64URL_NOPAD;
use std::collections::BTreeMap;

const PREFIX: &str = "kp1_";
/// Bytes of a digest.
const CHANGE: usize = 16;
const KEY: usize = 8;
/// Bytes of a key's id.
const ID: usize = 30;
/// Keys that are told apart one by one. Of more than that only whether anything moved can be said.
const APART: usize = 2000;
/// What moved, in a refusal.
const NAMED: usize = 10;

fn digest<T: serde::Serialize>(of: &T) -> Result<[u8; 32], Error> {
    Ok(sha256(&serde_json::to_vec(of).map_err(Error::internal)?))
}

fn short<const N: usize>(whole: [u8; 32]) -> [u8; N] {
    let mut short = [0; N];
    short.iter_mut().zip(whole).for_each(|(to, from)| *to = from);
    short
}

/// One key as it was shown: whatever of it may change what somebody decides.
fn of_key(one: &Touched) -> Result<[u8; KEY], Error> {
    let key = &one.key;
    let shown = (&key.owner, &key.name, &key.rights, key.active, key.expires_at, one.before.kept(), one.after.kept());
    digest(&shown).map(short)
}

/// The token of a change that touches these keys.
pub(super) fn of(organization: &OrganizationId, change: &RoleChange, touched: &[Touched]) -> Result<String, Error> {
    let mut bytes = short::<CHANGE>(digest(&(organization, change))?).to_vec();
    let mut keys = Vec::new();
    for one in touched {
        keys.extend(one.key.id.as_str().as_bytes());
        keys.extend(of_key(one)?);
    }
    if touched.len() > APART {
        bytes.extend(sha256(&keys));
    } else {
        bytes.extend(keys);
    }
    Ok(format!("{PREFIX}{}", BASE64URL_NOPAD.encode(&bytes)))
}

/// Refuses a change that touches other keys than were shown, or touches them in another way; says what moved.
pub(super) fn check(
    token: &str,
    (organization, change): (&OrganizationId, &RoleChange),
    touched: &[Touched],
) -> Result<(), Error> {
    if token == of(organization, change, touched)? {
        return Ok(());
    }
    let bad =
        || Error::invalid("preview", "this is no token of a preview: ask for a preview, and send what it answers");
    let bytes = token.strip_prefix(PREFIX).and_then(|text| BASE64URL_NOPAD.decode(text.as_bytes()).ok());
    let bytes = bytes.ok_or_else(bad)?;
    let (shown_change, shown) = bytes.split_at_checked(CHANGE).ok_or_else(bad)?;
    if shown_change != short::<CHANGE>(digest(&(organization, change))?) {
        let detail = "the token is that of another change: ask for a preview of this one";
        return Err(Error::conflict("preview_stale", detail));
    }
    let moved = what_moved(shown, touched)?;
    let named = moved.iter().take(NAMED).cloned().collect::<Vec<_>>().join("; ");
    let more = if moved.len() > NAMED { format!("; and {} more", moved.len() - NAMED) } else { String::new() };
    let detail = format!("this is not what was previewed: {named}{more}. Nothing was changed; ask for a preview again");
    Err(Error::conflict("preview_stale", detail))
}

fn what_moved(shown: &[u8], touched: &[Touched]) -> Result<Vec<String>, Error> {
    if shown.len() == 32 || !shown.len().is_multiple_of(ID + KEY) || touched.len() > APART {
        return Ok(vec![format!("{} keys are touched, and not as it was shown", touched.len())]);
    }
    let mut before: BTreeMap<&[u8], &[u8]> =
        shown.chunks_exact(ID + KEY).filter_map(|one| one.split_at_checked(ID)).collect();
    let mut moved = Vec::new();
    for one in touched {
        let name = format!("the key {} (“{}” of {})", one.key.id, one.key.name, one.label);
        match before.remove(one.key.id.as_str().as_bytes()) {
            None => moved.push(format!("{name} is touched as well")),
            Some(digest) if digest != of_key(one)? => moved.push(format!("{name} has changed")),
            Some(_) => {}
        }
    }
    moved.extend(before.keys().map(|id| format!("the key {} is touched no more", String::from_utf8_lossy(id))));
    Ok(moved)
}
