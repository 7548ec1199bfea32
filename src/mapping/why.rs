//! Why somebody may do something, back to what a provider or a person said; or why not, and what comes closest.

use super::Lacking;
use crate::{
    access::{self, Derivation, Via},
    model::{
        BindingId, Capability, EventId, EventKind, GroupId, Instant, PushId, RequestId, Source, UserId, UserState,
    },
};
use schemars::JsonSchema;
use serde::Serialize;
use std::fmt;

/// The answer to a question about one person, one capability and one moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Why {
    /// Whom it is about.
    pub subject: UserId,
    /// What to call them.
    pub label: String,
    /// What was asked for.
    pub can: Capability,
    /// On which cluster, by its short name; none: on the whole organization.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cluster: Option<String>,
    /// Of which moment.
    pub at: Instant,
    /// Whether they may, or might then.
    pub allowed: bool,
    /// How they stood.
    pub state: UserState,
    /// What made them stand so, where they could not come in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state_because: Option<Told>,
    /// The mapping in force.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mapping_version: Option<i64>,
    /// Each way in which they hold it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub derivations: Vec<Grounds>,
    /// What would be enough, where they hold it in no way.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nearest: Option<access::NearMiss>,
    /// Rules that would give it and what each waits for, the nearest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<Lacking>,
    /// What the answer cannot know.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// One way in which somebody holds something, back to its beginning.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Grounds {
    /// The role, where it holds and by which way it came.
    pub held: Derivation,
    /// The binding; none for the default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub binding: Option<BindingGround>,
    /// How the person came into the group that holds the binding.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub membership: Option<MembershipGround>,
    /// The rule that made the binding, or says the default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<RuleGround>,
    /// What was known of the person, where a rule weighed it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub facts: Vec<FactGround>,
}

/// A binding, and who made it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct BindingGround {
    /// Which.
    pub id: BindingId,
    /// Who made it.
    pub author: String,
    /// Since when.
    pub since: Instant,
    /// What happened then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub told: Option<Told>,
}

/// A rule of the mapping in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct RuleGround {
    /// Its name; none for the default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// In which version.
    pub version: i64,
    /// The line that it begins on, from 1.
    pub line: usize,
    /// What of the facts met it, in words.
    pub because: String,
}

/// How somebody came into a group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct MembershipGround {
    /// The group.
    pub group: GroupId,
    /// What it was called.
    pub name: String,
    /// Since when they are in it.
    pub since: Instant,
    /// What happened then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub told: Option<Told>,
}

/// What a provider said of somebody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct FactGround {
    /// `scim`: pushed. `claims`: asserted in a sign-in.
    pub source: &'static str,
    /// Since when it is known.
    pub since: Instant,
    /// What happened then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub told: Option<Told>,
}

/// The event that tells of it, and the provider's request that it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Told {
    /// The event.
    pub event: EventId,
    /// Of which kind.
    pub kind: EventKind,
    /// When.
    pub at: Instant,
    /// Who did it: an actor's text.
    pub actor: String,
    /// The actor as people call it.
    pub by: String,
    /// In which request.
    pub request: RequestId,
    /// The line of the provisioning log, as long as it is kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub push: Option<PushTold>,
}

/// A provider's request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct PushTold {
    /// The line.
    pub id: PushId,
    /// The HTTP method.
    pub method: String,
    /// The path behind `/scim/v2`.
    pub path: String,
}

impl Grounds {
    /// Whether it ends at something that needs no further reason: a person, an invitation, a file, the guard; or a rule with
    /// its line, and with what a provider said of the person, if the rule gave it for that.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        let has_rule = self.rule.as_ref().is_some_and(|rule| rule.line > 0);
        let source = match &self.held.via {
            // Before the first mapping the default is castgate's own.
            Via::Default => return self.binding.is_none(),
            Via::Group { source, .. } | Via::Direct { source } => source,
        };
        let came_in = match &self.held.via {
            Via::Group { .. } => self.membership.as_ref().is_some_and(|came| came.told.is_some()),
            Via::Direct { .. } | Via::Default => true,
        };
        let given = match source {
            Source::Rule { .. } => has_rule && (self.membership.is_some() || !self.facts.is_empty()),
            Source::Person | Source::File | Source::Floor | Source::Invitation { .. } => {
                self.binding.as_ref().is_some_and(|binding| !binding.author.is_empty())
            }
        };
        came_in && given && self.binding.is_some()
    }
}

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.push {
            Some(push) => write!(f, "{} {} by {}", push.method, push.path, self.by)?,
            None => write!(f, "{} by {}", self.kind.name(), self.by)?,
        }
        write!(f, " at {}, request {}", self.at, self.request)
    }
}

/// A line of a derivation: what was said, and by whom, if that is known.
fn line(f: &mut fmt::Formatter<'_>, what: &str, told: Option<&Told>) -> fmt::Result {
    match told {
        Some(told) => writeln!(f, "  ← {what}: {told}"),
        None => writeln!(f, "  ← {what}"),
    }
}

impl fmt::Display for Grounds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        line(f, &format!("{} at {}", self.held.role, self.held.scope), None)?;
        if let Some(BindingGround { id, author, since, told }) = &self.binding {
            let what = format!("binding {id} since {since}, by {author}");
            line(f, &what, told.as_ref().filter(|told| told.push.is_some()))?;
        }
        if let Some(MembershipGround { group, name, since, told }) = &self.membership {
            line(f, &format!("group “{name}” ({group}), in it since {since}"), told.as_ref())?;
        }
        if let Some(RuleGround { name, version, line: at, because }) = &self.rule {
            let name = name.as_ref().map_or("the default".to_owned(), |name| format!("rule “{name}”"));
            let because = if because.is_empty() { String::new() } else { format!(": {because}") };
            line(f, &format!("{name}, line {at} of mapping version {version}{because}"), None)?;
        }
        for FactGround { source, since, told } in &self.facts {
            line(f, &format!("what {source} says of the person since {since}"), told.as_ref())?;
        }
        Ok(())
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = self.cluster.as_deref().unwrap_or("the whole organization");
        let may = if self.allowed { "may" } else { "may not" };
        writeln!(f, "{} ({}) {may} {} on {place}, as of {}", self.label, self.subject, self.can, self.at)?;
        for grounds in &self.derivations {
            write!(f, "{grounds}")?;
        }
        match self.state {
            UserState::Active => {}
            UserState::Suspended => line(f, "suspended, and holds nothing", self.state_because.as_ref())?,
            UserState::Removed => line(f, "not here, and holds nothing", self.state_because.as_ref())?,
        }
        if let Some(nearest) = &self.nearest {
            let roles: Vec<String> = nearest.roles.iter().map(ToString::to_string).collect();
            let held: Vec<String> = nearest.held_at.iter().map(ToString::to_string).collect();
            let held = if held.is_empty() { "nowhere".to_owned() } else { format!("only at {}", held.join(", ")) };
            writeln!(f, "  needs {} at {}; holds it {held}", roles.join(" or "), nearest.at)?;
        }
        for rule in &self.rules {
            writeln!(f, "  nearest: {rule}")?;
        }
        for note in &self.notes {
            writeln!(f, "  note: {note}")?;
        }
        Ok(())
    }
}
