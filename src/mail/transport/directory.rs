//! A directory in which each mail is a file, for trying things out without a mail server.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{Formatted, Refused};

/// The directory.
#[derive(Clone, Debug)]
pub(crate) struct Directory(Arc<Path>);

impl Directory {
    /// Makes the directory if there is none, and tries whether files can be written there.
    ///
    /// # Errors
    /// When they can't.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let mut builder = std::fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(path)?;
        let tried = path.join(format!(".{}.new", std::process::id()));
        write(&tried, b"")?;
        std::fs::remove_file(&tried)?;
        Ok(Self(path.into()))
    }

    /// Writes the file `<id>.eml`. A repeat takes the place of the file that is there.
    pub(super) async fn put(&self, id: uuid::Uuid, letter: Formatted) -> Result<(), Refused> {
        let name = self.0.join(format!("{id}.eml"));
        let written = tokio::task::spawn_blocking(move || {
            let aside: PathBuf = name.with_extension("eml.new");
            write(&aside, &letter.text)?;
            std::fs::rename(aside, name)
        });
        let failed = |error: String| Refused::Unreached(format!("the directory takes no mail: {error}"));
        written.await.map_err(|error| failed(error.to_string()))?.map_err(|error| failed(error.to_string()))
    }
}

/// Writes a file that only its owner can read, because links in mails open accounts.
fn write(path: &Path, text: &[u8]) -> io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(text)?;
    file.sync_all()
}
