//! The house over HTTP, through a real server: every route, every code, every bad input.

mod bad_input;
mod codes;
mod ledger_keys;
mod limits;
mod log;
mod overload;
mod reads;
mod reports;
mod routes;
mod stale;
mod submissions;
mod tokens;
mod verify_page;
mod windows;

use crate::support::{Answer, Coalition, Server};
use serde_json::{Value, json};

/// An issue of points.
fn issue(id: &str, member: &str, points: u64) -> Value {
    json!({"op": "issue", "id": id, "member": member, "points": points})
}

/// A burn of points.
fn burn(id: &str, member: &str, points: u64) -> Value {
    json!({"op": "burn", "id": id, "member": member, "points": points})
}

/// A server, and the one coalition that it serves.
struct Town {
    server: Server,
    coalition: Coalition,
}

impl Town {
    fn new() -> Self {
        let coalition = Coalition::simulated("demo");
        let server = Server::of(&coalition);
        Self { server, coalition }
    }

    /// Gets a path below the programme as the owner of a key.
    fn get_as(&self, kid: &str, scope: &str, path: &str) -> Answer {
        let token = self.coalition.token(kid, scope);
        self.server.get(&format!("/v1/demo{path}"), Some(&token))
    }

    /// Sends ops as the owner of a key.
    fn send(&self, kid: &str, submission: &str, ops: &Value) -> Answer {
        let compact = self.coalition.signed(kid, submission, ops);
        self.server.submit(&self.coalition, &compact)
    }

    /// Sends ops that must all be applied; answers the receipt.
    fn send_applied(&self, kid: &str, submission: &str, ops: &Value) -> Value {
        let answer = self.send(kid, submission, ops);
        assert_eq!(answer.status, 201, "{}", answer.text());
        let receipt = answer.json();
        for result in receipt["results"].as_array().expect("results") {
            assert_eq!(result["code"], "applied", "{result}");
        }
        receipt
    }
}
