//! What a review finds, and the evidence for it.

use super::{
    super::{App, Ctx, Error},
    Looked, days_ago,
};
use crate::{
    access::Via,
    model::{
        Binding, BuiltInRole, Capability, Finding, Holder, Instant, OrganizationId, ReviewLimits, Role, Scope, Source,
        Subject, UserId,
    },
    store::{BindingQuery, Tx},
};
use std::collections::BTreeMap;

/// The most of one kind that a review keeps, and what it reads at once.
const MOST: i64 = 5000;
const CHUNK: i64 = 500;

impl App {
    /// Looks for everything, with these limits.
    pub(super) async fn look_for(&self, ctx: &Ctx, limits: &ReviewLimits) -> Result<Looked, Error> {
        let mut tx = self.read(ctx, Capability::ManageMembers).await?;
        let (organization, now) = (&ctx.organization, ctx.now);
        let before = |days| days_ago(now, days);
        let mut looked = Looked::default();
        let accounts = before(limits.account_days);
        looked.keep("accounts", tx.find_unused_accounts(organization, accounts, MOST).await?);
        looked.keep("service accounts", tx.find_unused_service_accounts(organization, accounts, MOST).await?);
        looked.keep("keys", tx.find_unused_keys(organization, (before(limits.key_days), now), MOST).await?);
        let invitations = (before(limits.invitation_days), now);
        looked.keep("invitations", tx.find_stale_invitations(organization, invitations, MOST).await?);
        self.look_for_idle_owners(&mut tx, ctx, (limits, &mut looked)).await?;
        let redundant = look_for_redundant(&mut tx, organization).await?;
        let common = look_for_common(&mut tx, organization, (limits.group_of, &redundant)).await?;
        looked.keep("bindings", redundant);
        looked.keep("bindings", common);
        Ok(looked)
    }

    async fn look_for_idle_owners(
        &self,
        tx: &mut Tx,
        ctx: &Ctx,
        (limits, looked): (&ReviewLimits, &mut Looked),
    ) -> Result<(), Error> {
        let before = days_ago(ctx.now, limits.owner_days);
        let recorded = tx.use_records(&ctx.organization).await?;
        // Of a time that nobody recorded nothing can be said, and what is not known is no reason to take anything.
        if recorded.is_none_or(|since| since > before) {
            let since = recorded.map_or_else(|| "now on".to_owned(), |since| since.to_string());
            looked.gaps.push(format!(
                "Owners were not looked at: uses are recorded from {since}, and {} days were asked for.",
                limits.owner_days
            ));
            return Ok(());
        }
        let mut found = Vec::new();
        for owner in tx.owners_of_everything(&ctx.organization, MOST).await? {
            found.extend(self.idle_owner(tx, ctx, (&owner, before)).await?);
        }
        looked.keep("owners", found);
        Ok(())
    }

    async fn idle_owner(
        &self,
        tx: &mut Tx,
        ctx: &Ctx,
        (id, before): (&UserId, Instant),
    ) -> Result<Option<Finding>, Error> {
        let organization = &ctx.organization;
        let last_used_at = last_owners_use(tx, organization, id).await?;
        let Some(user) = tx.user(organization, id).await? else { return Ok(None) };
        if user.created_at >= before || last_used_at.is_some_and(|at| at >= before) {
            return Ok(None);
        }
        let direct = tx.bindings_of(organization, &Subject::User(id.clone())).await?;
        let direct: Vec<Binding> = direct.into_iter().filter(gives_owner_by_a_person).collect();
        // Who became Owner within the days asked for had no chance to use it for so long.
        if direct.iter().any(|binding| binding.since >= before) {
            return Ok(None);
        }
        let access = self.access_of(tx, organization, &user, ctx.now).await?;
        let elsewhere = access.derivations.iter().filter(|held| {
            held.role == Role::BuiltIn(BuiltInRole::Owner)
                && held.scope == Scope::Organization
                && !by_a_person(&held.via)
        });
        let also_by = elsewhere.map(|held| match &held.via {
            Via::Direct { source } => source.to_string(),
            // A group's name may be a person's: its id is enough.
            Via::Group { id, source, .. } => format!("group {id}, {source}"),
            Via::Default => "the default".to_owned(),
        });
        let also_by = also_by.collect();
        let binding = direct.first().map(|binding| binding.id.clone());
        Ok(Some(Finding::IdleOwner { user: id.clone(), binding, also_by, last_used_at }))
    }
}

