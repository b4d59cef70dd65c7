//! Tables of many rows and of wide figures: nothing is lost, cut or drawn over another.

use super::*;
use crate::render::pdf::page::{LEFT, MEASURE, RIGHT};
use crate::render::pdf::tests::{check, drawn};

fn table(rows: Vec<Row>) -> Table {
    let columns = vec![
        ("Text", Column::Text(1)),
        ("Code", Column::Code),
        ("Figure", Column::Figure),
        ("Sum", Column::Figure),
    ];
    Table { columns, rows }
}

fn row(kind: Kind, texts: [&str; 4]) -> Row {
    Row::new(kind, texts)
}

#[test]
fn long_tables_repeat_their_head_and_their_group_on_each_page() {
    let typeface = Typeface::new();
    let mut rows = Vec::new();
    for group in 0..3 {
        rows.push(row(
            Kind::Group,
            [&format!("group {group}"), "", "", "1.00"],
        ));
        for member in 0..100 {
            let name = format!("row {group}-{member}");
            rows.push(row(Kind::Member, [&name, "std", "1", "1.00"]));
        }
    }
    rows.push(row(Kind::Total, ["Total", "", "", "300.00"]));
    let mut paper = Paper::new(&typeface);
    table(rows).lay(&typeface, LEFT, MEASURE).flow(&mut paper);
    let pages = drawn(&paper);
    assert!(pages.len() >= 5);
    check(&pages);
    for texts in &pages {
        assert_eq!(texts[0].text, "Text");
        assert!(texts[4].text.starts_with("group"), "{}", texts[4].text);
    }
    let all: Vec<&str> = pages
        .iter()
        .flatten()
        .map(|text| text.text.as_str())
        .collect();
    for group in 0..3 {
        for member in 0..100 {
            let name = format!("row {group}-{member}");
            assert_eq!(
                all.iter().filter(|text| **text == name).count(),
                1,
                "{name}"
            );
        }
    }
    let last = pages.last().expect("there are pages");
    assert!(last.len() > 10, "the total stays with the row before it");
}

#[test]
fn a_group_never_ends_a_page() {
    let typeface = Typeface::new();
    for before in 40..60 {
        let mut rows = vec![row(Kind::Plain, ["plain", "", "", ""]); before];
        rows.push(row(Kind::Group, ["group", "", "", "2.00"]));
        rows.push(row(Kind::Member, ["member", "", "", "2.00"]));
        rows.push(row(Kind::Total, ["Total", "", "", "2.00"]));
        let mut paper = Paper::new(&typeface);
        table(rows).lay(&typeface, LEFT, MEASURE).flow(&mut paper);
        for texts in drawn(&paper) {
            let last = texts.iter().rfind(|text| text.left < LEFT + 20.0);
            assert_ne!(last.map(|text| text.text.as_str()), Some("group"));
            assert_ne!(last.map(|text| text.text.as_str()), Some("Text"));
        }
    }
}

#[test]
fn wide_figures_are_whole_and_long_texts_make_way() {
    let typeface = Typeface::new();
    let long = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft";
    let wide = "999,999,999,999,999,999,999.99";
    let code = "abcdefghijklmnopqrstuvwxyz-12345";
    let rows = vec![
        row(Kind::Plain, [long, code, wide, wide]),
        row(
            Kind::Total,
            [&format!("{long} {long} {long}"), "", "", wide],
        ),
    ];
    let mut paper = Paper::new(&typeface);
    table(rows).lay(&typeface, LEFT, MEASURE).flow(&mut paper);
    let pages = drawn(&paper);
    check(&pages);
    let texts = &pages[0];
    assert_eq!(texts.iter().filter(|text| text.text == wide).count(), 3);
    assert!(texts.iter().any(|text| text.text == code));
    let figures = texts.iter().filter(|text| text.text == wide);
    let edges: Vec<f32> = figures.map(|text| text.right).collect();
    assert!((edges[1] - RIGHT).abs() < 0.01 && (edges[2] - RIGHT).abs() < 0.01);
}
