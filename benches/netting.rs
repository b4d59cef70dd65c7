//! Closing a window with 1,000 partners and 1 M lines: cut and net against hashing the same rows
//! once more; all statements against copying their bytes. And that neither grows with the number
//! of ops: the same lines, reached by 1 M and by 10 M ops.
//!
//! The state is made, not grown: lines, totals and counts stand as so many ops would have left
//! them, since no op but those of the night is executed. A cut, a netting and a statement look at
//! lines and parties alone, and the log behind them is never read.

mod support;

use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use support::{NOW_S, Sequence, governance};
use tallyhouse::domain::books::{Books, PartyBooks, exact_amount};
use tallyhouse::domain::effect::{Applied, Effect, Given};
use tallyhouse::domain::execute::{self, Due, Signer, Stamp};
use tallyhouse::domain::governance::Governance;
use tallyhouse::domain::ids::{Name, Party, Reference};
use tallyhouse::domain::line::{LineKey, LineMove, LineTotal, Reason};
use tallyhouse::domain::money::Net;
use tallyhouse::domain::partner::{Limit, Partner, Roles, Status};
use tallyhouse::domain::points::Points;
use tallyhouse::domain::programme::Netting;
use tallyhouse::domain::submission::{Action, CutWindow, Mode, NetWindow, Op, Submission, digests};
use tallyhouse::domain::tally::statements::Statements;
use tallyhouse::domain::tally::{Closing, CutFacts, NettedTerms, PartyFacts, PoolSums};
use tallyhouse::domain::time::{Day, Micros};
use tallyhouse::domain::window::{Carried, Step, Window, Windows};
use tallyhouse::domain::working_set::WorkingSet;
use tallyhouse::ledger::roots;
use tallyhouse::proof::netting::{prepare_with, price_lines};
use tallyhouse::proof::statement::{Canonical, write};

const PARTNERS: u16 = 1_000;
const LINES: usize = 1_000_000;

fn thousand() -> Governance {
    let mut governance = governance();
    let partner = |number: u16| Partner {
        id: Name::parse(&format!("p{number}")).expect("a name"),
        roles: Roles {
            issue: true,
            burn: true,
        },
        status: Status::Active,
        master_sha256: None,
        limit: Limit::default(),
    };
    governance.partners = (1..=PARTNERS).map(partner).collect();
    let named = governance.partners.iter().map(|partner| partner.id);
    governance.parties = named.zip((1..).map(Party)).collect();
    governance.settings.netting = Netting::Multilateral;
    governance
}

/// Every pair of partners, and each partner's fees: 999,000 lines of burns and 1,000 of fees.
fn lines(ops: u64) -> BTreeMap<LineKey, LineTotal> {
    let mut random = Sequence(7);
    let mut lines = BTreeMap::new();
    let per_line = ops / LINES as u64;
    let mut add = |debtor: u16, creditor: u16, reason| {
        let key = LineKey {
            window: 0,
            debtor: Party(debtor),
            creditor: Party(creditor),
            reason,
            price_version: 1,
        };
        let units: u64 = (0..per_line).map(|_| 1 + random.next() % 500).sum();
        lines.insert(key, LineTotal::Priced(Points::new(units).expect("few")));
    };
    for debtor in 1..=PARTNERS {
        for creditor in (1..=PARTNERS).filter(|creditor| *creditor != debtor) {
            add(debtor, creditor, Reason::Burn);
        }
        add(debtor, 0, Reason::BurnFee);
    }
    lines
}

fn set(governance: &Governance, lines: &BTreeMap<LineKey, LineTotal>) -> WorkingSet {
    let mut parties = vec![PartyBooks::default(); governance.party_count()];
    for (key, total) in lines {
        let line = LineMove {
            debtor: key.debtor,
            creditor: key.creditor,
            reason: key.reason,
            price_version: key.price_version,
            total: *total,
        };
        let exact = exact_amount(governance, &line).expect("priced");
        parties[key.debtor.slot()].net_exact -= exact;
        parties[key.creditor.slot()].net_exact += exact;
    }
    let day = Micros::from_seconds(NOW_S).day(0);
    let windows = BTreeMap::from([(0, Window::open(0, 0, day))]);
    WorkingSet::load(
        Some(Arc::new(governance.clone())),
        Books::load(0, parties, lines.clone()),
        Windows::load(windows, Carried::new()),
    )
}

fn decide(set: &mut WorkingSet, entry: u64, id: &str, action: Action) -> Applied {
    let id = Reference::parse(id).expect("a reference");
    set.ops.load((Party::HOUSE, id), None);
    let op = Op {
        id,
        occurred_at: None,
        receipt_ref: None,
        action,
    };
    let submission = Submission {
        ledger: support::ORIGIN.to_owned(),
        id,
        valid_until: Micros::from_seconds(NOW_S),
        mode: Mode::Independent,
        digests: digests(std::slice::from_ref(&op)),
        ops: vec![op],
        seen: None,
    };
    let signer = Signer {
        party: Party::HOUSE,
        key: Name::parse("operate-1").expect("a name"),
    };
    let netting = match &submission.ops[0].action {
        Action::NetWindow(op) => Some(Arc::new(prepare_with(set, op.window, roots::lines_root))),
        _ => None,
    };
    let due = Due {
        netting,
        ..Due::default()
    };
    let stamp = Stamp::new(entry, Micros(NOW_S * 1_000_000 + entry), 0);
    let effect = execute::execute(set, &stamp, &signer, &submission, &due).pop();
    match effect {
        Some(Effect::Applied(applied)) => applied,
        refused => panic!("{refused:?}"),
    }
}

