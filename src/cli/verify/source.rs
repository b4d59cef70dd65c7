//! Where entries come from: an exported file, a folder of tiles, or the address of a log.
//!
//! Must not: judge an entry.

use super::entries::ExportReader;
use super::shelf::{Shelf, is_address};
use super::tiles::TilesReader;
use anyhow::Context;
use indicatif::{ProgressBar, ProgressStyle};
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

/// Entries in order, from wherever.
pub enum Source {
    /// NDJSON or CBOR.
    File(ExportReader<Box<dyn BufRead + Send>>),
    /// tlog-tiles.
    Tiles(TilesReader),
}

impl Source {
    /// Opens a file, a folder, an address, or standard input for `-`, with a bar over what it
    /// holds. The token is for an address.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn open(path: &Path, token_file: Option<&Path>) -> anyhow::Result<(Self, ProgressBar)> {
        if is_address(path) || path.is_dir() {
            let tiles = TilesReader::open(Shelf::at(path, token_file)?)?;
            let bar = bar_of(Some(tiles.size()), "{human_pos}/{human_len} entries");
            return Ok((Self::Tiles(tiles), bar));
        }
        let shape = "{decimal_bytes}/{decimal_total_bytes}";
        let (input, bar): (Box<dyn Read + Send>, _) = if path == Path::new("-") {
            (Box::new(std::io::stdin()), bar_of(None, "{decimal_bytes}"))
        } else {
            let file =
                File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
            let bytes = file.metadata().map(|metadata| metadata.len()).ok();
            (Box::new(file), bar_of(bytes, shape))
        };
        let input = BufReader::with_capacity(1 << 20, bar.wrap_read(input));
        Ok((Self::File(ExportReader::new(Box::new(input))), bar))
    }

    /// The next entry's bytes; nothing at the end.
    ///
    /// # Errors
    /// It cannot be read, or is not framed as it must be.
    pub fn next_entry(&mut self) -> anyhow::Result<Option<Vec<u8>>> {
        match self {
            Self::File(file) => Ok(file.next_entry()?),
            Self::Tiles(tiles) => tiles.next_entry(),
        }
    }

    /// The tiles, if they are what it reads.
    pub fn tiles(&self) -> Option<&TilesReader> {
        match self {
            Self::File(_) => None,
            Self::Tiles(tiles) => Some(tiles),
        }
    }
}

/// A bar; a counter where the total is not known. The message is the rate.
fn bar_of(total: Option<u64>, shape: &str) -> ProgressBar {
    let bar = match total {
        Some(total) => ProgressBar::new(total),
        None => ProgressBar::new_spinner(),
    };
    let template = format!("  {{bar:32.cyan/dim}} {shape}  {{eta:>4}} left  {{msg:.dim}}");
    let style = ProgressStyle::with_template(&template).expect("it is ours");
    bar.set_style(style.progress_chars("━╸─"));
    bar
}
