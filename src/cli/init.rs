//! `tallyhouse init`: makes a house's keys, founds a programme's ledger and writes the settings.
//!
//! The settings come last: a stop halfway leaves no programme that a server would try to open. What
//! is there already is never overwritten.

use super::exit::Exit;
use super::{house, keyfile, style};
use crate::domain::ids::Name;
use crate::domain::money::Currency;
use crate::domain::time::Micros;
use crate::ledger::{self, rocks};
use crate::platform::clock::Clock;
use crate::platform::config::{Config, RocksDb};
use crate::platform::keys::{self, KeyName, NamedKey};
use crate::proof::base64url;
use crate::proof::chain::ChainHasher;
use crate::proof::hex::encode as hex;
use crate::proof::jws::{self, Typ};
use crate::proof::merkle::Hash;
use crate::proof::note::NoteSigner;
use crate::settlement::masters;
use anyhow::Context;
use clap::ValueEnum;
use serde_json::json;
use std::fs;
use std::path::{Path, PathBuf};

/// Founds a programme: makes the house's keys, entry 0 and the settings.
///
/// Run it again with another programme to add one to the same house.
/// Exit code 0: founded. 2: not founded.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  tallyhouse init --dir house --programme coalition \
                  --host points.example.org --currency EUR"
)]
pub struct Arguments {
    /// The house's folder; made if it does not exist
    #[arg(long)]
    pub dir: PathBuf,
    /// The programme's id: small letters, digits and hyphens
    #[arg(long)]
    pub programme: String,
    /// The host in the ledger's origin; it never changes later
    #[arg(long, default_value = "localhost")]
    pub host: String,
    /// ISO 4217 code of the currency that partners settle in
    #[arg(long)]
    pub currency: String,
    /// Decimals of a displayed point
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u8).range(0..=4))]
    pub point_scale: u8,
    /// Who pays for a burned point
    #[arg(long, value_enum, default_value_t = SettlementModel::IssuerPays)]
    pub settlement_model: SettlementModel,
    /// What a reversed issue does when its points are gone
    #[arg(long, value_enum, default_value_t = Clawback::IssuerBears)]
    pub clawback: Clawback,
    /// Offset of ledger days from UTC, in minutes
    #[arg(long, default_value_t = 0, allow_negative_numbers = true,
          value_parser = clap::value_parser!(i16).range(-840..=840))]
    pub utc_offset_min: i16,
    /// Where the ledger's time comes from; a simulated one is set by hand, and says so
    #[arg(long, value_enum, default_value_t = ClockChoice::Real)]
    pub clock: ClockChoice,
    /// First instant of a simulated clock, such as 2017-01-01T00:00:00Z; default: now
    #[arg(long, value_name = "INSTANT")]
    pub start: Option<String>,
    /// Days for which an issued point can be spent
    #[arg(long, default_value_t = 730)]
    pub life_days: u32,
    /// Days that restored points live at least
    #[arg(long, default_value_t = 30)]
    pub grace_days: u32,
    /// Days in which an op can be reversed
    #[arg(long, default_value_t = 400)]
    pub reversible_days: u32,
    /// Members may give points to each other
    #[arg(long)]
    pub transfers: bool,
    /// Local time at which a day's window closes, HH:MM on the day after; default: 02:00
    #[arg(long, value_name = "HH:MM")]
    pub cutoff: Option<String>,
    /// Time zone of the cutoff, such as Europe/Berlin; default: UTC
    #[arg(long)]
    pub zone: Option<String>,
    /// Folder of masters, PARTY.toml each, to be copied into the house's folder
    #[arg(long, value_name = "DIR")]
    pub masters: Option<PathBuf>,
    /// Print the result as JSON
    #[arg(long)]
    pub json: bool,
}

/// See `domain::programme::SettlementModel`.
#[derive(Debug, Clone, Copy, ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum SettlementModel {
    /// The issuer pays the burning partner, at the price fixed at issue
    IssuerPays,
    /// Issuers pay the house at once, and the house pays for burns
    Pool,
}

/// See `domain::programme::Clawback`.
#[derive(Debug, Clone, Copy, ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum Clawback {
    /// The issuer does without the missing points
    IssuerBears,
    /// The member owes them to the issuer
    MemberDebt,
}

/// See `domain::programme::ClockKind`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ClockChoice {
    /// The system's clock
    Real,
    /// Moved by the house, forward only
    Simulated,
}

/// A founded programme.
pub struct Founded {
    /// The settings of the house.
    pub config: PathBuf,
    /// The ledger's origin.
    pub origin: String,
    /// What checkpoints verify with.
    pub vkey: String,
    /// Where `vkey` is kept.
    pub vkey_file: PathBuf,
    /// Chain hash of entry 0: what auditors pin.
    pub found: Hash,
    /// The same in hex.
    pub found_hash: String,
    /// Keys that the house uses online.
    pub keys_dir: PathBuf,
    /// Keys to be taken away.
    pub govern_dir: PathBuf,
    /// Names and accounts of parties.
    pub masters_dir: PathBuf,
}

