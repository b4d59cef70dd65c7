//! Published files: found by a number, a registered name and a known ending, and sent as they are.
//!
//! A file that is published never changes, so it may be kept for good. What is made of masters may
//! still come: until it has, such files and the pack are asked for anew each time, by their tag.
//! Must not: make a path of a caller's words, or hold more of files in memory than
//! [`FILES_MIB_MAX`] allows.

use super::house::{FILES_MIB_MAX, House};
use super::problem::{Code, Problem};
use super::receipts::held;
use super::token::Caller;
use super::verifier::blocking;
use crate::domain::ids::Name;
use crate::domain::window::{Window, WindowState};
use crate::proof::hex;
use crate::settlement::publish;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

const JSON: &str = "application/json";
const JOSE: &str = "application/jose";
const CSV: &str = "text/csv; charset=utf-8";
const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
const XML: &str = "application/xml";
const TEXT: &str = "text/plain; charset=utf-8";

/// Files of a partner: ending and media type.
const OF_PARTNER: [(&str, &str); 7] = [
    ("json", JSON),
    ("jws", JOSE),
    ("stated.json", JSON),
    ("csv", CSV),
    ("xlsx", XLSX),
    ("pdf", "application/pdf"),
    ("camt053.xml", XML),
];

/// Files of the house: name in addresses, name in the folder, media type.
const OF_HOUSE: [(&str, &str, &str); 10] = [
    ("window.json", "window.json", JSON),
    ("window.jws", "window.jws", JOSE),
    ("matrix.json", "window.json", JSON),
    ("matrix.csv", "matrix.csv", CSV),
    ("matrix.xlsx", "matrix.xlsx", XLSX),
    ("journal.hledger", "journal.hledger", TEXT),
    ("journal.beancount", "journal.beancount", TEXT),
    ("payments.pain001.xml", "payments.pain001.xml", XML),
    ("payments.pain008.xml", "payments.pain008.xml", XML),
    ("pack.zip", "pack.zip", "application/zip"),
];

/// A file that a window may have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Where it lies in the window's folder.
    path: PathBuf,
    /// What it is called once it has left its folder.
    saved_as: String,
    media_type: &'static str,
}

impl File {
    /// A file of the house.
    ///
    /// # Errors
    /// `not_found`: there is no such kind of file.
    pub fn of_house(name: &str) -> Result<Self, Problem> {
        let known = OF_HOUSE.iter().find(|(known, ..)| *known == name);
        let (name, file, media_type) = known.ok_or_else(Problem::not_found)?;
        let saved_as = match name.strip_prefix("window.") {
            Some(ending) => format!(".{ending}"),
            None => format!("-{name}"),
        };
        Ok(Self {
            path: PathBuf::from(file),
            saved_as,
            media_type,
        })
    }

    /// The kinds of files that a partner has.
    pub fn all_of(partner: Name) -> impl Iterator<Item = Self> {
        OF_PARTNER.into_iter().map(move |(ending, media_type)| {
            let name = format!("{partner}.{ending}");
            Self {
                path: Path::new("statements").join(&name),
                saved_as: format!("-{name}"),
                media_type,
            }
        })
    }

    /// A partner's file, and the partner that it names.
    ///
    /// # Errors
    /// `not_found`: it is no name and known ending.
    pub fn of_partner(name: &str) -> Result<(Name, Self), Problem> {
        let (partner, _) = name.split_once('.').ok_or_else(Problem::not_found)?;
        let partner = Name::parse(partner).map_err(|_| Problem::not_found())?;
        let file = Self::all_of(partner).find(|file| file.name() == name);
        Ok((partner, file.ok_or_else(Problem::not_found)?))
    }

    /// Its name within its folder.
    pub fn name(&self) -> &str {
        let name = self.path.file_name().and_then(|name| name.to_str());
        name.expect("names of files are ours")
    }

    /// Whether it is in a window's folder.
    pub fn is_in(&self, folder: &Path) -> bool {
        folder.join(&self.path).is_file()
    }

    fn is_of_masters(&self) -> bool {
        ["payments.pain001.xml", "payments.pain008.xml", "pack.zip"].contains(&self.name())
    }
}

/// The window that an address names.
///
/// # Errors
/// `not_found`.
pub fn window(caller: &Caller, text: &str) -> Result<Window, Problem> {
    let number = text.parse().ok().filter(|n: &u32| n.to_string() == text);
    let view = caller.programme.ledger.view();
    let window = number.and_then(|number| view.windows.get(number));
    window.cloned().ok_or_else(Problem::not_found)
}

/// The folder of a window whose files are in place. Looks at the disk.
///
/// # Errors
/// `not_stated`.
pub fn folder(caller: &Caller, window: &Window) -> Result<PathBuf, Problem> {
    let settlement = &caller.programme.settlement;
    let number = window.number;
    if window.state == WindowState::Stated && settlement.is_published(number) {
        return Ok(publish::folder(&settlement.settings().windows_dir, number));
    }
    let state = window.state.as_str();
    let detail = format!("the statements of window {number} are not issued yet; it is {state}");
    Err(Problem::new(Code::NotStated, detail))
}

