//! `price_set` of a payload: the rows of a new price list version.
//!
//! Must not: know which partners exist.

use super::super::values::{self, need, refuse, set, text};
use super::super::{Head, JsonError, Reader};
use super::known;
use crate::domain::governance::PARTNERS_MAX;
use crate::domain::ids::Name;
use crate::domain::price::{Price, PriceRow};
use crate::domain::submission::{Action, PriceSet};

/// Reads `price_set`.
pub fn read(reader: &mut Reader<'_>, head: &mut Head) -> Result<Action, JsonError> {
    let (mut default, mut rows) = (None, None);
    head.object(reader, |reader, name| {
        match name {
            "default" => set(&mut default, reader, |reader| {
                let mut row = RowFields::default();
                reader.object(|reader, name| known(row.member(reader, name)?, reader))?;
                row.finish(reader)
            })?,
            "rows" => set(&mut rows, reader, price_rows)?,
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    let rows = rows.unwrap_or_default();
    if default.is_none() && rows.is_empty() {
        return Err(refuse(
            reader,
            "a price list has a default or at least one row",
        ));
    }
    Ok(Action::PriceSet(PriceSet { default, rows }))
}

fn price_rows(reader: &mut Reader<'_>) -> Result<Vec<(Name, PriceRow)>, JsonError> {
    let mut rows = Vec::new();
    reader.array(PARTNERS_MAX, |reader| {
        let (mut partner, mut row) = (None, RowFields::default());
        reader.object(|reader, name| match name {
            "partner" => set(&mut partner, reader, values::partner),
            _ => known(row.member(reader, name)?, reader),
        })?;
        rows.push((need(partner, "partner", reader)?, row.finish(reader)?));
        Ok(())
    })?;
    rows.sort_by_key(|(partner, _)| *partner);
    if rows.windows(2).any(|pair| pair[0].0 == pair[1].0) {
        return Err(refuse(reader, "a partner has two rows; send one"));
    }
    Ok(rows)
}

/// The members of a price row.
#[derive(Default)]
struct RowFields {
    issue_price: Option<Price>,
    burn_price: Option<Price>,
    issue_fee: Option<Price>,
    burn_fee: Option<Price>,
    tax_code: Option<Name>,
}

impl RowFields {
    fn member(&mut self, reader: &mut Reader<'_>, name: &str) -> Result<bool, JsonError> {
        match name {
            "issue_price" => set(&mut self.issue_price, reader, price)?,
            "burn_price" => set(&mut self.burn_price, reader, price)?,
            "issue_fee" => set(&mut self.issue_fee, reader, fee)?,
            "burn_fee" => set(&mut self.burn_fee, reader, fee)?,
            "tax_code" => set(&mut self.tax_code, reader, values::name)?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn finish(self, reader: &Reader<'_>) -> Result<PriceRow, JsonError> {
        Ok(PriceRow {
            issue_price: need(self.issue_price, "issue_price", reader)?,
            burn_price: need(self.burn_price, "burn_price", reader)?,
            issue_fee: need(self.issue_fee, "issue_fee", reader)?,
            burn_fee: need(self.burn_fee, "burn_fee", reader)?,
            tax_code: need(self.tax_code, "tax_code", reader)?,
        })
    }
}

fn fee(reader: &mut Reader<'_>) -> Result<Price, JsonError> {
    let wanted = "write a fee as decimal text below 10000 with at most 8 decimals, such as \"0\"";
    text(reader, wanted, Price::parse)
}

fn price(reader: &mut Reader<'_>) -> Result<Price, JsonError> {
    let wanted = "write a price as decimal text above 0 and below 10000 with at most 8 decimals";
    text(reader, wanted, |text| {
        Price::parse(text).filter(|price| !price.is_zero())
    })
}
