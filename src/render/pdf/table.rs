//! Tables: columns that are as wide as their figures, and rows that go on over pages.
//!
//! Figures never lose a digit: columns of figures take the width they need, in smaller letters if
//! there is not enough, and texts share the rest, wrapped. A page that begins within a table
//! repeats its head, and the group that goes on. Must not: know what the figures mean.

use super::page::{BODY, LEADING, NOTE, Paper, SMALL, Style, Tone};
use super::typeface::{Shaped, Typeface, Weight};

/// Between columns.
const GAP: f32 = 12.0;
/// Above and below a row's text.
const PAD: f32 = 1.9;
/// What all columns of text together need at least.
const TEXT_MIN: f32 = 72.0;
/// How far rows of a group are set in.
const INDENT: f32 = 10.0;
/// On how many lines a text may stand.
const LINES_MAX: usize = 3;
/// Sizes of letters to try, the best first.
const SIZES: [f32; 6] = [BODY, 7.5, 7.0, 6.5, 6.0, 5.0];

/// What stands in a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Column {
    /// Texts that wrap, which share the width that is left by weight.
    Text(u8),
    /// Short texts that do not wrap.
    Code,
    /// Figures, right-aligned.
    Figure,
}

/// One field. A text in the first column runs over the empty fields behind it.
#[derive(Debug, Clone)]
pub(super) struct Cell {
    text: String,
    note: String,
    style: Style,
}

impl Cell {
    pub(super) fn styled(text: impl Into<String>, style: Style) -> Self {
        Self {
            text: text.into(),
            note: String::new(),
            style,
        }
    }

    /// With a smaller line below.
    #[must_use]
    pub(super) fn noted(mut self, note: impl Into<String>) -> Self {
        self.note = note.into();
        self
    }
}

/// What a row is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Plain,
    /// The head of the rows behind it.
    Group,
    /// A row of a group.
    Member,
    Total,
}

/// One row, with a field for each column.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub(super) kind: Kind,
    pub(super) cells: Vec<Cell>,
}

impl Row {
    /// A row of texts in the style of its kind.
    pub(super) fn new<T: Into<String>>(kind: Kind, texts: impl IntoIterator<Item = T>) -> Self {
        let weight = match kind {
            Kind::Plain | Kind::Member => Weight::Regular,
            Kind::Group | Kind::Total => Weight::Bold,
        };
        let style = Style::new(BODY, weight, Tone::Ink);
        let cells = texts.into_iter().map(|text| Cell::styled(text, style));
        Self {
            kind,
            cells: cells.collect(),
        }
    }
}

/// Columns with their titles, and rows.
#[derive(Debug, Clone)]
pub(super) struct Table {
    pub(super) columns: Vec<(&'static str, Column)>,
    pub(super) rows: Vec<Row>,
}

/// A table with the place of everything in it.
pub(super) struct Laid {
    x: f32,
    width: f32,
    /// Of its letters, at most [`BODY`].
    pub(super) size: f32,
    head: LaidRow,
    rows: Vec<LaidRow>,
}

struct LaidRow {
    kind: Kind,
    height: f32,
    /// Left edge, line from 0, style and letters.
    fields: Vec<(f32, f32, Style, Shaped)>,
    /// How a group is named on the next page.
    continued: Option<Box<LaidRow>>,
}

struct Widths {
    size: f32,
    /// Left edge and width of each column.
    columns: Vec<(f32, f32)>,
}

impl Table {
    /// Lays the table out between `x` and `x + width`.
    pub(super) fn lay(&self, typeface: &Typeface, x: f32, width: f32) -> Laid {
        self.lay_within(typeface, x, width, BODY)
    }

