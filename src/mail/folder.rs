//! Letters as files: what a deployment without a mail server has, and what a newcomer reads.

use super::{MailError, one_line};
use std::path::Path;

/// Writes a letter as `ID.eml`, readable by its owner alone: there may be a link in it.
pub(super) async fn keep(folder: &Path, id: &str, bytes: &[u8]) -> Result<(), MailError> {
    let (folder, file, bytes) = (folder.to_owned(), folder.join(format!("{id}.eml")), bytes.to_vec());
    let written = tokio::task::spawn_blocking(move || write(&folder, &file, &bytes).map(|()| file)).await;
    match written {
        Ok(Ok(file)) => {
            tracing::info!(file = %file.display(), "a letter was written into the mail folder");
            Ok(())
        }
        Ok(Err(error)) => Err(MailError::Later(format!("the mail folder cannot be written to: {error}"))),
        Err(error) => Err(MailError::Later(one_line(&error))),
    }
}

fn write(folder: &Path, file: &Path, bytes: &[u8]) -> std::io::Result<()> {
    use std::{io::Write as _, os::unix::fs::OpenOptionsExt as _};
    std::fs::create_dir_all(folder)?;
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600).open(file)?.write_all(bytes)
}
