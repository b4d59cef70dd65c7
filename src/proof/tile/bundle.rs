//! Entry bundles: the entries under a level-0 tile, one after the other.
//!
//! Must not: look into an entry. Its leaf hash is over exactly the bytes in the frame.
//!
//! ```text
//! bundle = (length: u16 big-endian | entry bytes)*        1 to 256 entries
//! ```

use super::TILE_WIDTH;

/// Longest full bundle: 256 entries of 65,535 bytes, each with its length.
pub const BUNDLE_BYTES_MAX: usize = TILE_WIDTH * (2 + u16::MAX as usize);

/// Appends an entry to a bundle.
///
/// # Panics
/// If the entry is longer than 65,535 bytes, which no entry of a ledger is.
pub fn push_entry(bundle: &mut Vec<u8>, entry: &[u8]) {
    let length = u16::try_from(entry.len()).expect("an entry has at most 65,535 bytes");
    bundle.extend_from_slice(&length.to_be_bytes());
    bundle.extend_from_slice(entry);
}

/// The entries of a bundle; `None` unless it is 1 to 256 whole frames and nothing else.
#[must_use]
pub fn bundle_entries(bundle: &[u8]) -> Option<Vec<&[u8]>> {
    let mut entries = Vec::new();
    let mut rest = bundle;
    while let Some((length, behind)) = rest.split_first_chunk() {
        let entry = behind.split_at_checked(usize::from(u16::from_be_bytes(*length)));
        let (entry, behind) = entry?;
        entries.push(entry);
        rest = behind;
    }
    (rest.is_empty() && (1..=TILE_WIDTH).contains(&entries.len())).then_some(entries)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_whole_frames_are_a_bundle() {
        for (bytes, expected) in [
            (&[0, 1, 7][..], Some(vec![&[7][..]])),
            (&[0, 0, 0, 2, 8, 9], Some(vec![&[][..], &[8, 9]])),
            (&[], None),
            (&[0], None),
            (&[0, 2, 7], None),
            (&[0, 1, 7, 0], None),
            (&[0, 1, 7, 0, 1], None),
        ] {
            assert_eq!(bundle_entries(bytes), expected, "{bytes:?}");
        }
        assert_eq!(bundle_entries(&[0; 512]).map(|all| all.len()), Some(256));
        assert_eq!(bundle_entries(&[0; 514]), None, "257 entries");
    }

    proptest! {
        #[test]
        fn a_bundle_is_read_as_it_is_written(
            entries in prop::collection::vec(any::<Vec<u8>>(), 1..9)
        ) {
            let mut bundle = Vec::new();
            entries.iter().for_each(|entry| push_entry(&mut bundle, entry));
            let read: Vec<Vec<u8>> =
                bundle_entries(&bundle).expect("whole frames").iter().map(|e| e.to_vec()).collect();
            prop_assert_eq!(read, entries);
        }
    }
}
