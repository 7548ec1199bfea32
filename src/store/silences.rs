//! How often providers push, and which of them have gone silent.

use super::{StoreError, Tx, args};
use crate::model::{ConnectionId, Instant, OrganizationId};
use std::time::Duration;

/// A provider that has pushed nothing for much longer than is its habit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Silence {
    /// Whose.
    pub connection: ConnectionId,
    /// Its last push.
    pub last_push_at: Instant,
    /// What 95 of 100 of its pauses were shorter than.
    pub usual: Duration,
    /// When it was noticed.
    pub noticed_at: Instant,
}

/// When an enabled connection pushed last, as far as the provisioning log goes back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lull {
    /// Whose.
    pub organization: OrganizationId,
    /// Which.
    pub connection: ConnectionId,
    /// Its last push.
    pub last_push_at: Instant,
    /// The last push at which its silence was noticed already, if it was.
    pub noticed: Option<Instant>,
}

/// The last push of each connection is one look into an index: the log has millions of lines where connections are few.
const LULLS: &str = "SELECT p.organization, p.connection, p.last, p.noticed FROM
       (SELECT c.organization, c.id AS connection, s.last_push_at AS noticed,
               (SELECT l.at FROM provisioning_log l WHERE l.organization = c.organization AND l.connection = c.id
                ORDER BY l.at DESC LIMIT 1) AS last
        FROM connections c LEFT JOIN silences s ON s.organization = c.organization AND s.connection = c.id
        WHERE c.enabled = 1) p
     WHERE p.last IS NOT NULL AND (p.last <= ?1 OR p.noticed IS NOT NULL) ORDER BY p.organization, p.connection";

const PUSH_TIMES: &str =
    "SELECT at FROM provisioning_log WHERE organization = ?1 AND connection = ?2 ORDER BY at DESC LIMIT ?3";

impl Tx {
    /// Enabled connections of all organizations whose last push was before a moment, or whose silence was noticed.
    pub async fn lulls(&mut self, before: Instant) -> Result<Vec<Lull>, StoreError> {
        let rows = self.all(LULLS, args![before]).await?;
        let lull = |(organization, connection, last_push_at, noticed)| Lull {
            organization,
            connection,
            last_push_at,
            noticed,
        };
        Ok(rows.into_iter().map(lull).collect())
    }

    /// When a connection pushed: up to `limit` moments, the newest first.
    pub async fn push_times(
        &mut self,
        organization: &OrganizationId,
        connection: &ConnectionId,
        limit: i64,
    ) -> Result<Vec<Instant>, StoreError> {
        let rows: Vec<(Instant,)> = self.all(PUSH_TIMES, args![organization, connection, limit]).await?;
        Ok(rows.into_iter().map(|(at,)| at).collect())
    }

    /// How the engine finds the silent connections, and when one pushed: the lines of its plans.
    #[cfg(test)]
    async fn explain_lulls(&mut self, organization: &OrganizationId) -> Result<[String; 2], StoreError> {
        let of_one = args![organization, "", 5000];
        Ok([self.explain(LULLS, args![Instant(0)]).await?, self.explain(PUSH_TIMES, of_one).await?])
    }

    /// Notes a silence. False when it was noted before.
    pub async fn insert_silence(
        &mut self,
        organization: &OrganizationId,
        silence: &Silence,
    ) -> Result<bool, StoreError> {
        let usual = i64::try_from(silence.usual.as_micros()).unwrap_or(i64::MAX);
        let rows = self
            .run(
                "INSERT INTO silences (organization, connection, last_push_at, usual, noticed_at) VALUES (?1, ?2, ?3, ?4, ?5)
                 ON CONFLICT (organization, connection) DO NOTHING",
                args![organization, silence.connection, silence.last_push_at, usual, silence.noticed_at],
            )
            .await?;
        Ok(rows == 1)
    }

    /// The silence is over. False when there was none.
    pub async fn delete_silence(
        &mut self,
        organization: &OrganizationId,
        connection: &ConnectionId,
    ) -> Result<bool, StoreError> {
        let rows = self
            .run("DELETE FROM silences WHERE organization = ?1 AND connection = ?2", args![organization, connection])
            .await?;
        Ok(rows == 1)
    }

