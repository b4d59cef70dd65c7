//! What the JSON reader accepts and refuses, with `serde_json` as the second opinion.

use super::*;
use proptest::prelude::*;
use serde_json::{Map, Value};

/// Reads any value that the reader has words for.
fn value(reader: &mut Reader<'_>) -> Result<Value, JsonError> {
    match reader.kind() {
        Kind::Object => {
            let mut members = Map::new();
            reader.object(|reader, name| {
                let read = value(reader)?;
                match members.insert(name.to_owned(), read) {
                    Some(_) => Err(reader.refuse(Reason::Duplicate)),
                    None => Ok(()),
                }
            })?;
            Ok(Value::Object(members))
        }
        Kind::Array => {
            let mut items = Vec::new();
            reader.array(1_000, |reader| {
                items.push(value(reader)?);
                Ok(())
            })?;
            Ok(Value::Array(items))
        }
        Kind::Number => match reader.integer()? {
            Integer::Within(number) => Ok(number.into()),
            beyond => Err(reader.refuse(Reason::Refused(match beyond {
                Integer::Above => "above",
                _ => "below",
            }))),
        },
        Kind::Boolean => reader.boolean().map(Value::Bool),
        _ => reader.string().map(|text| Value::String(text.into_owned())),
    }
}

fn read(bytes: &[u8]) -> Result<Value, JsonError> {
    let mut reader = Reader::new(bytes)?;
    let read = value(&mut reader)?;
    reader.finish()?;
    Ok(read)
}

fn refused(json: &str) -> Reason {
    match read(json.as_bytes()) {
        Ok(read) => panic!("{json} was read as {read}"),
        Err(error) => error.reason(),
    }
}

#[test]
fn whole_numbers_are_read_and_those_beyond_i64_are_told_apart() {
    let integer = |text: &str| Reader::new(text.as_bytes()).unwrap().integer().unwrap();
    assert_eq!(integer("0"), Integer::Within(0));
    assert_eq!(integer(" 9007199254740992"), Integer::Within(1 << 53));
    assert_eq!(integer("9223372036854775807"), Integer::Within(i64::MAX));
    assert_eq!(integer("9223372036854775808"), Integer::Above);
    assert_eq!(integer("-9223372036854775808"), Integer::Within(i64::MIN));
    assert_eq!(integer("-9223372036854775809"), Integer::Below);
    assert_eq!(integer(&"9".repeat(500)), Integer::Above);
    assert_eq!(integer(&format!("-{}", "9".repeat(500))), Integer::Below);
    assert_eq!(Integer::Above.saturated(), i64::MAX);
    assert_eq!(Integer::Below.saturated(), i64::MIN);
    assert_eq!(Integer::Within(5).within(1..=5), Some(5));
    assert_eq!(Integer::Within(6).within(1..=5), None);
    assert_eq!(Integer::Above.within(1..=i64::MAX), None);
}

#[test]
fn numbers_that_are_not_plain_whole_ones_are_refused() {
    for json in [
        "1.0", "1.", "1e3", "1E3", "-0", "-0.0", "00", "01", "-01", "-", "0.5", "-e",
    ] {
        assert_eq!(refused(json), Reason::NotWhole, "{json}");
    }
    for json in [
        "NaN", "Infinity", "+1", ".5", "nul", "null", "tru", "falsE", "t", "'a'", "",
    ] {
        assert!(matches!(refused(json), Reason::Expected { .. }), "{json}");
    }
    assert_eq!(refused("0x10"), Reason::TrailingBytes);
    assert_eq!(refused("-Infinity"), Reason::NotWhole);
}

