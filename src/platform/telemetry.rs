//! Logs: one line per event on standard error, as text or as JSON.
//!
//! Standard output belongs to what a command answers, so nothing is logged there. An error is
//! logged once, where it is dealt with; no secret and no member is ever logged.

use super::config::{Log, LogFormat};
use std::io::IsTerminal;
use tracing_subscriber::EnvFilter;

/// The environment variable that overrides `log.level`, in the syntax of `tracing`'s filters:
/// `info,tallyhouse::ledger=debug`.
pub const FILTER_VARIABLE: &str = "TALLYHOUSE_LOG";

/// Why logging did not start.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// The environment variable holds no filter.
    #[error("{FILTER_VARIABLE} is \"{filter}\": write a level, or like info,tallyhouse=debug")]
    Filter {
        /// The text that was found.
        filter: String,
        /// What is wrong with it.
        source: tracing_subscriber::filter::ParseError,
    },
    /// Something else in this program logs already.
    #[error("logging was started twice")]
    StartedTwice(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Starts logging for the whole program.
///
/// # Errors
/// The filter of the environment cannot be read, or logging was started before.
pub fn start(settings: &Log) -> Result<(), TelemetryError> {
    let override_text = std::env::var(FILTER_VARIABLE).ok();
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter(settings, override_text.as_deref())?)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    match settings.format {
        LogFormat::Text => lines.try_init(),
        LogFormat::Json => lines.json().flatten_event(true).try_init(),
    }
    .map_err(TelemetryError::StartedTwice)
}

fn filter(settings: &Log, override_text: Option<&str>) -> Result<EnvFilter, TelemetryError> {
    let filter = override_text.unwrap_or(settings.level.name());
    EnvFilter::try_new(filter).map_err(|source| TelemetryError::Filter {
        filter: filter.to_owned(),
        source,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::config::LogLevel;

    #[test]
    fn the_environment_overrides_the_level() {
        let settings = Log {
            format: LogFormat::Text,
            level: LogLevel::Warn,
        };
        assert_eq!(filter(&settings, None).unwrap().to_string(), "warn");
        let overridden = filter(&settings, Some("tallyhouse=debug")).unwrap();
        assert_eq!(overridden.to_string(), "tallyhouse=debug");
    }

    #[test]
    fn a_filter_that_cannot_be_read_is_named() {
        let error = filter(&Log::default(), Some("tallyhouse=loud")).unwrap_err();
        assert!(
            error
                .to_string()
                .contains("TALLYHOUSE_LOG is \"tallyhouse=loud\""),
            "{error}"
        );
    }

    #[test]
    fn a_second_start_is_an_error() {
        let first = start(&Log {
            format: LogFormat::Json,
            level: LogLevel::Error,
        });
        assert!(first.is_ok(), "{first:?}");
        assert!(matches!(
            start(&Log::default()),
            Err(TelemetryError::StartedTwice(_))
        ));
    }
}
