//! A browser that somebody signed in with before: a sealed cookie says so. It opens nothing; its attempts are counted by themselves.

use super::super::App;
use crate::{
    crypto::Context,
    model::{Instant, OrganizationId, User, UserId},
};
use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use serde::{Deserialize, Serialize};

const COOKIE: Context<'static> = Context { organization: "-", table: "cookies", row: "device", column: "known" };

/// Whose browser it is, and which of theirs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Device {
    organization: OrganizationId,
    user: UserId,
    id: String,
    since: Instant,
}

impl App {
    /// The browser's own name, if this person signed in with it before.
    pub(super) fn known_device(&self, cookie: Option<&str>, whose: (&OrganizationId, &UserId)) -> Option<String> {
        let sealed = BASE64URL_NOPAD.decode(cookie?.as_bytes()).ok()?;
        let device: Device = serde_json::from_slice(&self.sealer().open(&COOKIE, &sealed).ok()?).ok()?;
        let until = device.since.plus(self.settings().passwords.browser_remembered.get());
        ((&device.organization, &device.user) == whose && until > self.clock().now()).then_some(device.id)
    }

    /// What a browser keeps in which this person has just signed in; nothing where it cannot be made, which costs a wait at most.
    pub(super) fn device_cookie(&self, organization: &OrganizationId, user: &User) -> Option<String> {
        let mut id = [0; 16];
        self.clock().fill(&mut id);
        let device = Device {
            organization: organization.clone(),
            user: user.id.clone(),
            id: HEXLOWER.encode(&id),
            since: self.clock().now(),
        };
        let sealed = self.sealer().seal(&COOKIE, &serde_json::to_vec(&device).ok()?).ok()?;
        Some(BASE64URL_NOPAD.encode(&sealed))
    }
}
