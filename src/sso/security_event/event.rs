//! The events that are understood: those of CAEP 1.0, RISC 1.0 and of the stream itself.

use super::Subject;
use serde_json::Value;

const CAEP: &str = "https://schemas.openid.net/secevent/caep/event-type/";
const RISC: &str = "https://schemas.openid.net/secevent/risc/event-type/";
const STREAM: &str = "https://schemas.openid.net/secevent/ssf/event-type/";
/// The longest name of an event, and the most of a reason that is kept.
const LONGEST: usize = 200;

/// What an event asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asked {
    /// One session is over, or all of them: CAEP session-revoked, RISC sessions-revoked.
    EndSessions,
    /// Whoever is in has to show anew who it is: a credential was changed or revoked, claims say something else, a device is no
    /// longer as it should be.
    SignInAgain,
    /// The account is disabled.
    Suspend,
    /// It is enabled again.
    Activate,
    /// It is gone for good.
    Remove,
    /// Nothing but to be noted: a new credential, a device that is well, another identifier.
    Note,
    /// The transmitter shows that the stream works.
    Verify,
    /// The transmitter says how its stream stands.
    Stream(String),
    /// It is not known here.
    Unknown,
}

/// One event of a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToldEvent {
    /// Which: a URI.
    pub uri: String,
    /// What it asks for.
    pub asked: Asked,
    /// Whom it is about, if it says so.
    pub subject: Option<Subject>,
    /// Why, for administrators.
    pub reason: Option<String>,
}

impl ToldEvent {
    /// Reads one; `subject` is the token's own.
    pub(super) fn read(uri: &str, payload: &Value, subject: Option<&Subject>) -> Result<Self, String> {
        if uri.is_empty() || uri.len() > LONGEST {
            return Err("an event's name is a URI".to_owned());
        }
        // RFC 8417 §2.2: the payload is a JSON object, which may be empty.
        let fields = payload.as_object().ok_or_else(|| format!("what {uri} says is no JSON object"))?;
        let text = |name: &str| fields.get(name).and_then(Value::as_str);
        let asked = asked(uri, text)?;
        // SSF's drafts had the subject inside of the event.
        let subject = match (subject, fields.get("subject")) {
            (Some(subject), _) => Some(subject.clone()),
            (None, Some(inner)) => Some(Subject::read(inner)?),
            (None, None) => None,
        };
        let needs_somebody = match &asked {
            Asked::EndSessions | Asked::SignInAgain | Asked::Suspend | Asked::Activate | Asked::Remove => true,
            Asked::Note | Asked::Verify | Asked::Stream(_) | Asked::Unknown => false,
        };
        if needs_somebody && subject.is_none() {
            return Err(format!("{uri} does not say whom it is about (sub_id)"));
        }
        Ok(Self { uri: uri.to_owned(), asked, subject, reason: reason(fields.get("reason_admin"), text("reason")) })
    }
}

fn asked<'a>(uri: &str, text: impl Fn(&str) -> Option<&'a str>) -> Result<Asked, String> {
    if let Some(kind) = uri.strip_prefix(CAEP) {
        return Ok(match kind {
            "session-revoked" => Asked::EndSessions,
            "credential-change" => match text("change_type") {
                Some("revoke" | "update" | "delete") => Asked::SignInAgain,
                Some("create") => Asked::Note,
                Some(_) | None => return Err("credential-change has no change_type that is known".to_owned()),
            },
            "token-claims-change" => Asked::SignInAgain,
            "device-compliance-change" => match text("current_status") {
                Some("not-compliant") => Asked::SignInAgain,
                Some("compliant") => Asked::Note,
                Some(_) | None => return Err("device-compliance-change has no current_status".to_owned()),
            },
            _ => Asked::Unknown,
        });
    }
    if let Some(kind) = uri.strip_prefix(RISC) {
        return Ok(match kind {
            "sessions-revoked" => Asked::EndSessions,
            "account-disabled" => Asked::Suspend,
            "account-enabled" => Asked::Activate,
            "account-purged" => Asked::Remove,
            "account-credential-change-required" => Asked::SignInAgain,
            "identifier-changed" => Asked::Note,
            _ => Asked::Unknown,
        });
    }
    Ok(match uri.strip_prefix(STREAM) {
        Some("verification") => Asked::Verify,
        Some("stream-updated") => match text("status") {
            Some(status @ ("enabled" | "paused" | "disabled")) => Asked::Stream(status.to_owned()),
            Some(_) | None => return Err("stream-updated has no status that is known".to_owned()),
        },
        Some(_) | None => Asked::Unknown,
    })
}

/// CAEP §2: words by language, or one text; of RISC the reason is a word.
fn reason(admin: Option<&Value>, word: Option<&str>) -> Option<String> {
    let said = match admin {
        Some(Value::String(text)) => Some(text.as_str()),
        Some(Value::Object(languages)) => {
            let english = languages.get("en").and_then(Value::as_str);
            english.or_else(|| languages.values().find_map(Value::as_str))
        }
        Some(_) | None => word,
    };
    let clean = |text: &str| text.chars().filter(|letter| !letter.is_control()).take(LONGEST).collect::<String>();
    said.map(clean).filter(|text| !text.is_empty())
}
