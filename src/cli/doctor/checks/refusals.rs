//! What must be refused, and how. What is refused by its content is with that content.

use crate::cli::doctor::{
    answer::hold,
    ask::Ask,
    rule::{Rule, rules},
    samples::USER,
    visit::Visit,
};
use serde_json::json;

rules! {
    UNKNOWN_ID = Rule::rfc("unknown-id-404", "7644 §3.12",
        "A user that is not there is 404.",
        "authentik creates somebody anew after a 404, and Entra stops after one that is wrong.",
        "Answer 404 exactly where nobody has the id.");
    UNKNOWN_PATH = Rule::rfc("unknown-endpoint-404", "7644 §3.12",
        "An endpoint that is not there is 404.",
        "A client takes a 200 for a SCIM answer.",
        "Answer 404 as a SCIM error below the whole base address.");
    BAD_FILTER = Rule::rfc("bad-filter-400", "7644 §3.4.2.2",
        "A filter that cannot be read is 400 with invalidFilter.",
        "Whoever asks for one person and gets everybody adopts the wrong one.",
        "Refuse what does not parse; never ignore it.");
    DEEP_FILTER = Rule::rfc("deep-filter-is-survived", "7644 §7.3",
        "A filter of a thousand parentheses does no harm.",
        "One request would end the process for everybody.",
        "Limit how deep a filter may go.");
    BAD_JSON = Rule::rfc("bad-json-400", "7644 §3.12",
        "A body that is no JSON is 400 with invalidSyntax.",
        "The provider's admin sees nothing but the answer.",
        "Answer 400 and say where the JSON ends to be JSON.");
    LIST_BODY = Rule::rfc("list-as-body-400", "7644 §3.3",
        "A list where an object belongs is 400.",
        "A server that trusts the shape of a body fails.",
        "Check that the body is an object.");
    BAD_MEDIA = Rule::rfc("bad-media-type-415", "9110 §15.5.16",
        "A body that says that it is text/plain is 415.",
        "A form of a web page could otherwise write here.",
        "Take application/scim+json and application/json alone.").advice();
    BAD_METHOD = Rule::rfc("bad-method-405", "9110 §15.5.6",
        "PUT on /Users is 405.",
        "Another answer hides that the address is wrong.",
        "Answer 405 where a path exists and the method does not.").advice();
    NO_NAME = Rule::rfc("no-user-name-400", "7643 §4.1.1",
        "A user without userName is 400.",
        "Nobody could find, or ever sign in as, such a person.",
        "Refuse with invalidValue.");
    EMPTY_NAME = Rule::rfc("empty-user-name-400", "7643 §4.1.1",
        "A user whose userName is empty is 400.",
        "The second such person would be a duplicate of the first.",
        "Refuse with invalidValue.");
}

pub(super) async fn check(visit: &mut Visit) {
    // An id that nobody has, in the shape that most servers give theirs.
    let unknown = visit.get("/Users/7c1e3fb0-53c9-4a57-8f2a-0d4f2c6b9e11").await;
    visit.judge(&UNKNOWN_ID, &unknown, unknown.is(&[404]));
    let nowhere = visit.get("/CastgateDoctorNothing").await;
    visit.judge(&UNKNOWN_PATH, &nowhere, nowhere.is(&[404]));
    for filter in ["userName", "userName eq", "userName zz \"x\"", "(userName eq \"x\"", "userName eq \"x\" and"] {
        let answer = visit.find("/Users", filter).await;
        visit.judge(&BAD_FILTER, &answer, answer.refuses(400, &["invalidFilter"]));
    }
    let deep = format!("{}userName eq \"x\"{}", "(".repeat(1_000), ")".repeat(1_000));
    let answer = visit.find("/Users", deep).await;
    let survived = matches!(answer.status, 200 | 400 | 413 | 414 | 431);
    visit.judge(&DEEP_FILTER, &answer, hold(survived, || answer.told()));
    if visit.scope.read_only {
        return visit.leave("--read-only");
    }
    let broken = visit.send(Ask::of("POST", "/Users", Some("{\"userName\": ".to_owned()))).await;
    visit.judge(&BAD_JSON, &broken, broken.refuses(400, &["invalidSyntax"]));
    let list = visit.send(Ask::post("/Users", &json!([]))).await;
    visit.judge(&LIST_BODY, &list, list.is(&[400]));
    let text =
        visit.send(Ask::of("POST", "/Users", Some("userName=x".to_owned())).header("content-type", "text/plain")).await;
    visit.judge(&BAD_MEDIA, &text, text.is(&[415]));
    let put = visit.send(Ask::put("/Users", &json!({"schemas": [USER]}))).await;
    visit.judge(&BAD_METHOD, &put, put.is(&[405]));
    let nameless = visit.make("/Users", &json!({"schemas": [USER], "active": true})).await;
    visit.judge(&NO_NAME, &nameless, nameless.refuses(400, &["invalidValue"]));
    let empty = visit.make("/Users", &json!({"schemas": [USER], "userName": ""})).await;
    visit.judge(&EMPTY_NAME, &empty, empty.refuses(400, &["invalidValue"]));
}
