//! Ids: a prefix that says what is meant, and a UUIDv7 in lower-case base32.
//!
//! One text in the model, the store, the API and SCIM. The alphabet is base32hex, whose order is the order of the
//! bytes: sorting ids sorts by the time they were made, which is the immutable order that SCIM paging needs.

use data_encoding::{Encoding, Specification};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use std::{borrow::Cow, fmt, str::FromStr, sync::LazyLock};
use uuid::Uuid;

/// Length of the part behind the prefix: 128 bits at 5 bits a letter.
const TEXT_LENGTH: usize = 26;

static BASE32: LazyLock<Encoding> = LazyLock::new(|| {
    let mut specification = Specification::new();
    specification.symbols.push_str("0123456789abcdefghijklmnopqrstuv");
    specification.encoding().unwrap_or(data_encoding::BASE32HEX_NOPAD)
});

/// A text that is not an id of the kind that was asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("“{text}” is not an id of the form {prefix}…")]
pub struct BadId {
    /// What was given.
    pub text: String,
    /// The prefix that was expected.
    pub prefix: &'static str,
}

/// The text of a new id: `prefix` and the base32 of a UUIDv7.
fn text(prefix: &str, uuid: Uuid) -> String {
    let mut text = String::with_capacity(prefix.len() + TEXT_LENGTH);
    text.push_str(prefix);
    BASE32.encode_append(uuid.as_bytes(), &mut text);
    text
}

/// Whether `text` is `prefix` and 26 letters that decode.
fn is_id(prefix: &str, text: &str) -> bool {
    // Into a place on the stack: each row that is read has several.
    let decodes = |tail: &str| BASE32.decode_mut(tail.as_bytes(), &mut uuid::Bytes::default()).is_ok();
    text.strip_prefix(prefix).is_some_and(|tail| tail.len() == TEXT_LENGTH && decodes(tail))
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// What every id of this kind begins with.
            pub const PREFIX: &'static str = $prefix;

            /// The id of this UUID.
            #[must_use]
            pub fn from_uuid(uuid: Uuid) -> Self {
                Self(text($prefix, uuid))
            }

            /// The whole text, prefix included.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl FromStr for $name {
            type Err = BadId;
            fn from_str(text: &str) -> Result<Self, BadId> {
                Self::try_from(text.to_owned())
            }
        }

        impl TryFrom<String> for $name {
            type Error = BadId;
            fn try_from(text: String) -> Result<Self, BadId> {
                if is_id($prefix, &text) { Ok(Self(text)) } else { Err(BadId { text, prefix: $prefix }) }
            }
        }

        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({
                    "type": "string",
                    "pattern": concat!("^", $prefix, "[0-9a-v]{25}[048cgkos]$"),
                    "examples": [concat!($prefix, "06h01qbn45r9t2euf2aprlbdqk")],
                })
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.0
            }
        }
    )*};
}

ids! {
    /// A tenant.
    OrganizationId = "org_";
    /// One person in one organization.
    UserId = "usr_";
    /// A user group.
    GroupId = "grp_";
    /// A cluster that roles may be scoped to.
    ClusterId = "cls_";
    /// One identity provider of one organization.
    ConnectionId = "con_";
    /// One row of subject, role, scope and source.
    BindingId = "bnd_";
    /// A custom role.
    RoleId = "rol_";
    /// A service account.
    ServiceAccountId = "sva_";
    /// A SCIM bearer token of a connection.
    TokenId = "tok_";
    /// An OAuth client of a connection: the public half of its credential.
    ClientId = "cli_";
    /// A key of ours at a connection that speaks SAML.
    SamlKeyId = "smk_";
    /// An API key.
    KeyId = "key_";
    /// A sign-in.
    SessionId = "ses_";
    /// One thing that happened.
    EventId = "evt_";
    /// One piece of work that nobody waits for.
    JobId = "job_";
    /// One look at what publishing a mapping would do.
    PlanId = "pln_";
    /// An offer of roles and groups.
    InvitationId = "inv_";
    /// One attempt to sign in.
    SignInId = "sgn_";
    /// One test of a connection.
    TestId = "tst_";
    /// A link by which somebody without an account sets one connection up.
    SetupLinkId = "set_";
    /// One look at who holds what for no visible reason.
    AccessReviewId = "rvw_";
    /// One thing that a review found.
    ProposalId = "rvp_";
    /// A key of Cast AI, as it was read there.
    MirroredKeyId = "mky_";
    /// One line of the provisioning log.
    PushId = "psh_";
    /// A span in which one source took an unusual share away.
    AccidentId = "acc_";
    /// What the end of somebody's access left behind.
    ReceiptId = "rct_";
    /// An address that is told what happens.
    WebhookId = "whk_";
    /// One event on its way to a webhook.
    DeliveryId = "dlv_";
    /// A security event that a provider told of.
    SignalId = "sgl_";
    /// One HTTP request or command.
    RequestId = "req_";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_survives_its_text() {
        let id = UserId::from_uuid(Uuid::from_u128(0x0192_0000_0000_7000_8000_0000_0000_002a));
        assert_eq!(id.as_str().len(), 30);
        assert_eq!(id.as_str().parse::<UserId>(), Ok(id));
    }

    #[test]
    fn an_id_of_another_kind_is_refused() {
        let group = GroupId::from_uuid(Uuid::nil());
        assert!(group.as_str().parse::<UserId>().is_err());
        assert!("usr_1".parse::<UserId>().is_err());
        assert!("usr_zzzzzzzzzzzzzzzzzzzzzzzzzz".parse::<UserId>().is_err());
    }

    #[test]
    fn ids_sort_by_the_time_they_were_made() {
        let earlier = UserId::from_uuid(Uuid::from_u128(1 << 80));
        let later = UserId::from_uuid(Uuid::from_u128(2 << 80));
        assert!(earlier < later);
    }
}
