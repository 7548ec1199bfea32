//! Taking back what a provider took away: 10,000 memberships of 500 groups.

use crate::{Failure, House};
use castgate::{
    app::{Actor, Ctx, UndoWish},
    model::{Group, GroupId, GroupOrigin},
    scim::{GroupPatch, MemberChange},
    store::args,
};
use std::time::{Duration, Instant};

const GROUPS: usize = 500;
const EACH: i64 = 20;

/// The first people into a group.
const JOIN: &str = "INSERT INTO memberships (organization, group_id, member_kind, member_id, since)
    WITH RECURSIVE n(i) AS (SELECT CAST(1 AS BIGINT) UNION ALL SELECT i + 1 FROM n WHERE i < ?3)
    SELECT ?1, ?2, 'user', 'usr_06h0000000000000' || CAST(100000000 + i AS TEXT) || '0', 0 FROM n";

pub(crate) async fn of_removals(house: &House) -> Result<Vec<(&'static str, Duration)>, Failure> {
    let House { app, store, okta, .. } = house;
    let organization = &house.ctx.organization;
    let mut tx = store.write("storm").await?;
    let mut groups = Vec::with_capacity(GROUPS);
    for number in 0..GROUPS {
        let group = Group {
            id: GroupId::from_uuid(app.clock().uuid()),
            connection: Some(okta.id.clone()),
            origin: GroupOrigin::Scim,
            display_name: format!("storm-{number}"),
            external_id: Some(format!("storm-{number}")),
            removed_at: None,
            version: 1,
            created_at: house.ctx.now,
            updated_at: house.ctx.now,
        };
        tx.insert_group(organization, &group).await?;
        tx.run(JOIN, args![organization, group.id, EACH]).await?;
        groups.push(group.id);
    }
    tx.commit().await?;
    let from = app.clock().now();
    let everybody = GroupPatch {
        display_name: None,
        external_id: None,
        members: vec![MemberChange::RemoveAll],
        tolerances: Vec::new(),
    };
    for group in &groups {
        let push = Ctx { actor: Actor::Connection { id: okta.id.clone() }, ..app.operator(organization.clone()) };
        app.patch_group(&push, okta, (group.as_str(), None), &everybody, 0).await?;
    }
    let wish = UndoWish { source: "scim:okta".to_owned(), from, to: app.clock().now() };
    let operator = app.operator(organization.clone());
    let began = Instant::now();
    let preview = app.preview_undo(&operator, &wish).await?;
    let previewing = began.elapsed();
    if preview.memberships != GROUPS * usize::try_from(EACH)? {
        return Err(format!("{} memberships come back", preview.memberships).into());
    }
    let began = Instant::now();
    app.undo(&operator, &wish, &preview.preview).await?;
    Ok(vec![("showing what an undo of 10,000 removals does", previewing), ("and the undo", began.elapsed())])
}
