//! Filters and sorting, over three people whose every attribute is known.

use crate::cli::doctor::{
    answer::hold,
    ask::Ask,
    rule::{Rule, rules},
    samples::{ENTERPRISE, USER, with},
    visit::Visit,
};
use serde_json::{Value, json};

rules! {
    EQ = Rule::rfc("filter-eq", "7644 §3.4.2.2",
        "userName eq finds that person, and nobody else.",
        "Okta and Entra look everybody up so before they create them.",
        "Compare the whole value.");
    EQ_FOLDED = Rule::rfc("filter-eq-in-any-case", "7643 §4.1.1",
        "userName is compared without regard to case.",
        "A provider that writes an address differently creates the person twice.",
        "Compare folded values where caseExact is false.");
    EXACT = Rule::rfc("filter-external-id-exact", "7643 §3.1",
        "externalId is compared letter by letter, and found.",
        "Two people whose ids differ in case alone would be one.",
        "Compare it as it is.");
    NAMES = Rule::rfc("filter-names-in-any-case", "7644 §3.4.2.2",
        "Attribute names and operators may be in any case.",
        "Entra writes Eq, others EQ.",
        "Fold names and operators.");
    TEXTS = Rule::rfc("filter-co-sw-ew", "7644 §3.4.2.2",
        "co, sw and ew find parts of a text.",
        "Searches find nobody, or everybody.",
        "Implement all three.");
    WILDCARDS = Rule::rfc("filter-wildcards-are-letters", "7644 §3.4.2.2",
        "% and _ in a filter mean themselves.",
        "A search for one finds everybody.",
        "Escape them in LIKE.");
    QUOTES = Rule::rfc("filter-escapes", "7644 §3.4.2.2",
        "A text may hold \\\" and \\\\, as in JSON.",
        "People with such names cannot be found, or the filter can be broken out of.",
        "Read texts as JSON does.");
    PRESENT = Rule::rfc("filter-pr", "7644 §3.4.2.2",
        "pr finds who has a value.",
        "Searches find nobody, or everybody.",
        "Implement it.");
    NOT_EQUAL = Rule::rfc("filter-ne", "7644 §3.4.2.2",
        "ne finds who has another value.",
        "Searches find nobody, or everybody.",
        "Implement it.");
    ORDERED = Rule::rfc("filter-gt-le", "7644 §3.4.2.2",
        "Points in time are compared as such, with any offset.",
        "Whoever syncs what changed since yesterday misses people.",
        "Compare instants, not texts.");
    PRECEDENCE = Rule::rfc("filter-precedence", "7644 §3.4.2.2",
        "and binds tighter than or; parentheses tighter than both.",
        "Another set of people than the one meant.",
        "Parse by the RFC's grammar.");
    NOT = Rule::rfc("filter-not", "7644 §3.4.2.2",
        "not (…) finds the others.",
        "Another set of people than the one meant.",
        "Implement it.");
    ONE_VALUE = Rule::rfc("filter-one-and-the-same-value", "7644 §3.4.2.2",
        "emails[type eq \"work\" and value eq …] asks both of one and the same address.",
        "Somebody's private address passes for that of their work.",
        "Evaluate the brackets for each value by itself.");
    PARTS = Rule::rfc("filter-sub-attributes", "7644 §3.4.2.2",
        "emails.value and name.familyName can be asked for.",
        "Look-ups by e-mail find nobody.",
        "Let filters look into complex attributes.");
    BARE = Rule::habit("filter-bare-list", "Ping",
        "emails eq compares the address.",
        "Ping looks people up so.",
        "A list of complex values is compared by its “value”.");
    URN = Rule::rfc("filter-urn", "7644 §3.10",
        "Names may begin with a schema's URN, the extension's too.",
        "Clients that qualify everything find nobody.",
        "Take the URN off, split at its last colon.");
    BOOLEAN = Rule::rfc("filter-boolean", "7644 §3.4.2.2",
        "active eq false finds who is inactive.",
        "A report of who is shut out is wrong.",
        "Compare booleans as such.");
    PLUS = Rule::habit("filter-plus-for-space", "authentik and Canaille",
        "A space in a query may be a +.",
        "Their look-ups find nobody, and they create everybody twice.",
        "Decode queries as forms are.");
    SEARCH = Rule::rfc("search-by-post", "7644 §3.4.3",
        "POST /Users/.search finds like GET.",
        "Long filters, and those that must not stand in logs, have no other way.",
        "Offer it for each type.").advice();
    PAGES = Rule::rfc("pages-are-whole", "7644 §3.4.2.4",
        "Page after page everybody comes once.",
        "People who are missing from an import are taken for deleted.",
        "Order by something that never changes.");
    SORT = Rule::rfc("sort-by", "7644 §3.4.2.3",
        "sortBy and sortOrder order; who has no value comes last, or first when descending.",
        "The configuration promises it.",
        "Sort, or say that it is not supported.");
}

