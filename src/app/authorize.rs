//! The decision: may this one do that there, and why or why not. Many at once.

use super::{App, Ctx, Error};
use crate::{
    access::{Access, Derivation, NearMiss},
    model::{Capability, Cluster, CustomRole, Holder, Scope, ServiceAccount, User, UserState, fold},
    store::Tx,
};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::HashMap;

/// Checks in one request.
pub const MOST_CHECKS: usize = 100;

/// One question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessCheck {
    /// About whom: an id, an e-mail address or a name at a provider; none: who asks.
    pub subject: Option<String>,
    /// Whether they may do this,
    pub can: Capability,
    /// on this cluster (its short name); none: on the whole organization.
    pub cluster: Option<String>,
}

/// One answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Decision {
    /// Whom it is about; none when nobody was found.
    pub subject: Option<DecidedOn>,
    /// The capability.
    pub can: Capability,
    /// The cluster, as it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cluster: Option<String>,
    /// Whether they may.
    pub allowed: bool,
    /// In words.
    pub reason: String,
    /// What gives it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub because: Option<Derivation>,
    /// What would give it, and where it is held instead.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nearest: Option<NearMiss>,
    /// Why nothing could be decided: nobody may what cannot be decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<Undecided>,
}

/// Whom a decision is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct DecidedOn {
    /// Their id.
    pub id: String,
    /// What to call them.
    pub label: String,
}

/// Why nothing could be decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Undecided {
    /// `unknown_subject`, `ambiguous_subject` or `unknown_cluster`.
    pub code: &'static str,
    /// For people.
    pub detail: String,
}

/// Somebody whose access was computed.
struct Weighed {
    on: DecidedOn,
    state: UserState,
    access: Access,
}

/// What all the checks of a request share.
struct Bench {
    clusters: Vec<Cluster>,
    custom: Vec<CustomRole>,
    weighed: HashMap<String, Result<Weighed, Undecided>>,
}

impl App {
    /// Answers each check. About oneself anybody may ask; about others, who manages members.
    pub async fn authorize(&self, ctx: &Ctx, checks: &[AccessCheck]) -> Result<Vec<Decision>, Error> {
        if checks.is_empty() || checks.len() > MOST_CHECKS {
            return Err(Error::invalid("checks", format!("send 1 to {MOST_CHECKS}")));
        }
        let mut tx = self.read(ctx, super::Need::Self_).await?;
        let own = own_names(&mut tx, ctx).await?;
        let is_own = |subject: &Option<String>| subject.as_ref().is_none_or(|named| own.contains(&fold(named)));
        if !checks.iter().all(|check| is_own(&check.subject)) {
            drop(tx);
            tx = self.read(ctx, Capability::ManageMembers).await?;
        }
        let clusters = tx.clusters(&ctx.organization).await?;
        let custom = tx.custom_roles(&ctx.organization).await?;
        let mut bench = Bench { clusters, custom, weighed: HashMap::new() };
        let mut decisions = Vec::with_capacity(checks.len());
        for check in checks {
            // Oneself by id, whichever of one's names was used: another may have the same.
            let name = match &check.subject {
                Some(named) if !own.contains(&fold(named)) => named.clone(),
                Some(_) | None => own.first().cloned().unwrap_or_default(),
            };
            if !bench.weighed.contains_key(&name) {
                let mut weighed = self.weigh(&mut tx, ctx, &name).await?;
                if own.first() == Some(&name) {
                    self.narrow_own(&mut tx, ctx, &mut weighed).await?;
                }
                bench.weighed.insert(name.clone(), weighed);
            }
            let decision = bench.decide(&name, check);
            self.note_decision(ctx, &bench, &decision);
            decisions.push(decision);
        }
        Ok(decisions)
    }

    /// A service that asks whether somebody may lets them, if they may: it counts as a use of what they hold.
    fn note_decision(&self, ctx: &Ctx, bench: &Bench, decision: &Decision) {
        let holder = decision.subject.as_ref().filter(|_| decision.allowed).and_then(|on| on.id.parse().ok());
        if let (Some(holder), Some(scope)) = (holder, bench.scope(decision.cluster.as_deref())) {
            self.note_capability_use(&ctx.organization, holder, (decision.can, &scope));
        }
    }

    async fn weigh(&self, tx: &mut Tx, ctx: &Ctx, named: &str) -> Result<Result<Weighed, Undecided>, Error> {
        let mut found = meant(tx, ctx, named).await?;
        if found.len() > 1 {
            let ids: Vec<&str> = found.iter().map(Somebody::id).collect();
            let detail = format!("“{named}” may be {}; ask by the id", ids.join(" or "));
            return Ok(Err(Undecided { code: "ambiguous_subject", detail }));
        }
        let organization = &ctx.organization;
        match found.pop() {
            None => {
                let detail = format!("there is nobody “{named}” here");
                Ok(Err(Undecided { code: "unknown_subject", detail }))
            }
            Some(Somebody::Person(user)) => {
                let access = self.access_of(tx, organization, &user, ctx.now).await?;
                let on = DecidedOn { id: user.id.to_string(), label: user.label().to_owned() };
                Ok(Ok(Weighed { on, state: user.state(), access }))
            }
            Some(Somebody::Machine(account)) => {
                let access = self.access_of_service_account(tx, organization, &account, ctx.now).await?;
                let on = DecidedOn { id: account.id.to_string(), label: account.name.clone() };
                Ok(Ok(Weighed { on, state: account.state(), access }))
            }
        }
    }

