//! A rule as a form: what it says is written into the text, which stays the truth.

use crate::{
    http::console::{desk::Sent, words::built_in},
    model::{BuiltInRole, Cluster, CustomRole},
};
use maud::{Markup, html};
use serde_json::Value;

/// A rule, as the form's fields say it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct RuleForm {
    name: String,
    groups: Vec<String>,
    when: String,
    grant: String,
    clusters: Vec<String>,
    until: String,
}

impl RuleForm {
    /// Reads the fields.
    pub(super) fn of(sent: &Sent) -> Self {
        let text = |name: &str| sent.text(name).to_owned();
        let groups = sent.raw("rule_groups").split(['\n', ',']).map(str::trim).filter(|one| !one.is_empty());
        Self {
            name: text("rule_name"),
            groups: groups.map(str::to_owned).collect(),
            when: text("rule_when"),
            grant: text("rule_grant"),
            clusters: sent.all("rule_cluster").map(str::to_owned).collect(),
            until: text("rule_until"),
        }
    }

    /// The text with this rule behind its others; in words, where it cannot be written.
    pub(super) fn into_text(self, text: &str) -> Result<String, &'static str> {
        if self.name.is_empty() || self.grant.is_empty() {
            return Err("Give the rule a name, and choose the role that it gives.");
        }
        if self.groups.is_empty() && self.when.is_empty() {
            return Err("Say whom the rule is for: groups, a condition, or both.");
        }
        let lines: Vec<&str> = text.lines().collect();
        let is_key = |line: &&str| line.starts_with(|letter: char| letter.is_alphanumeric() || letter == '"');
        let Some(begin) = lines.iter().position(|line| line.starts_with("rules:")) else {
            let end = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
            return Ok(format!("{text}{end}rules:\n{}", self.yaml("  ")));
        };
        let behind = lines.get(begin).map_or("", |line| line.trim_start_matches("rules:").trim());
        let (head, rest) = lines.split_at(begin + 1);
        if behind.starts_with('[') && behind != "[]" {
            return Err("The rules stand in one line: write this one into the text by hand.");
        }
        let block = rest.iter().position(is_key).unwrap_or(rest.len());
        let (block, after) = rest.split_at(block);
        // Blank lines and comments before the next part belong to that part.
        let is_rule = |line: &&str| !line.trim().is_empty() && !line.trim_start().starts_with('#');
        let kept = block.iter().rposition(is_rule).map_or(0, |last| last + 1);
        let (rules, between) = block.split_at(kept);
        let dent = rules.iter().find_map(|line| line.find("- ")).unwrap_or(2);
        let blank = rules.iter().any(|line| line.trim().is_empty());
        let mut all: Vec<String> = head.iter().map(ToString::to_string).collect();
        if let Some(last) = all.last_mut().filter(|_| behind == "[]") {
            "rules:".clone_into(last);
        }
        all.extend(rules.iter().map(ToString::to_string));
        if blank && !rules.is_empty() {
            all.push(String::new());
        }
        all.extend(self.yaml(&" ".repeat(dent)).lines().map(str::to_owned));
        all.extend(between.iter().chain(after).map(ToString::to_string));
        Ok(all.join("\n") + "\n")
    }

    fn yaml(&self, dent: &str) -> String {
        let list = |all: &[String]| format!("[{}]", all.iter().map(|one| quoted(one)).collect::<Vec<_>>().join(", "));
        let mut lines = vec![format!("{dent}- name: {}", quoted(&self.name))];
        if !self.groups.is_empty() {
            lines.push(format!("{dent}  groups: {}", list(&self.groups)));
        }
        if !self.when.is_empty() {
            // A condition has quotation marks of its own, and mostly reads best as it is.
            let is_plain =
                !self.when.starts_with(['"', '\'', '[', '{', '&', '*', '!', '|', '>', '%', '@', '`', '#', '-'])
                    && !self.when.contains(": ")
                    && !self.when.contains(" #")
                    && !self.when.contains('\n')
                    && !self.when.ends_with(':');
            let when = if is_plain { self.when.clone() } else { Value::from(self.when.as_str()).to_string() };
            lines.push(format!("{dent}  when: {when}"));
        }
        lines.push(format!("{dent}  grant: {}", quoted(&self.grant)));
        if !self.clusters.is_empty() {
            lines.push(format!("{dent}  clusters: {}", list(&self.clusters)));
        }
        if !self.until.is_empty() {
            lines.push(format!("{dent}  until: {}", quoted(&self.until)));
        }
        lines.join("\n") + "\n"
    }

    /// The fields, in the editor's own form.
    pub(super) fn fields(&self, action: &str, (custom, clusters): (&[CustomRole], &[Cluster])) -> Markup {
        let is_begun = *self != Self::default();
        html! {
            details class="more" open[is_begun] {
                summary { "Add a rule by a form" }
                p class="hint" { "It is written into the text above; nothing is published by it." }
                div class="field" { label for="rule-name" { "What to call it" } input id="rule-name" name="rule_name" form="editor" type="text" maxlength="100" value=(self.name) autocomplete="off"; }
                div class="field" {
                    label for="rule-groups" { "For people in one of these groups" }
                    input id="rule-groups" name="rule_groups" form="editor" type="text" maxlength="2000" value=(self.groups.join(", ")) autocapitalize="none" autocomplete="off" spellcheck="false" aria-describedby="rule-groups-hint";
                    p id="rule-groups-hint" class="hint" { "As the provider names them, with commas between; with several connections " code { "okta/finance" } "." }
                }
                div class="field" {
                    label for="rule-when" { "And who fit" }
                    input id="rule-when" name="rule_when" form="editor" type="text" maxlength="2000" value=(self.when) autocapitalize="none" autocomplete="off" spellcheck="false" aria-describedby="rule-when-hint";
                    p id="rule-when-hint" class="hint" { "A condition such as " code { "department eq \"Finance\"" } "; empty: everybody in the groups." }
                }
                div class="row field" {
                    div class="field" {
                        label for="rule-grant" { "They get" }
                        select id="rule-grant" name="rule_grant" form="editor" {
                            @for role in BuiltInRole::ALL.into_iter().rev() { option value=(role.name()) selected[self.grant == role.name()] { (built_in(role)) } }
                            @for role in custom { option value=(role.name) selected[self.grant == role.name] { (role.name) } }
                        }
                    }
                    div class="field short" { label for="rule-until" { "Until (may be empty)" } input id="rule-until" name="rule_until" form="editor" type="date" value=(self.until); }
                }
                @if !clusters.is_empty() {
                    fieldset {
                        legend { "On these clusters; none: the whole organization" }
                        div class="boxes" {
                            @for cluster in clusters {
                                label class="check" {
                                    input type="checkbox" name="rule_cluster" form="editor" value=(cluster.slug) checked[self.clusters.contains(&cluster.slug)];
                                    span dir="auto" { (cluster.slug) }
                                }
                            }
                        }
                    }
                }
                button type="submit" class="second" form="editor" formaction=(action) { "Write it into the text" }
            }
        }
    }
}

