//! The ZIP of a window.

use std::io::{Cursor, Read};
use tallyhouse::render::pack;

fn files() -> Vec<(String, Vec<u8>)> {
    let file = |name: &str, bytes: &[u8]| (name.to_owned(), bytes.to_vec());
    vec![
        file("window.json", b"{}"),
        file("statements/bakery.csv", &[b'a'; 10_000]),
        file("matrix.csv", b"section\r\n"),
    ]
}

#[test]
fn a_pack_holds_every_file_in_order_and_compressed() {
    let packed = pack::zip(&files());
    assert!(packed.len() < 2_000, "{} bytes", packed.len());
    let mut archive = zip::ZipArchive::new(Cursor::new(packed)).expect("a ZIP");
    let names = archive
        .file_names()
        .map(|name| name.expect("UTF-8").into_owned());
    let names: Vec<String> = names.collect();
    assert_eq!(
        names,
        ["matrix.csv", "statements/bakery.csv", "window.json"]
    );
    for (name, bytes) in files() {
        let mut unpacked = Vec::new();
        let mut file = archive.by_name(&name).expect("the file");
        file.read_to_end(&mut unpacked).expect("its bytes");
        assert_eq!(unpacked, bytes, "{name}");
        assert_eq!(file.last_modified(), Some(zip::DateTime::default()));
    }
}

#[test]
fn a_pack_does_not_depend_on_the_order_given() {
    let mut reversed = files();
    reversed.reverse();
    assert_eq!(pack::zip(&files()), pack::zip(&reversed));
    assert!(!pack::zip(&[]).is_empty());
}

#[test]
#[should_panic(expected = "the names of a window's files differ")]
fn a_name_given_twice_is_a_bug() {
    let twice = vec![("a".to_owned(), Vec::new()), ("a".to_owned(), Vec::new())];
    pack::zip(&twice);
}
