//! Why a sign-in failed: one word for each reason, what it means and what to do, for every protocol.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

macro_rules! failures {
    ($($variant:ident = $name:literal, $meaning:literal, $remedy:literal;)*) => {
        /// Why a sign-in failed.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
        pub enum SignInFailure {
            $(#[doc = $meaning] #[serde(rename = $name)] $variant,)*
        }

        impl SignInFailure {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The word in the store, the API and the command line.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// What it means, in a sentence for admins.
            #[must_use]
            pub fn meaning(self) -> &'static str {
                match self { $(Self::$variant => $meaning,)* }
            }

            /// What to do about it, in sentences for admins.
            #[must_use]
            pub fn remedy(self) -> &'static str {
                match self { $(Self::$variant => $remedy,)* }
            }
        }
    };
}

failures! {
    StateLost = "state_lost",
        "The answer came to a browser that began no sign-in, or that lost what it was to remember.",
        "Begin again in one browser window. If it happens again: the browser refuses cookies, the person came back by a bookmark or the back button, or the address in server.public_url is not the one that people use.";
    TookTooLong = "took_too_long",
        "The person took longer at the provider than a sign-in may take.",
        "Begin the sign-in again.";
    ProviderRefused = "provider_refused",
        "The provider itself turned the person away, or the person cancelled.",
        "Look at the provider's sign-in log. Mostly the person is not assigned to this application there.";
    ProviderUnreachable = "provider_unreachable",
        "The provider could not be asked: no answer, or one that cannot be used.",
        "Check the provider's status, its address in the connection, and that this server may reach it.";
    ProviderMisconfigured = "provider_misconfigured",
        "What the provider publishes about itself cannot be trusted or used.",
        "Compare the issuer or the metadata in the connection with what the provider shows; the detail names the mistake.";
    ConnectionDisabled = "connection_disabled",
        "The connection was disabled, or has lost its sign-in, since the sign-in began.",
        "Enable the connection, or let the person sign in by another one.";
    AnswerMalformed = "answer_malformed",
        "The provider's answer has a shape that cannot be read.",
        "Begin again. If it happens again, compare the settings of the application at the provider with those shown for the connection.";
    IssuerMismatch = "issuer_mismatch",
        "The answer was given by another issuer than the one that was asked.",
        "Enter the issuer (the entity id, for SAML) in the connection exactly as the provider writes it. If it is right, somebody tried to mix providers up: report it.";
    CodeRefused = "code_refused",
        "The provider did not take the code that it gave a moment before: it is used up or too old.",
        "Begin again. If it happens again, compare the redirect address at the provider with the one shown for the connection.";
    ClientRefused = "client_refused",
        "The provider does not take castgate's own credential: client id, client secret or key.",
        "Make a new client secret at the provider and enter it in the connection; a secret may have expired there.";
    TokenMissing = "token_missing",
        "The provider sent no identity: no ID token, or no assertion.",
        "Allow the application at the provider the scope openid, or let it send an assertion.";
    WrongCertificate = "wrong_certificate",
        "The answer was signed with a key or certificate that the connection does not have from its provider.",
        "The provider has changed its key. Refresh its metadata, or enter the new certificate; until then compare the fingerprints before you trust it.";
    WeakKey = "weak_key",
        "The provider's key or certificate is too weak, expired, or of the wrong kind.",
        "Let the provider sign with RSA of 2048 bits or more, or an elliptic curve key.";
    AlgorithmRefused = "algorithm_refused",
        "The answer is signed by an algorithm that is not accepted.",
        "Set SHA-256 or stronger at the provider: RS256, PS256, ES256, ES384 or EdDSA, or their like in SAML.";
    SignatureMissing = "signature_missing",
        "The answer is not signed where it has to be.",
        "Let the provider sign the assertion or the response.";
    SignatureInvalid = "signature_invalid",
        "The signature does not hold: the answer was changed on its way, or another key signed it.",
        "Begin again. If it happens again, refresh the provider's keys or certificate. If those are right, somebody changed the answer: report it.";
    UnknownAudience = "unknown_audience",
        "The answer is meant for another application.",
        "Enter the client id (the audience or entity id, for SAML) at both sides exactly alike.";
    WrongRecipient = "wrong_recipient",
        "The answer is addressed to another place than the one where it arrived, or to another party.",
        "Enter the redirect address (the ACS URL, for SAML) at the provider exactly as the connection shows it.";
    NonceMismatch = "nonce_mismatch",
        "The identity belongs to another sign-in than the one that this browser began.",
        "Begin again in one browser window. If it happens again, somebody replays answers: report it.";
    NotRequested = "not_requested",
        "The provider sent somebody whom nobody had sent to it.",
        "Let people begin at castgate's sign-in page, or allow sign-ins that begin at the provider in the connection.";
    Replayed = "replayed",
        "The same answer was used before.",
        "Begin again. If nobody reloaded a page, somebody copied the answer: report it.";
    AssertionExpired = "assertion_expired",
        "The identity's time is over.",
        "Begin again. If it happens to everybody, compare the clocks of this server and the provider.";
    AssertionNotYetValid = "assertion_not_yet_valid",
        "The identity's time has not come.",
        "Compare the clocks of this server and the provider: one of them is wrong.";
    SubjectMissing = "subject_missing",
        "The answer does not say who the person is, or not in a form that can be kept.",
        "Let the provider send the subject (the NameID, for SAML), at most 255 characters.";
    EncryptionUnreadable = "encryption_unreadable",
        "The answer is encrypted, and not for a key of this connection.",
        "Give the provider the encryption certificate that the connection shows, or turn encryption off there.";
    AssertionMalformed = "assertion_malformed",
        "The identity cannot be read, or in more than one way.",
        "The detail names the rule that it breaks. If the provider's settings are its usual ones, report it.";
    SecondOpinion = "second_opinion",
        "The second verifier, which this deployment asks about every sign-in over SAML, does not agree.",
        "Let the provider sign with RSA or ECDSA and SHA-256, and encrypt nothing, or turn sign_in.second_opinion off. If the provider's settings are its usual ones, report it.";
    UserinfoMismatch = "userinfo_mismatch",
        "What the provider says about the person belongs to somebody else, or cannot be read.",
        "Turn off signed or encrypted userinfo answers at the provider.";
    AuthenticationTooWeak = "authentication_too_weak",
        "The person did not sign in as strongly, or as recently, as the connection asks for.",
        "Let the provider ask for the second factor, or change what the connection asks for.";
    GroupsUnreadable = "groups_unreadable",
        "The provider has more groups of the person than it tells, and points elsewhere.",
        "Let the provider send only the groups of this application, or push groups over SCIM.";
    NoRuleMatched = "no_rule_matched",
        "The provider vouches for the person, and no rule of the mapping gives them anything.",
        "The near misses say what was missing: put the person into the right group, or change the mapping or its default.";
    TermsNotAccepted = "terms_not_accepted",
        "The person is signed in, and nothing is open to them until they accept the terms.",
        "They accept on the page that follows the sign-in.";
    Suspended = "suspended",
        "The person is suspended, by the directory or by an owner.",
        "Activate the person where they were suspended.";
    Clash = "clash",
        "Somebody else here has the same name or address, and nothing proves that they are the same person.",
        "Verify the e-mail domain for the connection, approve the adoption, or remove one of the two.";
    NotInvited = "not_invited",
        "The invitation was sent to another address.",
        "The person signs in as whom it was sent to, or gets an invitation of their own.";
    InvitationWithheld = "invitation_withheld",
        "Whoever invited the person may no longer give what the invitation offers.",
        "Somebody who may give it invites the person again.";
    LinkDead = "link_dead",
        "The link was used before, has expired, or never was.",
        "Send a new one.";
    EnforcedElsewhere = "enforced_elsewhere",
        "People of this e-mail domain come in by another connection alone.",
        "Sign in by the connection for which single sign-on is enforced, or release the domain.";
    UnknownPerson = "unknown_person",
        "Nobody here has this e-mail address.",
        "Compare the address with the one in the list of members, or invite the person.";
    NoPassword = "no_password",
        "The person has no password here: they sign in by their company's own sign-in, or never chose one.",
        "The person begins at the company's sign-in, or asks for a link to choose a password.";
    PasswordWrong = "password_wrong",
        "The password is not the person's.",
        "The person asks for a link to choose another one. If it was somebody else: a second factor keeps them out.";
    EmailUnverified = "email_unverified",
        "The person's e-mail address is another one than the one that was shown to be theirs.",
        "The person asks for a link to choose a password: whoever reads it has the address.";
    CodeWrong = "code_wrong",
        "The password was right, and the code of the authenticator app was wrong or used before.",
        "The person waits for the next code, or uses a recovery code. If the app is lost with the codes, an owner removes the person and invites them again.";
    OurFault = "our_fault",
        "castgate could not finish the sign-in.",
        "The operator finds why in the log, by the request's number. Trying again may help.";
}

impl fmt::Display for SignInFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A word that is none of the failures.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("“{0}” is no reason of a failed sign-in, such as state_lost or no_rule_matched")]
pub struct UnknownFailure(pub String);

impl FromStr for SignInFailure {
    type Err = UnknownFailure;

    fn from_str(text: &str) -> Result<Self, UnknownFailure> {
        let found = Self::ALL.iter().copied().find(|failure| failure.name() == text);
        found.ok_or_else(|| UnknownFailure(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_failure_has_a_word_of_its_own_and_says_what_to_do() {
        let mut words: Vec<_> = SignInFailure::ALL.iter().map(|failure| failure.name()).collect();
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), SignInFailure::ALL.len());
        for failure in SignInFailure::ALL {
            assert_eq!(failure.name().parse(), Ok(*failure));
            assert_eq!(serde_json::json!(failure), failure.name());
            assert!(failure.meaning().ends_with('.') && failure.remedy().ends_with('.'), "{failure}");
        }
    }
}
