//! From YAML nodes to a draft: the right keys and the right types, nothing resolved yet.

use super::{
    diagnostic::{Findings, did_you_mean},
    source::{Extent, Place},
};
use saphyr::{MarkedYaml, Scalar, YamlData};

/// A text in the source.
#[derive(Debug, Clone)]
pub(super) struct Text {
    pub(super) value: String,
    pub(super) extent: Extent,
}

/// `default:` as written.
#[derive(Debug)]
pub(super) enum DraftDefault {
    Everybody(Text),
    Connections(Vec<(Text, Text)>),
}

/// A rule as written.
#[derive(Debug)]
pub(super) struct DraftRule {
    pub(super) extent: Extent,
    pub(super) name: Option<Text>,
    pub(super) groups: Vec<Text>,
    pub(super) when: Option<Text>,
    pub(super) grant: Option<Text>,
    pub(super) clusters: Option<Vec<Text>>,
    pub(super) until: Option<Text>,
    pub(super) allow: Vec<Text>,
    /// Something in it could not be read, so it must not be taken for a rule that leaves that out.
    pub(super) broken: bool,
}

/// A test as written.
#[derive(Debug)]
pub(super) struct DraftCase<'n, 'y> {
    pub(super) extent: Extent,
    pub(super) name: Option<Text>,
    pub(super) given: Vec<(Text, &'n MarkedYaml<'y>)>,
    pub(super) expect: Option<Vec<Text>>,
    pub(super) at: Option<Text>,
    pub(super) broken: bool,
}

/// A whole mapping as written.
#[derive(Debug, Default)]
pub(super) struct Draft<'n, 'y> {
    pub(super) default: Option<DraftDefault>,
    /// `default` was there and could not be read.
    pub(super) default_broken: bool,
    pub(super) rules: Vec<DraftRule>,
    pub(super) cases: Vec<DraftCase<'n, 'y>>,
}

/// Where a node is.
pub(super) fn extent(node: &MarkedYaml<'_>) -> Extent {
    Extent { start: node.span.start.index(), end: node.span.end.index() }
}

/// Reads nodes; what is wrong goes to the findings.
pub(super) struct Reader<'f, 's> {
    pub(super) findings: &'f mut Findings<'s>,
}

impl Reader<'_, '_> {
    fn place(&self, node: &MarkedYaml<'_>) -> Place {
        self.findings.source().place(node.span.start.index())
    }

    fn wrong(&mut self, node: &MarkedYaml<'_>, expected: &str) {
        let help = match &node.data {
            YamlData::Mapping(_) => Some("a text that begins with { needs quotes, as in \"{role}\"".to_owned()),
            _ => None,
        };
        let place = self.place(node);
        self.findings.error(place, format!("this should be {expected}, and is {}", kind(node)), help);
    }

    /// A scalar as it is written: numbers, booleans and `null` keep their letters.
    pub(super) fn text(&mut self, node: &MarkedYaml<'_>, expected: &str) -> Option<Text> {
        let extent = extent(node);
        let value = match &node.data {
            YamlData::Value(Scalar::String(text)) => text.to_string(),
            YamlData::Value(Scalar::Boolean(_) | Scalar::Integer(_) | Scalar::FloatingPoint(_)) => {
                let written = self.findings.source().text(extent);
                // An alias, an anchor or a tag: the letters stand elsewhere.
                if written.starts_with(['*', '&', '!']) {
                    self.wrong(node, &format!("{expected} in quotes"));
                    return None;
                }
                written
            }
            _ => {
                self.wrong(node, expected);
                return None;
            }
        };
        if value.trim().is_empty() {
            let place = self.place(node);
            self.findings.error(place, format!("this should be {expected}, and is empty"), None);
            return None;
        }
        Some(Text { value, extent })
    }

