//! HTML: one page over a folder of windows, to be opened from a disk or served as it is.
//!
//! Self-contained: no script, no font, no picture from elsewhere; light and dark, on screen and on
//! paper. Must not: show an amount that no window document holds, beyond their sums and shares.

mod template;
mod view;

use self::template::Index;
use super::WindowSheet;
use askama::Template;

/// The page over windows of one ledger, the latest first. `files` holds for each of them, in the
/// same order, the relative links of its files: `7/matrix.csv`, `7/statements/bakery.pdf`.
///
/// # Panics
/// If there are not as many lists of files as windows.
pub fn index(windows: &[WindowSheet], files: &[Vec<String>]) -> String {
    assert_eq!(
        windows.len(),
        files.len(),
        "each window has its list of files"
    );
    let page = Index::of(windows, files);
    page.render().expect("a page of texts is written to memory")
}
