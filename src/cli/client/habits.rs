//! How a connection speaks SCIM, as options of the command line.

use clap::ValueEnum;
use serde_json::{Value, json};

/// How strictly a connection reads SCIM.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Dialect {
    /// Takes what providers really send, and counts it.
    Tolerant,
    /// Refuses what the RFC and the interoperability profile refuse.
    Strict,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum PatchResponse {
    /// 200 and the resource.
    Body,
    /// 204.
    Empty,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Adoption {
    /// Nobody who is here already by another way.
    Never,
    /// Whose address is in a domain of this connection.
    VerifiedDomain,
    /// Whom an admin approved by name.
    Approval,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum GroupPush {
    /// Groups are taken; unknown members are waited for.
    Accept,
    /// Groups are taken if all their members are known.
    KnownMembers,
    /// Groups are refused: they come from sign-ins.
    Refuse,
}

/// How a connection speaks SCIM.
#[derive(Debug, clap::Args)]
pub(super) struct Habits {
    /// How strictly it reads SCIM.
    #[arg(long, value_enum)]
    dialect: Option<Dialect>,
    /// What a PATCH is answered with.
    #[arg(long, value_enum)]
    patch_response: Option<PatchResponse>,
    /// Whom it may take over who is here already by another way.
    #[arg(long, value_enum)]
    adoption: Option<Adoption>,
    /// What its pushes of groups come to.
    #[arg(long, value_enum)]
    group_push: Option<GroupPush>,
}

impl Habits {
    /// The settings that were said, as the API has them.
    pub(super) fn said(&self) -> impl Iterator<Item = (String, Value)> {
        fn word(value: Option<impl ValueEnum>) -> Option<Value> {
            Some(json!(value?.to_possible_value()?.get_name().replace('-', "_")))
        }
        let Self { dialect, patch_response, adoption, group_push } = self;
        [
            ("dialect", word(*dialect)),
            ("patch_response", word(*patch_response)),
            ("adoption", word(*adoption)),
            ("group_push", word(*group_push)),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?)))
    }
}
