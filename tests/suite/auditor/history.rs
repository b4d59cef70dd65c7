//! Entries left out, exchanged, repeated, cut off, and signed by whom they must not be.

use super::{Given, first_finding, trade};
use crate::support::{Coalition, signer};
use tallyhouse::proof::chain::ChainHasher;
use tallyhouse::proof::entry::Entry;
use tallyhouse::proof::jws::{Jws, Typ, sign};

fn given(id: &str) -> (Coalition, Given) {
    let coalition = Coalition::simulated(id);
    trade(&coalition, 1);
    trade(&coalition, 2);
    let given = Given::of(&coalition);
    (coalition, given)
}

#[test]
fn many_threads_and_one_come_to_the_same_verdict() {
    let (_, given) = given("threads");
    let alone = given.verdict(&["--jobs", "1"]);
    assert_eq!(alone.0, 0, "{}", alone.1);
    for jobs in ["2", "3", "64"] {
        assert_eq!(given.verdict(&["--jobs", jobs]), alone, "{jobs} threads");
    }
    for entry in [3, given.entries.len() - 1] {
        let mut entries = given.entries.clone();
        let last = entries[entry].len() - 40;
        entries[entry][last] ^= 1;
        given.write("entries.cbor", &entries.concat());
        let alone = given.verdict(&["--jobs", "1"]);
        assert_eq!(first_finding(&alone.1).0, entry as u64);
        assert_eq!(given.verdict(&["--jobs", "3"]), alone);
    }
}

#[test]
fn what_is_cut_off_left_out_exchanged_or_repeated_is_found() {
    let (_, given) = given("gaps");
    let entries = &given.entries;
    let whole = entries.concat();
    let check = |export: &[u8], code: i32, entry: Option<u64>| {
        given.write("entries.cbor", export);
        let (found, said) = given.verdict(&[]);
        assert_eq!(found, code, "{said}");
        if let Some(entry) = entry {
            assert_eq!(first_finding(&said).0, entry);
        }
    };
    check(&whole, 0, None);
    check(&whole[..whole.len() - 1], 2, None);
    check(&entries[..entries.len() - 1].concat(), 2, None);
    check(&[], 2, None);
    check(b"{}", 2, None);
    check(&entries[1..].concat(), 1, Some(0));
    for place in 1..entries.len() - 1 {
        let mut other = entries.clone();
        other.remove(place);
        check(&other.concat(), 1, Some(place as u64));
        let mut other = entries.clone();
        other.swap(place, place + 1);
        check(&other.concat(), 1, Some(place as u64));
        let mut other = entries.clone();
        other.insert(place, entries[place - 1].clone());
        check(&other.concat(), 1, Some(place as u64));
    }
}

/// The last entry with its envelope signed again by this key.
fn signed_again(given: &Given, kid: &str) -> Vec<u8> {
    let last = given.entries.last().expect("entries");
    let mut entry = Entry::decode(last).expect("an entry");
    let compact = sign(Typ::Submission, &entry.payload, &signer(kid));
    let jws = Jws::parse(compact.as_bytes(), Typ::Submission).expect("an envelope");
    entry.protected = jws.protected;
    entry.signature = jws.signature;
    let mut bytes = Vec::new();
    entry.encode(&mut bytes);
    bytes
}

#[test]
fn an_entry_signed_by_a_key_that_was_not_good_is_found_even_under_a_new_root() {
    let (coalition, given) = given("keys");
    let last = given.entries.len() as u64 - 1;
    for (kid, check) in [
        ("bakery/old", "author"),
        ("grocer/unknown", "signature"),
        ("grocer/manage", "admission"),
        ("house/govern-1", "author"),
    ] {
        let mut entries = given.entries.clone();
        *entries.last_mut().expect("entries") = signed_again(&given, kid);
        let forged = Given::made(entries, &coalition.origin);
        let (code, said) = forged.verdict(&[]);
        assert_eq!(code, 1, "{kid}: {said}");
        assert_eq!(
            first_finding(&said),
            (last, check.to_owned()),
            "{kid}: {said}"
        );
    }
}

#[test]
fn a_ledger_without_its_last_entries_is_caught_by_whoever_saw_them() {
    let (coalition, given) = given("rollback");
    let shorter = given.entries[..given.entries.len() - 2].to_vec();
    let rolled_back = Given::made(shorter, &coalition.origin);
    assert_eq!(rolled_back.verdict(&[]).0, 0, "it holds by itself");
    let seen = given.path("checkpoint").display().to_string();
    let (code, said) = rolled_back.verdict(&["--checkpoint", &seen]);
    assert_eq!(code, 2, "{said}");
    let chain = ChainHasher::new().hash(&given.entries[0]);
    let found: String = chain.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(given.verdict(&["--found", &found]).0, 0);
    let (code, said) = given.verdict(&["--found", &"0".repeat(64)]);
    assert_eq!((code, first_finding(&said)), (1, (0, "found".to_owned())));
    for wrong in ["", "xyz", &"é".repeat(32)] {
        assert_eq!(given.verdict(&["--found", wrong]).0, 2);
    }
}
