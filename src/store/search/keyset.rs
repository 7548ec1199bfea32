//! A listing by key: those behind the one that the page before ended with, in the order of the ids.

use super::{
    condition::Condition,
    listed::Listed,
    narrow::{Narrowed, narrow},
};
use crate::{
    filter::{AttributeKinds, Filter},
    model::OrganizationId,
    store::{StoreError, ToValue as _, Tx, Value},
};

/// Rows that are looked at for one page at most when SQL cannot answer the filter. A page may so be short, or empty, and have
/// another behind it.
const MOST_LOOKED_AT: usize = 10_000;

/// What is behind a place in the whole organization.
pub(super) struct Keyset<'a> {
    pub(super) organization: &'a OrganizationId,
    pub(super) filter: Option<&'a Filter>,
    pub(super) after: &'a str,
    pub(super) limit: usize,
    pub(super) kinds: &'a (dyn AttributeKinds + Sync),
}

impl Keyset<'_> {
    /// Those of the page, and where the next one begins; nothing: this was the last.
    pub(super) async fn make<L: Listed>(&self, tx: &mut Tx) -> Result<(Vec<L>, Option<String>), StoreError> {
        let narrowed = self.filter.map_or(Narrowed::everything(true), |filter| narrow(filter, L::COLUMNS, self.kinds));
        if narrowed.condition == Condition::Always(false) {
            return Ok((Vec::new(), None));
        }
        let mut args = vec![self.organization.to_value()];
        let from = match &narrowed.condition {
            Condition::Always(true) => L::FROM_ALL.to_owned(),
            condition => format!("{} AND {}", L::FROM_ALL, condition.text(tx.is_postgres(), &mut args)),
        };
        let chunk = if narrowed.exact { self.limit + 1 } else { L::WITH_COMPANIONS.max(self.limit + 1) };
        let place = args.len() + 1;
        let sql = format!("SELECT {} FROM {from} AND id > ?{place} ORDER BY id LIMIT {chunk}", L::SELECT);
        let (mut found, mut after, mut looked_at) = (Vec::new(), self.after.to_owned(), 0);
        loop {
            let mut args = args.clone();
            args.push(Value::Text(after.clone()));
            let read: Vec<L::Row> = tx.all_built(sql.clone(), args).await?;
            let read = read.into_iter().map(L::from_columns).collect::<Result<Vec<L>, _>>()?;
            let (is_last, length) = (read.len() < chunk, read.len());
            let resources = match narrowed.exact {
                true => Vec::new(),
                false => L::resources(tx, self.organization, &read, true).await?,
            };
            for (place, one) in read.into_iter().enumerate() {
                if found.len() == self.limit {
                    return Ok((found, Some(after)));
                }
                one.id().clone_into(&mut after);
                let fits = self.filter.is_none_or(|filter| {
                    resources.get(place).is_none_or(|resource| filter.matches(resource, self.kinds))
                });
                if fits {
                    found.push(one);
                }
            }
            looked_at += length;
            if is_last {
                return Ok((found, None));
            }
            if looked_at >= MOST_LOOKED_AT {
                return Ok((found, Some(after)));
            }
        }
    }
}
