//! Account numbers and their like: IBAN, BIC, creditor reference, creditor identifier.
//!
//! Must not: say that an account exists. Only what a number shows by itself is checked: its form,
//! its country's length and its check digits (ISO 7064, MOD 97-10).

/// A checked account number (ISO 13616), without spaces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Iban(String);

/// A checked code of a bank (ISO 9362): 8 or 11 characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bic(String);

/// A checked creditor reference (ISO 11649): `RF`, two check digits, 1 to 21 characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreditorReference(String);

/// A checked creditor identifier for direct debits (EPC262-08).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreditorId(String);

/// Why a text is none of these.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AccountError {
    /// Not the form of an IBAN.
    #[error("an IBAN is two capital letters, two digits, then capitals and digits, no spaces")]
    IbanForm,
    /// A country that is not in the registry.
    #[error("no account number begins with {country}")]
    IbanCountry {
        /// The two letters.
        country: String,
    },
    /// Too short or too long for its country.
    #[error("an IBAN of {country} has {expected} characters, not {found}")]
    IbanLength {
        /// The two letters.
        country: String,
        /// The characters that the registry gives.
        expected: u8,
        /// The characters found.
        found: usize,
    },
    /// The check digits do not fit.
    #[error("the IBAN's check digits do not fit: a character is wrong or two are swapped")]
    IbanCheck,
    /// Not the form of a BIC.
    #[error("a BIC is 4 capitals or digits, a country's 2 letters, 2 or 5 more, and no spaces")]
    BicForm,
    /// Not the form of a creditor reference.
    #[error("a creditor reference is RF, two digits, then 1 to 21 capitals and digits")]
    ReferenceForm,
    /// The check digits do not fit.
    #[error("the creditor reference's check digits do not fit")]
    ReferenceCheck,
    /// Not the form of a creditor identifier.
    #[error("a creditor identifier is a country, two digits, a code of 3, and 1 to 28 more")]
    CreditorIdForm,
    /// The check digits do not fit.
    #[error("the creditor identifier's check digits do not fit")]
    CreditorIdCheck,
}

impl Iban {
    /// Checks form, country, length and check digits.
    ///
    /// # Errors
    /// [`AccountError`] says what is wrong.
    pub fn parse(text: &str) -> Result<Self, AccountError> {
        let bytes = text.as_bytes();
        let head = bytes.len() > 4
            && bytes[..2].iter().all(u8::is_ascii_uppercase)
            && bytes[2..4].iter().all(u8::is_ascii_digit);
        if !head || !bytes[4..].iter().copied().all(is_capital_or_digit) {
            return Err(AccountError::IbanForm);
        }
        let country = &text[..2];
        let known = LENGTHS.iter().find(|(code, _)| *code == country);
        let Some((_, expected)) = known.copied() else {
            let country = country.to_owned();
            return Err(AccountError::IbanCountry { country });
        };
        if bytes.len() != usize::from(expected) {
            return Err(AccountError::IbanLength {
                country: country.to_owned(),
                expected,
                found: bytes.len(),
            });
        }
        if remainder(&bytes[4..], &bytes[..4]) != 1 {
            return Err(AccountError::IbanCheck);
        }
        Ok(Self(text.to_owned()))
    }

    /// The number without spaces.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The two letters of its country.
    pub fn country(&self) -> &str {
        &self.0[..2]
    }

    /// Whether it belongs to the Single Euro Payments Area (EPC409-09).
    pub fn is_sepa(&self) -> bool {
        SEPA.contains(&self.country())
    }
}

impl Bic {
    /// Checks the form: `[A-Z0-9]{4}[A-Z]{2}[A-Z0-9]{2}([A-Z0-9]{3})?` (ISO 9362:2014).
    ///
    /// # Errors
    /// [`AccountError::BicForm`].
    pub fn parse(text: &str) -> Result<Self, AccountError> {
        let bytes = text.as_bytes();
        let fits = matches!(bytes.len(), 8 | 11)
            && bytes.iter().copied().all(is_capital_or_digit)
            && bytes[4..6].iter().all(u8::is_ascii_uppercase);
        fits.then(|| Self(text.to_owned()))
            .ok_or(AccountError::BicForm)
    }

