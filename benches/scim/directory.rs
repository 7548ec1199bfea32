//! A directory of many people, and a gateway before it.

use super::{
    Recorded, Size,
    gateway::{Failure, Gateway, Place},
    ground::Ground,
    load,
    rows::{self, Rows},
};
use castgate::{
    app::Clock,
    filter::Dialect,
    model::{ApiKey, Connection, Holder, Instant, KeyId, OrganizationId, Session, SessionId, UserId},
    scim::GroupDocument,
    store::Store,
};
use std::time::Duration;
use tokio::runtime::Runtime;

/// What a person of the directory consists of. What was told of them when they came is left out: nobody asks for it.
const PERSON: [&str; 3] = ["users", "identities", "facts"];
/// What somebody holds who is deactivated.
const SESSIONS: usize = 3;
const KEYS: usize = 2;

/// A directory whose people were written straight into its store, with the rows that a push leaves behind.
pub struct Directory {
    pub gateway: Gateway,
    /// Everybody, in the order of their numbers.
    pub people: Vec<String>,
    /// The small group, the one of everybody, and an empty one.
    pub groups: [String; 3],
    pub place: Place,
}

impl Directory {
    /// Makes one of so many, of whom the first `leavers` have sessions and keys.
    pub fn make(
        (runtime, ground): (&Runtime, &Ground),
        recorded: &Recorded,
        (people, leavers): (usize, usize),
        size: &Size,
    ) -> Result<Self, Failure> {
        let place = ground.place(runtime)?;
        let (people, groups) = runtime.block_on(async {
            let store = place.store().await?;
            let app = place.app(store.clone()).await?;
            let (ctx, connection) = app.scim_connection(&place.token).await?;
            let person = rows::of_tables(&recorded.user, &PERSON);
            let moves = [
                (recorded.organization.to_string(), place.organization.to_string()),
                (recorded.connection.to_string(), connection.id.to_string()),
            ];
            let person = rows::moved(&person, &moves);
            let changes: Vec<Rows> =
                (0..people).map(|number| rows::copy(&person, number, std::iter::empty())).collect();
            rows::fill(&store, &changes).await?;
            counted(&store).await?;
            let people: Vec<String> = changes.iter().filter_map(rows::id_in).collect();
            let leaving = people.get(..leavers).unwrap_or_default();
            let whose = (&place.organization, connection.as_ref());
            hold(&store, whose, leaving).await?;
            let mut groups = Vec::new();
            let members = [people.get(..size.members).unwrap_or_default(), &people, &[]];
            for (name, members) in ["small", "large", "thousands"].into_iter().zip(members) {
                let body = serde_json::from_str(&load::group(name, members))?;
                let (document, _) = GroupDocument::parse(&body, Dialect::Tolerant)?;
                let made = Box::pin(app.create_group(&ctx, &connection, document)).await?;
                groups.push(made.group.id.to_string());
            }
            counted(&store).await?;
            Ok::<_, Failure>((people, groups))
        })?;
        let groups = groups.try_into().map_err(|_| "three groups were made")?;
        Ok(Self { gateway: place.start(super::PROGRAM)?, people, groups, place })
    }
}

/// What a running castgate sees to within a second or two.
async fn counted(store: &Store) -> Result<(), Failure> {
    if store.is_postgres() {
        let mut tx = store.write("statistics").await?;
        tx.run("ANALYZE", &[]).await?;
        tx.commit().await?;
    }
    Ok(())
}

/// Gives each of these people sessions and keys.
async fn hold(
    store: &Store,
    (organization, connection): (&OrganizationId, &Connection),
    people: &[String],
) -> Result<(), Failure> {
    let clock = Clock::machine();
    let now = clock.now();
    let later = now.plus(Duration::from_hours(24));
    let secret = || {
        let mut secret = [0; 32];
        clock.fill(&mut secret);
        secret
    };
    let mut tx = store.write("fill").await?;
    for person in people {
        let user: UserId = person.parse()?;
        for _ in 0..SESSIONS {
            let session = session((organization, connection), &user, (SessionId::from_uuid(clock.uuid()), now, later));
            tx.insert_session(&session, &secret(), None).await?;
        }
        for _ in 0..KEYS {
            let key = ApiKey {
                id: KeyId::from_uuid(clock.uuid()),
                owner: Holder::User(user.clone()),
                name: "laptop".to_owned(),
                hint: "cgk_".to_owned(),
                rights: None,
                created_by: "operator".to_owned(),
                created_at: now,
                expires_at: Some(later),
                active: true,
                last_used_at: None,
                last_used_from: None,
                known_by: None,
                rotate_by: None,
                replaced_by: None,
                attenuated_at: None,
                delete_at: None,
            };
            tx.insert_api_key(organization, &key, &secret()).await?;
        }
    }
    Ok(tx.commit().await?)
}

fn session(
    (organization, connection): (&OrganizationId, &Connection),
    user: &UserId,
    (id, now, later): (SessionId, Instant, Instant),
) -> Session {
    Session {
        id,
        organization: organization.clone(),
        user: user.clone(),
        connection: Some(connection.id.clone()),
        user_epoch: 0,
        connection_epoch: connection.epoch,
        created_at: now,
        last_seen_at: now,
        expires_at: later,
        provider_session: None,
        authenticated_at: None,
        acr: None,
    }
}
