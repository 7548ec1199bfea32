//! Which attributes are answered (RFC 7644 §3.9).

use crate::cli::doctor::{
    answer::{Answer, Held},
    ask::Ask,
    rule::{Rule, rules},
    visit::{Visit, patch},
};
use serde_json::json;

rules! {
    ONLY = Rule::rfc("attributes", "7644 §3.9",
        "attributes=userName answers userName, id and schemas alone.",
        "Importers ask for little and get megabytes.",
        "Cut answers down to what was asked for.");
    PART = Rule::rfc("attributes-part", "7644 §3.10",
        "attributes=name.familyName answers that part alone.",
        "Importers ask for little and get more.",
        "Cut complex attributes down too.");
    WITHOUT = Rule::rfc("excluded-attributes", "7644 §3.9",
        "excludedAttributes=emails leaves the addresses out, and never the id.",
        "Importers ask for little and get more; without the id they can do nothing.",
        "Leave out what is excluded, unless it is returned always.");
    LIST = Rule::rfc("attributes-in-lists", "7644 §3.4.2.5",
        "attributes counts in lists too.",
        "Entra asks for ids alone and gets everybody whole.",
        "Cut each resource of a list down.");
    WRITES = Rule::rfc("attributes-of-writes", "7644 §3.9",
        "attributes counts for the answer of a PUT too.",
        "Clients get what they did not want to see.",
        "Cut every answer that has a resource down.").advice();
    PATCHED = Rule::rfc("attributes-of-patch", "7644 §3.5.2",
        "A PATCH with attributes is answered by 200 and those.",
        "A client that asks for the new value gets none.",
        "Answer 200 with a body wherever attributes was given.");
}

pub(super) async fn check(visit: &mut Visit) {
    let body = visit.person("mona");
    let Some((path, _)) = visit.somebody(&body).await else { return };
    let name = json!(visit.user_name("mona"));
    let only = visit.send(Ask::get(&path).with("attributes", "userName")).await;
    visit.judge(&ONLY, &only, only.is(&[200]).and_then(|()| cut(&only, "", &name)));
    let part = visit.send(Ask::get(&path).with("attributes", "name.familyName")).await;
    let held = part.says("/name", &json!({"familyName": "Castgate-Doctor"})).and_then(|()| part.lacks("/userName"));
    visit.judge(&PART, &part, part.is(&[200]).and(held));
    let without = visit.send(Ask::get(&path).with("excludedAttributes", "emails,id")).await;
    let held = without.lacks("/emails").and_then(|()| without.has("/id")).and_then(|()| without.has("/userName"));
    visit.judge(&WITHOUT, &without, without.is(&[200]).and(held));
    let ask = Ask::get("/Users").with("filter", format!("userName eq {name}")).with("attributes", "userName");
    let list = visit.send(ask).await;
    visit.judge(&LIST, &list, list.is(&[200]).and_then(|()| cut(&list, "/Resources/0", &name)));
    let put = visit.send(Ask::put(&path, &body).with("attributes", "userName")).await;
    visit.judge(&WRITES, &put, put.is(&[200]).and_then(|()| cut(&put, "", &name)));
    let change = patch(&json!([{"op": "replace", "path": "title", "value": "Asked for"}]));
    let patched = visit.send(Ask::patch(&path, &change).with("attributes", "title")).await;
    visit.judge(&PATCHED, &patched, patched.is(&[200]).and_then(|()| patched.says("/title", &json!("Asked for"))));
}

fn cut(answer: &Answer, at: &str, name: &serde_json::Value) -> Held {
    answer.says(&format!("{at}/userName"), name)?;
    answer.has(&format!("{at}/id"))?;
    ["emails", "name", "displayName", "active"].into_iter().try_for_each(|other| answer.lacks(&format!("{at}/{other}")))
}