    /// The code.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl CreditorReference {
    /// Checks form and check digits.
    ///
    /// # Errors
    /// [`AccountError::ReferenceForm`] or [`AccountError::ReferenceCheck`].
    pub fn parse(text: &str) -> Result<Self, AccountError> {
        let bytes = text.as_bytes();
        let fits = (5..=25).contains(&bytes.len())
            && bytes.starts_with(b"RF")
            && bytes[2..4].iter().all(u8::is_ascii_digit)
            && bytes[4..].iter().copied().all(is_capital_or_digit);
        if !fits {
            return Err(AccountError::ReferenceForm);
        }
        if remainder(&bytes[4..], &bytes[..4]) != 1 {
            return Err(AccountError::ReferenceCheck);
        }
        Ok(Self(text.to_owned()))
    }

    /// The reference without spaces.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl CreditorId {
    /// Checks form and check digits, which pass over the business code and all signs (EPC262-08).
    ///
    /// # Errors
    /// [`AccountError::CreditorIdForm`] or [`AccountError::CreditorIdCheck`].
    pub fn parse(text: &str) -> Result<Self, AccountError> {
        let bytes = text.as_bytes();
        let sign = |byte: u8| b"+?/-:().,'".contains(&byte);
        let fits = (8..=35).contains(&bytes.len())
            && bytes[..2].iter().all(u8::is_ascii_uppercase)
            && bytes[2..4].iter().all(u8::is_ascii_digit)
            && bytes[4..]
                .iter()
                .all(|byte| is_capital_or_digit(*byte) || sign(*byte));
        if !fits {
            return Err(AccountError::CreditorIdForm);
        }
        if remainder(&bytes[7..], &bytes[..4]) != 1 {
            return Err(AccountError::CreditorIdCheck);
        }
        Ok(Self(text.to_owned()))
    }

    /// The identifier.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn is_capital_or_digit(byte: u8) -> bool {
    byte.is_ascii_uppercase() || byte.is_ascii_digit()
}

/// The remainder by 97 of the digits of `body` and then `head`, with A as 10 to Z as 35
/// (ISO 7064). Signs are passed over.
fn remainder(body: &[u8], head: &[u8]) -> u32 {
    body.iter().chain(head).fold(0, |sum, byte| match byte {
        b'0'..=b'9' => (sum * 10 + u32::from(byte - b'0')) % 97,
        b'A'..=b'Z' => (sum * 100 + u32::from(byte - b'A') + 10) % 97,
        _ => sum,
    })
}

/// Countries of account numbers and how long these are: SWIFT, IBAN Registry, release 100.
#[rustfmt::skip]
const LENGTHS: [(&str, u8); 89] = [
    ("AD", 24), ("AE", 23), ("AL", 28), ("AT", 20), ("AZ", 28), ("BA", 20), ("BE", 16),
    ("BG", 22), ("BH", 22), ("BI", 27), ("BR", 29), ("BY", 28), ("CH", 21), ("CR", 22),
    ("CY", 28), ("CZ", 24), ("DE", 22), ("DJ", 27), ("DK", 18), ("DO", 28), ("EE", 20),
    ("EG", 29), ("ES", 24), ("FI", 18), ("FK", 18), ("FO", 18), ("FR", 27), ("GB", 22),
    ("GE", 22), ("GI", 23), ("GL", 18), ("GR", 27), ("GT", 28), ("HN", 28), ("HR", 21),
    ("HU", 28), ("IE", 22), ("IL", 23), ("IQ", 23), ("IS", 26), ("IT", 27), ("JO", 30),
    ("KW", 30), ("KZ", 20), ("LB", 28), ("LC", 32), ("LI", 21), ("LT", 20), ("LU", 20),
    ("LV", 21), ("LY", 25), ("MC", 27), ("MD", 24), ("ME", 22), ("MK", 19), ("MN", 20),
    ("MR", 27), ("MT", 31), ("MU", 30), ("NI", 28), ("NL", 18), ("NO", 15), ("OM", 23),
    ("PK", 24), ("PL", 28), ("PS", 29), ("PT", 25), ("QA", 29), ("RO", 24), ("RS", 22),
    ("RU", 33), ("SA", 24), ("SC", 31), ("SD", 18), ("SE", 24), ("SI", 19), ("SK", 24),
    ("SM", 27), ("SO", 23), ("ST", 25), ("SV", 28), ("TL", 23), ("TN", 24), ("TR", 26),
    ("UA", 29), ("VA", 22), ("VG", 24), ("XK", 20), ("YE", 30),
];

