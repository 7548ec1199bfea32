//! Rules as forms: a new one, and each that the text has. What a form says is written into the text, which stays the truth.

use super::PATH;
use crate::{
    http::console::{desk::Sent, words::built_in},
    mapping::{NotWritten, WrittenRule, written_rules},
    model::{BuiltInRole, Cluster, CustomRole},
};
use maud::{Markup, html};

/// What group names say, in the place of a role or a cluster.
const ROLE_OF_NAME: &str = "{role}";

/// A rule, as the form's fields say it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct RuleForm {
    rule: WrittenRule,
    /// The name of the rule in the text whose place it takes; none: it is another one.
    of: Option<String>,
}

impl RuleForm {
    /// Reads the fields; of somebody who thought better of it, none.
    pub(super) fn of(sent: &Sent) -> Self {
        if !sent.text("rule_leave").is_empty() {
            return Self::default();
        }
        let text = |name: &str| sent.text(name).to_owned();
        // One on each line: names of groups have commas in them.
        let groups = sent.raw("rule_groups").lines().map(str::trim).filter(|one| !one.is_empty());
        let rule = WrittenRule {
            name: text("rule_name"),
            groups: groups.map(str::to_owned).collect(),
            when: text("rule_when"),
            grant: text("rule_grant"),
            clusters: sent.all("rule_cluster").map(str::to_owned).collect(),
            until: text("rule_until"),
        };
        Self { rule, of: Some(text("rule_of")).filter(|of| !of.is_empty()) }
    }

    /// A rule of the text, to be changed; none: there is none of this name, or there are several.
    pub(super) fn in_text(text: &str, name: &str) -> Option<Self> {
        let mut known = written_rules(text).into_iter().map(|(_, rule)| rule).filter(|rule| rule.name == name);
        let rule = known.next().filter(|_| known.next().is_none())?;
        Some(Self { rule, of: Some(name.to_owned()) })
    }

    /// The name of the rule in the text that it is about.
    pub(super) fn is_of(&self) -> Option<&str> {
        self.of.as_deref()
    }

    /// Whether something stands in it. A browser always sends a role; the first one is nobody's choice.
    fn is_begun(&self) -> bool {
        let WrittenRule { name, groups, when, grant, clusters, until } = &self.rule;
        let first = BuiltInRole::ALL.last().map_or("", |role| role.name());
        let is_empty =
            [name, when, until].iter().all(|text| text.is_empty()) && groups.is_empty() && clusters.is_empty();
        self.of.is_some() || !is_empty || !(grant.is_empty() || grant == first)
    }

    /// Whether it holds what the text does not.
    pub(super) fn is_unwritten(&self, text: &str) -> bool {
        let Some(of) = &self.of else { return self.is_begun() };
        let sorted = |rule: &WrittenRule| {
            let mut rule = rule.clone();
            rule.clusters.sort();
            rule
        };
        Self::in_text(text, of).is_none_or(|known| sorted(&known.rule) != sorted(&self.rule))
    }

    /// The form when a rule of the text goes: what was changed in it is a rule of its own from then on.
    pub(super) fn without(self, name: &str, text: &str) -> Self {
        match self.is_of() == Some(name) {
            true if self.is_unwritten(text) => Self { of: None, ..self },
            true => Self::default(),
            false => self,
        }
    }

    /// The text with this rule in its place, or behind the others.
    pub(super) fn into_text(self, text: &str) -> Result<String, NotWritten> {
        match &self.of {
            Some(of) => self.rule.in_place_of(of, text),
            None => self.rule.added_to(text),
        }
    }

