//! The lines: by counterparty, with what they come to for each and in all.
//!
//! Must not: show totals other than the position's debits and credits, which the lines sum to.

use super::answer::sum;
use super::blocks::Block;
use super::figures::{self, Figures, counted};
use super::table::{Column, Kind, Row, Table};
use super::words::{self, Side};
use crate::domain::ids::HOUSE;
use crate::domain::statement::{Line, Statement};
use crate::render::Sheet;

/// Lines with one counterparty.
struct Group<'a> {
    name: String,
    /// The house stands first.
    is_partner: bool,
    lines: Vec<&'a Line>,
}

/// The table of lines; none if there are none.
pub(super) fn block(sheet: &Sheet<'_>) -> Option<Block> {
    let statement = sheet.statement;
    if statement.lines.is_empty() {
        return None;
    }
    let figures = Figures::of(&statement.identity);
    let prices = statement.lines.iter().filter_map(|line| line.price);
    let decimals = prices.map(figures::price_decimals).max().unwrap_or(0);
    let mut rows = Vec::new();
    for group in groups(sheet) {
        let mut texts = vec![group.name.clone()];
        texts.extend(vec![String::new(); 4]);
        texts.extend(sums(&group.lines, sheet, figures));
        rows.push(Row::new(Kind::Group, texts));
        let own = group.lines.iter();
        rows.extend(own.map(|line| member(line, statement, figures, decimals)));
    }
    let position = &statement.position;
    let mut total = vec!["Total".to_owned()];
    total.extend(vec![String::new(); 4]);
    total.extend([position.debits, position.credits].map(|amount| figures.amount(amount)));
    rows.push(Row::new(Kind::Total, total));
    let columns = vec![
        ("Counterparty and what for", Column::Text(1)),
        ("Price list", Column::Figure),
        ("Points", Column::Figure),
        ("Price", Column::Figure),
        ("Tax", Column::Code),
        ("You pay", Column::Figure),
        ("You receive", Column::Figure),
    ];
    let caption = format!(
        "{} in {}. Amount = points × price, rounded once, half to even. In bold: sums.",
        counted(statement.lines.len(), "line"),
        figures.currency
    );
    let table = Table { columns, rows };
    let title = "Lines of this window";
    Some(Block {
        title,
        caption,
        table,
    })
}

/// The lines by counterparty: the house first, then partners by name.
fn groups<'a>(sheet: &Sheet<'a>) -> Vec<Group<'a>> {
    let mut groups: Vec<Group<'a>> = Vec::new();
    let mut places = std::collections::BTreeMap::new();
    for line in &sheet.statement.lines {
        let counterparty = Side::of(line, &sheet.statement.partner).counterparty;
        let at = *places.entry(counterparty).or_insert_with(|| {
            groups.push(Group {
                name: words::party_with_id(counterparty, sheet.masters),
                is_partner: counterparty.as_str() != HOUSE,
                lines: Vec::new(),
            });
            groups.len() - 1
        });
        groups[at].lines.push(line);
    }
    groups.sort_by_cached_key(|group| (group.is_partner, group.name.to_lowercase()));
    groups
}

/// What lines come to: to be paid, and to be received.
fn sums(lines: &[&Line], sheet: &Sheet<'_>, figures: Figures<'_>) -> [String; 2] {
    [true, false].map(|pays| {
        let partner = &sheet.statement.partner;
        let same = lines
            .iter()
            .filter(|line| Side::of(line, partner).pays == pays);
        let amounts: Vec<_> = same.map(|line| line.amount).collect();
        if amounts.is_empty() {
            String::new()
        } else {
            figures.amount(sum(amounts))
        }
    })
}

fn member(line: &Line, statement: &Statement, figures: Figures<'_>, decimals: u8) -> Row {
    let amount = figures.amount(line.amount);
    let [pay, receive] = if Side::of(line, &statement.partner).pays {
        [amount, String::new()]
    } else {
        [String::new(), amount]
    };
    let version = (line.price_version > 0).then(|| line.price_version.to_string());
    let price = line.price.map(|price| figures::price(price, decimals));
    let tax = line.tax_code.map(|code| code.to_string());
    Row::new(
        Kind::Member,
        [
            words::reason(line, statement),
            version.unwrap_or_default(),
            line.units
                .map(|units| figures.points(units))
                .unwrap_or_default(),
            price.unwrap_or_default(),
            tax.unwrap_or_default(),
            pay,
            receive,
        ],
    )
}
