//! The arguments that say which house is meant and who is asking.

use super::client::Client;
use super::keyfile;
use crate::proof::keys::Signer;
use anyhow::Context;
use std::path::PathBuf;

/// The variable that `--url` falls back to.
const URL_VARIABLE: &str = "TALLYHOUSE_URL";
/// The variable that `--key` falls back to.
const KEY_VARIABLE: &str = "TALLYHOUSE_KEY";

/// Where the house is.
#[derive(Debug, Clone, clap::Args)]
pub struct Remote {
    /// The programme's address, like http://127.0.0.1:7400/v1/demo; default: $TALLYHOUSE_URL
    #[arg(long)]
    url: Option<String>,
}

/// Which key signs.
#[derive(Debug, Clone, clap::Args)]
pub struct Key {
    /// The key that signs, a file AUTHOR.KEY-ID.pem; default: $TALLYHOUSE_KEY
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
}

impl Remote {
    /// A client of the programme.
    ///
    /// # Errors
    /// No address was given.
    pub fn client(&self) -> anyhow::Result<Client> {
        let url = self.url_if_given();
        let url = url.with_context(|| format!("which house? Give --url or set {URL_VARIABLE}"))?;
        anyhow::ensure!(
            url.contains("/v1/"),
            "--url names the programme too, like http://127.0.0.1:7400/v1/demo"
        );
        Ok(Client::new(&url))
    }

    /// Whether a house was named at all.
    pub fn is_given(&self) -> bool {
        self.url_if_given().is_some()
    }

    fn url_if_given(&self) -> Option<String> {
        let url = self.url.clone();
        url.or_else(|| std::env::var(URL_VARIABLE).ok())
    }
}

impl Key {
    /// The signer.
    ///
    /// # Errors
    /// No key was given, or it cannot be read.
    pub fn signer(&self) -> anyhow::Result<Signer> {
        let signer = self.signer_if_given()?;
        signer.with_context(|| format!("which key? Give --key or set {KEY_VARIABLE}"))
    }

    /// The signer, for what can be had without one.
    ///
    /// # Errors
    /// A key was given and cannot be read.
    pub fn signer_if_given(&self) -> anyhow::Result<Option<Signer>> {
        let path = self.path_if_given();
        path.map(|path| keyfile::signer(&path)).transpose()
    }

    /// Whether a key was named at all.
    pub fn is_given(&self) -> bool {
        self.path_if_given().is_some()
    }

    fn path_if_given(&self) -> Option<PathBuf> {
        let path = self.key.clone();
        path.or_else(|| std::env::var_os(KEY_VARIABLE).map(PathBuf::from))
    }
}

/// The scope that lets a signer read: a partner its own part, the house everything.
pub fn reading_scope(signer: &Signer) -> &'static str {
    match signer.kid().author() == crate::domain::ids::HOUSE {
        true => "audit",
        false => "read",
    }
}