    /// The same in letters of at most `size_max`.
    pub(super) fn lay_within(
        &self,
        typeface: &Typeface,
        x: f32,
        width: f32,
        size_max: f32,
    ) -> Laid {
        let widths = self.widths(typeface, width, size_max);
        let head = LaidRow {
            kind: Kind::Plain,
            ..self.lay_row(typeface, &self.head(), &widths)
        };
        let rows = self.rows.iter().map(|row| {
            let mut laid = self.lay_row(typeface, row, &widths);
            if row.kind == Kind::Group {
                let again = self.lay_row(typeface, &continued(row), &widths);
                laid.continued = Some(Box::new(again));
            }
            laid
        });
        Laid {
            x,
            width,
            size: widths.size,
            rows: rows.collect(),
            head,
        }
    }

    fn head(&self) -> Row {
        let titles = self.columns.iter();
        Row {
            kind: Kind::Plain,
            cells: titles
                .map(|(title, _)| Cell::styled(*title, NOTE))
                .collect(),
        }
    }

    /// Columns of figures and codes get what they need; the rest is shared by texts.
    fn widths(&self, typeface: &Typeface, width: f32, size_max: f32) -> Widths {
        let titles = self.head();
        let needs: Vec<f32> = (0..self.columns.len())
            .map(|at| {
                let rows = self.rows.iter().chain([&titles]);
                let cells = rows.filter_map(|row| row.cells.get(at));
                let wide = |cell: &Cell| {
                    let text = typeface.shape(&cell.text, cell.style.weight).width(1.0);
                    text * cell.style.size / BODY
                };
                cells.map(wide).fold(0.0, f32::max)
            })
            .collect();
        let is_text = |at: usize| matches!(self.columns[at].1, Column::Text(_));
        let taken = |size: f32| -> f32 {
            let fixed = (0..needs.len()).filter(|at| !is_text(*at));
            fixed.map(|at| needs[at] * size + GAP).sum()
        };
        let fits = |size: &&f32| width - taken(**size) >= TEXT_MIN;
        let smallest = SIZES[SIZES.len() - 1];
        let mut sizes = SIZES.iter().filter(|size| **size <= size_max);
        let size = sizes.find(fits).copied().unwrap_or(smallest);
        let weight = |column: Column| match column {
            Column::Text(weight) => f32::from(weight),
            Column::Code | Column::Figure => 0.0,
        };
        let shares: f32 = self.columns.iter().map(|(_, column)| weight(*column)).sum();
        let texts = self
            .columns
            .iter()
            .filter(|(_, column)| weight(*column) > 0.0);
        let gaps = GAP * (texts.count().max(1) - 1) as f32;
        let left_over = (width - taken(size) - gaps).max(1.0);
        let mut x = 0.0;
        let columns = (self.columns.iter().zip(&needs)).map(|((_, column), need)| {
            let wide = match column {
                Column::Text(_) => left_over * weight(*column) / shares,
                Column::Code | Column::Figure => need * size,
            };
            let place = (x, wide);
            x += wide + GAP;
            place
        });
        Widths {
            size,
            columns: columns.collect(),
        }
    }

