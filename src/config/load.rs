//! Reads the three layers: the embedded default, a file, the environment.
//!
//! The values are laid over the default one at a time and the whole is read anew after each, so that a wrong one is blamed where
//! it was written. There are thirty: it costs nothing.

use super::Settings;
use secrecy::zeroize::Zeroizing;
use std::{
    collections::BTreeMap,
    fmt, fs, io,
    ops::Range,
    path::{Path, PathBuf},
};
use toml::{Table, Value, de::DeTable};

/// The default file, comments included.
pub const DEFAULT: &str = include_str!("../../config/castgate.toml");
/// The keys whose value may come from a file that a variable names.
const SECRETS: [(&str, &str); 3] = [("store", "postgres_url"), ("cache", "redis_url"), ("keys", "master")];
const VARIABLE: &str = "CASTGATE_";
const FROM_FILE: &str = "_FILE";
/// The least similarity (Jaro-Winkler) at which a known key is proposed.
const SIMILAR: f64 = 0.7;

/// Where a value was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// In a file.
    File {
        /// The file, as it was named.
        path: PathBuf,
        /// The line, counted from 1.
        line: usize,
        /// The column in characters, counted from 1.
        column: usize,
    },
    /// In an environment variable.
    Variable(String),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { path, line, column } => write!(f, "{}:{line}:{column}", path.display()),
            Self::Variable(name) => f.write_str(name),
        }
    }
}

/// Why there are no settings.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A file could not be read.
    #[error("{path}: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file is not TOML.
    #[error("{place}: {message}")]
    Syntax {
        /// Where reading stopped.
        place: Place,
        /// What the parser expected.
        message: String,
    },
    /// A section or a key does not exist.
    #[error("{place}: there is no setting “{key}”{}", propose(.nearest.as_deref()))]
    Unknown {
        /// Where it was written.
        place: Place,
        /// What was written.
        key: String,
        /// The existing one that is most like it.
        nearest: Option<String>,
    },
    /// A value is of the wrong kind or has no meaning.
    #[error("{place}: {key}: {message}")]
    Value {
        /// Where it was written.
        place: Place,
        /// Its key, with the section.
        key: String,
        /// What is wrong with it.
        message: String,
    },
}

fn propose(nearest: Option<&str>) -> String {
    nearest.map(|nearest| format!("; did you mean “{nearest}”?")).unwrap_or_default()
}

impl Settings {
    /// The embedded default, under `file` if there is one, under the variables `CASTGATE_SECTION__KEY` of `env`.
    pub fn load(file: Option<&Path>, env: impl Iterator<Item = (String, String)>) -> Result<Self, ConfigError> {
        let mut layers = Layers::new()?;
        if let Some(path) = file {
            let text =
                fs::read_to_string(path).map_err(|source| ConfigError::Read { path: path.to_owned(), source })?;
            layers.file(path, &text)?;
        }
        layers.environment(env)?;
        Ok(layers.settings)
    }
}

/// The layers so far, as a table and as what it means.
struct Layers {
    schema: Table,
    table: Table,
    settings: Settings,
}

impl Layers {
    fn new() -> Result<Self, ConfigError> {
        let path = Path::new("config/castgate.toml");
        let schema: Table = toml::from_str(DEFAULT).map_err(|error| syntax(path, DEFAULT, &error))?;
        let settings = toml::from_str(DEFAULT).map_err(|error| syntax(path, DEFAULT, &error))?;
        Ok(Self { table: schema.clone(), schema, settings })
    }

    fn file(&mut self, path: &Path, text: &str) -> Result<(), ConfigError> {
        let spans = DeTable::parse(text).map_err(|error| syntax(path, text, &error))?;
        let values: Table = toml::from_str(text).map_err(|error| syntax(path, text, &error))?;
        let mut leaves = Vec::new();
        for (section, body) in spans.get_ref() {
            let at = place(path, text, section.span());
            let name = section.get_ref().as_ref();
            let known = self.section(name, &at)?;
            let Some(body) = body.get_ref().as_table() else {
                let message = format!("this is a section; write [{name}] and its keys below");
                return Err(ConfigError::Value { place: at, key: name.to_owned(), message });
            };
            for (key, value) in body {
                let at = place(path, text, key.span());
                known_key(known, name, key.get_ref(), &at)?;
                leaves.push((name.to_owned(), key.get_ref().to_string(), value.span()));
            }
        }
        // In the order of the file, so that the first mistake is the one that is told.
        leaves.sort_by_key(|(_, _, span)| span.start);
        for (section, key, span) in leaves {
            if let Some(value) = values.get(&section).and_then(|body| body.get(&key)) {
                self.set(&section, &key, value.clone(), place(path, text, span))?;
            }
        }
        Ok(())
    }

