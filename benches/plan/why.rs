//! Why somebody may do something, or may not.

use crate::{Failure, House, fastest};
use castgate::{app::WhyQuestion, model::Capability};
use std::time::Duration;

pub(crate) async fn asked(house: &House, people: i64) -> Result<Vec<(&'static str, Duration)>, Failure> {
    // Somebody in the middle, by id; and by the name that their provider calls them.
    let (id, name) = (format!("usr_06h0000000000000{}0", 100_000_000 + people / 2), format!("p{}", people / 2));
    let mut each = Vec::new();
    let before = house.app.clock().now();
    for (what, subject, can, at, allowed) in [
        ("why somebody may", &id, Capability::ViewClusters, None, true),
        ("the same by a name", &name, Capability::ViewClusters, None, true),
        ("why somebody may not, and what comes closest", &id, Capability::ManageMembers, None, false),
        ("the same as of a while ago", &id, Capability::ManageMembers, Some(before), false),
    ] {
        let cluster = (can == Capability::ViewClusters).then(|| "prod".to_owned());
        let question = WhyQuestion { subject: Some(subject.clone()), can, cluster, at };
        let ctx = house.app.operator(house.ctx.organization.clone());
        let took = fastest(async || {
            let why = house.app.why(&ctx, &question).await?;
            if why.allowed == allowed { Ok(()) } else { Err(format!("{what}: {why:?}").into()) }
        })
        .await?;
        each.push((what, took));
    }
    Ok(each)
}
