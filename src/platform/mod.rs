//! What the house takes from the machine it runs on: settings, time, key files, logs and signals.
//!
//! This layer must not know points, partners or entries: it may use `proof::keys` and no other
//! module of ours. Whatever reads a clock, a file of secrets or a signal does it through here, so
//! that the layers above can be tested without any of them.

pub mod clock;
pub mod config;
mod key_name;
pub mod keys;
mod sections;
pub mod shutdown;
pub mod telemetry;

/// Whether a text is a partner, programme or key id: `[a-z0-9][a-z0-9-]{0,31}`.
#[must_use]
fn is_id(text: &str) -> bool {
    let letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    (1..=32).contains(&text.len())
        && letter(text.as_bytes()[0])
        && text.bytes().all(|byte| letter(byte) || byte == b'-')
}

#[cfg(test)]
mod tests {
    use super::is_id;

    #[test]
    fn ids_are_short_lower_case_and_begin_with_a_letter_or_digit() {
        for good in ["a", "0", "drug-gm", "a-", &"x".repeat(32)] {
            assert!(is_id(good), "{good}");
        }
        for bad in [
            "",
            "-a",
            "A",
            "a.b",
            "a/b",
            "a_b",
            "é",
            "..",
            &"x".repeat(33),
        ] {
            assert!(!is_id(bad), "{bad}");
        }
    }
}
