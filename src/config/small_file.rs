//! A file that the settings name, read whole, with bounds on its size and on the time that it takes.

use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use zeroize::Zeroizing;

/// How long a file may take. A FIFO waits for the program that writes to it.
const READ_TIMEOUT: Duration = Duration::from_secs(10);

/// What a file holds.
pub(super) struct SmallFile {
    /// The text, without a byte order mark.
    pub(super) text: Zeroizing<String>,
    /// Whether all users of the machine may read it.
    pub(super) is_readable_by_all: bool,
    /// Whether all users of the machine may change it.
    pub(super) is_writable_by_all: bool,
}

impl SmallFile {
    /// Reads a file of `max` bytes at most. A FIFO works, such as the shell's process substitution, and holds nobody up for ever.
    ///
    /// # Errors
    /// What is wrong with the file, as the rest of a sentence that begins with it.
    pub(super) fn read(path: PathBuf, max: u64) -> Result<Self, String> {
        let (sender, receiver) = mpsc::channel();
        // A thread that waits longer ends with the process, which does not start.
        thread::spawn(move || sender.send(read(&path, max)));
        let late = format!("was not read to its end within {} s", READ_TIMEOUT.as_secs());
        receiver.recv_timeout(READ_TIMEOUT).unwrap_or(Err(late))
    }
}

fn read(path: &Path, max: u64) -> Result<SmallFile, String> {
    let (bytes, metadata) = bytes(path, max).map_err(|error| format!("can't be read: {error}"))?;
    if bytes.len() as u64 > max {
        return Err(format!("holds more than {max} bytes"));
    }
    let text = str::from_utf8(&bytes).map_err(|_| "is not text in UTF-8")?;
    let text = Zeroizing::new(text.strip_prefix('\u{feff}').unwrap_or(text).to_owned());
    let (is_readable_by_all, is_writable_by_all) = (lets_all(&metadata, 0o004), lets_all(&metadata, 0o002));
    Ok(SmallFile { text, is_readable_by_all, is_writable_by_all })
}

fn bytes(path: &Path, max: u64) -> io::Result<(Zeroizing<Vec<u8>>, Metadata)> {
    let file = File::open(path)?;
    let metadata = file.metadata()?;
    // Room for all of it, since a vector that grows leaves copies behind that are not wiped.
    let mut bytes = Zeroizing::new(Vec::with_capacity(usize::try_from(max).unwrap_or_default() + 1));
    file.take(max + 1).read_to_end(&mut bytes)?;
    Ok((bytes, metadata))
}

/// Whether a file gives all users of the machine this right.
#[cfg(unix)]
fn lets_all(metadata: &Metadata, right: u32) -> bool {
    use std::os::unix::fs::PermissionsExt;
    metadata.is_file() && metadata.permissions().mode() & right != 0
}

#[cfg(not(unix))]
fn lets_all(_: &Metadata, _: u32) -> bool {
    false
}
