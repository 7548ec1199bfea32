//! Secrets at rest: AES-256-GCM under the master key, bound to the place where they lie.
//!
//! A sealed value is `version (1) | key id (8) | nonce (12) | ciphertext | tag (16)`. The place (organization, table, row,
//! column) is authenticated beside it: whoever can write to the database cannot move another tenant's client secret into
//! their own row and have it sent to a server of theirs. Keys rotate by putting a new one in front: it seals, all open.

use super::{hash::sha256, keyfile::MasterKey};
use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use secrecy::{SecretString, zeroize::Zeroizing};
use std::fmt;

const VERSION: u8 = 1;
const KEY_ID: usize = 8;
const HEADER: usize = 1 + KEY_ID + NONCE_LEN;
/// What the sealing key is derived for; another use of the master key derives another key.
const PURPOSE: &str = "seal secrets at rest";

/// The place where a sealed value lies. Opening it elsewhere fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Context<'a> {
    /// The organization's id, or `-` for what belongs to the deployment.
    pub organization: &'a str,
    /// The table.
    pub table: &'a str,
    /// The row's key.
    pub row: &'a str,
    /// The column.
    pub column: &'a str,
}

impl Context<'_> {
    /// The authenticated bytes. Each part carries its length: `a|bc` and `ab|c` are two places.
    fn bytes(&self) -> Vec<u8> {
        let mut out = vec![VERSION];
        for part in [self.organization, self.table, self.row, self.column] {
            out.extend_from_slice(&(part.len() as u64).to_be_bytes());
            out.extend_from_slice(part.as_bytes());
        }
        out
    }
}

/// Why a value was not sealed or opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// There is no key at all.
    #[error("no sealing key is loaded; the key file is empty")]
    NoKey,
    /// The value is shorter than any sealed value, or of a version to come.
    #[error("this is not a sealed value, or a newer castgate sealed it")]
    NotSealed,
    /// The key that sealed it is not in the key file.
    #[error("this value was sealed with key {id}, which is not in the key file; put that key back")]
    UnknownKey {
        /// The id of the missing key, hexadecimal.
        id: String,
    },
    /// It was changed, or lies in another place than it was sealed for.
    #[error("this sealed value was changed or moved; restore it from a backup or set the secret again")]
    Tampered,
    /// The sealed bytes are no text.
    #[error("this sealed value is not text")]
    NotText,
    /// The library refused the key or had no randomness.
    #[error("the crypto library refused to seal")]
    Refused,
}

struct Key {
    id: [u8; KEY_ID],
    cipher: RandomizedNonceKey,
}

/// Seals with the newest key, opens with all.
pub struct Sealer {
    keys: Vec<Key>,
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sealer({} keys)", self.keys.len())
    }
}

impl Sealer {
    /// A sealer over a ring of master keys, newest first.
    pub fn new(keys: &[MasterKey]) -> Result<Self, SealError> {
        if keys.is_empty() {
            return Err(SealError::NoKey);
        }
        let keys = keys.iter().map(derive).collect::<Result<_, _>>()?;
        Ok(Self { keys })
    }

    /// The ids of the keys, hexadecimal; the one that seals is first.
    pub fn key_ids(&self) -> impl Iterator<Item = String> {
        self.keys.iter().map(|key| hex(&key.id))
    }

    /// Seals `plaintext` for one place.
    pub fn seal(&self, context: &Context<'_>, plaintext: &[u8]) -> Result<Vec<u8>, SealError> {
        let key = self.keys.first().ok_or(SealError::NoKey)?;
        let mut body = Zeroizing::new(plaintext.to_vec());
        let (nonce, tag) = key
            .cipher
            .seal_in_place_separate_tag(Aad::from(context.bytes()), &mut body)
            .map_err(|_| SealError::Refused)?;
        let mut out = Vec::with_capacity(HEADER + body.len() + tag.as_ref().len());
        out.push(VERSION);
        out.extend_from_slice(&key.id);
        out.extend_from_slice(nonce.as_ref());
        out.extend_from_slice(&body);
        out.extend_from_slice(tag.as_ref());
        Ok(out)
    }

