//! The log's public face: tiles, bundles, proofs for any size, and portable receipts, checked with
//! `ct-merkle` as the oracle.

use super::{Town, issue};
use crate::support::{Answer, Coalition, Server};
use ct_merkle::mem_backed_tree::MemoryBackedTree;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};
use sha2::Sha256;
use std::io::{Read, Write};
use std::net::TcpStream;
use tallyhouse::proof::base64url::decode_standard_array;
use tallyhouse::proof::checkpoint::{Checkpoint, Extensions};
use tallyhouse::proof::entry::EntryRef;
use tallyhouse::proof::merkle::{Hash, leaf_hash, verify_consistency, verify_inclusion};
use tallyhouse::proof::tile::{Edge, TileCoordinate, TilePath, bundle_entries, tile_hashes};
use tallyhouse::proof::tlog_proof::TlogProof;

/// What a tile that may be kept by anybody says about caching.
const FOR_EVER: &str = "public, max-age=31536000, immutable";

/// Entries enough for two full tiles of leaf hashes and a partial one.
const ENTRIES: u64 = 600;

/// A coalition with many entries.
fn long_coalition() -> Coalition {
    let coalition = Coalition::simulated("demo");
    coalition.lengthen("m1", ENTRIES);
    coalition
}

fn long_town() -> Town {
    let coalition = long_coalition();
    let server = Server::of(&coalition);
    Town { server, coalition }
}

fn entries(coalition: &Coalition) -> Vec<Vec<u8>> {
    let all = coalition.ledger.entries(0, usize::MAX).expect("entries");
    all.into_iter().map(|record| record.entry).collect()
}

fn root_of(entries: &[Vec<u8>]) -> Hash {
    let mut oracle = MemoryBackedTree::<Sha256, Vec<u8>>::new();
    entries.iter().for_each(|entry| oracle.push(entry.clone()));
    oracle.root().as_bytes()[..].try_into().expect("32 bytes")
}

fn public(town: &Town, path: &str) -> Answer {
    town.server.get(&format!("/v1/demo/log/{path}"), None)
}

/// Addresses near those of tiles, of a ledger of 600 entries.
const NO_TILES: [&str; 53] = [
    "tile/0/002",
    "tile/0/002.p/89",
    "tile/0/003",
    "tile/0/003.p/1",
    "tile/1/000",
    "tile/1/000.p/3",
    "tile/1/001.p/1",
    "tile/2/000.p/1",
    "tile/7/000.p/1",
    "tile/8/000.p/1",
    "tile/9/000.p/1",
    "tile/63/000.p/1",
    "tile/63/000",
    "tile/64/000",
    "tile/255/000",
    "tile/256/000",
    "tile/00/000",
    "tile/-1/000",
    "tile/+0/000",
    "tile/0/000.p/0",
    "tile/0/000.p/256",
    "tile/0/000.p/01",
    "tile/0/000.p/",
    "tile/0/000.p",
    "tile/0/000.p/1/",
    "tile/0/0",
    "tile/0/00",
    "tile/0/0000",
    "tile/0/x000/000",
    "tile/0/x000/001",
    "tile/0/000/",
    "tile/0/001/000",
    "tile/0/x001",
    "tile/0/x001/000",
    "tile/0//000",
    "tile//0/000",
    "tile/0/%30%30%30",
    "tile/0/000%2ep/1",
    "tile/%30/000",
    "tile%2f0/000",
    "tile/0/00\u{661}",
    "tile/0/..%2f000",
    "tile/data/000",
    "tile/8/0/000",
    "tile/",
    "tile",
    "tile/0",
    "tile/0/",
    "tile/entries",
    "tile/entries/",
    "tile/%65ntries/000",
    "tiles/0/000",
    "Tile/0/000",
];

