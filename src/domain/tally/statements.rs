//! Writes a window's statements from its closing.
//!
//! Must not: look at anything but the closing, the tree's root at the cut, and names and prices,
//! which never change. Sums are worked out again here, and asserted.

mod parts;

use super::Closing;
use crate::domain::governance::Governance;
use crate::domain::ids::{Name, Party};
use crate::domain::money::Net;
use crate::domain::netting::{self, Netting, Position as PartySum, PricedLine, Terms, price_line};
use crate::domain::statement::{
    Account, Identity, LogRange, OpenItem, Payment, Position, STATEMENT_FORMAT, Statement,
    WINDOW_FORMAT, WindowDocument,
};
use crate::domain::window::{Item, ItemKey};

/// A closing with everything worked out that more than one statement says.
#[derive(Debug)]
pub struct Statements<'a> {
    closing: &'a Closing,
    governance: &'a Governance,
    lines: Vec<PricedLine>,
    netting: Netting,
    /// Lines of each party, by their place in `lines`.
    of_party: Vec<Vec<u32>>,
    /// Payments of this window of each party, in order of their keys.
    payments_of: Vec<Vec<(ItemKey, Item)>>,
    /// Earlier payments of each party that are still open, in order of their keys.
    open_of: Vec<Vec<(ItemKey, Item)>>,
    root: String,
}

impl<'a> Statements<'a> {
    /// Prepares the statements of a closing. `root` is the root of the ledger's tree at the size
    /// after the cut; `governance` that after the netting or later.
    ///
    /// # Panics
    /// If a line has no price, which no ledger holds.
    pub fn new(closing: &'a Closing, governance: &'a Governance, root: &[u8; 32]) -> Self {
        let lines = closing.lines.iter().map(|(key, total)| {
            price_line(governance, key, total).expect("every line has a price that was released")
        });
        let lines: Vec<PricedLine> = lines.collect();
        let terms = Terms {
            netting: closing.terms.netting,
            payment_minimum: closing.terms.payment_minimum,
            currency: governance.programme.currency,
        };
        let parties = usize::from(closing.parties);
        let netting = netting::net(&lines, parties, &closing.carried, &terms);
        let mut of_party = vec![Vec::new(); parties];
        for (place, line) in (0_u32..).zip(&lines) {
            of_party[line.key.debtor.slot()].push(place);
            of_party[line.key.creditor.slot()].push(place);
        }
        let payments_of = by_party(parties, payments(closing, &netting));
        let open = closing.items.iter().map(|(k, item)| (*k, item.clone()));
        Self {
            closing,
            governance,
            lines,
            netting,
            of_party,
            payments_of,
            open_of: by_party(parties, open),
            root: parts::hex(root),
        }
    }

    /// Partners in order of their ids: the order of statements.
    pub fn partners(&self) -> Vec<(Name, Party)> {
        let all = (1..self.closing.parties).map(Party);
        let mut partners: Vec<_> = all.map(|party| (self.name(party), party)).collect();
        partners.sort_unstable();
        partners
    }

    /// One partner's statement.
    ///
    /// # Panics
    /// If its account does not come to what is unpaid, which would be our bug.
    pub fn statement(&self, party: Party) -> Statement {
        let facts = self.closing.cut.parties.get(party.slot());
        let empty = super::PartyFacts::default();
        let facts = facts.unwrap_or(&empty);
        let own = |place: &u32| {
            let place = usize::try_from(*place).expect("32 bits fit");
            parts::line(self, &self.lines[place])
        };
        Statement {
            format: STATEMENT_FORMAT.to_owned(),
            partner: self.name(party),
            identity: self.identity(),
            log: self.log(),
            author_seq: parts::author_range(&facts.period),
            activity: parts::activity(&facts.period),
            lines: self.of_party[party.slot()].iter().map(own).collect(),
            prior_period: parts::prior_period(&facts.period),
            adjustments: parts::adjustments(self, &facts.period),
            disputes: parts::disputes(self, party),
            position: self.position(party),
            open_items: self.items_of(party),
            account: self.account(party),
            liability: parts::liability(facts),
            notices: parts::notices(&facts.period),
        }
    }

