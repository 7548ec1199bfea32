//! The `tests:` of a mapping: given these facts, expect these roles.

use super::{
    compile::Compiler,
    diagnostic::Findings,
    load::TestRun,
    outcome::{DefaultRole, GrantScope, GroupFact, MissKind, Outcome, UserFacts},
    parse::{DraftCase, Reader, Text},
    rule::Mapping,
    source::{Extent, Place},
    time::moment_of,
};
use crate::{
    filter::AttributePath,
    model::{Instant, Role},
};
use saphyr::{MarkedYaml, Scalar, YamlData};
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// The schema whose attributes are known by their short names and lie in an object of their own.
const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
const ENTERPRISE_ATTRIBUTES: [&str; 6] =
    ["employeenumber", "costcenter", "organization", "division", "department", "manager"];

/// What a test expects or gets.
type Roles = BTreeSet<(Role, GrantScope)>;

/// A test, resolved.
#[derive(Debug)]
pub(super) struct Case {
    name: String,
    place: Place,
    connection: String,
    attributes: Value,
    groups: Vec<GivenGroup>,
    expect: Roles,
    at: Option<Instant>,
}

/// A group that a test's person is in.
#[derive(Debug)]
struct GivenGroup {
    connection: String,
    external_id: Option<String>,
    display_name: String,
}

/// Resolves the tests; what is wrong with them goes to the findings.
pub(super) fn compile(drafts: Vec<DraftCase<'_, '_>>, compiler: &mut Compiler<'_, '_>) -> Vec<Case> {
    let cases = drafts.into_iter().filter_map(|draft| case(draft, compiler)).collect();
    compiler.findings.about(None);
    cases
}

fn case(draft: DraftCase<'_, '_>, compiler: &mut Compiler<'_, '_>) -> Option<Case> {
    compiler.findings.about(draft.name.as_ref().map(|name| name.value.as_str()));
    if !draft.broken && (draft.name.is_none() || draft.expect.is_none()) {
        let help = "a test has name, given and expect; expect: [] stands for nothing";
        compiler.error(draft.extent, "this test lacks its name or what it expects", Some(help.to_owned()));
    }
    let errors = compiler.findings.errors();
    let mut given = Given { attributes: Map::new(), groups: Vec::new(), connection: None };
    for (key, value) in &draft.given {
        given.read(key, value, compiler);
    }
    let Given { attributes, groups, connection } = given;
    let connection = connection_of(connection.as_ref(), &groups, draft.extent, compiler);
    let groups = groups.into_iter().filter_map(|group| given_group(&group, &connection, compiler)).collect();
    let expect = draft.expect.iter().flatten().filter_map(|text| expected(text, compiler)).collect();
    let at = draft.at.as_ref().and_then(|text| {
        let moment = moment_of(&text.value);
        if moment.is_none() {
            let message =
                format!("“{}” is neither a date like 2027-01-31 nor a time like 2027-01-31T18:00:00Z", text.value);
            compiler.error(text.extent, message, None);
        }
        moment
    });
    let name = draft.name?;
    let sound = !draft.broken && compiler.findings.errors() == errors;
    let place = compiler.place(name.extent);
    sound.then_some(Case {
        name: name.value,
        place,
        connection,
        attributes: Value::Object(attributes),
        groups,
        expect,
        at,
    })
}

/// The `given:` of a test.
struct Given {
    attributes: Map<String, Value>,
    groups: Vec<Text>,
    connection: Option<Text>,
}

impl Given {
    fn read(&mut self, key: &Text, value: &MarkedYaml<'_>, compiler: &mut Compiler<'_, '_>) {
        let mut reader = Reader { findings: compiler.findings };
        match key.value.as_str() {
            "connection" => self.connection = reader.text(value, "the name of a connection"),
            "groups" => match &value.data {
                YamlData::Sequence(nodes) => {
                    self.groups = nodes.iter().filter_map(|node| reader.text(node, "a group's name")).collect();
                }
                _ => self.groups.extend(reader.text(value, "a group's name or a list of them")),
            },
            _ => self.attribute(key, value, compiler),
        }
    }

