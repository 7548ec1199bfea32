//! A POST whose answer never arrives, and that comes again: what every provider does after a time-out.

use crate::cli::doctor::{
    answer::hold,
    ask::Ask,
    rule::{Rule, rules},
    visit::Visit,
};
use std::time::Duration;

rules! {
    TWIN = Rule::habit("lost-answer-no-twin", "every provider after a time-out",
        "A POST whose answer was lost and that comes again makes nobody a second time.",
        "There are two of the same person; the provider knows one of them, and deactivates only that one.",
        "Refuse a userName that is taken with 409, or answer with the person who was made.");
}

/// How often somebody is looked for whom a server may still be making.
const LOOKS: u32 = 4;

pub(super) async fn check(visit: &mut Visit) {
    for who in ["vera", "walt", "xena"] {
        let ask = Ask::post("/Users", &visit.person(who));
        let filter = format!("userName eq \"{}\"", visit.user_name(who));
        if !visit.lose(&ask).await {
            return visit.leave("it takes an address that begins with http://: TLS hides when an answer is on its way");
        }
        found(visit, &filter).await;
        // Whether the server, or a proxy before it, could know that nobody read its answer is not seen from here: 409 is fair,
        // and 201 with the same id is better.
        let again = visit.send(ask).await;
        let after = visit.find("/Users", &filter).await;
        let is_one = hold(after.ids().len() == 1, || format!("{} of them are there", after.ids().len()));
        visit.judge(&TWIN, &again, again.is(&[200, 201, 409]).and(is_one));
    }
}

/// Gives the server time to do what it is still at.
async fn found(visit: &mut Visit, filter: &str) {
    for _ in 0..LOOKS {
        if !visit.find("/Users", filter).await.ids().is_empty() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
}
