//! Bulk requests (RFC 7644 §3.7), where the configuration promises them.

use crate::cli::doctor::{
    answer::{Answer, Held, hold},
    ask::Ask,
    rule::{Rule, rules},
    visit::Visit,
};
use serde_json::{Value, json};

const SCHEMA: &str = "urn:ietf:params:scim:api:messages:2.0:BulkRequest";
/// Beyond this a message that is too long would be too long for us too.
const LONGEST: u64 = 5_000;

rules! {
    DONE = Rule::rfc("bulk-is-done", "7644 §3.7",
        "Every operation is answered, with its status as a text and its location.",
        "A client cannot tell what was done.",
        "Answer 200 with one entry for each operation.");
    BULK_ID = Rule::rfc("bulk-id", "7644 §3.7.2",
        "bulkId:… is the resource that the same message makes, before or after.",
        "Groups arrive without their members.",
        "Put operations that wait for others behind them.");
    STOPS = Rule::rfc("bulk-fail-on-errors", "7644 §3.7.3",
        "With failOnErrors 1 nothing is done after the first error.",
        "Half of a change is done that was meant to be stopped.",
        "Count errors, and stop.");
    TOO_MANY = Rule::rfc("bulk-too-many-413", "7644 §3.7.4",
        "More operations than the configuration promises are 413.",
        "A client cannot know that it has to send less.",
        "Answer 413 and say the limit.");
}

pub(super) async fn check(visit: &mut Visit) {
    let Some(most) = visit.facts.bulk else {
        return visit.leave("the configuration does not promise it");
    };
    let (person, group) = (visit.person("rita"), visit.group("bulk", &["bulkId:rita"]));
    // The group first: its member comes behind it.
    let operations = json!([post("/Groups", "bulk", &group), post("/Users", "rita", &person)]);
    visit.ledger.note("/Users", &visit.user_name("rita"));
    visit.ledger.note("/Groups", &visit.group_name("bulk"));
    let answer = visit.send(Ask::post("/Bulk", &message(&operations))).await;
    visit.judge(&DONE, &answer, done(&answer, 2));
    let found = visit.find("/Users", format!("userName eq \"{}\"", visit.user_name("rita"))).await;
    let groups = visit.find("/Groups", format!("displayName eq \"{}\"", visit.group_name("bulk"))).await;
    let member = groups.at("/Resources/0/members/0/value");
    let held = hold(member.as_str().is_some_and(|id| found.ids() == [id]), || format!("the member is {member}"));
    visit.judge(&BULK_ID, &answer, held);

    let nameless = json!({"schemas": person["schemas"]});
    let operations = json!([post("/Users", "none", &nameless), post("/Users", "sven", &visit.person("sven"))]);
    visit.ledger.note("/Users", &visit.user_name("sven"));
    let mut stopping = message(&operations);
    stopping["failOnErrors"] = json!(1);
    let answer = visit.send(Ask::post("/Bulk", &stopping)).await;
    let found = visit.find("/Users", format!("userName eq \"{}\"", visit.user_name("sven"))).await;
    visit.judge(&STOPS, &answer, found.lists(&[]));

    if (1..=LONGEST).contains(&most) {
        let one = json!({"method": "DELETE", "path": "/Users/7c1e3fb0-53c9-4a57-8f2a-0d4f2c6b9e11"});
        let many: Vec<Value> = (0..=most).map(|_| one.clone()).collect();
        let answer = visit.send(Ask::post("/Bulk", &message(&json!(many)))).await;
        visit.judge(&TOO_MANY, &answer, answer.is(&[413]));
    } else {
        visit.leave("the limit is beyond what the doctor sends");
    }
}

fn post(path: &str, bulk_id: &str, data: &Value) -> Value {
    json!({"method": "POST", "path": path, "bulkId": bulk_id, "data": data})
}

fn message(operations: &Value) -> Value {
    json!({"schemas": [SCHEMA], "Operations": operations})
}

fn done(answer: &Answer, count: usize) -> Held {
    answer.is(&[200])?;
    let all = answer.json["Operations"].as_array().map(Vec::as_slice).unwrap_or_default();
    hold(all.len() == count, || format!("{} entries for {count} operations", all.len()))?;
    all.iter().try_for_each(|one| {
        hold(one["status"] == "201" && one["location"].is_string(), || format!("an entry is {one}"))
    })
}
