//! Tests of a connection: a real sign-in through everything that signs people in, undone before it is done.

use super::{
    Actor, App, Ctx, Error, Finished, Need, SignInBegun, TurnedAway, Work,
    sign_in::{Journey, SignInAttempt},
};
use crate::{
    crypto::{Secret, TokenKind, sha256, token},
    model::{
        Capability, Connection, ConnectionId, ConnectionSettings, ConnectionTest, EventKind, Instant, OrganizationId,
        TestId, TestResult, UserId,
    },
    sso::Identity,
    store::{Tested, Tx},
};
use serde_json::json;
use std::time::Duration;

/// How long the address of a test can be opened.
const LIFE: Duration = Duration::from_mins(30);

/// A test that has begun.
#[derive(Debug)]
pub struct BegunTest {
    /// The test.
    pub test: ConnectionTest,
    /// What to open in a browser. Whoever opens it signs in, and nothing comes of it but the result.
    pub url: String,
}

/// A test as whoever opened its address sees it.
#[derive(Debug, Clone, PartialEq)]
pub struct TestShown {
    /// Whose connection.
    pub organization: String,
    /// Which.
    pub connection: String,
    /// What was found, once it is.
    pub test: ConnectionTest,
}

fn dead() -> Error {
    Error::TurnedAway(TurnedAway::DeadLink)
}

impl App {
    /// Begins a test of a connection, enabled or not.
    pub async fn test_connection(&self, ctx: &Ctx, id: &ConnectionId) -> Result<BegunTest, Error> {
        let started_by = ctx.actor.user().map_or_else(|| ctx.actor.to_string(), ToString::to_string);
        self.begin_test(ctx, Capability::ManageOrganization.into(), id, started_by).await
    }

    /// The same in whoever's name.
    pub(super) async fn begin_test(
        &self,
        ctx: &Ctx,
        need: Need,
        id: &ConnectionId,
        started_by: String,
    ) -> Result<BegunTest, Error> {
        let secret = token::generate(TokenKind::Test, &mut |bytes: &mut [u8]| self.clock().fill(bytes));
        let test = ConnectionTest {
            id: TestId::from_uuid(self.clock().uuid()),
            connection: id.clone(),
            started_by,
            started_at: ctx.now,
            expires_at: ctx.now.plus(LIFE),
            finished_at: None,
            result: None,
        };
        let mut work = self.begin(ctx, need).await?;
        let outcome = Box::pin(work.add_test(&test, &secret)).await;
        work.finish(outcome).await?;
        let url = format!("{}/login/test/{}", self.settings().server.origin(), secret.expose());
        Ok(BegunTest { test, url })
    }

    /// Up to `limit` tests of a connection that are older than `before` (an id, or '' for the newest), the newest first.
    pub async fn connection_tests(
        &self,
        ctx: &Ctx,
        connection: &ConnectionId,
        before: &str,
        limit: i64,
    ) -> Result<Vec<ConnectionTest>, Error> {
        let mut tx = self.read(ctx, Capability::ManageOrganization).await?;
        present(&mut tx, &ctx.organization, connection).await?;
        Ok(tx.connection_tests(&ctx.organization, connection, before, limit).await?)
    }

    /// One test of a connection.
    pub async fn connection_test(
        &self,
        ctx: &Ctx,
        connection: &ConnectionId,
        id: &TestId,
    ) -> Result<ConnectionTest, Error> {
        let mut tx = self.read(ctx, Capability::ManageOrganization).await?;
        let found = tx.connection_test(&ctx.organization, id).await?.filter(|test| test.connection == *connection);
        found.ok_or_else(|| Error::not_found("test", id.as_str()))
    }

    /// What a test's address shows. Changes nothing, however often it is asked.
    pub async fn test_shown(&self, link: &str) -> Result<TestShown, Error> {
        let (ctx, test, connection) = self.test_of_link(link).await?;
        let name = self.store().read().await?.organization(&ctx.organization).await?.ok_or_else(dead)?.name;
        Ok(TestShown { organization: name, connection: connection.name, test })
    }

    /// Off to the provider, for a test.
    pub async fn follow_test(&self, link: &str) -> Result<SignInBegun, Error> {
        let (ctx, test, connection) = self.test_of_link(link).await?;
        if test.finished_at.is_some() {
            return Err(dead());
        }
        let journey = Journey { test: Some(test.id), ..Journey::default() };
        self.begin_with((&ctx.organization, &connection), None, journey).await
    }

    async fn test_of_link(&self, link: &str) -> Result<(Ctx, ConnectionTest, Connection), Error> {
        let hash = token::parse(link, TokenKind::Test).map_err(|_| dead())?.hash();
        let mut tx = self.store().read().await?;
        let (organization, id) = tx.connection_test_by_link(&hash).await?.ok_or_else(dead)?;
        let now = self.clock().now();
        let test = tx.connection_test(&organization, &id).await?.filter(|test| test.expires_at > now);
        let test = test.ok_or_else(dead)?;
        let connection = tx.connection(&organization, &test.connection).await?.ok_or_else(dead)?;
        let ctx = Ctx { actor: Actor::System, organization, now, request: self.new_request() };
        Ok((ctx, test, connection))
    }

