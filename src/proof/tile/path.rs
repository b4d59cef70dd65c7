//! The paths under which tiles are served.
//!
//! Must not: give two paths to one tile. A path is read only in the form in which it is written.
//!
//! ```text
//! tile/<L>/<N>[.p/<W>]         L = 0..=63 | "entries"
//!                              N = groups of three digits, all but the last marked with x:
//!                                  1234067 is x001/x234/067
//!                              W = 1..=255, only for a partial tile
//! ```

use super::{TILE_WIDTH, TileCoordinate, full_tiles, tile_width};
use std::fmt;
use std::num::NonZeroU8;

/// Highest tile level that a path may name.
const LEVEL_MAX: u8 = 63;

/// What a tile is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TileKind {
    /// Hashes of this tile level.
    Hashes(u8),
    /// The entries themselves, framed.
    Entries,
}

/// The path of a full or partial tile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TilePath {
    /// Hashes or entries.
    pub kind: TileKind,
    /// Index of the tile in its level.
    pub index: u64,
    /// How many hashes or entries a partial tile has; `None` for a full one.
    pub width: Option<NonZeroU8>,
}

impl TilePath {
    /// The path of a full tile of hashes.
    #[must_use]
    pub fn full(coordinate: TileCoordinate) -> Self {
        let TileCoordinate { level, index } = coordinate;
        TilePath {
            kind: TileKind::Hashes(level),
            index,
            width: None,
        }
    }

    /// The partial tiles of hashes of a tree of `size` leaves, lowest level first.
    pub fn edge(size: u64) -> impl Iterator<Item = TilePath> {
        (0..=LEVEL_MAX).filter_map(move |level| {
            let index = full_tiles(size, level);
            let width = tile_width(size, TileCoordinate { level, index });
            Some(TilePath {
                kind: TileKind::Hashes(level),
                index,
                width: Some(NonZeroU8::new(u8::try_from(width).ok()?)?),
            })
        })
    }

    /// The bundle of entries under a tile of leaf hashes, full or as wide as it.
    #[must_use]
    pub fn bundle(index: u64, width: Option<NonZeroU8>) -> Self {
        TilePath {
            kind: TileKind::Entries,
            index,
            width,
        }
    }

    /// How many hashes or entries are in it.
    #[must_use]
    pub fn count(&self) -> usize {
        self.width
            .map_or(TILE_WIDTH, |width| usize::from(width.get()))
    }

    /// The tile that a path of hashes names; `None` for entries.
    #[must_use]
    pub fn coordinate(&self) -> Option<TileCoordinate> {
        match self.kind {
            TileKind::Hashes(level) => Some(TileCoordinate {
                level,
                index: self.index,
            }),
            TileKind::Entries => None,
        }
    }

    /// Reads a path; `None` unless it is written exactly as [`TilePath`] is displayed.
    #[must_use]
    pub fn parse(path: &str) -> Option<TilePath> {
        let (kind, rest) = path.strip_prefix("tile/")?.split_once('/')?;
        let kind = match kind {
            "entries" => TileKind::Entries,
            level => TileKind::Hashes(decimal(level).filter(|level| *level <= LEVEL_MAX)?),
        };
        let (index, width) = match rest.split_once(".p/") {
            Some((index, width)) => (index, Some(NonZeroU8::new(decimal(width)?)?)),
            None => (rest, None),
        };
        Some(TilePath {
            kind,
            index: parse_index(index)?,
            width,
        })
    }
}

impl fmt::Display for TilePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            TileKind::Hashes(level) => write!(f, "tile/{level}/")?,
            TileKind::Entries => f.write_str("tile/entries/")?,
        }
        let mut divisor = 1;
        while self.index / divisor >= 1_000 {
            divisor *= 1_000;
        }
        while divisor > 1 {
            write!(f, "x{:03}/", self.index / divisor % 1_000)?;
            divisor /= 1_000;
        }
        write!(f, "{:03}", self.index % 1_000)?;
        match self.width {
            Some(width) => write!(f, ".p/{width}"),
            None => Ok(()),
        }
    }
}

