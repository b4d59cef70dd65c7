//! Files that are there whole or not at all: temporary name, sync, rename, sync of the folder.
//!
//! Must not: leave anything half written under its own name.

use std::fs::File;
use std::io::{Error, Write};
use std::path::Path;

/// Writes one file.
///
/// # Errors
/// Which file could not be written, and why.
pub fn write(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let named = |error: Error| name(path, &error);
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut hidden = std::ffi::OsString::from(".");
    hidden.push(path.file_name().unwrap_or_default());
    hidden.push(".new");
    let temporary = folder.join(hidden);
    std::fs::create_dir_all(folder).map_err(named)?;
    let mut file = File::create(&temporary).map_err(named)?;
    file.write_all(bytes).map_err(named)?;
    file.sync_all().map_err(named)?;
    drop(file);
    // If we stop here, the file under its own name is as it was.
    std::fs::rename(&temporary, path).map_err(named)?;
    sync(folder)
}

/// Makes a folder anew, without what a run that was interrupted left in it.
///
/// # Errors
/// Which folder could not be made, and why.
pub fn empty_folder(path: &Path) -> std::io::Result<()> {
    let named = |error: Error| name(path, &error);
    match std::fs::remove_dir_all(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(named(error)),
        _ => {}
    }
    std::fs::create_dir_all(path).map_err(named)
}

/// Puts a folder that was filled under its own name in place, replacing nothing.
///
/// # Errors
/// Which folder could not be renamed, and why.
pub fn publish(filled: &Path, path: &Path) -> std::io::Result<()> {
    sync(filled)?;
    // If we stop here, the folder under its own name is not there, and is filled again.
    std::fs::rename(filled, path).map_err(|error| name(path, &error))?;
    sync(path.parent().unwrap_or(Path::new(".")))
}

fn sync(folder: &Path) -> std::io::Result<()> {
    let synced = File::open(folder).and_then(|folder| folder.sync_all());
    synced.map_err(|error| name(folder, &error))
}

fn name(path: &Path, error: &Error) -> Error {
    Error::new(error.kind(), format!("{}: {error}", path.display()))
}
