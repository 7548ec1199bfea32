//! Line 7: the durable store, on two engines.
//!
//! [`Store`] opens SQLite (a directory) or PostgreSQL (an address) and hands out transactions. [`Tx`] is the one type
//! that typed queries take: the same SQL text runs on both engines, written with `?1 ?2` and with `FOR UPDATE` where
//! PostgreSQL needs a row lock. [`Value`] is what goes in, [`FromRow`] is how rows come out, and [`StoreError`] is what
//! can go wrong, in words that do not depend on the engine.
//!
//! A statement that fails ends its transaction on both engines: what may be expected to fail (a name that is taken) is
//! either asked first or written with `ON CONFLICT`.

mod access_reviews;
mod accidents;
mod audit;
mod binding_changes;
mod binding_search;
mod bindings;
mod cast_ai;
mod client_keys;
mod connection_tests;
mod connections;
mod domains;
mod engine;
mod erasure;
mod error;
mod events;
mod feed;
mod groups;
mod idempotency;
mod identities;
mod invitations;
mod key_changes;
mod key_reviews;
mod key_uses;
mod keys;
mod letters;
mod locks;
mod mapping;
mod meant;
mod members;
mod migrate;
mod mirrored_keys;
mod organizations;
mod passwords;
mod past;
mod plans;
mod population;
mod provider_jwts;
mod provider_logouts;
mod pushes;
mod receipts;
mod review_findings;
mod roles;
mod roster;
mod row;
mod saml;
mod scim_clients;
mod scim_tokens;
mod sealed;
mod search;
mod second_factors;
mod service_accounts;
mod sessions;
mod setup_links;
mod sign_ins;
mod signal_streams;
mod signals;
mod signing_keys;
mod silences;
mod since;
mod statistics;
mod terms;
#[cfg(test)]
pub(crate) mod testing;
mod throttles;
mod undo;
mod users;
mod uses;
mod value;
mod webhook_deliveries;
mod webhooks;

pub use accidents::AccidentRow;
pub use audit::{EventRow, SealRow};
pub use binding_search::BindingQuery;
pub use cast_ai::{DueReading, ReadingNote};
pub use connection_tests::Tested;
pub use engine::{Recorder, Statement, Store, Tx};
pub use erasure::{FoundRows, Terms};
pub use error::StoreError;
pub use events::Waiting;
pub use idempotency::{OnceKey, OnceRow};
pub use key_changes::KeptKey;
pub use key_reviews::KeyReview;
pub use letters::{DueLetter, LettersWaiting};
pub use mapping::{MappingState, MappingVersion, NewVersion};
pub use meant::{Meant, Names};
pub use members::Member;
pub use past::PastMembership;
pub use plans::KeptPlan;
pub use population::{Person, Piece, Span};
pub use provider_logouts::LogoutOf;
pub use pushes::TokenPast;
pub use receipts::{LetIn, ReceiptRow};
pub use row::{FromRow, RowRef};
pub use saml::{EndingCertificate, StoredSamlKey};
pub use scim_clients::{ClientKeys, KnownClient};
pub use scim_tokens::{EndedToken, ExpiringToken, NewScimToken, TokenHolder};
pub use sealed::{SealedColumn, SealedValue};
pub use search::{Page, Place, Reach, Reached, Sort, group_resource, user_resource};
pub use sign_ins::SignInSearch;
pub use signal_streams::KnownStream;
pub use signing_keys::StoredKey;
pub use silences::{Lull, Silence};
pub use terms::{TermsDocument, TermsStanding};
pub use throttles::Attempts;
pub use undo::{Losses, Removed, Stretch};
pub use uses::CapabilityUse;
pub use value::{FromValue, ToValue, Value, ValueRef, args};
pub use webhook_deliveries::{Acknowledged, Attempted};
pub use webhooks::{DueWebhook, SealedSecrets, Standing};

/// As many rows as there are.
pub const EVERYBODY: i64 = i64::MAX;
