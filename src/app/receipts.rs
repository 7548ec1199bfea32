//! Receipts: what each end of somebody's access ended, signed in the transaction that ends it.
//!
//! The key is the one that signs how far events are sealed; `castgate audit key` prints its public half. Signed are the words
//! `castgate receipt 1`, a line feed, and the statement as it is kept. Who outside took note is known only later: that is
//! signed when it is read, behind the words `castgate acknowledgements 1`.

use super::{App, AuditKeys, Ctx, Error, Work};
use crate::{
    model::{ApiKey, Capability, EventId, Instant, OrganizationId, ReceiptId, RequestId, User, UserId, WebhookId},
    store::{Acknowledged, LetIn, ReceiptRow},
};
use data_encoding::BASE64;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeSet, HashMap};

/// What stands before a statement when it is signed: a receipt cannot be taken for anything else that the key signs.
const PURPOSE: &str = "castgate receipt 1\n";
/// The same for who took note.
const TOLD: &str = "castgate acknowledgements 1\n";

/// What a receipt says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "ReceiptStatement")]
pub struct Statement {
    /// The receipt.
    pub receipt: ReceiptId,
    /// In which organization.
    pub organization: OrganizationId,
    /// Whose access ended.
    pub user: UserId,
    /// When.
    pub at: Instant,
    /// Why: `suspended`, `removed`, or in words.
    pub why: String,
    /// Who did it: an actor's text.
    pub actor: String,
    /// In which request.
    pub request: RequestId,
    /// How many sessions ended.
    pub sessions: u64,
    /// How many API keys open nothing any more.
    pub keys: u64,
    /// When the last request was let in, to the minute; none: there was none by a session that was open, or by a key.
    pub last_accepted: Option<Instant>,
}

/// A receipt, and whether its signature holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "Receipt")]
pub struct AccessReceipt {
    /// Its id.
    pub id: ReceiptId,
    /// What it says.
    pub said: Statement,
    /// The same, letter by letter as it was signed.
    pub statement: String,
    /// The key that signed it.
    pub signer: String,
    /// The key's public half (Ed25519), in base64; none when no key of this deployment signed it.
    pub public_key: Option<String>,
    /// The signature, in base64, of `castgate receipt 1`, a line feed and the statement.
    pub signature: String,
    /// Whether the signature holds.
    pub valid: bool,
    /// Who outside was told of it by a webhook, and took note: after the receipt was signed, and so not in the statement.
    pub acknowledgements: Vec<Acknowledgement>,
    /// The same, signed.
    pub told: SignedAcknowledgements,
}

/// Who took note so far, signed when it was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct SignedAcknowledgements {
    /// The receipt, its signature, when this was read, and the acknowledgements, letter by letter as they were signed.
    pub statement: String,
    /// The key that signed it.
    pub signer: String,
    /// The key's public half (Ed25519), in base64.
    pub public_key: String,
    /// The signature, in base64, of `castgate acknowledgements 1`, a line feed and the statement.
    pub signature: String,
}

/// What is signed of the acknowledgements. By its signature the receipt is that one and no other.
#[derive(Debug, Serialize)]
struct Told<'a> {
    receipt: &'a ReceiptId,
    receipt_signature: &'a str,
    at: Instant,
    acknowledgements: &'a [Acknowledgement],
}

/// That a webhook was told of the end of somebody's access.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Acknowledgement {
    /// Which webhook.
    pub webhook: WebhookId,
    /// What it is called; none: it was deleted since.
    pub name: Option<String>,
    /// Which event it was told of: the `webhook-id` of the message.
    pub event: EventId,
    /// The event's kind.
    pub kind: String,
    /// How often it was tried.
    pub attempts: i64,
    /// When it took note; none: not yet.
    pub at: Option<Instant>,
    /// The status of its last answer.
    pub status: Option<i64>,
}

impl From<Acknowledged> for Acknowledgement {
    fn from(row: Acknowledged) -> Self {
        let Acknowledged { request: _, webhook, name, event, kind, attempts, at, status } = row;
        Self { webhook, name, event, kind, attempts, at, status }
    }
}

impl Told<'_> {
    fn signed(&self, keys: &AuditKeys) -> Result<SignedAcknowledgements, Error> {
        let statement = serde_json::to_string(self).map_err(Error::internal)?;
        let (signer, signature) = keys.sign(&SignedAcknowledgements::message(&statement))?;
        let public = keys.public().find(|(id, _)| *id == signer).map(|(_, public)| BASE64.encode(public));
        Ok(SignedAcknowledgements {
            signer: signer.to_owned(),
            public_key: public.unwrap_or_default(),
            signature: BASE64.encode(&signature),
            statement,
        })
    }
}