    fn environment(&mut self, env: impl Iterator<Item = (String, String)>) -> Result<(), ConfigError> {
        // Sorted, so that the same environment always gives the same message. Names without `__` are other people's.
        let variables: BTreeMap<String, String> =
            env.filter(|(name, _)| name.starts_with(VARIABLE) && name.contains("__")).collect();
        for (name, text) in variables {
            let at = Place::Variable(name.clone());
            let lower = name[VARIABLE.len()..].to_lowercase();
            let Some((section, key)) = lower.split_once("__") else { continue };
            let known = self.section(section, &at)?;
            if let Some(key) = secret_from_file(section, &name, key) {
                let path = PathBuf::from(&text);
                let secret = fs::read_to_string(&path).map_err(|source| ConfigError::Read { path, source })?;
                let secret = Zeroizing::new(secret);
                self.set(section, &key, Value::String(secret.trim_end().to_owned()), at)?;
                continue;
            }
            known_key(known, section, key, &at)?;
            let value = typed(known.get(key), &text).map_err(|message| ConfigError::Value {
                place: at.clone(),
                key: format!("{section}.{key}"),
                message,
            })?;
            self.set(section, key, value, at)?;
        }
        Ok(())
    }

    fn section(&self, name: &str, place: &Place) -> Result<&Table, ConfigError> {
        self.schema.get(name).and_then(Value::as_table).ok_or_else(|| ConfigError::Unknown {
            place: place.clone(),
            key: name.to_owned(),
            nearest: nearest(name, self.schema.keys().map(String::as_str)),
        })
    }

    fn set(&mut self, section: &str, key: &str, value: Value, place: Place) -> Result<(), ConfigError> {
        if let Some(Value::Table(body)) = self.table.get_mut(section) {
            body.insert(key.to_owned(), value);
        }
        self.settings = self.table.clone().try_into().map_err(|error: toml::de::Error| ConfigError::Value {
            place,
            key: format!("{section}.{key}"),
            message: plain(error.message()),
        })?;
        Ok(())
    }
}

fn known_key(known: &Table, section: &str, key: &str, place: &Place) -> Result<(), ConfigError> {
    if known.contains_key(key) {
        return Ok(());
    }
    let nearest = nearest(key, known.keys().map(String::as_str)).map(|key| format!("{section}.{key}"));
    Err(ConfigError::Unknown { place: place.clone(), key: format!("{section}.{key}"), nearest })
}

/// The key whose file the variable names, if it is a secret's.
fn secret_from_file(section: &str, variable: &str, key: &str) -> Option<String> {
    let key = variable.ends_with(FROM_FILE).then(|| key.strip_suffix("_file")).flatten()?;
    SECRETS.contains(&(section, key)).then(|| key.to_owned())
}

/// A variable's text as a value of the same kind as the default. Lists are separated by commas.
fn typed(default: Option<&Value>, text: &str) -> Result<Value, String> {
    match default {
        Some(Value::Integer(_)) => {
            text.parse().map(Value::Integer).map_err(|_| format!("“{text}” is not a whole number"))
        }
        Some(Value::Float(_)) => text.parse().map(Value::Float).map_err(|_| format!("“{text}” is not a number")),
        Some(Value::Boolean(_)) => {
            text.parse().map(Value::Boolean).map_err(|_| format!("“{text}” is neither true nor false"))
        }
        Some(Value::Array(_)) => {
            let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
            Ok(Value::Array(parts.map(|part| Value::String(part.to_owned())).collect()))
        }
        Some(Value::String(_) | Value::Datetime(_) | Value::Table(_)) | None => Ok(Value::String(text.to_owned())),
    }
}

/// The reader's message in the operator's words: the names of Rust's integers say nothing to them.
fn plain(message: &str) -> String {
    message.replace("expected usize", "expected a whole number").replace("expected u64", "expected a whole number")
}

fn nearest<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<String> {
    known
        .map(|candidate| (strsim::jaro_winkler(word, candidate), candidate))
        .filter(|(similarity, _)| *similarity >= SIMILAR)
        .max_by(|left, right| left.0.total_cmp(&right.0))
        .map(|(_, candidate)| candidate.to_owned())
}

fn syntax(path: &Path, text: &str, error: &toml::de::Error) -> ConfigError {
    let place = place(path, text, error.span().unwrap_or_default());
    ConfigError::Syntax { place, message: error.message().to_owned() }
}

