//! Changes of roles that touch API keys: what they would do is shown as a table, then asked about, then made.

use super::{
    Client,
    noun::MACHINES,
    output::Output,
    stop::Stop,
    table::{
        self, Column,
        Show::{Moment, Text, With},
        column, plain,
    },
};
use crate::cli::say::say;
use serde_json::{Map, Value, json};

/// The keys that a change of roles touches.
const TOUCHED_KEYS: &[Column] = &[
    column("KEY", "/name", Text),
    column("BEGINS WITH", "/hint", Text),
    column("OF", "/owner_label", Text),
    column("LAST USED", "/last_used_at", Moment),
    column("FROM", "/last_used_from", Text),
    column("LAST DAY", "/uses_last_day", Text),
    column("KEPT IT LOSES", "/stops", With(stops)),
    column("THEN", "/then", Text),
];

/// What became of them.
const KEY_OUTCOMES: &[Column] = &[
    column("KEY", "/name", Text),
    column("DONE", "/done", Text),
    column("TO", "/to", Text),
    column("GIVEN FOR IT", "/given", Text),
];

fn stops(key: &Value) -> String {
    let all = key["stops"].as_array().map(Vec::as_slice).unwrap_or_default();
    let one = |stopped: &Value| {
        let place = match (stopped["scope"]["kind"].as_str(), stopped["scope"]["id"].as_str()) {
            (Some("organization") | None, _) | (_, None) => String::new(),
            (Some(_), Some(id)) => format!(" at {id}"),
        };
        format!("{}{place}", stopped["capability"].as_str().unwrap_or_default())
    };
    if all.is_empty() { "nothing".to_owned() } else { all.iter().map(one).collect::<Vec<_>>().join(", ") }
}

/// What becomes of keys.
#[derive(Debug, Clone, Default, clap::Args)]
pub(super) struct KeyOptions {
    /// What becomes of the API keys that the change touches, once for each key or for all: delete (the default), keep,
    /// move:KEY=ACCOUNT, rotate:KEY[=ACCOUNT], keep:KEY, delete:KEY; move=ACCOUNT moves them all.
    #[arg(long = "keys", value_name = "WHAT")]
    keys: Vec<String>,
}

/// One `--keys`.
#[derive(Debug, PartialEq, Eq)]
struct Wish<'a> {
    what: &'a str,
    /// None: all the others.
    key: Option<&'a str>,
    to: Option<&'a str>,
}

fn wish(text: &str) -> Result<Wish<'_>, Stop> {
    let bad = || {
        Stop::usage(format!(
            "--keys {}: say delete, keep, move:KEY=ACCOUNT, rotate:KEY or rotate:KEY=ACCOUNT; without :KEY it is said of all",
            plain(text)
        ))
    };
    let some = |part: &'_ str| !part.is_empty();
    let (before, to) = match text.split_once('=') {
        Some((before, to)) => (before, Some(to)),
        None => (text, None),
    };
    let (what, key) = match before.split_once(':') {
        Some((what, key)) => (what, Some(key)),
        None => (before, None),
    };
    let fits = match what {
        "delete" | "keep" => to.is_none(),
        "move" => to.is_some_and(some),
        "rotate" => to.is_none_or(some),
        _ => false,
    };
    if fits && key.is_none_or(some) { Ok(Wish { what, key, to }) } else { Err(bad()) }
}

impl Client {
    /// Shows what a change of roles does to keys, asks if it does anything to one, and makes it.
    pub(super) async fn change_roles(&self, change: Value, options: &KeyOptions, done: &str) -> Result<(), Stop> {
        let preview = self.api.post("/role-changes/preview", json!({"change": change})).await?;
        let touched = preview["keys"].as_array().cloned().unwrap_or_default();
        let (keys, others) = self.choices(&touched, options).await?;
        if !touched.is_empty() && !self.yes {
            show_touched(&touched, &keys, others.as_ref().unwrap_or(&preview["unless_said"]));
            self.confirm(&format!("The change touches {} API keys, as it stands above.", touched.len()))?;
        }
        let at_cast_ai = preview["mirrored"].as_array().map(Vec::as_slice).unwrap_or_default();
        if !at_cast_ai.is_empty() && !self.yes {
            eprintln!("{}\n", table::table(super::noun::MIRRORED_KEYS.columns, at_cast_ai));
            let which = "Cast AI deletes these keys with the change, and what runs on them stops. They cannot be moved: make keys \
                         of a service account there first.";
            self.confirm(which)?;
        }
        let token = preview["token"].as_str().unwrap_or_default();
        let body = json!({"change": change, "preview": token, "keys": keys, "others": others});
        let made = self.api.post("/role-changes", body).await?;
        self.show_made(&made, done)
    }

