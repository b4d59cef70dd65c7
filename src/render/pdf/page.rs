//! Paper: A4 pages that fill from the top, as marks that are drawn when all pages are known.
//!
//! Lengths are points of 1/72 inch; y grows downwards and a text's y is its baseline.
//! Must not: know what a statement is, or draw outside the margins by itself.

use super::typeface::{Shaped, Typeface, Weight};

pub(super) const WIDTH: f32 = 595.28;
pub(super) const HEIGHT: f32 = 841.89;
pub(super) const LEFT: f32 = 48.0;
pub(super) const RIGHT: f32 = WIDTH - LEFT;
/// Between the margins.
pub(super) const MEASURE: f32 = RIGHT - LEFT;
pub(super) const TOP: f32 = 46.0;
pub(super) const BOTTOM: f32 = HEIGHT - 58.0;
/// Between blocks that stand side by side.
pub(super) const GUTTER: f32 = 26.0;

/// The size of plain text.
pub(super) const BODY: f32 = 8.0;
/// The size of captions and notes.
pub(super) const SMALL: f32 = 7.0;
/// From one baseline to the next, by size.
pub(super) const LEADING: f32 = 1.36;

/// What a mark says by its colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tone {
    /// Text.
    Ink,
    /// Text that explains.
    Soft,
    /// The one colour.
    Accent,
    /// What somebody has to look at.
    Alert,
    /// Hairlines.
    Hair,
    /// The ground of a panel.
    Tint,
}

/// A rectangle.
#[derive(Debug, Clone, Copy)]
pub(super) struct Area {
    pub(super) x: f32,
    pub(super) y: f32,
    pub(super) width: f32,
    pub(super) height: f32,
}

/// One thing on a page.
#[derive(Debug, Clone)]
pub(super) enum Mark {
    Text {
        x: f32,
        y: f32,
        size: f32,
        tone: Tone,
        shaped: Shaped,
    },
    /// Rectangles of one colour, drawn as one path.
    Fill { areas: Vec<Area>, tone: Tone },
    /// An area that opens an address.
    Link { area: Area, address: String },
}

/// How a text looks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Style {
    pub(super) size: f32,
    pub(super) weight: Weight,
    pub(super) tone: Tone,
}

impl Style {
    pub(super) const fn new(size: f32, weight: Weight, tone: Tone) -> Self {
        Self { size, weight, tone }
    }

    /// The same letters in another colour.
    pub(super) fn toned(self, tone: Tone) -> Self {
        Self { tone, ..self }
    }
}

/// Plain text.
pub(super) const PLAIN: Style = Style::new(BODY, Weight::Regular, Tone::Ink);
/// Text that matters.
pub(super) const STRONG: Style = Style::new(BODY, Weight::Bold, Tone::Ink);
/// Captions and notes.
pub(super) const NOTE: Style = Style::new(SMALL, Weight::Regular, Tone::Soft);

/// The pages so far, and how far down the last one is filled.
pub(super) struct Paper<'t> {
    pub(super) typeface: &'t Typeface,
    pub(super) pages: Vec<Vec<Mark>>,
    pub(super) y: f32,
}

impl<'t> Paper<'t> {
    pub(super) fn new(typeface: &'t Typeface) -> Self {
        Self {
            typeface,
            pages: vec![Vec::new()],
            y: TOP,
        }
    }

    /// How much height the page has left.
    pub(super) fn room(&self) -> f32 {
        BOTTOM - self.y
    }

    /// Begins a page, unless `height` still fits on this one. Says whether it did.
    pub(super) fn ensure(&mut self, height: f32) -> bool {
        let full = height > self.room() && self.y > TOP;
        if full {
            self.pages.push(Vec::new());
            self.y = TOP;
        }
        full
    }

    pub(super) fn put(&mut self, mark: Mark) {
        let page = self.pages.last_mut();
        page.expect("there is a first page").push(mark);
    }

    pub(super) fn fill(&mut self, area: Area, tone: Tone) {
        let areas = vec![area];
        self.put(Mark::Fill { areas, tone });
    }

    /// A horizontal line below `y`.
    pub(super) fn rule(&mut self, x: f32, y: f32, width: f32, thickness: f32, tone: Tone) {
        let height = thickness;
        self.fill(
            Area {
                x,
                y,
                width,
                height,
            },
            tone,
        );
    }

    pub(super) fn shaped(&mut self, x: f32, y: f32, shaped: Shaped, size: f32, tone: Tone) {
        if !shaped.glyphs.is_empty() {
            self.put(Mark::Text {
                x,
                y,
                size,
                tone,
                shaped,
            });
        }
    }

    /// One line from `x` on; says where it ends.
    pub(super) fn text(&mut self, x: f32, y: f32, text: &str, style: Style) -> f32 {
        let shaped = self.typeface.shape(text, style.weight);
        let end = x + shaped.width(style.size);
        self.shaped(x, y, shaped, style.size, style.tone);
        end
    }

    /// One line that ends at `right`.
    pub(super) fn text_right(&mut self, right: f32, y: f32, text: &str, style: Style) {
        let shaped = self.typeface.shape(text, style.weight);
        let x = right - shaped.width(style.size);
        self.shaped(x, y, shaped, style.size, style.tone);
    }

    /// Lines within a width, the first one's top at `top`; says how high they are together.
    pub(super) fn paragraph(
        &mut self,
        x: f32,
        top: f32,
        width: f32,
        lines_max: usize,
        text: &str,
        style: Style,
    ) -> f32 {
        let lines = (self.typeface).wrap(text, style.weight, style.size, width, lines_max);
        let step = style.size * LEADING;
        let mut baseline = top + style.size;
        let height = step * lines.len() as f32;
        for line in lines {
            self.shaped(x, baseline, line, style.size, style.tone);
            baseline += step;
        }
        height
    }

    /// A section's title, with room for `follows` behind it on the same page.
    pub(super) fn heading(&mut self, title: &str, follows: f32) {
        const HEADING: f32 = 28.0;
        if !self.ensure(HEADING + follows) && self.y > TOP {
            self.y += 12.0;
        }
        self.title(LEFT, self.y + 10.0, title);
        self.y += 16.0;
    }

    /// A title without a place of its own.
    pub(super) fn title(&mut self, x: f32, y: f32, title: &str) {
        self.text(x, y, title, Style::new(10.0, Weight::Bold, Tone::Accent));
    }
}
