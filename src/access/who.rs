//! Who is who: whether somebody who arrives is somebody known.
//!
//! Inside one connection SCIM and sign-in are one authority and meet by the connection's `match` pair, never by e-mail.
//! Across connections, and with local users, an e-mail ties two only where the connection owns the e-mail's verified
//! domain and the provider says that the address is verified; or where an invitation was sent to it.
//!
//! [`decide`] is the whole decision. [`table`] prints it for every case, and a golden file holds it.

use std::fmt;

/// By which door somebody arrives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrival {
    /// The provider pushes a new person over SCIM.
    Push,
    /// The provider vouches for a person in a sign-in.
    SignIn,
}

/// Whom the connection itself knows by the names that the arrival carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Known {
    /// Nobody.
    Nobody,
    /// Somebody whom this very name was tied to before (a subject, an externalId).
    ByIdentity,
    /// The same, whom a push made whose answer never reached the wire: the provider cannot know.
    Unheard,
    /// Somebody whose other half matches by the connection's pair, not tied yet.
    ByMatch,
    /// Somebody of the same userName whom the match pair does not tie.
    ByNameOnly,
    /// Somebody deleted less than 30 days ago, with the same externalId.
    Tombstone,
}

/// Whether a person outside the connection has the same e-mail address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Namesake {
    /// No.
    None,
    /// A local user.
    Local,
    /// A user of another connection.
    OtherConnection,
}

/// Whether the arrival was invited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Invited {
    /// No.
    No,
    /// An invitation to this address is pending, and nothing but the address ties it to the arrival.
    ByAddress,
    /// The invitation's own link was followed, and the provider says no other address than the invited one.
    ByLink,
    /// The invitation's own link was followed by somebody whose address the provider says to be another one.
    Another,
}

/// What is known about an arrival.
#[expect(
    clippy::struct_excessive_bools,
    reason = "the columns of a table: each is one yes or no that somebody looked up"
)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Case {
    /// By which door.
    pub arrival: Arrival,
    /// Whom the connection knows.
    pub known: Known,
    /// Whether that person may come in now.
    pub active: bool,
    /// Whom others know.
    pub namesake: Namesake,
    /// The connection owns the e-mail's verified domain, and the provider says it is verified (or pushed it).
    pub proven: bool,
    /// Whether there is an invitation for them.
    pub invited: Invited,
    /// The mapping's default turns away whom no rule gives anything, and no rule gives this person anything.
    pub turned_away: bool,
    /// The terms in force are accepted.
    pub terms_accepted: bool,
}

/// Who the arrival is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    /// The person whom the connection knows.
    Known,
    /// The person whom the connection knows; the name is tied to them from now on.
    Tie,
    /// The deleted person, under the same id.
    Revive,
    /// The person of the same e-mail address, tied to this connection from now on.
    Link,
    /// Somebody new.
    New,
    /// Cannot be said: a clash that a person must settle.
    Clash,
}

/// What happens then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// The push is answered with the person.
    Answered,
    /// A session begins.
    Session,
    /// A session begins, and opens only the terms until they are accepted.
    Terms,
    /// 409, and a line for the owners.
    Conflict,
    /// No session: the person is suspended.
    Suspended,
    /// No session: nothing is given to this person, and they are told so.
    TurnedAway,
    /// No session: the invitation was sent to somebody else, and stays theirs.
    NotInvited,
}

/// Who the arrival is, and what happens then.
#[must_use]
pub fn decide(case: Case) -> (Who, Next) {
    let who = who(case);
    (who, next(case, who))
}

/// Whether the arrival uses the invitation up: what it offers is theirs from now on.
///
/// An address alone proves who somebody is only where the connection owns its domain.
#[must_use]
pub fn consumes(case: Case) -> bool {
    let (_, next) = decide(case);
    is_theirs(case)
        && !stays_out(case)
        && match next {
            Next::Answered | Next::Session | Next::Terms => true,
            Next::Conflict | Next::Suspended | Next::TurnedAway | Next::NotInvited => false,
        }
}

/// Whoever is inactive and was never pushed by this connection was suspended by a person, and no push takes that back: what
/// they were offered waits for them.
fn stays_out(case: Case) -> bool {
    let never_pushed = match case.known {
        Known::Nobody | Known::ByMatch => true,
        Known::ByIdentity | Known::Unheard | Known::ByNameOnly | Known::Tombstone => false,
    };
    case.arrival == Arrival::Push && !case.active && never_pushed
}

fn is_theirs(case: Case) -> bool {
    match case.invited {
        Invited::No | Invited::Another => false,
        Invited::ByAddress => case.proven,
        Invited::ByLink => true,
    }
}

fn who(case: Case) -> Who {
    match (case.known, case.arrival) {
        // A second POST of the same person is the provider's mistake, unless it is a re-hire of somebody inactive.
        (Known::ByIdentity | Known::ByNameOnly, Arrival::Push) if case.active => Who::Clash,
        // A push whose answer was lost is rightly repeated.
        (Known::ByIdentity | Known::Unheard, Arrival::Push | Arrival::SignIn) => Who::Known,
        // Pushed after the first sign-in, or signed in after the push: the other half of the same person.
        (Known::ByMatch, Arrival::Push | Arrival::SignIn) => Who::Tie,
        (Known::Tombstone, Arrival::Push) => Who::Revive,
        // An inactive person of the same userName but another externalId is somebody else: the name must be freed first. A name
        // that the pair does not vouch for says nothing about who signs in. Only a push brings back whom the provider deleted.
        (Known::ByNameOnly, Arrival::Push | Arrival::SignIn) | (Known::Tombstone, Arrival::SignIn) => Who::Clash,
        (Known::Nobody, Arrival::Push | Arrival::SignIn) => stranger(case),
    }
}

