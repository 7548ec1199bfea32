//! Values on their way into and out of the store.
//!
//! Four kinds are enough: nothing, 64-bit integers, texts and bytes. Booleans are 0 and 1, instants are microseconds,
//! ids and roles are their texts.

use super::StoreError;
use crate::model::{
    AccessReviewId, AccidentId, BindingId, ClientId, ClusterId, ConnectionId, DeliveryId, EventId, GroupId, Holder,
    Instant, InvitationId, JobId, KeyId, MirroredKeyId, OrganizationId, PlanId, ProposalId, PushId, ReceiptId,
    RequestId, Role, RoleId, SamlKeyId, ServiceAccountId, SessionId, SetupLinkId, SignInCode, SignInFailure, SignInId,
    SignalId, TestId, TokenId, UserId, WebhookId,
};

/// One value of a row or a parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// SQL's NULL.
    Null,
    /// A BIGINT.
    Int(i64),
    /// A TEXT.
    Text(String),
    /// A BLOB, or BYTEA.
    Blob(Vec<u8>),
}

impl Value {
    /// The same value, borrowed.
    pub fn borrow(&self) -> ValueRef<'_> {
        match self {
            Self::Null => ValueRef::Null,
            Self::Int(number) => ValueRef::Int(*number),
            Self::Text(text) => ValueRef::Text(text),
            Self::Blob(bytes) => ValueRef::Blob(bytes),
        }
    }
}

/// One value, borrowed from the row it stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ValueRef<'a> {
    /// SQL's NULL.
    Null,
    /// A BIGINT.
    Int(i64),
    /// A TEXT.
    Text(&'a str),
    /// A BLOB, or BYTEA.
    Blob(&'a [u8]),
}

impl ValueRef<'_> {
    /// The same value, owned.
    pub fn to_owned(self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Int(number) => Value::Int(number),
            Self::Text(text) => Value::Text(text.to_owned()),
            Self::Blob(bytes) => Value::Blob(bytes.to_vec()),
        }
    }

    /// What kind of value this is, for messages; never the value itself, which may be personal.
    fn kind(self) -> &'static str {
        match self {
            Self::Null => "NULL",
            Self::Int(_) => "a number",
            Self::Text(_) => "a text",
            Self::Blob(_) => "bytes",
        }
    }
}

/// Something that can be stored in one column.
pub trait ToValue {
    /// The value that stands for it.
    fn to_value(&self) -> Value;
}

/// Something that can be read from one column.
pub trait FromValue: Sized {
    /// Reads it; the error says what stood there instead.
    fn from_value(value: ValueRef<'_>) -> Result<Self, String>;
}

/// The parameters of a statement: `args![id, &name, since]` is a `&[Value]`.
#[macro_export]
macro_rules! args {
    () => { &[] as &[$crate::store::Value] };
    ($($value:expr),+ $(,)?) => { &[$($crate::store::ToValue::to_value(&$value)),+] as &[$crate::store::Value] };
}

pub use args;

/// A list of texts as one parameter, for `texts_of`.
pub(super) fn texts<T: serde::Serialize + ?Sized>(texts: &T) -> String {
    serde_json::json!(texts).to_string()
}

/// What is kept as JSON.
pub(super) fn json_text<T: serde::Serialize + ?Sized>(kept: &T) -> Result<String, StoreError> {
    serde_json::to_string(kept).map_err(|error| StoreError::Corrupt(error.to_string()))
}

/// Makes types with `Display` and `FromStr` storable as their text.
macro_rules! stored_as_text {
    ($($name:ty),+ $(,)?) => {$(
        impl $crate::store::ToValue for $name {
            fn to_value(&self) -> $crate::store::Value {
                $crate::store::Value::Text(self.to_string())
            }
        }

        impl $crate::store::FromValue for $name {
            fn from_value(value: $crate::store::ValueRef<'_>) -> Result<Self, String> {
                let text: &str = $crate::store::ValueRef::text(value)?;
                text.parse().map_err(|error| format!("{error}"))
            }
        }
    )+};
}

stored_as_text!(
    AccessReviewId,
    BindingId,
    ClientId,
    ClusterId,
    ConnectionId,
    DeliveryId,
    EventId,
    GroupId,
    Holder,
    InvitationId,
    JobId,
    KeyId,
    MirroredKeyId,
    OrganizationId,
    PlanId,
    ProposalId,
    PushId,
    AccidentId,
    ReceiptId,
    RequestId,
    Role,
    RoleId,
    SamlKeyId,
    ServiceAccountId,
    SessionId,
    SetupLinkId,
    SignInCode,
    SignInFailure,
    SignInId,
    SignalId,
    TestId,
    TokenId,
    UserId,
    WebhookId,
);

impl<'a> ValueRef<'a> {
    /// The number, or what stood there instead.
    pub fn int(self) -> Result<i64, String> {
        match self {
            Self::Int(number) => Ok(number),
            Self::Null | Self::Text(_) | Self::Blob(_) => {
                Err(format!("a number was expected, {} was found", self.kind()))
            }
        }
    }

