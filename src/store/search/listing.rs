//! One listing: wholly in SQL where that is exact, else by looking at every row that SQL leaves.

use super::{
    Page, Sort,
    condition::Condition,
    listed::Listed,
    narrow::{Narrowed, narrow},
    order::{self, Key},
};
use crate::{
    filter::{AttributeKinds, AttributePath, Filter},
    model::{ConnectionId, OrganizationId},
    store::{StoreError, ToValue as _, Tx, Value},
};
use std::collections::HashMap;

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
struct Rows {
    from: String,
    args: Vec<Value>,
}

impl Listing<'_> {
    /// How many there are, and those of the page.
    pub(super) async fn make<L: Listed>(&self, tx: &mut Tx) -> Result<(u64, Vec<L>), StoreError> {
        let narrowed = self.filter.map_or(Narrowed::everything(true), |filter| narrow(filter, L::COLUMNS, self.kinds));
        if narrowed.condition == Condition::Always(false) {
            return Ok((0, Vec::new()));
        }
        let mut args = vec![self.organization.to_value(), self.connection.to_value()];
        let from = match &narrowed.condition {
            Condition::Always(true) => L::FROM.to_owned(),
            condition => format!("{} AND {}", L::FROM, condition.text(tx.is_postgres(), &mut args)),
        };
        let rows = Rows { from, args };
        match order::clause(self.sort, L::COLUMNS, self.kinds) {
            Some(order) if narrowed.exact => self.in_sql(tx, &rows, &order).await,
            // Only the total was asked for: the order does not matter.
            None if narrowed.exact && self.page.count == 0 => Ok((rows.count(tx).await?, Vec::new())),
            Some(_) | None => match self.sort {
                Some(sort) => self.sorted(tx, &rows, sort).await,
                None => self.scanned(tx, &rows).await,
            },
        }
    }

    /// Everything in SQL. The total is counted only when the page does not show it.
    async fn in_sql<L: Listed>(&self, tx: &mut Tx, rows: &Rows, order: &str) -> Result<(u64, Vec<L>), StoreError> {
        let offset = self.page.offset();
        let count = self.page.count.min(i64::MAX.cast_unsigned());
        if count == 0 {
            return Ok((rows.count(tx).await?, Vec::new()));
        }
        let sql = format!("SELECT {} FROM {} ORDER BY {order} LIMIT {count} OFFSET {offset}", L::SELECT, rows.from);
        let found: Vec<L::Row> = tx.all_built(sql, rows.args.clone()).await?;
        let found = found.into_iter().map(L::from_columns).collect::<Result<Vec<L>, _>>()?;
        let length = found.len() as u64;
        let ends_here = length < count && (length > 0 || offset == 0);
        let total = if ends_here { offset + length } else { rows.count(tx).await? };
        Ok((total, found))
    }

    /// In the order of the ids, and only the page is kept.
    async fn scanned<L: Listed>(&self, tx: &mut Tx, rows: &Rows) -> Result<(u64, Vec<L>), StoreError> {
        let mut total = 0;
        let mut kept = Vec::new();
        let wanted = self.page.offset()..self.page.offset().saturating_add(self.page.count);
        self.each(tx, rows, |one: L, _| {
            if wanted.contains(&total) {
                kept.push(one);
            }
            total += 1;
        })
        .await?;
        Ok((total, kept))
    }

    /// By keys that only Rust can compare. Keys are kept of all, and the page is read again.
    async fn sorted<L: Listed>(&self, tx: &mut Tx, rows: &Rows, sort: &Sort) -> Result<(u64, Vec<L>), StoreError> {
        let mut keys: Vec<(Key, String)> = Vec::new();
        self.each(tx, rows, |one: L, resource| {
            keys.push((Key::of(resource, &sort.attribute, self.kinds), one.id().to_owned()));
        })
        .await?;
        let total = keys.len() as u64;
        keys.sort_by(|(a, a_id), (b, b_id)| a.compare(b, sort.descending).then_with(|| a_id.cmp(b_id)));
        let skipped = usize::try_from(self.page.offset()).unwrap_or(usize::MAX);
        let count = usize::try_from(self.page.count).unwrap_or(usize::MAX);
        let ids: Vec<String> = keys.into_iter().skip(skipped).take(count).map(|(_, id)| id).collect();
        Ok((total, self.by_ids(tx, &ids).await?))
    }

    async fn by_ids<L: Listed>(&self, tx: &mut Tx, ids: &[String]) -> Result<Vec<L>, StoreError> {
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

    /// Calls `take` with everything that matches, in the order of the ids.
    async fn each<L: Listed>(
        &self,
        tx: &mut Tx,
        rows: &Rows,
        mut take: impl FnMut(L, &serde_json::Value) + Send,
    ) -> Result<(), StoreError> {
        let with_companions = self.mentions(L::COMPANIONS);
        let chunk = if with_companions { L::WITH_COMPANIONS } else { CHUNK };
        let place = rows.args.len() + 1;
        let sql = format!("SELECT {} FROM {} AND id > ?{place} ORDER BY id LIMIT {chunk}", L::SELECT, rows.from);
        let mut after = String::new();
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
                if self.filter.is_none_or(|filter| filter.matches(resource, self.kinds)) {
                    take(one, resource);
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

impl Rows {
    async fn count(&self, tx: &mut Tx) -> Result<u64, StoreError> {
        let counted: Vec<(u64,)> =
            tx.all_built(format!("SELECT count(*) FROM {}", self.from), self.args.clone()).await?;
        Ok(counted.first().map_or(0, |(count,)| *count))
    }
}
