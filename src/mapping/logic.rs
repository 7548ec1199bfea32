//! What can be said of a condition without looking at anybody: that it can never hold, that it holds of many, that another
//! follows from it.

use crate::{
    filter::{AttributePath, Filter, Literal, Node, Operator},
    model::fold,
};

/// Attributes of RFC 7643 that can have several values: two different ones are no contradiction.
const SEVERAL: [&str; 10] = [
    "emails",
    "phonenumbers",
    "ims",
    "photos",
    "addresses",
    "groups",
    "entitlements",
    "roles",
    "x509certificates",
    "schemas",
];

/// Parts of a condition that are compared with each other.
const MOST_COMPARED: usize = 200;

/// The filters that must all hold.
fn conjuncts(filter: &Filter) -> Vec<&Filter> {
    match &filter.node {
        Node::And(all) => all.iter().flat_map(conjuncts).collect(),
        Node::Compare { .. } | Node::Present(_) | Node::Or(_) | Node::Not(_) | Node::Element { .. } => vec![filter],
    }
}

/// The filters of which one must hold.
fn disjuncts(filter: &Filter) -> Vec<&Filter> {
    match &filter.node {
        Node::Or(all) => all.iter().flat_map(disjuncts).collect(),
        Node::Compare { .. } | Node::Present(_) | Node::And(_) | Node::Not(_) | Node::Element { .. } => vec![filter],
    }
}

/// Whether whoever satisfies the first satisfies the second too, as far as the forms tell.
pub(super) fn implies(narrow: &Filter, wide: &Filter) -> bool {
    if narrow == wide {
        return true;
    }
    let arms = disjuncts(narrow);
    if arms.len() > 1 {
        return arms.into_iter().all(|arm| implies(arm, wide));
    }
    if disjuncts(wide).len() > 1 {
        return disjuncts(wide).into_iter().any(|arm| implies(narrow, arm));
    }
    let said = conjuncts(narrow);
    conjuncts(wide).into_iter().all(|wanted| said.iter().any(|one| *one == wanted || follows(one, wanted)))
}

/// Whether one comparison follows from another: what equals something is present.
fn follows(said: &Filter, wanted: &Filter) -> bool {
    match (&said.node, &wanted.node) {
        (Node::Compare { path, operator: Operator::Equal, value }, Node::Present(present)) => {
            path == present && *value != Literal::Null
        }
        _ => false,
    }
}

/// Whether it can never hold, and why.
pub(super) fn contradiction(filter: &Filter) -> Option<String> {
    let arms = disjuncts(filter);
    if arms.len() > 1 {
        let all: Option<Vec<String>> = arms.into_iter().map(contradiction).collect();
        return all.and_then(|all| all.into_iter().next());
    }
    let said = conjuncts(filter);
    if said.len() > MOST_COMPARED {
        return None;
    }
    for (place, one) in said.iter().enumerate() {
        for other in said.iter().skip(place + 1) {
            if let Some(why) = clash(one, other) {
                return Some(why);
            }
        }
        if let Node::Or(_) = &one.node
            && let Some(why) = contradiction(one)
        {
            return Some(why);
        }
    }
    None
}

fn clash(one: &Filter, other: &Filter) -> Option<String> {
    let negated = |of: &Filter, what: &Filter| matches!(&of.node, Node::Not(inner) if **inner == *what);
    if negated(one, other) || negated(other, one) {
        return Some("a part of it and the contrary have to hold at once".to_owned());
    }
    let (Some((path, value)), Some((same, another))) = (equals(one), equals(other)) else { return None };
    (path == same && !has_several(path) && !alike(value, another))
        .then(|| format!("{path} cannot be two things at once"))
}

fn equals(filter: &Filter) -> Option<(&AttributePath, &Literal)> {
    match &filter.node {
        Node::Compare { path, operator: Operator::Equal, value } => Some((path, value)),
        Node::Compare { .. } | Node::Present(_) | Node::And(_) | Node::Or(_) | Node::Not(_) | Node::Element { .. } => {
            None
        }
    }
}

/// Whether an attribute can have several values; of an extension nobody knows.
fn has_several(path: &AttributePath) -> bool {
    let foreign = path.schema.as_deref().is_some_and(|schema| !schema.to_ascii_lowercase().starts_with("urn:ietf:"));
    foreign || SEVERAL.contains(&path.name.to_ascii_lowercase().as_str())
}

fn alike(one: &Literal, other: &Literal) -> bool {
    match (one, other) {
        (Literal::Text(one), Literal::Text(other)) => fold(one) == fold(other),
        (one, other) => one == other,
    }
}

/// Whether it holds of everybody: something or its contrary.
pub(super) fn holds_always(filter: &Filter) -> bool {
    let arms = disjuncts(filter);
    arms.iter().any(|one| matches!(&one.node, Node::Not(inner) if arms.iter().any(|other| **inner == **other)))
}

/// Whether many values fulfil it: nothing in it is an equation that has to hold.
pub(super) fn is_loose(filter: &Filter) -> bool {
    match &filter.node {
        Node::Compare { operator, .. } => *operator != Operator::Equal,
        Node::Present(_) | Node::Not(_) => true,
        Node::And(all) => all.iter().all(is_loose),
        Node::Or(any) => any.iter().any(is_loose),
        Node::Element { filter, .. } => is_loose(filter),
    }
}

/// Whether only people can fulfil it who are not active, and so get nothing.
pub(super) fn asks_for_inactive(filter: &Filter) -> bool {
    let inactive = |one: &Filter| match &one.node {
        Node::Compare { path, operator: Operator::Equal, value } => {
            path.name.eq_ignore_ascii_case("active") && *value == Literal::Boolean(false)
        }
        Node::Not(inner) => matches!(
            &inner.node,
            Node::Compare { path, operator: Operator::Equal, value: Literal::Boolean(true) }
                if path.name.eq_ignore_ascii_case("active")
        ),
        Node::Compare { .. } | Node::Present(_) | Node::And(_) | Node::Or(_) | Node::Element { .. } => false,
    };
    conjuncts(filter).into_iter().any(inactive)
}

/// Texts that are compared as a whole and begin or end with white space, which nobody sees.
pub(super) fn invisible(filter: &Filter) -> Vec<String> {
    match &filter.node {
        Node::Compare { path, value: Literal::Text(text), operator: Operator::Equal | Operator::NotEqual }
            if text.trim() != text || text.is_empty() =>
        {
            vec![format!("{path} is compared with “{text}”")]
        }
        Node::Compare { .. } | Node::Present(_) => Vec::new(),
        Node::And(all) | Node::Or(all) => all.iter().flat_map(invisible).collect(),
        Node::Not(inner) | Node::Element { filter: inner, .. } => invisible(inner),
    }
}
