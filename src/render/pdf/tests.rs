//! Whole statements, as they stand on their pages: the example, and what it becomes when it is
//! empty, long, wide, bilateral, without masters, in yen.

use super::page::{BOTTOM, HEIGHT, LEFT, Mark, RIGHT, TOP};
use super::*;
use crate::domain::ids::Name;
use crate::domain::money::Money;
use crate::domain::points::Points;
use crate::domain::price::Price;
use crate::domain::statement::{Line, Month, Stated, Statement};
use crate::domain::time::Day;
use crate::render::master::{Master, Masters};

const STATEMENT: &str = include_str!("../../../tests/suite/render/statement.json");
const STATED: &str = include_str!("../../../tests/suite/render/stated.json");
const MASTERS: &str = include_str!("../../../tests/suite/render/masters.toml");

/// One text on a page.
#[derive(Debug)]
pub(super) struct Drawn {
    pub(super) left: f32,
    pub(super) right: f32,
    pub(super) y: f32,
    pub(super) size: f32,
    pub(super) text: String,
}

/// What stands on each page.
pub(super) fn drawn(paper: &Paper<'_>) -> Vec<Vec<Drawn>> {
    let text = |mark: &Mark| match mark {
        Mark::Text {
            x, y, size, shaped, ..
        } => Some(Drawn {
            left: *x,
            right: x + shaped.width(*size),
            y: *y,
            size: *size,
            text: shaped.text.clone(),
        }),
        Mark::Fill { .. } | Mark::Link { .. } => None,
    };
    let pages = paper.pages.iter();
    pages
        .map(|marks| marks.iter().filter_map(text).collect())
        .collect()
}

/// No text touches another, and none leaves the margins.
pub(super) fn check(pages: &[Vec<Drawn>]) {
    for texts in pages {
        for (at, one) in texts.iter().enumerate() {
            let inside = one.left >= LEFT - 0.01 && one.right <= RIGHT + 0.01;
            assert!(inside, "{one:?}");
            assert!(one.y >= TOP && one.y <= BOTTOM, "{one:?}");
            for other in &texts[at + 1..] {
                let beside = one.right <= other.left + 0.01 || other.right <= one.left + 0.01;
                let (upper, lower) = if one.y < other.y {
                    (one, other)
                } else {
                    (other, one)
                };
                // Below a baseline letters reach a fifth of their size, above it three quarters.
                let below = lower.y - upper.y > 0.22 * upper.size + 0.75 * lower.size;
                assert!(beside || below, "{one:?} on {other:?}");
            }
        }
    }
}

struct Example {
    statement: Statement,
    stated: Stated,
    masters: Masters,
}

fn example() -> Example {
    let list: toml::Table = toml::from_str(MASTERS).expect("the example is TOML");
    let list: Vec<Master> = list["master"].clone().try_into().expect("masters");
    Example {
        statement: serde_json::from_str(STATEMENT).expect("a statement"),
        stated: serde_json::from_str(STATED).expect("what binds it"),
        masters: list
            .into_iter()
            .map(|master| (master.party, master))
            .collect(),
    }
}

impl Example {
    fn sheet(&self) -> Sheet<'_> {
        Sheet {
            statement: &self.statement,
            stated: &self.stated,
            masters: &self.masters,
            address: "https://points.example/v1/demo",
        }
    }

    /// Sets the pages, checks them and the file, and gives each page's texts.
    fn pages(&self) -> Vec<Vec<Drawn>> {
        let typeface = Typeface::new();
        let paper = set(&self.sheet(), &typeface);
        let pages = drawn(&paper);
        check(&pages);
        let file = draw::file(&self.sheet(), &typeface, &paper.pages);
        assert!(file.starts_with(b"%PDF-"));
        pages
    }
}

/// All texts of a page, by place.
fn read(page: &[Drawn]) -> String {
    let texts: Vec<&str> = page.iter().map(|drawn| drawn.text.as_str()).collect();
    texts.join("|")
}

fn name(text: &str) -> Name {
    Name::parse(text).expect("a name")
}