    /// One text or a list of texts. The second value is false when a part could not be read.
    fn texts(&mut self, node: &MarkedYaml<'_>, expected: &str) -> (Vec<Text>, bool) {
        let (read, written): (Vec<Text>, usize) = if let YamlData::Sequence(nodes) = &node.data {
            (nodes.iter().filter_map(|node| self.text(node, expected)).collect(), nodes.len())
        } else {
            (self.text(node, &format!("{expected} or a list of them")).into_iter().collect(), 1)
        };
        let whole = read.len() == written;
        (read, whole)
    }

    /// The keys and values of a mapping; unknown keys are findings. `None` when it is no mapping.
    fn fields<'n, 'y>(
        &mut self,
        node: &'n MarkedYaml<'y>,
        what: &str,
        known: &[&'static str],
    ) -> Option<Fields<'n, 'y>> {
        let YamlData::Mapping(entries) = &node.data else {
            self.wrong(node, what);
            return None;
        };
        let mut fields = Fields { list: Vec::new(), whole: true };
        for (key, value) in entries {
            let Some(text) = self.text(key, "a key") else {
                fields.whole = false;
                continue;
            };
            if let Some(name) = known.iter().find(|name| **name == text.value) {
                fields.list.push((name, value));
                continue;
            }
            fields.whole = false;
            let help = did_you_mean(&text.value, known.iter().copied())
                .unwrap_or_else(|| format!("known here are {}", known.join(", ")));
            let place = self.place(key);
            self.findings.error(place, format!("there is no key “{}” here", text.value), Some(help));
        }
        Some(fields)
    }

    /// The items of a list.
    fn items<'n, 'y>(&mut self, node: &'n MarkedYaml<'y>, expected: &str) -> &'n [MarkedYaml<'y>] {
        match &node.data {
            YamlData::Sequence(nodes) => nodes,
            YamlData::Value(Scalar::Null) => &[],
            _ => {
                self.wrong(node, expected);
                &[]
            }
        }
    }

    /// The whole document.
    pub(super) fn draft<'n, 'y>(&mut self, root: &'n MarkedYaml<'y>) -> Draft<'n, 'y> {
        let mut draft = Draft::default();
        if matches!(root.data, YamlData::Value(Scalar::Null)) {
            return draft;
        }
        let known = ["default", "rules", "tests"];
        let Some(fields) = self.fields(root, "a mapping with default, rules and tests", &known) else { return draft };
        for (key, node) in fields.list {
            match key {
                "default" => {
                    draft.default = self.default(node);
                    draft.default_broken = draft.default.is_none();
                }
                "rules" => {
                    for item in self.items(node, "a list of rules") {
                        draft.rules.extend(self.rule(item));
                        self.findings.about(None);
                    }
                }
                _ => {
                    for item in self.items(node, "a list of tests") {
                        draft.cases.extend(self.case(item));
                        self.findings.about(None);
                    }
                }
            }
        }
        draft
    }

    fn default(&mut self, node: &MarkedYaml<'_>) -> Option<DraftDefault> {
        let YamlData::Mapping(entries) = &node.data else {
            let expected = "a role, none, or a role for each connection";
            return self.text(node, expected).map(DraftDefault::Everybody);
        };
        let pairs = entries.iter().filter_map(|(key, value)| {
            Some((self.text(key, "the name of a connection")?, self.text(value, "a role or none")?))
        });
        let pairs: Vec<(Text, Text)> = pairs.collect();
        (pairs.len() == entries.len()).then_some(DraftDefault::Connections(pairs))
    }