/// A word as it is; anything else between quotation marks, as JSON and YAML both have them.
fn quoted(text: &str) -> String {
    let is_word = |letter: char| letter.is_ascii_alphanumeric() || ['-', '_', '/', '.'].contains(&letter);
    let begins = text.starts_with(|letter: char| letter.is_ascii_alphabetic());
    let reserved =
        ["true", "false", "null", "yes", "no", "on", "off"].iter().any(|word| text.eq_ignore_ascii_case(word));
    let is_date = text.len() == 10 && text.chars().all(|letter| letter.is_ascii_digit() || letter == '-');
    if (begins && !reserved && text.chars().all(is_word)) || is_date {
        return text.to_owned();
    }
    let is_plain =
        begins && !reserved && text.chars().all(|letter| is_word(letter) || letter == ' ') && !text.ends_with(' ');
    if is_plain { text.to_owned() } else { Value::from(text).to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule() -> RuleForm {
        RuleForm {
            name: "finance sees costs".to_owned(),
            groups: vec!["okta/finance".to_owned(), "k8s-{cluster}-x".to_owned()],
            when: "department eq \"Finance\"".to_owned(),
            grant: "analyst".to_owned(),
            clusters: vec!["prod-eu".to_owned()],
            until: "2027-01-31".to_owned(),
        }
    }

    const WRITTEN: &str = "- name: finance sees costs
  groups: [okta/finance, \"k8s-{cluster}-x\"]
  when: department eq \"Finance\"
  grant: analyst
  clusters: [prod-eu]
  until: 2027-01-31
";

    fn dented(by: &str) -> String {
        WRITTEN.lines().flat_map(|line| [by, line, "\n"]).collect()
    }

    #[test]
    fn a_rule_is_written_behind_the_others_as_they_are_written() {
        let text =
            "default: viewer\nrules:\n  - name: a\n    groups: [x]\n    grant: viewer\n\n# and tests\ntests: []\n";
        let written = rule().into_text(text).unwrap();
        let expected = text.replace("viewer\n\n# and", &format!("viewer\n{}\n# and", dented("  ")));
        assert_eq!(written, expected);
        assert_eq!(rule().into_text("rules:\n- name: a\n").unwrap(), format!("rules:\n- name: a\n{WRITTEN}"));
        assert_eq!(rule().into_text("default: viewer").unwrap(), format!("default: viewer\nrules:\n{}", dented("  ")));
        assert_eq!(rule().into_text("rules: []\n").unwrap(), format!("rules:\n{}", dented("  ")));
        let spaced = "rules:\n  - name: a\n\n  - name: b\n";
        assert_eq!(rule().into_text(spaced).unwrap(), format!("{spaced}\n{}", dented("  ")));
    }

    #[test]
    fn what_is_typed_stays_one_value_whatever_it_is() {
        let typed = RuleForm { name: "a: \"b\"\n- c".to_owned(), when: "x: y # z".to_owned(), ..rule() };
        let yaml = typed.yaml("  ");
        assert!(yaml.starts_with("  - name: \"a: \\\"b\\\"\\n- c\"\n"), "{yaml}");
        assert!(yaml.contains("  when: \"x: y # z\"\n"), "{yaml}");
        assert_eq!(quoted("no"), "\"no\"");
        assert_eq!(quoted("{role}"), "\"{role}\"");
    }

    #[test]
    fn a_rule_for_nobody_in_particular_is_not_written() {
        let nobody = RuleForm { groups: Vec::new(), when: String::new(), ..rule() };
        assert!(nobody.into_text("rules: []\n").is_err());
        assert!(RuleForm { name: String::new(), ..rule() }.into_text("").is_err());
        assert!(rule().into_text("rules: [{name: a}]\n").is_err());
    }
}