/// Founds the programme and says what to do next.
pub fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let founded = found(arguments)?;
    if arguments.json {
        let report = json!({
            "config": founded.config,
            "ledger": founded.origin,
            "vkey": founded.vkey,
            "vkey_file": founded.vkey_file,
            "found_hash": founded.found_hash,
            "keys_dir": founded.keys_dir,
            "govern_dir": founded.govern_dir,
            "masters_dir": founded.masters_dir,
        });
        println!("{report}");
        return Ok(Exit::Done);
    }
    let (good, origin) = (style::good("founded"), &founded.origin);
    println!("{good} {origin}\n");
    let line = |name: &str, value: String| {
        println!("  {} {value}", style::dim(&format!("{name:<11}")));
    };
    line("settings", founded.config.display().to_string());
    line("vkey", founded.vkey);
    line("found hash", founded.found_hash);
    line("online keys", founded.keys_dir.display().to_string());
    line("govern keys", founded.govern_dir.display().to_string());
    line("masters", founded.masters_dir.display().to_string());
    println!(
        "\nGive vkey and found hash to partners and auditors. Take the two govern keys away and \
         keep them apart:\nneither can move money alone, and no server needs them.\n\nNext: {}",
        style::code(&format!(
            "tallyhouse serve --config {}",
            founded.config.display()
        ))
    );
    Ok(Exit::Done)
}

/// Founds the programme.
///
/// # Errors
/// What is in the way; nothing that existed before was changed.
pub fn found(arguments: &Arguments) -> anyhow::Result<Founded> {
    Name::parse_unreserved(&arguments.programme).context("--programme")?;
    let now = starting_time(arguments)?;
    fs::create_dir_all(&arguments.dir)
        .with_context(|| format!("cannot make the folder {}", arguments.dir.display()))?;
    let config = arguments.dir.join("tallyhouse.toml");
    check_config(&config, &arguments.programme)?;
    let keys_dir = arguments.dir.join("keys").join(&arguments.programme);
    let govern_dir = arguments.dir.join("govern").join(&arguments.programme);
    let masters_dir = arguments.dir.join("masters").join(&arguments.programme);
    for folder in [&keys_dir, &govern_dir, &masters_dir] {
        fs::create_dir_all(folder)
            .with_context(|| format!("cannot make the folder {}", folder.display()))?;
    }
    if let Some(masters) = &arguments.masters {
        copy_masters(masters, &masters_dir)?;
    }
    let house = house_keys(&keys_dir, &govern_dir)?;
    let ledger_key = keys::create(&keys_dir.join("ledger.pem"))?;
    let origin = new_origin(&arguments.host, &arguments.programme)?;
    let signer = NoteSigner::new(&origin, &ledger_key.to_bytes())?;
    let public = signer.verifier_key().public_key().to_bytes();
    let payload = founding(arguments, &origin, &public, &house, now)?;
    let (govern, _) = house.first().context("no govern key")?;
    let compact = jws::sign(
        Typ::Submission,
        payload.as_bytes(),
        &keyfile::to_signer(govern)?,
    );

    let database = house::database(&arguments.dir.join("data"), &arguments.programme);
    fs::create_dir_all(&database)
        .with_context(|| format!("cannot make the folder {}", database.display()))?;
    let vkey = signer.verifier_key().to_string();
    let (log, _) = rocks::open(&database, &RocksDb::default())?;
    let evidence = ledger::found(&log, signer, compact.as_bytes(), now)?;
    let found_hash = ChainHasher::new().hash(&evidence.record.entry);
    let vkey_file = keys_dir.join("ledger.vkey");
    fs::write(&vkey_file, format!("{vkey}\n"))
        .with_context(|| format!("cannot write {}", vkey_file.display()))?;
    // If we stop here, the ledger exists but no server knows it: remove its folders and try again.
    write_config(&config, arguments)?;
    Ok(Founded {
        config,
        origin,
        vkey,
        vkey_file,
        found: found_hash,
        found_hash: hex(&found_hash),
        keys_dir,
        govern_dir,
        masters_dir,
    })
}

fn starting_time(arguments: &Arguments) -> anyhow::Result<Micros> {
    let Some(start) = &arguments.start else {
        return Ok(Micros(Clock::Real.now_us()));
    };
    anyhow::ensure!(
        arguments.clock == ClockChoice::Simulated,
        "--start is for a simulated clock; the real one is not set by hand"
    );
    Micros::parse(start).context("--start is written like 2017-01-01T00:00:00Z")
}

/// Refuses settings that cannot be read, or that have this programme already.
fn check_config(config: &Path, programme: &str) -> anyhow::Result<()> {
    if !config.exists() {
        return Ok(());
    }
    let settings = Config::load(config)?;
    let taken = settings
        .programmes
        .iter()
        .any(|known| known.id == programme);
    anyhow::ensure!(
        !taken,
        "{} has the programme {programme} already",
        config.display()
    );
    Ok(())
}

