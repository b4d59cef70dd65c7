//! `price_set`: releases the next version of the price list, which holds from the next op on.

use crate::domain::effect::Given;
use crate::domain::execute::Draft;
use crate::domain::governance::Governance;
use crate::domain::price::PriceVersion;
use crate::domain::rejection::Rejection;
use crate::domain::submission::PriceSet;
use std::collections::BTreeMap;

/// Decides a new version, which replaces the one before as a whole.
///
/// # Errors
/// [`Rejection::PartnerUnknown`] for a row of nobody.
pub fn draft(mut governance: Governance, op: &PriceSet) -> Result<Draft, Rejection> {
    let row = |(partner, row): &(_, crate::domain::price::PriceRow)| {
        let party = governance.parties.get(partner).copied();
        party
            .map(|party| (party, row.clone()))
            .ok_or(Rejection::PartnerUnknown)
    };
    let rows: BTreeMap<_, _> = op.rows.iter().map(row).collect::<Result<_, _>>()?;
    governance.prices.push(PriceVersion {
        default: op.default.clone(),
        rows,
    });
    let version = governance.price_version();
    let mut draft = Draft {
        governance: Some(governance.into()),
        ..Draft::default()
    };
    draft.applied.given = Some(Given::PriceVersion(version));
    Ok(draft)
}
