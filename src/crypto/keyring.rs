//! Where the ring of master keys comes from: a file, the settings, or a program such as a vault's.

use super::keyfile::{self, KeyFileError, MasterKey};
use crate::config::{KeysFrom, Settings};
use secrecy::{ExposeSecret, zeroize::Zeroizing};
use std::{io, process::Stdio, time::Duration};
use tokio::{
    io::{AsyncRead, AsyncReadExt},
    process::Command,
};

/// More than any ring of keys, and less than hurts.
const MOST: u64 = 64 * 1024;

/// Why there is no ring of keys. No message repeats what might be a key.
#[derive(Debug, thiserror::Error)]
pub enum KeyRingError {
    /// The file is not as it ought to be.
    #[error(transparent)]
    File(#[from] KeyFileError),
    /// What the settings hold is no ring.
    #[error("keys.master: {0}")]
    Environment(String),
    /// The program did not print a ring.
    #[error("keys.command ({program}): {why}")]
    Command {
        /// The program's name.
        program: String,
        /// What went wrong.
        why: String,
    },
}

/// The ring that the settings describe, newest first. With the source “file” the first key is made if there is none.
pub async fn load(settings: &Settings) -> Result<Vec<MasterKey>, KeyRingError> {
    let keys = &settings.keys;
    match keys.source {
        KeysFrom::File => Ok(keyfile::load_or_create(&settings.store.data_directory)?),
        KeysFrom::Environment => {
            let text = keys.master.as_ref().map_or("", ExposeSecret::expose_secret);
            let lines = Zeroizing::new(text.split([' ', ',', ';']).collect::<Vec<_>>().join("\n"));
            ring(&lines).map_err(KeyRingError::Environment)
        }
        KeysFrom::Command => {
            let Some((program, arguments)) = keys.command.split_first() else {
                return Err(KeyRingError::Command { program: String::new(), why: "names no program".to_owned() });
            };
            let failed = |why| KeyRingError::Command { program: program.clone(), why };
            let printed = run(program, arguments, keys.command_timeout.get()).await.map_err(failed)?;
            ring(&printed).map_err(failed)
        }
    }
}

fn ring(text: &str) -> Result<Vec<MasterKey>, String> {
    let keys = keyfile::keys_in(text).map_err(|line| format!("key {line}: a key is 64 hexadecimal digits"))?;
    if keys.is_empty() { Err("holds no key".to_owned()) } else { Ok(keys) }
}

/// What a program prints. It gets no input, no shell, and no more time than this.
async fn run(program: &str, arguments: &[String], patience: Duration) -> Result<Zeroizing<String>, String> {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    let mut child = command.spawn().map_err(|error| format!("cannot be started: {error}"))?;
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let all = async { tokio::join!(read(stdout), read(stderr), child.wait()) };
    let (printed, complained, ended) = tokio::time::timeout(patience, all)
        .await
        .map_err(|_| format!("did not end within {} seconds", patience.as_secs_f32()))?;
    let complained = complained.unwrap_or_default();
    for line in complained.lines() {
        tracing::info!(program, says = without_keys(line), "keys.command");
    }
    let status = ended.map_err(|error| error.to_string())?;
    if !status.success() {
        return Err(format!("failed ({status}); what it said is in the log"));
    }
    printed.map_err(|error| format!("its output cannot be read: {error}"))
}

async fn read(pipe: Option<impl AsyncRead + Unpin>) -> io::Result<Zeroizing<String>> {
    let mut text = Zeroizing::new(String::new());
    if let Some(pipe) = pipe {
        pipe.take(MOST).read_to_string(&mut text).await?;
    }
    Ok(text)
}

/// A line for the log: whatever in it might be a key, or a part of one, is left out.
fn without_keys(line: &str) -> String {
    let is_key = |word: &str| word.len() >= 16 && word.chars().all(|c| c.is_ascii_hexdigit());
    let mut out = String::with_capacity(line.len());
    for part in line.split_inclusive(|c: char| !c.is_ascii_alphanumeric()) {
        let word = part.trim_end_matches(|c: char| !c.is_ascii_alphanumeric());
        out.push_str(if is_key(word) { "…" } else { word });
        out.push_str(part.get(word.len()..).unwrap_or_default());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = "1111111111111111111111111111111111111111111111111111111111111111";
    const TWO: &str = "2222222222222222222222222222222222222222222222222222222222222222";

    async fn loaded(more: &[(&str, &str)]) -> Result<Vec<String>, String> {
        let env = more.iter().map(|(name, value)| (format!("CASTGATE_KEYS__{name}"), (*value).to_owned()));
        let settings = Settings::load(None, env).unwrap();
        let ring = load(&settings).await.map_err(|error| error.to_string())?;
        Ok(ring.iter().map(|key| key.to_hex().to_string()).collect())
    }

    #[tokio::test]
    async fn a_ring_comes_from_the_environment() {
        let both = format!("{TWO} {ONE}");
        assert_eq!(loaded(&[("SOURCE", "environment"), ("MASTER", &both)]).await.unwrap(), [TWO, ONE]);
        let wrong = loaded(&[("SOURCE", "environment"), ("MASTER", &TWO[1..])]).await.unwrap_err();
        assert!(wrong.contains("64 hexadecimal digits") && !wrong.contains("2222"), "{wrong}");
    }

    #[tokio::test]
    async fn a_ring_comes_from_a_program() {
        let directory = tempfile::tempdir().unwrap();
        let script = directory.path().join("vault.sh");
        let say = async |text: &str, patience: &str| {
            std::fs::write(&script, text).unwrap();
            let command = format!("sh,{}", script.display());
            loaded(&[("SOURCE", "command"), ("COMMAND", &command), ("COMMAND_TIMEOUT", patience)]).await
        };
        let both = format!("echo '# a vault'\necho {TWO}\necho {ONE}\n");
        assert_eq!(say(&both, "10s").await.unwrap(), [TWO, ONE]);
        assert!(say("exit 3", "10s").await.unwrap_err().contains("exit status: 3"));
        assert!(say("sleep 60", "200ms").await.unwrap_err().contains("did not end"));
        assert!(say("true", "10s").await.unwrap_err().contains("holds no key"));
        let missing = loaded(&[("SOURCE", "command"), ("COMMAND", "/nowhere/vault")]).await.unwrap_err();
        assert!(missing.contains("cannot be started"), "{missing}");
    }

    #[test]
    fn what_a_program_complains_of_is_logged_without_keys() {
        assert_eq!(without_keys(&format!("token {ONE}, again:{ONE}!")), "token …, again:…!");
        assert_eq!(without_keys("permission denied: secret/castgate"), "permission denied: secret/castgate");
    }
}
