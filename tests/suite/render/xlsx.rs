//! Workbooks: the same bytes again, real numbers, totals with their results.

use super::cases;
use std::io::{Cursor, Read};
use tallyhouse::domain::money::Money;
use tallyhouse::render::xlsx;

fn part(workbook: &[u8], name: &str) -> String {
    let mut archive = zip::ZipArchive::new(Cursor::new(workbook)).expect("a ZIP");
    let mut text = String::new();
    let mut file = archive.by_name(name).expect("the part");
    file.read_to_string(&mut text).expect("UTF-8");
    text
}

#[test]
fn the_same_sheet_gives_the_same_bytes_dated_by_the_cut() {
    let series = [cases::issuer_pays(), cases::pool(), cases::bilateral()];
    for case in series.iter().flatten() {
        let matrix = || xlsx::matrix(&case.window()).expect("it fits");
        assert_eq!(matrix(), matrix());
        for sheet in case.sheets() {
            let statement = || xlsx::statement(&sheet).expect("it fits");
            assert_eq!(statement(), statement());
        }
    }
    let case = cases::example();
    let workbook = xlsx::matrix(&case.window()).expect("it fits");
    assert!(part(&workbook, "docProps/core.xml").contains("2026-03-03T02:00:00Z"));
}

#[test]
fn a_statement_has_five_sheets_for_a4_with_frozen_heads() {
    let case = cases::example();
    let sheet = case.sheets().nth(1).expect("grocery");
    let workbook = xlsx::statement(&sheet).expect("it fits");
    let names = part(&workbook, "xl/workbook.xml");
    for name in ["Summary", "Lines", "Account", "Points", "Verify"] {
        assert!(names.contains(&format!("<sheet name=\"{name}\"")), "{name}");
    }
    for number in 1..=5 {
        let page = part(&workbook, &format!("xl/worksheets/sheet{number}.xml"));
        assert!(page.contains("state=\"frozen\""));
        assert!(page.contains("paperSize=\"9\""));
        assert!(page.contains("fitToHeight=\"0\""));
    }
    let verify = part(&workbook, "xl/sharedStrings.xml");
    assert!(verify.contains(&sheet.stated.sha256));
}

#[test]
fn amounts_are_numbers_and_totals_are_formulas_with_results() {
    let case = cases::example();
    let sheet = case.sheets().nth(1).expect("grocery");
    let workbook = xlsx::statement(&sheet).expect("it fits");
    let lines = part(&workbook, "xl/worksheets/sheet2.xml");
    assert!(lines.contains("<v>3011.75</v>"));
    assert!(
        lines.contains("<f>SUM(H2:H10)</f><v>4016.08</v>"),
        "{lines}"
    );
    assert!(lines.contains("<f>SUM(I2:I10)</f><v>1322.82</v>"));
    assert!(lines.contains("<f>I11-H11</f><v>-2693.26</v>"));
    let matrix = xlsx::matrix(&case.window()).expect("it fits");
    let matrix = part(&matrix, "xl/worksheets/sheet1.xml");
    assert!(
        matrix.contains("<f>SUM(F2:F5)</f><v>5779.00</v>"),
        "{matrix}"
    );
}

#[test]
fn amounts_past_15_digits_are_texts_and_so_are_their_totals() {
    let mut case = cases::example();
    let long = "99999999999999.99";
    case.document.lines[0].amount = Money::parse(long, 2).expect("an amount");
    let workbook = xlsx::matrix(&case.window()).expect("it fits");
    let lines = part(&workbook, "xl/worksheets/sheet4.xml");
    assert!(!lines.contains("<f>"), "{lines}");
    let texts = part(&workbook, "xl/sharedStrings.xml");
    assert!(texts.contains(long));
    assert!(texts.contains("100000000005766.99"));
}
