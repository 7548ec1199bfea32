//! Several questions by one statement.
//!
//! The server answers each statement by a message of its own, and both sides wake for it. Questions that are known together go out
//! as one, whose answer has a column for each: the list of its rows.

use super::{
    together::{Place, known, place, with_parameters_from},
    words::with_cause,
};
use crate::store::{StoreError, Value, ValueRef};
use std::{
    collections::HashMap,
    sync::{LazyLock, RwLock},
};
use tokio_postgres::{
    Row,
    types::{FromSql, Type},
};

/// A question, and what it is asked of.
#[derive(Debug)]
pub(super) struct Ask {
    /// As PostgreSQL reads it.
    pub(super) sql: &'static str,
    pub(super) args: Vec<Value>,
}

impl Ask {
    /// Whether it is this question, asked of the same.
    pub(super) fn is(&self, sql: &str, args: &[Value]) -> bool {
        self.sql == sql && self.args == args
    }

    /// Whether rows stay as they are from then on until the transaction ends.
    fn holds(&self) -> bool {
        ["FOR UPDATE", "FOR NO KEY UPDATE", "FOR SHARE"].iter().any(|hold| self.sql.contains(hold))
    }
}

/// A question and its answer.
pub(super) type Answered = (Ask, Vec<Record>);

/// Questions that go out as one.
#[derive(Debug)]
pub(super) struct Question {
    pub(super) sql: &'static str,
    pub(super) args: Vec<Value>,
    asks: Vec<Ask>,
}

/// As many as there are ways through the program that ask several things at once.
static JOINED: LazyLock<RwLock<HashMap<Vec<Place>, &'static str>>> = LazyLock::new(RwLock::default);

/// The same questions in as few statements as may be: what holds rows goes first and alone, so that all others see them as they are
/// while they are held.
pub(super) fn questions(asks: Vec<Ask>) -> Vec<Question> {
    let (holding, seeing): (Vec<Ask>, Vec<Ask>) = asks.into_iter().partition(Ask::holds);
    let alone = |ask: Ask| Question { sql: ask.sql, args: ask.args.clone(), asks: vec![ask] };
    let mut questions: Vec<Question> = holding.into_iter().map(alone).collect();
    if seeing.len() > 1 {
        questions.push(joined(seeing));
    } else {
        questions.extend(seeing.into_iter().map(alone));
    }
    questions
}

fn joined(asks: Vec<Ask>) -> Question {
    let sql = known(&JOINED, asks.iter().map(|ask| place(ask.sql)).collect(), || {
        let mut given = 0;
        let lists = asks.iter().map(|ask| {
            let list = format!("ARRAY(SELECT q FROM ({}) q)", with_parameters_from(ask.sql, given));
            given += ask.args.len();
            list
        });
        format!("SELECT {}", lists.collect::<Vec<_>>().join(", ")).leak()
    });
    Question { sql, args: asks.iter().flat_map(|ask| ask.args.iter().cloned()).collect(), asks }
}

impl Question {
    /// What was asked, each with its part of the answer.
    pub(super) fn answered(self, rows: &[Row]) -> Result<Vec<Answered>, StoreError> {
        let is_joined = self.asks.len() > 1;
        let answer = |(place, ask)| {
            let records = match rows {
                [row] if is_joined => row.try_get(place).map(|Records(records)| records),
                _ => rows.iter().map(Record::of).collect(),
            };
            records.map(|records| (ask, records)).map_err(|error| StoreError::Corrupt(with_cause(&error)))
        };
        self.asks.into_iter().enumerate().map(answer).collect()
    }
}

/// One row of an answer, apart from the message that it came with.
#[derive(Debug)]
pub(super) struct Record(pub(super) Vec<Value>);

impl Record {
    fn of(row: &Row) -> Result<Self, tokio_postgres::Error> {
        let value = |place| row.try_get::<_, ValueRef<'_>>(place).map(ValueRef::to_owned);
        (0..row.len()).map(value).collect::<Result<_, _>>().map(Self)
    }

    /// A row inside a value: how many columns, and for each its type and itself.
    fn read(raw: &[u8]) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        let mut rest = raw;
        let mut values = Vec::new();
        for _ in 0..number(&mut rest)? {
            let of_type = u32::from_be_bytes(number(&mut rest)?.to_be_bytes());
            let ty = Type::from_oid(of_type).ok_or_else(|| format!("a column of the unknown type {of_type}"))?;
            values.push(ValueRef::from_sql_nullable(&ty, sized(&mut rest)?)?.to_owned());
        }
        Ok(Self(values))
    }
}