#[test]
fn tiles_have_one_address_each() {
    let town = long_town();
    let good = [
        ("tile/0/000", 256),
        ("tile/0/001", 256),
        ("tile/0/002.p/88", 88),
        ("tile/0/002.p/1", 1),
        ("tile/0/000.p/1", 1),
        ("tile/0/001.p/255", 255),
        ("tile/1/000.p/2", 2),
        ("tile/1/000.p/1", 1),
    ];
    for (path, width) in good {
        let answer = public(&town, path);
        assert_eq!(
            (answer.status, answer.body.len()),
            (200, width * 32),
            "{path}"
        );
        assert_eq!(answer.header("content-type"), "application/octet-stream");
        assert_eq!(answer.header("cache-control"), FOR_EVER);
        assert_eq!(answer.header("access-control-allow-origin"), "*");
    }
    let head = town
        .server
        .ask("HEAD", "/v1/demo/log/tile/0/000", None, &[], b"");
    assert_eq!(
        (head.status, head.header("content-length").as_str()),
        (200, "8192")
    );
    assert_eq!(
        public(&town, "checkpoint").header("access-control-allow-origin"),
        "*"
    );
    assert_eq!(
        public(&town, "checkpoint").header("cache-control"),
        "no-cache"
    );
}

#[test]
fn what_is_no_tile_has_no_address() {
    let town = long_town();
    let audit = town.coalition.audit_token();
    let huge = [
        long_index(1 << 63),
        long_index(u64::MAX),
        "x018/x446/x744/x073/x709/x551/616.p/1".to_owned(),
        format!("{}.p/1", long_index(1 << 56)),
    ];
    let huge = huge.map(|index| format!("tile/0/{index}"));
    let bad = NO_TILES.into_iter().chain(huge.iter().map(String::as_str));
    for path in bad {
        let answer = town
            .server
            .get(&encoded(&format!("/v1/demo/log/{path}")), Some(&audit));
        assert_eq!(answer.code(), "not_found", "{path}");
        assert_eq!(answer.header("cache-control"), "no-store", "{path}");
        let bundle = path.replacen("/0/", "/entries/", 1);
        let address = encoded(&format!("/v1/demo/log/{bundle}"));
        let answer = town.server.get(&address, Some(&audit));
        assert_eq!(answer.code(), "not_found", "{bundle}");
    }
}

/// Letters that no client sends as they are.
fn encoded(path: &str) -> String {
    path.replace('\u{661}', "%D9%A1")
}

fn long_index(index: u64) -> String {
    let at = TileCoordinate { level: 0, index };
    let path = TilePath::full(at).to_string();
    path.strip_prefix("tile/0/").expect("of level 0").to_owned()
}

#[test]
fn a_partial_tile_is_the_beginning_of_the_full_one_and_never_changes() {
    let coalition = Coalition::simulated("demo");
    coalition.lengthen("m1", 200);
    let town = Town {
        server: Server::of(&coalition),
        coalition,
    };
    let audit = town.coalition.audit_token();
    let bundle = |path: &str| {
        town.server
            .get(&format!("/v1/demo/log/{path}"), Some(&audit))
            .body
    };
    let before = public(&town, "tile/0/000.p/200").body;
    let entries_before = bundle("tile/entries/000.p/200");
    assert_eq!(public(&town, "tile/0/000.p/201").code(), "not_found");
    assert_eq!(public(&town, "tile/0/000").code(), "not_found");
    assert_eq!(public(&town, "tile/1/000.p/1").code(), "not_found");
    town.coalition.lengthen("m1", 256);
    assert_eq!(public(&town, "tile/0/000.p/200").body, before);
    assert_eq!(bundle("tile/entries/000.p/200"), entries_before);
    let full = public(&town, "tile/0/000").body;
    assert_eq!(full[..before.len()], before);
    assert!(bundle("tile/entries/000").starts_with(&entries_before));
    assert_eq!(
        public(&town, "tile/0/001.p/1").code(),
        "not_found",
        "no empty tiles"
    );
    assert_eq!(
        public(&town, "tile/1/000.p/1").body,
        root_of(&entries(&town.coalition))
    );
}

