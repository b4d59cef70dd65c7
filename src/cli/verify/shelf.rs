//! Where the files of a ledger in tiles are: a folder, or an address that serves them.
//!
//! Must not: trust what answers. Lengths, time and redirects are bounded; a token goes to bundles
//! of entries and nowhere else. Without the feature `fetch` there is no address, and no socket.

use std::io::{Error, ErrorKind, Read};
use std::path::{Path, PathBuf};

/// The variable that holds a token, where no file is given.
#[cfg(feature = "fetch")]
const TOKEN_VARIABLE: &str = "TALLYHOUSE_TOKEN";

/// Files by their names in C2SP tlog-tiles.
pub enum Shelf {
    /// A folder.
    Folder(PathBuf),
    /// The address of a log.
    #[cfg(feature = "fetch")]
    Address(address::Address),
}

/// Whether an argument is an address and no path.
pub fn is_address(path: &Path) -> bool {
    let text = path.to_str().unwrap_or("");
    ["http://", "https://"]
        .iter()
        .any(|scheme| text.starts_with(scheme))
}

impl Shelf {
    /// What a path or an address names. A file with a token is for addresses alone.
    ///
    /// # Errors
    /// It is an address, and this program was built without the feature that fetches.
    #[cfg_attr(
        not(feature = "fetch"),
        expect(unused_variables, reason = "no address")
    )]
    pub fn at(path: &Path, token_file: Option<&Path>) -> anyhow::Result<Self> {
        if !is_address(path) {
            return Ok(Self::Folder(path.to_owned()));
        }
        #[cfg(feature = "fetch")]
        return Ok(Self::Address(address::Address::new(path, token_file)?));
        #[cfg(not(feature = "fetch"))]
        anyhow::bail!(
            "{} is an address, and this program was built to open no socket: build it with \
             --features fetch, or mirror the ledger with `tallyhouse export --tiles DIR` and \
             give it DIR",
            path.display()
        )
    }

    /// Where a file is, for people.
    pub fn place(&self, name: &str) -> String {
        match self {
            Self::Folder(folder) => folder.join(name).display().to_string(),
            #[cfg(feature = "fetch")]
            Self::Address(address) => address.of(name),
        }
    }

    /// The bytes of a file up to a limit. What is absent is [`ErrorKind::NotFound`].
    ///
    /// # Errors
    /// It is absent, too long or cannot be read.
    pub fn read(&self, name: &str, bytes_max: usize) -> std::io::Result<Vec<u8>> {
        match self {
            Self::Folder(folder) => up_to(std::fs::File::open(folder.join(name))?, bytes_max),
            #[cfg(feature = "fetch")]
            Self::Address(address) => address.read(name, bytes_max),
        }
    }
}

fn up_to(input: impl Read, bytes_max: usize) -> std::io::Result<Vec<u8>> {
    let limit = u64::try_from(bytes_max).unwrap_or(u64::MAX);
    let mut bytes = Vec::new();
    input
        .take(limit.saturating_add(1))
        .read_to_end(&mut bytes)?;
    if bytes.len() > bytes_max {
        let why = format!("longer than {bytes_max} bytes");
        return Err(Error::new(ErrorKind::InvalidData, why));
    }
    Ok(bytes)
}

/// Reading from an address.
#[cfg(feature = "fetch")]
mod address {
    use super::{TOKEN_VARIABLE, up_to};
    use anyhow::Context;
    use std::io::{Error, ErrorKind};
    use std::path::{Path, PathBuf};
    use std::time::Duration;

    /// For one file, from the first byte of the question to the last of the answer.
    const TIMEOUT: Duration = Duration::from_secs(60);
    const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
    /// Longest file with a token.
    const TOKEN_BYTES_MAX: usize = 8 << 10;

    /// The address of a log, and what lets bundles of entries be read there.
    pub struct Address {
        base: String,
        agent: ureq::Agent,
        token_file: Option<PathBuf>,
    }

    impl Address {
        /// The log at an address, like `https://host/v1/demo/log`.
        ///
        /// # Errors
        /// It has a query or a fragment, or is not text.
        pub fn new(path: &Path, token_file: Option<&Path>) -> anyhow::Result<Self> {
            let base = path.to_str().context("the address is not text")?;
            anyhow::ensure!(
                !base.contains(['?', '#']),
                "{base}: the address of a log ends in its path, like https://host/v1/demo/log"
            );
            let config = ureq::Agent::config_builder()
                .timeout_global(Some(TIMEOUT))
                .timeout_connect(Some(CONNECT_TIMEOUT))
                .http_status_as_error(false)
                .max_redirects(0)
                .max_redirects_will_error(false)
                .accept_encoding("identity")
                .build();
            Ok(Self {
                base: base.trim_end_matches('/').to_owned(),
                agent: config.into(),
                token_file: token_file.map(Path::to_owned),
            })
        }

        /// The address of a file.
        pub fn of(&self, name: &str) -> String {
            format!("{}/{name}", self.base)
        }

        /// The bytes of a file up to a limit.
        pub fn read(&self, name: &str, bytes_max: usize) -> std::io::Result<Vec<u8>> {
            let mut request = self.agent.get(self.of(name));
            if name.starts_with("tile/entries/")
                && let Some(token) = self.token()?
            {
                request = request.header("authorization", format!("Bearer {token}"));
            }
            let response = request.call().map_err(Error::other)?;
            match response.status().as_u16() {
                200 => {}
                404 | 410 => return Err(Error::new(ErrorKind::NotFound, "there is none")),
                401 | 403 => {
                    let why = format!(
                        "it is refused: entries need a token with the scope audit, in \
                         --token-file or {TOKEN_VARIABLE}"
                    );
                    return Err(Error::new(ErrorKind::PermissionDenied, why));
                }
                status => return Err(Error::other(format!("the answer is status {status}"))),
            }
            // What is counted is what was unpacked, if it was packed after all.
            let body = response.into_body().into_with_config();
            up_to(body.limit(u64::MAX).reader(), bytes_max)
        }

        /// The token, read again each time: it lives for minutes and a long audit outlives it.
        fn token(&self) -> std::io::Result<Option<String>> {
            let token = match &self.token_file {
                Some(file) => {
                    let bytes = up_to(std::fs::File::open(file)?, TOKEN_BYTES_MAX)?;
                    String::from_utf8(bytes).ok()
                }
                None => match std::env::var(TOKEN_VARIABLE) {
                    Ok(token) => Some(token),
                    Err(_) => return Ok(None),
                },
            };
            let token = token.as_deref().map(str::trim).unwrap_or_default();
            let is_one = !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic());
            match is_one {
                true => Ok(Some(token.to_owned())),
                false => Err(Error::new(ErrorKind::InvalidData, "this is no token")),
            }
        }
    }
}
