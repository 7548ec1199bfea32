//! ETags (RFC 7644 §3.14): asked for where the configuration promises them.

use crate::cli::doctor::{
    answer::hold,
    ask::Ask,
    rule::{Rule, rules},
    visit::{Visit, patch},
};
use serde_json::json;

rules! {
    TAG = Rule::rfc("etag-is-the-version", "7644 §3.14",
        "The ETag is meta.version.",
        "The configuration promises ETags; a client that trusts them changes nothing any more.",
        "Send both from one place, or say that ETags are not supported.");
    MOVES = Rule::rfc("etag-moves", "7644 §3.14",
        "A change gives another version.",
        "Somebody else's change is overwritten without notice.",
        "Count the version up with every change.");
    SAME = Rule::rfc("etag-304", "9110 §13.1.2",
        "If-None-Match with the version is 304.",
        "Clients read again what they have.",
        "Answer 304 without a body.");
    STALE_PUT = Rule::rfc("etag-412-put", "9110 §13.1.1",
        "PUT with If-Match of an old version is 412.",
        "Somebody else's change is overwritten without notice.",
        "Compare before you write, in the same transaction.");
    STALE_PATCH = Rule::rfc("etag-412-patch", "9110 §13.1.1",
        "PATCH with If-Match of an old version is 412.",
        "Somebody else's change is overwritten without notice.",
        "Compare before you write, in the same transaction.");
    STALE_DELETE = Rule::rfc("etag-412-delete", "9110 §13.1.1",
        "DELETE with If-Match of an old version is 412.",
        "Somebody is deleted who was changed meanwhile.",
        "Compare before you delete, in the same transaction.");
    FRESH = Rule::rfc("etag-if-match", "9110 §13.1.1",
        "A change with If-Match of the version is done.",
        "A careful client can change nothing.",
        "Compare weakly or not at all with what you sent.");
}

pub(super) async fn check(visit: &mut Visit) {
    let body = visit.person("nora");
    let Some((path, _)) = visit.somebody(&body).await else { return };
    let before = visit.get(&path).await;
    let tag = before.header("etag").to_owned();
    if !visit.facts.etag && tag.is_empty() {
        return visit.leave("the configuration does not promise it");
    }
    let same = hold(before.at("/meta/version") == &json!(tag) && !tag.is_empty(), || {
        format!("ETag {tag:?}, meta.version {}", before.at("/meta/version"))
    });
    visit.judge(&TAG, &before, same);
    if tag.is_empty() {
        return visit.leave("there is no ETag");
    }
    let known = visit.send(Ask::get(&path).header("if-none-match", tag.clone())).await;
    visit.judge(&SAME, &known, known.is(&[304]));
    let change = |title: &str| patch(&json!([{"op": "replace", "path": "title", "value": title}]));
    let fresh = visit.send(Ask::patch(&path, &change("Fresh")).header("if-match", tag.clone())).await;
    visit.judge(&FRESH, &fresh, fresh.is_fine());
    let after = visit.get(&path).await;
    visit.judge(&MOVES, &after, hold(after.header("etag") != tag, || format!("the ETag is still {tag}")));
    let stale = visit.send(Ask::patch(&path, &change("Stale")).header("if-match", tag.clone())).await;
    visit.judge(&STALE_PATCH, &stale, stale.is(&[412]));
    let stale = visit.send(Ask::put(&path, &body).header("if-match", tag.clone())).await;
    visit.judge(&STALE_PUT, &stale, stale.is(&[412]));
    let stale = visit.send(Ask::delete(&path).header("if-match", tag)).await;
    visit.judge(&STALE_DELETE, &stale, stale.is(&[412]));
}