/// The rows of one question among several.
struct Records(Vec<Record>);

/// A list: whether it has rows at all (one dimension, or none), and then, behind flags and the type, how many, and each of them.
impl<'a> FromSql<'a> for Records {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        let mut rest = raw;
        let [dimensions, _flags, _of_type] = [number(&mut rest)?, number(&mut rest)?, number(&mut rest)?];
        let [count, _from] = if dimensions == 0 { [0, 1] } else { [number(&mut rest)?, number(&mut rest)?] };
        let mut records = Vec::new();
        for _ in 0..count {
            records.push(Record::read(sized(&mut rest)?.ok_or("a row is NULL")?)?);
        }
        Ok(Self(records))
    }

    fn accepts(ty: &Type) -> bool {
        *ty == Type::RECORD_ARRAY
    }
}

fn number(rest: &mut &[u8]) -> Result<i32, &'static str> {
    let (bytes, behind) = rest.split_first_chunk().ok_or("a row ends too soon")?;
    *rest = behind;
    Ok(i32::from_be_bytes(*bytes))
}

/// What has its length before it; of less than nothing: NULL.
fn sized<'a>(rest: &mut &'a [u8]) -> Result<Option<&'a [u8]>, &'static str> {
    let Ok(length) = usize::try_from(number(rest)?) else { return Ok(None) };
    let (bytes, behind) = rest.split_at_checked(length).ok_or("a row ends too soon")?;
    *rest = behind;
    Ok(Some(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(sql: &'static str, args: &[i64]) -> Ask {
        Ask { sql, args: args.iter().map(|number| Value::Int(*number)).collect() }
    }

    #[test]
    fn questions_known_together_are_one_behind_those_that_hold_what_they_see() {
        let asks = [
            ask("SELECT a FROM t WHERE b = $1", &[1]),
            ask("SELECT c FROM u WHERE d = $1 FOR UPDATE", &[2]),
            ask("SELECT e FROM v WHERE f = $2 AND g = $1", &[3, 4]),
            ask("SELECT 1", &[]),
        ];
        let [holding, seeing] = questions(asks.into()).try_into().unwrap();
        assert_eq!((holding.sql, holding.args), ("SELECT c FROM u WHERE d = $1 FOR UPDATE", vec![Value::Int(2)]));
        assert_eq!(
            seeing.sql,
            "SELECT ARRAY(SELECT q FROM (SELECT a FROM t WHERE b = $1) q), \
             ARRAY(SELECT q FROM (SELECT e FROM v WHERE f = $3 AND g = $2) q), ARRAY(SELECT q FROM (SELECT 1) q)"
        );
        assert_eq!(seeing.args, [1, 3, 4].map(Value::Int));
    }

    #[test]
    fn a_question_alone_is_asked_as_it_is() {
        assert!(questions(Vec::new()).is_empty());
        let [one] = questions(vec![ask("SELECT 2", &[])]).try_into().unwrap();
        assert_eq!((one.sql, one.args), ("SELECT 2", Vec::new()));
    }

    #[test]
    fn rows_that_end_too_soon_or_have_a_foreign_column_are_an_error() {
        let number = i32::to_be_bytes;
        let row = [&number(2)[..], &number(20), &number(8), &9_i64.to_be_bytes(), &number(25), &number(-1)].concat();
        let length = number(i32::try_from(row.len()).unwrap());
        let list = [&number(1)[..], &number(0), &number(2249), &number(1), &number(1), &length, &row].concat();
        let read = |raw: &[u8]| match Records::from_sql(&Type::RECORD_ARRAY, raw) {
            Ok(Records(records)) => Ok(records.into_iter().map(|Record(values)| values).collect::<Vec<_>>()),
            Err(error) => Err(error.to_string()),
        };
        assert_eq!(read(&list), Ok(vec![vec![Value::Int(9), Value::Null]]));
        assert_eq!(read(&[number(0), number(0), number(2249)].concat()), Ok(Vec::new()));
        for end in 0..list.len() {
            assert_eq!(read(&list[..end]), Err("a row ends too soon".to_owned()), "{end}");
        }
        let foreign = list.len() - row.len() + 5;
        assert_eq!(
            read(&[&list[..foreign], &[255], &list[foreign + 1..]].concat()),
            Err("a column of the unknown type 16711700".to_owned())
        );
    }
}
