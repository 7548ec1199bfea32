//! `/Me`: whoever it is that asks (RFC 7644 §3.11).

use crate::cli::doctor::{
    answer::{Answer, Held, hold},
    rule::{Rule, rules},
    visit::Visit,
};

rules! {
    ME = Rule::rfc("me-says-what-it-is", "7644 §3.11",
        "/Me is answered with who asks, with the way there (308), or with 501 where there is nobody whom it could stand for.",
        "A client that tries it takes a list, a page of HTML or another refusal for the server's failure.",
        "Where a token belongs to no person, answer 501 with a SCIM error; else with the person, at their own address.");
}

pub(super) async fn check(visit: &mut Visit) {
    let me = visit.get("/Me").await;
    visit.judge(&ME, &me, says_what_it_is(&me));
}

fn says_what_it_is(me: &Answer) -> Held {
    match me.status {
        // "If the client is not associated with an existing resource": there may be nobody.
        501 | 404 => Ok(()),
        308 => hold(!me.header("location").is_empty(), || "308 without Location".to_owned()),
        200 => {
            me.has("/id")?;
            let location = me.at("/meta/location").as_str().unwrap_or_default();
            let own = !location.is_empty() && !location.ends_with("/Me");
            hold(own, || format!("200 of somebody whose location is “{location}”"))
        }
        _ => Err(me.told()),
    }
}
