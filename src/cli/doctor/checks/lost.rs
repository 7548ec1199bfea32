//! A POST whose answer never arrives, and that comes again: what every provider does after a time-out.

use crate::cli::doctor::{
    answer::{Answer, hold},
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
    SAME = Rule::habit("lost-answer-same-id", "every provider after a time-out",
        "A POST whose answer was lost and that comes again is answered with the id that was made: 201, or 200.",
        "With 409 the provider never learns the id: it reports a failure for ever, and cannot deactivate the person.",
        "Remember what was made until its answer was written, and answer the same POST again with it.").advice();
}

/// How often somebody is looked for whom a server may still be making.
const LOOKS: u32 = 4;

pub(super) async fn check(visit: &mut Visit) {
    let (mut known, mut refused, mut last) = (false, None, Answer::default());
    // A server may be done before we are gone: then it was told in good faith, and 409 is right. Not every time.
    for who in ["vera", "walt", "xena"] {
        let ask = Ask::post("/Users", &visit.person(who));
        let filter = format!("userName eq \"{}\"", visit.user_name(who));
        if !visit.lose(&ask).await {
            return visit.leave("it takes an address that begins with http://: TLS hides when an answer is on its way");
        }
        let made = found(visit, &filter).await.ids().first().map(|id| (*id).to_owned());
        let again = visit.send(ask).await;
        let after = visit.find("/Users", &filter).await;
        let is_one = hold(after.ids().len() == 1, || format!("{} of them are there", after.ids().len()));
        visit.judge(&TWIN, &again, again.is(&[200, 201, 409]).and(is_one));
        match made {
            Some(id) if again.succeeded() => known |= again.id().as_ref() == Some(&id),
            Some(_) => refused = Some(again.told()),
            None => {}
        }
        last = again;
    }
    visit.judge(&SAME, &last, hold(known || refused.is_none(), || refused.clone().unwrap_or_default()));
}

/// Who is there, when the server has had time to do what it is still at.
async fn found(visit: &mut Visit, filter: &str) -> Answer {
    let mut found = Answer::default();
    for _ in 0..LOOKS {
        found = visit.find("/Users", filter).await;
        if !found.ids().is_empty() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
    found
}