    /// Puts an attribute where a SCIM User has it.
    fn attribute(&mut self, key: &Text, value: &MarkedYaml<'_>, compiler: &mut Compiler<'_, '_>) {
        let path = match key.value.parse::<AttributePath>() {
            Ok(path) => path,
            Err(error) => return compiler.error(key.extent, error.message, None),
        };
        if let Err(near) = compiler.vocabulary.knows(&path) {
            let help = near.map(|near| format!("did you mean “{near}”?"));
            return compiler.error(key.extent, format!("there is no attribute “{path}”"), help);
        }
        let Some(json) = json(value) else {
            let place = compiler.place(super::parse::extent(value));
            return compiler.findings.error(place, "this is not a value that an attribute can have", None);
        };
        let short = ENTERPRISE_ATTRIBUTES.contains(&path.name.to_ascii_lowercase().as_str());
        let schema = match &path.schema {
            Some(_) if path.is_core() => None,
            Some(schema) => Some(schema.clone()),
            None => short.then(|| ENTERPRISE.to_owned()),
        };
        let mut object = &mut self.attributes;
        let parents = [schema, path.sub.as_ref().map(|_| path.name.clone())];
        for parent in parents.into_iter().flatten() {
            let inner = object.entry(parent).or_insert_with(|| Value::Object(Map::new()));
            let Value::Object(inner) = inner else {
                return compiler.error(key.extent, "this attribute is given in two ways", None);
            };
            object = inner;
        }
        object.insert(path.sub.unwrap_or(path.name), json);
    }
}

/// A YAML value as JSON; `None` for what JSON does not have.
fn json(node: &MarkedYaml<'_>) -> Option<Value> {
    Some(match &node.data {
        YamlData::Value(Scalar::Null) => Value::Null,
        YamlData::Value(Scalar::Boolean(value)) => Value::Bool(*value),
        YamlData::Value(Scalar::Integer(value)) => Value::from(*value),
        YamlData::Value(Scalar::FloatingPoint(value)) => Value::from(value.into_inner()),
        YamlData::Value(Scalar::String(value)) => Value::from(value.as_ref()),
        YamlData::Sequence(nodes) => Value::Array(nodes.iter().map(json).collect::<Option<_>>()?),
        YamlData::Mapping(entries) => {
            let pairs = entries.iter().map(|(key, value)| Some((key.data.as_str()?.to_owned(), json(value)?)));
            Value::Object(pairs.collect::<Option<_>>()?)
        }
        YamlData::Tagged(..) | YamlData::Representation(..) | YamlData::Alias(_) | YamlData::BadValue => return None,
    })
}

/// Whose person this is: the connection that is given, or the only one, or that of the groups.
fn connection_of(given: Option<&Text>, groups: &[Text], extent: Extent, compiler: &mut Compiler<'_, '_>) -> String {
    let known = &compiler.words.connections;
    if let Some(text) = given {
        if let Some(name) = known.get(&crate::model::fold(&text.value)) {
            return name.clone();
        }
        let help = super::diagnostic::did_you_mean(&text.value, known.values().map(String::as_str));
        compiler.error(text.extent, format!("there is no connection “{}”", text.value), help);
        return String::new();
    }
    if known.len() <= 1 {
        return known.values().next().cloned().unwrap_or_default();
    }
    let of_groups = groups.iter().find_map(|group| {
        let (before, _) = group.value.split_once('/')?;
        known.get(&crate::model::fold(before)).cloned()
    });
    of_groups.unwrap_or_else(|| {
        let mut names: Vec<&str> = known.values().map(String::as_str).collect();
        names.sort_unstable();
        let help = format!("add connection: to given; the connections are {}", names.join(", "));
        compiler.error(extent, "this test does not say whose person it is about", Some(help));
        String::new()
    })
}

fn given_group(text: &Text, connection: &str, compiler: &mut Compiler<'_, '_>) -> Option<GivenGroup> {
    let known = &compiler.words.connections;
    let qualified = text.value.split_once('/');
    let qualified = qualified.and_then(|(before, rest)| Some((known.get(&crate::model::fold(before))?.clone(), rest)));
    let (connection, name) = qualified.unwrap_or_else(|| (connection.to_owned(), text.value.as_str()));
    if name.is_empty() {
        compiler.error(text.extent, "the group's name is missing after the connection", None);
        return None;
    }
    let external_id = name.strip_prefix("id:").map(str::to_owned);
    let display_name = if external_id.is_some() { String::new() } else { name.to_owned() };
    Some(GivenGroup { connection, external_id, display_name })
}