fn euro(text: &str) -> Money {
    Money::parse(text, 2).expect("an amount")
}

#[test]
fn the_answer_stands_first_and_the_proof_last() {
    let pages = example().pages();
    assert!(pages.len() <= 2);
    let first = read(&pages[0]);
    for expected in [
        "You pay EUR 2,693.26|to Tallyhouse Clearing GmbH by 5 March 2026",
        "RF83 0123 ABCD 0007 0002",
        "DE02 1203 0000 0000 2020 51",
        "OVERDUE",
        "RF36 0123 ABCD 0004 0002",
        "To pay now|2,693.26",
        "Closing balance|2,784.38",
        "Кинотеатр «Звезда» ООД (cinema)|3,011.75|25.00",
        "Total|4,016.08|1,322.82",
    ] {
        assert!(first.contains(expected), "{expected}: {first}");
    }
    assert!(!first.contains("SIMULATED"));
    let last = read(&pages[1]).replace('|', "");
    for expected in [
        "f563cf5cc38cd0b563c7f28b4ee7f8a5ce352d478217a6c75ab5e0bb9d4addca",
        "454349e422f05297191ead13e21d3db520e5abef52055e4964b82fb213f593a1",
        "entries 41210 to 48377",
        "entry 48392 (issue_statements",
        "tallyhouse-verify statement FILE",
        "https://points.example/v1/demo/windows/7/statements/grocery.json",
    ] {
        assert!(last.contains(expected), "{expected}: {last}");
    }
}

#[test]
fn totals_are_the_sums_of_the_lines() {
    let Statement {
        lines,
        partner,
        position,
        ..
    } = example().statement;
    let of = |pays: bool| {
        let same = lines.iter().filter(|line| (line.debtor == partner) == pays);
        answer::sum(same.map(|line| line.amount))
    };
    assert_eq!(of(true), position.debits);
    assert_eq!(of(false), position.credits);
}

#[test]
fn a_statement_of_nothing_is_one_page_without_empty_sections() {
    let mut example = example();
    let statement = &mut example.statement;
    let zero = euro("0.00");
    let nothing = crate::domain::money::Net::credit(zero);
    statement.lines.clear();
    statement.activity.clear();
    statement.prior_period.clear();
    statement.adjustments.clear();
    statement.disputes.clear();
    statement.open_items.clear();
    statement.notices.clear();
    statement.position.payments.clear();
    statement.position.debits = zero;
    statement.position.credits = zero;
    statement.position.net = nothing;
    statement.position.payable = nothing;
    let pages = example.pages();
    let text = read(&pages[0]);
    assert!(text.contains("Nothing to pay|"), "{text}");
    for section in [
        "what for", "Activity", "Adjust", "Dispute", "Notice", "Still",
    ] {
        assert!(!text.contains(section), "{section}");
    }
    assert_eq!(pages.len(), 1);
}

#[test]
fn a_thousand_lines_and_all_else_that_is_long_go_on_over_pages() {
    let mut example = example();
    let statement = &mut example.statement;
    let model = statement.lines[1].clone();
    statement.lines = (0..1000)
        .map(|at| Line {
            debtor: name(&format!("partner-{}", at / 40)),
            price_version: at,
            ..model.clone()
        })
        .collect();
    let repeat = |count: usize| std::iter::repeat_n((), count);
    let prior = statement.prior_period[0].clone();
    statement.prior_period = repeat(200).map(|()| prior.clone()).collect();
    let moved = statement.account.movements[0].clone();
    statement.account.movements = repeat(100).map(|()| moved.clone()).collect();
    let disputed = statement.disputes[0].clone();
    statement.disputes = repeat(60).map(|()| disputed.clone()).collect();
    let open = statement.open_items[0].clone();
    statement.open_items = repeat(80).map(|()| open.clone()).collect();
    let month = |at: u64| Month {
        month: format!("{}-{:02}", 2026 + at / 12, at % 12 + 1),
        points: Points::new(at).expect("small"),
    };
    statement.liability.by_expiry_month = (0..60).map(month).collect();
    let pages = example.pages();
    let all: Vec<String> = pages.iter().map(|page| read(page)).collect();
    let all = all.join("|");
    for version in 0..1000 {
        let row = format!("|Their points, burned by you|{version}|");
        assert_eq!(all.matches(&row).count(), usize::from(version > 0), "{row}");
    }
    assert_eq!(all.matches("1,840.22").count(), 100);
    assert_eq!(all.matches("Amount wrong:").count(), 60);
    assert_eq!(all.matches("27 February 2026|91.12").count(), 80);
    assert!(all.contains("|Later|"));
}