#[test]
fn bundles_are_for_auditors_unless_the_house_makes_them_public() {
    let town = long_town();
    let all = entries(&town.coalition);
    let path = "/v1/demo/log/tile/entries/001";
    assert_eq!(town.server.get(path, None).code(), "token_missing");
    for (kid, scope, code) in [
        ("bakery/till", "read", "scope_missing"),
        ("house/operate-1", "operate", "scope_missing"),
        ("house/audit-1", "audit", "200"),
    ] {
        let answer = town.get_as(kid, scope, "/log/tile/entries/001");
        assert_eq!(answer.code(), code, "{kid}");
    }
    let of = |answer: &Answer| -> Vec<Vec<u8>> {
        let entries = bundle_entries(&answer.body).expect("a bundle");
        entries.into_iter().map(<[u8]>::to_vec).collect()
    };
    let audit = town.coalition.audit_token();
    let full = town.server.get(path, Some(&audit));
    assert_eq!(of(&full), all[256..512]);
    assert_eq!(full.header("content-type"), "application/octet-stream");
    assert_eq!(
        full.header("cache-control"),
        FOR_EVER.replace("public", "private")
    );
    assert!(
        full.header("vary").contains("authorization"),
        "{}",
        full.header("vary")
    );
    assert_eq!(full.header("access-control-allow-origin"), "");
    let partial = town.get_as("house/audit-1", "audit", "/log/tile/entries/002.p/88");
    assert_eq!(of(&partial), all[512..600]);
    let beyond = town.get_as("house/audit-1", "audit", "/log/tile/entries/002.p/89");
    assert_eq!(beyond.code(), "not_found");

    // As it is on the wire: a client would undo the compression, and say nothing.
    let mut wire = TcpStream::connect(town.server.address).expect("it listens");
    let ask = format!(
        "GET {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {audit}\r\n\
         accept-encoding: gzip\r\nconnection: close\r\n\r\n"
    );
    wire.write_all(ask.as_bytes()).expect("it is sent");
    let mut sent = Vec::new();
    wire.read_to_end(&mut sent).expect("it is answered");
    let head = String::from_utf8_lossy(&sent);
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    assert!(head.contains("content-encoding: gzip"), "{head}");
    assert!(sent.len() < full.body.len(), "{} bytes", sent.len());
    let identity = [("accept-encoding", "identity")];
    let plain = town.server.ask("GET", path, Some(&audit), &identity, b"");
    assert_eq!(
        (plain.header("content-encoding").as_str(), &plain.body),
        ("", &full.body)
    );

    let coalition = Coalition::simulated("demo");
    let open = Server::with_public_entries(&coalition);
    let answer = open.get("/v1/demo/log/tile/entries/000.p/3", None);
    assert_eq!(of(&answer), entries(&coalition)[..3]);
    assert_eq!(answer.header("cache-control"), FOR_EVER);
    assert_eq!(answer.header("access-control-allow-origin"), "*");
    assert_eq!(open.get("/v1/demo/entries", None).code(), "token_missing");
}

fn hashes(body: &Value) -> Vec<Hash> {
    let hashes = body["hashes"].as_array().expect("hashes").iter();
    hashes.map(hash).collect()
}

fn hash(text: &Value) -> Hash {
    decode_standard_array(text.as_str().expect("text").as_bytes()).expect("32 bytes")
}

