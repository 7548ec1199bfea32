//! A document as it is written: the right keys and the right types, nothing resolved yet.

use super::read::{Node, Placed};
use crate::{
    mapping::yaml::{Findings, Place, did_you_mean},
    model::{Capability, ConnectionSettings, ExtensionSchema, Instant, Profile, SamlSettings},
};
use saphyr::{MarkedYaml, Scalar, YamlData};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// The sections, in the order in which they are written.
pub(super) const SECTIONS: [&str; 9] = [
    "organization",
    "schemas",
    "clusters",
    "roles",
    "connections",
    "service_accounts",
    "groups",
    "bindings",
    "mapping",
];

/// Something of a section, and where it begins.
#[derive(Debug)]
pub(super) struct Item<T> {
    pub(super) at: usize,
    pub(super) what: T,
}

/// A whole document. A section that is not there is none of its business.
#[derive(Debug, Default)]
pub(super) struct Document {
    pub(super) organization: Option<WrittenOrganization>,
    pub(super) schemas: Option<Vec<Item<ExtensionSchema>>>,
    pub(super) clusters: Option<Vec<Item<WrittenCluster>>>,
    pub(super) roles: Option<Vec<Item<WrittenRole>>>,
    pub(super) connections: Option<Vec<Item<WrittenConnection>>>,
    pub(super) service_accounts: Option<Vec<Item<WrittenAccount>>>,
    pub(super) groups: Option<Vec<Item<WrittenGroup>>>,
    pub(super) bindings: Option<Vec<Item<WrittenBinding>>>,
    pub(super) mapping: Option<Placed>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenOrganization {
    pub(super) name: Placed,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenCluster {
    pub(super) slug: Placed,
    pub(super) name: Option<String>,
    pub(super) external_id: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenRole {
    pub(super) name: Placed,
    #[serde(default)]
    pub(super) description: String,
    pub(super) capabilities: BTreeSet<Capability>,
}

#[derive(Debug)]
pub(super) struct WrittenConnection {
    pub(super) name: Placed,
    pub(super) enabled: bool,
    pub(super) settings: ConnectionSettings,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenAccount {
    pub(super) name: Placed,
    #[serde(default)]
    pub(super) description: String,
    #[serde(default)]
    pub(super) suspended: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenGroup {
    pub(super) name: Placed,
    pub(super) users: Option<Vec<Placed>>,
    pub(super) service_accounts: Option<Vec<Placed>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenBinding {
    pub(super) user: Option<Placed>,
    pub(super) group: Option<Placed>,
    pub(super) service_account: Option<Placed>,
    pub(super) role: Placed,
    pub(super) cluster: Option<Placed>,
    pub(super) until: Option<Instant>,
}

/// A connection before it is known what its profile begins with.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    name: Placed,
    #[serde(default = "yes")]
    enabled: bool,
    #[serde(rename = "settings")]
    _settings: Option<serde::de::IgnoredAny>,
}

fn yes() -> bool {
    true
}

/// Reads a document; what is wrong goes to the findings.
pub(super) struct Reader<'f, 's> {
    pub(super) findings: &'f mut Findings<'s>,
}

impl Reader<'_, '_> {
    fn place(&self, index: usize) -> Place {
        self.findings.source().place(index)
    }

    fn wrong(&mut self, node: &MarkedYaml<'_>, message: String, help: Option<String>) {
        let place = self.place(node.span.start.index());
        self.findings.error(place, message, help);
    }

    /// One value of a type.
    fn one<T: DeserializeOwned>(&mut self, yaml: &MarkedYaml<'_>, otherwise: Option<&Map<String, Value>>) -> Option<T> {
        let source = self.findings.source();
        match T::deserialize(Node { yaml, source, otherwise }) {
            Ok(value) => Some(value),
            Err(misfit) => {
                let place = self.place(misfit.at.unwrap_or_else(|| yaml.span.start.index()));
                self.findings.error(place, misfit.message, misfit.help);
                None
            }
        }
    }

    /// The items of a section, each by itself: what is wrong with one hides nothing of the next.
    fn items<T>(
        &mut self,
        section: &MarkedYaml<'_>,
        mut read: impl FnMut(&mut Self, &MarkedYaml<'_>) -> Option<T>,
    ) -> Option<Vec<Item<T>>> {
        match &section.data {
            YamlData::Sequence(items) => {
                let read = |item: &MarkedYaml<'_>| {
                    let what = read(self, item)?;
                    Some(Item { at: item.span.start.index(), what })
                };
                Some(items.iter().filter_map(read).collect())
            }
            // An empty section speaks of everything in it: there shall be nothing.
            YamlData::Value(Scalar::Null) => Some(Vec::new()),
            _ => {
                self.wrong(section, "this should be a list".to_owned(), None);
                None
            }
        }
    }

    /// What is left out of settings is what the profile begins with.
    fn connection(&mut self, node: &MarkedYaml<'_>) -> Option<WrittenConnection> {
        let Head { name, enabled, _settings: _ } = self.one(node, None)?;
        let settings = under(node, "settings").filter(|node| matches!(node.data, YamlData::Mapping(_)));
        let Some(settings) = settings else {
            let help = "write at least settings: {profile: generic}".to_owned();
            self.wrong(node, "“settings” is missing here".to_owned(), Some(help));
            return None;
        };
        let profile = match under(settings, "profile") {
            Some(said) => self.one(said, None)?,
            None => Profile::Generic,
        };
        let by_saml = under(settings, "saml").is_some_and(|saml| !matches!(saml.data, YamlData::Value(Scalar::Null)));
        let mut begins = match json!(ConnectionSettings::of(profile)) {
            Value::Object(begins) => begins,
            _ => Map::new(),
        };
        if by_saml {
            begins.insert("match".to_owned(), json!(SamlSettings::match_pairs()));
        }
        let settings = self.one(settings, Some(&begins))?;
        Some(WrittenConnection { name, enabled, settings })
    }

    /// The whole document.
    pub(super) fn document(&mut self, root: &MarkedYaml<'_>) -> Document {
        let mut document = Document::default();
        let YamlData::Mapping(entries) = &root.data else {
            self.wrong(root, format!("this should be a mapping with {}", SECTIONS.join(", ")), None);
            return document;
        };
        for (key, node) in entries {
            let name = key.data.as_str().unwrap_or_default();
            match name {
                "organization" => document.organization = self.one(node, None),
                "schemas" => document.schemas = self.items(node, |this, item| this.one(item, None)),
                "clusters" => document.clusters = self.items(node, |this, item| this.one(item, None)),
                "roles" => document.roles = self.items(node, |this, item| this.one(item, None)),
                "connections" => document.connections = self.items(node, Self::connection),
                "service_accounts" => document.service_accounts = self.items(node, |this, item| this.one(item, None)),
                "groups" => document.groups = self.items(node, |this, item| this.one(item, None)),
                "bindings" => document.bindings = self.items(node, |this, item| this.one(item, None)),
                "mapping" => document.mapping = self.mapping(node),
                other => {
                    let help = did_you_mean(other, SECTIONS)
                        .unwrap_or_else(|| format!("the sections are {}", SECTIONS.join(", ")));
                    self.wrong(key, format!("there is no section “{other}”"), Some(help));
                }
            }
        }
        document
    }

    fn mapping(&mut self, node: &MarkedYaml<'_>) -> Option<Placed> {
        if let YamlData::Value(Scalar::String(text)) = &node.data {
            let extent = (node.span.start.index(), node.span.end.index());
            return Some(Placed { text: text.to_string(), extent: Some(extent) });
        }
        let help = "write mapping: | and the mapping's text below it, indented".to_owned();
        self.wrong(node, "the mapping should be one text here, with its remarks as they are".to_owned(), Some(help));
        None
    }
}

/// The value of a key.
fn under<'n, 'y>(node: &'n MarkedYaml<'y>, wanted: &str) -> Option<&'n MarkedYaml<'y>> {
    let YamlData::Mapping(entries) = &node.data else { return None };
    entries.iter().find(|(key, _)| key.data.as_str() == Some(wanted)).map(|(_, value)| value)
}
