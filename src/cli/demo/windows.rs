//! The demo's windows: what the house published of them, checked, linked and made into a page.
//!
//! Must not: make a file that the house publishes; the page is the only one that is made here.

use super::Demo;
use crate::cli::client::Client;
use crate::cli::init::Founded;
use crate::cli::keyfile;
use crate::domain::ids::{HOUSE, Name};
use crate::domain::statement::{Stated, WindowDocument};
use crate::proof::hex;
use crate::proof::keys::{PublicKey, Signer};
use crate::proof::note::VerifierKey;
use crate::proof::receipt::{self, Verified};
use crate::proof::statement::{Canonical, verify};
use crate::render::{WindowSheet, html};
use crate::settlement::masters;
use anyhow::Context;
use std::fs;
use std::path::{Path, PathBuf};

/// What the house published.
pub struct Published {
    /// The house's documents, in order of the windows.
    pub documents: Vec<WindowDocument>,
    /// Statements of partners whose form, signature and place in the ledger were checked.
    pub statements: usize,
    /// How many windows there are.
    pub count: usize,
    /// The folder with links to all files.
    pub folder: PathBuf,
    /// One statement to look at.
    pub example: PathBuf,
}

impl Demo {
    /// Reads what the house published, checks every statement, and leaves links and a page.
    ///
    /// # Errors
    /// A file is missing, or a statement is not what the ledger binds.
    pub fn collect(&self, client: &Client, founded: &Founded) -> anyhow::Result<Published> {
        let house = self.dir.join("data").join(&self.coalition.programme.id);
        let house = house.join("windows");
        let folder = self.dir.join("windows");
        let checker = Checker {
            client,
            auditor: keyfile::signer(&founded.keys_dir.join("house.audit-1.pem"))?,
            key: keyfile::signer(&founded.keys_dir.join("house.operate-1.pem"))?.public_key(),
            vkey: VerifierKey::parse(&founded.vkey)?,
        };
        let mut documents = Vec::new();
        let mut links = Vec::new();
        let mut statements = 0;
        for number in 0_u32.. {
            let published = house.join(number.to_string());
            if !published.is_dir() {
                break;
            }
            documents.push(document(&published)?);
            statements += checker.check_all(&published)?;
            links.push(link_all(
                &published,
                &folder.join(number.to_string()),
                number,
            )?);
        }
        self.write_index(client, founded, &documents, &links)?;
        let example = example(&documents, &folder)?;
        Ok(Published {
            count: documents.len(),
            documents,
            statements,
            folder,
            example,
        })
    }

    fn write_index(
        &self,
        client: &Client,
        founded: &Founded,
        documents: &[WindowDocument],
        links: &[Vec<String>],
    ) -> anyhow::Result<()> {
        let masters = masters::load(&founded.masters_dir)?;
        let hashes: Vec<String> = documents
            .iter()
            .map(|document| hex::encode(&Canonical::of(document).sha256))
            .collect();
        let sheets = documents.iter().zip(&hashes);
        let sheets: Vec<WindowSheet<'_>> = sheets
            .map(|(document, sha256)| WindowSheet {
                document,
                sha256,
                masters: &masters,
                address: client.base(),
            })
            .collect();
        let page = self.dir.join("windows").join("index.html");
        fs::write(&page, html::index(&sheets, links))
            .with_context(|| format!("cannot write {}", page.display()))
    }
}

/// The house's document of a published window.
fn document(published: &Path) -> anyhow::Result<WindowDocument> {
    let file = published.join("window.json");
    let json = fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
    serde_json::from_slice(&json).with_context(|| format!("{}", file.display()))
}

/// Links every file of a window into another folder, or copies it where links are not possible.
/// Answers the files as links from beside that folder.
fn link_all(published: &Path, to: &Path, number: u32) -> anyhow::Result<Vec<String>> {
    let mut links = Vec::new();
    for inside in ["", "statements"] {
        let folder = to.join(inside);
        fs::create_dir_all(&folder)
            .with_context(|| format!("cannot make the folder {}", folder.display()))?;
        for file in files(&published.join(inside))? {
            let name = file.file_name().context("a file has a name")?;
            let link = folder.join(name);
            if fs::hard_link(&file, &link).is_err() {
                fs::copy(&file, &link)
                    .with_context(|| format!("cannot write {}", link.display()))?;
            }
            let name = name.to_string_lossy();
            links.push(match inside {
                "" => format!("{number}/{name}"),
                inside => format!("{number}/{inside}/{name}"),
            });
        }
    }
    Ok(links)
}

/// The house's own notes of a window, which no page needs.
const NOTES: [&str; 2] = ["summary.json", "problems.json"];

/// The files in a folder, by name, without folders, notes and hidden ones.
fn files(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder);
    let entries = entries.with_context(|| format!("cannot read {}", folder.display()))?;
    let mut files = Vec::new();
    for entry in entries {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str());
        let shown = |name: &str| !name.starts_with('.') && !NOTES.contains(&name);
        if path.is_file() && name.is_some_and(shown) {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// The statement of the partner that owes most in the last window: as PDF, if there is one.
fn example(documents: &[WindowDocument], folder: &Path) -> anyhow::Result<PathBuf> {
    let last = documents.last().context("no window was published")?;
    let partners = last.positions.iter().filter(|p| p.party.as_str() != HOUSE);
    let greatest = partners.max_by_key(|position| position.debits);
    let partner: Name = greatest.context("a window without partners")?.party;
    let statements = folder
        .join(last.identity.window.to_string())
        .join("statements");
    let named = |ending: &str| statements.join(format!("{partner}.{ending}"));
    let found = ["pdf", "xlsx"].map(named).into_iter().find(|f| f.is_file());
    found.context("a statement without its files")
}

/// Checks statements as a partner would: with the house's public keys, and receipts.
struct Checker<'a> {
    client: &'a Client,
    auditor: Signer,
    key: PublicKey,
    vkey: VerifierKey,
}

impl Checker<'_> {
    /// Checks every statement of a published window, and answers how many there are.
    fn check_all(&self, published: &Path) -> anyhow::Result<usize> {
        let folder = published.join("statements");
        let mut receipt: Option<Verified> = None;
        let mut checked = 0;
        for file in files(&folder)? {
            if file.extension().is_none_or(|ending| ending != "jws") {
                continue;
            }
            let stated: Stated =
                serde_json::from_slice(&fs::read(file.with_extension("stated.json"))?)?;
            let receipt = match &receipt {
                Some(receipt) => receipt,
                None => receipt.insert(self.receipt(stated.entry)?),
            };
            self.check(&fs::read(&file)?, &stated, receipt)
                .with_context(|| format!("{}", file.display()))?;
            checked += 1;
        }
        Ok(checked)
    }

    fn check(&self, compact: &[u8], stated: &Stated, receipt: &Verified) -> anyhow::Result<()> {
        let jws = verify::split(compact)?;
        verify::verify_signature(&jws, &self.key)?;
        let opened = verify::open(&jws.payload)?;
        verify::verify_stated(&opened, stated)?;
        verify::verify_inclusion(stated)?;
        Ok(verify::verify_bound(&opened, stated, receipt)?)
    }

    /// The receipt of the entry that binds a window's statements, checked.
    fn receipt(&self, entry: u64) -> anyhow::Result<Verified> {
        let path = format!("/receipts/{entry}");
        let reader = Some((&self.auditor, "audit"));
        let receipt = self.client.get_bytes(&path, "application/json", reader)?;
        Ok(receipt::verify(&receipt, std::slice::from_ref(&self.vkey))?)
    }
}
