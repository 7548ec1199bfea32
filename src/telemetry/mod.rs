//! Line 6: what castgate says about itself: log lines, one line for each request, and [numbers](Metrics) for the operator.
//!
//! Lines go to the standard error, so that what a command prints on the standard output stays clean. Nothing that a stranger
//! sends is part of a line's fields but under a name of ours: a request is named by its route's template, never by its path.

mod json_line;
pub mod meter;
mod metrics;
mod process;
mod request_line;

pub use meter::Meter;
pub use metrics::{Answered, CacheAnswer, InFlight, Metrics, OPENMETRICS, Statement, metrics};
pub use request_line::RequestLine;

use crate::config::{Log, LogFormat};
use json_line::JsonLine;
use std::io::{self, IsTerminal};
use tracing::Subscriber;
use tracing_subscriber::{EnvFilter, fmt::MakeWriter, util::SubscriberInitExt};

/// Why there is no log.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// The level is neither a level nor directives by module.
    #[error(
        "log.level: “{level}” is neither a level (error, warn, info, debug, trace) nor directives like info,castgate::sso=debug"
    )]
    BadLevel {
        /// What was given.
        level: String,
    },
    /// Somebody set up a log before.
    #[error("the log is set up already")]
    AlreadySet,
}

/// Starts the log of this process.
pub fn init(log: &Log) -> Result<(), TelemetryError> {
    let subscriber = subscriber(log, io::stderr().is_terminal(), io::stderr)?;
    subscriber.try_init().map_err(|_| TelemetryError::AlreadySet)
}

/// A subscriber that writes lines of the wanted form to `writer`.
fn subscriber<W>(log: &Log, terminal: bool, writer: W) -> Result<Box<dyn Subscriber + Send + Sync>, TelemetryError>
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let filter = EnvFilter::try_new(&log.level).map_err(|_| TelemetryError::BadLevel { level: log.level.clone() })?;
    // A line that cannot be written is lost and nothing else. Told of on the standard error, which is the log, it would panic.
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(writer).log_internal_errors(false);
    let text = match log.format {
        LogFormat::Auto => terminal,
        LogFormat::Text => true,
        LogFormat::Json => false,
    };
    Ok(if text {
        Box::new(builder.with_ansi(terminal).with_target(false).finish())
    } else {
        Box::new(builder.event_format(JsonLine).finish())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{OrganizationId, RequestId};
    use serde_json::Value;
    use std::{
        sync::{Arc, Mutex},
        time::Duration,
    };
    use uuid::Uuid;

    #[derive(Clone, Default)]
    struct Page(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Page {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn written(format: LogFormat, level: &str, speak: impl FnOnce()) -> String {
        let page = Page::default();
        let copy = page.clone();
        let log = Log { format, level: level.to_owned() };
        let subscriber = subscriber(&log, false, move || copy.clone()).unwrap();
        tracing::subscriber::with_default(subscriber, speak);
        String::from_utf8(page.0.lock().unwrap().clone()).unwrap()
    }

    fn answered(status: u16) {
        let (request, organization) = (RequestId::from_uuid(Uuid::nil()), OrganizationId::from_uuid(Uuid::nil()));
        let line = RequestLine {
            request: &request,
            method: "PATCH",
            route: "/scim/v2/Users/{id}",
            status,
            organization: Some(&organization),
            actor: "connection",
            elapsed: Duration::from_micros(12_345),
            database: Duration::from_micros(2_500),
            queries: 3,
        };
        line.emit();
    }

    #[test]
    fn a_request_is_one_line_of_json() {
        let text = written(LogFormat::Auto, "info", || answered(200));
        assert_eq!(text.lines().count(), 1, "{text}");
        let value: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(value["level"], "INFO");
        assert_eq!(value["route"], "/scim/v2/Users/{id}");
        assert_eq!(value["status"], 200);
        assert_eq!(value["ms"], 12.345);
        assert_eq!(value["database_ms"], 2.5);
        assert_eq!(value["queries"], 3);
        assert_eq!(value["actor"], "connection");
    }

    #[test]
    fn a_line_says_what_the_library_would_have_said() {
        let speak = || {
            tracing::info!(
                text = "a\n\"b\" \\ \u{1}\u{7f} é\u{2028}",
                number = -3,
                big = u64::MAX,
                yes = true,
                "said {}",
                "so"
            );
            tracing::warn!(ratio = 0.0, tiny = 1e-9, no_number = f64::NAN, none = Option::<&str>::None);
            tracing::error!(r#type = %io::Error::other("it's \"gone\""), list = ?["a", "b"], target_of = "x");
            answered(200);
        };
        let page = Page::default();
        let copy = page.clone();
        let theirs = tracing_subscriber::fmt().json().flatten_event(true).with_current_span(false);
        tracing::subscriber::with_default(theirs.with_writer(move || copy.clone()).finish(), speak);
        let theirs = String::from_utf8(page.0.lock().unwrap().clone()).unwrap();
        let timeless = |text: &str| -> Vec<String> {
            let lines = text.lines().map(|line| line.split_once(",\"level\"").unwrap().1.to_owned());
            lines.collect()
        };
        let ours = written(LogFormat::Json, "info", speak);
        assert_eq!(timeless(&ours), timeless(&theirs));
        assert!(ours.lines().all(|line| serde_json::from_str::<Value>(line).unwrap()["timestamp"].is_string()));
    }

    #[test]
    fn a_failure_of_ours_is_louder() {
        let text = written(LogFormat::Json, "warn", || {
            answered(404);
            answered(503);
        });
        assert_eq!(text.lines().count(), 1, "{text}");
        assert!(text.contains("\"level\":\"ERROR\""), "{text}");
    }

    #[test]
    fn text_is_for_people_and_has_no_colour_in_a_file() {
        let text = written(LogFormat::Text, "info", || tracing::info!(user = "usr_1", "suspended"));
        assert!(text.contains("suspended user=\"usr_1\""), "{text}");
        assert!(!text.contains('\u{1b}'));
    }

    #[test]
    fn a_wrong_level_is_named() {
        let log = Log { format: LogFormat::Auto, level: "castgate=shout".to_owned() };
        assert!(matches!(subscriber(&log, false, io::sink), Err(TelemetryError::BadLevel { .. })));
    }
}
