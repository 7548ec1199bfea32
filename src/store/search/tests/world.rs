//! A small organization in a real store, and everything about it that SCIM would show.

use super::super::{Page, Sort, group_resource, user_resource};
use crate::{
    filter::{Dialect, Filter, StandardKinds, parse},
    model::{ConnectionId, Group, GroupId, GroupOrigin, Instant, OrganizationId, User, UserId},
    store::testing,
};
use serde_json::{Value, json};
use uuid::Uuid;

pub(super) const ALL: Page = Page { start_index: 1, count: 10_000 };
/// 2026-01-01T00:00:00Z
const NEW_YEAR: i64 = 1_767_225_600_000_000;

/// An organization with people and groups, and everything about them that SCIM would show.
pub(super) struct World {
    pub(super) fresh: testing::World,
    pub(super) organization: OrganizationId,
    pub(super) connection: ConnectionId,
    pub(super) users: Vec<Value>,
    pub(super) groups: Vec<Value>,
}

fn uuid(number: usize) -> Uuid {
    Uuid::from_u128(0x0192_0000_0000_7000_8000_0000_0000_0000 + number as u128)
}

pub(super) fn user_id(number: usize) -> UserId {
    UserId::from_uuid(uuid(number))
}

pub(super) fn group_id(number: usize) -> GroupId {
    GroupId::from_uuid(uuid(number))
}

const NAMES: [&str; 6] = ["Ada", "STRASSE", "straße", "Ångström", "true", "42"];

fn person(number: usize, connection: &ConnectionId) -> User {
    let user_name = format!("{}.{number}@Example.com", NAMES[number % NAMES.len()]);
    let mut document = json!({
        "userName": user_name,
        "name": { "familyName": NAMES[(number / 2) % NAMES.len()] },
        "emails": [
            { "value": format!("Work{number}@x.com"), "type": "work", "primary": number.is_multiple_of(2) },
            { "value": format!("home{}@x.com", number % 3), "type": "home" },
        ],
    });
    if number.is_multiple_of(3) {
        document["urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"] = json!({ "department": "Finance" });
        document["title"] = json!("Intern");
    }
    if number.is_multiple_of(4) {
        document["displayName"] = json!(NAMES[number % NAMES.len()]);
    }
    let Value::Object(document) = document else { unreachable!("it is an object") };
    User {
        id: user_id(number),
        connection: Some(connection.clone()),
        // One name of which another part of the document knows nothing, and one that reads like a truth.
        user_name: match number {
            4 => "TRUE".into(),
            5 => "5".into(),
            _ => user_name,
        },
        external_id: match number % 4 {
            0 => None,
            1 => Some(format!("ext-{number}")),
            2 => Some(format!("EXT-{}", number - 1)),
            _ => Some(number.to_string()),
        },
        display_name: document.get("displayName").and_then(Value::as_str).unwrap_or_default().to_owned(),
        email: None,
        directory_active: !number.is_multiple_of(5),
        suspended_by_person: number.is_multiple_of(7),
        removed_at: (number % 11 == 10).then_some(Instant(NEW_YEAR)),
        document,
        session_epoch: 0,
        access_epoch: 0,
        version: i64::try_from(number % 3).expect("is small"),
        created_at: Instant(NEW_YEAR + i64::try_from(number / 2).expect("is small") * 1_000_000),
        updated_at: Instant(NEW_YEAR + i64::try_from(number % 7).expect("is small") * 500_000),
    }
}

fn team(number: usize, connection: &ConnectionId, origin: GroupOrigin) -> Group {
    Group {
        id: group_id(number),
        connection: Some(connection.clone()),
        origin,
        display_name: format!("{}-{}", NAMES[number % NAMES.len()], number / 2),
        external_id: (number % 2 == 1).then(|| format!("ext-{number}")),
        removed_at: (number == 9).then_some(Instant(NEW_YEAR)),
        version: 1,
        created_at: Instant(NEW_YEAR + i64::try_from(number).expect("is small") * 1_000_000),
        updated_at: Instant(NEW_YEAR),
    }
}

impl World {
    pub(super) async fn on_sqlite(people: usize) -> Self {
        Self::fill(testing::sqlite().await, people).await
    }

    /// Nothing when there is no server.
    pub(super) async fn on_postgres(people: usize) -> Option<Self> {
        Some(Self::fill(testing::postgres().await?, people).await)
    }

    async fn fill(fresh: testing::World, people: usize) -> Self {
        let organization = OrganizationId::from_uuid(uuid(0));
        let connection = ConnectionId::from_uuid(uuid(1));
        let elsewhere = ConnectionId::from_uuid(uuid(2));
        let mut tx = fresh.store.write("fill").await.expect("begins");
        for number in 0..people {
            let owner = if number % 13 == 12 { &elsewhere } else { &connection };
            tx.insert_user(&organization, &person(number, owner)).await.expect("is written");
        }
        for number in 0..12 {
            let origin = if number == 8 { GroupOrigin::Claims } else { GroupOrigin::Scim };
            let group = team(number, &connection, origin);
            tx.insert_group(&organization, &group).await.expect("is written");
            for member in (0..people).filter(|member| number > 0 && (member + 1) % (number + 1) == 0) {
                let user = user_id(member);
                tx.open_membership(&organization, &group.id, &user, Instant(1)).await.expect("is written");
                if member % 6 == 5 {
                    tx.close_membership(&organization, &group.id, &user, Instant(2)).await.expect("is written");
                }
            }
        }
        let (mut users, mut groups) = (Vec::new(), Vec::new());
        for number in (0..people).filter(|number| number % 13 != 12 && number % 11 != 10) {
            let user = tx.user(&organization, &user_id(number)).await.expect("is read").expect("is there");
            let of = tx.groups_of(&organization, &user.id).await.expect("are read");
            users.push(user_resource(&user, user.document.clone(), &of));
        }
        for number in (0..12).filter(|number| *number != 8 && *number != 9) {
            let group = tx.group(&organization, &group_id(number)).await.expect("is read").expect("is there");
            let members = tx.members(&organization, &group.id, crate::store::EVERYBODY).await.expect("are read");
            groups.push(group_resource(&group, &members));
        }
        tx.commit().await.expect("commits");
        Self { fresh, organization, connection, users, groups }
    }

    pub(super) async fn users(&self, filter: Option<&Filter>, sort: Option<&Sort>, page: Page) -> (u64, Vec<String>) {
        let mut tx = self.fresh.store.read().await.expect("begins");
        let (organization, connection) = (&self.organization, &self.connection);
        let (total, found) =
            tx.list_users(organization, connection, filter, sort, page, &StandardKinds).await.expect("lists");
        (total, found.into_iter().map(|user| user.id.to_string()).collect())
    }

    pub(super) async fn groups(&self, filter: Option<&Filter>, sort: Option<&Sort>, page: Page) -> (u64, Vec<String>) {
        let mut tx = self.fresh.store.read().await.expect("begins");
        let (organization, connection) = (&self.organization, &self.connection);
        let (total, found) =
            tx.list_groups(organization, connection, filter, sort, page, &StandardKinds).await.expect("lists");
        (total, found.into_iter().map(|group| group.id.to_string()).collect())
    }
}

pub(super) fn brute(resources: &[Value], filter: &Filter) -> Vec<String> {
    let matching = resources.iter().filter(|resource| filter.matches(resource, &StandardKinds));
    matching.map(|resource| resource["id"].as_str().unwrap_or_default().to_owned()).collect()
}

pub(super) fn filter(text: &str) -> Filter {
    parse(text, Dialect::Tolerant).expect("is a filter")
}
