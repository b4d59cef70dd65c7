//! A ledger key hands over to the next, as operators do it: with the real programs, and with a
//! restart in every phase.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use crate::process::{Founded, Server, TALLYHOUSE, VERIFY, run, text};
use serde_json::Value;
use std::ffi::OsStr;
use std::path::PathBuf;
use std::process::Output;

/// A house on its way from one ledger key to the next.
struct Rotation {
    founded: Founded,
    server: Server,
}

impl Rotation {
    fn new() -> Self {
        let founded = Founded::new();
        let server = founded.serve("127.0.0.1:0");
        server.register(&founded, &["bakery"]);
        Self { founded, server }
    }

    fn key(&self, name: &str) -> PathBuf {
        self.founded.path("house/keys/demo").join(name)
    }

    /// Kills the house, changes its key files in the settings, and starts it again.
    fn restart_with(mut self, files: &str) -> Self {
        let address = self.server.kill();
        set_key_files(&self.founded, files);
        self.server = self.founded.serve(&address);
        self
    }

    /// Issues a point; keeps the receipt and the checkpoint under this name.
    fn issue(&self, name: &str) {
        let op = self.founded.path("op.json");
        std::fs::write(&op, r#"{"op": "issue", "member": "m-1", "points": 1}"#).unwrap();
        let receipt = self.founded.path(&format!("{name}.receipt"));
        let key = self.founded.partner_key("bakery");
        let output = self.server.client::<_, &OsStr>([
            "submit".as_ref(),
            op.as_ref(),
            "--receipt".as_ref(),
            receipt.as_ref(),
            "--key".as_ref(),
            key.as_ref(),
        ]);
        assert!(output.status.success(), "{}", text(&output));
        let receipt: Value = serde_json::from_slice(&std::fs::read(receipt).unwrap()).unwrap();
        let checkpoint = receipt["checkpoint"].as_str().unwrap();
        std::fs::write(self.founded.path(&format!("{name}.checkpoint")), checkpoint).unwrap();
    }

    fn hand_over(&self) -> Output {
        let (from, to) = (self.key("ledger.pem"), self.key("ledger-2.pem"));
        self.server.client::<_, &OsStr>([
            "key".as_ref(),
            "handover".as_ref(),
            "--from".as_ref(),
            from.as_ref(),
            "--to".as_ref(),
            to.as_ref(),
        ])
    }

    /// Runs a command of the client with both govern keys.
    fn govern(&self, args: &[&OsStr]) -> Output {
        let (one, two) = (
            self.founded.house_key("govern-1"),
            self.founded.house_key("govern-2"),
        );
        let keys: [&OsStr; 4] = [
            "--key".as_ref(),
            one.as_ref(),
            "--approve-with".as_ref(),
            two.as_ref(),
        ];
        self.server.client(args.iter().copied().chain(keys))
    }

    fn vkeys(&self) -> Vec<String> {
        let url = format!("{}/log/vkey", self.server.url());
        let text = ureq::get(url)
            .call()
            .unwrap()
            .body_mut()
            .read_to_string()
            .unwrap();
        text.lines().map(str::to_owned).collect()
    }

    /// Whether a receipt holds for a verifier key, and what is said of it.
    fn receipt_holds(&self, name: &str, vkey: &str) -> (bool, String) {
        let (receipt, vkey) = (
            self.founded.path(&format!("{name}.receipt")),
            self.key(vkey),
        );
        let output = run::<_, &OsStr>(
            VERIFY,
            [
                "receipt".as_ref(),
                receipt.as_ref(),
                "--vkey".as_ref(),
                vkey.as_ref(),
            ],
        );
        (output.status.success(), text(&output))
    }

    /// The exit code and the verdict of an audit with a pinned key and these checkpoints.
    fn audit(&self, vkey: &str, checkpoints: &[&str]) -> (Option<i32>, Value) {
        let entries = self.founded.path("entries.ndjson");
        let mut args = vec!["ledger".into(), entries.into_os_string(), "--json".into()];
        args.extend(["--vkey".into(), self.key(vkey).into_os_string()]);
        for name in checkpoints {
            args.extend([
                "--checkpoint".into(),
                self.founded.path(name).into_os_string(),
            ]);
        }
        let output = run(VERIFY, args);
        let verdict = serde_json::from_slice(&output.stdout);
        (
            output.status.code(),
            verdict.unwrap_or_else(|_| panic!("{}", text(&output))),
        )
    }
}

/// Writes the settings of the key files.
fn set_key_files(founded: &Founded, files: &str) {
    let config = founded.path("house/tallyhouse.toml");
    let settings = std::fs::read_to_string(&config).unwrap();
    let others = settings
        .lines()
        .filter(|line| !line.contains("ledger_key_file"));
    let others: Vec<&str> = others.collect();
    let changed = others
        .join("\n")
        .replacen("keys_dir", &format!("{files}\nkeys_dir"), 1);
    std::fs::write(&config, changed + "\n").unwrap();
}

const OLD: &str = "ledger_key_file = \"keys/demo/ledger.pem\"";
const BOTH: &str = "ledger_key_file = \"keys/demo/ledger.pem\"\n\
                    next_ledger_key_file = \"keys/demo/ledger-2.pem\"";
const NEW: &str = "ledger_key_file = \"keys/demo/ledger-2.pem\"";

/// Why a house with these key files does not start.
fn refusal(founded: &Founded, files: &str) -> String {
    set_key_files(founded, files);
    let config = founded.path("house/tallyhouse.toml");
    let args: [&OsStr; 5] = [
        "serve".as_ref(),
        "--listen".as_ref(),
        "127.0.0.1:0".as_ref(),
        "--config".as_ref(),
        config.as_ref(),
    ];
    let output = run(TALLYHOUSE, args);
    assert!(!output.status.success(), "{}", text(&output));
    text(&output)
}

/// Goes through all phases; receipts and checkpoints are kept as `before`, `during` and `after`.
fn rotated() -> Rotation {
    let rotation = Rotation::new();
    rotation.issue("before");
    let handover = rotation.hand_over();
    assert!(handover.status.success(), "{}", text(&handover));
    let op = rotation.founded.path("handover.json");
    std::fs::write(&op, &handover.stdout).unwrap();
    // The running house does not hold the new key: nothing is proposed.
    let early = rotation.govern(&["submit".as_ref(), op.as_ref()]);
    assert_eq!(early.status.code(), Some(1), "{}", text(&early));
    assert!(
        text(&early).contains("next_ledger_key_file"),
        "{}",
        text(&early)
    );
    assert_eq!(rotation.vkeys().len(), 1);

    let rotation = rotation.restart_with(BOTH);
    let added = rotation.govern(&["submit".as_ref(), op.as_ref()]);
    assert!(added.status.success(), "{}", text(&added));
    assert_eq!(rotation.vkeys().len(), 2);
    rotation.issue("during");
    let rotation = rotation.restart_with(BOTH);
    rotation.issue("during");
    let old = rotation.key("ledger.vkey");
    let retired = rotation.govern(&["key".as_ref(), "retire".as_ref(), old.as_ref()]);
    assert!(retired.status.success(), "{}", text(&retired));
    assert_eq!(rotation.vkeys().len(), 1);
    rotation.issue("after");
    let rotation = rotation.restart_with(NEW);
    rotation.issue("after");
    rotation
}

#[test]
fn a_rotated_ledger_is_proved_with_the_old_key_and_with_the_new_one() {
    let rotation = rotated();
    for (name, vkey, holds) in [
        ("before", "ledger.vkey", true),
        ("before", "ledger-2.vkey", false),
        ("during", "ledger.vkey", true),
        ("during", "ledger-2.vkey", true),
        ("after", "ledger.vkey", false),
        ("after", "ledger-2.vkey", true),
    ] {
        let (held, said) = rotation.receipt_holds(name, vkey);
        assert_eq!(held, holds, "{name} {vkey}: {said}");
        assert_eq!(said.contains("pin the newer one"), !holds, "{said}");
    }
    // Its own pin is the old key, and the checkpoint is signed by the new one alone.
    let verdict = rotation.server.export_and_verify(&rotation.founded);
    let keys = verdict["ledger_keys"].as_array().unwrap();
    assert_eq!(keys.len(), 2);
    assert_eq!(verdict["ledger_key"], keys[1]["vkey"]);
    assert_eq!(
        (&keys[0]["added"], &keys[1]["retired"]),
        (&0.into(), &Value::Null)
    );
    assert!(keys[0]["retired"].as_u64() > keys[1]["added"].as_u64());
    let listed = rotation.server.client_json(["key", "ledger", "--json"]);
    assert_eq!(listed, verdict["ledger_keys"]);
    let all = [
        "checkpoint",
        "before.checkpoint",
        "during.checkpoint",
        "after.checkpoint",
    ];
    for vkey in ["ledger.vkey", "ledger-2.vkey"] {
        let (code, verdict) = rotation.audit(vkey, &all);
        assert_eq!(code, Some(0), "{verdict}");
    }
    let stranger = Founded::new();
    std::fs::copy(stranger.vkey(), rotation.key("stranger.vkey")).unwrap();
    let (code, verdict) = rotation.audit("stranger.vkey", &all);
    assert_eq!(code, Some(1));
    assert_eq!(verdict["findings"][0]["check"], "ledger_key", "{verdict}");
}

#[test]
fn a_mirror_and_a_comparison_across_a_rotation_take_both_keys() {
    let rotation = rotated();
    let both = rotation.key("both.vkey");
    let vkeys = ["ledger.vkey", "ledger-2.vkey"].map(|name| {
        let vkey = std::fs::read_to_string(rotation.key(name)).unwrap();
        assert!(vkey.ends_with('\n'));
        vkey
    });
    std::fs::write(&both, vkeys.concat()).unwrap();
    let (tiles, auditor) = (
        rotation.founded.path("tiles"),
        rotation.founded.house_key("audit-1"),
    );
    let mirror = |vkey: &PathBuf| {
        rotation.server.client::<_, &OsStr>([
            "export".as_ref(),
            "--tiles".as_ref(),
            tiles.as_ref(),
            "--vkey".as_ref(),
            vkey.as_ref(),
            "--key".as_ref(),
            auditor.as_ref(),
        ])
    };
    let refused = mirror(&rotation.key("ledger.vkey"));
    assert!(
        text(&refused).contains("pin the newer one"),
        "{}",
        text(&refused)
    );
    let kept = mirror(&both);
    assert!(kept.status.success(), "{}", text(&kept));
    let checkpoint = |name: &str| rotation.founded.path(&format!("{name}.checkpoint"));
    let compare = |vkey: &PathBuf| {
        let (old, new) = (checkpoint("before"), checkpoint("after"));
        run::<_, &OsStr>(
            VERIFY,
            [
                "consistency".as_ref(),
                old.as_ref(),
                new.as_ref(),
                "--tiles".as_ref(),
                tiles.as_ref(),
                "--vkey".as_ref(),
                vkey.as_ref(),
            ],
        )
    };
    let held = compare(&both);
    assert!(held.status.success(), "{}", text(&held));
    assert_eq!(compare(&rotation.key("ledger.vkey")).status.code(), Some(1));
}

#[test]
fn a_house_without_a_key_in_force_does_not_start() {
    let rotation = Rotation::new();
    let handover = rotation.hand_over();
    let op = rotation.founded.path("handover.json");
    std::fs::write(&op, &handover.stdout).unwrap();
    let rotation = rotation.restart_with(BOTH);
    let added = rotation.govern(&["submit".as_ref(), op.as_ref()]);
    assert!(added.status.success(), "{}", text(&added));
    let vkeys = rotation.vkeys();
    let Rotation { founded, server } = rotation;
    let address = server.kill();
    for (files, missing) in [(OLD, &vkeys[1]), (NEW, &vkeys[0])] {
        let said = refusal(&founded, files);
        assert!(
            said.contains(missing) && said.contains("next_ledger_key_file"),
            "{said}"
        );
    }
    let twice = BOTH.replace("ledger-2.pem", "ledger.pem");
    assert!(refusal(&founded, &twice).contains("one and the same key"));
    set_key_files(&founded, BOTH);
    founded.serve(&address);
}