#[test]
fn the_widest_figures_and_names_stay_whole_and_apart() {
    let mut example = example();
    let greatest = euro("999999999999999.99");
    for line in &mut example.statement.lines {
        line.amount = greatest;
        line.units = line.units.map(|_| Points::MAX);
        line.price = line.price.and(Price::parse("9999.99999999"));
        line.tax_code = Some(name(&"a".repeat(32)));
    }
    example.statement.position.debits = greatest;
    example.statement.position.payments[0].amount = greatest;
    for master in example.masters.values_mut() {
        let long = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerk";
        master.legal_name = format!("{long} 株 Cafe\u{301} x\u{301}\u{302}\u{0}\u{202e}");
        master.street = "W".repeat(70);
        master.tax_id = Some("W".repeat(35));
    }
    let pages = example.pages();
    let text: Vec<String> = pages.iter().map(|page| read(page)).collect();
    let text = text.join("|");
    assert!(text.contains("You pay EUR 999,999,999,999,999.99"));
    assert!(text.contains("9,007,199,254,740,991|9,999.99999999|"));
}

#[test]
fn several_payments_stand_in_a_table_and_a_simulated_ledger_is_marked() {
    let mut example = example();
    example.statement.identity.simulated = true;
    let payments = &mut example.statement.position.payments;
    let mut other = payments[0].clone();
    other.counterparty = name("cinema");
    other.direction = "receive".to_owned();
    other.amount = euro("1000.50");
    other.due_on = Day::parse("2026-03-06").expect("a day");
    payments.push(other);
    let first = read(&example.pages()[0]);
    let headline = "You pay EUR 2,693.26 in 1 payment|and receive EUR 1,000.50 in 1 payment";
    assert!(first.contains(headline), "{first}");
    assert!(first.contains("6 March 2026|1,000.50"), "{first}");
    assert!(first.contains("Total|2,693.26|1,000.50"), "{first}");
    assert!(first.contains("SIMULATED LEDGER"));
}

#[test]
fn without_masters_ids_stand_for_names() {
    let mut example = example();
    example.masters.clear();
    let first = read(&example.pages()[0]);
    assert!(first.contains("For|grocery|From|The house"), "{first}");
    assert!(first.contains("to the house by 5 March 2026"), "{first}");
}

#[test]
fn points_and_money_have_the_programmes_decimals() {
    let mut example = example();
    example.statement.identity.currency = "JPY".to_owned();
    example.statement.identity.point_scale = 2;
    let yen = Money::parse("2693", 0).expect("yen");
    example.statement.position.payments[0].amount = yen;
    let first = read(&example.pages()[0]);
    assert!(first.contains("You pay JPY 2,693|"), "{first}");
    assert!(first.contains("|9,120.44|0.0001|"), "{first}");
}

#[test]
fn every_page_ends_with_its_number_and_the_hash() {
    let example = example();
    let typeface = Typeface::new();
    let marks = draw::footer(&example.sheet(), &typeface, 2, 3);
    let paper = Paper {
        typeface: &typeface,
        pages: vec![marks],
        y: 0.0,
    };
    let texts = &drawn(&paper)[0];
    let text = read(texts);
    assert!(
        text.contains("SHA-256 f563cf5cc38cd0b5…   Page 2 of 3"),
        "{text}"
    );
    assert!(text.contains("demo  ·  Window 7  ·  Grocery & Co. Handels AG (grocery)"));
    assert!(texts.iter().all(|text| text.y > BOTTOM && text.y < HEIGHT));
    assert!(texts[0].right < texts[1].left || texts[1].right < texts[0].left);
}
