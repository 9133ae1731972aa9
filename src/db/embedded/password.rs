use std::{
    fs::{self, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::OpenOptionsExt as _,
};

use super::{EmbeddedError, layout::Layout, user::RunUser};

/// `None`: there is none yet.
pub(super) fn read(layout: &Layout) -> Result<Option<String>, EmbeddedError> {
    match fs::read_to_string(&layout.password) {
        Ok(text) => Ok(Some(text.trim().to_owned())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(EmbeddedError::file("read", &layout.password)(error)),
    }
}

/// Under its name only when whole. Owned by the user that runs initdb, which has to read it.
pub(super) fn make(layout: &Layout, user: &RunUser) -> Result<String, EmbeddedError> {
    let password = random_hex()?;
    let path = layout.password.with_extension("new");
    let write = || -> io::Result<()> {
        _ = fs::remove_file(&path);
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
        writeln!(file, "{password}")?;
        file.sync_all()
    };
    write().map_err(EmbeddedError::file("write", &path))?;
    user.own(&path)?;
    fs::rename(&path, &layout.password).map_err(EmbeddedError::file("write", &layout.password))?;
    Ok(password)
}

/// 256 bits.
pub(super) fn random_hex() -> Result<String, EmbeddedError> {
    let mut bytes = [0; 32];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|error| EmbeddedError::Random(error.to_string()))?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}