#[test]
fn strings_are_borrowed_unless_escaped() {
    let string = |json: &'static str| Reader::new(json.as_bytes()).unwrap().string().unwrap();
    assert!(matches!(
        string("\"a plain one, žluť\""),
        Cow::Borrowed("a plain one, žluť")
    ));
    assert_eq!(
        string(r#""\"\\\/\b\f\n\r\t\u0041\uD83D\uDE00 é""#),
        "\"\\/\u{8}\u{c}\n\r\tA😀 é"
    );
}

#[test]
fn broken_strings_are_refused() {
    for json in [
        r#""\ud800""#,
        r#""\udc00""#,
        r#""\ud800\ud800""#,
        r#""\ud800x""#,
        r#""\ud83d\""#,
    ] {
        assert_eq!(refused(json), Reason::LoneSurrogate, "{json}");
    }
    for json in [
        r#""\x""#,
        r#""\u12""#,
        r#""\u+123""#,
        r#""\u12g4""#,
        r#""\U0041""#,
        r#""\"#,
    ] {
        assert_eq!(refused(json), Reason::BadEscape, "{json}");
    }
    assert_eq!(refused("\"a\nb\""), Reason::ControlCharacter);
    assert_eq!(refused("\"\\n\u{0}\""), Reason::ControlCharacter);
    assert_eq!(refused("\"never closed"), Reason::StringUnfinished);
    assert_eq!(refused("\"\\n never closed"), Reason::StringUnfinished);
    for bytes in [
        &b"\"\xff\""[..],
        b"\"\xed\xa0\x80\"",
        b"\"\xc0\xaf\"",
        b"\xf8",
    ] {
        assert_eq!(read(bytes).unwrap_err().reason(), Reason::NotUtf8);
    }
}

#[test]
fn broken_structure_is_refused() {
    for json in [
        "{",
        "[",
        "{]",
        "[}",
        "{,}",
        "[,]",
        "[1,]",
        "{\"a\":1,}",
        "{a:1}",
        "\u{feff}{}",
    ] {
        assert!(matches!(refused(json), Reason::Expected { .. }), "{json}");
    }
    for json in [
        "{\"a\" 1}",
        "{\"a\"}",
        "[1 2]",
        "{\"a\":1 \"b\":2}",
        "[1}",
        "{\"a\":1]",
        "[1",
    ] {
        assert!(matches!(refused(json), Reason::ExpectedSign(_)), "{json}");
    }
    for json in ["{} {}", "[],", "1 1", "{}\0", "{}//"] {
        assert_eq!(refused(json), Reason::TrailingBytes, "{json}");
    }
    assert_eq!(refused(r#"{"a":1,"\u0061":2}"#), Reason::Duplicate);
}

#[test]
fn nesting_and_items_are_limited() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert!(read(nested(8).as_bytes()).is_ok());
    assert_eq!(refused(&nested(9)), Reason::TooDeep);
    assert_eq!(refused(&"[".repeat(100_000)), Reason::TooDeep);
    assert_eq!(refused(&"{\"a\":".repeat(100_000)), Reason::TooDeep);
    assert!(
        read(b"[[],[],[],[],[],[],[],[],[],[]]").is_ok(),
        "depth is given back"
    );
    let items = |count: usize| format!("[{}1]", "1,".repeat(count - 1));
    assert!(read(items(1_000).as_bytes()).is_ok());
    assert_eq!(
        refused(&items(1_001)),
        Reason::TooManyItems { items_max: 1_000 }
    );
}

#[test]
fn an_error_names_the_member_the_place_and_what_to_do() {
    let error = read(br#"{"ops":[{"points":1},{"points":1.5}]}"#).unwrap_err();
    assert_eq!(error.path(), "ops[1].points");
    assert_eq!(error.offset(), 31);
    assert_eq!(
        error.to_string(),
        "ops[1].points (at byte 31): write a whole number: no fraction, exponent, leading zero \
         or -0"
    );
    let hostile = format!("{{\"{}\\u0007\\n\":x}}", "n".repeat(36));
    let error = read(hostile.as_bytes()).unwrap_err();
    assert_eq!(error.path(), format!("{}\\u{{7}}\\n", "n".repeat(36)));
}

#[test]
fn fields_find_duplicates_and_what_is_missing() {
    let read = |json: &'static str| {
        let mut fields = Fields::new();
        let mut reader = Reader::new(json.as_bytes())?;
        reader.object(|reader, name| {
            let bit = match name {
                "id" => 0,
                "points" => 1,
                _ => return Err(reader.refuse(Reason::Unknown)),
            };
            fields.mark(bit, reader)?;
            reader.integer().map(|_| ())
        })?;
        fields.require(&[(0, "id"), (1, "points")], &reader)?;
        reader.finish()
    };
    assert_eq!(read(r#"{"points":1,"id":2}"#), Ok(()));
    let error = read(r#"{"points":1,"id":2,"points":1}"#).unwrap_err();
    assert_eq!(
        (error.path(), error.reason()),
        ("points", Reason::Duplicate)
    );
    assert_eq!(
        read(r#"{"points":1}"#).unwrap_err().reason(),
        Reason::Missing("id")
    );
    assert_eq!(
        read(r#"{"points":1,"ID":1}"#).unwrap_err().reason(),
        Reason::Unknown
    );
}

fn document() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        "[ -~]{0,40}".prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::vec((any::<String>(), inner), 0..6)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn agrees_with_serde_json_on_valid_documents(document in document()) {
        prop_assert_eq!(read(&serde_json::to_vec(&document).unwrap()).unwrap(), document.clone());
        prop_assert_eq!(read(&serde_json::to_vec_pretty(&document).unwrap()).unwrap(), document);
    }

    #[test]
    fn a_changed_document_is_refused_or_read_as_serde_json_reads_it(
        document in document(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let mut bytes = serde_json::to_vec(&document).unwrap();
        for (place, byte) in changes {
            let at = place.index(bytes.len());
            bytes[at] = byte;
        }
        if let Ok(ours) = read(&bytes) {
            prop_assert_eq!(ours, serde_json::from_slice::<Value>(&bytes).unwrap());
        }
    }

    #[test]
    fn garbage_never_panics(bytes: Vec<u8>, text in r#"[\[\]{}",:0-9a-f\\u tru\-.]{0,60}"#) {
        let _ = read(&bytes);
        if let Ok(ours) = read(text.as_bytes()) {
            prop_assert_eq!(ours, serde_json::from_str::<Value>(&text).unwrap());
        }
    }
}
