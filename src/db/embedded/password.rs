use std::{
    fs::{self, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
};

use super::{EmbeddedError, layout::Layout, user::RunUser};

/// `None` if there is none yet.
pub(super) fn read(layout: &Layout) -> Result<Option<String>, EmbeddedError> {
    match fs::read_to_string(&layout.password) {
        Ok(text) => Ok(Some(text.trim().to_owned())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(EmbeddedError::file("read", &layout.password)(error)),
    }
}

pub(super) fn make(layout: &Layout, user: &RunUser) -> Result<String, EmbeddedError> {
    let password = random_hex()?;
    write(&layout.password, &format!("{password}\n"), user)?;
    Ok(password)
}

/// Writes a file of the data directory that only the user who runs PostgreSQL may read. It gets its name only when it
/// is complete.
pub(super) fn write(path: &Path, text: &str, user: &RunUser) -> Result<(), EmbeddedError> {
    let new = path.with_extension("new");
    let write = || -> io::Result<()> {
        _ = fs::remove_file(&new);
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()
    };
    write().map_err(EmbeddedError::file("write", &new))?;
    user.own(&new)?;
    fs::rename(&new, path).map_err(EmbeddedError::file("write", path))
}

/// A random text of 256 bits.
pub(super) fn random_hex() -> Result<String, EmbeddedError> {
    let mut bytes = [0; 32];
    aws_lc_rs::rand::fill(&mut bytes).map_err(EmbeddedError::Random)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}
