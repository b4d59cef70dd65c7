//! The house of a bench: founded as by `init` in a folder of its own, and served by the real
//! program in a process of its own, which can be killed and started again.
//!
//! Must not: leave a server behind.

use super::usage;
use crate::cli::client::Client;
use crate::cli::init::{self, Founded};
use crate::cli::{keyfile, sign};
use crate::proof::keys::{Kid, Signer};
use anyhow::Context;
use serde_json::{Value, json};
use std::fs;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// The programme's id.
pub const PROGRAMME: &str = "bench";
/// Partners that are registered in one submission.
const REGISTERED_AT_ONCE: usize = 100;
/// Time for a started server to be ready.
const READY_WITHIN: Duration = Duration::from_secs(600);

/// A founded house, its partners and its server.
pub struct House {
    dir: PathBuf,
    founded: Founded,
    settings: String,
    partners: Vec<Signer>,
    server: Option<Server>,
    /// Ops that the ledger applied while the house was set up.
    pub ops_before: u64,
}

struct Server {
    child: Child,
    address: SocketAddr,
}

impl House {
    /// Founds a house, starts its server and registers partners.
    ///
    /// # Errors
    /// What could not be done.
    pub fn new(dir: &Path, partners: usize, seed: u64) -> anyhow::Result<Self> {
        let founded = init::found(&init::Arguments {
            dir: dir.to_owned(),
            programme: PROGRAMME.to_owned(),
            host: "localhost".to_owned(),
            currency: "EUR".to_owned(),
            point_scale: 0,
            settlement_model: init::SettlementModel::IssuerPays,
            clawback: init::Clawback::IssuerBears,
            utc_offset_min: 0,
            clock: init::ClockChoice::Real,
            start: None,
            life_days: 730,
            grace_days: 30,
            reversible_days: 400,
            transfers: false,
            cutoff: None,
            zone: None,
            masters: None,
            json: false,
        })?;
        // Nights come when the bench asks for one; the last table of the settings says so.
        let settings = fs::read_to_string(&founded.config)?;
        let settings = format!("{}\nautomatic = false\n", settings.trim_end());
        let signer = |number: usize| partner(seed, number);
        let mut house = Self {
            dir: dir.to_owned(),
            founded,
            settings,
            partners: (1..=partners).map(signer).collect::<Result<_, _>>()?,
            server: None,
            ops_before: 1,
        };
        house.start(None)?;
        house.register()?;
        Ok(house)
    }

    /// What founding made.
    pub fn founded(&self) -> &Founded {
        &self.founded
    }

    /// The partners' keys.
    pub fn partners(&self) -> &[Signer] {
        &self.partners
    }

