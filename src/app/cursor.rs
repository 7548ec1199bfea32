//! Cursors: where a page of a list ended, in a form that only castgate can make.
//!
//! A cursor is sealed for one organization and one question. Whoever changes a letter of it, sends it with another question, or
//! takes it to another organization is told so; nobody learns from it how many things there are or when they were made.

use super::{App, Ctx, Error};
use crate::crypto::Context;
use data_encoding::BASE64URL_NOPAD;

/// The longest cursor that is looked at.
const LONGEST: usize = 8_192;

impl App {
    /// Seals where a page ended. `question` is everything that the next page must ask again: the list and its filter.
    pub fn seal_cursor(&self, ctx: &Ctx, question: &str, position: &str) -> Result<String, Error> {
        let sealed = self.sealer().seal(&place(ctx, question), position.as_bytes()).map_err(Error::internal)?;
        Ok(BASE64URL_NOPAD.encode(&sealed))
    }

    /// Where the page before ended.
    pub fn open_cursor(&self, ctx: &Ctx, question: &str, cursor: &str) -> Result<String, Error> {
        self.unseal_cursor(ctx, question, cursor).ok_or_else(|| {
            let detail = "this is not a cursor of this list with this filter; take it from `next` of the page before, and \
                          repeat the question unchanged";
            Error::invalid("after", detail)
        })
    }

    /// Where the page before ended; nothing where the cursor is none of this question.
    pub(super) fn unseal_cursor(&self, ctx: &Ctx, question: &str, cursor: &str) -> Option<String> {
        let fits = !cursor.is_empty() && cursor.len() <= LONGEST;
        let sealed = fits.then(|| BASE64URL_NOPAD.decode(cursor.as_bytes()).ok()).flatten()?;
        let position = self.sealer().open(&place(ctx, question), &sealed).ok()?;
        String::from_utf8(position.to_vec()).ok()
    }
}

fn place<'a>(ctx: &'a Ctx, question: &'a str) -> Context<'a> {
    Context { organization: ctx.organization.as_str(), table: "cursors", row: question, column: "after" }
}
