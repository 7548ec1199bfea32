//! The use cases, without HTTP, on both engines: what holds whatever order things happen in.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test stops where it is wrong")]
#![expect(clippy::needless_pass_by_value, reason = "bodies and steps are written where they are used")]

mod access_reviews;
mod accidents;
mod bindings;
mod clusters;
mod custom_roles;
mod departures;
mod deprovision;
mod erased_rows;
mod erasure;
mod groups;
mod harness;
mod histories;
mod invitations;
#[expect(dead_code, reason = "it belongs to the corpus of SAML")]
#[path = "../saml_corpus/issuer.rs"]
mod issuer;
mod key_agents;
mod key_consequences;
mod key_order;
mod key_races;
mod keys;
mod local_groups;
mod mapping;
mod members;
mod nouns;
mod once;
mod owner_races;
mod owners;
mod plans;
#[path = "../rig/postgres.rs"]
mod postgres;
mod providers;
mod races;
mod role_changes;
mod roles;
mod saml;
mod scale;
#[expect(dead_code, reason = "it belongs to the corpus of SAML")]
#[path = "../saml_corpus/scene.rs"]
mod scene;
mod sign_in_cost;
mod tenancy;
mod tenants;
mod waiting;
mod ways;
mod who;
mod why;
