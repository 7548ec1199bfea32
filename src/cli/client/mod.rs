//! The command line as the API's client: whatever an admin does elsewhere, by the same API.
//!
//! A command is thin: it finds the [context](contexts), makes [calls](api), and hands what came to the [output]. What a
//! noun looks like in a table stands once, in [`noun`]; what all of them can do stands in [`verbs`].

mod account;
mod api;
mod ask;
mod bindings;
mod cast_ai;
mod client_keys;
mod clusters;
mod configuration;
mod connections;
mod contexts;
mod domains;
mod events;
mod groups;
mod habits;
mod invitations;
mod keys;
mod login;
mod loopback;
mod mapping;
mod noun;
mod output;
mod people;
mod provisioning;
mod receipts;
mod reviews;
mod role_changes;
mod roles;
mod schemas;
mod scim_credentials;
mod service_accounts;
mod sessions;
mod setup_links;
mod sign_ins;
mod signals;
mod stop;
mod table;
mod trial;
mod undo;
mod verbs;
mod webhooks;
mod why;

pub(super) use output::json as safe_json;
pub(super) use stop::{Code, EXIT_CODES, Stop};
pub(super) use table::plain;

use super::later::Later;
use api::{Api, origin_of};
use contexts::Place;
use output::Output;
use secrecy::SecretString;
use std::process::ExitCode;

/// The commands that call a castgate somewhere.
#[derive(Debug, clap::Subcommand)]
pub(super) enum Remote {
    /// Signs this command line in.
    Login(Later<login::Login>),
    /// Revokes the key that `login` made, and forgets it.
    Logout(Later<login::Logout>),
    /// Where you are signed in: several gateways or organizations.
    Context(Later<account::ContextCommand>),
    /// Who you are, what you may do, and why.
    Whoami(Later<account::Whoami>),
    /// People.
    #[command(alias = "members")]
    Users(Later<people::Users>),
    /// Groups.
    Groups(Later<groups::Groups>),
    /// People who are not here yet.
    #[command(alias = "invitation")]
    Invitations(Later<invitations::Invitations>),
    /// Who holds what for no visible reason.
    #[command(alias = "access-reviews")]
    Reviews(Later<reviews::Reviews>),
    /// Where you or others are signed in.
    Sessions(Later<sessions::Sessions>),
    /// Machines of the organization, and their keys.
    ServiceAccounts(Later<service_accounts::ServiceAccounts>),
    /// Roles that people, groups and machines hold.
    Bindings(Later<bindings::Bindings>),
    /// The roles there are.
    Roles(Later<roles::Roles>),
    /// Whether somebody may do something, and why or why not.
    Can(Later<bindings::Can>),
    /// Why somebody may do something, back to what a provider or a person did; or why not.
    Why(Later<why::Why>),
    /// Clusters that roles may be scoped to.
    Clusters(Later<clusters::Clusters>),
    /// Identity providers.
    Connections(Later<connections::Connections>),
    /// Attributes of people that SCIM does not have and your providers push.
    Schemas(Later<schemas::Schemas>),
    /// E-mail domains: whose they are, and for which single sign-on is enforced.
    Domains(Later<domains::Domains>),
    /// The organization as a document that makes another one like it. Without secrets.
    Export(Later<configuration::Export>),
    /// What a document would change, and what that does to people and their keys.
    Plan(Later<configuration::Plan>),
    /// Makes a document of the organization true, after showing what that does.
    Apply(Later<configuration::Apply>),
    /// The rules that turn what providers say into roles.
    Mapping(Later<mapping::Mapping>),
    /// Your own API keys.
    Keys(Later<keys::Keys>),
    /// Gives back what a provider took away in a span of time: shown first, then asked about.
    Undo(Later<undo::Undo>),
    /// Unusual spans of removals by one provider that were noticed.
    Accidents(Later<undo::Accidents>),
    /// What each end of somebody's access ended, signed.
    Receipts(Later<receipts::Receipts>),
    /// What happened.
    Events(Later<events::Events>),
    /// Addresses that are told what happens.
    Webhooks(Later<webhooks::Webhooks>),
    /// Who tried to sign in, and why it failed.
    SignIns(Later<sign_ins::SignIns>),
    /// What identity providers asked for over SCIM, and what came of it.
    Provisioning(Later<provisioning::Provisioning>),
}