/// `viewer` or `viewer@staging-eu`.
fn expected(text: &Text, compiler: &mut Compiler<'_, '_>) -> Option<(Role, GrantScope)> {
    let whole = compiler.words.role(&text.value);
    if let (None, Some((role, cluster))) = (&whole, text.value.rsplit_once('@')) {
        let role = compiler.role(&Text { value: role.to_owned(), extent: text.extent })?;
        let Some(id) = compiler.words.cluster(cluster) else {
            compiler.unknown_cluster(text.extent, cluster);
            return None;
        };
        return Some((role, GrantScope::Cluster(id.clone())));
    }
    Some((compiler.role(text)?, GrantScope::Organization))
}

impl Case {
    /// Runs the test; a failure is an error at its name.
    pub(super) fn run(&self, mapping: &Mapping, now: Instant, findings: &mut Findings<'_>) -> TestRun {
        let before = findings.errors();
        self.hold(mapping, now, findings);
        TestRun { name: self.name.clone(), line: self.place.line, passed: findings.errors() == before }
    }

    fn hold(&self, mapping: &Mapping, now: Instant, findings: &mut Findings<'_>) {
        let now = self.at.unwrap_or(now);
        let groups: Vec<GroupFact<'_>> = self.groups.iter().map(GivenGroup::fact).collect();
        let user = UserFacts { connection: &self.connection, attributes: &self.attributes, groups: &groups };
        let mut outcomes: Vec<Outcome> = groups.iter().map(|group| mapping.for_group(group, now)).collect();
        outcomes.push(mapping.for_user(&user, now));
        let grants = outcomes.iter().flat_map(|outcome| &outcome.grants);
        let mut got: Roles = grants.clone().map(|grant| (grant.role.clone(), grant.scope.clone())).collect();
        let by_default = got.is_empty();
        if let (true, DefaultRole::Role(role)) = (by_default, mapping.default_for(&self.connection)) {
            got.insert((role, GrantScope::Organization));
        }
        if got == self.expect {
            return;
        }
        let mut rules: Vec<String> = grants.map(|grant| format!("“{}”", grant.rule)).collect();
        rules.sort();
        rules.dedup();
        let source = match (by_default, got.is_empty()) {
            (_, true) => String::new(),
            (true, false) => " by default".to_owned(),
            (false, false) => format!(" by {}", rules.join(", ")),
        };
        let lacks = !self.expect.is_subset(&got);
        let (expect, got) = (shown(&self.expect, mapping), shown(&got, mapping));
        let message = format!("the test “{}” expects {expect} and gets {got}{source}", self.name);
        // Every condition that does not hold is a miss; it explains something only where nothing else does.
        let misses = outcomes.iter().flat_map(|outcome| &outcome.near_misses);
        let miss = misses.min_by_key(|miss| miss.kind == MissKind::Condition);
        let miss = miss.filter(|miss| lacks && (by_default || miss.kind != MissKind::Condition));
        findings.about(Some(&self.name));
        findings.error(self.place, message, miss.map(|miss| format!("near miss: {miss}")));
        findings.about(None);
    }
}

impl GivenGroup {
    fn fact(&self) -> GroupFact<'_> {
        GroupFact {
            connection: &self.connection,
            external_id: self.external_id.as_deref(),
            display_name: &self.display_name,
        }
    }
}

/// Roles as a test writes them.
fn shown(roles: &Roles, mapping: &Mapping) -> String {
    let texts: Vec<String> = roles
        .iter()
        .map(|(role, scope)| match scope {
            GrantScope::Organization => mapping.words.role_name(role),
            GrantScope::Cluster(id) => format!("{}@{}", mapping.words.role_name(role), mapping.words.cluster_name(id)),
        })
        .collect();
    if texts.is_empty() { "nothing".to_owned() } else { texts.join(", ") }
}
