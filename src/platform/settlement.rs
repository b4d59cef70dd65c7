//! The table `[programme.settlement]` of `tallyhouse.toml`: when nights come, and what they need.
//!
//! Must not: work out an instant; `settlement::calendar` makes a schedule from these plain values.
//! As in `sections`, tests compare settings, defaults and limits with `config/tallyhouse.toml`.

use super::config::ConfigError;
use crate::proof::keys::is_name;
use serde::{Deserialize, Deserializer, de};
use std::path::PathBuf;

/// What to write as a time zone.
pub const ZONE_ADVICE: &str =
    "write a name of the IANA time zone database, like UTC or Europe/Berlin";

/// The nightly run of a programme.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub struct Settlement {
    /// Local wall time at which a window may be cut, in minutes after midnight, 0..=1,439. Written
    /// `HH:MM`; default 02:00.
    #[serde(rename = "cutoff", deserialize_with = "minute_of_day")]
    pub cutoff_minute: u16,
    /// Whether that time is meant on the window's day or on the day after, which is the default.
    pub cutoff_day: CutoffDay,
    /// Where it is the local time: a name of the IANA time zone database. Default UTC.
    pub zone: String,
    /// Whether nights come by themselves. Otherwise nothing happens until an operator runs
    /// `tallyhouse settle`. Default true.
    pub automatic: bool,
    /// The house's key that signs at night: `<keys_dir>/house.<id>.pem`. Default `operate-1`.
    pub operate_key: String,
    /// The folder of the masters, `<party>.toml` each. Default `masters`.
    pub masters_dir: PathBuf,
}

/// The date on which a day's cutoff is meant.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "lowercase")]
pub enum CutoffDay {
    /// The window's day itself: what happens later belongs to the next window.
    Same,
    /// The day after, when shops have closed and sent their last purchases.
    #[default]
    Next,
}

impl Settlement {
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let unusable = |setting, value: &str, advice| {
            Err(ConfigError::Unusable {
                setting,
                value: value.to_owned(),
                advice,
            })
        };
        if self.zone.parse::<chrono_tz::Tz>().is_err() {
            return unusable("programme.settlement.zone", &self.zone, ZONE_ADVICE);
        }
        if !is_name(&self.operate_key) {
            let advice = "write the id of a house key, the part of its file's name between \
                          house. and .pem, like operate-1";
            return unusable(
                "programme.settlement.operate_key",
                &self.operate_key,
                advice,
            );
        }
        Ok(())
    }
}

impl Default for Settlement {
    fn default() -> Self {
        Self {
            cutoff_minute: 120,
            cutoff_day: CutoffDay::Next,
            zone: "UTC".to_owned(),
            automatic: true,
            operate_key: "operate-1".to_owned(),
            masters_dir: PathBuf::from("masters"),
        }
    }
}

/// Reads `HH:MM`, from 00:00 to 23:59, as minutes after midnight.
fn minute_of_day<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u16, D::Error> {
    let text = String::deserialize(deserializer)?;
    let refused = || de::Error::custom("write cutoff as HH:MM, from \"00:00\" to \"23:59\"");
    let [h1 @ b'0'..=b'2', h2, b':', m1 @ b'0'..=b'5', m2] = text.as_bytes() else {
        return Err(refused());
    };
    let digit = |byte: &u8| byte.is_ascii_digit().then(|| u16::from(byte - b'0'));
    let pair = |tens, ones| Some(digit(tens)? * 10 + digit(ones)?);
    let minutes = pair(h1, h2)
        .filter(|hours| *hours < 24)
        .zip(pair(m1, m2))
        .map(|(hours, minutes)| hours * 60 + minutes);
    minutes.ok_or_else(refused)
}

#[cfg(test)]
mod tests {
    use super::super::config::Config;
    use super::*;

    fn read(settings: &str) -> Result<Settlement, ConfigError> {
        let programme = "[[programme]]\nid = \"a\"\nledger_key_file = \"a\"\nkeys_dir = \"a\"\n";
        let text = format!("{programme}[programme.settlement]\n{settings}");
        Config::parse(&text).map(|mut config| config.programmes.remove(0).settlement)
    }

    #[test]
    fn a_cutoff_is_hours_and_minutes() {
        for (text, minute) in [
            ("00:00", 0),
            ("02:00", 120),
            ("19:59", 1_199),
            ("23:59", 1_439),
        ] {
            let settlement = read(&format!("cutoff = \"{text}\"")).unwrap();
            assert_eq!(settlement.cutoff_minute, minute, "{text}");
        }
        for text in [
            "", "2:00", "24:00", "23:60", "02:00:00", "0a:00", "-1:00", "é:00",
        ] {
            let message = read(&format!("cutoff = \"{text}\""))
                .unwrap_err()
                .to_string();
            assert!(message.contains("write cutoff as HH:MM"), "{message}");
        }
        assert!(read("cutoff = 2").is_err());
    }

    #[test]
    fn what_is_not_written_has_its_default() {
        assert_eq!(read("").unwrap(), Settlement::default());
        let settlement = read("cutoff_day = \"same\"\nautomatic = false").unwrap();
        assert_eq!(settlement.cutoff_day, CutoffDay::Same);
        assert!(!settlement.automatic);
        assert_eq!(settlement.operate_key, "operate-1");
        let message = read("cutoff_day = \"later\"").unwrap_err().to_string();
        assert!(message.contains("`same` or `next`"), "{message}");
    }

    #[test]
    fn zones_and_keys_that_nobody_knows_are_named_with_advice() {
        for zone in ["UTC", "Europe/Berlin", "Africa/Casablanca"] {
            assert_eq!(read(&format!("zone = \"{zone}\"")).unwrap().zone, zone);
        }
        for zone in ["", "Mars/Base", "europe/berlin", "+01:00"] {
            let message = read(&format!("zone = \"{zone}\"")).unwrap_err().to_string();
            let expected = format!("programme.settlement.zone is \"{zone}\": write a name");
            assert!(message.starts_with(&expected), "{message}");
        }
        for key in ["", "house.operate-1.pem", "../operate"] {
            let message = read(&format!("operate_key = \"{key}\""))
                .unwrap_err()
                .to_string();
            let expected = "programme.settlement.operate_key is ";
            assert!(message.starts_with(expected), "{message}");
        }
    }
}
