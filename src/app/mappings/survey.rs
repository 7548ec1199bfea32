//! Everybody as they were looked at, by pieces: loaded one after another, each evaluated beside the loading of the next. Who has
//! changed since is looked at again with their piece alone.

use super::{
    everybody::{Asked, Everybody, evaluate, load},
    ground::Ground,
};
use crate::{
    app::Error,
    model::{Instant, OrganizationId, Subject, UserId},
    plan::Diff,
    store::Tx,
};
use std::{
    collections::{BTreeSet, VecDeque},
    sync::Arc,
};
use tokio::task::JoinHandle;

/// People that are loaded at once.
const PIECE: i64 = 1000;
/// Pieces that are evaluated while the next is loaded.
const BESIDE: usize = 3;
/// Behind every id of a person: whoever comes is of the last piece.
const END: &str = "usr_~";

/// A piece of the people, from behind the first id up to the last, and what it came to.
#[derive(Debug)]
struct Seen {
    after: String,
    last: String,
    found: Everybody,
}

/// Everybody, on one ground.
#[derive(Debug)]
pub(super) struct Survey {
    pub(super) ground: Arc<Ground>,
    asked: Asked,
    of_groups: Diff,
    pieces: Vec<Seen>,
}

type Evaluating = (String, String, JoinHandle<Result<Everybody, Error>>);

impl Survey {
    /// Looks at everybody. The same on a snapshot, for a plan, and inside of the change.
    pub(super) async fn make(
        tx: &mut Tx,
        organization: &OrganizationId,
        (ground, of_groups): (Ground, Diff),
        asked: Asked,
    ) -> Result<Self, Error> {
        let mut survey = Self { ground: Arc::new(ground), asked, of_groups, pieces: Vec::new() };
        let mut beside: VecDeque<Evaluating> = VecDeque::new();
        let mut after = String::new();
        loop {
            let people = tx.people_after(organization, &after, PIECE).await?;
            let Some(last) = people.last().map(|last| last.id.to_string()) else { break };
            let loaded = load(tx, (organization, &survey.ground), (people, (&after, &last)), asked).await?;
            let on = Arc::clone(&survey.ground);
            let evaluating = tokio::task::spawn_blocking(move || evaluate(&on, loaded, asked));
            beside.push_back((std::mem::replace(&mut after, last.clone()), last, evaluating));
            if beside.len() >= BESIDE
                && let Some(first) = beside.pop_front()
            {
                survey.add(first).await?;
            }
        }
        for one in beside {
            survey.add(one).await?;
        }
        if let Some(piece) = survey.pieces.last_mut() {
            END.clone_into(&mut piece.last);
        } else {
            let found = Everybody::nobody(survey.ground.rules.len(), no_diff());
            survey.pieces.push(Seen { after: String::new(), last: END.to_owned(), found });
        }
        if asked == Asked::Impact {
            let now = survey.ground.now;
            for piece in &mut survey.pieces {
                piece.count_sessions(tx, organization, now).await?;
            }
        }
        Ok(survey)
    }

    async fn add(&mut self, (after, last, evaluating): Evaluating) -> Result<(), Error> {
        let found = evaluating.await.map_err(Error::internal)??;
        self.pieces.push(Seen { after, last, found });
        Ok(())
    }

    /// The pieces of some people, by their places.
    pub(super) fn pieces_of(&self, people: &BTreeSet<UserId>) -> BTreeSet<usize> {
        let piece = |user: &UserId| self.pieces.partition_point(|piece| piece.last.as_str() < user.as_str());
        people.iter().map(piece).collect()
    }

    /// Looks again at the pieces of people who have changed, on the same ground but for what they hold.
    pub(super) async fn look_again(
        &mut self,
        tx: &mut Tx,
        organization: &OrganizationId,
        people: &BTreeSet<UserId>,
    ) -> Result<(), Error> {
        let Some(ground) = Arc::get_mut(&mut self.ground) else {
            return Err(Error::internal("somebody still looks at what is looked at again"));
        };
        for user in people {
            let held = tx.bindings_of(organization, &Subject::User(user.clone())).await?;
            match held.is_empty() {
                true => drop(ground.held.remove(user.as_str())),
                false => drop(ground.held.insert(user.to_string(), held)),
            }
        }
        let (ground, asked) = (Arc::clone(&self.ground), self.asked);
        for place in self.pieces_of(people) {
            let Some(piece) = self.pieces.get_mut(place) else { continue };
            let bounds = (piece.after.as_str(), piece.last.as_str());
            let people = tx.people_of_piece(organization, bounds).await?;
            let loaded = load(tx, (organization, &ground), (people, bounds), asked).await?;
            let on = Arc::clone(&ground);
            let evaluating = tokio::task::spawn_blocking(move || evaluate(&on, loaded, asked));
            piece.found = evaluating.await.map_err(Error::internal)??;
            piece.count_sessions(tx, organization, ground.now).await?;
        }
        Ok(())
    }

    /// All of it.
    pub(super) fn together(self) -> (Arc<Ground>, Everybody) {
        let mut all = Everybody::nobody(self.ground.rules.len(), self.of_groups);
        for piece in self.pieces {
            all.add(piece.found);
        }
        all.end(&self.ground);
        (self.ground, all)
    }
}

fn no_diff() -> Diff {
    Diff { open: Vec::new(), close: Vec::new() }
}

impl Seen {
    async fn count_sessions(&mut self, tx: &mut Tx, organization: &OrganizationId, now: Instant) -> Result<(), Error> {
        let people: BTreeSet<&UserId> = self.found.changed.iter().map(|one| &one.change.user).collect();
        if !people.is_empty() {
            self.found.sessions = tx.count_sessions_of(organization, &people, now).await?;
        }
        Ok(())
    }
}
