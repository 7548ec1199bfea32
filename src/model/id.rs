//! Ids: a prefix that says what is meant, and a UUIDv7 in lower-case base32.
//!
//! One text in the model, the store, the API and SCIM. The alphabet is base32hex, whose order is the order of the
//! bytes: sorting ids sorts by the time they were made, which is the immutable order that SCIM paging needs.
//!
//! An id's letters lie in it: there are ids in most rows and values that a request touches, and none of them asks for memory.

use data_encoding::{Encoding, Specification};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize, Serializer};
use std::{borrow::Cow, fmt, str::FromStr, sync::LazyLock};
use uuid::Uuid;

/// Length of the part behind the prefix: 128 bits at 5 bits a letter.
const TEXT_LENGTH: usize = 26;
/// Length of a prefix, and of an id.
const PREFIX_LENGTH: usize = 4;
const LENGTH: usize = PREFIX_LENGTH + TEXT_LENGTH;

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
fn letters(prefix: &str, uuid: Uuid) -> [u8; LENGTH] {
    let mut letters = [0; LENGTH];
    let (head, tail) = letters.split_at_mut(PREFIX_LENGTH);
    head.copy_from_slice(prefix.as_bytes());
    BASE32.encode_mut(uuid.as_bytes(), tail);
    letters
}

/// `text`, if it is `prefix` and 26 letters that decode.
fn read(prefix: &str, text: &str) -> Option<[u8; LENGTH]> {
    let tail = text.strip_prefix(prefix).filter(|tail| tail.len() == TEXT_LENGTH)?;
    BASE32.decode_mut(tail.as_bytes(), &mut uuid::Bytes::default()).ok()?;
    text.as_bytes().try_into().ok()
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
        #[serde(try_from = "String")]
        pub struct $name([u8; LENGTH]);

        const _: () = assert!($prefix.len() == PREFIX_LENGTH);

        impl $name {
            /// What every id of this kind begins with.
            pub const PREFIX: &'static str = $prefix;

            /// The id of this UUID.
            #[must_use]
            pub fn from_uuid(uuid: Uuid) -> Self {
                Self(letters($prefix, uuid))
            }

            /// The whole text, prefix included.
            #[must_use]
            pub fn as_str(&self) -> &str {
                // They are of the alphabet above.
                str::from_utf8(&self.0).unwrap_or_default()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_tuple(stringify!($name)).field(&self.as_str()).finish()
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl FromStr for $name {
            type Err = BadId;
            fn from_str(text: &str) -> Result<Self, BadId> {
                read($prefix, text).map(Self).ok_or_else(|| BadId { text: text.to_owned(), prefix: $prefix })
            }
        }

        impl TryFrom<String> for $name {
            type Error = BadId;
            fn try_from(text: String) -> Result<Self, BadId> {
                text.parse()
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
                id.as_str().to_owned()
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