impl Remote {
    /// Runs it; whatever stops it is told on standard error.
    pub(super) async fn run(self) -> ExitCode {
        let outcome = match self {
            Self::Login(Later(command)) => command.run().await,
            Self::Logout(Later(command)) => command.run().await,
            Self::Context(Later(command)) => command.run(),
            Self::Whoami(Later(command)) => command.run().await,
            Self::Users(Later(command)) => command.run().await,
            Self::Groups(Later(command)) => command.run().await,
            Self::Invitations(Later(command)) => command.run().await,
            Self::Reviews(Later(command)) => command.run().await,
            Self::Sessions(Later(command)) => command.run().await,
            Self::ServiceAccounts(Later(command)) => command.run().await,
            Self::Bindings(Later(command)) => command.run().await,
            Self::Roles(Later(command)) => command.run().await,
            Self::Can(Later(command)) => command.run().await,
            Self::Why(Later(command)) => command.run().await,
            Self::Clusters(Later(command)) => command.run().await,
            Self::Connections(Later(command)) => command.run().await,
            Self::Schemas(Later(command)) => command.run().await,
            Self::Domains(Later(command)) => command.run().await,
            Self::Export(Later(command)) => command.run().await,
            Self::Plan(Later(command)) => return command.run().await.unwrap_or_else(|stop| stop.tell()),
            Self::Apply(Later(command)) => return command.run().await.unwrap_or_else(|stop| stop.tell()),
            Self::Mapping(Later(command)) => return command.run().await.unwrap_or_else(|stop| stop.tell()),
            Self::Keys(Later(command)) => command.run().await,
            Self::Undo(Later(command)) => command.run().await,
            Self::Accidents(Later(command)) => command.run().await,
            Self::Receipts(Later(command)) => command.run().await,
            Self::Events(Later(command)) => command.run().await,
            Self::Webhooks(Later(command)) => command.run().await,
            Self::SignIns(Later(command)) => command.run().await,
            Self::Provisioning(Later(command)) => command.run().await,
        };
        match outcome {
            Ok(()) => ExitCode::SUCCESS,
            Err(stop) => stop.tell(),
        }
    }
}

/// What all of them understand.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Common options")]
struct Common {
    /// Which context; without it CASTGATE_URL and CASTGATE_KEY count, then the context in use.
    #[arg(long, global = true, value_name = "NAME")]
    context: Option<String>,
    /// How to print: a table for people, json or yaml for programs, name for the ids alone.
    #[arg(
        short,
        long,
        global = true,
        value_enum,
        default_value = "table",
        hide_possible_values = true,
        value_name = "FORMAT"
    )]
    output: Output,
    /// Does not ask before something that ends access or is hard to take back.
    #[arg(short, long, global = true)]
    yes: bool,
}

/// A castgate that somebody is signed in to, and how they want to be answered.
#[derive(Debug)]
struct Client {
    api: Api,
    output: Output,
    yes: bool,
}

impl Common {
    /// The client of these options.
    fn open(&self) -> Result<Client, Stop> {
        Ok(Client { api: self.api()?, output: self.output, yes: self.yes })
    }

    /// Named on the command line, else by the environment, else the one in use.
    fn api(&self) -> Result<Api, Stop> {
        let contexts = || Place::of_this_person()?.load();
        let set = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let (url, key) = match self.context {
            Some(_) => (None, None),
            None => (set("CASTGATE_URL"), set("CASTGATE_KEY")),
        };
        let url = url.map(|url| origin_of(&url)).transpose()?;
        match (url, key) {
            (Some(url), Some(key)) => Ok(Api::new(url, Some(SecretString::from(key)))),
            (Some(url), None) => {
                // A key goes to the place that it was made at, and nowhere else.
                let all = contexts()?;
                let current = all.find(None)?.map(|(_, context)| context).filter(|context| context.url == url);
                let there = current.or_else(|| all.contexts.values().find(|context| context.url == url));
                let context = there.ok_or_else(|| not_signed_in(&url))?;
                Ok(Api::new(url, Some(SecretString::from(context.key.as_str()))))
            }
            (None, key) => {
                let all = contexts()?;
                let (_, context) =
                    all.find(self.context.as_deref())?.ok_or_else(|| not_signed_in("https://castgate.example"))?;
                let key = key.unwrap_or_else(|| context.key.clone());
                Ok(Api::new(origin_of(&context.url)?, Some(SecretString::from(key))))
            }
        }
    }
}

fn not_signed_in(url: &str) -> Stop {
    let message =
        format!("nobody is signed in here.\n  Sign in: castgate login {url}\n  or set CASTGATE_URL and CASTGATE_KEY.");
    Stop::new(Code::NotSignedIn, message)
}
