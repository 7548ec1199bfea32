//! The kinds of credentials: how each is made through its own door, and how one is asked what it still opens.

mod asking;
mod making;

pub(crate) use asking::opaque;
pub(crate) use making::entered;

use std::collections::BTreeMap;

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident = $name:literal,)*) => {
        /// One credential of a tenant.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub(crate) enum Kind {
            $($(#[$doc])* $kind,)*
        }

        impl Kind {
            pub(crate) const ALL: &'static [Self] = &[$(Self::$kind,)*];

            pub(crate) fn name(self) -> &'static str {
                match self { $(Self::$kind => $name,)* }
            }
        }
    };
}

kinds! {
    /// A browser's session that came by OpenID.
    OdaSession = "oda: session by OpenID",
    /// What services behind the gateway are handed for it.
    OdaSessionJwt = "oda: JWT of the session",
    /// An API key of a person whom a provider pushed.
    OdaKey = "oda: API key",
    OdaKeyJwt = "oda: JWT of the key",
    /// Consent given in a browser, on its way to a command line.
    OdaCliCode = "oda: code for a command line",
    /// Off to the provider, and not yet back.
    OdaSignIn = "oda: sign-in under way by OpenID",
    SamiSession = "sami: session by SAML",
    SamiSessionJwt = "sami: JWT of the session",
    SamiSignIn = "sami: sign-in under way by SAML",
    LolaSession = "lola: session by password",
    LolaSessionJwt = "lola: JWT of the session",
    LolaOther = "lola: session in another browser",
    LolaPassword = "lola: password",
    LolaKey = "lola: API key",
    LolaKeyJwt = "lola: JWT of the key",
    /// Used after the others: it ends some of them.
    LolaReset = "lola: link to choose a password",
    MackKey = "mack: API key",
    MackKeyJwt = "mack: JWT of the key",
    IdpToken = "idp: SCIM token",
    IdpClient = "idp: OAuth client's secret",
    IdpAccess = "idp: OAuth access token",
    IdpSignals = "idp: token for security events",
    SamlToken = "saml: SCIM token",
    SetupLink = "half: set-up link",
    Invitation = "ivy: invitation",
    OwnerLink = "founder: one-time link",
}

/// What a credential opens at this moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Standing {
    /// Nothing.
    Refused,
    /// Its door, but what was asked is refused.
    Less,
    /// Its door, with everything that its holder could do.
    Full,
}

/// The credentials of a tenant, as their holders have them.
#[derive(Debug, Default, Clone)]
pub(crate) struct Held(BTreeMap<Kind, String>);

impl Held {
    pub(crate) fn of(&self, kind: Kind) -> &str {
        self.0.get(&kind).unwrap_or_else(|| panic!("there is no {kind:?}"))
    }

    fn keep(&mut self, kind: Kind, secret: impl Into<String>) {
        self.0.insert(kind, secret.into());
    }
}

impl Kind {
    /// Whether asking uses it up: such a one is asked once, and the rows where it goes on show that it is well made.
    pub(crate) fn is_for_one_use(self) -> bool {
        matches!(self, Self::OdaCliCode | Self::OdaSignIn | Self::SamiSignIn | Self::LolaReset | Self::OwnerLink)
    }

    /// Whether the gateway remembers for a while what it opens.
    pub(crate) fn is_remembered(self) -> bool {
        matches!(
            self,
            Self::OdaSession
                | Self::OdaKey
                | Self::SamiSession
                | Self::LolaSession
                | Self::LolaOther
                | Self::LolaKey
                | Self::MackKey
                | Self::IdpToken
                | Self::IdpAccess
                | Self::SamlToken
        )
    }
}
