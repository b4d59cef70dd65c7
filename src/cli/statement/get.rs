//! `tallyhouse statement get`: the files of a partner's statement, as they were published.

use crate::cli::exit::Exit;
use crate::cli::remote::{Key, Remote};
use crate::cli::style;
use crate::domain::ids::Name;
use anyhow::Context;
use clap::ValueEnum;
use serde_json::json;
use std::path::PathBuf;

/// Fetches the statement of a partner, as PDF unless another format is asked for.
///
/// Files are named WINDOW-PARTNER.ENDING. Exit code 0: fetched. 1: there is no such statement.
/// 2: it could not be fetched.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  tallyhouse statement get 7 bakery --format all --out books \
                  \\\n    --url http://127.0.0.1:7400/v1/demo --key keys/bakery.office.pem"
)]
pub struct Arguments {
    /// The window's number
    window: u32,
    /// The partner's id
    #[arg(value_parser = Name::parse)]
    partner: Name,
    #[command(flatten)]
    remote: Remote,
    #[command(flatten)]
    key: Key,
    /// Which file
    #[arg(long, value_enum, default_value_t = Format::Pdf)]
    format: Format,
    /// The folder for it; made if it does not exist
    #[arg(long, value_name = "DIR", default_value = ".")]
    out: PathBuf,
    /// Print the files as JSON
    #[arg(long)]
    json: bool,
}

/// A file of a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    Pdf,
    /// For a spreadsheet
    Xlsx,
    /// For programs that read tables
    Csv,
    /// A bank's account statement, ISO 20022 camt.053
    Camt053,
    /// What counts: the statement in canonical JSON
    Json,
    /// The same, signed by the house
    Jws,
    /// What binds it to the ledger
    Stated,
    /// Every one of them
    All,
}

impl Format {
    /// Every file, by the ending of its name; what counts comes first.
    const ENDINGS: [(Self, &str); 7] = [
        (Self::Json, "json"),
        (Self::Jws, "jws"),
        (Self::Stated, "stated.json"),
        (Self::Pdf, "pdf"),
        (Self::Xlsx, "xlsx"),
        (Self::Csv, "csv"),
        (Self::Camt053, "camt053.xml"),
    ];
}

/// Fetches and keeps the files.
pub fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let signer = arguments.key.signer()?;
    let client = arguments.remote.client()?;
    let (window, partner, out) = (arguments.window, &arguments.partner, &arguments.out);
    std::fs::create_dir_all(out)
        .with_context(|| format!("cannot make the folder {}", out.display()))?;
    let mut kept = Vec::new();
    for (format, ending) in Format::ENDINGS {
        if arguments.format != Format::All && arguments.format != format {
            continue;
        }
        let path = format!("/windows/{window}/statements/{partner}.{ending}");
        let bytes = match client.read_books(&path, &signer) {
            Err(error) if error.is_absent() => {
                let what = format!("{ending} of {partner} in window {window}");
                match arguments.json {
                    true => println!("{}", json!({"code": error.code()})),
                    false => println!("{} {what}; {error}", style::bad("no such statement:")),
                }
                return Ok(Exit::Refused);
            }
            answer => answer?,
        };
        let file = out.join(format!("{window}-{partner}.{ending}"));
        std::fs::write(&file, bytes).with_context(|| format!("cannot write {}", file.display()))?;
        kept.push(file);
    }
    if arguments.json {
        println!("{}", json!({"files": kept}));
        return Ok(Exit::Done);
    }
    for file in kept {
        println!("{} {}", style::good("kept"), file.display());
    }
    Ok(Exit::Done)
}