/// Countries whose accounts are in the Single Euro Payments Area: EPC409-09, the list of 2025 with
/// Albania, Moldova, Montenegro, North Macedonia and Serbia. Gibraltar's numbers are its own; those
/// of the Crown dependencies are British, those of the French and Portuguese islands their states'.
#[rustfmt::skip]
const SEPA: [&str; 42] = [
    "AD", "AL", "AT", "BE", "BG", "CH", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GB",
    "GI", "GR", "HR", "HU", "IE", "IS", "IT", "LI", "LT", "LU", "LV", "MC", "MD", "ME", "MK",
    "MT", "NL", "NO", "PL", "PT", "RO", "RS", "SE", "SI", "SK", "SM", "VA",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn account_numbers_of_the_registry_are_taken() {
        for good in [
            "DE89370400440532013000",
            "CH9300762011623852957",
            "BG80BNBG96611020345678",
            "NO9386011117947",
            "GB29NWBK60161331926819",
            "MT84MALT011000012345MTLCAST001S",
            "LC55HEMM000100010012001200023015",
            "FR1420041010050500013M02606",
            "GI75NWBK000000007099453",
            "SA0380000000608010167519",
        ] {
            let iban = Iban::parse(good);
            assert_eq!(iban.map(|iban| iban.0), Ok(good.to_owned()));
        }
        let is_sepa = |text| Iban::parse(text).map(|iban| iban.is_sepa());
        assert_eq!(is_sepa("CH9300762011623852957"), Ok(true));
        assert_eq!(is_sepa("SA0380000000608010167519"), Ok(false));
        assert!(SEPA.is_sorted() && LENGTHS.is_sorted());
    }

    #[test]
    fn a_wrong_account_number_is_refused_with_its_reason() {
        let reason = |text| Iban::parse(text).err();
        assert_eq!(reason(""), Some(AccountError::IbanForm));
        assert_eq!(reason("DE"), Some(AccountError::IbanForm));
        assert_eq!(
            reason("DE89 3704 0044 0532 0130 00"),
            Some(AccountError::IbanForm)
        );
        assert_eq!(
            reason("de89370400440532013000"),
            Some(AccountError::IbanForm)
        );
        assert_eq!(reason("é9370400440532013000"), Some(AccountError::IbanForm));
        let country = "US".to_owned();
        assert_eq!(
            reason("US89370400440532013000"),
            Some(AccountError::IbanCountry { country })
        );
        assert_eq!(
            reason("DE8937040044053201300"),
            Some(AccountError::IbanLength {
                country: "DE".to_owned(),
                expected: 22,
                found: 21
            })
        );
        for swapped_or_wrong in ["DE89370400440532031000", "DE89370400440532013001"] {
            assert_eq!(reason(swapped_or_wrong), Some(AccountError::IbanCheck));
        }
    }

    #[test]
    fn bank_codes_have_8_or_11_characters() {
        for good in ["DEUTDEFF", "DEUTDEFF500", "BNBGBGSF", "E097AEXX"] {
            assert_eq!(Bic::parse(good).map(|bic| bic.0), Ok(good.to_owned()));
        }
        for bad in [
            "",
            "DEUTDEF",
            "deutdeff",
            "DEUT1EFF",
            "DEUTDEFF50",
            "DEUTDÉFF",
        ] {
            assert_eq!(Bic::parse(bad), Err(AccountError::BicForm), "{bad}");
        }
    }

    #[test]
    fn creditor_references_carry_check_digits() {
        for good in ["RF18539007547034", "RF830123ABCD00070002", "RF712348231"] {
            let reference = CreditorReference::parse(good);
            assert_eq!(reference.map(|found| found.0), Ok(good.to_owned()));
        }
        let reason = |text| CreditorReference::parse(text).err();
        assert_eq!(
            reason("RF19539007547034"),
            Some(AccountError::ReferenceCheck)
        );
        for bad in ["RF18", "XX18539007547034", "RF181234567890123456789012"] {
            assert_eq!(reason(bad), Some(AccountError::ReferenceForm), "{bad}");
        }
    }

    #[test]
    fn creditor_identifiers_are_checked_without_their_business_code() {
        for good in [
            "DE98ZZZ09999999999",
            "DE98ABC09999999999",
            "DE98ZZZ0999-9999999",
        ] {
            let id = CreditorId::parse(good);
            assert_eq!(id.map(|found| found.0), Ok(good.to_owned()));
        }
        let reason = |text| CreditorId::parse(text).err();
        assert_eq!(
            reason("DE99ZZZ09999999999"),
            Some(AccountError::CreditorIdCheck)
        );
        assert_eq!(reason("DE98ZZZ"), Some(AccountError::CreditorIdForm));
    }
}