    /// The end of a test: what the sign-in would have come to.
    pub(super) async fn finish_test(
        &self,
        ctx: &Ctx,
        id: &TestId,
        met: Result<(Connection, Identity), Error>,
        mut attempt: SignInAttempt,
    ) -> Result<Finished, Error> {
        // The connection may be disabled: castgate itself looks.
        let ctx = Ctx { actor: Actor::System, ..ctx.clone() };
        let (outcome, connection) = match met {
            Ok((connection, identity)) => {
                attempt.meet(&identity);
                (self.try_arrival(&ctx, &connection, &identity, &mut attempt).await, Some(connection))
            }
            Err(error) => (Err(error), None),
        };
        match &outcome {
            Ok(()) => attempt.succeed(false),
            Err(Error::Unavailable(_) | Error::ReadOnly(_)) => return outcome.map(|()| unreachable!("it is an error")),
            Err(error) => attempt.fail(error),
        }
        let mut work = self.begin(&ctx, Need::Directory).await?;
        let outcome = Box::pin(work.record_test(id, (outcome.is_ok(), connection.as_ref()), attempt)).await;
        let test = work.finish(outcome).await?;
        Ok(Finished::Tested(Box::new(test)))
    }

    /// Everything that a sign-in does, and then nothing of it.
    async fn try_arrival(
        &self,
        ctx: &Ctx,
        connection: &Connection,
        identity: &Identity,
        attempt: &mut SignInAttempt,
    ) -> Result<(), Error> {
        let mut work = self.begin(ctx, Need::Directory).await?;
        let outcome = Box::pin(work.settle_arrival(connection, identity, None, attempt)).await;
        let outcome = match outcome {
            Ok(user) => work.tell_near_misses(&user, attempt).await,
            Err(error) => Err(error),
        };
        work.tx.rollback().await?;
        outcome
    }
}

impl Work<'_> {
    async fn add_test(&mut self, test: &ConnectionTest, secret: &Secret) -> Result<(), Error> {
        let organization = self.ctx.organization.clone();
        let connection = present(&mut self.tx, &organization, &test.connection).await?;
        if !connection.settings.signs_in() {
            let detail = format!("the connection “{}” signs nobody in yet: give it its sign-in first", connection.name);
            return Err(Error::conflict("no_sign_in", detail));
        }
        self.tx.insert_connection_test(&organization, test, &secret.hash()).await?;
        let subjects = [test.connection.to_string(), test.id.to_string()];
        self.tell(EventKind::ConnectionTestStarted, subjects, json!({"by": test.started_by}));
        Ok(())
    }

    async fn record_test(
        &mut self,
        id: &TestId,
        (succeeded, connection): (bool, Option<&Connection>),
        attempt: SignInAttempt,
    ) -> Result<ConnectionTest, Error> {
        let (organization, now) = (self.ctx.organization.clone(), self.ctx.now);
        let mut test = self.tx.connection_test(&organization, id).await?.ok_or_else(dead)?;
        let mut entry = attempt.entry;
        // Whom the sign-in would have made is not here.
        let known = match &entry.user {
            Some(user) => self.tx.user(&organization, user).await?.is_some(),
            None => false,
        };
        let new_person = entry.user.is_some() && !known;
        entry.user = entry.user.filter(|_| known);
        let by_owner = self.is_owner(&test.started_by).await?;
        let result = TestResult { succeeded, by_owner, new_person, entry };
        if !self.tx.finish_connection_test(&organization, id, (&result, now)).await? {
            return Err(dead());
        }
        if let (true, true, Some(connection)) = (succeeded, by_owner, connection) {
            let settings = sign_in_fingerprint(&connection.settings).to_vec();
            let tested = Tested { at: now, by: test.started_by.clone(), settings };
            self.tx.set_connection_tested(&organization, &connection.id, &tested).await?;
        }
        let failure = result.entry.failure;
        let detail = json!({"succeeded": succeeded, "failure": failure, "by_owner": by_owner, "by": test.started_by});
        self.tell(EventKind::ConnectionTested, [test.connection.to_string(), id.to_string()], detail);
        test.finished_at = Some(now);
        test.result = Some(result);
        Ok(test)
    }

    /// Whether this is the id of somebody who is an owner now.
    async fn is_owner(&mut self, id: &str) -> Result<bool, Error> {
        let Ok(id) = id.parse::<UserId>() else { return Ok(false) };
        let organization = self.ctx.organization.clone();
        let Some(user) = self.tx.user(&organization, &id).await? else { return Ok(false) };
        Ok(self.app.access_of(&mut self.tx, &organization, &user, self.ctx.now).await?.is_owner())
    }
}

/// What a test is about: another issuer, client or certificate is another connection, of which nothing is known yet.
pub(super) fn sign_in_fingerprint(settings: &ConnectionSettings) -> [u8; 32] {
    let whole = json!(settings);
    let parts: Vec<_> = ["oidc", "saml"].into_iter().map(|part| whole.get(part)).collect();
    sha256(json!(parts).to_string().as_bytes())
}

/// When and by whom the connection was tested as it is now.
pub(super) async fn tested_as_it_is(
    tx: &mut Tx,
    organization: &OrganizationId,
    connection: &Connection,
) -> Result<Option<(Instant, String)>, Error> {
    let tested = tx.connection_tested(organization, &connection.id).await?;
    let holds = tested.filter(|tested| tested.settings == sign_in_fingerprint(&connection.settings));
    Ok(holds.map(|tested| (tested.at, tested.by)))
}

async fn present(tx: &mut Tx, organization: &OrganizationId, id: &ConnectionId) -> Result<Connection, Error> {
    tx.connection(organization, id).await?.ok_or_else(|| Error::not_found("connection", id.as_str()))
}
