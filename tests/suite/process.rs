//! A house as people run it: the real programs, in a folder of their own.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use serde_json::{Value, json};
use std::ffi::OsStr;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use tempfile::TempDir;

pub const TALLYHOUSE: &str = env!("CARGO_BIN_EXE_tallyhouse");
pub const VERIFY: &str = env!("CARGO_BIN_EXE_tallyhouse-verify");

/// A founded programme `demo`, on a simulated clock that starts with 2017.
pub struct Founded {
    pub dir: TempDir,
}

impl Founded {
    /// No night comes by itself, so that the ledger's entries are those of the test alone.
    pub fn new() -> Self {
        Self::in_folder(tempfile::tempdir().unwrap()).without_nights()
    }

    /// In memory where the machine allows it: for tests of arithmetic, not of durability.
    pub fn in_memory() -> Self {
        Self::with_nights().without_nights()
    }

    /// The same, where nights come as the clock is moved.
    pub fn with_nights() -> Self {
        let memory = Path::new("/dev/shm");
        let dir = match memory.is_dir() {
            true => tempfile::tempdir_in(memory),
            false => tempfile::tempdir(),
        };
        Self::in_folder(dir.unwrap())
    }

    fn without_nights(self) -> Self {
        let config = self.path("house/tallyhouse.toml");
        let settings = std::fs::read_to_string(&config).unwrap();
        let (_, last) = settings.rsplit_once("\n[").unwrap();
        assert!(last.starts_with("programme.settlement]"), "{settings}");
        std::fs::write(&config, format!("{settings}automatic = false\n")).unwrap();
        self
    }

    fn in_folder(dir: TempDir) -> Self {
        let house = dir.path().join("house");
        let args = ["--programme", "demo", "--currency", "USD"];
        let clock = ["--clock", "simulated", "--start", "2017-01-01T00:00:00Z"];
        let house: [&OsStr; 3] = ["init".as_ref(), "--dir".as_ref(), house.as_ref()];
        let rest = args.iter().chain(&clock).map(AsRef::<OsStr>::as_ref);
        let output = run(TALLYHOUSE, house.into_iter().chain(rest));
        assert!(output.status.success(), "{}", text(&output));
        Self { dir }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub fn house_key(&self, id: &str) -> PathBuf {
        let folder = if id.starts_with("govern") {
            "govern"
        } else {
            "keys"
        };
        self.path(&format!("house/{folder}/demo/house.{id}.pem"))
    }

    pub fn vkey(&self) -> PathBuf {
        self.path("house/keys/demo/ledger.vkey")
    }

    pub fn partner_keys(&self) -> PathBuf {
        self.path("partners")
    }

    pub fn partner_key(&self, partner: &str) -> PathBuf {
        self.partner_keys().join(format!("{partner}.till-1.pem"))
    }

    /// Serves the house; `listen` is the address of an earlier start, or port 0.
    pub fn serve(&self, listen: &str) -> Server {
        let mut child = Command::new(TALLYHOUSE)
            .arg("serve")
            .args(["--json", "--listen", listen, "--config"])
            .arg(self.path("house/tallyhouse.toml"))
            .env("TALLYHOUSE_LOG", "error")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        stdout.read_line(&mut line).unwrap();
        let told: Value = serde_json::from_str(&line).expect("serve tells its address");
        let address = told["listen"].as_str().unwrap().to_owned();
        Server { child, address }
    }
}

/// A served house. It is killed, not asked, when it goes out of scope.
pub struct Server {
    child: Child,
    pub address: String,
}

impl Server {
    pub fn url(&self) -> String {
        format!("http://{}/v1/demo", self.address)
    }

    /// Ends it as a power cut would.
    pub fn kill(mut self) -> String {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.address.clone()
    }

    /// Waits until it ends by itself.
    pub fn wait(&mut self) -> std::process::ExitStatus {
        self.child.wait().unwrap()
    }

    /// How many entries its ledger has.
    pub fn entries(&self) -> u64 {
        self.get("", None)["entries"].as_u64().unwrap()
    }

    pub fn get(&self, path: &str, token: Option<&str>) -> Value {
        let mut request = ureq::get(format!("{}{path}", self.url()));
        if let Some(token) = token {
            request = request.header("Authorization", format!("Bearer {token}"));
        }
        let request = request.config().http_status_as_error(false).build();
        let mut response = request.call().unwrap();
        let status = response.status();
        let body = response.body_mut().read_to_string().unwrap();
        assert!(status.is_success(), "{path}: {status} {body}");
        serde_json::from_str(&body).unwrap()
    }

