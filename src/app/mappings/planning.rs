//! What publishing a text would do: the whole of it but the writing. A plan runs it on a snapshot, holding nobody up; publishing
//! runs it inside of the change. So a plan cannot disagree with its apply.

use super::{
    MappingPlan, Survey,
    everybody::{Asked, Everybody},
    ground::{self, Ground},
    invited,
    person::Changed,
};
use crate::{
    access::capabilities,
    app::{
        Actor, App, Ctx, Error,
        funnel::{ConnectionNames, scope_of},
        in_force::{InForce, vocabulary_of},
        key_safe::RoleMove,
    },
    mapping::{Diagnostic, Mapping, Reach, ReachScope, check},
    model::{Capability, Holder, Invitation, OrganizationId, Role, Scope, UserId},
    plan::{
        Impact, RuleReach,
        owners::{Author, Outlook, Verdict, judge},
    },
    store::Tx,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// A text that was looked at.
pub(super) struct Planned {
    pub(super) plan: MappingPlan,
    /// The names of the connections that there are.
    pub(super) connections: Vec<String>,
    pub(super) moves: Vec<RoleMove>,
}

/// Everybody under a text, and what it takes to say what that comes to.
#[derive(Debug)]
pub(super) struct Surveyed {
    pub(super) survey: Survey,
    connections: Vec<String>,
    warnings: Vec<Diagnostic>,
    before: Option<Arc<InForce>>,
    invitations: Vec<Invitation>,
}

/// Everything of a text that has to be known before people are looked at.
struct Read {
    mapping: Mapping,
    names: ConnectionNames,
    connections: Vec<String>,
    warnings: Vec<Diagnostic>,
}

impl App {
    /// What a text would do, with everything that publishing it would be refused for.
    pub(super) async fn planned(&self, tx: &mut Tx, ctx: &Ctx, text: &str) -> Result<Planned, Error> {
        let surveyed = self.surveyed(tx, ctx, text).await?;
        self.concluded(tx, ctx, surveyed).await
    }

    /// Everybody under a text.
    pub(super) async fn surveyed(&self, tx: &mut Tx, ctx: &Ctx, text: &str) -> Result<Surveyed, Error> {
        let organization = &ctx.organization;
        let Read { mapping, names, connections, warnings } = self.read_text(tx, ctx, text).await?;
        let before = self.mapping_in_force(tx, organization, ctx.now).await?;
        let under = before.as_ref().map(|before| (&before.mapping, &before.names));
        let (mut ground, of_groups) = ground::load(tx, (organization, ctx.now), (mapping, names), under).await?;
        let invitations = invited::pending(tx, ctx).await?;
        let inviters = invitations.iter().filter_map(|one| one.invited_by.as_ref().and_then(Holder::user));
        ground.asked_of = inviters.cloned().collect();
        let survey = Survey::make(tx, organization, (ground, of_groups), Asked::Impact).await?;
        Ok(Surveyed { survey, connections, warnings, before, invitations })
    }

    /// What a look at everybody comes to.
    pub(super) async fn concluded(&self, tx: &mut Tx, ctx: &Ctx, surveyed: Surveyed) -> Result<Planned, Error> {
        let organization = &ctx.organization;
        let Surveyed { survey, connections, warnings, before, invitations } = surveyed;
        let before = before.as_ref().map(|before| (&before.mapping, &before.names));
        let (ground, mut all) = survey.together();
        // Whoever looked a while ago may have lost something since.
        self.may_give_all(tx, ctx, &ground.mapping.reach()).await?;
        let ends = self.floor_ends(tx, ctx, &all).await?;
        let of_floor: Vec<Changed> = std::mem::take(&mut all.floor)
            .into_iter()
            .filter_map(|holder| if ends { holder.ended } else { holder.kept })
            .collect();
        let floor: BTreeSet<&UserId> = of_floor.iter().map(|one| &one.change.user).collect();
        let of_floor_in = match floor.is_empty() {
            true => 0,
            false => tx.count_sessions_of(organization, &floor, ctx.now).await?,
        };
        all.changed.extend(of_floor);
        all.changed.sort_by(|one, other| one.change.user.cmp(&other.change.user));
        let mut moves = Vec::new();
        let mut impact = Impact {
            looked_at: all.looked_at,
            owner_left: !all.owners.is_empty(),
            sessions: all.sessions + of_floor_in,
            rules: rules(&ground, &all.people_of_rules),
            names: names_of(tx, organization, &ground).await?,
            invitations: invited::changes(tx, ctx, (&ground, before), (&all.after, &invitations)).await?,
            owners: std::mem::take(&mut all.owners),
            ..Impact::default()
        };
        for Changed { change, keys, moved } in std::mem::take(&mut all.changed) {
            impact.people.push(change);
            impact.keys.extend(keys);
            moves.extend(moved);
        }
        let plan = MappingPlan { version: None, plan: None, warnings, diff: all.diff, impact };
        Ok(Planned { plan, connections, moves })
    }

    /// A text that compiles, and that its author may publish.
    pub(in crate::app) async fn compiled_text(
        &self,
        tx: &mut Tx,
        ctx: &Ctx,
        text: &str,
    ) -> Result<(Mapping, ConnectionNames), Error> {
        let Read { mapping, names, .. } = self.read_text(tx, ctx, text).await?;
        Ok((mapping, names))
    }

    /// Compiles the text against the organization as it is, and refuses what its author may not give.
    async fn read_text(&self, tx: &mut Tx, ctx: &Ctx, text: &str) -> Result<Read, Error> {
        let (words, names) = vocabulary_of(tx, &ctx.organization, true).await?;
        let checked = check(text, &words, ctx.now);
        let Some(mapping) = checked.mapping else {
            return Err(Error::Mapping { diagnostics: checked.diagnostics });
        };
        self.may_give_all(tx, ctx, &mapping.reach()).await?;
        Ok(Read { mapping, names, connections: words.connections, warnings: checked.diagnostics })
    }

    /// Nobody gives what they do not hold: every rule's reach lies within the publisher's own access.
    async fn may_give_all(&self, tx: &mut Tx, ctx: &Ctx, reach: &[Reach]) -> Result<(), Error> {
        let Some(access) = self.access_of_actor(tx, ctx).await? else { return Ok(()) };
        if access.is_owner() {
            return Ok(());
        }
        let custom = tx.custom_roles(&ctx.organization).await?;
        for rule in reach {
            let scopes: Vec<Scope> = match &rule.scope {
                ReachScope::AnyCluster => vec![Scope::Organization],
                ReachScope::These(scopes) => scopes.iter().map(scope_of).collect(),
            };
            let whole = |role: &Role| capabilities(role, &Scope::Organization, &custom).unwrap_or_default();
            let wanted: BTreeSet<Capability> = rule.roles.iter().flat_map(whole).collect();
            for scope in &scopes {
                if let Some(missing) = access.lacks(&wanted, scope) {
                    let name = rule.rule.as_deref().unwrap_or("default");
                    return Err(Error::Forbidden {
                        need: format!("{missing} at {scope}, which rule “{name}” gives")
                    });
                }
            }
        }
        Ok(())
    }

    /// What the guard of the owners will say of it; whether it ends the floor.
    async fn floor_ends(&self, tx: &mut Tx, ctx: &Ctx, all: &Everybody) -> Result<bool, Error> {
        let organization = tx.organization(&ctx.organization).await?;
        let outlook = Outlook {
            reachable: all.owners.first().map(|owner| owner.user.clone()),
            floor: all
                .floor
                .iter()
                .flat_map(|holder| holder.bindings.iter().map(|id| (id.clone(), holder.reachable)))
                .collect(),
            last: all.last.clone(),
            ownerless: organization.is_some_and(|found| found.ownerless_since.is_some()),
        };
        let author = match ctx.actor {
            Actor::User { .. } | Actor::Key { .. } | Actor::ServiceAccount { .. } | Actor::Operator => Author::Person,
            Actor::Connection { .. } | Actor::System => Author::Machine,
        };
        match judge(author, &outlook) {
            Verdict::Refuse { last } => Err(Error::LastOwner { last }),
            Verdict::Owned { close } => Ok(!close.is_empty()),
            Verdict::Fine | Verdict::Keep { .. } | Verdict::Ownerless => Ok(false),
        }
    }
}

fn rules(ground: &Ground, people: &[usize]) -> Vec<RuleReach> {
    let rules = ground.rules.iter().zip(people).enumerate();
    rules
        .map(|(place, ((rule, line), people))| RuleReach {
            rule: rule.clone(),
            line: *line,
            groups: ground.groups.iter().filter(|group| group.rules.contains(&place)).count(),
            people: *people,
        })
        .collect()
}

/// What ids are called that a plan names.
async fn names_of(
    tx: &mut Tx,
    organization: &OrganizationId,
    ground: &Ground,
) -> Result<BTreeMap<String, String>, Error> {
    let groups = ground.groups.iter().filter(|group| group.touched);
    let mut names: BTreeMap<String, String> =
        groups.map(|one| (one.group.id.to_string(), one.group.display_name.clone())).collect();
    names.extend(tx.clusters(organization).await?.into_iter().map(|cluster| (cluster.id.to_string(), cluster.slug)));
    names.extend(ground.custom.iter().map(|role| (role.id.to_string(), role.name.clone())));
    Ok(names)
}