impl SignedAcknowledgements {
    /// What is signed of a statement.
    #[must_use]
    pub fn message(statement: &str) -> Vec<u8> {
        [TOLD.as_bytes(), statement.as_bytes()].concat()
    }
}

impl AccessReceipt {
    /// What is signed of a statement.
    #[must_use]
    pub fn message(statement: &str) -> Vec<u8> {
        [PURPOSE.as_bytes(), statement.as_bytes()].concat()
    }
}

impl App {
    /// What ends of access left behind, older than `before` (an id, or '' for the newest), the newest first.
    pub async fn receipts(
        &self,
        ctx: &Ctx,
        user: Option<&UserId>,
        page: (&str, i64),
    ) -> Result<Vec<AccessReceipt>, Error> {
        let mut tx = self.read(ctx, Capability::ManageMembers).await?;
        let rows = tx.receipts(&ctx.organization, user, page).await?;
        let people: BTreeSet<UserId> = rows.iter().map(|row| row.user.clone()).collect();
        let mut told = HashMap::new();
        for person in people {
            let acknowledged = tx.acknowledgements(&ctx.organization, &person).await?;
            told.insert(person, acknowledged);
        }
        let mut receipts = Vec::with_capacity(rows.len());
        for row in rows {
            let of_person = told.get(&row.user).map(Vec::as_slice).unwrap_or_default();
            receipts.push(self.read_receipt(row, of_person, ctx.now)?);
        }
        Ok(receipts)
    }

    /// One of them.
    pub async fn access_receipt(&self, ctx: &Ctx, id: &ReceiptId) -> Result<AccessReceipt, Error> {
        let mut tx = self.read(ctx, Capability::ManageMembers).await?;
        let row = tx.receipt(&ctx.organization, id).await?;
        let row = row.ok_or_else(|| Error::not_found("receipt", id.as_str()))?;
        let told = tx.acknowledgements(&ctx.organization, &row.user).await?;
        self.read_receipt(row, &told, ctx.now)
    }

    /// `told`: what was told of the person, to whom, by any end of their access.
    fn read_receipt(&self, row: ReceiptRow, told: &[Acknowledged], now: Instant) -> Result<AccessReceipt, Error> {
        let ReceiptRow { id, user: _, at: _, statement, signer, signature } = row;
        let keys = self.audit_keys()?;
        let public = keys.signer(&signer, &AccessReceipt::message(&statement), &signature);
        let said: Statement = serde_json::from_str(&statement).map_err(Error::internal)?;
        let of_this = told.iter().filter(|acknowledged| acknowledged.request == said.request);
        let acknowledgements: Vec<_> = of_this.cloned().map(Acknowledgement::from).collect();
        let signature = BASE64.encode(&signature);
        let told = Told { receipt: &id, receipt_signature: &signature, at: now, acknowledgements: &acknowledgements }
            .signed(&keys)?;
        Ok(AccessReceipt {
            acknowledgements,
            told,
            said,
            public_key: public.map(|key| BASE64.encode(key)),
            signature,
            valid: public.is_some(),
            id,
            statement,
            signer,
        })
    }
}

impl Work<'_> {
    /// Signs for the end of somebody's access.
    pub(super) async fn leave_receipt(
        &mut self,
        user: &User,
        (why, let_in): (&'static str, LetIn),
        keys: &[ApiKey],
    ) -> Result<(), Error> {
        let (organization, now) = (self.ctx.organization.clone(), self.ctx.now);
        let live = keys.iter().filter(|key| key.active && key.expires_at.is_none_or(|at| at > now));
        let id = ReceiptId::from_uuid(self.app.clock().uuid());
        let statement = Statement {
            receipt: id.clone(),
            organization: organization.clone(),
            user: user.id.clone(),
            at: now,
            why: why.to_owned(),
            actor: self.ctx.actor.to_string(),
            request: self.ctx.request.clone(),
            sessions: let_in.sessions,
            keys: live.count() as u64,
            last_accepted: let_in.last,
        };
        let statement = serde_json::to_string(&statement).map_err(Error::internal)?;
        let audit = self.app.audit_keys()?;
        let (signer, signature) = audit.sign(&AccessReceipt::message(&statement))?;
        let (signer, user, at) = (signer.to_owned(), user.id.clone(), now);
        let row = ReceiptRow { id, user, at, statement, signer, signature };
        self.tx.insert_receipt(&organization, &row).await?;
        self.ends_access = true;
        Ok(())
    }
}