    /// Opens what was sealed for this place. The bytes are wiped when dropped.
    pub fn open(&self, context: &Context<'_>, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError> {
        let (header, body) = sealed.split_at_checked(HEADER).ok_or(SealError::NotSealed)?;
        let (version, rest) = header.split_first().ok_or(SealError::NotSealed)?;
        let (id, nonce) = rest.split_at_checked(KEY_ID).ok_or(SealError::NotSealed)?;
        if *version != VERSION {
            return Err(SealError::NotSealed);
        }
        let key = self.keys.iter().find(|key| key.id == id).ok_or_else(|| SealError::UnknownKey { id: hex(id) })?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| SealError::NotSealed)?;
        let mut body = Zeroizing::new(body.to_vec());
        let length = key
            .cipher
            .open_in_place(nonce, Aad::from(context.bytes()), &mut body)
            .map_err(|_| SealError::Tampered)?
            .len();
        body.truncate(length);
        Ok(body)
    }

    /// Opens a sealed text.
    pub fn open_text(&self, context: &Context<'_>, sealed: &[u8]) -> Result<SecretString, SealError> {
        let bytes = self.open(context, sealed)?;
        let text = std::str::from_utf8(&bytes).map_err(|_| SealError::NotText)?;
        Ok(SecretString::from(text))
    }

    /// Whether another key than the newest sealed this value, so that it should be sealed again.
    pub fn is_stale(&self, sealed: &[u8]) -> bool {
        self.keys.first().is_some_and(|key| sealed.get(1..=KEY_ID) != Some(key.id.as_slice()))
    }
}

fn derive(master: &MasterKey) -> Result<Key, SealError> {
    let bytes = master.derive(PURPOSE);
    let digest = sha256(bytes.as_slice());
    let mut id = [0; KEY_ID];
    id.copy_from_slice(&digest[..KEY_ID]);
    let cipher = RandomizedNonceKey::new(&AES_256_GCM, bytes.as_slice()).map_err(|_| SealError::Refused)?;
    Ok(Key { id, cipher })
}

fn hex(bytes: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use secrecy::ExposeSecret;

    const HERE: Context<'_> =
        Context { organization: "org_1", table: "connections", row: "con_1", column: "client_secret" };

    fn ring(keys: &[u8]) -> Sealer {
        Sealer::new(&keys.iter().map(|byte| MasterKey::from_bytes([*byte; 32])).collect::<Vec<_>>()).unwrap()
    }

    #[test]
    fn what_is_sealed_opens_in_its_place() {
        let sealed = ring(&[1]).seal(&HERE, b"s3cret").unwrap();
        assert_eq!(ring(&[1]).open_text(&HERE, &sealed).unwrap().expose_secret(), "s3cret");
        assert!(!sealed.windows(6).any(|part| part == b"s3cret"));
    }

    #[test]
    fn a_sealed_value_cannot_be_moved() {
        let keys = ring(&[1]);
        let sealed = keys.seal(&HERE, b"s3cret").unwrap();
        for there in [
            Context { organization: "org_2", ..HERE },
            Context { table: "users", ..HERE },
            Context { row: "con_2", ..HERE },
            Context { column: "note", ..HERE },
            Context { organization: "org_1c", table: "onnections", ..HERE },
        ] {
            assert_eq!(keys.open(&there, &sealed), Err(SealError::Tampered), "{there:?}");
        }
    }

    #[test]
    fn a_cut_value_does_not_open() {
        let keys = ring(&[1]);
        let sealed = keys.seal(&HERE, b"s3cret").unwrap();
        for length in 0..sealed.len() {
            assert!(keys.open(&HERE, &sealed[..length]).is_err(), "{length} bytes opened");
        }
    }

    #[test]
    fn an_unknown_key_is_named() {
        let sealed = ring(&[1]).seal(&HERE, b"s3cret").unwrap();
        assert!(matches!(ring(&[2]).open(&HERE, &sealed), Err(SealError::UnknownKey { id }) if id.len() == 16));
        assert_eq!(Sealer::new(&[]).unwrap_err(), SealError::NoKey);
    }

    #[test]
    fn after_a_rotation_the_new_key_seals_and_both_open() {
        let old = ring(&[1]).seal(&HERE, b"s3cret").unwrap();
        let rotated = ring(&[2, 1]);
        assert_eq!(rotated.open(&HERE, &old).unwrap().as_slice(), b"s3cret");
        assert!(rotated.is_stale(&old));
        let new = rotated.seal(&HERE, b"s3cret").unwrap();
        assert!(!rotated.is_stale(&new));
        assert!(ring(&[1]).open(&HERE, &new).is_err());
    }

    proptest! {
        #[test]
        fn every_changed_bit_is_noticed(plain: Vec<u8>, place: prop::sample::Index, bit in 0..8_u8) {
            let keys = ring(&[1]);
            let mut sealed = keys.seal(&HERE, &plain).unwrap();
            let opened = keys.open(&HERE, &sealed).unwrap();
            prop_assert_eq!(opened.as_slice(), plain.as_slice());
            let at = place.index(sealed.len());
            sealed[at] ^= 1 << bit;
            prop_assert!(keys.open(&HERE, &sealed).is_err());
        }
    }
}
