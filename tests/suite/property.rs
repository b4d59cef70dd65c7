//! What holds for any sequence of ops, and for any bytes.
//!
//! [`House::submit`] checks after each submission that effects lead back from their bytes, that
//! books are the sum over members, and that nets sum to zero; the domain asserts its own.

use crate::house::{
    self, House, ISSUER_PAYS, ISSUER_PAYS_DEBT, PARTNERS, POOL, POOL_DEBT, op, submission,
};
use proptest::prelude::*;
use serde_json::Value;
use tallyhouse::domain::ids::{Party, Reference};
use tallyhouse::domain::time::Micros;
use tallyhouse::proof::{effects, payload};

fn config(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

/// One op by numbers: its kind, two choices and an amount.
type Draw = (u8, u8, u8, u16);

#[derive(Debug, Clone)]
struct Drawn {
    author: u8,
    atomic: bool,
    wait_h: u8,
    ops: Vec<Draw>,
}

fn drawn() -> impl Strategy<Value = Drawn> {
    let draw = (0..24_u8, any::<u8>(), any::<u8>(), 0..400_u16);
    let ops = prop::collection::vec(draw, 1..5);
    let fields = (any::<u8>(), any::<bool>(), 0..40_u8, ops);
    fields.prop_map(|(author, atomic, wait_h, ops)| Drawn {
        author,
        atomic,
        wait_h,
        ops,
    })
}

/// A sentence of a partner. Ids are few, so that later ops hit earlier ones.
fn member_sentence(&(kind, a, b, points): &Draw) -> String {
    let (id, target) = (format!("o{a}"), format!("o{b}"));
    let (one, other) = (format!("m{}", a % 5), format!("m{}", 5 + b % 3));
    let act = 1 + a % 9;
    match kind {
        0..=4 => format!("issue {id} {one} {points}"),
        5 => format!("issue {id} {one} {points} activates_on=2026-03-0{act}"),
        6 => format!("issue {id} {one} {points} expires_on=2026-03-0{act}"),
        7 => format!(
            "issue {id} {one} {}",
            9_007_199_254_740_991 - u64::from(points)
        ),
        8..=10 => format!("burn {id} {one} {points}"),
        11 => format!("burn {id} {one} {points} allow_partial=true"),
        12..=14 => format!("hold {id} {one} {points} {}", 1 + u32::from(b) * 500),
        15 | 16 => format!("capture {id} {target} {points}"),
        17 => format!("release {id} {target}"),
        18..=20 => format!("reverse {id} {target} {points}"),
        _ => format!("transfer {id} {one} {other} {points}"),
    }
}

/// A sentence of the house.
fn house_sentence(&(kind, a, b, points): &Draw) -> String {
    let (id, target) = (format!("o{a}"), format!("o{b}"));
    let partner = PARTNERS[usize::from(b) % PARTNERS.len()];
    let member = format!("m{}", a % 8);
    let cents = 1 + b % 99;
    match kind {
        0 | 1 => format!("member_freeze {id} {member}"),
        2 | 3 => format!("member_unfreeze {id} {member}"),
        4 => format!("partner_set {id} {partner} status=suspended"),
        5..=7 => format!("partner_set {id} {partner}"),
        8 => format!("partner_set {id} new{}", a % 4),
        9 | 10 => format!("propose {id} price_set default=0.{cents:02}/0.0{cents:02}/0.01/0.001"),
        11 => format!("propose {id} limit_set partner partner={partner} exposure={points}.00"),
        12 => format!("propose {id} limit_set member burn_points_per_day={points}"),
        13 => format!(
            "propose {id} programme_set grace_days={b} reversible_days={}",
            1 + u32::from(a)
        ),
        14 => format!("propose {id} adjust credit 1/0 member={member} issuer={partner} points={b}"),
        15 => format!("propose {id} adjust debit 1/0 member={member} issuer={partner} points={b}"),
        16 => {
            let parties = format!("debtor={partner} creditor=house");
            format!("propose {id} adjust amount 1/0 {parties} amount={points}.01")
        }
        17 => format!("key_revoke {id} k1 author={partner}"),
        _ => format!("approve {id} {target}"),
    }
}

fn run(house: &mut House, drawn: &Drawn) {
    house.run(&format!("wait {}h", drawn.wait_h));
    let author = match drawn.author {
        0..=180 => PARTNERS[usize::from(drawn.author) % PARTNERS.len()],
        181..=210 => "house/g1",
        211..=240 => "house/g2",
        _ => {
            let today = house.now.day(0).0;
            let up_to = tallyhouse::domain::time::Day(today - 1);
            let id = format!("e{}", house.entry);
            house.submit(
                "house/o1",
                "independent",
                &[op(&format!("expire {id} {up_to}"))],
            );
            return;
        }
    };
    let sentence = match author.starts_with("house") {
        true => house_sentence,
        false => member_sentence,
    };
    let ops: Vec<Value> = drawn.ops.iter().map(|draw| op(&sentence(draw))).collect();
    if !drawn.atomic {
        house.submit(author, "independent", &ops);
        return;
    }
    let keys = all_ops(house);
    let before = house.snapshot(&keys);
    let effects = house.submit(author, "atomic", &ops);
    if !effects.iter().all(|effect| effect.outcome().is_applied()) {
        assert!(
            before == house.snapshot(&keys),
            "an atomic failure changed the state"
        );
    }
}

/// The keys of every op that there may be, loaded.
fn all_ops(house: &mut House) -> Vec<(Party, Reference)> {
    let ids = (0..=255).map(|n| Reference::parse(&format!("o{n}")).expect("a reference"));
    let keys: Vec<_> = ids
        .flat_map(|id| (0..4).map(move |party| (Party(party), id)))
        .collect();
    for key in &keys {
        if !house.set.ops.touch(key) {
            house.set.ops.load(*key, None);
        }
    }
    keys
}

proptest! {
    #![proptest_config(config(128))]

    #[test]
    fn no_sequence_of_ops_breaks_an_invariant(
        which in 0..4_usize,
        steps in prop::collection::vec(drawn(), 1..60),
    ) {
        let setups = [ISSUER_PAYS, ISSUER_PAYS_DEBT, POOL, POOL_DEBT];
        let mut house = House::open(&setups[which]);
        for step in &steps {
            run(&mut house, step);
        }
    }

    #[test]
    fn the_same_ops_give_the_same_bytes(steps in prop::collection::vec(drawn(), 1..20)) {
        let bytes = || {
            let mut house = House::open(&POOL_DEBT);
            let mut all = Vec::new();
            for step in &steps {
                run(&mut house, step);
                let mut bytes = Vec::new();
                effects::encode(house.entry - 1, house.last(), &mut bytes);
                all.push(bytes);
            }
            (all, house.snapshot(&[]))
        };
        prop_assert_eq!(bytes(), bytes());
    }
}

/// A payload that holds most kinds of op.
fn sample() -> Vec<u8> {
    let partner = (0..24).map(|kind| member_sentence(&(kind, kind, 3, 7)));
    let house = (0..24).map(|kind| house_sentence(&(kind, kind, 3, 7)));
    let ops: Vec<Value> = partner.chain(house).map(|sentence| op(&sentence)).collect();
    let until = Micros::parse(house::START).expect("an instant");
    submission("s", "atomic", until, &ops)
}

proptest! {
    #![proptest_config(config(2_000))]

    #[test]
    fn no_bytes_make_the_reader_of_payloads_panic(
        bytes in prop::collection::vec(any::<u8>(), 0..300),
    ) {
        let _ = payload::parse(&bytes, Some(2));
    }

    #[test]
    fn no_damage_to_a_payload_makes_its_reader_panic(
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..3_u8), 1..6),
    ) {
        let mut bytes = sample();
        prop_assert!(payload::parse(&bytes, Some(2)).is_ok());
        for (at, byte, how) in edits {
            let at = at.index(bytes.len());
            match how {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, byte),
                _ => drop(bytes.remove(at)),
            }
        }
        let _ = payload::parse(&bytes, Some(2));
    }

    #[test]
    fn no_bytes_make_the_reader_of_effects_panic(
        bytes in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        let currency = tallyhouse::domain::money::Currency::parse("EUR").expect("EUR");
        let ops = payload::parse(&sample(), Some(2)).expect("a payload").ops;
        let _ = effects::decode(&bytes, 3, &ops[..1], &currency);
    }
}
