//! `tallyhouse confirm`: tells the ledger that a payment arrived at the bank, or came back.

use super::exit::Exit;
use super::key::sender;
use super::remote::{Key, Remote};
use super::sign;
use crate::domain::ids::{Name, Reference};
use serde_json::json;

/// Confirms a payment, exactly as the bank reports it; or says that one came back.
///
/// Needs a house key with the scope pay. Window, parties, currency, amount and reference have to
/// match the open payment. Exit code 0: done. 1: the ledger refused it. 2: it could not be sent.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  tallyhouse confirm --window 7 --debtor bakery --creditor house \
                  --amount 12.50 --currency EUR \\\n    --reference RF26417A482A000700010000 \
                  --url http://127.0.0.1:7400/v1/demo --key house.pay-1.pem"
)]
pub struct Arguments {
    /// The window whose payment it is
    #[arg(long, required_unless_present = "returned")]
    window: Option<u32>,
    /// Who paid: house or a partner
    #[arg(value_parser = Name::parse, long, required_unless_present = "returned")]
    debtor: Option<Name>,
    /// Who was paid: house or a partner
    #[arg(value_parser = Name::parse, long, required_unless_present = "returned")]
    creditor: Option<Name>,
    /// How much, with all decimals of the currency
    #[arg(long, required_unless_present = "returned")]
    amount: Option<String>,
    /// ISO 4217 code
    #[arg(long, required_unless_present = "returned")]
    currency: Option<String>,
    /// The creditor reference that was named in the payment
    #[arg(value_parser = Reference::parse, long, required_unless_present = "returned")]
    reference: Option<Reference>,
    /// The payment came back: the id of the op that confirmed it
    #[arg(value_parser = Reference::parse, long, value_name = "OP_ID")]
    #[arg(conflicts_with_all = ["window", "debtor", "creditor",
          "amount", "currency", "reference"])]
    returned: Option<Reference>,
    #[command(flatten)]
    remote: Remote,
    #[command(flatten)]
    key: Key,
    /// Print the receipt as JSON
    #[arg(long)]
    json: bool,
}

/// Signs and sends it.
pub fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let signer = arguments.key.signer()?;
    let op = match &arguments.returned {
        Some(confirmation) => json!({"op": "payment_returned", "confirmation": confirmation}),
        None => json!({
            "op": "confirm_payment",
            "window": arguments.window,
            "debtor": arguments.debtor,
            "creditor": arguments.creditor,
            "currency": arguments.currency,
            "amount": arguments.amount,
            "reference": arguments.reference,
        }),
    };
    let client = arguments.remote.client()?;
    let sender = sender(&client, arguments.json);
    sender.sign_and_send(sign::of_ops(vec![op]), &signer, None)
}
