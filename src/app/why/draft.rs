//! What a text of the mapping says of one person, before anybody publishes it: what its rules give them, and what each of the
//! others waits for.

use super::{
    super::{
        App, Ctx, Error,
        funnel::{attributes_of, group_fact, scope_of},
    },
    person,
};
use crate::{
    mapping::{DefaultRole, Grant, GrantScope, Lacking, Outcome, Pushed, ReachScope, UserFacts},
    model::{Capability, Instant, Role, Scope, User},
    store::Tx,
};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Places that are looked at for rules that give nothing.
const MOST_PLACES: usize = 12;

/// What a text says of one person.
#[derive(Debug, Clone)]
pub struct UnderDraft {
    /// Whom it is about.
    pub user: User,
    /// What its rules give them, and why.
    pub given: Vec<GivenByRule>,
    /// What its default gives them, where no rule gives anything.
    pub default: Option<Role>,
    /// The rules that give them nothing, the nearest first, and what each waits for.
    pub lacking: Vec<Lacking>,
    /// What nearly was: an unknown cluster in a group's name, a pattern that fits in two ways.
    pub near: Vec<String>,
}

/// A role that a rule gives somebody.
#[derive(Debug, Clone)]
pub struct GivenByRule {
    /// Which.
    pub role: Role,
    /// Where.
    pub scope: Scope,
    /// The rule.
    pub rule: String,
    /// The line that it begins on, from 1.
    pub line: usize,
    /// What of the facts met it, in words.
    pub because: String,
    /// When it stops by itself.
    pub until: Option<Instant>,
}

impl App {
    /// What a text would say of a person: by id, address or name, as [`App::why`] takes them. The text has to compile.
    pub async fn under_draft(&self, ctx: &Ctx, text: &str, whom: &str) -> Result<UnderDraft, Error> {
        let mut tx = self.read(ctx, Capability::ManageOrganization).await?;
        let tx = &mut tx;
        let (mapping, names) = self.compiled_text(tx, ctx, text).await?;
        let user = person::meant(tx, ctx, whom).await?;
        let then = self.then(tx, ctx, (user, ctx.now)).await?;
        let Some(connection) = names.get(then.user.connection.as_ref()) else {
            let detail =
                "no provider vouches for them, and rules give only to people of a provider: give a role by hand";
            return Err(Error::invalid("person", detail));
        };
        let attributes = Value::Object(attributes_of(tx, &ctx.organization, &names, &then.user).await?);
        let groups: Vec<_> = then.groups.iter().filter_map(|(group, _)| group_fact(&names, group)).collect();
        let facts = UserFacts { connection, attributes: &attributes, groups: &groups };
        let mut outcomes: Vec<Outcome> = groups.iter().map(|group| mapping.for_group(group, ctx.now)).collect();
        outcomes.push(mapping.for_user(&facts, ctx.now));
        let reach = mapping.reach();
        let line = |rule: &str| reach.iter().find(|one| one.rule.as_deref() == Some(rule)).map_or(0, |one| one.line);
        let given: Vec<GivenByRule> = outcomes
            .iter()
            .flat_map(|outcome| &outcome.grants)
            .map(|grant| given_by(grant, line(&grant.rule)))
            .collect();
        let known_groups = tx.directory_groups(&ctx.organization).await?;
        let known = known_groups
            .iter()
            .filter_map(|group| Some(Pushed { group: group_fact(&names, group)?, at: group.updated_at }));
        let known: Vec<Pushed<'_>> = known.collect();
        let roles: Vec<Role> =
            reach.iter().flat_map(|one| one.roles.clone()).collect::<BTreeSet<_>>().into_iter().collect();
        let mut lacking: BTreeMap<String, Lacking> = BTreeMap::new();
        for place in places(tx, ctx, reach.iter().map(|one| &one.scope)).await? {
            for one in mapping.lacking(&facts, &known, (&roles, &place), ctx.now) {
                lacking.entry(one.rule.clone()).or_insert(one);
            }
        }
        let is_met = |rule: &str| given.iter().any(|one| one.rule == rule);
        let near = outcomes.iter().flat_map(|outcome| &outcome.near_misses);
        let near =
            near.filter(|miss| !is_met(&miss.rule) && !lacking.contains_key(&miss.rule)).map(ToString::to_string);
        let near = near.collect::<BTreeSet<_>>().into_iter().collect();
        let mut lacking: Vec<Lacking> = lacking.into_values().filter(|one| !is_met(&one.rule)).collect();
        lacking.sort_by_key(|one| one.line);
        let default = match (given.is_empty(), mapping.default_for(connection)) {
            (true, DefaultRole::Role(role)) => Some(role),
            (true, DefaultRole::Nobody) | (false, _) => None,
        };
        Ok(UnderDraft { default, user: then.user, given, lacking, near })
    }
}

fn given_by(grant: &Grant, line: usize) -> GivenByRule {
    let Grant { role, scope, rule, until, because } = grant;
    let because = because.to_string();
    GivenByRule { role: role.clone(), scope: scope_of(scope), rule: rule.clone(), line, because, until: *until }
}

/// The places where rules can give something; of any cluster, the first of those that there are.
async fn places(tx: &mut Tx, ctx: &Ctx, of: impl Iterator<Item = &ReachScope>) -> Result<Vec<GrantScope>, Error> {
    let (mut places, mut is_any) = (BTreeSet::from([GrantScope::Organization]), false);
    for scope in of {
        match scope {
            ReachScope::These(some) => places.extend(some.iter().cloned()),
            ReachScope::AnyCluster => is_any = true,
        }
    }
    if is_any {
        let clusters = tx.clusters(&ctx.organization).await?;
        places.extend(clusters.into_iter().map(|cluster| GrantScope::Cluster(cluster.id)));
    }
    Ok(places.into_iter().take(MOST_PLACES).collect())
}
