//! Roles, places and reasons in words: never an id where there is a name.

use crate::{
    access::{Derivation, Via},
    app::Names,
    model::{BuiltInRole, Capability, CustomRole, EventKind, Instant, Role, Scope, Source, UserState},
};
use maud::{Markup, html};

/// “Owner”, or a custom role's name.
pub(super) fn role_name<'a>(role: &'a Role, names: &'a Names) -> &'a str {
    match role {
        Role::BuiltIn(role) => built_in(*role),
        Role::Custom(id) => names.of(id.as_str()),
    }
}

/// With a capital, as people write it.
pub(super) fn built_in(role: BuiltInRole) -> &'static str {
    match role {
        BuiltInRole::Owner => "Owner",
        BuiltInRole::Member => "Member",
        BuiltInRole::Analyst => "Analyst",
        BuiltInRole::Viewer => "Viewer",
    }
}

/// “the whole organization”, “cluster staging”.
pub(super) fn place(scope: &Scope, names: &Names) -> String {
    match scope {
        Scope::Organization => "the whole organization".to_owned(),
        Scope::Cluster { id } => format!("cluster {}", names.of(id.as_str())),
        Scope::Resource { resource, id } => format!("{resource} {id}"),
    }
}

/// Several places in one line: “clusters prod-eu and prod-us”.
pub(super) fn places<'a>(scopes: impl IntoIterator<Item = &'a Scope>, names: &Names) -> String {
    let scopes: Vec<&Scope> = scopes.into_iter().collect();
    let cluster = |scope: &&'a Scope| match scope {
        Scope::Cluster { id } => Some(names.of(id.as_str()).to_owned()),
        Scope::Organization | Scope::Resource { .. } => None,
    };
    let mut clusters: Vec<String> = scopes.iter().filter_map(cluster).collect();
    clusters.sort();
    match clusters.split_last() {
        Some((last, before)) if !before.is_empty() && clusters.len() == scopes.len() => {
            format!("clusters {} and {last}", before.join(", "))
        }
        Some(_) | None => scopes.iter().map(|scope| place(scope, names)).collect::<Vec<_>>().join(", "),
    }
}

/// Why somebody holds something.
pub(super) fn reason(via: &Via, names: &Names) -> String {
    match via {
        Via::Direct { source } => source_of(source, names),
        Via::Group { name, source, .. } => format!("through the group “{name}”: {}", source_of(source, names)),
        Via::Default => "the default for people whom no rule gives anything".to_owned(),
    }
}

/// What made a binding.
pub(super) fn source_of(source: &Source, names: &Names) -> String {
    match source {
        Source::Person => "given by a person".to_owned(),
        Source::Rule { name } => format!("rule “{name}”"),
        Source::Invitation { id } => match names.known(id.as_str()) {
            Some(email) => format!("the invitation to {email}"),
            None => "an invitation".to_owned(),
        },
        Source::File => "a configuration file".to_owned(),
        Source::Floor => "the owner floor: there has to be an owner".to_owned(),
    }
}

/// “manage clusters”
pub(super) fn capability(capability: Capability) -> String {
    capability.name().replace('-', " ")
}

/// Roles with their places, as small labels, with the reasons on hover and for those who do not see it; what is held for several
/// reasons is one label.
pub(super) fn chips(held: &[Derivation], names: &Names, most: usize) -> Markup {
    let each = distinct(held);
    html! {
        @for (one, reasons) in each.iter().take(most) {
            @let why = reasons.iter().map(|via| reason(via, names)).collect::<Vec<_>>().join("; ");
            span class="chip" title=(why) {
                (role_name(&one.role, names))
                @match &one.scope {
                    Scope::Organization => {},
                    Scope::Cluster { .. } | Scope::Resource { .. } => { " · " (place(&one.scope, names)) },
                }
                span class="unseen" { " (" (why) ")" }
            }
        }
    }
}

/// Each role at each place once, with all its reasons.
pub(super) fn distinct(held: &[Derivation]) -> Vec<(&Derivation, Vec<&Via>)> {
    let mut all: Vec<(&Derivation, Vec<&Via>)> = Vec::new();
    for one in held {
        match all.iter_mut().find(|(known, _)| known.role == one.role && known.scope == one.scope) {
            Some((_, reasons)) => reasons.push(&one.via),
            None => all.push((one, vec![&one.via])),
        }
    }
    all
}

/// A label that says a state.
pub(super) fn state(state: UserState) -> Markup {
    let (word, kind) = match state {
        UserState::Active => ("Active", "good"),
        UserState::Suspended => ("Suspended", "bad"),
        UserState::Removed => ("Removed", "gone"),
    };
    html! { span class=(format!("state {kind}")) { (word) } }
}

/// The choices of a role, the least first; `chosen` is the one that is there now.
pub(super) fn role_options(custom: &[CustomRole], chosen: Option<&Role>) -> Markup {
    html! {
        @for role in BuiltInRole::ALL.into_iter().rev() {
            option value=(role.name()) selected[chosen == Some(&Role::BuiltIn(role))] { (built_in(role)) }
        }
        @for role in custom {
            option value=(role.id) selected[matches!(chosen, Some(Role::Custom(id)) if *id == role.id)] { (role.name) }
        }
    }
}

/// “, until 31 January”: nothing where there is no end.
pub(super) fn until(until: Option<Instant>, now: Instant) -> Markup {
    html! { @if let Some(until) = until { ", ends " (super::times::when(until, now)) } }
}

/// Who did something, by an actor's text: “Ada Lovelace”, “an API key of Ada Lovelace”, “the connection okta”.
pub(super) fn actor(text: &str, names: &Names) -> String {
    let word = |word: &str| match (word, names.known(word)) {
        (_, Some(name)) => name.to_owned(),
        ("user", None) => String::new(),
        ("connection", None) => "the connection".to_owned(),
        ("key", None) => "an API key".to_owned(),
        ("operator", None) => "the operator".to_owned(),
        ("system", None) => "castgate itself".to_owned(),
        (id, None) => unnamed(id).to_owned(),
    };
    let words: Vec<String> = text.split_whitespace().map(word).filter(|word| !word.is_empty()).collect();
    words.join(" ")
}

/// “User suspended”
pub(super) fn event_name(kind: EventKind) -> String {
    let text = kind.name().replace(['.', '_'], " ");
    let mut letters = text.chars();
    let first = letters.next().map(|first| first.to_uppercase().collect::<String>());
    first.map(|first| first + letters.as_str()).unwrap_or_default()
}

/// What an id is, where it has no name; any other word is itself.
pub(super) fn unnamed(id: &str) -> &str {
    let is_id = |prefix: &str| id.strip_prefix(prefix).is_some_and(|rest| rest.len() == 26);
    let kinds = [
        ("usr_", "a person who is gone"),
        ("grp_", "a group that is gone"),
        ("sva_", "a service account that is gone"),
        ("key_", ""),
        ("ses_", "a session"),
        ("tok_", "a SCIM token"),
        ("bnd_", "a role binding"),
        ("con_", "a connection that is gone"),
        ("cls_", "a cluster that is gone"),
        ("rol_", "a role that is gone"),
        ("inv_", "an invitation"),
        ("org_", "the organization"),
        ("whk_", "a webhook that is gone"),
    ];
    kinds.into_iter().find(|(prefix, _)| is_id(prefix)).map_or(id, |(_, kind)| kind)
}
