//! Texts in the characters that every SEPA bank takes, for payment files alone.
//!
//! ISO 20022 allows UTF-8, but the schemes promise only Latin letters, digits, space and
//! `/-?:().,'+` (EPC132-08 and EPC131-08, "Character Set"). What is outside is replaced as in
//! EPC217-08 "SEPA Requirements for an Extended Character Set", v1.1, and its conversion table:
//! `ä` → `a`, `ß` → `s`, Greek and Bulgarian letters, `&` → `+`, and `.` for the rest.
//!
//! Where that table has `.` for a letter that a party's name may well hold, more is kept: Cyrillic
//! letters that Bulgarian has not are written as in ICAO Doc 9303-3 §6, a mark that stands behind
//! its letter (U+0300 to U+036F) is dropped, and typographic quotes and dashes are made plain.
//!
//! Must not: be used for statements, CSV, PDF or camt.053, which carry the name as it is written.

/// The text in SEPA's characters. It may be longer than `text`: `Щ` is written `SHT`.
pub fn latin(text: &str) -> String {
    let mut latin = String::with_capacity(text.len());
    for character in text.chars() {
        if is_allowed(character) {
            latin.push(character);
        } else if !('\u{300}'..='\u{36F}').contains(&character) {
            push_replacement(&mut latin, character);
        }
    }
    latin
}

/// Whether a bank takes the text as it is.
pub fn is_latin(text: &str) -> bool {
    text.chars().all(is_allowed)
}

fn is_allowed(character: char) -> bool {
    character.is_ascii_alphanumeric() || "/-?:().,'+ ".contains(character)
}

/// The tables hold small letters; a capital is replaced by capitals.
fn push_replacement(latin: &mut String, character: char) {
    let small = character.to_lowercase().next().unwrap_or(character);
    let found = LETTERS.iter().chain(&MORE_LETTERS).chain(&SIGNS);
    let found = found
        .copied()
        .find(|(_, letters)| letters.contains(small))
        .map(|(replacement, _)| replacement);
    match found {
        Some(replacement) if small == character => latin.push_str(replacement),
        Some(replacement) => latin.push_str(&replacement.to_ascii_uppercase()),
        // The small letter of a capital with a dot above is an ASCII letter and a mark.
        None if small.is_ascii_alphabetic() => latin.push(small.to_ascii_uppercase()),
        None => latin.push('.'),
    }
}

/// Letters as in the conversion table of EPC217-08.
const LETTERS: [(&str, &str); 35] = [
    ("a", "àáâãäåæāăąάαаъ"),
    ("b", "б"),
    ("c", "çćĉċč"),
    ("ch", "χч"),
    ("d", "ðďđδд"),
    ("e", "èéêëēĕėęěέεе"),
    ("f", "φф"),
    ("g", "ĝğġģγг"),
    ("h", "ĥħх"),
    ("i", "ìíîïĩīĭįıĳΐήίηιϊи"),
    ("j", "ĵ"),
    ("k", "ķκк"),
    ("l", "ĺļľŀłλл"),
    ("m", "μм"),
    ("n", "ñńņňνн"),
    ("o", "òóôõöøőœοωόώо"),
    ("p", "πп"),
    ("ps", "ψ"),
    ("r", "ŕŗřρр"),
    ("s", "ßśŝşšșςσс"),
    ("sh", "ш"),
    ("sht", "щ"),
    ("t", "þţťŧțτт"),
    ("th", "θ"),
    ("ts", "ц"),
    ("u", "ùúûüũūŭůűųу"),
    ("v", "βв"),
    ("w", "ŵ"),
    ("x", "ξ"),
    ("y", "ýÿŷΰυϋύйь"),
    ("ya", "я"),
    ("yu", "ю"),
    ("z", "źżžζз"),
    ("zh", "ж"),
    ("E", "€"),
];

/// Letters for which that table has only a dot: Cyrillic as in ICAO Doc 9303-3, and ō.
const MORE_LETTERS: [(&str, &str); 14] = [
    ("c", "ћ"),
    ("d", "ђ"),
    ("dz", "ѕџ"),
    ("e", "ёэ"),
    ("g", "ґѓ"),
    ("i", "ії"),
    ("ie", "є"),
    ("j", "ј"),
    ("k", "ќ"),
    ("lj", "љ"),
    ("nj", "њ"),
    ("o", "ō"),
    ("u", "ў"),
    ("y", "ы"),
];

/// Signs as in EPC217-08, with typographic quotes, dashes and spaces beside their plain forms.
const SIGNS: [(&str, &str); 9] = [
    (" ", "\u{a0}\u{2009}\u{202f}\t"),
    ("'", "`‘’"),
    ("(", "[{"),
    (")", "]}"),
    ("+", "&"),
    (",", ";‚"),
    ("-", "_~\u{2010}\u{2011}–—"),
    ("/", "\\|"),
    ("?", "¿"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_written_in_latin_letters() {
        for (name, expected) in [
            (
                "Grocery / Co. (1), 'A'+B?: -",
                "Grocery / Co. (1), 'A'+B?: -",
            ),
            ("Bäckerei Möller & Söhne KG", "Backerei Moller + Sohne KG"),
            ("Straße ŁÓDŹ İstanbul ığ", "Strase LODZ Istanbul ig"),
            ("Кинотеатр «Звезда» ООД", "Kinoteatr .Zvezda. OOD"),
            ("Щастие Жълт Ябълка", "SHTastie ZHalt YAbalka"),
            ("Њушка Ђорђе Ёлка Київ", "NJushka Dorde Elka Kiiv"),
            ("Ψυχή Θεσσαλονίκη", "PSychi THessaloniki"),
            ("e\u{301}t\u{e9}", "ete"),
            ("L’Œuvre – 5 €", "L'Ouvre - 5 E"),
            ("東京 <a>\n\"b\"", ".. .a...b."),
        ] {
            assert_eq!(latin(name), expected, "{name}");
            assert!(is_latin(expected) && is_latin(&latin(name)));
        }
        assert!(!is_latin("é"));
    }
}
