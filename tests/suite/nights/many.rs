//! A thousand partners, each of which owes every other.

use std::collections::BTreeMap;
use tallyhouse::domain::governance::Governance;
use tallyhouse::domain::ids::{Name, Party};
use tallyhouse::domain::line::{LineKey, LineTotal, Reason};
use tallyhouse::domain::money::{Currency, Money, Net};
use tallyhouse::domain::netting::{Terms, net, price_line};
use tallyhouse::domain::points::Points;
use tallyhouse::domain::price::{Price, PriceRow, PriceVersion};
use tallyhouse::domain::programme::{Netting, SettlementModel};
use tallyhouse::domain::tally::statements::Statements;
use tallyhouse::domain::tally::{Closing, CutFacts, NettedTerms, PartyFacts, PoolSums};
use tallyhouse::domain::time::{Day, Micros};
use tallyhouse::domain::window::{Carried, Step};
use tallyhouse::proof::statement::Hashes;

const PARTNERS: u16 = 1_000;

fn governance() -> Governance {
    let mut governance = super::programme::Programme::found(&super::programme::issuer_pays())
        .ledger
        .view()
        .governance
        .as_ref()
        .clone();
    assert_eq!(
        governance.programme.settlement_model,
        SettlementModel::IssuerPays
    );
    for number in 1..=PARTNERS {
        let set = tallyhouse::domain::submission::PartnerSet {
            partner: Name::parse(&format!("p{number}")).expect("a name"),
            roles: tallyhouse::domain::partner::Roles {
                issue: true,
                burn: true,
            },
            status: tallyhouse::domain::partner::Status::Active,
            master_sha256: None,
        };
        governance.set_partner(&set).expect("room");
    }
    let price = |text| Price::parse(text).expect("a price");
    governance.prices.push(PriceVersion {
        default: Some(PriceRow {
            issue_price: price("0.01"),
            burn_price: price("0.00873125"),
            issue_fee: price("0"),
            burn_fee: price("0"),
            tax_code: Name::parse("none").expect("a name"),
        }),
        rows: BTreeMap::new(),
    });
    governance
}

fn closing(netting: Netting, currency: &Currency) -> Closing {
    let at = |entry| Step {
        entry,
        at: Micros::from_seconds(1_483_228_800 + entry),
    };
    let mut lines = Vec::new();
    for debtor in 1..=PARTNERS {
        for creditor in (1..=PARTNERS).filter(|creditor| *creditor != debtor) {
            let key = LineKey {
                window: 0,
                debtor: Party(debtor),
                creditor: Party(creditor),
                reason: Reason::Burn,
                price_version: 1,
            };
            let units = u64::from(debtor) * 7_919 + u64::from(creditor) * 104_729;
            let units = Points::new(1 + units % 9_973).expect("few");
            lines.push((key, LineTotal::Priced(units)));
        }
    }
    let parties = usize::from(PARTNERS) + 1;
    Closing {
        cut: CutFacts {
            window: 0,
            first_entry: 0,
            first_day: Day(17_167),
            last_day: Day(17_167),
            cut: at(10),
            chain_hash: [1; 32],
            rules_version: 1,
            price_version: 1,
            parties: vec![PartyFacts::default(); parties],
            pool: PoolSums::default(),
            pool_before: PoolSums::default(),
        },
        netted: at(11),
        terms: NettedTerms {
            lines_root: [2; 32],
            positions_root: [3; 32],
            netting,
            payment_minimum: Money::parse("0.00", 2).expect("an amount"),
            due_on: Day(17_169),
        },
        lines,
        parties: PARTNERS + 1,
        accounts: vec![Net::zero(currency); parties],
        carried: Carried::new(),
        items: BTreeMap::new(),
        movements: Vec::new(),
        disputes: BTreeMap::new(),
    }
}

#[test]
fn a_thousand_partners_that_all_owe_each_other_are_netted_to_the_last_cent() {
    let governance = governance();
    let currency = governance.programme.currency;
    let partners = usize::from(PARTNERS);
    for (mode, payments_max) in [
        (Netting::Multilateral, partners),
        (Netting::Bilateral, partners * (partners - 1) / 2),
    ] {
        let closing = closing(mode, &currency);
        let lines = closing.lines.iter();
        let lines = lines.map(|(key, total)| price_line(&governance, key, total).expect("priced"));
        let lines: Vec<_> = lines.collect();
        let terms = Terms {
            netting: mode,
            payment_minimum: closing.terms.payment_minimum,
            currency,
        };
        // It asserts by itself that positions, and payments, sum to zero.
        let netting = net(&lines, partners + 1, &Carried::new(), &terms);
        assert_eq!(netting.lines, 999_000);
        assert_eq!(netting.pairs, 999_000);
        assert!(
            netting.payments.len() <= payments_max,
            "{}",
            netting.payments.len()
        );
        assert!(
            netting.payments.len() > payments_max * 9 / 10,
            "{}",
            netting.payments.len()
        );
        let statements = Statements::new(&closing, &governance, &[4; 32]);
        assert_eq!(Hashes::of(&statements).count(), u32::from(PARTNERS));
        let statement = statements.statement(Party(500));
        assert_eq!(statement.lines.len(), 2 * (partners - 1));
        let wanted = if mode == Netting::Multilateral {
            1
        } else {
            partners - 1
        };
        assert!(statement.position.payments.len() <= wanted);
        assert_eq!(statement.account.closing, statement.position.net);
    }
}
