//! Who comes with a secret that opens nothing any more, or not here, is told why: only its holder can show it. That somebody
//! does is noted for admins, who otherwise look for the provider whose pushes have stopped.

use super::{
    super::{App, Error, credentials::told_only},
    Refusing, Shown, refusal,
};
use crate::{
    crypto::Presented,
    model::{ConnectionId, Instant},
    store::EndedToken,
};

impl App {
    /// Why a well-formed token opens nothing where it was shown.
    pub(super) async fn why_it_opens_nothing(
        &self,
        presented: &Presented,
        shown: Shown<'_>,
    ) -> Result<Refusing, Error> {
        let (hash, now) = (presented.hash(), self.clock().now());
        let Some(ended) = self.store().read().await?.scim_token_shown(&hash).await? else {
            return Ok(Refusing::Unknown);
        };
        let Some(why) = reason(&ended, shown.at, now) else { return Ok(Refusing::Unknown) };
        if let Some(refused) = refusal(&ended.token.uses, &why, (now, shown.from)) {
            let noted = async {
                let mut tx = self.store().write("token refused").await?;
                tx.note_refused_token(&hash, &refused).await?;
                tx.commit().await
            };
            told_only(noted.await);
        }
        Ok(Refusing::Known(why))
    }
}

/// What to say of it; nothing when it opens something after all, for which two requests have to meet.
fn reason(ended: &EndedToken, at: Option<&ConnectionId>, now: Instant) -> Option<String> {
    let token = &ended.token;
    let what = if token.slot == 0 { "this access token" } else { "this secret" };
    let expired = token.expires_at.filter(|expires| *expires <= now);
    // Of two ends the first counts.
    let revoked = token.revoked_at.filter(|revoked| expired.is_none_or(|expired| *revoked < expired));
    if let Some(revoked) = revoked {
        return Some(format!("{what} was revoked on {}", moment(revoked)));
    }
    if let Some(expired) = expired {
        return Some(match &ended.replacement {
            Some(hint) => {
                format!("{what} was replaced by the one that begins with {hint} and ended on {}", moment(expired))
            }
            None => format!("{what} expired on {}", moment(expired)),
        });
    }
    if !ended.current {
        return Some(format!("{what} ended when its connection was disabled"));
    }
    if !ended.enabled {
        return Some(format!("{what} belongs to a connection that is disabled"));
    }
    at.filter(|at| **at != token.connection).map(|_| format!("{what} belongs to another connection than this address"))
}

/// To the second.
pub(super) fn moment(instant: Instant) -> Instant {
    Instant(instant.seconds().saturating_mul(1_000_000))
}
