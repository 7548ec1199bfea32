//! `/Roles`, where the server says that it has them: what a provider may assign.

use crate::cli::doctor::{
    answer::hold,
    ask::Ask,
    rule::{Rule, rules},
    visit::Visit,
};
use serde_json::json;

/// Roles that are asked for one by one.
const SOME: usize = 5;

rules! {
    LIST = Rule::habit("roles-list", "Okta's entitlement test",
        "The roles that the configuration promises are listed, page by page: /Roles?count=1 has one.",
        "A provider that reads roles shows its admin none, or stops.",
        "Answer /Roles as any other list, with startIndex, itemsPerPage and totalResults.");
    ONE = Rule::rfc("roles-by-id", "7644 §3.4.1",
        "Each role in the list can be read by its id.",
        "A provider takes a role that it cannot read for one that was deleted.",
        "Answer /Roles/{id} for each id in the list.");
    FIXED = Rule::habit("roles-read-only", "who assigns roles",
        "Nobody makes a role by POST unless the server has roles that can be made: it is refused with 403, 405 or 501.",
        "Whoever holds a provider's token could make up what the roles mean.",
        "Refuse POST, PUT, PATCH and DELETE below /Roles.");
}

pub(super) async fn check(visit: &mut Visit) {
    let Some(endpoint) = visit.facts.roles.clone() else {
        return visit.leave("the configuration does not promise it");
    };
    let first = visit.send(Ask::get(endpoint.clone()).with("count", 1).with("startIndex", 1)).await;
    let one = hold(first.resources().len() <= 1, || format!("a page of {}", first.resources().len()));
    let some = hold(first.at("/totalResults") == &json!(0) || !first.resources().is_empty(), || first.told());
    visit.judge(&LIST, &first, first.is(&[200]).and(one).and(some));
    let all = visit.send(Ask::get(endpoint.clone())).await;
    visit.judge(&LIST, &all, all.is(&[200]));
    let ids: Vec<String> = all.ids().into_iter().take(SOME).map(str::to_owned).collect();
    for id in ids {
        let role = visit.get(&format!("{endpoint}/{id}")).await;
        visit.judge(&ONE, &role, role.is(&[200]).and_then(|()| role.says("/id", &json!(id))));
    }
    if visit.scope.read_only {
        return;
    }
    let body = json!({"schemas": [all.at("/Resources/0/schemas/0")], "displayName": "castgate-doctor"});
    let made = visit.send(Ask::post(endpoint, &body)).await;
    visit.judge(&FIXED, &made, made.is(&[403, 405, 501]));
}
