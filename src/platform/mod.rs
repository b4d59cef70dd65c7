//! What the house takes from the machine it runs on: settings, time, key files, logs and signals.
//!
//! This layer must not know points, partners or entries: it may use `proof::keys` and no other
//! module of ours. Whatever reads a clock, a file of secrets or a signal does it through here, so
//! that the layers above can be tested without any of them.

pub mod clock;
pub mod config;
pub mod files;
mod key_name;
pub mod keys;
mod sections;
mod settlement;
pub mod shutdown;
pub mod telemetry;
mod witnessing;

#[cfg(test)]
mod tests {
    use crate::proof::keys::is_name;

    #[test]
    fn ids_are_short_lower_case_and_begin_with_a_letter_or_digit() {
        for good in ["a", "0", "drug-gm", "a-", &"x".repeat(32)] {
            assert!(is_name(good), "{good}");
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
            assert!(!is_name(bad), "{bad}");
        }
    }
}
