//! The example as values, and the XML files made of it as lists of paths and texts.

use quick_xml::events::Event;
use quick_xml::reader::Reader;
use serde_json::Value;
use tallyhouse::domain::ids::Name;
use tallyhouse::domain::statement::{Stated, Statement, WindowDocument};
use tallyhouse::render::master::{Master, Masters};
use tallyhouse::render::{Sheet, WindowSheet};

/// SHA-256 of the canonical JSON of the example's document.
pub const WINDOW_SHA256: &str = "25cd9bffa10545e469d84e71c8ae69dc7777a28a202891c5d469ebf4934e51bd";

/// The example, with a statement's and a document's JSON to change before they are read.
pub struct Example {
    pub statement: Value,
    pub document: Value,
    pub masters: Masters,
    stated: Stated,
}

impl Example {
    pub fn new() -> Self {
        let json = |text| serde_json::from_str(text).expect("the example is JSON");
        let masters: toml::Table = include_str!("masters.toml").parse().expect("TOML");
        let masters: Vec<Master> = masters["master"].clone().try_into().expect("masters");
        let stated = include_str!("stated.json");
        Self {
            statement: json(include_str!("statement.json")),
            document: json(include_str!("window.json")),
            masters: masters.into_iter().map(|m| (m.party, m)).collect(),
            stated: serde_json::from_str(stated).expect("what binds the statement"),
        }
    }

    pub fn master(&mut self, party: &str) -> &mut Master {
        let master = self.masters.get_mut(&name(party));
        master.expect("the example has a master of the party")
    }

    /// Gives `make` the statement as a sheet.
    pub fn with_sheet<T>(&self, make: impl FnOnce(&Sheet) -> T) -> T {
        let statement: Statement =
            serde_json::from_value(self.statement.clone()).expect("a statement");
        make(&Sheet {
            statement: &statement,
            stated: &self.stated,
            masters: &self.masters,
            address: "https://points.example/v1/demo",
        })
    }

    /// Gives `make` the document as a sheet.
    pub fn with_window<T>(&self, make: impl FnOnce(&WindowSheet) -> T) -> T {
        let document: WindowDocument =
            serde_json::from_value(self.document.clone()).expect("a document");
        make(&WindowSheet {
            document: &document,
            sha256: WINDOW_SHA256,
            masters: &self.masters,
            address: "https://points.example/v1/demo",
        })
    }
}

pub fn name(text: &str) -> Name {
    Name::parse(text).expect("a name")
}

/// Every text of an XML file with the path of its element, `Document/A/B`, in order; an attribute
/// as `Document/A/B@Ccy`.
pub fn texts(xml: &[u8]) -> Vec<(String, String)> {
    let xml = std::str::from_utf8(xml).expect("UTF-8");
    let mut reader = Reader::from_str(xml);
    let (mut path, mut texts, mut text) = (Vec::new(), Vec::new(), String::new());
    loop {
        match reader.read_event().expect("well-formed XML") {
            Event::Start(element) => {
                path.push(element.name().as_ref().to_owned());
                text.clear();
                for attribute in element.attributes() {
                    let attribute = attribute.expect("well-formed XML");
                    let key = format!("{}@{}", path.join("/"), attribute.key.as_ref());
                    texts.push((key, attribute.value.into_owned()));
                }
            }
            Event::Text(part) => text += &part.xml10_content(),
            Event::GeneralRef(part) => text += entity(part.as_ref()),
            Event::End(_) => {
                if !text.trim().is_empty() {
                    texts.push((path.join("/"), std::mem::take(&mut text)));
                }
                path.pop();
            }
            Event::Eof => return texts,
            _ => (),
        }
    }
}

fn entity(name: &str) -> &'static str {
    match name {
        "amp" => "&",
        "lt" => "<",
        "gt" => ">",
        "quot" => "\"",
        "apos" => "'",
        other => panic!("no entity of XML: {other}"),
    }
}

/// The texts whose path ends so, in order.
pub fn ending<'a>(texts: &'a [(String, String)], path: &str) -> Vec<&'a str> {
    let path = format!("/{path}");
    let found = texts.iter().filter(|(found, _)| found.ends_with(&path));
    found.map(|(_, text)| text.as_str()).collect()
}