/// Somebody whom the connection does not know.
fn stranger(case: Case) -> Who {
    match case.namesake {
        Namesake::None => Who::New,
        Namesake::Local if case.proven || case.invited == Invited::ByLink => Who::Link,
        // Two providers never share a person by an address alone: the other one is its authority.
        Namesake::OtherConnection if case.invited == Invited::ByLink => Who::Link,
        Namesake::Local | Namesake::OtherConnection => Who::Clash,
    }
}

fn next(case: Case, who: Who) -> Next {
    match (who, case.arrival) {
        (Who::Clash, Arrival::Push | Arrival::SignIn) => Next::Conflict,
        (_, Arrival::Push) => Next::Answered,
        (Who::Known | Who::Tie | Who::Link, Arrival::SignIn) if !case.active => Next::Suspended,
        (_, Arrival::SignIn) if case.invited == Invited::Another => Next::NotInvited,
        (_, Arrival::SignIn) if case.turned_away && !is_theirs(case) => Next::TurnedAway,
        (_, Arrival::SignIn) if !case.terms_accepted => Next::Terms,
        (_, Arrival::SignIn) => Next::Session,
    }
}

/// Every case on a line of its own.
#[must_use]
pub fn table() -> String {
    let mut lines = vec![
        format!(
            "{:<8} {:<12} {:<9} {:<16} {:<9} {:<9} {:<11} {:<9} → who      next       invitation",
            "arrival", "known", "active", "same e-mail", "proven", "invited", "turned away", "terms"
        )
        .trim_end()
        .to_owned(),
    ];
    for case in cases() {
        let (who, next) = decide(case);
        let used = if consumes(case) { "used up" } else { "" };
        let line = format!("{case} → {:<8} {:<10} {used}", format!("{who:?}"), format!("{next:?}"));
        lines.push(line.trim_end().to_owned());
    }
    lines.join("\n") + "\n"
}

const KNOWN: [Known; 6] =
    [Known::Nobody, Known::ByIdentity, Known::Unheard, Known::ByMatch, Known::ByNameOnly, Known::Tombstone];

/// Every combination that can be told apart from another.
#[must_use]
pub fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for arrival in [Arrival::Push, Arrival::SignIn] {
        for known in KNOWN {
            for namesake in [Namesake::None, Namesake::Local, Namesake::OtherConnection] {
                cases.extend(cases_of(arrival, known, namesake));
            }
        }
    }
    cases
}

fn cases_of(arrival: Arrival, known: Known, namesake: Namesake) -> Vec<Case> {
    let mut cases = Vec::new();
    for invited in [Invited::No, Invited::ByAddress, Invited::ByLink, Invited::Another] {
        for flags in 0..16_u8 {
            let flag = |bit: u8| flags & (1 << bit) != 0;
            let case = Case {
                arrival,
                known,
                active: flag(0),
                namesake,
                proven: flag(1),
                invited,
                turned_away: flag(2),
                terms_accepted: flag(3),
            };
            if is_distinct(case) {
                cases.push(case);
            }
        }
    }
    cases
}

/// Leaves out what cannot matter: facts that nobody asks for are false (or true, for `active`) in the case that stands.
fn is_distinct(case: Case) -> bool {
    let stranger = case.known == Known::Nobody;
    let pushed = case.arrival == Arrival::Push;
    let by_address = case.invited == Invited::ByAddress;
    // Nobody pushes a link.
    (!pushed || matches!(case.invited, Invited::No | Invited::ByAddress))
        && (stranger || case.namesake == Namesake::None)
        && (!case.proven || by_address || (stranger && case.namesake != Namesake::None))
        && (case.active || case.known != Known::Tombstone)
        && (case.active || !stranger || case.namesake != Namesake::None)
        && (!pushed || (!case.turned_away && case.terms_accepted))
        && (pushed || case.known != Known::Unheard)
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let yes = |flag: bool| if flag { "yes" } else { "no" };
        write!(
            f,
            "{:<8} {:<12} {:<9} {:<16} {:<9} {:<9} {:<11} {:<9}",
            format!("{:?}", self.arrival),
            format!("{:?}", self.known),
            yes(self.active),
            format!("{:?}", self.namesake),
            yes(self.proven),
            match self.invited {
                Invited::No => "no",
                Invited::ByAddress => "address",
                Invited::ByLink => "link",
                Invited::Another => "another",
            },
            yes(self.turned_away),
            yes(self.terms_accepted)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_decision_is_this_table() {
        insta::assert_snapshot!(table());
    }

    #[test]
    fn an_unproven_address_never_links() {
        for case in cases() {
            let (who, _) = decide(case);
            assert!(who != Who::Link || case.proven || case.invited == Invited::ByLink, "{case}");
        }
    }

    #[test]
    fn nobody_suspended_gets_a_session() {
        for case in cases().into_iter().filter(|case| !case.active && case.known != Known::Nobody) {
            let (_, next) = decide(case);
            assert!(!matches!(next, Next::Session | Next::Terms), "{case}");
        }
    }

    #[test]
    fn an_invitation_is_used_up_only_by_whom_it_was_sent_to_and_who_gets_in() {
        for case in cases().into_iter().filter(|case| consumes(*case)) {
            let (who, next) = decide(case);
            assert!(case.invited == Invited::ByLink || (case.invited == Invited::ByAddress && case.proven), "{case}");
            assert!(who != Who::Clash && matches!(next, Next::Answered | Next::Session | Next::Terms), "{case}");
        }
        assert!(cases().into_iter().any(consumes));
    }
}
