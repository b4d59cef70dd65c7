//! XML of ISO 20022 messages: elements, escaped texts and amounts, in one layout.
//!
//! Must not: know a message. Elements are named by their path, `Tp/CdOrPrtry/Cd`; no attribute is
//! written but the namespace and an amount's currency. A character that XML 1.0 has no place for
//! becomes U+FFFD, and an empty text is left out, for no text of ISO 20022 may be empty.

use crate::domain::money::Money;
use quick_xml::Writer;
use quick_xml::escape::escape;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};

/// A message being written.
pub(super) struct Xml {
    writer: Writer<Vec<u8>>,
}

impl Xml {
    /// Writes one message, such as `camt.053.001.08` with its element `BkToCstmrStmt`.
    pub(super) fn message(name: &str, element: &str, body: impl FnOnce(&mut Self)) -> Vec<u8> {
        let mut xml = Self {
            writer: Writer::new_with_indent(Vec::new(), b' ', 2),
        };
        let namespace = format!("urn:iso:std:iso:20022:tech:xsd:{name}");
        let document = BytesStart::new("Document");
        xml.event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)));
        xml.event(Event::Start(
            document.with_attributes([("xmlns", namespace.as_str())]),
        ));
        xml.within(element, body);
        xml.event(Event::End(BytesEnd::new("Document")));
        let mut bytes = xml.writer.into_inner();
        bytes.push(b'\n');
        bytes
    }

    /// Writes the elements of a path, each in the one before, and what `body` writes inside.
    pub(super) fn within(&mut self, path: &str, body: impl FnOnce(&mut Self)) {
        for name in path.split('/') {
            self.event(Event::Start(BytesStart::new(name)));
        }
        body(self);
        for name in path.rsplit('/') {
            self.event(Event::End(BytesEnd::new(name)));
        }
    }

    /// Writes a text in the elements of a path; nothing if it is empty.
    pub(super) fn put(&mut self, path: &str, text: &str) {
        if text.is_empty() {
            return;
        }
        let text: String = text.chars().map(writable).collect();
        self.within(path, |xml| {
            xml.event(Event::Text(BytesText::from_escaped(escape(text.as_str()))));
        });
    }

    /// Writes an amount in the elements of a path, the last of which names its currency.
    pub(super) fn amount(&mut self, path: &str, amount: Money, currency: &str) {
        let (outer, name) = path.rsplit_once('/').unwrap_or(("", path));
        let element = BytesStart::new(name).with_attributes([("Ccy", currency)]);
        let text = amount.to_string();
        let write = |xml: &mut Self| {
            xml.event(Event::Start(element));
            xml.event(Event::Text(BytesText::new(&text)));
            xml.event(Event::End(BytesEnd::new(name)));
        };
        if outer.is_empty() {
            write(self);
        } else {
            self.within(outer, write);
        }
    }

    fn event(&mut self, event: Event) {
        let written = self.writer.write_event(event);
        written.expect("a vector takes every byte");
    }
}

/// The `Char` of XML 1.0, §2.2.
fn writable(character: char) -> char {
    match character {
        '\t' | '\n' | '\r' | '\u{20}'..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' => character,
        '\u{10000}'..='\u{10FFFF}' => character,
        _ => '\u{FFFD}',
    }
}

/// The first `characters_max` characters of a text, without a space at the end.
pub(super) fn fitted(text: &str, characters_max: usize) -> String {
    let text: String = text.chars().take(characters_max).collect();
    text.trim_end().to_owned()
}

/// An instant in RFC 3339 without the fraction of its second, which some banks refuse.
pub(super) fn whole_seconds(at: &str) -> String {
    match at.split_once('.') {
        Some((seconds, _)) => format!("{seconds}Z"),
        None => at.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_escaped_and_empty_ones_left_out() {
        let xml = Xml::message("a", "B", |xml| {
            xml.put("C/D", "1 < 2 & \"3\" > \u{1}");
            xml.put("E", "");
            xml.amount("F/G", Money::parse("1.50", 2).expect("an amount"), "EUR");
        });
        let expected = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
            <Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:a\">\n  <B>\n    <C>\n      \
            <D>1 &lt; 2 &amp; &quot;3&quot; &gt; \u{FFFD}</D>\n    </C>\n    <F>\n      \
            <G Ccy=\"EUR\">1.50</G>\n    </F>\n  </B>\n</Document>\n";
        assert_eq!(String::from_utf8_lossy(&xml), expected);
    }

    #[test]
    fn instants_lose_the_fraction_only() {
        assert_eq!(
            whole_seconds("2026-03-03T02:00:01.480112Z"),
            "2026-03-03T02:00:01Z"
        );
        assert_eq!(
            whole_seconds("2026-03-03T02:00:01Z"),
            "2026-03-03T02:00:01Z"
        );
    }
}
