//! Folders of tiles that lack something, hold something else, or lie about sizes.

use super::{Given, bundle, checkpoint, first_finding, trade};
use crate::support::Coalition;
use std::path::Path;
use tallyhouse::proof::checkpoint::Checkpoint;

/// More entries than one tile holds.
fn given() -> Given {
    let coalition = Coalition::simulated("tiles");
    for n in 0..130 {
        trade(&coalition, n);
    }
    let given = Given::of(&coalition);
    assert!(given.entries.len() > 256);
    given
}

fn rewrite(path: &Path, change: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let whole = std::fs::read(path).expect("it is there");
    let mut changed = whole.clone();
    change(&mut changed);
    std::fs::write(path, changed).expect("it is written");
    whole
}

#[test]
fn tiles_come_to_the_verdict_of_the_entries_and_each_of_them_is_looked_at() {
    let given = given();
    let folder = given.tiles();
    let (code, by_tiles) = given.ledger(&folder, &[]);
    assert_eq!((code, by_tiles), given.verdict(&[]));
    assert_eq!(code, 0);
    let behind = given.entries.len() - 256;
    let tiles = [
        ("tile/0/000".to_owned(), 0),
        (format!("tile/0/001.p/{behind}"), 256),
        ("tile/1/000.p/1".to_owned(), 0),
        ("tile/entries/000".to_owned(), 0),
        (format!("tile/entries/001.p/{behind}"), 256),
        ("checkpoint".to_owned(), 0),
    ];
    for (name, _) in &tiles {
        let file = folder.join(name);
        let aside = folder.join("aside");
        std::fs::rename(&file, &aside).expect("it is moved");
        let (code, said) = given.ledger(&folder, &[]);
        assert_eq!(code, 2, "without {name}: {said}");
        std::fs::rename(&aside, &file).expect("it is moved back");
        for change in [
            Vec::clear,
            |bytes: &mut Vec<u8>| {
                bytes.pop();
            },
            |bytes: &mut Vec<u8>| bytes.push(7),
        ] {
            let whole = rewrite(&file, change);
            let (code, said) = given.ledger(&folder, &[]);
            assert!([1, 2].contains(&code), "{name}: {code} {said}");
            std::fs::write(&file, whole).expect("it is written back");
        }
    }
    for (name, first) in &tiles[..3] {
        let whole = rewrite(&folder.join(name), |bytes| bytes[0] ^= 1);
        let (code, said) = given.ledger(&folder, &[]);
        assert_eq!(
            (code, first_finding(&said)),
            (1, (*first, "tile".to_owned()))
        );
        std::fs::write(folder.join(name), whole).expect("it is written back");
    }
    assert_eq!(given.ledger(&folder, &[]).0, 0);
}

#[test]
fn tiles_at_each_others_places_and_repeated_ones_are_found() {
    let given = given();
    let folder = given.tiles();
    let behind = given.entries.len() - 256;
    for (kind, codes) in [("0", [1, 1]), ("entries", [1, 2])] {
        let first = folder.join(format!("tile/{kind}/000"));
        let second = folder.join(format!("tile/{kind}/001.p/{behind}"));
        let (one, other) = (
            std::fs::read(&first).unwrap(),
            std::fs::read(&second).unwrap(),
        );
        // The first where the second belongs: a full tile serves, with its first entries.
        std::fs::write(&second, &one).unwrap();
        let (code, said) = given.ledger(&folder, &[]);
        assert_eq!(
            (code, first_finding(&said).0),
            (codes[0], 256),
            "{kind}: {said}"
        );
        std::fs::write(&first, &other).unwrap();
        let (code, said) = given.ledger(&folder, &[]);
        assert_eq!(code, codes[1], "{kind}: {said}");
        std::fs::write(&first, &one).unwrap();
        std::fs::write(&second, &other).unwrap();
    }
    let mut entries = given.entries.clone();
    entries.swap(255, 256);
    given.write("tiles/tile/entries/000", &bundle(&entries[..256]));
    given.write(
        &format!("tiles/tile/entries/001.p/{behind}"),
        &bundle(&entries[256..]),
    );
    let (code, said) = given.ledger(&folder, &[]);
    assert_eq!((code, first_finding(&said).0), (1, 255));
}

#[test]
fn sizes_that_the_house_signed_and_has_no_entries_for_are_no_verdict() {
    let coalition = Coalition::simulated("sizes");
    let given = Given::of(&coalition);
    let folder = given.tiles();
    let root = super::history(&given.entries).root();
    let own = given.entries.len() as u64;
    for size in [own + 1, 256, 257, 1 << 40, (1 << 63) - 1, 1 << 63, u64::MAX] {
        let origin = coalition.origin.clone();
        let note = Checkpoint { origin, size, root }.sign(&[&given.signer]);
        given.write("tiles/checkpoint", note.as_bytes());
        let (code, said) = given.ledger(&folder, &[]);
        assert_eq!(code, 2, "{size}: {said}");
    }
    let origin = coalition.origin.clone();
    let none = Checkpoint {
        origin,
        size: 0,
        root,
    }
    .sign(&[&given.signer]);
    given.write("tiles/checkpoint", none.as_bytes());
    assert_eq!(given.ledger(&folder, &[]).0, 2);
    for note in [
        "",
        "\n\n",
        "a\n1\nAAAA\n\n",
        "a\n99999999999999999999\nAAAA\n\n\u{2014} a AA\n",
    ] {
        given.write("tiles/checkpoint", note.as_bytes());
        assert_eq!(given.ledger(&folder, &[]).0, 2, "{note:?}");
    }
    let shorter = checkpoint(&given.entries[..3], &given.signer);
    given.write("tiles/checkpoint", shorter.as_bytes());
    let width = given.entries.len();
    let full = folder.join(format!("tile/entries/000.p/{width}"));
    assert_eq!(given.ledger(&folder, &[]).0, 2, "no tile of 3");
    let three = std::fs::read(full).unwrap();
    given.write("tiles/tile/entries/000.p/3", &three);
    assert_eq!(given.ledger(&folder, &[]).0, 2, "more entries than 3");
}