    /// The fields, in the editor's own form.
    pub(super) fn fields(&self, (custom, clusters): (&[CustomRole], &[Cluster])) -> Markup {
        let rule = &self.rule;
        html! {
            details class="more" id="rule" open[self.is_begun()] {
                summary { @match &self.of { Some(of) => { "Change the rule “" span dir="auto" { (of) } "”" }, None => "Add a rule by a form" } }
                @if let Some(of) = &self.of {
                    input type="hidden" name="rule_of" value=(of) form="editor";
                    p class="hint" { "What changes is written into the text above, and nothing else there changes; nothing is published by it." }
                } @else { p class="hint" { "It is written into the text above; nothing is published by it." } }
                div class="field" { label for="rule-name" { "What to call it" } input id="rule-name" name="rule_name" form="editor" type="text" maxlength="100" value=(rule.name) autocomplete="off"; }
                div class="field" {
                    label for="rule-groups" { "For people in one of these groups" }
                    textarea id="rule-groups" name="rule_groups" form="editor" rows=(rule.groups.len().clamp(2, 8)) maxlength="20000" autocapitalize="none" autocomplete="off" spellcheck="false" aria-describedby="rule-groups-hint" { "\n" (rule.groups.join("\n")) }
                    p id="rule-groups-hint" class="hint" { "As the provider names them, one on each line; with several connections " code { "okta/finance" } "." }
                }
                div class="field" {
                    label for="rule-when" { "And who fit" }
                    input id="rule-when" name="rule_when" form="editor" type="text" maxlength="20000" value=(rule.when) autocapitalize="none" autocomplete="off" spellcheck="false" aria-describedby="rule-when-hint";
                    p id="rule-when-hint" class="hint" { "A condition such as " code { "department eq \"Finance\"" } "; empty: everybody in the groups." }
                }
                div class="row field" {
                    div class="field" { label for="rule-grant" { "They get" } (self.roles(custom)) }
                    // A moment to the second is more than a field of dates can hold.
                    @let kind = if rule.until.is_empty() || rule.until.len() == "2027-01-31".len() { "date" } else { "text" };
                    div class="field short" { label for="rule-until" { "Until (may be empty)" } input id="rule-until" name="rule_until" form="editor" type=(kind) value=(rule.until); }
                }
                (self.places(clusters))
                div class="acts" {
                    button type="submit" class="second" form="editor" formaction=(format!("{PATH}/rule")) { "Write it into the text" }
                    @if self.is_begun() {
                        button type="submit" class="second" form="editor" formaction=(format!("{PATH}/plan")) name="rule_leave" value="yes" {
                            (if self.of.is_some() { "Leave it as it is" } else { "Empty the form" })
                        }
                    }
                }
            }
        }
    }

    fn roles(&self, custom: &[CustomRole]) -> Markup {
        let is = |name: &str| self.rule.grant == name;
        let known = BuiltInRole::ALL.iter().any(|role| is(role.name())) || custom.iter().any(|role| is(&role.name));
        html! {
            select id="rule-grant" name="rule_grant" form="editor" {
                @for role in BuiltInRole::ALL.into_iter().rev() { option value=(role.name()) selected[is(role.name())] { (built_in(role)) } }
                @for role in custom { option value=(role.name) selected[is(&role.name)] { (role.name) } }
                option value=(ROLE_OF_NAME) selected[is(ROLE_OF_NAME)] { "What the group’s name says: {role}" }
                // Whatever else stands there, stays there.
                @if !known && !is("") && !is(ROLE_OF_NAME) { option value=(self.rule.grant) selected { (self.rule.grant) } }
            }
        }
    }

    fn places(&self, clusters: &[Cluster]) -> Markup {
        let written = &self.rule.clusters;
        let others = written.iter().filter(|one| !clusters.iter().any(|cluster| cluster.slug == **one));
        let one = |value: &str, checked: bool| {
            html! {
                label class="check" {
                    input type="checkbox" name="rule_cluster" form="editor" value=(value) checked[checked];
                    span dir="auto" { (value) }
                }
            }
        };
        html! {
            @if !clusters.is_empty() || !written.is_empty() {
                fieldset {
                    legend { "On these clusters; none: the whole organization" }
                    div class="boxes" {
                        @for cluster in clusters { (one(&cluster.slug, written.contains(&cluster.slug))) }
                        @for other in others { (one(other, true)) }
                    }
                }
            }
        }
    }
}

/// Each rule of the text, with the way to its form.
pub(super) fn listed(text: &str) -> Markup {
    let rules = written_rules(text);
    html! {
        @if rules.is_empty() { p class="quiet" { "The text has no rule yet, or cannot be read." } }
        @else {
            ul class="rows plain" {
                @for (line, rule) in rules.iter().filter(|(_, rule)| !rule.name.is_empty()) {
                    li {
                        div { p class="title long" dir="auto" { (rule.name) } p class="quiet small" { "line " (line) ", gives " span dir="auto" { (rule.grant) } } }
                        div class="acts" {
                            button type="submit" class="second little" form="editor" formaction=(format!("{PATH}/rule/open#rule")) name="rule_open" value=(rule.name) {
                                "Change" span class="unseen" { " the rule " (rule.name) }
                            }
                            button type="submit" class="danger little" form="editor" formaction=(format!("{PATH}/rule/remove")) name="rule_remove" value=(rule.name) {
                                "Take out" span class="unseen" { " the rule " (rule.name) }
                            }
                        }
                    }
                }
            }
            p class="hint" { "It is done in the text above. Comments stay where they are, and nothing is published." }
        }
    }
}
