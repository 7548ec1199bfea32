//! What a configuration does to people: everybody before it and after it.

use super::everybody::{Everybody, Standing};
use crate::{
    access::Access,
    app::{
        Error, Work,
        key_safe::{RoleMove, Touched},
    },
    model::UserId,
    plan::{Impact, KeyImpact, PersonChange},
};
use std::collections::BTreeSet;

/// People who are asked for sessions at once.
const AT_ONCE: usize = 1000;

impl Work<'_> {
    /// Compares everybody; keeps which keys are touched for whoever asks. `mapped` is what publishing a mapping said besides.
    pub(super) async fn impact_of(
        &mut self,
        before: &Everybody,
        after: &Everybody,
        mapped: Option<Impact>,
    ) -> Result<Impact, Error> {
        let organization = self.ctx.organization.clone();
        let mapped = mapped.unwrap_or_default();
        let mut impact = Impact {
            looked_at: before.people.len(),
            owner_left: self.tx.reachable_owner(&organization, false).await?.is_some(),
            rules: mapped.rules,
            invitations: mapped.invitations,
            names: mapped.names,
            ..Impact::default()
        };
        for all in [before, after] {
            impact.names.extend(all.groups.iter().map(|group| (group.id.to_string(), group.display_name.clone())));
            impact.names.extend(all.custom.iter().map(|role| (role.id.to_string(), role.name.clone())));
        }
        let clusters = self.tx.clusters(&organization).await?;
        impact.names.extend(clusters.into_iter().map(|cluster| (cluster.id.to_string(), cluster.slug)));
        let (mut touched, mut moves) = (Vec::new(), Vec::new());
        for (id, was) in &before.people {
            let gone = Access::none();
            let is = after.people.get(id);
            compare(was, (is, &gone), &mut impact, (&mut touched, &mut moves));
        }
        let people: Vec<&UserId> = impact.people.iter().map(|person| &person.user).collect();
        let mut sessions = 0;
        for some in people.chunks(AT_ONCE) {
            let some: BTreeSet<&UserId> = some.iter().copied().collect();
            sessions += self.tx.count_sessions_of(&organization, &some, self.ctx.now).await?;
        }
        impact.sessions = sessions;
        touched.sort_by(|one: &Touched, other| one.key.id.cmp(&other.key.id));
        self.configuring.get_or_insert_default().touched = touched;
        self.role_moves = moves;
        Ok(impact)
    }
}

fn compare(
    was: &Standing,
    (is, gone): (Option<&Standing>, &Access),
    impact: &mut Impact,
    (touched, moves): (&mut Vec<Touched>, &mut Vec<RoleMove>),
) {
    let now = is.map_or(gone, |is| &is.access);
    let (id, label) = (was.person.id.clone(), was.person.label().to_owned());
    let differs = was.access.kept() != now.kept();
    let (mut keys, mut stopped) = (Vec::new(), 0);
    for (kept, carried) in &was.keys {
        // A key that ended with its owner carries nothing, and so does one of somebody who is gone.
        let after = is.and_then(|is| is.keys.iter().find(|(key, _)| key.key.id == kept.key.id));
        let after = after.map_or(gone, |(_, carried)| carried);
        if !differs && carried.kept() == after.kept() {
            continue;
        }
        let one = Touched {
            key: kept.key.clone(),
            owner: id.clone(),
            label: label.clone(),
            email: was.person.email.clone(),
            before: carried.clone(),
            after: after.clone(),
        };
        stopped += usize::from(!one.stops().is_empty());
        keys.push(KeyImpact {
            id: kept.key.id.clone(),
            name: kept.key.name.clone(),
            hint: kept.key.hint.clone(),
            owner: id.clone(),
            owner_label: label.clone(),
            last_used_at: kept.key.last_used_at,
            stops: one.stops().into_iter().collect(),
        });
        // Of somebody who is removed the keys are kept for the day they come back, as with every other removal.
        if is.is_some() {
            touched.push(one);
        }
    }
    if differs {
        let (before, after) = (was.access.roles(), now.roles());
        let email = was.person.email.clone();
        moves.push(RoleMove { owner: id.clone(), label: label.clone(), email, before, after, keys: Vec::new() });
    }
    if let Some(mut change) = PersonChange::between((id, label), &was.access, now, 0) {
        change.keys = stopped;
        impact.people.push(change);
    }
    impact.keys.extend(keys);
}
