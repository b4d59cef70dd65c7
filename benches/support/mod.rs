//! What the benches share: a small house in memory, realistic submissions, and the ratio that each
//! bench prints: what was achieved over the limit that the same run measured.

#![allow(dead_code, reason = "each bench uses its part")]

#[cfg(feature = "server")]
pub mod house;

use criterion::Criterion;
use criterion::measurement::WallTime;
use std::cell::Cell;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use tallyhouse::domain::governance::Governance;
use tallyhouse::domain::ids::{Name, OpAt, Party};
use tallyhouse::domain::money::Currency;
use tallyhouse::domain::partner::{Key, Limit, Partner, Roles, Status};
use tallyhouse::domain::price::{Price, PriceRow, PriceVersion};
use tallyhouse::domain::programme::{Clawback, ClockKind, Programme, Settings, SettlementModel};
use tallyhouse::domain::scope::Scope;
use tallyhouse::domain::time::Micros;
use tallyhouse::proof::envelope::KeyLookup;
use tallyhouse::proof::jws::{self, Typ};
use tallyhouse::proof::keys::{Kid, PublicKey, Signer};

/// The allocator of `tallyhouse`.
#[cfg(feature = "server")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The ledger that everything is signed for.
pub const ORIGIN: &str = "bench.example/bench-00000000";
/// When everything happens: 2026-01-01T00:00:00Z.
pub const NOW_S: u64 = 1_767_225_600;
/// Partners of the house.
pub const PARTNERS: u16 = 20;

/// The signer of a partner.
pub fn signer(partner: u16) -> Signer {
    let mut secret = [7; 32];
    secret[..2].copy_from_slice(&partner.to_be_bytes());
    let kid = Kid::parse(&format!("p{partner}/k1")).expect("a name");
    Signer::new(kid, &secret)
}

/// A lookup of one partner's key.
pub struct OneKey(pub Kid, pub PublicKey);

impl KeyLookup for OneKey {
    fn key(&self, kid: &Kid) -> Option<(Party, &PublicKey)> {
        (*kid == self.0).then_some((Party(1), &self.1))
    }
}

/// A house with partners, keys and prices, as if founded and set up.
pub fn governance() -> Governance {
    let name = |text: &str| Name::parse(text).expect("a name");
    let price = |text: &str| Price::parse(text).expect("a price");
    let parties = (1..=PARTNERS).map(|n| (name(&format!("p{n}")), Party(n)));
    let partner = |n: u16| Partner {
        id: name(&format!("p{n}")),
        roles: Roles {
            issue: true,
            burn: true,
        },
        status: Status::Active,
        master_sha256: None,
        limit: Limit::default(),
    };
    let key = |n: u16| {
        let key = Key {
            public: signer(n).public_key().to_bytes(),
            scopes: [Scope::Submit].into_iter().collect(),
            added: OpAt { entry: 0, op: 0 },
            valid_from: Micros(0),
            revoked: None,
            recovered: false,
        };
        ((Party(n), name("k1")), key)
    };
    let row = PriceRow {
        issue_price: price("0.01"),
        burn_price: price("0.01"),
        issue_fee: price("0.0001"),
        burn_fee: price("0.0001"),
        tax_code: name("std"),
    };
    Governance {
        programme: Programme {
            origin: ORIGIN.to_owned(),
            id: name("bench"),
            currency: Currency::parse("USD").expect("a currency"),
            point_scale: 0,
            settlement_model: SettlementModel::IssuerPays,
            clawback: Clawback::MemberDebt,
            utc_offset_min: 0,
            clock: ClockKind::Simulated,
            ledger_key: [0; 32],
        },
        settings: Settings::default(),
        rules_version: 1,
        partners: (1..=PARTNERS).map(partner).collect(),
        parties: parties.collect(),
        keys: (1..=PARTNERS).map(key).collect(),
        prices: vec![PriceVersion {
            default: Some(row),
            rows: BTreeMap::new(),
        }],
        proposals: BTreeMap::new(),
        holidays: std::collections::BTreeSet::new(),
        rotated_keys: Vec::new(),
    }
}

/// A cheap random sequence that is the same in every run.
pub struct Sequence(pub u64);

impl Sequence {
    /// The next number (splitmix64).
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

/// The payload of a submission: 70 % issues, 30 % burns of what is there.
pub fn payload(number: u64, ops: usize, members: u64, random: &mut Sequence) -> String {
    let valid_until = Micros::from_seconds(NOW_S + 3_600).to_rfc3339_seconds();
    let mut text = format!(
        r#"{{"ledger":"{ORIGIN}","submission":"s{number}","valid_until":"{valid_until}","ops":["#
    );
    for place in 0..ops {
        let (id, member) = (number * 1_000 + place as u64, random.next() % members);
        let comma = if place == 0 { "" } else { "," };
        let op = match random.next() % 10 {
            0..7 => format!(r#""op":"issue","id":"o{id}","member":"m-{member}","points":125"#),
            _ => format!(
                r#""op":"burn","id":"o{id}","member":"m-{member}","points":40,"allow_partial":true"#
            ),
        };
        text.push_str(&format!("{comma}{{{op}}}"));
    }
    text.push_str("]}");
    text
}

/// The envelope of a submission by partner 1.
pub fn envelope(number: u64, ops: usize) -> String {
    let payload = payload(number, ops, 100_000, &mut Sequence(number));
    jws::sign(Typ::Submission, payload.as_bytes(), &signer(1))
}

/// Measures one thing with criterion and returns the best nanoseconds an iteration took.
pub fn measure(c: &mut Criterion<WallTime>, name: &str, mut work: impl FnMut(u64)) -> f64 {
    measure_timed(c, name, |iterations| {
        let start = Instant::now();
        work(iterations);
        start.elapsed()
    })
}

/// Like [`measure`], for work that keeps its own time.
pub fn measure_timed(
    c: &mut Criterion<WallTime>,
    name: &str,
    mut work: impl FnMut(u64) -> Duration,
) -> f64 {
    let best = Cell::new(f64::INFINITY);
    c.bench_function(name, |bencher| {
        bencher.iter_custom(|iterations| {
            let took = work(iterations);
            best.set(best.get().min(took.as_secs_f64() * 1e9 / iterations as f64));
            took
        });
    });
    best.get()
}

/// Prints what was achieved, the limit, and their ratio; rates are per second.
pub fn report(what: &str, unit: &str, achieved: f64, limit_name: &str, limit: f64) {
    // A filter left one of them out.
    if achieved == 0.0 || limit == 0.0 {
        return;
    }
    println!(
        "RATIO {what}: {achieved:.0} {unit}/s, limit ({limit_name}) {limit:.0} {unit}/s, \
         ratio {:.2}\n",
        achieved / limit
    );
}

/// Rates from nanoseconds.
pub fn per_second(nanoseconds: f64) -> f64 {
    1e9 / nanoseconds
}
