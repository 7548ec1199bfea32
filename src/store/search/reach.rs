//! A page that begins where another one ended (RFC 9865): its cost does not depend on how many there are before it.

use super::{
    Sort,
    listed::Listed,
    listing::{Listing, Rows, Walk},
    order::{self, Key, Order, Place},
};
use crate::store::{StoreError, Tx};
use std::ops::ControlFlow;

/// Which page is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reach {
    /// Where it begins; none: at the very beginning.
    pub from: Option<Place>,
    /// Whether it is what comes before that place rather than what comes behind it.
    pub backwards: bool,
    /// How many at most; more than 0.
    pub count: usize,
}

/// A page.
#[derive(Debug, Clone)]
pub struct Reached<T> {
    /// What is on it, in order.
    pub items: Vec<T>,
    /// Where its first one stands, if there may be something before it.
    pub before: Option<Place>,
    /// Where its last one stands, if there is something behind it.
    pub behind: Option<Place>,
    /// How many there are in all; counted for the page at the very beginning alone.
    pub total: Option<u64>,
}

impl Listing<'_> {
    /// The page.
    pub(super) async fn reach<L: Listed>(&self, tx: &mut Tx, reach: &Reach) -> Result<Reached<L>, StoreError> {
        let total = match reach.from {
            // `self.page` asks for the total alone.
            None => Some(self.make::<L>(tx).await?.0),
            Some(_) => None,
        };
        let Some((rows, exact)) = self.rows::<L>(tx) else {
            return Ok(Reached { items: Vec::new(), before: None, behind: None, total });
        };
        let (mut items, places) = match (order::in_sql(self.sort, L::COLUMNS, self.kinds), self.sort) {
            (Some(order), _) if exact => self.reach_in_sql(tx, rows, order, reach).await?,
            (_, Some(sort)) => self.reach_sorted(tx, &rows, sort, reach).await?,
            (_, None) => self.reach_scanned(tx, &rows, reach).await?,
        };
        // One more than wanted was looked for: it says that there is more.
        let more = items.len() > reach.count;
        items.truncate(reach.count);
        let mut places: Vec<Place> = places.into_iter().take(reach.count).collect();
        if reach.backwards {
            items.reverse();
            places.reverse();
        }
        // A place that was come from has something at it, on the other side.
        let came_from = reach.from.is_some();
        let (is_before, is_behind) = if reach.backwards { (more, came_from) } else { (came_from, more) };
        let before = places.first().filter(|_| is_before).cloned();
        let behind = places.last().filter(|_| is_behind).cloned();
        Ok(Reached { items, before, behind, total })
    }

    async fn reach_in_sql<L: Listed>(
        &self,
        tx: &mut Tx,
        mut rows: Rows,
        order: Order,
        reach: &Reach,
    ) -> Result<(Vec<L>, Vec<Place>), StoreError> {
        if let Some(place) = &reach.from {
            let beyond = order.beyond(place, reach.backwards, &mut rows.args);
            rows.from = format!("{} AND {beyond}", rows.from);
        }
        let (order, limit) = (order.clause(reach.backwards), reach.count.saturating_add(1));
        let sql = format!("SELECT {} FROM {} ORDER BY {order} LIMIT {limit}", L::SELECT, rows.from);
        let found: Vec<L> = rows.read(tx, sql).await?;
        let places = match self.sort {
            None => found.iter().map(|one| Place { key: Key::Missing, id: one.id().to_owned() }).collect(),
            Some(sort) => {
                let resources = L::resources(tx, self.organization, &found, false).await?;
                let place = |(one, resource): (&L, &serde_json::Value)| Place {
                    key: Key::of(resource, &sort.attribute, self.kinds),
                    id: one.id().to_owned(),
                };
                found.iter().zip(&resources).map(place).collect()
            }
        };
        Ok((found, places))
    }

    async fn reach_scanned<L: Listed>(
        &self,
        tx: &mut Tx,
        rows: &Rows,
        reach: &Reach,
    ) -> Result<(Vec<L>, Vec<Place>), StoreError> {
        let from = reach.from.as_ref().map_or("", |place| place.id.as_str());
        let (mut found, mut places) = (Vec::new(), Vec::new());
        self.each(tx, rows, Walk { from, backwards: reach.backwards }, |one: L, _| {
            places.push(Place { key: Key::Missing, id: one.id().to_owned() });
            found.push(one);
            if found.len() > reach.count { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })
        .await?;
        Ok((found, places))
    }

    async fn reach_sorted<L: Listed>(
        &self,
        tx: &mut Tx,
        rows: &Rows,
        sort: &Sort,
        reach: &Reach,
    ) -> Result<(Vec<L>, Vec<Place>), StoreError> {
        let all = self.places::<L>(tx, rows, sort).await?;
        let is_wanted = |place: &Place| {
            reach.from.as_ref().is_none_or(|from| {
                let order = place.compare(from, sort.descending);
                if reach.backwards { order.is_lt() } else { order.is_gt() }
            })
        };
        let wanted = all.into_iter().filter(is_wanted);
        let limit = reach.count.saturating_add(1);
        let places: Vec<Place> =
            if reach.backwards { wanted.rev().take(limit).collect() } else { wanted.take(limit).collect() };
        let ids: Vec<String> = places.iter().map(|place| place.id.clone()).collect();
        Ok((self.by_ids(tx, &ids).await?, places))
    }
}
