//! A partner's statement as PDF, for a person in finance: the answer first, then how it comes
//! about, then how to verify it.
//!
//! The file is PDF/A-2u (ISO 19005-2): fonts and colours are inside, all text can be extracted.
//! Its date is that of netting, which is in the ledger, so the same sheet gives the same bytes.
//! Must not: be taken for the statement; that is the signed JSON, whose SHA-256 is on each page.

mod account;
mod answer;
mod blocks;
mod draw;
mod events;
mod figures;
mod liability;
mod lines;
mod masthead;
mod page;
mod table;
mod typeface;
mod verify;
mod words;

use self::page::Paper;
use self::typeface::Typeface;
use super::Sheet;

/// The statement as a PDF of A4 pages.
pub fn statement(sheet: &Sheet<'_>) -> Vec<u8> {
    let typeface = Typeface::new();
    let paper = set(sheet, &typeface);
    draw::file(sheet, &typeface, &paper.pages)
}

/// All pages, without their footers.
fn set<'t>(sheet: &Sheet<'_>, typeface: &'t Typeface) -> Paper<'t> {
    let statement = sheet.statement;
    let mut paper = Paper::new(typeface);
    masthead::draw(&mut paper, sheet);
    answer::draw(&mut paper, sheet);
    let account = [account::window(statement), account::account(statement)];
    blocks::beside(&mut paper, &account, 2);
    if let Some(lines) = lines::block(sheet) {
        lines.flow(&mut paper);
    }
    let activity = [events::activity(statement), events::prior_period(statement)];
    let activity: Vec<_> = activity.into_iter().flatten().collect();
    blocks::beside(&mut paper, &activity, 2);
    let others = [
        events::adjustments(sheet),
        events::disputes(sheet),
        events::notices(statement),
    ];
    for block in others.into_iter().flatten() {
        block.flow(&mut paper);
    }
    blocks::beside(&mut paper, &liability::blocks(statement), 3);
    verify::draw(&mut paper, sheet);
    paper
}

#[cfg(test)]
mod tests;