pub(super) async fn check(visit: &mut Visit) {
    let cast = [
        ("june", json!({"title": "100% Judge_x", "nickName": "J \"the\" \\ J"})),
        (
            "kate",
            json!({"title": "1000 Judges", "emails": [
            {"value": visit.user_name("kate"), "type": "work"}, {"value": visit.user_name("kate-home"), "type": "home"}]}),
        ),
        ("liam", json!({"active": false, "schemas": [USER, ENTERPRISE], ENTERPRISE: {"department": visit.prefix()}})),
    ];
    let mut ids = Vec::new();
    for (who, more) in cast {
        let extended = who != "liam" || visit.facts.enterprise;
        let more = if extended { more } else { json!({"active": false}) };
        let body = with(visit.person(who), &more);
        let Some((_, id)) = visit.somebody(&body).await else { return };
        ids.push(id);
    }
    let [june, kate, liam] = ids.as_slice() else { return };
    let (june, kate, liam) = (june.as_str(), kate.as_str(), liam.as_str());
    for (rule, filter, wanted) in table(visit) {
        let people: Vec<&str> = wanted
            .chars()
            .map(|letter| {
                if letter == 'j' {
                    june
                } else if letter == 'k' {
                    kate
                } else {
                    liam
                }
            })
            .collect();
        let answer = visit.find("/Users", filter).await;
        visit.judge(&rule, &answer, answer.lists(&people));
    }
    let pluses = format!("userName eq \"{}\" and active eq true", visit.user_name("june"));
    let answer = visit.send(Ask::get("/Users").with("filter", pluses).with_pluses()).await;
    visit.judge(&PLUS, &answer, answer.lists(&[june]));
    lists(visit, [june, kate, liam]).await;
}

