//! Exclusive Canonical XML 1.0 without comments: the bytes that are digested and signed.
//!
//! Only for documents that passed the gate: without a DTD there are no default attributes and no entities, and comments and
//! processing instructions are not there to be treated.

use super::{
    SamlFault,
    gate::{Kind, admit},
    tree,
};
use roxmltree::{Node, NodeId};
use std::borrow::Cow;

/// The canonical form of the element with this id, or of the document's element, for comparison with other implementations.
///
/// `prefixes` is the PrefixList of an `InclusiveNamespaces`; `#default` stands for the default namespace.
pub fn canonicalize(xml: &[u8], id: Option<&str>, prefixes: &[&str]) -> Result<String, SamlFault> {
    let document = admit(xml, Kind::Message)?;
    let node = match id {
        None => Some(document.root_element()),
        Some(id) => document.descendants().find(|node| tree::attribute(*node, "ID") == Some(id)),
    };
    Ok(canonical(node.ok_or(SamlFault::Missing { what: "ID" })?, None, prefixes))
}

/// The canonical form of an element and all in it, without the omitted one.
pub(super) fn canonical(apex: Node<'_, '_>, omitted: Option<Node<'_, '_>>, prefixes: &[&str]) -> String {
    let source = apex.document().input_text();
    let length = apex.range().len();
    let mut writer = Writer {
        source,
        omitted: omitted.map(|node| node.id()),
        inclusive: prefixes.iter().map(|prefix| if *prefix == "#default" { "" } else { prefix }).collect(),
        rendered: Vec::new(),
        out: String::with_capacity(length + length / 8),
    };
    writer.element(apex);
    writer.out
}

struct Writer<'a> {
    source: &'a str,
    omitted: Option<NodeId>,
    inclusive: Vec<&'a str>,
    /// The namespaces that stand in the output above this place, outermost first: prefix and URI.
    rendered: Vec<(&'a str, &'a str)>,
    out: String,
}

impl<'a> Writer<'a> {
    fn element(&mut self, node: Node<'a, '_>) {
        let above = self.rendered.len();
        let name = node.tag_name();
        let prefix = self.prefix(node.range().start + 1);
        self.out.push('<');
        self.qname(prefix, name.name());
        self.namespaces(node, prefix);
        self.attributes(node);
        self.out.push('>');
        for child in node.children() {
            if child.is_text() {
                self.escaped(child.text().unwrap_or_default(), text_reference);
            } else if child.is_element() && Some(child.id()) != self.omitted {
                self.element(child);
            }
        }
        self.out.push_str("</");
        self.qname(prefix, name.name());
        self.out.push('>');
        self.rendered.truncate(above);
    }

    /// The prefix of the name that begins here in the source: the tree knows only what it stands for.
    fn prefix(&self, at: usize) -> &'a str {
        let rest = self.source.get(at..).unwrap_or_default();
        let end =
            rest.bytes().position(|byte| matches!(byte, b':' | b'=' | b'/' | b'>' | b' ' | b'\t' | b'\r' | b'\n'));
        match end {
            Some(end) if rest.as_bytes().get(end) == Some(&b':') => rest.get(..end).unwrap_or_default(),
            Some(_) | None => "",
        }
    }

    fn qname(&mut self, prefix: &str, local: &str) {
        if !prefix.is_empty() {
            self.out.push_str(prefix);
            self.out.push(':');
        }
        self.out.push_str(local);
    }

    /// Exclusive XML Canonicalization §3: a namespace is written where its prefix is visibly used, or is on the list, and the
    /// output above does not say it already.
    fn namespaces(&mut self, node: Node<'a, '_>, prefix: &'a str) {
        let above = self.rendered.len();
        self.namespace(prefix, node.tag_name().namespace().unwrap_or_default());
        for attribute in node.attributes() {
            if let Some(uri) = attribute.namespace() {
                self.namespace(self.prefix(attribute.range().start), uri);
            }
        }
        for at in 0..self.inclusive.len() {
            let Some(prefix) = self.inclusive.get(at).copied() else { break };
            let uri = node.lookup_namespace_uri(Some(prefix).filter(|prefix| !prefix.is_empty()));
            if prefix.is_empty() || uri.is_some() {
                self.namespace(prefix, uri.unwrap_or_default());
            }
        }
        // §2.2 of Canonical XML: namespaces in the order of their prefixes, the default one first.
        if let Some(new) = self.rendered.get_mut(above..) {
            new.sort_unstable();
        }
        for at in above..self.rendered.len() {
            let Some((prefix, uri)) = self.rendered.get(at).copied() else { break };
            self.out.push_str(if prefix.is_empty() { " xmlns" } else { " xmlns:" });
            self.out.push_str(prefix);
            self.out.push_str("=\"");
            self.escaped(uri, attribute_reference);
            self.out.push('"');
        }
    }

    fn namespace(&mut self, prefix: &'a str, uri: &'a str) {
        let said = self.rendered.iter().rev().find(|(known, _)| *known == prefix).map(|(_, uri)| *uri);
        // `xml` is never written; an empty default namespace only where another one has to be taken back.
        let needed = prefix != "xml" && said != Some(uri) && (said.is_some() || !uri.is_empty());
        if needed {
            self.rendered.push((prefix, uri));
        }
    }

    /// Canonical XML §2.2: in the order of their namespaces, then of their local names.
    fn attributes(&mut self, node: Node<'a, '_>) {
        let mut attributes: Vec<_> = node.attributes().collect();
        attributes.sort_unstable_by_key(|attribute| (attribute.namespace().unwrap_or_default(), attribute.name()));
        for attribute in attributes {
            self.out.push(' ');
            let prefix = attribute.namespace().map_or("", |_| self.prefix(attribute.range().start));
            self.qname(prefix, attribute.name());
            self.out.push_str("=\"");
            self.escaped(attribute.value(), attribute_reference);
            self.out.push('"');
        }
    }

    fn escaped(&mut self, text: &str, reference: impl Fn(u8) -> Option<&'static str>) {
        let mut from = 0;
        for (at, byte) in text.bytes().enumerate() {
            if let Some(reference) = reference(byte) {
                self.out.push_str(text.get(from..at).unwrap_or_default());
                self.out.push_str(reference);
                from = at + 1;
            }
        }
        self.out.push_str(text.get(from..).unwrap_or_default());
    }
}

/// Canonical XML §2.3, text nodes.
#[inline]
fn text_reference(byte: u8) -> Option<&'static str> {
    match byte {
        b'&' => Some("&amp;"),
        b'<' => Some("&lt;"),
        b'>' => Some("&gt;"),
        b'\r' => Some("&#xD;"),
        _ => None,
    }
}

/// Canonical XML §2.3, attribute nodes.
#[inline]
fn attribute_reference(byte: u8) -> Option<&'static str> {
    match byte {
        b'&' => Some("&amp;"),
        b'<' => Some("&lt;"),
        b'"' => Some("&quot;"),
        b'\t' => Some("&#x9;"),
        b'\n' => Some("&#xA;"),
        b'\r' => Some("&#xD;"),
        _ => None,
    }
}

/// A text as it may stand in an attribute or an element that we write.
pub(super) fn written(text: &str) -> Cow<'_, str> {
    if !text.bytes().any(|byte| matches!(byte, b'&' | b'<' | b'>' | b'"' | b'\'' | b'\t' | b'\n' | b'\r')) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\t' => out.push_str("&#x9;"),
            '\n' => out.push_str("&#xA;"),
            '\r' => out.push_str("&#xD;"),
            other => out.push(other),
        }
    }
    Cow::Owned(out)
}