    /// The house's document of the window.
    pub fn document(&self) -> WindowDocument {
        let lines = self.lines.iter().map(|line| parts::line(self, line));
        let positions = (0_u16..).zip(&self.netting.positions);
        let items = self.closing.items.iter();
        let movements = self.closing.movements.iter();
        WindowDocument {
            format: WINDOW_FORMAT.to_owned(),
            identity: self.identity(),
            log: self.log(),
            lines: lines.collect(),
            positions: positions
                .map(|(party, sum)| parts::party_position(self.name(Party(party)), sum))
                .collect(),
            payments: payments(self.closing, &self.netting)
                .map(|(key, item)| self.payment(&key, &item))
                .collect(),
            movements: movements.map(|fact| parts::movement(self, fact)).collect(),
            open_items: items.map(|(key, item)| self.payment(key, item)).collect(),
            netting: parts::savings(&self.netting),
            control: parts::control(self),
            pool: parts::pool(self),
        }
    }

    fn name(&self, party: Party) -> Name {
        self.governance.name(party)
    }

    fn identity(&self) -> Identity {
        let programme = &self.governance.programme;
        Identity {
            programme: programme.id,
            origin: programme.origin.clone(),
            currency: programme.currency.code().to_owned(),
            point_scale: programme.point_scale,
            settlement_model: programme.settlement_model.as_str().to_owned(),
            netting: self.closing.terms.netting.as_str().to_owned(),
            simulated: programme.clock == crate::domain::programme::ClockKind::Simulated,
            window: self.closing.cut.window,
            first_day: self.closing.cut.first_day,
            last_day: self.closing.cut.last_day,
        }
    }

    fn log(&self) -> LogRange {
        let cut = &self.closing.cut;
        LogRange {
            first_entry: cut.first_entry,
            last_entry: cut.cut.entry,
            size: cut.cut.entry.saturating_add(1),
            root: self.root.clone(),
            chain_hash: parts::hex(&cut.chain_hash),
            cut_at: cut.cut.at.to_rfc3339(),
            netted_in: self.closing.netted.entry,
            netted_at: self.closing.netted.at.to_rfc3339(),
            lines_root: parts::hex(&self.closing.terms.lines_root),
            positions_root: parts::hex(&self.closing.terms.positions_root),
            rules_version: cut.rules_version,
            price_version: cut.price_version,
        }
    }

    fn position(&self, party: Party) -> Position {
        let sum: &PartySum = &self.netting.positions[party.slot()];
        let mut payments: Vec<(Party, OpenItem)> = self.payments_of[party.slot()]
            .iter()
            .filter_map(|(key, item)| self.item_of(party, key, item))
            .collect();
        payments.sort_by_key(|(counterparty, _)| *counterparty);
        Position {
            debits: sum.debits,
            credits: sum.credits,
            net: sum.net(),
            rolled_in: sum.rolled_in,
            rolled_out: sum.rolled_out,
            payable: sum.payable(),
            payments: payments.into_iter().map(|(_, item)| item).collect(),
        }
    }

    /// Earlier payments of a party that are still open.
    fn items_of(&self, party: Party) -> Vec<OpenItem> {
        let items = &self.open_of[party.slot()];
        let mut of_party: Vec<(u32, Party, OpenItem)> = items
            .iter()
            .filter_map(|(key, item)| {
                let (counterparty, item) = self.item_of(party, key, item)?;
                Some((key.window, counterparty, item))
            })
            .collect();
        of_party.sort_by_key(|(window, counterparty, _)| (*window, *counterparty));
        of_party.into_iter().map(|(.., item)| item).collect()
    }

