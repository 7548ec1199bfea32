//! Every way against every kind, on each store.

use crate::{
    kinds::{Held, Kind, Standing},
    law::{LAWS, Law},
    registry::leads,
    stage::{Stage, everywhere},
    tenant::Tenant,
    ways::{WAYS, Way},
};
use std::sync::Mutex;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_survives_the_answer_to_what_ends_it() {
    let wrong = Mutex::new(Vec::new());
    everywhere(async |stage| {
        // One after the other: what one way has the caches forget would hide that another one forgets to tell them.
        for (number, way) in WAYS.iter().flat_map(|ways| ways.iter()).enumerate() {
            // One that cannot be walked does not hide what the others show.
            let walked = tokio::spawn(async move { Box::pin(walk(stage, way, &format!("way-{number}"))).await }).await;
            let walked = walked.unwrap_or_else(|error| vec![format!("{} on {}: {error}", way.name, stage.engine)]);
            wrong.lock().unwrap().extend(walked);
        }
    })
    .await;
    let mut wrong = wrong.into_inner().unwrap();
    wrong.sort();
    assert!(wrong.is_empty(), "{} cells are wrong:\n{}", wrong.len(), wrong.join("\n"));
}

/// One row of the table, in an organization of its own. What is wrong in it.
async fn walk(stage: &'static Stage, way: &'static Way, slug: &str) -> Vec<String> {
    let law = LAWS.iter().find(|law| law.way == way.name).unwrap_or_else(|| panic!("no law for {}", way.name));
    let tenant = Tenant::found(stage, slug).await;
    let held = tenant.hold().await;
    (way.first)(&tenant, &held).await;
    let place = |kind: Kind| format!("{} × {} on {}", way.name, kind.name(), stage.engine);
    let mut wrong = Vec::new();
    // What goes on afterwards was good before; of what does not, it is seen, and remembered by the caches.
    let ends = |kind: &&Kind| law.of(**kind) != Standing::Full && !kind.is_for_one_use();
    for kind in Kind::ALL.iter().filter(ends) {
        let standing = tenant.ask(&held, *kind).await;
        if standing != Standing::Full {
            wrong.push(format!("{}: {standing:?} before anything happened", place(*kind)));
        }
    }
    stage.later();
    // Asking for the others may have made the caches forget these.
    for kind in Kind::ALL.iter().filter(ends).filter(|kind| kind.is_remembered()) {
        tenant.ask(&held, *kind).await;
    }
    tenant.listen();
    (way.act)(&tenant, &held).await;
    let heard = tenant.heard();
    let is_used = |door: &&str| heard.iter().any(|(method, path)| leads(door, method, path));
    for door in way.doors.iter().filter(|door| !is_used(door)) {
        wrong.push(format!("{} on {} does not go through {door}, but {heard:?}", way.name, stage.engine));
    }
    wrong.extend(after(&tenant, &held, law).await.into_iter().map(|(kind, what)| format!("{}: {what}", place(kind))));
    wrong
}

/// The very next requests.
async fn after(tenant: &Tenant, held: &Held, law: &Law) -> Vec<(Kind, String)> {
    let mut wrong = Vec::new();
    let mut order = Kind::ALL.to_vec();
    // What is remembered comes first: using others changes something here, and has the caches forget.
    order.sort_by_key(|kind| (!kind.is_remembered(), kind.is_for_one_use()));
    for kind in order {
        let (standing, wanted) = (tenant.ask(held, kind).await, law.of(kind));
        if standing != wanted {
            wrong.push((kind, format!("{standing:?} instead of {wanted:?}")));
        }
    }
    wrong
}

#[test]
fn each_way_has_one_law_and_each_law_a_way() {
    let ways: Vec<&str> = WAYS.iter().flat_map(|ways| ways.iter()).map(|way| way.name).collect();
    let laws: Vec<&str> = LAWS.iter().map(|law| law.way).collect();
    for (names, others) in [(&ways, &laws), (&laws, &ways)] {
        for name in names {
            assert_eq!(others.iter().filter(|other| *other == name).count(), 1, "{name}");
        }
    }
    // Each kind is ended by something, and something leaves it alone: a credential that is never good would pass for ended.
    for kind in Kind::ALL {
        assert!(LAWS.iter().any(|law| law.of(*kind) == Standing::Refused), "nothing ends {}", kind.name());
        assert!(LAWS.iter().any(|law| law.of(*kind) == Standing::Full), "everything ends {}", kind.name());
    }
}