/// What a night does between the last purchase and its positions: the cut, the shadow's own root
/// over its own lines, and the netting. Answers what it took, and what the statements are made of.
fn cut_and_net(
    governance: &Governance,
    shadow: &BTreeMap<LineKey, LineTotal>,
    ops: u64,
) -> (Duration, Closing) {
    let mut set = set(governance, shadow);
    let last_day = Micros::from_seconds(NOW_S).day(0);
    let start = Instant::now();
    let cut = CutWindow {
        window: 0,
        last_day,
    };
    decide(&mut set, ops, "cut", Action::CutWindow(cut));
    let priced = price_lines(governance, shadow.iter());
    let net = NetWindow {
        window: 0,
        lines_root: roots::lines_root(&priced),
    };
    let applied = decide(&mut set, ops + 1, "net", Action::NetWindow(net));
    let took = start.elapsed();
    let Some(Given::Netted(netted)) = applied.given else {
        panic!("it nets");
    };
    assert!(!netted.held);
    assert_eq!(netted.lines, LINES as u64);
    drop(set.take_changes());
    (
        took,
        closing(
            governance,
            shadow,
            last_day,
            NettedTerms::from(&*netted),
            ops,
        ),
    )
}

fn closing(
    governance: &Governance,
    lines: &BTreeMap<LineKey, LineTotal>,
    day: Day,
    terms: NettedTerms,
    ops: u64,
) -> Closing {
    let step = |entry| Step {
        entry,
        at: Micros(NOW_S * 1_000_000 + entry),
    };
    let parties = governance.party_count();
    Closing {
        cut: CutFacts {
            window: 0,
            first_entry: 0,
            first_day: day,
            last_day: day,
            cut: step(ops),
            chain_hash: [1; 32],
            rules_version: 1,
            price_version: 1,
            parties: vec![PartyFacts::default(); parties],
            pool: PoolSums::default(),
            pool_before: PoolSums::default(),
        },
        netted: step(ops + 1),
        terms,
        lines: lines.iter().map(|(key, total)| (*key, *total)).collect(),
        parties: u16::try_from(parties).expect("16 bits"),
        accounts: vec![Net::zero(&governance.programme.currency); parties],
        carried: Carried::new(),
        items: BTreeMap::new(),
        movements: Vec::new(),
        disputes: BTreeMap::new(),
    }
}

/// SHA-256 over as many rows of the same size, leaves and nodes: twice, as both computations do.
fn hash_rows() -> Duration {
    let (row, node) = ([7_u8; 32], [7_u8; 65]);
    let start = Instant::now();
    for _ in 0..2 {
        for _ in 0..LINES {
            black_box(Sha256::digest(black_box(row)));
            black_box(Sha256::digest(black_box(node)));
        }
    }
    start.elapsed()
}

/// Every statement's canonical JSON and its SHA-256, and the house's document, on all cores.
fn state(governance: &Governance, closing: &Closing) -> (Duration, Vec<Vec<u8>>) {
    let start = Instant::now();
    let statements = Statements::new(closing, governance, &[4; 32]);
    let partners = statements.partners();
    let next = AtomicUsize::new(0);
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let mut written = Vec::new();
    std::thread::scope(|scope| {
        let work = || {
            let mut own = Vec::new();
            while let Some((_, party)) = partners.get(next.fetch_add(1, Ordering::Relaxed)) {
                own.push(write(&statements, *party).json);
            }
            own
        };
        let threads: Vec<_> = (0..cores).map(|_| scope.spawn(work)).collect();
        for thread in threads {
            written.extend(thread.join().expect("it ends"));
        }
    });
    written.push(Canonical::of(&statements.document()).json);
    (start.elapsed(), written)
}

fn copy(written: &[Vec<u8>]) -> Duration {
    let start = Instant::now();
    for json in written {
        black_box(json.clone());
        black_box(Sha256::digest(json));
    }
    start.elapsed()
}

fn ratio(what: &str, unit: &str, count: f64, took: Duration, limit_name: &str, limit: Duration) {
    let per_second = |took: Duration| count / took.as_secs_f64();
    support::report(what, unit, per_second(took), limit_name, per_second(limit));
}

/// With a filter, as criterion takes one, only what its name holds is measured.
fn main() {
    let wanted = |name: &str| {
        let filter = std::env::args().skip(1).find(|word| !word.starts_with('-'));
        filter.is_none_or(|filter| name.contains(&filter))
    };
    let governance = thousand();
    for ops in [1_000_000, 10_000_000] {
        let shadow = lines(ops);
        assert_eq!(shadow.len(), LINES);
        let nights = (0..3).map(|_| cut_and_net(&governance, &shadow, ops));
        let (took, closing) = nights.min_by_key(|(took, _)| *took).expect("three");
        println!("cut and net, 1,000 partners, 1 M lines, {ops} ops: {took:.2?}, budget 1 s");
        let limit = (0..3).map(|_| hash_rows()).min().expect("three");
        let what = format!("cut and net after {ops} ops");
        ratio(
            &what,
            "lines",
            LINES as f64,
            took,
            "SHA-256 of the same rows",
            limit,
        );
        if !wanted("statements") {
            continue;
        }
        let (took, written) = state(&governance, &closing);
        let bytes: usize = written.iter().map(Vec::len).sum();
        println!(
            "statements and the window, {} MB, {ops} ops: {took:.1?}, budget 60 s",
            bytes / 1_000_000
        );
        let what = format!("statements' JSON after {ops} ops");
        let limit = copy(&written);
        ratio(
            &what,
            "bytes",
            bytes as f64,
            took,
            "copying and hashing them",
            limit,
        );
    }
}