    fn item_of(&self, party: Party, key: &ItemKey, item: &Item) -> Option<(Party, OpenItem)> {
        let (direction, counterparty) = match (key.debtor == party, key.creditor == party) {
            (true, _) => ("pay", key.creditor),
            (_, true) => ("receive", key.debtor),
            _ => return None,
        };
        let item = OpenItem {
            window: key.window,
            direction: direction.to_owned(),
            counterparty: self.name(counterparty),
            amount: item.amount,
            due_on: item.due_on,
            reference: parts::reference(self, key),
            status: self.status(item),
        };
        Some((counterparty, item))
    }

    fn payment(&self, key: &ItemKey, item: &Item) -> Payment {
        Payment {
            window: key.window,
            debtor: self.name(key.debtor),
            creditor: self.name(key.creditor),
            amount: item.amount,
            due_on: item.due_on,
            reference: parts::reference(self, key),
            status: self.status(item),
        }
    }

    fn status(&self, item: &Item) -> String {
        let offset = self.governance.programme.utc_offset_min;
        let overdue = item.due_on < self.closing.netted.at.day(offset);
        if overdue { "overdue" } else { "open" }.to_owned()
    }

    /// opening + net − received + paid = closing, which is what is unpaid or rolled forward.
    fn account(&self, party: Party) -> Account {
        let zero = Net::zero(&self.governance.programme.currency);
        let opening = self.closing.accounts.get(party.slot()).copied();
        let opening = opening.unwrap_or(zero);
        let net = self.netting.positions[party.slot()].net();
        let mut closing = plus(opening, net);
        let mut movements = Vec::new();
        for fact in &self.closing.movements {
            let paid = match fact.kind {
                super::MovementKind::Confirmed => Net::credit(fact.amount),
                super::MovementKind::Returned => Net::debit(fact.amount),
            };
            if fact.key.debtor == party {
                closing = plus(closing, paid);
            } else if fact.key.creditor == party {
                closing = plus(closing, paid.negated());
            } else {
                continue;
            }
            movements.push(parts::movement(self, fact));
        }
        self.assert_account(party, closing);
        Account {
            opening,
            movements,
            net,
            closing,
        }
    }

    /// Works the account out again from what is unpaid.
    fn assert_account(&self, party: Party, closing: Net) {
        let mut unpaid = self.netting.positions[party.slot()].rolled_out;
        let earlier = &self.open_of[party.slot()];
        for (key, item) in earlier.iter().chain(&self.payments_of[party.slot()]) {
            if key.creditor == party {
                unpaid = plus(unpaid, Net::credit(item.amount));
            } else if key.debtor == party {
                unpaid = plus(unpaid, Net::debit(item.amount));
            }
        }
        assert_eq!(
            closing, unpaid,
            "the account of party {} does not come to what is unpaid",
            party.0
        );
    }
}

/// The payments of a window, as items.
fn payments<'a>(
    closing: &'a Closing,
    netting: &'a Netting,
) -> impl Iterator<Item = (ItemKey, Item)> + 'a {
    netting.payments.iter().map(|payment| {
        let key = ItemKey {
            window: closing.cut.window,
            debtor: payment.debtor,
            creditor: payment.creditor,
        };
        let item = Item {
            amount: payment.amount,
            due_on: closing.terms.due_on,
            paid: None,
        };
        (key, item)
    })
}

/// Items by party, so that a statement looks at its own alone: pairs are up to parties².
fn by_party(
    parties: usize,
    items: impl Iterator<Item = (ItemKey, Item)>,
) -> Vec<Vec<(ItemKey, Item)>> {
    let mut of_party = vec![Vec::new(); parties];
    for (key, item) in items {
        of_party[key.debtor.slot()].push((key, item.clone()));
        of_party[key.creditor.slot()].push((key, item));
    }
    of_party
}

fn plus(a: Net, b: Net) -> Net {
    a.checked_add(b).expect("sums of payments fit 96 bits")
}