    /// A key that the house uses online.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn key(&self, id: &str) -> anyhow::Result<Signer> {
        keyfile::signer(&self.founded.keys_dir.join(format!("house.{id}.pem")))
    }

    /// Starts the server, with other places for requests if they are given; answers how long it
    /// took until it was ready.
    ///
    /// # Errors
    /// It does not become ready.
    pub fn start(&mut self, places: Option<usize>) -> anyhow::Result<Duration> {
        let settings = match places {
            None => self.settings.clone(),
            Some(places) => {
                let wanted = format!("[server]\nconcurrent_requests_max = {places}\n");
                self.settings.replacen("[server]\n", &wanted, 1)
            }
        };
        fs::write(&self.founded.config, settings)?;
        let begun = Instant::now();
        let mut child = Command::new(std::env::current_exe()?)
            .args(["serve", "--json", "--listen", "127.0.0.1:0", "--config"])
            .arg(&self.founded.config)
            .env("TALLYHOUSE_LOG", "error")
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot start the server")?;
        let mut line = String::new();
        let told = child.stdout.take().context("the server has no output")?;
        // Only a read of its address from here on can leave it behind, so it is kept at once.
        let address = BufReader::new(told)
            .read_line(&mut line)
            .ok()
            .and_then(|_| {
                let told: Value = serde_json::from_str(&line).ok()?;
                told["listen"].as_str()?.parse().ok()
            });
        self.server = Some(Server {
            address: address.unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 0))),
            child,
        });
        let address: SocketAddr = address.context("the server did not start")?;
        let ready = format!("http://{address}/readyz");
        while !ureq::get(&ready)
            .call()
            .is_ok_and(|answer| answer.status() == 200)
        {
            anyhow::ensure!(begun.elapsed() < READY_WITHIN, "the server is not ready");
            std::thread::sleep(Duration::from_millis(2));
        }
        Ok(begun.elapsed())
    }

    /// Ends the server as a power cut would.
    pub fn kill(&mut self) {
        self.server = None;
    }

    fn server(&self) -> anyhow::Result<&Server> {
        self.server.as_ref().context("the server does not run")
    }

    /// Where the server listens.
    ///
    /// # Errors
    /// It does not run.
    pub fn address(&self) -> anyhow::Result<SocketAddr> {
        Ok(self.server()?.address)
    }

    /// The server's process.
    ///
    /// # Errors
    /// It does not run.
    pub fn process(&self) -> anyhow::Result<u32> {
        Ok(self.server()?.child.id())
    }

    /// A client of the programme.
    ///
    /// # Errors
    /// The server does not run.
    pub fn client(&self) -> anyhow::Result<Client> {
        let address = self.address()?;
        Ok(Client::new(&format!("http://{address}/v1/{PROGRAMME}")))
    }

    /// Bytes that everything the server keeps takes on disk.
    pub fn disk_bytes(&self) -> u64 {
        usage::disk_bytes(&self.dir.join("data"))
    }

    fn register(&mut self) -> anyhow::Result<()> {
        let client = self.client()?;
        let govern = |number: u8| {
            let file = format!("house.govern-{number}.pem");
            keyfile::signer(&self.founded.govern_dir.join(file))
        };
        let (first, second) = (govern(1)?, govern(2)?);
        let prices = json!({"op": "propose", "id": "prices", "action": {"op": "price_set",
            "default": {"issue_price": "0.01", "burn_price": "0.01", "issue_fee": "0.0001",
                "burn_fee": "0.0001", "tax_code": "std"}}});
        let approve = json!({"op": "approve", "proposal": "prices"});
        let mut ops = submit(&client, &first, vec![prices])?;
        ops += submit(&client, &second, vec![approve])?;
        for partners in self.partners.chunks(REGISTERED_AT_ONCE) {
            let (mut proposed, mut approved) = (Vec::new(), Vec::new());
            for partner in partners {
                let (id, public) = (partner.kid().author(), keyfile::public_key(partner));
                proposed.push(json!({"op": "partner_set", "partner": id,
                    "roles": ["issue", "burn"], "status": "active"}));
                proposed.push(
                    json!({"op": "propose", "id": format!("key-{id}"), "action": {
                    "op": "key_add", "author": id, "key": partner.kid().key_id(),
                    "public_key": public, "scopes": ["submit", "read"]}}),
                );
                approved.push(json!({"op": "approve", "proposal": format!("key-{id}")}));
            }
            ops += submit(&client, &first, proposed)?;
            ops += submit(&client, &second, approved)?;
        }
        self.ops_before += ops;
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may be dead already, which is all that is wanted.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A partner's key: the same in every run with the same seed.
fn partner(seed: u64, number: usize) -> anyhow::Result<Signer> {
    let kid = Kid::parse(&format!("p{number}/k1"))?;
    let secret = blake3::hash(format!("tallyhouse bench {seed} {number}").as_bytes());
    Ok(Signer::new(kid, secret.as_bytes()))
}

/// Sends ops of which none may be refused; answers how many they are.
fn submit(client: &Client, signer: &Signer, ops: Vec<Value>) -> anyhow::Result<u64> {
    let count = ops.len() as u64;
    let submission = sign::complete(sign::of_ops(ops), || sign::Ledger::ask(client))?;
    let receipt = client.submit(&sign::envelope(&submission, signer)?)?;
    let receipt: Value = serde_json::from_slice(&receipt)?;
    for result in receipt["results"].as_array().into_iter().flatten() {
        anyhow::ensure!(result["code"] == "applied", "the house refused {result}");
    }
    Ok(count)
}
