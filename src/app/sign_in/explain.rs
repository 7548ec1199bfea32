//! What a trace says of somebody who arrived: their groups, and the rules that nearly gave them something.

use super::{
    super::{Error, Work, funnel::outcome_of_user},
    SignInAttempt,
};
use crate::{
    access::{Difference, PushedGroup, differences},
    model::{Connection, Group, GroupOrigin, User},
    sso::{GroupsClaim, Identity},
};

/// Lines of a list that a trace keeps.
const MOST: usize = 100;

impl SignInAttempt {
    /// The groups that the person is in now.
    pub(super) fn tell_groups(&mut self, groups: &[Group]) {
        self.entry.derived.groups = groups.iter().map(|group| group.display_name.clone()).take(MOST).collect();
    }
}

impl Work<'_> {
    /// How the groups that the sign-in names differ from those that the same provider pushed. `own` are the person's.
    pub(super) async fn tell_sync(
        &mut self,
        (connection, identity): (&Connection, &Identity),
        own: &[Group],
        attempt: &mut SignInAttempt,
    ) -> Result<(), Error> {
        if !connection.pushes_groups {
            return Ok(());
        }
        let found = match &identity.groups {
            // Silence is no difference: most providers that push say nothing of groups in a sign-in.
            GroupsClaim::Absent => return Ok(()),
            GroupsClaim::Overage => vec![Difference::Overage],
            GroupsClaim::Present(claimed) => {
                let organization = self.ctx.organization.clone();
                let known = self.tx.directory_groups(&organization).await?;
                let of_connection = known.into_iter().filter(|group| {
                    group.origin == GroupOrigin::Scim && group.connection.as_ref() == Some(&connection.id)
                });
                let pushed = of_connection.map(|group| PushedGroup {
                    member: own.iter().any(|own| own.id == group.id),
                    name: group.display_name,
                    external_id: group.external_id,
                });
                differences(claimed, &pushed.collect::<Vec<_>>())
            }
        };
        attempt.entry.derived.sync = found.iter().map(ToString::to_string).take(MOST).collect();
        Ok(())
    }

    /// Which rules give the person something and which nearly did, each with the reason.
    pub(in crate::app) async fn tell_near_misses(
        &mut self,
        user: &User,
        attempt: &mut SignInAttempt,
    ) -> Result<(), Error> {
        let (organization, now) = (self.ctx.organization.clone(), self.ctx.now);
        let Some(compiled) = self.app.mapping_in_force(&mut self.tx, &organization, now).await? else {
            return Ok(());
        };
        let (mapping, names) = (&compiled.mapping, &compiled.names);
        let outcome = outcome_of_user(&mut self.tx, &organization, mapping, names, (user, now)).await?;
        let derived = &mut attempt.entry.derived;
        derived.rules = outcome.grants.iter().map(ToString::to_string).take(MOST).collect();
        derived.near_misses = outcome.near_misses.iter().map(ToString::to_string).take(MOST).collect();
        Ok(())
    }
}