    /// Who asks about themselves asks what they may do with what they came in by: a key may carry less than its owner.
    async fn narrow_own(&self, tx: &mut Tx, ctx: &Ctx, weighed: &mut Result<Weighed, Undecided>) -> Result<(), Error> {
        if let (Ok(weighed), Some(access)) = (weighed, self.access_of_actor(tx, ctx).await?) {
            weighed.access = access;
        }
        Ok(())
    }
}

impl Bench {
    fn decide(&self, name: &str, check: &AccessCheck) -> Decision {
        let undecided = |subject, problem: Undecided| Decision {
            subject,
            can: check.can,
            cluster: check.cluster.clone(),
            allowed: false,
            reason: problem.detail.clone(),
            because: None,
            nearest: None,
            problem: Some(problem),
        };
        let weighed = match self.weighed.get(name) {
            Some(Ok(weighed)) => weighed,
            Some(Err(problem)) => return undecided(None, problem.clone()),
            None => return undecided(None, Undecided { code: "unknown_subject", detail: String::new() }),
        };
        let Some(scope) = self.scope(check.cluster.as_deref()) else {
            let detail = format!("there is no cluster “{}” here", check.cluster.as_deref().unwrap_or_default());
            return undecided(Some(weighed.on.clone()), Undecided { code: "unknown_cluster", detail });
        };
        let because = weighed.access.why(check.can, &scope).cloned();
        let nearest = because.is_none().then(|| NearMiss::of(&weighed.access, &self.custom, (check.can, &scope)));
        let reason = match (&because, &nearest) {
            (Some(held), _) => held.to_string(),
            (None, Some(near)) => self.missing(weighed, check.can, near),
            (None, None) => String::new(),
        };
        Decision {
            subject: Some(weighed.on.clone()),
            can: check.can,
            cluster: check.cluster.clone(),
            allowed: because.is_some(),
            reason,
            because,
            nearest,
            problem: None,
        }
    }

    fn scope(&self, cluster: Option<&str>) -> Option<Scope> {
        let Some(slug) = cluster else { return Some(Scope::Organization) };
        let found = self.clusters.iter().find(|cluster| fold(&cluster.slug) == fold(slug));
        found.map(|cluster| Scope::cluster(cluster.id.clone()))
    }

    fn missing(&self, weighed: &Weighed, can: Capability, near: &NearMiss) -> String {
        let who = &weighed.on.label;
        match weighed.state {
            UserState::Active => {}
            UserState::Suspended | UserState::Removed => return format!("{who} is suspended and holds nothing"),
        }
        let roles: Vec<String> = near.roles.iter().map(ToString::to_string).collect();
        let needed = format!("{can} needs {} at {}", roles.join(" or "), self.place(&near.at));
        if near.held_at.is_empty() {
            return format!("{needed}; {who} holds it nowhere");
        }
        let places: Vec<String> = near.held_at.iter().map(|scope| self.place(scope)).collect();
        format!("{needed}; {who} holds it at {}", places.join(", "))
    }

    /// A scope in the words of the question: a cluster by its short name.
    fn place(&self, scope: &Scope) -> String {
        match scope {
            Scope::Organization => "the whole organization".to_owned(),
            Scope::Cluster { id } => {
                let known = self.clusters.iter().find(|cluster| cluster.id == *id);
                known.map_or_else(|| scope.to_string(), |cluster| cluster.slug.clone())
            }
            Scope::Resource { .. } => scope.to_string(),
        }
    }
}

/// A person or a service account.
enum Somebody {
    Person(Box<User>),
    Machine(Box<ServiceAccount>),
}

impl Somebody {
    fn id(&self) -> &str {
        match self {
            Self::Person(user) => user.id.as_str(),
            Self::Machine(account) => account.id.as_str(),
        }
    }
}

/// What who asks is called, folded, the id first.
pub(super) async fn own_names(tx: &mut Tx, ctx: &Ctx) -> Result<Vec<String>, Error> {
    let names = match ctx.actor.holder() {
        None => Vec::new(),
        Some(Holder::User(id)) => {
            let user = tx.user(&ctx.organization, &id).await?.ok_or(Error::NotSignedIn)?;
            vec![Some(id.to_string()), Some(user.user_name), user.email]
        }
        Some(Holder::ServiceAccount(id)) => vec![Some(id.to_string())],
    };
    Ok(names.into_iter().flatten().map(|name| fold(&name)).collect())
}

/// Who may be meant: by id; or by address, and by name at any provider. A service account has only its id.
async fn meant(tx: &mut Tx, ctx: &Ctx, named: &str) -> Result<Vec<Somebody>, Error> {
    let organization = &ctx.organization;
    if let Ok(id) = named.parse() {
        let user = tx.user(organization, &id).await?.filter(|user| user.removed_at.is_none());
        return Ok(user.into_iter().map(|user| Somebody::Person(Box::new(user))).collect());
    }
    if let Ok(id) = named.parse() {
        let account = tx.service_account(organization, &id).await?.filter(|account| account.removed_at.is_none());
        return Ok(account.into_iter().map(|account| Somebody::Machine(Box::new(account))).collect());
    }
    let mut found = tx.users_by_email(organization, named).await?;
    let connections = tx.connections(organization).await?;
    for connection in std::iter::once(None).chain(connections.iter().map(|connection| Some(&connection.id))) {
        let user = tx.user_by_name(organization, connection, named).await?;
        found.extend(user.filter(|user| !found.iter().any(|there| there.id == user.id)));
    }
    Ok(found.into_iter().map(|user| Somebody::Person(Box::new(user))).collect())
}
