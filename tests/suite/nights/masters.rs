//! Masters of the tests: names and accounts that no bank knows.

use super::programme::Programme;
use serde_json::{Value, json};
use std::fmt::Write;
use tallyhouse::domain::ids::Name;
use tallyhouse::domain::time::Day;
use tallyhouse::proof::hex;
use tallyhouse::render::master::{Mandate, Master};

/// The master of a party. Its account number ends in this number.
pub fn master(party: &str, number: u64) -> Master {
    let is_house = party == "house";
    let mandate = Mandate {
        id: format!("M-{party}"),
        signed_on: Day::parse("2016-12-01").expect("a day"),
    };
    Master {
        party: Name::parse(party).expect("a name"),
        salt: format!("{number:032x}"),
        legal_name: format!("{party} Nord GmbH"),
        street: "Hafenstrasse 1".to_owned(),
        postcode: "20457".to_owned(),
        town: "Hamburg".to_owned(),
        country: "DE".to_owned(),
        tax_id: None,
        iban: iban(number),
        bic: None,
        creditor_id: is_house.then(|| "DE98ZZZ09999999999".to_owned()),
        mandate: (!is_house).then_some(mandate),
    }
}

/// A German account number with its check digits (ISO 13616, ISO 7064 MOD 97-10).
fn iban(account: u64) -> String {
    let body = format!("50010517{account:010}");
    let digits = format!("{body}131400");
    let rest = digits
        .bytes()
        .fold(0, |rest, digit| (rest * 10 + u32::from(digit - b'0')) % 97);
    format!("DE{:02}{body}", 98 - rest)
}

/// Puts a master into the programme's folder.
pub fn put(programme: &Programme, master: &Master) {
    let folder = programme.path("masters");
    std::fs::create_dir_all(&folder).expect("a folder");
    let text = to_toml(master);
    std::fs::write(folder.join(format!("{}.toml", master.party)), text).expect("a file");
}

/// Logs the hash of a master.
pub fn bind(programme: &Programme, master: &Master) {
    let set = json!({"op": "partner_set", "id": format!("master-{}", master.salt),
        "partner": master.party, "roles": ["issue", "burn"], "status": "active",
        "master_sha256": hex::encode(&master.sha256())});
    programme.accept("house/govern-1", &format!("master-{}", master.salt), &[set]);
}

fn to_toml(master: &Master) -> String {
    let Ok(Value::Object(members)) = serde_json::to_value(master) else {
        panic!("a master is an object");
    };
    let mut text = String::new();
    let mut tables = String::new();
    for (name, value) in &members {
        match value {
            Value::Object(inner) => {
                writeln!(tables, "[{name}]").expect("a text grows");
                for (name, value) in inner {
                    writeln!(tables, "{name} = {value}").expect("a text grows");
                }
            }
            value => writeln!(text, "{name} = {value}").expect("a text grows"),
        }
    }
    text + &tables
}
