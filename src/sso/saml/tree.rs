//! Steps in a document: always from a parent to its child, never a search.

use super::SamlFault;
use crate::{model::Instant, sso::error::quoted};
use data_encoding::BASE64;
use roxmltree::Node;

/// Whether this is that element.
pub(super) fn is(node: Node<'_, '_>, namespace: &str, name: &str) -> bool {
    node.is_element() && node.tag_name().name() == name && node.tag_name().namespace() == Some(namespace)
}

/// The element children.
pub(super) fn elements<'a, 'i>(node: Node<'a, 'i>) -> impl Iterator<Item = Node<'a, 'i>> {
    node.children().filter(Node::is_element)
}

/// The children of this name.
pub(super) fn all<'a, 'i>(node: Node<'a, 'i>, namespace: &str, name: &str) -> impl Iterator<Item = Node<'a, 'i>> {
    elements(node).filter(move |child| is(*child, namespace, name))
}

/// The child of this name, of which there is at most one.
pub(super) fn at_most_one<'a, 'i>(
    node: Node<'a, 'i>,
    namespace: &str,
    name: &'static str,
) -> Result<Option<Node<'a, 'i>>, SamlFault> {
    let mut found = all(node, namespace, name);
    let first = found.next();
    if found.next().is_some() { Err(SamlFault::Repeated { what: name }) } else { Ok(first) }
}

/// The child of this name, of which there is exactly one.
pub(super) fn one<'a, 'i>(node: Node<'a, 'i>, namespace: &str, name: &'static str) -> Result<Node<'a, 'i>, SamlFault> {
    at_most_one(node, namespace, name)?.ok_or(SamlFault::Missing { what: name })
}

/// The attribute without a namespace.
pub(super) fn attribute<'a>(node: Node<'a, '_>, name: &str) -> Option<&'a str> {
    node.attributes().find(|attribute| attribute.namespace().is_none() && attribute.name() == name).map(|a| a.value())
}

/// The attribute without a namespace, which has to be there and say something.
pub(super) fn demanded<'a>(node: Node<'a, '_>, name: &'static str) -> Result<&'a str, SamlFault> {
    attribute(node, name).filter(|value| !value.trim().is_empty()).ok_or(SamlFault::Missing { what: name })
}

/// The text of an element that holds nothing but text. As it stands, white space included.
pub(super) fn text<'a>(node: Node<'a, '_>, place: &'static str) -> Result<&'a str, SamlFault> {
    let mut children = node.children();
    let first = children.next();
    if let Some(other) = first.filter(|child| !child.is_text()).or_else(|| children.next()) {
        return Err(SamlFault::Unexpected { what: named(other), place });
    }
    Ok(first.and_then(|child| child.text()).unwrap_or_default())
}

/// The bytes of an element that holds Base64, with whatever white space between.
pub(super) fn base64(node: Node<'_, '_>, place: &'static str) -> Result<Vec<u8>, SamlFault> {
    let packed: Vec<u8> = text(node, place)?.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    BASE64.decode(&packed).map_err(|_| SamlFault::Invalid { what: place, found: "not Base64".to_owned() })
}

/// SAML core §1.3.3: a time is in UTC, or says how far from it.
pub(super) fn instant(value: &str, what: &'static str) -> Result<Instant, SamlFault> {
    let plain = value.len() <= 40 && value.chars().all(|c| c.is_ascii_digit() || "-:.+TZ".contains(c));
    plain.then(|| value.parse().ok()).flatten().ok_or_else(|| SamlFault::Invalid { what, found: quoted(value) })
}

/// The time in an attribute that may be missing.
pub(super) fn instant_of(node: Node<'_, '_>, name: &'static str) -> Result<Option<Instant>, SamlFault> {
    attribute(node, name).map(|value| instant(value, name)).transpose()
}

/// Refuses a child that does not belong here.
pub(super) fn only_children(node: Node<'_, '_>, known: &[(&str, &str)], place: &'static str) -> Result<(), SamlFault> {
    match elements(node).find(|child| !known.iter().any(|(namespace, name)| is(*child, namespace, name))) {
        Some(child) => Err(SamlFault::Unexpected { what: named(child), place }),
        None => Ok(()),
    }
}

/// A node's name for people.
pub(super) fn named(node: Node<'_, '_>) -> String {
    if node.is_element() { quoted(node.tag_name().name()) } else { "text".to_owned() }
}