    /// The text, or what stood there instead.
    pub fn text(self) -> Result<&'a str, String> {
        match self {
            Self::Text(text) => Ok(text),
            Self::Null | Self::Int(_) | Self::Blob(_) => Err(format!("a text was expected, {} was found", self.kind())),
        }
    }

    /// The bytes, or what stood there instead.
    pub fn blob(self) -> Result<&'a [u8], String> {
        match self {
            Self::Blob(bytes) => Ok(bytes),
            Self::Null | Self::Int(_) | Self::Text(_) => Err(format!("bytes were expected, {} was found", self.kind())),
        }
    }
}

impl<T: ToValue + ?Sized> ToValue for &T {
    fn to_value(&self) -> Value {
        (**self).to_value()
    }
}

impl<T: ToValue> ToValue for Option<T> {
    fn to_value(&self) -> Value {
        self.as_ref().map_or(Value::Null, ToValue::to_value)
    }
}

impl<T: FromValue> FromValue for Option<T> {
    fn from_value(value: ValueRef<'_>) -> Result<Self, String> {
        match value {
            ValueRef::Null => Ok(None),
            ValueRef::Int(_) | ValueRef::Text(_) | ValueRef::Blob(_) => T::from_value(value).map(Some),
        }
    }
}

impl ToValue for Value {
    fn to_value(&self) -> Value {
        self.clone()
    }
}

impl FromValue for Value {
    fn from_value(value: ValueRef<'_>) -> Result<Self, String> {
        Ok(value.to_owned())
    }
}

impl ToValue for i64 {
    fn to_value(&self) -> Value {
        Value::Int(*self)
    }
}

impl FromValue for i64 {
    fn from_value(value: ValueRef<'_>) -> Result<Self, String> {
        value.int()
    }
}

impl ToValue for bool {
    fn to_value(&self) -> Value {
        Value::Int(i64::from(*self))
    }
}

impl FromValue for bool {
    fn from_value(value: ValueRef<'_>) -> Result<Self, String> {
        match value.int()? {
            0 => Ok(false),
            1 => Ok(true),
            other => Err(format!("0 or 1 was expected, {other} was found")),
        }
    }
}

/// Integers that fit into 64 bits with a sign, and must fit back.
macro_rules! narrower {
    ($($name:ty),+) => {$(
        impl ToValue for $name {
            fn to_value(&self) -> Value {
                Value::Int(i64::from(*self))
            }
        }

        impl FromValue for $name {
            fn from_value(value: ValueRef<'_>) -> Result<Self, String> {
                let number = value.int()?;
                Self::try_from(number).map_err(|_| format!("{number} does not fit"))
            }
        }
    )+};
}

narrower!(u8, u16, u32, i32);

impl FromValue for u64 {
    fn from_value(value: ValueRef<'_>) -> Result<Self, String> {
        let number = value.int()?;
        Self::try_from(number).map_err(|_| format!("{number} is negative"))
    }
}

impl FromValue for usize {
    fn from_value(value: ValueRef<'_>) -> Result<Self, String> {
        let number = value.int()?;
        Self::try_from(number).map_err(|_| format!("{number} does not fit"))
    }
}

impl ToValue for Instant {
    fn to_value(&self) -> Value {
        Value::Int(self.0)
    }
}

impl FromValue for Instant {
    fn from_value(value: ValueRef<'_>) -> Result<Self, String> {
        value.int().map(Self)
    }
}

impl ToValue for str {
    fn to_value(&self) -> Value {
        Value::Text(self.to_owned())
    }
}

impl ToValue for String {
    fn to_value(&self) -> Value {
        Value::Text(self.clone())
    }
}

impl FromValue for String {
    fn from_value(value: ValueRef<'_>) -> Result<Self, String> {
        value.text().map(str::to_owned)
    }
}

impl ToValue for [u8] {
    fn to_value(&self) -> Value {
        Value::Blob(self.to_vec())
    }
}

impl ToValue for Vec<u8> {
    fn to_value(&self) -> Value {
        Value::Blob(self.clone())
    }
}

impl FromValue for Vec<u8> {
    fn from_value(value: ValueRef<'_>) -> Result<Self, String> {
        value.blob().map(<[u8]>::to_vec)
    }
}

impl<const N: usize> ToValue for [u8; N] {
    fn to_value(&self) -> Value {
        Value::Blob(self.to_vec())
    }
}

impl<const N: usize> FromValue for [u8; N] {
    fn from_value(value: ValueRef<'_>) -> Result<Self, String> {
        let bytes = value.blob()?;
        Self::try_from(bytes).map_err(|_| format!("{N} bytes were expected, {} were found", bytes.len()))
    }
}
