//! Pages by index, of whatever is there. Sorting is asked for with people of our own, in [`super::filters`].

use crate::cli::doctor::{
    answer::{Answer, Held, hold},
    ask::Ask,
    rule::{Rule, rules},
    visit::Visit,
};
use serde_json::json;

rules! {
    NOBODY = Rule::habit("nobody-is-an-empty-list", "Entra",
        "A look-up that finds nobody is 200 with an empty list.",
        "It is Entra's “Test Connection”; a 404 there ends in quarantine.",
        "Answer totalResults 0 and Resources [].");
    COUNT = Rule::rfc("count-is-kept", "7644 §3.4.2.4",
        "A page has at most “count” resources.",
        "Okta pages through people by 100; too many at once are dropped or read twice.",
        "Cut the page at count.");
    ZERO = Rule::rfc("count-zero", "7644 §3.4.2.4",
        "count=0 answers the total and no resources.",
        "Clients ask so how many there are.",
        "Take 0 as none, not as no limit.");
    NEGATIVE = Rule::rfc("count-negative", "7644 §3.4.2.4",
        "A negative count is taken as 0.",
        "A refusal stops a client that the RFC allows to ask.",
        "Take it as 0.");
    FIRST = Rule::rfc("start-below-one", "7644 §3.4.2.4",
        "A startIndex below 1 is taken as 1.",
        "Clients that count from 0 lose the first person.",
        "Take it as 1.");
    PAST = Rule::rfc("start-past-the-end", "7644 §3.4.2.4",
        "A page behind the last one is an empty list.",
        "A client that pages until nothing comes never stops.",
        "Answer 200 with the total and no resources.");
    HUGE = Rule::rfc("count-is-capped", "7644 §3.4.2.4",
        "A huge count gives what the server gives at most, and is no error.",
        "Importers ask for more than a server gives.",
        "Cut it, do not refuse it.");
    FAST = Rule::habit("groups-are-fast", "Okta's submission test",
        "The first page of groups comes within 600 ms.",
        "Okta's test measures it.",
        "Leave members out of the statement that pages, and index what it sorts by.").advice();
}

pub(super) async fn check(visit: &mut Visit) {
    let nobody = visit.find("/Users", format!("userName eq \"nobody-{}\"", visit.tag)).await;
    visit.judge(&NOBODY, &nobody, nobody.lists(&[]));
    let page = async |visit: &mut Visit, start: i64, count: i64| {
        visit.send(Ask::get("/Users").with("startIndex", start).with("count", count)).await
    };
    let one = page(visit, 1, 1).await;
    visit.judge(&COUNT, &one, at_most(&one, 1));
    let none = page(visit, 1, 0).await;
    let counts = hold(none.json["totalResults"] == one.json["totalResults"], || none.told());
    visit.judge(&ZERO, &none, at_most(&none, 0).and(counts));
    let negative = page(visit, 1, -1).await;
    visit.judge(&NEGATIVE, &negative, at_most(&negative, 0));
    let below = page(visit, 0, 1).await;
    let same = hold(below.ids() == one.ids(), || format!("another page than startIndex=1: {}", below.told()));
    visit.judge(&FIRST, &below, below.is(&[200]).and(same));
    let past = page(visit, 1_000_000_000, 10).await;
    visit.judge(&PAST, &past, at_most(&past, 0));
    let huge = page(visit, 1, 1_000_000_000).await;
    visit.judge(&HUGE, &huge, huge.is(&[200]));
    let groups = visit.send(Ask::get("/Groups").with("startIndex", 1).with("count", 100)).await;
    if groups.status == 200 {
        let fast = hold(groups.milliseconds < 600, || format!("it took {} ms", groups.milliseconds));
        visit.judge(&FAST, &groups, fast);
    }
}

fn at_most(page: &Answer, most: usize) -> Held {
    page.is(&[200])?;
    let there = page.resources().len();
    hold(there <= most, || format!("a page of {there}"))?;
    let said = &page.json["itemsPerPage"];
    hold(said.is_null() || *said == json!(there), || format!("itemsPerPage is {said} on a page of {there}"))
}
