//! The end of the demo: what was checked, and commands that work on the house it leaves.

use super::Demo;
use super::server::Server;
use crate::audit::Verdict;
use crate::cli::init::Founded;
use crate::cli::style;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Says what the audit compared.
pub fn print_checks(verdict: &Verdict) {
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

/// Prints commands with the paths of this demo.
pub fn print(demo: &Demo, founded: &Founded, server: &Server, running: bool) -> anyhow::Result<()> {
    let tool = std::env::current_exe()?;
    let verifier = tool.with_file_name("tallyhouse-verify");
    let (tool, verifier) = (tool.display(), verifier.display());
    let url = format!(
        "http://{}/v1/{}",
        server.address, demo.coalition.programme.id
    );
    let till = demo.partner_keys().join("grocery.till-1.pem");
    let auditor = founded.keys_dir.join("house.audit-1.pem");
    let member = busiest_member(&demo.purchases).unwrap_or_else(|| "hh-0900".to_owned());
    let show = |what: &str, command: &str| {
        println!("  {}", style::dim(&format!("# {what}")));
        for line in command.lines() {
            println!("  {}", style::code(line));
        }
    };
    if !running {
        let config = founded.config.display();
        let serve = format!(
            "{tool} serve --config {config} --listen {} &",
            server.address
        );
        show(
            "the house has stopped, its folder stays; start it again",
            &serve,
        );
    }
    show(
        "the house's address, and an auditor's key",
        &format!(
            "export TALLYHOUSE_URL={url}\nexport TALLYHOUSE_KEY={}",
            auditor.display()
        ),
    );
    show("a member", &format!("{tool} balance {member}"));
    show(
        "the same over HTTP, with a token signed by the grocery's own key",
        &format!(
            "curl -H \"Authorization: Bearer $({tool} token --key {})\" \\\n  {url}/members/{member}",
            till.display()
        ),
    );
    show(
        "what the grocery owes and is owed",
        &format!(
            "curl -H \"Authorization: Bearer $({tool} token --key {})\" \\\n  \
         {url}/partners/grocery/lines",
            till.display()
        ),
    );
    show(
        "the grocery issues 120 points, and checks its receipt",
        &format!(
            "echo '{{\"op\":\"issue\",\"member\":\"{member}\",\"points\":120}}' |\n  \
         {tool} submit --key {} --receipt receipt.json\n{verifier} receipt receipt.json --vkey {}",
            till.display(),
            founded.vkey_file.display()
        ),
    );
    show(
        "the whole ledger, checked without any trust in the house",
        &format!(
            "{verifier} ledger {} \\\n  --checkpoint {} --vkey {} \\\n  --found {}",
            relative(demo, "entries.ndjson").display(),
            relative(demo, "checkpoint.txt").display(),
            founded.vkey_file.display(),
            founded.found_hash
        ),
    );
    show(
        "every route, in the browser",
        &format!("http://{}/docs", server.address),
    );
    if !running {
        show("remove it all", &format!("rm -r {}", demo.dir.display()));
    }
    Ok(())
}

fn relative(demo: &Demo, name: &str) -> PathBuf {
    demo.dir.join(name)
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
