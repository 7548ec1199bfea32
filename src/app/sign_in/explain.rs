//! What a trace says of somebody who arrived: their groups, and the rules that nearly gave them something.

use super::{
    super::{Error, Work, funnel::outcome_of_user},
    SignInAttempt,
};
use crate::model::User;

/// Lines of a list that a trace keeps.
const MOST: usize = 100;

impl Work<'_> {
    /// The groups that the person is in now.
    pub(super) async fn tell_groups(&mut self, user: &User, attempt: &mut SignInAttempt) -> Result<(), Error> {
        let groups = self.tx.groups_of(&self.ctx.organization, &user.id).await?;
        attempt.entry.derived.groups = groups.into_iter().map(|group| group.display_name).take(MOST).collect();
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