fn place(path: &Path, text: &str, span: Range<usize>) -> Place {
    let before = text.get(..span.start).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or(before).chars().count() + 1;
    Place::File { path: path.to_owned(), line, column }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Engine, Span};
    use secrecy::ExposeSecret;
    use std::time::Duration;

    fn file(text: &str) -> Result<Settings, ConfigError> {
        let mut layers = Layers::new()?;
        layers.file(Path::new("castgate.toml"), text)?;
        Ok(layers.settings)
    }

    fn env(pairs: &[(&str, &str)]) -> Result<Settings, ConfigError> {
        Settings::load(None, pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))
    }

    fn complaint(text: &str) -> String {
        file(text).unwrap_err().to_string()
    }

    #[test]
    fn the_embedded_default_is_complete() {
        let settings = env(&[]).unwrap();
        assert_eq!(settings.server.origin(), "http://127.0.0.1:8080");
        assert!(settings.store.postgres_url.is_none());
        assert!(settings.check().is_empty(), "{:?}", settings.check());
    }

    #[test]
    fn a_file_changes_what_it_names_and_nothing_else() {
        let settings = file("[sessions]\nidle = \"15m\"\n").unwrap();
        assert_eq!(settings.sessions.idle, Span(Duration::from_mins(15)));
        assert_eq!(settings.sessions.absolute, Span(Duration::from_hours(12)));
    }

    #[test]
    fn every_mistake_has_a_place_and_a_proposal() {
        insta::assert_snapshot!(complaint("[server]\nlisten = \"127.0.0.1:1\"\n\n[sesions]\nidle = \"1h\"\n"), @"castgate.toml:4:2: there is no setting “sesions”; did you mean “sessions”?");
        insta::assert_snapshot!(complaint("[store]\nengine = \"sqlite\"\n  postgres_urll = \"\"\n"), @"castgate.toml:3:3: there is no setting “store.postgres_urll”; did you mean “store.postgres_url”?");
        insta::assert_snapshot!(complaint("[store]\nxyzzy = 1\n"), @"castgate.toml:2:1: there is no setting “store.xyzzy”");
        insta::assert_snapshot!(complaint("[sessions]\nidle = \"an hour\"\n"), @"castgate.toml:2:8: sessions.idle: “an hour” is not a duration like 500ms, 30s, 12h, 7d or 1h30m");
        insta::assert_snapshot!(complaint("[store]\nengine = \"mysql\"\n"), @"castgate.toml:2:10: store.engine: unknown variant `mysql`, expected `sqlite` or `postgres`");
        insta::assert_snapshot!(complaint("[scim]\npage_size = \"many\"\n"), @r#"castgate.toml:2:13: scim.page_size: invalid type: string "many", expected a whole number"#);
        insta::assert_snapshot!(complaint("server = 1\n"), @"castgate.toml:1:1: server: this is a section; write [server] and its keys below");
        insta::assert_snapshot!(complaint("[server\n"), @"castgate.toml:1:8: unclosed table, expected `]`");
    }

    #[test]
    fn variables_override_and_are_named_when_wrong() {
        let settings = env(&[
            ("CASTGATE_STORE__ENGINE", "postgres"),
            ("CASTGATE_STORE__POSTGRES_POOL", "3"),
            ("CASTGATE_NETWORK__ALLOW_PRIVATE_ADDRESSES", "true"),
            ("CASTGATE_SERVER__TRUSTED_PROXIES", "10.0.0.0/8, 127.0.0.1"),
            ("CASTGATE_CONFIG", "not a setting"),
            ("PATH", "/bin"),
        ])
        .unwrap();
        assert_eq!(settings.store.engine, Engine::Postgres);
        assert_eq!(settings.store.postgres_pool, 3);
        assert!(settings.network.allow_private_addresses);
        assert_eq!(settings.server.trusted_proxies.len(), 2);
        let complaint = |name, value| env(&[(name, value)]).unwrap_err().to_string();
        insta::assert_snapshot!(complaint("CASTGATE_STORE__POSTGRES_POOL", "eight"), @"CASTGATE_STORE__POSTGRES_POOL: store.postgres_pool: “eight” is not a whole number");
        insta::assert_snapshot!(complaint("CASTGATE_STORE__ENGIN", "sqlite"), @"CASTGATE_STORE__ENGIN: there is no setting “store.engin”; did you mean “store.engine”?");
        insta::assert_snapshot!(complaint("CASTGATE_SESSIONS__IDLE", "soon"), @"CASTGATE_SESSIONS__IDLE: sessions.idle: “soon” is not a duration like 500ms, 30s, 12h, 7d or 1h30m");
    }

    #[test]
    fn a_secret_comes_from_its_file_and_is_never_printed() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("url");
        fs::write(&path, "postgres://castgate:hunter2@db/castgate\n").unwrap();
        let settings = env(&[("CASTGATE_STORE__POSTGRES_URL_FILE", path.to_str().unwrap())]).unwrap();
        let url = settings.store.postgres_url.as_ref().unwrap();
        assert_eq!(url.expose_secret(), "postgres://castgate:hunter2@db/castgate");
        assert!(!format!("{settings:?}").contains("hunter2"));
        assert!(matches!(env(&[("CASTGATE_STORE__ENGINE_FILE", "x")]), Err(ConfigError::Unknown { .. })));
        let missing = env(&[("CASTGATE_STORE__POSTGRES_URL_FILE", "/nowhere/url")]);
        assert!(matches!(missing, Err(ConfigError::Read { .. })));
    }
}
