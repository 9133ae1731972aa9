//! A place for what a benchmark leaves on disk.

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use super::Outcome;

/// A directory that is removed when dropped.
pub(crate) struct Directory(PathBuf);

impl Directory {
    /// Passable for others: PostgreSQL does not run as root.
    pub(crate) fn make(name: &str) -> Outcome<Self> {
        let path = std::env::temp_dir().join(format!("portcullis-{name}-{}", std::process::id()));
        DirBuilder::new().mode(0o711).create(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(Self(path))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0) {
            eprintln!("{} is left: {error}", self.0.display());
        }
    }
}
