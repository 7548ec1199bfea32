//! Passwords: slow hashes, so many at once and no more, and the same work whether there is something to compare with or not.

use super::{fill_or_abort, hash::constant_time_eq};
use argon2::{Algorithm, Argon2, Params, Version};
use data_encoding::BASE64_NOPAD;
use secrecy::{ExposeSecret, SecretString, zeroize::Zeroizing};
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use unicode_normalization::UnicodeNormalization;

/// The longest password in bytes, as typed.
pub const LONGEST_PASSWORD: usize = 1024;

/// OWASP's second choice for argon2id: 19 MiB, twice, in one lane.
const COST: Cost = Cost { memory: 19 * 1024, passes: 2, lanes: 1 };
/// Beyond this a stored hash is nobody's of ours, and would take the machine's memory.
const MOST_MEMORY: u32 = 256 * 1024;
const MOST_PASSES: u32 = 16;
const SALT: usize = 16;
const OUTPUT: usize = 32;
/// How long somebody waits for a turn.
const PATIENCE: Duration = Duration::from_secs(10);

/// Why a password was neither hashed nor compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// Too many others are before this one.
    #[error("too many passwords are being checked at this moment")]
    Busy,
    /// The library refused, for want of memory mostly.
    #[error("the password could not be hashed")]
    Failed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Cost {
    memory: u32,
    passes: u32,
    lanes: u32,
}

/// Hashes and compares passwords. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Passwords {
    turns: Arc<Semaphore>,
    done: Arc<AtomicU64>,
}

impl Passwords {
    /// As many at once as the machine has to spare: each takes 19 MiB and a processor for tens of milliseconds.
    #[must_use]
    pub fn new(at_once: usize) -> Self {
        Self { turns: Arc::new(Semaphore::new(at_once.max(1))), done: Arc::default() }
    }

    /// How many hashes were computed since the process began.
    #[must_use]
    pub fn computed(&self) -> u64 {
        self.done.load(Ordering::Relaxed)
    }

    /// What is stored of a new password: a PHC string.
    pub async fn hash(&self, password: &SecretString) -> Result<String, PasswordError> {
        let mut salt = [0; SALT];
        fill_or_abort(&mut salt);
        let output = self.compute(password, salt.to_vec(), COST).await?;
        let (salt, output) = (BASE64_NOPAD.encode(&salt), BASE64_NOPAD.encode(&output));
        let Cost { memory, passes, lanes } = COST;
        Ok(format!("$argon2id$v=19$m={memory},t={passes},p={lanes}${salt}${output}"))
    }

    /// Whether a password is the one that was hashed. Without a hash the same work is done and the answer is no: how long it takes
    /// says nothing about who is here.
    pub async fn verify(&self, password: &SecretString, stored: Option<&str>) -> Result<bool, PasswordError> {
        let fits = password.expose_secret().len() <= LONGEST_PASSWORD;
        let known = stored.filter(|_| fits).and_then(parsed);
        let (cost, salt, expected) = known.clone().unwrap_or((COST, vec![0; SALT], vec![0; OUTPUT]));
        let output = self.compute(password, salt, cost).await?;
        Ok(constant_time_eq(&output, &expected) && known.is_some())
    }

    async fn compute(&self, password: &SecretString, salt: Vec<u8>, cost: Cost) -> Result<Vec<u8>, PasswordError> {
        let turn: OwnedSemaphorePermit = match tokio::time::timeout(PATIENCE, self.turns.clone().acquire_owned()).await
        {
            Ok(Ok(turn)) => turn,
            Ok(Err(_)) | Err(_) => return Err(PasswordError::Busy),
        };
        self.done.fetch_add(1, Ordering::Relaxed);
        let typed = typed(password);
        // The turn goes with the work: a caller who hangs up does not make room for a third.
        let work = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            let params = Params::new(cost.memory, cost.passes, cost.lanes, Some(OUTPUT)).ok()?;
            let mut output = vec![0; OUTPUT];
            let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
            argon.hash_password_into(typed.as_bytes(), &salt, &mut output).ok()?;
            Some(output)
        });
        work.await.ok().flatten().ok_or(PasswordError::Failed)
    }
}

/// The password as it is hashed. NFKC: the same letters typed on another keyboard are the same (NIST SP 800-63B §3.1.1.2).
fn typed(password: &SecretString) -> Zeroizing<String> {
    let text = password.expose_secret();
    let end = text.char_indices().map(|(at, _)| at).find(|at| *at > LONGEST_PASSWORD).unwrap_or(text.len());
    Zeroizing::new(text.get(..end).unwrap_or_default().nfkc().collect())
}

/// The parts of a PHC string of ours.
fn parsed(text: &str) -> Option<(Cost, Vec<u8>, Vec<u8>)> {
    let mut parts = text.strip_prefix("$argon2id$v=19$")?.split('$');
    let (costs, salt, output) = (parts.next()?, parts.next()?, parts.next()?);
    let mut costs = costs.split(',').map(|cost| cost.split_once('=').and_then(|(_, number)| number.parse().ok()));
    let cost = Cost { memory: costs.next()??, passes: costs.next()??, lanes: costs.next()?? };
    let fits = cost.memory <= MOST_MEMORY && cost.passes <= MOST_PASSES;
    let (salt, output) = (BASE64_NOPAD.decode(salt.as_bytes()).ok()?, BASE64_NOPAD.decode(output.as_bytes()).ok()?);
    (fits && parts.next().is_none() && salt.len() >= 8 && output.len() == OUTPUT).then_some((cost, salt, output))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(text: &str) -> SecretString {
        SecretString::from(text.to_owned())
    }

    #[tokio::test]
    async fn a_password_is_recognised_and_no_other_one() {
        let passwords = Passwords::new(1);
        let hash = passwords.hash(&secret("correct horse ångström")).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        // The same letters, composed otherwise.
        for (typed, is) in [
            ("correct horse ångström", true),
            ("correct horse a\u{30a}ngstro\u{308}m", true),
            ("correct horse ångström ", false),
            ("", false),
        ] {
            assert_eq!(passwords.verify(&secret(typed), Some(&hash)).await.unwrap(), is, "{typed}");
        }
        assert_ne!(hash, passwords.hash(&secret("correct horse ångström")).await.unwrap());
    }

    #[tokio::test]
    async fn where_there_is_nothing_to_compare_with_the_same_work_is_done() {
        let passwords = Passwords::new(2);
        for stored in [None, Some("nonsense"), Some("$argon2id$v=19$m=4294967295,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$AA")] {
            let before = passwords.computed();
            assert!(!passwords.verify(&secret("x"), stored).await.unwrap());
            assert_eq!(passwords.computed() - before, 1, "{stored:?}");
        }
    }

    #[tokio::test]
    async fn the_published_vector_of_a_real_implementation_is_recognised() {
        // The reference implementation: printf password | argon2 somesalt -id -t 2 -m 16 -p 1, whose tag is of 32 bytes.
        let stored = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
        assert!(Passwords::new(1).verify(&secret("password"), Some(stored)).await.unwrap());
    }
}
