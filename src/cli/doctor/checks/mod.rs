//! What is asked, part by part.

mod access;
mod bulk;
mod changes;
mod cursors;
mod discovery;
mod entra;
mod filters;
mod groups;
mod lifecycle;
mod lost;
mod me;
mod members;
mod paging;
mod people;
mod projection;
mod refusals;
mod roles;
mod versions;

use super::{
    super::client::{Code, Stop},
    ask::Ask,
    standing,
    visit::Visit,
};

/// Asks everything.
///
/// # Errors
/// Where nobody answers, or the token is refused: nothing could be learned.
pub(super) async fn all(visit: &mut Visit) -> Result<(), Stop> {
    begin(visit).await?;
    visit.enter("discovery", discovery::RULES);
    discovery::check(visit).await;
    visit.enter("access", access::RULES);
    access::check(visit).await;
    visit.enter("refusals", refusals::RULES);
    refusals::check(visit).await;
    visit.enter("paging", paging::RULES);
    paging::check(visit).await;
    visit.enter("who asks", me::RULES);
    me::check(visit).await;
    visit.enter("roles", roles::RULES);
    roles::check(visit).await;
    if visit.scope.read_only {
        skip(visit);
        return Ok(());
    }
    visit.enter("people", people::RULES);
    people::check(visit).await;
    visit.enter("coming and going", lifecycle::RULES);
    lifecycle::check(visit).await;
    visit.enter("changes", changes::RULES);
    changes::check(visit).await;
    visit.enter("changes as Entra sends them", entra::RULES);
    entra::check(visit).await;
    visit.enter("groups", groups::RULES);
    groups::check(visit).await;
    visit.enter("members", members::RULES);
    members::check(visit).await;
    visit.enter("filters", filters::RULES);
    filters::check(visit).await;
    visit.enter("projection", projection::RULES);
    projection::check(visit).await;
    visit.enter("versions", versions::RULES);
    versions::check(visit).await;
    visit.enter("cursors", cursors::RULES);
    cursors::check(visit).await;
    visit.enter("bulk", bulk::RULES);
    bulk::check(visit).await;
    visit.enter("lost answers", lost::RULES);
    lost::check(visit).await;
    Ok(())
}

/// Whether there is anything to talk to.
async fn begin(visit: &mut Visit) -> Result<(), Stop> {
    visit.enter("every answer", standing::RULES);
    let first = visit.send(Ask::get("/Users").with("count", 1)).await;
    match first.status {
        0 => Err(Stop::new(Code::Unavailable, format!("{} gives no answer: {}", visit.base(), first.text))),
        401 | 403 => Err(Stop::new(
            Code::NotSignedIn,
            format!(
                "{} refuses the token: {}\n  Make one for this connection and give it to the doctor.",
                visit.base(),
                first.told()
            ),
        )),
        404 if first.json["schemas"].is_null() => Err(Stop::new(
            Code::NotFound,
            format!(
                "{}/Users is no SCIM endpoint: {}\n  Is the base address right? It often ends in /scim/v2.",
                visit.base(),
                first.told()
            ),
        )),
        _ => Ok(()),
    }
}

/// What --read-only leaves out.
fn skip(visit: &mut Visit) {
    for (area, rules) in [
        ("people", people::RULES),
        ("coming and going", lifecycle::RULES),
        ("changes", changes::RULES),
        ("changes as Entra sends them", entra::RULES),
        ("groups", groups::RULES),
        ("members", members::RULES),
        ("filters", filters::RULES),
        ("projection", projection::RULES),
        ("versions", versions::RULES),
        ("cursors", cursors::RULES),
        ("bulk", bulk::RULES),
        ("lost answers", lost::RULES),
    ] {
        visit.enter(area, rules);
        visit.leave("--read-only");
    }
}
