//! `tallyhouse submit`: sends a submission and shows what became of each op.
//!
//! An envelope is sent as it is; JSON is completed and signed first (see `sign`). When the house is
//! busy or does not answer, the same bytes are sent again: they get the one true answer.

use super::client::{self, Client, ClientError, Problem};
use super::exit::Exit;
use super::remote::{Key, Remote};
use super::{keyfile, sign, style};
use crate::proof::keys::Signer;
use anyhow::Context;
use serde_json::{Map, Value, json};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Sends a submission and prints what became of each op.
///
/// Exit code 0: every op was applied, now or before. 1: the house refused the submission or an op.
/// 2: it could not be sent.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  echo '{\"op\":\"issue\",\"member\":\"m-7\",\"points\":120}' |\n    \
                  tallyhouse submit --url http://127.0.0.1:7400/v1/demo \
                  --key keys/grocery.till-1.pem"
)]
pub struct Arguments {
    /// A signed envelope, or a submission in JSON as `sign` takes it; - for standard input
    #[arg(default_value = "-")]
    file: PathBuf,
    #[command(flatten)]
    remote: Remote,
    #[command(flatten)]
    key: Key,
    /// A second govern key: approves in a second submission what this one proposes
    #[arg(long, value_name = "FILE")]
    approve_with: Option<PathBuf>,
    /// Keep the receipt in this file
    #[arg(long, value_name = "FILE")]
    receipt: Option<PathBuf>,
    /// Seconds to go on trying while the house is busy or away
    #[arg(long, default_value_t = 30)]
    patience_s: u64,
    /// Print the receipt as JSON
    #[arg(long)]
    json: bool,
}

/// Sends, and prints the results.
pub fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let sender = Sender {
        client: &arguments.remote.client()?,
        patience: Duration::from_secs(arguments.patience_s),
        receipt: arguments.receipt.as_deref(),
        json: arguments.json,
    };
    let approver = arguments.approve_with.as_deref().map(keyfile::signer);
    let approver = approver.transpose()?;
    let input = sign::read(&arguments.file)?;
    if input.trim_start().starts_with(['{', '[']) {
        let signer = arguments.key.signer()?;
        return sender.sign_and_send(sign::parse(&input)?, &signer, approver.as_ref());
    }
    sender.send_and_approve(input.trim(), approver.as_ref())
}

/// Sends submissions and prints what became of them.
pub struct Sender<'a> {
    /// Of the programme.
    pub client: &'a Client,
    /// How long to go on while the house is busy or away.
    pub patience: Duration,
    /// Where to keep the receipt.
    pub receipt: Option<&'a Path>,
    /// Print receipts as JSON.
    pub json: bool,
}

impl Sender<'_> {
    /// Completes, signs and sends a submission; what it proposes is approved by the second key.
    ///
    /// # Errors
    /// It could not be sent.
    pub fn sign_and_send(
        &self,
        submission: Map<String, Value>,
        signer: &Signer,
        approver: Option<&Signer>,
    ) -> anyhow::Result<Exit> {
        let submission = sign::complete(submission, || sign::Ledger::ask(self.client))?;
        self.send_and_approve(&sign::envelope(&submission, signer)?, approver)
    }

    fn send_and_approve(&self, compact: &str, approver: Option<&Signer>) -> anyhow::Result<Exit> {
        match (self.send(compact)?, approver) {
            (Exit::Done, Some(approver)) => self.sign_and_send(approvals(compact)?, approver, None),
            (exit, _) => Ok(exit),
        }
    }

    fn send(&self, compact: &str) -> anyhow::Result<Exit> {
        let receipt = match client::retrying(self.patience, || self.client.submit(compact)) {
            Ok(receipt) => receipt,
            Err(ClientError::Problem(problem)) if !problem.retryable => {
                self.print_refusal(problem);
                return Ok(Exit::Refused);
            }
            Err(error) => return Err(error.into()),
        };
        if let Some(file) = self.receipt {
            std::fs::write(file, &receipt)
                .with_context(|| format!("cannot write {}", file.display()))?;
        }
        let parsed: Value = serde_json::from_slice(&receipt).context("the receipt is no JSON")?;
        if self.json {
            println!("{}", String::from_utf8_lossy(&receipt));
        } else {
            print(&parsed);
        }
        let is_in =
            |result: &Value| matches!(result["code"].as_str(), Some("applied" | "duplicate"));
        let results = parsed["results"]
            .as_array()
            .context("the receipt has no results")?;
        Ok(match results.iter().all(is_in) {
            true => Exit::Done,
            false => Exit::Refused,
        })
    }

    fn print_refusal(&self, problem: Box<Problem>) {
        if self.json {
            let report = json!({"code": problem.code, "status": problem.status,
                "detail": problem.detail, "request_id": problem.request_id});
            println!("{report}");
            return;
        }
        println!(
            "{} {}",
            style::bad("refused:"),
            ClientError::Problem(problem)
        );
    }
}

/// One `approve` for each `propose` of an envelope.
fn approvals(compact: &str) -> anyhow::Result<Map<String, Value>> {
    let payload = compact.split('.').nth(1).context("not a compact JWS")?;
    let payload = crate::proof::base64url::decode(payload.as_bytes())?;
    let submission: Value = serde_json::from_slice(&payload)?;
    let ops = submission["ops"].as_array().map_or(&[][..], Vec::as_slice);
    let approve = |op: &Value| json!({"op": "approve", "proposal": op["id"]});
    let proposed = ops.iter().filter(|op| op["op"] == "propose");
    let approvals: Vec<Value> = proposed.map(approve).collect();
    anyhow::ensure!(
        !approvals.is_empty(),
        "nothing was proposed, so nothing can be approved"
    );
    Ok(sign::of_ops(approvals))
}

fn print(receipt: &Value) {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    println!(
        "{} as entry {} at {}",
        style::good("accepted"),
        receipt["index"],
        text(&receipt["accepted_at"])
    );
    let mut table = style::table();
    table.set_header(["op", "id", "result", "points", "member", "available"]);
    let results = receipt["results"].as_array().map_or(&[][..], Vec::as_slice);
    for result in results {
        let number = |value: &Value| value.as_u64().map(style::grouped).unwrap_or_default();
        let member = &result["members"][0];
        table.add_row([
            text(&result["kind"]),
            text(&result["id"]),
            text(&result["code"]),
            number(&result["points"]),
            text(&member["member"]),
            number(&member["balance"]["available"]),
        ]);
    }
    println!("{table}");
    for result in results.iter().filter(|result| result["advice"].is_string()) {
        let (code, id) = (text(&result["code"]), text(&result["id"]));
        println!("{} {id}: {}", style::warn(&code), text(&result["advice"]));
    }
}
