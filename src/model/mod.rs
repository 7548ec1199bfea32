//! Line 0: the nouns, plain data. Nothing here decides anything; it only says what things are called.

mod binding;
mod domain;
mod event;
mod extension;
mod failure;
mod id;
mod instant;
mod invitation;
mod name;
mod people;
mod place;
mod provider;
mod push;
mod role;
mod session;
mod setup;
mod sign_in;
mod trial;

pub use binding::*;
pub use domain::*;
pub use event::*;
pub use extension::*;
pub use failure::*;
pub use id::*;
pub use instant::*;
pub use invitation::*;
pub use name::fold;
pub use people::*;
pub use place::*;
pub use provider::*;
pub use push::*;
pub use role::*;
pub use session::*;
pub use setup::*;
pub use sign_in::*;
pub use trial::*;