    /// The silences of an organization's connections.
    pub async fn silences(&mut self, organization: &OrganizationId) -> Result<Vec<Silence>, StoreError> {
        let rows: Vec<(ConnectionId, Instant, i64, Instant)> = self
            .all(
                "SELECT connection, last_push_at, usual, noticed_at FROM silences WHERE organization = ?1",
                args![organization],
            )
            .await?;
        let silence = |(connection, last_push_at, usual, noticed_at): (_, _, i64, _)| Silence {
            connection,
            last_push_at,
            usual: Duration::from_micros(usual.unsigned_abs()),
            noticed_at,
        };
        Ok(rows.into_iter().map(silence).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::testing::{self, World};

    const ORGANIZATIONS: [&str; 2] = ["org_06h00000000000000000000000", "org_06h00000000000000000000010"];
    const CONNECTION: &str =
        "INSERT INTO connections (organization, id, name, name_folded, enabled, signs_in, settings, epoch,
            pushes_groups, version, created_at)
         VALUES (?1, ?2, ?2, ?2, ?3, 1, '{}', 0, 0, 1, 0)";
    /// Some thousand pushes of one connection, the last of them at `?3`.
    const PUSHES: &str = "INSERT INTO provisioning_log (organization, id, connection, at, entry)
         WITH RECURSIVE n(i) AS (SELECT CAST(0 AS BIGINT) UNION ALL SELECT i + 1 FROM n WHERE i < 3999)
         SELECT CAST(?1 AS TEXT), CAST(?2 AS TEXT) || CAST(i AS TEXT), CAST(?2 AS TEXT), CAST(?3 AS BIGINT) - i * 60000000, '{}' FROM n";

    fn connection(organization: usize, number: usize) -> ConnectionId {
        format!("con_06h00000000000000000000{organization}{number}0").parse().unwrap()
    }

    /// Two organizations with four connections each: the last was disabled, the one before it never pushed, and of the first the
    /// silence was noticed.
    async fn fill(world: &World) {
        let mut tx = world.store.write("fill").await.unwrap();
        for (place, organization) in ORGANIZATIONS.iter().enumerate() {
            for number in 0..4 {
                let id = connection(place, number);
                tx.run(CONNECTION, args![*organization, id, number != 3]).await.unwrap();
                if number != 2 {
                    let last = 1_000_000_000_000 + i64::try_from(10 * place + number).unwrap();
                    tx.run(PUSHES, args![*organization, id, last]).await.unwrap();
                }
            }
            let (connection, noticed_at) = (connection(place, 0), Instant(2));
            let silence = Silence { connection, last_push_at: Instant(1), usual: Duration::from_hours(1), noticed_at };
            assert!(tx.insert_silence(&organization.parse().unwrap(), &silence).await.unwrap());
        }
        tx.commit().await.unwrap();
        if world.store.is_postgres() {
            let mut tx = world.store.write("analyse").await.unwrap();
            tx.run("ANALYZE", &[]).await.unwrap();
            tx.commit().await.unwrap();
        }
    }

    async fn looks(world: &World) {
        fill(world).await;
        let mut tx = world.store.read().await.unwrap();
        // Before everything: only those of whom it was noticed. Later: everybody enabled who ever pushed.
        for (before, found) in [(0, vec![0]), (1_000_000_000_001, vec![0, 1]), (i64::MAX, vec![0, 1])] {
            let lulls = tx.lulls(Instant(before)).await.unwrap();
            let of_first = lulls.iter().filter(|lull| lull.organization.as_str() == ORGANIZATIONS[0]);
            let of_first: Vec<_> = of_first.map(|lull| lull.connection.clone()).collect();
            assert_eq!(
                of_first,
                found.into_iter().map(|number| connection(0, number)).collect::<Vec<_>>(),
                "before {before}"
            );
        }
        let lulls = tx.lulls(Instant(i64::MAX)).await.unwrap();
        let last: Vec<_> = lulls.iter().map(|lull| (lull.last_push_at.0 - 1_000_000_000_000, lull.noticed)).collect();
        assert_eq!(last, [(0, Some(Instant(1))), (1, None), (10, Some(Instant(1))), (11, None)]);
        let organization = ORGANIZATIONS[1].parse().unwrap();
        let times = tx.push_times(&organization, &connection(1, 1), 3).await.unwrap();
        assert_eq!(times, [0, 1, 2].map(|minute| Instant(1_000_000_000_011 - minute * 60_000_000)));
        for plan in tx.explain_lulls(&organization).await.unwrap() {
            assert!(plan.contains("provisioning_log_habit"), "{plan}");
            let whole = ["Seq Scan on provisioning_log", "SCAN l", "SCAN provisioning_log"];
            assert!(!whole.iter().any(|whole| plan.contains(whole)), "{plan}");
        }
    }

    #[tokio::test]
    async fn nobody_reads_the_whole_log_to_find_who_is_silent() {
        looks(&testing::sqlite().await).await;
        if let Some(world) = testing::postgres().await {
            looks(&world).await;
        }
    }
}
