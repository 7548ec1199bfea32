//! Kinds of providers: what each is called, what it begins with, and what to do on its side.

use crate::model::{Connection, ConnectionSettings, Profile, SamlSettings};

/// A kind of provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Okta,
    Entra,
    Google,
    Oidc,
    Saml,
    Scim,
}

impl Kind {
    /// In the order in which they are offered.
    pub(super) const ALL: [Self; 6] = [Self::Okta, Self::Entra, Self::Google, Self::Oidc, Self::Saml, Self::Scim];

    /// Its word in addresses and forms.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Okta => "okta",
            Self::Entra => "entra",
            Self::Google => "google",
            Self::Oidc => "oidc",
            Self::Saml => "saml",
            Self::Scim => "scim",
        }
    }

    /// The kind of a word; any other is the one without habits.
    pub(super) fn from_word(word: &str) -> Self {
        Self::ALL.into_iter().find(|kind| kind.word() == word).unwrap_or(Self::Oidc)
    }

    /// What people call it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Okta => "Okta",
            Self::Entra => "Microsoft Entra ID",
            Self::Google => "Google Workspace",
            Self::Oidc => "OpenID Connect",
            Self::Saml => "SAML 2.0",
            Self::Scim => "SCIM alone",
        }
    }

    /// Who is waited for.
    pub(super) fn caller(self) -> &'static str {
        match self {
            Self::Okta | Self::Entra | Self::Google => self.name(),
            Self::Oidc | Self::Saml => "the provider",
            Self::Scim => "the directory",
        }
    }

    /// For whom it is.
    pub(super) fn what(self) -> &'static str {
        match self {
            Self::Okta | Self::Entra => "Signs people in over OpenID Connect, and pushes people and groups over SCIM.",
            Self::Google => "Signs people in over OpenID Connect. Groups come from another place, or from rules.",
            Self::Oidc => {
                "Any other provider that speaks OpenID Connect: Keycloak, authentik, Ping, Auth0, Zitadel and others."
            }
            Self::Saml => "A provider that signs people in over SAML: ADFS, Okta, Entra, Shibboleth and others.",
            Self::Scim => "A directory that pushes people and groups, and signs nobody in.",
        }
    }

    /// What a connection of this kind begins with.
    pub(super) fn settings(self) -> ConnectionSettings {
        let profile = match self {
            Self::Okta => Profile::Okta,
            Self::Entra => Profile::Entra,
            Self::Google | Self::Oidc | Self::Saml | Self::Scim => Profile::Generic,
        };
        let settings = ConnectionSettings::of(profile);
        match self {
            Self::Saml => ConnectionSettings {
                saml: Some(SamlSettings::default()),
                match_pairs: SamlSettings::match_pairs(),
                ..settings
            },
            Self::Okta | Self::Entra | Self::Google | Self::Oidc | Self::Scim => settings,
        }
    }

    /// What a connection is, as far as its settings say.
    pub(super) fn of(connection: &Connection) -> Self {
        let settings = &connection.settings;
        let issuer = settings.oidc.as_ref().map_or("", |oidc| oidc.issuer.as_str());
        match settings.profile {
            _ if settings.saml.is_some() => Self::Saml,
            Profile::Okta => Self::Okta,
            Profile::Entra => Self::Entra,
            Profile::Generic if issuer.contains("accounts.google.com") => Self::Google,
            Profile::Generic if issuer.is_empty() => Self::Scim,
            Profile::Generic => Self::Oidc,
        }
    }

    /// What to make on the provider's side.
    pub(super) fn steps(self) -> &'static [&'static str] {
        match self {
            Self::Okta => &[
                "In the Okta admin console: Applications, Create App Integration, OIDC, Web Application.",
                "Grant type: Authorization Code. Paste the redirect address below as the sign-in redirect URI, and the sign-out address.",
                "Assign the people or groups who may come in. To have groups in sign-ins, add a groups claim.",
            ],
            Self::Entra => &[
                "In the Entra admin center: App registrations, New registration, accounts in this directory only.",
                "Redirect URI: platform Web, with the address below. Under Certificates & secrets make a client secret.",
                "Under Token configuration add the groups claim. The issuer is https://login.microsoftonline.com/<directory id>/v2.0.",
            ],
            Self::Google => &[
                "In the Google Cloud console: APIs & Services, OAuth consent screen: Internal.",
                "Credentials, Create credentials, OAuth client ID, Web application, with the redirect address below.",
                "The issuer is https://accounts.google.com. Google sends no groups: let rules speak of attributes, or push groups over SCIM.",
            ],
            Self::Oidc => &[
                "Make a confidential client for the authorization code flow, with the redirect address below.",
                "Let it send the scopes openid, profile and email, and groups if it has them.",
            ],
            Self::Saml => &[
                "Make a SAML application with the entity id and the ACS address below, or give the provider our metadata.",
                "Let the NameID be the user name that the provider pushes or that people know.",
                "Copy the address of the provider’s metadata, or the metadata itself, into the form below.",
            ],
            Self::Scim => &["Give your directory the SCIM address and a token, both below."],
        }
    }

    /// What to make on the provider's side for pushing.
    pub(super) fn pushing(self) -> &'static str {
        match self {
            Self::Okta => {
                "In the application: Provisioning, Configure API Integration (or a SCIM 2.0 app with OAuth Bearer Token): base URL, and the token. Unique identifier: userName."
            }
            Self::Entra => {
                "In the enterprise application: Provisioning, Automatic: tenant URL is the SCIM address, secret token is the token. Then Test Connection."
            }
            Self::Google => {
                "Google pushes to its own catalogue of applications alone. Another directory, or our API, can push here."
            }
            Self::Oidc | Self::Saml | Self::Scim => "Where the provider asks for a SCIM base URL and a bearer token.",
        }
    }
}
