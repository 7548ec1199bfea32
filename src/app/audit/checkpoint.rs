//! Signed statements of how far events are sealed, as they lie in the store and as they are kept elsewhere.

use super::chain::{Bytes, Link};
use crate::{
    crypto::AuditKey,
    model::{Instant, OrganizationId},
    store::SealRow,
};
use data_encoding::HEXLOWER;
use std::{fmt, str::FromStr};

/// What a text of a checkpoint begins with; it is looked for anywhere in a line of a log.
const PREFIX: &str = "checkpoint1:";

/// What a statement is signed as. One cannot be taken for the other: a copy of an older checkpoint is no head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum As {
    /// How far everything is sealed now.
    Head,
    /// How far it was.
    Checkpoint,
}

/// What is signed.
pub(super) fn statement(organization: &OrganizationId, row: &SealRow, kind: As) -> Vec<u8> {
    let mut bytes = Bytes::of(match kind {
        As::Head => "castgate event head 1",
        As::Checkpoint => "castgate event checkpoint 1",
    });
    bytes.put(organization.as_str().as_bytes());
    bytes.put(&row.number.to_be_bytes());
    bytes.put(&row.chain);
    bytes.put(&row.at.0.to_be_bytes());
    bytes.put(&row.previous.to_be_bytes());
    bytes.0
}

/// Signs how far events are sealed.
pub(super) fn signed(
    key: &AuditKey,
    organization: &OrganizationId,
    (number, chain): (i64, Link),
    (at, previous): (Instant, i64),
    kind: As,
) -> SealRow {
    let (signer, signature) = (key.id().to_owned(), Vec::new());
    let mut row = SealRow { number, chain: chain.to_vec(), at, previous, signer, signature };
    row.signature = key.sign(&statement(organization, &row, kind));
    row
}

/// A signed checkpoint as it is written to the log and kept elsewhere: one word of ASCII.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// Whose events.
    pub organization: OrganizationId,
    /// What was signed, and the signature.
    pub seal: SealRow,
}

/// A text that is no checkpoint.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("“{0}” is not a checkpoint; one looks like {PREFIX}org_…:120:… and is copied whole")]
pub struct BadCheckpoint(pub String);

impl Checkpoint {
    /// All checkpoints in a text, such as a log, wherever they stand in it.
    pub fn all_in(text: &str) -> impl Iterator<Item = Result<Self, BadCheckpoint>> {
        text.match_indices(PREFIX).map(|(at, _)| {
            let rest = text.get(at..).unwrap_or_default();
            let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == ':' || c == '_')).unwrap_or(rest.len());
            rest.get(..end).unwrap_or_default().parse()
        })
    }
}

impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let SealRow { number, chain, at, previous, signer, signature } = &self.seal;
        let (chain, signature) = (HEXLOWER.encode(chain), HEXLOWER.encode(signature));
        write!(f, "{PREFIX}{}:{number}:{chain}:{}:{previous}:{signer}:{signature}", self.organization, at.0)
    }
}

impl FromStr for Checkpoint {
    type Err = BadCheckpoint;
    fn from_str(text: &str) -> Result<Self, BadCheckpoint> {
        let read = || {
            let parts: Vec<&str> = text.strip_prefix(PREFIX)?.split(':').collect();
            let [organization, number, chain, at, previous, signer, signature] = parts.as_slice() else { return None };
            let seal = SealRow {
                number: number.parse().ok()?,
                chain: HEXLOWER.decode(chain.as_bytes()).ok()?,
                at: Instant(at.parse().ok()?),
                previous: previous.parse().ok()?,
                signer: (*signer).to_owned(),
                signature: HEXLOWER.decode(signature.as_bytes()).ok()?,
            };
            Some(Self { organization: organization.parse().ok()?, seal })
        };
        read().ok_or_else(|| BadCheckpoint(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checkpoint_is_found_in_every_kind_of_log() {
        let organization: OrganizationId = "org_06h00000000000000000000000".parse().unwrap();
        let key = AuditKey::generate().unwrap();
        let seal = signed(&key, &organization, (120, [7; 32]), (Instant(5), 64), As::Checkpoint);
        assert!(key.signed(&statement(&organization, &seal, As::Checkpoint), &seal.signature));
        assert!(!key.signed(&statement(&organization, &seal, As::Head), &seal.signature));
        let checkpoint = Checkpoint { organization, seal };
        let log = format!(
            "{checkpoint}\n2026-01-01 INFO checkpoint={checkpoint} sealed\n{{\"checkpoint\":\"{checkpoint}\"}}\n"
        );
        let found: Vec<_> = Checkpoint::all_in(&log).collect();
        assert_eq!(found, vec![Ok(checkpoint.clone()), Ok(checkpoint.clone()), Ok(checkpoint.clone())]);
        let cut: String = checkpoint.to_string().chars().take(90).collect();
        assert!(Checkpoint::all_in(&cut).next().unwrap().is_err());
    }
}
