//! The tables `[programme.witnessing]` and `[[programme.witness]]` of `tallyhouse.toml`: who is
//! asked to cosign checkpoints, and how often.
//!
//! Must not: read keys; `witness` does. As in `sections`, tests compare settings, defaults and
//! limits with `config/tallyhouse.toml`.

use super::config::{ConfigError, in_range};
use serde::Deserialize;

/// Most witnesses of a programme.
const WITNESSES_MAX: usize = 16;

/// How the witnesses of a programme are asked.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub struct Witnessing {
    /// Time from one round of questions to the next, 1..=86,400. Default 10.
    pub interval_s: u64,
    /// Time for one answer of one witness, 100..=60,000. Default 5,000.
    pub timeout_ms: u64,
    /// Cosignatures that a checkpoint needs to be served as cosigned, 1..=16 and not more than
    /// there are witnesses. Default 1.
    pub quorum: usize,
}

/// A witness that the house asks.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Witness {
    /// Its key and, in it, its name: a C2SP verifier key of type 0x04.
    pub vkey: String,
    /// Where it takes `add-checkpoint`: its submission prefix.
    pub url: String,
}

impl Witnessing {
    pub(super) fn check(&self, witnesses: &[Witness]) -> Result<(), ConfigError> {
        in_range(
            "programme.witnessing.interval_s",
            self.interval_s,
            1..=86_400,
        )?;
        in_range(
            "programme.witnessing.timeout_ms",
            self.timeout_ms,
            100..=60_000,
        )?;
        let count = witnesses.len();
        in_range(
            "the number of [[programme.witness]] tables",
            count,
            0..=WITNESSES_MAX,
        )?;
        in_range("programme.witnessing.quorum", self.quorum, 1..=count.max(1))?;
        witnesses.iter().try_for_each(Witness::check)
    }
}

impl Witness {
    fn check(&self) -> Result<(), ConfigError> {
        let rest = ["http://", "https://"]
            .iter()
            .find_map(|scheme| self.url.strip_prefix(scheme));
        let is_plain = |rest: &str| {
            let has_host = !rest.starts_with('/') && !rest.is_empty();
            has_host && rest.bytes().all(|byte| byte.is_ascii_graphic())
        };
        let has_more = self.url.contains(['?', '#', '@']) || self.url.ends_with('/');
        if rest.is_some_and(is_plain) && !has_more {
            return Ok(());
        }
        Err(ConfigError::Unusable {
            setting: "programme.witness.url",
            value: self.url.clone(),
            advice: "write the witness's submission prefix without a slash at its end, like \
                     https://witness.example.org/w1",
        })
    }
}

impl Default for Witnessing {
    fn default() -> Self {
        Self {
            interval_s: 10,
            timeout_ms: 5_000,
            quorum: 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::config::Config;
    use super::*;

    fn read(settings: &str) -> Result<super::super::config::Programme, ConfigError> {
        let programme = "[[programme]]\nid = \"a\"\nledger_key_file = \"a\"\nkeys_dir = \"a\"\n";
        let text = format!("{programme}{settings}");
        Config::parse(&text).map(|mut config| config.programmes.remove(0))
    }

    fn witness(url: &str) -> String {
        format!("[[programme.witness]]\nvkey = \"w+0+a\"\nurl = \"{url}\"\n")
    }

    #[test]
    fn nobody_is_asked_unless_it_is_written() {
        let programme = read("").unwrap();
        assert_eq!(programme.witnessing, Witnessing::default());
        assert!(programme.witnesses.is_empty());
        let two = read(&[witness("http://a"), witness("https://b:1/c")].concat()).unwrap();
        assert_eq!(two.witnesses.len(), 2);
        assert_eq!(two.witnesses[1].url, "https://b:1/c");
    }

    #[test]
    fn numbers_outside_their_ranges_are_named() {
        let one = witness("http://a");
        for (settings, expected) in [
            (
                "interval_s = 0",
                "interval_s is 0: set it to a number from 1 to 86400",
            ),
            ("interval_s = 86401", "interval_s is 86401: "),
            (
                "timeout_ms = 99",
                "timeout_ms is 99: set it to a number from 100 to 60000",
            ),
            ("timeout_ms = 60001", "timeout_ms is 60001: "),
            ("quorum = 0", "quorum is 0: set it to a number from 1 to 1"),
            ("quorum = 2", "quorum is 2: set it to a number from 1 to 1"),
        ] {
            let text = format!("{one}[programme.witnessing]\n{settings}\n");
            let message = read(&text).unwrap_err().to_string();
            let expected = format!("programme.witnessing.{expected}");
            assert!(message.starts_with(&expected), "{message}");
        }
        let message = read(&one.repeat(17)).unwrap_err().to_string();
        assert!(
            message.contains("is 17: set it to a number from 0 to 16"),
            "{message}"
        );
    }

    #[test]
    fn addresses_that_cannot_be_asked_are_named_with_advice() {
        for url in [
            "",
            "a",
            "ftp://a",
            "http://",
            "http:///a",
            "http://a/",
            "http://a b",
            "http://a?b",
            "http://a#b",
            "http://user@a",
        ] {
            let message = read(&witness(url)).unwrap_err().to_string();
            assert!(
                message.ends_with("https://witness.example.org/w1"),
                "{message}"
            );
        }
    }
}
