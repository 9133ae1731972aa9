//! A database whose pages are nowhere in memory.

use std::fs::{self, File};
use std::path::Path;

use rustix::fs::{Advice, fadvise};

use crate::support::Outcome;

/// Writes all files below this directory to the disk, and drops them from the memory of the kernel, as far as it follows that advice.
/// Others' files stay. PostgreSQL must not run.
pub(crate) fn chill(directory: &Path) -> Outcome {
    for entry in fs::read_dir(directory)? {
        let (entry, path) = entry.map(|entry| (entry.file_type(), entry.path()))?;
        let kind = entry?;
        if kind.is_dir() {
            chill(&path)?;
        } else if kind.is_file() {
            let file = File::open(&path)?;
            file.sync_all()?;
            fadvise(&file, 0, None, Advice::DontNeed)?;
        }
    }
    Ok(())
}
