//! Packing: the files of a window as one ZIP.
//!
//! Must not: name a time, an owner or an order that the files do not have: the same files give the
//! same bytes.

use std::io::{Cursor, Write};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

/// A ZIP of files by their names in it, such as `statements/bakery.json`; deflated, in order of the
/// names, each dated 1980-01-01, the first day that ZIP knows.
///
/// # Panics
/// If two files have one name, or all together pass what ZIP without extensions holds (4 GiB).
pub fn zip(files: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut sorted: Vec<&(String, Vec<u8>)> = files.iter().collect();
    sorted.sort_by(|a, b| a.0.cmp(&b.0));
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .last_modified_time(DateTime::default())
        .unix_permissions(0o644);
    let mut pack = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in sorted {
        pack.start_file(name.as_str(), options)
            .expect("the names of a window's files differ");
        pack.write_all(bytes).expect("memory takes every byte");
    }
    let packed = pack.finish().expect("memory takes every byte");
    packed.into_inner()
}