/// Rule, filter, and whom it finds: June, Kate, Liam.
fn table(visit: &Visit) -> Vec<(Rule, String, &'static str)> {
    let name = |who: &str| visit.user_name(who);
    let (june, kate, liam) = (name("june"), name("kate"), name("liam"));
    let ours = format!("(userName eq \"{june}\" or userName eq \"{kate}\" or userName eq \"{liam}\")");
    let external = format!("{}-june", visit.tag);
    let mut table = vec![
        (EQ, format!("userName eq \"{june}\""), "j"),
        (EQ_FOLDED, format!("userName eq \"{}\"", june.to_uppercase()), "j"),
        (EXACT, format!("externalId eq \"{external}\""), "j"),
        (EXACT, format!("externalId eq \"{}\"", external.to_uppercase()), ""),
        (NAMES, format!("USERNAME Eq \"{june}\""), "j"),
        (TEXTS, format!("userName sw \"{}ju\"", visit.prefix()), "j"),
        (TEXTS, format!("userName ew \"{}-kate@{}\"", visit.tag, visit.domain), "k"),
        (TEXTS, format!("userName co \"{}-lia\"", visit.tag), "l"),
        (WILDCARDS, format!("{ours} and title sw \"100%\""), "j"),
        (WILDCARDS, format!("{ours} and title co \"ge_\""), "j"),
        (QUOTES, format!("{ours} and nickName eq \"J \\\"the\\\" \\\\ J\""), "j"),
        (PRESENT, format!("{ours} and title pr"), "jk"),
        (NOT_EQUAL, format!("{ours} and title pr and title ne \"1000 judges\""), "j"),
        (ORDERED, format!("{ours} and meta.created gt \"2001-01-01T00:00:00+05:00\""), "jkl"),
        (ORDERED, format!("{ours} and meta.created le \"2001-01-01T00:00:00Z\""), ""),
        (PRECEDENCE, format!("userName eq \"{june}\" or userName eq \"{kate}\" and title eq \"none\""), "j"),
        (PRECEDENCE, format!("(userName eq \"{june}\" or userName eq \"{kate}\") and title eq \"none\""), ""),
        (NOT, format!("{ours} and not (title pr)"), "l"),
        (ONE_VALUE, format!("emails[type eq \"home\" and value eq \"{}\"]", name("kate-home")), "k"),
        (ONE_VALUE, format!("emails[type eq \"work\" and value eq \"{}\"]", name("kate-home")), ""),
        (PARTS, format!("emails.value eq \"{}\"", name("kate-home")), "k"),
        (PARTS, format!("{ours} and name.givenName eq \"liam\""), "l"),
        (BARE, format!("emails eq \"{}\"", name("kate-home")), "k"),
        (URN, format!("{USER}:userName eq \"{june}\""), "j"),
        (URN, format!("{ours} and {USER}:name.givenName eq \"kate\""), "k"),
        (BOOLEAN, format!("{ours} and active eq false"), "l"),
        (BOOLEAN, format!("{ours} and active eq true"), "jk"),
    ];
    if visit.facts.enterprise {
        table.push((URN, format!("{ENTERPRISE}:department eq \"{}\"", visit.prefix()), "l"));
    }
    table
}

async fn lists(visit: &mut Visit, ids: [&str; 3]) {
    let names = ["june", "kate", "liam"].map(|who| format!("userName eq \"{}\"", visit.user_name(who)));
    let ours = names.join(" or ");
    let search = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"], "filter": ours, "startIndex": 1, "count": 10,
    });
    let answer = visit.send(Ask::post("/Users/.search", &search)).await;
    visit.judge(&SEARCH, &answer, answer.lists(&ids));
    let mut seen: Vec<Value> = Vec::new();
    for start in [1, 2, 3] {
        let ask = Ask::get("/Users").with("filter", &ours).with("startIndex", start).with("count", 1);
        let page = visit.send(ask).await;
        let right = hold(page.json["totalResults"] == 3 && page.resources().len() == 1, || page.told());
        visit.judge(&PAGES, &page, page.is(&[200]).and(right));
        seen.extend(page.ids().into_iter().map(|id| json!(id)));
        let twice = (1..seen.len()).any(|n| seen.get(n).is_some_and(|id| seen.iter().take(n).any(|other| other == id)));
        visit.judge(&PAGES, &page, hold(!twice, || "somebody comes on two pages".to_owned()));
    }
    if !visit.facts.sort {
        return visit.leave("the configuration does not promise it");
    }
    let [june, kate, liam] = ids;
    // Liam has no title.
    for (by, order, wanted) in [
        ("userName", "ascending", [june, kate, liam]),
        ("userName", "descending", [liam, kate, june]),
        ("title", "ascending", [june, kate, liam]),
        ("title", "descending", [liam, kate, june]),
    ] {
        let ask = Ask::get("/Users").with("filter", &ours).with("sortBy", by).with("sortOrder", order);
        let sorted = visit.send(ask).await;
        let right = hold(sorted.ids() == wanted, || format!("by {by}, {order}, they come in another order"));
        visit.judge(&SORT, &sorted, sorted.is(&[200]).and(right));
    }
}
