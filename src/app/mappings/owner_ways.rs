//! All ways to become Owner of the whole organization: by rules, by what people gave, by invitations.

use crate::{
    app::{App, Ctx, Error},
    mapping::OwnerRule,
    model::{Capability, Instant, InvitationState, Role, Scope, Source, Subject},
    store::{BindingQuery, EVERYBODY, Tx},
};
use schemars::JsonSchema;
use serde::Serialize;
use std::fmt;

/// One way to become Owner of the whole organization.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum OwnerWay {
    /// A rule of the mapping in force, or its default.
    Rule {
        /// What it asks for.
        #[serde(flatten)]
        rule: OwnerRule,
    },
    /// A binding that is there.
    Binding {
        /// Whose.
        subject: Subject,
        /// What they are called.
        label: String,
        /// What gave it.
        source: Source,
        /// When it stops by itself.
        until: Option<Instant>,
        /// How many people hold Owner by it.
        people: usize,
    },
    /// An invitation that waits.
    Invitation {
        /// To whom.
        email: String,
        /// Until when.
        expires_at: Instant,
    },
}

impl fmt::Display for OwnerWay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rule { rule: OwnerRule { rule, line, groups, when, until, risks } } => {
                match rule {
                    Some(rule) => write!(f, "rule “{rule}” (line {line}): ")?,
                    None => f.write_str("the default: ")?,
                }
                let of = (!groups.is_empty()).then(|| format!("whoever is in {}", groups.join(" or ")));
                let when = when.as_ref().map(|when| format!("when {when}"));
                f.write_str(&of.into_iter().chain(when).collect::<Vec<_>>().join(" and "))?;
                until.iter().try_for_each(|until| write!(f, ", until {until}"))?;
                risks.iter().try_for_each(|risk| write!(f, "\n  ! {risk}"))
            }
            Self::Binding { subject, label, source, until, people } => {
                write!(f, "{label} ({subject}), {source}")?;
                if matches!(subject, Subject::Group(_)) {
                    write!(f, ", {people} people")?;
                }
                until.iter().try_for_each(|until| write!(f, ", until {until}"))
            }
            Self::Invitation { email, expires_at } => write!(f, "the invitation to {email}, until {expires_at}"),
        }
    }
}

impl App {
    /// All ways to become Owner of the whole organization, as things stand.
    pub async fn owner_ways(&self, ctx: &Ctx) -> Result<Vec<OwnerWay>, Error> {
        let mut tx = self.read(ctx, Capability::ManageOrganization).await?;
        let organization = &ctx.organization;
        let in_force = self.mapping_in_force(&mut tx, organization, ctx.now).await?;
        let rules = in_force.iter().flat_map(|in_force| in_force.mapping.owner_rules());
        let mut ways: Vec<OwnerWay> = rules.map(|rule| OwnerWay::Rule { rule }).collect();
        let query = BindingQuery {
            role: Some(Role::OWNER.to_string()),
            scope: Some(Scope::Organization),
            ..BindingQuery::default()
        };
        for binding in tx.bindings_asked(organization, &query, "", EVERYBODY).await? {
            let terms = binding.terms;
            if terms.until.is_some_and(|until| until <= ctx.now) {
                continue;
            }
            let Some((label, people)) = holder(&mut tx, ctx, &terms.subject).await? else { continue };
            ways.push(OwnerWay::Binding {
                subject: terms.subject,
                label,
                source: terms.source,
                until: terms.until,
                people,
            });
        }
        for invitation in tx.invitations_after(organization, "", EVERYBODY).await? {
            let offers = invitation.offer.role == Role::OWNER && invitation.offer.clusters.is_empty();
            if offers && invitation.state(ctx.now) == InvitationState::Pending {
                ways.push(OwnerWay::Invitation { email: invitation.email, expires_at: invitation.expires_at });
            }
        }
        Ok(ways)
    }
}

/// What somebody is called, and how many people they are; nothing: they are gone.
async fn holder(tx: &mut Tx, ctx: &Ctx, subject: &Subject) -> Result<Option<(String, usize)>, Error> {
    let organization = &ctx.organization;
    Ok(match subject {
        Subject::User(id) => {
            let user = tx.user(organization, id).await?.filter(|user| user.removed_at.is_none());
            user.map(|user| (user.label().to_owned(), 1))
        }
        Subject::Group(id) => match tx.group(organization, id).await?.filter(|group| group.removed_at.is_none()) {
            Some(group) => Some((group.display_name, tx.member_ids(organization, id, EVERYBODY).await?.len())),
            None => None,
        },
        Subject::ServiceAccount(id) => {
            let account = tx.service_account(organization, id).await?.filter(|account| account.removed_at.is_none());
            account.map(|account| (account.name, 0))
        }
    })
}
