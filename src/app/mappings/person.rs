//! What a change of the mapping does to one person: what they may do before and after, and what their keys carry.

use super::{everybody::Everybody, ground::Ground};
use crate::{
    access::{Access, Default},
    app::{funnel::is_rule, key_safe::RoleMove},
    model::{Binding, BindingId, GroupId, Source, Terms},
    plan::{KeyImpact, PersonChange},
    store::{KeptKey, Person},
};

/// What is known of a person beside their row.
#[derive(Debug, Default)]
pub(super) struct Known {
    pub(super) claims: Option<String>,
    pub(super) pushed: Option<String>,
    /// The places of their groups.
    pub(super) groups: Vec<usize>,
    pub(super) keys: Vec<KeptKey>,
}

/// Somebody for whom something changes.
#[derive(Debug)]
pub(super) struct Changed {
    pub(super) change: PersonChange,
    pub(super) keys: Vec<KeyImpact>,
    /// For the choices of whoever publishes; none where there is no key.
    pub(super) moved: Option<RoleMove>,
}

/// Somebody whom the floor keeps an owner: what changes for them if it goes on, and if it ends.
#[derive(Debug)]
pub(super) struct FloorHolder {
    pub(super) bindings: Vec<BindingId>,
    pub(super) reachable: bool,
    pub(super) kept: Option<Changed>,
    pub(super) ended: Option<Changed>,
}

/// A person who is looked at.
pub(super) struct Looked<'l> {
    pub(super) ground: &'l Ground,
    pub(super) person: &'l Person,
    pub(super) known: &'l Known,
    pub(super) held: &'l [Binding],
    pub(super) wanted: &'l [Terms],
    /// Whether their own bindings change.
    pub(super) changes: bool,
}

impl Looked<'_> {
    /// What changes for them, if anything can.
    pub(super) fn compare(&self, piece: &mut Everybody) {
        let Self { ground, person, known, held, changes, .. } = self;
        let floor = |binding: &&Binding| binding.terms.source == Source::Floor;
        let bindings: Vec<BindingId> = held.iter().filter(floor).map(|binding| binding.id.clone()).collect();
        let mut groups = known.groups.iter().filter_map(|place| ground.groups.get(*place));
        let (default_before, default_after) = ground.defaults_of(person.connection.as_ref());
        let touched = *changes || default_before != default_after || groups.any(|group| group.touched);
        if !touched && bindings.is_empty() {
            return;
        }
        let before = self.before(default_before);
        let after = self.after(default_after, true);
        if ground.asked_of.contains(&person.id) {
            piece.after.insert(person.id.clone(), after.clone());
        }
        let kept = self.changed(&before, &after);
        if bindings.is_empty() {
            piece.changed.extend(kept);
            return;
        }
        let ended = self.changed(&before, &self.after(default_after, false));
        piece.floor.push(FloorHolder { bindings, reachable: ground.is_reachable(person), kept, ended });
    }

    fn of_groups(&self, after: bool) -> impl Iterator<Item = (&Terms, Option<(&GroupId, &str)>)> {
        let groups = self.known.groups.iter().filter_map(|place| self.ground.groups.get(*place));
        groups.flat_map(move |one| {
            let terms = if after { &one.after } else { &one.before };
            terms.iter().map(|terms| (terms, Some((&one.group.id, one.group.display_name.as_str()))))
        })
    }

    fn before(&self, default: &Default) -> Access {
        let own = self.held.iter().map(|binding| (&binding.terms, None));
        let rest = (default, self.ground.custom.as_slice());
        Access::of_terms(self.person.state(), own.chain(self.of_groups(false)), rest, self.ground.now)
    }

    fn after(&self, default: &Default, with_floor: bool) -> Access {
        let others = self.held.iter().map(|binding| &binding.terms).filter(|terms| !is_rule(&terms.source));
        let others = others.filter(|terms| with_floor || terms.source != Source::Floor);
        let own = others.chain(self.wanted).map(|terms| (terms, None));
        let rest = (default, self.ground.custom.as_slice());
        Access::of_terms(self.person.state(), own.chain(self.of_groups(true)), rest, self.ground.now)
    }

    fn changed(&self, before: &Access, after: &Access) -> Option<Changed> {
        let who = (self.person.id.clone(), self.person.label().to_owned());
        let mut change = PersonChange::between(who, before, after, 0)?;
        let keys: Vec<KeyImpact> = self.known.keys.iter().map(|kept| self.key(kept, before, after)).collect();
        change.keys = keys.iter().filter(|key| !key.stops.is_empty()).count();
        let moved = (!keys.is_empty()).then(|| RoleMove {
            owner: self.person.id.clone(),
            label: self.person.label().to_owned(),
            email: self.person.email.clone(),
            before: before.roles(),
            after: after.roles(),
            keys: self.known.keys.clone(),
        });
        Some(Changed { change, keys, moved })
    }

    fn key(&self, kept: &KeptKey, before: &Access, after: &Access) -> KeyImpact {
        let carried = |access: &Access| match &kept.key.rights {
            Some(rights) => access.narrowed(rights, &self.ground.custom),
            None => access.clone(),
        };
        KeyImpact {
            id: kept.key.id.clone(),
            name: kept.key.name.clone(),
            hint: kept.key.hint.clone(),
            owner: self.person.id.clone(),
            owner_label: self.person.label().to_owned(),
            last_used_at: kept.key.last_used_at,
            stops: carried(after).stopped(&carried(before).kept()).into_iter().collect(),
        }
    }
}
