//! Certificates of providers that are about to end: told of 60, 30, 7 and 1 days before. A pinned key is used beyond its end; but
//! a provider changes it about then, and a connection that reads no metadata would stop.

use super::super::{Actor, App, Ctx, Error, Need, Work};
use crate::{
    model::{EventKind, Instant},
    store::EndingCertificate,
};
use serde_json::json;
use std::time::Duration;

const DAY: Duration = Duration::from_hours(24);
/// Days before the end, the nearest first.
const WARNED_BEFORE: [u32; 4] = [1, 7, 30, 60];
/// Certificates that are told of in one round.
const CHUNK: i64 = 200;

/// How many days before its end a certificate is, as it is told: 0 (over), 1, 7, 30 or 60; none: more.
pub(super) fn days_left(now: Instant, ends: Instant) -> Option<i64> {
    if ends <= now {
        return Some(0);
    }
    WARNED_BEFORE.into_iter().find(|days| ends <= now.plus(DAY * *days)).map(i64::from)
}

impl App {
    /// Tells of certificates that end within 60, 30, 7 and 1 days, once each; how many.
    pub(in crate::app) async fn warn_of_certificates(&self) -> Result<usize, Error> {
        let now = self.clock().now();
        let ending = self.store().read().await?.ending_saml_certificates(now, CHUNK).await?;
        let mut warned = 0;
        for ending in &ending {
            let organization = ending.organization.clone();
            let ctx = Ctx { actor: Actor::System, organization, now, request: self.new_request() };
            let mut work = self.begin(&ctx, Need::Operator).await?;
            let outcome = Box::pin(work.warn_of_certificate(ending)).await;
            warned += usize::from(work.finish(outcome).await?);
        }
        Ok(warned)
    }
}

impl Work<'_> {
    async fn warn_of_certificate(&mut self, ending: &EndingCertificate) -> Result<bool, Error> {
        // What is over is nearer to its end than a day.
        let days = days_left(self.ctx.now, ending.not_after).unwrap_or(60).max(1);
        if !self.tx.mark_certificate_warned(ending, days).await? {
            return Ok(false);
        }
        let EndingCertificate { connection, name, fingerprint, not_after, .. } = ending;
        let detail = json!({"connection": name, "fingerprint": fingerprint, "ends": not_after, "days": days});
        self.tell(EventKind::CertificateEnding, [connection.to_string()], detail.clone());
        self.notify(&json!({"what": "a provider's certificate ends soon", "certificate": detail})).await?;
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_warning_is_the_one_that_is_told() {
        let at = |days: i64| Instant(days * 86_400 * 1_000_000);
        let told: Vec<_> = [61, 60, 31, 30, 8, 7, 2, 1, 0].map(|days| days_left(at(100), at(100 + days))).into();
        let expected = [None, Some(60), Some(60), Some(30), Some(30), Some(7), Some(7), Some(1), Some(0)];
        assert_eq!(told, expected);
    }
}