/// Sends a file of a window, or only its tag to a caller that has it already.
///
/// # Errors
/// `not_stated`, or `not_available` where the file could not be made.
pub async fn send(
    house: &House,
    caller: Caller,
    window: Window,
    file: File,
    headers: &HeaderMap,
) -> Result<Response, Problem> {
    let id = caller.programme.id;
    let saved_as = format!("{id}-window-{}{}", window.number, file.saved_as);
    let media_type = file.media_type;
    let measure = move || {
        let folder = folder(&caller, &window)?;
        match std::fs::metadata(folder.join(&file.path)) {
            Ok(found) => Ok((folder, file, found.len())),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                Err(missing(&caller, &window, &file))
            }
            Err(error) => Err(Problem::internal(error)),
        }
    };
    let (folder, file, bytes) = blocking(measure).await?;
    let places = u32::try_from(bytes >> 20).unwrap_or(u32::MAX);
    let places = places.saturating_add(1).min(FILES_MIB_MAX);
    let place = house.files().clone().acquire_many_owned(places).await;
    let place = place.map_err(Problem::internal)?;
    let read = move || {
        // Looked for before the file is read: once it is gone, the files are the last ones.
        let to_come = folder.join("problems.json").exists();
        let bytes = std::fs::read(folder.join(&file.path)).map_err(Problem::internal)?;
        let tag = hex::encode(&Sha256::digest(&bytes));
        Ok((bytes, format!("\"{tag}\""), to_come && file.is_of_masters()))
    };
    let (bytes, tag, may_change) = blocking(read).await?;
    let kept = match may_change {
        true => "private, no-cache",
        false => "private, max-age=31536000, immutable",
    };
    let known = has_tag(headers, &tag);
    let tag = HeaderValue::from_str(&tag).expect("a tag is hexadecimal");
    let common: [(HeaderName, HeaderValue); 2] = [
        (header::ETAG, tag),
        (header::CACHE_CONTROL, HeaderValue::from_static(kept)),
    ];
    if known {
        return Ok((StatusCode::NOT_MODIFIED, common).into_response());
    }
    let disposition = format!("attachment; filename=\"{saved_as}\"");
    let disposition = HeaderValue::from_str(&disposition).expect("ids are plain ASCII");
    let own = [
        (header::CONTENT_TYPE, HeaderValue::from_static(media_type)),
        (header::CONTENT_DISPOSITION, disposition),
    ];
    Ok((common, own, held(bytes, place)).into_response())
}

/// Why a published window does not have a file.
fn missing(caller: &Caller, window: &Window, file: &File) -> Problem {
    let dir = &caller.programme.settlement.settings().windows_dir;
    let name = file.name();
    let known = match publish::problems(dir, window.number) {
        Ok(known) => known,
        Err(error) => return Problem::internal(error),
    };
    let own = known.into_iter().find(|known| known.file == name);
    let detail = match own {
        Some(known) => known.problem,
        None if file.is_of_masters() => {
            format!("window {} has no payment for {name}", window.number)
        }
        None => format!("{name} was not made for window {}", window.number),
    };
    Problem::new(Code::NotAvailable, detail)
}

/// Whether the caller names the tag in `If-None-Match` (RFC 9110 §13.1.2).
fn has_tag(headers: &HeaderMap, tag: &str) -> bool {
    let values = headers.get_all(header::IF_NONE_MATCH).into_iter();
    let values = values.filter_map(|value| value.to_str().ok());
    let mut tags = values.flat_map(|value| value.split(','));
    tags.any(|named| {
        let named = named.trim();
        named == "*" || named.strip_prefix("W/").unwrap_or(named) == tag
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_known_files_of_names_have_a_path() {
        for (name, path) in [
            ("bakery.json", "statements/bakery.json"),
            ("bakery.stated.json", "statements/bakery.stated.json"),
            ("bakery.camt053.xml", "statements/bakery.camt053.xml"),
        ] {
            let (partner, file) = File::of_partner(name).unwrap();
            assert_eq!(partner.as_str(), "bakery");
            assert_eq!(file.path, Path::new(path));
        }
        for bad in [
            "bakery",
            "bakery.",
            ".json",
            "bakery.exe",
            "bakery.json.",
            "bakery.json/..",
            "../bakery.json",
            "..",
            "bakery\0.json",
            "bakery.\0json",
            "Bakery.json",
            "/etc/passwd",
            "statements/bakery.json",
        ] {
            let problem = File::of_partner(bad).unwrap_err();
            assert_eq!(problem, Problem::not_found(), "{bad}");
            assert_eq!(File::of_house(bad), Err(Problem::not_found()), "{bad}");
        }
        assert_eq!(File::of_house("window.json").unwrap().saved_as, ".json");
        for kept_back in ["problems.json", "summary.json"] {
            assert_eq!(File::of_house(kept_back), Err(Problem::not_found()));
        }
    }

    #[test]
    fn tags_are_found_in_every_form_of_the_header() {
        let asked = |text: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::IF_NONE_MATCH, HeaderValue::from_static(text));
            has_tag(&headers, "\"ab\"")
        };
        for yes in ["\"ab\"", "W/\"ab\"", "\"x\", \"ab\"", "*"] {
            assert!(asked(yes), "{yes}");
        }
        for no in ["", "ab", "\"a\"", "\"abc\""] {
            assert!(!asked(no), "{no}");
        }
        assert!(!has_tag(&HeaderMap::new(), "\"ab\""));
    }
}
