//! A plan as people read it: what comes with a plus, what goes with a minus, and at the end one line that counts.

use super::{Diff, Impact, KeyImpact, PersonChange, Shift};
use crate::model::Terms;
use std::fmt::{self, Write as _};

/// People, bindings and keys that are written out each; of the rest it is said how many there are.
const MOST: usize = 200;
const OWNERS: usize = 10;

/// A diff and what it does to people, for people.
#[derive(Debug, Clone, Copy)]
pub struct Told<'p> {
    /// What is opened and closed.
    pub diff: &'p Diff,
    /// What that does.
    pub impact: &'p Impact,
}

impl fmt::Display for Told<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { diff, impact } = self;
        bindings(f, diff, impact)?;
        write!(f, "{impact}")
    }
}

impl fmt::Display for Impact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for person in self.people.iter().take(MOST) {
            one_person(f, self, person)?;
        }
        rest(f, self.people.len(), "people")?;
        keys(f, &self.keys)?;
        invitations(f, self)?;
        for rule in self.idle_rules() {
            writeln!(f, "! rule “{}” (line {}) gives nobody anything", rule.rule, rule.line)?;
        }
        owners(f, self)?;
        summary(f, self)
    }
}

fn rest(f: &mut fmt::Formatter<'_>, all: usize, what: &str) -> fmt::Result {
    match all.checked_sub(MOST) {
        Some(more) if more > 0 => writeln!(f, "  … and {more} more {what}"),
        Some(_) | None => Ok(()),
    }
}

fn bindings(f: &mut fmt::Formatter<'_>, diff: &Diff, impact: &Impact) -> fmt::Result {
    if diff.is_empty() {
        return f.write_str("no binding changes\n");
    }
    let line = |terms: &Terms, verb: &str| {
        let Terms { subject, role, scope, source, until } = terms;
        let role = role.to_string();
        let mut text = format!(
            "{} {verb} {} at {} ({source})",
            impact.name_of(subject.id()),
            impact.name_of(&role),
            impact.place(scope)
        );
        if let Some(until) = until {
            // Writing into a text does not fail.
            let _ = write!(text, " until {until}");
        }
        text
    };
    for terms in diff.open.iter().take(MOST) {
        writeln!(f, "+ {}", line(terms, "gets"))?;
    }
    rest(f, diff.open.len(), "bindings to open")?;
    for binding in diff.close.iter().take(MOST) {
        writeln!(f, "- {}", line(&binding.terms, "loses"))?;
    }
    rest(f, diff.close.len(), "bindings to close")
}

fn one_person(f: &mut fmt::Formatter<'_>, impact: &Impact, person: &PersonChange) -> fmt::Result {
    let PersonChange { user, label, gains, loses, loses_everything, keys: _ } = person;
    let everything = if *loses_everything { ": loses everything" } else { "" };
    writeln!(f, "  {label} ({user}){everything}")?;
    shifts(f, impact, gains, '+')?;
    shifts(f, impact, loses, '-')
}

fn shifts(f: &mut fmt::Formatter<'_>, impact: &Impact, shifts: &[Shift], sign: char) -> fmt::Result {
    for Shift { role, scope, by } in shifts {
        let by: Vec<String> = by.iter().map(ToString::to_string).collect();
        let role = role.to_string();
        writeln!(f, "    {sign} {} at {} ({})", impact.name_of(&role), impact.place(scope), by.join("; "))?;
    }
    Ok(())
}

fn keys(f: &mut fmt::Formatter<'_>, keys: &[KeyImpact]) -> fmt::Result {
    let less: Vec<&KeyImpact> = keys.iter().filter(|key| !key.stops.is_empty()).collect();
    for KeyImpact { name, hint, owner_label, last_used_at, stops, .. } in less.iter().take(MOST) {
        let stops: Vec<String> = stops.iter().map(ToString::to_string).collect();
        let used = last_used_at.map_or_else(|| "never used".to_owned(), |at| format!("last used {at}"));
        writeln!(f, "~ key “{name}” ({hint}…) of {owner_label}, {used}, carries less: {}", stops.join(", "))?;
    }
    rest(f, less.len(), "keys")
}

fn invitations(f: &mut fmt::Formatter<'_>, impact: &Impact) -> fmt::Result {
    for change in impact.invitations.iter().take(MOST) {
        write!(f, "  invited: {}", change.email)?;
        match &change.withheld {
            Some(lacks) => writeln!(f, ": the invitation gives nothing any more, whoever sent it lacks {lacks}")?,
            None => writeln!(f)?,
        }
        shifts(f, impact, &change.gains, '+')?;
        shifts(f, impact, &change.loses, '-')?;
    }
    rest(f, impact.invitations.len(), "invitations")
}

fn owners(f: &mut fmt::Formatter<'_>, impact: &Impact) -> fmt::Result {
    let names: Vec<&str> = impact.owners.iter().take(OWNERS).map(|owner| owner.label.as_str()).collect();
    if names.is_empty() {
        return Ok(());
    }
    let more = impact.owners.len() - names.len();
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    writeln!(f, "owners left: {}{more}", names.join(", "))
}

fn summary(f: &mut fmt::Formatter<'_>, impact: &Impact) -> fmt::Result {
    let everything = match impact.losing_everything() {
        0 => String::new(),
        count => format!(" ({count} everything)"),
    };
    writeln!(
        f,
        "{} people looked at: {} gain, {} lose{everything}, {} keys carry less, {} sessions are weighed anew; {}",
        impact.looked_at,
        impact.gaining(),
        impact.losing(),
        impact.keys(),
        impact.sessions,
        if impact.owner_left { "an owner is left" } else { "NO OWNER IS LEFT but the one that the floor keeps" }
    )
}
