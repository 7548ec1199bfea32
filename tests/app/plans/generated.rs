//! Directories, pasts and drafts, drawn by number: the same number is the same case.

use crate::harness::World;
use castgate::{
    app::Gift,
    model::{FactSource, GroupId, Role, Subject, User},
};
use serde_json::json;
use std::fmt::Write as _;

pub(super) const PEOPLE: [&str; 8] = ["ada", "bob", "eve", "kim", "zoe", "lin", "max", "sam"];
pub(super) const TEAMS: [&str; 6] =
    ["castai-owners", "eng", "finance", "k8s-prod-member", "k8s-dev-viewer", "k8s-prod-owner"];
const TITLES: [&str; 3] = ["Engineer", "Intern", "Boss"];
const CONDITIONS: [&str; 9] = [
    "title eq \\\"Engineer\\\"",
    "title eq \\\"Boss\\\"",
    "not (title pr)",
    "department eq \\\"Finance\\\"",
    "userName sw \\\"a\\\" or userName sw \\\"b\\\"",
    "active eq false",
    "emails.value ew \\\"@acme.test\\\"",
    "title pr and not (title co \\\"Intern\\\")",
    "nickName eq \\\"by claims\\\"",
];
const ROLES: [&str; 4] = ["owner", "member", "analyst", "viewer"];

/// A sequence of numbers that nobody has to guess: splitmix64.
pub(super) struct Numbers(u64);

impl Numbers {
    pub(super) fn of(case: u64) -> Self {
        Self(case.wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    pub(super) fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % bound as u64).unwrap()
    }

    pub(super) fn one_in(&mut self, bound: usize) -> bool {
        self.below(bound) == 0
    }

    pub(super) fn pick<'t>(&mut self, all: &[&'t str]) -> &'t str {
        all[self.below(all.len())]
    }
}

/// A mapping of up to six rules.
pub(super) fn mapping(numbers: &mut Numbers) -> String {
    let mut text = match numbers.below(6) {
        0 => "default: none\n".to_owned(),
        1 => "default: member\n".to_owned(),
        _ => String::new(),
    };
    text.push_str("rules:\n");
    let rules = numbers.below(6);
    if rules == 0 {
        return text.replace("rules:\n", "rules: []\n");
    }
    for number in 0..rules {
        text.push_str(&rule(number, numbers));
    }
    text
}

fn rule(number: usize, numbers: &mut Numbers) -> String {
    let name = format!("  - name: rule {}\n", number * 3 + numbers.below(3));
    if numbers.one_in(4) {
        let allow = if numbers.one_in(2) { "    allow: [owner]\n" } else { "" };
        return format!(
            "{name}    groups: k8s-{{cluster}}-{{role}}\n    grant: \"{{role}}\"\n    clusters: [\"{{cluster}}\"]\n{allow}"
        );
    }
    let kind = numbers.below(3);
    let mut text = name;
    if kind != 1 {
        let _ = writeln!(text, "    groups: [{}, {}]", numbers.pick(&TEAMS), numbers.pick(&TEAMS));
    }
    if kind != 0 {
        let _ = writeln!(text, "    when: \"{}\"", numbers.pick(&CONDITIONS));
    }
    let _ = writeln!(text, "    grant: {}", numbers.pick(&ROLES));
    match numbers.below(6) {
        0 => text.push_str("    clusters: [prod]\n"),
        1 => text.push_str("    clusters: [prod, dev]\n"),
        2 => text.push_str("    until: 2027-01-31\n"),
        3 => text.push_str("    until: 2026-01-31\n"),
        _ => {}
    }
    text
}

async fn anybody(world: &World, numbers: &mut Numbers) -> Option<User> {
    let people = world.app.members(&world.operator(), "", 100).await.unwrap();
    let people: Vec<User> = people.into_iter().filter(|user| user.connection.is_some()).collect();
    if people.is_empty() { None } else { Some(people[numbers.below(people.len())].clone()) }
}

async fn any_team(world: &World, numbers: &mut Numbers) -> Option<GroupId> {
    let teams = world.app.all_groups(&world.operator(), "", 100).await.unwrap();
    if teams.is_empty() { None } else { Some(teams[numbers.below(teams.len())].id.clone()) }
}

/// One thing that happens to the directory, if it can.
pub(super) async fn happens(world: &World, numbers: &mut Numbers) {
    let which = numbers.below(16);
    if which < 3 {
        let name = numbers.pick(&PEOPLE);
        let mut body = json!({
            "userName": name, "externalId": name, "title": numbers.pick(&TITLES),
            "emails": [{"value": format!("{name}@{}", numbers.pick(&["acme.test", "other.test"])), "primary": true}],
        });
        if numbers.one_in(3) {
            body["urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"] = json!({"department": "Finance"});
        }
        drop(world.create(body).await);
        return;
    }
    if which == 3 {
        drop(world.group(numbers.pick(&TEAMS), &[]).await);
        return;
    }
    if which == 4 {
        let owner = world.tenant.owner.clone();
        drop(match numbers.one_in(2) {
            true => world.app.suspend_member(&world.operator(), &owner).await.map(drop),
            false => world.app.reactivate_member(&world.operator(), &owner).await.map(drop),
        });
        return;
    }
    let (Some(user), Some(team)) = (anybody(world, numbers).await, any_team(world, numbers).await) else { return };
    let add = json!([{"op": "add", "path": "members", "value": [{"value": user.id}]}]);
    match which {
        5..=7 => drop(world.patch_group(&team, add).await),
        8 => drop(
            world
                .patch_group(&team, json!([{"op": "remove", "path": format!("members[value eq \"{}\"]", user.id)}]))
                .await,
        ),
        9 => drop(world.set_active(&user.id, numbers.one_in(2)).await),
        10 => drop(
            world.patch(&user.id, json!([{"op": "replace", "path": "title", "value": numbers.pick(&TITLES)}])).await,
        ),
        11 => given(world, numbers, &user).await,
        14 | 15 => drop(world.app.create_key(&world.as_user(&user.id), "agent", None).await),
        12 => match numbers.one_in(3) {
            true => drop(world.delete_group(&team).await),
            false => drop(world.delete(&user.id).await),
        },
        _ => claimed(world, &user).await,
    }
}

/// A binding of a person's, a key or a session.
async fn given(world: &World, numbers: &mut Numbers, user: &User) {
    match numbers.below(3) {
        0 => {
            let role: Role = numbers.pick(&ROLES).parse().unwrap();
            let cluster = if numbers.one_in(2) { Some("prod".to_owned()) } else { None };
            let gift = Gift { subject: Subject::User(user.id.clone()), role, cluster, until: None };
            drop(world.app.give(&world.operator(), gift).await);
        }
        1 => drop(world.app.create_key(&world.as_user(&user.id), "agent", None).await),
        _ => drop(world.session(&user.id).await),
    }
}

/// What a sign-in said, which rules have not looked at yet.
async fn claimed(world: &World, user: &User) {
    let facts = crate::harness::object(json!({"nickName": "by claims", "title": "Claimed"}));
    let mut tx = world.store.write("test").await.unwrap();
    let now = world.now();
    tx.record_facts(&world.tenant.organization, &user.id, FactSource::Claims, &facts, now).await.unwrap();
    tx.commit().await.unwrap();
}
