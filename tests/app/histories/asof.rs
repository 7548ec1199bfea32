//! What was held after every step is what is answered, in the end, of that moment; and everything held has its grounds.

use crate::harness::World;
use castgate::{
    app::{WhyQuestion, role_names},
    model::{Capability, Instant, UserId},
};
use std::collections::{BTreeMap, BTreeSet};

/// What everybody held, step by step.
#[derive(Debug, Default)]
pub(super) struct Record {
    people: BTreeSet<UserId>,
    moments: Vec<(Instant, BTreeMap<UserId, Vec<String>>)>,
}

impl Record {
    /// Notes what everybody holds now, whoever was ever here.
    pub(super) async fn note(&mut self, world: &World) {
        let members = world.app.members(&world.operator(), "", 1000).await.unwrap();
        self.people.extend(members.into_iter().map(|user| user.id));
        let mut held = BTreeMap::new();
        for id in &self.people {
            held.insert(id.clone(), world.roles(id).await);
        }
        self.moments.push((world.now(), held));
    }

    /// Asks of every moment what was held then.
    pub(super) async fn check(&self, world: &World) -> Result<(), String> {
        world.tick();
        for (at, held) in &self.moments {
            for (id, roles) in held {
                let access =
                    world.app.access_at(&world.operator(), id, *at).await.map_err(|error| format!("{error:?}"))?;
                let then = role_names(&access);
                if then != *roles {
                    return Err(format!("{id} held {roles:?} at {at}, and {then:?} is said of it"));
                }
            }
        }
        self.grounds(world).await
    }

    async fn grounds(&self, world: &World) -> Result<(), String> {
        for id in &self.people {
            for can in Capability::ALL {
                let subject = Some(id.to_string());
                let question = WhyQuestion { subject, can, cluster: None, at: None };
                let why = world.app.why(&world.operator(), &question).await.map_err(|error| format!("{error:?}"))?;
                let access = world.app.access(&world.operator(), id).await.unwrap();
                if why.allowed != access.can(can, &castgate::model::Scope::Organization) {
                    return Err(format!("{why} disagrees with what is held"));
                }
                if why.allowed == why.derivations.is_empty() {
                    return Err(format!("no derivation of what is held: {why}"));
                }
                if let Some(broken) = why.derivations.iter().find(|grounds| !grounds.is_whole()) {
                    return Err(format!("a derivation that ends nowhere: {broken}{broken:?}"));
                }
            }
        }
        Ok(())
    }
}
