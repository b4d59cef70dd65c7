//! One flipped bit at every byte.

use super::Given;
use crate::support::Coalition;
use clap::Parser;
use std::io::BufReader;
use std::path::Path;
use tallyhouse::audit::{Check, Pins, Replay};
use tallyhouse::cli::exit::Exit;
use tallyhouse::cli::verify::{self, ExportReader};

/// A ledger of few entries: the founding, a partner, keys and prices.
fn small() -> Given {
    let coalition = Coalition::simulated("flips");
    let records = coalition.ledger.entries(0, 4).expect("entries");
    Given::made(
        records.into_iter().map(|record| record.entry).collect(),
        &coalition.origin,
    )
}

/// The entry that is named, if the damage was not found already where entries are told apart.
fn named(export: &[u8], pins: &Pins) -> Option<(u64, Check)> {
    let mut reader = ExportReader::new(BufReader::new(export));
    let mut replay = Replay::new();
    loop {
        match reader.next_entry() {
            Err(_) => return None,
            Ok(None) => break,
            Ok(Some(entry)) if replay.push(&entry).is_ok() => {}
            Ok(Some(_)) => break,
        }
    }
    let size = replay.size();
    let findings = match replay.finish(pins) {
        Ok(Some(verdict)) => verdict.findings,
        Ok(None) => replay.findings().to_vec(),
        Err(_) => return None,
    };
    let first = findings
        .first()
        .unwrap_or_else(|| panic!("damage passes with {size} entries"));
    Some((first.entry, first.check))
}

#[test]
fn a_flipped_bit_at_every_byte_of_the_entries_is_found_at_its_entry() {
    let given = small();
    let pins = Pins {
        checkpoint: Some(given.checkpoint.clone()),
        ledger_keys: vec![given.signer.verifier_key().clone()],
        ..Pins::default()
    };
    let whole = given.entries.concat();
    assert!(
        std::panic::catch_unwind(|| named(&whole, &pins)).is_err(),
        "it holds undamaged"
    );
    let (mut start, mut unnamed) = (0, 0);
    for (entry, bytes) in (0_u64..).zip(&given.entries) {
        for place in start..start + bytes.len() {
            let mut damaged = whole.clone();
            damaged[place] ^= 1 << (place % 8);
            match named(&damaged, &pins) {
                // A time that is another good one shows in the chain, or in the root at the end.
                Some((found, check)) => assert!(
                    found == entry
                        || (found == entry + 1 && [Check::Prev, Check::Root].contains(&check)),
                    "byte {place} of entry {entry}: {check:?} at {found}"
                ),
                None => unnamed += 1,
            }
        }
        start += bytes.len();
    }
    assert!(
        unnamed < whole.len() / 20,
        "{unnamed} of {} not named",
        whole.len()
    );
}

fn exit(path: &Path, vkey: &str) -> Option<Exit> {
    let args = [
        "tallyhouse-verify",
        "ledger",
        "--jobs",
        "1",
        "--json",
        "--vkey",
        vkey,
    ];
    let args = args.iter().map(AsRef::as_ref).chain([path.as_os_str()]);
    let arguments = verify::Arguments::try_parse_from(args).expect("arguments");
    verify::run(&arguments).ok()
}

#[test]
fn a_flipped_bit_at_every_byte_of_the_tiles_is_found() {
    let given = small();
    let (folder, vkey) = (given.tiles(), given.vkey());
    assert_eq!(exit(&folder, &vkey), Some(Exit::Done));
    let width = given.entries.len();
    for name in [
        "checkpoint".to_owned(),
        format!("tile/0/000.p/{width}"),
        format!("tile/entries/000.p/{width}"),
    ] {
        let file = folder.join(&name);
        let whole = std::fs::read(&file).expect("it is there");
        for place in 0..whole.len() {
            let mut damaged = whole.clone();
            damaged[place] ^= 1 << (place % 8);
            std::fs::write(&file, damaged).expect("it is written");
            let exit = exit(&folder, &vkey);
            assert_ne!(exit, Some(Exit::Done), "byte {place} of {name}");
        }
        std::fs::write(&file, whole).expect("it is written");
    }
    assert_eq!(exit(&folder, &vkey), Some(Exit::Done));
}
