//! Workbooks and their pages: cells of a few kinds, written row by row.
//!
//! Must not: write a number that a spreadsheet cannot hold exactly.

use crate::domain::points::Points;
use crate::domain::price::Price;
use crate::domain::statement::{Identity, LogRange};
use crate::domain::time::Day;
use crate::render::figures::points;
use rust_decimal::Decimal;
use rust_xlsxwriter::{
    DocProperties, ExcelDateTime, Format, FormatAlign, FormatBorder, Formula, Workbook, Worksheet,
    XlsxError,
};

/// Digits that a spreadsheet keeps.
const DIGITS_MAX: usize = 15;
const PAPER_A4: u8 = 9;
const HEAD_COLOR: u32 = 0x001F_3A5F;
const RULE_COLOR: u32 = 0x00B8_C4D0;

/// What stands in a cell.
#[derive(Debug, Clone)]
pub enum Cell {
    /// Nothing.
    None,
    /// A text.
    Text(String),
    /// A heading inside a page.
    Head(String),
    /// An amount of money.
    Money(Decimal),
    /// A formula that comes to an amount of money.
    MoneySum(String, Decimal),
    /// Points.
    Points(Points),
    /// Points with their sign in an equation.
    SignedPoints(Decimal),
    /// A formula that comes to points.
    PointsSum(String, Decimal),
    /// A price per displayed point.
    Price(Price),
    /// A count or a number of something.
    Whole(u64),
    /// A day.
    Day(Day),
}

impl Cell {
    /// A text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// A heading inside a page.
    pub fn head(text: impl Into<String>) -> Self {
        Self::Head(text.into())
    }
}

/// How kinds of cells look in one workbook.
struct Look {
    point_scale: u8,
    text: Format,
    head: Format,
    title: Format,
    money: Format,
    points: Format,
    price: Format,
    whole: Format,
    day: Format,
}

impl Look {
    fn of(identity: &Identity, decimals: u32) -> Self {
        let fraction = |decimals: u32| match usize::try_from(decimals).unwrap_or_default() {
            0 => String::new(),
            count => format!(".{}", "0".repeat(count)),
        };
        let letters = identity
            .currency
            .chars()
            .filter(char::is_ascii_alphanumeric);
        let currency: String = letters.collect();
        let amount = format!("#,##0{}\\ \"{currency}\"", fraction(decimals));
        let number = |pattern: String| Format::new().set_num_format(pattern);
        Self {
            point_scale: identity.point_scale,
            text: Format::new(),
            head: Format::new()
                .set_bold()
                .set_font_color(HEAD_COLOR)
                .set_border_bottom(FormatBorder::Thin)
                .set_border_bottom_color(RULE_COLOR),
            title: Format::new()
                .set_bold()
                .set_font_color(0x00FF_FFFF)
                .set_background_color(HEAD_COLOR)
                .set_align(FormatAlign::VerticalCenter),
            money: number(format!("{amount};[Red]\\-{amount}")),
            points: number(format!("#,##0{}", fraction(identity.point_scale.into()))),
            price: number("0.00######".to_owned()),
            whole: number("0".to_owned()),
            day: number("yyyy\\-mm\\-dd".to_owned()).set_align(FormatAlign::Left),
        }
    }
}

/// A workbook in the making.
pub struct Book {
    workbook: Workbook,
    look: Look,
    footer: String,
}

impl Book {
    /// A workbook dated by the cut of its window.
    pub fn new(identity: &Identity, log: &LogRange, decimals: u32, footer: &str) -> Self {
        let cut_at = log.cut_at.get(..19).unwrap_or_default();
        let dated = ExcelDateTime::parse_from_str(cut_at).unwrap_or_default();
        let mut workbook = Workbook::new();
        let properties = DocProperties::new().set_author("Tallyhouse");
        workbook.set_properties(&properties.set_creation_datetime(&dated));
        Self {
            workbook,
            look: Look::of(identity, decimals),
            footer: footer.to_owned(),
        }
    }

    /// Adds a page, which opens with a frozen row of column titles, each with its width.
    ///
    /// # Errors
    /// What the page cannot hold by Excel's limits.
    pub fn page(
        &mut self,
        name: &str,
        columns: &[(&str, f64)],
        fill: impl FnOnce(&mut Page) -> Result<(), XlsxError>,
    ) -> Result<(), XlsxError> {
        let sheet = self.workbook.add_worksheet();
        sheet
            .set_name(name)?
            .set_paper_size(PAPER_A4)
            .set_print_fit_to_pages(1, 0)
            .set_repeat_rows(0, 0)?
            .set_freeze_panes(1, 0)?
            .set_footer(&self.footer)
            .set_row_height(0, 20)?;
        let width: f64 = columns.iter().map(|(_, width)| width).sum();
        if width > 100.0 {
            sheet.set_landscape();
        }
        for (place, (title, width)) in (0_u16..).zip(columns) {
            sheet.set_column_width(place, *width)?;
            sheet.write_string_with_format(0, place, *title, &self.look.title)?;
        }
        fill(&mut Page {
            sheet,
            look: &self.look,
            next: 1,
            holds_text_amounts: false,
        })
    }

