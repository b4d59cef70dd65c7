//! `limit_set`, `programme_set`, `rules_upgrade`: what two govern keys may change.

use super::refuse_if;
use crate::domain::execute::Draft;
use crate::domain::governance::{Governance, RULES_VERSIONS};
use crate::domain::partner::Limit;
use crate::domain::rejection::Rejection;
use crate::domain::submission::{LimitSet, ProgrammeSet};

/// Decides new limits; they replace all limits of their subject.
///
/// # Errors
/// [`Rejection::PartnerUnknown`].
pub fn draft_limits(mut governance: Governance, op: &LimitSet) -> Result<Draft, Rejection> {
    match op {
        LimitSet::Member {
            burn_points_per_day,
        } => {
            governance.settings.member_burn_points_per_day = *burn_points_per_day;
        }
        LimitSet::Partner {
            partner,
            exposure,
            burn_points_per_day,
        } => {
            let known = governance
                .partners
                .iter_mut()
                .find(|known| known.id == *partner);
            let known = known.ok_or(Rejection::PartnerUnknown)?;
            known.limit = Limit {
                exposure: *exposure,
                burn_points_per_day: *burn_points_per_day,
            };
        }
    }
    Ok(Draft {
        governance: Some(governance.into()),
        ..Draft::default()
    })
}

/// Decides new settings; what is absent stays.
///
/// # Errors
/// None; the ranges were checked with the format.
pub fn draft_programme(mut governance: Governance, op: &ProgrammeSet) -> Result<Draft, Rejection> {
    governance.set(op);
    Ok(Draft {
        governance: Some(governance.into()),
        ..Draft::default()
    })
}

/// Decides a switch to a later released rules version.
///
/// # Errors
/// [`Rejection::RulesVersionUnknown`].
pub fn draft_rules(mut governance: Governance, version: u32) -> Result<Draft, Rejection> {
    let released = RULES_VERSIONS.contains(&version) && version > governance.rules_version;
    refuse_if(!released, Rejection::RulesVersionUnknown)?;
    governance.rules_version = version;
    Ok(Draft {
        governance: Some(governance.into()),
        ..Draft::default()
    })
}
