//! Blocks: titled tables, side by side where they fit, one below the other where not.
//!
//! Must not: cut or shorten a table to make it fit.

use super::page::{BODY, BOTTOM, GUTTER, LEADING, LEFT, MEASURE, NOTE, Paper, TOP};
use super::table::{Laid, Table};

/// A table with a title and a caption, which may be empty.
pub(super) struct Block {
    pub(super) title: &'static str,
    pub(super) caption: String,
    pub(super) table: Table,
}

const CAPTION_LINES_MAX: usize = 4;
/// Smaller letters than these are better set over the whole width.
const SIZE_MIN: f32 = 7.0;
/// Below a caption.
const CAPTION_GAP: f32 = 3.0;
const TITLE: f32 = 28.0;

impl Block {
    fn lay(&self, paper: &Paper<'_>, x: f32, width: f32) -> Laid {
        self.table.lay(paper.typeface, x, width)
    }

    fn caption_height(&self, paper: &Paper<'_>, width: f32) -> f32 {
        if self.caption.is_empty() {
            return 0.0;
        }
        let lines = paper.typeface.wrap(
            &self.caption,
            NOTE.weight,
            NOTE.size,
            width,
            CAPTION_LINES_MAX,
        );
        lines.len() as f32 * NOTE.size * LEADING + CAPTION_GAP
    }

    fn draw_caption(&self, paper: &mut Paper<'_>, x: f32, width: f32) {
        if !self.caption.is_empty() {
            let (y, lines_max) = (paper.y, CAPTION_LINES_MAX);
            paper.paragraph(x, y, width, lines_max, &self.caption, NOTE);
        }
    }

    /// Over the whole width, and over pages if it is long.
    pub(super) fn flow(&self, paper: &mut Paper<'_>) {
        let laid = self.lay(paper, LEFT, MEASURE);
        let caption = self.caption_height(paper, MEASURE);
        paper.heading(self.title, caption + laid.start_height());
        self.draw_caption(paper, LEFT, MEASURE);
        paper.y += caption;
        laid.flow(paper);
    }
}

/// Draws blocks in `slots` columns of one width if none is too high for that, else as they come.
pub(super) fn beside(paper: &mut Paper<'_>, blocks: &[Block], slots: usize) {
    if blocks.is_empty() {
        return;
    }
    let width = (MEASURE - GUTTER * (slots - 1) as f32) / slots as f32;
    let place = |at: usize| LEFT + (width + GUTTER) * at as f32;
    let lay = |size_max: f32| -> Vec<Laid> {
        let blocks = blocks.iter().enumerate();
        let lay = |(at, block): (usize, &Block)| {
            let typeface = paper.typeface;
            (block.table).lay_within(typeface, place(at), width, size_max)
        };
        blocks.map(lay).collect()
    };
    // Neighbours have letters of one size, which is that of the widest.
    let size = lay(BODY).iter().map(|laid| laid.size).fold(BODY, f32::min);
    let laid = lay(size);
    let captions = blocks
        .iter()
        .map(|block| block.caption_height(paper, width));
    let caption = captions.fold(0.0, f32::max);
    let tables = laid.iter().map(Laid::height).fold(0.0, f32::max);
    let height = caption + tables;
    let page = (BOTTOM - TOP) * 0.45;
    let high = TITLE + height > paper.room().max(page);
    if blocks.len() > slots || high || size < SIZE_MIN {
        blocks.iter().for_each(|block| block.flow(paper));
        return;
    }
    paper.heading(blocks[0].title, height);
    let top = paper.y;
    for (at, block) in blocks.iter().enumerate() {
        if at > 0 {
            paper.title(place(at), top - 6.0, block.title);
        }
        paper.y = top;
        block.draw_caption(paper, place(at), width);
        paper.y = top + caption;
        laid[at].flow(paper);
    }
    paper.y = top + height;
}