    fn rule(&mut self, node: &MarkedYaml<'_>) -> Option<DraftRule> {
        let known = ["name", "groups", "when", "grant", "clusters", "until", "allow"];
        self.findings.about(name_of(node));
        let fields = self.fields(node, "a rule with name, groups or when, and grant", &known)?;
        let mut rule = DraftRule {
            extent: extent(node),
            name: None,
            groups: Vec::new(),
            when: None,
            grant: None,
            clusters: None,
            until: None,
            allow: Vec::new(),
            broken: !fields.whole,
        };
        for (key, value) in fields.list {
            let whole = match key {
                "name" => self.text(value, "the rule's name").map(|text| rule.name = Some(text)).is_some(),
                "when" => self.text(value, "a condition").map(|text| rule.when = Some(text)).is_some(),
                "grant" => self.text(value, "one role").map(|text| rule.grant = Some(text)).is_some(),
                "until" => self.text(value, "a date or a time").map(|text| rule.until = Some(text)).is_some(),
                "groups" => {
                    let (groups, whole) = self.texts(value, "a group's name");
                    rule.groups = groups;
                    whole && self.not_empty(value, rule.groups.is_empty(), "leave groups out, or name one")
                }
                "clusters" => {
                    let (clusters, whole) = self.texts(value, "a cluster");
                    let help = "leave clusters out to grant the role in the whole organization";
                    let whole = whole && self.not_empty(value, clusters.is_empty(), help);
                    rule.clusters = Some(clusters);
                    whole
                }
                _ => {
                    let (allow, whole) = self.texts(value, "owner");
                    rule.allow = allow;
                    whole
                }
            };
            rule.broken |= !whole;
        }
        Some(rule)
    }

    /// An empty list is more often a slip than a wish. Whether it is not empty.
    fn not_empty(&mut self, node: &MarkedYaml<'_>, empty: bool, help: &str) -> bool {
        if empty {
            let place = self.place(node);
            self.findings.error(place, "this list is empty", Some(help.to_owned()));
        }
        !empty
    }

    fn case<'n, 'y>(&mut self, node: &'n MarkedYaml<'y>) -> Option<DraftCase<'n, 'y>> {
        self.findings.about(name_of(node));
        let known = ["name", "given", "expect", "at"];
        let fields = self.fields(node, "a test with name, given and expect", &known)?;
        let (name, given) = (None, Vec::new());
        let mut case = DraftCase { extent: extent(node), name, given, expect: None, at: None, broken: !fields.whole };
        for (key, value) in fields.list {
            let whole = match key {
                "name" => self.text(value, "the test's name").map(|text| case.name = Some(text)).is_some(),
                "at" => self.text(value, "a date or a time").map(|text| case.at = Some(text)).is_some(),
                "expect" => {
                    let (expect, whole) = self.texts(value, "a role, or role@cluster,");
                    case.expect = Some(expect);
                    whole
                }
                _ => match &value.data {
                    YamlData::Mapping(entries) => {
                        let read =
                            entries.iter().filter_map(|(key, value)| Some((self.text(key, "an attribute")?, value)));
                        case.given = read.collect();
                        case.given.len() == entries.len()
                    }
                    YamlData::Value(Scalar::Null) => true,
                    _ => {
                        self.wrong(value, "attributes and their values");
                        false
                    }
                },
            };
            case.broken |= !whole;
        }
        Some(case)
    }
}

/// The known keys of a mapping that are there.
struct Fields<'n, 'y> {
    list: Vec<(&'static str, &'n MarkedYaml<'y>)>,
    /// Every key was known.
    whole: bool,
}

/// The name a rule or test gives itself, if that can be told before it is read.
fn name_of<'n>(node: &'n MarkedYaml<'_>) -> Option<&'n str> {
    let YamlData::Mapping(entries) = &node.data else { return None };
    let name = entries.iter().find(|(key, _)| key.data.as_str() == Some("name"));
    name.and_then(|(_, value)| value.data.as_str())
}

/// What a node is, in the words of somebody who writes YAML.
fn kind(node: &MarkedYaml<'_>) -> &'static str {
    match &node.data {
        YamlData::Value(Scalar::Null) => "empty",
        YamlData::Value(Scalar::Boolean(_)) => "true or false",
        YamlData::Value(Scalar::Integer(_) | Scalar::FloatingPoint(_)) => "a number",
        YamlData::Value(Scalar::String(_)) | YamlData::Representation(..) => "a text",
        YamlData::Sequence(_) => "a list",
        YamlData::Mapping(_) => "a mapping of keys to values",
        YamlData::Tagged(..) => "tagged with a type of its own",
        YamlData::Alias(_) | YamlData::BadValue => "not a value",
    }
}
