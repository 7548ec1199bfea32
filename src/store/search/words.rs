//! People by words, as admins type them: a part of a name or of an address.

use super::{
    condition::{Condition, Relation},
    listed::Listed as _,
};
use crate::{
    model::{KeptUser, OrganizationId, User, fold},
    store::{
        StoreError, ToValue as _, Tx, Value,
        users::{UserRow, user},
    },
};

impl Tx {
    /// The people of an organization behind `after` (an id, or '') whose name, user name or address has these words in it, removed
    /// ones left out: at most `limit`, and where the next page begins. SQL answers it alone, so that a page is never empty while
    /// there is another. Letters outside of ASCII are found in the case in which they are typed or begin a word.
    pub async fn people_called(
        &mut self,
        organization: &OrganizationId,
        words: &str,
        (after, limit): (&str, usize),
    ) -> Result<(Vec<User>, Option<String>), StoreError> {
        let has = |column, words: String| Condition::Test(column, Relation::Contains, Value::Text(words));
        let condition = Condition::any(vec![
            has("users.user_name_folded", fold(words)),
            has("users.email_folded", fold(words)),
            has("users.display_name", words.to_owned()),
            has("users.display_name", capitalized(words)),
            has("lower(users.display_name)", words.to_lowercase()),
        ]);
        let mut args = vec![organization.to_value()];
        let condition = condition.text(self.is_postgres(), &mut args);
        args.push(Value::Text(after.to_owned()));
        let (place, chunk) = (args.len(), limit.saturating_add(1));
        let sql = format!(
            "SELECT {} FROM {} AND {condition} AND id > ?{place} ORDER BY id LIMIT {chunk}",
            KeptUser::SELECT,
            KeptUser::FROM_ALL
        );
        let rows: Vec<UserRow> = self.all_built(sql, args).await?;
        let mut found = rows.into_iter().map(user).collect::<Result<Vec<_>, _>>()?;
        let has_more = found.len() > limit;
        found.truncate(limit);
        let next = found.last().filter(|_| has_more).map(|last| last.id.to_string());
        Ok((found, next))
    }
}

/// “ada lovelace” as people write it.
fn capitalized(words: &str) -> String {
    let one = |word: &str| {
        let mut letters = word.chars();
        letters.next().map(|first| first.to_uppercase().collect::<String>() + letters.as_str()).unwrap_or_default()
    };
    words.split(' ').map(one).collect::<Vec<_>>().join(" ")
}