fn parse_index(text: &str) -> Option<u64> {
    let mut index = 0u64;
    let mut groups = text.split('/').peekable();
    while let Some(group) = groups.next() {
        let is_last = groups.peek().is_none();
        let digits = if is_last {
            group
        } else {
            group.strip_prefix('x')?
        };
        if digits.len() != 3 || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
            return None;
        }
        let value: u64 = digits.parse().ok()?;
        // A first group of zeros before others would be a second path to the same tile.
        if index == 0 && value == 0 && !is_last {
            return None;
        }
        index = index.checked_mul(1_000)?.checked_add(value)?;
    }
    Some(index)
}

/// A decimal number without leading zeros or sign.
fn decimal(text: &str) -> Option<u8> {
    let is_plain = text.bytes().all(|digit| digit.is_ascii_digit());
    let has_leading_zero = text.len() > 1 && text.starts_with('0');
    if !is_plain || has_leading_zero {
        None
    } else {
        text.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_paths_of_the_specification() {
        let path = |level, index, width| TilePath {
            kind: TileKind::Hashes(level),
            index,
            width: NonZeroU8::new(width),
        };
        for (text, expected) in [
            ("tile/0/x001/x234/067", path(0, 1_234_067, 0)),
            ("tile/63/000", path(63, 0, 0)),
            ("tile/1/999.p/255", path(1, 999, 255)),
            ("tile/1/x001/000.p/1", path(1, 1_000, 1)),
            ("tile/1/x001/x000/000", path(1, 1_000_000, 0)),
        ] {
            assert_eq!(TilePath::parse(text), Some(expected), "{text}");
            assert_eq!(expected.to_string(), text);
        }
        let entries = TilePath {
            kind: TileKind::Entries,
            index: 7,
            width: NonZeroU8::new(9),
        };
        assert_eq!(TilePath::parse("tile/entries/007.p/9"), Some(entries));
        assert_eq!(entries.coordinate(), None);
        let coordinate = TileCoordinate { level: 2, index: 5 };
        assert_eq!(TilePath::full(coordinate).coordinate(), Some(coordinate));
    }

    #[test]
    fn no_tile_has_a_second_path() {
        for text in [
            "",
            "tile",
            "tile/",
            "tile/0",
            "tile/0/",
            "tile/0/0",
            "tile/0/00",
            "tile/0/0000",
            "/tile/0/000",
            "tile/00/000",
            "tile/64/000",
            "tile/+1/000",
            "tile/-1/000",
            "tile/x/000",
            "tile/0/x000/001",
            "tile/0/x000/x001/000",
            "tile/0/x001",
            "tile/0/x001/",
            "tile/0/001/000",
            "tile/0/+01",
            "tile/0/x+01/000",
            "tile/0/000/",
            "tile/0/000.p/0",
            "tile/0/000.p/256",
            "tile/0/000.p/01",
            "tile/0/000.p/",
            "tile/0/000.p/+1",
            "tile/0/000.p/1/",
            "tile/0/000.p/1.p/1",
            "tile/0/ 00",
            "tile/entries/0",
            "tile/data/000",
            "tile/0/../000",
            "tile/0/x018/x446/x744/x073/x709/\
            x551/616",
            "tile/0/\u{661}\u{662}\u{663}",
        ] {
            assert_eq!(TilePath::parse(text), None, "{text}");
        }
        let last = TilePath {
            kind: TileKind::Hashes(0),
            index: u64::MAX,
            width: None,
        };
        assert_eq!(TilePath::parse(&last.to_string()), Some(last));
    }

    proptest! {
        #[test]
        fn a_path_is_read_as_it_is_written(level in 0u8..64, index: u64, shift in 0u32..64, w: u8) {
            let width = NonZeroU8::new(w);
            let path = TilePath { kind: TileKind::Hashes(level), index: index >> shift, width };
            prop_assert_eq!(TilePath::parse(&path.to_string()), Some(path));
        }

        #[test]
        fn garbage_never_panics(text in "(tile/)?[0-9x/.p]{0,30}") {
            if let Some(path) = TilePath::parse(&text) {
                prop_assert_eq!(path.to_string(), text);
            }
        }
    }
}
