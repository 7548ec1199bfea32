//! Line 0: the nouns, plain data. Nothing here decides anything; it only says what things are called.

mod binding;
mod event;
mod extension;
mod id;
mod instant;
mod invitation;
mod key;
mod name;
mod oidc;
mod people;
mod place;
mod provider;
mod push;
mod role;
mod session;

pub use binding::*;
pub use event::*;
pub use extension::*;
pub use id::*;
pub use instant::*;
pub use invitation::*;
pub use key::*;
pub use name::fold;
pub use oidc::*;
pub use people::*;
pub use place::*;
pub use provider::*;
pub use push::*;
pub use role::*;
pub use session::*;
