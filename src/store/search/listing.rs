//! One listing: wholly in SQL where that is exact, else by looking at every row that SQL leaves.

use super::{
    Page, Sort,
    condition::Condition,
    listed::Listed,
    narrow::{Narrowed, narrow},
    order::{self, Key, Order, Place},
};
use crate::{
    filter::{AttributeKinds, AttributePath, Filter},
    model::{ConnectionId, OrganizationId},
    store::{StoreError, ToValue as _, Tx, Value},
};
use std::{collections::HashMap, ops::ControlFlow};

/// Rows that are read at a time when each has to be looked at.
const CHUNK: usize = 500;

/// A listing that is being made.
pub(super) struct Listing<'a> {
    pub(super) organization: &'a OrganizationId,
    pub(super) connection: &'a ConnectionId,
    pub(super) filter: Option<&'a Filter>,
    pub(super) sort: Option<&'a Sort>,
    pub(super) page: Page,
    pub(super) kinds: &'a (dyn AttributeKinds + Sync),
}

/// `FROM … WHERE …` and its arguments.
pub(super) struct Rows {
    pub(super) from: String,
    pub(super) args: Vec<Value>,
    /// Whether an index leads straight to them, and they are few.
    few: bool,
}

impl Listing<'_> {
    /// The rows that SQL leaves, and whether the filter matches every one of them; nothing where it matches none.
    pub(super) fn rows<L: Listed>(&self, tx: &Tx) -> Option<(Rows, bool)> {
        let narrowed = self.filter.map_or(Narrowed::everything(true), |filter| narrow(filter, L::COLUMNS, self.kinds));
        if narrowed.condition == Condition::Always(false) {
            return None;
        }
        let mut args = vec![self.organization.to_value(), self.connection.to_value()];
        let from = match &narrowed.condition {
            Condition::Always(true) => L::FROM.to_owned(),
            condition => format!("{} AND {}", L::FROM, condition.text(tx.is_postgres(), &mut args)),
        };
        Some((Rows { from, args, few: narrowed.condition.is_look_up() }, narrowed.exact))
    }

    /// How many there are, and those of the page.
    pub(super) async fn make<L: Listed>(&self, tx: &mut Tx) -> Result<(u64, Vec<L>), StoreError> {
        let Some((rows, exact)) = self.rows::<L>(tx) else { return Ok((0, Vec::new())) };
        match order::in_sql(self.sort, L::COLUMNS, self.kinds) {
            Some(order) if exact => self.in_sql(tx, &rows, order).await,
            // Only the total was asked for: the order does not matter.
            None if exact && self.page.count == 0 => Ok((rows.count(tx).await?, Vec::new())),
            Some(_) | None => match self.sort {
                Some(sort) => self.sorted(tx, &rows, sort).await,
                None => self.scanned(tx, &rows).await,
            },
        }
    }

    /// Everything in SQL. The total is counted only when the page does not show it.
    async fn in_sql<L: Listed>(&self, tx: &mut Tx, rows: &Rows, order: Order) -> Result<(u64, Vec<L>), StoreError> {
        let offset = self.page.offset();
        let count = self.page.count.min(i64::MAX.cast_unsigned());
        if count == 0 {
            return Ok((rows.count(tx).await?, Vec::new()));
        }
        if offset > 0 {
            return self.further_on(tx, rows, order).await;
        }
        let sql = format!("SELECT {} FROM {} ORDER BY {} LIMIT {count}", L::SELECT, rows.from, order.clause(false));
        let found: Vec<L> = rows.read(tx, sql).await?;
        let length = found.len() as u64;
        Ok((if length < count { length } else { rows.count(tx).await? }, found))
    }

    /// A page that is not the first: read from whichever end is nearer, and only the ids of what is skipped are walked over.
    /// The two statements see the same rows: a transaction that reads has one view of the store.
    async fn further_on<L: Listed>(&self, tx: &mut Tx, rows: &Rows, order: Order) -> Result<(u64, Vec<L>), StoreError> {
        let (total, offset) = (rows.count(tx).await?, self.page.offset());
        let length = self.page.count.min(total.saturating_sub(offset));
        if length == 0 {
            return Ok((total, Vec::new()));
        }
        let behind = total.saturating_sub(offset).saturating_sub(length);
        let backwards = behind < offset;
        let (clause, skipped) = (order.clause(backwards), if backwards { behind } else { offset });
        let ids = format!("SELECT id FROM {} ORDER BY {clause} LIMIT {length} OFFSET {skipped}", rows.from);
        // Found by their ids alone: what else is known of them would tempt the planner to walk an index in the wanted order.
        let (table, order) = (L::TABLE, order.clause(false));
        let found = format!("{table} WHERE {table}.organization = ?1 AND id IN ({ids})");
        let sql = format!("SELECT {} FROM {found} ORDER BY {order}", L::SELECT);
        Ok((total, rows.read(tx, sql).await?))
    }

    /// In the order of the ids, and only the page is kept.
    async fn scanned<L: Listed>(&self, tx: &mut Tx, rows: &Rows) -> Result<(u64, Vec<L>), StoreError> {
        let mut total = 0;
        let mut kept = Vec::new();
        let wanted = self.page.offset()..self.page.offset().saturating_add(self.page.count);
        self.each(tx, rows, Walk::WHOLE, |one: L, _| {
            if wanted.contains(&total) {
                kept.push(one);
            }
            total += 1;
            ControlFlow::Continue(())
        })
        .await?;
        Ok((total, kept))
    }

    /// By keys that only Rust can compare. Keys are kept of all, and the page is read again.
    async fn sorted<L: Listed>(&self, tx: &mut Tx, rows: &Rows, sort: &Sort) -> Result<(u64, Vec<L>), StoreError> {
        let places = self.places::<L>(tx, rows, sort).await?;
        let skipped = usize::try_from(self.page.offset()).unwrap_or(usize::MAX);
        let count = usize::try_from(self.page.count).unwrap_or(usize::MAX);
        let total = places.len() as u64;
        let ids: Vec<String> = places.into_iter().skip(skipped).take(count).map(|place| place.id).collect();
        Ok((total, self.by_ids(tx, &ids).await?))
    }

    /// Where everything that matches stands, in order.
    pub(super) async fn places<L: Listed>(
        &self,
        tx: &mut Tx,
        rows: &Rows,
        sort: &Sort,
    ) -> Result<Vec<Place>, StoreError> {
        let mut places = Vec::new();
        self.each(tx, rows, Walk::WHOLE, |one: L, resource| {
            places.push(Place { key: Key::of(resource, &sort.attribute, self.kinds), id: one.id().to_owned() });
            ControlFlow::Continue(())
        })
        .await?;
        places.sort_by(|a, b| a.compare(b, sort.descending));
        Ok(places)
    }

    pub(super) async fn by_ids<L: Listed>(&self, tx: &mut Tx, ids: &[String]) -> Result<Vec<L>, StoreError> {
        let mut found = HashMap::new();
        for ids in ids.chunks(CHUNK) {
            let mut args = vec![self.organization.to_value(), self.connection.to_value()];
            args.extend(ids.iter().map(|id| Value::Text(id.clone())));
            let places: Vec<String> = (3..=args.len()).map(|place| format!("?{place}")).collect();
            let sql = format!("SELECT {} FROM {} AND id IN ({})", L::SELECT, L::FROM, places.join(", "));
            for row in tx.all_built::<L::Row>(sql, args).await? {
                let one = L::from_columns(row)?;
                found.insert(one.id().to_owned(), one);
            }
        }
        Ok(ids.iter().filter_map(|id| found.remove(id)).collect())
    }

    /// Calls `take` with everything that matches, in the order of the ids, until it has enough.
    pub(super) async fn each<L: Listed>(
        &self,
        tx: &mut Tx,
        rows: &Rows,
        walk: Walk<'_>,
        mut take: impl FnMut(L, &serde_json::Value) -> ControlFlow<()> + Send,
    ) -> Result<(), StoreError> {
        let with_companions = self.mentions(L::COMPANIONS);
        let chunk = if with_companions { L::WITH_COMPANIONS } else { CHUNK };
        let place = rows.args.len() + 1;
        let (sign, order) = if walk.backwards { ('<', "id DESC") } else { ('>', "id") };
        let sql =
            format!("SELECT {} FROM {} AND id {sign} ?{place} ORDER BY {order} LIMIT {chunk}", L::SELECT, rows.from);
        let mut after = walk.from.to_owned();
        loop {
            let mut args = rows.args.clone();
            args.push(Value::Text(std::mem::take(&mut after)));
            let read: Vec<L::Row> = tx.all_built(sql.clone(), args).await?;
            let read = read.into_iter().map(L::from_columns).collect::<Result<Vec<L>, _>>()?;
            let is_last = read.len() < chunk;
            if let Some(last) = read.last() {
                last.id().clone_into(&mut after);
            }
            let resources = L::resources(tx, self.organization, &read, with_companions).await?;
            for (one, resource) in read.into_iter().zip(&resources) {
                let fits = self.filter.is_none_or(|filter| filter.matches(resource, self.kinds));
                if fits && take(one, resource).is_break() {
                    return Ok(());
                }
            }
            if is_last {
                return Ok(());
            }
        }
    }

    /// Whether the filter or the sort reads this attribute.
    fn mentions(&self, name: &str) -> bool {
        let is_it = |path: &AttributePath| path.name.eq_ignore_ascii_case(name);
        self.filter.is_some_and(|filter| filter.attributes().iter().any(|(path, _)| is_it(path)))
            || self.sort.is_some_and(|sort| is_it(&sort.attribute))
    }
}

/// From where on, and which way, rows are read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Walk<'a> {
    /// The id behind which, or before which, it begins.
    pub(super) from: &'a str,
    /// Against the order of the ids.
    pub(super) backwards: bool,
}

impl Walk<'_> {
    /// Everything.
    const WHOLE: Self = Self { from: "", backwards: false };
}

impl Rows {
    /// What a statement about these rows finds.
    pub(super) async fn read<L: Listed>(&self, tx: &mut Tx, sql: String) -> Result<Vec<L>, StoreError> {
        let args = self.args.clone();
        let found: Vec<L::Row> =
            if self.few { tx.few_built(sql, args).await? } else { tx.all_built(sql, args).await? };
        found.into_iter().map(L::from_columns).collect()
    }

    pub(super) async fn count(&self, tx: &mut Tx) -> Result<u64, StoreError> {
        let counted: Vec<(u64,)> =
            tx.all_built(format!("SELECT count(*) FROM {}", self.from), self.args.clone()).await?;
        Ok(counted.first().map_or(0, |(count,)| *count))
    }
}
