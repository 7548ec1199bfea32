//! What each end of somebody's access left behind, and whether it is signed.

use super::{
    Common,
    noun::{RECEIPTS, USERS},
    stop::Stop,
    table::plain,
    verbs::ListOptions,
};
use crate::{app::AccessReceipt, cli::say::say, crypto::signed_by};
use clap::Subcommand;
use data_encoding::{BASE64, HEXLOWER_PERMISSIVE};
use serde_json::Value;

/// `castgate receipts`
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Receipts {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// The newest first.
    #[command(after_help = "Examples:
  castgate receipts list
  castgate receipts list --user ada@acme.example -o json")]
    List {
        /// Only of this person: an id, a user name or an e-mail address.
        #[arg(long, value_name = "USER")]
        user: Option<String>,
        #[command(flatten)]
        options: ListOptions,
    },
    /// Verifies the signatures here, and not at the gateway.
    ///
    /// The public key is printed by `castgate audit key` at the gateway's machine; without --key it is the one that the gateway
    /// sends along.
    #[command(after_help = "Examples:
  castgate receipts verify --key 3b6a27bcceb6a42d62a3a8d02a6f0d73653215771de243a63ac048a18b59da29")]
    Verify {
        /// The public key (Ed25519), hexadecimal.
        #[arg(long, value_name = "KEY")]
        key: Option<String>,
    },
}

impl Receipts {
    pub(super) async fn run(self) -> Result<(), Stop> {
        let client = self.common.open()?;
        match self.verb {
            Verb::List { user, options } => {
                let mut query = Vec::new();
                if let Some(called) = user {
                    query.push(("user", client.id(&USERS, USERS.path, &called).await?));
                }
                client.list(&RECEIPTS, RECEIPTS.path, &query, options.limit()).await
            }
            Verb::Verify { key } => {
                let Ok(key) = key.map(|key| HEXLOWER_PERMISSIVE.decode(key.trim().as_bytes())).transpose() else {
                    return Err(Stop::usage("--key is a public key in hexadecimal, as castgate audit key prints it"));
                };
                let all = client.pages(&RECEIPTS, RECEIPTS.path, &[], None).await?;
                let all = all["items"].as_array().map(Vec::as_slice).unwrap_or_default();
                let bad: Vec<&Value> = all.iter().filter(|receipt| !holds(receipt, key.as_deref())).collect();
                if bad.is_empty() {
                    say!("{} receipts, all as they were signed", all.len());
                    return Ok(());
                }
                let ids: Vec<String> =
                    bad.iter().map(|receipt| plain(receipt["id"].as_str().unwrap_or_default())).collect();
                Err(Stop::wrong(format!(
                    "{} of {} receipts are not as they were signed: {}",
                    bad.len(),
                    all.len(),
                    ids.join(", ")
                )))
            }
        }
    }
}

/// Whether a receipt says what was signed by this key, or by the one that came with it.
fn holds(receipt: &Value, key: Option<&[u8]>) -> bool {
    let text = |field: &str| receipt[field].as_str().unwrap_or_default();
    let sent = BASE64.decode(text("public_key").as_bytes()).unwrap_or_default();
    let Ok(signature) = BASE64.decode(text("signature").as_bytes()) else { return false };
    let message = AccessReceipt::message(text("statement"));
    let said = serde_json::from_str::<Value>(text("statement")).ok();
    said.as_ref() == Some(&receipt["said"]) && signed_by(key.unwrap_or(&sent), &message, &signature)
}
