//! `tallyhouse-verify consistency`: does a later checkpoint extend an earlier one?

use super::audited;
use super::shelf::Shelf;
use super::tiles::{CHECKPOINT_BYTES_MAX, TilesReader};
use crate::audit::history::root_of;
use crate::cli::exit::Exit;
use crate::cli::style;
use crate::proof::base64url::decode_standard_array;
use crate::proof::checkpoint::Checkpoint;
use crate::proof::fork::{self, Evidence, Shown};
use crate::proof::merkle::{self, Hash, verify_consistency};
use crate::proof::note::VerifierKey;
use crate::proof::tile::{TILE_WIDTH, TileCoordinate};
use anyhow::Context;
use serde_json::json;
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// Why a fork across a rotation makes no portable evidence.
pub const NO_COMMON_KEY: &str = "no one key signed both checkpoints, as evidence takes: look for \
                                 two that the same key signed";
/// Longest proof file: 63 lines and room.
const PROOF_BYTES_MAX: usize = 16 << 10;

/// Checks that one checkpoint extends another: nothing before the older one was changed.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  tallyhouse-verify consistency monday.txt friday.txt \
                  --tiles friday --vkey ledger.vkey"
)]
pub struct Arguments {
    /// The older signed checkpoint
    old: PathBuf,
    /// The newer signed checkpoint
    new: PathBuf,
    /// The ledger's verifier key (name+hash+base64), or a file that holds one a line
    #[arg(long)]
    vkey: String,
    #[command(flatten)]
    way: Way,
    /// Where to write the evidence, if the two prove a fork
    #[arg(long, value_name = "FILE")]
    evidence: Option<PathBuf>,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

/// What shows that one tree begins with the other.
#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
struct Way {
    /// A folder with the tiles that the newer checkpoint covers
    #[arg(long, value_name = "DIR")]
    tiles: Option<PathBuf>,
    /// A consistency proof: its hashes in base64, one a line
    #[arg(long, value_name = "FILE")]
    proof: Option<PathBuf>,
}

/// Compares the two and prints what was found.
pub fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let keys = super::verifier_keys(&arguments.vkey)?;
    let old = super::read_text(&arguments.old, CHECKPOINT_BYTES_MAX)?;
    let new = super::read_text(&arguments.new, CHECKPOINT_BYTES_MAX)?;
    let both = match fork::in_order(&keys, &old, &new) {
        Ok([(older, _), (newer, _)]) => [older, newer],
        Err(error) => return Ok(refused(arguments.json, &error.to_string())),
    };
    let [older, newer] = &both;
    let shown = match &arguments.way {
        Way {
            tiles: Some(folder),
            ..
        } => from_tiles(folder, older, newer)?,
        Way { proof, .. } => {
            let proof = proof_of(proof.as_deref().context("--tiles or --proof")?)?;
            let root = older.root;
            let (old, new) = (older.size, newer.size);
            if !verify_consistency(old, &root, new, &newer.root, &proof) {
                let why = "the proof does not lead from the older checkpoint to the newer one";
                return Ok(refused(arguments.json, why));
            }
            Shown { root, proof }
        }
    };
    if shown.root == older.root {
        let (old, new) = (older.size, newer.size);
        match arguments.json {
            true => println!("{}", json!({"holds": true, "old": old, "new": new})),
            false => println!(
                "{} the first {} of {} entries are the same",
                style::good("holds:"),
                style::grouped(old),
                style::grouped(new)
            ),
        }
        return Ok(Exit::Done);
    }
    tell_fork(
        &keys,
        [&old, &new],
        &shown,
        arguments.evidence.as_deref(),
        arguments.json,
    )
}

/// Prints that a fork is proved, and writes the evidence where it is asked for.
pub fn tell_fork(
    keys: &[VerifierKey],
    [a, b]: [&str; 2],
    shown: &Shown,
    out: Option<&Path>,
    as_json: bool,
) -> anyhow::Result<Exit> {
    let Some(key) = fork::signer_of_both(keys, a, b) else {
        return Ok(refused(as_json, &format!("a fork, but {NO_COMMON_KEY}")));
    };
    let evidence = Evidence::of(key, a, b, Some(shown))?;
    if let Some(out) = out {
        audited::write_whole(out, evidence.to_json().as_bytes())?;
    }
    let finding = "a fork: one key signed two ledgers that differ";
    Ok(refused(as_json, finding))
}

/// Prints a finding.
pub fn refused(as_json: bool, finding: &str) -> Exit {
    match as_json {
        true => println!("{}", json!({"holds": false, "finding": finding})),
        false => println!("{} {finding}", style::bad("does not hold:")),
    }
    Exit::Refused
}

/// What the newer tree shows of itself at the older size. Its tiles have to lead to its root.
///
/// # Errors
/// Tiles are missing, or are not those of the newer checkpoint.
pub fn from_tiles(folder: &Path, older: &Checkpoint, newer: &Checkpoint) -> anyhow::Result<Shown> {
    let mut tree = Tree {
        tiles: TilesReader::open(Shelf::Folder(folder.to_owned()))?,
        size: newer.size,
        read: HashMap::new(),
    };
    let root = merkle::root_of(newer.size, |level, index| tree.node(level, index))?;
    anyhow::ensure!(
        root == newer.root,
        "the tiles in {} are not those of the newer checkpoint",
        folder.display()
    );
    let root = merkle::root_of(older.size, |level, index| tree.node(level, index))?;
    let node = |level, index| tree.node(level, index);
    let proof = merkle::consistency_proof(older.size, newer.size, node)?;
    Ok(Shown { root, proof })
}

/// Nodes of a tree in tiles; it keeps the few that it reads.
struct Tree {
    tiles: TilesReader,
    size: u64,
    read: HashMap<TileCoordinate, Vec<Hash>>,
}

impl Tree {
    fn node(&mut self, level: u32, index: u64) -> anyhow::Result<Hash> {
        let (tile_level, height) = (level / 8, level % 8);
        let per_tile = 8 - height;
        let coordinate = TileCoordinate {
            level: u8::try_from(tile_level)?,
            index: index >> per_tile,
        };
        if !self.read.contains_key(&coordinate) {
            let width = TILE_WIDTH as u64;
            let nodes = self.size >> (8 * tile_level);
            let count = nodes.saturating_sub(coordinate.index * width).min(width);
            let hashes = self.tiles.hashes(coordinate, usize::try_from(count)?)?;
            self.read.insert(coordinate, hashes);
        }
        let within = usize::try_from(index & ((1 << per_tile) - 1))?;
        let span = within << height..(within + 1) << height;
        let hashes = self.read[&coordinate].get(span);
        Ok(root_of(hashes.context("a tile is too short")?))
    }
}

fn proof_of(path: &Path) -> anyhow::Result<Vec<Hash>> {
    let text = super::read_text(path, PROOF_BYTES_MAX)?;
    let hashes = text
        .lines()
        .map(|line| decode_standard_array(line.as_bytes()));
    let hashes: Result<Vec<Hash>, _> = hashes.collect();
    hashes.map_err(|_| anyhow::anyhow!("{} is not lines of base64 hashes", path.display()))
}
