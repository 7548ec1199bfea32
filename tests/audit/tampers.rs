//! What somebody does who can write to the store.

use crate::{
    forger::{chain_anew, of_detail},
    world::World,
};
use castgate::{
    app::{Finding, Wrong},
    store::Value,
};

/// Chance that can be repeated (SplitMix64).
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from `low` to `high`.
    fn number(&mut self, low: i64, high: i64) -> i64 {
        low + i64::try_from(self.roll() % u64::try_from(high - low + 1).unwrap()).unwrap()
    }

    fn one_of<'a>(&mut self, all: &[&'a str]) -> &'a str {
        all[usize::try_from(self.number(0, i64::try_from(all.len() - 1).unwrap())).unwrap()]
    }
}

/// One tamper, done.
pub(crate) struct Tamper {
    pub(crate) name: &'static str,
    pub(crate) what: String,
    /// Whether an audit found just this.
    pub(crate) is_right: Box<dyn Fn(&Finding) -> bool + Send + Sync>,
}

/// The number of the last event of each organization.
const LAST: i64 = 120;

/// The hand that tampers.
struct Hand<'a> {
    world: &'a World,
    dice: &'a mut Dice,
}

fn tamper(name: &'static str, what: String, is_right: impl Fn(&Finding) -> bool + Send + Sync + 'static) -> Tamper {
    Tamper { name, what, is_right: Box::new(is_right) }
}

/// Tampers in the next way.
pub(crate) async fn one(world: &World, turn: usize, dice: &mut Dice) -> Tamper {
    let mut hand = Hand { world, dice };
    match turn % 21 {
        0..=3 => hand.edit().await,
        4 => hand.subject().await,
        5 => hand.delete().await,
        6 => hand.swap(false).await,
        7 => hand.swap(true).await,
        8 => hand.exchange_details().await,
        9 => hand.insert_at_the_end().await,
        10 => hand.insert_between().await,
        11 => hand.cut(false).await,
        12 => hand.cut(true).await,
        13 => hand.head().await,
        14 => hand.checkpoint().await,
        15 => hand.remove_checkpoint().await,
        16 => hand.chain_anew(false).await,
        17 => hand.chain_anew(true).await,
        18 => hand.move_away().await,
        19 => hand.take_the_number().await,
        _ => hand.take_a_detail().await,
    }
}

