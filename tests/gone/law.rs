//! The table: what each way does to each kind of credential. What a row does not name goes on as it was.

use crate::kinds::{
    Kind::{self, *},
    Standing,
};

/// One row.
#[derive(Debug)]
pub(crate) struct Law {
    pub(crate) way: &'static str,
    /// Refused in the very next request.
    ends: &'static [&'static [Kind]],
    /// Still good, without what was asked.
    less: &'static [&'static [Kind]],
}

impl Law {
    pub(crate) fn of(&self, kind: Kind) -> Standing {
        let names = |kinds: &[&[Kind]]| kinds.iter().any(|kinds| kinds.contains(&kind));
        match (names(self.ends), names(self.less)) {
            (true, _) => Standing::Refused,
            (false, true) => Standing::Less,
            (false, false) => Standing::Full,
        }
    }
}

const fn ends(way: &'static str, ends: &'static [&'static [Kind]]) -> Law {
    Law { way, ends, less: &[] }
}

const fn takes(way: &'static str, less: &'static [&'static [Kind]]) -> Law {
    Law { way, ends: &[], less }
}

/// A session, what was signed for it, and the consent that was given in it.
const ODA_IN: &[Kind] = &[OdaSession, OdaSessionJwt, OdaCliCode];
const ODA_KEY: &[Kind] = &[OdaKey, OdaKeyJwt];
const ODA: &[Kind] = &[OdaSession, OdaSessionJwt, OdaKey, OdaKeyJwt, OdaCliCode, OdaSignIn];
const SAMI_IN: &[Kind] = &[SamiSession, SamiSessionJwt];
const SAMI: &[Kind] = &[SamiSession, SamiSessionJwt, SamiSignIn];
const OTHER: &[Kind] = &[LolaOther];
const LOLA_IN: &[Kind] = &[LolaSession, LolaSessionJwt, LolaOther];
const LOLA_KEY: &[Kind] = &[LolaKey, LolaKeyJwt];
const LOLA: &[Kind] = &[LolaSession, LolaSessionJwt, LolaOther, LolaPassword, LolaReset, LolaKey, LolaKeyJwt];
/// What says what Lola can, and not only who she is.
const LOLA_CAN: &[Kind] = &[LolaSession, LolaSessionJwt, LolaOther, LolaPassword, LolaKey, LolaKeyJwt];
const MACK: &[Kind] = &[MackKey, MackKeyJwt];
/// What the provider itself comes in with.
const IDP: &[Kind] = &[IdpToken, IdpClient, IdpAccess, IdpSignals];
/// What of it stays dead when its connection is enabled again.
const IDP_DEAD: &[Kind] = &[IdpToken, IdpClient, IdpAccess];
const IVY: &[Kind] = &[Invitation];
/// The first owner has come into the console by their one-time link.
const DESK: &[Kind] = &[OwnerLink];

pub(crate) const LAWS: &[Law] = &[
    ends("a push makes somebody inactive by a path", &[ODA]),
    ends("a push makes somebody inactive without a path", &[ODA]),
    ends("a push makes somebody inactive as Entra writes it", &[ODA]),
    ends("a push adds that somebody is inactive", &[ODA]),
    ends("a push replaces somebody with an inactive one", &[ODA]),
    ends("a push deletes somebody", &[ODA]),
    ends("a bulk push makes somebody inactive", &[ODA]),
    ends("a bulk push replaces somebody with an inactive one", &[ODA]),
    ends("a bulk push deletes somebody", &[ODA]),
    ends("a push makes somebody inactive who signs in over SAML", &[SAMI]),
    ends("an owner suspends a person", &[LOLA]),
    ends("an owner suspends a person whom a provider pushed", &[ODA]),
    ends("an owner removes a person", &[LOLA]),
    ends("an owner suspends several people", &[ODA, SAMI, LOLA]),
    ends("an owner removes several people", &[LOLA]),
    ends("an owner suspends a person as a change of roles", &[LOLA]),
    ends("an owner removes a person as a change of roles", &[LOLA]),
    ends("an owner suspends people in the console", &[ODA, LOLA, DESK]),
    ends("an owner signs people out in the console", &[ODA_IN, LOLA_IN, DESK]),
    ends("an owner ends a session in the console", &[OTHER, DESK]),
    ends("an owner ends every session of somebody", &[LOLA_IN]),
    ends("an owner ends one session of somebody", &[ODA_IN]),
    ends("an owner ends a key of somebody", &[ODA_KEY]),
    ends("an owner erases a person", &[LOLA]),
    ends("an owner takes an authenticator app away", &[LOLA_IN]),
    ends("an invitation is revoked", &[IVY]),
    ends("an invitation is sent again", &[IVY]),
    ends("an invitation is revoked in the console", &[IVY, DESK]),
    ends("somebody signs out", &[ODA_IN]),
    ends("somebody signs out who came by SAML", &[SAMI_IN]),
    ends("somebody signs out everywhere", &[ODA_IN]),
    ends("somebody ends another session of theirs", &[OTHER]),
    ends("somebody ends another session on their page", &[OTHER]),
    ends("somebody ends another session in the console", &[OTHER]),
    ends("somebody ends a key of theirs", &[ODA_KEY]),
    ends("somebody switches a key of theirs off", &[ODA_KEY]),
    ends("somebody ends a key on their page", &[ODA_KEY]),
    ends("somebody ends a key in the console", &[LOLA_KEY]),
    ends("somebody changes their password", &[OTHER, &[LolaPassword, LolaReset]]),
    ends("somebody chooses a password by a link", &[LOLA_IN, &[LolaPassword, LolaReset]]),
    ends("somebody removes their authenticator app", &[]),
    ends("the provider ends one session over the back channel", &[ODA_IN]),
    ends("the provider ends every session over the back channel", &[ODA_IN, &[OdaSignIn]]),
    ends("the provider ends one session in a frame", &[ODA_IN]),
    ends("the provider signs somebody out over SAML by a form", &[SAMI]),
    ends("the provider signs somebody out over SAML by a redirect", &[SAMI]),
    ends("the provider tells that a session is revoked", &[ODA_IN]),
    ends("the provider tells that somebody's sessions are revoked", &[ODA_IN, &[OdaSignIn]]),
    ends("the provider tells that a password was changed", &[ODA_IN, &[OdaSignIn]]),
    ends("the provider tells that a credential was revoked", &[ODA_IN, &[OdaSignIn]]),
    ends("the provider tells that somebody's claims changed", &[ODA_IN, &[OdaSignIn]]),
    ends("the provider tells that a device complies no more", &[ODA_IN, &[OdaSignIn]]),
    ends("the provider tells by RISC that sessions are revoked", &[ODA_IN, &[OdaSignIn]]),
    ends("the provider tells that a credential has to change", &[ODA_IN, &[OdaSignIn]]),
    ends("the provider tells that an account is disabled", &[ODA]),
    ends("the provider tells that an account is purged", &[ODA]),
    ends("the provider tells that a device complies again", &[]),
    takes("a push takes somebody out of a group", &[ODA]),
    takes("a push takes somebody out of a group as Entra writes it", &[ODA]),
    takes("a push renames a group of which a rule speaks", &[ODA]),
    takes("a push replaces a group with an empty one", &[ODA]),
    takes("a push deletes a group", &[ODA]),
    takes("a mapping is published without a rule", &[ODA]),
    takes("a role lets its holders do less", &[SAMI]),
    takes("a binding is taken", &[SAMI]),
    takes("a binding is taken from a service account", &[MACK]),
    takes("a binding is taken from a group", &[LOLA_CAN]),
    takes("a role is changed as a change of roles", &[SAMI]),
    takes("somebody is taken out of a local group", &[LOLA_CAN]),
    Law {
        way: "somebody is taken out of a local group, and their keys are deleted",
        ends: &[LOLA_KEY],
        less: &[LOLA_CAN],
    },
    takes("several people are taken out of a local group", &[LOLA_CAN]),
    takes("a local group is deleted", &[LOLA_CAN]),
    takes("somebody is given another role instead", &[SAMI]),
    ends("a service account is suspended", &[MACK]),
    ends("a service account is closed", &[MACK]),
    ends("a key of a service account is ended", &[MACK]),
    ends("a key of a service account is switched off", &[MACK]),
    ends("a service account is closed in the console", &[MACK, DESK]),
    ends("a key of a service account is ended in the console", &[MACK, DESK]),
    ends("a key goes to a service account", &[&[OdaKeyJwt]]),
    ends("a connection is disabled", &[ODA_IN, IDP, &[OdaSignIn]]),
    ends("a connection is disabled and enabled again", &[ODA_IN, IDP_DEAD]),
    ends("a connection that speaks SAML is disabled", &[SAMI, &[SamlToken]]),
    ends("a connection is disabled in the console", &[ODA_IN, IDP, &[OdaSignIn], DESK]),
    ends("a connection is deleted", &[ODA, IDP]),
    ends("a SCIM token is revoked", &[&[IdpToken]]),
    ends("a SCIM token is revoked in the console", &[&[IdpToken], DESK]),
    ends("an OAuth client is revoked", &[&[IdpClient, IdpAccess]]),
    ends("the token for security events is revoked", &[&[IdpSignals]]),
    ends("another token for security events is made", &[&[IdpSignals]]),
    ends("a connection's settings take security events away", &[&[IdpSignals]]),
    ends("a set-up link is revoked", &[&[SetupLink]]),
    ends("a connection that is set up by a link is enabled", &[&[SetupLink]]),
    ends("single sign-on is enforced for a domain", &[LOLA_IN, &[LolaPassword, LolaReset]]),
    ends("a one-time link is used", &[DESK]),
    Law { way: "somebody without keys is taken out of a local group", ends: &[LOLA_KEY], less: &[LOLA_CAN] },
    Law { way: "a local group without keys is deleted", ends: &[LOLA_KEY], less: &[LOLA_CAN] },
    takes("a document lets a role do less", &[SAMI]),
    takes("a document empties a local group", &[LOLA_CAN]),
    ends("a service account is suspended in the console", &[MACK, DESK]),
    ends("security events are ended in the console", &[&[IdpSignals], DESK]),
    ends("another token for security events is made in the console", &[&[IdpSignals], DESK]),
    ends("single sign-on is enforced in the console", &[LOLA_IN, &[LolaPassword, LolaReset], DESK]),
    ends("a connection is deleted in the console", &[ODA, IDP, DESK]),
    Law { way: "a mapping is published by its own door", ends: &[ODA_KEY], less: &[ODA] },
    Law { way: "an earlier mapping is published again", ends: &[ODA_KEY], less: &[ODA] },
    ends("a push takes a local person over who is inactive", &[LOLA]),
];
