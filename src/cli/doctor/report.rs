//! What a visit came to, for people and for programs.

use super::{
    rule::{Level, Rule, Source},
    visit::Verdict,
};
use crate::cli::client::{plain, safe_json};
use serde_json::{Value, json};
use std::fmt::Write;

/// What a visit came to.
#[derive(Debug)]
pub(super) struct Report {
    /// The server's address.
    pub(super) base: String,
    /// Why it ended early, if it did.
    pub(super) stopped: Option<String>,
    /// How each rule fared, part by part.
    pub(super) outcome: Vec<(&'static str, &'static Rule, Verdict)>,
    /// What could not be taken away.
    pub(super) left: Vec<String>,
    /// Requests sent.
    pub(super) requests: u32,
}

/// How many of each.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Count {
    pub(super) holds: usize,
    pub(super) faults: usize,
    pub(super) advice: usize,
    pub(super) not_asked: usize,
}

impl Report {
    pub(super) fn count(&self) -> Count {
        let mut count = Count::default();
        for (_, rule, verdict) in &self.outcome {
            match (verdict, rule.level) {
                (Verdict::Holds, _) => count.holds += 1,
                (Verdict::Broken { .. }, Level::Fault) => count.faults += 1,
                (Verdict::Broken { .. }, Level::Advice) => count.advice += 1,
                (Verdict::NotAsked(_), _) => count.not_asked += 1,
            }
        }
        count
    }

    /// For people. `all` shows also what holds.
    pub(super) fn text(&self, all: bool) -> String {
        let mut text = String::new();
        for level in [Level::Advice, Level::Fault] {
            for (_, rule, verdict) in self.outcome.iter().filter(|(_, rule, _)| rule.level == level) {
                if let Verdict::Broken { asked, came } = verdict {
                    text.push_str(&finding(rule, asked, came));
                }
            }
        }
        if all {
            text = format!("{}{text}", self.listing());
        }
        for left in &self.left {
            let _ = writeln!(text, "LEFT    {}", plain(left));
        }
        if let Some(why) = &self.stopped {
            let _ = writeln!(text, "STOPPED {}", plain(why));
        }
        let Count { holds, faults, advice, not_asked } = self.count();
        let _ = write!(
            text,
            "{}: {} requests. {}, {}, {}, {}.",
            plain(&self.base),
            self.requests,
            many(holds, "rule holds", "rules hold"),
            many(faults, "fault", "faults"),
            many(advice, "piece of advice", "pieces of advice"),
            many(not_asked, "rule not asked for", "rules not asked for"),
        );
        text
    }

    /// One line a rule.
    fn listing(&self) -> String {
        let mut text = String::new();
        let mut last = "";
        for (area, rule, verdict) in &self.outcome {
            if *area != last {
                let _ = writeln!(text, "{area}");
                last = area;
            }
            let (mark, more) = match verdict {
                Verdict::Holds => ("holds", String::new()),
                Verdict::Broken { .. } => (word(rule.level), String::new()),
                Verdict::NotAsked(why) => ("-", format!(" (not asked for: {})", plain(why))),
            };
            let _ = writeln!(text, "  {mark:<7} {}{more}", rule.name);
        }
        text.push('\n');
        text
    }

    /// For programs.
    pub(super) fn json(&self) -> String {
        let Count { holds, faults, advice, not_asked } = self.count();
        let checks: Vec<Value> = self.outcome.iter().map(|(area, rule, verdict)| check(area, rule, verdict)).collect();
        safe_json(&json!({
            "server": self.base,
            "summary": {"holds": holds, "faults": faults, "advice": advice, "not_asked": not_asked, "requests": self.requests},
            "stopped": self.stopped,
            "left": self.left,
            "checks": checks,
        }))
    }
}

fn check(area: &str, rule: &Rule, verdict: &Verdict) -> Value {
    let mut check = json!({"name": rule.name, "area": area});
    let mut put = |key: &str, value: &str| check[key] = value.into();
    match verdict {
        Verdict::Holds => put("verdict", "holds"),
        Verdict::NotAsked(why) => {
            put("verdict", "not_asked");
            put("because", why);
        }
        Verdict::Broken { asked, came } => {
            put("verdict", word(rule.level));
            put("asked", asked);
            put("came", came);
        }
    }
    put("expected", rule.wants);
    put("rule", &rule.says());
    put("matters", rule.matters);
    put("remedy", rule.remedy);
    check["provider_habit"] = matches!(rule.source, Source::Habit(_)).into();
    check
}

fn finding(rule: &Rule, asked: &str, came: &str) -> String {
    let head = word(rule.level).to_uppercase();
    format!(
        "{head:<7} {}\n  expected  {} ({})\n  asked     {}\n  came      {}\n  matters   {}\n  remedy    {}\n\n",
        rule.name,
        rule.wants,
        rule.says(),
        plain(asked),
        plain(came),
        rule.matters,
        rule.remedy,
    )
}

fn word(level: Level) -> &'static str {
    match level {
        Level::Fault => "fault",
        Level::Advice => "advice",
    }
}

fn many(count: usize, one: &str, more: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { more })
}
