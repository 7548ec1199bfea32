//! What goes out to the server with a statement, by one message: one way there and back for all of it.

use super::{
    asked::{Answered, Question},
    words::{explain_error, parameters},
};
use crate::store::{StoreError, Value};
use deadpool_postgres::Object;
use std::{future::poll_fn, pin::Pin, task::Poll};
use tokio_postgres::{Statement, types::ToSql};

/// A statement for whose answer nobody waits.
#[derive(Debug)]
pub(super) struct Later {
    /// As it was written, or as those were of which it is made; none: it changes nothing, and nobody counts it.
    pub(super) written: Vec<&'static str>,
    /// As PostgreSQL reads it.
    pub(super) sql: &'static str,
    pub(super) args: Vec<Value>,
}

/// What goes out with a statement, by one message.
pub(super) struct Around {
    /// How the transaction begins, where it has not.
    pub(super) beginning: Option<&'static str>,
    /// Before it.
    pub(super) later: Vec<Later>,
    /// Behind it, in this order.
    pub(super) questions: Vec<Question>,
}

/// What came of all that.
pub(super) struct Came<T> {
    /// Of the statement itself.
    pub(super) done: T,
    /// What went before it, as it was written, and the rows that each changed.
    pub(super) went: Vec<(&'static str, u64)>,
    /// What was asked behind it.
    pub(super) answered: Vec<Answered>,
}

/// What went to the server.
#[derive(Debug, Default)]
pub(in crate::store::engine) struct Went {
    /// Statements for whose answers nobody waited, as they were written, and the rows that each changed.
    pub(in crate::store::engine) statements: Vec<(&'static str, u64)>,
    /// How often somebody waited.
    pub(in crate::store::engine) ways: u64,
}

/// A statement that is prepared, with its parameters.
pub(super) type Ready<'a> = (Statement, Vec<&'a (dyn ToSql + Sync)>);

pub(super) async fn ready<'a>(client: &Object, sql: &str, args: &'a [Value]) -> Result<Ready<'a>, StoreError> {
    let statement = client.prepare_cached(sql).await.map_err(|error| explain_error(&error, sql))?;
    let parameters = parameters(statement.params().len(), args, sql)?;
    Ok((statement, parameters))
}

impl Around {
    /// Runs a statement with what goes out before it and behind it: one way to the server and back. The server takes one after
    /// the other; what follows something that failed fails too, and the first of them says why. The statement is to be ready:
    /// all of it must go out in this order.
    pub(super) async fn run<T>(
        self,
        client: &Object,
        statement: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<Came<T>, StoreError> {
        let Self { beginning, later, questions } = self;
        if beginning.is_none() && later.is_empty() && questions.is_empty() {
            return Ok(Came { done: statement.await?, went: Vec::new(), answered: Vec::new() });
        }
        let mut changes = Vec::with_capacity(later.len());
        for Later { written, sql, args } in &later {
            let (statement, parameters) = ready(client, sql, args).await?;
            changes.push(Box::pin(async move {
                let rows = client.execute(&statement, &parameters).await.map_err(|error| explain_error(&error, sql))?;
                // Of several, the server says only what the last did.
                let last = written.len().saturating_sub(1);
                let each =
                    written.iter().enumerate().map(|(place, text)| (*text, if place == last { rows } else { 1 }));
                Ok::<_, StoreError>(each.collect::<Vec<_>>())
            }));
        }
        let mut asked = Vec::with_capacity(questions.len());
        for Question { sql, args, .. } in &questions {
            let (statement, parameters) = ready(client, sql, args).await?;
            asked.push(Box::pin(async move {
                client.query(&statement, &parameters).await.map_err(|error| explain_error(&error, sql))
            }));
        }
        let began = async {
            let Some(begin) = beginning else { return Ok(()) };
            client.batch_execute(begin).await.map_err(|error| explain_error(&error, begin))
        };
        let (began, went, done, answers) = tokio::join!(biased; began, in_order(changes), statement, in_order(asked));
        began?;
        let went = went.into_iter().collect::<Result<Vec<_>, StoreError>>()?;
        let done = done?;
        let mut answered = Vec::new();
        for (question, rows) in questions.into_iter().zip(answers) {
            answered.extend(question.answered(&rows?)?);
        }
        Ok(Came { done, went: went.into_iter().flatten().collect(), answered })
    }
}

/// Waits for all of them, begun in this order: what each sends first goes out in this order, and none waits for the one before.
async fn in_order<F: Future>(mut waiting: Vec<Pin<Box<F>>>) -> Vec<F::Output> {
    let mut done: Vec<Option<F::Output>> = waiting.iter().map(|_| None).collect();
    poll_fn(|context| {
        let mut all = Poll::Ready(());
        for (future, output) in waiting.iter_mut().zip(&mut done).filter(|(_, output)| output.is_none()) {
            match future.as_mut().poll(context) {
                Poll::Ready(value) => *output = Some(value),
                Poll::Pending => all = Poll::Pending,
            }
        }
        all
    })
    .await;
    done.into_iter().flatten().collect()
}
