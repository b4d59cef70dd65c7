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
        governance: Some(governance),
        ..Draft::default()
    })
}

/// Decides new settings; what is absent stays.
///
/// # Errors
/// None; the ranges were checked with the format.
pub fn draft_programme(mut governance: Governance, op: &ProgrammeSet) -> Result<Draft, Rejection> {
    let settings = &mut governance.settings;
    settings.life_days = op.life_days.unwrap_or(settings.life_days);
    settings.grace_days = op.grace_days.unwrap_or(settings.grace_days);
    settings.reversible_days = op.reversible_days.unwrap_or(settings.reversible_days);
    settings.occurred_past_days = op.occurred_past_days.unwrap_or(settings.occurred_past_days);
    settings.occurred_ahead_s = op.occurred_ahead_s.unwrap_or(settings.occurred_ahead_s);
    settings.transfer_allowed = op.transfer_allowed.unwrap_or(settings.transfer_allowed);
    Ok(Draft {
        governance: Some(governance),
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
        governance: Some(governance),
        ..Draft::default()
    })
}