impl Looked {
    fn keep(&mut self, what: &str, found: Vec<Finding>) {
        if i64::try_from(found.len()).unwrap_or(i64::MAX) >= MOST {
            self.gaps.push(format!("There are more unused {what}: the first {MOST} are in this review."));
        }
        self.findings.extend(found);
    }
}

fn by_a_person(via: &Via) -> bool {
    matches!(via, Via::Direct { source: Source::Person | Source::Invitation { .. } })
}

fn gives_owner_by_a_person(binding: &Binding) -> bool {
    binding.terms.role == Role::BuiltIn(BuiltInRole::Owner)
        && binding.terms.scope == Scope::Organization
        && matches!(binding.terms.source, Source::Person | Source::Invitation { .. })
}

/// When somebody last used what Owner lets them do and Member does not, as far as that is recorded.
pub(super) async fn last_owners_use(
    tx: &mut Tx,
    organization: &OrganizationId,
    owner: &UserId,
) -> Result<Option<Instant>, Error> {
    let uses = tx.capability_uses(organization, &Holder::User(owner.clone())).await?;
    let member = BuiltInRole::Member.capabilities();
    let owners = uses.iter().filter(|one| !member.contains(&one.capability));
    Ok(owners.map(|one| one.last_at).max())
}

async fn look_for_redundant(tx: &mut Tx, organization: &OrganizationId) -> Result<Vec<Finding>, Error> {
    let mut found = Vec::new();
    for (id, group) in tx.find_redundant_bindings(organization, MOST).await? {
        let Some(binding) = tx.binding(organization, &id).await? else { continue };
        let Subject::User(user) = binding.terms.subject else { continue };
        let (role, scope) = (binding.terms.role, binding.terms.scope);
        found.push(Finding::RedundantBinding { binding: id, user, role, scope, group });
    }
    Ok(found)
}

/// Roles that at least so many people were given one by one, without an end, where no group of theirs gives them as well.
async fn look_for_common(
    tx: &mut Tx,
    organization: &OrganizationId,
    (group_of, redundant): (u32, &[Finding]),
) -> Result<Vec<Finding>, Error> {
    let query = BindingQuery { source: Some(Source::Person.kind().to_owned()), ..BindingQuery::default() };
    let (mut after, mut alike) = (String::new(), BTreeMap::<(Role, Scope), Vec<(Binding, UserId)>>::new());
    loop {
        let bindings = tx.bindings_asked(organization, &query, &after, CHUNK).await?;
        let Some(last) = bindings.last() else { break };
        after = last.id.to_string();
        for binding in bindings {
            let is_redundant =
                |one: &Finding| matches!(one, Finding::RedundantBinding { binding: id, .. } if *id == binding.id);
            let Subject::User(user) = &binding.terms.subject else { continue };
            let is_of_a_resource = matches!(binding.terms.scope, Scope::Resource { .. });
            if binding.terms.until.is_some() || is_of_a_resource || redundant.iter().any(is_redundant) {
                continue;
            }
            let user = user.clone();
            let place = (binding.terms.role.clone(), binding.terms.scope.clone());
            alike.entry(place).or_default().push((binding, user));
        }
    }
    let enough = usize::try_from(group_of).unwrap_or(usize::MAX);
    let many = alike.into_iter().filter(|(_, held)| held.len() >= enough);
    let found = many.map(|((role, scope), held)| {
        let (bindings, users): (Vec<Binding>, Vec<UserId>) = held.into_iter().unzip();
        let bindings = bindings.into_iter().map(|binding| binding.id).collect();
        Finding::CommonBinding { role, scope, bindings, users }
    });
    Ok(found.collect())
}
