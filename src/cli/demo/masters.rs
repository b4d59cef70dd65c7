//! The demo's masters: made-up companies with accounts at banks that do not exist.
//!
//! They come with the program, so that the demo needs no file. Must not: hold anything real.

use anyhow::Context;
use std::path::Path;

/// Party and master, by party.
const MASTERS: [(&str, &str); 23] = [
    (
        "automotive",
        include_str!("../../../config/demo/masters/automotive.toml"),
    ),
    (
        "cntrl-store-sup",
        include_str!("../../../config/demo/masters/cntrl-store-sup.toml"),
    ),
    (
        "cosmetics",
        include_str!("../../../config/demo/masters/cosmetics.toml"),
    ),
    (
        "coupon",
        include_str!("../../../config/demo/masters/coupon.toml"),
    ),
    (
        "deli",
        include_str!("../../../config/demo/masters/deli.toml"),
    ),
    (
        "drug-gm",
        include_str!("../../../config/demo/masters/drug-gm.toml"),
    ),
    (
        "floral",
        include_str!("../../../config/demo/masters/floral.toml"),
    ),
    (
        "frozen-grocery",
        include_str!("../../../config/demo/masters/frozen-grocery.toml"),
    ),
    (
        "fuel",
        include_str!("../../../config/demo/masters/fuel.toml"),
    ),
    (
        "grocery",
        include_str!("../../../config/demo/masters/grocery.toml"),
    ),
    (
        "house",
        include_str!("../../../config/demo/masters/house.toml"),
    ),
    (
        "meat-pckgd",
        include_str!("../../../config/demo/masters/meat-pckgd.toml"),
    ),
    (
        "meat",
        include_str!("../../../config/demo/masters/meat.toml"),
    ),
    (
        "miscellaneous",
        include_str!("../../../config/demo/masters/miscellaneous.toml"),
    ),
    (
        "nutrition",
        include_str!("../../../config/demo/masters/nutrition.toml"),
    ),
    (
        "pastry",
        include_str!("../../../config/demo/masters/pastry.toml"),
    ),
    (
        "produce",
        include_str!("../../../config/demo/masters/produce.toml"),
    ),
    (
        "restaurant",
        include_str!("../../../config/demo/masters/restaurant.toml"),
    ),
    (
        "salad-bar",
        include_str!("../../../config/demo/masters/salad-bar.toml"),
    ),
    (
        "seafood-pckgd",
        include_str!("../../../config/demo/masters/seafood-pckgd.toml"),
    ),
    (
        "seafood",
        include_str!("../../../config/demo/masters/seafood.toml"),
    ),
    (
        "spirits",
        include_str!("../../../config/demo/masters/spirits.toml"),
    ),
    (
        "travel-leisure",
        include_str!("../../../config/demo/masters/travel-leisure.toml"),
    ),
];

/// Writes them to the house's folder, one file a party.
///
/// # Errors
/// A file cannot be written.
pub fn write(folder: &Path) -> anyhow::Result<()> {
    for (party, master) in MASTERS {
        let file = folder.join(format!("{party}.toml"));
        std::fs::write(&file, master)
            .with_context(|| format!("cannot write {}", file.display()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::demo::coalition::Coalition;
    use crate::domain::ids::Name;
    use crate::settlement::masters::{self, Masters};
    use std::collections::BTreeSet;

    fn masters() -> Masters {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path()).unwrap();
        masters::load(folder.path()).unwrap()
    }

    /// The remainder by 97 of a text of digits and letters, each letter as two digits (ISO 7064).
    fn mod_97(text: &str) -> u32 {
        text.chars().fold(0, |before, letter| {
            let digit = letter.to_digit(36).unwrap();
            (before * if digit > 9 { 100 } else { 10 } + digit) % 97
        })
    }

    #[test]
    fn each_party_of_the_coalition_has_a_master() {
        let coalition = Coalition::load().unwrap();
        let mut parties: BTreeSet<String> = coalition.partner_ids().map(str::to_owned).collect();
        parties.insert("house".to_owned());
        let known: BTreeSet<String> = masters().keys().map(Name::to_string).collect();
        assert_eq!(known, parties);
    }

    #[test]
    fn accounts_have_valid_check_digits_at_banks_that_do_not_exist() {
        let masters = masters();
        for (party, master) in &masters {
            let (country, length, bank) = match &master.iban[..2] {
                "DE" => ("DE", 22, "99999999"),
                "NL" => ("NL", 18, "FAKE"),
                "FR" => ("FR", 27, "99999"),
                "IT" => ("IT", 27, "99999"),
                "ES" => ("ES", 24, "9999"),
                other => panic!("{party}: {other}"),
            };
            assert_eq!(
                (master.country.as_str(), master.iban.len()),
                (country, length)
            );
            let account = &master.iban[if country == "IT" { 5 } else { 4 }..];
            assert!(account.starts_with(bank), "{party}");
            let turned = format!("{}{}", &master.iban[4..], &master.iban[..4]);
            assert_eq!(mod_97(&turned), 1, "{party}");
            if let Some(bic) = &master.bic {
                // A BIC that ends in 0 is one for tests.
                assert_eq!(*bic, format!("FAKE{country}X0"), "{party}");
            }
        }
        let ibans: BTreeSet<&String> = masters.values().map(|master| &master.iban).collect();
        let salts: BTreeSet<&String> = masters.values().map(|master| &master.salt).collect();
        assert_eq!((ibans.len(), salts.len()), (masters.len(), masters.len()));
    }

    #[test]
    fn the_house_collects_from_most_partners() {
        let masters = masters();
        let house = &masters[&Name::parse("house").unwrap()];
        let creditor = house.creditor_id.as_ref().unwrap();
        // The three letters of the creditor's business are not checked (EPC262-08).
        assert_eq!(mod_97(&format!("{}{}", &creditor[7..], &creditor[..4])), 1);
        let with_mandate = masters.values().filter(|master| master.mandate.is_some());
        assert_eq!(with_mandate.count(), 18);
        assert_eq!(
            masters
                .values()
                .filter(|one| one.creditor_id.is_some())
                .count(),
            1
        );
    }
}
