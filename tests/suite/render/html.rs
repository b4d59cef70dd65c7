//! The page over windows: complete, self-contained, and with every text escaped.

use super::cases;
use tallyhouse::render::{WindowSheet, html};

fn files(window: u32) -> Vec<String> {
    let names = [
        "window.json",
        "matrix.csv",
        "statements/bakery.pdf",
        "statements/bakery.csv",
    ];
    names
        .iter()
        .map(|name| format!("{window}/{name}"))
        .collect()
}

fn page(cases: &[cases::Case]) -> String {
    let windows: Vec<WindowSheet> = cases.iter().map(cases::Case::window).collect();
    let files: Vec<_> = windows
        .iter()
        .map(|w| files(w.document.identity.window))
        .collect();
    html::index(&windows, &files)
}

#[test]
fn the_page_shows_every_window_and_links_every_file() {
    let cases = cases::issuer_pays();
    let page = page(&cases);
    for case in &cases {
        let window = case.document.identity.window;
        assert!(page.contains(&format!("id=\"window-{window}\"")));
        assert!(page.contains(&case.sha256));
        for file in files(window) {
            assert!(page.contains(&format!("href=\"{file}\"")), "{file}");
        }
    }
    assert!(page.contains("5\u{202f}779.00"));
    assert!(page.contains("−2\u{202f}693.26"));
    let last = page.find("id=\"window-9\"").expect("the last window");
    assert!(last < page.find("id=\"window-7\"").expect("the first window"));
}

#[test]
fn the_page_needs_nothing_from_elsewhere_and_its_tables_say_what_they_are() {
    let page = page(&cases::pool());
    for foreign in ["<script", "http://", "https://", "@import", "url(", "src="] {
        assert!(!page.contains(foreign), "{foreign}");
    }
    assert_eq!(
        page.matches("<table").count(),
        page.matches("<caption>").count()
    );
    assert_eq!(
        page.matches("<th ").count(),
        page.matches("<th scope=").count()
    );
    for tag in [
        "table", "tr", "td", "th", "section", "article", "div", "a", "dl", "ul",
    ] {
        let opened =
            page.matches(&format!("<{tag}>")).count() + page.matches(&format!("<{tag} ")).count();
        assert_eq!(opened, page.matches(&format!("</{tag}>")).count(), "{tag}");
    }
    assert!(page.contains("simulation"));
}

#[test]
fn texts_are_escaped() {
    let mut cases = vec![cases::example()];
    let bakery = cases[0]
        .masters
        .values_mut()
        .find(|m| m.party.as_str() == "bakery");
    bakery.expect("a master").legal_name = "<img onerror=\"x\"> & 'Co'".to_owned();
    let page = page(&cases);
    assert!(!page.contains("<img"));
    assert!(
        page.contains("&#38; &#39;Co&#39;") || page.contains("&amp; &#x27;Co&#x27;"),
        "{page}"
    );
}

#[test]
fn a_folder_without_windows_has_a_page_too() {
    assert!(page(&[]).contains("No window has been stated yet."));
}