    /// The file.
    ///
    /// # Errors
    /// What the workbook cannot hold by Excel's limits.
    pub fn into_bytes(mut self) -> Result<Vec<u8>, XlsxError> {
        self.workbook.save_to_buffer()
    }
}

/// One page in the making.
pub struct Page<'a> {
    sheet: &'a mut Worksheet,
    look: &'a Look,
    next: u32,
    holds_text_amounts: bool,
}

impl Page<'_> {
    /// The number of the next row, as formulas name it.
    pub fn next_row(&self) -> u32 {
        self.next + 1
    }

    /// Leaves a row empty.
    pub fn skip(&mut self) {
        self.next += 1;
    }

    /// Writes a row.
    ///
    /// # Errors
    /// A page that is full.
    pub fn row(&mut self, cells: &[Cell]) -> Result<(), XlsxError> {
        self.cells(cells, false)
    }

    /// Writes a row of totals.
    ///
    /// # Errors
    /// A page that is full.
    pub fn total(&mut self, cells: &[Cell]) -> Result<(), XlsxError> {
        self.cells(cells, true)
    }

    fn cells(&mut self, cells: &[Cell], total: bool) -> Result<(), XlsxError> {
        for (place, cell) in (0_u16..).zip(cells) {
            self.cell(place, cell, total)?;
        }
        self.next += 1;
        Ok(())
    }

    fn cell(&mut self, place: u16, cell: &Cell, total: bool) -> Result<(), XlsxError> {
        let look = self.look;
        match cell {
            Cell::None if total => self.text(place, "", &look.text, total),
            Cell::None => Ok(()),
            Cell::Text(text) => self.text(place, text, &look.text, total),
            Cell::Head(text) => self.text(place, text, &look.head, false),
            Cell::Money(amount) => self.number(place, *amount, &look.money, total),
            Cell::MoneySum(sum, result) => self.formula(place, sum, *result, &look.money, total),
            Cell::Points(count) => {
                let shown = points(*count, look.point_scale);
                self.number(place, shown, &look.points, total)
            }
            Cell::SignedPoints(shown) => self.number(place, *shown, &look.points, total),
            Cell::PointsSum(sum, result) => self.formula(place, sum, *result, &look.points, total),
            Cell::Price(price) => {
                let number = Decimal::from_str_exact(&price.to_string());
                let number = number.expect("a price is a decimal number");
                self.number(place, number, &look.price, total)
            }
            Cell::Whole(count) => self.number(place, (*count).into(), &look.whole, total),
            Cell::Day(day) => {
                let day = ExcelDateTime::parse_from_str(&day.to_string())?;
                let format = styled(&look.day, total);
                self.sheet
                    .write_datetime_with_format(self.next, place, &day, &format)?;
                Ok(())
            }
        }
    }

    fn text(&mut self, at: u16, text: &str, look: &Format, total: bool) -> Result<(), XlsxError> {
        let format = styled(look, total);
        self.sheet
            .write_string_with_format(self.next, at, text, &format)?;
        Ok(())
    }

    fn number(
        &mut self,
        place: u16,
        number: Decimal,
        look: &Format,
        total: bool,
    ) -> Result<(), XlsxError> {
        let format = styled(look, total);
        if let Some(exact) = exact(number) {
            self.sheet
                .write_number_with_format(self.next, place, exact, &format)?;
        } else {
            self.holds_text_amounts = true;
            let format = format.set_align(FormatAlign::Right);
            self.sheet
                .write_string_with_format(self.next, place, number.to_string(), &format)?;
        }
        Ok(())
    }

    /// A formula would skip amounts that are texts, so then its result is written instead.
    fn formula(
        &mut self,
        place: u16,
        formula: &str,
        result: Decimal,
        look: &Format,
        total: bool,
    ) -> Result<(), XlsxError> {
        if self.holds_text_amounts || exact(result).is_none() {
            return self.number(place, result, look, total);
        }
        let format = styled(look, total);
        let formula = Formula::new(formula).set_result(result.to_string());
        self.sheet
            .write_formula_with_format(self.next, place, formula, &format)?;
        Ok(())
    }
}

fn styled(look: &Format, total: bool) -> Format {
    if !total {
        return look.clone();
    }
    look.clone()
        .set_bold()
        .set_border_top(FormatBorder::Thin)
        .set_border_top_color(HEAD_COLOR)
}

/// The number as a spreadsheet holds it, if it keeps every digit.
fn exact(number: Decimal) -> Option<f64> {
    let digits = number.mantissa().unsigned_abs().to_string().len();
    (digits <= DIGITS_MAX).then_some(())?;
    number.to_string().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_up_to_15_digits_are_exact() {
        let number = |text: &str| Decimal::from_str_exact(text).expect("a number");
        for text in ["0.01", "-1234567890123.45", "999999999999999", "0.00000001"] {
            let kept = exact(number(text)).expect("at most 15 digits");
            assert_eq!(format!("{kept}"), text);
        }
        assert_eq!(exact(number("12345678901234.56")), None);
    }
}