/// Copies masters that can be used; none is left behind, and none is overwritten.
fn copy_masters(from: &Path, to: &Path) -> anyhow::Result<()> {
    anyhow::ensure!(from.is_dir(), "--masters: {} is no folder", from.display());
    masters::load(from).context("--masters")?;
    for file in masters::files(from)? {
        let copy = to.join(file.file_name().context("a file has a name")?);
        anyhow::ensure!(!copy.exists(), "{} exists already", copy.display());
        fs::copy(&file, &copy)
            .with_context(|| format!("cannot copy {} to {}", file.display(), copy.display()))?;
    }
    Ok(())
}

/// The house's first keys, each with its scope; govern keys come first.
fn house_keys(keys_dir: &Path, govern_dir: &Path) -> anyhow::Result<Vec<(NamedKey, &'static str)>> {
    let wanted = [
        (govern_dir, "govern-1", "govern"),
        (govern_dir, "govern-2", "govern"),
        (keys_dir, "operate-1", "operate"),
        (keys_dir, "audit-1", "audit"),
    ];
    let made = wanted.into_iter().map(|(folder, id, scope)| {
        let key = NamedKey::create(folder, KeyName::new("house", id)?)?;
        Ok((key, scope))
    });
    made.collect()
}

/// `<host>/<programme>-<8 random hex digits>`: no other ledger has it, a staging copy neither.
fn new_origin(host: &str, programme: &str) -> anyhow::Result<String> {
    let mut random = [0; 4];
    getrandom::fill(&mut random).context("no random bytes")?;
    let digits = hex(&random);
    Ok(format!("{host}/{programme}-{digits}"))
}

fn founding(
    arguments: &Arguments,
    origin: &str,
    ledger_key: &[u8; 32],
    house: &[(NamedKey, &'static str)],
    now: Micros,
) -> anyhow::Result<String> {
    let currency = Currency::parse(&arguments.currency);
    currency.context("--currency is an ISO 4217 code in capitals, such as EUR")?;
    let word = |choice: &dyn Fn() -> Option<clap::builder::PossibleValue>| {
        choice().map(|value| value.get_name().to_owned())
    };
    let keys: Vec<_> = house
        .iter()
        .map(|(key, scope)| {
            let public = key.signing_key.verifying_key().to_bytes();
            json!({"key": key.name.key(), "public_key": base64url::encode(&public),
                   "scopes": [scope]})
        })
        .collect();
    let found = json!({
        "op": "found", "id": "found",
        "programme": arguments.programme,
        "currency": arguments.currency,
        "point_scale": arguments.point_scale,
        "settlement_model": word(&|| arguments.settlement_model.to_possible_value()),
        "clawback": word(&|| arguments.clawback.to_possible_value()),
        "utc_offset_min": arguments.utc_offset_min,
        "clock": word(&|| arguments.clock.to_possible_value()),
        "ledger_key": base64url::encode(ledger_key),
        "rules_version": crate::domain::governance::RULES_VERSIONS.end(),
        "settings": {
            "life_days": arguments.life_days,
            "grace_days": arguments.grace_days,
            "reversible_days": arguments.reversible_days,
            "transfer_allowed": arguments.transfers,
        },
        "keys": keys,
    });
    let submission = json!({
        "ledger": origin, "submission": "found",
        "valid_until": now.plus_seconds(3_600).to_rfc3339_seconds(),
        "ops": [found],
    });
    Ok(submission.to_string())
}

/// Writes new settings, or appends the programme to those that are there.
fn write_config(config: &Path, arguments: &Arguments) -> anyhow::Result<()> {
    let id = &arguments.programme;
    let mut programme = format!(
        "\n[[programme]]\nid = \"{id}\"\nledger_key_file = \"keys/{id}/ledger.pem\"\n\
         keys_dir = \"keys/{id}\"\n\n[programme.settlement]\nmasters_dir = \"masters/{id}\"\n"
    );
    for (name, value) in [("cutoff", &arguments.cutoff), ("zone", &arguments.zone)] {
        if let Some(value) = value {
            // JSON writes texts as TOML reads them.
            programme.push_str(&format!("{name} = {}\n", json!(value)));
        }
    }
    let text = match fs::read_to_string(config) {
        Ok(before) => format!("{}\n{programme}", before.trim_end()),
        Err(_) => format!(
            "# The settings of this house. Every other setting, with unit, default and limit, is\n\
             # in the reference config/tallyhouse.toml.\n\ndata_dir = \"data\"\n\n[server]\n\
             listen = \"127.0.0.1:7400\"\npublic_origin_host = \"{}\"\n{programme}",
            arguments.host
        ),
    };
    Config::parse(&text).context("the settings would not be valid")?;
    let draft = config.with_extension("toml.draft");
    let written = fs::write(&draft, text).and_then(|()| fs::rename(&draft, config));
    written.with_context(|| format!("cannot write {}", config.display()))
}
