//! Everybody as they are at one moment of a transaction: who they are, what they may do, what their keys carry. In pieces, by
//! statements for many; nothing of it is kept.

use crate::{
    access::{Access, Default},
    app::{App, Ctx, Error, access::default_of_connection},
    model::{Binding, ConnectionId, CustomRole, Group, GroupId, UserId},
    store::{BindingQuery, EVERYBODY, KeptKey, Person, Tx},
};
use std::collections::{BTreeMap, HashMap};

/// People that are loaded at once.
const PIECE: i64 = 1000;

/// One person.
#[derive(Debug)]
pub(super) struct Standing {
    pub(super) person: Person,
    pub(super) access: Access,
    /// Their keys that work, with what each carries.
    pub(super) keys: Vec<(KeptKey, Access)>,
}

/// All of them, and what they stand on.
#[derive(Debug)]
pub(super) struct Everybody {
    pub(super) people: BTreeMap<UserId, Standing>,
    pub(super) groups: Vec<Group>,
    pub(super) bindings: Vec<Binding>,
    pub(super) custom: Vec<CustomRole>,
    /// The people in each group.
    pub(super) members: HashMap<String, Vec<UserId>>,
}

/// What holds for each of them.
struct Ground<'g> {
    groups: HashMap<&'g str, &'g Group>,
    held: HashMap<&'g str, Vec<&'g Binding>>,
    custom: &'g [CustomRole],
    defaults: HashMap<Option<ConnectionId>, Default>,
    ctx: &'g Ctx,
}

impl Everybody {
    pub(super) async fn load(app: &App, tx: &mut Tx, ctx: &Ctx) -> Result<Self, Error> {
        let organization = &ctx.organization;
        let custom = tx.custom_roles(organization).await?;
        let groups = tx.groups_after(organization, "", EVERYBODY).await?;
        let bindings = tx.bindings_asked(organization, &BindingQuery::default(), "", EVERYBODY).await?;
        let mapping = match tx.mapping_state(organization).await?.0 {
            Some(_) => Some(app.compile_in_force(tx, organization, ctx.now).await?),
            None => None,
        };
        let mapping = mapping.as_ref().map(|mapping| (&mapping.mapping, &mapping.names));
        let connections = tx.connections(organization).await?.into_iter().map(|connection| Some(connection.id));
        let mut held: HashMap<&str, Vec<&Binding>> = HashMap::new();
        for binding in &bindings {
            held.entry(binding.terms.subject.id()).or_default().push(binding);
        }
        let ground = Ground {
            groups: groups.iter().map(|group| (group.id.as_str(), group)).collect(),
            held,
            custom: &custom,
            defaults: connections.map(|id| (id.clone(), default_of_connection(id.as_ref(), mapping))).collect(),
            ctx,
        };
        let (mut people, mut members) = (BTreeMap::new(), HashMap::<String, Vec<UserId>>::new());
        let mut after = String::new();
        loop {
            let piece = tx.people_after(organization, &after, PIECE).await?;
            let Some(last) = piece.last().map(|person| person.id.to_string()) else { break };
            let bounds = (after.as_str(), last.as_str());
            let mut groups_of: HashMap<String, Vec<String>> = HashMap::new();
            for (user, group) in tx.memberships_of_piece(organization, bounds).await? {
                groups_of.entry(user).or_default().push(group);
            }
            let mut keys: HashMap<String, Vec<KeptKey>> = HashMap::new();
            for key in tx.keys_of_piece(organization, bounds, ctx.now).await? {
                keys.entry(key.key.owner.to_string()).or_default().push(key);
            }
            for person in piece {
                let groups = groups_of.remove(person.id.as_str()).unwrap_or_default();
                let keys = keys.remove(person.id.as_str()).unwrap_or_default();
                for group in &groups {
                    members.entry(group.clone()).or_default().push(person.id.clone());
                }
                people.insert(person.id.clone(), ground.standing(person, &groups, keys));
            }
            after = last;
        }
        drop(ground);
        Ok(Self { people, groups, bindings, custom, members })
    }
}

impl Ground<'_> {
    fn standing(&self, person: Person, groups: &[String], keys: Vec<KeptKey>) -> Standing {
        let held = |id: &str| self.held.get(id).into_iter().flatten().map(|binding| &binding.terms);
        let own = held(person.id.as_str()).map(|terms| (terms, None));
        let groups = groups.iter().filter_map(|id| self.groups.get(id.as_str()));
        let through = groups.flat_map(|group| {
            let name: Option<(&GroupId, &str)> = Some((&group.id, group.display_name.as_str()));
            held(group.id.as_str()).map(move |terms| (terms, name))
        });
        let nobody = Default::Nobody;
        let default = self.defaults.get(&person.connection).unwrap_or(&nobody);
        let access = Access::of_terms(person.state(), own.chain(through), (default, self.custom), self.ctx.now);
        let carried = |key: KeptKey| {
            let carries = match &key.key.rights {
                Some(rights) => access.narrowed(rights, self.custom),
                None => access.clone(),
            };
            (key, carries)
        };
        let keys = keys.into_iter().map(carried).collect();
        Standing { person, access, keys }
    }
}

/// Whether a binding was given by a person: the only ones that a document speaks of.
pub(super) fn is_by_a_person(binding: &Binding) -> bool {
    use crate::model::Source;
    match binding.terms.source {
        Source::Person | Source::Invitation { .. } => true,
        Source::Rule { .. } | Source::File | Source::Floor => false,
    }
}
