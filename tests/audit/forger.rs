//! The chain by its definition alone, written a second time: what an attacker who knows it computes, and what anybody can
//! who wants to verify without castgate.

use crate::world::World;
use aws_lc_rs::digest::{SHA256, digest};
use castgate::{model::OrganizationId, store::Value};

type Columns = (i64, String, i64, String, String, String, String, Vec<u8>, Option<Vec<u8>>);

fn part(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend((bytes.len() as u64).to_be_bytes());
    out.extend(bytes);
}

fn text(out: &mut Vec<u8>, text: &str) {
    out.push(2);
    part(out, text.as_bytes());
}

fn hash(bytes: &[u8]) -> Vec<u8> {
    digest(&SHA256, bytes).as_ref().to_vec()
}

/// What of a detail goes into the link: a commitment, salted in events of today.
pub(crate) fn of_detail(detail: &str, salt: Option<&[u8]>) -> Vec<u8> {
    let mut out = Vec::new();
    match salt {
        None => part(&mut out, b"castgate event 1"),
        Some(salt) => {
            part(&mut out, b"castgate event detail 2");
            out.push(3);
            part(&mut out, salt);
        }
    }
    text(&mut out, detail);
    hash(&out)
}

fn link(organization: &OrganizationId, previous: &[u8], row: &Columns, subjects: &[(String,)]) -> Vec<u8> {
    const PURPOSE: &[u8] = b"castgate event 1";
    let (number, id, at, kind, actor, request, detail, _, salt) = row;
    let mut out = Vec::new();
    part(&mut out, PURPOSE);
    part(&mut out, organization.as_str().as_bytes());
    part(&mut out, previous);
    part(&mut out, &number.to_be_bytes());
    text(&mut out, id);
    out.push(1);
    part(&mut out, &at.to_be_bytes());
    for column in [kind, actor, request] {
        text(&mut out, column);
    }
    part(&mut out, &of_detail(detail, salt.as_deref()));
    part(&mut out, &(subjects.len() as u64).to_be_bytes());
    for (subject,) in subjects {
        text(&mut out, subject);
    }
    hash(&out)
}

/// Chains everything from a number on anew; gives the number and the link of the last event.
pub(crate) async fn chain_anew(world: &World, organization: &OrganizationId, from: i64) -> (i64, Vec<u8>) {
    let id = Value::Text(organization.to_string());
    let rows: Vec<Columns> = world
        .rows(
            "SELECT number, id, at, kind, actor, request, detail, chain, salt FROM events
             WHERE organization = ?1 AND number IS NOT NULL ORDER BY number"
                .to_owned(),
            std::slice::from_ref(&id),
        )
        .await;
    let mut previous = vec![0; 32];
    let mut last = 0;
    for row in rows {
        let subjects: Vec<(String,)> = world
            .rows(
                "SELECT subject FROM event_subjects WHERE organization = ?1 AND event = ?2 ORDER BY subject".to_owned(),
                &[id.clone(), Value::Text(row.1.clone())],
            )
            .await;
        let next = link(organization, &previous, &row, &subjects);
        if row.0 >= from && next != row.7 {
            let sql = "UPDATE events SET chain = ?3 WHERE organization = ?1 AND number = ?2";
            world.run(sql.to_owned(), &[id.clone(), Value::Int(row.0), Value::Blob(next.clone())]).await;
        } else {
            assert_eq!(next, row.7, "both say the same of event {}", row.0);
        }
        (previous, last) = (next, row.0);
    }
    (last, previous)
}
