//! What a plan of a configuration showed, in few letters: whoever applies it computes anew what it does, and the two must be the
//! same. Nothing is stored for it.

use crate::{app::Error, blueprint::Change, crypto::sha256, plan::Impact};
use data_encoding::BASE64URL_NOPAD;
use std::collections::BTreeSet;

const PREFIX: &str = "cfp1_";
/// Letters of each of its two halves.
const HALF: usize = 22;

fn half(of: &impl serde::Serialize) -> Result<String, Error> {
    let mut text = BASE64URL_NOPAD.encode(&sha256(&serde_json::to_vec(of).map_err(Error::internal)?));
    text.truncate(HALF);
    Ok(text)
}

/// Of what changes, and of what that takes from people.
pub(super) fn of(changes: &[Change], impact: &Impact) -> Result<String, Error> {
    let takes: BTreeSet<String> = impact.takes().into_iter().map(|taken| taken.key).collect();
    Ok(format!("{PREFIX}{}{}", half(&changes)?, half(&(takes, impact.owner_left))?))
}

/// Refuses what would do something else than was seen.
pub(super) fn check(seen: &str, now: &str) -> Result<(), Error> {
    if seen == now {
        return Ok(());
    }
    let halves = |text: &str| {
        let (changes, takes) = text.strip_prefix(PREFIX)?.split_at_checked(HALF)?;
        Some((changes.to_owned(), takes.to_owned()))
    };
    let (Some(seen), Some(now)) = (halves(seen), halves(now)) else {
        return Err(Error::invalid("plan", "this is no plan of a configuration: plan it, and send what that answers"));
    };
    let what = match seen.0 == now.0 {
        true => "it would take other things from people",
        false => "it would change other things",
    };
    let detail = format!("this is not what was planned: {what}. Nothing was changed; plan again");
    Err(Error::conflict("plan_changed", detail))
}