    fn lay_row(&self, typeface: &Typeface, row: &Row, widths: &Widths) -> LaidRow {
        let scale = widths.size / BODY;
        let mut fields = Vec::new();
        let mut lines = 1.0_f32;
        for (at, cell) in row.cells.iter().enumerate().take(self.columns.len()) {
            let indent = if at == 0 && row.kind == Kind::Member {
                INDENT
            } else {
                0.0
            };
            let (x, mut width) = widths.columns[at];
            if at == 0 {
                let empty = |cell: &&Cell| cell.text.is_empty();
                let over = row.cells[1..].iter().take_while(empty).count();
                let (last_x, last_width) = widths.columns[over];
                width = last_x + last_width;
            }
            let (x, width) = (x + indent, width - indent);
            let style = Style {
                size: cell.style.size * scale,
                ..cell.style
            };
            let note = Style {
                size: SMALL * scale,
                ..NOTE
            };
            let mut line = 0.0;
            for (text, style) in [(&cell.text, style), (&cell.note, note)] {
                if text.is_empty() {
                    continue;
                }
                let column = self.columns[at].1;
                for shaped in within(typeface, text, style, width, column) {
                    let x = match column {
                        Column::Figure => x + width - shaped.width(style.size),
                        Column::Text(_) | Column::Code => x,
                    };
                    fields.push((x, line, style, shaped));
                    line += 1.0;
                }
            }
            lines = lines.max(line);
        }
        LaidRow {
            kind: row.kind,
            height: lines * widths.size * LEADING + 2.0 * PAD,
            fields,
            continued: None,
        }
    }
}

/// The lines of a field: figures and codes stand on one, whole.
fn within(
    typeface: &Typeface,
    text: &str,
    style: Style,
    width: f32,
    column: Column,
) -> Vec<Shaped> {
    match column {
        Column::Text(_) => typeface.wrap(text, style.weight, style.size, width, LINES_MAX),
        Column::Code | Column::Figure => vec![typeface.shape(text, style.weight)],
    }
}

/// The head of a group on the next page: its name without its figures.
fn continued(row: &Row) -> Row {
    let mut again = row.clone();
    for cell in again.cells.iter_mut().skip(1) {
        cell.text.clear();
        cell.note.clear();
    }
    if let Some(first) = again.cells.first_mut() {
        first.text.push_str(" (continued)");
        first.note.clear();
    }
    again
}

impl Laid {
    /// With its head, on one page.
    pub(super) fn height(&self) -> f32 {
        let rows: f32 = self.rows.iter().map(|row| row.height).sum();
        self.head.height + rows
    }

    /// What has to stand together at least: the head and the first rows.
    pub(super) fn start_height(&self) -> f32 {
        let first: f32 = self.rows.iter().take(3).map(|row| row.height).sum();
        self.head.height + first
    }

    /// Draws the table, on further pages where this one ends.
    pub(super) fn flow(&self, paper: &mut Paper<'_>) {
        paper.ensure(self.start_height());
        self.draw_head(paper);
        let mut group = None;
        for (at, row) in self.rows.iter().enumerate() {
            if row.kind != Kind::Member {
                group = row.continued.as_deref();
            }
            if paper.ensure(self.kept_together(at)) {
                self.draw_head(paper);
                if let Some(again) = group.filter(|_| row.kind == Kind::Member) {
                    self.draw(paper, again);
                }
            }
            self.draw(paper, row);
        }
    }

    /// A group's head stays with its first row, and a total with the row before it.
    fn kept_together(&self, from: usize) -> f32 {
        let mut height = 0.0;
        for (at, row) in self.rows.iter().enumerate().skip(from) {
            height += row.height;
            let next = self.rows.get(at + 1);
            let total = next.is_some_and(|next| next.kind == Kind::Total);
            if row.kind != Kind::Group && !total {
                break;
            }
        }
        height
    }

    fn draw_head(&self, paper: &mut Paper<'_>) {
        self.draw_fields(paper, &self.head);
        paper.y += self.head.height;
        paper.rule(self.x, paper.y - 0.6, self.width, 0.6, Tone::Soft);
    }

    fn draw(&self, paper: &mut Paper<'_>, row: &LaidRow) {
        let (x, y, width) = (self.x, paper.y, self.width);
        match row.kind {
            Kind::Total => paper.rule(x, y - 0.4, width, 0.8, Tone::Ink),
            Kind::Plain | Kind::Group => paper.rule(x, y - 0.2, width, 0.4, Tone::Hair),
            Kind::Member => {}
        }
        self.draw_fields(paper, row);
        paper.y += row.height;
    }

    fn draw_fields(&self, paper: &mut Paper<'_>, row: &LaidRow) {
        let first = paper.y + PAD + self.size;
        for (x, line, style, shaped) in &row.fields {
            let y = first + line * self.size * LEADING;
            paper.shaped(self.x + x, y, shaped.clone(), style.size, style.tone);
        }
    }
}

#[cfg(test)]
mod tests;