impl Hand<'_> {
    /// Runs a statement; `{o}` is the organization, and it must change something.
    async fn sql(&self, sql: &str) {
        let sql = sql.replace("{o}", &format!("organization = '{}'", self.world.organization));
        assert!(self.world.run(sql.clone(), &[]).await > 0, "nothing was changed by {sql}");
    }

    async fn count(&self, sql: &str) -> i64 {
        let sql = sql.replace("{o}", &format!("organization = '{}'", self.world.organization));
        let rows: Vec<(i64,)> = self.world.rows(sql, &[]).await;
        rows[0].0
    }

    async fn checkpoint_number(&mut self) -> i64 {
        let count = self.count("SELECT COUNT(*) FROM event_checkpoints WHERE {o}").await;
        let skip = self.dice.number(0, count - 1);
        self.count(&format!("SELECT number FROM event_checkpoints WHERE {{o}} ORDER BY number LIMIT 1 OFFSET {skip}"))
            .await
    }

    async fn edit(&mut self) -> Tamper {
        let number = self.dice.number(1, LAST);
        let (column, value) = [
            ("id", "'evt_06h00000000000000000000000'"),
            ("at", "at + 1"),
            ("kind", "'user.suspendeD'"),
            ("kind", "'a.kind.that.is.none'"),
            ("actor", "'user usr_06h00000000000000000000000'"),
            ("actor", "actor || ' '"),
            ("request", "'req_06h00000000000000000000000'"),
            ("detail", "detail || ' '"),
            ("detail", "'{}'"),
            ("chain", "(SELECT chain FROM event_heads WHERE organization <> events.organization)"),
        ][usize::try_from(self.dice.number(0, 9)).unwrap()];
        self.sql(&format!("UPDATE events SET {column} = {value} WHERE {{o}} AND number = {number}")).await;
        tamper("edit", format!("{column} of {number}"), move |f| f.number == number && f.wrong == Wrong::Changed)
    }

    async fn subject(&mut self) -> Tamper {
        let event = "(SELECT id FROM events WHERE {o} AND number = {n})";
        let mut number = self.dice.number(3, LAST);
        let way = self.dice.one_of(&["add", "remove", "edit"]);
        while way != "add"
            && self
                .count(
                    &format!("SELECT COUNT(*) FROM event_subjects WHERE {{o}} AND event = {event}")
                        .replace("{n}", &number.to_string()),
                )
                .await
                == 0
        {
            number = self.dice.number(3, LAST);
        }
        let sql = match way {
            "add" => format!(
                "INSERT INTO event_subjects SELECT organization, 'usr_added', id FROM events WHERE {{o}} AND number = {number}"
            ),
            "remove" => format!(
                "DELETE FROM event_subjects WHERE {{o}} AND event = {event} AND subject =
                 (SELECT MIN(subject) FROM event_subjects WHERE {{o}} AND event = {event})"
            ),
            _ => format!("UPDATE event_subjects SET subject = subject || 'x' WHERE {{o}} AND event = {event}"),
        };
        self.sql(&sql.replace("{n}", &number.to_string())).await;
        tamper("subject", format!("{way} at {number}"), move |f| f.number == number && f.wrong == Wrong::Changed)
    }

    async fn delete(&mut self) -> Tamper {
        let from = self.dice.number(1, LAST - 1);
        let through = (from + self.dice.number(0, 5)).min(LAST - 1);
        self.sql(&format!("DELETE FROM events WHERE {{o}} AND number BETWEEN {from} AND {through}")).await;
        tamper("delete", format!("{from} to {through}"), move |f| {
            f.number == from && f.wrong == Wrong::Missing { through }
        })
    }

    /// Exchanges the numbers of two events, and their links.
    async fn swap(&mut self, links: bool) -> Tamper {
        let one = self.dice.number(1, LAST - 1);
        let other = self.dice.number(one + 1, LAST);
        let link = |number: i64| format!("(SELECT chain FROM events_before WHERE {{o}} AND number = {number})");
        self.sql(&format!("UPDATE events SET number = -1 WHERE {{o}} AND number = {one}")).await;
        self.sql(&format!("UPDATE events SET number = {one} WHERE {{o}} AND number = {other}")).await;
        self.sql(&format!("UPDATE events SET number = {other} WHERE {{o}} AND number = -1")).await;
        if links {
            for number in [one, other] {
                self.sql(&format!("UPDATE events SET chain = {} WHERE {{o}} AND number = {number}", link(number)))
                    .await;
            }
        }
        let name = if links { "swap with links" } else { "swap" };
        tamper(name, format!("{one} and {other}"), move |f| {
            f.number == one && f.wrong == Wrong::Displaced { now: Some(other) }
        })
    }

    async fn exchange_details(&mut self) -> Tamper {
        let one = self.dice.number(1, LAST - 1);
        let other = self.dice.number(one + 1, LAST);
        let of = |number: i64| format!("(SELECT detail FROM events_before WHERE {{o}} AND number = {number})");
        self.sql(&format!("UPDATE events SET detail = {} WHERE {{o}} AND number = {one}", of(other))).await;
        self.sql(&format!("UPDATE events SET detail = {} WHERE {{o}} AND number = {other}", of(one))).await;
        tamper("exchange details", format!("{one} and {other}"), move |f| f.number == one && f.wrong == Wrong::Changed)
    }

    async fn insert(&self, number: i64) {
        self.sql(&format!(
            "INSERT INTO events SELECT organization, 'evt_7zzzzzzzzzzzzzzzzzzzzzzzzz', at, kind, actor, request, detail, {number}, chain,
                    salt, detail_hash, erased_by
             FROM events_before WHERE {{o}} AND number = {LAST}"
        ))
        .await;
    }

    /// An event behind the last one, its link computed as it ought to be.
    async fn insert_at_the_end(&mut self) -> Tamper {
        let number = LAST + self.dice.number(1, 3);
        self.insert(number).await;
        if number == LAST + 1 {
            chain_anew(self.world, &self.world.organization, LAST).await;
        }
        tamper("insert at the end", format!("{number}"), move |f| f.number == number && f.wrong == Wrong::Inserted)
    }

    /// An event in between; those behind it make room.
    async fn insert_between(&mut self) -> Tamper {
        let number = self.dice.number(1, LAST);
        self.sql(&format!("UPDATE events SET number = -number WHERE {{o}} AND number >= {number}")).await;
        self.sql("UPDATE events SET number = 1 - number WHERE {o} AND number < 0").await;
        self.insert(number).await;
        tamper("insert between", format!("{number}"), move |f| {
            f.number == number && f.wrong == Wrong::Displaced { now: Some(number + 1) }
        })
    }

    /// The newest events go, and the checkpoints that tell of them; in the second way the head is bent to it, or made of a
    /// checkpoint that castgate signed.
    async fn cut(&mut self, head: bool) -> Tamper {
        let mut last = self.dice.number(2, LAST - 1);
        let copied = head && self.dice.number(0, 1) == 1;
        if copied {
            last = self.checkpoint_number().await.min(LAST - 1);
        }
        self.sql(&format!("DELETE FROM events WHERE {{o}} AND number > {last}")).await;
        if head || self.dice.number(0, 1) == 1 {
            let sql = format!(
                "DELETE FROM event_checkpoints WHERE organization = '{}' AND number > {last}",
                self.world.organization
            );
            self.world.run(sql, &[]).await;
        }
        if !head {
            return tamper("cut", format!("behind {last}"), move |f| {
                f.number == last + 1 && f.wrong == Wrong::TailCut { through: LAST }
            });
        }
        if copied {
            self.sql("DELETE FROM event_heads WHERE {o}").await;
            self.sql("INSERT INTO event_heads SELECT * FROM event_checkpoints WHERE {o} ORDER BY number DESC LIMIT 1")
                .await;
        } else {
            self.sql(&format!(
                "UPDATE event_heads SET number = {last}, chain = (SELECT chain FROM events WHERE {{o}} AND number = {last}),
                 previous = COALESCE((SELECT MAX(number) FROM event_checkpoints WHERE {{o}}), 0) WHERE {{o}}"
            ))
            .await;
        }
        tamper("cut with the head", format!("behind {last}, copied {copied}"), move |f| {
            f.number == last && f.wrong == Wrong::HeadForged
        })
    }

    async fn head(&mut self) -> Tamper {
        let change = self.dice.one_of(&[
            "number = number - 1",
            "number = number + 1",
            "at = at + 1",
            "previous = 0",
            "signer = 'me'",
            "chain = signature",
            "signature = chain",
            "organization = organization || 'x'",
        ]);
        self.sql(&format!("UPDATE event_heads SET {change} WHERE {{o}}")).await;
        tamper("head", change.to_owned(), |f| f.wrong == Wrong::HeadForged)
    }

    async fn checkpoint(&mut self) -> Tamper {
        let number = self.checkpoint_number().await;
        let change = self.dice.one_of(&[
            "at = at - 1",
            "previous = previous + 1",
            "signer = 'me'",
            "chain = signature",
            "signature = chain",
            "signature = (SELECT signature FROM event_heads h WHERE h.organization = event_checkpoints.organization)",
        ]);
        self.sql(&format!("UPDATE event_checkpoints SET {change} WHERE {{o}} AND number = {number}")).await;
        tamper("checkpoint", format!("{change} of {number}"), move |f| {
            f.number == number && f.wrong == Wrong::CheckpointForged
        })
    }

    async fn remove_checkpoint(&mut self) -> Tamper {
        let number = self.checkpoint_number().await;
        self.sql(&format!("DELETE FROM event_checkpoints WHERE {{o}} AND number = {number}")).await;
        tamper("remove a checkpoint", format!("{number}"), move |f| {
            f.number >= number && f.wrong == Wrong::CheckpointMissing
        })
    }

    /// An event is changed and everything behind it chained as it ought to be; in the second way checkpoints and head are
    /// bent to it, too, as far as that goes without the key.
    async fn chain_anew(&mut self, statements: bool) -> Tamper {
        let number = self.dice.number(1, LAST);
        self.sql(&format!("UPDATE events SET detail = '{{}}' WHERE {{o}} AND number = {number}")).await;
        let (_, link) = chain_anew(self.world, &self.world.organization, number).await;
        if !statements {
            return tamper("chain anew", format!("from {number}"), move |f| match f.wrong {
                Wrong::Rechained { through } => (f.number..=through).contains(&number),
                _ => false,
            });
        }
        let id = Value::Text(self.world.organization.to_string());
        let of_event = "(SELECT e.chain FROM events e WHERE e.organization = c.organization AND e.number = c.number)";
        let sql = format!("UPDATE event_checkpoints AS c SET chain = {of_event} WHERE {{o}}");
        self.sql(&sql).await;
        let sql = "UPDATE event_heads SET chain = ?2 WHERE organization = ?1".to_owned();
        self.world.run(sql, &[id, Value::Blob(link)]).await;
        tamper("chain anew with statements", format!("from {number}"), move |f| match f.wrong {
            Wrong::CheckpointForged => f.number >= number,
            Wrong::HeadForged => true,
            _ => false,
        })
    }

    /// A detail is taken out as an erasure does it, and its hash kept; nobody asked for that, or so it says of another event.
    async fn take_a_detail(&mut self) -> Tamper {
        let number = self.dice.number(1, LAST);
        let sql = "SELECT detail, salt FROM events WHERE organization = ?1 AND number = ?2".to_owned();
        let of = [Value::Text(self.world.organization.to_string()), Value::Int(number)];
        let rows: Vec<(String, Option<Vec<u8>>)> = self.world.rows(sql, &of).await;
        let kept = of_detail(&rows[0].0, rows[0].1.as_deref());
        let by = self.dice.one_of(&["NULL", "id", "(SELECT MAX(id) FROM events_before WHERE {o})"]).to_owned();
        let by = by.replace("{o}", &format!("organization = '{}'", self.world.organization));
        let sql = format!(
            "UPDATE events SET detail = '{{\"erased\":true}}', salt = NULL, detail_hash = ?3, erased_by = {by}
             WHERE organization = ?1 AND number = ?2"
        );
        let [organization, at] = of;
        assert_eq!(self.world.run(sql, &[organization, at, Value::Blob(kept)]).await, 1);
        tamper("take a detail", format!("{number} by {by}"), move |f| f.number == number && f.wrong == Wrong::TakenAway)
    }

    /// An event goes to another organization.
    async fn move_away(&mut self) -> Tamper {
        let number = self.dice.number(1, LAST - 1);
        let there = self.dice.one_of(&["NULL", "121"]);
        let other = &self.world.other;
        self.sql(&format!(
            "UPDATE events SET organization = '{other}', number = {there} WHERE {{o}} AND number = {number}"
        ))
        .await;
        tamper("move away", format!("{number} as {there}"), move |f| {
            f.number == number && f.wrong == Wrong::Missing { through: number }
        })
    }

    /// A sealed event is made one that waits.
    async fn take_the_number(&mut self) -> Tamper {
        let number = self.dice.number(1, LAST - 1);
        self.sql(&format!("UPDATE events SET number = NULL, chain = NULL WHERE {{o}} AND number = {number}")).await;
        tamper("take the number", format!("{number}"), move |f| {
            f.number == number && f.wrong == Wrong::Missing { through: number }
        })
    }
}
