//! The end of the demo: what was checked, and commands that work on the house it leaves.

use super::Demo;
use super::server::Server;
use super::windows::Published;
use crate::audit::Verdict;
use crate::cli::init::Founded;
use crate::cli::style;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Says what the audit compared.
pub fn print_checks(verdict: &Verdict, statements: usize) {
    let mark = match verdict.holds() {
        true => style::good("✓"),
        false => style::bad("✗"),
    };
    let ops: u64 = verdict.outcomes.values().sum();
    let applied = verdict.outcomes.get("applied").copied().unwrap_or_default();
    for line in [
        format!(
            "{} entries: encoding, order, time, chain",
            style::grouped(verdict.entries)
        ),
        "every signature, by the key that was good at its entry".to_owned(),
        format!(
            "{} ops executed again: {} applied, {} refused for the same reasons",
            style::grouped(ops),
            style::grouped(applied),
            style::grouped(ops - applied)
        ),
        "every issuer's points, summed up from its members' lots".to_owned(),
        format!(
            "{} windows netted a second time, from sums that another code made",
            style::grouped(verdict.windows)
        ),
        format!(
            "{} statements written a second time, byte for byte those that were published",
            style::grouped(verdict.statements)
        ),
        format!("{statements} of them by file: form, signature, place under the ledger's root"),
        format!(
            "the tree's root {}… = the signed checkpoint",
            &verdict.root[..16]
        ),
        format!(
            "entry 0 {}… = what founding printed",
            &verdict.found_hash[..16]
        ),
    ] {
        println!("  {mark} {line}");
    }
    if verdict.simulated {
        let note = "The clock was simulated: this ledger says so, and is no record of real time.";
        println!("  {}", style::warn(note));
    }
}

/// Says where the windows' files are.
pub fn print_files(published: &Published) {
    let line = |what: &str, file: &Path| {
        let file = file.display().to_string();
        println!(
            "  {} {}",
            style::dim(&format!("{what:<22}")),
            style::code(&file)
        );
    };
    line(
        "all windows, as a page",
        &published.folder.join("index.html"),
    );
    line("a statement to open", &published.example);
    let window = published.example.ancestors().nth(2);
    if let Some(window) = window {
        line("for the bank", &window.join("payments.pain001.xml"));
        line("for the books", &window.join("journal.hledger"));
        line("a window in one file", &window.join("pack.zip"));
    }
}

/// Prints commands with the paths of this demo.
pub fn print(
    demo: &Demo,
    (founded, published): (&Founded, &Published),
    server: &Server,
    running: bool,
) -> anyhow::Result<()> {
    let tool = std::env::current_exe()?;
    let tour = Tour {
        verifier: tool
            .with_file_name("tallyhouse-verify")
            .display()
            .to_string(),
        tool: tool.display().to_string(),
        address: server.address.to_string(),
        url: format!(
            "http://{}/v1/{}",
            server.address, demo.coalition.programme.id
        ),
        till: demo.partner_keys().join("grocery.till-1.pem"),
        member: busiest_member(&demo.purchases).unwrap_or_else(|| "hh-0900".to_owned()),
        demo,
        founded,
        folder: &published.folder,
        last: published.count.saturating_sub(1),
    };
    if !running {
        tour.print_restart();
    }
    tour.print_reads();
    tour.print_writes_and_checks();
    if !running {
        show("remove it all", &format!("rm -r {}", demo.dir.display()));
    }
    Ok(())
}

struct Tour<'a> {
    tool: String,
    verifier: String,
    address: String,
    url: String,
    till: PathBuf,
    member: String,
    demo: &'a Demo,
    founded: &'a Founded,
    /// The folder of the windows' files.
    folder: &'a Path,
    /// The last window that was closed.
    last: usize,
}

impl Tour<'_> {
    fn print_restart(&self) {
        let (tool, address) = (&self.tool, &self.address);
        let config = self.founded.config.display();
        let serve = format!("{tool} serve --config {config} --listen {address} &");
        show(
            "the house has stopped, its folder stays; start it again",
            &serve,
        );
    }

    fn print_reads(&self) {
        let (tool, url, member) = (&self.tool, &self.url, &self.member);
        let auditor = self.founded.keys_dir.join("house.audit-1.pem");
        let (auditor, till) = (auditor.display(), self.till.display());
        show(
            "the house's address, and an auditor's key",
            &format!("export TALLYHOUSE_URL={url}\nexport TALLYHOUSE_KEY={auditor}"),
        );
        show("a member", &format!("{tool} balance {member}"));
        let curl = format!("curl -H \"Authorization: Bearer $({tool} token --key {till})\" \\\n ");
        show(
            "the same over HTTP, with a token signed by the grocery's own key",
            &format!("{curl} {url}/members/{member}"),
        );
        show(
            "the windows, and who pays whom for the last one",
            &format!("{tool} windows\n{tool} payments {}", self.last),
        );
        let statements = self.folder.join(self.last.to_string()).join("statements");
        let signed = statements.join("grocery.jws");
        show(
            "the grocery checks its statement of that day",
            &format!("{tool} statement verify {} --key {till}", signed.display()),
        );
        show(
            "a receipt or a statement checked in the browser alone: drop it on this page",
            &format!("{url}/verify"),
        );
        show(
            "every route, in the browser",
            &format!("http://{}/docs", self.address),
        );
    }

    fn print_writes_and_checks(&self) {
        let (tool, verifier, member) = (&self.tool, &self.verifier, &self.member);
        let (till, vkey) = (self.till.display(), self.founded.vkey_file.display());
        show(
            "the grocery issues 120 points, and checks its receipt",
            &format!(
                "echo '{{\"op\":\"issue\",\"member\":\"{member}\",\"points\":120}}' |\n  \
                 {tool} submit --key {till} --receipt receipt.json\n\
                 {verifier} receipt receipt.json --vkey {vkey}"
            ),
        );
        let file = |name: &str| self.demo.dir.join(name).display().to_string();
        let (entries, checkpoint) = (file("entries.ndjson"), file("checkpoint.txt"));
        let found = &self.founded.found_hash;
        show(
            "the whole ledger, checked without any trust in the house",
            &format!(
                "{verifier} ledger {entries} \\\n  --checkpoint {checkpoint} --vkey {vkey} \\\n  \
                 --found {found}"
            ),
        );
    }
}

fn show(what: &str, command: &str) {
    println!("  {}", style::dim(&format!("# {what}")));
    for line in command.lines() {
        println!("  {}", style::code(line));
    }
}

/// The member with most purchases.
fn busiest_member(purchases: &Path) -> Option<String> {
    let mut reader = csv::Reader::from_path(purchases).ok()?;
    let column = reader
        .headers()
        .ok()?
        .iter()
        .position(|name| name == "member")?;
    let mut counts: BTreeMap<String, u32> = BTreeMap::new();
    for record in reader.records().flatten() {
        *counts.entry(record.get(column)?.to_owned()).or_default() += 1;
    }
    let busiest = counts.into_iter().max_by_key(|(_, count)| *count)?;
    Some(busiest.0)
}
