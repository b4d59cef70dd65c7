//! `tallyhouse-verify checkpoint`: did enough of the witnesses that you trust cosign it?

use crate::cli::exit::Exit;
use crate::cli::style;
use crate::domain::time::Micros;
use crate::proof::hex;
use crate::proof::note::NOTE_BYTES_MAX;
use crate::proof::policy::{POLICY_BYTES_MAX, Policy, Satisfied};
use anyhow::Context;
use serde_json::json;
use std::path::PathBuf;

/// Checks a cosigned checkpoint against your policy: who signed it, and who cosigned it when.
///
/// Exit code 0: the policy is satisfied. 1: it is not. 2: the policy cannot be read.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  tallyhouse-verify checkpoint cosigned.txt --policy policy.txt")]
pub struct Arguments {
    /// The checkpoint with its signatures; - for standard input
    file: PathBuf,
    /// Your policy (C2SP tlog-policy): logs, witnesses and the quorum
    #[arg(long, value_name = "FILE")]
    policy: PathBuf,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

/// Checks the checkpoint and prints who vouches for it.
pub fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let policy = super::read(&arguments.policy, POLICY_BYTES_MAX)?;
    let policy = Policy::parse(&policy);
    let policy = policy.with_context(|| arguments.policy.display().to_string())?;
    let note = super::read(&arguments.file, NOTE_BYTES_MAX)?;
    match policy.check(&note) {
        Ok(satisfied) => {
            print_satisfied(&satisfied, arguments.json);
            Ok(Exit::Done)
        }
        Err(error) => {
            if arguments.json {
                println!("{}", json!({"holds": false, "finding": error.to_string()}));
            } else {
                println!("{} {error}", style::bad("does not hold:"));
            }
            Ok(Exit::Refused)
        }
    }
}

fn print_satisfied(satisfied: &Satisfied<'_>, as_json: bool) {
    let checkpoint = &satisfied.checkpoint;
    let (origin, size, root) = (&checkpoint.origin, checkpoint.size, &checkpoint.root);
    let witnesses = satisfied.witnesses.iter().map(|(key, time_s)| {
        let at = Micros(time_s.saturating_mul(1_000_000)).to_rfc3339_seconds();
        (key.name(), at)
    });
    if as_json {
        let witnesses: Vec<_> = witnesses
            .map(|(name, at)| json!({"witness": name, "cosigned_at": at}))
            .collect();
        let report = json!({"holds": true, "ledger": origin, "size": size,
            "root": hex::encode(root), "witnesses": witnesses});
        println!("{report}");
        return;
    }
    println!("{} {origin}", style::good("holds:"));
    println!("  {size} entries, root {}", hex::encode(root));
    for (name, at) in witnesses {
        println!("  cosigned by {name} at {at}");
    }
}
