//! Pages by cursor (RFC 9865), where the configuration promises them.

use crate::cli::doctor::{
    answer::hold,
    ask::Ask,
    rule::{Rule, rules},
    visit::Visit,
};

/// More pages than our people can fill.
const MOST: usize = 20;

rules! {
    PAGES = Rule::rfc("cursor-pages", "9865 §2",
        "From an empty cursor on, page after page everybody comes once.",
        "People who are missing from an import are taken for deleted.",
        "Answer nextCursor until the last page, which has none.");
    INVALID = Rule::rfc("cursor-invalid-400", "9865 §2.1",
        "A cursor that the server never gave is 400 with invalidCursor.",
        "A client begins again, or stops in the middle, by this alone.",
        "Seal cursors, and refuse what cannot be opened.");
}

pub(super) async fn check(visit: &mut Visit) {
    if !visit.facts.cursor {
        return visit.leave("the configuration does not promise it");
    }
    let mut wanted = Vec::new();
    for who in ["olga", "paul", "quin"] {
        let body = visit.person(who);
        let Some((_, id)) = visit.somebody(&body).await else { return };
        wanted.push(id);
    }
    let names = ["olga", "paul", "quin"].map(|who| format!("userName eq \"{}\"", visit.user_name(who)));
    let ours = names.join(" or ");
    let (mut cursor, mut seen) = (String::new(), Vec::new());
    for _ in 0..MOST {
        let page = visit.send(Ask::get("/Users").with("filter", &ours).with("cursor", &cursor).with("count", 2)).await;
        seen.extend(page.ids().into_iter().map(str::to_owned));
        let next = page.json["nextCursor"].as_str().map(str::to_owned);
        let small = hold(page.resources().len() <= 2, || format!("a page of {}", page.resources().len()));
        visit.judge(&PAGES, &page, page.is(&[200]).and(small));
        let Some(next) = next else {
            seen.sort_unstable();
            wanted.sort_unstable();
            let whole = hold(seen == wanted, || format!("{} came where {} are", seen.len(), wanted.len()));
            visit.judge(&PAGES, &page, whole);
            break;
        };
        cursor = next;
    }
    let made_up = visit.send(Ask::get("/Users").with("cursor", "castgate-doctor").with("count", 2)).await;
    visit.judge(&INVALID, &made_up, made_up.refuses(400, &["invalidCursor"]));
}
