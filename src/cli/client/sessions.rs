//! Where people are signed in.

use super::{
    Client, Common,
    account::visitor,
    noun::{SESSIONS, USERS},
    stop::Stop,
    table::plain,
};
use clap::Subcommand;

/// `castgate sessions`
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Sessions {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    verb: SessionVerb,
}

#[derive(Debug, Subcommand)]
enum SessionVerb {
    /// Your own sessions, or somebody's.
    #[command(after_help = "Examples:
  castgate sessions list
  castgate sessions list --user ada@acme.example")]
    List(Whose),
    /// Ends one.
    #[command(after_help = "Examples:
  castgate sessions end ses_06h00krhv1t3jel88ooobccad0
  castgate sessions end ses_06h00krhv1t3jel88ooobccad0 --user ada@acme.example")]
    End {
        /// The session's id.
        session: String,
        #[command(flatten)]
        whose: Whose,
    },
    /// Ends all of them: signed out everywhere.
    #[command(after_help = "Examples:
  castgate sessions end-all
  castgate sessions end-all --user ada@acme.example --yes")]
    EndAll(Whose),
}

#[derive(Debug, clap::Args)]
struct Whose {
    /// Whose: an id, user name or e-mail address. Without it your own.
    #[arg(long)]
    user: Option<String>,
}

impl Sessions {
    pub(super) async fn run(self) -> Result<(), Stop> {
        let client = self.common.open()?;
        match self.verb {
            SessionVerb::List(Whose { user: Some(user) }) => client.sessions_of(&user).await,
            SessionVerb::List(Whose { user: None }) => {
                let me = client.me().await?;
                client.sessions_of(&me).await
            }
            SessionVerb::End { session, whose } => {
                let user = match whose.user {
                    Some(user) => client.id(&USERS, USERS.path, &user).await?,
                    None => client.me().await?,
                };
                let path = format!("/users/{user}/sessions");
                let id = client.id(&SESSIONS, &path, &session).await?;
                let nothing = client.api.delete(&format!("{path}/{id}")).await?;
                client.output.done(&format!("Session {id} has ended."), &nothing)
            }
            SessionVerb::EndAll(Whose { user }) => {
                let (id, whose) = match user {
                    Some(user) => (client.id(&USERS, USERS.path, &user).await?, plain(&user)),
                    None => (client.me().await?, "You".to_owned()),
                };
                client.confirm(&format!("{whose}: every session ends, in every browser."))?;
                let ended = client.api.delete(&format!("/users/{id}/sessions")).await?;
                client.output.done(&format!("{} sessions have ended.", ended["ended"]), &ended)
            }
        }
    }
}

impl Client {
    /// Prints somebody's sessions.
    pub(super) async fn sessions_of(&self, user: &str) -> Result<(), Stop> {
        let id = self.id(&USERS, USERS.path, user).await?;
        self.list(&SESSIONS, &format!("/users/{id}/sessions"), &[], None).await
    }

    /// The person behind the key.
    pub(super) async fn me(&self) -> Result<String, Stop> {
        let me = self.api.get("/me", &[]).await?;
        let id = visitor(&me)["id"].as_str().filter(|id| id.starts_with(USERS.prefix));
        id.map(str::to_owned).ok_or_else(|| Stop::usage("a service account is no person: say whom you mean"))
    }
}