#[test]
fn any_entry_is_proved_at_any_size_and_any_two_sizes_are_consistent() {
    let town = long_town();
    let all = entries(&town.coalition);
    let config = ProptestConfig {
        cases: 64,
        failure_persistence: None,
        ..Default::default()
    };
    let sizes = (1..=ENTRIES, 0..=ENTRIES, any::<prop::sample::Index>());
    let check = |(size, other, pick): (u64, u64, prop::sample::Index)| {
        let count = usize::try_from(size).expect("small");
        let index = pick.index(count);
        let root = root_of(&all[..count]);
        let body = public(&town, &format!("inclusion?index={index}&size={size}")).json();
        prop_assert_eq!(
            (&body["index"], &body["size"]),
            (&json!(index), &json!(size))
        );
        prop_assert_eq!(hash(&body["root"]), root);
        let leaf = leaf_hash(&all[index]);
        prop_assert!(verify_inclusion(
            &leaf,
            index as u64,
            size,
            &hashes(&body),
            &root
        ));
        prop_assert_eq!(body.get("checkpoint").is_some(), size == ENTRIES);

        let (from, to) = (size.min(other), size.max(other));
        let body = public(&town, &format!("consistency?from={from}&to={to}")).json();
        let root_of = |size: u64| root_of(&all[..usize::try_from(size).expect("small")]);
        prop_assert_eq!(hash(&body["from_root"]), root_of(from));
        prop_assert_eq!(hash(&body["to_root"]), root_of(to));
        let proof = hashes(&body);
        prop_assert!(verify_consistency(
            from,
            &root_of(from),
            to,
            &root_of(to),
            &proof
        ));
        Ok(())
    };
    TestRunner::new(config)
        .run(&sizes, check)
        .expect("every proof holds");

    let key = town.coalition.verifier_key();
    let now = public(&town, "inclusion?index=599").json();
    let note = now["checkpoint"].as_str().expect("the present checkpoint");
    let known = [key];
    let opened = Checkpoint::open(
        note.as_bytes(),
        known[0].name(),
        &known,
        Extensions::Refused,
    );
    assert_eq!(opened.expect("signed").0.root, hash(&now["root"]));
    let all_of_it = public(&town, "consistency?from=256").json();
    assert_eq!(
        (&all_of_it["to"], &all_of_it["checkpoint"]),
        (&json!(600), &now["checkpoint"])
    );
}

#[test]
fn a_range_that_is_none_is_refused_in_words() {
    let town = Town::new();
    let size = town.coalition.size();
    for (query, code, said) in [
        (
            format!("inclusion?index={size}"),
            "malformed",
            "index must be less than size",
        ),
        (
            "inclusion?index=3&size=3".into(),
            "malformed",
            "entry 3 is not among the first 3",
        ),
        (
            "inclusion?index=0&size=0".into(),
            "malformed",
            "not among the first 0",
        ),
        (
            format!("inclusion?index=0&size={}", size + 1),
            "not_found",
            "there is no proof for",
        ),
        (
            format!("inclusion?index=0&size={}", u64::MAX),
            "not_found",
            "there is no proof for",
        ),
        (
            "inclusion?index=18446744073709551616".into(),
            "malformed",
            "index",
        ),
        ("inclusion?index=-1".into(), "malformed", "index"),
        ("inclusion?size=3".into(), "malformed", "index"),
        ("inclusion?index=1&of=3".into(), "malformed", "of"),
        (
            "consistency?from=3&to=2".into(),
            "malformed",
            "from is the smaller size",
        ),
        (
            format!("consistency?from={}", size + 1),
            "not_found",
            "there is no proof for",
        ),
        (
            format!("consistency?from=1&to={}", size + 1),
            "not_found",
            "there is no proof for",
        ),
        ("consistency".into(), "malformed", "from"),
    ] {
        let answer = public(&town, &query);
        assert_eq!(answer.code(), code, "{query}");
        let detail = answer.json()["detail"].as_str().expect("words").to_owned();
        assert!(detail.contains(said), "{query}: {detail}");
    }
    let empty = public(&town, "consistency?from=0&to=0").json();
    assert_eq!(
        (hash(&empty["to_root"]), hashes(&empty).len()),
        (root_of(&[]), 0)
    );
}

