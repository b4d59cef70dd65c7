//! Asking one witness: `add-checkpoint`, and what our own witnesses show.
//!
//! Must not: wait longer than told, whatever the other side does, or read more than it may say.

use crate::proof::add_checkpoint::{AddCheckpoint, origin_hash, parse_size};
use crate::proof::note::NOTE_BYTES_MAX;
use std::time::Duration;

/// Asks one witness about one ledger.
pub struct Asker {
    agent: ureq::Agent,
    add: String,
    shown: String,
}

/// What a witness answers to a checkpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    /// Signature lines; nobody looked at them yet.
    Cosigned(String),
    /// It has cosigned a checkpoint of this size.
    Has(u64),
    /// It does not cosign: the status, and the beginning of its words.
    Refused(u16, String),
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// It cannot be reached, or did not answer in time.
    #[error("it cannot be reached in time")]
    Unreachable(#[source] Box<ureq::Error>),
    /// It answered something else.
    #[error("its answer is none of the protocol: {0}")]
    Garbage(String),
}

impl Asker {
    /// Asks at an address about the ledger of this origin; each question has this much time in all.
    pub fn new(url: &str, origin: &str, timeout: Duration) -> Self {
        let config = ureq::Agent::config_builder()
            .timeout_global(Some(timeout))
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .no_delay(true)
            // A witness may have closed a connection kept from the round before.
            .max_idle_connections(0)
            .build();
        Self {
            agent: config.into(),
            add: format!("{url}/add-checkpoint"),
            shown: format!("{url}/checkpoints/{}", origin_hash(origin)),
        }
    }

    /// Asks to cosign a checkpoint.
    ///
    /// # Errors
    /// [`AskError`].
    pub fn add(&self, request: &AddCheckpoint) -> Result<Said, AskError> {
        let request = request.encode();
        let post = self.agent.post(&self.add);
        let post = post.header("content-type", "text/plain; charset=utf-8");
        let (status, body) = read(post.send(request.as_bytes()))?;
        match status {
            200 => {
                let lines = String::from_utf8(body);
                let not_text = |_| AskError::Garbage("not text".to_owned());
                Ok(Said::Cosigned(lines.map_err(not_text)?))
            }
            409 => {
                let size = parse_size(&body);
                let words = || AskError::Garbage(format!("409 with {:?}", words(&body)));
                Ok(Said::Has(size.ok_or_else(words)?))
            }
            status => Ok(Said::Refused(status, words(&body))),
        }
    }

    /// The checkpoint that the witness shows, if it shows any: only our own witnesses do.
    ///
    /// # Errors
    /// [`AskError`].
    pub fn shown(&self) -> Result<Option<Vec<u8>>, AskError> {
        let (status, body) = read(self.agent.get(&self.shown).call())?;
        Ok((status == 200).then_some(body))
    }
}

fn read(
    sent: Result<ureq::http::Response<ureq::Body>, ureq::Error>,
) -> Result<(u16, Vec<u8>), AskError> {
    let unreachable = |error| AskError::Unreachable(Box::new(error));
    let mut response = sent.map_err(unreachable)?;
    let body = response.body_mut().with_config();
    let body = body.limit(NOTE_BYTES_MAX as u64).read_to_vec();
    let body = body.map_err(|error| match error {
        ureq::Error::BodyExceedsLimit(bytes) => {
            AskError::Garbage(format!("longer than {bytes} bytes"))
        }
        error => unreachable(error),
    })?;
    Ok((response.status().as_u16(), body))
}

/// The beginning of an answer, for the log.
fn words(body: &[u8]) -> String {
    let words = String::from_utf8_lossy(body);
    let plain = words.chars().filter(|letter| !letter.is_control());
    plain.take(120).collect()
}