    /// Runs a command of the client.
    pub fn client<I, S>(&self, args: I) -> Output
    where
        I: IntoIterator<Item = S>,
        S: AsRef<OsStr>,
    {
        client(&self.url(), args).output().unwrap()
    }

    /// Runs a command of the client that has to succeed, and reads its JSON.
    pub fn client_json<I, S>(&self, args: I) -> Value
    where
        I: IntoIterator<Item = S>,
        S: AsRef<OsStr>,
    {
        let output = self.client(args);
        assert!(output.status.success(), "{}", text(&output));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    pub fn token(&self, key: &Path) -> String {
        let args: [&OsStr; 3] = ["token".as_ref(), "--key".as_ref(), key.as_ref()];
        let output = self.client(args);
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// Registers partners with their first keys, and one price for all of them.
    pub fn register(&self, founded: &Founded, partners: &[&str]) {
        let keys = founded.partner_keys();
        let mut ops = Vec::new();
        for partner in partners {
            let kid = format!("{partner}/till-1");
            let args: [&OsStr; 6] = [
                "key".as_ref(),
                "new".as_ref(),
                kid.as_ref(),
                "--json".as_ref(),
                "--dir".as_ref(),
                keys.as_ref(),
            ];
            let output = run(TALLYHOUSE, args);
            let key: Value = serde_json::from_slice(&output.stdout).unwrap();
            ops.push(json!({"op": "partner_set", "partner": partner,
                "roles": ["issue", "burn"], "status": "active"}));
            ops.push(
                json!({"op": "propose", "action": {"op": "key_add", "author": partner,
                "key": "till-1", "public_key": key["public_key"],
                "scopes": ["submit", "read", "statements", "manage"]}}),
            );
        }
        ops.push(
            json!({"op": "propose", "action": {"op": "price_set", "default": {
            "issue_price": "0.01", "burn_price": "0.01", "issue_fee": "0.0001",
            "burn_fee": "0.0001", "tax_code": "exempt"}}}),
        );
        let file = founded.path("register.json");
        std::fs::write(&file, serde_json::to_vec(&ops).unwrap()).unwrap();
        let output = self.client([
            "submit".as_ref(),
            file.as_os_str(),
            "--key".as_ref(),
            founded.house_key("govern-1").as_os_str(),
            "--approve-with".as_ref(),
            founded.house_key("govern-2").as_os_str(),
        ]);
        assert!(output.status.success(), "{}", text(&output));
    }

    /// The arguments of an import at the rates of the demo.
    pub fn import(&self, founded: &Founded, file: &Path) -> Command {
        let mut command = client(&self.url(), ["import", "--json"]);
        command
            .arg(file)
            .args(["--earn", "10", "--burn", "100", "--keys"])
            .arg(founded.partner_keys())
            .arg("--clock-key")
            .arg(founded.house_key("operate-1"));
        command
    }

    /// Exports everything and checks it, pinned; answers the verdict.
    pub fn export_and_verify(&self, founded: &Founded) -> Value {
        let (entries, checkpoint) = (founded.path("entries.ndjson"), founded.path("checkpoint"));
        let output = self.client([
            "export".as_ref(),
            entries.as_os_str(),
            "--checkpoint".as_ref(),
            checkpoint.as_os_str(),
            "--key".as_ref(),
            founded.house_key("audit-1").as_os_str(),
        ]);
        assert!(output.status.success(), "{}", text(&output));
        let output = run(
            VERIFY,
            [
                "ledger".as_ref(),
                entries.as_os_str(),
                "--json".as_ref(),
                "--checkpoint".as_ref(),
                checkpoint.as_os_str(),
                "--vkey".as_ref(),
                founded.vkey().as_os_str(),
            ],
        );
        assert!(output.status.success(), "{}", text(&output));
        serde_json::from_slice(&output.stdout).unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may be dead already, which is all that is wanted.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn client<I, S>(url: &str, args: I) -> Command
where
    I: IntoIterator<Item = S>,
    S: AsRef<OsStr>,
{
    let mut command = Command::new(TALLYHOUSE);
    command.args(args).env("TALLYHOUSE_URL", url);
    command.env_remove("TALLYHOUSE_KEY");
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

pub fn run<I, S>(program: &str, args: I) -> Output
where
    I: IntoIterator<Item = S>,
    S: AsRef<OsStr>,
{
    Command::new(program).args(args).output().unwrap()
}

/// Everything that a program said.
pub fn text(output: &Output) -> String {
    let (out, err) = (&output.stdout, &output.stderr);
    format!(
        "{}{}",
        String::from_utf8_lossy(out),
        String::from_utf8_lossy(err)
    )
}