    /// Shows what several changes do to keys, asks if they do anything to one, and makes them. Each that is refused is told of.
    pub(super) async fn make_several(
        &self,
        path: &str,
        mut body: Value,
        (preview, options): (&Value, &KeyOptions),
    ) -> Result<Value, Stop> {
        let changes = preview["changes"].as_array().map(Vec::as_slice).unwrap_or_default();
        let keys_of = |change: &Value| change["keys"].as_array().cloned().unwrap_or_default();
        let touched: Vec<Value> = changes.iter().flat_map(keys_of).collect();
        let (keys, others) = self.choices(&touched, options).await?;
        let possible = changes.iter().filter(|change| change["refused"].is_null()).count();
        if possible > 0 && !self.yes {
            // What is done where nothing is said is the same for all of them: they are one kind of change, or safe by themselves.
            let unless_said = changes.iter().find(|change| !keys_of(change).is_empty());
            let unless_said = unless_said.map_or(Value::Null, |change| change["unless_said"].clone());
            if !touched.is_empty() {
                show_touched(&touched, &keys, others.as_ref().unwrap_or(&unless_said));
            }
            let which = format!("{possible} changes, which touch {} API keys.", touched.len());
            self.confirm(&which)?;
        }
        (body["preview"], body["keys"], body["others"]) = (preview["token"].clone(), json!(keys), json!(others));
        let made = self.api.post(path, body).await?;
        if self.output == Output::Table {
            for one in made["results"].as_array().into_iter().flatten() {
                let about = plain(one["about"].as_str().unwrap_or_default());
                match one["refused"]["detail"].as_str() {
                    Some(why) => say!("{about}: refused: {}", plain(why)),
                    None => self.show_made(one, &format!("{about}: done"))?,
                }
            }
        } else {
            self.output.one(&made)?;
        }
        Ok(made)
    }

    /// What was said of each key, by its id, and of all the others.
    async fn choices(
        &self,
        touched: &[Value],
        options: &KeyOptions,
    ) -> Result<(Map<String, Value>, Option<Value>), Stop> {
        let (mut keys, mut others) = (Map::new(), None);
        for text in &options.keys {
            let Wish { what, key, to } = wish(text)?;
            let mut choice = json!({"do": what});
            if let Some(to) = to {
                choice["to"] = json!(self.id(&MACHINES, MACHINES.path, to).await?);
            }
            match key {
                None => others = Some(choice),
                Some(called) => drop(keys.insert(key_called(touched, called)?, choice)),
            }
        }
        Ok((keys, others))
    }

    fn show_made(&self, made: &Value, done: &str) -> Result<(), Stop> {
        if self.output != Output::Table {
            return self.output.one(made);
        }
        say!("{done}");
        let outcomes = made["keys"].as_array().map(Vec::as_slice).unwrap_or_default();
        if !outcomes.is_empty() {
            say!("\n{}", table::table(KEY_OUTCOMES, outcomes));
        }
        for outcome in outcomes {
            if let Some(secret) = outcome["secret"].as_str() {
                let name = plain(outcome["name"].as_str().unwrap_or_default());
                say!(
                    "\nThe secret of the key in the place of “{name}”. Copy it now: it is not shown again.\n\n  {}",
                    plain(secret)
                );
            }
        }
        Ok(())
    }
}

/// On standard error, beside the question: standard output is for what comes of it.
fn show_touched(touched: &[Value], keys: &Map<String, Value>, others: &Value) {
    let rows: Vec<Value> = touched
        .iter()
        .map(|key| {
            let mut row = key.clone();
            let id = key["id"].as_str().unwrap_or_default();
            row["then"] = keys.get(id).unwrap_or(others)["do"].clone();
            row
        })
        .collect();
    eprintln!("{}\n", table::table(TOUCHED_KEYS, &rows));
}

/// The id of a touched key, by it or by its name.
fn key_called(touched: &[Value], called: &str) -> Result<String, Stop> {
    let is = |key: &&Value| key["id"] == called || key["name"] == called;
    let found: Vec<_> = touched.iter().filter(is).filter_map(|key| key["id"].as_str()).collect();
    match found.as_slice() {
        [one] => Ok((*one).to_owned()),
        [] => Err(Stop::usage(format!("the change touches no key “{}”", plain(called)))),
        _ => Err(Stop::usage(format!("several keys are called “{}”: say {}", plain(called), found.join(" or ")))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_of_keys_is_read() {
        let of = |text| wish(text).ok().map(|Wish { what, key, to }| (what, key, to));
        assert_eq!(of("keep"), Some(("keep", None, None)));
        assert_eq!(of("move:ci=agents"), Some(("move", Some("ci"), Some("agents"))));
        assert_eq!(of("move=agents"), Some(("move", None, Some("agents"))));
        assert_eq!(of("rotate:ci"), Some(("rotate", Some("ci"), None)));
        for bad in ["", "move", "move:ci", "move:ci=", "keep:ci=agents", "keep:", "sell:ci"] {
            assert!(of(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn a_key_is_meant_by_its_name_if_one_alone_has_it() {
        let touched = [
            json!({"id": "key_1", "name": "a"}),
            json!({"id": "key_2", "name": "b"}),
            json!({"id": "key_3", "name": "b"}),
        ];
        assert_eq!(key_called(&touched, "a").ok().as_deref(), Some("key_1"));
        assert_eq!(key_called(&touched, "key_3").ok().as_deref(), Some("key_3"));
        assert!(key_called(&touched, "b").is_err() && key_called(&touched, "c").is_err());
    }
}
