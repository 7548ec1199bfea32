//! Line 5: settings as data.
//!
//! `config/castgate.toml` is at once the documentation, the default and the schema: a key that is not in it does not exist. A
//! file of the operator's lies over it, the environment over both. Each value is blamed where it was written, by line and
//! column or by variable; what is well formed but wrong or unwise is found by [`Settings::check`].

mod accidents;
mod cast_ai;
mod check;
mod domains;
mod hosts;
mod load;
mod mail;
mod passwords;
mod server;
mod settings;
mod units;
mod webhooks;

pub use accidents::Accidents;
pub use cast_ai::CastAi;
pub use check::{Finding, Severity};
pub use domains::{DomainProofs, Domains};
pub use hosts::HostPattern;
pub use load::{ConfigError, DEFAULT, Place};
pub use mail::{Invitations, Mail, MailSecurity, MailTransport};
pub use passwords::Passwords;
pub use server::Server;
pub use settings::*;
pub use units::{BadUnit, Network, Rate, Size, Span};
pub use webhooks::Webhooks;