#[test]
fn a_portable_proof_is_for_everybody_and_the_bytes_beside_it_are_not() {
    let town = Town::new();
    let receipt = town.send_applied("bakery/till", "s1", &json!([issue("i1", "m1", 5)]));
    let index = receipt["index"].as_u64().expect("a number");
    let path = format!("/receipts/{index}.tlog-proof");
    let answer = town.server.get(&format!("/v1/demo{path}"), None);
    assert_eq!(answer.header("content-type"), "text/plain; charset=utf-8");
    assert_eq!(answer.header("access-control-allow-origin"), "*");
    let proof = TlogProof::parse(&answer.body).expect("a proof");
    assert_eq!((proof.index, proof.extra.as_ref()), (index, None));

    let bytes = |ending: &str| {
        let answer = town.get_as(
            "bakery/till",
            "read",
            &format!("/receipts/{index}.{ending}"),
        );
        assert_eq!(answer.header("content-type"), "application/cbor");
        answer.body
    };
    let (entry, effects) = (bytes("entry"), bytes("effects"));
    let known = [town.coalition.verifier_key()];
    let verified = proof.verify(&leaf_hash(&entry), &town.coalition.origin, &known);
    assert_eq!(verified.expect("it holds").0.size, town.coalition.size());
    let digest = EntryRef::decode(&entry).expect("an entry").effects_digest;
    assert_eq!(digest[..], *blake3::hash(&effects).as_bytes());

    for ending in ["entry", "effects"] {
        let path = format!("/receipts/{index}.{ending}");
        assert_eq!(
            town.get_as("grocer/till", "read", &path).code(),
            "not_found"
        );
        assert_eq!(town.get_as("house/audit-1", "audit", &path).status, 200);
        let beyond = format!("/receipts/{}.{ending}", index + 1);
        assert_eq!(
            town.get_as("house/audit-1", "audit", &beyond).code(),
            "not_found"
        );
        assert_eq!(
            town.server.get(&format!("/v1/demo{path}"), None).code(),
            "token_missing"
        );
    }
    for (name, code) in [
        (format!("{}.tlog-proof", index + 1), "not_found"),
        ("x.tlog-proof".into(), "malformed"),
        (".tlog-proof".into(), "malformed"),
        ("-1.entry".into(), "malformed"),
        (format!("{index}.pdf"), "not_found"),
        (format!("{index}."), "malformed"),
        (format!("{index}.entry.entry"), "not_found"),
    ] {
        let answer = town.get_as("house/audit-1", "audit", &format!("/receipts/{name}"));
        assert_eq!(answer.code(), code, "{name}");
    }
}

/// Property: what is served for a size leads to the root of that size, at every size.
#[test]
fn the_tiles_of_every_size_lead_to_its_root() {
    let coalition = long_coalition();
    let ledger = &coalition.ledger;
    let all = entries(&coalition);
    let mut oracle = MemoryBackedTree::<Sha256, Vec<u8>>::new();
    for size in 1..=ENTRIES {
        oracle.push(all[usize::try_from(size).expect("small") - 1].clone());
        let edge = Edge::of_partial_tiles(size, |path| {
            let tile = ledger.hash_tile(path).expect("the store answers");
            tile.ok_or_else(|| path.to_string())
        });
        let edge = edge.unwrap_or_else(|error| panic!("{size}: {error:?}"));
        assert_eq!(edge.root()[..], oracle.root().as_bytes()[..], "{size}");
    }
    for index in 0..2 {
        let full = TilePath::full(TileCoordinate { level: 0, index });
        let tile = ledger.hash_tile(full).expect("the store answers");
        let hashes = tile_hashes(&tile.expect("a full tile"), 256).expect("256 hashes");
        let bundle = ledger.entry_bundle(TilePath::bundle(index, None));
        let bundle = bundle.expect("the store answers").expect("a full bundle");
        let entries = bundle_entries(&bundle).expect("whole entries");
        let leaves: Vec<Hash> = entries.into_iter().map(leaf_hash).collect();
        assert_eq!(leaves, hashes);
        assert_eq!(
            ledger
                .hash_tile(TilePath::bundle(index, None))
                .expect("an answer"),
            None
        );
        assert_eq!(ledger.entry_bundle(full).expect("an answer"), None);
    }
    ledger.close();
}
